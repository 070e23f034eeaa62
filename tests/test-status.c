/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <ctype.h>

#include "support.h"

/* Every number of the maps, its name or word, and what the function says. */
#define STATUS(name, number, text) \
	{ #name, tlshost_status_name(TLSHOST_##name), \
	    tlshost_status_text(TLSHOST_##name) },
#define PHASE(name, number, word) \
	{ word, tlshost_phase_name(TLSHOST_PHASE_##name), word },
#define FIELD(name, number, word) \
	{ word, tlshost_field_name(TLSHOST_FIELD_##name), word },
#define REASON(name, number, word, text) \
	{ word, tlshost_reason_word(TLSHOST_REASON_##name), \
	    tlshost_reason_text(TLSHOST_REASON_##name) },
#define CAPABILITY(name, number, word) \
	{ word, tlshost_capability_name(TLSHOST_CAPABILITY_##name), word },

START_TEST(every_number_of_the_maps_has_its_name)
{
	const struct {
		const char *wanted, *name, *text;
	} all[] = {
		TLSHOST_STATUS_MAP(STATUS)
		TLSHOST_PHASE_MAP(PHASE)
		TLSHOST_FIELD_MAP(FIELD)
		TLSHOST_REASON_MAP(REASON)
		TLSHOST_CAPABILITY_MAP(CAPABILITY)
		{ "info", tlshost_severity_name(TLSHOST_SEVERITY_INFO), "-" },
		{ "warning", tlshost_severity_name(TLSHOST_SEVERITY_WARNING),
		    "-" },
		{ "error", tlshost_severity_name(TLSHOST_SEVERITY_ERROR), "-" },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		ck_assert_str_eq(all[i].name, all[i].wanted);
		ck_assert_str_ne(all[i].text, "unknown");
		ck_assert_str_ne(all[i].text, "");
	}
}
END_TEST

START_TEST(what_has_no_name_is_unknown)
{
	const char *const names[] = {
		tlshost_status_name((tlshost_status)4711),
		tlshost_status_text((tlshost_status)-1),
		tlshost_phase_name((tlshost_phase)4711),
		tlshost_field_name((tlshost_field)4711),
		tlshost_severity_name((tlshost_severity)4711),
		tlshost_reason_word((tlshost_reason)0),
		tlshost_reason_text((tlshost_reason)3), /* two of them */
		tlshost_capability_name((tlshost_capability)0),
		tlshost_version_name((tlshost_version)0x0305),
		tlshost_alert_name(-1),
		tlshost_alert_name(255),
		tlshost_group_name(0),
		tlshost_group_name(65536 + 29),
		tlshost_signature_name(0),
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		ck_assert_msg(strcmp(names[i], "unknown") == 0, "%zu: %s", i,
		    names[i]);
}
END_TEST

START_TEST(registered_numbers_have_the_names_of_the_registry)
{
	ck_assert_str_eq(tlshost_alert_name(0), "close_notify");
	ck_assert_str_eq(tlshost_alert_name(45), "certificate_expired");
	ck_assert_str_eq(tlshost_alert_name(116), "certificate_required");
	ck_assert_str_eq(tlshost_group_name(23), "secp256r1");
	ck_assert_str_eq(tlshost_group_name(29), "x25519");
	ck_assert_str_eq(tlshost_group_name(256), "ffdhe2048");
	ck_assert_str_eq(tlshost_signature_name(0x0403),
	    "ecdsa_secp256r1_sha256");
	ck_assert_str_eq(tlshost_signature_name(0x0804),
	    "rsa_pss_rsae_sha256");
	ck_assert_str_eq(tlshost_signature_name(0x0807), "ed25519");
}
END_TEST

START_TEST(versions_are_understood_in_any_spelling)
{
	static const struct {
		const char *name;
		tlshost_version version;
	} names[] = {
		{ "TLSv1.3", TLSHOST_VERSION_TLSV1_3 },
		{ "tlsv1.3", TLSHOST_VERSION_TLSV1_3 },
		{ "TLSv1_3", TLSHOST_VERSION_TLSV1_3 },
		{ "1.2", TLSHOST_VERSION_TLSV1_2 },
		{ "TLS1.1", TLSHOST_VERSION_TLSV1_1 },
		{ "TLSv1", TLSHOST_VERSION_TLSV1 },
		{ "SSLv3", TLSHOST_VERSION_SSLV3 },
		{ "ssl2", TLSHOST_VERSION_SSLV2 },
		{ "min", TLSHOST_VERSION_MINIMUM_SUPPORTED },
		{ "MAXIMUM_SUPPORTED", TLSHOST_VERSION_MAXIMUM_SUPPORTED },
		{ "", TLSHOST_VERSION_NONE },
		{ "1", TLSHOST_VERSION_NONE },
		{ "1.4", TLSHOST_VERSION_NONE },
		{ "1.2 ", TLSHOST_VERSION_NONE },
		{ NULL, TLSHOST_VERSION_NONE },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		ck_assert_msg(tlshost_version_by_name(names[i].name) ==
		    names[i].version, "%s", names[i].name != NULL ?
		    names[i].name : "NULL");
}
END_TEST

START_TEST(the_version_is_three_numbers)
{
	const char *version = tlshost_version_string();

	ck_assert(isdigit((unsigned char)version[0]));
	ck_assert_str_eq(version, PACKAGE_VERSION);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("status");
	TCase *tcase = tcase_create("names");

	tcase_add_test(tcase, every_number_of_the_maps_has_its_name);
	tcase_add_test(tcase, what_has_no_name_is_unknown);
	tcase_add_test(tcase,
	    registered_numbers_have_the_names_of_the_registry);
	tcase_add_test(tcase, versions_are_understood_in_any_spelling);
	tcase_add_test(tcase, the_version_is_three_numbers);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}

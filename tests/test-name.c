/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "name.h"
#include "support.h"
#include "x509.h"

static const struct {
	const char *text, *dns;          /* dns NULL: refused */
} names[] = {
	{ "srv.test", "srv.test" },
	{ "SRV.Test", "srv.test" },
	{ "srv.test.", "srv.test" },
	{ "localhost", "localhost" },
	{ "_dmarc.srv.test", "_dmarc.srv.test" },
	{ "b\xc3\xbc" "cher.test", "xn--bcher-kva.test" },
	{ "xn--bcher-kva.test", "xn--bcher-kva.test" },
	{ "XN--BCHER-KVA.test", "xn--bcher-kva.test" },
	{ "fa\xc3\x9f.test", "xn--fa-hia.test" },
	{ "1.2.3.4.test", "1.2.3.4.test" },
	{ "", NULL },
	{ ".", NULL },
	{ "..", NULL },
	{ "srv..test", NULL },
	{ ".srv.test", NULL },
	{ "srv.test..", NULL },
	{ "srv test", NULL },
	{ "srv/test", NULL },
	{ "srv.test\n", NULL },
	{ "*.srv.test", NULL },
	{ "[srv.test]", NULL },
	{ "[127.0.0.1]", NULL },
	{ "2130706433", NULL },
	{ "127.1", NULL },
	{ "0x7f.1", NULL },
	{ "1.2.3.4.5", NULL },
	{ "1.2.3.0xff", NULL },
	{ "\xff\xfe.test", NULL },
	{ "xn--a.test", NULL },
	{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "a.test", NULL },
};

#define NAMES (int)(sizeof(names) / sizeof(names[0]))

START_TEST(host_names_become_a_labels_or_are_refused)
{
	tlshost__peer_name name;
	const char *problem = NULL;
	tlshost_status st = tlshost__peer_name_parse(names[_i].text, &name,
	    &problem);

	if (names[_i].dns == NULL) {
		ck_assert_msg(st == TLSHOST_INVALID_ARGUMENT, "\"%s\" is %s",
		    names[_i].text, tlshost_status_name(st));
		ck_assert_ptr_nonnull(problem);
		return;
	}
	ck_assert_msg(st == TLSHOST_OK, "\"%s\": %s", names[_i].text, problem);
	ck_assert_int_eq(name.kind, TLSHOST__PEER_NAME_DNS);
	ck_assert_str_eq(name.dns, names[_i].dns);
}
END_TEST

static const struct {
	const char *text;
	size_t len;
} addresses[] = {
	{ "127.0.0.1", 4 }, { "::1", 16 }, { "[::1]", 16 },
	{ "2001:db8::192.0.2.1", 16 },
};

START_TEST(addresses_are_recognised)
{
	tlshost__peer_name name;
	const char *problem;

	assert_status(tlshost__peer_name_parse(addresses[_i].text, &name,
	    &problem), TLSHOST_OK);
	ck_assert_int_eq(name.kind, TLSHOST__PEER_NAME_IP);
	ck_assert_uint_eq(name.ip_len, addresses[_i].len);
}
END_TEST

START_TEST(a_name_that_is_too_long_is_refused)
{
	tlshost__peer_name name;
	const char *problem;
	char text[2000];

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = i % 2 ? '.' : 'a';
	text[sizeof(text) - 1] = '\0';
	assert_status(tlshost__peer_name_parse(text, &name, &problem),
	    TLSHOST_INVALID_ARGUMENT);
	text[255] = '\0';
	assert_status(tlshost__peer_name_parse(text, &name, &problem),
	    TLSHOST_INVALID_ARGUMENT);
	text[253] = '\0';
	assert_status(tlshost__peer_name_parse(text, &name, &problem),
	    TLSHOST_OK);
}
END_TEST

static const struct {
	const char *pattern, *name;
	int matches;
} matches[] = {
	{ "srv.test", "srv.test", 1 },
	{ "SRV.TEST", "srv.test", 1 },
	{ "srv.test.", "srv.test", 0 },
	{ "*.wild.test", "a.wild.test", 1 },
	{ "*.wild.test", "wild.test", 0 },
	{ "*.wild.test", "a.b.wild.test", 0 },
	{ "*.test", "srv.test", 0 },
	{ "*", "test", 0 },
	{ "*.", "a.", 0 },
	{ "a*.wild.test", "ab.wild.test", 0 },
	{ "*a.wild.test", "ba.wild.test", 0 },
	{ "a.*.test", "a.b.test", 0 },
	{ "*.*.test", "a.b.test", 0 },
	{ "**.wild.test", "a.wild.test", 0 },
	{ "", "srv.test", 0 },
	{ "srv.tes", "srv.test", 0 },
};

#define MATCHES (int)(sizeof(matches) / sizeof(matches[0]))

START_TEST(patterns_match_as_rfc_9525_says)
{
	const tlshost__der pattern = {
		(const uint8_t *)matches[_i].pattern,
		strlen(matches[_i].pattern)
	};

	ck_assert_msg(tlshost__dns_matches(&pattern, matches[_i].name) ==
	    matches[_i].matches, "\"%s\" for \"%s\"", matches[_i].pattern,
	    matches[_i].name);
}
END_TEST

START_TEST(a_labels_are_shown_in_unicode)
{
	char *text;

	assert_status(tlshost__name_to_unicode("xn--bcher-kva.test", &text),
	    TLSHOST_OK);
	ck_assert_str_eq(text, "b\xc3\xbc" "cher.test");
	free(text);
	assert_status(tlshost__name_to_unicode("srv.test", &text),
	    TLSHOST_OK);
	ck_assert_str_eq(text, "srv.test");
	free(text);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("name");
	TCase *tcase = tcase_create("name");

	tcase_add_loop_test(tcase, host_names_become_a_labels_or_are_refused, 0,
	    NAMES);
	tcase_add_loop_test(tcase, addresses_are_recognised, 0, 4);
	tcase_add_test(tcase, a_name_that_is_too_long_is_refused);
	tcase_add_loop_test(tcase, patterns_match_as_rfc_9525_says, 0,
	    MATCHES);
	tcase_add_test(tcase, a_labels_are_shown_in_unicode);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}

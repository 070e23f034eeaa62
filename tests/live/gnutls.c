/* SPDX-License-Identifier: MIT */
/* The cipher table beside GnuTLS: every suite that both know is the same. */
#include "config.h"

#include <gnutls/gnutls.h>

#include "../support.h"

static int
version_of(gnutls_protocol_t version)
{
	switch (version) {
	case GNUTLS_TLS1_3:
		return TLSHOST_VERSION_TLSV1_3;
	case GNUTLS_TLS1_2:
		return TLSHOST_VERSION_TLSV1_2;
	default:
		return 0;
	}
}

static void
assert_token(const tlshost_cipher_info *row, tlshost_gnutls_token which,
    const char *wanted)
{
	const char *token = tlshost_cipher_info_gnutls_token(row, which);

	ck_assert_msg(wanted == NULL ? token == NULL : token != NULL &&
	    strcmp(token, wanted) == 0, "%s: %s, not %s",
	    tlshost_cipher_info_name(row, TLSHOST_DIALECT_GNUTLS),
	    token != NULL ? token : "(none)", wanted != NULL ? wanted :
	    "(none)");
}

/* A priority string of the table's tokens: that suite, and no other. */
static void
assert_selects(const tlshost_cipher_info *row, const char *name)
{
	const char *kx = tlshost_cipher_info_gnutls_token(row,
	    TLSHOST_GNUTLS_KX);
	gnutls_priority_t priority;
	unsigned char id[2];
	unsigned int index;
	const char *error;
	char text[200];
	int found = 0, code;

	snprintf(text, sizeof(text), "NONE:+VERS-TLS%s:+SIGN-ALL:+GROUP-ALL:"
	    "+COMP-NULL:+CTYPE-ALL%s%s:+%s:+%s",
	    kx == NULL ? "1.3" : tlshost_cipher_info_lowest_version(row) ==
	    TLSHOST_VERSION_TLSV1_2 ? "1.2" : "-ALL", kx == NULL ? "" : ":+",
	    kx == NULL ? "" : kx, tlshost_cipher_info_gnutls_token(row,
	    TLSHOST_GNUTLS_CIPHER), tlshost_cipher_info_gnutls_token(row,
	    TLSHOST_GNUTLS_MAC));
	ck_assert_msg(gnutls_priority_init(&priority, text, &error) == 0,
	    "%s: %s, at %s", name, text, error);
	for (unsigned int i = 0; (code = gnutls_priority_get_cipher_suite_index(
	    priority, i, &index)) != GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE;
	    i++) {
		if (code != 0)
			continue; /* no suite of these versions */
		ck_assert_str_eq(gnutls_cipher_suite_info(index, id, NULL,
		    NULL, NULL, NULL), name);
		found++;
	}
	ck_assert_msg(found == 1, "%s: %s selects %d suites", name, text,
	    found);
	gnutls_priority_deinit(priority);
}

START_TEST(every_suite_of_gnutls_is_in_the_table_under_the_same_name)
{
	gnutls_kx_algorithm_t kx;
	gnutls_cipher_algorithm_t encryption;
	gnutls_mac_algorithm_t mac;
	gnutls_protocol_t version;
	unsigned char id[2];
	const char *name;
	size_t known = 0;

	for (; (name = gnutls_cipher_suite_info(known, id, &kx, &encryption,
	    &mac, &version)) != NULL; known++) {
		const tlshost_cipher_info *row = tlshost_cipher_by_id(
		    (uint16_t)(id[0] << 8 | id[1]));
		int lowest;

		if (strcmp(name, "TLS_DHE_DSS_ARCFOUR_128_SHA1") == 0)
			continue; /* 0x0066: IANA never registered it */
		ck_assert_msg(row != NULL, "%s", name);
		lowest = tlshost_cipher_info_lowest_version(row);
		ck_assert_msg(tlshost_cipher_info_name(row,
		    TLSHOST_DIALECT_GNUTLS) != NULL, "%s", name);
		ck_assert_str_eq(tlshost_cipher_info_name(row,
		    TLSHOST_DIALECT_GNUTLS), name);
		assert_token(row, TLSHOST_GNUTLS_KX, kx != GNUTLS_KX_UNKNOWN ?
		    gnutls_kx_get_name(kx) : NULL);
		assert_token(row, TLSHOST_GNUTLS_CIPHER,
		    gnutls_cipher_get_name(encryption));
		assert_token(row, TLSHOST_GNUTLS_MAC, gnutls_mac_get_name(mac));
		assert_selects(row, name);
		/* It begins later with some than their RFC has it. */
		if (version_of(version) != 0)
			ck_assert_int_le(lowest, version_of(version));
		else
			ck_assert_int_lt(lowest, TLSHOST_VERSION_TLSV1_2);
		/* GnuTLS counts the bits of the key, and so does the table. */
		ck_assert_msg((size_t)tlshost_cipher_info_bits(row) ==
		    8 * gnutls_cipher_get_key_size(encryption) ||
		    encryption == GNUTLS_CIPHER_3DES_CBC, "%s: %d bits", name,
		    (int)tlshost_cipher_info_bits(row));
	}
	ck_assert_uint_ge(known, 60);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("table beside GnuTLS");
	TCase *tcase = tcase_create("names");

	tcase_add_test(tcase,
	    every_suite_of_gnutls_is_in_the_table_under_the_same_name);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}

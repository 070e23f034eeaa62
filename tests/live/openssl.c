/* SPDX-License-Identifier: MIT */
/* The cipher table beside OpenSSL: every suite that both know is the same. */
#include "config.h"

#include <openssl/ssl.h>

#include "../support.h"

/* Versions as the table has them; OpenSSL names a suite by its first. */
static int
version_of(const SSL_CIPHER *cipher)
{
	const char *name = SSL_CIPHER_get_version(cipher);

	if (strcmp(name, "TLSv1.3") == 0)
		return TLSHOST_VERSION_TLSV1_3;
	if (strcmp(name, "TLSv1.2") == 0)
		return TLSHOST_VERSION_TLSV1_2;
	return 0; /* SSLv3 and TLSv1.0: both are "before 1.2" */
}

/* GOST of before RFC 9189; IANA never registered them. */
static int
is_unregistered(unsigned int id)
{
	return (id >= 0x0080 && id <= 0x0083) || id == 0xff85 || id == 0xff87;
}

START_TEST(every_suite_of_openssl_is_in_the_table_under_the_same_names)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());
	SSL *ssl = SSL_new(ctx);
	int known = 0;

	for (unsigned int id = 1; id <= 0xffff; id++) {
		const unsigned char bytes[] = { (unsigned char)(id >> 8),
		    (unsigned char)id };
		const SSL_CIPHER *cipher = SSL_CIPHER_find(ssl, bytes);
		const tlshost_cipher_info *row =
		    tlshost_cipher_by_id((uint16_t)id);
		const char *name, *standard;

		/* The two signalling values are no suites (RFC 5746, 7507). */
		if (cipher == NULL || id == 0x00ff || id == 0x5600)
			continue;
		name = SSL_CIPHER_get_name(cipher);
		if (is_unregistered(id))
			continue;
		ck_assert_msg(row != NULL, "0x%04x %s", id, name);
		known++;
		/* OpenSSL has no standard name for GOST suites. */
		if ((standard = SSL_CIPHER_standard_name(cipher)) != NULL)
			ck_assert_str_eq(tlshost_cipher_info_name(row,
			    TLSHOST_DIALECT_IANA), standard);
		ck_assert_msg(tlshost_cipher_info_name(row,
		    TLSHOST_DIALECT_OPENSSL) != NULL, "%s", name);
		ck_assert_str_eq(tlshost_cipher_info_name(row,
		    TLSHOST_DIALECT_OPENSSL), name);
		if (version_of(cipher) != 0)
			ck_assert_int_eq(tlshost_cipher_info_lowest_version(
			    row), version_of(cipher));
		else if (id != 0xc102) /* not before 1.2 by RFC 9189 */
			ck_assert_int_lt(tlshost_cipher_info_lowest_version(
			    row), TLSHOST_VERSION_TLSV1_2);
		ck_assert_msg((int)tlshost_cipher_info_bits(row) ==
		    SSL_CIPHER_get_bits(cipher, NULL), "%s: %d, not %d bits",
		    name, (int)tlshost_cipher_info_bits(row),
		    SSL_CIPHER_get_bits(cipher, NULL));
	}
	ck_assert_int_ge(known, 100);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("table beside OpenSSL");
	TCase *tcase = tcase_create("names");

	tcase_add_test(tcase,
	    every_suite_of_openssl_is_in_the_table_under_the_same_names);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}

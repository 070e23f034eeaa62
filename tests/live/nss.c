/* SPDX-License-Identifier: MIT */
/* The cipher table beside NSS: every suite that NSS has is the same. */
#include "config.h"

#include <ssl.h>

#include "../support.h"

START_TEST(every_suite_of_nss_is_in_the_table_under_the_same_name)
{
	const PRUint16 *ids = SSL_GetImplementedCiphers();

	ck_assert_uint_ge(SSL_GetNumImplementedCiphers(), 40);
	for (PRUint16 i = 0; i < SSL_GetNumImplementedCiphers(); i++) {
		const tlshost_cipher_info *row = tlshost_cipher_by_id(ids[i]);
		SSLCipherSuiteInfo info;

		if (ids[i] == 0x0066)
			continue; /* IANA never registered it */
		ck_assert_int_eq(SSL_GetCipherSuiteInfo(ids[i], &info,
		    sizeof(info)), SECSuccess);
		ck_assert_msg(row != NULL, "%s", info.cipherSuiteName);
		ck_assert_msg(tlshost_cipher_info_name(row,
		    TLSHOST_DIALECT_NSS) != NULL, "%s", info.cipherSuiteName);
		ck_assert_str_eq(tlshost_cipher_info_name(row,
		    TLSHOST_DIALECT_NSS), info.cipherSuiteName);
		ck_assert_msg((unsigned int)tlshost_cipher_info_bits(row) ==
		    info.effectiveKeyBits || info.symCipher ==
		    ssl_calg_3des, "%s: %d, not %u bits",
		    info.cipherSuiteName, (int)tlshost_cipher_info_bits(row),
		    (unsigned int)info.effectiveKeyBits);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("table beside NSS");
	TCase *tcase = tcase_create("names");

	tcase_add_test(tcase,
	    every_suite_of_nss_is_in_the_table_under_the_same_name);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}

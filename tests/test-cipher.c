/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdio.h>

#include "cipher.h"
#include "support.h"

START_TEST(rows_are_sorted_and_sane)
{
	uint32_t previous = 0;

	ck_assert_uint_gt(tlshost_cipher_count(), 300);
	for (size_t i = 0; i < tlshost_cipher_count(); i++) {
		const tlshost_cipher_info *row = tlshost_cipher_at(i);
		uint16_t id = tlshost_cipher_info_id(row);

		ck_assert(i == 0 || id > previous);
		ck_assert_uint_ne(id, 0x00ff);
		ck_assert_uint_ne(id, 0x5600);
		ck_assert_int_le(tlshost_cipher_info_lowest_version(row),
		    tlshost_cipher_info_highest_version(row));
		if (strcmp(tlshost_cipher_info_mac(row), "AEAD") == 0)
			ck_assert_int_ge(
			    tlshost_cipher_info_lowest_version(row),
			    TLSHOST_VERSION_TLSV1_2);
		if (id >> 8 == 0x13)
			ck_assert_int_eq(
			    tlshost_cipher_info_lowest_version(row),
			    TLSHOST_VERSION_TLSV1_3);
		previous = id;
	}
	ck_assert_ptr_null(tlshost_cipher_at(tlshost_cipher_count()));
}
END_TEST

START_TEST(every_row_is_found_by_its_id_and_all_its_names)
{
	for (size_t i = 0; i < tlshost_cipher_count(); i++) {
		const tlshost_cipher_info *row = tlshost_cipher_at(i);

		ck_assert_ptr_eq(tlshost_cipher_by_id(
		    tlshost_cipher_info_id(row)), row);
		for (int d = 0; d < TLSHOST__DIALECTS; d++) {
			const char *name = tlshost_cipher_info_name(row,
			    (tlshost_dialect)d);

			if (name == NULL)
				continue;
			ck_assert_ptr_eq(tlshost_cipher_by_dialect(
			    (tlshost_dialect)d, name), row);
			ck_assert_ptr_nonnull(tlshost_cipher_by_name(name));
		}
	}
}
END_TEST

START_TEST(the_112_of_the_pep_are_those_that_it_prints)
{
	const char *dir = getenv("top_srcdir");
	char path[4096], name[128];
	unsigned int id;
	size_t count = 0;
	FILE *in;

	snprintf(path, sizeof(path), "%s/tests/data/pep543-ciphers.txt",
	    dir != NULL ? dir : ".");
	ck_assert_ptr_nonnull(in = fopen(path, "r"));
	while (fscanf(in, "%x %127s", &id, name) == 2) {
		const tlshost_cipher_info *row =
		    tlshost_cipher_by_id((uint16_t)id);

		ck_assert_str_eq(tlshost_cipher_info_name(row,
		    TLSHOST_DIALECT_IANA), name);
		ck_assert_int_eq(tlshost_cipher_info_in_pep543(row), 1);
		count++;
	}
	fclose(in);
	ck_assert_uint_eq(count, 112);
	for (size_t i = 0; i < tlshost_cipher_count(); i++)
		count -= (size_t)tlshost_cipher_info_in_pep543(
		    tlshost_cipher_at(i));
	ck_assert_uint_eq(count, 0);
}
END_TEST

START_TEST(names_are_understood_in_any_dialect_and_case)
{
	static const char *const names[] = { "AES256-SHA", "aes256-sha",
	    "TLS_RSA_WITH_AES_256_CBC_SHA", "TLS_RSA_AES_256_CBC_SHA1" };

	ck_assert_uint_eq(tlshost_cipher_info_id(tlshost_cipher_by_name(
	    names[_i])), 0x0035);
}
END_TEST

START_TEST(what_is_no_name_is_not_found)
{
	char longest[5000];

	memset(longest, 'A', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	ck_assert_ptr_null(tlshost_cipher_by_name(NULL));
	ck_assert_ptr_null(tlshost_cipher_by_name(""));
	ck_assert_ptr_null(tlshost_cipher_by_name("AES256-SHA "));
	ck_assert_ptr_null(tlshost_cipher_by_name(longest));
	ck_assert_ptr_null(tlshost_cipher_by_dialect((tlshost_dialect)77,
	    "AES256-SHA"));
	ck_assert_ptr_null(tlshost_cipher_by_id(0xfefe));
	ck_assert_uint_eq(tlshost_cipher_info_id(NULL), 0);
	ck_assert_ptr_null(tlshost_cipher_info_name(NULL,
	    TLSHOST_DIALECT_IANA));
	ck_assert_uint_eq(tlshost_cipher_info_schannel(NULL, NULL), 0);
}
END_TEST

START_TEST(the_defaults_are_recommended_suites)
{
	const uint16_t *ids;
	size_t len = tlshost_cipher_defaults(&ids);

	ck_assert_uint_ge(len, 6);
	for (size_t i = 0; i < len; i++)
		ck_assert_int_eq(tlshost_cipher_info_class(
		    tlshost_cipher_by_id(ids[i])), TLSHOST_CIPHER_RECOMMENDED);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("cipher");
	TCase *tcase = tcase_create("cipher");

	tcase_add_test(tcase, rows_are_sorted_and_sane);
	tcase_add_test(tcase, every_row_is_found_by_its_id_and_all_its_names);
	tcase_add_test(tcase, the_112_of_the_pep_are_those_that_it_prints);
	tcase_add_loop_test(tcase,
	    names_are_understood_in_any_dialect_and_case, 0, 4);
	tcase_add_test(tcase, what_is_no_name_is_not_found);
	tcase_add_test(tcase, the_defaults_are_recommended_suites);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}

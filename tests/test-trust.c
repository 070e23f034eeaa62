/* SPDX-License-Identifier: MIT */
/* The system's trust store: where it is, and that it is made once. */
#include "config.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "source.h"
#define RUN_SUITE_FORKS 1
#include "support.h"

static char bundle[64];

static void
copy_certificate(const char *name, const char *target)
{
	char source[4096], data[8192];
	size_t len;
	FILE *file;

	snprintf(source, sizeof(source), "%s/tests/fuzz/corpus/certificate/%s",
	    getenv("top_srcdir"), name);
	file = fopen(source, "rb");
	ck_assert_msg(file != NULL, "%s", source);
	len = fread(data, 1, sizeof(data), file);
	fclose(file);
	file = fopen(target, "wb");
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(data, 1, len, file), len);
	ck_assert_int_eq(fclose(file), 0);
}

static void
set_up(void)
{
	snprintf(bundle, sizeof(bundle), "trust-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(bundle));
	strcat(bundle, "/bundle");
	copy_certificate("ec-ca.der", bundle);
	setenv("SSL_CERT_FILE", bundle, 1);
	unsetenv("SSL_CERT_DIR");
}

static void
tear_down(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf \"$(dirname '%s')\"",
	    bundle);
	ck_assert_int_eq(system(command), 0);
}

static tlshost_trust_store *
system_store(void)
{
	tlshost_trust_store *store;
	tlshost_error *error = NULL;
	tlshost_status st = tlshost_trust_store_system(NULL, &store, &error);

	ck_assert_msg(st == TLSHOST_OK, "%s", tlshost_error_message(error));
	return store;
}

START_TEST(it_is_made_once_for_one_file)
{
	tlshost_trust_store *first = system_store(), *second = system_store();

	ck_assert_ptr_eq(first, second);
	ck_assert_uint_eq(tlshost_trust_store_len(first), 1);
	tlshost_trust_store_unref(first);
	tlshost_trust_store_unref(second);
	/* Nobody has it now, and it is still there. */
	second = system_store();
	ck_assert_ptr_eq(first, second);
	tlshost_trust_store_unref(second);
}
END_TEST

START_TEST(a_file_that_changed_is_read_again)
{
	tlshost_trust_store *first = system_store(), *second;
	char aside[80];

	/* As packages do it: another file under the same name. */
	snprintf(aside, sizeof(aside), "%s.new", bundle);
	copy_certificate("rsa.der", aside);
	ck_assert_int_eq(rename(aside, bundle), 0);
	second = system_store();
	ck_assert_ptr_ne(first, second);
	ck_assert_int_eq(tlshost__trust_equal(first, second), 0);
	tlshost_trust_store_unref(first);
	tlshost_trust_store_unref(second);
}
END_TEST

START_TEST(a_file_that_is_gone_is_an_error)
{
	tlshost_trust_store *store = system_store();
	tlshost_error *error = NULL;

	tlshost_trust_store_unref(store);
	ck_assert_int_eq(unlink(bundle), 0);
	assert_fails(tlshost_trust_store_system(NULL, &store, &error),
	    TLSHOST_IO, error, "bundle");
}
END_TEST

START_TEST(a_directory_replaces_the_file_and_its_damage_is_passed_over)
{
	char dir[64], path[96];
	tlshost_trust_store *store;
	FILE *file;

	snprintf(dir, sizeof(dir), "%s", bundle);
	*strrchr(dir, '/') = '\0';
	snprintf(path, sizeof(path), "%s/01234567.0", dir);
	copy_certificate("rsa.der", path);
	snprintf(path, sizeof(path), "%s/89abcdef.0", dir);
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	fputs("no certificate\n", file);
	fclose(file);
	unsetenv("SSL_CERT_FILE");
	setenv("SSL_CERT_DIR", dir, 1);
	store = system_store();
	ck_assert_uint_eq(tlshost_trust_store_len(store), 1);
	tlshost_trust_store_unref(store);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("trust");
	TCase *tcase = tcase_create("system");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, it_is_made_once_for_one_file);
	tcase_add_test(tcase, a_file_that_changed_is_read_again);
	tcase_add_test(tcase, a_file_that_is_gone_is_an_error);
	tcase_add_test(tcase,
	    a_directory_replaces_the_file_and_its_damage_is_passed_over);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}

/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conffile.h"
#include "discover.h"
#define RUN_SUITE_FORKS 1
#include "support.h"

/* A directory of its own for each test, with links to plugins. */
static char dir[64];

static void
set_up(void)
{
	snprintf(dir, sizeof(dir), "discover-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	unsetenv("TLS_BACKEND");
	tlshost__conffile_path = "/nonexistent/tlshost.conf";
}

static void
tear_down(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", dir);
	ck_assert_int_eq(system(command), 0);
}

static const char *
path_of(const char *name)
{
	static char path[4200];
	char cwd[4096];

	ck_assert_ptr_nonnull(getcwd(cwd, sizeof(cwd)));
	snprintf(path, sizeof(path), "%s/%s%s%s", cwd, dir,
	    *name != '\0' ? "/" : "", name);
	return path;
}

static void
install_as(const char *plugin, const char *name)
{
	char target[4096];

	snprintf(target, sizeof(target), "%s/%s.so",
	    getenv("TLSHOST_TEST_PLUGINS"), plugin);
	ck_assert_int_eq(symlink(target, path_of(name)), 0);
}

static void
install(const char *plugin)
{
	char name[64];

	snprintf(name, sizeof(name), "%s.so", plugin);
	install_as(plugin, name);
}

static void
write_file(const char *name, const void *data, size_t len)
{
	int fd = open(path_of(name), O_CREAT | O_WRONLY | O_TRUNC, 0644);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, data, len), (ssize_t)len);
	close(fd);
}

static void
search_here(void)
{
	ck_assert_int_eq(setenv("TLSHOST_PLUGIN_PATH", path_of(""), 1), 0);
}

static tlshost_backend_list *
list(int load)
{
	tlshost_backend_list *found;

	assert_status(tlshost_backend_list_new(load, &found, NULL),
	    TLSHOST_OK);
	return found;
}

static const struct {
	const char *plugin, *reason;
} faults[] = {
	{ "bad-no-manifest", "no-manifest" },
	{ "bad-manifest-name", "bad-manifest" },
	{ "bad-manifest-twice", "bad-manifest" },
	{ "bad-manifest-roles", "bad-manifest" },
	{ "bad-no-entry", "no-entry" },
	{ "bad-entry", "entry-refused" },
	{ "bad-init", "init-failed" },
	{ "bad-init-status", "init-failed" },
	{ "bad-table-size", "bad-table" },
	{ "bad-missing-slot", "bad-table" },
	{ "bad-name", "name-mismatch" },
	{ "bad-library", "library-mismatch" },
	{ "bad-roles", "roles-mismatch" },
};

#define FAULTS (int)(sizeof(faults) / sizeof(faults[0]))

START_TEST(each_fault_has_its_reason_and_spoils_nothing_else)
{
	tlshost_backend_list *found;
	tlshost_backend *backend;

	install(faults[_i].plugin);
	install("good-fake");
	search_here();
	found = list(1);
	ck_assert_uint_eq(tlshost_backend_list_len(found), 2);
	ck_assert_int_eq(tlshost_backend_list_state(found, 0),
	    TLSHOST_PLUGIN_SKIPPED);
	ck_assert_str_eq(tlshost_backend_list_reason(found, 0),
	    faults[_i].reason);
	ck_assert_ptr_nonnull(tlshost_backend_list_text(found, 0));
	ck_assert_int_eq(tlshost_backend_list_state(found, 1),
	    TLSHOST_PLUGIN_READY);
	assert_status(tlshost_backend_default(TLSHOST_ROLE_CLIENT, &backend,
	    NULL), TLSHOST_OK);
	ck_assert_str_eq(tlshost_backend_name(backend), "fake");
	tlshost_backend_list_free(found);
}
END_TEST

START_TEST(files_that_are_no_plugins_are_told_apart)
{
	uint8_t whole[1 << 20];
	tlshost_backend_list *found;
	char path[4096];
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "%s/good-fake.so",
	    getenv("TLSHOST_TEST_PLUGINS"));
	ck_assert_int_ge(fd = open(path, O_RDONLY), 0);
	len = read(fd, whole, sizeof(whole));
	close(fd);
	ck_assert_int_gt(len, 4000);
	write_file("a-text.so", "not a plugin", 12);
	write_file("b-empty.so", "", 0);
	write_file("c-cut.so", whole, 2000);
	write_file("d-cut-early.so", whole, 40);
	whole[18] ^= 0x40;               /* e_machine */
	write_file("e-machine.so", whole, (size_t)len);
	ck_assert_int_eq(mkdir(path_of("f-directory.so"), 0755), 0);
	ck_assert_int_eq(symlink("/nonexistent", path_of("g-dangling.so")),
	    0);
	search_here();
	found = list(0);
	ck_assert_uint_eq(tlshost_backend_list_len(found), 7);
	ck_assert_str_eq(tlshost_backend_list_reason(found, 0), "not-elf");
	ck_assert_str_eq(tlshost_backend_list_reason(found, 1), "not-elf");
	ck_assert_str_eq(tlshost_backend_list_reason(found, 2), "truncated");
	ck_assert_str_eq(tlshost_backend_list_reason(found, 3), "truncated");
	ck_assert_str_eq(tlshost_backend_list_reason(found, 4),
	    "wrong-machine");
	ck_assert_str_eq(tlshost_backend_list_reason(found, 5), "unreadable");
	ck_assert_str_eq(tlshost_backend_list_reason(found, 6), "unreadable");
	tlshost_backend_list_free(found);
}
END_TEST

START_TEST(the_manifest_is_told_without_loading)
{
	tlshost_backend_list *found;

	install("good-fake");
	search_here();
	found = list(0);
	ck_assert_int_eq(tlshost_backend_list_state(found, 0),
	    TLSHOST_PLUGIN_DESCRIBED);
	ck_assert_str_eq(tlshost_backend_list_name(found, 0), "fake");
	ck_assert_str_eq(tlshost_backend_list_version(found, 0), "1.0");
	ck_assert_str_eq(tlshost_backend_list_library(found, 0), "Fake");
	ck_assert_str_eq(tlshost_backend_list_description(found, 0),
	    tlshost_backend_list_value(found, 0, "description"));
	ck_assert_str_eq(tlshost_backend_list_value(found, 0, "x-more"),
	    "kept");
	ck_assert_int_eq(tlshost_backend_list_priority(found, 0), 10);
	ck_assert_ptr_null(tlshost_backend_list_backend(found, 0));
	ck_assert_int_eq((int)tlshost_backend_list_default(found,
	    TLSHOST_ROLE_CLIENT), 0);
	tlshost_backend_list_free(found);
}
END_TEST

START_TEST(the_first_file_of_a_name_wins_in_the_order_of_bytes)
{
	tlshost_backend_list *found;

	install_as("good-fake", "b.so");
	install_as("good-fake", "B.so");
	search_here();
	found = list(1);
	ck_assert_ptr_nonnull(strstr(tlshost_backend_list_file(found, 0),
	    "/B.so"));
	ck_assert_int_eq(tlshost_backend_list_state(found, 0),
	    TLSHOST_PLUGIN_READY);
	ck_assert_str_eq(tlshost_backend_list_reason(found, 1), "shadowed");
	tlshost_backend_list_free(found);
}
END_TEST

/* What TLS_BACKEND, or "order", or priority chooses. */
static const struct {
	const char *variable, *conf, *role_client, *error;
} choices[] = {
	{ NULL, "", "preferred", NULL },
	{ "", "", "preferred", NULL },
	{ "fake", "", "fake", NULL },
	{ "named-only", "", "named-only", NULL },
	{ "init,fake", "", "fake", NULL },
	{ "nosuch,fake", "", "fake", NULL },
	{ " fake , preferred ", "", "fake", NULL },
	{ "init,*", "", "preferred", NULL },
	{ "nosuch", "", NULL, "nosuch" },
	{ "init", "", NULL, "init-failed" },
	{ "init,nosuch", "", NULL, "names no usable backend" },
	{ "fake,", "", NULL, "empty" },
	{ ",fake", "", NULL, "empty" },
	{ "Fake", "", NULL, "a-z" },
	{ "fa/ke", "", NULL, "a-z" },
	{ "*,fake", "", NULL, "last" },
	{ "fake,fake", "", NULL, "twice" },
	{ NULL, "order = fake\n", "fake", NULL },
	{ NULL, "# c\n\norder=init, * # more\r\n", "preferred", NULL },
	{ "fake", "order = preferred\n", "fake", NULL },
	{ NULL, "disable = preferred\n", "fake", NULL },
	{ "preferred", "disable = preferred\n", NULL, "disabled" },
	{ NULL, "order = nosuch\n", NULL, "order" },
};

#define CHOICES (int)(sizeof(choices) / sizeof(choices[0]))

START_TEST(the_choice_is_honoured_or_it_is_an_error)
{
	tlshost_backend *backend;
	tlshost_error *error = NULL;
	static char conf[4200];

	install("good-fake");
	install("good-preferred");
	install("good-named-only");
	install("bad-init");
	write_file("tlshost.conf", choices[_i].conf, strlen(choices[_i].conf));
	snprintf(conf, sizeof(conf), "%s", path_of("tlshost.conf"));
	tlshost__conffile_path = conf;
	if (choices[_i].variable != NULL)
		setenv("TLS_BACKEND", choices[_i].variable, 1);
	search_here();
	if (choices[_i].error != NULL) {
		assert_fails(tlshost_backend_default(TLSHOST_ROLE_CLIENT,
		    &backend, &error), TLSHOST_NO_BACKEND, error,
		    choices[_i].error);
		return;
	}
	assert_status(tlshost_backend_default(TLSHOST_ROLE_CLIENT, &backend,
	    NULL), TLSHOST_OK);
	ck_assert_str_eq(tlshost_backend_name(backend),
	    choices[_i].role_client);
	/* It never changes after a success. */
	setenv("TLS_BACKEND", "nosuch", 1);
	assert_status(tlshost_backend_default(TLSHOST_ROLE_CLIENT, &backend,
	    NULL), TLSHOST_OK);
	ck_assert_str_eq(tlshost_backend_name(backend),
	    choices[_i].role_client);
}
END_TEST

static const struct {
	const char *text, *words;
} bad_confs[] = {
	{ "order = fake\nnonsense\n", ":2: not of the form" },
	{ "colour = red\n", ":1: no such setting" },
	{ "order = a\norder = b\n", ":2: the setting is there twice" },
	{ "order =\n", ":1: an item is empty" },
	{ "disable = *\n", ":1: a name may only have" },
};

START_TEST(a_malformed_file_is_an_error_with_its_line)
{
	tlshost_backend *backend;
	tlshost_error *error = NULL;
	static char conf[4200];

	install("good-fake");
	write_file("tlshost.conf", bad_confs[_i].text,
	    strlen(bad_confs[_i].text));
	snprintf(conf, sizeof(conf), "%s", path_of("tlshost.conf"));
	tlshost__conffile_path = conf;
	search_here();
	assert_fails(tlshost_backend_default(TLSHOST_ROLE_CLIENT, &backend,
	    &error), TLSHOST_BAD_CONFIG, error, bad_confs[_i].words);
	assert_fails(tlshost_backend_by_name("fake", &backend, &error),
	    TLSHOST_BAD_CONFIG, error, bad_confs[_i].words);
}
END_TEST

START_TEST(a_role_is_served_by_a_backend_that_has_it)
{
	tlshost_backend *backend;
	tlshost_error *error = NULL;

	install("good-client");
	search_here();
	assert_status(tlshost_backend_default(TLSHOST_ROLE_CLIENT, &backend,
	    NULL), TLSHOST_OK);
	ck_assert_uint_eq(tlshost_backend_roles(backend),
	    TLSHOST_ROLE_CLIENT);
	assert_fails(tlshost_backend_default(TLSHOST_ROLE_SERVER, &backend,
	    &error), TLSHOST_NO_BACKEND, error, "no usable backend");
}
END_TEST

START_TEST(an_error_says_what_was_found_and_where_it_looked)
{
	tlshost_backend *backend;
	tlshost_error *error = NULL;

	install("bad-init");
	search_here();
	assert_fails(tlshost_backend_default(TLSHOST_ROLE_CLIENT, &backend,
	    &error), TLSHOST_NO_BACKEND, error,
	    "the fake library does nothing");
	assert_fails(tlshost_backend_by_name("other", &backend, &error),
	    TLSHOST_NO_BACKEND, error, path_of(""));
}
END_TEST

START_TEST(a_relative_path_is_refused)
{
	tlshost_backend *backend;
	tlshost_error *error = NULL;

	setenv("TLSHOST_PLUGIN_PATH", "plugins", 1);
	assert_fails(tlshost_backend_by_name("fake", &backend, &error),
	    TLSHOST_NO_BACKEND, error, "not an absolute path");
	assert_fails(tlshost_backend_add_directory("plugins", &error),
	    TLSHOST_INVALID_ARGUMENT, error, "absolute");
	assert_fails(tlshost_backend_add_directory("/plugins", &error),
	    TLSHOST_INVALID_STATE, error, "already");
}
END_TEST

START_TEST(a_programs_own_directory_is_searched_first)
{
	tlshost_backend *backend;

	install("good-named-only");
	assert_status(tlshost_backend_add_directory(path_of(""), NULL),
	    TLSHOST_OK);
	setenv("TLSHOST_PLUGIN_PATH", "/nonexistent", 1);
	assert_status(tlshost_backend_by_name("named-only", &backend, NULL),
	    TLSHOST_OK);
	ck_assert_str_eq(tlshost_backend_library(backend), "Fake 1.0");
}
END_TEST

START_TEST(set_uid_programs_ignore_the_environment)
{
	tlshost_backend *backend;
	tlshost_error *error = NULL;

	tlshost__secure_override = 1;
	install("good-fake");
	search_here();
	assert_fails(tlshost_backend_by_name("fake", &backend, &error),
	    TLSHOST_NO_BACKEND, error, "there is no backend");
}
END_TEST

START_TEST(what_others_may_write_is_not_loaded_by_set_uid_programs)
{
	tlshost_backend_list *found;

	tlshost__secure_override = 1;
	install("good-fake");
	ck_assert_int_eq(chmod(path_of(""), 0777), 0);
	assert_status(tlshost_backend_add_directory(path_of(""), NULL),
	    TLSHOST_OK);
	found = list(1);
	ck_assert_str_eq(tlshost_backend_list_reason(found, 0),
	    "insecure-permissions");
	tlshost_backend_list_free(found);
}
END_TEST

static void *
use_first(void *result)
{
	tlshost_backend **backend = result;

	if (tlshost_backend_default(TLSHOST_ROLE_CLIENT, backend, NULL) !=
	    TLSHOST_OK)
		*backend = NULL;
	return NULL;
}

START_TEST(sixteen_threads_on_first_use_get_one_backend)
{
	tlshost_backend *backends[16];
	pthread_t threads[16];

	install("good-fake");
	install("good-preferred");
	install("bad-init");
	search_here();
	for (int i = 0; i < 16; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, use_first,
		    &backends[i]), 0);
	for (int i = 0; i < 16; i++)
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
	ck_assert_ptr_nonnull(backends[0]);
	for (int i = 1; i < 16; i++)
		ck_assert_ptr_eq(backends[i], backends[0]);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("discover");
	TCase *tcase = tcase_create("discover");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase,
	    each_fault_has_its_reason_and_spoils_nothing_else, 0, FAULTS);
	tcase_add_test(tcase, files_that_are_no_plugins_are_told_apart);
	tcase_add_test(tcase, the_manifest_is_told_without_loading);
	tcase_add_test(tcase,
	    the_first_file_of_a_name_wins_in_the_order_of_bytes);
	tcase_add_loop_test(tcase, the_choice_is_honoured_or_it_is_an_error, 0,
	    CHOICES);
	tcase_add_loop_test(tcase,
	    a_malformed_file_is_an_error_with_its_line, 0, 5);
	tcase_add_test(tcase, a_role_is_served_by_a_backend_that_has_it);
	tcase_add_test(tcase,
	    an_error_says_what_was_found_and_where_it_looked);
	tcase_add_test(tcase, a_relative_path_is_refused);
	tcase_add_test(tcase, a_programs_own_directory_is_searched_first);
	tcase_add_test(tcase, set_uid_programs_ignore_the_environment);
	tcase_add_test(tcase,
	    what_others_may_write_is_not_loaded_by_set_uid_programs);
	tcase_add_test(tcase, sixteen_threads_on_first_use_get_one_backend);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}

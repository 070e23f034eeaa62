/* SPDX-License-Identifier: MIT */
/*
 * Loading and choosing, seen from inside the plugin: tests/plugins/hooked.c
 * asks this program what to do.
 */
#include "config.h"

#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conffile.h"
#include "discover.h"
#include "memory.h"
#define RUN_SUITE_FORKS 1
#include "support.h"
#include "tlshost-plugin.h"

/* ------------------------------------------------------------------------
 * The hook
 */

int32_t tlshost_test_hook(struct tlshost_plugin *table);

static int32_t (*on_entry)(struct tlshost_plugin *table);
static void (*on_construction)(void);
static atomic_int constructions, entries, inits;

int32_t
tlshost_test_hook(struct tlshost_plugin *table)
{
	atomic_fetch_add(table == NULL ? &constructions : &entries, 1);
	if (table == NULL && on_construction != NULL)
		on_construction();
	return table != NULL && on_entry != NULL ? on_entry(table) :
	    TLSHOST_OK;
}

static int32_t
init_counted(tlshost_sink *sink, const char **ret_library)
{
	(void)sink;
	atomic_fetch_add(&inits, 1);
	*ret_library = "Hooked 1.0";
	return TLSHOST_OK;
}

/* ------------------------------------------------------------------------
 * Directories
 */

static char cwd[4096];
static char dir[4200];
static char conf[4300];

static void
write_conf(const char *text)
{
	FILE *file = fopen(conf, "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(fputs(text, file), 0);
	ck_assert_int_eq(fclose(file), 0);
}

static void
set_up(void)
{
	ck_assert_ptr_nonnull(getcwd(cwd, sizeof(cwd)));
	snprintf(dir, sizeof(dir), "%s/backend-XXXXXX", cwd);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(chmod(dir, 0755), 0);
	snprintf(conf, sizeof(conf), "%s/tlshost.conf", dir);
	tlshost__conffile_path = conf;
	unsetenv("TLS_BACKEND");
	setenv("TLSHOST_PLUGIN_PATH", dir, 1);
}

static void
tear_down(void)
{
	char command[4400];

	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	ck_assert_int_eq(system(command), 0);
}

/* below: a folder beneath dir, with its slash, or "". */
static void
install_in(const char *below, const char *plugin)
{
	char source[4300], target[4400];

	snprintf(source, sizeof(source), "%s/%s.so",
	    getenv("TLSHOST_TEST_PLUGINS"), plugin);
	snprintf(target, sizeof(target), "%s/%s%s.so", dir, below, plugin);
	ck_assert_int_eq(symlink(source, target), 0);
}

static void
install(const char *plugin)
{
	install_in("", plugin);
}

/* Sets TLSHOST_PLUGIN_PATH. */
__attribute__((format(printf, 1, 2))) static void
search_in(const char *format, ...)
{
	char path[5 * sizeof(dir)];
	va_list args;

	va_start(args, format);
	vsnprintf(path, sizeof(path), format, args);
	va_end(args);
	ck_assert_int_eq(setenv("TLSHOST_PLUGIN_PATH", path, 1), 0);
}

static const char *
default_name(tlshost_role role)
{
	tlshost_backend *backend;
	tlshost_error *error = NULL;

	if (tlshost_backend_default(role, &backend, &error) == TLSHOST_OK)
		return tlshost_backend_name(backend);
	ck_abort_msg("%s", tlshost_error_message(error));
	return NULL;
}

static tlshost_backend *
hooked(void)
{
	tlshost_backend *backend;
	tlshost_error *error = NULL;

	if (tlshost_backend_by_name("hooked", &backend, &error) == TLSHOST_OK)
		return backend;
	ck_abort_msg("%s", tlshost_error_message(error));
	return NULL;
}

/* What became of the first file found. */
static const char *
first_reason(void)
{
	tlshost_backend_list *list;
	const char *reason;

	assert_status(tlshost_backend_list_new(1, &list, NULL), TLSHOST_OK);
	reason = tlshost_backend_list_reason(list, 0);
	tlshost_backend_list_free(list);
	return reason != NULL ? reason : "ready";
}

/* ------------------------------------------------------------------------
 * The table
 */

static int32_t
a_good_table(struct tlshost_plugin *table)
{
	table->capabilities = TLSHOST_CAPABILITY_KEY_UPDATE;
	table->key_update = (void *)table->init;
	table->protocols_max = 3;
	table->protocol_max_len = 77;
	table->lowest_version = TLSHOST_VERSION_TLSV1_2;
	return TLSHOST_OK;
}

START_TEST(a_later_plugin_with_a_longer_table_is_used)
{
	tlshost_backend *backend;
	const uint16_t *ids;

	on_entry = a_good_table;
	install("good-hooked");
	backend = hooked();
	ck_assert_str_eq(tlshost_backend_name(backend), "hooked");
	ck_assert_str_eq(tlshost_backend_version(backend), "1.0");
	ck_assert_str_eq(tlshost_backend_library(backend), "Fake 1.0");
	ck_assert_ptr_nonnull(strstr(tlshost_backend_file(backend), dir));
	ck_assert_uint_eq(tlshost_backend_roles(backend),
	    TLSHOST_ROLE_CLIENT | TLSHOST_ROLE_SERVER);
	ck_assert_uint_eq(tlshost_backend_capabilities(backend),
	    TLSHOST_CAPABILITY_KEY_UPDATE);
	ck_assert_int_eq(tlshost_backend_lowest_version(backend),
	    TLSHOST_VERSION_TLSV1_2);
	ck_assert_int_eq(tlshost_backend_highest_version(backend),
	    TLSHOST_VERSION_TLSV1_3);
	ck_assert_uint_eq(tlshost_backend_protocols_max(backend), 3);
	ck_assert_uint_eq(tlshost_backend_protocol_max_len(backend), 77);
	ck_assert_uint_eq(tlshost_backend_ciphers(backend, &ids), 1);
	ck_assert_uint_eq(ids[0], 0x1301);
}
END_TEST

static int32_t
a_later_capability(struct tlshost_plugin *table)
{
	(void)a_good_table(table);
	table->capabilities |= (uint64_t)1 << 30 | (uint64_t)1 << 63;
	return TLSHOST_OK;
}

START_TEST(a_capability_that_the_host_does_not_know_is_none)
{
	on_entry = a_later_capability;
	install("good-hooked");
	ck_assert_uint_eq(tlshost_backend_capabilities(hooked()),
	    TLSHOST_CAPABILITY_KEY_UPDATE);
}
END_TEST

static int32_t
a_shorter_table(struct tlshost_plugin *table)
{
	(void)a_good_table(table);
	table->size = offsetof(struct tlshost_plugin, key_update);
	return TLSHOST_OK;
}

START_TEST(nothing_is_read_beyond_the_end_of_a_shorter_table)
{
	tlshost_backend *backend;

	on_entry = a_shorter_table;
	install("good-hooked");
	backend = hooked();
	ck_assert(backend->ops.key_update == NULL);
	/* A capability without its slot is none. */
	ck_assert_uint_eq(tlshost_backend_capabilities(backend), 0);
}
END_TEST

static const struct {
	const char *name;
	size_t offset;
} slots[] = {
#define SLOT(name_) { #name_, offsetof(struct tlshost_plugin, name_) }
	SLOT(init), SLOT(suites), SLOT(certificate_check), SLOT(key_check),
	SLOT(trust_new), SLOT(trust_free), SLOT(verify_path),
	SLOT(context_new), SLOT(context_free), SLOT(context_suites),
	SLOT(connection_new), SLOT(connection_free), SLOT(handshake),
	SLOT(read), SLOT(write), SLOT(shutdown), SLOT(pending), SLOT(info),
#undef SLOT
};

static size_t empty_slot;

static int32_t
empty_a_slot(struct tlshost_plugin *table)
{
	memset((uint8_t *)table + empty_slot, 0, sizeof(void *));
	return TLSHOST_OK;
}

START_TEST(every_slot_for_all_must_be_filled)
{
	empty_slot = slots[_i].offset;
	on_entry = empty_a_slot;
	install("good-hooked");
	ck_assert_str_eq(first_reason(), "bad-table");
}
END_TEST

static int32_t
too_short(struct tlshost_plugin *table)
{
	table->size = offsetof(struct tlshost_plugin, info) +
	    sizeof(void *) - 1;
	return TLSHOST_OK;
}

static int32_t
no_size(struct tlshost_plugin *table)
{
	table->size = 0;
	return TLSHOST_OK;
}

static int32_t
other_major(struct tlshost_plugin *table)
{
	table->abi_major++;
	return TLSHOST_OK;
}

static int32_t
too_old_version(struct tlshost_plugin *table)
{
	table->lowest_version = TLSHOST_VERSION_SSLV3;
	return TLSHOST_OK;
}

static int32_t
too_new_version(struct tlshost_plugin *table)
{
	table->highest_version = TLSHOST_VERSION_TLSV1_3 + 1;
	return TLSHOST_OK;
}

static int32_t
crossed_versions(struct tlshost_plugin *table)
{
	table->highest_version = TLSHOST_VERSION_TLSV1_2;
	return TLSHOST_OK;
}

static int32_t
no_config(struct tlshost_plugin *table)
{
	table->config_size = 8;
	return TLSHOST_OK;
}

static int32_t
no_name(struct tlshost_plugin *table)
{
	table->name = NULL;
	return TLSHOST_OK;
}

static int32_t
other_version(struct tlshost_plugin *table)
{
	table->version = "1.00";
	return TLSHOST_OK;
}

static int32_t
no_library(struct tlshost_plugin *table)
{
	table->library = NULL;
	return TLSHOST_OK;
}

static int32_t
no_roles(struct tlshost_plugin *table)
{
	table->roles = 0;
	return TLSHOST_OK;
}

static int32_t
refuses(struct tlshost_plugin *table)
{
	(void)table;
	return TLSHOST_UNSUPPORTED;
}

static int32_t
refuses_oddly(struct tlshost_plugin *table)
{
	(void)table;
	return -4711;
}

static int32_t
init_nameless(tlshost_sink *sink, const char **ret_library)
{
	(void)sink;
	(void)ret_library;
	return TLSHOST_OK;
}

static int32_t
nameless(struct tlshost_plugin *table)
{
	table->init = init_nameless;
	return TLSHOST_OK;
}

static int32_t
init_empty_name(tlshost_sink *sink, const char **ret_library)
{
	(void)sink;
	*ret_library = "";
	return TLSHOST_OK;
}

static int32_t
empty_name(struct tlshost_plugin *table)
{
	table->init = init_empty_name;
	return TLSHOST_OK;
}

static int32_t
init_unsupported(tlshost_sink *sink, const char **ret_library)
{
	(void)sink;
	(void)ret_library;
	return TLSHOST_UNSUPPORTED;
}

static int32_t
unsupported(struct tlshost_plugin *table)
{
	table->init = init_unsupported;
	return TLSHOST_OK;
}

static size_t
suites_none(uint16_t *ids, size_t cap)
{
	(void)ids;
	(void)cap;
	return 0;
}

static int32_t
no_suites(struct tlshost_plugin *table)
{
	table->suites = suites_none;
	return TLSHOST_OK;
}

static size_t
suites_endless(uint16_t *ids, size_t cap)
{
	memset(ids, 0x13, cap * sizeof(*ids));
	return SIZE_MAX;
}

static int32_t
endless_suites(struct tlshost_plugin *table)
{
	table->suites = suites_endless;
	return TLSHOST_OK;
}

static const struct {
	int32_t (*spoil)(struct tlshost_plugin *table);
	const char *reason;
} spoils[] = {
	{ too_short, "bad-table" },
	{ no_size, "bad-table" },
	{ other_major, "abi-major" },
	{ too_old_version, "bad-table" },
	{ too_new_version, "bad-table" },
	{ crossed_versions, "bad-table" },
	{ no_config, "bad-table" },
	{ no_name, "name-mismatch" },
	{ other_version, "version-mismatch" },
	{ no_library, "library-mismatch" },
	{ no_roles, "roles-mismatch" },
	{ refuses, "entry-refused" },
	{ refuses_oddly, "entry-refused" },
	{ nameless, "init-failed" },
	{ empty_name, "init-failed" },
	{ unsupported, "init-failed" },
	{ no_suites, "init-failed" },
	{ endless_suites, "init-failed" },
};

#define COUNT(array_) (int)(sizeof(array_) / sizeof((array_)[0]))

START_TEST(a_table_that_breaks_a_rule_is_not_used)
{
	tlshost_backend *backend = NULL;
	tlshost_error *error = NULL;

	on_entry = spoils[_i].spoil;
	install("good-hooked");
	ck_assert_str_eq(first_reason(), spoils[_i].reason);
	assert_fails(tlshost_backend_by_name("hooked", &backend, &error),
	    TLSHOST_NO_BACKEND, error, spoils[_i].reason);
	ck_assert_ptr_null(backend);
	/* What was tried is not tried again. */
	ck_assert_int_eq(entries, 1);
}
END_TEST

/* ------------------------------------------------------------------------
 * When
 */

START_TEST(nothing_is_loaded_before_it_is_needed)
{
	tlshost_backend_list *list;

	install("good-hooked");
	install("good-fake");
	write_conf("order = fake\n");
	assert_status(tlshost_backend_list_new(0, &list, NULL), TLSHOST_OK);
	ck_assert_str_eq(default_name(TLSHOST_ROLE_CLIENT), "fake");
	tlshost_backend_list_free(list);
	assert_status(tlshost_backend_list_new(0, &list, NULL), TLSHOST_OK);
	ck_assert_int_eq(tlshost_backend_list_state(list, 0),
	    TLSHOST_PLUGIN_READY);
	ck_assert_int_eq(tlshost_backend_list_state(list, 1),
	    TLSHOST_PLUGIN_DESCRIBED);
	ck_assert_int_eq(constructions, 0);
	tlshost_backend_list_free(list);
}
END_TEST

START_TEST(a_disabled_or_shadowed_plugin_is_never_loaded)
{
	char below[4300];

	snprintf(below, sizeof(below), "%s/below", dir);
	ck_assert_int_eq(mkdir(below, 0755), 0);
	install("good-hooked");
	install_in("below/", "good-hooked");
	write_conf("disable = hooked\n");
	search_in("%s:%s/below", dir, dir);
	ck_assert_str_eq(first_reason(), "disabled");
	ck_assert_int_eq(constructions, 0);
}
END_TEST

static int32_t
counted(struct tlshost_plugin *table)
{
	table->init = init_counted;
	return TLSHOST_OK;
}

static pthread_barrier_t barrier;

static void *
load_hooked(void *result)
{
	tlshost_backend **backend = result;

	pthread_barrier_wait(&barrier);
	if (tlshost_backend_by_name("hooked", backend, NULL) != TLSHOST_OK)
		*backend = NULL;
	return NULL;
}

START_TEST(sixteen_threads_start_one_plugin_once)
{
	tlshost_backend *backends[16];
	pthread_t threads[16];

	on_entry = counted;
	install("good-hooked");
	pthread_barrier_init(&barrier, NULL, 16);
	for (int i = 0; i < 16; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, load_hooked,
		    &backends[i]), 0);
	for (int i = 0; i < 16; i++)
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
	pthread_barrier_destroy(&barrier);
	for (int i = 0; i < 16; i++)
		ck_assert_ptr_eq(backends[i], hooked());
	ck_assert_int_eq(constructions, 1);
	ck_assert_int_eq(entries, 1);
	ck_assert_int_eq(inits, 1);
}
END_TEST

/* ------------------------------------------------------------------------
 * Re-entry
 */

static tlshost_status inner_status;

static void
ask_for_itself(void)
{
	tlshost_backend *backend;

	inner_status = tlshost_backend_by_name("hooked", &backend, NULL);
}

START_TEST(a_constructor_that_asks_for_its_own_plugin_does_not_hang)
{
	on_construction = ask_for_itself;
	on_entry = counted;
	install("good-hooked");
	(void)hooked();
	assert_status(inner_status, TLSHOST_NO_BACKEND);
	ck_assert_int_eq(entries, 1);
	ck_assert_int_eq(inits, 1);
}
END_TEST

static void *
look_around(void *nothing)
{
	tlshost_backend_list *list;

	inner_status = tlshost_backend_list_new(0, &list, NULL);
	if (inner_status == TLSHOST_OK)
		tlshost_backend_list_free(list);
	return nothing;
}

/* The loader holds a lock of its own here, and must be the only one. */
static void
let_a_thread_look_around(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, look_around, NULL) == 0)
		pthread_join(thread, NULL);
}

START_TEST(no_lock_of_ours_is_held_while_a_plugin_is_loaded)
{
	inner_status = TLSHOST_LIBRARY;
	on_construction = let_a_thread_look_around;
	install("good-hooked");
	(void)hooked();
	assert_status(inner_status, TLSHOST_OK);
}
END_TEST

static int32_t
init_curious(tlshost_sink *sink, const char **ret_library)
{
	tlshost_backend *backend;
	tlshost_error *error = NULL;

	inner_status = tlshost_backend_by_name("hooked", &backend, &error);
	if (strstr(tlshost_error_message(error), "is being started") == NULL)
		inner_status = TLSHOST_LIBRARY;
	tlshost_error_free(error);
	let_a_thread_look_around();
	return init_counted(sink, ret_library);
}

static int32_t
curious(struct tlshost_plugin *table)
{
	table->init = init_curious;
	return TLSHOST_OK;
}

START_TEST(an_init_that_asks_for_its_own_plugin_does_not_hang)
{
	on_entry = curious;
	install("good-hooked");
	(void)hooked();
	ck_assert_int_eq(inits, 1);
	assert_status(inner_status, TLSHOST_OK);
}
END_TEST

/* ------------------------------------------------------------------------
 * Which
 */

static const struct {
	const char *variable, *conf, *client, *chosen_by;
} orders[] = {
	{ NULL, "", "hooked", "priority" },
	{ "*", "", "hooked", "TLS_BACKEND=*" },
	{ "nosuch,*", "", "hooked", "TLS_BACKEND=nosuch,*" },
	{ "nosuch,*", "order = fake, *\n", "fake", "TLS_BACKEND=nosuch,*" },
	{ "*", "order = preferred\n", "preferred", "TLS_BACKEND=*" },
	{ "preferred,*", "order = fake\n", "preferred", NULL },
	{ NULL, "order = nosuch, *\ndisable = hooked\n", "preferred", NULL },
};

START_TEST(a_star_stands_for_the_default_order)
{
	tlshost_backend_list *list;

	install("good-fake");
	install("good-hooked");
	install("good-preferred");
	write_conf(orders[_i].conf);
	if (orders[_i].variable != NULL)
		setenv("TLS_BACKEND", orders[_i].variable, 1);
	assert_status(tlshost_backend_list_new(0, &list, NULL), TLSHOST_OK);
	ck_assert_str_eq(tlshost_backend_list_name(list, (size_t)
	    tlshost_backend_list_default(list, TLSHOST_ROLE_SERVER)),
	    orders[_i].client);
	if (orders[_i].chosen_by != NULL)
		ck_assert_str_eq(tlshost_backend_list_chosen_by(list),
		    orders[_i].chosen_by);
	ck_assert_ptr_null(tlshost_backend_list_problem(list));
	tlshost_backend_list_free(list);
	ck_assert_str_eq(default_name(TLSHOST_ROLE_SERVER), orders[_i].client);
}
END_TEST

START_TEST(a_named_backend_without_the_role_is_an_error)
{
	tlshost_backend *backend;
	tlshost_error *error = NULL;

	install("good-client");
	install("good-fake");
	setenv("TLS_BACKEND", "client-only", 1);
	ck_assert_str_eq(default_name(TLSHOST_ROLE_CLIENT), "client-only");
	assert_fails(tlshost_backend_default(TLSHOST_ROLE_SERVER, &backend,
	    &error), TLSHOST_NO_BACKEND, error,
	    "client-only (not for servers)");
}
END_TEST

START_TEST(a_program_that_names_one_is_not_overruled)
{
	install("good-fake");
	install("good-hooked");
	setenv("TLS_BACKEND", "fake", 1);
	write_conf("order = fake\n");
	ck_assert_str_eq(tlshost_backend_name(hooked()), "hooked");
}
END_TEST

static const char *const wrong_names[] = { NULL, "", "*", "a,b", "A",
    "../fake" };

START_TEST(what_is_no_name_is_an_invalid_argument)
{
	tlshost_backend *backend = NULL;
	tlshost_error *error = NULL;

	install("good-fake");
	assert_fails(tlshost_backend_by_name(wrong_names[_i], &backend,
	    &error), TLSHOST_INVALID_ARGUMENT, error, "not a name");
	ck_assert_ptr_null(backend);
}
END_TEST

START_TEST(arguments_are_checked)
{
	tlshost_backend *backend;
	tlshost_backend_list *list;

	assert_status(tlshost_backend_by_name("fake", NULL, NULL),
	    TLSHOST_INVALID_ARGUMENT);
	assert_status(tlshost_backend_default(TLSHOST_ROLE_CLIENT, NULL,
	    NULL), TLSHOST_INVALID_ARGUMENT);
	assert_status(tlshost_backend_default((tlshost_role)0, &backend,
	    NULL), TLSHOST_INVALID_ARGUMENT);
	assert_status(tlshost_backend_default((tlshost_role)3, &backend,
	    NULL), TLSHOST_INVALID_ARGUMENT);
	assert_status(tlshost_backend_list_new(0, NULL, NULL),
	    TLSHOST_INVALID_ARGUMENT);
	assert_status(tlshost_backend_add_directory(NULL, NULL),
	    TLSHOST_INVALID_ARGUMENT);
	tlshost_backend_list_free(NULL);
	ck_assert_ptr_null(tlshost_backend_name(NULL));
	ck_assert_uint_eq(tlshost_backend_ciphers(NULL, NULL), 0);
	assert_status(tlshost_backend_list_new(0, &list, NULL), TLSHOST_OK);
	ck_assert_uint_eq(tlshost_backend_list_len(list), 0);
	ck_assert_ptr_null(tlshost_backend_list_name(list, 0));
	ck_assert_ptr_null(tlshost_backend_list_reason(list, SIZE_MAX));
	ck_assert_ptr_null(tlshost_backend_list_directory(list, 1));
	ck_assert_int_eq((int)tlshost_backend_list_default(list,
	    TLSHOST_ROLE_CLIENT), -1);
	tlshost_backend_list_free(list);
}
END_TEST

/* ------------------------------------------------------------------------
 * Where
 */

START_TEST(directories_are_searched_in_order_and_once)
{
	tlshost_backend_list *list;
	char path[4300];

	search_in("%s/none:%s:%s/none::%s", dir, dir, dir, dir);
	install("good-fake");
	assert_status(tlshost_backend_list_new(0, &list, NULL), TLSHOST_OK);
	ck_assert_uint_ge(tlshost_backend_list_len(list), 1);
	ck_assert_str_eq(tlshost_backend_list_name(list, 0), "fake");
	ck_assert_int_eq(tlshost_backend_list_state(list, 0),
	    TLSHOST_PLUGIN_DESCRIBED);
	snprintf(path, sizeof(path), "%s/none", dir);
	ck_assert_str_eq(tlshost_backend_list_directory(list, 0), path);
	ck_assert_str_eq(tlshost_backend_list_directory(list, 1), dir);
	/* An empty element is the built-in directory. */
	ck_assert_ptr_nonnull(tlshost_backend_list_directory(list, 2));
	if (getenv("plugindir") != NULL)
		ck_assert_str_eq(tlshost_backend_list_directory(list, 2),
		    getenv("plugindir"));
	ck_assert_ptr_null(tlshost_backend_list_directory(list, 3));
	tlshost_backend_list_free(list);
}
END_TEST

START_TEST(a_directory_that_cannot_be_read_is_told)
{
	tlshost_backend *backend;
	tlshost_error *error = NULL;

	search_in("%s/none", dir);
	assert_fails(tlshost_backend_by_name("fake", &backend, &error),
	    TLSHOST_NO_BACKEND, error, "/none (No such file or directory)");
}
END_TEST

START_TEST(at_most_16_directories_can_be_added)
{
	tlshost_error *error = NULL;

	for (int i = 0; i < 16; i++)
		assert_status(tlshost_backend_add_directory(dir, NULL),
		    TLSHOST_OK);
	assert_fails(tlshost_backend_add_directory(dir, &error),
	    TLSHOST_INVALID_ARGUMENT, error, "16 directories");
}
END_TEST

START_TEST(what_is_no_so_is_no_candidate)
{
	static const char *const names[] = { ".so", "good-fake.so.0",
	    "good-fake.la", ".hidden.so", "so" };
	char path[4300];

	for (int i = 0; i < COUNT(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		ck_assert_int_eq(symlink("/nonexistent", path), 0);
	}
	ck_assert_int_eq(mkfifo(strcat(strcpy(path, dir), "/pipe.so"), 0600),
	    0);
	/* It opens the pipe without waiting for a writer. */
	ck_assert_str_eq(first_reason(), "unreadable");
}
END_TEST

START_TEST(a_tlshost_conf_that_cannot_be_read_is_an_error)
{
	tlshost_backend_list *list;
	tlshost_backend *backend;
	tlshost_error *error = NULL;

	install("good-fake");
	ck_assert_int_eq(mkdir(conf, 0755), 0);
	assert_fails(tlshost_backend_default(TLSHOST_ROLE_CLIENT, &backend,
	    &error), TLSHOST_BAD_CONFIG, error, conf);
	assert_status(tlshost_backend_list_new(0, &list, NULL), TLSHOST_OK);
	ck_assert_ptr_nonnull(strstr(tlshost_backend_list_problem(list),
	    conf));
	ck_assert_int_eq((int)tlshost_backend_list_default(list,
	    TLSHOST_ROLE_CLIENT), -1);
	tlshost_backend_list_free(list);
}
END_TEST

/* ------------------------------------------------------------------------
 * Set-uid programs
 */

/* In the copy that is set-group-id: the kernel's word, not an override. */
/* ... and not what the environment calls the system's store. */
static int
trusts_the_system(void)
{
	tlshost_trust_store *store = NULL;
	tlshost_error *error = NULL;
	tlshost_status st = tlshost_trust_store_system(NULL, &store, &error);
	int named = st != TLSHOST_OK && strstr(tlshost_error_message(error),
	    "/nonexistent/") != NULL;

	tlshost_trust_store_unref(store);
	tlshost_error_free(error);
	return getenv("SSL_CERT_FILE") != NULL &&
	    getenv("SSL_CERT_DIR") != NULL && !named;
}

static int
privileged_main(const char *path)
{
	tlshost_backend_list *list;
	const char *directory;
	int result = EXIT_FAILURE;

	if (getauxval(AT_SECURE) == 0)
		return 77;
	if (!trusts_the_system())
		return EXIT_FAILURE;
	if (getenv("TLSHOST_PLUGIN_PATH") == NULL ||
	    getenv("TLS_BACKEND") == NULL ||
	    tlshost_backend_add_directory(path, NULL) != TLSHOST_OK ||
	    tlshost_backend_list_new(1, &list, NULL) != TLSHOST_OK)
		return EXIT_FAILURE;
	directory = tlshost_backend_list_directory(list, 1);
	if (strcmp(tlshost_backend_list_directory(list, 0), path) == 0 &&
	    directory != NULL &&
	    strcmp(directory, getenv("TLSHOST_PLUGIN_PATH")) != 0 &&
	    strcmp(tlshost_backend_list_reason(list, 0),
	    "insecure-permissions") == 0 &&
	    tlshost_backend_list_state(list, 1) == TLSHOST_PLUGIN_READY &&
	    tlshost_backend_list_problem(list) == NULL)
		result = EXIT_SUCCESS;
	tlshost_backend_list_free(list);
	return result;
}

static void
copy_file(const char *source, const char *target, mode_t mode)
{
	char command[9000];

	snprintf(command, sizeof(command), "cp '%s' '%s'", source, target);
	ck_assert_int_eq(system(command), 0);
	ck_assert_int_eq(chown(target, 0, 0), 0);
	ck_assert_int_eq(chmod(target, mode), 0);
}

static void
copy_plugin(const char *plugin, const char *name, mode_t mode)
{
	char source[4300], target[4300];

	snprintf(source, sizeof(source), "%s/%s.so",
	    getenv("TLSHOST_TEST_PLUGINS"), plugin);
	snprintf(target, sizeof(target), "%s/%s", dir, name);
	copy_file(source, target, mode);
}

static int
run_as_nobody(const char *program)
{
	int status;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		if (setgroups(0, NULL) == 0 && setgid(65534) == 0 &&
		    setuid(65534) == 0)
			execl(program, program, "--privileged", dir,
			    (char *)NULL);
		_exit(77);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

START_TEST(a_set_gid_program_ignores_the_environment)
{
	char program[4300], exe[4096];
	int result;
	ssize_t len;

	/* Only root can make a program that others run with more rights. */
	if (geteuid() != 0)
		return;
	ck_assert_int_gt(len = readlink("/proc/self/exe", exe,
	    sizeof(exe) - 1), 0);
	exe[len] = '\0';
	/* Where others can get at it. */
	tear_down();
	snprintf(dir, sizeof(dir), "/tmp/tlshost-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(chmod(dir, 0755), 0);
	snprintf(program, sizeof(program), "%s/program", dir);
	copy_file(exe, program, 02755);
	copy_plugin("good-fake", "a.so", 0664);
	copy_plugin("good-preferred", "b.so", 0644);
	setenv("TLSHOST_PLUGIN_PATH", "/nonexistent/plugins", 1);
	setenv("TLS_BACKEND", "nosuch", 1);
	setenv("SSL_CERT_FILE", "/nonexistent/bundle", 1);
	setenv("SSL_CERT_DIR", "/nonexistent/certs", 1);
	result = run_as_nobody(program);
	/* 77: /tmp is mounted nosuid or noexec. */
	ck_assert_msg(result == EXIT_SUCCESS || result == 77,
	    "the program returned %d", result);
}
END_TEST

static const struct {
	mode_t directory, file;
	uid_t owner;
	const char *reason;
} permissions[] = {
	{ 0755, 0644, 0, "ready" },
	{ 0700, 0600, 0, "ready" },
	{ 0775, 0644, 0, "insecure-permissions" },
	{ 0757, 0644, 0, "insecure-permissions" },
	{ 0755, 0664, 0, "insecure-permissions" },
	{ 0755, 0646, 0, "insecure-permissions" },
	{ 0755, 0644, 65534, "insecure-permissions" },
};

START_TEST(set_uid_programs_use_what_only_root_can_change)
{
	char path[4300];

	if (geteuid() != 0)
		return;
	tlshost__secure_override = 1;
	copy_plugin("good-fake", "fake.so", permissions[_i].file);
	snprintf(path, sizeof(path), "%s/fake.so", dir);
	ck_assert_int_eq(chown(path, permissions[_i].owner, 0), 0);
	ck_assert_int_eq(chmod(dir, permissions[_i].directory), 0);
	assert_status(tlshost_backend_add_directory(dir, NULL), TLSHOST_OK);
	ck_assert_str_eq(first_reason(), permissions[_i].reason);
}
END_TEST

START_TEST(set_uid_programs_read_tlshost_conf)
{
	tlshost__secure_override = 1;
	write_conf("nonsense\n");
	assert_status(tlshost_backend_default(TLSHOST_ROLE_CLIENT,
	    &(tlshost_backend *){ NULL }, NULL), TLSHOST_BAD_CONFIG);
}
END_TEST

/* ------------------------------------------------------------------------
 * Out of memory
 */

static int32_t
init_poor(tlshost_sink *sink, const char **ret_library)
{
	return atomic_load(&inits) == 0 ?
	    (atomic_fetch_add(&inits, 1), TLSHOST_NO_MEMORY) :
	    init_counted(sink, ret_library);
}

static int32_t
poor(struct tlshost_plugin *table)
{
	table->init = init_poor;
	return TLSHOST_OK;
}

START_TEST(a_backend_without_memory_is_not_replaced_by_another)
{
	tlshost_backend *backend;
	tlshost_error *error = NULL;

	on_entry = poor;
	install("good-fake");
	install("good-hooked");
	assert_fails(tlshost_backend_default(TLSHOST_ROLE_CLIENT, &backend,
	    &error), TLSHOST_NO_MEMORY, error, "memory");
	ck_assert_str_eq(default_name(TLSHOST_ROLE_CLIENT), "hooked");
	ck_assert_int_eq(inits, 2);
	ck_assert_int_eq(entries, 1);
}
END_TEST

/* No ck_assert in these: it allocates. */
static tlshost_status
want_default(void)
{
	tlshost_backend *backend;
	tlshost_error *error = NULL;
	tlshost_status st;

	st = tlshost_backend_default(TLSHOST_ROLE_CLIENT, &backend, &error);
	if (st == TLSHOST_OK &&
	    strcmp(tlshost_backend_name(backend), "hooked") != 0)
		st = TLSHOST_BACKEND_FAULT;
	tlshost_error_free(error);
	return st;
}

static tlshost_status
want_list(void)
{
	tlshost_backend_list *list;
	tlshost_error *error = NULL;
	tlshost_status st;

	st = tlshost_backend_list_new(1, &list, &error);
	if (st == TLSHOST_OK) {
		if (tlshost_backend_list_len(list) != 3)
			st = TLSHOST_BACKEND_FAULT;
		tlshost_backend_list_free(list);
	}
	tlshost_error_free(error);
	return st;
}

static tlshost_status
want_directory(void)
{
	tlshost_error *error = NULL;
	tlshost_status st = tlshost_backend_add_directory(dir, &error);

	tlshost_error_free(error);
	return st;
}

static const struct {
	tlshost_status (*want)(void);
	const char *variable, *conf;
	tlshost_status status;
} poverty[] = {
	{ want_default, NULL, "", TLSHOST_OK },
	{ want_default, "hooked,*", "order = fake, *\n", TLSHOST_OK },
	{ want_default, "init", "disable = fake\n", TLSHOST_NO_BACKEND },
	{ want_default, "a,,b", "", TLSHOST_NO_BACKEND },
	{ want_default, NULL, "nonsense\n", TLSHOST_BAD_CONFIG },
	{ want_list, NULL, "order = init\n", TLSHOST_OK },
	{ want_list, "nosuch", "", TLSHOST_OK },
	{ want_directory, NULL, "", TLSHOST_OK },
};

/*
 * In a child, since whatever was found stays found: refuses one allocation.
 * 0: it was never asked for.
 */
static int
is_survived_without(int i, long allocation)
{
	tlshost_status st;
	int status;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		/* Not the number of another test's allocations. */
		atomic_store(&allocations, 0);
		atomic_store(&refuse_at, allocation);
		st = poverty[i].want();
		atomic_store(&refuse_at, -1);
		if (st == TLSHOST_NO_MEMORY && allocations > allocation)
			st = poverty[i].want();
		if (st != poverty[i].status)
			exit(2);
		exit(allocations > allocation ? 0 : 1);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) <= 1,
	    "without allocation %ld: status 0x%x", allocation,
	    (unsigned int)status);
	return WEXITSTATUS(status) == 0;
}

START_TEST(any_allocation_may_fail)
{
	long allocation = 0;

	install("bad-init");
	install("good-fake");
	install("good-hooked");
	write_conf(poverty[_i].conf);
	if (poverty[_i].variable != NULL)
		setenv("TLS_BACKEND", poverty[_i].variable, 1);
	while (is_survived_without(_i, allocation))
		allocation++;
	ck_assert_int_gt(allocation, 0);
}
END_TEST

static Suite *
make_suite(void)
{
	Suite *suite = suite_create("backend");
	TCase *tcase = tcase_create("backend");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	/* A child for each allocation, which sanitizers make slow. */
	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, a_later_plugin_with_a_longer_table_is_used);
	tcase_add_test(tcase,
	    a_capability_that_the_host_does_not_know_is_none);
	tcase_add_test(tcase,
	    nothing_is_read_beyond_the_end_of_a_shorter_table);
	tcase_add_loop_test(tcase, every_slot_for_all_must_be_filled, 0,
	    COUNT(slots));
	tcase_add_loop_test(tcase, a_table_that_breaks_a_rule_is_not_used, 0,
	    COUNT(spoils));
	tcase_add_test(tcase, nothing_is_loaded_before_it_is_needed);
	tcase_add_test(tcase, a_disabled_or_shadowed_plugin_is_never_loaded);
	tcase_add_test(tcase, sixteen_threads_start_one_plugin_once);
	tcase_add_test(tcase,
	    a_constructor_that_asks_for_its_own_plugin_does_not_hang);
	tcase_add_test(tcase,
	    no_lock_of_ours_is_held_while_a_plugin_is_loaded);
	tcase_add_test(tcase,
	    an_init_that_asks_for_its_own_plugin_does_not_hang);
	tcase_add_loop_test(tcase, a_star_stands_for_the_default_order, 0,
	    COUNT(orders));
	tcase_add_test(tcase, a_named_backend_without_the_role_is_an_error);
	tcase_add_test(tcase, a_program_that_names_one_is_not_overruled);
	tcase_add_loop_test(tcase, what_is_no_name_is_an_invalid_argument, 0,
	    COUNT(wrong_names));
	tcase_add_test(tcase, arguments_are_checked);
	tcase_add_test(tcase, directories_are_searched_in_order_and_once);
	tcase_add_test(tcase, a_directory_that_cannot_be_read_is_told);
	tcase_add_test(tcase, at_most_16_directories_can_be_added);
	tcase_add_test(tcase, what_is_no_so_is_no_candidate);
	tcase_add_test(tcase,
	    a_tlshost_conf_that_cannot_be_read_is_an_error);
	tcase_add_test(tcase, a_set_gid_program_ignores_the_environment);
	tcase_add_loop_test(tcase,
	    set_uid_programs_use_what_only_root_can_change, 0,
	    COUNT(permissions));
	tcase_add_test(tcase, set_uid_programs_read_tlshost_conf);
	tcase_add_test(tcase,
	    a_backend_without_memory_is_not_replaced_by_another);
	tcase_add_loop_test(tcase, any_allocation_may_fail, 0, COUNT(poverty));
	suite_add_tcase(suite, tcase);
	return suite;
}

int
main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "--privileged") == 0)
		/* LeakSanitizer, at exit, may not look at such a process. */
		_exit(privileged_main(argv[2]));
	return run_suite(make_suite());
}

/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include "border.h"
#include "discover.h"
#include "mem.h"

#ifndef TLSHOST_PLUGINDIR
#define TLSHOST_PLUGINDIR                                                     \
	"/usr/lib/tlshost/backends-"                                          \
	TLSHOST_PLUGIN_QUOTED_(TLSHOST_PLUGIN_ABI_MAJOR)
#endif

#define ADDED_MAX 16
/* More suites than this no library has; IANA has registered some 350. */
#define SUITES_MAX ((size_t)1024)

int tlshost__secure_override = -1;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t started = PTHREAD_COND_INITIALIZER;
static tlshost__registry *registry;
static char *added[ADDED_MAX];
static size_t added_len;

void
tlshost__registry_lock(void)
{
	pthread_mutex_lock(&lock);
}

void
tlshost__registry_unlock(void)
{
	pthread_mutex_unlock(&lock);
}

int
tlshost__is_secure(void)
{
	if (tlshost__secure_override >= 0)
		return tlshost__secure_override;
	return getauxval(AT_SECURE) != 0;
}

tlshost_status
tlshost_backend_add_directory(const char *path, tlshost_error **ret_error)
{
	tlshost_status st = TLSHOST_OK;
	char *copy;

	if (path == NULL || path[0] != '/')
		return tlshost__fail(ret_error, TLSHOST_INVALID_ARGUMENT,
		    TLSHOST_PHASE_LOAD, NULL, "not an absolute path: %s",
		    path != NULL ? path : "NULL");
	if ((copy = tlshost__strdup(path)) == NULL)
		return tlshost__fail_memory(ret_error);
	pthread_mutex_lock(&lock);
	if (registry != NULL)
		st = TLSHOST_INVALID_STATE;
	else if (added_len == ADDED_MAX)
		st = TLSHOST_INVALID_ARGUMENT;
	else
		added[added_len++] = copy;
	pthread_mutex_unlock(&lock);
	if (st == TLSHOST_OK)
		return st;
	free(copy);
	return tlshost__fail(ret_error, st, TLSHOST_PHASE_LOAD, NULL,
	    st == TLSHOST_INVALID_STATE ?
	    "plugins were looked for already: %s" :
	    "there are 16 directories already: %s", path);
}

/* ------------------------------------------------------------------------
 * Searching
 */

static ssize_t
read_file_at(void *source, void *dst, size_t cap, uint64_t offset)
{
	int fd = *(int *)source;
	size_t done = 0;

	while (done < cap) {
		ssize_t n = pread(fd, (uint8_t *)dst + done, cap - done,
		    (off_t)(offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

static int
only_root_writes(const struct stat *info)
{
	return info->st_uid == 0 && (info->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

/* Takes over text, which may be NULL: then the reason's own is enough. */
static void
skip_candidate(tlshost__candidate *candidate, tlshost__skip skip, char *text)
{
	candidate->state = TLSHOST_PLUGIN_SKIPPED;
	candidate->skip = skip;
	candidate->text = text;
}

static void
describe(tlshost__candidate *candidate, int directory_secure)
{
	tlshost__skip skip;
	struct stat info;
	char text[128];
	int fd;

	if ((fd = open(candidate->file, O_RDONLY | O_CLOEXEC | O_NONBLOCK |
	    O_NOCTTY)) < 0 || fstat(fd, &info) != 0 ||
	    !S_ISREG(info.st_mode)) {
		int code = fd >= 0 ? EINVAL : errno;

		if (fd >= 0)
			close(fd);
		skip_candidate(candidate, TLSHOST__SKIP_UNREADABLE,
		    tlshost__format("%s", fd >= 0 ? "not a regular file" :
		    strerror_r(code, text, sizeof(text))));
		return;
	}
	if (tlshost__is_secure() &&
	    (!directory_secure || !only_root_writes(&info)))
		skip = TLSHOST__SKIP_INSECURE_PERMISSIONS;
	else
		skip = tlshost__manifest_read(read_file_at, &fd,
		    (uint64_t)info.st_size, &candidate->manifest);
	close(fd);
	if (skip != TLSHOST__SKIP_NONE) {
		skip_candidate(candidate, skip,
		    skip == TLSHOST__SKIP_INSECURE_PERMISSIONS &&
		    !directory_secure ? tlshost__format(
		    "others than root may change its directory") : NULL);
		return;
	}
	candidate->name = tlshost__manifest_value(&candidate->manifest,
	    "name");
	candidate->state = TLSHOST_PLUGIN_DESCRIBED;
}

static void
check_name(const tlshost__registry *found, tlshost__candidate *candidate)
{
	for (size_t i = 0; i < found->len; i++) {
		const tlshost__candidate *other = found->candidates[i];

		if (other->name != NULL &&
		    strcmp(other->name, candidate->name) == 0) {
			skip_candidate(candidate, TLSHOST__SKIP_SHADOWED,
			    tlshost__format("%s has that name already",
			    other->file));
			return;
		}
	}
	if (tlshost__names_have(&found->conf.disable, candidate->name))
		skip_candidate(candidate, TLSHOST__SKIP_DISABLED,
		    tlshost__format("disabled in %s",
		    tlshost__conffile_path));
}

static void
candidate_free(tlshost__candidate *candidate)
{
	if (candidate == NULL)
		return;
	free(candidate->file);
	free(candidate->manifest.text);
	free(candidate->text);
	free(candidate);
}

static int
add_candidate(tlshost__registry *found, const char *directory, const char *name,
    int directory_secure)
{
	tlshost__candidate *candidate;

	if (tlshost__grow(&found->candidates, found->len, &found->cap,
	    sizeof(tlshost__candidate *)) != 0 ||
	    (candidate = calloc(1, sizeof(*candidate))) == NULL)
		return -1;
	if ((candidate->file = tlshost__format("%s/%s", directory, name)) ==
	    NULL) {
		free(candidate);
		return -1;
	}
	describe(candidate, directory_secure);
	if (candidate->skip == TLSHOST__SKIP_NO_MEMORY) {
		candidate_free(candidate);
		return -1;
	}
	if (candidate->state == TLSHOST_PLUGIN_DESCRIBED)
		check_name(found, candidate);
	found->candidates[found->len++] = candidate;
	return 0;
}

static int
is_plugin_name(const char *name)
{
	size_t len = strlen(name);

	return len > 3 && name[0] != '.' && strcmp(name + len - 3, ".so") == 0;
}

static int
compare_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names of a directory, sorted by bytes.  0, or -1: out of memory. */
static int
list_names(DIR *dir, tlshost__names *names)
{
	struct dirent *entry;
	char *copy;

	while ((entry = readdir(dir)) != NULL) {
		if (!is_plugin_name(entry->d_name))
			continue;
		if (tlshost__grow(&names->names, names->len, &names->cap,
		    sizeof(char *)) != 0 ||
		    (copy = tlshost__strdup(entry->d_name)) == NULL)
			return -1;
		names->names[names->len++] = copy;
	}
	if (names->len > 1)
		qsort(names->names, names->len, sizeof(char *), compare_text);
	return 0;
}

/* Files below a directory that is read already, or could not be, are no
 * second candidates.  1: it is new; 0: it is known; -1: out of memory. */
static int
add_directory(tlshost__registry *found, const char *path)
{
	char *copy;

	for (size_t i = 0; i < found->directories_len; i++)
		if (strcmp(found->directories[i].path, path) == 0)
			return 0;
	if (tlshost__grow(&found->directories, found->directories_len,
	    &found->directories_cap, sizeof(tlshost__directory)) != 0 ||
	    (copy = tlshost__strdup(path)) == NULL)
		return -1;
	found->directories[found->directories_len++] =
	    (tlshost__directory){ copy, 0 };
	return 1;
}

static int
search_directory(tlshost__registry *found, const char *path)
{
	tlshost__names names = { 0 };
	struct stat info;
	int result, secure;
	DIR *dir;

	if ((result = add_directory(found, path)) <= 0)
		return result;
	if ((dir = opendir(path)) == NULL) {
		found->directories[found->directories_len - 1].error = errno;
		return errno == ENOMEM ? -1 : 0;
	}
	secure = fstat(dirfd(dir), &info) == 0 && only_root_writes(&info);
	result = list_names(dir, &names);
	for (size_t i = 0; i < names.len && result == 0; i++)
		result = add_candidate(found, path, names.names[i], secure);
	closedir(dir);
	tlshost__names_done(&names);
	return result;
}

static int
search_path(tlshost__registry *found, const char *path)
{
	const char *end;
	char *element;
	int result = 0;

	do {
		end = strchrnul(path, ':');
		if (end == path) {
			result = search_directory(found, TLSHOST_PLUGINDIR);
		} else if ((element = tlshost__format("%.*s",
		    (int)(end - path), path)) == NULL) {
			result = -1;
		} else if (element[0] != '/') {
			if (found->path_problem == NULL &&
			    (found->path_problem = tlshost__format(
			    "TLSHOST_PLUGIN_PATH: \"%s\" is not an absolute "
			    "path", element)) == NULL)
				result = -1;
			free(element);
		} else {
			result = search_directory(found, element);
			free(element);
		}
		path = end + 1;
	} while (*end != '\0' && result == 0);
	return result;
}

static void
registry_free(tlshost__registry *found)
{
	for (size_t i = 0; i < found->len; i++)
		candidate_free(found->candidates[i]);
	for (size_t i = 0; i < found->directories_len; i++)
		free(found->directories[i].path);
	free(found->candidates);
	free(found->directories);
	free(found->path_problem);
	tlshost__conffile_done(&found->conf);
	tlshost_error_free(found->conf_error);
	free(found);
}

static int
search(tlshost__registry *found)
{
	const char *path = tlshost__is_secure() ? NULL :
	    getenv("TLSHOST_PLUGIN_PATH");

	if (tlshost__conffile_read(tlshost__conffile_path, &found->conf,
	    &found->conf_error) == TLSHOST_NO_MEMORY)
		return -1;
	for (size_t i = 0; i < added_len; i++)
		if (search_directory(found, added[i]) != 0)
			return -1;
	return search_path(found, path != NULL ? path : "");
}

tlshost__registry *
tlshost__registry_get(void)
{
	tlshost__registry *found;

	/* Only files are read here; whatever loads code runs under no lock. */
	pthread_mutex_lock(&lock);
	if (registry == NULL && (found = calloc(1, sizeof(*found))) != NULL) {
		if (search(found) == 0)
			registry = found;
		else
			registry_free(found);
	}
	found = registry;
	pthread_mutex_unlock(&lock);
	return found;
}

/* ------------------------------------------------------------------------
 * Loading
 */

/* What loading came to, before it is published. */
typedef struct outcome {
	tlshost__skip skip;
	char *text;                      /* NULL: the reason's own */
} outcome;

static const outcome success;

static outcome
refused(tlshost__skip skip, char *text)
{
	return (outcome){ skip, text };
}

static const char *
manifest_value(const tlshost__candidate *candidate, const char *key)
{
	return tlshost__manifest_value(&candidate->manifest, key);
}

/* Whatever comes after this member was added later, and may be missing. */
#define TABLE_MIN (offsetof(struct tlshost_plugin, info) + sizeof(void *))

static int
slots_filled(const struct tlshost_plugin *t)
{
	return t->init != NULL && t->suites != NULL &&
	    t->certificate_check != NULL && t->key_check != NULL &&
	    t->trust_new != NULL && t->trust_free != NULL &&
	    t->verify_path != NULL && t->context_new != NULL &&
	    t->context_free != NULL && t->context_suites != NULL &&
	    t->connection_new != NULL && t->connection_free != NULL &&
	    t->handshake != NULL && t->read != NULL && t->write != NULL &&
	    t->shutdown != NULL && t->pending != NULL && t->info != NULL;
}

static outcome
check_shape(const struct tlshost_plugin *table)
{
	if (table == NULL || table->size < TABLE_MIN)
		return refused(TLSHOST__SKIP_BAD_TABLE, tlshost__format(
		    "the table has %u bytes, not %zu", table == NULL ? 0 :
		    table->size, TABLE_MIN));
	if (table->abi_major != TLSHOST_PLUGIN_ABI_MAJOR)
		return refused(TLSHOST__SKIP_ABI_MAJOR, tlshost__format(
		    "the table is of ABI %u, the host of %u",
		    table->abi_major, TLSHOST_PLUGIN_ABI_MAJOR));
	if (!slots_filled(table))
		return refused(TLSHOST__SKIP_BAD_TABLE, tlshost__format(
		    "a slot that every backend must fill is empty"));
	if (table->lowest_version < TLSHOST_VERSION_TLSV1 ||
	    table->highest_version > TLSHOST_VERSION_TLSV1_3 ||
	    table->lowest_version > table->highest_version ||
	    table->config_size < offsetof(struct tlshost_plugin_config, suites))
		return refused(TLSHOST__SKIP_BAD_TABLE, tlshost__format(
		    "versions or config_size are out of range"));
	return success;
}

static outcome
check_word(const tlshost__candidate *candidate, const char *key,
    const char *value, tlshost__skip skip)
{
	const char *promised = manifest_value(candidate, key);

	if (value != NULL && strcmp(promised, value) == 0)
		return success;
	return refused(skip, tlshost__format(
	    "the manifest says %s=%.200s, the plugin %.200s", key, promised,
	    value != NULL ? value : "nothing"));
}

/* The manifest is a hint; what was loaded must be what was announced. */
static outcome
check_table(const tlshost__candidate *candidate,
    const struct tlshost_plugin *table)
{
	outcome o = check_shape(table);

	if (o.skip == TLSHOST__SKIP_NONE)
		o = check_word(candidate, "name", table->name,
		    TLSHOST__SKIP_NAME_MISMATCH);
	if (o.skip == TLSHOST__SKIP_NONE)
		o = check_word(candidate, "version", table->version,
		    TLSHOST__SKIP_VERSION_MISMATCH);
	if (o.skip == TLSHOST__SKIP_NONE)
		o = check_word(candidate, "library", table->library,
		    TLSHOST__SKIP_LIBRARY_MISMATCH);
	if (o.skip == TLSHOST__SKIP_NONE &&
	    table->roles != candidate->manifest.roles)
		o = refused(TLSHOST__SKIP_ROLES_MISMATCH, NULL);
	return o;
}

static outcome
enter_plugin(const tlshost__candidate *candidate, void *handle,
    const struct tlshost_plugin **ret_table)
{
	union { void *object; tlshost_plugin_entry function; } entry;
	const struct tlshost_plugin *table = NULL;
	int32_t status;
	outcome o;

	if ((entry.object = dlsym(handle, TLSHOST_PLUGIN_ENTRY_NAME)) == NULL)
		return refused(TLSHOST__SKIP_NO_ENTRY, tlshost__format(
		    "no symbol %s", TLSHOST_PLUGIN_ENTRY_NAME));
	if ((status = entry.function(&tlshost__host, &table)) != TLSHOST_OK)
		return refused(TLSHOST__SKIP_ENTRY_REFUSED, tlshost__format(
		    "the entry point returned %d", (int)status));
	if ((o = check_table(candidate, table)).skip == TLSHOST__SKIP_NONE)
		*ret_table = table;
	return o;
}

/* A later host may know more; this one could not keep what they promise. */
#define X(name, number, word) | TLSHOST_CAPABILITY_##name
static const uint64_t capabilities_known = 0 TLSHOST_CAPABILITY_MAP(X);
#undef X

/* The host's own copy: what a smaller table lacks is NULL. */
static tlshost_backend *
make_backend(const tlshost__candidate *candidate,
    const struct tlshost_plugin *table)
{
	static atomic_uint_fast64_t next_id;
	tlshost_backend *backend;

	if ((backend = calloc(1, sizeof(*backend))) == NULL)
		return NULL;
	if ((backend->ciphers = tlshost__array(SUITES_MAX,
	    sizeof(*backend->ciphers))) == NULL) {
		free(backend);
		return NULL;
	}
	memcpy(&backend->ops, table, table->size < sizeof(backend->ops) ?
	    table->size : sizeof(backend->ops));
	backend->name = candidate->name;
	backend->version = manifest_value(candidate, "version");
	backend->file = candidate->file;
	backend->roles = table->roles;
	backend->capabilities = table->capabilities & capabilities_known;
	if (backend->ops.key_update == NULL)
		backend->capabilities &=
		    ~(uint64_t)(TLSHOST_CAPABILITY_KEY_UPDATE |
		    TLSHOST_CAPABILITY_KEY_UPDATE_REQUEST);
	backend->id = atomic_fetch_add(&next_id, 1) + 1;
	return backend;
}

static outcome
call_init(tlshost_backend *backend)
{
	tlshost_error *error = NULL;
	tlshost_sink sink;
	tlshost_status st;
	outcome o = success;

	tlshost__sink_init(&sink, backend->name, TLSHOST_PHASE_LOAD, NULL);
	st = tlshost__border(&sink, "init",
	    backend->ops.init(&sink, &backend->library),
	    TLSHOST__ALLOW(UNSUPPORTED), &error);
	tlshost__sink_done(&sink);
	if (st == TLSHOST_NO_MEMORY)
		o = refused(TLSHOST__SKIP_NO_MEMORY, NULL);
	else if (st != TLSHOST_OK)
		o = refused(TLSHOST__SKIP_INIT_FAILED, tlshost__format("%s",
		    tlshost_error_message(error)));
	else if (backend->library == NULL || *backend->library == '\0')
		o = refused(TLSHOST__SKIP_INIT_FAILED, tlshost__format(
		    "it did not say which library runs"));
	tlshost_error_free(error);
	return o;
}

/* Allocates nothing that has to succeed: init has run, and runs once. */
static outcome
fetch_suites(tlshost_backend *backend)
{
	size_t len = backend->ops.suites(backend->ciphers, SUITES_MAX);
	uint16_t *fitting;

	if (len == 0 || len > SUITES_MAX)
		return refused(TLSHOST__SKIP_INIT_FAILED, tlshost__format(
		    "it has %zu cipher suites", len));
	backend->ciphers_len = len;
	if ((fitting = realloc(backend->ciphers, len * sizeof(*fitting))) !=
	    NULL)
		backend->ciphers = fitting;
	return success;
}

/*
 * From the entry point to a library that runs, in the one thread whose turn it
 * is, with no lock.
 */
static outcome
start_plugin(tlshost__candidate *candidate, void *handle,
    tlshost_backend **ret_backend)
{
	const struct tlshost_plugin *table = candidate->table;
	tlshost_backend *backend;
	outcome o = success;

	if (table == NULL)
		o = enter_plugin(candidate, handle, &table);
	if (o.skip != TLSHOST__SKIP_NONE)
		return o;
	pthread_mutex_lock(&lock);
	candidate->table = table;
	candidate->state = TLSHOST_PLUGIN_LOADED;
	pthread_mutex_unlock(&lock);
	if ((backend = make_backend(candidate, table)) == NULL)
		return refused(TLSHOST__SKIP_NO_MEMORY, NULL);
	o = call_init(backend);
	if (o.skip == TLSHOST__SKIP_NONE)
		o = fetch_suites(backend);
	if (o.skip == TLSHOST__SKIP_NONE) {
		*ret_backend = backend;
		return o;
	}
	free(backend->ciphers);
	free(backend);
	return o;
}

/* What this thread is inside dlopen for: a constructor may ask us again. */
typedef struct opening {
	const tlshost__candidate *candidate;
	const struct opening *outer;
} opening;

static _Thread_local const opening *openings;

static int
is_opening(const tlshost__candidate *candidate)
{
	for (const opening *one = openings; one != NULL; one = one->outer)
		if (one->candidate == candidate)
			return 1;
	return 0;
}

/*
 * dlopen under no lock of ours: a constructor that waits for one, in a thread
 * that holds the loader's, would wait for ever.  Several threads may do this at
 * once for one file; they get the same handle.  What it leaves open stays open
 * for ever.
 */
static void *
open_plugin(const tlshost__candidate *candidate, char **ret_problem)
{
	const opening self = { candidate, openings };
	const char *problem;
	void *handle;

	openings = &self;
	(void)dlerror();
	handle = dlopen(candidate->file, RTLD_NOW | RTLD_LOCAL);
	if (handle == NULL) {
		problem = dlerror();
		*ret_problem = tlshost__format("%s", problem != NULL ?
		    problem : "dlopen failed");
	}
	openings = self.outer;
	return handle;
}

static int
is_settled(const tlshost__candidate *candidate)
{
	return candidate->state == TLSHOST_PLUGIN_SKIPPED ||
	    candidate->state == TLSHOST_PLUGIN_READY;
}

/* With the lock.  1: the caller's turn has come; 0: nothing is left to do. */
static int
take_turn(tlshost__candidate *candidate)
{
	while (candidate->starting) {
		/* Its own init asks for it: it is not ready, and waiting for
		 * oneself never ends. */
		if (pthread_equal(candidate->starter, pthread_self()))
			return 0;
		pthread_cond_wait(&started, &lock);
	}
	if (is_settled(candidate))
		return 0;
	candidate->starting = 1;
	candidate->starter = pthread_self();
	return 1;
}

/* With the lock. */
static tlshost_status
end_turn(tlshost__candidate *candidate, outcome o, tlshost_backend *backend)
{
	candidate->starting = 0;
	pthread_cond_broadcast(&started);
	if (o.skip == TLSHOST__SKIP_NO_MEMORY)
		return TLSHOST_NO_MEMORY;
	if (o.skip != TLSHOST__SKIP_NONE) {
		skip_candidate(candidate, o.skip, o.text);
	} else {
		candidate->backend = backend;
		candidate->state = TLSHOST_PLUGIN_READY;
	}
	return TLSHOST_OK;
}

tlshost_status
tlshost__candidate_load(tlshost__candidate *candidate)
{
	tlshost_backend *backend = NULL;
	tlshost_status st = TLSHOST_OK;
	char *problem = NULL;
	void *handle;
	int settled;
	outcome o;

	pthread_mutex_lock(&lock);
	settled = is_settled(candidate);
	pthread_mutex_unlock(&lock);
	if (settled || is_opening(candidate))
		return TLSHOST_OK;
	handle = open_plugin(candidate, &problem);
	pthread_mutex_lock(&lock);
	if (take_turn(candidate)) {
		pthread_mutex_unlock(&lock);
		if (handle == NULL) {
			o = refused(TLSHOST__SKIP_LOAD_FAILED, problem);
			problem = NULL;
		} else {
			o = start_plugin(candidate, handle, &backend);
		}
		pthread_mutex_lock(&lock);
		st = end_turn(candidate, o, backend);
	}
	pthread_mutex_unlock(&lock);
	free(problem);
	return st;
}

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
#define TLSHOST_PLUGINDIR "/usr/lib/tlshost/backends-0"
#endif

#define ADDED_MAX 16
#define FILES_MAX 1024

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
		skip_candidate(candidate, skip, NULL);
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

	while ((entry = readdir(dir)) != NULL && names->len < FILES_MAX) {
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

static int
search_directory(tlshost__registry *found, const char *path)
{
	tlshost__names names = { 0 };
	struct stat info;
	int result = -1, secure;
	char *copy;
	DIR *dir;

	if (tlshost__grow(&found->directories, found->directories_len,
	    &found->directories_cap, sizeof(char *)) != 0 ||
	    (copy = tlshost__strdup(path)) == NULL)
		return -1;
	found->directories[found->directories_len++] = copy;
	if ((dir = opendir(path)) == NULL)
		return errno == ENOMEM ? -1 : 0;
	secure = fstat(dirfd(dir), &info) == 0 && only_root_writes(&info);
	if (list_names(dir, &names) == 0) {
		result = 0;
		for (size_t i = 0; i < names.len && result == 0; i++)
			result = add_candidate(found, path, names.names[i],
			    secure);
	}
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
		free(found->directories[i]);
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
typedef struct loading {
	const struct tlshost_plugin *table;
	tlshost__skip skip;
	char *text;
} loading;

static loading
refused(tlshost__skip skip, char *text)
{
	return (loading){ NULL, skip, text };
}

static const char *
manifest_value(const tlshost__candidate *candidate, const char *key)
{
	return tlshost__manifest_value(&candidate->manifest, key);
}

static int
agrees(const tlshost__candidate *candidate, const char *key, const char *value)
{
	return value != NULL &&
	    strcmp(manifest_value(candidate, key), value) == 0;
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

static loading
check_table(const tlshost__candidate *candidate,
    const struct tlshost_plugin *table)
{
	if (table == NULL || table->size < TABLE_MIN)
		return refused(TLSHOST__SKIP_BAD_TABLE, tlshost__format(
		    "the table has %u bytes, not %zu", table == NULL ? 0 :
		    table->size, TABLE_MIN));
	if (table->abi_major != TLSHOST_PLUGIN_ABI_MAJOR)
		return refused(TLSHOST__SKIP_ABI_MAJOR, NULL);
	if (!slots_filled(table))
		return refused(TLSHOST__SKIP_BAD_TABLE,
		    tlshost__format("a slot that every backend must fill is "
		    "empty"));
	if (!agrees(candidate, "name", table->name))
		return refused(TLSHOST__SKIP_NAME_MISMATCH, NULL);
	if (!agrees(candidate, "version", table->version))
		return refused(TLSHOST__SKIP_VERSION_MISMATCH, NULL);
	if (!agrees(candidate, "library", table->library))
		return refused(TLSHOST__SKIP_LIBRARY_MISMATCH, NULL);
	if (table->roles != candidate->manifest.roles)
		return refused(TLSHOST__SKIP_ROLES_MISMATCH, NULL);
	if (table->lowest_version < TLSHOST_VERSION_TLSV1 ||
	    table->highest_version > TLSHOST_VERSION_TLSV1_3 ||
	    table->lowest_version > table->highest_version ||
	    table->config_size <
	    offsetof(struct tlshost_plugin_config, suites))
		return refused(TLSHOST__SKIP_BAD_TABLE,
		    tlshost__format("versions or config_size are out of "
		    "range"));
	return (loading){ table, TLSHOST__SKIP_NONE, NULL };
}

/*
 * dlopen under no lock of ours: a constructor that waits for one, in a thread
 * that holds the loader's, would wait for ever.  Two threads may do this at
 * once for one file; they get the same handle and the same table.
 */
static loading
open_plugin(const tlshost__candidate *candidate)
{
	union { void *object; tlshost_plugin_entry function; } entry;
	const struct tlshost_plugin *table = NULL;
	const char *problem;
	int32_t status;
	void *handle;

	(void)dlerror();
	if ((handle = dlopen(candidate->file, RTLD_NOW | RTLD_LOCAL)) == NULL) {
		problem = dlerror();
		return refused(TLSHOST__SKIP_LOAD_FAILED, tlshost__format("%s",
		    problem != NULL ? problem : "dlopen failed"));
	}
	if ((entry.object = dlsym(handle, TLSHOST_PLUGIN_ENTRY_NAME)) == NULL)
		return refused(TLSHOST__SKIP_NO_ENTRY, tlshost__format(
		    "no symbol %s", TLSHOST_PLUGIN_ENTRY_NAME));
	if ((status = entry.function(&tlshost__host, &table)) != TLSHOST_OK)
		return refused(TLSHOST__SKIP_ENTRY_REFUSED, tlshost__format(
		    "the entry point returned %d", (int)status));
	return check_table(candidate, table);
}

static loading
start_plugin(const tlshost__candidate *candidate, tlshost_backend *backend)
{
	tlshost_error *error = NULL;
	tlshost_sink sink;
	tlshost_status st;
	const char *library = NULL;
	loading done = { candidate->table, TLSHOST__SKIP_NONE, NULL };

	tlshost__sink_init(&sink, candidate->name, TLSHOST_PHASE_LOAD, NULL);
	st = tlshost__border(&sink, "init", backend->ops.init(&sink, &library),
	    TLSHOST__ALLOW(UNSUPPORTED), &error);
	tlshost__sink_done(&sink);
	if (st == TLSHOST_OK && (library == NULL || *library == '\0'))
		st = tlshost__fail(&error, TLSHOST_BACKEND_FAULT,
		    TLSHOST_PHASE_LOAD, candidate->name,
		    "it did not say which library runs");
	if (st != TLSHOST_OK) {
		done = refused(st == TLSHOST_NO_MEMORY ?
		    TLSHOST__SKIP_NO_MEMORY : TLSHOST__SKIP_INIT_FAILED,
		    tlshost__format("%s", tlshost_error_message(error)));
		tlshost_error_free(error);
		return done;
	}
	backend->library = library;
	backend->ciphers_len = backend->ops.suites(NULL, 0);
	if (backend->ciphers_len == 0 || backend->ciphers_len > 65536)
		return refused(TLSHOST__SKIP_INIT_FAILED, tlshost__format(
		    "the library has no cipher suites"));
	if ((backend->ciphers = tlshost__array(backend->ciphers_len,
	    sizeof(*backend->ciphers))) == NULL)
		return refused(TLSHOST__SKIP_NO_MEMORY, NULL);
	backend->ciphers_len = backend->ops.suites(backend->ciphers,
	    backend->ciphers_len) < backend->ciphers_len ? 0 :
	    backend->ciphers_len;
	return done;
}

/* The host's own copy: what a smaller table lacks is NULL. */
static tlshost_backend *
make_backend(const tlshost__candidate *candidate)
{
	static atomic_uint_fast64_t next_id;
	const struct tlshost_plugin *table = candidate->table;
	tlshost_backend *backend;

	if ((backend = calloc(1, sizeof(*backend))) == NULL)
		return NULL;
	memcpy(&backend->ops, table, table->size < sizeof(backend->ops) ?
	    table->size : sizeof(backend->ops));
	backend->name = candidate->name;
	backend->version = manifest_value(candidate, "version");
	backend->file = candidate->file;
	backend->roles = table->roles;
	backend->capabilities = table->capabilities;
	if (backend->ops.key_update == NULL)
		backend->capabilities &=
		    ~(uint64_t)TLSHOST_CAPABILITY_KEY_UPDATE;
	backend->id = atomic_fetch_add(&next_id, 1) + 1;
	return backend;
}

/* With the lock: one thread starts the library, others wait for it. */
static void
start_candidate(tlshost__candidate *candidate)
{
	tlshost_backend *backend;
	loading done;

	while (candidate->starting) {
		/* Its own init asks for it: it is not ready, and waiting for
		 * oneself never ends. */
		if (pthread_equal(candidate->starter, pthread_self()))
			return;
		pthread_cond_wait(&started, &lock);
	}
	if (candidate->state != TLSHOST_PLUGIN_LOADED)
		return;
	if ((backend = make_backend(candidate)) == NULL)
		return;
	candidate->starting = 1;
	candidate->starter = pthread_self();
	pthread_mutex_unlock(&lock);
	done = start_plugin(candidate, backend);
	pthread_mutex_lock(&lock);
	candidate->starting = 0;
	if (done.skip == TLSHOST__SKIP_NONE) {
		candidate->backend = backend;
		candidate->state = TLSHOST_PLUGIN_READY;
		backend = NULL;
	} else {
		skip_candidate(candidate, done.skip, done.text);
	}
	if (backend != NULL)
		free(backend->ciphers);
	free(backend);
	pthread_cond_broadcast(&started);
}

void
tlshost__candidate_load(tlshost__candidate *candidate)
{
	loading done;

	pthread_mutex_lock(&lock);
	if (candidate->state == TLSHOST_PLUGIN_DESCRIBED) {
		pthread_mutex_unlock(&lock);
		done = open_plugin(candidate);
		pthread_mutex_lock(&lock);
		/* The first to come back publishes. */
		if (candidate->state != TLSHOST_PLUGIN_DESCRIBED) {
			free(done.text);
		} else if (done.skip != TLSHOST__SKIP_NONE) {
			skip_candidate(candidate, done.skip, done.text);
		} else {
			candidate->table = done.table;
			candidate->state = TLSHOST_PLUGIN_LOADED;
		}
	}
	if (candidate->state == TLSHOST_PLUGIN_LOADED)
		start_candidate(candidate);
	pthread_mutex_unlock(&lock);
}

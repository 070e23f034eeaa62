/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "border.h"
#include "source.h"

#ifndef TLSHOST_SYSTEM_BUNDLE
#define TLSHOST_SYSTEM_BUNDLE "/etc/ssl/certs/ca-certificates.crt"
#endif

/* ------------------------------------------------------------------------
 * The store
 */

void
tlshost_trust_store_unref(tlshost_trust_store *store)
{
	if (store == NULL || !tlshost__refs_put(&store->refs))
		return;
	for (size_t i = 0; i < store->made_len; i++)
		store->made[i].backend->ops.trust_free(store->made[i].trust);
	free(store->made);
	tlshost__anchors_free(store->anchors);
	free(store->items);
	free(store->data);
	pthread_mutex_destroy(&store->lock);
	free(store);
}

tlshost_trust_store *
tlshost_trust_store_ref(tlshost_trust_store *store)
{
	if (store != NULL)
		tlshost__refs_get(&store->refs);
	return store;
}

size_t
tlshost_trust_store_len(const tlshost_trust_store *store)
{
	return store != NULL ? store->len : 0;
}

size_t
tlshost_trust_store_at(const tlshost_trust_store *store, size_t index,
    const uint8_t **ret_data)
{
	struct tlshost_bytes item = { NULL, 0 };

	if (store != NULL && index < store->len)
		item = store->items[index];
	if (ret_data != NULL)
		*ret_data = item.data;
	return item.len;
}

static tlshost_trust_store *
store_alloc(void)
{
	tlshost_trust_store *store;

	if ((store = calloc(1, sizeof(*store))) == NULL)
		return NULL;
	if (pthread_mutex_init(&store->lock, NULL) != 0) {
		free(store);
		return NULL;
	}
	tlshost__refs_init(&store->refs);
	return store;
}

static int
bytes_equal(const struct tlshost_bytes *a, const struct tlshost_bytes *b)
{
	return a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}

/* Copies the certificates, twins once; 0, or -1: out of memory. */
static int
store_fill(tlshost_trust_store *store, const struct tlshost_bytes *items,
    size_t len)
{
	size_t total = 0;
	uint64_t *hashes;
	uint8_t *at;

	for (size_t i = 0; i < len; i++)
		total += items[i].len;
	store->data = malloc(total != 0 ? total : 1);
	store->items = tlshost__array(len, sizeof(*store->items));
	hashes = tlshost__array(len, sizeof(*hashes));
	if (store->data == NULL || store->items == NULL || hashes == NULL) {
		free(hashes);
		return -1;
	}
	at = store->data;
	store->hash = TLSHOST__HASH_START;
	for (size_t i = 0; i < len; i++) {
		uint64_t hash = tlshost__hash(TLSHOST__HASH_START,
		    items[i].data, items[i].len);
		int twin = 0;

		for (size_t j = 0; j < store->len && !twin; j++)
			twin = hashes[j] == hash &&
			    bytes_equal(&store->items[j], &items[i]);
		if (twin)
			continue;
		memcpy(at, items[i].data, items[i].len);
		hashes[store->len] = hash;
		store->items[store->len++] =
		    (struct tlshost_bytes){ at, items[i].len };
		at += items[i].len;
		store->hash = tlshost__hash(store->hash, &hash, sizeof(hash));
	}
	free(hashes);
	return 0;
}

/* Lets a backend say early what it thinks of the store. */
static tlshost_status
check_with_backend(tlshost_backend *backend, tlshost_trust_store *store,
    tlshost_error **ret_error)
{
	void *trust;

	return backend == NULL ? TLSHOST_OK :
	    tlshost__trust_for_backend(store, backend, &trust, ret_error);
}

/* The number of the store's certificate among those it was made of, where its
 * twins still are; the first is 1. */
static size_t
number_of(const tlshost_trust_store *store, size_t index,
    const struct tlshost_bytes *items)
{
	size_t i = 0;

	while (!bytes_equal(&items[i], &store->items[index]))
		i++;
	return i + 1;
}

/* lenient: what is beyond the bounds is left out instead of refused. */
static tlshost_status
store_new(tlshost_backend *backend, const struct tlshost_bytes *items,
    size_t len, int lenient, tlshost_trust_store **ret_store,
    tlshost_error **ret_error)
{
	tlshost_trust_store *store;
	const char *problem = NULL;
	tlshost_status st;

	if ((store = store_alloc()) == NULL ||
	    store_fill(store, items, len) != 0) {
		tlshost_trust_store_unref(store);
		return tlshost__fail_memory(ret_error);
	}
	st = tlshost__anchors_new(store->items, &store->len, lenient,
	    &store->anchors, &problem);
	if (st == TLSHOST_NO_MEMORY)
		(void)tlshost__fail_memory(ret_error);
	else if (st != TLSHOST_OK)
		(void)tlshost__fail(ret_error, st, TLSHOST_PHASE_CONFIG, NULL,
		    "certificate %zu of the trust store cannot be used: %s",
		    number_of(store, store->len, items), problem);
	else
		st = check_with_backend(backend, store, ret_error);
	if (st != TLSHOST_OK) {
		tlshost_trust_store_unref(store);
		return st;
	}
	*ret_store = store;
	return TLSHOST_OK;
}

tlshost_status
tlshost_trust_store_from_memory(tlshost_backend *backend, const void *data,
    size_t len, tlshost_trust_store **ret_store, tlshost_error **ret_error)
{
	tlshost__certificates list;
	tlshost_status st;

	if (data == NULL || len == 0 || ret_store == NULL)
		return tlshost__fail(ret_error, TLSHOST_INVALID_ARGUMENT,
		    TLSHOST_PHASE_CONFIG, NULL,
		    "data or ret_store is NULL, or len is 0");
	if ((st = tlshost__certificates_read(data, len, &list, ret_error)) !=
	    TLSHOST_OK)
		return st;
	st = store_new(backend, list.items, list.len, 0, ret_store, ret_error);
	tlshost__certificates_done(&list);
	return st;
}

tlshost_status
tlshost_trust_store_from_pem_file(tlshost_backend *backend, const char *path,
    tlshost_trust_store **ret_store, tlshost_error **ret_error)
{
	tlshost_error *error = NULL;
	tlshost_status st;
	uint8_t *data;
	size_t len;

	if (path == NULL || ret_store == NULL)
		return tlshost__fail(ret_error, TLSHOST_INVALID_ARGUMENT,
		    TLSHOST_PHASE_CONFIG, NULL, "path or ret_store is NULL");
	if ((st = tlshost__read_file(path, &data, &len, ret_error)) !=
	    TLSHOST_OK)
		return st;
	if (len == 0)
		st = tlshost__fail(&error, TLSHOST_BAD_DATA,
		    TLSHOST_PHASE_CONFIG, NULL, "the file is empty");
	else
		st = tlshost_trust_store_from_memory(backend, data, len,
		    ret_store, &error);
	if (st != TLSHOST_OK)
		(void)tlshost__fail_in(ret_error, error, path);
	free(data);
	return st;
}

tlshost_status
tlshost_trust_store_from_certificates(tlshost_certificate *const *certificates,
    size_t len, tlshost_trust_store **ret_store, tlshost_error **ret_error)
{
	struct tlshost_bytes *items;
	tlshost_status st = TLSHOST_OK;

	if ((certificates == NULL && len != 0) || ret_store == NULL ||
	    len > PTRDIFF_MAX / sizeof(*items))
		return tlshost__fail(ret_error, TLSHOST_INVALID_ARGUMENT,
		    TLSHOST_PHASE_CONFIG, NULL, "certificates or ret_store is "
		    "NULL, or len is out of range");
	if ((items = tlshost__array(len, sizeof(*items))) == NULL)
		return tlshost__fail_memory(ret_error);
	for (size_t i = 0; i < len && st == TLSHOST_OK; i++) {
		if (certificates[i] == NULL || certificates[i]->der == NULL)
			st = tlshost__fail(ret_error, TLSHOST_INVALID_ARGUMENT,
			    TLSHOST_PHASE_CONFIG, NULL,
			    "certificates[%zu] is NULL or a URI", i);
		else
			items[i] = (struct tlshost_bytes){
			    certificates[i]->der, certificates[i]->len };
	}
	if (st == TLSHOST_OK)
		st = store_new(NULL, items, len, 0, ret_store, ret_error);
	free(items);
	return st;
}

/* ------------------------------------------------------------------------
 * The system's
 */

/* Appends the certificates of one file, over those there are. */
static tlshost_status
add_file(tlshost__certificates *all, const char *path, tlshost_error **ret_error)
{
	tlshost__certificates list;
	tlshost_error *error = NULL;
	tlshost_status st;
	uint8_t *data;
	size_t len, taken = 0;

	if ((st = tlshost__read_file(path, &data, &len, ret_error)) !=
	    TLSHOST_OK)
		return st;
	st = tlshost__certificates_read(data, len, &list, &error);
	free(data);
	if (st != TLSHOST_OK)
		return tlshost__fail_in(ret_error, error, path);
	for (; taken < list.len; taken++) {
		if (tlshost__grow(&all->items, all->len, &all->items_cap,
		    sizeof(*all->items)) != 0 || tlshost__grow(&all->blocks,
		    all->len, &all->blocks_cap, sizeof(*all->blocks)) != 0) {
			st = tlshost__fail_memory(ret_error);
			break;
		}
		all->items[all->len] = list.items[taken];
		all->blocks[all->len++] = list.blocks[taken];
		list.blocks[taken] = NULL;
	}
	tlshost__certificates_done(&list);
	return st;
}

/* The names that c_rehash gives: eight hexadecimal digits, a dot, a number. */
static int
is_hash_name(const char *name)
{
	return strlen(name) >= 10 &&
	    strspn(name, "0123456789abcdef") == 8 && name[8] == '.' &&
	    strspn(name + 9, "0123456789") == strlen(name + 9);
}

static tlshost_status
add_directory(tlshost__certificates *all, const char *path,
    tlshost_error **ret_error)
{
	tlshost_status st = TLSHOST_OK;
	struct dirent *entry;
	char *file;
	DIR *dir;

	if ((dir = opendir(path)) == NULL)
		return errno == ENOMEM ? tlshost__fail_memory(ret_error) :
		    tlshost__fail_errno(ret_error, TLSHOST_IO,
		    TLSHOST_PHASE_CONFIG, errno, "SSL_CERT_DIR: %s", path);
	while (st == TLSHOST_OK && (entry = readdir(dir)) != NULL) {
		if (!is_hash_name(entry->d_name))
			continue;
		if ((file = tlshost__format("%s/%s", path, entry->d_name)) ==
		    NULL) {
			st = tlshost__fail_memory(ret_error);
			break;
		}
		/* A dangling link or a damaged file hides one CA, not all. */
		st = add_file(all, file, NULL);
		if (st == TLSHOST_NO_MEMORY)
			(void)tlshost__fail_memory(ret_error);
		else
			st = TLSHOST_OK;
		free(file);
	}
	closedir(dir);
	return st;
}

/* A list of directories, with colons between. */
static tlshost_status
add_directories(tlshost__certificates *all, const char *list,
    tlshost_error **ret_error)
{
	tlshost_status st = TLSHOST_OK;

	while (st == TLSHOST_OK && *list != '\0') {
		size_t len = strcspn(list, ":");
		char *path;

		if (len != 0) {
			if ((path = tlshost__format("%.*s", (int)len, list)) ==
			    NULL)
				return tlshost__fail_memory(ret_error);
			st = add_directory(all, path, ret_error);
			free(path);
		}
		list += len + (list[len] == ':');
	}
	return st;
}

/*
 * The last store that was made of one file, kept as long as the file is the
 * same: a program without a trust store of its own makes it once, not for every
 * context.
 */
static pthread_mutex_t last_lock = PTHREAD_MUTEX_INITIALIZER;
static tlshost_trust_store *last_store;
static struct stat last_file;

static int
same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
	    a->st_size == b->st_size &&
	    a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	    a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
	    a->st_ctim.tv_sec == b->st_ctim.tv_sec &&
	    a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* A reference, or NULL. */
static tlshost_trust_store *
take_last(const struct stat *file)
{
	tlshost_trust_store *store = NULL;

	pthread_mutex_lock(&last_lock);
	if (last_store != NULL && same_file(&last_file, file))
		store = tlshost_trust_store_ref(last_store);
	pthread_mutex_unlock(&last_lock);
	return store;
}

/* file: as it was before it was read. */
static void
keep_last(tlshost_trust_store *store, const struct stat *file)
{
	tlshost_trust_store *old;

	pthread_mutex_lock(&last_lock);
	old = last_store;
	last_store = tlshost_trust_store_ref(store);
	last_file = *file;
	pthread_mutex_unlock(&last_lock);
	tlshost_trust_store_unref(old);
}

tlshost_status
tlshost_trust_store_system(tlshost_backend *backend,
    tlshost_trust_store **ret_store, tlshost_error **ret_error)
{
	const char *file = secure_getenv("SSL_CERT_FILE");
	const char *directories = secure_getenv("SSL_CERT_DIR");
	tlshost__certificates all = { 0 };
	tlshost_trust_store *store;
	struct stat stamp;
	tlshost_status st;
	int keep;

	if (ret_store == NULL)
		return tlshost__fail(ret_error, TLSHOST_INVALID_ARGUMENT,
		    TLSHOST_PHASE_CONFIG, NULL, "ret_store is NULL");
	if (file != NULL && *file == '\0')
		file = NULL;
	if (directories != NULL && *directories == '\0')
		directories = NULL;
	keep = directories == NULL && stat(file != NULL ? file :
	    TLSHOST_SYSTEM_BUNDLE, &stamp) == 0;
	if (keep && (store = take_last(&stamp)) != NULL) {
		if ((st = check_with_backend(backend, store, ret_error)) !=
		    TLSHOST_OK)
			tlshost_trust_store_unref(store);
		else
			*ret_store = store;
		return st;
	}
	/* As OpenSSL has it: each variable replaces its own default.  The
	 * default directory holds what the default file holds, so it is only
	 * read if it is named. */
	if (file == NULL && directories != NULL)
		st = TLSHOST_OK;
	else
		st = add_file(&all, file != NULL ? file :
		    TLSHOST_SYSTEM_BUNDLE, ret_error);
	if (st == TLSHOST_OK && directories != NULL)
		st = add_directories(&all, directories, ret_error);
	if (st == TLSHOST_OK && all.len == 0)
		st = tlshost__fail(ret_error, TLSHOST_BAD_DATA,
		    TLSHOST_PHASE_CONFIG, NULL,
		    "SSL_CERT_DIR: no certificate in %s", directories);
	if (st == TLSHOST_OK)
		st = store_new(backend, all.items, all.len, 1, &store,
		    ret_error);
	tlshost__certificates_done(&all);
	if (st != TLSHOST_OK)
		return st;
	if (keep)
		keep_last(store, &stamp);
	*ret_store = store;
	return TLSHOST_OK;
}

/* ------------------------------------------------------------------------
 * For the rest of the library
 */

int
tlshost__trust_equal(const tlshost_trust_store *a, const tlshost_trust_store *b)
{
	if (a == b)
		return 1;
	if (a == NULL || b == NULL || a->hash != b->hash || a->len != b->len)
		return 0;
	for (size_t i = 0; i < a->len; i++)
		if (!bytes_equal(&a->items[i], &b->items[i]))
			return 0;
	return 1;
}

static void *
find_made(const tlshost_trust_store *store, const tlshost_backend *backend)
{
	for (size_t i = 0; i < store->made_len; i++)
		if (store->made[i].backend == backend)
			return store->made[i].trust;
	return NULL;
}

static tlshost_status
make_trust(tlshost_trust_store *store, const tlshost_backend *backend,
    void **ret_trust, tlshost_error **ret_error)
{
	struct tlshost_plugin_trust source = {
		.size = sizeof(source),
		.anchors = store->items,
		.anchors_len = store->len,
	};
	tlshost_sink sink;
	tlshost_status st;
	void *trust = NULL;

	tlshost__sink_init(&sink, backend->name, TLSHOST_PHASE_CONFIG, NULL);
	st = tlshost__border(&sink, "trust_new", backend->ops.trust_new(&sink,
	    &source, &trust), TLSHOST__ALLOW(UNSUPPORTED), ret_error);
	tlshost__sink_done(&sink);
	if (st == TLSHOST_OK && trust == NULL)
		st = tlshost__fail(ret_error, TLSHOST_BACKEND_FAULT,
		    TLSHOST_PHASE_CONFIG, backend->name,
		    "backend %s made no trust store", backend->name);
	if (st == TLSHOST_OK)
		*ret_trust = trust;
	return st;
}

tlshost_status
tlshost__trust_for_backend(tlshost_trust_store *store,
    const tlshost_backend *backend, void **ret_trust,
    tlshost_error **ret_error)
{
	void *trust, *mine = NULL;
	tlshost_status st = TLSHOST_OK;

	pthread_mutex_lock(&store->lock);
	trust = find_made(store, backend);
	pthread_mutex_unlock(&store->lock);
	if (trust == NULL) {
		/* Made under no lock; if two threads did, one is not kept. */
		if ((st = make_trust(store, backend, &mine, ret_error)) !=
		    TLSHOST_OK)
			return st;
		pthread_mutex_lock(&store->lock);
		if ((trust = find_made(store, backend)) == NULL) {
			if (tlshost__grow(&store->made, store->made_len,
			    &store->made_cap, sizeof(*store->made)) != 0) {
				st = TLSHOST_NO_MEMORY;
			} else {
				store->made[store->made_len++] =
				    (tlshost__trust_made){ backend, mine };
				trust = mine;
				mine = NULL;
			}
		}
		pthread_mutex_unlock(&store->lock);
		if (mine != NULL)
			backend->ops.trust_free(mine);
		if (st != TLSHOST_OK)
			return tlshost__fail_memory(ret_error);
	}
	*ret_trust = trust;
	return TLSHOST_OK;
}

/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "border.h"
#include "keyform.h"
#include "pem.h"
#include "source.h"

/* What every library takes, as a string. */
#define PASSWORD_MAX ((size_t)255)
#define KEY_MAX ((size_t)1 << 20)

/* ------------------------------------------------------------------------
 * The password
 */

/* Where the password of a key comes from: bytes, a callback, or neither. */
typedef struct password_source {
	const void *bytes;
	size_t len;
	tlshost_password_callback callback;
	void *userdata;
	void (*destroy)(void *userdata);
} password_source;

static void
source_drop(const password_source *source)
{
	if (source->destroy != NULL)
		source->destroy(source->userdata);
}

static int
is_password(const void *bytes, size_t len)
{
	return len <= PASSWORD_MAX &&
	    (len == 0 || memchr(bytes, '\0', len) == NULL);
}

/* Asks the program, under the key's lock: once, whatever comes of it. */
static tlshost_status
secret_ask(tlshost_secret *secret)
{
	char *text;
	size_t len = 0;
	int refused;

	if (secret->callback == NULL) {
		secret->known = secret->refused = 1;
		return TLSHOST_OK;
	}
	if ((text = malloc(PASSWORD_MAX)) == NULL)
		return TLSHOST_NO_MEMORY;
	refused = secret->callback(secret->userdata, text, PASSWORD_MAX, &len);
	secret->known = 1;
	if (refused != 0 || !is_password(text, len)) {
		secret->refused = 1;
		tlshost__wipe(text, PASSWORD_MAX);
		free(text);
		return TLSHOST_OK;
	}
	secret->password = (uint8_t *)text;
	secret->len = len;
	return TLSHOST_OK;
}

int32_t
tlshost__secret_password(tlshost_secret *secret, const uint8_t **ret_data,
    size_t *ret_len)
{
	tlshost_status st = TLSHOST_OK;

	pthread_mutex_lock(&secret->lock);
	if (!secret->known)
		st = secret_ask(secret);
	if (st == TLSHOST_OK && secret->refused)
		st = TLSHOST_PASSWORD_REFUSED;
	if (st == TLSHOST_OK) {
		*ret_data = secret->password;
		*ret_len = secret->len;
	}
	pthread_mutex_unlock(&secret->lock);
	return st;
}

/* ------------------------------------------------------------------------
 * The key
 */

struct tlshost_plugin_key
tlshost__key_for_plugin(tlshost_private_key *key)
{
	return (struct tlshost_plugin_key){
		.size = sizeof(struct tlshost_plugin_key),
		.encoding = key->encoding,
		.data = { key->data, key->len },
		.uri = key->uri,
		.secret = &key->secret,
	};
}

static tlshost_private_key *
key_new(const password_source *source)
{
	tlshost_private_key *key;

	if ((key = calloc(1, sizeof(*key))) == NULL)
		return NULL;
	if (pthread_mutex_init(&key->secret.lock, NULL) != 0) {
		free(key);
		return NULL;
	}
	tlshost__refs_init(&key->refs);
	if (source->bytes != NULL) {
		key->secret.password = tlshost__memdup(source->bytes,
		    source->len);
		key->secret.len = source->len;
		key->secret.known = 1;
		if (key->secret.password == NULL) {
			tlshost_private_key_unref(key);
			return NULL;
		}
	}
	key->secret.callback = source->callback;
	return key;
}

tlshost_private_key *
tlshost_private_key_ref(tlshost_private_key *key)
{
	if (key != NULL)
		tlshost__refs_get(&key->refs);
	return key;
}

void
tlshost_private_key_unref(tlshost_private_key *key)
{
	if (key == NULL || !tlshost__refs_put(&key->refs))
		return;
	if (key->secret.destroy != NULL)
		key->secret.destroy(key->secret.userdata);
	tlshost__wipe(key->secret.password, key->secret.len);
	free(key->secret.password);
	tlshost__wipe(key->data, key->len);
	free(key->data);
	free(key->uri);
	pthread_mutex_destroy(&key->secret.lock);
	free(key);
}

static int
same_bytes(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
	return a_len == b_len && (a_len == 0 || memcmp(a, b, a_len) == 0);
}

/* A password counts too: it decides whether the key can be used. */
static int
same_secret(tlshost_secret *a, tlshost_secret *b)
{
	if (a->callback != NULL || b->callback != NULL)
		return a->callback == b->callback && a->userdata == b->userdata;
	return (a->password == NULL) == (b->password == NULL) &&
	    same_bytes(a->password, a->len, b->password, b->len);
}

int
tlshost__key_equal(tlshost_private_key *a, tlshost_private_key *b)
{
	if (a == b)
		return 1;
	if ((a->uri == NULL) != (b->uri == NULL) ||
	    (a->uri != NULL && strcmp(a->uri, b->uri) != 0))
		return 0;
	return same_bytes(a->data, a->len, b->data, b->len) &&
	    same_secret(&a->secret, &b->secret);
}

static tlshost_status
check_with_backend(tlshost_backend *backend, tlshost_private_key *key,
    tlshost_error **ret_error)
{
	struct tlshost_plugin_key plugin = tlshost__key_for_plugin(key);
	const char *form;
	tlshost_sink sink;
	tlshost_status st;

	if (backend == NULL)
		return TLSHOST_OK;
	if (key->uri != NULL && (backend->capabilities &
	    TLSHOST_CAPABILITY_URI_SOURCES) == 0)
		return tlshost__fail(ret_error, TLSHOST_UNSUPPORTED,
		    TLSHOST_PHASE_CONFIG, backend->name,
		    "backend %s has no keys by URI: %s", backend->name,
		    key->uri);
	if (tlshost__key_form(key, ~backend->capabilities, &form) != 0)
		return tlshost__fail_memory(ret_error);
	if (form != NULL)
		return tlshost__fail(ret_error, TLSHOST_UNSUPPORTED,
		    TLSHOST_PHASE_CONFIG, backend->name,
		    "backend %s cannot read %s", backend->name, form);
	tlshost__sink_init(&sink, backend->name, TLSHOST_PHASE_CONFIG, NULL);
	st = tlshost__border(&sink, "key_check",
	    backend->ops.key_check(&sink, &plugin), TLSHOST__ALLOW(BAD_DATA) |
	    TLSHOST__ALLOW(UNSUPPORTED) | TLSHOST__ALLOW(BAD_PASSWORD) |
	    TLSHOST__ALLOW(PASSWORD_REFUSED), ret_error);
	tlshost__sink_done(&sink);
	return st;
}

/* PEM: the one key block, cut out.  Else all of it, if it looks like DER. */
static tlshost_status
take_content(tlshost_private_key *key, const uint8_t *data, size_t len,
    tlshost_error **ret_error)
{
	const uint8_t *block = data;
	const char *problem = NULL;
	size_t block_len = len;

	if (len > TLSHOST__FILE_MAX)
		return tlshost__fail(ret_error, TLSHOST_BAD_DATA,
		    TLSHOST_PHASE_CONFIG, NULL,
		    "no private key: it is larger than 16 MiB");
	switch (tlshost__pem_find_key(data, len, &block, &block_len,
	    &problem)) {
	case TLSHOST__PEM_FOUND:
		key->encoding = TLSHOST_KEY_PEM;
		break;
	case TLSHOST__PEM_NONE:
		if (!tlshost__der_is_one(data, len))
			problem = "no PEM block and no DER";
		key->encoding = TLSHOST_KEY_DER;
		break;
	case TLSHOST__PEM_BAD:
		break;
	}
	if (problem == NULL && block_len > KEY_MAX)
		problem = "it is too large";
	if (problem != NULL)
		return tlshost__fail(ret_error, TLSHOST_BAD_DATA,
		    TLSHOST_PHASE_CONFIG, NULL, "no private key: %s", problem);
	if ((key->data = tlshost__memdup(block, block_len)) == NULL)
		return tlshost__fail_memory(ret_error);
	key->len = block_len;
	return TLSHOST_OK;
}

/* What `destroy` is for belongs to the key once it is made. */
static tlshost_status
key_finish(tlshost_backend *backend, tlshost_private_key *key,
    const password_source *source, tlshost_private_key **ret_key,
    tlshost_error **ret_error)
{
	tlshost_status st;

	key->secret.userdata = source->userdata;
	key->secret.destroy = source->destroy;
	if ((st = check_with_backend(backend, key, ret_error)) != TLSHOST_OK) {
		tlshost_private_key_unref(key);
		return st;
	}
	*ret_key = key;
	return TLSHOST_OK;
}

static tlshost_status
key_from_memory(tlshost_backend *backend, const void *data, size_t len,
    const password_source *source, tlshost_private_key **ret_key,
    tlshost_error **ret_error)
{
	tlshost_private_key *key = NULL;
	tlshost_status st;

	if (data == NULL || len == 0 || ret_key == NULL)
		st = tlshost__fail(ret_error, TLSHOST_INVALID_ARGUMENT,
		    TLSHOST_PHASE_CONFIG, NULL,
		    "data or ret_key is NULL, or len is 0");
	else if (!is_password(source->bytes, source->len))
		st = tlshost__fail(ret_error, TLSHOST_INVALID_ARGUMENT,
		    TLSHOST_PHASE_CONFIG, NULL, "the password is longer than "
		    "%zu bytes, or one of them is 0", PASSWORD_MAX);
	else if ((key = key_new(source)) == NULL)
		st = tlshost__fail_memory(ret_error);
	else
		st = take_content(key, data, len, ret_error);
	if (st != TLSHOST_OK) {
		tlshost_private_key_unref(key);
		source_drop(source);
		return st;
	}
	return key_finish(backend, key, source, ret_key, ret_error);
}

static tlshost_status
key_from_file(tlshost_backend *backend, const char *path,
    const password_source *source, tlshost_private_key **ret_key,
    tlshost_error **ret_error)
{
	tlshost_error *error = NULL;
	tlshost_status st;
	uint8_t *data;
	size_t len;

	if (path == NULL || ret_key == NULL)
		st = tlshost__fail(ret_error, TLSHOST_INVALID_ARGUMENT,
		    TLSHOST_PHASE_CONFIG, NULL, "path or ret_key is NULL");
	else if ((st = tlshost__read_file(path, &data, &len, ret_error)) ==
	    TLSHOST_OK && len == 0) {
		free(data);
		st = tlshost__fail(ret_error, TLSHOST_BAD_DATA,
		    TLSHOST_PHASE_CONFIG, NULL, "%s: the file is empty", path);
	}
	if (st != TLSHOST_OK) {
		source_drop(source);
		return st;
	}
	st = key_from_memory(backend, data, len, source, ret_key, &error);
	if (st != TLSHOST_OK)
		(void)tlshost__fail_in(ret_error, error, path);
	tlshost__wipe(data, len);
	free(data);
	return st;
}

tlshost_status
tlshost_private_key_from_memory(tlshost_backend *backend, const void *data,
    size_t len, const void *password, size_t password_len,
    tlshost_private_key **ret_key, tlshost_error **ret_error)
{
	password_source source = { .bytes = password, .len = password_len };

	if (password == NULL)
		source.len = 0;
	return key_from_memory(backend, data, len, &source, ret_key, ret_error);
}

tlshost_status
tlshost_private_key_from_file(tlshost_backend *backend, const char *path,
    const void *password, size_t password_len, tlshost_private_key **ret_key,
    tlshost_error **ret_error)
{
	password_source source = { .bytes = password, .len = password_len };

	if (password == NULL)
		source.len = 0;
	return key_from_file(backend, path, &source, ret_key, ret_error);
}

tlshost_status
tlshost_private_key_from_memory_cb(tlshost_backend *backend, const void *data,
    size_t len, tlshost_password_callback callback, void *userdata,
    void (*destroy)(void *), tlshost_private_key **ret_key,
    tlshost_error **ret_error)
{
	password_source source = { .callback = callback, .userdata = userdata,
	    .destroy = destroy };

	return key_from_memory(backend, data, len, &source, ret_key, ret_error);
}

tlshost_status
tlshost_private_key_from_file_cb(tlshost_backend *backend, const char *path,
    tlshost_password_callback callback, void *userdata,
    void (*destroy)(void *), tlshost_private_key **ret_key,
    tlshost_error **ret_error)
{
	password_source source = { .callback = callback, .userdata = userdata,
	    .destroy = destroy };

	return key_from_file(backend, path, &source, ret_key, ret_error);
}

tlshost_status
tlshost_private_key_from_uri(tlshost_backend *backend, const char *uri,
    tlshost_password_callback callback, void *userdata,
    void (*destroy)(void *), tlshost_private_key **ret_key,
    tlshost_error **ret_error)
{
	password_source source = { .callback = callback, .userdata = userdata,
	    .destroy = destroy };
	tlshost_private_key *key = NULL;
	tlshost_status st = TLSHOST_OK;

	if (uri == NULL || ret_key == NULL)
		st = tlshost__fail(ret_error, TLSHOST_INVALID_ARGUMENT,
		    TLSHOST_PHASE_CONFIG, NULL, "uri or ret_key is NULL");
	else if (strncmp(uri, "pkcs11:", 7) != 0)
		st = tlshost__fail(ret_error, TLSHOST_BAD_DATA,
		    TLSHOST_PHASE_CONFIG, NULL, "not a pkcs11: URI: %.200s",
		    uri);
	else if ((key = key_new(&source)) == NULL ||
	    (key->uri = tlshost__strdup(uri)) == NULL)
		st = tlshost__fail_memory(ret_error);
	if (st != TLSHOST_OK) {
		tlshost_private_key_unref(key);
		source_drop(&source);
		return st;
	}
	return key_finish(backend, key, &source, ret_key, ret_error);
}

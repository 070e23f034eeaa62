/* SPDX-License-Identifier: MIT */
/* Certificates, chains, keys and trust stores: content, for any backend. */
#ifndef TLSHOST_SOURCE_H
#define TLSHOST_SOURCE_H

#include <pthread.h>

#include "mem.h"
#include "path.h"
#include "tlshost-plugin.h"
#include "tlshost.h"

/* A file larger than this is not a certificate, a key or a bundle. */
#define TLSHOST__FILE_MAX ((size_t)16 << 20)

struct tlshost_certificate {
	tlshost__refs refs;
	uint8_t *der;                  /* NULL: by URI */
	size_t len;
	char *uri;
};

struct tlshost_chain {
	tlshost__refs refs;
	tlshost_certificate **items;
	size_t len;
};

/* The password of a key: bytes or the program's callback, asked once. */
struct tlshost_secret {
	pthread_mutex_t lock;
	tlshost_password_callback callback;
	void *userdata;
	void (*destroy)(void *userdata);
	int known, refused;
	uint8_t *password;
	size_t len;
};

struct tlshost_private_key {
	tlshost__refs refs;
	uint8_t *data;                 /* DER, or one PEM block; NULL: by URI */
	size_t len;
	uint32_t encoding;             /* enum tlshost_key_encoding */
	char *uri;
	tlshost_secret secret;
};

/* What one backend made of a trust store. */
typedef struct tlshost__trust_made {
	const tlshost_backend *backend;
	void *trust;
} tlshost__trust_made;

struct tlshost_trust_store {
	tlshost__refs refs;
	uint8_t *data;                 /* all DER, one after the other */
	struct tlshost_bytes *items;
	size_t len;
	uint64_t hash;
	tlshost__anchors *anchors;
	pthread_mutex_t lock;          /* of made */
	tlshost__trust_made *made;
	size_t made_len, made_cap;
};

/* Reads a regular file; the caller frees (and wipes, if it is a secret). */
tlshost_status tlshost__read_file(const char *path, uint8_t **ret_data,
    size_t *ret_len, tlshost_error **ret_error);

/* Certificates found in PEM or DER; each decoded on its own. */
typedef struct tlshost__certificates {
	struct tlshost_bytes *items;
	uint8_t **blocks;              /* what the items point to */
	size_t len, items_cap, blocks_cap;
} tlshost__certificates;

/* More certificates than this are no chain. */
#define TLSHOST__CHAIN_MAX 64

/* BAD_DATA: none in there, or damaged; NO_MEMORY. */
tlshost_status tlshost__certificates_read(const uint8_t *data, size_t len,
    tlshost__certificates *ret_list, tlshost_error **ret_error);
void tlshost__certificates_done(tlshost__certificates *list);
/* 1: the bytes are, in form, exactly one DER SEQUENCE. */
int tlshost__der_is_one(const uint8_t *data, size_t len);

/* FNV-1a, chained; start with TLSHOST__HASH_START. */
#define TLSHOST__HASH_START UINT64_C(14695981039346656037)
uint64_t tlshost__hash(uint64_t hash, const void *data, size_t len);

/* Equality by content; NULL equals NULL. */
int tlshost__chain_equal(const tlshost_chain *a, const tlshost_chain *b);
int tlshost__key_equal(tlshost_private_key *a, tlshost_private_key *b);
int tlshost__trust_equal(const tlshost_trust_store *a,
    const tlshost_trust_store *b);
uint64_t tlshost__chain_hash(uint64_t hash, const tlshost_chain *chain);

/* As the plugin gets them. */
struct tlshost_plugin_certificate
tlshost__certificate_for_plugin(const tlshost_certificate *certificate);
struct tlshost_plugin_key tlshost__key_for_plugin(tlshost_private_key *key);
/* The plugin's object for a trust store, made once; lives as long as it. */
tlshost_status tlshost__trust_for_backend(tlshost_trust_store *store,
    const tlshost_backend *backend, void **ret_trust,
    tlshost_error **ret_error);

/* Host service; see tlshost-plugin.h. */
int32_t tlshost__secret_password(tlshost_secret *secret,
    const uint8_t **ret_data, size_t *ret_len);

#endif

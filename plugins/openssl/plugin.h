/* SPDX-License-Identifier: MIT */
/* What the files of the OpenSSL backend share. */
#ifndef TLSHOST_OPENSSL_PLUGIN_H
#define TLSHOST_OPENSSL_PLUGIN_H

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "tlshost-plugin.h"

/* The host's services; set by the entry point. */
extern const struct tlshost_host *host;

typedef struct anchor {
	struct tlshost_bytes der;        /* a copy of its own */
	X509 *cert;
} anchor;

typedef struct trust {
	STACK_OF(X509_NAME) *names;      /* for the request of a server */
	anchor *anchors;
	size_t anchors_len;
} trust;

/* One chain of a configuration, parsed. */
typedef struct identity {
	X509 *leaf;
	EVP_PKEY *key;
	STACK_OF(X509) *chain;           /* without the leaf */
} identity;

typedef struct context {
	uint32_t role;
	uint32_t validate, client_auth, key_log;
	uint32_t lowest, highest;
	uint16_t *ids;                   /* in effect, in order */
	size_t ids_len;
	char *list12, *list13;           /* the same in OpenSSL's words */
	identity *identities;
	size_t identities_len;
	uint8_t *protocols;              /* as on the wire */
	size_t protocols_len;
	trust *trust;                    /* not ours */
	SSL_CTX *ssl;
} context;

typedef struct connection {
	SSL *ssl;
	context *context;                /* in effect */
	tlshost_link *link;
	int done;
	int reading;                     /* now */
	int at_end;                      /* which came to a ragged end */
	int hello_seen;
	int canceled;                    /* by the peer's alert of that name */
	int32_t refused;                 /* by judge or hello: its status */
	int32_t alert_sent;
} connection;

/* ----------------------------------------------------------------- status.c */

/* Every call into the library starts with an empty error queue and leaves none
 * behind: one stale entry turns "want read" into an error, ours or that of
 * another user of the library in this thread.  And none is made when the library
 * has ended, which it does before what the program registered to be called at
 * its exit earlier: LIBRARY_GONE. */
int32_t enter(tlshost_sink *sink);
void errors_begin(void);
void errors_end(void);
/* Reports a failure with the first error of the queue; returns status. */
int32_t fail(tlshost_sink *sink, int32_t status, uint32_t field,
    const char *text);
int32_t fail_memory(tlshost_sink *sink);
/* A failure of a connection, after the library returned result. */
int32_t fail_connection(tlshost_sink *sink, connection *conn, int result,
    const char *text);
/* Makes enter() notice the library's end; 0: no memory. */
int watch_stop(void);
/* 1: the queue says that memory ran out. */
int errors_no_memory(void);

/* ------------------------------------------------------- cert.c, config.c */

int32_t certificate_check(tlshost_sink *sink,
    const struct tlshost_plugin_certificate *certificate);
int32_t key_check(tlshost_sink *sink, const struct tlshost_plugin_key *key);
int32_t identity_load(tlshost_sink *sink,
    const struct tlshost_plugin_chain *chain, identity *ret_identity);
void identity_done(identity *one);
int32_t trust_new(tlshost_sink *sink, const struct tlshost_plugin_trust *source,
    void **ret_trust);
void trust_free(void *object);
int32_t verify_path(tlshost_sink *sink, void *object,
    const struct tlshost_plugin_path *path,
    struct tlshost_plugin_verdict *verdict);
/* SSL_CTX_set_cert_verify_callback's. */
int verify_peer(X509_STORE_CTX *store_ctx, void *unused);

int32_t context_new(tlshost_sink *sink, uint32_t role,
    const struct tlshost_plugin_config *config, void **ret_context);
void context_free(void *object);
size_t context_suites(const void *object, uint16_t *ids, size_t cap);
/* Puts a whole configuration on one connection, before anything was chosen.
 * 1, or 0 with the error queue. */
int context_apply(const context *ctx, SSL *ssl);
/* Leaves one connection these suites alone, which are of before TLS 1.3.  1, or 0
 * with the error queue. */
int context_narrow(SSL *ssl, const uint16_t *ids, size_t len);
size_t list_suites(uint16_t *ids, size_t cap);

/* ------------------------------------------------------------------ buffer.c */

int transport_init(void);
connection *connection_of(const SSL *ssl);
int client_hello(SSL *ssl, int *alert, void *unused);
int select_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_len,
    const unsigned char *in, unsigned int in_len, void *unused);
void key_log(const SSL *ssl, const char *line);
void note_alert(const SSL *ssl, int where, int value);

int32_t connection_new(tlshost_sink *sink, void *object, tlshost_link *link,
    const char *server_name, void **ret_connection);
void connection_free(void *object);
int32_t handshake(tlshost_sink *sink, void *object);
int32_t connection_read(tlshost_sink *sink, void *object, uint8_t *dst,
    size_t cap, size_t *ret_len);
int32_t connection_write(tlshost_sink *sink, void *object, const uint8_t *src,
    size_t len, size_t *ret_len);
int32_t connection_shutdown(tlshost_sink *sink, void *object);
size_t connection_pending(const void *object);
void connection_info(const void *object, struct tlshost_plugin_info *info);
int32_t connection_key_update(tlshost_sink *sink, void *object,
    uint32_t request);

#endif

/* SPDX-License-Identifier: MIT */
/* What the files of the mbed TLS backend share. */
#ifndef TLSHOST_MBEDTLS_PLUGIN_H
#define TLSHOST_MBEDTLS_PLUGIN_H

#include <mbedtls/pk.h>
#include <mbedtls/ssl.h>
#include <mbedtls/x509_crt.h>

#include <tlshost-plugin.h>

/* The host's services; set by the entry point. */
extern const struct tlshost_host *host;

/* Every certificate the library can read is in the chain; NULL: none is. */
typedef struct trust {
	mbedtls_x509_crt *chain;
	size_t len;
} trust;

/* One chain of a configuration, parsed. */
typedef struct identity {
	mbedtls_x509_crt chain;
	mbedtls_pk_context key;
} identity;

typedef struct context {
	uint32_t role;
	uint32_t client_auth, key_log;
	uint32_t lowest, highest;
	int *suites;                     /* in effect, in order, 0 at the end */
	size_t suites_len;
	identity *identities;
	size_t identities_len;
	const char **protocols;          /* NULL at the end */
	size_t protocols_len;
	trust *trust;                    /* not ours */
} context;

typedef struct connection {
	/* The library's configuration names the functions that it calls, and
	 * with what: it is one connection's, made of a context. */
	mbedtls_ssl_config config;
	mbedtls_ssl_context ssl;
	context *context;                /* in effect */
	tlshost_link *link;
	int ready;                       /* config and ssl are set up */
	int done;
	const char *protocol[2];         /* servers: the one chosen, NULL */
	int judged;                      /* the peer showed certificates */
	int32_t refused;                 /* by judge or hello: its status */
	int32_t refused_alert;
	uint32_t refused_reasons;        /* if it is we who refuse */
	int alert_out;                   /* a fatal alert was pushed */
	int32_t alert_sent;              /* its number, or -1 */
	int alert_held;                  /* ... one that was kept back */
	uint32_t group, signature;
} connection;

/* ----------------------------------------------------------------- status.c */

/* Reports a failure with the library's code, 0: none; returns status. */
int32_t fail(tlshost_sink *sink, int32_t status, int code, const char *text);
int32_t fail_field(tlshost_sink *sink, int32_t status, uint32_t field, int code,
    const char *text);
int32_t fail_memory(tlshost_sink *sink);
/* A failure of a connection: sends the alert that fits and sorts the code. */
int32_t fail_connection(tlshost_sink *sink, connection *conn, int code,
    const char *text);
/* The library adds codes of two layers; this one is the upper. */
int upper_code(int code);
int is_no_memory(int code);
/* What is wrong with a certificate that cannot be read. */
uint32_t parse_reason(int code);

/* ------------------------------------------------- cert.c, key.c, config.c */

/* What of keys and signatures is good enough, and no weaker. */
extern const mbedtls_x509_crt_profile profile;

int certificate_parse(mbedtls_x509_crt *chain, const struct tlshost_bytes *der);
int32_t certificate_check(tlshost_sink *sink,
    const struct tlshost_plugin_certificate *certificate);
int32_t key_check(tlshost_sink *sink, const struct tlshost_plugin_key *key);
/* Into an initialised key, which is to be freed whatever this returns. */
int32_t key_load(tlshost_sink *sink, const struct tlshost_plugin_key *source,
    mbedtls_pk_context *key);
int32_t trust_new(tlshost_sink *sink, const struct tlshost_plugin_trust *source,
    void **ret_trust);
void trust_free(void *object);
int32_t verify_path(tlshost_sink *sink, void *object,
    const struct tlshost_plugin_path *path,
    struct tlshost_plugin_verdict *verdict);

int32_t context_new(tlshost_sink *sink, uint32_t role,
    const struct tlshost_plugin_config *config, void **ret_context);
void context_free(void *object);
size_t context_suites(const void *object, uint16_t *ids, size_t cap);
size_t list_suites(uint16_t *ids, size_t cap);
/* Fills conn->config from conn->context, with this as its newest version and
 * these protocols.  0, or the library's code. */
int configure(connection *conn, uint32_t highest, const char **protocols);

/* ------------------------------------------------------------------ buffer.c */

/* The hooks that configure() sets. */
int random_bytes(void *unused, unsigned char *dst, size_t len);
int verify_peer(void *object, mbedtls_x509_crt *certificate, int depth,
    uint32_t *flags);
int export_keys(void *object, const unsigned char *master,
    const unsigned char *keys, size_t mac_len, size_t key_len, size_t iv_len,
    const unsigned char client_random[32],
    const unsigned char server_random[32], mbedtls_tls_prf_types prf);

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

#endif

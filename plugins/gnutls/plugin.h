/* SPDX-License-Identifier: MIT */
/* What the files of the GnuTLS backend share. */
#ifndef TLSHOST_GNUTLS_PLUGIN_H
#define TLSHOST_GNUTLS_PLUGIN_H

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "tlshost-plugin.h"

/* The host's services; set by the entry point. */
extern const struct tlshost_host *host;

/* ---------------------------------------------------------------- suites */

/* One suite of the library, as it names it: by its parts. */
typedef struct suite {
	uint16_t id;
	gnutls_kx_algorithm_t kx;        /* unknown: TLS 1.3 */
	gnutls_cipher_algorithm_t cipher;
	gnutls_mac_algorithm_t mac;
	uint32_t lowest, highest;        /* versions, of those that there are */
} suite;

#define SUITES_MAX 512

/* Read once, by init. */
extern suite suites[SUITES_MAX];
extern size_t suites_len;

void suites_load(void);
/* Is there a suite for it? */
int version_usable(uint32_t version);
/* NULL: the library has it not. */
const suite *suite_by_id(uint16_t id);
/* Of a session; 0: none. */
uint16_t suite_of_session(gnutls_session_t session);

/*
 * The priority string of a client: the largest set of suites, all of them in
 * the list, that the library can express; it knows only products of parts.
 * Writes the string; returns how many suites it has, 0: none.
 */
size_t suites_closed_subset(const uint16_t *ids, size_t len, uint32_t lowest,
    uint32_t highest, char *string, size_t cap);
/* Enough for the names of all parts. */
#define STRING_MAX 2048
/* The priority string of a server that is to take this one suite. */
void suite_string(const suite *one, uint32_t lowest, uint32_t highest,
    char *string, size_t cap);

/* --------------------------------------------------------------- objects */

typedef struct trust {
	gnutls_x509_crt_t *crts;
	gnutls_datum_t *anchors;         /* their bytes, own copies */
	size_t anchors_len;
} trust;

/* A suite that a server may choose, with all it takes to choose it. */
typedef struct offer {
	const suite *suite;
	gnutls_priority_t priority;
} offer;

typedef struct context {
	uint32_t role;
	uint32_t validate, client_auth, key_log;
	uint32_t lowest, highest;
	gnutls_certificate_credentials_t credentials;
	gnutls_pcert_st *own;            /* clients: what the credentials hold, */
	unsigned int own_len;            /* to be shown whoever asks */
	gnutls_privkey_t own_key;
	gnutls_priority_t priority;      /* clients */
	uint16_t *ids;                   /* in effect, in order */
	size_t ids_len;
	offer *offers;                   /* servers, in order */
	size_t offers_len;
	gnutls_datum_t *protocols;
	unsigned int protocols_len;
	uint8_t *protocol_bytes;
	trust *trust;                    /* not ours */
} context;

typedef struct connection {
	gnutls_session_t session;
	context *context;                /* in effect */
	tlshost_link *link;
	int started;                     /* alerts can be sent */
	int done;
	int bye_sent;
	int warnings;                    /* of the peer, one after the other */
	int hello_seen;
	int version_chosen;              /* by a server: there is one */
	int32_t refused;                 /* by judge or hello: its status */
	int32_t refused_alert;
	int32_t alert_sent;
} connection;

/* The fifth in a row is too many. */
#define WARNINGS_MAX 5

/* A system-wide configuration of the library that is in effect; or NULL. */
extern const char *policy_file;

/* ----------------------------------------------------------------- status */

/* Reports a failure with the library's code; returns status. */
int32_t fail(tlshost_sink *sink, int32_t status, int code, const char *text);
int32_t fail_field(tlshost_sink *sink, int32_t status, uint32_t field, int code,
    const char *text);
int32_t fail_memory(tlshost_sink *sink);
/* A failure of a connection: sends the alert that fits and sorts the code. */
int32_t fail_connection(tlshost_sink *sink, connection *conn, int code,
    const char *text);

/* ---------------------------------------------------------- cert.c, config.c */

int32_t certificate_check(tlshost_sink *sink,
    const struct tlshost_plugin_certificate *certificate);
int32_t key_check(tlshost_sink *sink, const struct tlshost_plugin_key *key);
int32_t key_load(tlshost_sink *sink, const struct tlshost_plugin_key *key,
    gnutls_privkey_t *ret_key);
int32_t trust_new(tlshost_sink *sink, const struct tlshost_plugin_trust *source,
    void **ret_trust);
void trust_free(void *trust);
int32_t verify_path(tlshost_sink *sink, void *trust,
    const struct tlshost_plugin_path *path,
    struct tlshost_plugin_verdict *verdict);

int32_t context_new(tlshost_sink *sink, uint32_t role,
    const struct tlshost_plugin_config *config, void **ret_context);
void context_free(void *context);
size_t context_suites(const void *context, uint16_t *ids, size_t cap);

/* ---------------------------------------------------------------- buffer.c */

int32_t connection_new(tlshost_sink *sink, void *context, tlshost_link *link,
    const char *server_name, void **ret_connection);
void connection_free(void *connection);
int32_t handshake(tlshost_sink *sink, void *connection);
int32_t connection_read(tlshost_sink *sink, void *connection, uint8_t *dst,
    size_t cap, size_t *ret_len);
int32_t connection_write(tlshost_sink *sink, void *connection,
    const uint8_t *src, size_t len, size_t *ret_len);
int32_t connection_shutdown(tlshost_sink *sink, void *connection);
size_t connection_pending(const void *connection);
void connection_info(const void *connection, struct tlshost_plugin_info *info);
int32_t connection_key_update(tlshost_sink *sink, void *connection,
    uint32_t request);

#endif

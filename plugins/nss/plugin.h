/* SPDX-License-Identifier: MIT */
/* What the files of the NSS backend share. */
#ifndef TLSHOST_NSS_PLUGIN_H
#define TLSHOST_NSS_PLUGIN_H

#include <prio.h>
#include <pthread.h>

#include <cert.h>
#include <keyhi.h>
#include <nss.h>
#include <ssl.h>

#include "tlshost-plugin.h"

/* The host's services; set by the entry point. */
extern const struct tlshost_host *host;

/* --------------------------------------------------------------- library.c */

/*
 * What has objects of NSS in it.  The program may shut NSS down whenever it
 * likes: then release() is called for all of them, and they are gone.
 */
typedef struct live {
	struct live *next, **link;
	void (*release)(struct live *object);
	unsigned long era;               /* when it was made; 0: not listed */
} live;

/*
 * NSS may be used between enter() and leave(), and nowhere else.  enter() starts
 * it, and gives its generator new random bytes after a fork.  object NULL: none;
 * else LIBRARY_GONE if NSS was shut down since it was made.
 */
int32_t enter(tlshost_sink *sink, const live *object);
/* For what cannot fail: 1, or 0, and nothing to leave. */
int enter_quietly(const live *object);
void leave(void);
/* Reports that NSS was shut down. */
int32_t library_gone(tlshost_sink *sink);
/* Around calls that may lead to the program; it may shut NSS down in them.
 * Whatever the second one answers, leave() is owed; without OK, use nothing. */
void leave_for_host(void);
int32_t enter_from_host(tlshost_sink *sink, const live *object);

/* All three between enter() and leave(). */
void live_begin(live *object, void (*release)(live *object));
int live_is(const live *object);
void live_end(live *object);             /* calls release */

/* For freeing: works whether NSS is there or not. */
void live_free(live *object);

/* The identity of our layer in a stack of NSPR. */
extern PRDescIdentity layer_id;

/* --------------------------------------------------------------- objects */

/* A trust store outlives a shutdown of NSS: it has the bytes, too. */
typedef struct trust {
	live live;
	pthread_mutex_t lock;            /* of live and certs */
	struct tlshost_bytes *anchors;   /* own copies */
	CERTCertificate **certs;         /* one for each, or NULL */
	size_t anchors_len;
} trust;

/* A chain and its key. */
typedef struct identity {
	CERTCertificate **certs;         /* leaf first */
	int certs_len;
	SECKEYPrivateKey *key;
} identity;

typedef struct context {
	live live;
	uint32_t role;
	uint32_t client_auth;
	uint32_t lowest, highest;
	PRFileDesc *model;               /* what a connection is copied from */
	uint16_t *ids;                   /* in effect, in order */
	size_t ids_len;
	identity *identities;
	size_t identities_len;
	uint8_t *protocols;              /* of the wire, by preference */
	size_t protocols_len;
} context;

typedef struct connection {
	live live;
	context *context;                /* in effect */
	tlshost_link *link;
	PRFileDesc *fd;                  /* NULL: a server before the hello */
	int done;
	int closing;                     /* nothing goes out any more */
	int end_seen;                    /* the peer's close_notify */
	int warnings;                    /* of the peer, one after the other */
	int judged;                      /* the peer's certificate was taken */
	int32_t refused;                 /* by judge or hello: its status */
	int32_t alert_sent, alert_received;
	struct tlshost_plugin_info info;
	uint8_t *protocol;               /* its bytes, if there is one */
} connection;

#define RECORD_ALERT 21

#define ALERT_CLOSE_NOTIFY 0
#define ALERT_HANDSHAKE_FAILURE 40
#define ALERT_BAD_CERTIFICATE 42
#define ALERT_PROTOCOL_VERSION 70
#define ALERT_INSUFFICIENT_SECURITY 71
#define ALERT_INTERNAL_ERROR 80
#define ALERT_NO_RENEGOTIATION 100

/* The fifth in a row is too many. */
#define WARNINGS_MAX 5

/* ----------------------------------------------------------------- status */

/* Reports a failure with the library's code, 0: none; returns status. */
int32_t fail(tlshost_sink *sink, int32_t status, PRErrorCode code,
    const char *text);
int32_t fail_field(tlshost_sink *sink, int32_t status, uint32_t field,
    PRErrorCode code, const char *text);
int32_t fail_memory(tlshost_sink *sink);
/* A failure of a connection: sorts the code. */
int32_t fail_connection(tlshost_sink *sink, connection *conn,
    PRErrorCode code, const char *text);
/* The library's words for a code; never NULL. */
const char *error_text(PRErrorCode code);
int is_memory_error(PRErrorCode code);
/* The code for which the library sends this alert about a certificate. */
PRErrorCode code_for_alert(int32_t alert);

/* ------------------------------------------- cert.c, key.c, signature.c */

int32_t certificate_check(tlshost_sink *sink,
    const struct tlshost_plugin_certificate *certificate);
/* NULL: the library cannot read it, PR_GetError says why. */
CERTCertificate *certificate_parse(const struct tlshost_bytes *der);

int32_t key_check(tlshost_sink *sink, const struct tlshost_plugin_key *key);
/*
 * Loads a key and makes sure that it is the leaf's.  Leaves NSS while the
 * program is asked for a password; object: as for enter_from_host().
 */
int32_t key_load(tlshost_sink *sink, const struct tlshost_plugin_key *key,
    const struct tlshost_bytes *leaf, const live *object,
    SECKEYPrivateKey **ret_key);

int32_t trust_new(tlshost_sink *sink, const struct tlshost_plugin_trust *source,
    void **ret_trust);
void trust_free(void *trust);
/* 0, or why a certificate of the path, below that anchor, is not what it says,
 * and which. */
PRErrorCode verify_signatures(const struct tlshost_bytes *path, size_t len,
    CERTCertificate *root, const struct tlshost_bytes *anchor,
    size_t *ret_depth);
/* Makes sure that the certificates are there. */
int32_t trust_use(tlshost_sink *sink, trust *store);
int32_t verify_path(tlshost_sink *sink, void *trust,
    const struct tlshost_plugin_path *path,
    struct tlshost_plugin_verdict *verdict);

/* ---------------------------------------------------------------- config.c */

/* The suites that the library can use, its own order. */
size_t list_suites(uint16_t *ids, size_t cap);
int32_t context_new(tlshost_sink *sink, uint32_t role,
    const struct tlshost_plugin_config *config, void **ret_context);
void context_free(void *context);
size_t context_suites(const void *context, uint16_t *ids, size_t cap);

/* ---------------------------------------------------------------- buffer.c */

/* A layer at the bottom of a stack; conn NULL: of a model. */
PRFileDesc *layer_new(connection *conn);
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

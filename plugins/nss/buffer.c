/* SPDX-License-Identifier: MIT */
/* Connections. */
#include "config.h"

#include <limits.h>
#include <prerror.h>
#include <prnetdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pk11pub.h>
#include <secerr.h>
#include <sslerr.h>
#include <sslexp.h>
#include <sslproto.h>

#include "plugin.h"

/* ------------------------------------------------------------------------
 * The transport: the host's queues as the bottom of a stack of NSPR
 */

static connection *
connection_of(PRFileDesc *fd)
{
	return (connection *)(void *)fd->secret;
}

static int
is_tls13(const PRFileDesc *fd)
{
	SSLPreliminaryChannelInfo info;

	return fd != NULL && SSL_GetPreliminaryChannelInfo((PRFileDesc *)
	    (uintptr_t)fd, &info, sizeof(info)) == SECSuccess &&
	    (info.valuesSet & ssl_preinfo_version) != 0 &&
	    info.protocolVersion == SSL_LIBRARY_VERSION_TLS_1_3;
}

static PRInt32
layer_recv(PRFileDesc *fd, void *dst, PRInt32 cap, PRIntn flags,
    PRIntervalTime timeout)
{
	connection *conn = connection_of(fd);
	size_t len;

	(void)flags;
	(void)timeout;
	if (conn == NULL || conn->closing) {
		PR_SetError(PR_END_OF_FILE_ERROR, 0);
		return -1;
	}
	if ((len = host->pull(conn->link, dst, (size_t)cap)) != 0)
		return (PRInt32)len;
	if (host->ended(conn->link))
		return 0;
	PR_SetError(PR_WOULD_BLOCK_ERROR, 0);
	return -1;
}

static PRInt32
layer_read(PRFileDesc *fd, void *dst, PRInt32 cap)
{
	return layer_recv(fd, dst, cap, 0, PR_INTERVAL_NO_TIMEOUT);
}

/*
 * TLS 1.2 and older: a client that sent no certificate where it had to is told
 * handshake_failure (RFC 5246, 7.4.6); the library says bad_certificate.
 */
static int
lacks_certificate(const connection *conn, const uint8_t *record, size_t len)
{
	CERTCertificate *peer;

	if (conn->done || len != 7 || record[0] != RECORD_ALERT ||
	    record[6] != ALERT_BAD_CERTIFICATE ||
	    conn->context->role != TLSHOST_ROLE_SERVER ||
	    conn->context->client_auth != TLSHOST_CLIENT_AUTH_REQUIRE)
		return 0;
	if ((peer = SSL_PeerCertificate(conn->fd)) != NULL)
		CERT_DestroyCertificate(peer);
	return peer == NULL;
}

/* A socket that is closed says goodbye, which nobody asked it to. */
static PRInt32
layer_send(PRFileDesc *fd, const void *src, PRInt32 len, PRIntn flags,
    PRIntervalTime timeout)
{
	connection *conn = connection_of(fd);
	uint8_t alert[7];

	(void)flags;
	(void)timeout;
	if (conn == NULL || conn->closing)
		return len;
	if (lacks_certificate(conn, src, (size_t)len)) {
		memcpy(alert, src, sizeof(alert));
		alert[6] = ALERT_HANDSHAKE_FAILURE;
		conn->alert_sent = ALERT_HANDSHAKE_FAILURE;
		src = alert;
	}
	if (host->push(conn->link, src, (size_t)len) != TLSHOST_OK) {
		PR_SetError(PR_OUT_OF_MEMORY_ERROR, 0);
		return -1;
	}
	return len;
}

static PRInt32
layer_write(PRFileDesc *fd, const void *src, PRInt32 len)
{
	return layer_send(fd, src, len, 0, PR_INTERVAL_NO_TIMEOUT);
}

/* The library asks for the peer's address, and takes some families only. */
static PRStatus
layer_getpeername(PRFileDesc *fd, PRNetAddr *address)
{
	(void)fd;
	memset(address, 0, sizeof(*address));
	return PR_InitializeNetAddr(PR_IpAddrLoopback, 1, address);
}

static PRStatus
layer_getsocketoption(PRFileDesc *fd, PRSocketOptionData *data)
{
	(void)fd;
	if (data->option != PR_SockOpt_Nonblocking &&
	    data->option != PR_SockOpt_NoDelay) {
		PR_SetError(PR_NOT_IMPLEMENTED_ERROR, 0);
		return PR_FAILURE;
	}
	data->value.non_blocking = PR_TRUE;
	return PR_SUCCESS;
}

static PRStatus
layer_setsocketoption(PRFileDesc *fd, const PRSocketOptionData *data)
{
	(void)fd;
	(void)data;
	return PR_SUCCESS;
}

static PRInt16
layer_poll(PRFileDesc *fd, PRInt16 in, PRInt16 *out)
{
	(void)fd;
	*out = in;
	return in;
}

static PRStatus
layer_shutdown(PRFileDesc *fd, PRIntn how)
{
	(void)fd;
	(void)how;
	return PR_SUCCESS;
}

static PRStatus
layer_close(PRFileDesc *fd)
{
	fd->secret = NULL;
	fd->dtor(fd);
	return PR_SUCCESS;
}

static PRIOMethods methods;
static pthread_once_t methods_once = PTHREAD_ONCE_INIT;

static void
set_methods(void)
{
	methods = *PR_GetDefaultIOMethods();
	methods.close = layer_close;
	methods.read = layer_read;
	methods.write = layer_write;
	methods.recv = layer_recv;
	methods.send = layer_send;
	methods.poll = layer_poll;
	methods.shutdown = layer_shutdown;
	methods.getpeername = layer_getpeername;
	methods.getsocketoption = layer_getsocketoption;
	methods.setsocketoption = layer_setsocketoption;
}

PRFileDesc *
layer_new(connection *conn)
{
	PRFileDesc *fd;

	(void)pthread_once(&methods_once, set_methods);
	if ((fd = PR_CreateIOLayerStub(layer_id, &methods)) != NULL)
		fd->secret = (PRFilePrivate *)(void *)conn;
	return fd;
}

/* ------------------------------------------------------------------------
 * What the library asks and tells during a handshake
 */

static SECStatus
authenticate(void *object, PRFileDesc *fd, PRBool check, PRBool is_server)
{
	connection *conn = object;
	struct tlshost_bytes *chain;
	CERTCertListNode *node;
	CERTCertList *list;
	int32_t st = TLSHOST_NO_MEMORY, alert = ALERT_INTERNAL_ERROR;
	size_t len = 0;

	(void)check;
	(void)is_server;
	if ((list = SSL_PeerCertificateChain(fd)) == NULL)
		return SECFailure;
	for (node = CERT_LIST_HEAD(list); !CERT_LIST_END(node, list);
	    node = CERT_LIST_NEXT(node))
		len++;
	if ((chain = calloc(len + 1, sizeof(*chain))) != NULL) {
		len = 0;
		for (node = CERT_LIST_HEAD(list); !CERT_LIST_END(node, list);
		    node = CERT_LIST_NEXT(node))
			chain[len++] = (struct tlshost_bytes){
				node->cert->derCert.data,
				node->cert->derCert.len };
		st = host->judge(conn->link, chain, len, list, &alert);
	}
	free(chain);
	CERT_DestroyCertList(list);
	conn->judged = st == TLSHOST_OK;
	if (st == TLSHOST_OK)
		return SECSuccess;
	conn->refused = st;
	PR_SetError(code_for_alert(alert), 0);
	return SECFailure;
}

/* A client has one certificate, and whoever asks gets it. */
static SECStatus
show_own(void *object, PRFileDesc *fd, CERTDistNames *issuers,
    CERTCertificate **ret_cert, SECKEYPrivateKey **ret_key)
{
	const connection *conn = object;
	const identity *own = conn->context->identities;

	(void)fd;
	(void)issuers;
	if (conn->context->identities_len == 0)
		return SECFailure;
	*ret_cert = CERT_DupCertificate(own->certs[0]);
	*ret_key = SECKEY_CopyPrivateKey(own->key);
	return *ret_cert != NULL && *ret_key != NULL ? SECSuccess : SECFailure;
}

static void
note_done(PRFileDesc *fd, void *object)
{
	connection *conn = object;

	(void)fd;
	conn->done = 1;
}

#define LEVEL_FATAL 2

static void
note_sent(const PRFileDesc *fd, void *object, const SSLAlert *alert)
{
	connection *conn = object;

	(void)fd;
	if (alert->level == LEVEL_FATAL && conn->alert_sent < 0)
		conn->alert_sent = alert->description;
}

static void
note_received(const PRFileDesc *fd, void *object, const SSLAlert *alert)
{
	connection *conn = object;

	/* TLS 1.3 does not ask for the level (RFC 8446, 6). */
	if (alert->description == ALERT_CLOSE_NOTIFY)
		conn->end_seen = 1;
	else if (alert->level == LEVEL_FATAL || is_tls13(fd))
		conn->alert_received = alert->description;
	/* As OpenSSL has it: not for ever, and nobody asked for a
	 * renegotiation.  The library sends no alert that it is asked for. */
	else if (alert->description == ALERT_NO_RENEGOTIATION ||
	    (conn->done && ++conn->warnings == WARNINGS_MAX))
		conn->refused = TLSHOST_PROTOCOL;
}

/* ------------------------------------------------------------------------
 * Making one
 */

static void
drop_socket(live *object)
{
	connection *conn = (connection *)object;

	conn->closing = 1;
	if (conn->fd != NULL)
		PR_Close(conn->fd);
	conn->fd = NULL;
}

void
connection_free(void *object)
{
	connection *conn = object;

	if (conn == NULL)
		return;
	conn->closing = 1;
	live_free(&conn->live);
	free(conn->protocol);
	free(conn);
}

/* The model has everything but what is of one connection. */
static int
set_up(connection *conn, const char *server_name)
{
	context *ctx = conn->context;
	PRFileDesc *stub = layer_new(conn), *fd;
	char id[32];

	if (stub == NULL)
		return 0;
	if ((fd = SSL_ImportFD(ctx->model, stub)) == NULL) {
		PR_Close(stub);
		return 0;
	}
	conn->fd = fd;
	/* Nothing is cached; if something were, nobody else would find it. */
	snprintf(id, sizeof(id), "tlshost-%p", (void *)conn);
	return SSL_SetSockPeerID(fd, id) == SECSuccess &&
	    SSL_AuthCertificateHook(fd, authenticate, conn) == SECSuccess &&
	    SSL_HandshakeCallback(fd, note_done, conn) == SECSuccess &&
	    SSL_AlertSentCallback(fd, note_sent, conn) == SECSuccess &&
	    SSL_AlertReceivedCallback(fd, note_received, conn) ==
	    SECSuccess && (ctx->role != TLSHOST_ROLE_CLIENT ||
	    SSL_GetClientAuthDataHook(fd, show_own, conn) == SECSuccess) &&
	    (server_name == NULL || SSL_SetURL(fd, server_name) == 0) &&
	    SSL_ResetHandshake(fd, ctx->role == TLSHOST_ROLE_SERVER) ==
	    SECSuccess;
}

int32_t
connection_new(tlshost_sink *sink, void *object, tlshost_link *link,
    const char *server_name, void **ret_connection)
{
	context *ctx = object;
	connection *conn;
	int32_t st;

	if ((conn = calloc(1, sizeof(*conn))) == NULL)
		return fail_memory(sink);
	conn->context = ctx;
	conn->link = link;
	conn->alert_sent = conn->alert_received = -1;
	if ((st = enter(sink, &ctx->live)) == TLSHOST_OK) {
		live_begin(&conn->live, drop_socket);
		/* A server's socket has to wait for the hello. */
		if (ctx->role == TLSHOST_ROLE_CLIENT &&
		    !set_up(conn, server_name))
			st = fail(sink, TLSHOST_LIBRARY, PR_GetError(),
			    "no socket");
		leave();
	}
	if (st != TLSHOST_OK) {
		connection_free(conn);
		return st;
	}
	*ret_connection = conn;
	return TLSHOST_OK;
}

/* ------------------------------------------------------------------------
 * The ClientHello.  The library shows it when all is decided, so the host is
 * asked before there is a socket.
 */

/* Refuses what no socket was made for. */
static int32_t
refuse_hello(tlshost_sink *sink, connection *conn, int32_t status,
    int32_t alert, const char *text)
{
	const uint8_t record[] = { RECORD_ALERT, 3, 1, 0, 2, LEVEL_FATAL,
		(uint8_t)alert };
	struct tlshost_failure failure = {
		.size = sizeof(failure),
		.status = status,
		.alert_sent = alert,
		.alert_received = -1,
		.text = text,
	};

	if (host->push(conn->link, record, sizeof(record)) != TLSHOST_OK)
		failure.status = TLSHOST_NO_MEMORY;
	return host->fail(sink, &failure);
}

/*
 * The server's first protocol that the client has.  With none the library is
 * told of none: else it would end the handshake.
 */
static int
choose_protocol(connection *conn, const struct tlshost_hello *hello)
{
	const context *ctx = conn->context;
	const uint8_t *list = hello->protocols.data;
	size_t len = hello->protocols.len;

	for (size_t own = 0; list != NULL && own < ctx->protocols_len;
	    own += 1u + ctx->protocols[own]) {
		const uint8_t *name = ctx->protocols + own;

		for (size_t at = 2; at + 1 + list[at] <= len;
		    at += 1u + list[at]) {
			if (list[at] == name[0] &&
			    memcmp(list + at, name, 1u + name[0]) == 0)
				return SSL_SetNextProtoNego(conn->fd, name,
				    1u + name[0]) == SECSuccess;
			if (at + 1 + list[at] == len)
				break;
		}
	}
	return 1;
}

/*
 * Takes out the suites that such a client cannot finish: the library would take
 * one and fail, where another was left.  TLS 1.3 has no such suites.
 */
static int32_t
choose_suites(tlshost_sink *sink, connection *conn)
{
	const context *ctx = conn->context;
	uint32_t version;
	uint16_t *ids;
	int32_t st;
	size_t len;

	if ((ids = calloc(ctx->ids_len, sizeof(*ids))) == NULL)
		return fail_memory(sink);
	len = host->hello_suites(conn->link, &version, ids, ctx->ids_len);
	if (version == 0 || version >= TLSHOST_VERSION_TLSV1_3)
		st = TLSHOST_OK;
	else if (len == 0)
		st = refuse_hello(sink, conn, TLSHOST_NO_OVERLAP,
		    ALERT_HANDSHAKE_FAILURE, "no suite of the client's "
		    "can be used with it");
	else
		st = SSL_CipherSuiteOrderSet(conn->fd, ids, (PRUint16)len) ==
		    SECSuccess ? TLSHOST_OK : fail(sink, TLSHOST_LIBRARY,
		    PR_GetError(), "no suites");
	free(ids);
	return st;
}

/* Makes the socket of a server, once the host has said by which context. */
static int32_t
read_hello(tlshost_sink *sink, connection *conn)
{
	struct tlshost_hello hello = { .size = sizeof(hello) };
	int32_t st, back, alert = ALERT_INTERNAL_ERROR;
	void *chosen;

	/* The program's callback may do what it likes, with NSS too. */
	leave_for_host();
	st = host->hello(conn->link, &chosen, &alert);
	back = enter_from_host(sink, &conn->live);
	if (back != TLSHOST_OK)
		return back;
	if (st == TLSHOST_WANT_READ)
		return st;
	if (st != TLSHOST_OK)
		return refuse_hello(sink, conn, st, alert, NULL);
	conn->context = chosen;
	if (!live_is(&conn->context->live))
		return library_gone(sink);
	if ((st = host->hello_parts(conn->link, &hello)) != TLSHOST_OK)
		return st;
	if (!set_up(conn, NULL) || !choose_protocol(conn, &hello))
		return fail(sink, TLSHOST_LIBRARY, PR_GetError(), "no socket");
	return choose_suites(sink, conn);
}

/* ------------------------------------------------------------------------
 * What was negotiated; kept, for it may be asked for when NSS is gone
 */

/* 0: out of memory. */
static int
keep_info(connection *conn)
{
	struct tlshost_plugin_info *info = &conn->info;
	unsigned char protocol[256];
	SSLChannelInfo channel;
	SSLNextProtoState state;
	unsigned int len = 0;

	if (SSL_GetChannelInfo(conn->fd, &channel, sizeof(channel)) ==
	    SECSuccess) {
		info->version = channel.protocolVersion;
		info->suite = channel.cipherSuite;
		info->group = (uint32_t)channel.keaGroup;
		/* It is the server's. */
		if (conn->context->role == TLSHOST_ROLE_CLIENT)
			info->signature = (uint32_t)channel.signatureScheme;
	}
	if (SSL_GetNextProto(conn->fd, &state, protocol, &len,
	    sizeof(protocol)) != SECSuccess || len == 0)
		return 1;
	if ((conn->protocol = malloc(len)) == NULL)
		return 0;
	memcpy(conn->protocol, protocol, len);
	info->protocol = (struct tlshost_bytes){ conn->protocol, len };
	return 1;
}

void
connection_info(const void *object, struct tlshost_plugin_info *info)
{
	const connection *conn = object;

	info->version = conn->info.version;
	info->suite = conn->info.suite;
	info->group = conn->info.group;
	info->signature = conn->info.signature;
	info->protocol = conn->info.protocol;
}

/* ------------------------------------------------------------------------
 * Using one
 */

/* By what the library would bear: an alert of TLS 1.3, one warning too many. */
static int
is_ended(const connection *conn)
{
	return conn->refused != 0 || conn->alert_received >= 0;
}

/* May a call be made again, with what there is? */
static int
ask_again(const connection *conn, PRErrorCode code, size_t *waiting)
{
	size_t before = *waiting;

	/* TLS 1.2: the peer wanted to renegotiate and was told that nobody
	 * here does; it may go on without. */
	if (code == SSL_ERROR_RENEGOTIATION_NOT_ALLOWED)
		return 1;
	if (code != PR_WOULD_BLOCK_ERROR)
		return 0;
	*waiting = host->waiting(conn->link);
	return *waiting != 0 && *waiting != before;
}

static int32_t
shake(tlshost_sink *sink, connection *conn)
{
	size_t waiting = 0;
	PRErrorCode code;
	int32_t st;

	if (conn->fd == NULL && (st = read_hello(sink, conn)) != TLSHOST_OK)
		return st;
	do {
		PR_SetError(0, 0);
		if (SSL_ForceHandshake(conn->fd) == SECSuccess && conn->done)
			break;
		code = PR_GetError();
	} while (!conn->done && ask_again(conn, code, &waiting));
	if (conn->done && !is_ended(conn)) {
		return keep_info(conn) ? TLSHOST_OK : fail_memory(sink);
	}
	code = PR_GetError();
	if (code == PR_WOULD_BLOCK_ERROR && !is_ended(conn) &&
	    !host->ended(conn->link))
		return TLSHOST_WANT_READ;
	return fail_connection(sink, conn, code, "the handshake failed");
}

int32_t
handshake(tlshost_sink *sink, void *object)
{
	connection *conn = object;
	int32_t st;

	if ((st = enter(sink, &conn->live)) != TLSHOST_OK)
		return st;
	st = shake(sink, conn);
	leave();
	return st;
}

static int32_t
read_some(tlshost_sink *sink, connection *conn, uint8_t *dst, size_t cap,
    size_t *ret_len)
{
	size_t waiting = 0;
	PRErrorCode code;
	PRInt32 n;

	do {
		n = PR_Read(conn->fd, dst, cap < INT_MAX ? (PRInt32)cap :
		    INT_MAX);
		code = n < 0 ? PR_GetError() : 0;
	} while (n < 0 && ask_again(conn, code, &waiting));
	/* What came behind that does not count. */
	if (is_ended(conn))
		return fail_connection(sink, conn, code, "reading failed");
	if (n > 0)
		conn->warnings = 0;
	/* The end of the network and the peer's goodbye look the same here. */
	if (n > 0 || (n == 0 && conn->end_seen)) {
		*ret_len = (size_t)n;
		return TLSHOST_OK;
	}
	if (code == PR_WOULD_BLOCK_ERROR && !host->ended(conn->link))
		return TLSHOST_WANT_READ;
	return fail_connection(sink, conn, code, "reading failed");
}

int32_t
connection_read(tlshost_sink *sink, void *object, uint8_t *dst, size_t cap,
    size_t *ret_len)
{
	connection *conn = object;
	int32_t st;

	if ((st = enter(sink, &conn->live)) != TLSHOST_OK)
		return st;
	st = read_some(sink, conn, dst, cap, ret_len);
	leave();
	return st;
}

int32_t
connection_write(tlshost_sink *sink, void *object, const uint8_t *src,
    size_t len, size_t *ret_len)
{
	connection *conn = object;
	PRInt32 n;
	int32_t st;

	if ((st = enter(sink, &conn->live)) != TLSHOST_OK)
		return st;
	n = PR_Write(conn->fd, src, len < INT_MAX ? (PRInt32)len : INT_MAX);
	if (n > 0)
		*ret_len = (size_t)n;
	else
		st = fail_connection(sink, conn, PR_GetError(),
		    "writing failed");
	leave();
	return st;
}

int32_t
connection_shutdown(tlshost_sink *sink, void *object)
{
	connection *conn = object;
	int32_t st;

	if ((st = enter(sink, &conn->live)) != TLSHOST_OK)
		return st;
	if (PR_Shutdown(conn->fd, PR_SHUTDOWN_SEND) != PR_SUCCESS)
		st = fail_connection(sink, conn, PR_GetError(),
		    "close_notify cannot be sent");
	leave();
	return st;
}

size_t
connection_pending(const void *object)
{
	const connection *conn = object;
	int n = 0;

	if (!enter_quietly(&conn->live))
		return 0;
	if (conn->fd != NULL)
		n = SSL_DataPending(conn->fd);
	leave();
	return n > 0 ? (size_t)n : 0;
}

int32_t
connection_key_update(tlshost_sink *sink, void *object, uint32_t request)
{
	connection *conn = object;
	int32_t st;

	if (conn->info.version < TLSHOST_VERSION_TLSV1_3)
		return fail(sink, TLSHOST_UNSUPPORTED, 0,
		    "there is no key update before TLS 1.3");
	if ((st = enter(sink, &conn->live)) != TLSHOST_OK)
		return st;
	if (SSL_KeyUpdate(conn->fd, request == 1) != SECSuccess)
		st = fail_connection(sink, conn, PR_GetError(),
		    "the key cannot be updated");
	leave();
	return st;
}

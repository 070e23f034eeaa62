/* SPDX-License-Identifier: MIT */
/* Connections. */
#include "config.h"

#include <errno.h>
#include <mbedtls/dhm.h>
#include <mbedtls/platform_util.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "plugin.h"

#define RECORD_ALERT 21
#define RECORD_HANDSHAKE 22
#define RECORD_HEAD 5
#define RECORD_MAX 16384

#define MESSAGE_HEAD 4
#define MESSAGE_CERTIFICATE 11
#define MESSAGE_SERVER_KEY_EXCHANGE 12
#define MESSAGE_CERTIFICATE_VERIFY 15

#define ALERT_HANDSHAKE_FAILURE 40
#define ALERT_UNSUPPORTED_CERTIFICATE 43
#define ALERT_DECODE_ERROR 50
#define ALERT_PROTOCOL_VERSION 70
#define ALERT_INTERNAL_ERROR 80

/* Bytes that are read one after another, each only if it is there. */
typedef struct reader {
	const uint8_t *data;
	size_t len;
	int short_of;                    /* something was not there */
} reader;

static uint32_t
take_number(reader *r, size_t bytes)
{
	uint32_t number = 0;

	if (r->len < bytes) {
		r->short_of = 1;
		r->len = 0;
		return 0;
	}
	for (size_t i = 0; i < bytes; i++)
		number = number << 8 | *r->data++;
	r->len -= bytes;
	return number;
}

/* A vector whose length stands in so many bytes before it. */
static struct tlshost_bytes
take_vector(reader *r, size_t bytes)
{
	size_t len = take_number(r, bytes);
	struct tlshost_bytes vector = { r->data, len };

	if (r->len < len) {
		r->short_of = 1;
		r->len = 0;
		return (struct tlshost_bytes){ NULL, 0 };
	}
	r->data += len;
	r->len -= len;
	return vector;
}

/* The body of the handshake message that the library has just read. */
static reader
last_message(const connection *conn, uint8_t type)
{
	const mbedtls_ssl_context *ssl = &conn->ssl;

	if (ssl->in_msg == NULL || ssl->in_msgtype != RECORD_HANDSHAKE ||
	    ssl->in_hslen < MESSAGE_HEAD || ssl->in_msg[0] != type)
		return (reader){ NULL, 0, 1 };
	return (reader){ ssl->in_msg + MESSAGE_HEAD,
	    ssl->in_hslen - MESSAGE_HEAD, 0 };
}

/* ------------------------------------------------------------------------
 * What the library calls
 */

/*
 * The system's own generator: it has no state in this process that a child
 * would share, or that threads would have to take turns for.
 */
int
random_bytes(void *unused, unsigned char *dst, size_t len)
{
	(void)unused;
	while (len != 0) {
		ssize_t n = getrandom(dst, len, 0);

		if (n < 0 && errno != EINTR)
			return MBEDTLS_ERR_SSL_HW_ACCEL_FAILED;
		if (n > 0) {
			dst += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

/*
 * A server that has no version in common says so in a record of a version of
 * its own, which the library takes for a damaged one.  in_left: how much of the
 * record the library had before these bytes.
 */
static void
admit_alert(connection *conn, unsigned char *dst, size_t len)
{
	const mbedtls_ssl_context *ssl = &conn->ssl;
	unsigned char highest = conn->config.max_minor_ver;

	if (conn->context->role != TLSHOST_ROLE_CLIENT ||
	    ssl->state != MBEDTLS_SSL_SERVER_HELLO ||
	    dst != ssl->in_hdr + ssl->in_left || ssl->in_left > 2 ||
	    ssl->in_left + len < 3 || ssl->in_hdr[0] != RECORD_ALERT)
		return;
	if (ssl->in_hdr[2] > highest)
		ssl->in_hdr[2] = highest;
}

static int
pull(void *object, unsigned char *dst, size_t cap)
{
	connection *conn = object;
	size_t len;

	if (cap > RECORD_MAX)
		cap = RECORD_MAX;
	if ((len = host->pull(conn->link, dst, cap)) != 0) {
		admit_alert(conn, dst, len);
		return (int)len;
	}
	/* 0 is the end of the stream. */
	return host->ended(conn->link) ? 0 : MBEDTLS_ERR_SSL_WANT_READ;
}

/* The state in which the peer's certificates come. */
static int
awaits_certificates(const connection *conn)
{
	return conn->ssl.state == (conn->context->role ==
	    TLSHOST_ROLE_CLIENT ? MBEDTLS_SSL_SERVER_CERTIFICATE :
	    MBEDTLS_SSL_CLIENT_CERTIFICATE);
}

/* A record comes in one call.  What the library has to say of certificates is
 * kept back: the host says it, and says why (after_certificates). */
static int
push(void *object, const unsigned char *src, size_t len)
{
	connection *conn = object;
	int plain = len == RECORD_HEAD + 2;

	if (len > RECORD_HEAD && src[0] == RECORD_ALERT &&
	    (!plain || src[RECORD_HEAD] == MBEDTLS_SSL_ALERT_LEVEL_FATAL)) {
		if (plain && awaits_certificates(conn) &&
		    conn->refused == 0 && conn->alert_held == 0) {
			conn->alert_held = src[RECORD_HEAD + 1];
			return (int)len;
		}
		conn->alert_out = 1;
		conn->alert_sent = plain ? src[RECORD_HEAD + 1] : -1;
	}
	if (host->push(conn->link, src, len) != TLSHOST_OK)
		return MBEDTLS_ERR_SSL_ALLOC_FAILED;
	return (int)len;
}

static char *
put_hex(char *dst, const unsigned char *src, size_t len)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		*dst++ = digits[src[i] >> 4];
		*dst++ = digits[src[i] & 15];
	}
	return dst;
}

int
export_keys(void *object, const unsigned char *master,
    const unsigned char *keys, size_t mac_len, size_t key_len, size_t iv_len,
    const unsigned char client_random[32],
    const unsigned char server_random[32], mbedtls_tls_prf_types prf)
{
	static const char label[] = "CLIENT_RANDOM ";
	connection *conn = object;
	char line[sizeof(label) + 64 + 1 + 96], *at = line;

	(void)keys;
	(void)mac_len;
	(void)key_len;
	(void)iv_len;
	(void)server_random;
	(void)prf;
	memcpy(at, label, sizeof(label) - 1);
	at = put_hex(at + sizeof(label) - 1, client_random, 32);
	*at++ = ' ';
	at = put_hex(at, master, 48);
	host->key_log(conn->link, line, (size_t)(at - line));
	mbedtls_platform_zeroize(line, sizeof(line));
	return 0;
}

/* ------------------------------------------------------------------------
 * The peer's certificates
 */

static void
refuse(connection *conn, int32_t status, int32_t alert, uint32_t reasons)
{
	conn->refused = status;
	conn->refused_alert = alert;
	conn->refused_reasons = reasons;
}

/* What the peer showed, from the message itself: the library leaves out what it
 * cannot read.  0: there is no such message, or it is malformed, or empty. */
static size_t
presented(const connection *conn, struct tlshost_bytes *chain, size_t cap)
{
	reader message = last_message(conn, MESSAGE_CERTIFICATE), list;
	struct tlshost_bytes bytes = take_vector(&message, 3);
	size_t len = 0;

	list = (reader){ bytes.data, bytes.len, message.short_of };
	while (list.len != 0 && !list.short_of && len < cap)
		chain[len++] = take_vector(&list, 3);
	return list.short_of || list.len != 0 ? 0 : len;
}

/* A message of the library's has no room for more: none is below 128 bytes. */
#define PRESENTED_MAX 128

/* leaf: the one that the library is going to trust with the handshake; NULL: it
 * has none. */
static void
ask_host(connection *conn, const mbedtls_x509_crt *leaf)
{
	struct tlshost_bytes chain[PRESENTED_MAX];
	size_t len = presented(conn, chain, PRESENTED_MAX);
	int32_t st, alert;

	if (conn->judged || len == 0)
		return;
	conn->judged = 1;
	st = host->judge(conn->link, chain, len, NULL, &alert);
	if (st != TLSHOST_OK)
		refuse(conn, st, alert, 0);
	else if (leaf != NULL && (leaf->raw.len != chain[0].len ||
	    memcmp(leaf->raw.p, chain[0].data, chain[0].len) != 0))
		refuse(conn, TLSHOST_LIBRARY, ALERT_UNSUPPORTED_CERTIFICATE,
		    TLSHOST_REASON_UNSUPPORTED_ALGORITHM);
}

/*
 * The library's hook, for each certificate of the path that it has found, the
 * leaf last.  What it found wrong is not looked at: it was given no anchors,
 * and it does not check what the host does.  A refusal is taken up when the
 * library has done with the message (after_certificates), so that the alert is
 * the host's.
 */
int
verify_peer(void *object, mbedtls_x509_crt *certificate, int depth,
    uint32_t *flags)
{
	*flags = 0;
	if (depth == 0)
		ask_host(object, certificate);
	return 0;
}

/*
 * After the library has dealt with the message; code: what it said.  0: go on,
 * or why not.  Nothing was sent meanwhile.
 */
static int
after_certificates(connection *conn, int code)
{
	const context *ctx = conn->context;
	int received = code == 0 || (code != MBEDTLS_ERR_SSL_WANT_READ &&
	    last_message(conn, MESSAGE_CERTIFICATE).data != NULL);

	if (!received)
		return code;
	if (code != 0 && !conn->judged) {
		/* The hook was not reached: a certificate cannot be read, or
		 * the path is longer than the library has room for.  If the
		 * host has nothing against it, it is the library that fails. */
		ask_host(conn, NULL);
		if (conn->judged && conn->refused == 0)
			refuse(conn, TLSHOST_LIBRARY,
			    ALERT_UNSUPPORTED_CERTIFICATE,
			    code == MBEDTLS_ERR_X509_FATAL_ERROR ?
			    TLSHOST_REASON_LIMIT : parse_reason(code));
	}
	if (conn->refused == 0 && code == 0 && !conn->judged) {
		if (ctx->client_auth == TLSHOST_CLIENT_AUTH_REQUIRE)
			refuse(conn, TLSHOST_BAD_CERTIFICATE,
			    ALERT_HANDSHAKE_FAILURE,
			    TLSHOST_REASON_NO_CERTIFICATE);
		else if (ctx->role == TLSHOST_ROLE_CLIENT)
			refuse(conn, TLSHOST_PROTOCOL, ALERT_DECODE_ERROR, 0);
	}
	return conn->refused != 0 && code == 0 ?
	    MBEDTLS_ERR_X509_CERT_VERIFY_FAILED : code;
}

/* ------------------------------------------------------------------------
 * What is known only while messages go by
 */

static uint32_t
group_of_prime(struct tlshost_bytes p)
{
	static const uint8_t p2048[] = MBEDTLS_DHM_RFC7919_FFDHE2048_P_BIN;
	static const uint8_t p3072[] = MBEDTLS_DHM_RFC7919_FFDHE3072_P_BIN;
	static const uint8_t p4096[] = MBEDTLS_DHM_RFC7919_FFDHE4096_P_BIN;
	static const struct tlshost_bytes primes[] = {
		{ p2048, sizeof(p2048) }, { p3072, sizeof(p3072) },
		{ p4096, sizeof(p4096) },
	};

	for (uint32_t i = 0; i < 3; i++)
		if (p.len == primes[i].len &&
		    memcmp(p.data, primes[i].data, p.len) == 0)
			return 256 + i;
	return 0;
}

/* RFC 8422, 5.4; RFC 5246, 7.4.3: the group, the server's value, and since
 * TLS 1.2 how they are signed. */
static void
note_key_exchange(connection *conn, reader r, int ours)
{
	const char *suite = mbedtls_ssl_get_ciphersuite_name(
	    conn->ssl.session_negotiate->ciphersuite);
	uint32_t group, signature = 0;

	if (r.data == NULL)
		return;
	if (strstr(suite, "ECDHE") != NULL) {
		(void)take_number(&r, 1);
		group = take_number(&r, 2);
		(void)take_vector(&r, 1);
	} else {
		group = group_of_prime(take_vector(&r, 2));
		(void)take_vector(&r, 2);
		(void)take_vector(&r, 2);
	}
	if (conn->ssl.minor_ver == MBEDTLS_SSL_MINOR_VERSION_3)
		signature = take_number(&r, 2);
	if (r.short_of)
		return;
	conn->group = group;
	if (!ours)
		conn->signature = signature;
}

static void
note_message(connection *conn, int state)
{
	mbedtls_ssl_context *ssl = &conn->ssl;
	reader r;

	switch (state) {
	case MBEDTLS_SSL_SERVER_KEY_EXCHANGE:
		if (conn->context->role == TLSHOST_ROLE_CLIENT)
			note_key_exchange(conn, last_message(conn,
			    MESSAGE_SERVER_KEY_EXCHANGE), 0);
		else if (ssl->out_msgtype == RECORD_HANDSHAKE &&
		    ssl->out_msg[0] == MESSAGE_SERVER_KEY_EXCHANGE &&
		    ssl->out_msglen > MESSAGE_HEAD)
			note_key_exchange(conn, (reader){ ssl->out_msg +
			    MESSAGE_HEAD, ssl->out_msglen - MESSAGE_HEAD, 0 },
			    1);
		break;
	case MBEDTLS_SSL_CERTIFICATE_VERIFY:
		if (conn->context->role == TLSHOST_ROLE_CLIENT ||
		    ssl->minor_ver != MBEDTLS_SSL_MINOR_VERSION_3)
			break;
		r = last_message(conn, MESSAGE_CERTIFICATE_VERIFY);
		conn->signature = take_number(&r, 2);
		break;
	default:
		break;
	}
}

/* ------------------------------------------------------------------------
 * Making one
 */

void
connection_free(void *object)
{
	connection *conn = object;

	if (conn == NULL)
		return;
	mbedtls_ssl_free(&conn->ssl);
	mbedtls_ssl_config_free(&conn->config);
	free(conn);
}

/* 0, or the library's code. */
static int
set_up(connection *conn, uint32_t highest, const char **protocols,
    const char *server_name)
{
	int code;

	if ((code = configure(conn, highest, protocols)) != 0 ||
	    (code = mbedtls_ssl_setup(&conn->ssl, &conn->config)) != 0 ||
	    (server_name != NULL && (code = mbedtls_ssl_set_hostname(
	    &conn->ssl, server_name)) != 0))
		return code;
	mbedtls_ssl_set_bio(&conn->ssl, conn, push, pull, NULL);
	/* Of the record of an alert, should one come before the library has
	 * read a hello. */
	conn->ssl.major_ver = MBEDTLS_SSL_MAJOR_VERSION_3;
	conn->ssl.minor_ver = (int)(highest & 0xff);
	conn->ready = 1;
	return 0;
}

int32_t
connection_new(tlshost_sink *sink, void *object, tlshost_link *link,
    const char *server_name, void **ret_connection)
{
	context *ctx = object;
	connection *conn;
	int code;

	if ((conn = calloc(1, sizeof(*conn))) == NULL)
		return fail_memory(sink);
	conn->context = ctx;
	conn->link = link;
	conn->alert_sent = -1;
	mbedtls_ssl_init(&conn->ssl);
	mbedtls_ssl_config_init(&conn->config);
	/* A server is set up when it has seen what it is asked for. */
	if (ctx->role == TLSHOST_ROLE_CLIENT && (code = set_up(conn,
	    ctx->highest, ctx->protocols, server_name)) != 0) {
		connection_free(conn);
		return fail(sink, TLSHOST_LIBRARY, code,
		    "mbed TLS makes no connection");
	}
	*ret_connection = conn;
	return TLSHOST_OK;
}

/* ------------------------------------------------------------------------
 * The ClientHello, before the library reads it
 */

/* With names but none in common the library would fail the handshake, where
 * the others go on without (RFC 7301 allows both). */
static void
choose_protocol(connection *conn, struct tlshost_bytes extension)
{
	const context *ctx = conn->context;

	for (size_t i = 0; i < ctx->protocols_len; i++) {
		reader r = { extension.data, extension.len, 0 }, list;
		struct tlshost_bytes bytes = take_vector(&r, 2);

		list = (reader){ bytes.data, bytes.len, r.short_of };
		while (list.len != 0) {
			struct tlshost_bytes name = take_vector(&list, 1);

			if (name.len == strlen(ctx->protocols[i]) &&
			    memcmp(name.data, ctx->protocols[i],
			    name.len) == 0) {
				conn->protocol[0] = ctx->protocols[i];
				return;
			}
		}
	}
}

/* The configuration of the host's choice, and the newest version of it that the
 * client allows. */
static int32_t
learn_from_hello(connection *conn, uint32_t *ret_highest)
{
	struct tlshost_hello hello = { .size = sizeof(hello) };
	int32_t st, alert = ALERT_INTERNAL_ERROR;
	uint32_t version;
	void *chosen;

	st = host->hello(conn->link, &chosen, &alert);
	if (st == TLSHOST_OK)
		st = host->hello_parts(conn->link, &hello);
	if (st == TLSHOST_WANT_READ)
		return st;
	if (st != TLSHOST_OK) {
		refuse(conn, st, alert, 0);
		return TLSHOST_OK;
	}
	conn->context = chosen;
	/* The library does not look at supported_versions, and would answer
	 * with a version that is not in it (RFC 8446, 4.2.1). */
	(void)host->hello_suites(conn->link, &version, NULL, 0);
	*ret_highest = version != 0 ? version : conn->context->highest;
	if (version == 0) {
		refuse(conn, TLSHOST_NO_OVERLAP, ALERT_PROTOCOL_VERSION, 0);
		return TLSHOST_OK;
	}
	choose_protocol(conn, hello.protocols);
	return TLSHOST_OK;
}

/*
 * The library chooses the version before it calls back, and then lets only
 * certificates, anchors and the request be exchanged.  So it is set up when the
 * configuration is known.  OK: it has that, and the hello to read.
 */
static int32_t
start_server(tlshost_sink *sink, connection *conn)
{
	uint32_t highest = conn->context->highest;
	int32_t st;
	int code;

	if ((st = learn_from_hello(conn, &highest)) != TLSHOST_OK)
		return st;
	/* Also to be able to send an alert. */
	if ((code = set_up(conn, highest, conn->protocol, NULL)) != 0)
		return fail(sink, TLSHOST_LIBRARY, code,
		    "mbed TLS makes no connection");
	return conn->refused == 0 ? TLSHOST_OK : fail_connection(sink, conn, 0,
	    conn->refused == TLSHOST_NO_OVERLAP ?
	    "the client allows no version that is allowed here" :
	    "the ClientHello is refused");
}

/* ------------------------------------------------------------------------
 * Using one
 */

static const char *
words_for(const connection *conn)
{
	if (conn->refused_reasons == TLSHOST_REASON_NO_CERTIFICATE)
		return "the client sent no certificate";
	if (conn->refused_reasons == TLSHOST_REASON_LIMIT)
		return "mbed TLS has no room for so long a chain";
	if (conn->refused_reasons != 0)
		return "mbed TLS cannot read a certificate of the peer";
	return "the handshake failed";
}

int32_t
handshake(tlshost_sink *sink, void *object)
{
	connection *conn = object;
	int32_t st;
	int code = 0;

	if (!conn->ready && (st = start_server(sink, conn)) != TLSHOST_OK)
		return st;
	while (conn->ssl.state != MBEDTLS_SSL_HANDSHAKE_OVER && code == 0) {
		int state = conn->ssl.state;
		int certificates = awaits_certificates(conn);

		code = mbedtls_ssl_handshake_step(&conn->ssl);
		if (certificates && (conn->context->role ==
		    TLSHOST_ROLE_CLIENT || conn->context->client_auth != 0))
			code = after_certificates(conn, code);
		if (code == 0)
			note_message(conn, state);
	}
	if (code == 0) {
		conn->done = 1;
		return TLSHOST_OK;
	}
	if (code == MBEDTLS_ERR_SSL_WANT_READ)
		return TLSHOST_WANT_READ;
	return fail_connection(sink, conn, code, words_for(conn));
}

int32_t
connection_read(tlshost_sink *sink, void *object, uint8_t *dst, size_t cap,
    size_t *ret_len)
{
	connection *conn = object;
	int n;

	/* Also for a record without data. */
	do
		n = mbedtls_ssl_read(&conn->ssl, dst, cap);
	while (n == 0 && !host->ended(conn->link));
	if (n > 0) {
		*ret_len = (size_t)n;
		return TLSHOST_OK;
	}
	switch (n) {
	case 0:
		return TLSHOST_RAGGED_EOF;
	case MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY:
		*ret_len = 0;
		return TLSHOST_OK;
	case MBEDTLS_ERR_SSL_WANT_READ:
		return TLSHOST_WANT_READ;
	default:
		return fail_connection(sink, conn, n, "reading failed");
	}
}

int32_t
connection_write(tlshost_sink *sink, void *object, const uint8_t *src,
    size_t len, size_t *ret_len)
{
	connection *conn = object;
	int n;

	if ((n = mbedtls_ssl_write(&conn->ssl, src, len)) < 0)
		return fail_connection(sink, conn, n, "writing failed");
	*ret_len = (size_t)n;
	return TLSHOST_OK;
}

int32_t
connection_shutdown(tlshost_sink *sink, void *object)
{
	connection *conn = object;
	int code;

	if ((code = mbedtls_ssl_close_notify(&conn->ssl)) != 0)
		return fail_connection(sink, conn, code,
		    "close_notify cannot be sent");
	return TLSHOST_OK;
}

size_t
connection_pending(const void *object)
{
	const connection *conn = object;

	return mbedtls_ssl_get_bytes_avail(&conn->ssl);
}

void
connection_info(const void *object, struct tlshost_plugin_info *info)
{
	const connection *conn = object;
	const mbedtls_ssl_session *session;
	const char *protocol;

	if (!conn->done)
		return;
	info->version = 0x0300u | (uint32_t)conn->ssl.minor_ver;
	session = mbedtls_ssl_get_session_pointer(&conn->ssl);
	info->suite = session != NULL ? (uint32_t)session->ciphersuite : 0;
	info->group = conn->group;
	info->signature = conn->signature;
	if ((protocol = mbedtls_ssl_get_alpn_protocol(&conn->ssl)) != NULL)
		info->protocol = (struct tlshost_bytes){
		    (const uint8_t *)protocol, strlen(protocol) };
}

/* SPDX-License-Identifier: MIT */
/* Connections. */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "plugin.h"

static int
refuse(connection *conn, int32_t status, int32_t alert, int code)
{
	conn->refused = status;
	conn->refused_alert = alert;
	return code;
}

/* ------------------------------------------------------------------------
 * The transport: the host's queues
 */

static ssize_t
pull(gnutls_transport_ptr_t pointer, void *dst, size_t cap)
{
	connection *conn = pointer;
	size_t len = host->pull(conn->link, dst, cap);

	if (len != 0)
		return (ssize_t)len;
	if (host->ended(conn->link))
		return 0;
	gnutls_transport_set_errno(conn->session, EAGAIN);
	return -1;
}

/* A flight at a time: half as many calls as the plain push function. */
static ssize_t
push(gnutls_transport_ptr_t pointer, const giovec_t *parts, int count)
{
	connection *conn = pointer;
	ssize_t total = 0;

	for (int i = 0; i < count; i++) {
		if (host->push(conn->link, parts[i].iov_base,
		    parts[i].iov_len) != TLSHOST_OK) {
			gnutls_transport_set_errno(conn->session, ENOMEM);
			return -1;
		}
		total += (ssize_t)parts[i].iov_len;
	}
	return total;
}

/* The default would wait on the transport pointer as if it were a descriptor. */
static int
pull_timeout(gnutls_transport_ptr_t pointer, unsigned int ms)
{
	connection *conn = pointer;

	(void)ms;
	return host->waiting(conn->link) != 0 || host->ended(conn->link);
}

/* ------------------------------------------------------------------------
 * What the library asks during a handshake
 */

static void
to_hex(const gnutls_datum_t *bytes, char *dst)
{
	static const char digits[] = "0123456789abcdef";

	for (unsigned int i = 0; i < bytes->size; i++) {
		*dst++ = digits[bytes->data[i] >> 4];
		*dst++ = digits[bytes->data[i] & 15];
	}
}

/*
 * Set on every session, wanted or not: without a function of ours the library
 * writes to the file that SSLKEYLOGFILE names.
 */
static int
key_log(gnutls_session_t session, const char *label,
    const gnutls_datum_t *secret)
{
	connection *conn = gnutls_session_get_ptr(session);
	gnutls_datum_t client, server;
	size_t label_len = strlen(label);
	char line[512];

	if (!conn->context->key_log)
		return 0;
	gnutls_session_get_random(session, &client, &server);
	if (label_len + 2 + 2 * (client.size + secret->size) > sizeof(line))
		return 0;
	memcpy(line, label, label_len);
	line[label_len] = ' ';
	to_hex(&client, line + label_len + 1);
	line[label_len + 1 + 2 * client.size] = ' ';
	to_hex(secret, line + label_len + 2 + 2 * client.size);
	host->key_log(conn->link, line,
	    label_len + 2 + 2 * (client.size + secret->size));
	gnutls_memset(line, 0, sizeof(line));
	return 0;
}

/* Called for each handshake with a certificate request, also when the peer
 * sent nothing: whether it had to is the library's business. */
static int
verify(gnutls_session_t session)
{
	connection *conn = gnutls_session_get_ptr(session);
	const gnutls_datum_t *peers;
	struct tlshost_bytes *chain;
	unsigned int len = 0;
	int32_t st, alert;

	peers = gnutls_certificate_get_peers(session, &len);
	if (peers == NULL || len == 0)
		return 0;
	if ((chain = calloc(len, sizeof(*chain))) == NULL)
		return refuse(conn, TLSHOST_NO_MEMORY,
		    GNUTLS_A_INTERNAL_ERROR, GNUTLS_E_CERTIFICATE_ERROR);
	for (unsigned int i = 0; i < len; i++)
		chain[i] = (struct tlshost_bytes){ peers[i].data,
		    peers[i].size };
	st = host->judge(conn->link, chain, len, NULL, &alert);
	free(chain);
	return st == TLSHOST_OK ? 0 :
	    refuse(conn, st, alert, GNUTLS_E_CERTIFICATE_ERROR);
}

static const offer *
offer_by_id(const context *ctx, uint16_t id)
{
	for (size_t i = 0; i < ctx->offers_len; i++)
		if (ctx->offers[i].suite->id == id)
			return &ctx->offers[i];
	return NULL;
}

static void
apply_protocols(connection *conn)
{
	const context *ctx = conn->context;

	if (ctx->protocols_len != 0)
		(void)gnutls_alpn_set_protocols(conn->session, ctx->protocols,
		    ctx->protocols_len, ctx->role == TLSHOST_ROLE_SERVER ?
		    GNUTLS_ALPN_SERVER_PRECEDENCE : 0);
}

/* The whole of a configuration, before anything was decided. */
static int
apply_server(connection *conn)
{
	const context *ctx = conn->context;
	const offer *chosen;
	uint32_t version;
	uint16_t id = 0;
	int code;

	/* The version comes first, then the server's order, as the other
	 * libraries have it. */
	(void)host->hello_suites(conn->link, &version, &id, 1);
	/* A server of older versions alone does not look at the extension,
	 * and would answer with a version that is not in it (RFC 8446, 4.2.1).
	 * The host does not know which versions an administrator took away. */
	if (version < ctx->lowest)
		return GNUTLS_E_UNSUPPORTED_VERSION_PACKET;
	if ((chosen = offer_by_id(ctx, id)) == NULL)
		return GNUTLS_E_NO_CIPHER_SUITES;
	if ((code = gnutls_priority_set(conn->session, chosen->priority)) < 0 ||
	    (code = gnutls_credentials_set(conn->session,
	    GNUTLS_CRD_CERTIFICATE, ctx->credentials)) < 0)
		return code;
	gnutls_certificate_server_set_request(conn->session,
	    ctx->client_auth == TLSHOST_CLIENT_AUTH_REQUIRE ?
	    GNUTLS_CERT_REQUIRE :
	    ctx->client_auth == TLSHOST_CLIENT_AUTH_REQUEST ?
	    GNUTLS_CERT_REQUEST : GNUTLS_CERT_IGNORE);
	apply_protocols(conn);
	return 0;
}

/* A second hello comes after a HelloRetryRequest: all was decided then. */
static int
client_hello(gnutls_session_t session, unsigned int type, unsigned int when,
    unsigned int incoming, const gnutls_datum_t *message)
{
	connection *conn = gnutls_session_get_ptr(session);
	int32_t st, alert;
	void *chosen;
	int code;

	(void)when;
	(void)message;
	if (type != GNUTLS_HANDSHAKE_CLIENT_HELLO || !incoming ||
	    conn->hello_seen)
		return 0;
	conn->hello_seen = 1;
	st = host->hello(conn->link, &chosen, &alert);
	if (st != TLSHOST_OK)
		return refuse(conn, st, alert, GNUTLS_E_UNRECOGNIZED_NAME);
	conn->context = chosen;
	if ((code = apply_server(conn)) == 0)
		conn->version_chosen = 1;
	return code;
}

#define EXTENSION_PROTOCOLS 16

/* The server's choice: a list of one name. */
static int
check_extension(void *object, unsigned int type, const unsigned char *data,
    unsigned int len)
{
	const connection *conn = object;
	const context *ctx = conn->context;

	if (type != EXTENSION_PROTOCOLS)
		return 0;
	for (unsigned int i = 0; i < ctx->protocols_len; i++) {
		const gnutls_datum_t *own = &ctx->protocols[i];

		if (len == 3 + own->size && data[2] == own->size &&
		    memcmp(data + 3, own->data, own->size) == 0)
			return 0;
	}
	return GNUTLS_E_RECEIVED_ILLEGAL_PARAMETER;
}

/*
 * The library takes a protocol that the client did not offer for none, while
 * the server goes by it.  It has read these messages before.
 */
static int
server_message(gnutls_session_t session, unsigned int type, unsigned int when,
    unsigned int incoming, const gnutls_datum_t *message)
{
	connection *conn = gnutls_session_get_ptr(session);
	gnutls_datum_t extensions = *message;
	unsigned int before = 0;

	(void)when;
	if (!incoming)
		return 0;
	if (type == GNUTLS_HANDSHAKE_SERVER_HELLO && message->size > 34)
		before = 2 + 32 + 1 + message->data[34] + 2 + 1;
	else if (type != GNUTLS_HANDSHAKE_ENCRYPTED_EXTENSIONS)
		return 0;
	if (before >= message->size)
		return 0;
	extensions.data += before;
	extensions.size -= before;
	return gnutls_ext_raw_parse(conn, check_extension, &extensions, 0);
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
	if (conn->session != NULL)
		gnutls_deinit(conn->session);
	free(conn);
}

static int
set_up(connection *conn, const char *server_name)
{
	gnutls_session_t session = conn->session;
	context *ctx = conn->context;
	int code;

	gnutls_session_set_ptr(session, conn);
	gnutls_transport_set_ptr(session, conn);
	gnutls_transport_set_pull_function(session, pull);
	gnutls_transport_set_vec_push_function(session, push);
	gnutls_transport_set_pull_timeout_function(session, pull_timeout);
	gnutls_handshake_set_timeout(session, GNUTLS_INDEFINITE_TIMEOUT);
	gnutls_session_set_keylog_function(session, key_log);
	gnutls_session_set_verify_function(session, verify);
	if ((code = gnutls_priority_set(session, ctx->priority != NULL ?
	    ctx->priority : ctx->offers[0].priority)) < 0 ||
	    (code = gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE,
	    ctx->credentials)) < 0)
		return code;
	if (ctx->role == TLSHOST_ROLE_SERVER) {
		gnutls_handshake_set_hook_function(session,
		    GNUTLS_HANDSHAKE_CLIENT_HELLO, GNUTLS_HOOK_PRE,
		    client_hello);
		return 0;
	}
	gnutls_handshake_set_hook_function(session, GNUTLS_HANDSHAKE_ANY,
	    GNUTLS_HOOK_POST, server_message);
	apply_protocols(conn);
	return server_name == NULL ? 0 : gnutls_server_name_set(session,
	    GNUTLS_NAME_DNS, server_name, strlen(server_name));
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
	code = gnutls_init(&conn->session, GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL |
	    GNUTLS_NO_TICKETS | (ctx->role == TLSHOST_ROLE_SERVER ?
	    GNUTLS_SERVER : GNUTLS_CLIENT));
	if (code < 0)
		conn->session = NULL;
	else
		code = set_up(conn, server_name);
	if (code < 0) {
		connection_free(conn);
		return fail(sink, TLSHOST_LIBRARY, code, "no session");
	}
	conn->started = 1;
	*ret_connection = conn;
	return TLSHOST_OK;
}

/* ------------------------------------------------------------------------
 * Using one
 */

/* As OpenSSL has it: not for ever, and nobody asked for a renegotiation. */
static int
bear_warning(connection *conn)
{
	if (gnutls_alert_get(conn->session) == GNUTLS_A_NO_RENEGOTIATION)
		return refuse(conn, TLSHOST_PROTOCOL,
		    GNUTLS_A_HANDSHAKE_FAILURE, 0);
	/* In the handshake the host counts. */
	if (conn->done && ++conn->warnings == WARNINGS_MAX)
		return refuse(conn, TLSHOST_PROTOCOL,
		    GNUTLS_A_UNEXPECTED_MESSAGE, 0);
	return 1;
}

/* May a call be made again, with what there is?  The library answers AGAIN
 * with unread input left after a ticket or a KeyUpdate. */
static int
ask_again(connection *conn, int code, size_t *waiting)
{
	size_t before = *waiting;

	if (code == GNUTLS_E_WARNING_ALERT_RECEIVED)
		return bear_warning(conn);
	if (code == GNUTLS_E_INTERRUPTED)
		return 1;
	if (code != GNUTLS_E_AGAIN)
		return 0;
	*waiting = host->waiting(conn->link);
	return *waiting != 0 && *waiting != before;
}

int32_t
handshake(tlshost_sink *sink, void *object)
{
	connection *conn = object;
	size_t waiting = 0;
	int code;

	do
		code = gnutls_handshake(conn->session);
	while (ask_again(conn, code, &waiting));
	if (code == GNUTLS_E_SUCCESS) {
		conn->done = 1;
		return TLSHOST_OK;
	}
	if (code == GNUTLS_E_AGAIN && !host->ended(conn->link))
		return TLSHOST_WANT_READ;
	return fail_connection(sink, conn, code, "the handshake failed");
}

/*
 * TLS 1.2: the peer wants to renegotiate, which nobody here does; it is told so
 * and may go on without.  A server still holds the hello then: the next call
 * throws it away, and complains about it once.
 */
static ssize_t
refuse_renegotiation(connection *conn, uint8_t *dst, size_t cap)
{
	ssize_t n = gnutls_alert_send(conn->session, GNUTLS_AL_WARNING,
	    GNUTLS_A_NO_RENEGOTIATION);

	if (n == 0 && conn->context->role == TLSHOST_ROLE_SERVER &&
	    (n = gnutls_record_recv(conn->session, dst, cap)) ==
	    GNUTLS_E_UNEXPECTED_PACKET)
		n = 0;
	return n == 0 ? GNUTLS_E_INTERRUPTED : n;
}

/* For the host that closes, and goodbye is still said (RFC 8446, 6.1); this
 * library has given the session up. */
static int
is_canceled(const connection *conn)
{
	return gnutls_protocol_get_version(conn->session) == GNUTLS_TLS1_3 &&
	    gnutls_alert_get(conn->session) == GNUTLS_A_USER_CANCELED;
}

int32_t
connection_read(tlshost_sink *sink, void *object, uint8_t *dst, size_t cap,
    size_t *ret_len)
{
	connection *conn = object;
	size_t waiting = 0;
	ssize_t n;

	do {
		n = gnutls_record_recv(conn->session, dst, cap);
		if (n == GNUTLS_E_REHANDSHAKE)
			n = refuse_renegotiation(conn, dst, cap);
	} while (n < 0 && ask_again(conn, (int)n, &waiting));
	if (n >= 0) {
		*ret_len = (size_t)n;
		conn->warnings = 0;
		return TLSHOST_OK;
	}
	if (n == GNUTLS_E_AGAIN && !host->ended(conn->link))
		return TLSHOST_WANT_READ;
	return fail_connection(sink, conn, (int)n, "reading failed");
}

int32_t
connection_write(tlshost_sink *sink, void *object, const uint8_t *src,
    size_t len, size_t *ret_len)
{
	connection *conn = object;
	ssize_t n;

	do
		n = gnutls_record_send(conn->session, src, len);
	while (n == GNUTLS_E_INTERRUPTED);
	if (n < 0)
		return fail_connection(sink, conn, (int)n, "writing failed");
	*ret_len = (size_t)n;
	return TLSHOST_OK;
}

int32_t
connection_shutdown(tlshost_sink *sink, void *object)
{
	connection *conn = object;
	int code;

	/* A second bye would send a second alert. */
	if (conn->bye_sent)
		return TLSHOST_OK;
	code = is_canceled(conn) ? gnutls_alert_send(conn->session,
	    GNUTLS_AL_WARNING, GNUTLS_A_CLOSE_NOTIFY) :
	    gnutls_bye(conn->session, GNUTLS_SHUT_WR);
	if (code < 0)
		return fail_connection(sink, conn, code,
		    "close_notify cannot be sent");
	conn->bye_sent = 1;
	return TLSHOST_OK;
}

size_t
connection_pending(const void *object)
{
	const connection *conn = object;

	return gnutls_record_check_pending(conn->session);
}

int32_t
connection_key_update(tlshost_sink *sink, void *object, uint32_t request)
{
	connection *conn = object;
	int code;

	if (gnutls_protocol_get_version(conn->session) != GNUTLS_TLS1_3)
		return fail(sink, TLSHOST_UNSUPPORTED, 0,
		    "there is no key update before TLS 1.3");
	/* Never asked to ask: when both ends do at the same time, this library
	 * takes the other's request for an answer that breaks the protocol. */
	(void)request;
	code = gnutls_session_key_update(conn->session, 0);
	if (code < 0)
		return fail_connection(sink, conn, code,
		    "the key cannot be updated");
	return TLSHOST_OK;
}

/* ------------------------------------------------------------------------
 * What was negotiated
 */

static uint32_t
group_number(gnutls_group_t group)
{
	switch (group) {
	case GNUTLS_GROUP_SECP192R1:
		return 19;
	case GNUTLS_GROUP_SECP224R1:
		return 21;
	case GNUTLS_GROUP_SECP256R1:
		return 23;
	case GNUTLS_GROUP_SECP384R1:
		return 24;
	case GNUTLS_GROUP_SECP521R1:
		return 25;
	case GNUTLS_GROUP_X25519:
		return 29;
	case GNUTLS_GROUP_X448:
		return 30;
	case GNUTLS_GROUP_FFDHE2048:
		return 256;
	case GNUTLS_GROUP_FFDHE3072:
		return 257;
	case GNUTLS_GROUP_FFDHE4096:
		return 258;
	case GNUTLS_GROUP_FFDHE6144:
		return 259;
	case GNUTLS_GROUP_FFDHE8192:
		return 260;
	default:
		return 0;
	}
}

static uint32_t
signature_number(int sign)
{
	static const struct {
		int sign;
		uint32_t number;
	} schemes[] = {
		{ GNUTLS_SIGN_RSA_SHA1, 0x0201 },
		{ GNUTLS_SIGN_ECDSA_SHA1, 0x0203 },
		{ GNUTLS_SIGN_RSA_SHA256, 0x0401 },
		{ GNUTLS_SIGN_ECDSA_SHA256, 0x0403 },
		{ GNUTLS_SIGN_ECDSA_SECP256R1_SHA256, 0x0403 },
		{ GNUTLS_SIGN_RSA_SHA384, 0x0501 },
		{ GNUTLS_SIGN_ECDSA_SHA384, 0x0503 },
		{ GNUTLS_SIGN_ECDSA_SECP384R1_SHA384, 0x0503 },
		{ GNUTLS_SIGN_RSA_SHA512, 0x0601 },
		{ GNUTLS_SIGN_ECDSA_SHA512, 0x0603 },
		{ GNUTLS_SIGN_ECDSA_SECP521R1_SHA512, 0x0603 },
		{ GNUTLS_SIGN_RSA_PSS_RSAE_SHA256, 0x0804 },
		{ GNUTLS_SIGN_RSA_PSS_RSAE_SHA384, 0x0805 },
		{ GNUTLS_SIGN_RSA_PSS_RSAE_SHA512, 0x0806 },
		{ GNUTLS_SIGN_EDDSA_ED25519, 0x0807 },
		{ GNUTLS_SIGN_EDDSA_ED448, 0x0808 },
		{ GNUTLS_SIGN_RSA_PSS_SHA256, 0x0809 },
		{ GNUTLS_SIGN_RSA_PSS_SHA384, 0x080a },
		{ GNUTLS_SIGN_RSA_PSS_SHA512, 0x080b },
	};

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		if (schemes[i].sign == sign)
			return schemes[i].number;
	return 0;
}

static uint32_t
version_of(gnutls_session_t session)
{
	switch (gnutls_protocol_get_version(session)) {
	case GNUTLS_TLS1_0:
		return TLSHOST_VERSION_TLSV1;
	case GNUTLS_TLS1_1:
		return TLSHOST_VERSION_TLSV1_1;
	case GNUTLS_TLS1_2:
		return TLSHOST_VERSION_TLSV1_2;
	case GNUTLS_TLS1_3:
		return TLSHOST_VERSION_TLSV1_3;
	default:
		return 0;
	}
}

void
connection_info(const void *object, struct tlshost_plugin_info *info)
{
	const connection *conn = object;
	gnutls_datum_t protocol;

	if (!conn->done)
		return;
	info->version = version_of(conn->session);
	info->suite = suite_of_session(conn->session);
	info->group = group_number(gnutls_group_get(conn->session));
	info->signature = signature_number(
	    conn->context->role == TLSHOST_ROLE_CLIENT ?
	    gnutls_sign_algorithm_get(conn->session) :
	    gnutls_sign_algorithm_get_client(conn->session));
	if (gnutls_alpn_get_selected_protocol(conn->session, &protocol) >= 0)
		info->protocol = (struct tlshost_bytes){ protocol.data,
		    protocol.size };
}

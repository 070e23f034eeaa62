/* SPDX-License-Identifier: MIT */
/* Connections. */
#include "config.h"

#include <openssl/bio.h>
#include <openssl/tls1.h>
#include <stdlib.h>
#include <string.h>

#include "plugin.h"

/* ------------------------------------------------------------------------
 * The transport: the host's queues as a BIO.  A memory BIO would move all that
 * is left in it with every record.
 */

static BIO_METHOD *transport;

connection *
connection_of(const SSL *ssl)
{
	return SSL_get_app_data(ssl);
}

static int
transport_read(BIO *bio, char *dst, size_t cap, size_t *ret_len)
{
	connection *conn = BIO_get_data(bio);

	BIO_clear_retry_flags(bio);
	*ret_len = host->pull(conn->link, (uint8_t *)dst, cap);
	if (*ret_len != 0)
		return 1;
	if (host->ended(conn->link))
		conn->at_end = conn->reading;
	else
		BIO_set_retry_read(bio);
	return 0;
}

static int
transport_write(BIO *bio, const char *src, size_t len, size_t *ret_len)
{
	connection *conn = BIO_get_data(bio);

	BIO_clear_retry_flags(bio);
	/* A ragged end is answered by an alert, to nobody. */
	if (conn->at_end) {
		*ret_len = len;
		return 1;
	}
	if (host->push(conn->link, (const uint8_t *)src, len) != TLSHOST_OK)
		return 0;
	*ret_len = len;
	return 1;
}

static long
transport_ctrl(BIO *bio, int what, long number, void *pointer)
{
	connection *conn;

	(void)number;
	(void)pointer;
	/* With every record; the others are rare. */
	if (what == BIO_CTRL_FLUSH)
		return 1;
	conn = BIO_get_data(bio);
	switch (what) {
	case BIO_CTRL_EOF:
		/* Makes a ragged end an error of its own. */
		return host->ended(conn->link);
	case BIO_CTRL_PENDING:
		return (long)host->waiting(conn->link);
	default:
		return 0;
	}
}

int
transport_init(void)
{
	transport = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK,
	    "tlshost");
	return transport != NULL &&
	    BIO_meth_set_read_ex(transport, transport_read) &&
	    BIO_meth_set_write_ex(transport, transport_write) &&
	    BIO_meth_set_ctrl(transport, transport_ctrl);
}

/* ------------------------------------------------------------------------
 * What the library asks during a handshake
 */

void
key_log(const SSL *ssl, const char *line)
{
	connection *conn = connection_of(ssl);

	if (conn->context->key_log)
		host->key_log(conn->link, line, strlen(line));
}

void
note_alert(const SSL *ssl, int where, int value)
{
	connection *conn = connection_of(ssl);

	/* Once TLS 1.3 was chosen it ends the connection (RFC 8446, 6.1),
	 * whatever its level; the library would go on. */
	if (where == SSL_CB_READ_ALERT && SSL_version(ssl) == TLS1_3_VERSION &&
	    SSL_get_pending_cipher(ssl) != NULL &&
	    (value & 0xff) == SSL_AD_USER_CANCELLED)
		conn->canceled = 1;
	else if (where == SSL_CB_WRITE_ALERT && (value >> 8) == SSL3_AL_FATAL)
		conn->alert_sent = value & 0xff;
}

/* The first of the server's suites that the client has, too. */
static uint16_t
first_of_both(const context *ctx, const struct tlshost_bytes *offered)
{
	for (size_t i = 0; i < ctx->ids_len; i++)
		for (size_t at = 0; at + 1 < offered->len; at += 2)
			if ((offered->data[at] << 8 | offered->data[at + 1]) ==
			    ctx->ids[i])
				return ctx->ids[i];
	return 0;
}

/*
 * The library takes that one if there is a certificate of its kind, and then
 * finds that the client takes no signature by it.  It is told of the others
 * only then: that takes as long as half a handshake.
 */
static int32_t
choose_suites(connection *conn, int32_t *ret_alert)
{
	struct tlshost_hello hello = { .size = sizeof(hello) };
	const context *ctx = conn->context;
	uint32_t version;
	uint16_t *ids;
	int32_t st;
	size_t len;

	if ((ids = calloc(ctx->ids_len, sizeof(*ids))) == NULL)
		return TLSHOST_NO_MEMORY;
	len = host->hello_suites(conn->link, &version, ids, ctx->ids_len);
	if (version == 0 || version >= TLSHOST_VERSION_TLSV1_3) {
		st = TLSHOST_OK;
	} else if (len == 0) {
		*ret_alert = SSL_AD_HANDSHAKE_FAILURE;
		st = TLSHOST_NO_OVERLAP;
	} else {
		(void)host->hello_parts(conn->link, &hello);
		st = ids[0] == first_of_both(ctx, &hello.suites) ||
		    context_narrow(conn->ssl, ids, len) ? TLSHOST_OK :
		    TLSHOST_LIBRARY;
	}
	free(ids);
	return st;
}

int
client_hello(SSL *ssl, int *alert, void *unused)
{
	connection *conn = connection_of(ssl);
	int32_t st, wanted = SSL_AD_INTERNAL_ERROR;
	void *chosen;

	(void)unused;
	/* After a HelloRetryRequest all was decided. */
	if (conn->hello_seen)
		return SSL_CLIENT_HELLO_SUCCESS;
	conn->hello_seen = 1;
	st = host->hello(conn->link, &chosen, &wanted);
	if (st == TLSHOST_OK && chosen != conn->context) {
		conn->context = chosen;
		if (!context_apply(conn->context, ssl))
			st = TLSHOST_LIBRARY;
	}
	if (st == TLSHOST_OK)
		st = choose_suites(conn, &wanted);
	if (st == TLSHOST_OK)
		return SSL_CLIENT_HELLO_SUCCESS;
	conn->refused = st;
	*alert = wanted;
	return SSL_CLIENT_HELLO_ERROR;
}

/* The server's order; nothing in common: no protocol. */
int
select_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_len,
    const unsigned char *in, unsigned int in_len, void *unused)
{
	const context *ctx = connection_of(ssl)->context;
	union { const unsigned char **in; unsigned char **out; } u;

	(void)unused;
	u.in = out;
	if (ctx->protocols_len == 0 || SSL_select_next_proto(u.out, out_len,
	    ctx->protocols, (unsigned int)ctx->protocols_len, in, in_len) !=
	    OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_NOACK;
	return SSL_TLSEXT_ERR_OK;
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
	SSL_free(conn->ssl);
	free(conn);
	errors_end();
}

static int
set_up(connection *conn, const char *server_name)
{
	BIO *bio;

	if ((conn->ssl = SSL_new(conn->context->ssl)) == NULL ||
	    !SSL_set_app_data(conn->ssl, conn) ||
	    (bio = BIO_new(transport)) == NULL)
		return 0;
	BIO_set_data(bio, conn);
	BIO_set_init(bio, 1);
	SSL_set_bio(conn->ssl, bio, bio);
	if (conn->context->role == TLSHOST_ROLE_SERVER) {
		SSL_set_accept_state(conn->ssl);
		return 1;
	}
	SSL_set_connect_state(conn->ssl);
	/* SSL_set_tlsext_host_name() casts const away, and clang says so. */
	return server_name == NULL || SSL_ctrl(conn->ssl,
	    SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
	    (void *)(uintptr_t)server_name);
}

int32_t
connection_new(tlshost_sink *sink, void *object, tlshost_link *link,
    const char *server_name, void **ret_connection)
{
	connection *conn;
	int32_t st;

	if ((st = enter(sink)) != TLSHOST_OK)
		return st;
	if ((conn = calloc(1, sizeof(*conn))) == NULL)
		return fail_memory(sink);
	conn->context = object;
	conn->link = link;
	conn->alert_sent = -1;
	if (!set_up(conn, server_name)) {
		st = fail(sink, TLSHOST_LIBRARY, TLSHOST_FIELD_NONE,
		    "OpenSSL makes no connection");
		connection_free(conn);
		return st;
	}
	*ret_connection = conn;
	return TLSHOST_OK;
}

/* ------------------------------------------------------------------------
 * Using one
 */

/* Is a result nothing but "more bytes, please"? */
static int
wants_read(const connection *conn, int result)
{
	return SSL_get_error(conn->ssl, result) == SSL_ERROR_WANT_READ;
}

int32_t
handshake(tlshost_sink *sink, void *object)
{
	connection *conn = object;
	int result;
	int32_t st;

	if ((st = enter(sink)) != TLSHOST_OK)
		return st;
	result = SSL_do_handshake(conn->ssl);
	if (conn->canceled)
		return fail_connection(sink, conn, result, NULL);
	if (result == 1) {
		conn->done = 1;
		errors_end();
		return TLSHOST_OK;
	}
	if (wants_read(conn, result)) {
		errors_end();
		return TLSHOST_WANT_READ;
	}
	return fail_connection(sink, conn, result, "the handshake failed");
}

int32_t
connection_read(tlshost_sink *sink, void *object, uint8_t *dst, size_t cap,
    size_t *ret_len)
{
	connection *conn = object;
	int result;
	int32_t st;

	if ((st = enter(sink)) != TLSHOST_OK)
		return st;
	conn->reading = 1;
	result = SSL_read_ex(conn->ssl, dst, cap, ret_len);
	conn->reading = conn->at_end = 0;
	/* What came behind that does not count (RFC 8446, 6.1). */
	if (conn->canceled)
		return fail_connection(sink, conn, result, NULL);
	if (result == 1) {
		errors_end();
		return TLSHOST_OK;
	}
	switch (SSL_get_error(conn->ssl, result)) {
	case SSL_ERROR_WANT_READ:
		errors_end();
		return TLSHOST_WANT_READ;
	case SSL_ERROR_ZERO_RETURN:
		errors_end();
		*ret_len = 0;
		return TLSHOST_OK;
	default:
		return fail_connection(sink, conn, result, "reading failed");
	}
}

int32_t
connection_write(tlshost_sink *sink, void *object, const uint8_t *src,
    size_t len, size_t *ret_len)
{
	connection *conn = object;
	int result;
	int32_t st;

	if ((st = enter(sink)) != TLSHOST_OK)
		return st;
	result = SSL_write_ex(conn->ssl, src, len, ret_len);
	if (result != 1)
		return fail_connection(sink, conn, result, "writing failed");
	errors_end();
	return TLSHOST_OK;
}

int32_t
connection_shutdown(tlshost_sink *sink, void *object)
{
	connection *conn = object;
	int result;
	int32_t st;

	if ((st = enter(sink)) != TLSHOST_OK)
		return st;
	/* 0: ours is queued; 1: the peer's was there before. */
	result = SSL_shutdown(conn->ssl);
	if (result < 0)
		return fail_connection(sink, conn, result,
		    "close_notify cannot be sent");
	errors_end();
	return TLSHOST_OK;
}

size_t
connection_pending(const void *object)
{
	const connection *conn = object;
	int pending = SSL_pending(conn->ssl);

	return pending > 0 ? (size_t)pending : 0;
}

int32_t
connection_key_update(tlshost_sink *sink, void *object, uint32_t request)
{
	connection *conn = object;
	int result;
	int32_t st;

	if ((st = enter(sink)) != TLSHOST_OK)
		return st;
	if (SSL_version(conn->ssl) != TLS1_3_VERSION)
		return fail(sink, TLSHOST_UNSUPPORTED, TLSHOST_FIELD_NONE,
		    "there is no key update before TLS 1.3");
	if (!SSL_key_update(conn->ssl, request != 0 ?
	    SSL_KEY_UPDATE_REQUESTED : SSL_KEY_UPDATE_NOT_REQUESTED))
		return fail_connection(sink, conn, 0,
		    "the key cannot be updated");
	/* The message would wait for the next write otherwise. */
	result = SSL_do_handshake(conn->ssl);
	if (result != 1 && !wants_read(conn, result))
		return fail_connection(sink, conn, result,
		    "the key cannot be updated");
	errors_end();
	return TLSHOST_OK;
}

/* ------------------------------------------------------------------------
 * What was negotiated
 */

/* TLS 1.2 signs with a hash and a kind of key, TLS 1.3 names schemes. */
static uint32_t
signature_number(SSL *ssl)
{
	static const struct {
		int kind, hash;
		uint32_t number;
	} schemes[] = {
		{ EVP_PKEY_RSA, NID_sha1, 0x0201 },
		{ EVP_PKEY_RSA, NID_sha256, 0x0401 },
		{ EVP_PKEY_RSA, NID_sha384, 0x0501 },
		{ EVP_PKEY_RSA, NID_sha512, 0x0601 },
		{ EVP_PKEY_EC, NID_sha1, 0x0203 },
		{ EVP_PKEY_EC, NID_sha256, 0x0403 },
		{ EVP_PKEY_EC, NID_sha384, 0x0503 },
		{ EVP_PKEY_EC, NID_sha512, 0x0603 },
		{ EVP_PKEY_ED25519, 0, 0x0807 },
		{ EVP_PKEY_ED448, 0, 0x0808 },
	};
	int kind = 0, hash = 0;
	EVP_PKEY *key;

	if (!SSL_get_peer_signature_type_nid(ssl, &kind))
		return 0;
	(void)SSL_get_peer_signature_nid(ssl, &hash);
	if (kind == EVP_PKEY_RSA_PSS) {
		X509 *peer = SSL_get0_peer_certificate(ssl);

		key = peer != NULL ? X509_get0_pubkey(peer) : NULL;
		return (key != NULL && EVP_PKEY_get_id(key) ==
		    EVP_PKEY_RSA_PSS ? 0x0809u : 0x0804u) +
		    (hash == NID_sha384 ? 1u : hash == NID_sha512 ? 2u : 0u);
	}
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		if (schemes[i].kind == kind &&
		    (schemes[i].hash == 0 || schemes[i].hash == hash))
			return schemes[i].number;
	return 0;
}

static uint32_t
group_number(SSL *ssl)
{
	static const struct {
		int nid;
		uint32_t number;
	} groups[] = {
		{ NID_X9_62_prime256v1, 23 }, { NID_secp384r1, 24 },
		{ NID_secp521r1, 25 }, { NID_X25519, 29 }, { NID_X448, 30 },
		{ NID_ffdhe2048, 256 }, { NID_ffdhe3072, 257 },
		{ NID_ffdhe4096, 258 }, { NID_ffdhe6144, 259 },
		{ NID_ffdhe8192, 260 },
	};
	EVP_PKEY *key = NULL;
	int nid;

	nid = (int)SSL_get_negotiated_group(ssl);
	if (nid == 0 && SSL_get_peer_tmp_key(ssl, &key)) {
		char name[64] = "";

		if (EVP_PKEY_get_group_name(key, name, sizeof(name), NULL))
			nid = OBJ_txt2nid(name);
		else
			nid = EVP_PKEY_get_id(key);
		EVP_PKEY_free(key);
	}
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		if (groups[i].nid == nid)
			return groups[i].number;
	return 0;
}

void
connection_info(const void *object, struct tlshost_plugin_info *info)
{
	const connection *conn = object;
	const unsigned char *protocol = NULL;
	unsigned int len = 0;

	if (!conn->done)
		return;
	errors_begin();
	info->version = (uint32_t)SSL_version(conn->ssl);
	info->suite = SSL_CIPHER_get_protocol_id(
	    SSL_get_current_cipher(conn->ssl));
	info->group = group_number(conn->ssl);
	info->signature = signature_number(conn->ssl);
	SSL_get0_alpn_selected(conn->ssl, &protocol, &len);
	info->protocol = (struct tlshost_bytes){ protocol, len };
	errors_end();
}

/* SPDX-License-Identifier: MIT */
/* The library's errors, sorted into the host's statuses. */
#include "config.h"

#include <openssl/crypto.h>
#include <openssl/sslerr.h>
#include <stdatomic.h>

#include "plugin.h"

/* Looking is much cheaper than clearing an empty queue. */
void
errors_begin(void)
{
	if (ERR_peek_error() != 0)
		ERR_clear_error();
}

static atomic_int stopped;

/* Nobody can start the library again after this. */
static void
note_stop(void)
{
	atomic_store(&stopped, 1);
}

int
watch_stop(void)
{
	return OPENSSL_atexit(note_stop);
}

int32_t
enter(tlshost_sink *sink)
{
	struct tlshost_failure failure = {
		.size = sizeof(failure),
		.status = TLSHOST_LIBRARY_GONE,
		.alert_sent = -1,
		.alert_received = -1,
		.text = "the program shut OpenSSL down, or exits",
	};

	if (atomic_load(&stopped))
		return host->fail(sink, &failure);
	errors_begin();
	return TLSHOST_OK;
}

void
errors_end(void)
{
	errors_begin();
}

int
errors_no_memory(void)
{
	return ERR_GET_REASON(ERR_peek_error()) == ERR_R_MALLOC_FAILURE ||
	    ERR_GET_REASON(ERR_peek_last_error()) == ERR_R_MALLOC_FAILURE;
}

static int32_t
report(tlshost_sink *sink, struct tlshost_failure *failure)
{
	unsigned long code = ERR_peek_error();
	char text[256];

	failure->size = sizeof(*failure);
	if (errors_no_memory())
		failure->status = TLSHOST_NO_MEMORY;
	if (code != 0) {
		ERR_error_string_n(code, text, sizeof(text));
		failure->native_code = (int64_t)code;
		failure->native_text = text;
	}
	errors_end();
	return host->fail(sink, failure);
}

int32_t
fail(tlshost_sink *sink, int32_t status, uint32_t field, const char *text)
{
	struct tlshost_failure failure = {
		.status = status,
		.alert_sent = -1,
		.alert_received = -1,
		.text = text,
		.field = field,
	};

	return report(sink, &failure);
}

int32_t
fail_memory(tlshost_sink *sink)
{
	ERR_clear_error();
	return fail(sink, TLSHOST_NO_MEMORY, TLSHOST_FIELD_NONE, NULL);
}

#define ALERT_INTERNAL_ERROR 80

/* Other parts of the library complain of what the peer sent, too; the alert
 * says whose fault it was. */
static int
is_peers_fault(const connection *conn)
{
	return conn->done || (conn->alert_sent >= 0 &&
	    conn->alert_sent != ALERT_INTERNAL_ERROR);
}

static int32_t
sort_reason(const connection *conn, unsigned long code)
{
	int reason = ERR_GET_REASON(code);

	if (ERR_GET_LIB(code) != ERR_LIB_SSL)
		return is_peers_fault(conn) ? TLSHOST_PROTOCOL :
		    TLSHOST_LIBRARY;
	if (reason >= SSL_AD_REASON_OFFSET &&
	    reason < SSL_AD_REASON_OFFSET + 256)
		return TLSHOST_ALERT_RECEIVED;
	switch (reason) {
	case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
	case SSL_R_CERTIFICATE_VERIFY_FAILED:
		return TLSHOST_BAD_CERTIFICATE;
	case SSL_R_NO_SHARED_CIPHER:
	case SSL_R_NO_PROTOCOLS_AVAILABLE:
	case SSL_R_UNSUPPORTED_PROTOCOL:
	case SSL_R_NO_CIPHERS_AVAILABLE:
	case SSL_R_NO_SUITABLE_KEY_SHARE:
	case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
	case SSL_R_NO_SHARED_GROUPS:
	case SSL_R_NO_SUITABLE_GROUPS:
	case SSL_R_WRONG_SSL_VERSION:
	case SSL_R_UNSUPPORTED_SSL_VERSION:
	case SSL_R_VERSION_TOO_LOW:
	case SSL_R_VERSION_TOO_HIGH:
	case SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS:
		return TLSHOST_NO_OVERLAP;
	case SSL_R_HTTP_REQUEST:
	case SSL_R_HTTPS_PROXY_REQUEST:
		return TLSHOST_NOT_TLS;
	case ERR_R_MALLOC_FAILURE:
		return TLSHOST_NO_MEMORY;
	case ERR_R_INTERNAL_ERROR:
		return TLSHOST_LIBRARY;
	default:
		return TLSHOST_PROTOCOL;
	}
}

/* A message that lacks what it must have shares nothing, either; that is no
 * question of what both ends can do. */
static int
is_overlap_alert(int32_t alert)
{
	return alert < 0 || alert == SSL_AD_HANDSHAKE_FAILURE ||
	    alert == SSL_AD_PROTOCOL_VERSION ||
	    alert == SSL_AD_INSUFFICIENT_SECURITY;
}

static int
is_ragged(const connection *conn, unsigned long code)
{
	return (ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING ||
	    code == 0) && host->ended(conn->link);
}

int32_t
fail_connection(tlshost_sink *sink, connection *conn, int result,
    const char *text)
{
	unsigned long code = ERR_peek_error();
	struct tlshost_failure failure = {
		.status = sort_reason(conn, code),
		.alert_sent = conn->alert_sent,
		.alert_received = -1,
		.text = text,
	};

	(void)result;
	if (conn->refused == 0 && !conn->canceled && is_ragged(conn, code)) {
		errors_end();
		return TLSHOST_RAGGED_EOF;
	}
	if (code == 0)
		failure.status = TLSHOST_PROTOCOL;
	if (code == 0 && !conn->done &&
	    (SSL_get_shutdown(conn->ssl) & SSL_RECEIVED_SHUTDOWN) != 0)
		failure.text = "the peer closed during the handshake";
	if (failure.status == TLSHOST_NO_OVERLAP &&
	    !is_overlap_alert(conn->alert_sent))
		failure.status = TLSHOST_PROTOCOL;
	if (conn->refused != 0)
		failure.status = conn->refused;
	if (conn->refused == TLSHOST_NO_OVERLAP)
		failure.text = "no suite of the client's can be used with it";
	if (failure.status == TLSHOST_ALERT_RECEIVED)
		failure.alert_received = ERR_GET_REASON(code) -
		    SSL_AD_REASON_OFFSET;
	if (conn->canceled) {
		failure.status = TLSHOST_ALERT_RECEIVED;
		failure.alert_received = SSL_AD_USER_CANCELLED;
		failure.text = "the peer canceled";
	}
	if (failure.status == TLSHOST_BAD_CERTIFICATE && conn->refused == 0) {
		failure.reasons = TLSHOST_REASON_NO_CERTIFICATE;
		failure.text = "the client sent no certificate";
	}
	return report(sink, &failure);
}

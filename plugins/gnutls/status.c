/* SPDX-License-Identifier: MIT */
/* The library's codes, sorted into the host's statuses. */
#include "config.h"

#include "plugin.h"

static int32_t
report(tlshost_sink *sink, struct tlshost_failure *failure)
{
	failure->size = sizeof(*failure);
	return host->fail(sink, failure);
}

int32_t
fail_field(tlshost_sink *sink, int32_t status, uint32_t field, int code,
    const char *text)
{
	struct tlshost_failure failure = {
		.status = code == GNUTLS_E_MEMORY_ERROR ? TLSHOST_NO_MEMORY :
		    status,
		.alert_sent = -1,
		.alert_received = -1,
		.native_code = code,
		.native_text = code != 0 ? gnutls_strerror(code) : NULL,
		.text = text,
		.field = field,
	};

	return report(sink, &failure);
}

int32_t
fail(tlshost_sink *sink, int32_t status, int code, const char *text)
{
	return fail_field(sink, status, TLSHOST_FIELD_NONE, code, text);
}

int32_t
fail_memory(tlshost_sink *sink)
{
	return fail(sink, TLSHOST_NO_MEMORY, 0, NULL);
}

/* Did the network end before the peer did?  The library has three codes for
 * it, depending on where the cut was. */
static int
is_ragged(const connection *conn, int code)
{
	return (code == GNUTLS_E_PREMATURE_TERMINATION ||
	    code == GNUTLS_E_UNEXPECTED_PACKET_LENGTH ||
	    code == GNUTLS_E_AGAIN || code == GNUTLS_E_PULL_ERROR) &&
	    host->ended(conn->link);
}

static int32_t
sort_code(const connection *conn, int code)
{
	switch (code) {
	case GNUTLS_E_MEMORY_ERROR:
		return TLSHOST_NO_MEMORY;
	case GNUTLS_E_FATAL_ALERT_RECEIVED:
		return TLSHOST_ALERT_RECEIVED;
	case GNUTLS_E_UNSUPPORTED_VERSION_PACKET:
		/* Afterwards it is said of records. */
		return conn->done || conn->version_chosen ? TLSHOST_PROTOCOL :
		    TLSHOST_NO_OVERLAP;
	case GNUTLS_E_INSUFFICIENT_CREDENTIALS:
		/* A client has the right ones for all that it offers. */
		return conn->context->role == TLSHOST_ROLE_SERVER ?
		    TLSHOST_NO_OVERLAP : TLSHOST_PROTOCOL;
	case GNUTLS_E_UNSUPPORTED_SIGNATURE_ALGORITHM:
		/* A client says so of what the server did. */
		return conn->context->role == TLSHOST_ROLE_SERVER &&
		    !conn->done ? TLSHOST_NO_OVERLAP : TLSHOST_PROTOCOL;
	case GNUTLS_E_NO_CIPHER_SUITES:
	case GNUTLS_E_NO_COMMON_KEY_SHARE:
	case GNUTLS_E_NO_PRIORITIES_WERE_SET:
	case GNUTLS_E_ECC_UNSUPPORTED_CURVE:
	case GNUTLS_E_UNWANTED_ALGORITHM:
		return conn->done ? TLSHOST_PROTOCOL : TLSHOST_NO_OVERLAP;
	case GNUTLS_E_CERTIFICATE_REQUIRED:
	case GNUTLS_E_NO_CERTIFICATE_FOUND:
		/* A server has to have one (RFC 8446, 4.4.2.4). */
		return conn->context->role == TLSHOST_ROLE_SERVER ?
		    TLSHOST_BAD_CERTIFICATE : TLSHOST_PROTOCOL;
	case GNUTLS_E_INTERNAL_ERROR:
	case GNUTLS_E_RANDOM_FAILED:
	case GNUTLS_E_LIB_IN_ERROR_STATE:
		return TLSHOST_LIBRARY;
	default:
		return TLSHOST_PROTOCOL;
	}
}

/* GnuTLS sends no alert by itself. */
static void
send_alert(connection *conn, int code)
{
	int level, alert;

	if (!conn->started || code == GNUTLS_E_FATAL_ALERT_RECEIVED ||
	    code == GNUTLS_E_SESSION_EOF)
		return;
	if (conn->refused != 0)
		alert = conn->refused_alert;
	else if (code == GNUTLS_E_NO_CERTIFICATE_FOUND)
		alert = GNUTLS_A_DECODE_ERROR;
	else
		alert = gnutls_error_to_alert(code, &level);
	/* A server of TLS 1.3 that got no certificate has its own alert. */
	if (conn->refused == 0 && sort_code(conn, code) ==
	    TLSHOST_BAD_CERTIFICATE)
		alert = gnutls_protocol_get_version(conn->session) ==
		    GNUTLS_TLS1_3 ? GNUTLS_A_CERTIFICATE_REQUIRED :
		    GNUTLS_A_HANDSHAKE_FAILURE;
	if (alert < 0)
		return;
	if (gnutls_alert_send(conn->session, GNUTLS_AL_FATAL,
	    (gnutls_alert_description_t)alert) >= 0)
		conn->alert_sent = alert;
}

/* A message that lacks what it must have shares nothing, either; that is no
 * question of what both ends can do. */
static int
is_overlap_alert(int32_t alert)
{
	return alert < 0 || alert == GNUTLS_A_HANDSHAKE_FAILURE ||
	    alert == GNUTLS_A_PROTOCOL_VERSION ||
	    alert == GNUTLS_A_INSUFFICIENT_SECURITY;
}

int32_t
fail_connection(tlshost_sink *sink, connection *conn, int code,
    const char *text)
{
	struct tlshost_failure failure = {
		.status = sort_code(conn, code),
		.alert_sent = -1,
		.alert_received = -1,
		.native_code = code,
		.native_text = gnutls_strerror(code),
		.text = text,
	};

	if (conn->refused == 0 && is_ragged(conn, code))
		return TLSHOST_RAGGED_EOF;
	send_alert(conn, code);
	failure.alert_sent = conn->alert_sent;
	if (code == GNUTLS_E_SESSION_EOF && !conn->done)
		failure.text = "the peer closed during the handshake";
	if (failure.status == TLSHOST_NO_OVERLAP &&
	    !is_overlap_alert(conn->alert_sent))
		failure.status = TLSHOST_PROTOCOL;
	if (conn->refused != 0)
		failure.status = conn->refused;
	if (failure.status == TLSHOST_ALERT_RECEIVED)
		failure.alert_received = (int32_t)gnutls_alert_get(
		    conn->session);
	if (failure.status == TLSHOST_BAD_CERTIFICATE && conn->refused == 0) {
		failure.reasons = TLSHOST_REASON_NO_CERTIFICATE;
		failure.text = "the client sent no certificate";
	}
	return report(sink, &failure);
}

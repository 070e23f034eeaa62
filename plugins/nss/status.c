/* SPDX-License-Identifier: MIT */
/* The library's codes, sorted into the host's statuses. */
#include "config.h"

#include <prerror.h>
#include <secerr.h>
#include <sslerr.h>

#include "plugin.h"

const char *
error_text(PRErrorCode code)
{
	const char *text = PR_ErrorToString(code, PR_LANGUAGE_I_DEFAULT);

	if (text == NULL || text[0] == '\0')
		text = PR_ErrorToName(code);
	return text != NULL ? text : "a failure without words";
}

int
is_memory_error(PRErrorCode code)
{
	return code == SEC_ERROR_NO_MEMORY || code == PR_OUT_OF_MEMORY_ERROR;
}

static int32_t
report(tlshost_sink *sink, struct tlshost_failure *failure)
{
	failure->size = sizeof(*failure);
	return host->fail(sink, failure);
}

int32_t
fail_field(tlshost_sink *sink, int32_t status, uint32_t field,
    PRErrorCode code, const char *text)
{
	struct tlshost_failure failure = {
		.status = is_memory_error(code) ? TLSHOST_NO_MEMORY : status,
		.alert_sent = -1,
		.alert_received = -1,
		.native_code = code,
		.native_text = code != 0 ? error_text(code) : NULL,
		.text = text,
		.field = field,
	};

	return report(sink, &failure);
}

int32_t
fail(tlshost_sink *sink, int32_t status, PRErrorCode code, const char *text)
{
	return fail_field(sink, status, TLSHOST_FIELD_NONE, code, text);
}

int32_t
fail_memory(tlshost_sink *sink)
{
	return fail(sink, TLSHOST_NO_MEMORY, 0, NULL);
}

PRErrorCode
code_for_alert(int32_t alert)
{
	switch (alert) {
	case 43:
		return SEC_ERROR_LIBRARY_FAILURE;
	case 44:
		return SEC_ERROR_REVOKED_CERTIFICATE;
	case 45:
		return SEC_ERROR_EXPIRED_CERTIFICATE;
	case 46:
		return SEC_ERROR_INADEQUATE_KEY_USAGE;
	case 48:
		return SEC_ERROR_UNKNOWN_ISSUER;
	default:
		return SSL_ERROR_BAD_CERTIFICATE;
	}
}

/* Did the network end before the peer did? */
static int
is_ragged(const connection *conn, PRErrorCode code)
{
	return (code == PR_END_OF_FILE_ERROR || code == PR_WOULD_BLOCK_ERROR ||
	    code == PR_CONNECT_RESET_ERROR || code == 0) &&
	    host->ended(conn->link);
}

/* Is it the peer's certificate that is wrong?  Keys of an exchange fail with
 * the same codes. */
static int
is_certificates_fault(const connection *conn)
{
	CERTCertificate *peer;

	if (conn->done || conn->judged || conn->fd == NULL ||
	    (peer = SSL_PeerCertificate(conn->fd)) == NULL)
		return 0;
	CERT_DestroyCertificate(peer);
	return 1;
}

static int32_t
sort_code(const connection *conn, PRErrorCode code)
{
	switch (code) {
	case SEC_ERROR_NO_MEMORY:
	case PR_OUT_OF_MEMORY_ERROR:
		return TLSHOST_NO_MEMORY;
	case SSL_ERROR_NO_CYPHER_OVERLAP:
	case SSL_ERROR_UNSUPPORTED_VERSION:
	case SSL_ERROR_UNSUPPORTED_SIGNATURE_ALGORITHM:
	case SSL_ERROR_NO_SUPPORTED_SIGNATURE_ALGORITHM:
	case SSL_ERROR_NO_TRUSTED_SSL_CLIENT_CA:
	case SSL_ERROR_SSL_DISABLED:
	case SSL_ERROR_WEAK_SERVER_EPHEMERAL_DH_KEY:
		return conn->done ? TLSHOST_PROTOCOL : TLSHOST_NO_OVERLAP;
	case SSL_ERROR_NO_CERTIFICATE:
	case SSL_ERROR_BAD_CERTIFICATE:
	case SSL_ERROR_UNSUPPORTED_CERTIFICATE_TYPE:
	case SSL_ERROR_CERT_KEA_MISMATCH:
	case SEC_ERROR_BAD_DER:
	case SEC_ERROR_REUSED_ISSUER_AND_SERIAL:
	case SEC_ERROR_UNSUPPORTED_KEYALG:
	case SEC_ERROR_INADEQUATE_KEY_USAGE:
		return conn->done ? TLSHOST_PROTOCOL : TLSHOST_BAD_CERTIFICATE;
	case SEC_ERROR_INVALID_KEY:
	case SEC_ERROR_UNSUPPORTED_ELLIPTIC_CURVE:
		return is_certificates_fault(conn) ? TLSHOST_BAD_CERTIFICATE :
		    TLSHOST_PROTOCOL;
	case SEC_ERROR_PKCS11_GENERAL_ERROR:
	case SEC_ERROR_PKCS11_DEVICE_ERROR:
	case SEC_ERROR_PKCS11_FUNCTION_FAILED:
		return TLSHOST_LIBRARY;
	default:
		return TLSHOST_PROTOCOL;
	}
}

/* Of what the library refuses by itself, before anybody is asked. */
static uint32_t
reasons_of(PRErrorCode code)
{
	switch (code) {
	case SSL_ERROR_NO_CERTIFICATE:
		return TLSHOST_REASON_NO_CERTIFICATE;
	case SSL_ERROR_UNSUPPORTED_CERTIFICATE_TYPE:
	case SEC_ERROR_UNSUPPORTED_KEYALG:
	case SEC_ERROR_UNSUPPORTED_ELLIPTIC_CURVE:
		return TLSHOST_REASON_UNSUPPORTED_ALGORITHM;
	case SEC_ERROR_INADEQUATE_KEY_USAGE:
		return TLSHOST_REASON_WRONG_PURPOSE;
	case SEC_ERROR_BAD_DER:
		return TLSHOST_REASON_MALFORMED;
	default:
		return TLSHOST_REASON_OTHER;
	}
}

/* A message that lacks what it must have shares nothing, either; that is no
 * question of what both ends can do. */
static int
is_overlap_alert(int32_t alert)
{
	return alert < 0 || alert == ALERT_HANDSHAKE_FAILURE ||
	    alert == ALERT_PROTOCOL_VERSION ||
	    alert == ALERT_INSUFFICIENT_SECURITY;
}

int32_t
fail_connection(tlshost_sink *sink, connection *conn, PRErrorCode code,
    const char *text)
{
	struct tlshost_failure failure = {
		.status = sort_code(conn, code),
		.alert_sent = conn->alert_sent,
		.alert_received = conn->alert_received,
		.native_code = code,
		.native_text = error_text(code),
		.text = text,
	};

	if (conn->end_seen && !conn->done)
		failure.text = "the peer closed during the handshake";
	if (failure.status == TLSHOST_NO_OVERLAP &&
	    !is_overlap_alert(conn->alert_sent))
		failure.status = TLSHOST_PROTOCOL;
	if (conn->refused != 0)
		failure.status = conn->refused;
	else if (failure.alert_received >= 0)
		failure.status = TLSHOST_ALERT_RECEIVED;
	else if (is_ragged(conn, code))
		return TLSHOST_RAGGED_EOF;
	if (failure.status == TLSHOST_BAD_CERTIFICATE && conn->refused == 0) {
		failure.reasons = reasons_of(code);
		failure.text = code == SSL_ERROR_NO_CERTIFICATE ?
		    "the client sent no certificate" :
		    "NSS refused a certificate of the peer";
	}
	return report(sink, &failure);
}

/* SPDX-License-Identifier: MIT */
/* The library's codes, sorted into the host's statuses. */
#include "config.h"

#include <mbedtls/asn1.h>
#include <mbedtls/bignum.h>
#include <mbedtls/cipher.h>
#include <mbedtls/dhm.h>
#include <mbedtls/ecp.h>
#include <mbedtls/error.h>
#include <mbedtls/md.h>
#include <mbedtls/pem.h>

#include "plugin.h"

#define ALERT_UNEXPECTED_MESSAGE 10
#define ALERT_BAD_RECORD_MAC 20
#define ALERT_RECORD_OVERFLOW 22
#define ALERT_HANDSHAKE_FAILURE 40
#define ALERT_DECODE_ERROR 50
#define ALERT_PROTOCOL_VERSION 70
#define ALERT_INTERNAL_ERROR 80

int
upper_code(int code)
{
	return -(-code & 0xff80);
}

int
is_no_memory(int code)
{
	int lower = -(-code & 0x7f);

	switch (upper_code(code)) {
	case MBEDTLS_ERR_SSL_ALLOC_FAILED:
	case MBEDTLS_ERR_X509_ALLOC_FAILED:
	case MBEDTLS_ERR_PK_ALLOC_FAILED:
	case MBEDTLS_ERR_PEM_ALLOC_FAILED:
	case MBEDTLS_ERR_CIPHER_ALLOC_FAILED:
	case MBEDTLS_ERR_MD_ALLOC_FAILED:
	case MBEDTLS_ERR_ECP_ALLOC_FAILED:
	case MBEDTLS_ERR_DHM_ALLOC_FAILED:
		return 1;
	default:
		return lower == MBEDTLS_ERR_MPI_ALLOC_FAILED ||
		    lower == MBEDTLS_ERR_ASN1_ALLOC_FAILED;
	}
}

uint32_t
parse_reason(int code)
{
	switch (upper_code(code)) {
	case MBEDTLS_ERR_X509_UNKNOWN_SIG_ALG:
	case MBEDTLS_ERR_PK_UNKNOWN_PK_ALG:
	case MBEDTLS_ERR_PK_UNKNOWN_NAMED_CURVE:
	case MBEDTLS_ERR_PK_FEATURE_UNAVAILABLE:
		return TLSHOST_REASON_UNSUPPORTED_ALGORITHM;
	case MBEDTLS_ERR_X509_FEATURE_UNAVAILABLE:
		return TLSHOST_REASON_UNKNOWN_CRITICAL;
	default:
		/* What a critical extension without a parser gives. */
		return code == MBEDTLS_ERR_X509_INVALID_EXTENSIONS +
		    MBEDTLS_ERR_ASN1_UNEXPECTED_TAG ?
		    TLSHOST_REASON_UNKNOWN_CRITICAL : TLSHOST_REASON_MALFORMED;
	}
}

static int32_t
report(tlshost_sink *sink, struct tlshost_failure *failure, int code)
{
	char text[160] = "";

	failure->size = sizeof(*failure);
	failure->native_code = code;
	if (code != 0) {
		mbedtls_strerror(code, text, sizeof(text));
		failure->native_text = text;
	}
	if (is_no_memory(code))
		failure->status = TLSHOST_NO_MEMORY;
	return host->fail(sink, failure);
}

int32_t
fail_field(tlshost_sink *sink, int32_t status, uint32_t field, int code,
    const char *text)
{
	struct tlshost_failure failure = {
		.status = status,
		.alert_sent = -1,
		.alert_received = -1,
		.text = text,
		.field = field,
	};

	return report(sink, &failure, code);
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

static int32_t
sort_code(const connection *conn, int code)
{
	switch (code) {
	case MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE:
		return TLSHOST_ALERT_RECEIVED;
	case MBEDTLS_ERR_SSL_NO_CIPHER_CHOSEN:
	case MBEDTLS_ERR_SSL_NO_USABLE_CIPHERSUITE:
	case MBEDTLS_ERR_SSL_BAD_HS_PROTOCOL_VERSION:
		return conn->done ? TLSHOST_PROTOCOL : TLSHOST_NO_OVERLAP;
	case MBEDTLS_ERR_SSL_INTERNAL_ERROR:
	case MBEDTLS_ERR_SSL_HW_ACCEL_FAILED:
	case MBEDTLS_ERR_SSL_COUNTER_WRAPPING:
		return TLSHOST_LIBRARY;
	default:
		return is_no_memory(code) ? TLSHOST_NO_MEMORY :
		    TLSHOST_PROTOCOL;
	}
}

/* The alert of a code, also where the library sends one that is encrypted when
 * it comes by. */
static int32_t
alert_of(int32_t status, int code)
{
	switch (code) {
	case MBEDTLS_ERR_SSL_INVALID_MAC:
		return ALERT_BAD_RECORD_MAC;
	case MBEDTLS_ERR_SSL_BAD_INPUT_DATA:
		/* Of a record that its buffer has no room for. */
		return ALERT_RECORD_OVERFLOW;
	case MBEDTLS_ERR_SSL_BAD_HS_PROTOCOL_VERSION:
		return ALERT_PROTOCOL_VERSION;
	case MBEDTLS_ERR_SSL_BAD_HS_CLIENT_HELLO:
	case MBEDTLS_ERR_SSL_BAD_HS_SERVER_HELLO:
	case MBEDTLS_ERR_SSL_BAD_HS_CERTIFICATE:
		return ALERT_DECODE_ERROR;
	default:
		return status == TLSHOST_LIBRARY ||
		    status == TLSHOST_NO_MEMORY ? ALERT_INTERNAL_ERROR :
		    status == TLSHOST_NO_OVERLAP ? ALERT_HANDSHAKE_FAILURE :
		    ALERT_UNEXPECTED_MESSAGE;
	}
}

/* The library sends an alert for some of its codes, and none for others. */
static void
send_alert(connection *conn, int32_t status, int code)
{
	int32_t alert = conn->refused != 0 ? conn->refused_alert :
	    conn->alert_held > 0 ? conn->alert_held : alert_of(status, code);

	if (conn->alert_out) {
		if (conn->alert_sent < 0)
			conn->alert_sent = alert;
		return;
	}
	if (conn->ready && mbedtls_ssl_send_alert_message(&conn->ssl,
	    MBEDTLS_SSL_ALERT_LEVEL_FATAL, (unsigned char)alert) == 0)
		conn->alert_sent = alert;
}

int32_t
fail_connection(tlshost_sink *sink, connection *conn, int code,
    const char *text)
{
	struct tlshost_failure failure = {
		.status = sort_code(conn, code),
		.alert_sent = -1,
		.alert_received = -1,
		.text = text,
	};

	if (conn->refused == 0 && host->ended(conn->link) &&
	    (code == MBEDTLS_ERR_SSL_CONN_EOF ||
	    (!conn->done && code == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY)))
		return TLSHOST_RAGGED_EOF;
	if (conn->refused != 0)
		failure.status = conn->refused;
	if (failure.status == TLSHOST_ALERT_RECEIVED) {
		failure.alert_received = conn->ssl.in_msg[1];
	} else if (!conn->done && code == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY) {
		failure.text = "the peer closed during the handshake";
	} else {
		send_alert(conn, failure.status, code);
		failure.alert_sent = conn->alert_sent;
	}
	failure.reasons = conn->refused_reasons;
	return report(sink, &failure, code);
}

/* SPDX-License-Identifier: MIT */
/* The names and texts of all numbers, each from its one list. */
#include "config.h"

#include <strings.h>

#include "mem.h"
#include "tlshost.h"

#define NAME_CASE(prefix, name, text) \
	case prefix##name: \
		return text;

const char *
tlshost_version_string(void)
{
	return PACKAGE_VERSION;
}

const char *
tlshost_status_name(tlshost_status status)
{
	switch (status) {
#define X(name, number, text) NAME_CASE(TLSHOST_, name, #name)
	TLSHOST_STATUS_MAP(X)
#undef X
	}
	return "unknown";
}

const char *
tlshost_status_text(tlshost_status status)
{
	switch (status) {
#define X(name, number, text) NAME_CASE(TLSHOST_, name, text)
	TLSHOST_STATUS_MAP(X)
#undef X
	}
	return "unknown";
}

const char *
tlshost_phase_name(tlshost_phase phase)
{
	switch (phase) {
#define X(name, number, word) NAME_CASE(TLSHOST_PHASE_, name, word)
	TLSHOST_PHASE_MAP(X)
#undef X
	}
	return "unknown";
}

const char *
tlshost_field_name(tlshost_field field)
{
	switch (field) {
#define X(name, number, word) NAME_CASE(TLSHOST_FIELD_, name, word)
	TLSHOST_FIELD_MAP(X)
#undef X
	}
	return "unknown";
}

const char *
tlshost_severity_name(tlshost_severity severity)
{
	switch (severity) {
	case TLSHOST_SEVERITY_INFO:
		return "info";
	case TLSHOST_SEVERITY_WARNING:
		return "warning";
	case TLSHOST_SEVERITY_ERROR:
		return "error";
	}
	return "unknown";
}

const char *
tlshost_reason_word(tlshost_reason reason)
{
	switch (reason) {
#define X(name, number, word, text) NAME_CASE(TLSHOST_REASON_, name, word)
	TLSHOST_REASON_MAP(X)
#undef X
	}
	return "unknown";
}

const char *
tlshost_reason_text(tlshost_reason reason)
{
	switch (reason) {
#define X(name, number, word, text) NAME_CASE(TLSHOST_REASON_, name, text)
	TLSHOST_REASON_MAP(X)
#undef X
	}
	return "unknown";
}

const char *
tlshost_capability_name(tlshost_capability capability)
{
	switch (capability) {
#define X(name, number, word) NAME_CASE(TLSHOST_CAPABILITY_, name, word)
	TLSHOST_CAPABILITY_MAP(X)
#undef X
	}
	return "unknown";
}

/* ------------------------------------------------------------------------ */

struct number_name {
	unsigned int number;
	const char *name;
};

static const char *
find_name(const struct number_name *names, size_t len, unsigned int number)
{
	for (size_t i = 0; i < len; i++)
		if (names[i].number == number)
			return names[i].name;
	return "unknown";
}

/* The first name of a number is its own, the others are only understood. */
static const struct number_name versions[] = {
	{ TLSHOST_VERSION_NONE, "none" },
	{ TLSHOST_VERSION_MINIMUM_SUPPORTED, "MINIMUM_SUPPORTED" },
	{ TLSHOST_VERSION_MINIMUM_SUPPORTED, "min" },
	{ TLSHOST_VERSION_SSLV2, "SSLv2" },
	{ TLSHOST_VERSION_SSLV2, "SSL2" },
	{ TLSHOST_VERSION_SSLV3, "SSLv3" },
	{ TLSHOST_VERSION_SSLV3, "SSL3" },
	{ TLSHOST_VERSION_TLSV1, "TLSv1.0" },
	{ TLSHOST_VERSION_TLSV1, "TLSv1" },
	{ TLSHOST_VERSION_TLSV1, "TLS1.0" },
	{ TLSHOST_VERSION_TLSV1, "TLS1" },
	{ TLSHOST_VERSION_TLSV1, "1.0" },
	{ TLSHOST_VERSION_TLSV1_1, "TLSv1.1" },
	{ TLSHOST_VERSION_TLSV1_1, "TLSv1_1" },
	{ TLSHOST_VERSION_TLSV1_1, "TLS1.1" },
	{ TLSHOST_VERSION_TLSV1_1, "1.1" },
	{ TLSHOST_VERSION_TLSV1_2, "TLSv1.2" },
	{ TLSHOST_VERSION_TLSV1_2, "TLSv1_2" },
	{ TLSHOST_VERSION_TLSV1_2, "TLS1.2" },
	{ TLSHOST_VERSION_TLSV1_2, "1.2" },
	{ TLSHOST_VERSION_TLSV1_3, "TLSv1.3" },
	{ TLSHOST_VERSION_TLSV1_3, "TLSv1_3" },
	{ TLSHOST_VERSION_TLSV1_3, "TLS1.3" },
	{ TLSHOST_VERSION_TLSV1_3, "1.3" },
	{ TLSHOST_VERSION_MAXIMUM_SUPPORTED, "MAXIMUM_SUPPORTED" },
	{ TLSHOST_VERSION_MAXIMUM_SUPPORTED, "max" },
};

const char *
tlshost_version_name(tlshost_version version)
{
	return find_name(versions, TLSHOST__ARRAY_LEN(versions), version);
}

tlshost_version
tlshost_version_by_name(const char *name)
{
	if (name == NULL)
		return TLSHOST_VERSION_NONE;
	for (size_t i = 0; i < TLSHOST__ARRAY_LEN(versions); i++)
		if (strcasecmp(versions[i].name, name) == 0)
			return (tlshost_version)versions[i].number;
	return TLSHOST_VERSION_NONE;
}

/* RFC 8446, 6, and the older ones of RFC 5246, 7.2. */
static const struct number_name alerts[] = {
	{ 0, "close_notify" },
	{ 10, "unexpected_message" },
	{ 20, "bad_record_mac" },
	{ 21, "decryption_failed" },
	{ 22, "record_overflow" },
	{ 30, "decompression_failure" },
	{ 40, "handshake_failure" },
	{ 41, "no_certificate" },
	{ 42, "bad_certificate" },
	{ 43, "unsupported_certificate" },
	{ 44, "certificate_revoked" },
	{ 45, "certificate_expired" },
	{ 46, "certificate_unknown" },
	{ 47, "illegal_parameter" },
	{ 48, "unknown_ca" },
	{ 49, "access_denied" },
	{ 50, "decode_error" },
	{ 51, "decrypt_error" },
	{ 60, "export_restriction" },
	{ 70, "protocol_version" },
	{ 71, "insufficient_security" },
	{ 80, "internal_error" },
	{ 86, "inappropriate_fallback" },
	{ 90, "user_canceled" },
	{ 100, "no_renegotiation" },
	{ 109, "missing_extension" },
	{ 110, "unsupported_extension" },
	{ 111, "certificate_unobtainable" },
	{ 112, "unrecognized_name" },
	{ 113, "bad_certificate_status_response" },
	{ 114, "bad_certificate_hash_value" },
	{ 115, "unknown_psk_identity" },
	{ 116, "certificate_required" },
	{ 120, "no_application_protocol" },
};

const char *
tlshost_alert_name(int alert)
{
	if (alert < 0)
		return "unknown";
	return find_name(alerts, TLSHOST__ARRAY_LEN(alerts),
	    (unsigned int)alert);
}

/* IANA, "TLS Supported Groups". */
static const struct number_name groups[] = {
	{ 19, "secp192r1" },
	{ 21, "secp224r1" },
	{ 22, "secp256k1" },
	{ 23, "secp256r1" },
	{ 24, "secp384r1" },
	{ 25, "secp521r1" },
	{ 26, "brainpoolP256r1" },
	{ 27, "brainpoolP384r1" },
	{ 28, "brainpoolP512r1" },
	{ 29, "x25519" },
	{ 30, "x448" },
	{ 256, "ffdhe2048" },
	{ 257, "ffdhe3072" },
	{ 258, "ffdhe4096" },
	{ 259, "ffdhe6144" },
	{ 260, "ffdhe8192" },
	{ 4588, "X25519MLKEM768" },
};

const char *
tlshost_group_name(unsigned int group)
{
	return find_name(groups, TLSHOST__ARRAY_LEN(groups), group);
}

/* IANA, "TLS SignatureScheme"; TLS 1.2 pairs that have no name of their own
 * there are written as the pair. */
static const struct number_name signatures[] = {
	{ 0x0201, "rsa_pkcs1_sha1" },
	{ 0x0203, "ecdsa_sha1" },
	{ 0x0301, "rsa_pkcs1_sha224" },
	{ 0x0303, "ecdsa_sha224" },
	{ 0x0401, "rsa_pkcs1_sha256" },
	{ 0x0403, "ecdsa_secp256r1_sha256" },
	{ 0x0501, "rsa_pkcs1_sha384" },
	{ 0x0503, "ecdsa_secp384r1_sha384" },
	{ 0x0601, "rsa_pkcs1_sha512" },
	{ 0x0603, "ecdsa_secp521r1_sha512" },
	{ 0x0804, "rsa_pss_rsae_sha256" },
	{ 0x0805, "rsa_pss_rsae_sha384" },
	{ 0x0806, "rsa_pss_rsae_sha512" },
	{ 0x0807, "ed25519" },
	{ 0x0808, "ed448" },
	{ 0x0809, "rsa_pss_pss_sha256" },
	{ 0x080a, "rsa_pss_pss_sha384" },
	{ 0x080b, "rsa_pss_pss_sha512" },
};

const char *
tlshost_signature_name(unsigned int scheme)
{
	return find_name(signatures, TLSHOST__ARRAY_LEN(signatures), scheme);
}

/* SPDX-License-Identifier: MIT */
/*
 * tlshost-base.h: the numbers that programs and plugins share.
 *
 * Every value here is part of two interfaces, the one of the library and the
 * one between host and plugin.  Numbers are never changed or used again; new
 * ones are added at the end.  What crosses the plugin border is the number
 * in a fixed-width integer, never the enum.  Bits that are enumerators end at
 * number 30, for an enumerator is an int.
 *
 * Do not include this file; include <tlshost.h> or <tlshost-plugin.h>.
 */
#ifndef TLSHOST_BASE_H
#define TLSHOST_BASE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * What a call answers (PEP 543, "Errors").  WANT_READ and WANT_WRITE are
 * answers, not faults: the call did nothing yet and is to be made again.
 * BAD_CERTIFICATE, ALERT_RECEIVED, NO_OVERLAP, NOT_TLS, PROTOCOL, LIBRARY and
 * whatever else ends a connection is kept by it and answered for ever after.
 */
#define TLSHOST_STATUS_MAP(X)                                                 \
	X(OK, 0, "success")                                                   \
	X(WANT_READ, 1, "needs bytes from the network")                       \
	X(WANT_WRITE, 2, "has bytes for the network")                         \
	X(RAGGED_EOF, 3, "the peer vanished without close_notify")            \
	X(NO_MEMORY, 4, "out of memory")                                      \
	X(INVALID_ARGUMENT, 5, "invalid argument")                            \
	X(INVALID_STATE, 6, "not allowed in this state")                      \
	X(UNSUPPORTED, 7, "not supported by the backend")                     \
	X(BACKEND_FAULT, 8, "the backend broke its contract")                 \
	X(NO_BACKEND, 9, "no usable backend")                                 \
	X(BAD_CONFIG, 10, "the configuration cannot be used")                 \
	X(BAD_DATA, 11, "the data cannot be read")                            \
	X(BAD_PASSWORD, 12, "wrong password")                                 \
	X(PASSWORD_REFUSED, 13, "a password is needed and was not given")     \
	X(KEY_MISMATCH, 14, "the private key does not fit the certificate")   \
	X(BAD_CERTIFICATE, 15, "the peer's certificate was refused")          \
	X(ALERT_RECEIVED, 16, "the peer ended the connection with an alert")  \
	X(NO_OVERLAP, 17, "no TLS version or cipher suite in common")         \
	X(NOT_TLS, 18, "the peer does not speak TLS")                         \
	X(PROTOCOL, 19, "the peer broke the TLS protocol")                    \
	X(LIBRARY, 20, "the TLS library failed")                              \
	X(FORKED, 21, "the object was made before a fork")                    \
	X(LIBRARY_GONE, 22, "the program shut the TLS library down")          \
	X(IO, 23, "a system call failed")                                     \
	X(TIMEOUT, 24, "timed out")                                           \
	X(RESOLVE, 25, "the host name could not be resolved")                 \
	X(UNRECOGNIZED_NAME, 26, "no configuration for this server name")

typedef enum tlshost_status {
#define TLSHOST_X(name, number, text) TLSHOST_##name = number,
	TLSHOST_STATUS_MAP(TLSHOST_X)
#undef TLSHOST_X
} tlshost_status;

/*
 * Protocol versions: the numbers of the wire (RFC 8446, 4.2.1), and the two
 * words of PEP 543, "TLS Versions".  SSLv2 and SSLv3 exist to be refused by
 * name (RFC 6176, RFC 7568).  0 stands for "none" where a version is read.
 */
typedef enum tlshost_version {
	TLSHOST_VERSION_NONE = 0x0000,
	TLSHOST_VERSION_MINIMUM_SUPPORTED = 0x0001,
	TLSHOST_VERSION_SSLV2 = 0x0002,
	TLSHOST_VERSION_SSLV3 = 0x0300,
	TLSHOST_VERSION_TLSV1 = 0x0301,
	TLSHOST_VERSION_TLSV1_1 = 0x0302,
	TLSHOST_VERSION_TLSV1_2 = 0x0303,
	TLSHOST_VERSION_TLSV1_3 = 0x0304,
	TLSHOST_VERSION_MAXIMUM_SUPPORTED = 0xffff
} tlshost_version;

/* Which end of a connection; bits, so that a backend can be both. */
typedef enum tlshost_role {
	TLSHOST_ROLE_CLIENT = 1,
	TLSHOST_ROLE_SERVER = 2
} tlshost_role;

/* Does a server ask for the client's certificate (RFC 8446, 4.3.2)? */
typedef enum tlshost_client_auth {
	TLSHOST_CLIENT_AUTH_NONE = 0,
	TLSHOST_CLIENT_AUTH_REQUEST = 1,
	TLSHOST_CLIENT_AUTH_REQUIRE = 2
} tlshost_client_auth;

/*
 * Why a certificate was refused: a closed list, reported as a set of bits
 * (1 << number) because several may hold at once.  The word is stable and is
 * what tools print; the text is for people.
 */
#define TLSHOST_REASON_MAP(X)                                                 \
	X(EXPIRED, 0, "expired", "the certificate has expired")               \
	X(NOT_YET_VALID, 1, "not-yet-valid",                                  \
	    "the certificate is not valid yet")                               \
	X(UNKNOWN_ISSUER, 2, "unknown-issuer",                                \
	    "no path leads to a trusted certificate")                         \
	X(SELF_SIGNED, 3, "self-signed",                                      \
	    "the certificate is self-signed and not trusted")                 \
	X(NAME_MISMATCH, 4, "name-mismatch",                                  \
	    "the certificate was issued for other names")                     \
	X(REVOKED, 5, "revoked", "the certificate was revoked")               \
	X(BAD_SIGNATURE, 6, "bad-signature", "a signature does not verify")   \
	X(WRONG_PURPOSE, 7, "wrong-purpose",                                  \
	    "the certificate may not be used for this purpose")               \
	X(WEAK_KEY, 8, "weak-key", "a key is too weak or of a refused kind")  \
	X(WEAK_SIGNATURE, 9, "weak-signature",                                \
	    "a signature is of an algorithm that is not accepted")            \
	X(CONSTRAINT, 10, "constraint",                                       \
	    "a constraint of an issuing certificate is violated")             \
	X(NOT_CA, 11, "not-a-ca", "an issuer is not a CA certificate")        \
	X(MALFORMED, 12, "malformed", "a certificate is malformed")           \
	X(UNKNOWN_CRITICAL, 13, "unknown-critical-extension",                 \
	    "a critical extension is not known")                              \
	X(LIMIT, 14, "limit", "the chain is too large or too complex")        \
	X(UNSUPPORTED_ALGORITHM, 15, "unsupported-algorithm",                 \
	    "the backend lacks an algorithm of the certificate")              \
	X(NO_CERTIFICATE, 16, "no-certificate", "the peer sent no certificate") \
	X(STRICT, 17, "strict", "a rule of the strict policy is violated")    \
	X(OTHER, 18, "other", "refused by the TLS library")

typedef enum tlshost_reason {
#define TLSHOST_X(name, number, word, text) \
	TLSHOST_REASON_##name = 1 << number,
	TLSHOST_REASON_MAP(TLSHOST_X)
#undef TLSHOST_X
} tlshost_reason;

/*
 * The fields of a configuration, to say in a finding which one is meant
 * (PEP 543, TLSConfiguration: the first eight are its fields, in its order).
 */
#define TLSHOST_FIELD_MAP(X)                                                  \
	X(NONE, 0, "configuration")                                           \
	X(VALIDATE_CERTIFICATES, 1, "validate_certificates")                  \
	X(CERTIFICATE_CHAIN, 2, "certificate_chain")                          \
	X(CIPHERS, 3, "ciphers")                                              \
	X(INNER_PROTOCOLS, 4, "inner_protocols")                              \
	X(LOWEST_SUPPORTED_VERSION, 5, "lowest_supported_version")            \
	X(HIGHEST_SUPPORTED_VERSION, 6, "highest_supported_version")          \
	X(TRUST_STORE, 7, "trust_store")                                      \
	X(SNI_CALLBACK, 8, "sni_callback")                                    \
	X(PRIVATE_KEY, 9, "private_key")                                      \
	X(CLIENT_AUTH, 10, "client_auth")                                     \
	X(STRICT_CERTIFICATES, 11, "strict_certificates")                     \
	X(KEY_LOG, 12, "key_log")

typedef enum tlshost_field {
#define TLSHOST_X(name, number, word) TLSHOST_FIELD_##name = number,
	TLSHOST_FIELD_MAP(TLSHOST_X)
#undef TLSHOST_X
} tlshost_field;

/* How bad a finding is.  Making a context fails on any error among them. */
typedef enum tlshost_severity {
	TLSHOST_SEVERITY_INFO = 1,
	TLSHOST_SEVERITY_WARNING = 2,
	TLSHOST_SEVERITY_ERROR = 3
} tlshost_severity;

/* What was being done when an error happened. */
#define TLSHOST_PHASE_MAP(X)                                                  \
	X(NONE, 0, "none")                                                    \
	X(LOAD, 1, "load")                                                    \
	X(CONFIG, 2, "config")                                                \
	X(CONNECT, 3, "connect")                                              \
	X(HANDSHAKE, 4, "handshake")                                          \
	X(READ, 5, "read")                                                    \
	X(WRITE, 6, "write")                                                  \
	X(SHUTDOWN, 7, "shutdown")                                            \
	X(VERIFY, 8, "verify")

typedef enum tlshost_phase {
#define TLSHOST_X(name, number, word) TLSHOST_PHASE_##name = number,
	TLSHOST_PHASE_MAP(TLSHOST_X)
#undef TLSHOST_X
} tlshost_phase;

/*
 * What a backend can do beyond what each must (bits, 1 << number).  A backend
 * without a bit refuses what the bit stands for by a finding or by
 * TLSHOST_UNSUPPORTED, or, if it is a peer who wants it, ends the connection by
 * the status below; it never accepts and ignores it.
 *
 *	client-suites-set	a client offers exactly the suites asked for
 *	client-suites-order	... in exactly the order asked for
 *	key-update		tlshost_buffer_key_update() works on TLS 1.3
 *	key-log			a key log callback is served
 *	no-verify		verification can be switched off
 *	uri-sources		certificates and keys by URI (RFC 7512)
 *	ed25519			Ed25519 and Ed448 certificates and keys
 *	pss-keys		keys that are restricted to RSASSA-PSS
 *	scrypt-keys		PKCS #8 keys encrypted with scrypt (RFC 7914)
 *	any-keys		EC keys without their public key, with a
 *				compressed one or with explicit parameters (RFC
 *				5915, 3), and keys encrypted with other ciphers
 *				than AES and DES; without it UNSUPPORTED, or,
 *				of an EC key that is encrypted, BAD_DATA
 *	key-update-request	... and it can ask the peer for its new key
 *	protocol-nul		inner protocols may have bytes of 0 in them
 *	x448			the group X448 (RFC 7748) besides X25519, P-256,
 *				P-384, P-521 and the finite fields; without it
 *				NO_OVERLAP for a peer that has no other
 *	any-server-name		a server takes clients that ask for what can be
 *				no host name, one with an underscore or an
 *				address of IPv6; without it PROTOCOL
 *	key-update-burst	the peer may change its key as often as it likes
 *				(RFC 8446, 4.6.3); without it PROTOCOL for one
 *				that does so more than eight times in a second
 *	any-records		a message of the handshake may come in several
 *				records, and their version says nothing (RFC
 *				8446, 5.1); without it PROTOCOL
 *	cookie-retry		a client follows a HelloRetryRequest that asks
 *				for a cookie alone (RFC 8446, 4.1.4); without
 *				it PROTOCOL
 *	outlives-shutdown	all goes on when the program shuts the library
 *				down by itself, also at exit; without it
 *				LIBRARY_GONE for what was made before
 *	own-certificates	a verdict depends on the chain and the trust
 *				store alone.  Without it a certificate is
 *				refused, BAD_CERTIFICATE, or as one's own
 *				BAD_DATA, also while the library remembers
 *				another one of its issuer and number, or if the
 *				program made it distrust this one
 */
#define TLSHOST_CAPABILITY_MAP(X)                                             \
	X(CLIENT_SUITES_SET, 0, "client-suites-set")                          \
	X(CLIENT_SUITES_ORDER, 1, "client-suites-order")                      \
	X(KEY_UPDATE, 2, "key-update")                                        \
	X(KEY_LOG, 3, "key-log")                                              \
	X(NO_VERIFY, 4, "no-verify")                                          \
	X(URI_SOURCES, 5, "uri-sources")                                      \
	X(ED25519, 6, "ed25519")                                              \
	X(PSS_KEYS, 7, "pss-keys")                                            \
	X(SCRYPT_KEYS, 8, "scrypt-keys")                                      \
	X(KEY_UPDATE_REQUEST, 9, "key-update-request")                        \
	X(PROTOCOL_NUL, 10, "protocol-nul")                                   \
	X(X448, 11, "x448")                                                   \
	X(ANY_SERVER_NAME, 12, "any-server-name")                             \
	X(KEY_UPDATE_BURST, 13, "key-update-burst")                           \
	X(OUTLIVES_SHUTDOWN, 14, "outlives-shutdown")                         \
	X(OWN_CERTIFICATES, 15, "own-certificates")                           \
	X(ANY_RECORDS, 16, "any-records")                                     \
	X(COOKIE_RETRY, 17, "cookie-retry")                                   \
	X(ANY_KEYS, 18, "any-keys")

typedef enum tlshost_capability {
#define TLSHOST_X(name, number, word) TLSHOST_CAPABILITY_##name = 1 << number,
	TLSHOST_CAPABILITY_MAP(TLSHOST_X)
#undef TLSHOST_X
} tlshost_capability;

#ifdef __cplusplus
}
#endif

#endif /* TLSHOST_BASE_H */

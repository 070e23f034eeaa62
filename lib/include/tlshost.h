/* SPDX-License-Identifier: MIT */
/*
 * tlshost.h: one TLS API over many TLS libraries.
 *
 * The library realises PEP 543, "A Unified TLS API", in C.  A program asks
 * for a backend, builds a configuration, makes a context from both, and
 * connections from the context.
 *
 * Conventions of all declarations below
 *
 *  - Status.  A call that can fail returns an enum tlshost_status; results
 *    come through trailing "ret_" pointers, which are untouched unless the
 *    status is TLSHOST_OK.  ret_ pointers must not be NULL unless it is said.
 *    Any call may return TLSHOST_INVALID_ARGUMENT (NULL where it is not
 *    allowed, a number out of range) and, if it allocates, TLSHOST_NO_MEMORY.
 *    Whatever runs code of a backend may return TLSHOST_BACKEND_FAULT,
 *    TLSHOST_LIBRARY, TLSHOST_LIBRARY_GONE; only others are listed.
 *  - Errors.  "tlshost_error **ret_error" may be NULL; otherwise it is set,
 *    on failure only, to an error that the caller frees.
 *  - Life.  What has new and free has one owner; free(NULL) does nothing.
 *    What has ref and unref is shared and immutable; unref(NULL) does nothing.
 *    Text and bytes returned by a getter belong to the object and live as
 *    long as it, unless it is said otherwise.  A getter takes NULL for the
 *    object, and an index beyond the end, and answers 0, NONE or NULL.
 *  - Threads.  Backends, configurations, contexts, certificates, keys, trust
 *    stores: any threads, at the same time.  Builders, buffers, errors: one
 *    thread at a time.  Sockets: one that reads and one that writes.
 *  - Text is UTF-8.  Sizes are bytes, times milliseconds.
 *  - Bytes: "network" is the peer's side, "outgoing" travels to it.
 *  - Fork.  After fork everything works in the child but buffers and sockets
 *    made before it: they answer TLSHOST_FORKED there, and may be freed.
 */
#ifndef TLSHOST_H
#define TLSHOST_H

#include <stdio.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "tlshost-base.h"
#include "tlshost-ciphers.h"

#ifdef __cplusplus
extern "C" {
#endif

#define TLSHOST_API __attribute__((visibility("default")))

typedef struct tlshost_backend tlshost_backend;
typedef struct tlshost_backend_list tlshost_backend_list;
typedef struct tlshost_buffer tlshost_buffer;
typedef struct tlshost_certificate tlshost_certificate;
typedef struct tlshost_chain tlshost_chain;
typedef struct tlshost_cipher_info tlshost_cipher_info;
typedef struct tlshost_client_context tlshost_client_context;
typedef struct tlshost_client_hello tlshost_client_hello;
typedef struct tlshost_config tlshost_config;
typedef struct tlshost_config_builder tlshost_config_builder;
typedef struct tlshost_error tlshost_error;
typedef struct tlshost_findings tlshost_findings;
typedef struct tlshost_private_key tlshost_private_key;
typedef struct tlshost_server_context tlshost_server_context;
typedef struct tlshost_sni_choice tlshost_sni_choice;
typedef struct tlshost_socket tlshost_socket;
typedef struct tlshost_trust_store tlshost_trust_store;
typedef struct tlshost_verification tlshost_verification;

/* ------------------------------------------------------------------------
 * Names and texts of numbers.  Never NULL: an unknown number has the name
 * "unknown".  The pointers are good for ever.
 */

/* The version of the library that runs, "0.1.0". */
TLSHOST_API const char *tlshost_version_string(void);
/* "WANT_READ", and "needs bytes from the network". */
TLSHOST_API const char *tlshost_status_name(tlshost_status status);
TLSHOST_API const char *tlshost_status_text(tlshost_status status);
/* "TLSv1.3", "MAXIMUM_SUPPORTED", ... */
TLSHOST_API const char *tlshost_version_name(tlshost_version version);
/*
 * The other way, case ignored: "TLSv1.2", "TLS1.2", "1.2", "SSLv3", "min",
 * "max" and the like; TLSHOST_VERSION_NONE if it is none, or NULL.
 */
TLSHOST_API tlshost_version tlshost_version_by_name(const char *name);
TLSHOST_API const char *tlshost_phase_name(tlshost_phase phase);
TLSHOST_API const char *tlshost_field_name(tlshost_field field);
TLSHOST_API const char *tlshost_severity_name(tlshost_severity severity);
/* Of one reason: its stable word, "name-mismatch", and a sentence. */
TLSHOST_API const char *tlshost_reason_word(tlshost_reason reason);
TLSHOST_API const char *tlshost_reason_text(tlshost_reason reason);
TLSHOST_API const char *tlshost_capability_name(tlshost_capability capability);
/* "certificate_expired" for 45 (RFC 8446, 6); "unknown" if it has no name. */
TLSHOST_API const char *tlshost_alert_name(int alert);
/* "x25519" for 29; "unknown" (IANA, TLS Supported Groups). */
TLSHOST_API const char *tlshost_group_name(unsigned int group);
/* "ecdsa_secp256r1_sha256" for 0x0403; "unknown" (TLS SignatureScheme). */
TLSHOST_API const char *tlshost_signature_name(unsigned int scheme);

/* ------------------------------------------------------------------------
 * Errors (PEP 543, "Errors"): the detail behind a status.
 */

TLSHOST_API void tlshost_error_free(tlshost_error *error);
/*
 * The getters accept NULL and then answer OK, NONE, 0, -1 or NULL.
 * message: one line that names the culprit, never NULL for an error.
 */
TLSHOST_API tlshost_status tlshost_error_status(const tlshost_error *error);
TLSHOST_API const char *tlshost_error_message(const tlshost_error *error);
TLSHOST_API tlshost_phase tlshost_error_phase(const tlshost_error *error);
/* Name of the backend, NULL if none was involved. */
TLSHOST_API const char *tlshost_error_backend(const tlshost_error *error);
/* The TLS library's own number and words; 0 and NULL if it had none. */
TLSHOST_API int64_t tlshost_error_native_code(const tlshost_error *error);
TLSHOST_API const char *tlshost_error_native_text(const tlshost_error *error);
/* TLS alert number, or -1. */
TLSHOST_API int tlshost_error_alert_sent(const tlshost_error *error);
TLSHOST_API int tlshost_error_alert_received(const tlshost_error *error);
/* errno of a failed system call, or 0. */
TLSHOST_API int tlshost_error_errno(const tlshost_error *error);
/* Bits of enum tlshost_reason, 0 unless a certificate was refused. */
TLSHOST_API uint32_t tlshost_error_reasons(const tlshost_error *error);

/* ------------------------------------------------------------------------
 * Cipher suites (PEP 543, "Cipher Suites"; the enum is in tlshost-ciphers.h).
 * Wherever a suite is accepted, any 16-bit IANA id is.
 */

typedef enum tlshost_dialect {
	TLSHOST_DIALECT_IANA = 0,
	TLSHOST_DIALECT_OPENSSL = 1,
	TLSHOST_DIALECT_GNUTLS = 2,
	TLSHOST_DIALECT_NSS = 3,
	TLSHOST_DIALECT_SECURETRANSPORT = 4
} tlshost_dialect;

typedef enum tlshost_cipher_class {
	TLSHOST_CIPHER_INSECURE = 0,
	TLSHOST_CIPHER_LEGACY = 1,
	TLSHOST_CIPHER_RECOMMENDED = 2
} tlshost_cipher_class;

typedef enum tlshost_gnutls_token {
	TLSHOST_GNUTLS_KX = 0,
	TLSHOST_GNUTLS_CIPHER = 1,
	TLSHOST_GNUTLS_MAC = 2
} tlshost_gnutls_token;

/* A row of the table, good for ever; NULL: there is none.  O(log n). */
TLSHOST_API const tlshost_cipher_info *tlshost_cipher_by_id(uint16_t id);
/* In any dialect; an exact name goes before one that differs in case. */
TLSHOST_API const tlshost_cipher_info *tlshost_cipher_by_name(const char *name);
TLSHOST_API const tlshost_cipher_info *
tlshost_cipher_by_dialect(tlshost_dialect dialect, const char *name);
/* All rows, by ascending id. */
TLSHOST_API size_t tlshost_cipher_count(void);
TLSHOST_API const tlshost_cipher_info *tlshost_cipher_at(size_t index);

/* Getters of a row; NULL gives 0 or NULL. */
TLSHOST_API uint16_t tlshost_cipher_info_id(const tlshost_cipher_info *info);
/* NULL: that library has no name for it. */
TLSHOST_API const char *tlshost_cipher_info_name(const tlshost_cipher_info *info,
    tlshost_dialect dialect);
/* SChannel's ALG_IDs, an approximation by its nature; 0: not expressible. */
TLSHOST_API size_t tlshost_cipher_info_schannel(const tlshost_cipher_info *info,
    const uint32_t **ret_alg_ids);
/* The word of a GnuTLS priority string; NULL: none. */
TLSHOST_API const char *
tlshost_cipher_info_gnutls_token(const tlshost_cipher_info *info,
    tlshost_gnutls_token which);
TLSHOST_API tlshost_version
tlshost_cipher_info_lowest_version(const tlshost_cipher_info *info);
TLSHOST_API tlshost_version
tlshost_cipher_info_highest_version(const tlshost_cipher_info *info);
TLSHOST_API tlshost_cipher_class
tlshost_cipher_info_class(const tlshost_cipher_info *info);
TLSHOST_API const char *
tlshost_cipher_info_key_exchange(const tlshost_cipher_info *info);
TLSHOST_API const char *
tlshost_cipher_info_authentication(const tlshost_cipher_info *info);
TLSHOST_API const char *
tlshost_cipher_info_encryption(const tlshost_cipher_info *info);
TLSHOST_API const char *tlshost_cipher_info_mac(const tlshost_cipher_info *info);
/* Strength of the encryption in bits. */
TLSHOST_API unsigned int
tlshost_cipher_info_bits(const tlshost_cipher_info *info);
/* 1: one of the 112 that PEP 543 prints. */
TLSHOST_API int tlshost_cipher_info_in_pep543(const tlshost_cipher_info *info);
/* The suites of a configuration that names none, by preference. */
TLSHOST_API size_t tlshost_cipher_defaults(const uint16_t **ret_ids);

/* ------------------------------------------------------------------------
 * Protocols inside TLS (PEP 543, NextProtocol; RFC 7301): 1 to 255 bytes.
 */

typedef struct tlshost_protocol {
	const uint8_t *data;
	size_t len;
} tlshost_protocol;

/* The protocols that PEP 543 names. */
#define TLSHOST_PROTOCOL_LITERAL_(text) \
	{ (const uint8_t *)(text), sizeof(text) - 1 }
#define TLSHOST_PROTOCOL_H2 TLSHOST_PROTOCOL_LITERAL_("h2")
#define TLSHOST_PROTOCOL_H2C TLSHOST_PROTOCOL_LITERAL_("h2c")
#define TLSHOST_PROTOCOL_HTTP1 TLSHOST_PROTOCOL_LITERAL_("http/1.1")
#define TLSHOST_PROTOCOL_WEBRTC TLSHOST_PROTOCOL_LITERAL_("webrtc")
#define TLSHOST_PROTOCOL_C_WEBRTC TLSHOST_PROTOCOL_LITERAL_("c-webrtc")
#define TLSHOST_PROTOCOL_FTP TLSHOST_PROTOCOL_LITERAL_("ftp")
#define TLSHOST_PROTOCOL_STUN TLSHOST_PROTOCOL_LITERAL_("stun.nat-discovery")
#define TLSHOST_PROTOCOL_TURN TLSHOST_PROTOCOL_LITERAL_("stun.turn")

/* ------------------------------------------------------------------------
 * Certificates, chains, private keys, trust stores (PEP 543, "Certificates",
 * "Private Keys", "Trust Store").
 *
 * Passive sources: content, usable with any backend.  A file is read once, by
 * the constructor.  backend: that backend parses at once, and content it
 * cannot use fails here; NULL: content that is PEM or DER in form is taken,
 * and the context that uses it has the last word.
 *
 * Statuses of all constructors: OK; IO (the file: tlshost_error_errno);
 * BAD_DATA (no PEM block of the right kind and no DER, or too large);
 * UNSUPPORTED (by the backend given); NO_BACKEND is never returned.
 * Equality is by content.  PEM may have text around its blocks.
 */

/* Exactly one certificate, PEM or DER; a file with several is BAD_DATA. */
TLSHOST_API tlshost_status
tlshost_certificate_from_memory(tlshost_backend *backend, const void *data,
    size_t len, tlshost_certificate **ret_certificate, tlshost_error **ret_error);
TLSHOST_API tlshost_status
tlshost_certificate_from_file(tlshost_backend *backend, const char *path,
    tlshost_certificate **ret_certificate, tlshost_error **ret_error);
/* By URI (RFC 7512, "pkcs11:"), for backends with "uri-sources". */
TLSHOST_API tlshost_status
tlshost_certificate_from_uri(tlshost_backend *backend, const char *uri,
    tlshost_certificate **ret_certificate, tlshost_error **ret_error);
TLSHOST_API tlshost_certificate *
tlshost_certificate_ref(tlshost_certificate *certificate);
TLSHOST_API void tlshost_certificate_unref(tlshost_certificate *certificate);
/* The DER bytes; 0 and NULL for one by URI. */
TLSHOST_API size_t tlshost_certificate_der(const tlshost_certificate *certificate,
    const uint8_t **ret_data);
TLSHOST_API int tlshost_certificate_equal(const tlshost_certificate *a,
    const tlshost_certificate *b);

/* What can be told of a certificate, as text for people. */
typedef enum tlshost_certificate_part {
	TLSHOST_CERTIFICATE_SUBJECT = 0,     /* "CN=www.example.org, O=Example" */
	TLSHOST_CERTIFICATE_ISSUER = 1,
	TLSHOST_CERTIFICATE_SERIAL = 2,      /* hexadecimal */
	TLSHOST_CERTIFICATE_NAMES = 3,       /* "a.example, 192.0.2.1"; "" none */
	TLSHOST_CERTIFICATE_NOT_BEFORE = 4,  /* "2026-01-31T23:59:59Z" */
	TLSHOST_CERTIFICATE_NOT_AFTER = 5
} tlshost_certificate_part;

/*
 * Writes at most cap bytes, NUL included; a longer text is cut.  Bytes that are
 * not printable are shown as "?".  OK; BAD_DATA: not a certificate in DER, or
 * one by URI.
 */
TLSHOST_API tlshost_status
tlshost_certificate_describe(const tlshost_certificate *certificate,
    tlshost_certificate_part part, char *dst, size_t cap);

/* A chain: the leaf first, then intermediates.  PEM with one or more blocks,
 * or one DER certificate.  from_certificates takes at most 64. */
TLSHOST_API tlshost_status tlshost_chain_from_memory(tlshost_backend *backend,
    const void *data, size_t len, tlshost_chain **ret_chain,
    tlshost_error **ret_error);
TLSHOST_API tlshost_status tlshost_chain_from_file(tlshost_backend *backend,
    const char *path, tlshost_chain **ret_chain, tlshost_error **ret_error);
TLSHOST_API tlshost_status
tlshost_chain_from_certificates(tlshost_certificate *const *certificates,
    size_t len, tlshost_chain **ret_chain, tlshost_error **ret_error);
TLSHOST_API tlshost_chain *tlshost_chain_ref(tlshost_chain *chain);
TLSHOST_API void tlshost_chain_unref(tlshost_chain *chain);
TLSHOST_API size_t tlshost_chain_len(const tlshost_chain *chain);
/* Belongs to the chain; NULL beyond its end. */
TLSHOST_API const tlshost_certificate *
tlshost_chain_at(const tlshost_chain *chain, size_t index);

/*
 * Gives the password of a key.  Write at most cap bytes, 255, to dst and their
 * number to *ret_len and return 0; another value refuses, and so does a password
 * with a byte of 0 in it.  Called at most once
 * for a key, only if it is encrypted, by the constructor (if it was given a
 * backend) or by the first context that uses the key, in that thread; others
 * that need the key wait meanwhile, so the callback itself must not use it.
 */
typedef int (*tlshost_password_callback)(void *userdata, char *dst, size_t cap,
    size_t *ret_len);

/*
 * A private key: PKCS #8, PKCS #1, SEC 1, PEM or DER, encrypted or not.
 * password: up to 255 bytes, none of them 0 (else INVALID_ARGUMENT), ignored if
 * the key is not encrypted; NULL: none.  Forms of keys that not every library
 * reads are UNSUPPORTED there; see the capabilities scrypt-keys and any-keys.
 * Also BAD_PASSWORD and PASSWORD_REFUSED if a backend was given.
 * The content is wiped when the last reference goes.
 */
TLSHOST_API tlshost_status
tlshost_private_key_from_memory(tlshost_backend *backend, const void *data,
    size_t len, const void *password, size_t password_len,
    tlshost_private_key **ret_key, tlshost_error **ret_error);
TLSHOST_API tlshost_status
tlshost_private_key_from_file(tlshost_backend *backend, const char *path,
    const void *password, size_t password_len, tlshost_private_key **ret_key,
    tlshost_error **ret_error);
/*
 * The same with a callback.  destroy (may be NULL) is called with userdata when
 * the callback cannot be called any more, also if the constructor fails.
 */
TLSHOST_API tlshost_status
tlshost_private_key_from_memory_cb(tlshost_backend *backend, const void *data,
    size_t len, tlshost_password_callback callback, void *userdata,
    void (*destroy)(void *userdata), tlshost_private_key **ret_key,
    tlshost_error **ret_error);
TLSHOST_API tlshost_status
tlshost_private_key_from_file_cb(tlshost_backend *backend, const char *path,
    tlshost_password_callback callback, void *userdata,
    void (*destroy)(void *userdata), tlshost_private_key **ret_key,
    tlshost_error **ret_error);
/* callback NULL: no PIN. */
TLSHOST_API tlshost_status
tlshost_private_key_from_uri(tlshost_backend *backend, const char *uri,
    tlshost_password_callback callback, void *userdata,
    void (*destroy)(void *userdata), tlshost_private_key **ret_key,
    tlshost_error **ret_error);
TLSHOST_API tlshost_private_key *
tlshost_private_key_ref(tlshost_private_key *key);
TLSHOST_API void tlshost_private_key_unref(tlshost_private_key *key);

/*
 * Trust stores: every certificate in one is an anchor.
 *
 * system: the distribution's bundle, or what SSL_CERT_FILE and SSL_CERT_DIR
 * say (both ignored by set-uid programs), the same for every backend; the same
 * store again as long as that one file is the same.
 * from_pem_file: a file with at least one certificate.
 * from_memory: PEM, or one DER certificate.
 * from_certificates: len 0 makes an empty store, which trusts nobody.
 * Certificates that no library could take (too many names or constraints) make
 * from_pem_file and from_memory fail with BAD_DATA and are left out of system.
 */
TLSHOST_API tlshost_status tlshost_trust_store_system(tlshost_backend *backend,
    tlshost_trust_store **ret_store, tlshost_error **ret_error);
TLSHOST_API tlshost_status
tlshost_trust_store_from_pem_file(tlshost_backend *backend, const char *path,
    tlshost_trust_store **ret_store, tlshost_error **ret_error);
TLSHOST_API tlshost_status
tlshost_trust_store_from_memory(tlshost_backend *backend, const void *data,
    size_t len, tlshost_trust_store **ret_store, tlshost_error **ret_error);
TLSHOST_API tlshost_status
tlshost_trust_store_from_certificates(tlshost_certificate *const *certificates,
    size_t len, tlshost_trust_store **ret_store, tlshost_error **ret_error);
TLSHOST_API tlshost_trust_store *
tlshost_trust_store_ref(tlshost_trust_store *store);
TLSHOST_API void tlshost_trust_store_unref(tlshost_trust_store *store);
/* How many anchors, and the DER of each; 0 and NULL beyond the end. */
TLSHOST_API size_t tlshost_trust_store_len(const tlshost_trust_store *store);
TLSHOST_API size_t tlshost_trust_store_at(const tlshost_trust_store *store,
    size_t index, const uint8_t **ret_data);

/* ------------------------------------------------------------------------
 * Configuration (PEP 543, TLSConfiguration): immutable, made by a builder.
 *
 * A builder starts from NULL, the defaults, or from a configuration (the PEP's
 * update()).  Setters copy or take a reference.  The defaults: certificates
 * validated; no chain; tlshost_cipher_defaults(); no protocols; TLS 1.2 to the
 * highest there is; no trust store (a client: system); no SNI callback; no
 * client certificates asked for; certificate rules not strict.
 */

/*
 * Called by a server for a ClientHello, before anything was chosen, in the thread
 * that handshakes (PEP 543, sni_callback); not again for the second one after a
 * HelloRetryRequest.
 *
 * buffer: the connection; only tlshost_buffer_server_context() may be called
 * with it (what would move the connection on is INVALID_STATE), and nothing with
 * the socket that it belongs to.  server_name: what the client asked for, decoded to Unicode (RFC
 * 5891), NULL if it sent none.  config: the server's.  hello: what else the
 * client offers.  buffer, config, hello and the name are good until it returns.
 *
 * The answer goes to choice: tlshost_sni_choice_config(), _context() or
 * _keep(); none of them: the client gets the alert unrecognized_name.  Return
 * OK; another status fails the handshake with internal_error and that status.
 */
typedef tlshost_status (*tlshost_sni_callback)(tlshost_buffer *buffer,
    const char *server_name, tlshost_config *config,
    const tlshost_client_hello *hello, tlshost_sni_choice *choice,
    void *userdata);

/* A reference to config or context is taken; the last call counts.  All of
 * the configuration applies.  OK; INVALID_ARGUMENT (NULL). */
TLSHOST_API tlshost_status tlshost_sni_choice_config(tlshost_sni_choice *choice,
    tlshost_config *config);
/* A context of the same backend, prepared before; else INVALID_ARGUMENT. */
TLSHOST_API tlshost_status tlshost_sni_choice_context(tlshost_sni_choice *choice,
    tlshost_server_context *context);
/* Go on with the configuration that the server has. */
TLSHOST_API void tlshost_sni_choice_keep(tlshost_sni_choice *choice);

/* As in the ClientHello; ALPN by the client's preference, NULL data beyond. */
TLSHOST_API const char *
tlshost_client_hello_server_name(const tlshost_client_hello *hello);
TLSHOST_API size_t
tlshost_client_hello_protocols_len(const tlshost_client_hello *hello);
TLSHOST_API tlshost_protocol
tlshost_client_hello_protocol_at(const tlshost_client_hello *hello, size_t index);
TLSHOST_API size_t
tlshost_client_hello_ciphers_len(const tlshost_client_hello *hello);
/* 0 beyond the end. */
TLSHOST_API uint16_t
tlshost_client_hello_cipher_at(const tlshost_client_hello *hello, size_t index);
/* 1: the client offers that version. */
TLSHOST_API int
tlshost_client_hello_offers_version(const tlshost_client_hello *hello,
    tlshost_version version);

TLSHOST_API tlshost_status tlshost_config_builder_new(const tlshost_config *base,
    tlshost_config_builder **ret_builder);
TLSHOST_API void tlshost_config_builder_free(tlshost_config_builder *builder);
/* Back to the default of one field; INVALID_ARGUMENT: no such field. */
TLSHOST_API tlshost_status
tlshost_config_builder_clear(tlshost_config_builder *builder,
    tlshost_field field);
/*
 * Adds a chain and the key of its leaf.  A server may have several, for
 * different kinds of keys (two of a kind are an error finding); a client one.
 * Up to TLS 1.2 the suite decides which is shown; on TLS 1.3 a client that takes
 * several sees ECDSA before EdDSA before RSA.
 */
TLSHOST_API tlshost_status
tlshost_config_builder_add_certificate_chain(tlshost_config_builder *builder,
    tlshost_chain *chain, tlshost_private_key *key);
/* By preference, for all versions; at least one, no id twice. */
TLSHOST_API tlshost_status
tlshost_config_builder_set_ciphers(tlshost_config_builder *builder,
    const uint16_t *ids, size_t len);
/* ALPN names by preference, each 1 to 255 bytes, none twice, 65,535 bytes
 * with their length bytes in all; len 0: none. */
TLSHOST_API tlshost_status
tlshost_config_builder_set_inner_protocols(tlshost_config_builder *builder,
    const tlshost_protocol *protocols, size_t len);
TLSHOST_API tlshost_status
tlshost_config_builder_set_lowest_version(tlshost_config_builder *builder,
    tlshost_version version);
TLSHOST_API tlshost_status
tlshost_config_builder_set_highest_version(tlshost_config_builder *builder,
    tlshost_version version);
TLSHOST_API tlshost_status
tlshost_config_builder_set_trust_store(tlshost_config_builder *builder,
    tlshost_trust_store *store);
/* destroy (may be NULL) runs when no configuration has the callback any more,
 * also if this call fails. */
TLSHOST_API tlshost_status
tlshost_config_builder_set_sni_callback(tlshost_config_builder *builder,
    tlshost_sni_callback callback, void *userdata,
    void (*destroy)(void *userdata));
TLSHOST_API tlshost_status
tlshost_config_builder_set_client_auth(tlshost_config_builder *builder,
    tlshost_client_auth mode);
/* 1: the strict rules of docs/VERIFICATION on the peer's certificates too. */
TLSHOST_API tlshost_status
tlshost_config_builder_set_strict_certificates(tlshost_config_builder *builder,
    int strict);
/*
 * Makes the configuration; the builder stays usable.  BAD_CONFIG: the lowest
 * version is above the highest, or one of them is SSLv2 or SSLv3.
 */
TLSHOST_API tlshost_status
tlshost_config_builder_build(const tlshost_config_builder *builder,
    tlshost_config **ret_config, tlshost_error **ret_error);

TLSHOST_API tlshost_config *tlshost_config_ref(tlshost_config *config);
TLSHOST_API void tlshost_config_unref(tlshost_config *config);
/* By content; callbacks are equal if function and userdata are.  NULL equals
 * NULL only.  Equal configurations have equal hashes. */
TLSHOST_API int tlshost_config_equal(const tlshost_config *a,
    const tlshost_config *b);
TLSHOST_API uint64_t tlshost_config_hash(const tlshost_config *config);
/* Getters; NULL gives 0 or NULL, and so does an index that is too high. */
TLSHOST_API int
tlshost_config_validate_certificates(const tlshost_config *config);
TLSHOST_API size_t tlshost_config_chains_len(const tlshost_config *config);
TLSHOST_API tlshost_chain *tlshost_config_chain_at(const tlshost_config *config,
    size_t index);
TLSHOST_API tlshost_private_key *
tlshost_config_key_at(const tlshost_config *config, size_t index);
TLSHOST_API size_t tlshost_config_ciphers(const tlshost_config *config,
    const uint16_t **ret_ids);
TLSHOST_API size_t tlshost_config_inner_protocols(const tlshost_config *config,
    const tlshost_protocol **ret_protocols);
TLSHOST_API tlshost_version
tlshost_config_lowest_version(const tlshost_config *config);
TLSHOST_API tlshost_version
tlshost_config_highest_version(const tlshost_config *config);
/* NULL: not set. */
TLSHOST_API tlshost_trust_store *
tlshost_config_trust_store(const tlshost_config *config);
TLSHOST_API tlshost_sni_callback
tlshost_config_sni_callback(const tlshost_config *config, void **ret_userdata);
TLSHOST_API tlshost_client_auth
tlshost_config_client_auth(const tlshost_config *config);
TLSHOST_API int
tlshost_config_strict_certificates(const tlshost_config *config);

/* ------------------------------------------------------------------------
 * Backends (PEP 543, "Runtime Access"): live as long as the process.
 *
 * Plugins are looked for on first use: in TLSHOST_PLUGIN_PATH, else in the
 * built-in directory, and in the directories that the program added.  Which one
 * is the default: TLS_BACKEND, else "order" in tlshost.conf, else the
 * priorities in the manifests.  Set-uid programs ignore the environment.
 */

/* States of a plugin file; it is loaded only when it is needed. */
typedef enum tlshost_plugin_state {
	TLSHOST_PLUGIN_SKIPPED = 0,   /* not usable, see its reason */
	TLSHOST_PLUGIN_DESCRIBED = 1, /* has a good manifest, not loaded */
	TLSHOST_PLUGIN_LOADED = 2,    /* loaded, its library not yet started */
	TLSHOST_PLUGIN_READY = 3
} tlshost_plugin_state;

/*
 * Adds a directory with plugins of the program's own, searched before the
 * others.  Absolute, at most 16.  OK; INVALID_ARGUMENT; INVALID_STATE: plugins
 * were looked for already.
 */
TLSHOST_API tlshost_status tlshost_backend_add_directory(const char *path,
    tlshost_error **ret_error);

/*
 * The backend to use for a role.  The choice is made once for a role and never
 * changes after a success.  NO_BACKEND: none is usable, or not the one that
 * TLS_BACKEND or tlshost.conf names; the message says what was found, what was
 * skipped and why, and where it looked.  BAD_CONFIG: tlshost.conf is malformed.
 */
TLSHOST_API tlshost_status tlshost_backend_default(tlshost_role role,
    tlshost_backend **ret_backend, tlshost_error **ret_error);
/* That backend, or NO_BACKEND; whatever TLS_BACKEND says. */
TLSHOST_API tlshost_status tlshost_backend_by_name(const char *name,
    tlshost_backend **ret_backend, tlshost_error **ret_error);

TLSHOST_API const char *tlshost_backend_name(const tlshost_backend *backend);
/* Version of the plugin, and name and version of the library: "OpenSSL 3.0.22". */
TLSHOST_API const char *tlshost_backend_version(const tlshost_backend *backend);
TLSHOST_API const char *tlshost_backend_library(const tlshost_backend *backend);
TLSHOST_API const char *tlshost_backend_file(const tlshost_backend *backend);
/* Bits of enum tlshost_role, of enum tlshost_capability. */
TLSHOST_API unsigned int tlshost_backend_roles(const tlshost_backend *backend);
TLSHOST_API uint64_t
tlshost_backend_capabilities(const tlshost_backend *backend);
TLSHOST_API tlshost_version
tlshost_backend_lowest_version(const tlshost_backend *backend);
TLSHOST_API tlshost_version
tlshost_backend_highest_version(const tlshost_backend *backend);
/* Limits of ALPN: most names (0: no limit), longest name. */
TLSHOST_API size_t tlshost_backend_protocols_max(const tlshost_backend *backend);
TLSHOST_API size_t
tlshost_backend_protocol_max_len(const tlshost_backend *backend);
/* The suites that the library has; good for ever. */
TLSHOST_API size_t tlshost_backend_ciphers(const tlshost_backend *backend,
    const uint16_t **ret_ids);

/*
 * All candidate files, in the order of the search, as they are now.  load 0:
 * manifests only, no code of a plugin runs.  load 1: each is made ready, if it
 * can be.  OK also if there are none, and if tlshost.conf is malformed or
 * TLS_BACKEND cannot be honoured (see _problem).
 */
TLSHOST_API tlshost_status tlshost_backend_list_new(int load,
    tlshost_backend_list **ret_list, tlshost_error **ret_error);
TLSHOST_API void tlshost_backend_list_free(tlshost_backend_list *list);
TLSHOST_API size_t tlshost_backend_list_len(const tlshost_backend_list *list);
/* Getters of entry i; NULL or 0 beyond the end.  What a file without a good
 * manifest cannot tell is NULL. */
TLSHOST_API const char *tlshost_backend_list_name(const tlshost_backend_list *list,
    size_t i);
TLSHOST_API const char *
tlshost_backend_list_version(const tlshost_backend_list *list, size_t i);
/* As in the manifest, "OpenSSL"; once ready as it runs, "OpenSSL 3.0.22". */
TLSHOST_API const char *
tlshost_backend_list_library(const tlshost_backend_list *list, size_t i);
TLSHOST_API const char *
tlshost_backend_list_description(const tlshost_backend_list *list, size_t i);
/* Any key of the manifest's text, known or not. */
TLSHOST_API const char *tlshost_backend_list_value(const tlshost_backend_list *list,
    size_t i, const char *key);
TLSHOST_API const char *tlshost_backend_list_file(const tlshost_backend_list *list,
    size_t i);
TLSHOST_API int tlshost_backend_list_priority(const tlshost_backend_list *list,
    size_t i);
TLSHOST_API unsigned int
tlshost_backend_list_roles(const tlshost_backend_list *list, size_t i);
TLSHOST_API tlshost_plugin_state
tlshost_backend_list_state(const tlshost_backend_list *list, size_t i);
/* Of a skipped one: a stable word ("abi-major") and the text of it. */
TLSHOST_API const char *
tlshost_backend_list_reason(const tlshost_backend_list *list, size_t i);
TLSHOST_API const char *
tlshost_backend_list_text(const tlshost_backend_list *list, size_t i);
/* The backend, once it is ready; else NULL. */
TLSHOST_API tlshost_backend *
tlshost_backend_list_backend(const tlshost_backend_list *list, size_t i);
/* Index of the one that tlshost_backend_default() gives or would try first for
 * role, or -1. */
TLSHOST_API long tlshost_backend_list_default(const tlshost_backend_list *list,
    tlshost_role role);
/* Why TLS_BACKEND or tlshost.conf cannot be honoured; NULL: nothing is wrong. */
TLSHOST_API const char *
tlshost_backend_list_problem(const tlshost_backend_list *list);
/* What the choice rests on: "TLS_BACKEND=nss", "order in /etc/tlshost.conf",
 * "priority". */
TLSHOST_API const char *
tlshost_backend_list_chosen_by(const tlshost_backend_list *list);
/* Directories that were searched; NULL beyond the end. */
TLSHOST_API const char *
tlshost_backend_list_directory(const tlshost_backend_list *list, size_t i);

/* ------------------------------------------------------------------------
 * Findings: everything that a backend has to say about a configuration.
 */

/*
 * Checks a configuration for a role as making a context would, and returns all
 * findings.  OK also if there are errors among them; see _errors.
 */
TLSHOST_API tlshost_status tlshost_backend_check_config(tlshost_backend *backend,
    tlshost_config *config, tlshost_role role, tlshost_findings **ret_findings,
    tlshost_error **ret_error);
TLSHOST_API void tlshost_findings_free(tlshost_findings *findings);
TLSHOST_API size_t tlshost_findings_len(const tlshost_findings *findings);
/* How many are errors. */
TLSHOST_API size_t tlshost_findings_errors(const tlshost_findings *findings);
TLSHOST_API tlshost_field tlshost_findings_field(const tlshost_findings *findings,
    size_t i);
TLSHOST_API tlshost_severity
tlshost_findings_severity(const tlshost_findings *findings, size_t i);
TLSHOST_API const char *tlshost_findings_text(const tlshost_findings *findings,
    size_t i);

/* ------------------------------------------------------------------------
 * Contexts (PEP 543, ClientContext and ServerContext): a configuration,
 * compiled by a backend; everything is parsed here, once.
 *
 * Making one: OK; BAD_CONFIG (a finding is an error; the message is the first);
 * BAD_DATA, BAD_PASSWORD, PASSWORD_REFUSED, KEY_MISMATCH (chain and key);
 * UNSUPPORTED (the backend has not that role).  backend NULL: the default for
 * the role.
 */
TLSHOST_API tlshost_status tlshost_client_context_new(tlshost_backend *backend,
    tlshost_config *config, tlshost_client_context **ret_context,
    tlshost_error **ret_error);
TLSHOST_API tlshost_client_context *
tlshost_client_context_ref(tlshost_client_context *context);
TLSHOST_API void tlshost_client_context_unref(tlshost_client_context *context);
TLSHOST_API tlshost_status tlshost_server_context_new(tlshost_backend *backend,
    tlshost_config *config, tlshost_server_context **ret_context,
    tlshost_error **ret_error);
TLSHOST_API tlshost_server_context *
tlshost_server_context_ref(tlshost_server_context *context);
TLSHOST_API void tlshost_server_context_unref(tlshost_server_context *context);

TLSHOST_API tlshost_config *
tlshost_client_context_config(const tlshost_client_context *context);
TLSHOST_API tlshost_config *
tlshost_server_context_config(const tlshost_server_context *context);
TLSHOST_API tlshost_backend *
tlshost_client_context_backend(const tlshost_client_context *context);
TLSHOST_API tlshost_backend *
tlshost_server_context_backend(const tlshost_server_context *context);
/* The suites really enabled, in order. */
TLSHOST_API size_t
tlshost_client_context_ciphers(const tlshost_client_context *context,
    const uint16_t **ret_ids);
TLSHOST_API size_t
tlshost_server_context_ciphers(const tlshost_server_context *context,
    const uint16_t **ret_ids);
/* What the backend found (no errors among them). */
TLSHOST_API const tlshost_findings *
tlshost_client_context_findings(const tlshost_client_context *context);
TLSHOST_API const tlshost_findings *
tlshost_server_context_findings(const tlshost_server_context *context);

/*
 * A connection in memory (PEP 543, wrap_buffers).  server_hostname: the host
 * meant, a domain name (Unicode or A-labels) or an IP address; verified against
 * the peer's certificate, and sent as SNI unless it is an address.  NULL is
 * INVALID_ARGUMENT; tlshost-insecure.h has a way to go without.  The buffer
 * keeps a reference to the context.
 */
TLSHOST_API tlshost_status
tlshost_client_context_wrap_buffers(tlshost_client_context *context,
    const char *server_hostname, tlshost_buffer **ret_buffer,
    tlshost_error **ret_error);
TLSHOST_API tlshost_status
tlshost_server_context_wrap_buffers(tlshost_server_context *context,
    tlshost_buffer **ret_buffer, tlshost_error **ret_error);
/*
 * A connection over a connected stream socket (PEP 543, wrap_socket).  The
 * descriptor belongs to the socket from then on; on failure it stays the
 * caller's.  It is made non-blocking; see tlshost_socket_set_timeout.
 * INVALID_ARGUMENT: not a stream socket.  IO.
 */
TLSHOST_API tlshost_status
tlshost_client_context_wrap_socket(tlshost_client_context *context, int fd,
    const char *server_hostname, tlshost_socket **ret_socket,
    tlshost_error **ret_error);
TLSHOST_API tlshost_status
tlshost_server_context_wrap_socket(tlshost_server_context *context, int fd,
    tlshost_socket **ret_socket, tlshost_error **ret_error);

/* ------------------------------------------------------------------------
 * Buffers (PEP 543, TLSWrappedBuffer): a connection without I/O.
 *
 * The program carries the bytes: what came from the network goes to
 * receive_from_network, what peek_outgoing shows goes to the network and then
 * to consume_outgoing, and the end of the network to network_eof.  Bytes may be
 * outgoing after every call, also after one that failed (an alert).
 *
 * Every status but OK, WANT_READ, WANT_WRITE, INVALID_ARGUMENT, INVALID_STATE
 * and FORKED ends the connection; it is answered for ever after, with the same
 * tlshost_buffer_error().  In a callback of its own handshake all that would move
 * a connection on is INVALID_STATE; freeing it there is not allowed.
 */

TLSHOST_API void tlshost_buffer_free(tlshost_buffer *buffer);

/*
 * Goes on with the handshake, certificate and name check included.  OK: done,
 * also when called again; WANT_READ, WANT_WRITE; RAGGED_EOF; BAD_CERTIFICATE;
 * ALERT_RECEIVED; NO_OVERLAP; NOT_TLS; PROTOCOL; UNRECOGNIZED_NAME; whatever an
 * SNI callback returned.
 *
 * The peer's records until they are encrypted and its hellos are held against
 * the RFCs first, alike for every backend (RFC 8446, 4.1.2 to 4.1.4, 4.2, 5.1,
 * 6): PROTOCOL.
 *
 * A TLS 1.3 client is done before the server judged its certificate: a refusal
 * reaches the client's first read.
 */
TLSHOST_API tlshost_status tlshost_buffer_do_handshake(tlshost_buffer *buffer);

/*
 * Reads up to cap bytes, cap >= 1 (PEP 543, read and readinto).  OK with 0
 * bytes: the peer closed, for ever, by close_notify or, on TLS 1.3, by
 * user_canceled (RFC 8446, 6.1: what comes behind does not count).  WANT_READ;
 * WANT_WRITE: the outgoing queue is over its cap; RAGGED_EOF; ALERT_RECEIVED;
 * PROTOCOL; BAD_CERTIFICATE; INVALID_STATE before the handshake.
 */
TLSHOST_API tlshost_status tlshost_buffer_read(tlshost_buffer *buffer, void *dst,
    size_t cap, size_t *ret_len);
/*
 * Encrypts up to len bytes; *ret_len says how many, at least one unless len is
 * 0.  A later call may pass anything.  WANT_WRITE: as above; PROTOCOL;
 * ALERT_RECEIVED: the peer said user_canceled on TLS 1.3; INVALID_STATE before
 * the handshake and after shutdown.
 */
TLSHOST_API tlshost_status tlshost_buffer_write(tlshost_buffer *buffer,
    const void *src, size_t len, size_t *ret_len);
/*
 * Queues close_notify and does not wait for the peer's; reading goes on (RFC
 * 8446, 6.1).  OK, also again; INVALID_STATE during the handshake.
 */
TLSHOST_API tlshost_status tlshost_buffer_shutdown(tlshost_buffer *buffer);
/* TLS 1.3 (RFC 8446, 4.6.3): new sending key; request 1: the peer's too.
 * UNSUPPORTED: not by this backend or version (does not end the connection);
 * INVALID_STATE; WANT_WRITE; PROTOCOL, ALERT_RECEIVED as for a write.  A peer's
 * wish for a new key is answered with the next write at the latest. */
TLSHOST_API tlshost_status tlshost_buffer_key_update(tlshost_buffer *buffer,
    int request);

/*
 * Takes bytes from the network: as many as there is room for, *ret_len of them.
 * After WANT_READ there is always room for some.  OK; INVALID_STATE after
 * network_eof; FORKED.
 */
TLSHOST_API tlshost_status
tlshost_buffer_receive_from_network(tlshost_buffer *buffer, const void *data,
    size_t len, size_t *ret_len);
/*
 * The network ended (recv returned 0).  PEP 543 has no such call.  Afterwards a
 * connection whose peer sent no close_notify answers RAGGED_EOF, once
 * everything received was read.  OK, also again.
 */
TLSHOST_API tlshost_status tlshost_buffer_network_eof(tlshost_buffer *buffer);
/*
 * Points *ret_data at the next bytes for the network and returns how many, or
 * 0.  There may be more behind them.  Good until the next call that takes the
 * buffer without const.
 */
TLSHOST_API size_t tlshost_buffer_peek_outgoing(const tlshost_buffer *buffer,
    const uint8_t **ret_data);
/* All bytes for the network, in up to cap pieces; how many pieces. */
TLSHOST_API size_t tlshost_buffer_peek_outgoing_iov(const tlshost_buffer *buffer,
    struct iovec *iov, size_t cap);
TLSHOST_API size_t tlshost_buffer_outgoing_len(const tlshost_buffer *buffer);
/* INVALID_ARGUMENT: more than there is; nothing was consumed. */
TLSHOST_API tlshost_status tlshost_buffer_consume_outgoing(tlshost_buffer *buffer,
    size_t len);
/*
 * To receive straight into the queue: room for at least min_len bytes (1 to
 * 65,536); commit says how many were put there.  Nothing else may be called
 * between the two.  reserve: OK; WANT_READ never; INVALID_STATE: no room, read
 * first, or after network_eof.
 */
TLSHOST_API tlshost_status tlshost_buffer_reserve_incoming(tlshost_buffer *buffer,
    size_t min_len, uint8_t **ret_data, size_t *ret_len);
TLSHOST_API tlshost_status tlshost_buffer_commit_incoming(tlshost_buffer *buffer,
    size_t len);

/* Getters; 0, NONE or NULL before the handshake, or if there is none. */
TLSHOST_API uint16_t tlshost_buffer_cipher(const tlshost_buffer *buffer);
/* len 0: no protocol was negotiated. */
TLSHOST_API tlshost_protocol
tlshost_buffer_negotiated_protocol(const tlshost_buffer *buffer);
TLSHOST_API tlshost_version
tlshost_buffer_negotiated_tls_version(const tlshost_buffer *buffer);
TLSHOST_API unsigned int tlshost_buffer_group(const tlshost_buffer *buffer);
TLSHOST_API unsigned int tlshost_buffer_signature(const tlshost_buffer *buffer);
/* The context of the connection; NULL: it is the other role.  After an SNI
 * callback chose another, that one. */
TLSHOST_API tlshost_client_context *
tlshost_buffer_client_context(const tlshost_buffer *buffer);
TLSHOST_API tlshost_server_context *
tlshost_buffer_server_context(const tlshost_buffer *buffer);
TLSHOST_API tlshost_backend *tlshost_buffer_backend(const tlshost_buffer *buffer);
/* A server: the name that the client asked for, decoded; NULL: none. */
TLSHOST_API const char *tlshost_buffer_server_name(const tlshost_buffer *buffer);
/* The peer's certificates and what was found; NULL before they came, and if
 * none came. */
TLSHOST_API const tlshost_verification *
tlshost_buffer_verification(const tlshost_buffer *buffer);
/* Bytes that read can give without the network. */
TLSHOST_API size_t tlshost_buffer_pending(const tlshost_buffer *buffer);
/* Incoming bytes that were not used yet. */
TLSHOST_API size_t tlshost_buffer_incoming_len(const tlshost_buffer *buffer);
/* Takes bytes that came behind the peer's close_notify (for protocols that go
 * on without TLS).  INVALID_STATE before it, and after user_canceled, behind
 * which nothing is in the clear. */
TLSHOST_API tlshost_status tlshost_buffer_take_incoming(tlshost_buffer *buffer,
    void *dst, size_t cap, size_t *ret_len);
/* 1: we, or the peer, sent close_notify; the peer's user_canceled on TLS 1.3
 * counts as one. */
TLSHOST_API int tlshost_buffer_shutdown_sent(const tlshost_buffer *buffer);
TLSHOST_API int tlshost_buffer_shutdown_received(const tlshost_buffer *buffer);
/* Why the connection ended, or why the last call failed; NULL: no reason. */
TLSHOST_API const tlshost_error *
tlshost_buffer_error(const tlshost_buffer *buffer);

/* ------------------------------------------------------------------------
 * Verification: what was found about a chain.
 */

/*
 * Judges a chain as a connection would, without one: certificates as a server
 * sends them (role CLIENT judges a server's, role SERVER a client's).
 * peer_name: the name or address it must be good for; NULL only for role
 * SERVER.  OK: it was judged, *ret_verification says how; NO error about the
 * chain itself.  UNSUPPORTED.
 */
TLSHOST_API tlshost_status tlshost_backend_verify_chain(tlshost_backend *backend,
    tlshost_role role, tlshost_chain *chain, tlshost_trust_store *trust,
    const char *peer_name, int strict, tlshost_verification **ret_verification,
    tlshost_error **ret_error);
/* Only for what tlshost_backend_verify_chain made. */
TLSHOST_API void tlshost_verification_free(tlshost_verification *verification);
/* 1: verified; 0: refused, or validation is off (_checked 0). */
TLSHOST_API int
tlshost_verification_ok(const tlshost_verification *verification);
TLSHOST_API int
tlshost_verification_checked(const tlshost_verification *verification);
/* Bits of enum tlshost_reason. */
TLSHOST_API uint32_t
tlshost_verification_reasons(const tlshost_verification *verification);
/* Of the certificate at fault, 0 = leaf; -1: none in particular. */
TLSHOST_API int
tlshost_verification_depth(const tlshost_verification *verification);
/* One line about what was wrong; NULL: nothing. */
TLSHOST_API const char *
tlshost_verification_text(const tlshost_verification *verification);
/* The TLS library's own number and words; 0 and NULL: it had none. */
TLSHOST_API int64_t
tlshost_verification_native_code(const tlshost_verification *verification);
TLSHOST_API const char *
tlshost_verification_native_text(const tlshost_verification *verification);
/* The chain as presented, and the path that was verified (leaf first, anchor
 * last; empty unless verified), as DER; 0 beyond the end. */
TLSHOST_API size_t
tlshost_verification_chain_len(const tlshost_verification *verification);
TLSHOST_API size_t
tlshost_verification_chain_at(const tlshost_verification *verification,
    size_t index, const uint8_t **ret_data);
TLSHOST_API size_t
tlshost_verification_path_len(const tlshost_verification *verification);
TLSHOST_API size_t
tlshost_verification_path_at(const tlshost_verification *verification,
    size_t index, const uint8_t **ret_data);

/* ------------------------------------------------------------------------
 * Sockets (PEP 543, TLSWrappedSocket): a buffer and a descriptor.
 *
 * Blocking by default, without end; set_timeout changes that: > 0
 * milliseconds for each call, 0 non-blocking, -1 no limit.  A call that
 * cannot go on answers TIMEOUT, or WANT_READ or WANT_WRITE if non-blocking;
 * it can be made again, with other arguments.  Besides the statuses of the
 * buffer's call each may return IO (tlshost_error_errno), which ends the
 * connection; recv goes on giving what came before, and then says how it ended.
 * No signal is raised (MSG_NOSIGNAL).
 */

/*
 * Connects to host and port ("443", "https"), trying its addresses in turn, each
 * for its part of the time that is left, and wraps the socket; no handshake yet.
 * host is also the server_hostname; timeout as above, for the connecting and for
 * the socket; looking up a name takes as long as the system's resolver does.
 * RESOLVE; IO; TIMEOUT.  Never non-blocking: timeout 0 is INVALID_ARGUMENT, and
 * so is a port that is a number, but not from 1 to 65535.
 */
TLSHOST_API tlshost_status
tlshost_socket_connect(tlshost_client_context *context, const char *host,
    const char *port, int timeout, tlshost_socket **ret_socket,
    tlshost_error **ret_error);
/* Accepts from a listening socket; no handshake yet.  timeout 0: WANT_READ if
 * there is nobody. */
TLSHOST_API tlshost_status
tlshost_socket_accept(tlshost_server_context *context, int listen_fd,
    int timeout, tlshost_socket **ret_socket, tlshost_error **ret_error);
/* Closes the descriptor; sends nothing. */
TLSHOST_API void tlshost_socket_free(tlshost_socket *socket);
TLSHOST_API tlshost_status tlshost_socket_set_timeout(tlshost_socket *socket,
    int timeout);
TLSHOST_API tlshost_status tlshost_socket_do_handshake(tlshost_socket *socket);
/* As tlshost_buffer_read; returns as soon as there is anything. */
TLSHOST_API tlshost_status tlshost_socket_recv(tlshost_socket *socket, void *dst,
    size_t cap, size_t *ret_len);
/*
 * Sends all of it, if blocking; *ret_len says how much was taken, also with
 * TIMEOUT, WANT_READ and WANT_WRITE (the one exception to the rule of ret_).
 */
TLSHOST_API tlshost_status tlshost_socket_send(tlshost_socket *socket,
    const void *src, size_t len, size_t *ret_len);
/* The same with several pieces, up to 1024: joined into full records and one
 * send. */
TLSHOST_API tlshost_status tlshost_socket_readv(tlshost_socket *socket,
    const struct iovec *iov, size_t count, size_t *ret_len);
TLSHOST_API tlshost_status tlshost_socket_writev(tlshost_socket *socket,
    const struct iovec *iov, size_t count, size_t *ret_len);
/* Sends what is still queued, and what a cork holds back; non-blocking sockets
 * need it after WANT_WRITE. */
TLSHOST_API tlshost_status tlshost_socket_flush(tlshost_socket *socket);
/*
 * From now on send and writev gather: they join what they are given into full
 * records of 16,384 bytes, which leave in few large sends.  What fills no record
 * stays until uncork, flush or shutdown, or until a call of this socket has to
 * wait for the peer.  Gathered bytes count as taken; if they cannot be sent, a
 * later call says why.  The thread that writes calls this.  16 KiB of memory,
 * from the first time on until the socket is freed.  OK, also again; NO_MEMORY;
 * INVALID_STATE after unwrap.
 */
TLSHOST_API tlshost_status tlshost_socket_cork(tlshost_socket *socket);
/* Ends that, and flushes.  As flush; WANT_WRITE or TIMEOUT: the cork is off,
 * flush goes on.  OK without a cork, too. */
TLSHOST_API tlshost_status tlshost_socket_uncork(tlshost_socket *socket);
/* Sends close_notify, does not wait for the peer's, does not close. */
TLSHOST_API tlshost_status tlshost_socket_shutdown(tlshost_socket *socket);
/*
 * Ends TLS: sends close_notify, waits for the peer's (data before it is
 * INVALID_STATE: recv it first, nothing is lost) and gives the descriptor back,
 * blocking again if it was when it was wrapped.  Bytes that came behind the
 * peer's close_notify go to extra, *ret_extra of them (both NULL: such bytes are
 * INVALID_STATE; so is too little room).  INVALID_STATE, too: the peer said
 * user_canceled, behind which nothing is in the clear.  Afterwards the socket
 * can only be freed.
 */
TLSHOST_API tlshost_status tlshost_socket_unwrap(tlshost_socket *socket,
    int *ret_fd, void *extra, size_t extra_cap, size_t *ret_extra);
/* -1 after unwrap. */
TLSHOST_API int tlshost_socket_fileno(const tlshost_socket *socket);
/* What to poll for now: POLLIN, POLLOUT or both.  POLLOUT also after a call that
 * answered OK, while bytes of it wait to be sent: call flush when it is ready. */
TLSHOST_API short tlshost_socket_poll_events(const tlshost_socket *socket);
/* Bytes that recv can give without the network, or that wait for the rest of
 * their record: as long as there are any, call recv before you poll. */
TLSHOST_API size_t tlshost_socket_pending(const tlshost_socket *socket);
/* The connection itself, for the getters; belongs to the socket. */
TLSHOST_API const tlshost_buffer *
tlshost_socket_buffer(const tlshost_socket *socket);
/* Of the last call that failed, of any thread's; NULL: none did.  What ended the
 * connection lives as long as the socket; TIMEOUT, INVALID_STATE and the like
 * until the next call fails. */
TLSHOST_API const tlshost_error *
tlshost_socket_error(const tlshost_socket *socket);
/*
 * A stdio stream, open for both ways; fclose sends close_notify and frees the
 * socket, which must not be used besides.  A ragged end is an error of the
 * stream (EPROTO), not its end.  The handshake must be done.
 */
TLSHOST_API tlshost_status tlshost_socket_stream(tlshost_socket *socket,
    FILE **ret_stream);

#ifdef __cplusplus
}
#endif

#endif /* TLSHOST_H */

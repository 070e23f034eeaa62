/* SPDX-License-Identifier: MIT */
/* Contexts: a configuration, compiled once. */
#include "config.h"

#include <mbedtls/dhm.h>
#include <mbedtls/ecp.h>
#include <mbedtls/md.h>
#include <mbedtls/oid.h>
#include <stdlib.h>
#include <string.h>

#include "plugin.h"

/* More anchors than these are not named in a request: the list of a whole
 * bundle would be larger than most certificates, and no client needs it. */
#define NAMES_MAX 64

/* What is not left to a default of the library: some distribution's may be
 * another one. */
static const mbedtls_ecp_group_id groups[] = {
	MBEDTLS_ECP_DP_CURVE25519, MBEDTLS_ECP_DP_SECP256R1,
	MBEDTLS_ECP_DP_SECP521R1, MBEDTLS_ECP_DP_SECP384R1,
	MBEDTLS_ECP_DP_NONE,
};
static const int hashes[] = {
	MBEDTLS_MD_SHA256, MBEDTLS_MD_SHA384, MBEDTLS_MD_SHA512,
	MBEDTLS_MD_NONE,
};
static const unsigned char prime[] = MBEDTLS_DHM_RFC7919_FFDHE2048_P_BIN;
static const unsigned char generator[] = MBEDTLS_DHM_RFC7919_FFDHE2048_G_BIN;

/* ------------------------------------------------------------------------
 * Suites
 */

/* Those with a certificate, and with ephemeral or plain RSA keys: this backend
 * has no shared keys, and nobody has certificates for static Diffie-Hellman. */
static int
authenticated(const mbedtls_ssl_ciphersuite_t *suite)
{
	if (suite == NULL || suite->cipher == MBEDTLS_CIPHER_NULL)
		return 0;
	switch (suite->key_exchange) {
	case MBEDTLS_KEY_EXCHANGE_RSA:
	case MBEDTLS_KEY_EXCHANGE_DHE_RSA:
	case MBEDTLS_KEY_EXCHANGE_ECDHE_RSA:
	case MBEDTLS_KEY_EXCHANGE_ECDHE_ECDSA:
		return 1;
	default:
		return 0;
	}
}

size_t
list_suites(uint16_t *ids, size_t cap)
{
	size_t len = 0;

	for (const int *at = mbedtls_ssl_list_ciphersuites(); *at != 0; at++) {
		if (!authenticated(mbedtls_ssl_ciphersuite_from_id(*at)))
			continue;
		if (len < cap)
			ids[len] = (uint16_t)*at;
		len++;
	}
	return len;
}

size_t
context_suites(const void *object, uint16_t *ids, size_t cap)
{
	const context *ctx = object;

	for (size_t i = 0; i < ctx->suites_len && i < cap; i++)
		ids[i] = (uint16_t)ctx->suites[i];
	return ctx->suites_len;
}

static int32_t
add_suites(tlshost_sink *sink, context *ctx,
    const struct tlshost_plugin_config *config)
{
	ctx->suites = calloc(config->suites_len + 1, sizeof(*ctx->suites));
	if (ctx->suites == NULL)
		return fail_memory(sink);
	for (size_t i = 0; i < config->suites_len; i++)
		if (authenticated(mbedtls_ssl_ciphersuite_from_id(
		    config->suites[i])))
			ctx->suites[ctx->suites_len++] = config->suites[i];
	if (ctx->suites_len == 0)
		return fail_field(sink, TLSHOST_BAD_CONFIG,
		    TLSHOST_FIELD_CIPHERS, 0,
		    "mbed TLS can use none of these suites");
	return TLSHOST_OK;
}

/* ------------------------------------------------------------------------
 * Certificates
 */

static int32_t
load_identity(tlshost_sink *sink, const struct tlshost_plugin_chain *chain,
    identity *one)
{
	int32_t st;
	int code;

	if ((st = key_load(sink, chain->key, &one->key)) != TLSHOST_OK)
		return st;
	for (size_t i = 0; i < chain->certificates_len; i++) {
		code = certificate_parse(&one->chain,
		    &chain->certificates[i]->der);
		if (code != 0)
			return fail_field(sink, parse_reason(code) ==
			    TLSHOST_REASON_UNSUPPORTED_ALGORITHM ?
			    TLSHOST_UNSUPPORTED : TLSHOST_BAD_DATA,
			    TLSHOST_FIELD_CERTIFICATE_CHAIN, code,
			    "mbed TLS cannot read a certificate of the chain");
	}
	if (mbedtls_pk_check_pair(&one->chain.pk, &one->key) != 0)
		return fail_field(sink, TLSHOST_KEY_MISMATCH,
		    TLSHOST_FIELD_PRIVATE_KEY, 0, "the private key does not "
		    "belong to the certificate");
	/* What a certificate may be used for is for the peer to judge, who may
	 * have been told to accept it; the library would not show it. */
	one->chain.ext_types &= ~MBEDTLS_X509_EXT_EXTENDED_KEY_USAGE;
	return TLSHOST_OK;
}

/* All are looked at, so that what is wrong with each is told. */
static int32_t
add_identities(tlshost_sink *sink, context *ctx,
    const struct tlshost_plugin_config *config)
{
	int32_t st, first = TLSHOST_OK;

	ctx->identities = calloc(config->chains_len + 1,
	    sizeof(*ctx->identities));
	if (ctx->identities == NULL)
		return fail_memory(sink);
	for (size_t i = 0; i < config->chains_len; i++) {
		identity *one = &ctx->identities[ctx->identities_len++];

		mbedtls_x509_crt_init(&one->chain);
		mbedtls_pk_init(&one->key);
		st = load_identity(sink, config->chains[i], one);
		if (first == TLSHOST_OK)
			first = st;
	}
	return first;
}

/* ------------------------------------------------------------------------
 * Protocols
 */

static int32_t
add_protocols(tlshost_sink *sink, context *ctx,
    const struct tlshost_plugin_config *config)
{
	ctx->protocols = calloc(config->protocols_len + 1,
	    sizeof(*ctx->protocols));
	if (ctx->protocols == NULL)
		return fail_memory(sink);
	for (size_t i = 0; i < config->protocols_len; i++) {
		const struct tlshost_bytes *name = &config->protocols[i];
		char *copy;

		if ((copy = malloc(name->len + 1)) == NULL)
			return fail_memory(sink);
		memcpy(copy, name->data, name->len);
		copy[name->len] = '\0';
		ctx->protocols[ctx->protocols_len++] = copy;
	}
	return TLSHOST_OK;
}

/* ------------------------------------------------------------------------
 * Making one
 */

void
context_free(void *object)
{
	context *ctx = object;

	if (ctx == NULL)
		return;
	for (size_t i = 0; i < ctx->identities_len; i++) {
		mbedtls_x509_crt_free(&ctx->identities[i].chain);
		mbedtls_pk_free(&ctx->identities[i].key);
	}
	free(ctx->identities);
	for (size_t i = 0; i < ctx->protocols_len; i++)
		free((void *)(uintptr_t)ctx->protocols[i]);
	free(ctx->protocols);
	free(ctx->suites);
	free(ctx);
}

int32_t
context_new(tlshost_sink *sink, uint32_t role,
    const struct tlshost_plugin_config *config, void **ret_context)
{
	context *ctx;
	int32_t st;

	if ((ctx = calloc(1, sizeof(*ctx))) == NULL)
		return fail_memory(sink);
	ctx->role = role;
	ctx->client_auth = config->client_auth;
	ctx->key_log = config->key_log;
	ctx->lowest = config->lowest_version;
	/* The default may be newer than what the library has. */
	ctx->highest = config->highest_version < TLSHOST_VERSION_TLSV1_2 ?
	    config->highest_version : TLSHOST_VERSION_TLSV1_2;
	ctx->trust = config->trust;
	if ((st = add_identities(sink, ctx, config)) != TLSHOST_OK ||
	    (st = add_suites(sink, ctx, config)) != TLSHOST_OK ||
	    (st = add_protocols(sink, ctx, config)) != TLSHOST_OK) {
		context_free(ctx);
		return st;
	}
	*ret_context = ctx;
	return TLSHOST_OK;
}

/* ------------------------------------------------------------------------
 * In the library's words
 */

/*
 * Whether the peer's certificates are good is the host's to say, which the hook
 * asks; the library's own answer, with no anchors or others, does not count.
 * "Optional" is how it goes on in spite of that; that a client sees a server's
 * certificates, and that one is there if it is required, is checked after the
 * message (buffer.c).
 */
static void
configure_peer(connection *conn)
{
	const context *ctx = conn->context;
	int asks = ctx->role == TLSHOST_ROLE_CLIENT || ctx->client_auth != 0;

	mbedtls_ssl_conf_authmode(&conn->config, asks ?
	    MBEDTLS_SSL_VERIFY_OPTIONAL : MBEDTLS_SSL_VERIFY_NONE);
	mbedtls_ssl_conf_verify(&conn->config, verify_peer, conn);
	mbedtls_ssl_conf_cert_profile(&conn->config, &profile);
	/* Of a server, to be named in its request. */
	if (ctx->role == TLSHOST_ROLE_SERVER && asks && ctx->trust != NULL &&
	    ctx->trust->len <= NAMES_MAX)
		mbedtls_ssl_conf_ca_chain(&conn->config, ctx->trust->chain,
		    NULL);
}

static int
configure_role(connection *conn)
{
	if (conn->context->role == TLSHOST_ROLE_SERVER)
		return mbedtls_ssl_conf_dh_param_bin(&conn->config, prime,
		    sizeof(prime), generator, sizeof(generator));
	/* Resumption would skip the verification. */
	mbedtls_ssl_conf_session_tickets(&conn->config,
	    MBEDTLS_SSL_SESSION_TICKETS_DISABLED);
	mbedtls_ssl_conf_dhm_min_bitlen(&conn->config, 2048);
	return 0;
}

int
configure(connection *conn, uint32_t highest, const char **protocols)
{
	mbedtls_ssl_config *config = &conn->config;
	const context *ctx = conn->context;
	int code;

	code = mbedtls_ssl_config_defaults(config,
	    ctx->role == TLSHOST_ROLE_CLIENT ? MBEDTLS_SSL_IS_CLIENT :
	    MBEDTLS_SSL_IS_SERVER, MBEDTLS_SSL_TRANSPORT_STREAM,
	    MBEDTLS_SSL_PRESET_DEFAULT);
	if (code != 0 || (code = configure_role(conn)) != 0)
		return code;
	mbedtls_ssl_conf_min_version(config, MBEDTLS_SSL_MAJOR_VERSION_3,
	    (int)(ctx->lowest & 0xff));
	mbedtls_ssl_conf_max_version(config, MBEDTLS_SSL_MAJOR_VERSION_3,
	    (int)(highest & 0xff));
	mbedtls_ssl_conf_ciphersuites(config, ctx->suites);
	mbedtls_ssl_conf_rng(config, random_bytes, NULL);
	mbedtls_ssl_conf_curves(config, groups);
	mbedtls_ssl_conf_sig_hashes(config, hashes);
	mbedtls_ssl_conf_renegotiation(config,
	    MBEDTLS_SSL_RENEGOTIATION_DISABLED);
	/* A server that could be renegotiated behind the client's back (RFC
	 * 5746, 4.1) is refused; old clients are not. */
	mbedtls_ssl_conf_legacy_renegotiation(config,
	    ctx->role == TLSHOST_ROLE_CLIENT ?
	    MBEDTLS_SSL_LEGACY_BREAK_HANDSHAKE :
	    MBEDTLS_SSL_LEGACY_NO_RENEGOTIATION);
	configure_peer(conn);
	for (size_t i = 0; i < ctx->identities_len; i++)
		if ((code = mbedtls_ssl_conf_own_cert(config,
		    &ctx->identities[i].chain, &ctx->identities[i].key)) != 0)
			return code;
	if (protocols != NULL && protocols[0] != NULL &&
	    (code = mbedtls_ssl_conf_alpn_protocols(config, protocols)) != 0)
		return code;
	if (ctx->key_log)
		mbedtls_ssl_conf_export_keys_ext_cb(config, export_keys, conn);
	return 0;
}

/* SPDX-License-Identifier: MIT */
/* Contexts: a configuration, compiled once. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin.h"

/* What openssl.cnf may have set, and what is set nowhere else. */
#define GROUPS "X25519:P-256:X448:P-521:P-384:ffdhe2048:ffdhe3072:ffdhe4096"
#define SIGNATURES                                                        \
	"ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:ed25519:ed448:"           \
	"rsa_pss_pss_sha256:rsa_pss_pss_sha384:rsa_pss_pss_sha512:"       \
	"rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:rsa_pss_rsae_sha512:"    \
	"RSA+SHA256:RSA+SHA384:RSA+SHA512"
/* TLS 1.0 and 1.1 sign with SHA-1, and there is no way around it. */
#define SIGNATURES_OLD SIGNATURES ":ECDSA+SHA1:RSA+SHA1"

/* Macros of OpenSSL cast const away from what they only read; clang says so. */
static char *
unconst(const char *text)
{
	return (char *)(uintptr_t)text;
}

/* ------------------------------------------------------------------------
 * Suites
 */

static const SSL_CIPHER *
find_suite(SSL *ssl, uint16_t id)
{
	const unsigned char bytes[2] = { (unsigned char)(id >> 8),
	    (unsigned char)id };

	return SSL_CIPHER_find(ssl, bytes);
}

static int
is_tls13(const SSL_CIPHER *suite)
{
	return (SSL_CIPHER_get_protocol_id(suite) & 0xff00) == 0x1300;
}

/* The library knows suites that it cannot use: nothing of the legacy provider
 * is there, and this backend has no shared keys and no SRP. */
static int
authenticated(const SSL_CIPHER *suite)
{
	int kx = SSL_CIPHER_get_kx_nid(suite);
	int auth = SSL_CIPHER_get_auth_nid(suite);

	if (is_tls13(suite))
		return 1;
	return (kx == NID_kx_rsa || kx == NID_kx_ecdhe || kx == NID_kx_dhe) &&
	    (auth == NID_auth_rsa || auth == NID_auth_ecdsa) &&
	    SSL_CIPHER_get_cipher_nid(suite) != NID_undef;
}

/* All that there are; a name that this version lacks is passed over. */
#define ALL12 "ALL:COMPLEMENTOFALL"
static const char *const all13[] = {
	"TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256",
	"TLS_AES_128_GCM_SHA256", "TLS_AES_128_CCM_SHA256",
	"TLS_AES_128_CCM_8_SHA256",
};

static int
enable_all(SSL_CTX *ctx)
{
	char list[256] = "";

	SSL_CTX_set_security_level(ctx, 0);
	SSL_CTX_set_min_proto_version(ctx, TLS1_VERSION);
	SSL_CTX_set_max_proto_version(ctx, 0);
	for (size_t i = 0; i < sizeof(all13) / sizeof(all13[0]); i++)
		snprintf(list + strlen(list), sizeof(list) - strlen(list),
		    "%s%s", i != 0 ? ":" : "", all13[i]);
	/* A suite that no signature or group is left for is hidden. */
	return SSL_CTX_set_cipher_list(ctx, ALL12) &&
	    SSL_CTX_set_ciphersuites(ctx, list) &&
	    SSL_CTX_set1_sigalgs_list(ctx, unconst(SIGNATURES_OLD)) &&
	    SSL_CTX_set1_groups_list(ctx, unconst(GROUPS));
}

static int
by_number(const void *a, const void *b)
{
	return *(const uint16_t *)a - *(const uint16_t *)b;
}

size_t
list_suites(uint16_t *ids, size_t cap)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());
	STACK_OF(SSL_CIPHER) *all = NULL;
	SSL *ssl = NULL;
	size_t len = 0;

	if (ctx != NULL && enable_all(ctx) && (ssl = SSL_new(ctx)) != NULL)
		all = SSL_get1_supported_ciphers(ssl);
	for (int i = 0; i < sk_SSL_CIPHER_num(all); i++) {
		const SSL_CIPHER *suite = sk_SSL_CIPHER_value(all, i);

		if (!authenticated(suite))
			continue;
		if (len < cap)
			ids[len] = SSL_CIPHER_get_protocol_id(suite);
		len++;
	}
	qsort(ids, len < cap ? len : cap, sizeof(*ids), by_number);
	sk_SSL_CIPHER_free(all);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	errors_end();
	return len;
}

static int
append(char **list, const char *name)
{
	size_t len = *list != NULL ? strlen(*list) : 0;
	char *grown;

	if ((grown = realloc(*list, len + strlen(name) + 2)) == NULL)
		return 0;
	if (len != 0)
		grown[len++] = ':';
	memcpy(grown + len, name, strlen(name) + 1);
	*list = grown;
	return 1;
}

int
context_narrow(SSL *ssl, const uint16_t *ids, size_t len)
{
	char *list = NULL;
	int ok = 1;

	for (size_t i = 0; i < len && ok; i++) {
		const SSL_CIPHER *suite = find_suite(ssl, ids[i]);

		ok = suite != NULL && append(&list,
		    SSL_CIPHER_get_name(suite));
	}
	ok = ok && list != NULL && SSL_set_cipher_list(ssl, list);
	free(list);
	return ok;
}

static int32_t
build_lists(tlshost_sink *sink, context *ctx,
    const struct tlshost_plugin_config *config)
{
	SSL *ssl;
	int32_t st = TLSHOST_OK;

	if ((ssl = SSL_new(ctx->ssl)) == NULL)
		return fail_memory(sink);
	ctx->list12 = calloc(1, 1);
	ctx->list13 = calloc(1, 1);
	ctx->ids = calloc(config->suites_len, sizeof(*ctx->ids));
	if (ctx->list12 == NULL || ctx->list13 == NULL || ctx->ids == NULL)
		st = fail_memory(sink);
	/* The library puts those of TLS 1.3 first, whatever it is told. */
	for (int tls13 = 1; tls13 >= 0 && st == TLSHOST_OK; tls13--)
		for (size_t i = 0; i < config->suites_len; i++) {
			const SSL_CIPHER *suite = find_suite(ssl,
			    config->suites[i]);

			if (suite == NULL || is_tls13(suite) != tls13)
				continue;
			if (!append(tls13 ? &ctx->list13 : &ctx->list12,
			    SSL_CIPHER_get_name(suite))) {
				st = fail_memory(sink);
				break;
			}
			ctx->ids[ctx->ids_len++] = config->suites[i];
		}
	SSL_free(ssl);
	return st;
}

size_t
context_suites(const void *object, uint16_t *ids, size_t cap)
{
	const context *ctx = object;

	for (size_t i = 0; i < ctx->ids_len && i < cap; i++)
		ids[i] = ctx->ids[i];
	return ctx->ids_len;
}

/* ------------------------------------------------------------------------
 * The rest
 */

/* Below TLS 1.2 the library demands level 0; the floor of keys and signatures
 * in certificates is the host's then. */
static int
level(const context *ctx)
{
	return ctx->lowest < TLSHOST_VERSION_TLSV1_2 ? 0 : 2;
}

static int
verify_mode(const context *ctx)
{
	if (ctx->role == TLSHOST_ROLE_CLIENT)
		return SSL_VERIFY_PEER;
	if (ctx->client_auth == TLSHOST_CLIENT_AUTH_REQUIRE)
		return SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
	return ctx->client_auth == TLSHOST_CLIENT_AUTH_REQUEST ?
	    SSL_VERIFY_PEER : SSL_VERIFY_NONE;
}

static uint64_t
options(void)
{
	return SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET |
	    SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
	    SSL_OP_ENABLE_MIDDLEBOX_COMPAT;
}

int
context_apply(const context *ctx, SSL *ssl)
{
	/* The callback for the key log is the context's; all others are the
	 * same in each, and what is the connection's is set below. */
	if (ctx->key_log && SSL_set_SSL_CTX(ssl, ctx->ssl) == NULL)
		return 0;
	SSL_set_security_level(ssl, level(ctx));
	SSL_clear_options(ssl, ~(uint64_t)0);
	SSL_set_options(ssl, options());
	SSL_set_verify(ssl, verify_mode(ctx), NULL);
	SSL_certs_clear(ssl);
	if (!SSL_set_min_proto_version(ssl, (int)ctx->lowest) ||
	    !SSL_set_max_proto_version(ssl, (int)ctx->highest) ||
	    (*ctx->list12 != '\0' &&
	    !SSL_set_cipher_list(ssl, ctx->list12)) ||
	    !SSL_set_ciphersuites(ssl, ctx->list13) ||
	    !SSL_set1_sigalgs_list(ssl, unconst(level(ctx) == 0 ?
	    SIGNATURES_OLD : SIGNATURES)))
		return 0;
	SSL_set0_CA_list(ssl, ctx->trust != NULL && ctx->client_auth != 0 ?
	    SSL_dup_CA_list(ctx->trust->names) : NULL);
	for (size_t i = 0; i < ctx->identities_len; i++)
		if (!SSL_use_cert_and_key(ssl, ctx->identities[i].leaf,
		    ctx->identities[i].key, ctx->identities[i].chain, 1))
			return 0;
	return 1;
}

static int
set_up(context *ctx)
{
	SSL_CTX *ssl = ctx->ssl;

	SSL_CTX_set_security_level(ssl, level(ctx));
	SSL_CTX_clear_options(ssl, ~(uint64_t)0);
	SSL_CTX_set_options(ssl, options());
	SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS |
	    SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
	    SSL_MODE_AUTO_RETRY);
	SSL_CTX_set_read_ahead(ssl, 0);
	/* Both sides' resumption skips the verification. */
	SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_num_tickets(ssl, 0);
	SSL_CTX_set_max_early_data(ssl, 0);
	SSL_CTX_set_dh_auto(ssl, 1);
	SSL_CTX_set_verify(ssl, verify_mode(ctx), NULL);
	SSL_CTX_set_cert_verify_callback(ssl, verify_peer, NULL);
	SSL_CTX_set_info_callback(ssl, note_alert);
	/* Not without need: the library prints each secret for it. */
	if (ctx->key_log)
		SSL_CTX_set_keylog_callback(ssl, key_log);
	if (ctx->role == TLSHOST_ROLE_SERVER) {
		SSL_CTX_set_client_hello_cb(ssl, client_hello, NULL);
		SSL_CTX_set_alpn_select_cb(ssl, select_protocol, NULL);
	} else if (ctx->protocols_len != 0 && SSL_CTX_set_alpn_protos(ssl,
	    ctx->protocols, (unsigned int)ctx->protocols_len) != 0) {
		return 0;
	}
	return SSL_CTX_set_session_id_context(ssl,
	    (const unsigned char *)"tlshost", 7) &&
	    SSL_CTX_set1_groups_list(ssl, unconst(GROUPS)) &&
	    SSL_CTX_set1_sigalgs_list(ssl, unconst(level(ctx) == 0 ?
	    SIGNATURES_OLD : SIGNATURES)) &&
	    SSL_CTX_set_min_proto_version(ssl, (int)ctx->lowest) &&
	    SSL_CTX_set_max_proto_version(ssl, (int)ctx->highest);
}

static int32_t
add_identities(tlshost_sink *sink, context *ctx,
    const struct tlshost_plugin_config *config)
{
	int32_t st, first = TLSHOST_OK;

	if ((ctx->identities = calloc(config->chains_len + 1,
	    sizeof(*ctx->identities))) == NULL)
		return fail_memory(sink);
	for (size_t i = 0; i < config->chains_len; i++) {
		identity *one = &ctx->identities[ctx->identities_len];

		st = identity_load(sink, config->chains[i], one);
		if (st != TLSHOST_OK) {
			if (first == TLSHOST_OK)
				first = st;
			continue;
		}
		ctx->identities_len++;
		if (!SSL_CTX_use_cert_and_key(ctx->ssl, one->leaf, one->key,
		    one->chain, 1) && first == TLSHOST_OK)
			first = fail(sink, TLSHOST_BAD_DATA,
			    TLSHOST_FIELD_CERTIFICATE_CHAIN, "OpenSSL refuses "
			    "the certificate or its key");
	}
	return first;
}

static int32_t
add_protocols(tlshost_sink *sink, context *ctx,
    const struct tlshost_plugin_config *config)
{
	size_t total = 0;
	uint8_t *at;

	for (size_t i = 0; i < config->protocols_len; i++)
		total += config->protocols[i].len + 1;
	if ((ctx->protocols = at = malloc(total + 1)) == NULL)
		return fail_memory(sink);
	for (size_t i = 0; i < config->protocols_len; i++) {
		*at++ = (uint8_t)config->protocols[i].len;
		memcpy(at, config->protocols[i].data, config->protocols[i].len);
		at += config->protocols[i].len;
	}
	ctx->protocols_len = total;
	return TLSHOST_OK;
}

static int32_t
compile(tlshost_sink *sink, context *ctx,
    const struct tlshost_plugin_config *config)
{
	int32_t st;

	if ((ctx->ssl = SSL_CTX_new(ctx->role == TLSHOST_ROLE_CLIENT ?
	    TLS_client_method() : TLS_server_method())) == NULL)
		return fail(sink, TLSHOST_LIBRARY, TLSHOST_FIELD_NONE,
		    "OpenSSL makes no context");
	if ((st = add_protocols(sink, ctx, config)) != TLSHOST_OK)
		return st;
	if (!set_up(ctx))
		return fail(sink, TLSHOST_LIBRARY, TLSHOST_FIELD_NONE,
		    "OpenSSL refuses a setting");
	if ((st = add_identities(sink, ctx, config)) != TLSHOST_OK ||
	    (st = build_lists(sink, ctx, config)) != TLSHOST_OK)
		return st;
	if ((*ctx->list12 != '\0' &&
	    !SSL_CTX_set_cipher_list(ctx->ssl, ctx->list12)) ||
	    !SSL_CTX_set_ciphersuites(ctx->ssl, ctx->list13) ||
	    ctx->ids_len == 0)
		return fail(sink, TLSHOST_BAD_CONFIG, TLSHOST_FIELD_CIPHERS,
		    "OpenSSL can use none of these suites");
	if (ctx->client_auth != 0 && ctx->trust != NULL)
		SSL_CTX_set0_CA_list(ctx->ssl,
		    SSL_dup_CA_list(ctx->trust->names));
	return TLSHOST_OK;
}

void
context_free(void *object)
{
	context *ctx = object;

	if (ctx == NULL)
		return;
	for (size_t i = 0; i < ctx->identities_len; i++)
		identity_done(&ctx->identities[i]);
	free(ctx->identities);
	SSL_CTX_free(ctx->ssl);
	free(ctx->ids);
	free(ctx->list12);
	free(ctx->list13);
	free(ctx->protocols);
	free(ctx);
	errors_end();
}

int32_t
context_new(tlshost_sink *sink, uint32_t role,
    const struct tlshost_plugin_config *config, void **ret_context)
{
	context *ctx;
	int32_t st;

	if ((st = enter(sink)) != TLSHOST_OK)
		return st;
	if ((ctx = calloc(1, sizeof(*ctx))) == NULL)
		return fail_memory(sink);
	ctx->role = role;
	ctx->validate = config->validate;
	ctx->client_auth = config->client_auth;
	ctx->key_log = config->key_log;
	ctx->lowest = config->lowest_version;
	ctx->highest = config->highest_version;
	ctx->trust = config->trust;
	if ((st = compile(sink, ctx, config)) != TLSHOST_OK) {
		context_free(ctx);
		return st;
	}
	errors_end();
	*ret_context = ctx;
	return TLSHOST_OK;
}

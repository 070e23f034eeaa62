/* SPDX-License-Identifier: MIT */
/* Contexts: a configuration, compiled once. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin.h"

void
context_free(void *object)
{
	context *ctx = object;

	if (ctx == NULL)
		return;
	if (ctx->credentials != NULL)
		gnutls_certificate_free_credentials(ctx->credentials);
	if (ctx->priority != NULL)
		gnutls_priority_deinit(ctx->priority);
	for (size_t i = 0; i < ctx->offers_len; i++)
		gnutls_priority_deinit(ctx->offers[i].priority);
	free(ctx->offers);
	free(ctx->own);
	free(ctx->ids);
	free(ctx->protocols);
	free(ctx->protocol_bytes);
	free(ctx);
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
 * Suites
 */

/* A string that ought to be right is refused only if an administrator's
 * [overrides] took something away. */
static int32_t
fail_policy(tlshost_sink *sink, uint32_t field, int code)
{
	return fail_field(sink, TLSHOST_BAD_CONFIG, field, code,
	    "disabled by the system-wide configuration of GnuTLS");
}

/* What it takes away besides versions and suites cannot be asked for. */
static int32_t
tell_policy(tlshost_sink *sink)
{
	char text[400];

	if (policy_file == NULL)
		return TLSHOST_OK;
	snprintf(text, sizeof(text), "the system-wide configuration of GnuTLS, "
	    "%.200s, is in effect: it may take away versions, suites, groups, "
	    "signatures and certificates", policy_file);
	return host->finding(sink, TLSHOST_FIELD_NONE, TLSHOST_SEVERITY_INFO,
	    text);
}

/*
 * Cuts the versions down to those that there are.  The library has no TLS 1.3
 * beside older versions than TLS 1.2 where there is no TLS 1.2: it is one of
 * both, the newer one.
 */
static int32_t
settle_versions(tlshost_sink *sink, context *ctx)
{
	while (ctx->lowest <= ctx->highest && !version_usable(ctx->lowest))
		ctx->lowest++;
	while (ctx->lowest <= ctx->highest && !version_usable(ctx->highest))
		ctx->highest--;
	if (ctx->lowest > ctx->highest)
		return fail_policy(sink,
		    TLSHOST_FIELD_HIGHEST_SUPPORTED_VERSION, 0);
	if (ctx->lowest >= TLSHOST_VERSION_TLSV1_2 ||
	    ctx->highest < TLSHOST_VERSION_TLSV1_3 ||
	    version_usable(TLSHOST_VERSION_TLSV1_2))
		return TLSHOST_OK;
	ctx->lowest = TLSHOST_VERSION_TLSV1_3;
	return host->finding(sink, TLSHOST_FIELD_LOWEST_SUPPORTED_VERSION,
	    TLSHOST_SEVERITY_WARNING, "TLS 1.2 is disabled by the system-wide "
	    "configuration of GnuTLS, which then has TLS 1.3 alone, without "
	    "older versions");
}

static int
has(const context *ctx, uint16_t id)
{
	for (size_t i = 0; i < ctx->ids_len; i++)
		if (ctx->ids[i] == id)
			return 1;
	return 0;
}

/* A finding for each suite that is not in effect. */
static int32_t
tell_left_out(tlshost_sink *sink, const context *ctx,
    const struct tlshost_plugin_config *config)
{
	char text[96];

	for (size_t i = 0; i < config->suites_len; i++) {
		const suite *one = suite_by_id(config->suites[i]);

		if (has(ctx, config->suites[i]))
			continue;
		if (one == NULL || one->lowest > ctx->highest ||
		    one->highest < ctx->lowest)
			snprintf(text, sizeof(text), "GnuTLS has suite 0x%04x "
			    "in none of the versions that are left",
			    config->suites[i]);
		else
			snprintf(text, sizeof(text), "GnuTLS cannot offer "
			    "suite 0x%04x without others that were not asked "
			    "for", config->suites[i]);
		if (host->finding(sink, TLSHOST_FIELD_CIPHERS,
		    config->suites_default ? TLSHOST_SEVERITY_INFO :
		    TLSHOST_SEVERITY_WARNING, text) != TLSHOST_OK)
			return TLSHOST_NO_MEMORY;
	}
	return TLSHOST_OK;
}

/* What a client really offers. */
static void
read_back(context *ctx, const struct tlshost_plugin_config *config)
{
	unsigned int index;

	for (unsigned int i = 0; ctx->ids_len < config->suites_len; i++) {
		unsigned char id[2];
		int code = gnutls_priority_get_cipher_suite_index(ctx->priority,
		    i, &index);

		if (code == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
			break;
		if (code < 0 || gnutls_cipher_suite_info(index, id, NULL, NULL,
		    NULL, NULL) == NULL)
			continue;
		ctx->ids[ctx->ids_len++] = (uint16_t)(id[0] << 8 | id[1]);
	}
}

static int32_t
client_suites(tlshost_sink *sink, context *ctx,
    const struct tlshost_plugin_config *config)
{
	char string[STRING_MAX];
	int code;

	if (suites_closed_subset(config->suites, config->suites_len,
	    ctx->lowest, ctx->highest, string, sizeof(string)) == 0)
		return fail_field(sink, TLSHOST_BAD_CONFIG,
		    TLSHOST_FIELD_CIPHERS, 0, "GnuTLS can offer none of these "
		    "suites without others that were not asked for");
	if ((code = gnutls_priority_init(&ctx->priority, string, NULL)) < 0)
		return fail_policy(sink, TLSHOST_FIELD_CIPHERS, code);
	read_back(ctx, config);
	return TLSHOST_OK;
}

/*
 * A server chooses by itself, in its hook, and has a priority ready for each
 * suite that it may choose.  TLS 1.3 is named for older suites too, so that the
 * library puts its mark against downgrades (RFC 8446, 4.1.3) into the hello;
 * such a string has no suite of TLS 1.3 that a client could get by it, for the
 * hook uses it only for clients that do not offer TLS 1.3.
 */
static int32_t
server_suites(tlshost_sink *sink, context *ctx,
    const struct tlshost_plugin_config *config)
{
	char string[STRING_MAX];
	int code;

	if ((ctx->offers = calloc(config->suites_len,
	    sizeof(*ctx->offers))) == NULL)
		return fail_memory(sink);
	for (size_t i = 0; i < config->suites_len; i++) {
		const suite *one = suite_by_id(config->suites[i]);
		offer *next = &ctx->offers[ctx->offers_len];

		if (one == NULL || one->lowest > ctx->highest ||
		    one->highest < ctx->lowest)
			continue;
		suite_string(one, one->lowest == TLSHOST_VERSION_TLSV1_3 ?
		    TLSHOST_VERSION_TLSV1_3 : ctx->lowest, ctx->highest,
		    string, sizeof(string));
		if ((code = gnutls_priority_init(&next->priority, string,
		    NULL)) < 0)
			return fail_policy(sink, TLSHOST_FIELD_CIPHERS, code);
		next->suite = one;
		ctx->offers_len++;
		ctx->ids[ctx->ids_len++] = one->id;
	}
	if (ctx->offers_len == 0)
		return fail_field(sink, TLSHOST_BAD_CONFIG,
		    TLSHOST_FIELD_CIPHERS, 0, "no suite of the list fits the "
		    "versions");
	return TLSHOST_OK;
}

/* ------------------------------------------------------------------------
 * Certificates, protocols
 */

/* Has the server named a signature of which the key is capable?  Before TLS 1.2
 * it names none. */
static int
is_wanted(gnutls_session_t session, gnutls_privkey_t key)
{
	int kind = gnutls_privkey_get_pk_algorithm(key, NULL);
	gnutls_sign_algorithm_t sign;
	size_t i;

	for (i = 0; gnutls_sign_algorithm_get_requested(session, i, &sign) ==
	    0; i++)
		if (gnutls_sign_supports_pk_algorithm(sign,
		    (gnutls_pk_algorithm_t)kind))
			return 1;
	return i == 0;
}

/*
 * A client has one certificate, and whoever asks gets it, if he can make
 * anything of it: the library alone would keep it back if its issuer is not
 * among those that the server names, and of some kinds in TLS 1.2 always.
 */
static int
show_own(gnutls_session_t session, const gnutls_datum_t *issuers,
    int issuers_len, const gnutls_pk_algorithm_t *kinds, int kinds_len,
    gnutls_pcert_st **ret_own, unsigned int *ret_len,
    gnutls_privkey_t *ret_key)
{
	const connection *conn = gnutls_session_get_ptr(session);
	const context *ctx = conn->context;

	(void)issuers;
	(void)issuers_len;
	(void)kinds;
	(void)kinds_len;
	*ret_own = NULL;
	*ret_len = 0;
	*ret_key = NULL;
	if (ctx->own_len == 0 || !is_wanted(session, ctx->own_key))
		return 0;
	*ret_own = ctx->own;
	*ret_len = ctx->own_len;
	*ret_key = ctx->own_key;
	return 0;
}

static int32_t
add_chain(tlshost_sink *sink, context *ctx,
    const struct tlshost_plugin_chain *chain)
{
	size_t len = chain->certificates_len;
	gnutls_privkey_t key = NULL;
	gnutls_pcert_st *pcerts;
	unsigned int loaded = 0;
	int code = 0;
	int32_t st;

	if ((st = key_load(sink, chain->key, &key)) != TLSHOST_OK)
		return st;
	if ((pcerts = calloc(len, sizeof(*pcerts))) == NULL) {
		gnutls_privkey_deinit(key);
		return fail_memory(sink);
	}
	for (; loaded < len && code >= 0; loaded++) {
		const struct tlshost_bytes *der =
		    &chain->certificates[loaded]->der;
		union { const uint8_t *in; unsigned char *out; } bytes;
		gnutls_datum_t datum;

		bytes.in = der->data;
		datum = (gnutls_datum_t){ bytes.out, (unsigned int)der->len };
		if ((code = gnutls_pcert_import_x509_raw(&pcerts[loaded],
		    &datum, GNUTLS_X509_FMT_DER, 0)) < 0)
			break;
	}
	if (code < 0) {
		st = fail_field(sink, TLSHOST_BAD_DATA,
		    TLSHOST_FIELD_CERTIFICATE_CHAIN, code,
		    "a certificate of the chain cannot be read");
	} else {
		/* On success the credentials own the key and the contents of
		 * the array, not the array. */
		code = gnutls_certificate_set_key(ctx->credentials, NULL, 0,
		    pcerts, (int)len, key);
		if (code >= 0 && ctx->role == TLSHOST_ROLE_CLIENT) {
			ctx->own = pcerts;
			ctx->own_len = loaded;
			ctx->own_key = key;
			gnutls_certificate_set_retrieve_function2(
			    ctx->credentials, show_own);
			return TLSHOST_OK;
		}
		if (code >= 0) {
			free(pcerts);
			return TLSHOST_OK;
		}
		st = code == GNUTLS_E_CERTIFICATE_KEY_MISMATCH ?
		    fail_field(sink, TLSHOST_KEY_MISMATCH,
		    TLSHOST_FIELD_PRIVATE_KEY, code, "the private key does not "
		    "belong to the certificate") :
		    fail_field(sink, TLSHOST_BAD_DATA,
		    TLSHOST_FIELD_CERTIFICATE_CHAIN, code,
		    "the certificate and its key cannot be used");
	}
	for (unsigned int i = 0; i < loaded; i++)
		gnutls_pcert_deinit(&pcerts[i]);
	free(pcerts);
	gnutls_privkey_deinit(key);
	return st;
}

static int32_t
add_protocols(tlshost_sink *sink, context *ctx,
    const struct tlshost_plugin_config *config)
{
	size_t total = 0;
	uint8_t *at;

	for (size_t i = 0; i < config->protocols_len; i++)
		total += config->protocols[i].len;
	ctx->protocols = calloc(config->protocols_len + 1,
	    sizeof(*ctx->protocols));
	ctx->protocol_bytes = malloc(total + 1);
	if (ctx->protocols == NULL || ctx->protocol_bytes == NULL)
		return fail_memory(sink);
	at = ctx->protocol_bytes;
	for (size_t i = 0; i < config->protocols_len; i++) {
		const struct tlshost_bytes *name = &config->protocols[i];

		memcpy(at, name->data, name->len);
		ctx->protocols[ctx->protocols_len++] =
		    (gnutls_datum_t){ at, (unsigned int)name->len };
		at += name->len;
	}
	return TLSHOST_OK;
}

/* More names than this are none: a request has 64 KiB for them, and a client
 * with certificates from so many does not exist. */
#define NAMES_MAX 64

/* The names of the CAs that a server's request lists. */
static int32_t
add_ca_names(tlshost_sink *sink, context *ctx)
{
	int code;

	if (ctx->role != TLSHOST_ROLE_SERVER || ctx->client_auth == 0 ||
	    ctx->trust == NULL || ctx->trust->anchors_len > NAMES_MAX)
		return TLSHOST_OK;
	for (size_t i = 0; i < ctx->trust->anchors_len; i++)
		if ((code = gnutls_certificate_set_x509_trust_mem(
		    ctx->credentials, &ctx->trust->anchors[i],
		    GNUTLS_X509_FMT_DER)) == GNUTLS_E_MEMORY_ERROR)
			return fail_memory(sink);
	return TLSHOST_OK;
}

static int32_t
compile(tlshost_sink *sink, context *ctx,
    const struct tlshost_plugin_config *config)
{
	int32_t st, first = TLSHOST_OK;
	int code;

	if ((ctx->ids = calloc(config->suites_len, sizeof(*ctx->ids))) == NULL)
		return fail_memory(sink);
	if ((code = gnutls_certificate_allocate_credentials(
	    &ctx->credentials)) < 0)
		return fail(sink, TLSHOST_LIBRARY, code, "no credentials");
	/* For clients that name no group of RFC 7919. */
	if (ctx->role == TLSHOST_ROLE_SERVER &&
	    (code = gnutls_certificate_set_known_dh_params(ctx->credentials,
	    GNUTLS_SEC_PARAM_MEDIUM)) < 0)
		return fail(sink, TLSHOST_LIBRARY, code, "no DH parameters");
	for (size_t i = 0; i < config->chains_len; i++)
		if ((st = add_chain(sink, ctx, config->chains[i])) !=
		    TLSHOST_OK && first == TLSHOST_OK)
			first = st;
	if (first != TLSHOST_OK)
		return first;
	if ((st = add_protocols(sink, ctx, config)) != TLSHOST_OK ||
	    (st = add_ca_names(sink, ctx)) != TLSHOST_OK ||
	    (st = tell_policy(sink)) != TLSHOST_OK ||
	    (st = settle_versions(sink, ctx)) != TLSHOST_OK)
		return st;
	st = ctx->role == TLSHOST_ROLE_CLIENT ?
	    client_suites(sink, ctx, config) : server_suites(sink, ctx, config);
	return st == TLSHOST_OK ? tell_left_out(sink, ctx, config) : st;
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
	*ret_context = ctx;
	return TLSHOST_OK;
}

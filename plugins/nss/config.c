/* SPDX-License-Identifier: MIT */
/* Contexts: a configuration, compiled once into a socket to copy from. */
#include "config.h"

#include <prerror.h>
#include <stdlib.h>
#include <string.h>

#include <secerr.h>
#include <secoid.h>
#include <sslerr.h>
#include <sslexp.h>

#include "plugin.h"

/* More names than this are not put into a request: the list of a whole bundle
 * would be larger than most certificates, and no client needs it. */
#define NAMES_MAX 64

#define IS_TLS13(id) (((id) >> 8) == 0x13)

/* ------------------------------------------------------------------------
 * Suites
 */

static int
suite_info(uint16_t id, SSLCipherSuiteInfo *ret_info)
{
	return SSL_GetCipherSuiteInfo(id, ret_info, sizeof(*ret_info)) ==
	    SECSuccess;
}

/* Those that encrypt, and authenticate by certificates of today. */
static int
usable(uint16_t id)
{
	SSLCipherSuiteInfo info;

	return suite_info(id, &info) && info.symCipher != ssl_calg_null &&
	    info.macAlgorithm != ssl_mac_md5 &&
	    info.macAlgorithm != ssl_hmac_md5 && (info.authType ==
	    ssl_auth_tls13_any || info.authType == ssl_auth_rsa_sign ||
	    info.authType == ssl_auth_rsa_decrypt ||
	    info.authType == ssl_auth_ecdsa);
}

/* Before NSS is started, too: the list is the library's constant. */
size_t
list_suites(uint16_t *ids, size_t cap)
{
	const PRUint16 *all = SSL_GetImplementedCiphers();
	size_t len = 0;

	for (size_t i = 0; i < SSL_GetNumImplementedCiphers(); i++) {
		if (!usable(all[i]))
			continue;
		if (len < cap)
			ids[len] = all[i];
		len++;
	}
	return len;
}

size_t
context_suites(const void *object, uint16_t *ids, size_t cap)
{
	const context *ctx = object;

	for (size_t i = 0; i < ctx->ids_len && i < cap; i++)
		ids[i] = ctx->ids[i];
	return ctx->ids_len;
}

static int
listed(const context *ctx, uint16_t id)
{
	for (size_t i = 0; i < ctx->ids_len; i++)
		if (ctx->ids[i] == id)
			return 1;
	return 0;
}

/*
 * With a version allowed for which there is no suite the library finds nothing
 * in common with anybody: versions are cut to what the suites are for.
 */
static int32_t
set_suites(tlshost_sink *sink, context *ctx,
    const struct tlshost_plugin_config *config)
{
	SSLVersionRange range, all;
	int old = 0, new = 0;

	for (size_t i = 0; i < config->suites_len; i++) {
		uint16_t id = config->suites[i];

		if (!usable(id) || listed(ctx, id) ||
		    (IS_TLS13(id) ? ctx->highest < TLSHOST_VERSION_TLSV1_3 :
		    ctx->lowest >= TLSHOST_VERSION_TLSV1_3))
			continue;
		ctx->ids[ctx->ids_len++] = id;
		*(IS_TLS13(id) ? &new : &old) = 1;
	}
	if (ctx->ids_len == 0)
		return fail_field(sink, TLSHOST_BAD_CONFIG,
		    TLSHOST_FIELD_CIPHERS, 0, "no suite of the list fits the "
		    "versions");
	if (!new && ctx->highest > TLSHOST_VERSION_TLSV1_2)
		ctx->highest = TLSHOST_VERSION_TLSV1_2;
	if (!old)
		ctx->lowest = TLSHOST_VERSION_TLSV1_3;
	range = (SSLVersionRange){ (PRUint16)ctx->lowest,
		(PRUint16)ctx->highest };
	if (SSL_VersionRangeGetSupported(ssl_variant_stream, &all) !=
	    SECSuccess || range.min < all.min || range.max > all.max ||
	    SSL_VersionRangeSet(ctx->model, &range) != SECSuccess)
		return fail_field(sink, TLSHOST_BAD_CONFIG,
		    TLSHOST_FIELD_HIGHEST_SUPPORTED_VERSION, PR_GetError(),
		    "NSS does not have these versions");
	if (SSL_CipherSuiteOrderSet(ctx->model, ctx->ids,
	    (PRUint16)ctx->ids_len) != SECSuccess)
		return fail_field(sink, TLSHOST_BAD_CONFIG,
		    TLSHOST_FIELD_CIPHERS, PR_GetError(),
		    "NSS does not take these suites");
	return TLSHOST_OK;
}

/* ------------------------------------------------------------------------
 * Options: all, since those that are not set may have been set by the program
 */

static int
set_options(PRFileDesc *fd, const context *ctx)
{
	const int server = ctx->role == TLSHOST_ROLE_SERVER;
	const struct { PRInt32 option; PRIntn value; } options[] = {
		{ SSL_SECURITY, 1 },
		{ SSL_SOCKS, 0 },
		{ SSL_HANDSHAKE_AS_CLIENT, 0 },
		{ SSL_HANDSHAKE_AS_SERVER, 0 },
		{ SSL_HANDSHAKE_AS_CLIENT, !server },
		{ SSL_HANDSHAKE_AS_SERVER, server },
		{ SSL_REQUEST_CERTIFICATE, server && ctx->client_auth !=
		    TLSHOST_CLIENT_AUTH_NONE },
		{ SSL_REQUIRE_CERTIFICATE, server && ctx->client_auth ==
		    TLSHOST_CLIENT_AUTH_REQUIRE ? SSL_REQUIRE_ALWAYS :
		    SSL_REQUIRE_NEVER },
		/* Resumption would pass verification by; and a server that
		 * may use a cache that nobody configured divides by zero. */
		{ SSL_NO_CACHE, 1 },
		{ SSL_ENABLE_SESSION_TICKETS, 0 },
		{ SSL_ENABLE_0RTT_DATA, 0 },
		{ SSL_ENABLE_FDX, 0 },
		{ SSL_NO_LOCKS, 0 },
		{ SSL_ROLLBACK_DETECTION, 1 },
		{ SSL_ENABLE_RENEGOTIATION, SSL_RENEGOTIATE_NEVER },
		/* A server that could be renegotiated behind the client's
		 * back (RFC 5746, 4.1) is refused; old clients are not. */
		{ SSL_REQUIRE_SAFE_NEGOTIATION, !server },
		{ SSL_ENABLE_FALSE_START, 0 },
		{ SSL_CBC_RANDOM_IV, 1 },
		{ SSL_ENABLE_OCSP_STAPLING, 0 },
		{ SSL_ENABLE_SIGNED_CERT_TIMESTAMPS, 0 },
		{ SSL_ENABLE_ALPN, 1 },
		{ SSL_REUSE_SERVER_ECDHE_KEY, 0 },
		{ SSL_ENABLE_FALLBACK_SCSV, 0 },
		{ SSL_ENABLE_SERVER_DHE, 1 },
		{ SSL_ENABLE_EXTENDED_MASTER_SECRET, 1 },
		{ SSL_REQUIRE_DH_NAMED_GROUPS, 0 },
		{ SSL_RECORD_SIZE_LIMIT, 16385 },
		{ SSL_ENABLE_TLS13_COMPAT_MODE, 1 },
		{ SSL_ENABLE_HELLO_DOWNGRADE_CHECK, 1 },
		{ SSL_ENABLE_V2_COMPATIBLE_HELLO, 0 },
		{ SSL_ENABLE_POST_HANDSHAKE_AUTH, 0 },
		{ SSL_ENABLE_DELEGATED_CREDENTIALS, 0 },
		{ SSL_SUPPRESS_END_OF_EARLY_DATA, 0 },
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (SSL_OptionSet(fd, options[i].option, options[i].value) !=
		    SECSuccess)
			return 0;
	return 1;
}

/* Those of the other backends, in their order. */
static int
set_groups(PRFileDesc *fd)
{
	static const SSLNamedGroup groups[] = {
		ssl_grp_ec_curve25519, ssl_grp_ec_secp256r1,
		ssl_grp_ec_secp521r1, ssl_grp_ec_secp384r1, ssl_grp_ffdhe_2048,
		ssl_grp_ffdhe_3072, ssl_grp_ffdhe_4096,
	};

	return SSL_NamedGroupConfig(fd, groups, sizeof(groups) /
	    sizeof(groups[0])) == SECSuccess;
}

/* ------------------------------------------------------------------------
 * Certificates
 */

static void
identity_done(identity *one)
{
	for (int i = 0; i < one->certs_len; i++)
		CERT_DestroyCertificate(one->certs[i]);
	free(one->certs);
	if (one->key != NULL)
		SECKEY_DestroyPrivateKey(one->key);
	*one = (identity){ NULL, 0, NULL };
}

/* The library copies the list, though not what its type says. */
static int
serve(PRFileDesc *fd, const identity *one)
{
	SECItem *ders = calloc((size_t)one->certs_len, sizeof(*ders));
	CERTCertificateList list = { .certs = ders, .len = one->certs_len };
	SSLExtraServerCertData more = { .certChain = &list };
	int ok;

	if (ders == NULL) {
		PR_SetError(SEC_ERROR_NO_MEMORY, 0);
		return 0;
	}
	for (int i = 0; i < one->certs_len; i++)
		ders[i] = one->certs[i]->derCert;
	ok = SSL_ConfigServerCert(fd, one->certs[0], one->key, &more,
	    sizeof(more)) == SECSuccess;
	free(ders);
	return ok;
}

static int32_t
add_chain(tlshost_sink *sink, context *ctx,
    const struct tlshost_plugin_chain *chain)
{
	identity *one = &ctx->identities[ctx->identities_len];
	size_t len = chain->certificates_len;
	SECKEYPrivateKey *key;
	int32_t st;

	if (chain->key->uri != NULL || chain->certificates[0]->uri != NULL)
		return fail_field(sink, TLSHOST_UNSUPPORTED,
		    TLSHOST_FIELD_CERTIFICATE_CHAIN, 0, "nothing by URI");
	if ((st = key_load(sink, chain->key, &chain->certificates[0]->der,
	    &ctx->live, &key)) != TLSHOST_OK)
		return st;
	one->key = key;
	ctx->identities_len++;
	if ((one->certs = calloc(len, sizeof(CERTCertificate *))) == NULL)
		return fail_memory(sink);
	for (size_t i = 0; i < len; i++) {
		CERTCertificate *cert = certificate_parse(
		    &chain->certificates[i]->der);

		if (cert == NULL)
			return fail_field(sink, TLSHOST_BAD_DATA,
			    TLSHOST_FIELD_CERTIFICATE_CHAIN, PR_GetError(),
			    "a certificate of the chain cannot be read");
		one->certs[one->certs_len++] = cert;
	}
	if (ctx->role == TLSHOST_ROLE_CLIENT)
		(void)host->finding(sink, TLSHOST_FIELD_CERTIFICATE_CHAIN,
		    TLSHOST_SEVERITY_INFO, "NSS sends a client's chain as it "
		    "builds it from all certificates that the process has, "
		    "also more of them than are configured");
	if (ctx->role == TLSHOST_ROLE_SERVER && !serve(ctx->model, one))
		return fail_field(sink, TLSHOST_BAD_DATA,
		    TLSHOST_FIELD_CERTIFICATE_CHAIN, PR_GetError(),
		    "the certificate and its key cannot be used");
	return TLSHOST_OK;
}

/*
 * The names of the CAs that a server's request lists; without a list those that
 * the program trusts would go out.
 */
static int32_t
add_ca_names(tlshost_sink *sink, context *ctx, trust *store)
{
	CERTCertList *list;
	SECStatus status = SECSuccess;
	int32_t st;

	/* Each connection has a copy, so that who asks nobody sets none. */
	if (ctx->role != TLSHOST_ROLE_SERVER ||
	    ctx->client_auth == TLSHOST_CLIENT_AUTH_NONE)
		return TLSHOST_OK;
	if (store != NULL && (st = trust_use(sink, store)) != TLSHOST_OK)
		return st;
	if ((list = CERT_NewCertList()) == NULL)
		return fail_memory(sink);
	if (store != NULL && store->anchors_len <= NAMES_MAX)
		for (size_t i = 0; i < store->anchors_len; i++) {
			CERTCertificate *cert = store->certs[i] == NULL ?
			    NULL : CERT_DupCertificate(store->certs[i]);

			if (cert != NULL && CERT_AddCertToListTail(list,
			    cert) != SECSuccess) {
				CERT_DestroyCertificate(cert);
				status = SECFailure;
			}
		}
	if (status == SECSuccess)
		status = SSL_SetTrustAnchors(ctx->model, list);
	CERT_DestroyCertList(list);
	return status == SECSuccess ? TLSHOST_OK : fail(sink, TLSHOST_LIBRARY,
	    PR_GetError(), "the names of the CAs cannot be set");
}

/* ------------------------------------------------------------------------
 * Protocols
 */

static int32_t
add_protocols(tlshost_sink *sink, context *ctx,
    const struct tlshost_plugin_config *config)
{
	size_t total = 0;

	for (size_t i = 0; i < config->protocols_len; i++)
		total += 1 + config->protocols[i].len;
	if ((ctx->protocols = malloc(total + 1)) == NULL)
		return fail_memory(sink);
	for (size_t i = 0; i < config->protocols_len; i++) {
		const struct tlshost_bytes *name = &config->protocols[i];

		ctx->protocols[ctx->protocols_len++] = (uint8_t)name->len;
		memcpy(ctx->protocols + ctx->protocols_len, name->data,
		    name->len);
		ctx->protocols_len += name->len;
	}
	return TLSHOST_OK;
}

/*
 * A client's; a server chooses when it has seen the hello.  The library takes
 * the first name of a list for the last one.
 */
static int32_t
offer_protocols(tlshost_sink *sink, context *ctx)
{
	size_t last = 0, len = ctx->protocols_len;
	SECStatus status;
	uint8_t *turned;

	if (ctx->role != TLSHOST_ROLE_CLIENT || len == 0)
		return TLSHOST_OK;
	while (last + 1 + ctx->protocols[last] < len)
		last += 1u + ctx->protocols[last];
	if ((turned = malloc(len)) == NULL)
		return fail_memory(sink);
	memcpy(turned, ctx->protocols + last, len - last);
	memcpy(turned + len - last, ctx->protocols, last);
	status = SSL_SetNextProtoNego(ctx->model, turned, (unsigned int)len);
	free(turned);
	return status == SECSuccess ? TLSHOST_OK : fail_field(sink,
	    TLSHOST_BAD_CONFIG, TLSHOST_FIELD_INNER_PROTOCOLS, PR_GetError(),
	    "NSS does not take these protocols");
}

/* ------------------------------------------------------------------------
 * All of it
 */

/* No SHA-1, and no DSA; PSS for what peers may have. */
static const SSLSignatureScheme schemes[] = {
	ssl_sig_ecdsa_secp256r1_sha256,
	ssl_sig_ecdsa_secp384r1_sha384,
	ssl_sig_ecdsa_secp521r1_sha512,
	ssl_sig_rsa_pss_rsae_sha256,
	ssl_sig_rsa_pss_rsae_sha384,
	ssl_sig_rsa_pss_rsae_sha512,
	ssl_sig_rsa_pkcs1_sha256,
	ssl_sig_rsa_pkcs1_sha384,
	ssl_sig_rsa_pkcs1_sha512,
	ssl_sig_rsa_pss_pss_sha256,
	ssl_sig_rsa_pss_pss_sha384,
	ssl_sig_rsa_pss_pss_sha512,
};

static int
make_model(context *ctx)
{
	PRFileDesc *stub = layer_new(NULL);

	if (stub == NULL)
		return 0;
	if ((ctx->model = SSL_ImportFD(NULL, stub)) == NULL) {
		PR_Close(stub);
		return 0;
	}
	return set_options(ctx->model, ctx) && set_groups(ctx->model) &&
	    SSL_SignatureSchemePrefSet(
	    ctx->model, schemes, sizeof(schemes) / sizeof(schemes[0])) ==
	    SECSuccess;
}

static int32_t
compile(tlshost_sink *sink, context *ctx,
    const struct tlshost_plugin_config *config)
{
	int32_t st, first = TLSHOST_OK;

	ctx->ids = calloc(config->suites_len, sizeof(*ctx->ids));
	ctx->identities = calloc(config->chains_len + 1,
	    sizeof(*ctx->identities));
	if (ctx->ids == NULL || ctx->identities == NULL)
		return fail_memory(sink);
	if (!make_model(ctx))
		return fail(sink, TLSHOST_LIBRARY, PR_GetError(), "no socket");
	for (size_t i = 0; i < config->chains_len; i++) {
		st = add_chain(sink, ctx, config->chains[i]);
		if (st == TLSHOST_LIBRARY_GONE)
			return st;
		if (st != TLSHOST_OK && first == TLSHOST_OK)
			first = st;
	}
	if (first != TLSHOST_OK)
		return first;
	if ((st = add_protocols(sink, ctx, config)) != TLSHOST_OK ||
	    (st = add_ca_names(sink, ctx, config->trust)) != TLSHOST_OK ||
	    (st = set_suites(sink, ctx, config)) != TLSHOST_OK)
		return st;
	return offer_protocols(sink, ctx);
}

static void
drop_library(live *object)
{
	context *ctx = (context *)object;

	if (ctx->model != NULL)
		PR_Close(ctx->model);
	ctx->model = NULL;
	for (size_t i = 0; i < ctx->identities_len; i++)
		identity_done(&ctx->identities[i]);
	ctx->identities_len = 0;
}

void
context_free(void *object)
{
	context *ctx = object;

	if (ctx == NULL)
		return;
	live_free(&ctx->live);
	free(ctx->identities);
	free(ctx->ids);
	free(ctx->protocols);
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
	ctx->lowest = config->lowest_version;
	ctx->highest = config->highest_version;
	if ((st = enter(sink, NULL)) == TLSHOST_OK) {
		live_begin(&ctx->live, drop_library);
		st = compile(sink, ctx, config);
		leave();
	}
	if (st != TLSHOST_OK) {
		context_free(ctx);
		return st;
	}
	*ret_context = ctx;
	return TLSHOST_OK;
}

/* SPDX-License-Identifier: MIT */
/* Certificates, trust stores, and the library's verification. */
#include "config.h"

#include <mbedtls/error.h>
#include <mbedtls/md.h>
#include <mbedtls/oid.h>
#include <stdlib.h>
#include <string.h>

#include "plugin.h"

const mbedtls_x509_crt_profile profile = {
	.allowed_mds = MBEDTLS_X509_ID_FLAG(MBEDTLS_MD_SHA224) |
	    MBEDTLS_X509_ID_FLAG(MBEDTLS_MD_SHA256) |
	    MBEDTLS_X509_ID_FLAG(MBEDTLS_MD_SHA384) |
	    MBEDTLS_X509_ID_FLAG(MBEDTLS_MD_SHA512),
	.allowed_pks = 0xfffffff,
	.allowed_curves = MBEDTLS_X509_ID_FLAG(MBEDTLS_ECP_DP_SECP256R1) |
	    MBEDTLS_X509_ID_FLAG(MBEDTLS_ECP_DP_SECP384R1) |
	    MBEDTLS_X509_ID_FLAG(MBEDTLS_ECP_DP_SECP521R1),
	.rsa_min_bitlen = 2048,
};

/*
 * Extensions that the library has no parser for: those that the host processes
 * may be critical.  They are the last octet of an identifier below 2.5.29:
 * nameConstraints, certificatePolicies (those with qualifiers), policy-
 * Constraints, inhibitAnyPolicy.
 */
static int
accept_extension(void *unused, const mbedtls_x509_crt *crt,
    const mbedtls_x509_buf *oid, int critical, const unsigned char *from,
    const unsigned char *to)
{
	static const uint8_t processed[] = { 30, 32, 36, 54 };

	(void)unused;
	(void)crt;
	(void)from;
	(void)to;
	if (!critical)
		return 0;
	if (oid->len == 3 && oid->p[0] == 0x55 && oid->p[1] == 0x1d &&
	    memchr(processed, oid->p[2], sizeof(processed)) != NULL)
		return 0;
	return MBEDTLS_ERR_X509_FEATURE_UNAVAILABLE;
}

/* Appends one certificate to a chain. */
int
certificate_parse(mbedtls_x509_crt *chain, const struct tlshost_bytes *der)
{
	return mbedtls_x509_crt_parse_der_with_ext_cb(chain, der->data,
	    der->len, 1, accept_extension, NULL);
}

int32_t
certificate_check(tlshost_sink *sink,
    const struct tlshost_plugin_certificate *certificate)
{
	mbedtls_x509_crt crt;
	int code;

	if (certificate->uri != NULL)
		return fail_field(sink, TLSHOST_UNSUPPORTED,
		    TLSHOST_FIELD_CERTIFICATE_CHAIN, 0,
		    "no certificates by URI");
	mbedtls_x509_crt_init(&crt);
	code = certificate_parse(&crt, &certificate->der);
	mbedtls_x509_crt_free(&crt);
	if (code == 0)
		return TLSHOST_OK;
	return fail_field(sink, parse_reason(code) ==
	    TLSHOST_REASON_UNSUPPORTED_ALGORITHM ? TLSHOST_UNSUPPORTED :
	    TLSHOST_BAD_DATA, TLSHOST_FIELD_CERTIFICATE_CHAIN, code,
	    "mbed TLS cannot read the certificate");
}

/* ------------------------------------------------------------------------
 * Trust stores
 */

void
trust_free(void *object)
{
	trust *store = object;

	if (store == NULL)
		return;
	if (store->chain != NULL)
		mbedtls_x509_crt_free(store->chain);
	free(store->chain);
	free(store);
}

/* The head of a chain is a part of it, so that without an anchor there is none:
 * the library would look at the empty head. */
static int32_t
add_anchors(tlshost_sink *sink, trust *store,
    const struct tlshost_plugin_trust *source)
{
	mbedtls_x509_crt *chain;
	int code;

	if ((store->chain = chain = malloc(sizeof(*chain))) == NULL)
		return fail_memory(sink);
	mbedtls_x509_crt_init(chain);
	for (size_t i = 0; i < source->anchors_len; i++) {
		code = certificate_parse(chain, &source->anchors[i]);
		if (is_no_memory(code))
			return fail_memory(sink);
		store->len += code == 0;
	}
	if (store->len == 0) {
		mbedtls_x509_crt_free(chain);
		free(chain);
		store->chain = NULL;
	}
	return TLSHOST_OK;
}

int32_t
trust_new(tlshost_sink *sink, const struct tlshost_plugin_trust *source,
    void **ret_trust)
{
	trust *store;
	int32_t st;

	if (source->uri != NULL)
		return fail_field(sink, TLSHOST_UNSUPPORTED,
		    TLSHOST_FIELD_TRUST_STORE, 0, "no trust stores by URI");
	if ((store = calloc(1, sizeof(*store))) == NULL)
		return fail_memory(sink);
	if ((st = add_anchors(sink, store, source)) != TLSHOST_OK) {
		trust_free(store);
		return st;
	}
	*ret_trust = store;
	return TLSHOST_OK;
}

/* ------------------------------------------------------------------------
 * Verification of one path, for the host
 */

/* The library's own bound is ten. */
#define LINKS_MAX 16

/* What the library found, from the leaf on. */
typedef struct links {
	struct {
		const mbedtls_x509_crt *crt;
		uint32_t flags;
	} items[LINKS_MAX];
	size_t len;
} links;

/* Called for the end of the path first.  Flags that are cleared here are
 * forgiven, so that none is. */
static int
record_link(void *object, mbedtls_x509_crt *crt, int depth, uint32_t *flags)
{
	links *found = object;

	if (depth < 0 || depth >= LINKS_MAX)
		return MBEDTLS_ERR_X509_FATAL_ERROR;
	found->items[depth].crt = crt;
	found->items[depth].flags = *flags;
	if ((size_t)depth >= found->len)
		found->len = (size_t)depth + 1;
	return 0;
}

static int
issued(const mbedtls_x509_crt *issuer, const mbedtls_x509_crt *child)
{
	return issuer->subject_raw.len == child->issuer_raw.len &&
	    memcmp(issuer->subject_raw.p, child->issuer_raw.p,
	    child->issuer_raw.len) == 0;
}

/* The library has one flag for "no issuer" and for "not signed by it". */
static uint32_t
not_trusted_reason(const mbedtls_x509_crt *child, const trust *store)
{
	const mbedtls_x509_crt *lists[] = { child->next, store->chain };
	uint32_t reason = issued(child, child) ? TLSHOST_REASON_SELF_SIGNED :
	    TLSHOST_REASON_UNKNOWN_ISSUER;

	for (size_t i = 0; i < 2; i++)
		for (const mbedtls_x509_crt *at = lists[i]; at != NULL;
		    at = at->next)
			if (issued(at, child))
				reason = at->ca_istrue ?
				    TLSHOST_REASON_BAD_SIGNATURE :
				    TLSHOST_REASON_NOT_CA;
	return reason;
}

static uint32_t
sort_flags(uint32_t flags, const mbedtls_x509_crt *crt, const trust *store)
{
	static const struct {
		uint32_t flags, reason;
	} reasons[] = {
		{ MBEDTLS_X509_BADCERT_EXPIRED, TLSHOST_REASON_EXPIRED },
		{ MBEDTLS_X509_BADCERT_FUTURE, TLSHOST_REASON_NOT_YET_VALID },
		{ MBEDTLS_X509_BADCERT_REVOKED, TLSHOST_REASON_REVOKED },
		{ MBEDTLS_X509_BADCERT_BAD_MD, TLSHOST_REASON_WEAK_SIGNATURE },
		{ MBEDTLS_X509_BADCERT_BAD_KEY, TLSHOST_REASON_WEAK_KEY },
		{ MBEDTLS_X509_BADCERT_BAD_PK,
		    TLSHOST_REASON_UNSUPPORTED_ALGORITHM },
		{ MBEDTLS_X509_BADCERT_KEY_USAGE |
		    MBEDTLS_X509_BADCERT_EXT_KEY_USAGE,
		    TLSHOST_REASON_WRONG_PURPOSE },
	};
	uint32_t found = 0;

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if ((flags & reasons[i].flags) != 0)
			found |= reasons[i].reason;
	if ((flags & MBEDTLS_X509_BADCERT_NOT_TRUSTED) != 0)
		found |= not_trusted_reason(crt, store);
	return found != 0 ? found : TLSHOST_REASON_OTHER;
}

static int32_t
refuse(tlshost_sink *sink, struct tlshost_plugin_verdict *verdict,
    uint32_t reasons, size_t depth, int code, uint32_t flags)
{
	char text[sizeof(verdict->native_text)] = "";

	verdict->reasons = reasons;
	verdict->depth = (int32_t)depth;
	verdict->native_code = code;
	if (flags != 0)
		(void)mbedtls_x509_crt_verify_info(text, sizeof(text), "",
		    flags);
	else
		mbedtls_strerror(code, text, sizeof(text));
	/* One line of perhaps several. */
	text[strcspn(text, "\n")] = '\0';
	memcpy(verdict->native_text, text, sizeof(text));
	return fail(sink, TLSHOST_BAD_CERTIFICATE, code,
	    "mbed TLS refused the path");
}

static int32_t
tell_path(tlshost_sink *sink, const links *found,
    const struct tlshost_plugin_path *path)
{
	struct tlshost_bytes walked[LINKS_MAX];
	int32_t st;

	for (size_t i = 0; i < found->len; i++)
		walked[i] = (struct tlshost_bytes){ found->items[i].crt->raw.p,
		    found->items[i].crt->raw.len };
	if ((st = host->path_used(path->trail, walked, found->len)) !=
	    TLSHOST_OK)
		return fail(sink, st, 0, "the path cannot be told");
	return TLSHOST_OK;
}

/* What the library leaves to those who call it. */
static uint32_t
purpose_flags(const mbedtls_x509_crt *leaf, uint32_t purpose)
{
	uint32_t flags = 0;
	int code;

	if (mbedtls_x509_crt_check_key_usage(leaf,
	    MBEDTLS_X509_KU_DIGITAL_SIGNATURE) != 0)
		flags |= MBEDTLS_X509_BADCERT_KEY_USAGE;
	code = purpose == TLSHOST_ROLE_SERVER ?
	    mbedtls_x509_crt_check_extended_key_usage(leaf,
	    MBEDTLS_OID_SERVER_AUTH, MBEDTLS_OID_SIZE(
	    MBEDTLS_OID_SERVER_AUTH)) :
	    mbedtls_x509_crt_check_extended_key_usage(leaf,
	    MBEDTLS_OID_CLIENT_AUTH, MBEDTLS_OID_SIZE(
	    MBEDTLS_OID_CLIENT_AUTH));
	if (code != 0)
		flags |= MBEDTLS_X509_BADCERT_EXT_KEY_USAGE;
	return flags;
}

static int32_t
verify_chain(tlshost_sink *sink, const trust *store, mbedtls_x509_crt *chain,
    const struct tlshost_plugin_path *path,
    struct tlshost_plugin_verdict *verdict)
{
	links found = { .len = 0 };
	uint32_t flags;
	int code;

	code = mbedtls_x509_crt_verify_with_profile(chain, store->chain, NULL,
	    &profile, NULL, &flags, record_link, &found);
	if (is_no_memory(code))
		return fail_memory(sink);
	if (code == MBEDTLS_ERR_X509_FATAL_ERROR)
		return refuse(sink, verdict, TLSHOST_REASON_LIMIT, 0, code,
		    0);
	for (size_t i = 0; i < found.len; i++)
		if (found.items[i].flags != 0)
			return refuse(sink, verdict, sort_flags(
			    found.items[i].flags, found.items[i].crt, store),
			    i, code, found.items[i].flags);
	if (code != 0 || found.len == 0)
		return fail(sink, TLSHOST_LIBRARY, code,
		    "mbed TLS could not verify the path");
	flags = purpose_flags(chain, path->purpose);
	if (flags != 0)
		return refuse(sink, verdict, TLSHOST_REASON_WRONG_PURPOSE, 0,
		    0, flags);
	return tell_path(sink, &found, path);
}

static int
is_anchor(const trust *store, const struct tlshost_bytes *der)
{
	for (const mbedtls_x509_crt *at = store->chain; at != NULL;
	    at = at->next)
		if (at->raw.len == der->len &&
		    memcmp(at->raw.p, der->data, der->len) == 0)
			return 1;
	return 0;
}

int32_t
verify_path(tlshost_sink *sink, void *object,
    const struct tlshost_plugin_path *path,
    struct tlshost_plugin_verdict *verdict)
{
	trust *store = object;
	mbedtls_x509_crt chain;
	int32_t st = TLSHOST_OK;

	/* The library wants an anchor to be self-signed if it is a leaf. */
	if (is_anchor(store, &path->certificates[0])) {
		st = host->path_used(path->trail, path->certificates, 1);
		return st == TLSHOST_OK ? st : fail(sink, st, 0, NULL);
	}
	mbedtls_x509_crt_init(&chain);
	for (size_t i = 0; i < path->certificates_len && st == TLSHOST_OK;
	    i++) {
		int code = certificate_parse(&chain, &path->certificates[i]);

		if (is_no_memory(code))
			st = fail_memory(sink);
		else if (code != 0)
			st = refuse(sink, verdict, parse_reason(code), i,
			    code, 0);
	}
	if (st == TLSHOST_OK)
		st = verify_chain(sink, store, &chain, path, verdict);
	mbedtls_x509_crt_free(&chain);
	return st;
}

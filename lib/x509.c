/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "curve.h"
#include "extension.h"
#include "general-name.h"
#include "mem.h"
#include "tlshost-base.h"
#include "x509.h"

void
tlshost__cert_flaw(tlshost__cert *cert, uint32_t reason, const char *text)
{
	cert->flaws |= reason;
	if (cert->flaw_text == NULL)
		cert->flaw_text = text;
}

/* ------------------------------------------------------------------------
 * Keys and signatures
 */

static unsigned int
bits_of(const tlshost__der *integer)
{
	const uint8_t *at = integer->data;
	size_t len = integer->len;
	unsigned int bits;

	while (len != 0 && *at == 0) {
		at++;
		len--;
	}
	if (len == 0 || len > 65536)
		return 0;
	bits = (unsigned int)(len * 8);
	for (unsigned int mask = 0x80; (*at & mask) == 0; mask >>= 1)
		bits--;
	return bits;
}

/* An INTEGER in DER that is odd, and positive. */
static int
is_odd(const tlshost__der *integer)
{
	return tlshost__der_integer_valid(integer) &&
	    (integer->data[0] & 0x80) == 0 &&
	    (integer->data[integer->len - 1] & 1) != 0;
}

/* What a BIT STRING of whole bytes has; libraries ignore that it says it has
 * fewer, or do not. */
static int
take_bytes(tlshost__der *bits)
{
	if (bits->len < 1 || bits->data[0] != 0)
		return 0;
	bits->data++;
	bits->len--;
	return 1;
}

static int
parse_rsa(tlshost__cert *cert, tlshost__der bits)
{
	tlshost__der key, modulus, exponent;

	if (!tlshost__der_take_tag(&bits, TLSHOST__DER_SEQUENCE, &key, NULL) ||
	    bits.len != 0 || !tlshost__der_take_tag(&key,
	    TLSHOST__DER_INTEGER, &modulus, NULL) ||
	    !tlshost__der_take_tag(&key, TLSHOST__DER_INTEGER, &exponent,
	    NULL) || key.len != 0 || !is_odd(&modulus) || !is_odd(&exponent) ||
	    bits_of(&exponent) < 2)
		return 0;
	cert->key_kind = TLSHOST__KEY_RSA;
	cert->key_bits = bits_of(&modulus);
	cert->key_allowed = cert->key_bits >= 2048;
	return 1;
}

/* A point, and not compressed, for TLS knows no other (RFC 8422, 5.1.2). */
static int
parse_curve(tlshost__cert *cert, tlshost__der parameters, tlshost__der point)
{
	tlshost__der oid;

	cert->key_kind = TLSHOST__KEY_EC;
	if (!tlshost__der_take_tag(&parameters, TLSHOST__DER_OID, &oid, NULL))
		return 1;
	if (TLSHOST__DER_IS(&oid, "\x2a\x86\x48\xce\x3d\x03\x01\x07"))
		cert->key_bits = 256;
	else if (TLSHOST__DER_IS(&oid, "\x2b\x81\x04\x00\x22"))
		cert->key_bits = 384;
	else if (TLSHOST__DER_IS(&oid, "\x2b\x81\x04\x00\x23"))
		cert->key_bits = 521;
	cert->key_allowed = cert->key_bits != 0;
	return !cert->key_allowed || (point.data[0] == 4 &&
	    point.len == 1 + 2 * (size_t)((cert->key_bits + 7) / 8) &&
	    tlshost__curve_has(cert->key_bits, point.data + 1));
}

/* Ed25519 and Ed448, which are key and signature in one; 0: neither. */
static unsigned int
ed_bits(const tlshost__der *oid)
{
	if (TLSHOST__DER_IS(oid, "\x2b\x65\x70"))
		return 256;
	return TLSHOST__DER_IS(oid, "\x2b\x65\x71") ? 456 : 0;
}

/* AlgorithmIdentifier: what is left of it are the parameters, one or none. */
static int
take_algorithm(tlshost__der *algorithm, tlshost__der *ret_oid)
{
	tlshost__der rest, content;
	uint8_t tag;

	if (!tlshost__der_take_tag(algorithm, TLSHOST__DER_OID, ret_oid, NULL))
		return 0;
	rest = *algorithm;
	return rest.len == 0 || (tlshost__der_take(&rest, &tag, &content,
	    NULL) && rest.len == 0);
}

/* As RSA has them (RFC 4055, 1.2, where they must be there). */
static int
null_or_none(tlshost__der parameters)
{
	tlshost__der content;

	return parameters.len == 0 || tlshost__der_only(parameters,
	    TLSHOST__DER_NULL, &content);
}

#define PKCS_1 "\x2a\x86\x48\x86\xf7\x0d\x01\x01" /* 1.2.840.113549.1.1 */
#define ECDSA "\x2a\x86\x48\xce\x3d\x04" /* 1.2.840.10045.4 */
#define HASHES "\x60\x86\x48\x01\x65\x03\x04\x02" /* of NIST */

enum { HASH_OTHER, HASH_SHA1, HASH_SHA2 };

/* Which hash, and of SHA-2 the last number of its identifier. */
static int
take_hash(tlshost__der *der, uint8_t *ret_which)
{
	tlshost__der hash, oid;

	if (!tlshost__der_take_tag(der, TLSHOST__DER_SEQUENCE, &hash, NULL) ||
	    der->len != 0 || !take_algorithm(&hash, &oid) ||
	    !null_or_none(hash))
		return HASH_OTHER;
	if (TLSHOST__DER_IS(&oid, "\x2b\x0e\x03\x02\x1a"))
		return HASH_SHA1;
	if (oid.len != 9 || memcmp(oid.data, HASHES, 8) != 0)
		return HASH_OTHER;
	*ret_which = oid.data[8];
	return *ret_which >= 1 && *ret_which <= 3 ? HASH_SHA2 : HASH_OTHER;
}

/* What is behind the hash: the same for the mask, and a salt as long as a hash,
 * for one library takes every salt for that. */
static int
pss_rest_known(tlshost__der values, uint8_t hash)
{
	tlshost__der tagged, mask, oid, number;
	uint8_t mask_hash = 0;
	uint32_t salt;

	if (!tlshost__der_take_tag(&values,
	    TLSHOST__DER_CONTEXT_CONSTRUCTED(1), &tagged, NULL) ||
	    !tlshost__der_only(tagged, TLSHOST__DER_SEQUENCE, &mask) ||
	    !tlshost__der_take_tag(&mask, TLSHOST__DER_OID, &oid, NULL) ||
	    !TLSHOST__DER_IS(&oid, PKCS_1 "\x08") ||
	    take_hash(&mask, &mask_hash) != HASH_SHA2 || mask_hash != hash)
		return 0;
	return tlshost__der_only(values, TLSHOST__DER_CONTEXT_CONSTRUCTED(2),
	    &tagged) && tlshost__der_only(tagged, TLSHOST__DER_INTEGER,
	    &number) && tlshost__der_small(&number, &salt) &&
	    salt == 16u + 16u * hash;
}

/*
 * RSASSA-PSS-params (RFC 4055, 3.1): the kind of its hash, of SHA-2 if all the
 * rest is known, too; the default of everything is SHA-1.  -1: it is none.
 */
static int
parse_pss(tlshost__der parameters, uint8_t *ret_which)
{
	tlshost__der values, tagged;
	int hash = HASH_SHA1;

	if (parameters.len == 0)
		return HASH_SHA1;
	if (!tlshost__der_only(parameters, TLSHOST__DER_SEQUENCE, &values))
		return -1;
	if (tlshost__der_take_tag(&values,
	    TLSHOST__DER_CONTEXT_CONSTRUCTED(0), &tagged, NULL))
		hash = take_hash(&tagged, ret_which);
	return hash == HASH_SHA2 && !pss_rest_known(values, *ret_which) ?
	    HASH_OTHER : hash;
}

/* A key for RSASSA-PSS alone, and perhaps for one hash alone. */
static int
parse_pss_key(tlshost__cert *cert, tlshost__der parameters, tlshost__der bits)
{
	int hash = HASH_SHA2;

	if (!parse_rsa(cert, bits))
		return 0;
	cert->key_pss = 1;
	if (parameters.len != 0)
		hash = parse_pss(parameters, &cert->key_hash);
	cert->key_allowed = cert->key_allowed && hash == HASH_SHA2;
	return hash >= 0;
}

static int
parse_key(tlshost__cert *cert, tlshost__der info)
{
	tlshost__der algorithm, oid, bits;

	if (!tlshost__der_take_tag(&info, TLSHOST__DER_SEQUENCE, &algorithm,
	    NULL) || !take_algorithm(&algorithm, &oid) ||
	    !tlshost__der_only(info, TLSHOST__DER_BIT_STRING, &bits) ||
	    !take_bytes(&bits))
		return 0;
	if (TLSHOST__DER_IS(&oid, PKCS_1 "\x01"))
		return null_or_none(algorithm) && parse_rsa(cert, bits);
	if (TLSHOST__DER_IS(&oid, PKCS_1 "\x0a"))
		return parse_pss_key(cert, algorithm, bits);
	if (TLSHOST__DER_IS(&oid, "\x2a\x86\x48\xce\x3d\x02\x01"))
		return bits.len != 0 && parse_curve(cert, algorithm, bits);
	if ((cert->key_bits = ed_bits(&oid)) != 0) {
		cert->key_kind = TLSHOST__KEY_ED;
		cert->key_allowed = 1;
		return algorithm.len == 0 &&
		    bits.len == (cert->key_bits + 7) / 8;
	}
	return 1;
}

/* Is it with SHA-1 or weaker? */
enum { STRONG, WEAK, IN_PARAMETERS };

typedef struct signature {
	const char *oid;
	size_t oid_len;
	tlshost__key_kind kind;
	int weak;
} signature;

static const signature signatures[] = {
#define SIGNATURE(oid, kind, weak) \
	{ oid, sizeof(oid) - 1, TLSHOST__KEY_##kind, weak }
	/* MD2, MD4, MD5, SHA-1, and that once more by OIW. */
	SIGNATURE(PKCS_1 "\x02", RSA, WEAK),
	SIGNATURE(PKCS_1 "\x03", RSA, WEAK),
	SIGNATURE(PKCS_1 "\x04", RSA, WEAK),
	SIGNATURE(PKCS_1 "\x05", RSA, WEAK),
	SIGNATURE("\x2b\x0e\x03\x02\x1d", RSA, WEAK),
	/* RSASSA-PSS; SHA-256, SHA-384, SHA-512. */
	SIGNATURE(PKCS_1 "\x0a", RSA, IN_PARAMETERS),
	SIGNATURE(PKCS_1 "\x0b", RSA, STRONG),
	SIGNATURE(PKCS_1 "\x0c", RSA, STRONG),
	SIGNATURE(PKCS_1 "\x0d", RSA, STRONG),
	/* SHA-1; SHA-256, SHA-384, SHA-512. */
	SIGNATURE(ECDSA "\x01", EC, WEAK),
	SIGNATURE(ECDSA "\x03\x02", EC, STRONG),
	SIGNATURE(ECDSA "\x03\x03", EC, STRONG),
	SIGNATURE(ECDSA "\x03\x04", EC, STRONG),
	/* Ed25519, Ed448. */
	SIGNATURE("\x2b\x65\x70", ED, STRONG),
	SIGNATURE("\x2b\x65\x71", ED, STRONG),
	/* DSA with SHA-1, twice. */
	SIGNATURE("\x2a\x86\x48\xce\x38\x04\x03", OTHER, WEAK),
	SIGNATURE("\x2b\x0e\x03\x02\x1b", OTHER, WEAK),
#undef SIGNATURE
};

static const signature *
find_signature(const tlshost__der *oid)
{
	for (size_t i = 0; i < TLSHOST__ARRAY_LEN(signatures); i++)
		if (tlshost__der_is(oid, signatures[i].oid,
		    signatures[i].oid_len))
			return &signatures[i];
	return NULL;
}

static int
parse_signature(tlshost__cert *cert, tlshost__der algorithm)
{
	const signature *found;
	tlshost__der oid;
	int hash;

	if (!take_algorithm(&algorithm, &oid))
		return 0;
	if ((found = find_signature(&oid)) == NULL)
		return 1;
	cert->signature_kind = found->kind;
	cert->signature_bits = ed_bits(&oid);
	if (found->weak == IN_PARAMETERS) {
		cert->signature_pss = 1;
		hash = parse_pss(algorithm, &cert->signature_hash);
		cert->signature_weak = hash == HASH_SHA1;
		cert->signature_known = hash == HASH_SHA2;
		return hash >= 0;
	}
	cert->signature_weak = found->weak;
	cert->signature_known = 1;
	return null_or_none(algorithm);
}

/* ------------------------------------------------------------------------
 * The certificate
 */

static int
parse_time(tlshost__der *validity, int64_t *ret_seconds)
{
	tlshost__der content;
	uint8_t tag;

	return tlshost__der_take(validity, &tag, &content, NULL) &&
	    tlshost__der_time(tag, &content, ret_seconds);
}

static int
parse_version(tlshost__cert *cert, tlshost__der *tbs)
{
	tlshost__der tagged, number;
	uint32_t version;

	cert->version = 1;
	if (tlshost__der_peek(tbs) != TLSHOST__DER_CONTEXT_CONSTRUCTED(0))
		return 1;
	if (!tlshost__der_take_tag(tbs, TLSHOST__DER_CONTEXT_CONSTRUCTED(0),
	    &tagged, NULL) || !tlshost__der_only(tagged,
	    TLSHOST__DER_INTEGER, &number) ||
	    !tlshost__der_small(&number, &version) || version < 1 ||
	    version > 2)
		return 0;
	cert->version = version + 1;
	return 1;
}

static const char *
parse_tbs(tlshost__cert *cert, tlshost__der tbs, tlshost__der *ret_signature)
{
	tlshost__der content, validity, tagged;
	size_t issuer_names = 0;

	if (!parse_version(cert, &tbs))
		return "the version is malformed";
	if (!tlshost__der_take_tag(&tbs, TLSHOST__DER_INTEGER, &cert->serial,
	    NULL) || !tlshost__der_integer_valid(&cert->serial))
		return "the serial number is malformed";
	if (!tlshost__der_take_tag(&tbs, TLSHOST__DER_SEQUENCE, &content,
	    ret_signature))
		return "the signature algorithm is malformed";
	if (!tlshost__der_take_tag(&tbs, TLSHOST__DER_SEQUENCE, &content,
	    &cert->issuer) || !tlshost__name_valid(cert->issuer, &issuer_names))
		return "the issuer is malformed";
	if (!tlshost__der_take_tag(&tbs, TLSHOST__DER_SEQUENCE, &validity,
	    NULL) || !parse_time(&validity, &cert->not_before) ||
	    !parse_time(&validity, &cert->not_after) || validity.len != 0)
		return "the validity is malformed";
	if (!tlshost__der_take_tag(&tbs, TLSHOST__DER_SEQUENCE, &content,
	    &cert->subject) || !tlshost__name_valid(cert->subject, &cert->names))
		return "the subject is malformed";
	if (!tlshost__der_take_tag(&tbs, TLSHOST__DER_SEQUENCE, &content,
	    &cert->key) || !parse_key(cert, content))
		return "the public key is malformed";
	for (unsigned int n = 1; n <= 2; n++)
		if (tlshost__der_take_tag(&tbs,
		    (uint8_t)TLSHOST__DER_CONTEXT(n), &content, NULL) &&
		    !tlshost__der_bits_valid(&content))
			return "a unique identifier is malformed";
	if (tbs.len != 0 && (!tlshost__der_take_tag(&tbs,
	    TLSHOST__DER_CONTEXT_CONSTRUCTED(3), &tagged, NULL) ||
	    tbs.len != 0 || !tlshost__extensions_parse(cert, tagged)))
		return "the extensions are malformed";
	return NULL;
}

static const char *
parse_all(tlshost__cert *cert, tlshost__der all)
{
	tlshost__der outer, tbs, algorithm, bits, inner_whole, outer_whole;
	const char *problem;

	if (!tlshost__der_valid(all))
		return "it is not DER";
	if (!tlshost__der_only(all, TLSHOST__DER_SEQUENCE, &outer) ||
	    !tlshost__der_take_tag(&outer, TLSHOST__DER_SEQUENCE, &tbs, NULL) ||
	    !tlshost__der_take_tag(&outer, TLSHOST__DER_SEQUENCE, &algorithm,
	    &outer_whole) || !tlshost__der_take_tag(&outer,
	    TLSHOST__DER_BIT_STRING, &bits, NULL) || outer.len != 0)
		return "it is not a certificate";
	if (!take_bytes(&bits))
		return "the signature is malformed";
	if ((problem = parse_tbs(cert, tbs, &inner_whole)) != NULL)
		return problem;
	if (!parse_signature(cert, algorithm))
		return "the signature algorithm is malformed";
	if (!tlshost__der_equal(&inner_whole, &outer_whole))
		tlshost__cert_flaw(cert, TLSHOST_REASON_MALFORMED,
		    "the signature algorithms inside and outside differ");
	return NULL;
}

int
tlshost__cert_parse(tlshost__cert *ret_cert, const uint8_t *der, size_t len)
{
	tlshost__cert cert = {
		.der = der,
		.len = len,
		.explicit_policy = UINT32_MAX,
	};
	const char *problem = parse_all(&cert, (tlshost__der){ der, len });

	if (problem != NULL) {
		cert.flaws |= TLSHOST_REASON_MALFORMED;
		cert.flaw_text = problem;
	}
	*ret_cert = cert;
	return problem != NULL ? -1 : 0;
}

/* Libraries have as many words for a signature of another kind than the key as
 * there are libraries. */
int
tlshost__cert_can_have_signed(const tlshost__cert *issuer,
    const tlshost__cert *cert)
{
	return cert->signature_kind == TLSHOST__KEY_OTHER ||
	    (cert->signature_kind == issuer->key_kind &&
	    (cert->signature_kind != TLSHOST__KEY_ED ||
	    cert->signature_bits == issuer->key_bits) &&
	    (!issuer->key_pss || cert->signature_pss) &&
	    (issuer->key_hash == 0 ||
	    issuer->key_hash == cert->signature_hash));
}

/* ------------------------------------------------------------------------
 * Names
 */

tlshost__der
tlshost__cert_names(const tlshost__cert *cert)
{
	const tlshost__extension *names =
	    &cert->extensions[TLSHOST__EXT_SUBJECT_ALT_NAME];

	return names->present ? names->value : (tlshost__der){ NULL, 0 };
}

int
tlshost__cert_next_name(tlshost__der *names, uint8_t *ret_tag,
    tlshost__der *ret_name)
{
	return tlshost__der_take(names, ret_tag, ret_name, NULL);
}

static int
same_letter(uint8_t a, char b)
{
	if (a >= 'A' && a <= 'Z')
		a = (uint8_t)(a - 'A' + 'a');
	return a == (uint8_t)b;
}

int
tlshost__dns_matches(const tlshost__der *pattern, const char *name)
{
	const uint8_t *at = pattern->data;
	size_t len = pattern->len;

	if (len == 0)
		return 0;
	if (at[0] == '*') {
		/* The whole left-most label, with two or more behind it. */
		const char *dot = strchr(name, '.');

		if (len < 4 || at[1] != '.' || dot == NULL || dot == name ||
		    memchr(at + 2, '.', len - 2) == NULL ||
		    memchr(at + 1, '*', len - 1) != NULL)
			return 0;
		at++;
		len--;
		name = dot;
	}
	if (strlen(name) != len)
		return 0;
	for (size_t i = 0; i < len; i++)
		if (!same_letter(at[i], name[i]))
			return 0;
	return 1;
}

int
tlshost__cert_matches_name(const tlshost__cert *leaf,
    const tlshost__peer_name *name)
{
	tlshost__der names = tlshost__cert_names(leaf), one;
	uint8_t tag;

	while (tlshost__cert_next_name(&names, &tag, &one)) {
		if (name->kind == TLSHOST__PEER_NAME_DNS &&
		    tag == TLSHOST__DER_CONTEXT(2) &&
		    tlshost__dns_matches(&one, name->dns))
			return 1;
		if (name->kind == TLSHOST__PEER_NAME_IP &&
		    tag == TLSHOST__DER_CONTEXT(7) &&
		    one.len == name->ip_len &&
		    memcmp(one.data, name->ip, one.len) == 0)
			return 1;
	}
	return 0;
}

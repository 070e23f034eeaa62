/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mem.h"
#include "tlshost-base.h"
#include "utf8.h"
#include "x509.h"

/* The first complaint is the one that is told. */
static void
flaw(tlshost__cert *cert, uint32_t reason, const char *text)
{
	cert->flaws |= reason;
	if (cert->flaw_text == NULL)
		cert->flaw_text = text;
}

static void
malformed(tlshost__cert *cert, const char *text)
{
	flaw(cert, TLSHOST_REASON_MALFORMED, text);
}

static int
is_oid(const tlshost__der *oid, const char *bytes, size_t len)
{
	return oid->len == len && memcmp(oid->data, bytes, len) == 0;
}

#define IS_OID(oid, bytes) is_oid(oid, bytes, sizeof(bytes) - 1)

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

/* A point that is not compressed, for TLS knows no other (RFC 8422, 5.1.2). */
static int
parse_curve(tlshost__cert *cert, tlshost__der parameters, tlshost__der point)
{
	tlshost__der oid;

	cert->key_kind = TLSHOST__KEY_EC;
	if (!tlshost__der_take_tag(&parameters, TLSHOST__DER_OID, &oid, NULL))
		return 1;
	if (IS_OID(&oid, "\x2a\x86\x48\xce\x3d\x03\x01\x07"))
		cert->key_bits = 256;
	else if (IS_OID(&oid, "\x2b\x81\x04\x00\x22"))
		cert->key_bits = 384;
	else if (IS_OID(&oid, "\x2b\x81\x04\x00\x23"))
		cert->key_bits = 521;
	cert->key_allowed = cert->key_bits != 0;
	return !cert->key_allowed || (point.data[0] == 4 &&
	    point.len == 1 + 2 * (size_t)((cert->key_bits + 7) / 8));
}

/* Ed25519 and Ed448, which are key and signature in one; 0: neither. */
static unsigned int
ed_bits(const tlshost__der *oid)
{
	if (IS_OID(oid, "\x2b\x65\x70"))
		return 256;
	return IS_OID(oid, "\x2b\x65\x71") ? 456 : 0;
}

static int
parse_key(tlshost__cert *cert, tlshost__der info)
{
	tlshost__der algorithm, oid, bits;

	if (!tlshost__der_take_tag(&info, TLSHOST__DER_SEQUENCE, &algorithm,
	    NULL) || !tlshost__der_take_tag(&algorithm, TLSHOST__DER_OID, &oid,
	    NULL) || !tlshost__der_take_tag(&info, TLSHOST__DER_BIT_STRING,
	    &bits, NULL) || info.len != 0 || !take_bytes(&bits))
		return 0;
	if (IS_OID(&oid, "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01") ||
	    IS_OID(&oid, "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a")) {
		cert->key_pss = oid.data[8] == 0x0a;
		return parse_rsa(cert, bits);
	}
	if (IS_OID(&oid, "\x2a\x86\x48\xce\x3d\x02\x01")) {
		return bits.len != 0 && parse_curve(cert, algorithm, bits);
	} else if ((cert->key_bits = ed_bits(&oid)) != 0) {
		cert->key_kind = TLSHOST__KEY_ED;
		cert->key_allowed = 1;
		return bits.len == (cert->key_bits + 7) / 8;
	}
	return 1;
}

/* RSASSA-PSS names its hash in the parameters; without one it is SHA-1. */
static int
pss_weak(tlshost__der parameters)
{
	tlshost__der values, tagged, hash, oid;

	if (!tlshost__der_take_tag(&parameters, TLSHOST__DER_SEQUENCE, &values,
	    NULL) || !tlshost__der_take_tag(&values,
	    TLSHOST__DER_CONTEXT_CONSTRUCTED(0), &tagged, NULL) ||
	    !tlshost__der_take_tag(&tagged, TLSHOST__DER_SEQUENCE, &hash,
	    NULL) || !tlshost__der_take_tag(&hash, TLSHOST__DER_OID, &oid,
	    NULL))
		return 1;
	/* 2.16.840.1.101.3.4.2.n: the family of SHA-2 and SHA-3. */
	return !(oid.len == 9 &&
	    memcmp(oid.data, "\x60\x86\x48\x01\x65\x03\x04\x02", 8) == 0);
}

static int
parse_signature(tlshost__cert *cert, tlshost__der algorithm)
{
	static const char pkcs1[] = "\x2a\x86\x48\x86\xf7\x0d\x01\x01",
	    ecdsa[] = "\x2a\x86\x48\xce\x3d\x04";
	tlshost__der oid;

	if (!tlshost__der_take_tag(&algorithm, TLSHOST__DER_OID, &oid, NULL))
		return 0;
	if (oid.len == 9 && memcmp(oid.data, pkcs1, 8) == 0) {
		uint8_t which = oid.data[8];

		cert->signature_kind = TLSHOST__KEY_RSA;
		cert->signature_pss = which == 10;
		/* MD2, MD4, MD5 and SHA-1 with RSA. */
		cert->signature_weak = (which >= 2 && which <= 5) ||
		    (which == 10 && pss_weak(algorithm));
	} else if (oid.len >= 7 && memcmp(oid.data, ecdsa, 6) == 0) {
		cert->signature_kind = TLSHOST__KEY_EC;
		cert->signature_weak = oid.data[6] == 1; /* with SHA-1 */
	} else if (ed_bits(&oid) != 0) {
		cert->signature_kind = TLSHOST__KEY_ED;
		cert->signature_bits = ed_bits(&oid);
	} else if (IS_OID(&oid, "\x2a\x86\x48\xce\x38\x04\x03") ||
	    IS_OID(&oid, "\x2b\x0e\x03\x02\x1d") ||
	    IS_OID(&oid, "\x2b\x0e\x03\x02\x1b")) {
		cert->signature_weak = 1;       /* DSA, RSA: SHA-1 */
	}
	return 1;
}

/* ------------------------------------------------------------------------
 * Extensions
 */

/* Numbers of 2.5.29.n, and two others. */
static int
extension_kind(const tlshost__der *oid)
{
	static const struct {
		uint8_t number;
		int kind;
	} kinds[] = {
		{ 14, TLSHOST__EXT_SUBJECT_KEY_ID },
		{ 15, TLSHOST__EXT_KEY_USAGE },
		{ 17, TLSHOST__EXT_SUBJECT_ALT_NAME },
		{ 19, TLSHOST__EXT_BASIC_CONSTRAINTS },
		{ 30, TLSHOST__EXT_NAME_CONSTRAINTS },
		{ 31, TLSHOST__EXT_CRL_POINTS },
		{ 32, TLSHOST__EXT_POLICIES },
		{ 35, TLSHOST__EXT_AUTHORITY_KEY_ID },
		{ 36, TLSHOST__EXT_POLICY_CONSTRAINTS },
		{ 37, TLSHOST__EXT_EXTENDED_KEY_USAGE },
		{ 54, TLSHOST__EXT_INHIBIT_ANY_POLICY },
	};

	if (oid->len == 3 && oid->data[0] == 0x55 && oid->data[1] == 0x1d)
		for (size_t i = 0; i < TLSHOST__ARRAY_LEN(kinds); i++)
			if (kinds[i].number == oid->data[2])
				return kinds[i].kind;
	if (IS_OID(oid, "\x60\x86\x48\x01\x86\xf8\x42\x01\x01"))
		return TLSHOST__EXT_NETSCAPE_TYPE;
	return -1;
}

/* May an extension of this kind be critical?  Every library processes another
 * set; these are what all of them do, or what the policy itself refuses. */
static int
critical_known(int kind)
{
	switch (kind) {
	case TLSHOST__EXT_KEY_USAGE:
	case TLSHOST__EXT_SUBJECT_ALT_NAME:
	case TLSHOST__EXT_BASIC_CONSTRAINTS:
	case TLSHOST__EXT_NAME_CONSTRAINTS:
	case TLSHOST__EXT_POLICIES:
	case TLSHOST__EXT_EXTENDED_KEY_USAGE:
	case TLSHOST__EXT_INHIBIT_ANY_POLICY:
	case TLSHOST__EXT_POLICY_CONSTRAINTS:
		return 1;
	default:
		return 0;
	}
}

/* One element with this tag, and nothing behind it. */
static int
only(tlshost__der value, uint8_t tag, tlshost__der *ret_content)
{
	return tlshost__der_take_tag(&value, tag, ret_content, NULL) &&
	    value.len == 0;
}

/* A BIT STRING of at most so many bits, as numbered from the left. */
static int
parse_bits(tlshost__der value, uint32_t *ret_bits)
{
	tlshost__der content;
	uint8_t unused;

	if (!only(value, TLSHOST__DER_BIT_STRING, &content) ||
	    content.len < 2 || content.len > 3)
		return 0;
	unused = content.data[0];
	if (unused > 7 || (content.data[content.len - 1] &
	    ((1u << unused) - 1)) != 0)
		return 0;
	*ret_bits = (uint32_t)content.data[1] << 8 |
	    (content.len == 3 ? content.data[2] : 0u);
	return 1;
}

static int
parse_basic_constraints(tlshost__cert *cert, tlshost__der value)
{
	tlshost__der content, element;

	if (!only(value, TLSHOST__DER_SEQUENCE, &content))
		return 0;
	if (tlshost__der_peek(&content) == TLSHOST__DER_BOOLEAN) {
		/* FALSE is the default, which DER does not spell out. */
		if (!tlshost__der_take_tag(&content, TLSHOST__DER_BOOLEAN,
		    &element, NULL) || element.len != 1 ||
		    element.data[0] != 0xff)
			return 0;
		cert->ca = 1;
	}
	if (content.len != 0) {
		if (!tlshost__der_take_tag(&content, TLSHOST__DER_INTEGER,
		    &element, NULL) ||
		    !tlshost__der_integer_valid(&element) ||
		    (element.data[0] & 0x80) != 0 || content.len != 0)
			return 0;
		cert->has_path_len = 1;
		if (!tlshost__der_small(&element, &cert->path_len))
			cert->path_len = UINT32_MAX;
	}
	return 1;
}

static int
parse_eku(tlshost__cert *cert, tlshost__der value)
{
	tlshost__der content, oid;

	if (!only(value, TLSHOST__DER_SEQUENCE, &content) || content.len == 0)
		return 0;
	while (content.len != 0) {
		if (!tlshost__der_take_tag(&content, TLSHOST__DER_OID, &oid,
		    NULL) || oid.len == 0)
			return 0;
		if (IS_OID(&oid, "\x2b\x06\x01\x05\x05\x07\x03\x01"))
			cert->eku |= TLSHOST__EKU_SERVER;
		else if (IS_OID(&oid, "\x2b\x06\x01\x05\x05\x07\x03\x02"))
			cert->eku |= TLSHOST__EKU_CLIENT;
		else if (IS_OID(&oid, "\x55\x1d\x25\x00"))
			cert->eku |= TLSHOST__EKU_ANY;
	}
	return 1;
}

static int
ia5_valid(const tlshost__der *text)
{
	for (size_t i = 0; i < text->len; i++)
		if (text->data[i] == 0 || text->data[i] > 127)
			return 0;
	return 1;
}

/* Names in a SAN, or bases in a name constraint, which have masks. */
static int
general_name_valid(uint8_t tag, const tlshost__der *name, int constraint)
{
	tlshost__der inside = *name, content;

	switch (tag) {
	case TLSHOST__DER_CONTEXT(1):
	case TLSHOST__DER_CONTEXT(2):
	case TLSHOST__DER_CONTEXT(6):
		return ia5_valid(name) && (name->len != 0 || constraint);
	case TLSHOST__DER_CONTEXT(7):
		return constraint ? name->len == 8 || name->len == 32 :
		    name->len == 4 || name->len == 16;
	case TLSHOST__DER_CONTEXT_CONSTRUCTED(4):
		return tlshost__der_take_tag(&inside, TLSHOST__DER_SEQUENCE,
		    &content, NULL) && inside.len == 0 &&
		    tlshost__der_valid(content);
	case TLSHOST__DER_CONTEXT_CONSTRUCTED(0):
	case TLSHOST__DER_CONTEXT_CONSTRUCTED(3):
	case TLSHOST__DER_CONTEXT_CONSTRUCTED(5):
		return tlshost__der_valid(*name);
	case TLSHOST__DER_CONTEXT(8):
		return name->len != 0;
	default:
		return 0;
	}
}

int
tlshost__cert_next_name(tlshost__der *names, uint8_t *ret_tag,
    tlshost__der *ret_name)
{
	return tlshost__der_take(names, ret_tag, ret_name, NULL);
}

static int
parse_alt_names(tlshost__cert *cert, tlshost__der value)
{
	tlshost__der names, name;
	uint8_t tag;

	if (!only(value, TLSHOST__DER_SEQUENCE, &names) || names.len == 0)
		return 0;
	cert->extensions[TLSHOST__EXT_SUBJECT_ALT_NAME].value = names;
	while (names.len != 0) {
		if (!tlshost__cert_next_name(&names, &tag, &name) ||
		    !general_name_valid(tag, &name, 0))
			return 0;
		cert->names++;
	}
	return 1;
}

static int
parse_subtrees(tlshost__cert *cert, tlshost__der subtrees)
{
	tlshost__der subtree, base;
	uint8_t tag;

	while (subtrees.len != 0) {
		/* minimum 0 and no maximum are not spelled out in DER. */
		if (!tlshost__der_take_tag(&subtrees, TLSHOST__DER_SEQUENCE,
		    &subtree, NULL) || !tlshost__der_take(&subtree, &tag,
		    &base, NULL) || subtree.len != 0 ||
		    !general_name_valid(tag, &base, 1))
			return 0;
		cert->subtrees++;
	}
	return 1;
}

static int
parse_name_constraints(tlshost__cert *cert, tlshost__der value)
{
	tlshost__der content, subtrees;

	if (!only(value, TLSHOST__DER_SEQUENCE, &content))
		return 0;
	cert->extensions[TLSHOST__EXT_NAME_CONSTRAINTS].value = content;
	for (uint8_t n = 0; n < 2; n++) {
		uint8_t tag = (uint8_t)TLSHOST__DER_CONTEXT_CONSTRUCTED(n);

		if (tlshost__der_peek(&content) == tag &&
		    (!tlshost__der_take_tag(&content, tag, &subtrees, NULL) ||
		    !parse_subtrees(cert, subtrees)))
			return 0;
	}
	return content.len == 0;
}

static int
parse_authority_key_id(tlshost__cert *cert, tlshost__der value)
{
	tlshost__der content;

	if (!only(value, TLSHOST__DER_SEQUENCE, &content))
		return 0;
	if (tlshost__der_peek(&content) == TLSHOST__DER_CONTEXT(0) &&
	    !tlshost__der_take_tag(&content, TLSHOST__DER_CONTEXT(0),
	    &cert->authority_key_id, NULL))
		return 0;
	if (tlshost__der_peek(&content) ==
	    TLSHOST__DER_CONTEXT_CONSTRUCTED(1) &&
	    (!tlshost__der_take_tag(&content,
	    TLSHOST__DER_CONTEXT_CONSTRUCTED(1), &cert->authority_issuer,
	    NULL) || !tlshost__der_valid(cert->authority_issuer)))
		return 0;
	if (tlshost__der_peek(&content) == TLSHOST__DER_CONTEXT(2) &&
	    (!tlshost__der_take_tag(&content, TLSHOST__DER_CONTEXT(2),
	    &cert->authority_serial, NULL) ||
	    !tlshost__der_integer_valid(&cert->authority_serial)))
		return 0;
	return content.len == 0;
}

/* Values of 0, 1, ...: how many certificates may follow.  UINT32_MAX: absent. */
static int
parse_policy_constraints(tlshost__cert *cert, tlshost__der value)
{
	tlshost__der content, element;
	uint32_t inhibit;

	if (!only(value, TLSHOST__DER_SEQUENCE, &content) || content.len == 0)
		return 0;
	if (tlshost__der_peek(&content) == TLSHOST__DER_CONTEXT(0) &&
	    (!tlshost__der_take_tag(&content, TLSHOST__DER_CONTEXT(0),
	    &element, NULL) ||
	    !tlshost__der_small(&element, &cert->explicit_policy)))
		return 0;
	if (tlshost__der_peek(&content) == TLSHOST__DER_CONTEXT(1) &&
	    (!tlshost__der_take_tag(&content, TLSHOST__DER_CONTEXT(1),
	    &element, NULL) || !tlshost__der_small(&element, &inhibit)))
		return 0;
	return content.len == 0;
}

/* SEQUENCE OF SEQUENCE, not empty, well-formed inside. */
static int
parse_list(tlshost__der value, int with_oid)
{
	tlshost__der content, item, element;
	uint8_t tag;

	if (!only(value, TLSHOST__DER_SEQUENCE, &content) ||
	    content.len == 0 || !tlshost__der_valid(content))
		return 0;
	while (content.len != 0) {
		if (!tlshost__der_take_tag(&content, TLSHOST__DER_SEQUENCE,
		    &item, NULL))
			return 0;
		if (with_oid && (!tlshost__der_take_tag(&item,
		    TLSHOST__DER_OID, &element, NULL) || (item.len != 0 &&
		    (!tlshost__der_take_tag(&item, TLSHOST__DER_SEQUENCE,
		    &element, NULL) || element.len == 0 || item.len != 0))))
			return 0;
		while (!with_oid && item.len != 0)
			if (!tlshost__der_take(&item, &tag, &element, NULL) ||
			    (tag & 0xc0) != 0x80 || (tag & 0x1f) > 2)
				return 0;
	}
	return 1;
}

static int
parse_value(tlshost__cert *cert, int kind, tlshost__der value)
{
	tlshost__der content;
	uint32_t number;

	switch (kind) {
	case TLSHOST__EXT_KEY_USAGE:
		return parse_bits(value, &cert->key_usage);
	case TLSHOST__EXT_BASIC_CONSTRAINTS:
		return parse_basic_constraints(cert, value);
	case TLSHOST__EXT_EXTENDED_KEY_USAGE:
		return parse_eku(cert, value);
	case TLSHOST__EXT_SUBJECT_ALT_NAME:
		return parse_alt_names(cert, value);
	case TLSHOST__EXT_NAME_CONSTRAINTS:
		return parse_name_constraints(cert, value);
	case TLSHOST__EXT_SUBJECT_KEY_ID:
		return only(value, TLSHOST__DER_OCTET_STRING,
		    &cert->subject_key_id);
	case TLSHOST__EXT_AUTHORITY_KEY_ID:
		return parse_authority_key_id(cert, value);
	case TLSHOST__EXT_POLICIES:
		return parse_list(value, 1);
	case TLSHOST__EXT_POLICY_CONSTRAINTS:
		return parse_policy_constraints(cert, value);
	case TLSHOST__EXT_CRL_POINTS:
		return parse_list(value, 0);
	case TLSHOST__EXT_NETSCAPE_TYPE:
		return parse_bits(value, &cert->netscape_type);
	case TLSHOST__EXT_INHIBIT_ANY_POLICY:
		return only(value, TLSHOST__DER_INTEGER, &content) &&
		    tlshost__der_small(&content, &number);
	default:
		return 1;
	}
}

static const char *const kind_names[TLSHOST__EXT_KINDS] = {
	[TLSHOST__EXT_KEY_USAGE] = "keyUsage is malformed",
	[TLSHOST__EXT_BASIC_CONSTRAINTS] = "basicConstraints is malformed",
	[TLSHOST__EXT_EXTENDED_KEY_USAGE] = "extendedKeyUsage is malformed",
	[TLSHOST__EXT_SUBJECT_ALT_NAME] = "subjectAltName is malformed",
	[TLSHOST__EXT_NAME_CONSTRAINTS] = "nameConstraints is malformed",
	[TLSHOST__EXT_SUBJECT_KEY_ID] = "subjectKeyIdentifier is malformed",
	[TLSHOST__EXT_AUTHORITY_KEY_ID] = "authorityKeyIdentifier is malformed",
	[TLSHOST__EXT_POLICIES] = "certificatePolicies is malformed",
	[TLSHOST__EXT_POLICY_CONSTRAINTS] = "policyConstraints is malformed",
	[TLSHOST__EXT_CRL_POINTS] = "cRLDistributionPoints is malformed",
	[TLSHOST__EXT_NETSCAPE_TYPE] = "the Netscape type is malformed",
	[TLSHOST__EXT_INHIBIT_ANY_POLICY] = "inhibitAnyPolicy is malformed",
};

/* Kinds that are not known one by one are compared with those before. */
static int
seen_before(tlshost__der extensions, const tlshost__der *until,
    const tlshost__der *oid)
{
	tlshost__der extension, other;

	while (extensions.data < until->data &&
	    tlshost__der_take_tag(&extensions, TLSHOST__DER_SEQUENCE,
	    &extension, NULL) && extensions.data <= until->data)
		if (tlshost__der_take_tag(&extension, TLSHOST__DER_OID, &other,
		    NULL) && tlshost__der_equal(&other, oid))
			return 1;
	return 0;
}

#define EXTENSIONS_MAX 64

static int
parse_extension(tlshost__cert *cert, tlshost__der extension,
    tlshost__der all, const tlshost__der *whole)
{
	tlshost__der oid, element, value;
	int kind, critical = 0;

	if (!tlshost__der_take_tag(&extension, TLSHOST__DER_OID, &oid, NULL))
		return 0;
	if (tlshost__der_peek(&extension) == TLSHOST__DER_BOOLEAN) {
		if (!tlshost__der_take_tag(&extension, TLSHOST__DER_BOOLEAN,
		    &element, NULL) || element.len != 1 ||
		    element.data[0] != 0xff)
			return 0;
		critical = 1;
	}
	if (!tlshost__der_take_tag(&extension, TLSHOST__DER_OCTET_STRING,
	    &value, NULL) || extension.len != 0)
		return 0;
	kind = extension_kind(&oid);
	if (kind >= 0 ? cert->extensions[kind].present :
	    seen_before(all, whole, &oid)) {
		malformed(cert, "an extension is there twice");
		return 1;
	}
	if (critical && (kind < 0 || !critical_known(kind)))
		flaw(cert, TLSHOST_REASON_UNKNOWN_CRITICAL,
		    "a critical extension is not known");
	if (kind < 0)
		return 1;
	cert->extensions[kind].present = 1;
	cert->extensions[kind].critical = critical;
	cert->extensions[kind].value = value;
	if (!parse_value(cert, kind, value))
		malformed(cert, kind_names[kind]);
	return 1;
}

static int
parse_extensions(tlshost__cert *cert, tlshost__der tagged)
{
	tlshost__der all, rest, extension, whole;
	size_t count = 0;

	if (!only(tagged, TLSHOST__DER_SEQUENCE, &all) || all.len == 0)
		return 0;
	rest = all;
	while (rest.len != 0) {
		if (++count > EXTENSIONS_MAX) {
			flaw(cert, TLSHOST_REASON_LIMIT,
			    "there are more than 64 extensions");
			return 1;
		}
		if (!tlshost__der_take_tag(&rest, TLSHOST__DER_SEQUENCE,
		    &extension, &whole) ||
		    !parse_extension(cert, extension, all, &whole))
			return 0;
	}
	if (cert->version != 3)
		malformed(cert, "extensions need version 3");
	return 1;
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

/* The strings that names have (RFC 5280, appendix A.1), and the BIT STRING of a
 * unique identifier.  Libraries take others, and bytes that are no characters,
 * or do not. */
static int
is_attribute_value(uint8_t tag, const tlshost__der *value)
{
	switch (tag) {
	case TLSHOST__DER_UTF8_STRING:
		return tlshost__utf8_valid(value->data, value->len);
	case TLSHOST__DER_UNIVERSAL_STRING:
		return value->len % 4 == 0;
	case TLSHOST__DER_BMP_STRING:
		return value->len % 2 == 0;
	case TLSHOST__DER_BIT_STRING:
	case TLSHOST__DER_NUMERIC_STRING:
	case TLSHOST__DER_PRINTABLE_STRING:
	case TLSHOST__DER_TELETEX_STRING:
	case TLSHOST__DER_IA5_STRING:
		return 1;
	default:
		return 0;
	}
}

/* RDNSequence: sets of attributes, counted. */
static int
parse_name(tlshost__der name, size_t *count)
{
	tlshost__der content, set, attribute, oid, value;
	uint8_t tag;

	if (!only(name, TLSHOST__DER_SEQUENCE, &content))
		return 0;
	while (content.len != 0) {
		if (!tlshost__der_take_tag(&content, TLSHOST__DER_SET, &set,
		    NULL) || set.len == 0)
			return 0;
		while (set.len != 0) {
			if (!tlshost__der_take_tag(&set, TLSHOST__DER_SEQUENCE,
			    &attribute, NULL) || !tlshost__der_take_tag(
			    &attribute, TLSHOST__DER_OID, &oid, NULL) ||
			    !tlshost__der_take(&attribute, &tag, &value,
			    NULL) || attribute.len != 0 ||
			    !is_attribute_value(tag, &value))
				return 0;
			(*count)++;
		}
	}
	return 1;
}

int
tlshost__name_is_empty(const tlshost__der *name)
{
	return name->len <= 2;
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
	    &tagged, NULL) || !only(tagged, TLSHOST__DER_INTEGER, &number) ||
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
	    &cert->issuer) || !parse_name(cert->issuer, &issuer_names))
		return "the issuer is malformed";
	if (!tlshost__der_take_tag(&tbs, TLSHOST__DER_SEQUENCE, &validity,
	    NULL) || !parse_time(&validity, &cert->not_before) ||
	    !parse_time(&validity, &cert->not_after) || validity.len != 0)
		return "the validity is malformed";
	if (!tlshost__der_take_tag(&tbs, TLSHOST__DER_SEQUENCE, &content,
	    &cert->subject) || !parse_name(cert->subject, &cert->names))
		return "the subject is malformed";
	if (!tlshost__der_take_tag(&tbs, TLSHOST__DER_SEQUENCE, &content,
	    &cert->key) || !parse_key(cert, content))
		return "the public key is malformed";
	for (uint8_t n = 1; n <= 2; n++)
		if (tlshost__der_peek(&tbs) == TLSHOST__DER_CONTEXT(n) &&
		    !tlshost__der_take_tag(&tbs,
		    (uint8_t)TLSHOST__DER_CONTEXT(n), &content, NULL))
			return "a unique identifier is malformed";
	if (tbs.len != 0 && (!tlshost__der_take_tag(&tbs,
	    TLSHOST__DER_CONTEXT_CONSTRUCTED(3), &tagged, NULL) ||
	    tbs.len != 0 || !parse_extensions(cert, tagged)))
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
	if (!only(all, TLSHOST__DER_SEQUENCE, &outer) ||
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
		malformed(cert, "the signature algorithms inside and outside "
		    "differ");
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

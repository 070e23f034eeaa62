/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "extension.h"
#include "general-name.h"
#include "mem.h"
#include "tlshost-base.h"

#define EXTENSIONS_MAX 64

/* A BIT STRING of at most so many bits, as numbered from the left. */
static int
parse_bits(tlshost__der value, uint32_t *ret_bits)
{
	tlshost__der content;

	if (!tlshost__der_only(value, TLSHOST__DER_BIT_STRING, &content) ||
	    content.len < 2 || content.len > 3 ||
	    !tlshost__der_bits_valid(&content))
		return 0;
	*ret_bits = (uint32_t)content.data[1] << 8 |
	    (content.len == 3 ? content.data[2] : 0u);
	return 1;
}

/* BOOLEANs have a default, which DER does not spell out: 1 if TRUE was taken. */
static int
take_true(tlshost__der *der)
{
	tlshost__der content;

	return der->len >= 3 && memcmp(der->data, "\x01\x01\xff", 3) == 0 &&
	    tlshost__der_take_tag(der, TLSHOST__DER_BOOLEAN, &content, NULL);
}

static int
parse_basic_constraints(tlshost__cert *cert, tlshost__der value)
{
	tlshost__der content, number;

	if (!tlshost__der_only(value, TLSHOST__DER_SEQUENCE, &content))
		return 0;
	cert->ca = take_true(&content);
	if (content.len == 0)
		return 1;
	cert->has_path_len = 1;
	return tlshost__der_only(content, TLSHOST__DER_INTEGER, &number) &&
	    tlshost__der_small(&number, &cert->path_len);
}

static int
parse_eku(tlshost__cert *cert, tlshost__der value)
{
	static const char purposes[] = "\x2b\x06\x01\x05\x05\x07\x03";
	tlshost__der content, oid;

	if (!tlshost__der_only(value, TLSHOST__DER_SEQUENCE, &content) ||
	    content.len == 0)
		return 0;
	while (content.len != 0) {
		if (!tlshost__der_take_tag(&content, TLSHOST__DER_OID, &oid,
		    NULL) || !tlshost__der_oid_short(&oid))
			return 0;
		if (oid.len == 8 && memcmp(oid.data, purposes, 7) == 0)
			cert->eku |= oid.data[7] == 1 ? TLSHOST__EKU_SERVER :
			    oid.data[7] == 2 ? TLSHOST__EKU_CLIENT : 0u;
		else if (TLSHOST__DER_IS(&oid, "\x55\x1d\x25\x00"))
			cert->eku |= TLSHOST__EKU_ANY;
	}
	return 1;
}

static int
parse_alt_names(tlshost__cert *cert, tlshost__der value)
{
	tlshost__der names, name;
	uint8_t tag;

	if (!tlshost__der_only(value, TLSHOST__DER_SEQUENCE, &names) ||
	    !tlshost__general_names_valid(names))
		return 0;
	cert->extensions[TLSHOST__EXT_SUBJECT_ALT_NAME].value = names;
	while (tlshost__cert_next_name(&names, &tag, &name))
		cert->names++;
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
		    !tlshost__general_name_valid(tag, &base, 1))
			return 0;
		cert->subtrees++;
	}
	return 1;
}

static int
parse_name_constraints(tlshost__cert *cert, tlshost__der value)
{
	tlshost__der content, subtrees;

	if (!tlshost__der_only(value, TLSHOST__DER_SEQUENCE, &content))
		return 0;
	cert->extensions[TLSHOST__EXT_NAME_CONSTRAINTS].value = content;
	for (unsigned int n = 0; n < 2; n++)
		if (tlshost__der_take_tag(&content,
		    (uint8_t)TLSHOST__DER_CONTEXT_CONSTRUCTED(n), &subtrees,
		    NULL) && !parse_subtrees(cert, subtrees))
			return 0;
	return content.len == 0;
}

static int
parse_authority_key_id(tlshost__cert *cert, tlshost__der value)
{
	tlshost__der content;

	if (!tlshost__der_only(value, TLSHOST__DER_SEQUENCE, &content))
		return 0;
	(void)tlshost__der_take_tag(&content, TLSHOST__DER_CONTEXT(0),
	    &cert->authority_key_id, NULL);
	if (tlshost__der_take_tag(&content,
	    TLSHOST__DER_CONTEXT_CONSTRUCTED(1), &cert->authority_issuer,
	    NULL) && !tlshost__general_names_valid(cert->authority_issuer))
		return 0;
	if (tlshost__der_take_tag(&content, TLSHOST__DER_CONTEXT(2),
	    &cert->authority_serial, NULL) &&
	    !tlshost__der_integer_valid(&cert->authority_serial))
		return 0;
	return content.len == 0;
}

/* Values of 0, 1, ...: how many certificates may follow.  UINT32_MAX: absent. */
static int
parse_policy_constraints(tlshost__cert *cert, tlshost__der value)
{
	tlshost__der content, number;
	uint32_t inhibit;

	if (!tlshost__der_only(value, TLSHOST__DER_SEQUENCE, &content) ||
	    content.len == 0)
		return 0;
	if (tlshost__der_take_tag(&content, TLSHOST__DER_CONTEXT(0), &number,
	    NULL) && !tlshost__der_small(&number, &cert->explicit_policy))
		return 0;
	if (tlshost__der_take_tag(&content, TLSHOST__DER_CONTEXT(1), &number,
	    NULL) && !tlshost__der_small(&number, &inhibit))
		return 0;
	return content.len == 0;
}

static int
take_display_text(tlshost__der *der)
{
	tlshost__der content;
	uint8_t tag;

	return tlshost__der_take(der, &tag, &content, NULL) &&
	    (tag == TLSHOST__DER_UTF8_STRING || tag == TLSHOST__DER_IA5_STRING ||
	    tag == TLSHOST__DER_VISIBLE_STRING ||
	    tag == TLSHOST__DER_BMP_STRING);
}

/* UserNotice: a reference to a text, by numbers, and a text. */
static int
notice_valid(tlshost__der notice)
{
	tlshost__der reference, numbers, number;

	if (tlshost__der_take_tag(&notice, TLSHOST__DER_SEQUENCE, &reference,
	    NULL)) {
		if (!take_display_text(&reference) ||
		    !tlshost__der_only(reference, TLSHOST__DER_SEQUENCE,
		    &numbers))
			return 0;
		while (numbers.len != 0)
			if (!tlshost__der_take_tag(&numbers,
			    TLSHOST__DER_INTEGER, &number, NULL))
				return 0;
	}
	return notice.len == 0 || (take_display_text(&notice) &&
	    notice.len == 0);
}

/* A type, and what goes with it: of the two that RFC 5280 knows, that. */
static int
qualifier_valid(tlshost__der qualifier)
{
	tlshost__der oid, value;
	uint8_t tag;

	if (!tlshost__der_take_tag(&qualifier, TLSHOST__DER_OID, &oid, NULL) ||
	    !tlshost__der_take(&qualifier, &tag, &value, NULL) ||
	    qualifier.len != 0)
		return 0;
	if (TLSHOST__DER_IS(&oid, "\x2b\x06\x01\x05\x05\x07\x02\x01"))
		return tag == TLSHOST__DER_IA5_STRING;
	if (TLSHOST__DER_IS(&oid, "\x2b\x06\x01\x05\x05\x07\x02\x02"))
		return tag == TLSHOST__DER_SEQUENCE && notice_valid(value);
	return 1;
}

/* PolicyInformation. */
static int
policy_valid(tlshost__der policy)
{
	tlshost__der oid, qualifiers, qualifier;

	if (!tlshost__der_take_tag(&policy, TLSHOST__DER_OID, &oid, NULL))
		return 0;
	if (policy.len == 0)
		return 1;
	if (!tlshost__der_only(policy, TLSHOST__DER_SEQUENCE, &qualifiers) ||
	    qualifiers.len == 0)
		return 0;
	while (qualifiers.len != 0)
		if (!tlshost__der_take_tag(&qualifiers, TLSHOST__DER_SEQUENCE,
		    &qualifier, NULL) || !qualifier_valid(qualifier))
			return 0;
	return 1;
}

static int
mapping_valid(tlshost__der mapping)
{
	tlshost__der from, to;

	return tlshost__der_take_tag(&mapping, TLSHOST__DER_OID, &from,
	    NULL) && tlshost__der_take_tag(&mapping, TLSHOST__DER_OID, &to,
	    NULL) && mapping.len == 0;
}

/* DistributionPointName, from behind its explicit tag. */
static int
point_name_valid(tlshost__der name)
{
	tlshost__der content;
	size_t count = 0;

	return tlshost__der_only(name, TLSHOST__DER_CONTEXT_CONSTRUCTED(0),
	    &content) ? tlshost__general_names_valid(content) :
	    tlshost__der_only(name, TLSHOST__DER_CONTEXT_CONSTRUCTED(1),
	    &content) && tlshost__relative_name_valid(content, &count);
}

/* DistributionPoint: where, for which reasons, and by whom; not reasons alone. */
static int
point_valid(tlshost__der point)
{
	tlshost__der content;
	int names = 0;

	if (tlshost__der_take_tag(&point, TLSHOST__DER_CONTEXT_CONSTRUCTED(0),
	    &content, NULL) && (names = point_name_valid(content)) == 0)
		return 0;
	if (tlshost__der_take_tag(&point, TLSHOST__DER_CONTEXT(1), &content,
	    NULL) && !tlshost__der_bits_valid(&content))
		return 0;
	if (tlshost__der_take_tag(&point, TLSHOST__DER_CONTEXT_CONSTRUCTED(2),
	    &content, NULL) &&
	    (names = tlshost__general_names_valid(content)) == 0)
		return 0;
	return names && point.len == 0;
}

/* SEQUENCE OF SEQUENCE, one at least. */
static int
all_valid(tlshost__der value, int (*valid)(tlshost__der item))
{
	tlshost__der content, item;

	if (!tlshost__der_only(value, TLSHOST__DER_SEQUENCE, &content) ||
	    content.len == 0)
		return 0;
	while (content.len != 0)
		if (!tlshost__der_take_tag(&content, TLSHOST__DER_SEQUENCE,
		    &item, NULL) || !valid(item))
			return 0;
	return 1;
}

/* What is inside is DER already, but for what implicit tags hide. */
static int
parse_value(tlshost__cert *cert, size_t kind, tlshost__der value)
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
	case TLSHOST__EXT_ISSUER_ALT_NAME:
		return tlshost__der_only(value, TLSHOST__DER_SEQUENCE,
		    &content) && tlshost__general_names_valid(content);
	case TLSHOST__EXT_SUBJECT_ALT_NAME:
		return parse_alt_names(cert, value);
	case TLSHOST__EXT_NAME_CONSTRAINTS:
		return parse_name_constraints(cert, value);
	case TLSHOST__EXT_SUBJECT_KEY_ID:
		return tlshost__der_only(value, TLSHOST__DER_OCTET_STRING,
		    &cert->subject_key_id);
	case TLSHOST__EXT_AUTHORITY_KEY_ID:
		return parse_authority_key_id(cert, value);
	case TLSHOST__EXT_POLICIES:
		return all_valid(value, policy_valid);
	case TLSHOST__EXT_POLICY_MAPPINGS:
		return all_valid(value, mapping_valid);
	case TLSHOST__EXT_POLICY_CONSTRAINTS:
		return parse_policy_constraints(cert, value);
	case TLSHOST__EXT_CRL_POINTS:
		return all_valid(value, point_valid);
	case TLSHOST__EXT_NETSCAPE_TYPE:
		return parse_bits(value, &cert->netscape_type);
	case TLSHOST__EXT_INHIBIT_ANY_POLICY:
		return tlshost__der_only(value, TLSHOST__DER_INTEGER,
		    &content) && tlshost__der_small(&content, &number);
	default:
		return 1;
	}
}

/* ------------------------------------------------------------------------
 * All of them
 */

/* What the host does about an extension of a kind, if it is critical: libraries
 * process other sets of them; what all do, or the policy itself refuses, is
 * known. */
enum { UNKNOWN, KNOWN, ALWAYS_CRITICAL };

#define CE "\x55\x1d"               /* 2.5.29 */
#define PE "\x2b\x06\x01\x05\x05\x07\x01" /* 1.3.6.1.5.5.7.1 */

static const struct kind {
	const char *oid;
	size_t oid_len;
	int critical;
	const char *malformed;
} kinds[TLSHOST__EXT_KINDS] = {
#define KIND(oid, critical, name) \
	{ oid, sizeof(oid) - 1, critical, name " is malformed" }
	[TLSHOST__EXT_SUBJECT_KEY_ID] =
	    KIND(CE "\x0e", UNKNOWN, "subjectKeyIdentifier"),
	[TLSHOST__EXT_KEY_USAGE] = KIND(CE "\x0f", KNOWN, "keyUsage"),
	[TLSHOST__EXT_SUBJECT_ALT_NAME] =
	    KIND(CE "\x11", KNOWN, "subjectAltName"),
	[TLSHOST__EXT_ISSUER_ALT_NAME] =
	    KIND(CE "\x12", UNKNOWN, "issuerAltName"),
	[TLSHOST__EXT_BASIC_CONSTRAINTS] =
	    KIND(CE "\x13", KNOWN, "basicConstraints"),
	[TLSHOST__EXT_NAME_CONSTRAINTS] =
	    KIND(CE "\x1e", KNOWN, "nameConstraints"),
	[TLSHOST__EXT_CRL_POINTS] =
	    KIND(CE "\x1f", UNKNOWN, "cRLDistributionPoints"),
	[TLSHOST__EXT_POLICIES] = KIND(CE "\x20", KNOWN, "certificatePolicies"),
	[TLSHOST__EXT_POLICY_MAPPINGS] =
	    KIND(CE "\x21", UNKNOWN, "policyMappings"),
	[TLSHOST__EXT_AUTHORITY_KEY_ID] =
	    KIND(CE "\x23", UNKNOWN, "authorityKeyIdentifier"),
	[TLSHOST__EXT_POLICY_CONSTRAINTS] =
	    KIND(CE "\x24", KNOWN, "policyConstraints"),
	[TLSHOST__EXT_EXTENDED_KEY_USAGE] =
	    KIND(CE "\x25", KNOWN, "extendedKeyUsage"),
	[TLSHOST__EXT_INHIBIT_ANY_POLICY] =
	    KIND(CE "\x36", KNOWN, "inhibitAnyPolicy"),
	[TLSHOST__EXT_NETSCAPE_TYPE] = KIND("\x60\x86\x48\x01\x86\xf8\x42"
	    "\x01\x01", UNKNOWN, "the Netscape type"),
	/* These limit what the certificate is good for, and must not be passed
	 * over when they are not critical, as they ought to be. */
	[TLSHOST__EXT_ADDRESSES] =
	    KIND(PE "\x07", ALWAYS_CRITICAL, "IPAddrBlocks"),
	[TLSHOST__EXT_AS_NUMBERS] =
	    KIND(PE "\x08", ALWAYS_CRITICAL, "ASIdentifiers"),
	[TLSHOST__EXT_PROXY] =
	    KIND(PE "\x0e", ALWAYS_CRITICAL, "proxyCertInfo"),
#undef KIND
};

/* TLSHOST__EXT_KINDS: another one. */
static size_t
kind_of(const tlshost__der *oid)
{
	size_t kind = 0;

	while (kind < TLSHOST__EXT_KINDS && !tlshost__der_is(oid,
	    kinds[kind].oid, kinds[kind].oid_len))
		kind++;
	return kind;
}

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

static void
parse_known(tlshost__cert *cert, size_t kind, tlshost__der value, int critical)
{
	tlshost__extension *extension = &cert->extensions[kind];

	*extension = (tlshost__extension){ 1, critical, value };
	if (!tlshost__der_valid(value) || !parse_value(cert, kind, value))
		tlshost__cert_flaw(cert, TLSHOST_REASON_MALFORMED,
		    kinds[kind].malformed);
}

static int
parse_extension(tlshost__cert *cert, tlshost__der extension,
    tlshost__der all, const tlshost__der *whole)
{
	tlshost__der oid, value;
	int critical;
	size_t kind;

	if (!tlshost__der_take_tag(&extension, TLSHOST__DER_OID, &oid, NULL) ||
	    !tlshost__der_oid_short(&oid))
		return 0;
	critical = take_true(&extension);
	if (!tlshost__der_only(extension, TLSHOST__DER_OCTET_STRING, &value))
		return 0;
	kind = kind_of(&oid);
	if (kind < TLSHOST__EXT_KINDS ? cert->extensions[kind].present :
	    seen_before(all, whole, &oid)) {
		tlshost__cert_flaw(cert, TLSHOST_REASON_MALFORMED,
		    "an extension is there twice");
		return 1;
	}
	if (kind < TLSHOST__EXT_KINDS ?
	    (critical && kinds[kind].critical == UNKNOWN) ||
	    kinds[kind].critical == ALWAYS_CRITICAL : critical)
		tlshost__cert_flaw(cert, TLSHOST_REASON_UNKNOWN_CRITICAL,
		    "a critical extension is not known");
	if (kind < TLSHOST__EXT_KINDS)
		parse_known(cert, kind, value, critical);
	return 1;
}

int
tlshost__extensions_parse(tlshost__cert *cert, tlshost__der tagged)
{
	tlshost__der all, rest, extension, whole;
	size_t count = 0;

	if (!tlshost__der_only(tagged, TLSHOST__DER_SEQUENCE, &all) ||
	    all.len == 0)
		return 0;
	rest = all;
	while (rest.len != 0) {
		if (++count > EXTENSIONS_MAX) {
			tlshost__cert_flaw(cert, TLSHOST_REASON_LIMIT,
			    "there are more than 64 extensions");
			return 1;
		}
		if (!tlshost__der_take_tag(&rest, TLSHOST__DER_SEQUENCE,
		    &extension, &whole) ||
		    !parse_extension(cert, extension, all, &whole))
			return 0;
	}
	if (cert->version != 3)
		tlshost__cert_flaw(cert, TLSHOST_REASON_MALFORMED,
		    "extensions need version 3");
	return 1;
}

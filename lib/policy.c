/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdio.h>

#include "constraint.h"
#include "general-name.h"
#include "mem.h"
#include "policy.h"

/* Why these bounds hurt nobody, and whom their lack hurts: docs/VERIFICATION. */
#define PRESENTED_MAX 64
#define MESSAGE_MAX ((size_t)102400)
#define CERTIFICATE_MAX ((size_t)65536)
#define NAMES_MAX 1024
#define PAIRS_MAX ((size_t)65536)

void
tlshost__verdict_set(tlshost__verdict *verdict, uint32_t reasons,
    int32_t depth, const char *text)
{
	verdict->reasons = reasons;
	verdict->depth = depth;
	snprintf(verdict->text, sizeof(verdict->text), "%s", text);
}

const char *
tlshost__cert_bounds(const tlshost__cert *cert)
{
	if (cert->len > CERTIFICATE_MAX)
		return "a certificate is larger than 64 KiB";
	if (cert->names > NAMES_MAX)
		return "a certificate has more than 1024 names";
	if (cert->subtrees > NAMES_MAX)
		return "a certificate has more than 1024 name constraints";
	return NULL;
}

int
tlshost__bounds_check(const struct tlshost_bytes *chain, size_t len,
    tlshost__verdict *ret_verdict)
{
	size_t total = 0;

	if (len > PRESENTED_MAX) {
		tlshost__verdict_set(ret_verdict, TLSHOST_REASON_LIMIT, -1,
		    "more than 64 certificates were sent");
		return -1;
	}
	for (size_t i = 0; i < len; i++) {
		if (chain[i].len > CERTIFICATE_MAX ||
		    (total += chain[i].len) > MESSAGE_MAX) {
			tlshost__verdict_set(ret_verdict, TLSHOST_REASON_LIMIT,
			    (int32_t)i, "the certificates are larger than "
			    "64 KiB each or 100 KiB together");
			return -1;
		}
	}
	return 0;
}

/* ------------------------------------------------------------------------
 * Rules on one certificate
 */

typedef enum place {
	LEAF,
	INTERMEDIATE,
	ANCHOR,
	PINNED                           /* leaf and anchor in one */
} place;

typedef struct complaint {
	uint32_t reasons;
	const char *text;
} complaint;

static int
refuse(complaint *c, uint32_t reasons, const char *text)
{
	c->reasons = reasons;
	c->text = text;
	return 0;
}

static int
has(const tlshost__cert *cert, tlshost__extension_kind kind)
{
	return cert->extensions[kind].present;
}

static int
critical(const tlshost__cert *cert, tlshost__extension_kind kind)
{
	return cert->extensions[kind].critical;
}

static int
is_ca_place(place where)
{
	return where == INTERMEDIATE || where == ANCHOR;
}

static int
self_issued(const tlshost__cert *cert)
{
	return tlshost__der_equal(&cert->issuer, &cert->subject);
}

/* Rules 1 to 6 and 8 to 11: the certificate itself. */
static int
check_itself(const tlshost__policy *policy, const tlshost__cert *cert,
    place where, complaint *c)
{
	const char *beyond = tlshost__cert_bounds(cert);

	if (beyond != NULL)
		return refuse(c, TLSHOST_REASON_LIMIT, beyond);
	if (cert->flaws != 0)
		return refuse(c, cert->flaws, cert->flaw_text);
	if (where == INTERMEDIATE && cert->version != 3)
		return refuse(c, TLSHOST_REASON_NOT_CA,
		    "an intermediate is not of version 3");
	if ((where != PINNED && tlshost__name_is_empty(&cert->issuer)) ||
	    (is_ca_place(where) && tlshost__name_is_empty(&cert->subject)))
		return refuse(c, TLSHOST_REASON_MALFORMED,
		    "a name that must be there is empty");
	if (where == LEAF && tlshost__name_is_empty(&cert->subject) &&
	    !has(cert, TLSHOST__EXT_SUBJECT_ALT_NAME))
		return refuse(c, TLSHOST_REASON_MALFORMED,
		    "the certificate names nobody");
	if (policy->now > cert->not_after)
		return refuse(c, TLSHOST_REASON_EXPIRED, where == LEAF ||
		    where == PINNED ? "the certificate has expired" :
		    "a certificate of the chain has expired");
	if (policy->now < cert->not_before)
		return refuse(c, TLSHOST_REASON_NOT_YET_VALID,
		    "a certificate is not valid yet");
	if (!cert->key_allowed)
		return refuse(c, TLSHOST_REASON_WEAK_KEY,
		    cert->key_kind == TLSHOST__KEY_RSA &&
		    cert->key_bits < 2048 ?
		    "an RSA key has less than 2048 bits" :
		    "a key is of a kind or on a curve that is not accepted");
	if ((!cert->signature_known || cert->signature_weak) &&
	    (where == LEAF || where == INTERMEDIATE))
		return refuse(c, TLSHOST_REASON_WEAK_SIGNATURE,
		    cert->signature_weak ?
		    "a certificate is signed with SHA-1 or weaker" :
		    "a certificate is signed with an algorithm that is not "
		    "accepted");
	return 1;
}

/* Rules 14, 15, 17, 19 and 26: what it may be used for. */
static int
check_purpose(const tlshost__policy *policy, const tlshost__cert *cert,
    place where, complaint *c)
{
	uint32_t wanted = policy->purpose == TLSHOST_ROLE_SERVER ?
	    TLSHOST__EKU_SERVER : TLSHOST__EKU_CLIENT;
	uint32_t netscape = where == INTERMEDIATE ? 0x0400u :
	    policy->purpose == TLSHOST_ROLE_SERVER ? 0x4000u : 0x8000u;

	if (has(cert, TLSHOST__EXT_EXTENDED_KEY_USAGE) &&
	    (cert->eku & wanted) == 0)
		return refuse(c, TLSHOST_REASON_WRONG_PURPOSE,
		    policy->purpose == TLSHOST_ROLE_SERVER ?
		    "extendedKeyUsage does not allow a TLS server" :
		    "extendedKeyUsage does not allow a TLS client");
	if (where != ANCHOR && has(cert, TLSHOST__EXT_NETSCAPE_TYPE) &&
	    (cert->netscape_type & netscape) == 0)
		return refuse(c, TLSHOST_REASON_WRONG_PURPOSE,
		    "the Netscape type does not allow it");
	if (is_ca_place(where))
		return 1;
	if (has(cert, TLSHOST__EXT_KEY_USAGE) && (cert->key_usage &
	    (TLSHOST__KU_DIGITAL_SIGNATURE)) == 0)
		return refuse(c, TLSHOST_REASON_WRONG_PURPOSE,
		    "keyUsage does not allow digital signatures");
	if (where == LEAF && cert->ca &&
	    has(cert, TLSHOST__EXT_EXTENDED_KEY_USAGE))
		return refuse(c, TLSHOST_REASON_WRONG_PURPOSE,
		    "a CA certificate is no server certificate");
	return 1;
}

/* Rules 7, 24 and 25: does the next one fit as issuer? */
static int
check_link(const tlshost__cert *cert, const tlshost__cert *issuer,
    complaint *c)
{
	tlshost__der names = cert->authority_issuer, name;
	uint8_t tag;

	if (!tlshost__der_equal(&cert->issuer, &issuer->subject))
		return refuse(c, TLSHOST_REASON_UNKNOWN_ISSUER,
		    "issuer and subject differ");
	if (cert->authority_key_id.data != NULL &&
	    issuer->subject_key_id.data != NULL &&
	    !tlshost__der_equal(&cert->authority_key_id,
	    &issuer->subject_key_id))
		return refuse(c, TLSHOST_REASON_UNKNOWN_ISSUER,
		    "the key identifiers differ");
	if (cert->authority_serial.data != NULL &&
	    !tlshost__der_equal(&cert->authority_serial, &issuer->serial))
		return refuse(c, TLSHOST_REASON_UNKNOWN_ISSUER,
		    "authorityKeyIdentifier means another issuer");
	if (cert->authority_issuer.data == NULL)
		return 1;
	while (tlshost__cert_next_name(&names, &tag, &name))
		if (tag == TLSHOST__DER_CONTEXT_CONSTRUCTED(4) &&
		    tlshost__der_equal(&name, &issuer->issuer))
			return 1;
	return refuse(c, TLSHOST_REASON_UNKNOWN_ISSUER,
	    "authorityKeyIdentifier means another issuer");
}

/*
 * What could have issued itself, by all that is written in it, OpenSSL takes for
 * self-signed, and looks for no other issuer.
 */
static int
check_not_self_signed(const tlshost__cert *cert, place where, complaint *c)
{
	complaint unlike;

	if (where == ANCHOR || where == PINNED || !self_issued(cert) ||
	    !check_link(cert, cert, &unlike) ||
	    !tlshost__cert_can_have_signed(cert, cert))
		return 1;
	return refuse(c, TLSHOST_REASON_SELF_SIGNED,
	    "a certificate that has an issuer looks self-signed");
}

/* Rules 16, 18 and 30: what an issuer must be. */
static int
check_issuer(const tlshost__cert *cert, place where, complaint *c)
{
	if (critical(cert, TLSHOST__EXT_POLICY_CONSTRAINTS))
		return refuse(c, TLSHOST_REASON_CONSTRAINT,
		    "policyConstraints is critical");
	if (!is_ca_place(where))
		return 1;
	if (!cert->ca)
		return refuse(c, TLSHOST_REASON_NOT_CA,
		    "an issuer is no CA (basicConstraints)");
	if (has(cert, TLSHOST__EXT_KEY_USAGE) &&
	    (cert->key_usage & TLSHOST__KU_CERT_SIGN) == 0)
		return refuse(c, TLSHOST_REASON_NOT_CA,
		    "an issuer may not sign certificates (keyUsage)");
	return 1;
}

/* ------------------------------------------------------------------------
 * The strict rules, 31 to 34: what RFC 5280 advises and the web PKI demands
 */

static int
dns_name_strict(const tlshost__der *name)
{
	size_t label = 0;

	for (size_t i = 0; i < name->len; i++) {
		uint8_t ch = name->data[i];

		if (ch == '.') {
			if (label == 0)
				return 0;
			label = 0;
			continue;
		}
		if (ch == '*' && i == 0 && name->len > 1 &&
		    name->data[1] == '.') {
			label++;
			continue;
		}
		if (!((ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') ||
		    (ch >= '0' && ch <= '9') || ch == '-') || ++label > 63)
			return 0;
	}
	return label != 0 && name->len <= 253;
}

static int
names_strict(const tlshost__cert *cert)
{
	tlshost__der names = tlshost__cert_names(cert), name;
	uint8_t tag;

	while (tlshost__cert_next_name(&names, &tag, &name))
		if (tag == TLSHOST__DER_CONTEXT(2) && !dns_name_strict(&name))
			return 0;
	return 1;
}

static int
serial_strict(const tlshost__cert *cert)
{
	const tlshost__der *serial = &cert->serial;

	return serial->len <= 20 && (serial->data[0] & 0x80) == 0 &&
	    !(serial->len == 1 && serial->data[0] == 0);
}

/* A key identifier of a self-signed anchor may be absent, but not wrong. */
static int
root_ids_strict(const tlshost__cert *cert)
{
	if (!has(cert, TLSHOST__EXT_AUTHORITY_KEY_ID))
		return 1;
	return cert->authority_key_id.data != NULL &&
	    cert->authority_issuer.data == NULL &&
	    cert->authority_serial.data == NULL &&
	    tlshost__der_equal(&cert->authority_key_id,
	    &cert->subject_key_id);
}

static const char *
ca_strict(const tlshost__cert *cert, place where)
{
	if (cert->subject_key_id.data == NULL)
		return "a CA has no subjectKeyIdentifier";
	if (has(cert, TLSHOST__EXT_BASIC_CONSTRAINTS) &&
	    !critical(cert, TLSHOST__EXT_BASIC_CONSTRAINTS))
		return "basicConstraints of a CA is not critical";
	if (has(cert, TLSHOST__EXT_NAME_CONSTRAINTS)) {
		if (!critical(cert, TLSHOST__EXT_NAME_CONSTRAINTS))
			return "nameConstraints is not critical";
		if (cert->subtrees == 0)
			return "nameConstraints is empty";
		if (tlshost__constraint_leading_dot(cert))
			return "a name constraint begins with a dot";
	}
	if (has(cert, TLSHOST__EXT_POLICY_CONSTRAINTS) &&
	    !critical(cert, TLSHOST__EXT_POLICY_CONSTRAINTS))
		return "policyConstraints is not critical";
	if (where == ANCHOR && has(cert, TLSHOST__EXT_EXTENDED_KEY_USAGE))
		return "a root has extendedKeyUsage";
	return NULL;
}

static const char *
leaf_strict(const tlshost__cert *cert)
{
	if (!has(cert, TLSHOST__EXT_EXTENDED_KEY_USAGE))
		return "there is no extendedKeyUsage";
	if (cert->ca)
		return "a CA certificate is no server certificate";
	if ((cert->key_usage & TLSHOST__KU_CERT_SIGN) != 0)
		return "keyUsage has keyCertSign without a CA";
	if (has(cert, TLSHOST__EXT_NAME_CONSTRAINTS))
		return "a leaf has nameConstraints";
	return NULL;
}

static const char *
strict_problem(const tlshost__cert *cert, place where)
{
	int self_signed_anchor = where == ANCHOR && self_issued(cert);
	int empty = tlshost__name_is_empty(&cert->subject);

	if (self_signed_anchor ? !root_ids_strict(cert) :
	    where != PINNED && cert->authority_key_id.data == NULL)
		return "authorityKeyIdentifier is missing or not as it ought "
		    "to be";
	if (!serial_strict(cert))
		return "the serial number is not positive or longer than 20 "
		    "bytes";
	if (has(cert, TLSHOST__EXT_SUBJECT_ALT_NAME) &&
	    critical(cert, TLSHOST__EXT_SUBJECT_ALT_NAME) != empty)
		return empty ? "subjectAltName is not critical" :
		    "subjectAltName is critical";
	if (has(cert, TLSHOST__EXT_EXTENDED_KEY_USAGE) &&
	    (critical(cert, TLSHOST__EXT_EXTENDED_KEY_USAGE) ||
	    (cert->eku & TLSHOST__EKU_ANY) != 0))
		return "extendedKeyUsage is critical or anyExtendedKeyUsage";
	if (cert->key_kind == TLSHOST__KEY_RSA && cert->key_bits % 8 != 0)
		return "the bits of an RSA key are not divisible by 8";
	if (!names_strict(cert))
		return "a dNSName is malformed";
	return is_ca_place(where) ? ca_strict(cert, where) : leaf_strict(cert);
}

static int
check_strict(const tlshost__policy *policy, const tlshost__cert *cert,
    place where, complaint *c)
{
	const char *problem;

	if (!policy->strict || (problem = strict_problem(cert, where)) == NULL)
		return 1;
	return refuse(c, TLSHOST_REASON_STRICT, problem);
}

static int
check_one(const tlshost__policy *policy, const tlshost__cert *cert, place where,
    complaint *c)
{
	return check_itself(policy, cert, where, c) &&
	    check_purpose(policy, cert, where, c) &&
	    check_not_self_signed(cert, where, c) &&
	    check_issuer(cert, where, c) &&
	    check_strict(policy, cert, where, c);
}

int
tlshost__policy_intermediate(const tlshost__policy *policy,
    const tlshost__cert *cert)
{
	complaint c;

	return check_one(policy, cert, INTERMEDIATE, &c) ? 0 : -1;
}

/* ------------------------------------------------------------------------
 * Rules on a path
 */

/*
 * Rules 20 and 27: how many intermediates may follow.  Self-issued ones count
 * too, against RFC 5280, 4.2.1.9, because one library counts them and cannot be
 * told otherwise.
 */
static int
check_path_len(const tlshost__cert *cert, size_t below, complaint *c)
{
	if (cert->has_path_len && below > cert->path_len)
		return refuse(c, TLSHOST_REASON_CONSTRAINT,
		    "more intermediates follow than pathLenConstraint allows");
	return 1;
}

/* Rule 30: requireExplicitPolicy that takes effect in this path.  No library
 * treats it alike, and nobody here has policies to be satisfied. */
static int
check_explicit_policy(const tlshost__cert *const *path, size_t at,
    complaint *c)
{
	size_t below = 0;

	for (size_t i = 0; i < at; i++)
		if (!self_issued(path[i]))
			below++;
	if (path[at]->explicit_policy != UINT32_MAX &&
	    path[at]->explicit_policy <= below)
		return refuse(c, TLSHOST_REASON_CONSTRAINT,
		    "a CA demands certificate policies");
	return 1;
}

/* The names that are held against constraints, over the whole path. */
static int
check_pairs(const tlshost__cert *const *path, size_t len, complaint *c)
{
	size_t pairs = 0, names = 0;

	for (size_t i = 0; i < len; i++) {
		pairs += names * path[i]->subtrees;
		names += path[i]->names;
	}
	if (pairs > PAIRS_MAX)
		return refuse(c, TLSHOST_REASON_LIMIT,
		    "there are too many names for so many constraints");
	return 1;
}

static place
place_of(size_t at, size_t len, int anchored)
{
	if (at == 0)
		return anchored && len == 1 ? PINNED : LEAF;
	return anchored && at == len - 1 ? ANCHOR : INTERMEDIATE;
}

static int
check_at(const tlshost__policy *policy, const tlshost__cert *const *path,
    size_t len, size_t at, int anchored, complaint *c)
{
	place where = place_of(at, len, anchored);
	const char *problem;

	if (!check_one(policy, path[at], where, c))
		return 0;
	if (at + 1 < len && !check_link(path[at], path[at + 1], c))
		return 0;
	if (at == 0)
		return 1;
	if (!check_path_len(path[at], at - 1, c) ||
	    (where == INTERMEDIATE && !check_explicit_policy(path, at, c)))
		return 0;
	for (size_t below = 0; below < at; below++)
		if ((problem = tlshost__constraint_check(path[at], path[below],
		    below == 0)) != NULL)
			return refuse(c, TLSHOST_REASON_CONSTRAINT, problem);
	return 1;
}

int
tlshost__policy_path(const tlshost__policy *policy,
    const tlshost__cert *const *path, size_t len, int anchored,
    tlshost__verdict *ret_verdict)
{
	complaint c = { 0, NULL };
	size_t at = 0;

	if (len == 0 || len > TLSHOST__PATH_MAX) {
		tlshost__verdict_set(ret_verdict, TLSHOST_REASON_LIMIT, -1,
		    "the path is too long");
		return -1;
	}
	if (check_pairs(path, len, &c))
		while (at < len && check_at(policy, path, len, at, anchored,
		    &c))
			at++;
	if (c.text == NULL)
		return 0;
	tlshost__verdict_set(ret_verdict, c.reasons, (int32_t)at, c.text);
	return -1;
}

/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "constraint.h"
#include "general-name.h"

#define EMAIL TLSHOST__DER_CONTEXT(1)
#define DNS TLSHOST__DER_CONTEXT(2)
#define DIRECTORY TLSHOST__DER_CONTEXT_CONSTRUCTED(4)
#define URI TLSHOST__DER_CONTEXT(6)
#define ADDRESS TLSHOST__DER_CONTEXT(7)

static uint8_t
lower(uint8_t ch)
{
	return ch >= 'A' && ch <= 'Z' ? (uint8_t)(ch - 'A' + 'a') : ch;
}

static int
same_text(const uint8_t *a, const uint8_t *b, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (lower(a[i]) != lower(b[i]))
			return 0;
	return 1;
}

static int
ends_with(const tlshost__der *name, const tlshost__der *end)
{
	return name->len >= end->len && same_text(name->data + name->len -
	    end->len, end->data, end->len);
}

/* ------------------------------------------------------------------------
 * Is a name within a subtree?
 */

static int
dns_well_formed(const tlshost__der *name)
{
	size_t label = 0;

	for (size_t i = 0; i < name->len; i++) {
		uint8_t ch = lower(name->data[i]);

		if (ch == '.') {
			if (label == 0)
				return 0;
			label = 0;
		} else if ((ch >= 'a' && ch <= 'z') ||
		    (ch >= '0' && ch <= '9') || ch == '-' || ch == '_' ||
		    (ch == '*' && i == 0)) {
			label++;
		} else {
			return 0;
		}
	}
	return label != 0;
}

/* One "@", between two parts; libraries do not agree about others. */
static int
email_well_formed(const tlshost__der *name)
{
	const uint8_t *at = memchr(name->data, '@', name->len), *end =
	    name->data + name->len;

	return at != NULL && at != name->data && at + 1 != end &&
	    memchr(at + 1, '@', (size_t)(end - at - 1)) == NULL;
}

static int
well_formed(uint8_t tag, const tlshost__der *name)
{
	return tag == DNS ? dns_well_formed(name) :
	    tag != EMAIL || email_well_formed(name);
}

/* A leading dot: subdomains only.  Else the name itself, or labels before. */
static int
dns_within(const tlshost__der *name, const tlshost__der *base)
{
	if (base->len == 0)
		return 1;
	if (!ends_with(name, base))
		return 0;
	if (base->data[0] == '.')
		return name->len > base->len;
	return name->len == base->len ||
	    name->data[name->len - base->len - 1] == '.';
}

/*
 * A wildcard may stand for a name within an excluded subtree that it does not
 * lie in itself: "*.example.com" for "secret.example.com" (rule 22).
 */
static int
wildcard_reaches(const tlshost__der *name, const tlshost__der *base)
{
	tlshost__der parent, host = *base;
	const uint8_t *dot;

	if (name->len < 3 || name->data[0] != '*' || name->data[1] != '.')
		return 0;
	parent = (tlshost__der){ name->data + 1, name->len - 1 };
	if (host.len != 0 && host.data[0] == '.') {
		/* Subdomains of it would have one label more than the star
		 * stands for, unless it is the parent itself. */
		return ends_with(&parent, &host);
	}
	if ((dot = memchr(host.data, '.', host.len)) == NULL)
		return 0;
	host.len -= (size_t)(dot - host.data);
	host.data = dot;
	return host.len == parent.len &&
	    same_text(host.data, parent.data, host.len);
}

static int
address_within(const tlshost__der *name, const tlshost__der *base)
{
	if (base->len != name->len * 2)
		return 0;
	for (size_t i = 0; i < name->len; i++)
		if (((name->data[i] ^ base->data[i]) &
		    base->data[name->len + i]) != 0)
			return 0;
	return 1;
}

/* A host, or with a leading dot hosts in a domain (of a URI, of a mailbox). */
static int
host_within(const tlshost__der *host, const tlshost__der *base)
{
	if (base->len != 0 && base->data[0] == '.')
		return host->len > base->len && ends_with(host, base);
	return host->len == base->len && ends_with(host, base);
}

static int
email_within(const tlshost__der *name, const tlshost__der *base)
{
	const uint8_t *at = memchr(name->data, '@', name->len);
	const uint8_t *base_at = base->len != 0 ?
	    memchr(base->data, '@', base->len) : NULL;
	tlshost__der host;

	if (base->len == 0)
		return 1;
	if (at == NULL)
		return 0;
	host.data = at + 1;
	host.len = name->len - (size_t)(at + 1 - name->data);
	if (base_at != NULL) {
		/* A mailbox: the local part counts letter by letter. */
		size_t local = (size_t)(base_at - base->data);

		return base->len == name->len &&
		    local == (size_t)(at - name->data) &&
		    memcmp(name->data, base->data, local) == 0 &&
		    ends_with(&host, &(tlshost__der){ base_at + 1,
		    base->len - local - 1 });
	}
	return host_within(&host, base);
}

/* The host of "scheme://user@host:port/...", if there is one. */
static int
uri_host(const tlshost__der *uri, tlshost__der *ret_host)
{
	const uint8_t *end = uri->data + uri->len, *at = uri->data, *host;

	while (end - at >= 3 && memcmp(at, "://", 3) != 0)
		at++;
	if (end - at < 3)
		return 0;
	host = at += 3;
	while (at < end && *at != '/' && *at != '?' && *at != '#')
		at++;
	end = at;
	for (at = host; at < end; at++)
		if (*at == '@')
			host = at + 1;
	for (at = host; at < end && *at != ':'; at++)
		;
	*ret_host = (tlshost__der){ host, (size_t)(at - host) };
	return ret_host->len != 0 && host[0] != '[';
}

static int
uri_within(const tlshost__der *name, const tlshost__der *base)
{
	tlshost__der host;

	if (base->len == 0)
		return 1;
	return uri_host(name, &host) && host_within(&host, base);
}

/* The base is the beginning of the name, attribute by attribute, in bytes. */
static int
directory_within(const tlshost__der *name, const tlshost__der *base)
{
	tlshost__der a = *name, b = *base, a_names, b_names;

	if (!tlshost__der_take_tag(&a, TLSHOST__DER_SEQUENCE, &a_names, NULL) ||
	    !tlshost__der_take_tag(&b, TLSHOST__DER_SEQUENCE, &b_names, NULL))
		return 0;
	return b_names.len <= a_names.len && (b_names.len == 0 ||
	    memcmp(a_names.data, b_names.data, b_names.len) == 0);
}

static int
within(uint8_t tag, const tlshost__der *name, const tlshost__der *base)
{
	switch (tag) {
	case EMAIL:
		return email_within(name, base);
	case DNS:
		return dns_within(name, base);
	case DIRECTORY:
		return directory_within(name, base);
	case URI:
		return uri_within(name, base);
	case ADDRESS:
		return address_within(name, base);
	default:
		return 0;
	}
}

/* ------------------------------------------------------------------------
 * The subtrees of a CA
 */

typedef struct subtrees {
	tlshost__der permitted, excluded;
} subtrees;

static subtrees
subtrees_of(const tlshost__cert *ca)
{
	tlshost__der value = ca->extensions[TLSHOST__EXT_NAME_CONSTRAINTS].value;
	subtrees found = { { NULL, 0 }, { NULL, 0 } };

	if (!ca->extensions[TLSHOST__EXT_NAME_CONSTRAINTS].present)
		return found;
	(void)tlshost__der_take_tag(&value,
	    TLSHOST__DER_CONTEXT_CONSTRUCTED(0), &found.permitted, NULL);
	(void)tlshost__der_take_tag(&value,
	    TLSHOST__DER_CONTEXT_CONSTRUCTED(1), &found.excluded, NULL);
	return found;
}

/* The next base, as a GeneralName. */
static int
next_base(tlshost__der *list, uint8_t *ret_tag, tlshost__der *ret_base)
{
	tlshost__der subtree;

	return tlshost__der_take_tag(list, TLSHOST__DER_SEQUENCE, &subtree,
	    NULL) && tlshost__der_take(&subtree, ret_tag, ret_base, NULL);
}

int
tlshost__constraint_leading_dot(const tlshost__cert *ca)
{
	subtrees trees = subtrees_of(ca);
	tlshost__der *lists[] = { &trees.permitted, &trees.excluded }, base;
	uint8_t tag;

	for (size_t i = 0; i < 2; i++)
		while (next_base(lists[i], &tag, &base))
			if (tag == DNS && base.len != 0 && base.data[0] == '.')
				return 1;
	return 0;
}

/* Rules 23 and 28: forms that one of the libraries refuses whatever the leaf has. */
static int
form_processed(uint8_t tag, int excluded)
{
	return tag == EMAIL || tag == DNS || tag == URI || tag == ADDRESS ||
	    (tag == DIRECTORY && !excluded);
}

static int
constrains(const subtrees *trees, uint8_t tag)
{
	tlshost__der lists[] = { trees->permitted, trees->excluded }, base;
	uint8_t form;

	for (int i = 0; i < 2; i++)
		while (next_base(&lists[i], &form, &base))
			if (form == tag)
				return 1;
	return 0;
}

/* One library has room for so many bytes of a name, as text. */
static int
too_long(uint8_t tag, const tlshost__der *name)
{
	return name->len > ((tag & 0x20) != 0 ? 100u : 255u);
}

static const char *
check_name(const subtrees *trees, uint8_t tag, const tlshost__der *name)
{
	tlshost__der list = trees->permitted, base;
	int constrained = 0, allowed = 0;
	uint8_t form;

	while (next_base(&list, &form, &base)) {
		if (form != tag)
			continue;
		constrained = 1;
		if (well_formed(tag, name) && within(tag, name, &base))
			allowed = 1;
	}
	if (constrained && !allowed)
		return "a name is not within the names that a CA may issue for";
	list = trees->excluded;
	while (next_base(&list, &form, &base))
		/* One library compares no URIs, another no strange mailbox. */
		if (form == tag && (within(tag, name, &base) || tag == URI ||
		    (tag == EMAIL && !email_well_formed(name)) ||
		    (tag == DNS && wildcard_reaches(name, &base))))
			return "a name is within the names that a CA must not "
			    "issue for";
	return NULL;
}

static int
has_dns_name(const tlshost__cert *cert)
{
	tlshost__der names = tlshost__cert_names(cert), name;
	uint8_t tag;

	while (tlshost__cert_next_name(&names, &tag, &name))
		if (tag == DNS)
			return 1;
	return 0;
}

/* Only what every library takes for a text of such a kind. */
static int
is_text(uint8_t form, uint8_t tag)
{
	return form == EMAIL ? tag == TLSHOST__DER_IA5_STRING :
	    tag != TLSHOST__DER_BMP_STRING &&
	    tag != TLSHOST__DER_UNIVERSAL_STRING;
}

static const char *
check_attribute(const subtrees *trees, uint8_t form, uint8_t tag,
    const tlshost__der *value, int *found)
{
	if (is_text(form, tag) && !constrains(trees, form))
		return NULL;
	if (!is_text(form, tag) || (*found)++ != 0 || too_long(form, value))
		return "a name in the subject cannot be held against name "
		    "constraints";
	return check_name(trees, form, value);
}

/*
 * Names in the subject (rule 29): mail addresses, and the common names of a
 * leaf without dNSName, whatever they look like: libraries take them for host
 * names, and one for none if there are two.
 */
static const char *
check_subject(const subtrees *trees, const tlshost__cert *cert, int is_leaf)
{
	tlshost__der at = cert->subject, names, set, attribute, oid, value;
	int hosts = is_leaf && !has_dns_name(cert), found[2] = { 0, 0 };
	const char *problem = NULL;
	uint8_t tag;

	if (!tlshost__der_take_tag(&at, TLSHOST__DER_SEQUENCE, &names, NULL))
		return NULL;
	while (problem == NULL && tlshost__der_take_tag(&names,
	    TLSHOST__DER_SET, &set, NULL))
		while (problem == NULL && tlshost__der_take_tag(&set,
		    TLSHOST__DER_SEQUENCE, &attribute, NULL) &&
		    tlshost__der_take_tag(&attribute, TLSHOST__DER_OID, &oid,
		    NULL) && tlshost__der_take(&attribute, &tag, &value, NULL))
			if (hosts && TLSHOST__DER_IS(&oid, "\x55\x04\x03"))
				problem = check_attribute(trees, DNS, tag,
				    &value, &found[0]);
			else if (TLSHOST__DER_IS(&oid,
			    "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01"))
				problem = check_attribute(trees, EMAIL, tag,
				    &value, &found[1]);
	return problem;
}

static const char *
check_forms(const subtrees *trees)
{
	tlshost__der lists[] = { trees->permitted, trees->excluded }, base;
	uint8_t form;

	for (int i = 0; i < 2; i++)
		while (next_base(&lists[i], &form, &base))
			if (!form_processed(form, i == 1))
				return "a name constraint is of a form that "
				    "is not processed";
	return NULL;
}

const char *
tlshost__constraint_check(const tlshost__cert *ca, const tlshost__cert *cert,
    int is_leaf)
{
	subtrees trees = subtrees_of(ca);
	tlshost__der names = tlshost__cert_names(cert), name;
	const char *problem;
	uint8_t tag;

	if (trees.permitted.len == 0 && trees.excluded.len == 0)
		return NULL;
	if ((problem = check_forms(&trees)) != NULL)
		return problem;
	/* Self-issued certificates are exempt, unless they are the leaf. */
	if (!is_leaf && tlshost__der_equal(&cert->issuer, &cert->subject))
		return NULL;
	while (tlshost__cert_next_name(&names, &tag, &name)) {
		if (too_long(tag, &name))
			return "a name is too long to be held against name "
			    "constraints";
		/* Others are not constrained: check_forms has seen to that. */
		if (form_processed(tag, 0) &&
		    (problem = check_name(&trees, tag, &name)) != NULL)
			return problem;
	}
	if (!tlshost__name_is_empty(&cert->subject) &&
	    (problem = check_name(&trees, DIRECTORY, &cert->subject)) != NULL)
		return problem;
	return check_subject(&trees, cert, is_leaf);
}

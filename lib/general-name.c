/* SPDX-License-Identifier: MIT */
/*
 * Libraries read as much of a name as they need, each something else: here it
 * is all read, so that none is asked about one that another would refuse.
 */
#include "config.h"

#include "general-name.h"
#include "utf8.h"

/* Characters of so many bytes each (RFC 3629, 3: of these, no others). */
static int
characters_valid(const tlshost__der *text, size_t width)
{
	uint32_t ch = 0;

	for (size_t i = 0; i < text->len; i++) {
		ch = ch << 8 | text->data[i];
		if (i % width != width - 1)
			continue;
		if (ch > 0x10ffff || (ch >= 0xd800 && ch <= 0xdfff))
			return 0;
		ch = 0;
	}
	return text->len % width == 0;
}

static int
is_directory_string(uint8_t tag, const tlshost__der *value)
{
	switch (tag) {
	case TLSHOST__DER_UTF8_STRING:
		return tlshost__utf8_valid(value->data, value->len);
	case TLSHOST__DER_UNIVERSAL_STRING:
		return characters_valid(value, 4);
	case TLSHOST__DER_BMP_STRING:
		return characters_valid(value, 2);
	case TLSHOST__DER_PRINTABLE_STRING:
	case TLSHOST__DER_TELETEX_STRING:
		return 1;
	default:
		return 0;
	}
}

/* The strings that names have (RFC 5280, appendix A.1), and the BIT STRING of a
 * unique identifier.  Libraries take others, and bytes that are no characters,
 * or do not. */
static int
is_attribute_value(const tlshost__der *type, uint8_t tag,
    const tlshost__der *value)
{
	switch (tag) {
	case TLSHOST__DER_BIT_STRING:
		return TLSHOST__DER_IS(type, "\x55\x04\x2d") &&
		    tlshost__der_bits_valid(value);
	case TLSHOST__DER_NUMERIC_STRING:
	case TLSHOST__DER_IA5_STRING:
		return 1;
	default:
		return is_directory_string(tag, value);
	}
}

/* NSS makes text of the type, and cannot if that has two numbers alone. */
static int
attribute_valid(tlshost__der attribute)
{
	tlshost__der type, value;
	uint8_t tag;

	return tlshost__der_take_tag(&attribute, TLSHOST__DER_OID, &type,
	    NULL) && type.len > 1 && tlshost__der_oid_short(&type) &&
	    tlshost__der_take(&attribute, &tag, &value, NULL) &&
	    attribute.len == 0 && is_attribute_value(&type, tag, &value);
}

int
tlshost__relative_name_valid(tlshost__der set, size_t *count)
{
	tlshost__der attribute;

	if (set.len == 0)
		return 0;
	for (; set.len != 0; (*count)++)
		if (!tlshost__der_take_tag(&set, TLSHOST__DER_SEQUENCE,
		    &attribute, NULL) || !attribute_valid(attribute))
			return 0;
	return 1;
}

int
tlshost__name_valid(tlshost__der name, size_t *count)
{
	tlshost__der content, set;

	if (!tlshost__der_only(name, TLSHOST__DER_SEQUENCE, &content))
		return 0;
	while (content.len != 0)
		if (!tlshost__der_take_tag(&content, TLSHOST__DER_SET, &set,
		    NULL) || !tlshost__relative_name_valid(set, count))
			return 0;
	return 1;
}

int
tlshost__name_is_empty(const tlshost__der *name)
{
	return name->len <= 2;
}

/* ------------------------------------------------------------------------
 * General names
 */

static int
ia5_valid(const tlshost__der *text)
{
	for (size_t i = 0; i < text->len; i++)
		if (text->data[i] == 0 || text->data[i] > 127)
			return 0;
	return 1;
}

/* A name in a constraint: labels, perhaps with a dot before them, or nothing. */
static int
dns_base_valid(const tlshost__der *base)
{
	int label = base->len == 0;

	if (!ia5_valid(base))
		return 0;
	for (size_t i = 0; i < base->len; i++) {
		if (base->data[i] == '.' && !label && i != 0)
			return 0;
		label = base->data[i] != '.';
	}
	return label;
}

/* Ones, then zeros (RFC 4632, 5.1). */
static int
mask_valid(const uint8_t *mask, size_t len)
{
	unsigned int before = 0xff;

	for (size_t i = 0; i < len; before = mask[i++]) {
		unsigned int zeros = ~mask[i] & 0xffu;

		if ((zeros & (zeros + 1)) != 0 ||
		    (mask[i] != 0 && before != 0xff))
			return 0;
	}
	return 1;
}

static int
address_valid(const tlshost__der *address, int constraint)
{
	size_t len = constraint ? address->len / 2 : address->len;

	return (len == 4 || len == 16) && (!constraint ||
	    (address->len % 2 == 0 && mask_valid(address->data + len, len)));
}

/* OtherName: a type, and its value behind an explicit tag. */
static int
other_name_valid(tlshost__der name)
{
	tlshost__der oid, tagged, value;
	uint8_t tag;

	return tlshost__der_valid(name) && tlshost__der_take_tag(&name,
	    TLSHOST__DER_OID, &oid, NULL) && tlshost__der_oid_short(&oid) &&
	    tlshost__der_only(name, TLSHOST__DER_CONTEXT_CONSTRUCTED(0),
	    &tagged) &&
	    tlshost__der_take(&tagged, &tag, &value, NULL) && tagged.len == 0;
}

int
tlshost__general_name_valid(uint8_t tag, const tlshost__der *name,
    int constraint)
{
	size_t count = 0;

	switch (tag) {
	case TLSHOST__DER_CONTEXT_CONSTRUCTED(0):
		return other_name_valid(*name);
	case TLSHOST__DER_CONTEXT(2):
		if (constraint)
			return dns_base_valid(name);
		/* fall through */
	case TLSHOST__DER_CONTEXT(1):
	case TLSHOST__DER_CONTEXT(6):
		return ia5_valid(name) && (name->len != 0 || constraint);
	case TLSHOST__DER_CONTEXT_CONSTRUCTED(4):
		return tlshost__name_valid(*name, &count) &&
		    (count != 0 || constraint);
	case TLSHOST__DER_CONTEXT(7):
		return address_valid(name, constraint);
	case TLSHOST__DER_CONTEXT(8):
		return tlshost__der_oid_short(name);
	/* x400Address and ediPartyName, which no two libraries read alike and
	 * nobody has.  A constraint on them is refused as not processed. */
	case TLSHOST__DER_CONTEXT_CONSTRUCTED(3):
	case TLSHOST__DER_CONTEXT_CONSTRUCTED(5):
		return constraint && tlshost__der_valid(*name);
	default:
		return 0;
	}
}

int
tlshost__general_names_valid(tlshost__der names)
{
	tlshost__der name;
	uint8_t tag;

	if (names.len == 0)
		return 0;
	while (names.len != 0)
		if (!tlshost__der_take(&names, &tag, &name, NULL) ||
		    !tlshost__general_name_valid(tag, &name, 0))
			return 0;
	return 1;
}

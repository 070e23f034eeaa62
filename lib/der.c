/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "der.h"

#define DEPTH_MAX 32

int
tlshost__der_take(tlshost__der *der, uint8_t *ret_tag,
    tlshost__der *ret_content, tlshost__der *ret_whole)
{
	const uint8_t *at = der->data;
	size_t left = der->len, len, bytes;
	uint8_t tag;

	if (left < 2)
		return 0;
	tag = at[0];
	/* Tags over 30 do not occur in what is read here. */
	if ((tag & 0x1f) == 0x1f)
		return 0;
	len = at[1];
	at += 2;
	left -= 2;
	if (len >= 0x80) {
		bytes = len & 0x7f;
		if (bytes == 0 || bytes > 4 || bytes > left)
			return 0;
		len = 0;
		for (size_t i = 0; i < bytes; i++)
			len = len << 8 | at[i];
		/* The shortest form only. */
		if (len < 0x80 || (bytes > 1 && at[0] == 0))
			return 0;
		at += bytes;
		left -= bytes;
	}
	if (len > left)
		return 0;
	*ret_tag = tag;
	*ret_content = (tlshost__der){ at, len };
	if (ret_whole != NULL)
		*ret_whole = (tlshost__der){ der->data,
		    (size_t)(at - der->data) + len };
	der->data = at + len;
	der->len = left - len;
	return 1;
}

int
tlshost__der_take_tag(tlshost__der *der, uint8_t tag,
    tlshost__der *ret_content, tlshost__der *ret_whole)
{
	uint8_t got;

	return der->len != 0 && der->data[0] == tag &&
	    tlshost__der_take(der, &got, ret_content, ret_whole);
}

int
tlshost__der_only(tlshost__der der, uint8_t tag, tlshost__der *ret_content)
{
	return tlshost__der_take_tag(&der, tag, ret_content, NULL) &&
	    der.len == 0;
}

uint8_t
tlshost__der_peek(const tlshost__der *der)
{
	return der->len != 0 ? der->data[0] : 0;
}

int
tlshost__der_integer_valid(const tlshost__der *content)
{
	const uint8_t *data = content->data;

	if (content->len == 0)
		return 0;
	if (content->len == 1)
		return 1;
	return !(data[0] == 0 && (data[1] & 0x80) == 0) &&
	    !(data[0] == 0xff && (data[1] & 0x80) != 0);
}

int
tlshost__der_bits_valid(const tlshost__der *content)
{
	unsigned int unused;

	if (content->len == 0 || (unused = content->data[0]) > 7)
		return 0;
	if (content->len == 1)
		return unused == 0;
	return (content->data[content->len - 1] & ((1u << unused) - 1)) == 0;
}

int
tlshost__der_oid_valid(const tlshost__der *content)
{
	int begins = 1;

	for (size_t i = 0; i < content->len; i++) {
		if (begins && content->data[i] == 0x80)
			return 0;
		begins = (content->data[i] & 0x80) == 0;
	}
	return begins && content->len != 0;
}

int
tlshost__der_oid_short(const tlshost__der *content)
{
	size_t digits = 0;               /* of 7 bits, of the number so far */

	for (size_t i = 0; i < content->len; i++) {
		if (++digits > 9)
			return 0;
		if ((content->data[i] & 0x80) == 0)
			digits = 0;
	}
	return tlshost__der_oid_valid(content);
}

int
tlshost__der_is(const tlshost__der *oid, const char *content, size_t len)
{
	return oid->len == len && memcmp(oid->data, content, len) == 0;
}

int
tlshost__der_small(const tlshost__der *content, uint32_t *ret_value)
{
	uint32_t value = 0;

	if (!tlshost__der_integer_valid(content) || content->len > 4 ||
	    (content->data[0] & 0x80) != 0)
		return 0;
	for (size_t i = 0; i < content->len; i++)
		value = value << 8 | content->data[i];
	*ret_value = value;
	return 1;
}

static int
two_digits(const uint8_t *text, int lowest, int highest, int *ret_number)
{
	if (text[0] < '0' || text[0] > '9' || text[1] < '0' || text[1] > '9')
		return 0;
	*ret_number = (text[0] - '0') * 10 + (text[1] - '0');
	return *ret_number >= lowest && *ret_number <= highest;
}

/* Days since 1970 of a date in the Gregorian calendar. */
static int64_t
days_of(int64_t year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t of_era = y - era * 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 +
	    day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 +
	    of_year - 719468;
}

static int
days_in(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30,
	    31 };

	if (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0))
		return 29;
	return days[month - 1];
}

int
tlshost__der_time(uint8_t tag, const tlshost__der *content,
    int64_t *ret_seconds)
{
	const uint8_t *at = content->data;
	int century = 0, year, month, day, hour, minute, second;

	if (tag == TLSHOST__DER_UTC_TIME && content->len == 13) {
		if (!two_digits(at, 0, 99, &year))
			return 0;
		year += year < 50 ? 2000 : 1900;
	} else if (tag == TLSHOST__DER_GENERALIZED_TIME && content->len == 15) {
		if (!two_digits(at, 0, 99, &century) ||
		    !two_digits(at + 2, 0, 99, &year))
			return 0;
		year += century * 100;
		at += 2;
	} else {
		return 0;
	}
	if (!two_digits(at + 2, 1, 12, &month) ||
	    !two_digits(at + 4, 1, days_in(year, month), &day) ||
	    !two_digits(at + 6, 0, 23, &hour) ||
	    !two_digits(at + 8, 0, 59, &minute) ||
	    !two_digits(at + 10, 0, 59, &second) || at[12] != 'Z')
		return 0;
	*ret_seconds = days_of(year, month, day) * 86400 + hour * 3600 +
	    minute * 60 + second;
	return 1;
}

static int
primitive_valid(uint8_t tag, const tlshost__der *content)
{
	switch (tag) {
	case TLSHOST__DER_BOOLEAN:
		return content->len == 1 &&
		    (content->data[0] == 0 || content->data[0] == 0xff);
	case TLSHOST__DER_INTEGER:
	case TLSHOST__DER_ENUMERATED:
		return tlshost__der_integer_valid(content);
	case TLSHOST__DER_BIT_STRING:
		return tlshost__der_bits_valid(content);
	case TLSHOST__DER_OID:
		return tlshost__der_oid_valid(content);
	case TLSHOST__DER_NULL:
		return content->len == 0;
	case TLSHOST__DER_UNIVERSAL_STRING:
		return content->len % 4 == 0;
	case TLSHOST__DER_BMP_STRING:
		return content->len % 2 == 0;
	default:
		return 1;
	}
}

/* Of what ASN.1 itself defines, SEQUENCE and SET alone have elements inside; 0
 * is the end of what DER does not have. */
static int
tag_valid(uint8_t tag)
{
	if ((tag & 0xc0) != 0)
		return 1;
	return tag == TLSHOST__DER_SEQUENCE || tag == TLSHOST__DER_SET ||
	    ((tag & 0x20) == 0 && tag != 0 &&
	    tag != (TLSHOST__DER_SEQUENCE & 0x1f) &&
	    tag != (TLSHOST__DER_SET & 0x1f));
}

int
tlshost__der_valid(tlshost__der der)
{
	tlshost__der open[DEPTH_MAX], content;
	size_t depth = 0;
	uint8_t tag;

	open[0] = der;
	for (;;) {
		if (open[depth].len == 0) {
			if (depth == 0)
				return 1;
			depth--;
			continue;
		}
		if (!tlshost__der_take(&open[depth], &tag, &content, NULL) ||
		    !tag_valid(tag))
			return 0;
		if ((tag & 0x20) == 0) {
			if (!primitive_valid(tag, &content))
				return 0;
		} else {
			if (++depth == DEPTH_MAX)
				return 0;
			open[depth] = content;
		}
	}
}

int
tlshost__der_equal(const tlshost__der *a, const tlshost__der *b)
{
	return a->len == b->len &&
	    (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

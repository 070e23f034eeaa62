/* SPDX-License-Identifier: MIT */
/*
 * A strict DER cursor (X.690, 10): bounds checked, no allocation.  It leads to
 * a refusal or to bytes that are compared; it decodes nothing it need not.
 */
#ifndef TLSHOST_DER_H
#define TLSHOST_DER_H

#include <stddef.h>
#include <stdint.h>

typedef struct tlshost__der {
	const uint8_t *data;
	size_t len;
} tlshost__der;

#define TLSHOST__DER_BOOLEAN 0x01
#define TLSHOST__DER_INTEGER 0x02
#define TLSHOST__DER_BIT_STRING 0x03
#define TLSHOST__DER_OCTET_STRING 0x04
#define TLSHOST__DER_NULL 0x05
#define TLSHOST__DER_OID 0x06
#define TLSHOST__DER_ENUMERATED 0x0a
#define TLSHOST__DER_UTF8_STRING 0x0c
#define TLSHOST__DER_NUMERIC_STRING 0x12
#define TLSHOST__DER_PRINTABLE_STRING 0x13
#define TLSHOST__DER_TELETEX_STRING 0x14
#define TLSHOST__DER_IA5_STRING 0x16
#define TLSHOST__DER_UTC_TIME 0x17
#define TLSHOST__DER_GENERALIZED_TIME 0x18
#define TLSHOST__DER_VISIBLE_STRING 0x1a
#define TLSHOST__DER_UNIVERSAL_STRING 0x1c
#define TLSHOST__DER_BMP_STRING 0x1e
#define TLSHOST__DER_SEQUENCE 0x30
#define TLSHOST__DER_SET 0x31
#define TLSHOST__DER_CONTEXT(n) (0x80 | (n))
#define TLSHOST__DER_CONTEXT_CONSTRUCTED(n) (0xa0 | (n))

/* Takes the next element: its tag, its content, and all of it (may be NULL).
 * 1, or 0: there is none, or it is not DER. */
int tlshost__der_take(tlshost__der *der, uint8_t *ret_tag,
    tlshost__der *ret_content, tlshost__der *ret_whole);
/* The same, if the next element has this tag. */
int tlshost__der_take_tag(tlshost__der *der, uint8_t tag,
    tlshost__der *ret_content, tlshost__der *ret_whole);
/* One element with this tag, and nothing behind it. */
int tlshost__der_only(tlshost__der der, uint8_t tag, tlshost__der *ret_content);
/* The tag of the next element, 0 at the end. */
uint8_t tlshost__der_peek(const tlshost__der *der);
/* An INTEGER's content: minimal, not empty. */
int tlshost__der_integer_valid(const tlshost__der *content);
/* A BIT STRING's content: bits that are not used are zero. */
int tlshost__der_bits_valid(const tlshost__der *content);
/* An OBJECT IDENTIFIER's content: numbers in their shortest form, the last one
 * complete. */
int tlshost__der_oid_valid(const tlshost__der *content);
/* The same, with numbers of 63 bits at most: GnuTLS has no room for larger ones
 * where it reads an identifier. */
int tlshost__der_oid_short(const tlshost__der *content);
/* Is it this one?  A string literal with its content. */
#define TLSHOST__DER_IS(oid, content) \
	tlshost__der_is(oid, content, sizeof(content) - 1)
int tlshost__der_is(const tlshost__der *oid, const char *content, size_t len);
/* A small INTEGER that is not negative. */
int tlshost__der_small(const tlshost__der *content, uint32_t *ret_value);
/* 1: 13 or 15 characters of a time in UTC, seconds since 1970. */
int tlshost__der_time(uint8_t tag, const tlshost__der *content,
    int64_t *ret_seconds);
/* Checks an element and all that is in it, to a depth of 32. */
int tlshost__der_valid(tlshost__der der);
int tlshost__der_equal(const tlshost__der *a, const tlshost__der *b);

#endif

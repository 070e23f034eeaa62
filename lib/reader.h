/* SPDX-License-Identifier: MIT */
/* Big-endian vectors of TLS (RFC 8446, 3.4), bounds checked. */
#ifndef TLSHOST_READER_H
#define TLSHOST_READER_H

#include <stddef.h>
#include <stdint.h>

#include "tlshost-plugin.h"

/* What is left to read. */
typedef struct reader {
	const uint8_t *data;
	size_t len;
} reader;

static inline reader
reader_of(struct tlshost_bytes bytes)
{
	return (reader){ bytes.data, bytes.len };
}

/* 0: so many bytes are not there, and nothing was taken. */
static inline int
take(reader *r, size_t n, const uint8_t **ret_data)
{
	if (r->len < n)
		return 0;
	*ret_data = r->data;
	r->data += n;
	r->len -= n;
	return 1;
}

static inline int
take_number(reader *r, size_t bytes, size_t *ret_number)
{
	const uint8_t *data;
	size_t number = 0;

	if (!take(r, bytes, &data))
		return 0;
	for (size_t i = 0; i < bytes; i++)
		number = number << 8 | data[i];
	*ret_number = number;
	return 1;
}

/* A vector whose length stands in so many bytes before it. */
static inline int
take_vector(reader *r, size_t bytes, reader *ret_vector)
{
	size_t len;

	if (!take_number(r, bytes, &len) || !take(r, len, &ret_vector->data))
		return 0;
	ret_vector->len = len;
	return 1;
}

/* One behind which there is nothing. */
static inline int
is_vector(reader r, size_t bytes, reader *ret_vector)
{
	return take_vector(&r, bytes, ret_vector) && r.len == 0;
}

/* Of elements of so many bytes. */
static inline int
has_number(reader r, size_t bytes, size_t wanted)
{
	for (size_t number; take_number(&r, bytes, &number);)
		if (number == wanted)
			return 1;
	return 0;
}

#endif

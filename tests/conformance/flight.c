/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "flight.h"

#define RECORD_CHANGE 20
#define RECORD_HANDSHAKE 22
#define RECORD_HEAD 5
#define MESSAGE_HEAD 4

size_t
number(const uint8_t *at, int bytes)
{
	size_t value = 0;

	for (int i = 0; i < bytes; i++)
		value = value << 8 | at[i];
	return value;
}

void
put_number(uint8_t *at, int bytes, size_t value)
{
	while (bytes-- > 0) {
		at[bytes] = (uint8_t)value;
		value >>= 8;
	}
}

/* ------------------------------------------------------------------------
 * From one end to the other
 */

void
take_flight(tlshost_buffer *buffer, flight *f)
{
	uint8_t raw[65536];
	size_t raw_len = 0, at, n;
	const uint8_t *out;

	f->len = 0;
	while ((n = tlshost_buffer_peek_outgoing(buffer, &out)) != 0) {
		ck_assert_uint_le(raw_len + n, sizeof(raw));
		memcpy(raw + raw_len, out, n);
		raw_len += n;
		assert_status(tlshost_buffer_consume_outgoing(buffer, n),
		    TLSHOST_OK);
	}
	/* For whatever is between the two (RFC 8446, D.4). */
	at = raw_len != 0 && raw[0] == RECORD_CHANGE ? RECORD_HEAD + 1 : 0;
	while (at + RECORD_HEAD <= raw_len && raw[at] == RECORD_HANDSHAKE) {
		n = number(raw + at + 3, 2);
		memcpy(f->bytes + f->len, raw + at + RECORD_HEAD, n);
		f->len += n;
		at += RECORD_HEAD + n;
	}
	f->rest_len = raw_len - at;
	memcpy(f->rest, raw + at, f->rest_len);
}

void
give_bytes(tlshost_buffer *buffer, const void *bytes, size_t len)
{
	size_t n;

	assert_status(tlshost_buffer_receive_from_network(buffer, bytes, len,
	    &n), TLSHOST_OK);
	ck_assert_uint_eq(n, len);
}

void
give_flight(tlshost_buffer *buffer, const flight *f)
{
	uint8_t head[RECORD_HEAD] = { RECORD_HANDSHAKE, 3, 3 };

	ck_assert_uint_le(f->len, 16384);
	put_number(head + 3, 2, f->len);
	give_bytes(buffer, head, sizeof(head));
	give_bytes(buffer, f->bytes, f->len);
}

void
take_hello(pair *p, flight *f)
{
	assert_status(tlshost_buffer_do_handshake(p->client),
	    TLSHOST_WANT_READ);
	take_flight(p->client, f);
	ck_assert_int_eq(f->bytes[0], CLIENT_HELLO);
}

pair
answered_pair(tlshost_version version, flight *f)
{
	setup s = { .version = version,
	    .suite = version == TLSHOST_VERSION_TLSV1_2 ? 0xc02f : 0 };
	pair p = make_pair(&s);

	take_hello(&p, f);
	give_flight(p.server, f);
	assert_status(tlshost_buffer_do_handshake(p.server),
	    TLSHOST_WANT_READ);
	take_flight(p.server, f);
	ck_assert_int_eq(f->bytes[0], SERVER_HELLO);
	return p;
}

/* ------------------------------------------------------------------------
 * Messages
 */

uint8_t *
message(flight *f, int type)
{
	size_t at = 0;

	while (at + MESSAGE_HEAD <= f->len && f->bytes[at] != type)
		at += MESSAGE_HEAD + number(f->bytes + at + 1, 3);
	ck_assert_msg(at + MESSAGE_HEAD <= f->len, "no message %d", type);
	return f->bytes + at;
}

void
insert(flight *f, uint8_t *at, const void *bytes, size_t len)
{
	ck_assert_uint_le(f->len + len, sizeof(f->bytes));
	memmove(at + len, at, f->len - (size_t)(at - f->bytes));
	memcpy(at, bytes, len);
	f->len += len;
}

/* ------------------------------------------------------------------------
 * Extensions of the first message, a hello
 */

uint8_t *
extensions(flight *f)
{
	uint8_t *at = f->bytes + MESSAGE_HEAD + 2 + 32;

	at += 1 + at[0];
	if (f->bytes[0] == SERVER_HELLO)
		return at + 2 + 1;
	at += 2 + number(at, 2);
	return at + 1 + at[0];
}

uint8_t *
extension(flight *f, unsigned int type)
{
	uint8_t *block = extensions(f);

	for (uint8_t *at = block + 2; at < block + 2 + number(block, 2);
	    at += 4 + number(at + 2, 2))
		if (number(at, 2) == type)
			return at;
	return NULL;
}

void
replace(flight *f, uint8_t *at, size_t old_len, const void *new,
    size_t new_len)
{
	size_t behind = f->len - (size_t)(at - f->bytes) - old_len;
	uint8_t *block = extensions(f);

	ck_assert_uint_le(f->len - old_len + new_len, sizeof(f->bytes));
	memmove(at + new_len, at + old_len, behind);
	if (new_len != 0)
		memcpy(at, new, new_len);
	f->len = f->len - old_len + new_len;
	put_number(block, 2, number(block, 2) - old_len + new_len);
	put_number(f->bytes + 1, 3, number(f->bytes + 1, 3) - old_len +
	    new_len);
}

void
drop_extension(flight *f, unsigned int type)
{
	uint8_t *at = extension(f, type);

	if (at != NULL)
		replace(f, at, 4 + number(at + 2, 2), NULL, 0);
}

void
add_extension(flight *f, unsigned int type, const void *body, size_t len)
{
	uint8_t whole[512];

	ck_assert_uint_le(4 + len, sizeof(whole));
	put_number(whole, 2, type);
	put_number(whole + 2, 2, len);
	if (len != 0)
		memcpy(whole + 4, body, len);
	replace(f, extensions(f) + 2, 0, whole, 4 + len);
}

void
set_extension(flight *f, unsigned int type, const void *body, size_t len)
{
	drop_extension(f, type);
	add_extension(f, type, body, len);
}

void
set_list(flight *f, unsigned int type, const uint16_t *ids)
{
	uint8_t body[64];
	size_t len = 0;

	for (; ids[len] != 0; len++)
		put_number(body + 2 + 2 * len, 2, ids[len]);
	put_number(body, 2, 2 * len);
	set_extension(f, type, body, 2 + 2 * len);
}

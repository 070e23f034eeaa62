/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdio.h>

#include "change.h"

void
apply(const change *c, flight *f)
{
	if (c->how != NULL)
		c->how(f);
	else if (c->body == NULL)
		drop_extension(f, c->type);
	else
		set_extension(f, c->type, c->body, c->len);
}

void
assert_outcome(tlshost_buffer *buffer, outcome wanted)
{
	const tlshost_error *error;

	assert_status(tlshost_buffer_do_handshake(buffer), wanted.status);
	error = tlshost_buffer_error(buffer);
	if (wanted.alert < 0)
		return;
	ck_assert_int_eq(tlshost_error_alert_sent(error), wanted.alert);
	ck_assert_int_eq(tlshost_error_alert_received(error), -1);
	ck_assert_uint_eq(tlshost_error_reasons(error), 0);
	/* It is said, in the clear, and nothing else. */
	ck_assert_uint_eq(tlshost_buffer_outgoing_len(buffer), 7);
}

const char *
name_of(const char *name, int version)
{
	static char full[128];

	snprintf(full, sizeof(full), "%s: %s", version_of(version), name);
	return full;
}

/* ------------------------------------------------------------------------
 * Parts
 */

uint8_t *
session_of(flight *f)
{
	return f->bytes + 4 + 2 + 32;
}

uint8_t *
suites_of(flight *f)
{
	uint8_t *at = session_of(f);

	return at + 1 + at[0];
}

uint8_t *
compressions_of(flight *f)
{
	uint8_t *at = suites_of(f);

	return at + 2 + number(at, 2);
}

void
grow(flight *f, uint8_t *at, const void *bytes, size_t len)
{
	insert(f, at, bytes, len);
	put_number(f->bytes + 1, 3, number(f->bytes + 1, 3) + len);
}

/* ------------------------------------------------------------------------
 * Changes that are made in several places
 */

void
say_twice(flight *f)
{
	add_extension(f, 0x4242, NULL, 0);
	add_extension(f, 0x4242, NULL, 0);
}

void
compress_perhaps(flight *f)
{
	uint8_t *at = compressions_of(f);

	grow(f, at + 1, "\1", 1);
	at[0] = 2;
}

void
be_older(flight *f)
{
	put_number(f->bytes + 4, 2, 0x0301);
}

void
answer_twice(flight *f)
{
	uint8_t *at = extensions(f) + 2;
	uint8_t copy[256];
	size_t len = number(at + 2, 2);

	memcpy(copy, at + 4, len);
	add_extension(f, (unsigned int)number(at, 2), copy, len);
}

void
choose_what_was_not_offered(flight *f)
{
	put_number(extensions(f) - 3, 2, 0x1304);
}

void
compress(flight *f)
{
	extensions(f)[-1] = 1;
}

void
echo_another_session(flight *f)
{
	uint8_t *at = session_of(f);

	ck_assert_uint_eq(at[0], 32);
	at[1] ^= 1;
}

void
be_nothing_known(flight *f)
{
	f->bytes[0] = 99;
}

void
say_more(flight *f)
{
	grow(f, f->bytes + 4 + number(f->bytes + 1, 3), "\0", 1);
}

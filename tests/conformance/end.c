/* SPDX-License-Identifier: MIT */
/* How connections end: as agreed, cut off, or by an alert. */
#include "config.h"

#include <stdio.h>

#include "claims.h"

START_TEST(close_notify_is_the_end_for_ever)
{
	setup s = { .version = versions[_i] };
	pair p = connected_pair(&s);
	uint8_t byte;
	size_t n;

	assert_status(tlshost_buffer_shutdown(p.client), TLSHOST_OK);
	assert_status(tlshost_buffer_shutdown(p.client), TLSHOST_OK);
	assert_status(tlshost_buffer_write(p.client, "x", 1, &n),
	    TLSHOST_INVALID_STATE);
	for (int i = 0; i < 3; i++) {
		assert_status(read_from(&p, p.server, &byte, 1, &n),
		    TLSHOST_OK);
		ck_assert_uint_eq(n, 0);
		tlshost_buffer_network_eof(p.server);
	}
	/* Half-close: the other way still works. */
	assert_status(tlshost_buffer_write(p.server, "y", 1, &n), TLSHOST_OK);
	assert_status(read_from(&p, p.client, &byte, 1, &n), TLSHOST_OK);
	ck_assert_int_eq(byte, 'y');
	free_pair(&p);
}
END_TEST

START_TEST(bytes_behind_close_notify_can_be_taken)
{
	setup s = { .version = versions[_i] };
	pair p = connected_pair(&s);
	char text[8];
	size_t n;

	assert_status(tlshost_buffer_shutdown(p.client), TLSHOST_OK);
	while (carry(&p))
		;
	tlshost_buffer_receive_from_network(p.server, "plain", 5, &n);
	assert_status(tlshost_buffer_read(p.server, text, 8, &n), TLSHOST_OK);
	ck_assert_uint_eq(n, 0);
	assert_status(tlshost_buffer_take_incoming(p.server, text, 8, &n),
	    TLSHOST_OK);
	ck_assert_uint_eq(n, 5);
	ck_assert_mem_eq(text, "plain", 5);
	free_pair(&p);
}
END_TEST

static const char *
side_name(int i)
{
	static char name[32];

	snprintf(name, sizeof(name), "%s of a %s", version_of(i % 2),
	    i < 2 ? "client" : "server");
	return name;
}

START_TEST(one_half_may_close_before_the_other)
{
	pair p = connected_pair(&(setup){ .version = versions[_i % 2] });
	tlshost_buffer *first = _i < 2 ? p.client : p.server;
	tlshost_buffer *second = _i < 2 ? p.server : p.client;
	char in[8];
	size_t n;

	assert_status(tlshost_buffer_write(first, "last", 4, &n), TLSHOST_OK);
	assert_status(tlshost_buffer_shutdown(first), TLSHOST_OK);
	ck_assert_int_eq(tlshost_buffer_shutdown_sent(first), 1);
	/* Data before the end is read before the end. */
	assert_status(read_from(&p, second, in, sizeof(in), &n), TLSHOST_OK);
	ck_assert_uint_eq(n, 4);
	assert_status(read_from(&p, second, in, sizeof(in), &n), TLSHOST_OK);
	ck_assert_uint_eq(n, 0);
	ck_assert_int_eq(tlshost_buffer_shutdown_received(second), 1);
	ck_assert_int_eq(tlshost_buffer_shutdown_sent(second), 0);
	for (int i = 0; i < 3; i++) {
		assert_status(tlshost_buffer_write(second, "more", 4, &n),
		    TLSHOST_OK);
		assert_status(read_from(&p, first, in, sizeof(in), &n),
		    TLSHOST_OK);
		ck_assert_uint_eq(n, 4);
	}
	assert_status(tlshost_buffer_shutdown(second), TLSHOST_OK);
	assert_status(read_from(&p, first, in, sizeof(in), &n), TLSHOST_OK);
	ck_assert_uint_eq(n, 0);
	free_pair(&p);
}
END_TEST

START_TEST(both_may_close_at_the_same_time)
{
	pair p = connected_pair(&(setup){ .version = versions[_i] });
	char in[8];
	size_t n;

	assert_status(tlshost_buffer_shutdown(p.client), TLSHOST_OK);
	assert_status(tlshost_buffer_shutdown(p.server), TLSHOST_OK);
	assert_status(read_from(&p, p.client, in, 8, &n), TLSHOST_OK);
	ck_assert_uint_eq(n, 0);
	assert_status(read_from(&p, p.server, in, 8, &n), TLSHOST_OK);
	ck_assert_uint_eq(n, 0);
	tlshost_buffer_network_eof(p.client);
	assert_status(tlshost_buffer_read(p.client, in, 8, &n), TLSHOST_OK);
	ck_assert_uint_eq(n, 0);
	free_pair(&p);
}
END_TEST

START_TEST(closing_sends_one_record_and_waits_for_nothing)
{
	pair p = connected_pair(&(setup){ .version = versions[_i] });
	const uint8_t *out;
	size_t len;

	while (carry(&p))
		;
	assert_status(tlshost_buffer_shutdown(p.client), TLSHOST_OK);
	len = tlshost_buffer_peek_outgoing(p.client, &out);
	ck_assert_uint_ge(len, 7);
	ck_assert_uint_eq(len, 5u + out[3] * 256u + out[4]);
	free_pair(&p);
}
END_TEST

/*
 * A whole conversation to one side: handshake, "hello", close_notify.  With a
 * limit, the network ends after so many bytes; what the last call said.
 */
static tlshost_status
converse(const setup *s, int to_client, size_t limit, size_t *ret_bytes)
{
	tlshost_status client, server, st;
	pair p = make_pair(s);
	tlshost_buffer *from = to_client ? p.server : p.client;
	tlshost_buffer *to = to_client ? p.client : p.server;
	char text[8];
	size_t n, got = 0, before;

	*(to_client ? &p.client_limit : &p.server_limit) = limit;
	shake_hands(&p, &client, &server);
	if ((to_client ? server : client) == TLSHOST_OK) {
		assert_status(tlshost_buffer_write(from, "hello", 5, &n),
		    TLSHOST_OK);
		assert_status(tlshost_buffer_shutdown(from), TLSHOST_OK);
		while (carry(&p))
			;
	}
	tlshost_buffer_network_eof(to);
	st = tlshost_buffer_do_handshake(to);
	before = tlshost_buffer_outgoing_len(to);
	for (int i = 0; i < 10 && st == TLSHOST_OK; i++) {
		st = tlshost_buffer_read(to, text, sizeof(text), &n);
		if (st == TLSHOST_OK && n == 0)
			break;
		got += st == TLSHOST_OK ? n : 0;
	}
	/* Of one record all or nothing. */
	ck_assert(got == 0 || got == 5);
	if (st != TLSHOST_OK) {
		assert_status(tlshost_buffer_read(to, text, 8, &n), st);
		ck_assert_ptr_nonnull(tlshost_buffer_error(to));
		/* Nobody is there to be told. */
		ck_assert_uint_eq(tlshost_buffer_outgoing_len(to), before);
	}
	*ret_bytes = to_client ? p.to_client : p.to_server;
	free_pair(&p);
	return st;
}

static void
cut_after(const setup *s, int to_client, size_t limit, size_t whole)
{
	size_t bytes;
	tlshost_status st = converse(s, to_client, limit, &bytes);

	ck_assert_msg(st == TLSHOST_RAGGED_EOF,
	    "cut after %zu of %zu bytes: %s", limit, whole,
	    tlshost_status_name(st));
	ck_assert_uint_eq(bytes, limit);
}

START_TEST(a_conversation_cut_at_any_byte_ends_ragged)
{
	/* Byte by byte is what is cut here already. */
	setup s = { .version = versions[_i % 2], .certificate = "ecdsa",
	    .piece = SIZE_MAX };
	size_t whole;

	assert_status(converse(&s, _i < 2, SIZE_MAX, &whole), TLSHOST_OK);
	/* A signature by ECDSA is a byte or two longer or shorter the next
	 * time.  One by RSA is not, but takes longer: the last bytes. */
	for (size_t limit = 0; limit + 4 < whole; limit++)
		cut_after(&s, _i < 2, limit, whole);
	s.certificate = "rsa";
	assert_status(converse(&s, _i < 2, SIZE_MAX, &whole), TLSHOST_OK);
	for (size_t limit = whole - 8; limit < whole; limit++)
		cut_after(&s, _i < 2, limit, whole);
}
END_TEST

/* ------------------------------------------------------------------------
 * Damage, and what is said about it (RFC 8446, 6.2)
 */

START_TEST(a_damaged_record_ends_the_connection_with_an_alert)
{
	pair p = connected_pair(&(setup){ .version = versions[_i % 2] });
	tlshost_buffer *from = _i < 2 ? p.server : p.client;
	tlshost_buffer *to = _i < 2 ? p.client : p.server;
	const uint8_t *data;
	uint8_t copy[4096];
	size_t n, len;

	while (carry(&p))
		;
	assert_status(tlshost_buffer_write(from, "hello", 5, &n), TLSHOST_OK);
	len = tlshost_buffer_peek_outgoing(from, &data);
	memcpy(copy, data, len);
	copy[len - 1] ^= 1;
	tlshost_buffer_receive_from_network(to, copy, len, &n);
	for (int i = 0; i < 3; i++)
		assert_status(tlshost_buffer_read(to, copy, 10, &n),
		    TLSHOST_PROTOCOL);
	ck_assert_int_eq(tlshost_error_alert_sent(tlshost_buffer_error(to)),
	    20);
	ck_assert_uint_gt(tlshost_buffer_outgoing_len(to), 0);
	tlshost_buffer_consume_outgoing(from, len);
	assert_status(read_from(&p, from, copy, 10, &n),
	    TLSHOST_ALERT_RECEIVED);
	ck_assert_int_eq(tlshost_error_alert_received(
	    tlshost_buffer_error(from)), 20);
	free_pair(&p);
}
END_TEST

static const struct {
	const char *name, *bytes;
	size_t len;
} damages[] = {
	{ "a record longer than allowed", "\x17\x03\x03\x48\x01", 5 },
	{ "a record of no known kind", "\x30\x03\x03\x00\x01x", 6 },
	{ "plain data", "\x17\x03\x03\x00\x05hello", 10 },
	{ "a plain alert of the wrong length", "\x15\x03\x03\x00\x01\x02", 6 },
	{ "text", "HTTP/1.1 200 OK\r\n", 17 },
};

static const char *
damage_name(int i)
{
	static char name[64];

	snprintf(name, sizeof(name), "%s: %s", version_of(i % 2),
	    damages[i / 2].name);
	return name;
}

START_TEST(nonsense_after_the_handshake_is_a_protocol_error)
{
	pair p = connected_pair(&(setup){ .version = versions[_i % 2] });
	uint8_t in[8];
	size_t n;

	while (carry(&p))
		;
	assert_status(tlshost_buffer_receive_from_network(p.server,
	    damages[_i / 2].bytes, damages[_i / 2].len, &n), TLSHOST_OK);
	assert_status(tlshost_buffer_read(p.server, in, sizeof(in), &n),
	    TLSHOST_PROTOCOL);
	ck_assert_int_gt(tlshost_error_alert_sent(
	    tlshost_buffer_error(p.server)), 0);
	ck_assert_uint_gt(tlshost_buffer_outgoing_len(p.server), 0);
	assert_status(tlshost_buffer_write(p.server, "x", 1, &n),
	    TLSHOST_PROTOCOL);
	free_pair(&p);
}
END_TEST

START_TEST(a_replayed_record_is_refused)
{
	pair p = connected_pair(&(setup){ .version = versions[_i] });
	const uint8_t *data;
	uint8_t copy[512], in[16];
	size_t n, len;

	while (carry(&p))
		;
	assert_status(tlshost_buffer_write(p.client, "pay", 3, &n),
	    TLSHOST_OK);
	len = tlshost_buffer_peek_outgoing(p.client, &data);
	ck_assert_uint_le(len, sizeof(copy));
	memcpy(copy, data, len);
	assert_status(read_from(&p, p.server, in, sizeof(in), &n),
	    TLSHOST_OK);
	ck_assert_uint_eq(n, 3);
	assert_status(tlshost_buffer_receive_from_network(p.server, copy, len,
	    &n), TLSHOST_OK);
	assert_status(tlshost_buffer_read(p.server, in, sizeof(in), &n),
	    TLSHOST_PROTOCOL);
	free_pair(&p);
}
END_TEST

static const uint8_t alerts[] = { 40, 42, 43, 44, 45, 46, 48, 70, 71, 80, 112,
	120 };

static const char *
alert_name(int i)
{
	return tlshost_alert_name(alerts[i]);
}

START_TEST(an_alert_instead_of_an_answer_has_its_number)
{
	const uint8_t record[] = { 0x15, 3, 3, 0, 2, 2, alerts[_i] };
	pair p = make_pair(&(setup){ 0 });
	size_t n;

	assert_status(tlshost_buffer_do_handshake(p.client),
	    TLSHOST_WANT_READ);
	assert_status(tlshost_buffer_consume_outgoing(p.client,
	    tlshost_buffer_outgoing_len(p.client)), TLSHOST_OK);
	assert_status(tlshost_buffer_receive_from_network(p.client, record,
	    sizeof(record), &n), TLSHOST_OK);
	for (int i = 0; i < 2; i++)
		assert_status(tlshost_buffer_do_handshake(p.client),
		    TLSHOST_ALERT_RECEIVED);
	ck_assert_int_eq(tlshost_error_alert_received(
	    tlshost_buffer_error(p.client)), alerts[_i]);
	ck_assert_int_eq(tlshost_error_alert_sent(
	    tlshost_buffer_error(p.client)), -1);
	free_pair(&p);
}
END_TEST

START_TEST(a_hello_that_is_none_is_a_protocol_error)
{
	/* A ClientHello that ends in the middle of its random. */
	static const uint8_t hello[] = { 0x16, 3, 1, 0, 12, 1, 0, 0, 8, 3, 3,
	    1, 2, 3, 4, 5, 6 };
	pair p = make_pair(&(setup){ .version = versions[_i] });
	size_t n;

	assert_status(tlshost_buffer_receive_from_network(p.server, hello,
	    sizeof(hello), &n), TLSHOST_OK);
	assert_status(tlshost_buffer_do_handshake(p.server),
	    TLSHOST_PROTOCOL);
	ck_assert_int_eq(tlshost_error_alert_sent(
	    tlshost_buffer_error(p.server)), 50);
	ck_assert_uint_eq(tlshost_buffer_outgoing_len(p.server), 7);
	free_pair(&p);
}
END_TEST

/* ------------------------------------------------------------------------
 * Errors, and that they stay
 */

START_TEST(an_error_says_who_when_and_why)
{
	setup s = { .version = versions[_i], .certificate = "expired" };
	const tlshost_error *error;
	pair p;

	handshake_ends(&s, TLSHOST_BAD_CERTIFICATE, TLSHOST_ALERT_RECEIVED,
	    &p);
	error = tlshost_buffer_error(p.client);
	ck_assert_int_eq(tlshost_error_status(error),
	    TLSHOST_BAD_CERTIFICATE);
	ck_assert_int_eq(tlshost_error_phase(error), TLSHOST_PHASE_HANDSHAKE);
	ck_assert_str_eq(tlshost_error_backend(error),
	    tlshost_backend_name(client_backend));
	ck_assert_uint_eq(tlshost_error_reasons(error),
	    TLSHOST_REASON_EXPIRED);
	ck_assert_int_eq(tlshost_error_alert_sent(error), 45);
	ck_assert_int_eq(tlshost_error_alert_received(error), -1);
	ck_assert_int_eq(tlshost_error_errno(error), 0);
	ck_assert_uint_gt(strlen(tlshost_error_message(error)), 10);
	error = tlshost_buffer_error(p.server);
	ck_assert_int_eq(tlshost_error_status(error), TLSHOST_ALERT_RECEIVED);
	ck_assert_int_eq(tlshost_error_alert_received(error), 45);
	ck_assert_str_eq(tlshost_error_backend(error),
	    tlshost_backend_name(server_backend));
	free_pair(&p);
}
END_TEST

START_TEST(a_failed_connection_answers_everything_the_same)
{
	setup s = { .version = versions[_i], .certificate = "expired" };
	const tlshost_error *error;
	uint8_t byte;
	size_t n;
	pair p;

	handshake_ends(&s, TLSHOST_BAD_CERTIFICATE, TLSHOST_ALERT_RECEIVED,
	    &p);
	error = tlshost_buffer_error(p.client);
	assert_status(tlshost_buffer_do_handshake(p.client),
	    TLSHOST_BAD_CERTIFICATE);
	assert_status(tlshost_buffer_read(p.client, &byte, 1, &n),
	    TLSHOST_BAD_CERTIFICATE);
	assert_status(tlshost_buffer_write(p.client, &byte, 1, &n),
	    TLSHOST_BAD_CERTIFICATE);
	assert_status(tlshost_buffer_shutdown(p.client),
	    TLSHOST_BAD_CERTIFICATE);
	assert_status(tlshost_buffer_key_update(p.client, 0),
	    TLSHOST_BAD_CERTIFICATE);
	ck_assert_uint_eq(tlshost_buffer_pending(p.client), 0);
	ck_assert_ptr_eq(tlshost_buffer_error(p.client), error);
	free_pair(&p);
}
END_TEST

START_TEST(a_buffer_can_be_freed_in_every_state)
{
	pair p = make_pair(&(setup){ .version = versions[_i] });

	free_pair(&p);
	p = make_pair(&(setup){ .version = versions[_i] });
	(void)tlshost_buffer_do_handshake(p.client);
	carry(&p);
	(void)tlshost_buffer_do_handshake(p.server);
	free_pair(&p);
	p = connected_pair(&(setup){ .version = versions[_i] });
	(void)tlshost_buffer_shutdown(p.client);
	free_pair(&p);
	tlshost_buffer_free(NULL);
}
END_TEST

void
end_claims(Suite *suite)
{
	TCase *group = claim_group(suite, "end");

	ADD_BOTH(close_notify_is_the_end_for_ever);
	ADD_BOTH(bytes_behind_close_notify_can_be_taken);
	add_versions(group, one_half_may_close_before_the_other, 4, side_name);
	ADD_BOTH(both_may_close_at_the_same_time);
	ADD_BOTH(closing_sends_one_record_and_waits_for_nothing);
	add_versions(group, a_conversation_cut_at_any_byte_ends_ragged, 4,
	    side_name);
	group = claim_group(suite, "alerts");
	add_versions(group, a_damaged_record_ends_the_connection_with_an_alert,
	    4, side_name);
	add_versions(group, nonsense_after_the_handshake_is_a_protocol_error,
	    2 * (int)LEN(damages), damage_name);
	ADD_BOTH(a_replayed_record_is_refused);
	add_claims(group, an_alert_instead_of_an_answer_has_its_number,
	    (int)LEN(alerts), alert_name);
	ADD_BOTH(a_hello_that_is_none_is_a_protocol_error);
	group = claim_group(suite, "errors");
	ADD_BOTH(an_error_says_who_when_and_why);
	ADD_BOTH(a_failed_connection_answers_everything_the_same);
	ADD_BOTH(a_buffer_can_be_freed_in_every_state);
}

/* SPDX-License-Identifier: MIT */
/* Data: whole, in order, held back and let go. */
#include "config.h"

#include <stdio.h>
#include <time.h>

#include "claims.h"

/* len bytes that say where they are, from one end to the other. */
static void
send_and_check(pair *p, tlshost_buffer *from, tlshost_buffer *to, size_t len,
    size_t slice)
{
	uint8_t *out = malloc(len), *in = malloc(len + 1);
	size_t written = 0, read = 0, n;

	ck_assert_ptr_nonnull(out);
	ck_assert_ptr_nonnull(in);
	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)(i * 7 + i / 251);
	while (read < len) {
		size_t want = len - written < slice ? len - written : slice;

		if (want != 0 && tlshost_buffer_write(from, out + written,
		    want, &n) == TLSHOST_OK)
			written += n;
		assert_status(read_from(p, to, in + read, len - read, &n),
		    TLSHOST_OK);
		ck_assert_uint_gt(n, 0);
		read += n;
		ck_assert_uint_le(read, written);
	}
	ck_assert_mem_eq(in, out, len);
	free(in);
	free(out);
}

static const size_t sizes[] = { 1, 2, 255, 16383, 16384, 16385, 32768,
	100000 };

static const char *
size_name(int i)
{
	static char name[64];

	snprintf(name, sizeof(name), "%s: %zu bytes", version_of(i % 2),
	    sizes[i / 2]);
	return name;
}

START_TEST(data_arrives_whole_both_ways)
{
	pair p = connected_pair(&(setup){ .version = versions[_i % 2] });

	send_and_check(&p, p.client, p.server, sizes[_i / 2], SIZE_MAX);
	send_and_check(&p, p.server, p.client, sizes[_i / 2], SIZE_MAX);
	free_pair(&p);
}
END_TEST

START_TEST(many_small_writes_arrive_in_order)
{
	pair p = connected_pair(&(setup){ .version = versions[_i] });

	send_and_check(&p, p.client, p.server, 5000, 13);
	send_and_check(&p, p.server, p.client, 5000, 1);
	free_pair(&p);
}
END_TEST

START_TEST(both_ends_write_before_either_reads)
{
	pair p = connected_pair(&(setup){ .version = versions[_i] });
	char in[16];
	size_t n;

	for (int i = 0; i < 10; i++) {
		assert_status(tlshost_buffer_write(p.client, "ping", 4, &n),
		    TLSHOST_OK);
		assert_status(tlshost_buffer_write(p.server, "pong!", 5, &n),
		    TLSHOST_OK);
	}
	for (int i = 0; i < 10; i++) {
		assert_status(read_from(&p, p.server, in, 4, &n), TLSHOST_OK);
		ck_assert_mem_eq(in, "ping", 4);
		assert_status(read_from(&p, p.client, in, 5, &n), TLSHOST_OK);
		ck_assert_mem_eq(in, "pong!", 5);
	}
	free_pair(&p);
}
END_TEST

START_TEST(data_can_follow_the_handshake_in_one_piece)
{
	pair p = make_pair(&(setup){ .version = versions[_i] });
	tlshost_status client = TLSHOST_WANT_READ, server = client;
	char in[16];
	size_t n;

	/* The client writes as soon as it may, with the end of its handshake
	 * still on the way. */
	while (client == TLSHOST_WANT_READ) {
		client = tlshost_buffer_do_handshake(p.client);
		if (client != TLSHOST_OK)
			(void)carry(&p);
		if (server != TLSHOST_OK)
			server = tlshost_buffer_do_handshake(p.server);
	}
	assert_status(client, TLSHOST_OK);
	assert_status(tlshost_buffer_write(p.client, "early", 5, &n),
	    TLSHOST_OK);
	while (server != TLSHOST_OK && carry(&p))
		server = tlshost_buffer_do_handshake(p.server);
	assert_status(server, TLSHOST_OK);
	assert_status(read_from(&p, p.server, in, sizeof(in), &n),
	    TLSHOST_OK);
	ck_assert_uint_eq(n, 5);
	ck_assert_mem_eq(in, "early", 5);
	free_pair(&p);
}
END_TEST

START_TEST(a_little_room_takes_a_record_bit_by_bit)
{
	pair p = connected_pair(&(setup){ .version = versions[_i] });
	char in[8];
	size_t n;

	assert_status(tlshost_buffer_write(p.client, "abcdefgh", 8, &n),
	    TLSHOST_OK);
	for (char c = 'a'; c <= 'h'; c++) {
		assert_status(read_from(&p, p.server, in, 1, &n), TLSHOST_OK);
		ck_assert_uint_eq(n, 1);
		ck_assert_int_eq(in[0], c);
		/* Whatever is decrypted and not read is pending. */
		ck_assert_uint_eq(tlshost_buffer_pending(p.server),
		    (size_t)('h' - c));
	}
	assert_status(tlshost_buffer_read(p.server, in, 1, &n),
	    TLSHOST_WANT_READ);
	free_pair(&p);
}
END_TEST

START_TEST(a_read_without_data_wants_more_and_changes_nothing)
{
	pair p = connected_pair(&(setup){ .version = versions[_i] });
	uint8_t in[4] = { 1, 2, 3, 4 };
	size_t n = 99;

	/* Session tickets of TLS 1.3 come at the end of the handshake. */
	while (carry(&p))
		;
	for (int i = 0; i < 5; i++)
		assert_status(tlshost_buffer_read(p.client, in, sizeof(in),
		    &n), TLSHOST_WANT_READ);
	ck_assert_uint_eq(n, 99);
	ck_assert_mem_eq(in, "\1\2\3\4", 4);
	ck_assert_ptr_null(tlshost_buffer_error(p.client));
	ck_assert_uint_eq(tlshost_buffer_outgoing_len(p.client), 0);
	free_pair(&p);
}
END_TEST

START_TEST(room_can_be_reserved_instead_of_copied_into)
{
	pair p = connected_pair(&(setup){ .version = versions[_i] });
	const uint8_t *out;
	uint8_t *room;
	char in[16];
	size_t n, len, room_len;

	assert_status(tlshost_buffer_write(p.client, "by hand", 7, &n),
	    TLSHOST_OK);
	while ((len = tlshost_buffer_peek_outgoing(p.client, &out)) != 0) {
		assert_status(tlshost_buffer_reserve_incoming(p.server, 1,
		    &room, &room_len), TLSHOST_OK);
		if (len > room_len)
			len = room_len;
		memcpy(room, out, len);
		assert_status(tlshost_buffer_commit_incoming(p.server, len),
		    TLSHOST_OK);
		assert_status(tlshost_buffer_consume_outgoing(p.client, len),
		    TLSHOST_OK);
	}
	assert_status(tlshost_buffer_read(p.server, in, sizeof(in), &n),
	    TLSHOST_OK);
	ck_assert_uint_eq(n, 7);
	ck_assert_mem_eq(in, "by hand", 7);
	free_pair(&p);
}
END_TEST

START_TEST(outgoing_bytes_can_be_seen_in_pieces)
{
	static uint8_t data[50000];
	pair p = connected_pair(&(setup){ .version = versions[_i] });
	struct iovec iov[64];
	size_t n, count, total = 0;

	assert_status(tlshost_buffer_write(p.client, data, sizeof(data), &n),
	    TLSHOST_OK);
	count = tlshost_buffer_peek_outgoing_iov(p.client, iov, LEN(iov));
	for (size_t i = 0; i < count; i++)
		total += iov[i].iov_len;
	ck_assert_uint_eq(total, tlshost_buffer_outgoing_len(p.client));
	/* Four records, none longer than 2^14 and what it is wrapped in. */
	ck_assert_uint_gt(total, sizeof(data));
	ck_assert_uint_lt(total, sizeof(data) + 4 * 300);
	ck_assert_uint_eq(((const uint8_t *)iov[0].iov_base)[0], 23);
	free_pair(&p);
}
END_TEST

START_TEST(a_writer_that_nobody_reads_is_held_back)
{
	static uint8_t data[100000];
	setup s = { .version = versions[_i] };
	pair p = connected_pair(&s);
	size_t n, total = 0;
	tlshost_status st;

	while ((st = tlshost_buffer_write(p.client, data, sizeof(data), &n)) ==
	    TLSHOST_OK)
		total += n;
	assert_status(st, TLSHOST_WANT_WRITE);
	assert_status(tlshost_buffer_read(p.client, data, 1, &n),
	    TLSHOST_WANT_WRITE);
	ck_assert_uint_gt(tlshost_buffer_outgoing_len(p.client), total);
	ck_assert_uint_lt(tlshost_buffer_outgoing_len(p.client), 400000);
	/* Later with other data, from another place, and shorter. */
	while (carry(&p))
		;
	assert_status(read_from(&p, p.server, data, sizeof(data), &n),
	    TLSHOST_OK);
	assert_status(tlshost_buffer_write(p.client, "x", 1, &n), TLSHOST_OK);
	free_pair(&p);
}
END_TEST

START_TEST(lengths_of_nothing_are_as_documented)
{
	setup s = { .version = versions[_i] };
	pair p = connected_pair(&s);
	uint8_t byte;
	size_t n = 7;

	assert_status(tlshost_buffer_write(p.client, NULL, 0, &n), TLSHOST_OK);
	ck_assert_uint_eq(n, 0);
	assert_status(tlshost_buffer_read(p.client, &byte, 0, &n),
	    TLSHOST_INVALID_ARGUMENT);
	assert_status(tlshost_buffer_read(p.client, NULL, 1, &n),
	    TLSHOST_INVALID_ARGUMENT);
	assert_status(tlshost_buffer_write(p.client, NULL, 1, &n),
	    TLSHOST_INVALID_ARGUMENT);
	assert_status(tlshost_buffer_consume_outgoing(p.client, SIZE_MAX),
	    TLSHOST_INVALID_ARGUMENT);
	free_pair(&p);
}
END_TEST

START_TEST(a_held_back_write_may_come_again_shorter_and_elsewhere)
{
	static uint8_t data[100000];
	pair p = connected_pair(&(setup){ .version = versions[_i] });
	uint8_t *copy = malloc(1000), in[4096];
	size_t n, total = 0, got = 0;

	ck_assert_ptr_nonnull(copy);
	memset(data, 'd', sizeof(data));
	memset(copy, 'c', 1000);
	while (tlshost_buffer_write(p.client, data, sizeof(data), &n) ==
	    TLSHOST_OK)
		total += n;
	assert_status(read_from(&p, p.server, in, 1, &n), TLSHOST_OK);
	while (carry(&p))
		;
	assert_status(tlshost_buffer_write(p.client, copy, 1000, &n),
	    TLSHOST_OK);
	ck_assert_uint_eq(n, 1000);
	free(copy);
	/* What was taken arrives, and nothing that was not. */
	for (got = 1; got < total + 1000; got += n) {
		assert_status(read_from(&p, p.server, in, sizeof(in), &n),
		    TLSHOST_OK);
		for (size_t i = 0; i < n; i++)
			ck_assert_int_eq(in[i], got + i < total ? 'd' : 'c');
	}
	free_pair(&p);
}
END_TEST

START_TEST(a_reader_is_held_back_by_its_own_outgoing_bytes)
{
	static uint8_t data[100000];
	pair p = connected_pair(&(setup){ .version = versions[_i] });
	uint8_t in[8];
	size_t n;

	assert_status(tlshost_buffer_write(p.server, "news", 4, &n),
	    TLSHOST_OK);
	while (tlshost_buffer_write(p.client, data, sizeof(data), &n) ==
	    TLSHOST_OK)
		;
	assert_status(tlshost_buffer_read(p.client, in, sizeof(in), &n),
	    TLSHOST_WANT_WRITE);
	assert_status(tlshost_buffer_consume_outgoing(p.client,
	    tlshost_buffer_outgoing_len(p.client)), TLSHOST_OK);
	while (carry(&p))
		;
	assert_status(tlshost_buffer_read(p.client, in, sizeof(in), &n),
	    TLSHOST_OK);
	ck_assert_mem_eq(in, "news", 4);
	free_pair(&p);
}
END_TEST

/* ------------------------------------------------------------------------
 * Keys that are renewed (RFC 8446, 4.6.3)
 */

/* Asks for an update, and for the peer's if the backend can. */
static void
renew(tlshost_buffer *buffer, int request)
{
	tlshost_backend *backend = tlshost_buffer_backend(buffer);
	tlshost_status st = tlshost_buffer_key_update(buffer, request);

	if (backend_can(backend, request ?
	    TLSHOST_CAPABILITY_KEY_UPDATE_REQUEST :
	    TLSHOST_CAPABILITY_KEY_UPDATE))
		assert_status(st, TLSHOST_OK);
	else
		assert_status(st, TLSHOST_UNSUPPORTED);
}

START_TEST(a_key_update_is_not_noticed_by_the_data)
{
	pair p = connected_pair(&(setup){ .version = versions[1] });
	char text[8];
	size_t n;

	for (int i = 0; i < 5; i++) {
		renew(p.client, i % 2);
		assert_status(tlshost_buffer_write(p.client, "ping", 4, &n),
		    TLSHOST_OK);
		assert_status(read_from(&p, p.server, text, sizeof(text), &n),
		    TLSHOST_OK);
		ck_assert_mem_eq(text, "ping", 4);
		assert_status(tlshost_buffer_write(p.server, "pong", 4, &n),
		    TLSHOST_OK);
		assert_status(read_from(&p, p.client, text, sizeof(text), &n),
		    TLSHOST_OK);
		ck_assert_mem_eq(text, "pong", 4);
	}
	free_pair(&p);
}
END_TEST

/* Forty at once; a library with a limit counts those of a second. */
START_TEST(many_new_keys_are_borne_or_are_a_protocol_error)
{
	int bears = backend_can(server_backend,
	    TLSHOST_CAPABILITY_KEY_UPDATE_BURST);
	pair p = connected_pair(&(setup){ .version = versions[1] });
	tlshost_status st;
	time_t start;
	char text[8];
	size_t n;

	if (!backend_can(client_backend, TLSHOST_CAPABILITY_KEY_UPDATE)) {
		free_pair(&p);
		return; /* claimed above */
	}
	for (int i = 0; i < 40; i++)
		renew(p.client, 0);
	assert_status(tlshost_buffer_write(p.client, "ping", 4, &n),
	    TLSHOST_OK);
	start = time(NULL);
	st = read_from(&p, p.server, text, sizeof(text), &n);
	/* A machine that is as slow as that is within every limit. */
	if (bears || (st == TLSHOST_OK && time(NULL) - start > 4)) {
		assert_status(st, TLSHOST_OK);
		ck_assert_mem_eq(text, "ping", 4);
	} else {
		assert_status(st, TLSHOST_PROTOCOL);
	}
	free_pair(&p);
}
END_TEST

START_TEST(there_is_no_key_update_before_tls_1_3)
{
	setup s = { .version = TLSHOST_VERSION_TLSV1_2 };
	pair p = connected_pair(&s);
	size_t n;

	assert_status(tlshost_buffer_key_update(p.client, 0),
	    TLSHOST_UNSUPPORTED);
	assert_status(tlshost_buffer_write(p.client, "x", 1, &n), TLSHOST_OK);
	free_pair(&p);
}
END_TEST

static const char *
update_name(int i)
{
	static const char *const names[] = { "by the client",
	    "by the client, who asks", "by the server",
	    "by the server, who asks", "by both at once" };

	return names[i];
}

START_TEST(keys_are_renewed_while_data_is_on_the_way)
{
	pair p = connected_pair(&(setup){ .version = versions[1] });
	char in[16];
	size_t n;

	for (int round = 0; round < 3; round++) {
		assert_status(tlshost_buffer_write(p.client, "before", 6, &n),
		    TLSHOST_OK);
		assert_status(tlshost_buffer_write(p.server, "before", 6, &n),
		    TLSHOST_OK);
		if (_i != 2 && _i != 3)
			renew(p.client, _i % 2 || _i == 4);
		if (_i >= 2)
			renew(p.server, _i % 2 || _i == 4);
		assert_status(tlshost_buffer_write(p.client, "after", 5, &n),
		    TLSHOST_OK);
		assert_status(tlshost_buffer_write(p.server, "after", 5, &n),
		    TLSHOST_OK);
		for (int end = 0; end < 2; end++) {
			tlshost_buffer *to = end ? p.server : p.client;

			assert_status(read_from(&p, to, in, 6, &n),
			    TLSHOST_OK);
			ck_assert_mem_eq(in, "before", 6);
			assert_status(read_from(&p, to, in, 16, &n),
			    TLSHOST_OK);
			ck_assert_uint_eq(n, 5);
			ck_assert_mem_eq(in, "after", 5);
		}
	}
	free_pair(&p);
}
END_TEST

void
data_claims(Suite *suite)
{
	TCase *group = claim_group(suite, "data");

	add_versions(group, data_arrives_whole_both_ways, 2 * (int)LEN(sizes),
	    size_name);
	ADD_BOTH(many_small_writes_arrive_in_order);
	ADD_BOTH(both_ends_write_before_either_reads);
	ADD_BOTH(data_can_follow_the_handshake_in_one_piece);
	ADD_BOTH(a_little_room_takes_a_record_bit_by_bit);
	ADD_BOTH(a_read_without_data_wants_more_and_changes_nothing);
	ADD_BOTH(room_can_be_reserved_instead_of_copied_into);
	ADD_BOTH(outgoing_bytes_can_be_seen_in_pieces);
	ADD_BOTH(lengths_of_nothing_are_as_documented);
	group = claim_group(suite, "back-pressure");
	ADD_BOTH(a_writer_that_nobody_reads_is_held_back);
	ADD_BOTH(a_held_back_write_may_come_again_shorter_and_elsewhere);
	ADD_BOTH(a_reader_is_held_back_by_its_own_outgoing_bytes);
	group = claim_group(suite, "key update");
	if (both_have(TLSHOST_VERSION_TLSV1_3))
		add_claim(group, a_key_update_is_not_noticed_by_the_data);
	if (both_have(TLSHOST_VERSION_TLSV1_3))
		add_claim(group,
		    many_new_keys_are_borne_or_are_a_protocol_error);
	add_claim(group, there_is_no_key_update_before_tls_1_3);
	if (both_have(TLSHOST_VERSION_TLSV1_3))
		add_claims(group, keys_are_renewed_while_data_is_on_the_way, 5,
		    update_name);
}

/* SPDX-License-Identifier: MIT */
/*
 * What the host does with a connection, shown by a backend whose cipher can be
 * read (tests/plugins/upper.c), and by one that breaks its contract: a test
 * puts slots of its own into the host's table.
 */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "buffer.h"
#include "conformance/pair.h"
#include "memory.h"

#undef fail /* libcheck's; the host has one too */

static tlshost_backend *upper;
static struct tlshost_plugin good;       /* its table, as it was */

static void
set_up(void)
{
	tlshost_error *error = NULL;
	tlshost_status st = tlshost_backend_by_name("upper", &upper, &error);

	ck_assert_msg(st == TLSHOST_OK, "%s", tlshost_error_message(error));
	client_backend = server_backend = upper;
	good = upper->ops;
}

static void
tear_down(void)
{
	upper->ops = good;
}

/* ------------------------------------------------------------------------
 * States
 */

#define assert_says(buffer_, words_)                                       \
	do {                                                               \
		const char *message__ = tlshost_error_message(             \
		    tlshost_buffer_error(buffer_));                        \
		ck_assert_msg(message__ != NULL && strstr(message__,       \
		    words_) != NULL, "\"%s\" does not say \"%s\"",         \
		    message__ != NULL ? message__ : "(none)", words_);     \
	} while (0)

START_TEST(too_early_is_told_and_harms_nothing)
{
	pair p = make_pair(&(setup){ 0 });
	char data[4];
	size_t len = 77;
	tlshost_status client, server;

	assert_status(tlshost_buffer_read(p.client, data, sizeof(data), &len),
	    TLSHOST_INVALID_STATE);
	assert_says(p.client, "read before the handshake");
	assert_status(tlshost_buffer_write(p.client, "x", 1, &len),
	    TLSHOST_INVALID_STATE);
	assert_says(p.client, "write before the handshake");
	assert_status(tlshost_buffer_shutdown(p.client), TLSHOST_INVALID_STATE);
	assert_status(tlshost_buffer_key_update(p.client, 0),
	    TLSHOST_INVALID_STATE);
	assert_status(tlshost_buffer_take_incoming(p.client, data, 1, &len),
	    TLSHOST_INVALID_STATE);
	assert_status(tlshost_buffer_commit_incoming(p.client, 0),
	    TLSHOST_INVALID_STATE);
	ck_assert_uint_eq(len, 77);
	ck_assert_uint_eq(tlshost_buffer_pending(p.client), 0);
	ck_assert_uint_eq(tlshost_buffer_outgoing_len(p.client), 0);
	shake_hands(&p, &client, &server);
	assert_status(client, TLSHOST_OK);
	assert_status(server, TLSHOST_OK);
	free_pair(&p);
}
END_TEST

START_TEST(wrong_arguments_are_refused)
{
	pair p = connected_pair(&(setup){ 0 });
	uint8_t data[4], *room;
	const uint8_t *out;
	size_t len = 77;
	struct iovec iov;

	assert_status(tlshost_buffer_do_handshake(NULL),
	    TLSHOST_INVALID_ARGUMENT);
	assert_status(tlshost_buffer_read(p.client, NULL, 1, &len),
	    TLSHOST_INVALID_ARGUMENT);
	assert_status(tlshost_buffer_read(p.client, data, 0, &len),
	    TLSHOST_INVALID_ARGUMENT);
	assert_status(tlshost_buffer_read(p.client, data, 1, NULL),
	    TLSHOST_INVALID_ARGUMENT);
	assert_status(tlshost_buffer_write(p.client, NULL, 1, &len),
	    TLSHOST_INVALID_ARGUMENT);
	assert_status(tlshost_buffer_write(p.client, data, 1, NULL),
	    TLSHOST_INVALID_ARGUMENT);
	assert_status(tlshost_buffer_shutdown(NULL), TLSHOST_INVALID_ARGUMENT);
	assert_status(tlshost_buffer_key_update(p.client, 2),
	    TLSHOST_INVALID_ARGUMENT);
	assert_status(tlshost_buffer_receive_from_network(p.client, NULL, 1,
	    &len), TLSHOST_INVALID_ARGUMENT);
	assert_status(tlshost_buffer_receive_from_network(p.client, data, 1,
	    NULL), TLSHOST_INVALID_ARGUMENT);
	assert_status(tlshost_buffer_reserve_incoming(p.client, 0, &room,
	    &len), TLSHOST_INVALID_ARGUMENT);
	assert_status(tlshost_buffer_reserve_incoming(p.client, SIZE_MAX,
	    &room, &len), TLSHOST_INVALID_ARGUMENT);
	assert_status(tlshost_buffer_reserve_incoming(p.client, 1, NULL, &len),
	    TLSHOST_INVALID_ARGUMENT);
	assert_status(tlshost_buffer_commit_incoming(p.client, 1),
	    TLSHOST_INVALID_ARGUMENT);
	assert_status(tlshost_buffer_consume_outgoing(p.client, 1),
	    TLSHOST_INVALID_ARGUMENT);
	assert_status(tlshost_buffer_consume_outgoing(p.client, SIZE_MAX),
	    TLSHOST_INVALID_ARGUMENT);
	assert_status(tlshost_buffer_network_eof(NULL),
	    TLSHOST_INVALID_ARGUMENT);
	assert_status(tlshost_buffer_take_incoming(p.client, NULL, 1, &len),
	    TLSHOST_INVALID_ARGUMENT);
	ck_assert_uint_eq(tlshost_buffer_peek_outgoing(NULL, &out), 0);
	ck_assert_uint_eq(tlshost_buffer_peek_outgoing(p.client, NULL), 0);
	ck_assert_uint_eq(tlshost_buffer_peek_outgoing_iov(NULL, &iov, 1), 0);
	ck_assert_uint_eq(len, 77);
	assert_status(tlshost_buffer_write(p.client, "well", 4, &len),
	    TLSHOST_OK);
	assert_status(read_from(&p, p.server, data, sizeof(data), &len),
	    TLSHOST_OK);
	ck_assert_mem_eq(data, "well", 4);
	free_pair(&p);
}
END_TEST

START_TEST(nothing_is_written_after_shutdown_but_reading_goes_on)
{
	pair p = connected_pair(&(setup){ 0 });
	char data[16];
	size_t len;

	assert_status(tlshost_buffer_shutdown(p.client), TLSHOST_OK);
	assert_status(tlshost_buffer_shutdown(p.client), TLSHOST_OK);
	ck_assert_uint_eq(tlshost_buffer_outgoing_len(p.client), 7);
	assert_status(tlshost_buffer_write(p.client, "x", 1, &len),
	    TLSHOST_INVALID_STATE);
	assert_says(p.client, "write after shutdown");
	assert_status(tlshost_buffer_key_update(p.client, 0),
	    TLSHOST_INVALID_STATE);
	carry(&p);
	assert_status(tlshost_buffer_read(p.server, data, sizeof(data), &len),
	    TLSHOST_OK);
	ck_assert_uint_eq(len, 0);
	ck_assert_int_eq(tlshost_buffer_shutdown_received(p.server), 1);
	assert_status(tlshost_buffer_write(p.server, "later", 5, &len),
	    TLSHOST_OK);
	assert_status(read_from(&p, p.client, data, sizeof(data), &len),
	    TLSHOST_OK);
	ck_assert_uint_eq(len, 5);
	ck_assert_mem_eq(data, "later", 5);
	free_pair(&p);
}
END_TEST

START_TEST(the_end_of_the_network_is_final)
{
	pair p = connected_pair(&(setup){ 0 });
	uint8_t *room;
	size_t len;

	assert_status(tlshost_buffer_network_eof(p.client), TLSHOST_OK);
	assert_status(tlshost_buffer_network_eof(p.client), TLSHOST_OK);
	assert_status(tlshost_buffer_receive_from_network(p.client, "x", 1,
	    &len), TLSHOST_INVALID_STATE);
	assert_says(p.client, "after the end of the network");
	assert_status(tlshost_buffer_reserve_incoming(p.client, 1, &room,
	    &len), TLSHOST_INVALID_STATE);
	/* It can still be written to: half of a connection is one. */
	assert_status(tlshost_buffer_write(p.client, "x", 1, &len),
	    TLSHOST_OK);
	free_pair(&p);
}
END_TEST

START_TEST(room_is_reserved_once_and_committed_once)
{
	pair p = connected_pair(&(setup){ 0 });
	static const uint8_t record[] = { 23, 3, 3, 0, 2, 'h', 'I' };
	uint8_t *room, *again, data[8];
	size_t len, more;

	assert_status(tlshost_buffer_reserve_incoming(p.client, 7, &room,
	    &len), TLSHOST_OK);
	ck_assert_uint_ge(len, 7);
	assert_status(tlshost_buffer_reserve_incoming(p.client, 7, &again,
	    &more), TLSHOST_INVALID_STATE);
	assert_status(tlshost_buffer_commit_incoming(p.client, len + 1),
	    TLSHOST_INVALID_ARGUMENT);
	memcpy(room, record, sizeof(record));
	assert_status(tlshost_buffer_commit_incoming(p.client, sizeof(record)),
	    TLSHOST_OK);
	assert_status(tlshost_buffer_commit_incoming(p.client, 0),
	    TLSHOST_INVALID_STATE);
	assert_status(tlshost_buffer_read(p.client, data, sizeof(data), &len),
	    TLSHOST_OK);
	ck_assert_uint_eq(len, 2);
	ck_assert_mem_eq(data, "Hi", 2);
	free_pair(&p);
}
END_TEST

/* ------------------------------------------------------------------------
 * Back-pressure
 */

START_TEST(outgoing_bytes_hold_everything_back)
{
	static uint8_t data[3 * TLSHOST__OUTGOING_CAP];
	pair p = connected_pair(&(setup){ 0 });
	size_t len, total = 0, arrived = 0, got;
	uint8_t in[4096];

	assert_status(tlshost_buffer_write(p.client, data, sizeof(data), &len),
	    TLSHOST_OK);
	ck_assert_uint_lt(len, sizeof(data));
	total = len;
	/* One record more than the cap at most, with its header. */
	ck_assert_uint_le(tlshost_buffer_outgoing_len(p.client),
	    TLSHOST__OUTGOING_CAP + 16389);
	assert_status(tlshost_buffer_write(p.client, data, 1, &len),
	    TLSHOST_WANT_WRITE);
	assert_status(tlshost_buffer_write(p.client, data, 0, &len),
	    TLSHOST_OK);
	ck_assert_uint_eq(len, 0);
	assert_status(tlshost_buffer_read(p.client, in, sizeof(in), &len),
	    TLSHOST_WANT_WRITE);
	assert_status(tlshost_buffer_key_update(p.client, 1),
	    TLSHOST_WANT_WRITE);
	/* The end of what is to be said must never be held back. */
	assert_status(tlshost_buffer_shutdown(p.client), TLSHOST_OK);
	while (read_from(&p, p.server, in, sizeof(in), &got) == TLSHOST_OK &&
	    got != 0)
		arrived += got;
	ck_assert_uint_eq(arrived, total);
	ck_assert_int_eq(tlshost_buffer_shutdown_received(p.server), 1);
	free_pair(&p);
}
END_TEST

START_TEST(incoming_bytes_are_taken_in_part)
{
	static uint8_t data[2 * TLSHOST__INCOMING_CAP];
	pair p = connected_pair(&(setup){ 0 });
	uint8_t *room;
	size_t len;

	assert_status(tlshost_buffer_receive_from_network(p.client, data,
	    sizeof(data), &len), TLSHOST_OK);
	ck_assert_uint_eq(len, TLSHOST__INCOMING_CAP);
	ck_assert_uint_eq(tlshost_buffer_incoming_len(p.client), len);
	assert_status(tlshost_buffer_receive_from_network(p.client, data,
	    sizeof(data), &len), TLSHOST_OK);
	ck_assert_uint_eq(len, 0);
	assert_status(tlshost_buffer_reserve_incoming(p.client, 1, &room,
	    &len), TLSHOST_INVALID_STATE);
	assert_says(p.client, "no room");
	free_pair(&p);
}
END_TEST

/* ------------------------------------------------------------------------
 * The end, at every byte
 */

START_TEST(a_conversation_cut_at_any_byte_ends_ragged)
{
	const char text[] = "one two three";
	size_t whole = SIZE_MAX;

	for (size_t cut = 0; cut <= whole; cut++) {
		pair p = make_pair(&(setup){ .client_alpn = "h2",
		    .server_alpn = "h2" });
		tlshost_status client, server, st = TLSHOST_OK;
		char in[64];
		size_t at = 0, len;

		p.client_limit = cut;
		shake_hands(&p, &client, &server);
		if (server == TLSHOST_OK) {
			assert_status(tlshost_buffer_write(p.server, text,
			    sizeof(text), &len), TLSHOST_OK);
			assert_status(tlshost_buffer_shutdown(p.server),
			    TLSHOST_OK);
		}
		carry(&p);
		assert_status(tlshost_buffer_network_eof(p.client), TLSHOST_OK);
		client = tlshost_buffer_do_handshake(p.client);
		while (client == TLSHOST_OK && (st = tlshost_buffer_read(
		    p.client, in + at, 5, &len)) == TLSHOST_OK && len != 0)
			at += len;
		if (tlshost_buffer_outgoing_len(p.server) == 0 &&
		    st == TLSHOST_OK && client == TLSHOST_OK)
			whole = cut;
		else
			assert_status(client != TLSHOST_OK ? client : st,
			    TLSHOST_RAGGED_EOF);
		ck_assert_mem_eq(in, text, at);
		ck_assert_uint_eq(at, cut == whole ? sizeof(text) :
		    at == 0 ? 0 : sizeof(text));
		/* It is said again as often as it is asked. */
		assert_status(tlshost_buffer_read(p.client, in, 5, &len),
		    cut == whole ? TLSHOST_OK : TLSHOST_RAGGED_EOF);
		free_pair(&p);
	}
	ck_assert_uint_gt(whole, 100);
}
END_TEST

/* ------------------------------------------------------------------------
 * Failures stay
 */

START_TEST(a_failure_is_the_answer_to_everything)
{
	pair p = connected_pair(&(setup){ 0 });
	const tlshost_error *error;
	const uint8_t *out;
	uint8_t data[8];
	size_t len;

	assert_status(tlshost_buffer_receive_from_network(p.client,
	    "\x19\x03\x03\0\0", 5, &len), TLSHOST_OK);
	assert_status(tlshost_buffer_read(p.client, data, sizeof(data), &len),
	    TLSHOST_PROTOCOL);
	error = tlshost_buffer_error(p.client);
	ck_assert_int_eq(tlshost_error_alert_sent(error), 10);
	ck_assert_int_eq(tlshost_error_native_code(error), 7);
	ck_assert_str_eq(tlshost_error_native_text(error), "upper error 7");
	ck_assert_str_eq(tlshost_error_backend(error), "upper");
	ck_assert_int_eq(tlshost_error_phase(error), TLSHOST_PHASE_READ);
	assert_status(tlshost_buffer_read(p.client, data, sizeof(data), &len),
	    TLSHOST_PROTOCOL);
	assert_status(tlshost_buffer_write(p.client, "x", 1, &len),
	    TLSHOST_PROTOCOL);
	assert_status(tlshost_buffer_shutdown(p.client), TLSHOST_PROTOCOL);
	assert_status(tlshost_buffer_key_update(p.client, 0),
	    TLSHOST_PROTOCOL);
	assert_status(tlshost_buffer_do_handshake(p.client), TLSHOST_PROTOCOL);
	ck_assert_ptr_eq(tlshost_buffer_error(p.client), error);
	ck_assert_uint_eq(tlshost_buffer_pending(p.client), 0);
	/* What it was is still known, and the alert goes out. */
	ck_assert_int_eq(tlshost_buffer_negotiated_tls_version(p.client),
	    TLSHOST_VERSION_TLSV1_3);
	ck_assert_uint_eq(tlshost_buffer_peek_outgoing(p.client, &out), 7);
	ck_assert_mem_eq(out, "\x15\x03\x03\0\x02\x02\x0a", 7);
	assert_status(tlshost_buffer_receive_from_network(p.client, "x", 1,
	    &len), TLSHOST_OK);
	free_pair(&p);
}
END_TEST

START_TEST(an_alert_of_the_peer_has_its_number)
{
	pair p = connected_pair(&(setup){ 0 });
	uint8_t data[8];
	size_t len;

	assert_status(tlshost_buffer_receive_from_network(p.client,
	    "\x15\x03\x03\0\x02\x02\x28", 7, &len), TLSHOST_OK);
	assert_status(tlshost_buffer_read(p.client, data, sizeof(data), &len),
	    TLSHOST_ALERT_RECEIVED);
	ck_assert_int_eq(tlshost_error_alert_received(
	    tlshost_buffer_error(p.client)), 40);
	ck_assert_int_eq(tlshost_error_alert_sent(
	    tlshost_buffer_error(p.client)), -1);
	ck_assert_uint_eq(tlshost_buffer_outgoing_len(p.client), 0);
	free_pair(&p);
}
END_TEST

/* user_canceled, and what cannot be told from the rest of the encrypted. */
static const char cancel[] = "\x15\x03\x03\0\x02\x01\x5a" "more";

START_TEST(nothing_behind_a_cancel_is_given_out)
{
	pair p = connected_pair(&(setup){ 0 });
	char data[8];
	size_t len;

	assert_status(tlshost_buffer_receive_from_network(p.server, cancel,
	    sizeof(cancel) - 1, &len), TLSHOST_OK);
	assert_status(tlshost_buffer_read(p.server, data, sizeof(data), &len),
	    TLSHOST_OK);
	ck_assert_uint_eq(len, 0);
	ck_assert_int_eq(tlshost_buffer_shutdown_received(p.server), 1);
	ck_assert_uint_eq(tlshost_buffer_incoming_len(p.server), 0);
	assert_status(tlshost_buffer_receive_from_network(p.server, "more", 4,
	    &len), TLSHOST_OK);
	assert_status(tlshost_buffer_take_incoming(p.server, data,
	    sizeof(data), &len), TLSHOST_INVALID_STATE);
	ck_assert_ptr_nonnull(strstr(tlshost_error_message(
	    tlshost_buffer_error(p.server)), "canceled"));
	assert_status(tlshost_buffer_shutdown(p.server), TLSHOST_OK);
	free_pair(&p);
}
END_TEST

/* A callback that would like to do its connection's work. */
static tlshost_status
move_on(tlshost_buffer *buffer, const char *server_name,
    tlshost_config *config, const tlshost_client_hello *hello,
    tlshost_sni_choice *choice, void *userdata)
{
	uint8_t byte = 0, *room;
	size_t len;

	(void)server_name;
	(void)config;
	(void)hello;
	assert_status(tlshost_buffer_do_handshake(buffer),
	    TLSHOST_INVALID_STATE);
	assert_says(buffer, "callback");
	assert_status(tlshost_buffer_read(buffer, &byte, 1, &len),
	    TLSHOST_INVALID_STATE);
	assert_status(tlshost_buffer_write(buffer, &byte, 1, &len),
	    TLSHOST_INVALID_STATE);
	assert_status(tlshost_buffer_shutdown(buffer), TLSHOST_INVALID_STATE);
	assert_status(tlshost_buffer_key_update(buffer, 0),
	    TLSHOST_INVALID_STATE);
	assert_status(tlshost_buffer_receive_from_network(buffer, &byte, 1,
	    &len), TLSHOST_INVALID_STATE);
	assert_status(tlshost_buffer_reserve_incoming(buffer, 1, &room, &len),
	    TLSHOST_INVALID_STATE);
	assert_status(tlshost_buffer_commit_incoming(buffer, 0),
	    TLSHOST_INVALID_STATE);
	assert_status(tlshost_buffer_network_eof(buffer),
	    TLSHOST_INVALID_STATE);
	++*(int *)userdata;
	tlshost_sni_choice_keep(choice);
	return TLSHOST_OK;
}

START_TEST(a_callback_cannot_move_its_connection_on)
{
	int calls = 0;
	pair p = connected_pair(&(setup){ .sni = move_on,
	    .sni_data = &calls });

	ck_assert_int_eq(calls, 1);
	free_pair(&p);
}
END_TEST

static tlshost_status
each_call(tlshost_buffer *buffer, int i)
{
	uint8_t data[8], *room;
	size_t len;

	switch (i) {
	case 0: return tlshost_buffer_do_handshake(buffer);
	case 1: return tlshost_buffer_read(buffer, data, 8, &len);
	case 2: return tlshost_buffer_write(buffer, "x", 1, &len);
	case 3: return tlshost_buffer_shutdown(buffer);
	case 4: return tlshost_buffer_key_update(buffer, 0);
	case 5: return tlshost_buffer_receive_from_network(buffer, "x", 1,
		    &len);
	case 6: return tlshost_buffer_reserve_incoming(buffer, 1, &room, &len);
	case 7: return tlshost_buffer_commit_incoming(buffer, 0);
	case 8: return tlshost_buffer_network_eof(buffer);
	case 9: return tlshost_buffer_consume_outgoing(buffer, 0);
	default: return tlshost_buffer_take_incoming(buffer, data, 8, &len);
	}
}

START_TEST(a_forked_child_cannot_use_it)
{
	pair p = connected_pair(&(setup){ 0 });
	const uint8_t *out;
	size_t len;
	int status;
	pid_t pid;

	assert_status(tlshost_buffer_write(p.client, "x", 1, &len),
	    TLSHOST_OK);
	if ((pid = fork()) == 0) {
		for (int i = 0; i <= 10; i++)
			if (each_call(p.client, i) != TLSHOST_FORKED)
				_exit(i + 1);
		_exit(tlshost_buffer_peek_outgoing(p.client, &out) != 0 ||
		    tlshost_buffer_outgoing_len(p.client) != 0 ||
		    tlshost_buffer_pending(p.client) != 0 ? 100 : 0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	ck_assert_uint_eq(tlshost_buffer_outgoing_len(p.client), 6);
	free_pair(&p);
}
END_TEST

/* ------------------------------------------------------------------------
 * A plugin that breaks its contract.  Each fault changes the table; where it
 * shows, and in which words, is said beside it.
 */

static tlshost_link *last_link;

static int32_t
connection_new_watched(tlshost_sink *sink, void *context, tlshost_link *link,
    const char *server_name, void **ret_connection)
{
	last_link = link;
	return good.connection_new(sink, context, link, server_name,
	    ret_connection);
}

static int32_t
handshake_4711(tlshost_sink *sink, void *connection)
{
	(void)sink;
	(void)connection;
	return 4711;
}

static int32_t
handshake_negative(tlshost_sink *sink, void *connection)
{
	(void)sink;
	(void)connection;
	return -1;
}

static int32_t
handshake_bad_password(tlshost_sink *sink, void *connection)
{
	(void)sink;
	(void)connection;
	return TLSHOST_BAD_PASSWORD;
}

static int32_t
handshake_want_write(tlshost_sink *sink, void *connection)
{
	(void)sink;
	(void)connection;
	return TLSHOST_WANT_WRITE;
}

static int32_t
handshake_ok(tlshost_sink *sink, void *connection)
{
	(void)sink;
	(void)connection;
	return TLSHOST_OK;
}

static int32_t
handshake_silent(tlshost_sink *sink, void *connection)
{
	(void)sink;
	(void)connection;
	return TLSHOST_PROTOCOL;
}

static int32_t
handshake_reports_nonsense(tlshost_sink *sink, void *connection)
{
	const struct tlshost_failure failure = {
		.size = sizeof(failure),
		.status = TLSHOST_PROTOCOL,
		.alert_sent = 4711,
		.alert_received = -4711,
		.native_text = "",
		.field = 4711,
		.reasons = UINT32_MAX,
	};

	(void)connection;
	return tlshost__host.fail(sink, &failure);
}

static int32_t
handshake_reports_too_little(tlshost_sink *sink, void *connection)
{
	const struct tlshost_failure failure = { .size = 8,
	    .status = TLSHOST_PROTOCOL };

	(void)connection;
	(void)tlshost__host.fail(sink, NULL);
	return tlshost__host.fail(sink, &failure);
}

static int32_t
handshake_judges_nothing(tlshost_sink *sink, void *connection)
{
	int32_t alert;

	(void)sink;
	(void)connection;
	return tlshost__host.judge(last_link, NULL, 3, NULL, &alert);
}

static int32_t
handshake_judges_null(tlshost_sink *sink, void *connection)
{
	const struct tlshost_bytes chain = { NULL, 3 };
	int32_t alert;

	(void)sink;
	(void)connection;
	return tlshost__host.judge(last_link, &chain, 1, NULL, &alert);
}

static int32_t
handshake_judges_twice(tlshost_sink *sink, void *connection)
{
	int32_t alert;

	(void)sink;
	(void)connection;
	(void)tlshost__host.judge(last_link, NULL, 0, NULL, &alert);
	return tlshost__host.judge(last_link, NULL, 0, NULL, &alert);
}

static int32_t
handshake_asks_about_hello(tlshost_sink *sink, void *connection)
{
	void *context;
	int32_t alert;

	(void)sink;
	(void)connection;
	return tlshost__host.hello(last_link, &context, &alert);
}

static int32_t
handshake_asks_twice(tlshost_sink *sink, void *connection)
{
	int32_t st = handshake_asks_about_hello(sink, connection);

	return st == TLSHOST_OK ? handshake_asks_about_hello(sink, connection) :
	    st;
}

static int32_t
handshake_wants_parts_first(tlshost_sink *sink, void *connection)
{
	struct tlshost_hello hello = { .size = sizeof(hello) };

	(void)sink;
	(void)connection;
	return tlshost__host.hello_parts(last_link, &hello);
}

static int32_t
handshake_has_no_room_for_parts(tlshost_sink *sink, void *connection)
{
	struct tlshost_hello hello = { .size = 8 };
	int32_t st = handshake_asks_about_hello(sink, connection);

	if (st == TLSHOST_OK &&
	    tlshost__host.hello_parts(last_link, NULL) == TLSHOST_BACKEND_FAULT)
		st = tlshost__host.hello_parts(last_link, &hello);
	return st;
}

static void
info_version(const void *connection, struct tlshost_plugin_info *info)
{
	good.info(connection, info);
	info->version = TLSHOST_VERSION_TLSV1_3 + 1;
}

static void
info_old_version(const void *connection, struct tlshost_plugin_info *info)
{
	good.info(connection, info);
	info->version = TLSHOST_VERSION_TLSV1_1;
}

static void
info_suite(const void *connection, struct tlshost_plugin_info *info)
{
	good.info(connection, info);
	info->suite = 0x10000 | 0x1301;
}

static void
info_protocol(const void *connection, struct tlshost_plugin_info *info)
{
	good.info(connection, info);
	info->protocol = (struct tlshost_bytes){ (const uint8_t *)"zz", 2 };
}

static void
info_protocol_null(const void *connection, struct tlshost_plugin_info *info)
{
	good.info(connection, info);
	info->protocol = (struct tlshost_bytes){ NULL, 2 };
}

static void
info_fine(const void *connection, struct tlshost_plugin_info *info)
{
	(void)connection;
	info->version = TLSHOST_VERSION_TLSV1_3;
	info->suite = 0x1301;
}

static const struct {
	const char *name;
	int32_t (*handshake)(tlshost_sink *sink, void *connection);
	void (*info)(const void *connection, struct tlshost_plugin_info *info);
	int of_server;
	tlshost_status status;
	const char *words;
} handshakes[] = {
	{ "no status", handshake_4711, NULL, 0, TLSHOST_BACKEND_FAULT,
	    "slot handshake returned 4711" },
	{ "a negative status", handshake_negative, NULL, 0,
	    TLSHOST_BACKEND_FAULT, "slot handshake returned -1" },
	{ "a status of another slot", handshake_bad_password, NULL, 0,
	    TLSHOST_BACKEND_FAULT, "BAD_PASSWORD" },
	{ "want-write", handshake_want_write, NULL, 0, TLSHOST_BACKEND_FAULT,
	    "WANT_WRITE" },
	{ "success and nothing else", handshake_ok, NULL, 0,
	    TLSHOST_BACKEND_FAULT, "a version that was not allowed" },
	{ "no report", handshake_silent, NULL, 0, TLSHOST_PROTOCOL,
	    "backend upper" },
	{ "a nonsensical report", handshake_reports_nonsense, NULL, 0,
	    TLSHOST_PROTOCOL, "broke the TLS protocol" },
	{ "a report that ends early", handshake_reports_too_little, NULL, 0,
	    TLSHOST_BACKEND_FAULT, "" },
	{ "a chain of NULL", handshake_judges_nothing, NULL, 0,
	    TLSHOST_BACKEND_FAULT, "asked for a verdict" },
	{ "a certificate of NULL", handshake_judges_null, NULL, 0,
	    TLSHOST_BACKEND_FAULT, "asked for a verdict" },
	{ "two verdicts", handshake_judges_twice, NULL, 0,
	    TLSHOST_BACKEND_FAULT, "asked for a verdict" },
	{ "a client with a ClientHello", handshake_asks_about_hello, NULL, 0,
	    TLSHOST_BACKEND_FAULT, "asked twice about a hello" },
	{ "one question twice", handshake_asks_twice, NULL, 1,
	    TLSHOST_BACKEND_FAULT, "asked twice about a hello" },
	{ "parts before the question", handshake_wants_parts_first, NULL, 1,
	    TLSHOST_BACKEND_FAULT, "" },
	{ "no room for parts", handshake_has_no_room_for_parts, NULL, 1,
	    TLSHOST_BACKEND_FAULT, "" },
	{ "a version that is none", NULL, info_version, 0,
	    TLSHOST_BACKEND_FAULT, "a version that was not allowed" },
	{ "a version that was not offered", NULL, info_old_version, 0,
	    TLSHOST_BACKEND_FAULT, "a version that was not allowed" },
	{ "a suite that was not offered", NULL, info_suite, 0,
	    TLSHOST_BACKEND_FAULT, "a cipher suite that was not allowed" },
	{ "a protocol that was not offered", NULL, info_protocol, 0,
	    TLSHOST_BACKEND_FAULT, "a protocol that was not offered" },
	{ "a protocol of NULL", NULL, info_protocol_null, 0,
	    TLSHOST_BACKEND_FAULT, "a protocol that was not offered" },
	{ "no verdict", handshake_ok, info_fine, 0, TLSHOST_BACKEND_FAULT,
	    "it did not verify the peer" },
	{ "no ClientHello", handshake_ok, info_fine, 1, TLSHOST_BACKEND_FAULT,
	    "it did not ask about the ClientHello" },
};

START_TEST(a_handshake_that_breaks_the_contract)
{
	pair p;
	tlshost_buffer *buffer;
	tlshost_status st, client, server;

	upper->ops.connection_new = connection_new_watched;
	p = make_pair(&(setup){ .client_alpn = "h2" });
	buffer = handshakes[_i].of_server ? p.server : p.client;
	last_link = &buffer->link;
	if (handshakes[_i].of_server) {
		assert_status(tlshost_buffer_do_handshake(p.client),
		    TLSHOST_WANT_READ);
		ck_assert_int_eq(carry(&p), 1);
	}
	if (handshakes[_i].info != NULL)
		upper->ops.info = handshakes[_i].info;
	if (handshakes[_i].handshake != NULL) {
		upper->ops.handshake = handshakes[_i].handshake;
		st = tlshost_buffer_do_handshake(buffer);
	} else {
		shake_hands(&p, &client, &server);
		st = client;
	}
	ck_assert_msg(st == handshakes[_i].status, "%s: %s",
	    handshakes[_i].name, tlshost_status_name(st));
	assert_says(buffer, handshakes[_i].words);
	ck_assert_int_eq(tlshost_error_status(tlshost_buffer_error(buffer)),
	    st);
	ck_assert_int_ge(tlshost_error_alert_sent(
	    tlshost_buffer_error(buffer)), -1);
	ck_assert_int_le(tlshost_error_alert_sent(
	    tlshost_buffer_error(buffer)), 255);
	/* It stays so, whatever the table says now. */
	upper->ops = good;
	assert_status(tlshost_buffer_do_handshake(buffer), st);
	if (handshakes[_i].info != NULL)
		ck_assert_uint_eq(tlshost_buffer_outgoing_len(buffer), 0);
	free_pair(&p);
}
END_TEST

START_TEST(a_server_must_not_pass_over_a_certificate_it_requires)
{
	pair p = make_pair(&(setup){
	    .client_auth = TLSHOST_CLIENT_AUTH_REQUIRE });

	p.server->link.hello_seen = 1;
	upper->ops.handshake = handshake_ok;
	upper->ops.info = info_fine;
	assert_status(tlshost_buffer_do_handshake(p.server),
	    TLSHOST_BACKEND_FAULT);
	assert_says(p.server, "it did not verify the peer");
	free_pair(&p);
}
END_TEST

static int32_t read_answer;
static size_t read_len, write_len;

static int32_t
read_anything(tlshost_sink *sink, void *connection, uint8_t *dst, size_t cap,
    size_t *ret_len)
{
	(void)sink;
	(void)connection;
	(void)dst;
	(void)cap;
	*ret_len = read_len;
	return read_answer;
}

static int32_t
write_anything(tlshost_sink *sink, void *connection, const uint8_t *src,
    size_t len, size_t *ret_len)
{
	(void)sink;
	(void)connection;
	(void)src;
	(void)len;
	*ret_len = write_len;
	return read_answer;
}

static int32_t
answer_anything(tlshost_sink *sink, void *connection)
{
	(void)sink;
	(void)connection;
	return read_answer;
}

static int32_t
key_update_anything(tlshost_sink *sink, void *connection, uint32_t request)
{
	(void)sink;
	(void)connection;
	(void)request;
	return read_answer;
}

static const struct {
	int call;                        /* of each_call */
	int32_t answer;
	size_t len;
	const char *words;
} answers[] = {
	{ 1, TLSHOST_OK, 9, "slot read wrote beyond its room" },
	{ 1, TLSHOST_OK, SIZE_MAX, "slot read wrote beyond its room" },
	{ 1, 4711, 0, "slot read returned 4711" },
	{ 1, INT32_MIN, 0, "slot read returned" },
	{ 1, TLSHOST_NO_OVERLAP, 0, "NO_OVERLAP" },
	{ 1, TLSHOST_WANT_WRITE, 0, "WANT_WRITE" },
	{ 2, TLSHOST_OK, 0, "a length that cannot be" },
	{ 2, TLSHOST_OK, 2, "a length that cannot be" },
	{ 2, TLSHOST_OK, SIZE_MAX, "a length that cannot be" },
	{ 2, TLSHOST_WANT_READ, 0, "slot write returned" },
	{ 2, TLSHOST_RAGGED_EOF, 0, "slot write returned" },
	{ 3, TLSHOST_WANT_READ, 0, "slot shutdown returned" },
	{ 3, TLSHOST_PROTOCOL, 0, "slot shutdown returned" },
	{ 3, 63, 0, "slot shutdown returned 63" },
	{ 4, TLSHOST_WANT_READ, 0, "slot key_update returned" },
	{ 4, TLSHOST_RAGGED_EOF, 0, "slot key_update returned" },
};

START_TEST(a_data_slot_that_breaks_the_contract)
{
	pair p = connected_pair(&(setup){ 0 });

	read_answer = answers[_i].answer;
	read_len = write_len = answers[_i].len;
	upper->ops.read = read_anything;
	upper->ops.write = write_anything;
	upper->ops.shutdown = answer_anything;
	upper->ops.key_update = key_update_anything;
	assert_status(each_call(p.client, answers[_i].call),
	    TLSHOST_BACKEND_FAULT);
	assert_says(p.client, answers[_i].words);
	upper->ops = good;
	assert_status(each_call(p.client, 2), TLSHOST_BACKEND_FAULT);
	free_pair(&p);
}
END_TEST

START_TEST(a_reader_that_takes_nothing_is_found_out)
{
	static uint8_t data[TLSHOST__INCOMING_CAP];
	pair p = connected_pair(&(setup){ 0 });
	size_t len;

	read_answer = TLSHOST_WANT_READ;
	upper->ops.read = read_anything;
	assert_status(each_call(p.client, 1), TLSHOST_WANT_READ);
	assert_status(tlshost_buffer_receive_from_network(p.client, data,
	    sizeof(data), &len), TLSHOST_OK);
	assert_status(each_call(p.client, 1), TLSHOST_BACKEND_FAULT);
	assert_says(p.client, "leaves incoming bytes unread");
	free_pair(&p);
}
END_TEST

START_TEST(a_backend_without_key_update_says_so)
{
	pair p = connected_pair(&(setup){ 0 });
	size_t len;

	upper->ops.key_update = NULL;
	assert_status(tlshost_buffer_key_update(p.client, 0),
	    TLSHOST_UNSUPPORTED);
	assert_says(p.client, "no key update");
	assert_status(tlshost_buffer_write(p.client, "x", 1, &len),
	    TLSHOST_OK);
	free_pair(&p);
}
END_TEST

static int32_t
make_nothing(tlshost_sink *sink, void *context, tlshost_link *link,
    const char *server_name, void **ret_connection)
{
	(void)sink;
	(void)context;
	(void)link;
	(void)server_name;
	*ret_connection = NULL;
	return read_answer;
}

START_TEST(no_connection_is_a_fault)
{
	static const int32_t statuses[] = { TLSHOST_OK, TLSHOST_WANT_READ,
	    4711 };
	tlshost_config *config = client_config(&(setup){ 0 });
	tlshost_client_context *context;
	tlshost_buffer *buffer = NULL;
	tlshost_error *error = NULL;

	assert_status(tlshost_client_context_new(upper, config, &context,
	    NULL), TLSHOST_OK);
	upper->ops.connection_new = make_nothing;
	for (size_t i = 0; i < 3; i++) {
		read_answer = statuses[i];
		assert_fails(tlshost_client_context_wrap_buffers(context,
		    "srv.test", &buffer, &error), TLSHOST_BACKEND_FAULT,
		    error, "backend upper");
		ck_assert_ptr_null(buffer);
	}
	tlshost_client_context_unref(context);
	tlshost_config_unref(config);
}
END_TEST

static size_t suites_len;
static uint16_t suites_first;

static size_t
context_suites_anything(const void *context, uint16_t *ids, size_t cap)
{
	(void)context;
	for (size_t i = 0; i < cap; i++)
		ids[i] = suites_first;
	return suites_len;
}

static int32_t
context_new_anything(tlshost_sink *sink, uint32_t role,
    const struct tlshost_plugin_config *config, void **ret_context)
{
	(void)role;
	(void)config;
	(void)ret_context;
	(void)tlshost__host.finding(sink, 4711, 4711, "a nonsensical finding");
	(void)tlshost__host.finding(sink, 0, 1, NULL);
	return read_answer;
}

static int32_t
trust_new_nothing(tlshost_sink *sink,
    const struct tlshost_plugin_trust *source, void **ret_trust)
{
	(void)sink;
	(void)source;
	(void)ret_trust;
	return TLSHOST_OK;
}

START_TEST(a_context_that_breaks_the_contract)
{
	static const struct {
		size_t len;
		uint16_t first;
	} suites[] = { { 0, 0x1301 }, { 4711, 0x1301 }, { SIZE_MAX, 0x1301 },
	    { 1, 0x1303 } };
	static const int32_t statuses[] = { TLSHOST_OK, TLSHOST_WANT_READ,
	    TLSHOST_ALERT_RECEIVED, -4711 };
	tlshost_config *config = client_config(&(setup){ 0 });
	tlshost_client_context *context = NULL;
	tlshost_error *error = NULL;

	upper->ops.context_suites = context_suites_anything;
	for (size_t i = 0; i < 4; i++) {
		suites_len = suites[i].len;
		suites_first = suites[i].first;
		assert_fails(tlshost_client_context_new(upper, config,
		    &context, &error), TLSHOST_BACKEND_FAULT, error,
		    "other cipher suites than it was told");
	}
	upper->ops.context_new = context_new_anything;
	for (size_t i = 0; i < 4; i++) {
		read_answer = statuses[i];
		assert_status(tlshost_client_context_new(upper, config,
		    &context, &error), TLSHOST_BACKEND_FAULT);
		tlshost_error_free(error);
		error = NULL;
	}
	upper->ops = good;
	upper->ops.trust_new = trust_new_nothing;
	tlshost_config_unref(config);
	config = client_config(&(setup){ .trust = "stranger" });
	assert_fails(tlshost_client_context_new(upper, config, &context,
	    &error), TLSHOST_BAD_CONFIG, error, "made no trust store");
	ck_assert_ptr_null(context);
	tlshost_config_unref(config);
}
END_TEST

/* ------------------------------------------------------------------------
 * Contexts of configurations that an SNI callback returns
 */

static int contexts_made;
static tlshost_server_context *asked;
static tlshost_config *wanted;           /* by another thread, at that time */
static tlshost__context *of_other;

static int32_t
context_new_counted(tlshost_sink *sink, uint32_t role,
    const struct tlshost_plugin_config *config, void **ret_context)
{
	tlshost_config *now = wanted;

	contexts_made++;
	wanted = NULL;
	if (now != NULL)
		assert_status(tlshost__context_for_config(
		    tlshost__context_of_server(asked), now, &of_other, NULL),
		    TLSHOST_OK);
	return good.context_new(sink, role, config, ret_context);
}

/* How many contexts it took to have one of the i-th configuration. */
static int
contexts_for(int i)
{
	int before = contexts_made;
	tlshost__context *context;
	tlshost_config *config;
	char name[16];

	snprintf(name, sizeof(name), "p%d", i);
	config = server_config(&(setup){ .server_alpn = name });
	assert_status(tlshost__context_for_config(
	    tlshost__context_of_server(asked), config, &context, NULL),
	    TLSHOST_OK);
	ck_assert(tlshost_config_equal(context->config, config));
	tlshost__context_unref(context);
	tlshost_config_unref(config);
	return contexts_made - before;
}

static void
ask_for_contexts(void)
{
	tlshost_config *config = server_config(&(setup){ 0 });

	upper->ops.context_new = context_new_counted;
	assert_status(tlshost_server_context_new(upper, config, &asked, NULL),
	    TLSHOST_OK);
	tlshost_config_unref(config);
}

START_TEST(contexts_are_kept_until_64_others_were_asked_for)
{
	ask_for_contexts();
	for (int i = 0; i < TLSHOST__CACHE_MAX; i++)
		ck_assert_int_eq(contexts_for(i), 1);
	for (int i = 0; i < TLSHOST__CACHE_MAX; i++)
		ck_assert_int_eq(contexts_for(i), 0);
	/* The one that nobody asked for longest has to go. */
	ck_assert_int_eq(contexts_for(0), 0);
	ck_assert_int_eq(contexts_for(1000), 1);
	ck_assert_int_eq(contexts_for(0), 0);
	ck_assert_int_eq(contexts_for(2), 0);
	ck_assert_int_eq(contexts_for(1), 1);
	tlshost_server_context_unref(asked);
}
END_TEST

START_TEST(two_threads_that_want_one_context_get_one)
{
	tlshost_config *config = server_config(&(setup){ .server_alpn = "h2" });
	tlshost__context *context;

	ask_for_contexts();
	wanted = config;
	assert_status(tlshost__context_for_config(
	    tlshost__context_of_server(asked), config, &context, NULL),
	    TLSHOST_OK);
	ck_assert_ptr_eq(context, of_other);
	ck_assert_uint_eq(tlshost__context_of_server(asked)->cache_len, 1);
	tlshost__context_unref(context);
	tlshost__context_unref(of_other);
	tlshost_config_unref(config);
	tlshost_server_context_unref(asked);
}
END_TEST

static int trusts_made;

static int32_t
trust_new_counted(tlshost_sink *sink,
    const struct tlshost_plugin_trust *source, void **ret_trust)
{
	trusts_made++;
	return good.trust_new(sink, source, ret_trust);
}

START_TEST(a_trust_store_is_made_once_for_a_backend)
{
	tlshost_trust_store *store = load_trust("ca");

	upper->ops.trust_new = trust_new_counted;
	for (int i = 0; i < 3; i++) {
		tlshost_config_builder *builder;
		tlshost_client_context *context;
		tlshost_config *config;

		assert_status(tlshost_config_builder_new(NULL, &builder),
		    TLSHOST_OK);
		assert_status(tlshost_config_builder_set_trust_store(builder,
		    store), TLSHOST_OK);
		tlshost_config_builder_set_strict_certificates(builder, i);
		assert_status(tlshost_config_builder_build(builder, &config,
		    NULL), TLSHOST_OK);
		tlshost_config_builder_free(builder);
		assert_status(tlshost_client_context_new(upper, config,
		    &context, NULL), TLSHOST_OK);
		ck_assert_int_eq(trusts_made, 1);
		tlshost_client_context_unref(context);
		tlshost_config_unref(config);
	}
	tlshost_trust_store_unref(store);
}
END_TEST

START_TEST(a_nonsensical_finding_is_an_error)
{
	tlshost_config *config = client_config(&(setup){ 0 });
	tlshost_findings *findings;
	int found = 0;

	upper->ops.context_new = context_new_anything;
	read_answer = TLSHOST_WANT_READ;
	assert_status(tlshost_backend_check_config(upper, config,
	    TLSHOST_ROLE_CLIENT, &findings, NULL), TLSHOST_OK);
	for (size_t i = 0; i < tlshost_findings_len(findings); i++)
		if (strcmp(tlshost_findings_text(findings, i),
		    "a nonsensical finding") == 0) {
			found = 1;
			ck_assert_int_eq(tlshost_findings_severity(findings,
			    i), TLSHOST_SEVERITY_ERROR);
			ck_assert_int_eq(tlshost_findings_field(findings, i),
			    TLSHOST_FIELD_NONE);
		}
	ck_assert_int_eq(found, 1);
	ck_assert_uint_eq(tlshost_findings_errors(findings), 1);
	tlshost_findings_free(findings);
	tlshost_config_unref(config);
}
END_TEST

/* ------------------------------------------------------------------------
 * Verdicts that are none
 */

static int trail_kind;

enum {
	TRAIL_NONE, TRAIL_EMPTY, TRAIL_NULL, TRAIL_NULL_CERTIFICATE, TRAIL_LONG,
	TRAIL_JUNK, TRAIL_LEAF_ALONE, TRAIL_OTHER_LEAF, TRAIL_REFUSED,
	TRAIL_KINDS
};

static int32_t
verify_anything(tlshost_sink *sink, void *trust,
    const struct tlshost_plugin_path *path,
    struct tlshost_plugin_verdict *verdict)
{
	struct tlshost_bytes many[64] = { { NULL, 0 } };

	(void)sink;
	(void)trust;
	many[0] = path->certificates[0];
	switch (trail_kind) {
	case TRAIL_NONE:
		return TLSHOST_OK;
	case TRAIL_EMPTY:
		return tlshost__host.path_used(path->trail, many, 0);
	case TRAIL_NULL:
		return tlshost__host.path_used(path->trail, NULL, 2);
	case TRAIL_NULL_CERTIFICATE:
		many[1].len = 9;
		return tlshost__host.path_used(path->trail, many, 2);
	case TRAIL_LONG:
		return tlshost__host.path_used(path->trail, many, 64);
	case TRAIL_JUNK:
		many[1] = (struct tlshost_bytes){ (const uint8_t *)"junk", 4 };
		return tlshost__host.path_used(path->trail, many, 2);
	case TRAIL_LEAF_ALONE:
		return tlshost__host.path_used(path->trail, many, 1);
	case TRAIL_OTHER_LEAF:
		/* The anchor alone: a path that would be good for itself. */
		many[0] = (struct tlshost_bytes){ path->certificates[0].data,
		    path->certificates[0].len - 1 };
		return tlshost__host.path_used(path->trail, many, 1);
	default:
		memset(verdict->native_text, 'x', sizeof(verdict->native_text));
		verdict->depth = -4711;
		verdict->reasons = 1u << 31;
		return TLSHOST_BAD_CERTIFICATE;
	}
}

START_TEST(a_path_that_is_none_trusts_nobody)
{
	static const char *const words[TRAIL_KINDS] = {
		[TRAIL_NONE] = "did not say which path",
		[TRAIL_JUNK] = "malformed",
		[TRAIL_LEAF_ALONE] = "does not end in a trusted certificate",
		[TRAIL_OTHER_LEAF] = "verified another certificate",
		[TRAIL_REFUSED] = "xxxxxxxx",
	};
	pair p = make_pair(&(setup){ 0 });
	const tlshost_verification *verification;
	tlshost_status client, server;

	trail_kind = _i;
	upper->ops.verify_path = verify_anything;
	shake_hands(&p, &client, &server);
	assert_status(client, words[_i] != NULL ? TLSHOST_BAD_CERTIFICATE :
	    TLSHOST_BACKEND_FAULT);
	if (words[_i] != NULL)
		assert_says(p.client, words[_i]);
	assert_status(server, TLSHOST_ALERT_RECEIVED);
	verification = tlshost_buffer_verification(p.client);
	ck_assert_int_eq(tlshost_verification_ok(verification), 0);
	free_pair(&p);
}
END_TEST

/* ------------------------------------------------------------------------
 * Whole connections without one allocation: NO_MEMORY, and nothing lost
 */

struct conversation {
	tlshost_chain *chain;
	tlshost_private_key *key;
	tlshost_trust_store *store;
	tlshost_config_builder *builder;
	tlshost_config *client_config, *server_config;
	tlshost_client_context *client_context;
	tlshost_server_context *server_context;
	pair p;
	tlshost_socket *client, *server;
	int fds[2];
};

#define TRY(call_)                                       \
	do {                                             \
		tlshost_status st__ = (call_);           \
		if (st__ != TLSHOST_OK)                  \
			return st__;                     \
	} while (0)

static char *chain_pem, *key_pem, *trust_pem;

static char *
slurp(const char *name)
{
	char path[4096];
	static char text[65536];
	size_t len;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", getenv("TLSHOST_TEST_CERTS"),
	    name);
	file = fopen(path, "r");
	ck_assert_msg(file != NULL, "%s", path);
	len = fread(text, 1, sizeof(text) - 1, file);
	text[len] = '\0';
	fclose(file);
	return strdup(text);
}

static tlshost_status
choose_a_config(tlshost_buffer *buffer, const char *server_name,
    tlshost_config *own, const tlshost_client_hello *hello,
    tlshost_sni_choice *choice, void *userdata)
{
	(void)buffer;
	(void)server_name;
	(void)own;
	(void)hello;
	(void)userdata;
	return tlshost_sni_choice_config(choice, userdata);
}

static tlshost_status
make_configs(struct conversation *c)
{
	const tlshost_protocol h2 = { (const uint8_t *)"h2", 2 };

	TRY(tlshost_chain_from_memory(upper, chain_pem, strlen(chain_pem),
	    &c->chain, NULL));
	TRY(tlshost_private_key_from_memory(upper, key_pem, strlen(key_pem),
	    "upper", 5, &c->key, NULL));
	TRY(tlshost_trust_store_from_memory(upper, trust_pem,
	    strlen(trust_pem), &c->store, NULL));
	TRY(tlshost_config_builder_new(NULL, &c->builder));
	TRY(tlshost_config_builder_set_trust_store(c->builder, c->store));
	TRY(tlshost_config_builder_set_inner_protocols(c->builder, &h2, 1));
	TRY(tlshost_config_builder_add_certificate_chain(c->builder, c->chain,
	    c->key));
	TRY(tlshost_config_builder_build(c->builder, &c->client_config, NULL));
	TRY(tlshost_config_builder_set_client_auth(c->builder,
	    TLSHOST_CLIENT_AUTH_REQUIRE));
	TRY(tlshost_config_builder_set_sni_callback(c->builder,
	    choose_a_config, c->client_config, NULL));
	return tlshost_config_builder_build(c->builder, &c->server_config,
	    NULL);
}

static tlshost_status
step(tlshost_status st)
{
	return st == TLSHOST_WANT_READ || st == TLSHOST_WANT_WRITE ?
	    TLSHOST_OK : st;
}

/* As pair.c's, without asserting. */
static tlshost_status
carry_all(tlshost_buffer *from, tlshost_buffer *to)
{
	const uint8_t *data;
	size_t len, taken;

	while ((len = tlshost_buffer_peek_outgoing(from, &data)) != 0) {
		TRY(tlshost_buffer_receive_from_network(to, data, len,
		    &taken));
		TRY(tlshost_buffer_consume_outgoing(from, taken));
	}
	return TLSHOST_OK;
}

static tlshost_status
say(tlshost_buffer *from, tlshost_buffer *to, size_t len)
{
	static uint8_t out[100000], in[100000];
	size_t wrote, got, at = 0;

	TRY(tlshost_buffer_write(from, out, len, &wrote));
	TRY(carry_all(from, to));
	while (at < wrote) {
		got = 0;
		TRY(step(tlshost_buffer_read(to, in, sizeof(in), &got)));
		/* No assertion: libcheck's allocations would be refused too. */
		if (got == 0)
			return TLSHOST_BACKEND_FAULT;
		at += got;
	}
	return TLSHOST_OK;
}

static tlshost_status
make_contexts(struct conversation *c)
{
	TRY(make_configs(c));
	TRY(tlshost_client_context_new(upper, c->client_config,
	    &c->client_context, NULL));
	return tlshost_server_context_new(upper, c->server_config,
	    &c->server_context, NULL);
}

static tlshost_status
converse(struct conversation *c)
{
	tlshost_buffer *client, *server;
	size_t len;
	char end;

	TRY(make_contexts(c));
	TRY(tlshost_client_context_wrap_buffers(c->client_context,
	    "xn--bcher-kva.wild.test", &c->p.client, NULL));
	TRY(tlshost_server_context_wrap_buffers(c->server_context,
	    &c->p.server, NULL));
	client = c->p.client;
	server = c->p.server;
	for (int i = 0; i < 4; i++) {
		TRY(step(tlshost_buffer_do_handshake(client)));
		TRY(carry_all(client, server));
		TRY(step(tlshost_buffer_do_handshake(server)));
		TRY(carry_all(server, client));
	}
	TRY(say(client, server, 100000));
	TRY(tlshost_buffer_key_update(server, 1));
	TRY(say(server, client, 10));
	TRY(tlshost_buffer_shutdown(client));
	TRY(carry_all(client, server));
	return tlshost_buffer_read(server, &end, 1, &len);
}

/* Two sockets with the handshake behind them; the server is named by its
 * address. */
static tlshost_status
connect_sockets(struct conversation *c)
{
	TRY(make_contexts(c));
	TRY(tlshost_client_context_wrap_socket(c->client_context, c->fds[0],
	    "127.0.0.1", &c->client, NULL));
	c->fds[0] = -1;
	TRY(tlshost_server_context_wrap_socket(c->server_context, c->fds[1],
	    &c->server, NULL));
	c->fds[1] = -1;
	TRY(tlshost_socket_set_timeout(c->client, 0));
	TRY(tlshost_socket_set_timeout(c->server, 0));
	for (int i = 0; i < 4; i++) {
		TRY(step(tlshost_socket_do_handshake(c->client)));
		TRY(step(tlshost_socket_do_handshake(c->server)));
	}
	return TLSHOST_OK;
}

/* The same over sockets. */
static tlshost_status
converse_by_socket(struct conversation *c)
{
	static const char text[] = "over the wire";
	const struct iovec out[] = { { (void *)(uintptr_t)text, 5 },
	    { (void *)(uintptr_t)(text + 5), 8 } };
	char in[32];
	size_t len;

	TRY(connect_sockets(c));
	TRY(tlshost_socket_cork(c->client));
	TRY(tlshost_socket_writev(c->client, out, 2, &len));
	TRY(tlshost_socket_uncork(c->client));
	TRY(tlshost_socket_recv(c->server, in, sizeof(in), &len));
	if (len != 13 || memcmp(in, text, 13) != 0)
		return TLSHOST_BACKEND_FAULT;
	TRY(tlshost_socket_shutdown(c->client));
	TRY(tlshost_socket_shutdown(c->server));
	TRY(tlshost_socket_unwrap(c->server, &c->fds[1], in, sizeof(in),
	    &len));
	return tlshost_socket_recv(c->client, in, sizeof(in), &len);
}

static tlshost_status (*const conversations[])(struct conversation *c) = {
	converse, converse_by_socket
};

static void
conversation_done(struct conversation *c)
{
	free_pair(&c->p);
	tlshost_socket_free(c->client);
	tlshost_socket_free(c->server);
	for (int i = 0; i < 2; i++)
		if (c->fds[i] >= 0)
			ck_assert_int_eq(close(c->fds[i]), 0);
	tlshost_client_context_unref(c->client_context);
	tlshost_server_context_unref(c->server_context);
	tlshost_config_unref(c->client_config);
	tlshost_config_unref(c->server_config);
	tlshost_config_builder_free(c->builder);
	tlshost_trust_store_unref(c->store);
	tlshost_chain_unref(c->chain);
	tlshost_private_key_unref(c->key);
}

static void
load_pems(void)
{
	chain_pem = slurp("rsa.pem");
	key_pem = slurp("rsa.encrypted.pem");
	trust_pem = slurp("ca.pem");
}

static void
free_pems(void)
{
	free(chain_pem);
	free(key_pem);
	free(trust_pem);
}

START_TEST(a_connection_may_fail_at_any_allocation)
{
	int before[2], after[2];
	long last = 0;
	tlshost_status st;

	ck_assert_int_eq(pipe(before), 0);
	close(before[0]);
	close(before[1]);
	load_pems();
	for (long at = 0; ; at++) {
		struct conversation c = { 0 };

		ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, c.fds),
		    0);
		tlshost__queue_forget();
		atomic_store(&allocations, 0);
		atomic_store(&refuse_at, at);
		st = conversations[_i](&c);
		last = atomic_load(&allocations);
		atomic_store(&refuse_at, -1);
		conversation_done(&c);
		if (last <= at)
			break;
		ck_assert_msg(st == TLSHOST_NO_MEMORY,
		    "without allocation %ld: %s", at,
		    tlshost_status_name(st));
	}
	assert_status(st, TLSHOST_OK);
	ck_assert_int_gt(last, 60);
	/* No descriptor was left behind: the next ones are the same again. */
	ck_assert_int_eq(pipe(after), 0);
	ck_assert_int_eq(after[0], before[0]);
	ck_assert_int_eq(after[1], before[1]);
	close(after[0]);
	close(after[1]);
	free_pems();
}
END_TEST

/* ------------------------------------------------------------------------
 * Bytes that move cost no memory
 */

/* Many small pieces, and one that takes several records.  No assertions: they
 * allocate. */
static tlshost_status
move_by_buffer(struct conversation *c)
{
	static char data[40000];
	size_t len;

	for (int i = 0; i < 20; i++) {
		size_t size = i == 0 ? sizeof(data) : 100, got = 0;

		TRY(tlshost_buffer_write(c->p.client, data, size, &len));
		while (got < size) {
			TRY(carry_all(c->p.client, c->p.server));
			TRY(tlshost_buffer_read(c->p.server, data,
			    sizeof(data), &len));
			got += len;
		}
	}
	return TLSHOST_OK;
}

static tlshost_status
move_by_socket(struct conversation *c)
{
	static char data[40000];
	size_t len;

	for (int i = 0; i < 20; i++) {
		size_t size = i == 0 ? sizeof(data) : 100, got = 0;

		TRY(tlshost_socket_send(c->client, data, size, &len));
		while (got < size) {
			TRY(tlshost_socket_recv(c->server, data, sizeof(data),
			    &len));
			got += len;
		}
	}
	return TLSHOST_OK;
}

static tlshost_status
connect_buffers(struct conversation *c)
{
	tlshost_status client, server;

	TRY(make_contexts(c));
	TRY(tlshost_client_context_wrap_buffers(c->client_context, "srv.test",
	    &c->p.client, NULL));
	TRY(tlshost_server_context_wrap_buffers(c->server_context,
	    &c->p.server, NULL));
	c->p.piece = c->p.client_limit = c->p.server_limit = SIZE_MAX;
	shake_hands(&c->p, &client, &server);
	TRY(client);
	return server;
}

static const struct {
	tlshost_status (*connect)(struct conversation *c);
	tlshost_status (*move)(struct conversation *c);
} movers[] = {
	{ connect_buffers, move_by_buffer },
	{ connect_sockets, move_by_socket },
};

START_TEST(bytes_that_move_allocate_nothing)
{
	struct conversation c = { 0 };
	tlshost_status st = TLSHOST_OK;
	long count;

	load_pems();
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, c.fds), 0);
	assert_status(movers[_i].connect(&c), TLSHOST_OK);
	for (int i = 0; i < 3; i++)
		assert_status(movers[_i].move(&c), TLSHOST_OK);
	atomic_store(&allocations, 0);
	for (int i = 0; i < 10 && st == TLSHOST_OK; i++)
		st = movers[_i].move(&c);
	count = atomic_load(&allocations);
	assert_status(st, TLSHOST_OK);
	ck_assert_int_eq(count, 0);
	conversation_done(&c);
	free_pems();
}
END_TEST

/* ------------------------------------------------------------------------
 * Another thread that sends
 */

static tlshost_socket *sent_by_another;

static void *
send_all(void *unused)
{
	(void)unused;
	assert_status(tlshost_socket_flush(sent_by_another), TLSHOST_OK);
	return NULL;
}

int __real_pthread_mutex_trylock(pthread_mutex_t *mutex);
int __wrap_pthread_mutex_trylock(pthread_mutex_t *mutex);

/* Once, when this is wanted: another thread holds it, and is done by the time
 * that the caller looks again. */
int
__wrap_pthread_mutex_trylock(pthread_mutex_t *mutex)
{
	static _Atomic int busy;
	pthread_t thread;

	if (sent_by_another == NULL || atomic_exchange(&busy, 1) != 0)
		return __real_pthread_mutex_trylock(mutex);
	ck_assert_int_eq(pthread_create(&thread, NULL, send_all, NULL), 0);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	return EBUSY;
}

START_TEST(nobody_waits_for_what_another_thread_has_sent)
{
	static const char data[(1 << 16) + 1];
	struct conversation c = { 0 };
	size_t len = 0;

	load_pems();
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, c.fds), 0);
	assert_status(connect_sockets(&c), TLSHOST_OK);
	assert_status(tlshost_socket_set_timeout(c.client, _i ? 60000 : 0),
	    TLSHOST_OK);
	sent_by_another = c.client;
	assert_status(tlshost_socket_send(c.client, data, sizeof(data), &len),
	    TLSHOST_OK);
	ck_assert_uint_eq(len, sizeof(data));
	sent_by_another = NULL;
	conversation_done(&c);
	free_pems();
}
END_TEST

/* The rest of what comes is not in the clear: with room for it, or without. */
START_TEST(a_canceled_connection_is_not_unwrapped)
{
	struct conversation c = { 0 };
	char extra[8];
	size_t len;
	int fd = -1;

	load_pems();
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, c.fds), 0);
	assert_status(connect_sockets(&c), TLSHOST_OK);
	ck_assert_int_eq(write(tlshost_socket_fileno(c.client), cancel,
	    sizeof(cancel) - 1), sizeof(cancel) - 1);
	assert_status(tlshost_socket_unwrap(c.server, &fd, _i ? extra : NULL,
	    _i ? sizeof(extra) : 0, _i ? &len : NULL), TLSHOST_INVALID_STATE);
	ck_assert_ptr_nonnull(strstr(tlshost_error_message(
	    tlshost_socket_error(c.server)), "canceled"));
	ck_assert_int_eq(fd, -1);
	ck_assert_int_ge(tlshost_socket_fileno(c.server), 0);
	conversation_done(&c);
	free_pems();
}
END_TEST

#define ADD(test) tcase_add_test(tcase, test)
#define ADD_ALL(test, items) \
	tcase_add_loop_test(tcase, test, 0, (int)TLSHOST__ARRAY_LEN(items))

static Suite *
buffer_suite(void)
{
	Suite *suite = suite_create("buffer");
	TCase *tcase = tcase_create("states");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	ADD(too_early_is_told_and_harms_nothing);
	ADD(wrong_arguments_are_refused);
	ADD(nothing_is_written_after_shutdown_but_reading_goes_on);
	ADD(the_end_of_the_network_is_final);
	ADD(room_is_reserved_once_and_committed_once);
	ADD(outgoing_bytes_hold_everything_back);
	ADD(incoming_bytes_are_taken_in_part);
	ADD(a_conversation_cut_at_any_byte_ends_ragged);
	ADD(a_failure_is_the_answer_to_everything);
	ADD(an_alert_of_the_peer_has_its_number);
	ADD(nothing_behind_a_cancel_is_given_out);
	ADD(a_callback_cannot_move_its_connection_on);
	ADD(a_forked_child_cannot_use_it);
	suite_add_tcase(suite, tcase);

	tcase = tcase_create("faults");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	ADD_ALL(a_handshake_that_breaks_the_contract, handshakes);
	ADD(a_server_must_not_pass_over_a_certificate_it_requires);
	ADD_ALL(a_data_slot_that_breaks_the_contract, answers);
	ADD(a_reader_that_takes_nothing_is_found_out);
	ADD(a_backend_without_key_update_says_so);
	ADD(no_connection_is_a_fault);
	ADD(a_context_that_breaks_the_contract);
	ADD(a_nonsensical_finding_is_an_error);
	ADD(a_trust_store_is_made_once_for_a_backend);
	ADD(contexts_are_kept_until_64_others_were_asked_for);
	ADD(two_threads_that_want_one_context_get_one);
	tcase_add_loop_test(tcase, a_path_that_is_none_trusts_nobody, 0,
	    TRAIL_KINDS);
	suite_add_tcase(suite, tcase);

	tcase = tcase_create("memory");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 120);
	ADD_ALL(a_connection_may_fail_at_any_allocation, conversations);
	ADD_ALL(bytes_that_move_allocate_nothing, movers);
	suite_add_tcase(suite, tcase);

	tcase = tcase_create("sockets");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, a_canceled_connection_is_not_unwrapped, 0,
	    2);
	tcase_add_loop_test(tcase,
	    nobody_waits_for_what_another_thread_has_sent, 0, 2);
	suite_add_tcase(suite, tcase);
	return suite;
}

int
main(void)
{
	if (system("sh \"$top_srcdir/tests/certs/make-certs.sh\" "
	    "\"$TLSHOST_TEST_CERTS\"") != 0)
		return 99;
	setenv("TLSHOST_PLUGIN_PATH", getenv("TLSHOST_TEST_PLUGINS"), 1);
	return run_suite(buffer_suite());
}

/* SPDX-License-Identifier: MIT */
/* The TLS socket, over a socket pair and over TCP, with a real backend. */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "claims.h"

static tlshost_client_context *client_context;
static tlshost_server_context *server_context;
static tlshost_socket *client, *server;

static void
make_contexts(const setup *s)
{
	tlshost_config *client_side = client_config(s);
	tlshost_config *server_side = server_config(s);

	assert_status(tlshost_client_context_new(client_backend, client_side,
	    &client_context, NULL), TLSHOST_OK);
	assert_status(tlshost_server_context_new(server_backend, server_side,
	    &server_context, NULL), TLSHOST_OK);
	tlshost_config_unref(client_side);
	tlshost_config_unref(server_side);
}

static void
wrap_both(const int fds[2])
{
	assert_status(tlshost_client_context_wrap_socket(client_context,
	    fds[0], "srv.test", &client, NULL), TLSHOST_OK);
	assert_status(tlshost_server_context_wrap_socket(server_context,
	    fds[1], &server, NULL), TLSHOST_OK);
}

static void
set_up_as(const setup *s)
{
	int fds[2];

	make_contexts(s);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	wrap_both(fds);
}

static void
set_up(void)
{
	setup s = { .certificate = "rsa" };

	set_up_as(&s);
}

static void
tear_down(void)
{
	tlshost_socket_free(client);
	tlshost_socket_free(server);
	tlshost_client_context_unref(client_context);
	tlshost_server_context_unref(server_context);
}

static void *
shake(void *pointer)
{
	tlshost_socket *s = pointer;
	static tlshost_status status;

	status = tlshost_socket_do_handshake(s);
	return &status;
}

/* Both ends, each in its thread. */
static void
connect_both(void)
{
	pthread_t thread;
	void *status;

	ck_assert_int_eq(pthread_create(&thread, NULL, shake, server), 0);
	assert_status(tlshost_socket_do_handshake(client), TLSHOST_OK);
	ck_assert_int_eq(pthread_join(thread, &status), 0);
	assert_status(*(tlshost_status *)status, TLSHOST_OK);
}

START_TEST(data_goes_both_ways)
{
	char text[16];
	size_t n;

	connect_both();
	assert_status(tlshost_socket_send(client, "ping", 4, &n), TLSHOST_OK);
	ck_assert_uint_eq(n, 4);
	assert_status(tlshost_socket_recv(server, text, sizeof(text), &n),
	    TLSHOST_OK);
	ck_assert_uint_eq(n, 4);
	assert_status(tlshost_socket_send(server, "pong!", 5, &n), TLSHOST_OK);
	assert_status(tlshost_socket_recv(client, text, sizeof(text), &n),
	    TLSHOST_OK);
	ck_assert_mem_eq(text, "pong!", 5);
}
END_TEST

START_TEST(a_call_that_takes_too_long_can_be_made_again)
{
	char text[16];
	size_t n;

	connect_both();
	assert_status(tlshost_socket_set_timeout(server, 20), TLSHOST_OK);
	assert_status(tlshost_socket_recv(server, text, sizeof(text), &n),
	    TLSHOST_TIMEOUT);
	ck_assert_ptr_nonnull(tlshost_socket_error(server));
	assert_status(tlshost_socket_send(client, "late", 4, &n), TLSHOST_OK);
	assert_status(tlshost_socket_recv(server, text, sizeof(text), &n),
	    TLSHOST_OK);
	ck_assert_uint_eq(n, 4);
}
END_TEST

START_TEST(a_non_blocking_socket_says_what_it_waits_for)
{
	static char data[1 << 20];
	size_t n, total = 0, got = 0;
	tlshost_status st;

	connect_both();
	assert_status(tlshost_socket_set_timeout(client, 0), TLSHOST_OK);
	assert_status(tlshost_socket_set_timeout(server, 0), TLSHOST_OK);
	assert_status(tlshost_socket_recv(client, data, 1, &n),
	    TLSHOST_WANT_READ);
	ck_assert_int_eq(tlshost_socket_poll_events(client), POLLIN);
	do {
		st = tlshost_socket_send(client, data, sizeof(data), &n);
		total += n;
	} while (st == TLSHOST_OK && total < 64 * sizeof(data));
	assert_status(st, TLSHOST_WANT_WRITE);
	ck_assert_int_ne(tlshost_socket_poll_events(client) & POLLOUT, 0);
	while (got < total) {
		st = tlshost_socket_recv(server, data, sizeof(data), &n);
		if (st == TLSHOST_WANT_READ)
			st = tlshost_socket_flush(client);
		else
			got += n;
		ck_assert(st == TLSHOST_OK || st == TLSHOST_WANT_WRITE);
	}
	ck_assert_uint_eq(got, total);
}
END_TEST

START_TEST(what_cannot_be_sent_does_not_keep_from_reading)
{
	static char data[1 << 16];
	tlshost_status st;
	size_t n;

	connect_both();
	assert_status(tlshost_socket_set_timeout(client, 0), TLSHOST_OK);
	/* Nothing is there yet. */
	assert_status(tlshost_socket_recv(client, data, 1, &n),
	    TLSHOST_WANT_READ);
	do
		st = tlshost_socket_send(client, data, sizeof(data), &n);
	while (st == TLSHOST_OK);
	assert_status(st, TLSHOST_WANT_WRITE);
	for (int i = 0; i < 3; i++) {
		assert_status(tlshost_socket_send(server, "and?", 4, &n),
		    TLSHOST_OK);
		/* At once: whoever was told of it is not told again. */
		assert_status(tlshost_socket_recv(client, data, sizeof(data),
		    &n), TLSHOST_OK);
		ck_assert_uint_eq(n, 4);
		assert_status(tlshost_socket_recv(client, data, sizeof(data),
		    &n), TLSHOST_WANT_READ);
	}
}
END_TEST

/* Waits until the other end's end has come. */
static void
wait_for_client(void)
{
	struct pollfd ready = { .fd = tlshost_socket_fileno(client),
	    .events = POLLIN };

	ck_assert_int_eq(poll(&ready, 1, 10000), 1);
}

static void
assert_told(tlshost_status status)
{
	const tlshost_error *error = tlshost_socket_error(client);

	ck_assert_ptr_nonnull(error);
	assert_status(tlshost_error_status(error), status);
}

/* Nothing can be sent, and yet the peer told why. */
START_TEST(an_alert_is_told_by_a_peer_that_left)
{
	static const uint8_t alert[] = { 21, 3, 3, 0, 2, 2, 40 };
	const tlshost_error *error = NULL;
	size_t n;

	ck_assert_int_eq(write(tlshost_socket_fileno(server), alert,
	    sizeof(alert)), sizeof(alert));
	tlshost_socket_free(server);
	server = NULL;
	for (int i = 0; i < 3; i++) {
		assert_status(i < 2 ? tlshost_socket_do_handshake(client) :
		    tlshost_socket_send(client, "x", 1, &n),
		    TLSHOST_ALERT_RECEIVED);
		assert_told(TLSHOST_ALERT_RECEIVED);
		if (i == 0)
			error = tlshost_socket_error(client);
		/* Another thread may be reading it. */
		ck_assert_ptr_eq(tlshost_socket_error(client), error);
	}
}
END_TEST

START_TEST(a_late_refusal_is_read_although_sending_failed)
{
	setup s = { .certificate = "rsa", .version = TLSHOST_VERSION_TLSV1_3,
	    .client_auth = TLSHOST_CLIENT_AUTH_REQUIRE };
	pthread_t thread;
	void *status;
	char byte;
	size_t n;

	tear_down();
	set_up_as(&s);
	ck_assert_int_eq(pthread_create(&thread, NULL, shake, server), 0);
	assert_status(tlshost_socket_do_handshake(client), TLSHOST_OK);
	ck_assert_int_eq(pthread_join(thread, &status), 0);
	ck_assert_int_ne(*(tlshost_status *)status, TLSHOST_OK);
	tlshost_socket_free(server);
	server = NULL;
	wait_for_client();
	assert_status(tlshost_socket_send(client, "x", 1, &n), TLSHOST_IO);
	assert_told(TLSHOST_IO);
	assert_status(tlshost_socket_recv(client, &byte, 1, &n),
	    TLSHOST_ALERT_RECEIVED);
	assert_told(TLSHOST_ALERT_RECEIVED);
}
END_TEST

START_TEST(a_failed_send_is_no_wait_for_an_answer)
{
	char byte;
	size_t n;

	connect_both();
	assert_status(tlshost_socket_set_timeout(client, 20000), TLSHOST_OK);
	ck_assert_int_eq(shutdown(tlshost_socket_fileno(server), SHUT_RD), 0);
	assert_status(tlshost_socket_cork(client), TLSHOST_OK);
	assert_status(tlshost_socket_send(client, "and?", 4, &n), TLSHOST_OK);
	assert_status(tlshost_socket_recv(client, &byte, 1, &n), TLSHOST_IO);
	assert_told(TLSHOST_IO);
	ck_assert_int_eq(tlshost_error_errno(tlshost_socket_error(client)),
	    EPIPE);
}
END_TEST

START_TEST(bytes_that_wait_are_to_be_polled_for)
{
	static char data[1 << 16];
	const tlshost_buffer *buffer = tlshost_socket_buffer(client);
	tlshost_status st;
	size_t n;

	connect_both();
	assert_status(tlshost_socket_set_timeout(client, 0), TLSHOST_OK);
	assert_status(tlshost_socket_set_timeout(server, 0), TLSHOST_OK);
	assert_status(tlshost_socket_recv(client, data, 1, &n),
	    TLSHOST_WANT_READ);
	while (tlshost_buffer_outgoing_len(buffer) == 0)
		assert_status(tlshost_socket_send(client, data, 1000, &n),
		    TLSHOST_OK);
	ck_assert_int_eq(tlshost_socket_poll_events(client), POLLIN | POLLOUT);
	do {
		(void)tlshost_socket_recv(server, data, sizeof(data), &n);
		st = tlshost_socket_flush(client);
		ck_assert(st == TLSHOST_OK || st == TLSHOST_WANT_WRITE);
	} while (st == TLSHOST_WANT_WRITE);
	ck_assert_int_eq(tlshost_socket_poll_events(client), POLLIN);
}
END_TEST

START_TEST(pieces_are_joined)
{
	struct iovec iov[3] = { { (void *)(uintptr_t)"one ", 4 }, { NULL, 0 },
	    { (void *)(uintptr_t)"two", 3 } };
	char first[2], second[10];
	struct iovec into[2] = { { first, 2 }, { second, 10 } };
	size_t n;

	connect_both();
	assert_status(tlshost_socket_writev(client, iov, 3, &n), TLSHOST_OK);
	ck_assert_uint_eq(n, 7);
	assert_status(tlshost_socket_readv(server, into, 2, &n), TLSHOST_OK);
	ck_assert_uint_eq(n, 7);
	ck_assert_mem_eq(first, "on", 2);
	ck_assert_mem_eq(second, "e two", 5);
}
END_TEST

/* Nothing comes, as far as the server can tell. */
static void
nothing_is_there(void)
{
	char byte;
	size_t n;

	assert_status(tlshost_socket_set_timeout(server, 0), TLSHOST_OK);
	assert_status(tlshost_socket_recv(server, &byte, 1, &n),
	    TLSHOST_WANT_READ);
	assert_status(tlshost_socket_set_timeout(server, -1), TLSHOST_OK);
}

static void
say_ten_times(void)
{
	size_t n;

	for (int i = 0; i < 10; i++) {
		assert_status(tlshost_socket_send(client, "0123456789", 10,
		    &n), TLSHOST_OK);
		ck_assert_uint_eq(n, 10);
	}
}

static void *
answer(void *unused)
{
	char text[128];
	size_t n;

	(void)unused;
	if (tlshost_socket_recv(server, text, sizeof(text), &n) == TLSHOST_OK &&
	    n == 100)
		(void)tlshost_socket_send(server, "done", 4, &n);
	return NULL;
}

static const char *const uncorkings[] = {
	"uncork", "flush", "shutdown", "waiting for an answer"
};

static const char *
uncorking_name(int i)
{
	return uncorkings[i];
}

START_TEST(a_cork_gathers_small_writes_until)
{
	pthread_t thread;
	char text[128];
	size_t n;

	connect_both();
	assert_status(tlshost_socket_cork(client), TLSHOST_OK);
	assert_status(tlshost_socket_cork(client), TLSHOST_OK);
	say_ten_times();
	nothing_is_there();
	if (_i == 3) {
		ck_assert_int_eq(pthread_create(&thread, NULL, answer, NULL),
		    0);
		assert_status(tlshost_socket_recv(client, text, sizeof(text),
		    &n), TLSHOST_OK);
		ck_assert_uint_eq(n, 4);
		ck_assert_int_eq(pthread_join(thread, NULL), 0);
		return;
	}
	assert_status((_i == 0 ? tlshost_socket_uncork : _i == 1 ?
	    tlshost_socket_flush : tlshost_socket_shutdown)(client),
	    TLSHOST_OK);
	/* In one record. */
	assert_status(tlshost_socket_recv(server, text, sizeof(text), &n),
	    TLSHOST_OK);
	ck_assert_uint_eq(n, 100);
	if (_i != 1)
		return;
	say_ten_times();
	nothing_is_there();
	assert_status(tlshost_socket_uncork(client), TLSHOST_OK);
	assert_status(tlshost_socket_recv(server, text, sizeof(text), &n),
	    TLSHOST_OK);
	ck_assert_uint_eq(n, 100);
	assert_status(tlshost_socket_send(client, "x", 1, &n), TLSHOST_OK);
	assert_status(tlshost_socket_recv(server, text, sizeof(text), &n),
	    TLSHOST_OK);
}
END_TEST

/* The next of a stream that tells what is missing; how much was taken. */
static tlshost_status
send_next(size_t *sent, int in_pieces)
{
	static uint8_t data[3000];
	struct iovec iov[2] = { { data, 1 }, { data + 1, sizeof(data) - 1 } };
	tlshost_status st;
	size_t n = 0;

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)((*sent + i) % 251);
	st = in_pieces ? tlshost_socket_writev(client, iov, 2, &n) :
	    tlshost_socket_send(client, data, sizeof(data), &n);
	*sent += n;
	return st;
}

START_TEST(a_cork_loses_nothing_when_the_network_is_full)
{
	static uint8_t back[65536];
	size_t n, sent = 0, got = 0, later = 0;
	tlshost_status st = TLSHOST_OK;

	connect_both();
	assert_status(tlshost_socket_set_timeout(client, 0), TLSHOST_OK);
	assert_status(tlshost_socket_set_timeout(server, 0), TLSHOST_OK);
	assert_status(tlshost_socket_cork(client), TLSHOST_OK);
	while (st == TLSHOST_OK) {
		st = send_next(&sent, 0);
		ck_assert_uint_lt(sent, (size_t)1 << 30);
	}
	assert_status(st, TLSHOST_WANT_WRITE);
	st = tlshost_socket_uncork(client);
	assert_status(st, TLSHOST_WANT_WRITE);
	while (got < sent) {
		/* What is sent now comes behind what the cork held. */
		if (later < 100)
			st = send_next(&sent, later++ % 2);
		else if (st == TLSHOST_WANT_WRITE)
			st = tlshost_socket_flush(client);
		ck_assert(st == TLSHOST_OK || st == TLSHOST_WANT_WRITE);
		if (tlshost_socket_recv(server, back, sizeof(back), &n) !=
		    TLSHOST_OK)
			continue;
		for (size_t i = 0; i < n; i++)
			ck_assert_uint_eq(back[i], (got + i) % 251);
		got += n;
	}
	ck_assert_uint_eq(got, sent);
}
END_TEST

START_TEST(a_cork_holds_nothing_that_cannot_be_sent)
{
	size_t n;

	connect_both();
	assert_status(tlshost_socket_uncork(client), TLSHOST_OK);
	assert_status(tlshost_socket_cork(client), TLSHOST_OK);
	assert_status(tlshost_socket_shutdown(client), TLSHOST_OK);
	assert_status(tlshost_socket_send(client, "x", 1, &n),
	    TLSHOST_INVALID_STATE);
	assert_status(tlshost_socket_cork(NULL), TLSHOST_INVALID_ARGUMENT);
	assert_status(tlshost_socket_uncork(NULL), TLSHOST_INVALID_ARGUMENT);
}
END_TEST

#define LARGE ((size_t)4 << 20)

typedef struct stream {
	tlshost_socket *socket;
	int ok;
} stream;

static void *
write_much(void *pointer)
{
	stream *s = pointer;
	static char data[LARGE];
	size_t n;

	s->ok = tlshost_socket_send(s->socket, data, sizeof(data), &n) ==
	    TLSHOST_OK && n == sizeof(data);
	return NULL;
}

static void *
read_much(void *pointer)
{
	stream *s = pointer;
	size_t n, total = 0;
	char data[8192];
	struct iovec into[2] = { { data, 1000 }, { data + 1000, 7192 } };

	while (total < LARGE && tlshost_socket_readv(s->socket, into, 2, &n) ==
	    TLSHOST_OK && n != 0)
		total += n;
	s->ok = total == LARGE && tlshost_socket_pending(s->socket) == 0;
	return NULL;
}

START_TEST(a_reader_and_a_writer_on_both_ends_at_once)
{
	stream streams[4] = { { client, 0 }, { client, 0 }, { server, 0 },
	    { server, 0 } };
	pthread_t threads[4];

	connect_both();
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL,
		    i % 2 ? read_much : write_much, &streams[i]), 0);
	for (int i = 0; i < 4; i++) {
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
		ck_assert_int_eq(streams[i].ok, 1);
	}
}
END_TEST

START_TEST(the_end_is_clean_or_ragged)
{
	char byte;
	size_t n;

	connect_both();
	if (_i == 0)
		assert_status(tlshost_socket_shutdown(client), TLSHOST_OK);
	tlshost_socket_free(client);
	client = NULL;
	for (int i = 0; i < 2; i++)
		assert_status(tlshost_socket_recv(server, &byte, 1, &n),
		    _i == 0 ? TLSHOST_OK : TLSHOST_RAGGED_EOF);
	/* No signal is raised; the write fails at some time. */
	for (int i = 0; i < 3; i++)
		(void)tlshost_socket_send(server, "x", 1, &n);
}
END_TEST

static void *
unwrap_server(void *result)
{
	int fd = -1;

	if (tlshost_socket_unwrap(server, &fd, NULL, 0, NULL) != TLSHOST_OK)
		fd = -1;
	*(int *)result = fd;
	return NULL;
}

START_TEST(unwrapping_gives_the_descriptor_back)
{
	int server_fd = -1, client_fd = -1;
	pthread_t thread;
	char text[8];
	size_t extra = 99;

	connect_both();
	ck_assert_int_eq(pthread_create(&thread, NULL, unwrap_server,
	    &server_fd), 0);
	assert_status(tlshost_socket_unwrap(client, &client_fd, text,
	    sizeof(text), &extra), TLSHOST_OK);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	ck_assert_uint_eq(extra, 0);
	ck_assert_int_ge(server_fd, 0);
	ck_assert_int_eq(fcntl(client_fd, F_GETFL) & O_NONBLOCK, 0);
	ck_assert_int_eq(tlshost_socket_fileno(client), -1);
	ck_assert_int_eq(write(client_fd, "plain", 5), 5);
	ck_assert_int_eq(read(server_fd, text, 8), 5);
	ck_assert_mem_eq(text, "plain", 5);
	assert_status(tlshost_socket_send(client, "x", 1, &extra),
	    TLSHOST_INVALID_STATE);
	close(client_fd);
	close(server_fd);
}
END_TEST

START_TEST(unwrapping_loses_no_data)
{
	char text[8];
	size_t n, got = 0;
	int fd = -1;

	connect_both();
	assert_status(tlshost_socket_send(server, "hello", 5, &n), TLSHOST_OK);
	for (int i = 0; i < 2; i++)
		assert_status(tlshost_socket_unwrap(client, &fd, NULL, 0, NULL),
		    TLSHOST_INVALID_STATE);
	ck_assert_uint_eq(tlshost_socket_pending(client), 5);
	while (got < 5) {
		assert_status(tlshost_socket_recv(client, text + got,
		    sizeof(text) - got, &n), TLSHOST_OK);
		got += n;
	}
	ck_assert_mem_eq(text, "hello", 5);
}
END_TEST

START_TEST(a_stream_is_like_any_other)
{
	FILE *in, *out;
	char line[64];

	connect_both();
	assert_status(tlshost_socket_stream(client, &out), TLSHOST_OK);
	assert_status(tlshost_socket_stream(server, &in), TLSHOST_OK);
	client = server = NULL;          /* the streams have them now */
	ck_assert_int_gt(fprintf(out, "a line\n"), 0);
	ck_assert_int_eq(fflush(out), 0);
	ck_assert_ptr_nonnull(fgets(line, sizeof(line), in));
	ck_assert_str_eq(line, "a line\n");
	ck_assert_int_eq(fclose(out), 0);
	ck_assert_int_eq(fgetc(in), EOF);
	ck_assert_int_eq(ferror(in), 0);
	ck_assert_int_eq(fclose(in), 0);
}
END_TEST

START_TEST(what_is_no_stream_socket_is_refused)
{
	tlshost_socket *s;
	int fds[2], udp = socket(AF_INET, SOCK_DGRAM, 0);

	ck_assert_int_eq(pipe(fds), 0);
	assert_status(tlshost_client_context_wrap_socket(client_context,
	    fds[0], "srv.test", &s, NULL), TLSHOST_INVALID_ARGUMENT);
	assert_status(tlshost_client_context_wrap_socket(client_context, udp,
	    "srv.test", &s, NULL), TLSHOST_INVALID_ARGUMENT);
	assert_status(tlshost_client_context_wrap_socket(client_context, -1,
	    "srv.test", &s, NULL), TLSHOST_INVALID_ARGUMENT);
	close(fds[0]);
	close(fds[1]);
	close(udp);
	tlshost_socket_free(NULL);
}
END_TEST

static int
listen_on_loopback(char *port, size_t cap)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, len), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &len),
	    0);
	snprintf(port, cap, "%d", ntohs(address.sin_port));
	return fd;
}

START_TEST(connect_and_accept_meet)
{
	tlshost_socket *c, *s;
	pthread_t thread;
	void *status;
	char port[16];
	int fd = listen_on_loopback(port, sizeof(port));

	ck_assert_int_eq(listen(fd, 4), 0);
	assert_status(tlshost_socket_accept(server_context, fd, 0, &s, NULL),
	    TLSHOST_WANT_READ);
	assert_status(tlshost_socket_accept(server_context, fd, 20, &s, NULL),
	    TLSHOST_TIMEOUT);
	assert_status(tlshost_socket_connect(client_context, "127.0.0.1", port,
	    5000, &c, NULL), TLSHOST_OK);
	assert_status(tlshost_socket_accept(server_context, fd, 5000, &s,
	    NULL), TLSHOST_OK);
	ck_assert_int_eq(pthread_create(&thread, NULL, shake, s), 0);
	assert_status(tlshost_socket_do_handshake(c), TLSHOST_OK);
	ck_assert_int_eq(pthread_join(thread, &status), 0);
	assert_status(*(tlshost_status *)status, TLSHOST_OK);
	tlshost_socket_free(c);
	tlshost_socket_free(s);
	close(fd);
}
END_TEST

static const char *
send_name(int i)
{
	return i == 0 ? "1000 bytes" : "100,000 bytes";
}

START_TEST(a_reset_is_told_as_one_by_a_send_of)
{
	static char data[100000];
	struct linger at_once = { .l_onoff = 1, .l_linger = 0 };
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t len = sizeof(address);
	const tlshost_error *error;
	int fds[2], listener;
	char port[16];
	size_t n;

	listener = listen_on_loopback(port, sizeof(port));
	ck_assert_int_eq(listen(listener, 1), 0);
	ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&address,
	    &len), 0);
	fds[0] = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_eq(connect(fds[0], (struct sockaddr *)&address, len), 0);
	fds[1] = accept(listener, NULL, NULL);
	close(listener);
	tlshost_socket_free(client);
	tlshost_socket_free(server);
	wrap_both(fds);
	connect_both();
	ck_assert_int_eq(setsockopt(fds[1], SOL_SOCKET, SO_LINGER, &at_once,
	    sizeof(at_once)), 0);
	tlshost_socket_free(server);
	server = NULL;
	wait_for_client();
	assert_status(tlshost_socket_send(client, data, _i == 0 ? 1000 :
	    sizeof(data), &n), TLSHOST_IO);
	error = tlshost_socket_error(client);
	assert_status(tlshost_socket_recv(client, data, 1, &n),
	    TLSHOST_RAGGED_EOF);
	assert_told(TLSHOST_RAGGED_EOF);
	/* A writer that looks at its own error meanwhile. */
	ck_assert_int_eq(tlshost_error_errno(error), ECONNRESET);
	ck_assert_ptr_nonnull(tlshost_error_message(error));
}
END_TEST

START_TEST(nobody_there_is_told_with_the_reason)
{
	tlshost_error *error = NULL;
	tlshost_socket *c;
	char port[16];
	int fd = listen_on_loopback(port, sizeof(port));

	/* Bound, so that nobody else is, and not listening. */
	assert_status(tlshost_socket_connect(client_context, "127.0.0.1", port,
	    5000, &c, &error), TLSHOST_IO);
	ck_assert_int_eq(tlshost_error_errno(error), ECONNREFUSED);
	tlshost_error_free(error);
	assert_status(tlshost_socket_connect(client_context,
	    "host.invalid", port, 5000, &c, NULL), TLSHOST_RESOLVE);
	assert_status(tlshost_socket_connect(client_context, "127.0.0.1", port,
	    0, &c, NULL), TLSHOST_INVALID_ARGUMENT);
	close(fd);
}
END_TEST

START_TEST(a_port_that_is_none_is_not_another)
{
	static const char *const ports[] = { "0", "65536", "99999", "-1", "",
	    "18446744073709551617" };

	for (size_t i = 0; i < LEN(ports); i++) {
		tlshost_error *error = NULL;
		tlshost_socket *c;

		assert_status(tlshost_socket_connect(client_context,
		    "127.0.0.1", ports[i], 5000, &c, &error),
		    TLSHOST_INVALID_ARGUMENT);
		ck_assert_ptr_nonnull(strstr(tlshost_error_message(error),
		    ports[i]));
		tlshost_error_free(error);
	}
}
END_TEST

static const char *
end_name(int i)
{
	return i == 0 ? "clean" : "ragged";
}

void
socket_claims(Suite *suite)
{
	TCase *group = claim_group(suite, "socket");

	tcase_add_checked_fixture(group, set_up, tear_down);
	add_claim(group, data_goes_both_ways);
	add_claim(group, a_call_that_takes_too_long_can_be_made_again);
	add_claim(group, a_non_blocking_socket_says_what_it_waits_for);
	add_claim(group, what_cannot_be_sent_does_not_keep_from_reading);
	add_claim(group, an_alert_is_told_by_a_peer_that_left);
	if (both_have(TLSHOST_VERSION_TLSV1_3))
		add_claim(group, a_late_refusal_is_read_although_sending_failed);
	add_claim(group, a_failed_send_is_no_wait_for_an_answer);
	add_claim(group, bytes_that_wait_are_to_be_polled_for);
	add_claim(group, pieces_are_joined);
	add_claims(group, a_cork_gathers_small_writes_until,
	    (int)LEN(uncorkings), uncorking_name);
	add_claim(group, a_cork_loses_nothing_when_the_network_is_full);
	add_claim(group, a_cork_holds_nothing_that_cannot_be_sent);
	add_claim(group, a_reader_and_a_writer_on_both_ends_at_once);
	add_claims(group, the_end_is_clean_or_ragged, 2, end_name);
	add_claim(group, unwrapping_gives_the_descriptor_back);
	add_claim(group, unwrapping_loses_no_data);
	add_claim(group, a_stream_is_like_any_other);
	add_claim(group, what_is_no_stream_socket_is_refused);
	add_claim(group, connect_and_accept_meet);
	add_claims(group, a_reset_is_told_as_one_by_a_send_of, 2, send_name);
	add_claim(group, nobody_there_is_told_with_the_reason);
	add_claim(group, a_port_that_is_none_is_not_another);
}

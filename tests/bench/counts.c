/* SPDX-License-Identifier: MIT */
/*
 * What sockets ask of the kernel, counted: system calls for a handshake and for
 * a megabyte, over each backend.
 */
#include "config.h"

#include <stdlib.h>
#include <sys/socket.h>

#include "../conformance/claims.h"

#define MEGABYTE ((size_t)1 << 20)
/* The sender is ahead by as much. */
#define AHEAD ((size_t)65536)

static int sends, receives;
static const char *const *backends;
static int backends_len;

ssize_t __real_sendmsg(int fd, const struct msghdr *message, int flags);
ssize_t __wrap_sendmsg(int fd, const struct msghdr *message, int flags);
ssize_t __real_send(int fd, const void *src, size_t len, int flags);
ssize_t __wrap_send(int fd, const void *src, size_t len, int flags);
ssize_t __real_recv(int fd, void *dst, size_t len, int flags);
ssize_t __wrap_recv(int fd, void *dst, size_t len, int flags);

ssize_t
__wrap_sendmsg(int fd, const struct msghdr *message, int flags)
{
	sends++;
	return __real_sendmsg(fd, message, flags);
}

ssize_t
__wrap_send(int fd, const void *src, size_t len, int flags)
{
	sends++;
	return __real_send(fd, src, len, flags);
}

ssize_t
__wrap_recv(int fd, void *dst, size_t len, int flags)
{
	receives++;
	return __real_recv(fd, dst, len, flags);
}

typedef struct ends {
	tlshost_client_context *client_context;
	tlshost_server_context *server_context;
	tlshost_socket *client, *server;
} ends;

static ends
make_ends(tlshost_version version)
{
	setup s = { .version = version, .certificate = "ecdsa" };
	tlshost_config *client = client_config(&s), *server = server_config(&s);
	int fds[2], room = 1 << 22;
	ends e = { 0 };

	assert_status(tlshost_client_context_new(client_backend, client,
	    &e.client_context, NULL), TLSHOST_OK);
	assert_status(tlshost_server_context_new(server_backend, server,
	    &e.server_context, NULL), TLSHOST_OK);
	tlshost_config_unref(client);
	tlshost_config_unref(server);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(setsockopt(fds[i], SOL_SOCKET, SO_SNDBUF,
		    &room, sizeof(room)), 0);
	assert_status(tlshost_client_context_wrap_socket(e.client_context,
	    fds[0], "srv.test", &e.client, NULL), TLSHOST_OK);
	assert_status(tlshost_server_context_wrap_socket(e.server_context,
	    fds[1], &e.server, NULL), TLSHOST_OK);
	assert_status(tlshost_socket_set_timeout(e.client, 0), TLSHOST_OK);
	assert_status(tlshost_socket_set_timeout(e.server, 0), TLSHOST_OK);
	return e;
}

static void
free_ends(ends *e)
{
	tlshost_socket_free(e->client);
	tlshost_socket_free(e->server);
	tlshost_client_context_unref(e->client_context);
	tlshost_server_context_unref(e->server_context);
}

static void
shake(ends *e)
{
	tlshost_status client = TLSHOST_WANT_READ, server = TLSHOST_WANT_READ;

	for (int i = 0; i < 20 && (client != TLSHOST_OK ||
	    server != TLSHOST_OK); i++) {
		if (client != TLSHOST_OK)
			client = tlshost_socket_do_handshake(e->client);
		if (server != TLSHOST_OK)
			server = tlshost_socket_do_handshake(e->server);
	}
	assert_status(client, TLSHOST_OK);
	assert_status(server, TLSHOST_OK);
}

static const struct {
	tlshost_version version;
	int sends, receives;
} shakes[] = {
	{ TLSHOST_VERSION_TLSV1_2, 5, 6 },
	{ TLSHOST_VERSION_TLSV1_3, 5, 6 },
};

/* Both ends together, recv calls that find nothing included. */
START_TEST(a_handshake_is_few_calls)
{
	const int shake_at = _i % (int)LEN(shakes);
	const char *name = backends[_i / (int)LEN(shakes)];
	tlshost_version version = shakes[shake_at].version;
	ends e;

	use_backend(name);
	e = make_ends(version);
	sends = receives = 0;
	shake(&e);
	printf("%s, %s: a handshake is %d sends and %d receives\n",
	    name, tlshost_version_name(version), sends, receives);
	ck_assert_int_le(sends, shakes[shake_at].sends);
	ck_assert_int_le(receives, shakes[shake_at].receives);
	free_ends(&e);
}
END_TEST

/* Bytes of a piece, and the calls that a megabyte of them may take. */
static const struct {
	size_t piece;
	int receives, sends;
	int corked;
} loads[] = {
	{ 16384, 35, 64, 0 },
	{ 256, 60, 4096, 0 },
	{ 256, 35, 35, 1 },
};

static void
move_megabyte(ends *e, size_t piece)
{
	static char data[16384];
	size_t sent = 0, got = 0, n;

	while (got < MEGABYTE) {
		tlshost_status st = TLSHOST_OK;

		while (st == TLSHOST_OK && sent < MEGABYTE &&
		    sent - got < AHEAD) {
			n = 0;
			st = tlshost_socket_send(e->client, data, piece, &n);
			sent += n;
		}
		ck_assert(st == TLSHOST_OK || st == TLSHOST_WANT_WRITE);
		assert_status(tlshost_socket_flush(e->client), TLSHOST_OK);
		while (got < sent) {
			assert_status(tlshost_socket_recv(e->server, data,
			    sizeof(data), &n), TLSHOST_OK);
			got += n;
		}
	}
}

START_TEST(a_megabyte_is_few_calls)
{
	const int load = _i % (int)LEN(loads);
	const char *name = backends[_i / (int)LEN(loads)];
	ends e;

	use_backend(name);
	e = make_ends(TLSHOST_VERSION_TLSV1_3);
	shake(&e);
	if (loads[load].corked)
		assert_status(tlshost_socket_cork(e.client), TLSHOST_OK);
	move_megabyte(&e, loads[load].piece);
	sends = receives = 0;
	move_megabyte(&e, loads[load].piece);
	printf("%s, pieces of %zu%s: a megabyte is %d sends and %d receives\n",
	    name, loads[load].piece, loads[load].corked ? ", corked" : "",
	    sends, receives);
	ck_assert_int_le(receives, loads[load].receives);
	ck_assert_int_le(sends, loads[load].sends);
	free_ends(&e);
}
END_TEST

/* counts BACKEND... */
int
main(int argc, char **argv)
{
	Suite *suite = suite_create("counts");
	TCase *tcase = tcase_create("system calls");
	SRunner *runner = srunner_create(suite);
	int failed;

	backends = (const char *const *)(argv + 1);
	backends_len = argc - 1;
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, a_handshake_is_few_calls, 0,
	    backends_len * (int)LEN(shakes));
	tcase_add_loop_test(tcase, a_megabyte_is_few_calls, 0,
	    backends_len * (int)LEN(loads));
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0 || backends_len == 0;
}

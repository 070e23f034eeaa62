/* SPDX-License-Identifier: MIT */
/*
 * bad-peer HOW: a server of one connection after the other on 127.0.0.1 that
 * does not do what a TLS server does.  Prints "listening PORT", and goes on until
 * it is stopped.
 *
 * bad-peer HOW PORT: the same as a client.  "hole" is a server that lets nobody
 * in; "resolver COMMAND..." has no answers.  Both are for a network of our own.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static void
hear(int fd)
{
	char data[4096];

	(void)!read(fd, data, sizeof(data));
}

static void
say(int fd, const void *data, size_t len)
{
	(void)!write(fd, data, len);
}

/* Whoever waits waits until the other side has had enough. */
static void
wait_for_end(int fd)
{
	char data[4096];

	while (read(fd, data, sizeof(data)) > 0)
		;
}

static void
be_silent(int fd)
{
	wait_for_end(fd);
}

static void
say_garbage(int fd)
{
	uint8_t data[4000];

	hear(fd);
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 167 + 90);
	say(fd, data, sizeof(data));
	wait_for_end(fd);
}

static void
say_http(int fd)
{
	static const char text[] = "HTTP/1.1 400 Bad Request\r\n\r\n";

	hear(fd);
	say(fd, text, sizeof(text) - 1);
}

static void
greet(int fd)
{
	static const char text[] = "220 mail.test ESMTP\r\n";

	say(fd, text, sizeof(text) - 1);
	wait_for_end(fd);
}

static void
close_early(int fd)
{
	hear(fd);
}

static void
reset(int fd)
{
	struct linger at_once = { .l_onoff = 1, .l_linger = 0 };

	hear(fd);
	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once,
	    sizeof(at_once));
}

/* The head of a record that never comes, byte by byte. */
static void
drip(int fd)
{
	static const uint8_t head[] = { 22, 3, 3, 0x20, 0, 2 };

	hear(fd);
	for (size_t i = 0; i < sizeof(head); i++) {
		say(fd, &head[i], 1);
		(void)usleep(10000);
	}
	wait_for_end(fd);
}

/* As a client: the head of a record, and nothing more. */
static void
say_half(int fd)
{
	static const uint8_t head[] = { 22, 3, 1, 1 };

	say(fd, head, sizeof(head));
	wait_for_end(fd);
}

/* As a client: gone in the midst of the handshake. */
static void
say_half_and_reset(int fd)
{
	struct linger at_once = { .l_onoff = 1, .l_linger = 0 };
	static const uint8_t head[] = { 22, 3, 1, 1 };

	say(fd, head, sizeof(head));
	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once,
	    sizeof(at_once));
}

static int
open_network(void)
{
	struct ifreq loopback = { .ifr_name = "lo" };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	loopback.ifr_flags = IFF_UP;
	if (fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &loopback) == 0)
		return fd;
	perror("bad-peer");
	exit(77);
}

/* Hears questions and has no answers, while COMMAND runs. */
static int
be_resolver(char **command)
{
	struct sockaddr_in name = { .sin_family = AF_INET,
	    .sin_port = htons(53) };
	int fd = open_network();

	name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(fd, (struct sockaddr *)&name, sizeof(name)) != 0) {
		perror("bad-peer");
		return 77;
	}
	(void)execv(command[0], command);
	perror(command[0]);
	return 1;
}

static int
connect_to(uint16_t port)
{
	struct sockaddr_in name = { .sin_family = AF_INET,
	    .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
	    0);
	struct pollfd ready = { .fd = fd, .events = POLLOUT };

	name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd >= 0 && (connect(fd, (struct sockaddr *)&name,
	    sizeof(name)) == 0 || errno == EINPROGRESS)) {
		(void)poll(&ready, 1, 200);
		(void)fcntl(fd, F_SETFL, 0);
		return fd;
	}
	perror("bad-peer");
	exit(1);
}

static const struct {
	const char *name;
	void (*serve)(int fd);
} peers[] = {
	{ "silent", be_silent }, { "garbage", say_garbage },
	{ "http", say_http }, { "greeting", greet },
	{ "closes", close_early }, { "resets", reset }, { "drips", drip },
	{ "half", say_half }, { "half-resets", say_half_and_reset },
};

static int
open_listener(int waiting)
{
	struct sockaddr_in name = { .sin_family = AF_INET };
	socklen_t len = sizeof(name);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)&name, sizeof(name)) != 0 ||
	    listen(fd, waiting) != 0 ||
	    getsockname(fd, (struct sockaddr *)&name, &len) != 0) {
		perror("bad-peer");
		exit(1);
	}
	printf("listening %d\n", ntohs(name.sin_port));
	fflush(stdout);
	return fd;
}

/* Its queue is full, and whoever comes waits for ever. */
static int
be_hole(void)
{
	struct sockaddr_in name;
	socklen_t len = sizeof(name);
	int fd;

	(void)open_network();
	fd = open_listener(0);
	if (getsockname(fd, (struct sockaddr *)&name, &len) != 0)
		return 1;
	for (int i = 0; i < 4; i++)
		(void)connect_to(ntohs(name.sin_port));
	for (;;)
		(void)pause();
}

int
main(int argc, char **argv)
{
	size_t i = 0, len = sizeof(peers) / sizeof(peers[0]);
	int listener, fd;

	if (argc > 2 && strcmp(argv[1], "resolver") == 0)
		return be_resolver(argv + 2);
	(void)signal(SIGPIPE, SIG_IGN);
	if (argc == 2 && strcmp(argv[1], "hole") == 0)
		return be_hole();
	while (i < len && (argc < 2 || strcmp(argv[1], peers[i].name) != 0))
		i++;
	if (i == len || argc > 3) {
		fprintf(stderr, "usage: bad-peer HOW [PORT]\n");
		return 2;
	}
	if (argc == 3) {
		fd = connect_to((uint16_t)atoi(argv[2]));
		peers[i].serve(fd);
		close(fd);
		return 0;
	}
	for (listener = open_listener(8);;) {
		if ((fd = accept(listener, NULL, NULL)) < 0)
			continue;
		peers[i].serve(fd);
		close(fd);
	}
}

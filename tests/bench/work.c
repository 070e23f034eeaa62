/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "work.h"

/* As often in vain, and the kernel is given a millisecond. */
#define PATIENCE 50
/* ... and after so many milliseconds something is wrong. */
#define GIVE_UP 20000

static char data[65536];

static void
tcp_pair(int fds[2])
{
	struct sockaddr_in address = { .sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	if (listener < 0 || bind(listener, (void *)&address, len) != 0 ||
	    listen(listener, 1) != 0 ||
	    getsockname(listener, (void *)&address, &len) != 0 ||
	    (fds[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) < 0 ||
	    connect(fds[0], (void *)&address, len) != 0 ||
	    (fds[1] = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) < 0)
		die("no TCP over loopback: %s", strerror(errno));
	close(listener);
	/* As every program does that wants its answers soon. */
	for (int i = 0; i < 2; i++)
		(void)setsockopt(fds[i], IPPROTO_TCP, TCP_NODELAY, &one,
		    sizeof(one));
}

void
carrier_open(carrier how, int fds[2])
{
	int room = 1 << 20;

	fds[0] = fds[1] = -1;
	if (how == CARRIER_MEMORY)
		return;
	if (how == CARRIER_TCP)
		tcp_pair(fds);
	else if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0)
		die("socketpair: %s", strerror(errno));
	for (int i = 0; i < 2; i++) {
		if (how == CARRIER_PAIR)
			(void)setsockopt(fds[i], SOL_SOCKET, SO_SNDBUF, &room,
			    sizeof(room));
		if (fcntl(fds[i], F_SETFL, O_NONBLOCK) != 0)
			die("fcntl: %s", strerror(errno));
	}
}

void
couple_open(couple *c, const engine *e, void *world, const int fds[2])
{
	*c = (couple){ .engine = e };
	c->client_wire.fd = fds[0];
	c->server_wire.fd = fds[1];
	if (!e->sockets) {
		c->client_wire = (wire){ &c->to_client, &c->to_server, -1 };
		c->server_wire = (wire){ &c->to_server, &c->to_client, -1 };
	}
	c->client = e->connect(world, 0, &c->client_wire);
	c->server = e->connect(world, 1, &c->server_wire);
}

void
couple_close(couple *c)
{
	c->engine->free(c->client);
	c->engine->free(c->server);
	ring_done(&c->to_client);
	ring_done(&c->to_server);
}

static void
pass_on(couple *c)
{
	if (c->engine->carry != NULL)
		c->engine->carry(c->client, c->server);
}

/* Called when nothing moved; *idle counts, and is 0 again when it did. */
static void
be_patient(int *idle)
{
	if (++*idle < PATIENCE)
		return;
	if (*idle > GIVE_UP)
		die("two ends wait for each other");
	(void)poll(NULL, 0, 1);
}

void
couple_shake(couple *c)
{
	int client = 0, server = 0, idle = 0;

	while (!client || !server) {
		if (!client)
			client = c->engine->handshake(c->client);
		pass_on(c);
		if (!server)
			server = c->engine->handshake(c->server);
		pass_on(c);
		be_patient(&idle);
	}
}

static size_t
write_some(couple *c, size_t sent, size_t total, size_t piece)
{
	if (piece > total - sent)
		piece = total - sent;
	return c->engine->write(c->client, data, piece);
}

static size_t
read_some(couple *c)
{
	return c->engine->read(c->server, data, sizeof(data));
}

void
couple_move(couple *c, size_t total, size_t piece, size_t ahead)
{
	size_t sent = 0, got = 0, n;
	int idle = 0;

	while (got < total) {
		size_t before = sent + got;

		while (sent < total && sent - got < ahead &&
		    (n = write_some(c, sent, total, piece)) != 0)
			sent += n;
		if (c->engine->flush != NULL)
			(void)c->engine->flush(c->client);
		pass_on(c);
		while (got < sent && (n = read_some(c)) != 0)
			got += n;
		if (sent + got == before)
			be_patient(&idle);
		else
			idle = 0;
	}
}

size_t
couple_fill(couple *c, size_t len, size_t piece)
{
	size_t sent = 0, n;

	while (sent < len && (n = write_some(c, sent, len, piece)) != 0) {
		sent += n;
		pass_on(c);
	}
	return sent;
}

void
couple_exchange(couple *c, int times, size_t piece)
{
	for (int i = 0; i < times; i++) {
		size_t sent = 0, got = 0, n;
		int idle = 0;

		while (sent < piece || got < piece) {
			if (sent < piece) {
				n = write_some(c, sent, piece, piece);
				sent += n;
				pass_on(c);
			}
			if (got < piece && (n = read_some(c)) != 0) {
				got += n;
				idle = 0;
			} else {
				pass_on(c);
				be_patient(&idle);
			}
		}
	}
}

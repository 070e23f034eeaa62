/* SPDX-License-Identifier: MIT */
/*
 * A server of any number of clients in one thread, which sends back what it
 * gets.  TLS is done by bare buffers, which touch no descriptor: this program
 * carries the bytes.  A client that does not read what was sent to it is not
 * read from either, so that none can make the server hold more than a few
 * records.  SIGINT and SIGTERM end it.
 *
 *	cc epoll-server.c $(pkg-config --cflags --libs tlshost) -o epoll-server
 *	./epoll-server 4433 chain.pem key.pem
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <tlshost.h>
#include <unistd.h>

typedef struct connection {
	struct connection *next, **link; /* in the list of all */
	tlshost_buffer *tls;
	int fd;
	int open;                        /* the handshake is done */
	int ending;                      /* nothing but what is queued goes out */
	uint32_t events;                 /* what epoll waits for */
	size_t len, sent;                /* of text, of it given to TLS */
	char text[16384];
} connection;

typedef struct server {
	tlshost_server_context *context;
	connection *all;
	int epoll, listener, signals;
} server;

/* ------------------------------------------------------------------------
 * The network
 */

/* Sends what is queued, as far as it goes; 0, or -1: the connection is gone. */
static int
send_queued(connection *c)
{
	const uint8_t *data;
	size_t len;
	ssize_t n;

	while ((len = tlshost_buffer_peek_outgoing(c->tls, &data)) != 0) {
		if ((n = send(c->fd, data, len, MSG_NOSIGNAL)) < 0)
			return errno == EAGAIN || errno == EINTR ? 0 : -1;
		(void)tlshost_buffer_consume_outgoing(c->tls, (size_t)n);
	}
	return 0;
}

/* Receives once, straight into the buffer's queue. */
static int
receive(connection *c)
{
	uint8_t *room;
	size_t cap;
	ssize_t n;

	if (tlshost_buffer_reserve_incoming(c->tls, 4096, &room,
	    &cap) != TLSHOST_OK)
		return -1;
	n = recv(c->fd, room, cap, 0);
	(void)tlshost_buffer_commit_incoming(c->tls, n > 0 ? (size_t)n : 0);
	if (n == 0)
		(void)tlshost_buffer_network_eof(c->tls);
	return n >= 0 || errno == EAGAIN || errno == EINTR ? 0 : -1;
}

/* ------------------------------------------------------------------------
 * A connection
 */

/* One step: the handshake, or a piece there and back.  OK: there is more. */
static tlshost_status
step(connection *c)
{
	tlshost_status status;
	size_t n;

	if (!c->open) {
		status = tlshost_buffer_do_handshake(c->tls);
		c->open = status == TLSHOST_OK;
		return status;
	}
	if (c->sent < c->len) {
		status = tlshost_buffer_write(c->tls, c->text + c->sent,
		    c->len - c->sent, &n);
		if (status == TLSHOST_OK)
			c->sent += n;
		return status;
	}
	c->len = c->sent = 0;
	status = tlshost_buffer_read(c->tls, c->text, sizeof(c->text), &c->len);
	if (status == TLSHOST_OK && c->len == 0) {
		c->ending = 1;          /* the client has closed; so do we */
		status = tlshost_buffer_shutdown(c->tls);
	}
	return status;
}

/* All that can be done now; 0, or -1: the connection is over. */
static int
progress(connection *c)
{
	tlshost_status status = TLSHOST_OK;

	for (;;) {
		if (send_queued(c) != 0)
			return -1;
		if (tlshost_buffer_outgoing_len(c->tls) != 0)
			return 0;       /* until it has left, nothing more */
		if (c->ending)
			return -1;
		if (status == TLSHOST_WANT_READ)
			return 0;
		status = step(c);
		if (status == TLSHOST_OK || status == TLSHOST_WANT_READ ||
		    status == TLSHOST_WANT_WRITE)
			continue;
		fprintf(stderr, "a client: %s\n",
		    tlshost_error_message(tlshost_buffer_error(c->tls)));
		c->ending = 1;          /* an alert may be queued */
	}
}

static void
connection_free(connection *c)
{
	if (c->next != NULL)
		c->next->link = c->link;
	*c->link = c->next;
	close(c->fd);
	tlshost_buffer_free(c->tls);
	free(c);
}

/* What to wait for: to send, if there is anything, and else to receive. */
static int
watch(server *s, connection *c, int operation)
{
	struct epoll_event event = { .data.ptr = c };

	event.events = tlshost_buffer_outgoing_len(c->tls) != 0 ? EPOLLOUT :
	    EPOLLIN;
	if (event.events == c->events)
		return 0;
	c->events = event.events;
	return epoll_ctl(s->epoll, operation, c->fd, &event);
}

static void
serve(server *s, connection *c)
{
	if (((c->events & EPOLLIN) != 0 && receive(c) != 0) ||
	    progress(c) != 0 || watch(s, c, EPOLL_CTL_MOD) != 0)
		connection_free(c);
}

static void
accept_client(server *s)
{
	int fd = accept(s->listener, NULL, NULL);
	connection *c;

	if (fd < 0)
		return;
	if (fcntl(fd, F_SETFL, O_NONBLOCK) != 0 ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 ||
	    (c = calloc(1, sizeof(*c))) == NULL) {
		close(fd);
		return;
	}
	c->fd = fd;
	c->link = &s->all;
	c->next = s->all;
	if (c->next != NULL)
		c->next->link = &c->next;
	s->all = c;
	if (tlshost_server_context_wrap_buffers(s->context, &c->tls,
	    NULL) != TLSHOST_OK || watch(s, c, EPOLL_CTL_ADD) != 0)
		connection_free(c);
}

/* ------------------------------------------------------------------------
 * The server
 */

static tlshost_status
make_context(char **files, tlshost_server_context **ret_context,
    tlshost_error **ret_error)
{
	tlshost_config_builder *builder = NULL;
	tlshost_config *config = NULL;
	tlshost_chain *chain = NULL;
	tlshost_private_key *key = NULL;
	tlshost_status status;

	status = tlshost_chain_from_file(NULL, files[0], &chain, ret_error);
	if (status == TLSHOST_OK)
		status = tlshost_private_key_from_file(NULL, files[1], NULL, 0,
		    &key, ret_error);
	if (status == TLSHOST_OK)
		status = tlshost_config_builder_new(NULL, &builder);
	if (status == TLSHOST_OK)
		status = tlshost_config_builder_add_certificate_chain(builder,
		    chain, key);
	if (status == TLSHOST_OK)
		status = tlshost_config_builder_build(builder, &config,
		    ret_error);
	if (status == TLSHOST_OK)
		status = tlshost_server_context_new(NULL, config, ret_context,
		    ret_error);
	tlshost_config_unref(config);
	tlshost_config_builder_free(builder);
	tlshost_private_key_unref(key);
	tlshost_chain_unref(chain);
	return status;
}

/* A listening socket on 127.0.0.1, or -1. */
static int
listen_on(uint16_t port)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int on = 1;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	address.sin_port = htons(port);
	if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on,
	    sizeof(on)) == 0 && bind(fd, (struct sockaddr *)&address,
	    sizeof(address)) == 0 && listen(fd, 64) == 0 &&
	    getsockname(fd, (struct sockaddr *)&address, &len) == 0) {
		printf("listening %u\n", ntohs(address.sin_port));
		fflush(stdout);
		return fd;
	}
	if (fd >= 0)
		close(fd);
	return -1;
}

/* The listener has no pointer, signals have the address of the server. */
static int
prepare(server *s, uint16_t port)
{
	struct epoll_event listener = { .events = EPOLLIN, .data.ptr = NULL };
	struct epoll_event end = { .events = EPOLLIN, .data.ptr = s };
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	return sigprocmask(SIG_BLOCK, &signals, NULL) == 0 &&
	    (s->signals = signalfd(-1, &signals, SFD_CLOEXEC)) >= 0 &&
	    (s->listener = listen_on(port)) >= 0 &&
	    (s->epoll = epoll_create1(EPOLL_CLOEXEC)) >= 0 &&
	    epoll_ctl(s->epoll, EPOLL_CTL_ADD, s->signals, &end) == 0 &&
	    epoll_ctl(s->epoll, EPOLL_CTL_ADD, s->listener, &listener) == 0 ?
	    0 : -1;
}

/* 0: a signal came. */
static int
run(server *s)
{
	struct epoll_event event;
	int n;

	/* One at a time: an event never speaks of a connection that an earlier
	 * one has freed. */
	while ((n = epoll_wait(s->epoll, &event, 1, -1)) >= 0 ||
	    errno == EINTR) {
		if (n <= 0)
			continue;
		if (event.data.ptr == s)
			return 0;
		if (event.data.ptr == NULL)
			accept_client(s);
		else
			serve(s, event.data.ptr);
	}
	return -1;
}

int
main(int argc, char **argv)
{
	server s = { .epoll = -1, .listener = -1, .signals = -1 };
	tlshost_error *error = NULL;
	tlshost_status status;
	int result = 1;

	if (argc != 4) {
		fprintf(stderr, "usage: %s PORT CHAIN KEY\n", argv[0]);
		return 2;
	}
	status = make_context(argv + 2, &s.context, &error);
	if (status != TLSHOST_OK)
		fprintf(stderr, "%s: %s\n", argv[0], error != NULL ?
		    tlshost_error_message(error) : tlshost_status_text(status));
	else if (prepare(&s, (uint16_t)atoi(argv[1])) != 0 || run(&s) != 0)
		perror(argv[0]);
	else
		result = 0;
	while (s.all != NULL)
		connection_free(s.all);
	if (s.epoll >= 0)
		close(s.epoll);
	if (s.listener >= 0)
		close(s.listener);
	if (s.signals >= 0)
		close(s.signals);
	tlshost_server_context_unref(s.context);
	tlshost_error_free(error);
	return result;
}

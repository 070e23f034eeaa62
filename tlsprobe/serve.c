/* SPDX-License-Identifier: MIT */
/* tlsprobe serve: one loop, thousands of connections, no thread each. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tlsprobe.h"

/* As many are let in at a time, and told of by the kernel. */
#define BATCH 64
/* Descriptors that are not for clients: files, the listener and the like. */
#define SPARE_FDS 32
#define REQUEST_MAX 16384
/* A peer that says nothing for so long is gone. */
#define IDLE_US ((int64_t)30 * 1000000)
#define HANDSHAKE_US ((int64_t)10 * 1000000)
/* What a peer still sends is taken for so long: closing on it would be a reset,
 * which can cost the peer our last words. */
#define LINGER_US ((int64_t)1000000)
/* Without descriptors or memory nobody can be let in for so long. */
#define PAUSE_US ((int64_t)100000)

typedef struct client {
	int fd;
	size_t at;                       /* its place among all */
	uint32_t events;                 /* that it is watched for */
	int full;                        /* not read for what is to be sent */
	int busy;                        /* there is more to do, at once or when
	                                  * the network takes bytes */
	tlshost_buffer *buffer;
	int64_t deadline;
	int handshaken, closing, wants_close, gone, lingering;
	const char *how;                 /* it closed */
	char error[256];
	/* HTTP */
	char *request;                   /* REQUEST_MAX, while there is one */
	size_t request_len;
	size_t skip;                     /* of a body, still to come */
	/* What could not be written yet. */
	char *answer;
	size_t answer_len, answer_at;
} client;

typedef struct server {
	const options *o;
	int fd, poll_fd;
	int listening;                   /* is it watched? */
	int echo, log;
	FILE *words;                     /* stderr if stdout has a document */
	tlshost_server_context *context;
	client **clients;
	size_t len, cap, most;
	long accepted, ended;
	int64_t paused_until;
} server;

static volatile sig_atomic_t stop;

static void
on_signal(int number)
{
	(void)number;
	stop = 1;
}

/* ------------------------------------------------------------------------
 * Logging, ending
 */

static void
log_client(const server *s, const client *c)
{
	tlshost_protocol alpn = tlshost_buffer_negotiated_protocol(c->buffer);
	json_t *line;

	if (!s->log)
		return;
	line = json_pack("{s:o,s:o,s:o,s:o,s:o,s:s}",
	    "version", c->handshaken ? json_string(tlshost_version_name(
	    tlshost_buffer_negotiated_tls_version(c->buffer))) : json_null(),
	    "suite", c->handshaken ? suite_json(tlshost_buffer_cipher(
	    c->buffer)) : json_null(), "alpn", alpn_json(alpn), "sni",
	    text_or_null(tlshost_buffer_server_name(c->buffer)),
	    "error", c->error[0] != '\0' ? text_or_null(c->error) :
	    json_null(), "closed", c->how != NULL ? c->how : "stopped");
	(void)json_dumpf(line, s->words, JSON_COMPACT);
	fputc('\n', s->words);
	fflush(s->words);
	json_decref(line);
}

/* The last one moves into its place. */
static void
end_client(server *s, client *c)
{
	log_client(s, c);
	close(c->fd);
	tlshost_buffer_free(c->buffer);
	s->clients[c->at] = s->clients[--s->len];
	s->clients[c->at]->at = c->at;
	free(c->request);
	free(c->answer);
	free(c);
	s->ended++;
}

static void
note_end(client *c, const char *how, const char *error)
{
	if (c->how != NULL)
		return;
	c->how = how;
	if (error != NULL)
		snprintf(c->error, sizeof(c->error), "%s", error);
}

static void
close_because(client *c, const char *how, const char *error)
{
	note_end(c, how, error);
	c->closing = 1;
}

/* ------------------------------------------------------------------------
 * HTTP, as little as clients need
 */

static int
queue_answer(client *c, const char *data, size_t len)
{
	char *grown;

	if (c->answer_at != 0) {
		memmove(c->answer, c->answer + c->answer_at,
		    c->answer_len - c->answer_at);
		c->answer_len -= c->answer_at;
		c->answer_at = 0;
	}
	if ((grown = realloc(c->answer, c->answer_len + len + 1)) == NULL)
		return 0;
	memcpy(grown + c->answer_len, data, len);
	c->answer = grown;
	c->answer_len += len;
	return 1;
}

static void
answer_request(client *c, int minor, int keep_alive, int head)
{
	const tlshost_buffer *b = c->buffer;
	char body[1024], page[2048];
	int len;

	len = snprintf(body, sizeof(body), "tlsprobe serve\nbackend: %s\n"
	    "version: %s\nsuite: %s\nserver name: %s\n",
	    tlshost_backend_library(tlshost_buffer_backend(b)),
	    tlshost_version_name(tlshost_buffer_negotiated_tls_version(b)),
	    tlshost_cipher_info_name(tlshost_cipher_by_id(
	    tlshost_buffer_cipher(b)), TLSHOST_DIALECT_IANA),
	    tlshost_buffer_server_name(b) != NULL ?
	    tlshost_buffer_server_name(b) : "-");
	len = snprintf(page, sizeof(page), "HTTP/1.%d 200 OK\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\n"
	    "Connection: %s\r\n\r\n%s", minor, len,
	    keep_alive ? "keep-alive" : "close", head ? "" : body);
	if (!queue_answer(c, page, (size_t)len))
		close_because(c, "error", "out of memory");
	if (!keep_alive)
		c->wants_close = 1;
}

/* The value of a header field, or NULL. */
static const char *
find_field(const char *head, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = strchr(head, '\n'); at != NULL;
	    at = strchr(at, '\n')) {
		at++;
		if (strncasecmp(at, name, len) == 0 && at[len] == ':')
			return at + len + 1 + strspn(at + len + 1, " \t");
	}
	return NULL;
}

/* Behind the empty line; NULL: it is not here yet.  People who type a request
 * send no CR. */
static char *
end_of_head(char *text)
{
	for (; (text = strchr(text, '\n')) != NULL; text++)
		if (text[1] == '\n')
			return text + 2;
		else if (text[1] == '\r' && text[2] == '\n')
			return text + 3;
	return NULL;
}

/* 0: how long it is cannot be told. */
static int
body_len(const char *head, size_t *ret_len)
{
	const char *field = find_field(head, "Content-Length");
	size_t digits;

	*ret_len = 0;
	if (find_field(head, "Transfer-Encoding") != NULL)
		return 0;
	if (field == NULL)
		return 1;
	digits = strspn(field, "0123456789");
	*ret_len = strtoul(field, NULL, 10);
	return digits > 0 && digits < 19 && strchr("\r\n \t",
	    field[digits]) != NULL;
}

/* One request after the other, as long as whole heads are there. */
static void
serve_requests(client *c)
{
	while (!c->closing && !c->wants_close) {
		size_t body = c->skip < c->request_len ? c->skip :
		    c->request_len;
		const char *field, *version;
		int keep_alive, minor;
		char *end;

		memmove(c->request, c->request + body, c->request_len - body);
		c->request_len -= body;
		c->skip -= body;
		c->request[c->request_len] = '\0';
		if (c->skip != 0)
			return;
		if ((end = end_of_head(c->request)) == NULL) {
			if (c->request_len == REQUEST_MAX - 1) {
				note_end(c, "error", "the request is too long");
				c->wants_close = 1;
			}
			return;
		}
		end[-1] = '\0';
		version = strstr(c->request, " HTTP/1.1");
		minor = version != NULL && strcspn(c->request, "\r\n") ==
		    (size_t)(version + 9 - c->request);
		field = find_field(c->request, "Connection");
		keep_alive = body_len(c->request, &c->skip) && minor == 1 &&
		    (field == NULL || strncasecmp(field, "close", 5) != 0);
		answer_request(c, minor, keep_alive,
		    strncmp(c->request, "HEAD ", 5) == 0);
		c->skip += (size_t)(end - c->request);
	}
}

/* ------------------------------------------------------------------------
 * One connection
 */

static void
fail_client(client *c, tlshost_status st)
{
	const tlshost_error *error = tlshost_buffer_error(c->buffer);

	close_because(c, st == TLSHOST_RAGGED_EOF ? "ragged" : "error",
	    st == TLSHOST_RAGGED_EOF ? NULL : error != NULL ?
	    tlshost_error_message(error) : tlshost_status_text(st));
}

/* 1: something was read. */
static int
read_some(const server *s, client *c)
{
	char data[16384];
	tlshost_status st;
	size_t len, room;

	c->full = 0;
	/* What waits to go out goes first: a peer that only sends must not
	 * fill the memory. */
	if (c->answer_len - c->answer_at > 65536 || c->wants_close)
		return 0;
	room = s->echo ? sizeof(data) : REQUEST_MAX - 1 - c->request_len;
	if (room > sizeof(data))
		room = sizeof(data);
	st = tlshost_buffer_read(c->buffer, data, room, &len);
	c->full = st == TLSHOST_WANT_WRITE;
	if (st == TLSHOST_WANT_READ || st == TLSHOST_WANT_WRITE)
		return 0;
	if (st != TLSHOST_OK) {
		fail_client(c, st);
		return 0;
	}
	/* A request has so long in all, however slowly it comes. */
	if (c->request_len == 0)
		c->deadline = now_us() + IDLE_US;
	if (len == 0) {
		c->how = "close_notify";
		c->wants_close = 1;
		return 0;
	}
	if (s->echo) {
		if (!queue_answer(c, data, len))
			close_because(c, "error", "out of memory");
	} else if (c->request == NULL &&
	    (c->request = malloc(REQUEST_MAX)) == NULL) {
		close_because(c, "error", "out of memory");
	} else {
		memcpy(c->request + c->request_len, data, len);
		c->request_len += len;
		serve_requests(c);
		if (c->request_len == 0) {
			free(c->request);
			c->request = NULL;
		}
	}
	return 1;
}

/* 1: something was written. */
static int
write_some(client *c)
{
	tlshost_status st;
	size_t len;

	if (c->answer_at == c->answer_len)
		return 0;
	st = tlshost_buffer_write(c->buffer, c->answer + c->answer_at,
	    c->answer_len - c->answer_at, &len);
	if (st == TLSHOST_OK) {
		c->answer_at += len;
		return 1;
	}
	if (st != TLSHOST_WANT_WRITE)
		fail_client(c, st);
	return 0;
}

static void
work(const server *s, client *c)
{
	tlshost_status st;
	int busy = 1;

	if (!c->handshaken && !c->closing) {
		st = tlshost_buffer_do_handshake(c->buffer);
		if (st == TLSHOST_OK) {
			c->handshaken = 1;
			c->deadline = now_us() + IDLE_US;
		} else if (st != TLSHOST_WANT_READ &&
		    st != TLSHOST_WANT_WRITE) {
			fail_client(c, st);
		}
	}
	/* Some rounds each: nobody keeps the others waiting. */
	for (int i = 0; i < 16 && busy && c->handshaken && !c->closing; i++) {
		busy = read_some(s, c);
		if (!c->closing)
			busy |= write_some(c);
	}
	c->busy = (busy || c->full) && c->handshaken && !c->closing;
	if (c->wants_close && !c->closing && c->answer_at == c->answer_len) {
		(void)tlshost_buffer_shutdown(c->buffer);
		close_because(c, "we closed", NULL);
	}
}

static void
flush_client(client *c)
{
	const uint8_t *data;
	size_t len;

	while ((len = tlshost_buffer_peek_outgoing(c->buffer, &data)) != 0) {
		ssize_t n = send(c->fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n > 0) {
			(void)tlshost_buffer_consume_outgoing(c->buffer,
			    (size_t)n);
		} else if (errno == EAGAIN || errno == EWOULDBLOCK) {
			return;
		} else if (errno != EINTR) {
			close_because(c, "error", strerror(errno));
			(void)tlshost_buffer_consume_outgoing(c->buffer,
			    tlshost_buffer_outgoing_len(c->buffer));
		}
	}
}

static void
receive(client *c)
{
	uint8_t *room;
	size_t len;
	ssize_t n;

	if (tlshost_buffer_reserve_incoming(c->buffer, 1, &room, &len) !=
	    TLSHOST_OK)
		return;
	n = recv(c->fd, room, len, MSG_DONTWAIT);
	(void)tlshost_buffer_commit_incoming(c->buffer, n > 0 ? (size_t)n : 0);
	c->gone = n == 0;
	if (n == 0)
		(void)tlshost_buffer_network_eof(c->buffer);
	else if (n < 0 && errno != EAGAIN && errno != EINTR)
		close_because(c, "error", strerror(errno));
}

/* All is said.  1: the peer has heard it, or had the time to. */
static int
linger(client *c)
{
	char waste[16384];
	ssize_t n;

	if (c->gone)
		return 1;
	if (!c->lingering) {
		c->lingering = 1;
		c->deadline = now_us() + LINGER_US;
		if (shutdown(c->fd, SHUT_WR) != 0)
			return 1;
	}
	n = recv(c->fd, waste, sizeof(waste), MSG_DONTWAIT);
	return n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
}

/* 1: it is over. */
static int
step(const server *s, client *c, uint32_t events)
{
	if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0 && !c->closing)
		receive(c);
	work(s, c);
	flush_client(c);
	if (!c->closing && tlshost_buffer_outgoing_len(c->buffer) == 0 &&
	    c->answer_at < c->answer_len) {
		work(s, c);
		flush_client(c);
	}
	if (now_us() > c->deadline) {
		if (tlshost_buffer_shutdown(c->buffer) == TLSHOST_OK)
			flush_client(c);
		close_because(c, "timeout", c->handshaken ? "idle for too long" :
		    "the handshake took too long");
		return 1;
	}
	/* The alert, or close_notify, goes out before the end. */
	return c->closing && tlshost_buffer_outgoing_len(c->buffer) == 0 &&
	    linger(c);
}

/* ------------------------------------------------------------------------
 * The server
 */

static int
has_place(server *s)
{
	client **grown;

	if (s->len < s->cap)
		return 1;
	if ((grown = realloc(s->clients, (s->cap * 2 + 64) *
	    sizeof(client *))) == NULL)
		return 0;
	s->clients = grown;
	s->cap = s->cap * 2 + 64;
	return 1;
}

static uint32_t
events_of(const client *c)
{
	uint32_t events = 0;

	if (c->lingering)
		return EPOLLIN;
	/* Nothing more is let in while what is here cannot be read. */
	if (!c->closing && !c->wants_close && !c->full &&
	    c->answer_len - c->answer_at <= 65536)
		events |= EPOLLIN;
	/* Who has more to do at once is told so: the network takes bytes. */
	if (c->busy || tlshost_buffer_outgoing_len(c->buffer) != 0 ||
	    c->answer_at < c->answer_len)
		events |= EPOLLOUT;
	return events;
}

/* 0: it cannot be. */
static int
watch(const server *s, client *c, int how)
{
	struct epoll_event event = { .events = events_of(c), .data.ptr = c };

	if (how == EPOLL_CTL_MOD && event.events == c->events)
		return 1;
	c->events = event.events;
	return epoll_ctl(s->poll_fd, how, c->fd, &event) == 0;
}

/* 0: there is nobody, or nobody can be let in now. */
static int
accept_client(server *s)
{
	client *c;
	int fd, one = 1;

	fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0) {
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
		    errno == ENOMEM)
			s->paused_until = now_us() + PAUSE_US;
		return errno == ECONNABORTED || errno == EINTR;
	}
	if ((c = calloc(1, sizeof(*c))) != NULL)
		c->fd = fd;
	if (c == NULL || !has_place(s) || tlshost_server_context_wrap_buffers(
	    s->context, &c->buffer, NULL) != TLSHOST_OK ||
	    !watch(s, c, EPOLL_CTL_ADD)) {
		if (c != NULL)
			tlshost_buffer_free(c->buffer);
		free(c);
		close(fd);
		return 0;
	}
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	c->deadline = now_us() + HANDSHAKE_US;
	c->at = s->len;
	s->clients[s->len++] = c;
	s->accepted++;
	return 1;
}

static int
wants_more(const server *s)
{
	return s->len < s->most && now_us() >= s->paused_until &&
	    (s->o->count == 0 || s->accepted < s->o->count);
}

static void
watch_listener(server *s)
{
	struct epoll_event event = { .events = EPOLLIN };
	int wanted = wants_more(s);

	if (wanted != s->listening && epoll_ctl(s->poll_fd, wanted ?
	    EPOLL_CTL_ADD : EPOLL_CTL_DEL, s->fd, &event) == 0)
		s->listening = wanted;
}

static void
serve_client(server *s, client *c, uint32_t events)
{
	if (step(s, c, events) || !watch(s, c, EPOLL_CTL_MOD))
		end_client(s, c);
}

/* Those whose time is over; from the end, as the last one takes the place of
 * one that goes. */
static void
sweep(server *s)
{
	for (size_t i = s->len; i-- > 0;)
		if (now_us() > s->clients[i]->deadline)
			serve_client(s, s->clients[i], 0);
}

static void
loop(server *s)
{
	struct epoll_event events[BATCH];
	int64_t swept = now_us();

	while (!stop && (s->o->count == 0 || s->ended < s->o->count)) {
		int len;

		watch_listener(s);
		len = epoll_wait(s->poll_fd, events, BATCH,
		    now_us() < s->paused_until ? (int)(PAUSE_US / 1000) :
		    1000);
		if (len < 0 && errno != EINTR)
			return;
		for (int i = 0; i < len; i++) {
			if (events[i].data.ptr != NULL) {
				serve_client(s, events[i].data.ptr,
				    events[i].events);
				continue;
			}
			for (int k = 0; k < BATCH && wants_more(s) &&
			    accept_client(s); k++)
				;
		}
		if (now_us() - swept >= PAUSE_US) {
			sweep(s);
			swept = now_us();
		}
	}
}

/* As many descriptors as the system lets us have. */
static void
count_places(server *s)
{
	struct rlimit limit;

	s->most = 1024 - SPARE_FDS;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
		s->most = limit.rlim_cur > 2 * SPARE_FDS ?
		    limit.rlim_cur - SPARE_FDS : SPARE_FDS;
}

static int
open_poll(server *s, json_t *document)
{
	if ((s->poll_fd = epoll_create1(EPOLL_CLOEXEC)) >= 0)
		return 0;
	complain(document, "epoll: %s", strerror(errno));
	return EXIT_LOCAL;
}

static int
open_listener(server *s, json_t *document)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
	    .ai_flags = AI_PASSIVE | AI_NUMERICSERV }, *address;
	const char *target = s->o->listen, *colon = strrchr(target, ':');
	struct sockaddr_storage bound;
	socklen_t len = sizeof(bound);
	char host[256], port[32];
	int code, one = 1;

	if (colon == NULL || colon == target || !is_port(colon + 1, 0) ||
	    (size_t)(colon - target) >= sizeof(host) - 1) {
		complain(document, "--listen: not ADDR:PORT: %s", target);
		return EXIT_USAGE;
	}
	snprintf(host, sizeof(host), "%.*s", (int)(colon - target), target);
	if (host[0] == '[' && host[strlen(host) - 1] == ']') {
		host[strlen(host) - 1] = '\0';
		memmove(host, host + 1, strlen(host));
	}
	if ((code = getaddrinfo(host, colon + 1, &hints, &address)) != 0) {
		complain(document, "--listen %s: %s", target,
		    gai_strerror(code));
		return EXIT_USAGE;
	}
	s->fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC |
	    SOCK_NONBLOCK, 0);
	if (s->fd < 0 || setsockopt(s->fd, SOL_SOCKET, SO_REUSEADDR, &one,
	    sizeof(one)) != 0 || bind(s->fd, address->ai_addr,
	    address->ai_addrlen) != 0 || listen(s->fd, SOMAXCONN) != 0 ||
	    getsockname(s->fd, (struct sockaddr *)&bound, &len) != 0)
		code = errno;
	freeaddrinfo(address);
	if (code != 0) {
		complain(document, "--listen %s: %s", target, strerror(code));
		return EXIT_LOCAL;
	}
	if ((code = getnameinfo((struct sockaddr *)&bound, len, NULL, 0, port,
	    sizeof(port), NI_NUMERICSERV)) != 0) {
		complain(document, "--listen %s: %s", target,
		    gai_strerror(code));
		return EXIT_LOCAL;
	}
	fprintf(s->words, "listening %s\n", port);
	/* A port that nobody learns is of no use. */
	return fflush(s->words) == 0 ? 0 : EXIT_LOCAL;
}

static int
make_context(server *s, json_t *document)
{
	tlshost_config *config = NULL;
	tlshost_error *error = NULL;
	tlshost_backend *backend;
	tlshost_status st;
	int code;

	if ((code = pick_backend(s->o, document, TLSHOST_ROLE_SERVER,
	    &backend)) != 0 || (code = make_config(s->o, document, backend,
	    TLSHOST_ROLE_SERVER, &config)) != 0)
		return code;
	st = tlshost_server_context_new(backend, config, &s->context, &error);
	tlshost_config_unref(config);
	if (st == TLSHOST_OK)
		return 0;
	complain(document, "%s", tlshost_error_message(error));
	tlshost_error_free(error);
	return exit_for(st);
}

static int
check_words(const options *o, json_t *document)
{
	if (o->listen == NULL || o->certs == 0 || o->args_len != 0) {
		complain(document,
		    "serve needs --listen, --cert and --key, and no target");
		return EXIT_USAGE;
	}
	if (o->mode != NULL && strcmp(o->mode, "http") != 0 &&
	    strcmp(o->mode, "echo") != 0) {
		complain(document, "--mode: http or echo, not %s", o->mode);
		return EXIT_USAGE;
	}
	if (o->log != NULL && strcmp(o->log, "json") != 0) {
		complain(document, "--log: json, not %s", o->log);
		return EXIT_USAGE;
	}
	if (o->require_client_cert && o->client_ca == NULL) {
		complain(document, "--require-client-cert needs --client-ca");
		return EXIT_USAGE;
	}
	return 0;
}

int
run_serve(const options *o)
{
	json_t *document = o->json ? document_new("serve") : NULL;
	struct sigaction action = { .sa_handler = on_signal };
	server s = { .o = o, .fd = -1, .poll_fd = -1 };
	int code;

	s.echo = o->mode != NULL && strcmp(o->mode, "echo") == 0;
	s.log = o->log != NULL;
	s.words = document == NULL ? stdout : stderr;
	(void)sigaction(SIGTERM, &action, NULL);
	(void)sigaction(SIGINT, &action, NULL);
	if ((code = check_words(o, document)) == 0 &&
	    (code = make_context(&s, document)) == 0 &&
	    (code = open_poll(&s, document)) == 0 &&
	    (code = open_listener(&s, document)) == 0) {
		count_places(&s);
		loop(&s);
		while (s.len != 0) {
			client *c = s.clients[s.len - 1];

			if (tlshost_buffer_shutdown(c->buffer) == TLSHOST_OK)
				flush_client(c);
			close_because(c, "stopped", NULL);
			end_client(&s, c);
		}
	}
	free(s.clients);
	if (s.poll_fd >= 0)
		close(s.poll_fd);
	if (s.fd >= 0)
		close(s.fd);
	tlshost_server_context_unref(s.context);
	return document_end(document, code);
}

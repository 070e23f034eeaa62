/* SPDX-License-Identifier: MIT */
/* The TLS socket: one loop over a buffer, for every backend. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "buffer.h"

/* Pieces of the outgoing queue that one send takes. */
#define PIECES 16
/* What one recv is given room for. */
#define RECEIVE 65536
#define IOV_MAX_COUNT 1024
/* What writev joins: one full record. */
#define JOIN ((size_t)16384)
/*
 * A writer leaves the queue well below the buffer's cap, over which the buffer
 * reads no more either: two ends that both write would wait for each other.
 */
#define QUEUED_MAX ((size_t)65536)

struct tlshost_socket {
	tlshost_buffer *buffer;
	int fd;
	int was_nonblocking;
	int timeout;

	/* Held around calls of the buffer, never around I/O. */
	pthread_mutex_t lock;
	/* Held while bytes are sent, so that they go in order. */
	pthread_mutex_t sending;
	int eof;                         /* the network ended */
	_Atomic short wanted;            /* POLLIN or POLLOUT, by the last call
	                                  * that could not go on */
	int failed_errno;                /* a system call failed: for ever */

	/* The last failure's, one of the three below.  What is final is made
	 * once: another thread may be reading it. */
	const tlshost_error *error;
	tlshost_error *io_error, *buffer_error;
	tlshost_error *passing;          /* TIMEOUT and the like */

	/* What unwrap came upon instead of the peer's close_notify. */
	int has_byte;
	uint8_t byte;

	/* While there is a cork: what is to become the next record. */
	int corked;
	uint8_t *gathered;               /* JOIN bytes, from the first cork on */
	size_t gathered_at, gathered_len;
};

/* ------------------------------------------------------------------------
 * Time
 */

/* When a call gives up.  The clock is first asked when there is something to
 * wait for, which most calls have not. */
typedef struct deadline {
	int timeout;             /* milliseconds; negative: never */
	int64_t at;              /* 0: not asked yet */
} deadline;

static int64_t
now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static deadline
deadline_in(int timeout)
{
	return (deadline){ .timeout = timeout };
}

/* Milliseconds that are left; -1: for ever. */
static int64_t
time_left(deadline *until)
{
	int64_t now;

	if (until->timeout < 0)
		return -1;
	now = now_ms();
	if (until->at == 0)
		until->at = now + until->timeout;
	return until->at > now ? until->at - now : 0;
}

/* Waits for events.  OK, TIMEOUT or IO with errno. */
static tlshost_status
wait_for(int fd, short events, deadline *until)
{
	struct pollfd poll_fd = { .fd = fd, .events = events };

	for (;;) {
		int64_t left = time_left(until);
		int result;

		if (left == 0)
			return TLSHOST_TIMEOUT;
		result = poll(&poll_fd, 1, left > 3600000 ? 3600000 :
		    (int)left);
		if (result > 0)
			return TLSHOST_OK;
		if (result < 0 && errno != EINTR)
			return TLSHOST_IO;
	}
}

/* ------------------------------------------------------------------------
 * Errors
 */

/* All with the lock. */

static void
set_passing(tlshost_socket *s, tlshost_error *error)
{
	tlshost_error_free(s->passing);
	s->error = s->passing = error;
}

static tlshost_status
fail_io(tlshost_socket *s, int errno_value, const char *what)
{
	if (s->failed_errno == 0) {
		s->failed_errno = errno_value;
		(void)tlshost__fail_errno(&s->io_error, TLSHOST_IO,
		    TLSHOST_PHASE_NONE, errno_value, "%s", what);
	}
	s->error = s->io_error;
	return TLSHOST_IO;
}

static tlshost_status
fail_status(tlshost_socket *s, tlshost_status status, const char *text)
{
	tlshost_error *error = NULL;

	(void)tlshost__fail(&error, status, TLSHOST_PHASE_NONE, NULL, "%s",
	    text);
	set_passing(s, error);
	return status;
}

/* Keeps the buffer's error as the socket's. */
static void
keep_error(tlshost_socket *s, tlshost_status status)
{
	const tlshost_error *error = tlshost_buffer_error(s->buffer);
	int final = tlshost__buffer_final(s->buffer) == status;
	tlshost_error *copy;

	if (status == TLSHOST_OK || status == TLSHOST_WANT_READ ||
	    status == TLSHOST_WANT_WRITE)
		return;
	if (final && s->buffer_error != NULL)
		s->error = s->buffer_error;
	else if ((copy = tlshost__error_copy(error)) == NULL)
		return;
	else if (final)
		s->error = s->buffer_error = copy;
	else
		set_passing(s, copy);
}

/* What every further call answers, or OK. */
static tlshost_status
final_status(tlshost_socket *s)
{
	tlshost_status st = tlshost__buffer_final(s->buffer);

	if (st == TLSHOST_OK && s->failed_errno != 0)
		return fail_io(s, s->failed_errno, "");
	keep_error(s, st);
	return st;
}

/* ------------------------------------------------------------------------
 * Moving bytes
 */

/* A getter of the buffer, while another thread may be in it. */
static size_t
locked(const tlshost_socket *s, size_t (*get)(const tlshost_buffer *buffer))
{
	pthread_mutex_t *lock = (pthread_mutex_t *)(uintptr_t)&s->lock;
	size_t len;

	pthread_mutex_lock(lock);
	len = get(s->buffer);
	pthread_mutex_unlock(lock);
	return len;
}

/*
 * Sends what is queued.  OK: all of it; WANT_WRITE: the network takes no more
 * now; IO.  With the lock, which it gives back for as long as it sends.  The one
 * for sending is only tried: whoever holds it sends what others queued too.  The
 * pieces stay where they are while they are sent: nobody else consumes.
 */
static tlshost_status
flush_locked(tlshost_socket *s)
{
	struct iovec iov[PIECES];
	struct msghdr message = { .msg_iov = iov };
	ssize_t n;
	int code;

	while (tlshost_buffer_outgoing_len(s->buffer) != 0) {
		if (s->failed_errno != 0)
			return TLSHOST_IO;
		pthread_mutex_unlock(&s->lock);
		if (pthread_mutex_trylock(&s->sending) != 0) {
			pthread_mutex_lock(&s->lock);
			return TLSHOST_WANT_WRITE;
		}
		pthread_mutex_lock(&s->lock);
		message.msg_iovlen = tlshost_buffer_peek_outgoing_iov(
		    s->buffer, iov, PIECES);
		pthread_mutex_unlock(&s->lock);
		do
			n = message.msg_iovlen == 0 ? 0 : sendmsg(s->fd,
			    &message, MSG_NOSIGNAL | MSG_DONTWAIT);
		while (n < 0 && errno == EINTR);
		code = errno;
		pthread_mutex_lock(&s->lock);
		pthread_mutex_unlock(&s->sending);
		if (n < 0)
			return code == EAGAIN || code == EWOULDBLOCK ?
			    TLSHOST_WANT_WRITE : fail_io(s, code, "send");
		(void)tlshost_buffer_consume_outgoing(s->buffer, (size_t)n);
	}
	return TLSHOST_OK;
}

/* Waits for events, without the lock.  OK, TIMEOUT or IO. */
static tlshost_status
wait_locked(tlshost_socket *s, short events, deadline *until,
    const char *text)
{
	tlshost_status st;
	int code;

	pthread_mutex_unlock(&s->lock);
	st = wait_for(s->fd, events, until);
	code = errno;
	pthread_mutex_lock(&s->lock);
	if (st == TLSHOST_IO)
		return fail_io(s, code, "poll");
	return st == TLSHOST_OK ? st : fail_status(s, st, text);
}

static tlshost_status
flush_until(tlshost_socket *s, deadline *until, int blocking)
{
	tlshost_status st;

	pthread_mutex_lock(&s->lock);
	while ((st = flush_locked(s)) == TLSHOST_WANT_WRITE && blocking)
		if ((st = wait_locked(s, POLLOUT, until,
		    "timed out while sending")) != TLSHOST_OK)
			break;
	pthread_mutex_unlock(&s->lock);
	return st;
}

/* One recv, straight into the queue.  OK: something came, or the end;
 * WANT_READ; INVALID_STATE: no room; IO.  *drained: that was all there was.  With
 * the lock, which it gives back for as long as it receives. */
static tlshost_status
receive_locked(tlshost_socket *s, int *drained)
{
	tlshost_status st;
	uint8_t *room;
	size_t len;
	ssize_t n;
	int code;

	st = s->eof ? TLSHOST_INVALID_STATE : tlshost_buffer_reserve_incoming(
	    s->buffer, 1, &room, &len);
	if (st != TLSHOST_OK)
		return st;
	if (len > RECEIVE)
		len = RECEIVE;
	pthread_mutex_unlock(&s->lock);
	do
		n = recv(s->fd, room, len, MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	code = errno;
	pthread_mutex_lock(&s->lock);
	(void)tlshost_buffer_commit_incoming(s->buffer, n > 0 ? (size_t)n : 0);
	*drained = n > 0 && (size_t)n < len;
	/* A reset is an end without close_notify, and is told as that unless
	 * the peer had closed before. */
	if (n == 0 || (n < 0 && code == ECONNRESET)) {
		n = 0;
		s->eof = 1;
		(void)tlshost_buffer_network_eof(s->buffer);
	}
	if (n >= 0)
		return TLSHOST_OK;
	if (code == EAGAIN || code == EWOULDBLOCK)
		return TLSHOST_WANT_READ;
	return fail_io(s, code, "recv");
}

/* What a call wants of the buffer; with the lock. */
typedef tlshost_status (*step)(tlshost_socket *s, void *arguments);

/* What a cork gathered goes to the buffer: OK, all of it.  With the lock. */
static tlshost_status
drain(tlshost_socket *s)
{
	tlshost_status st;
	size_t n;

	while (s->gathered_at < s->gathered_len) {
		if (tlshost_buffer_outgoing_len(s->buffer) >= QUEUED_MAX)
			return TLSHOST_WANT_WRITE;
		n = 0;
		if ((st = tlshost_buffer_write(s->buffer, s->gathered +
		    s->gathered_at, s->gathered_len - s->gathered_at, &n)) !=
		    TLSHOST_OK)
			return st;
		s->gathered_at += n;
	}
	s->gathered_at = s->gathered_len = 0;
	return TLSHOST_OK;
}

/* After a call could not go on: waits for what it wants, or answers it. */
static tlshost_status
wait_until(tlshost_socket *s, tlshost_status wanted, deadline *until)
{
	short events = wanted == TLSHOST_WANT_READ ? POLLIN : 0;

	if (tlshost_buffer_outgoing_len(s->buffer) != 0)
		events |= POLLOUT;
	/* Another thread has sent what was in the way. */
	if (events == 0)
		return TLSHOST_OK;
	if (s->timeout == 0) {
		s->wanted = wanted == TLSHOST_WANT_READ ? POLLIN : POLLOUT;
		return wanted;
	}
	return wait_locked(s, events, until, "timed out");
}

/* OK, or what every call answers. */
static tlshost_status
guard(tlshost_socket *s)
{
	tlshost_status st;

	if (s == NULL)
		return TLSHOST_INVALID_ARGUMENT;
	if (s->fd < 0)
		return TLSHOST_INVALID_STATE;
	pthread_mutex_lock(&s->lock);
	st = final_status(s);
	pthread_mutex_unlock(&s->lock);
	return st;
}

/*
 * The one loop.  The buffer is asked; what it queued is sent, also after a
 * failure, for that may be the alert; what it wants is fetched.
 */
static tlshost_status
run_locked(tlshost_socket *s, step one, void *arguments, deadline *until)
{
	tlshost_status st, io;
	int drained = 0;
	size_t queued;

	for (;;) {
		st = one(s, arguments);
		keep_error(s, st);
		/* Nobody waits for the answer to what a cork holds back. */
		if (st == TLSHOST_WANT_READ)
			(void)drain(s);
		if (st == TLSHOST_OK && s->corked)
			return st;
		queued = tlshost_buffer_outgoing_len(s->buffer);
		io = flush_locked(s);
		if (st != TLSHOST_WANT_READ && st != TLSHOST_WANT_WRITE) {
			/* What could not be sent is not why it failed. */
			if (io == TLSHOST_IO)
				keep_error(s, st);
			return st;
		}
		/* The peer may have told why before it hung up. */
		if (io == TLSHOST_IO && st != TLSHOST_WANT_READ)
			return io;
		if (st == TLSHOST_WANT_READ) {
			/* What was received just now left nothing behind, and
			 * the answer to what was sent since cannot be here. */
			io = queued != 0 && drained && s->failed_errno == 0 ?
			    TLSHOST_WANT_READ : receive_locked(s, &drained);
			if (io == TLSHOST_OK)
				continue;
			if (io != TLSHOST_WANT_READ)
				return io;
			if (s->failed_errno != 0)
				return final_status(s);
		} else if (io == TLSHOST_OK) {
			continue;
		}
		if ((st = wait_until(s, st, until)) != TLSHOST_OK)
			return st;
		drained = 0;
	}
}

static tlshost_status
run(tlshost_socket *s, step one, void *arguments, deadline *until)
{
	tlshost_status st;

	if (s == NULL)
		return TLSHOST_INVALID_ARGUMENT;
	if (s->fd < 0)
		return TLSHOST_INVALID_STATE;
	pthread_mutex_lock(&s->lock);
	st = s->failed_errno == 0 ? run_locked(s, one, arguments, until) :
	    final_status(s);
	/* Whoever waited to write waits no more; a reader does not come here. */
	if (st == TLSHOST_OK && s->wanted == POLLOUT)
		s->wanted = 0;
	pthread_mutex_unlock(&s->lock);
	return st;
}

/* ------------------------------------------------------------------------
 * Making and freeing
 */

static tlshost_status
bad_argument(tlshost_error **ret_error, const char *text)
{
	return tlshost__fail(ret_error, TLSHOST_INVALID_ARGUMENT,
	    TLSHOST_PHASE_CONNECT, NULL, "%s", text);
}

static tlshost_status
check_stream(int fd, tlshost_error **ret_error)
{
	socklen_t len = sizeof(int);
	int type;

	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) != 0)
		return tlshost__fail_errno(ret_error,
		    errno == ENOTSOCK || errno == EBADF ?
		    TLSHOST_INVALID_ARGUMENT : TLSHOST_IO,
		    TLSHOST_PHASE_CONNECT, errno, "descriptor %d", fd);
	if (type != SOCK_STREAM)
		return bad_argument(ret_error, "not a stream socket");
	return TLSHOST_OK;
}

/* Takes over the buffer, and on success the descriptor. */
static tlshost_status
wrap(tlshost_buffer *buffer, int fd, tlshost_socket **ret_socket,
    tlshost_error **ret_error)
{
	tlshost_socket *s;
	int flags, one = 1;

	if ((s = calloc(1, sizeof(*s))) == NULL) {
		tlshost_buffer_free(buffer);
		return tlshost__fail_memory(ret_error);
	}
	if ((flags = fcntl(fd, F_GETFL)) < 0 ||
	    fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 ||
	    pthread_mutex_init(&s->lock, NULL) != 0) {
		free(s);
		tlshost_buffer_free(buffer);
		return tlshost__fail_errno(ret_error, TLSHOST_IO,
		    TLSHOST_PHASE_CONNECT, errno, "descriptor %d", fd);
	}
	(void)pthread_mutex_init(&s->sending, NULL);
	/* A flight is one send already: waiting for more only costs time.  Not
	 * every stream socket is TCP. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	s->buffer = buffer;
	s->fd = fd;
	s->was_nonblocking = (flags & O_NONBLOCK) != 0;
	s->timeout = -1;
	*ret_socket = s;
	return TLSHOST_OK;
}

tlshost_status
tlshost_client_context_wrap_socket(tlshost_client_context *context, int fd,
    const char *server_hostname, tlshost_socket **ret_socket,
    tlshost_error **ret_error)
{
	tlshost_buffer *buffer;
	tlshost_status st;

	if (ret_socket == NULL)
		return bad_argument(ret_error, "ret_socket is NULL");
	if ((st = check_stream(fd, ret_error)) != TLSHOST_OK ||
	    (st = tlshost_client_context_wrap_buffers(context,
	    server_hostname, &buffer, ret_error)) != TLSHOST_OK)
		return st;
	return wrap(buffer, fd, ret_socket, ret_error);
}

tlshost_status
tlshost_server_context_wrap_socket(tlshost_server_context *context, int fd,
    tlshost_socket **ret_socket, tlshost_error **ret_error)
{
	tlshost_buffer *buffer;
	tlshost_status st;

	if (ret_socket == NULL)
		return bad_argument(ret_error, "ret_socket is NULL");
	if ((st = check_stream(fd, ret_error)) != TLSHOST_OK ||
	    (st = tlshost_server_context_wrap_buffers(context, &buffer,
	    ret_error)) != TLSHOST_OK)
		return st;
	return wrap(buffer, fd, ret_socket, ret_error);
}

void
tlshost_socket_free(tlshost_socket *s)
{
	if (s == NULL)
		return;
	if (s->fd >= 0)
		close(s->fd);
	tlshost_buffer_free(s->buffer);
	tlshost_error_free(s->io_error);
	tlshost_error_free(s->buffer_error);
	tlshost_error_free(s->passing);
	if (s->gathered != NULL)
		tlshost__wipe(s->gathered, JOIN);
	free(s->gathered);
	pthread_mutex_destroy(&s->lock);
	pthread_mutex_destroy(&s->sending);
	free(s);
}

/* A descriptor, or -1 with errno. */
static int
connect_address(const struct addrinfo *address, deadline *until)
{
	socklen_t len = sizeof(int);
	int fd, code = 0;

	fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC |
	    SOCK_NONBLOCK, address->ai_protocol);
	if (fd < 0)
		return -1;
	if (connect(fd, address->ai_addr, address->ai_addrlen) != 0) {
		code = errno;
		if (code == EINPROGRESS || code == EINTR) {
			tlshost_status st = wait_for(fd, POLLOUT, until);

			code = st == TLSHOST_TIMEOUT ? ETIMEDOUT : errno;
			if (st == TLSHOST_OK && getsockopt(fd, SOL_SOCKET,
			    SO_ERROR, &code, &len) != 0)
				code = errno;
		}
	}
	if (code == 0)
		return fd;
	close(fd);
	errno = code;
	return -1;
}

/* A number that is none: the resolver takes its last 16 bits. */
static int
port_is_wrong(const char *port)
{
	char *end;
	long number = strtol(port, &end, 10);

	return *end == '\0' && (number < 1 || number > 65535);
}

static tlshost_status
connect_host(const char *host, const char *port, deadline *until, int *ret_fd,
    tlshost_error **ret_error)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *addresses;
	char bare[256];
	size_t len = strlen(host);
	int code, fd = -1, left = 0;

	if (port_is_wrong(port))
		return tlshost__fail(ret_error, TLSHOST_INVALID_ARGUMENT,
		    TLSHOST_PHASE_CONNECT, NULL,
		    "port \"%s\" is not 1 to 65535", port);
	/* Brackets are of URIs; the resolver wants none. */
	if (len > 2 && len < sizeof(bare) && host[0] == '[' &&
	    host[len - 1] == ']') {
		memcpy(bare, host + 1, len - 2);
		bare[len - 2] = '\0';
		host = bare;
	}
	hints.ai_flags = AI_IDN;
	if ((code = getaddrinfo(host, port, &hints, &addresses)) != 0)
		return code == EAI_MEMORY ? tlshost__fail_memory(ret_error) :
		    tlshost__fail(ret_error, TLSHOST_RESOLVE,
		    TLSHOST_PHASE_CONNECT, NULL, "%s, port %s: %s", host, port,
		    gai_strerror(code));
	for (const struct addrinfo *a = addresses; a != NULL; a = a->ai_next)
		left++;
	/* One that says nothing leaves the others their time. */
	for (const struct addrinfo *a = addresses; a != NULL && fd < 0;
	    a = a->ai_next, left--) {
		deadline part = deadline_in(until->timeout < 0 ? -1 :
		    (int)(time_left(until) / left));

		fd = connect_address(a, &part);
	}
	code = errno;
	freeaddrinfo(addresses);
	if (fd < 0)
		return tlshost__fail_errno(ret_error, code == ETIMEDOUT ?
		    TLSHOST_TIMEOUT : TLSHOST_IO, TLSHOST_PHASE_CONNECT, code,
		    "%s, port %s", host, port);
	*ret_fd = fd;
	return TLSHOST_OK;
}

/* A socket of our own making, which owns its descriptor from the start. */
static tlshost_status
own(tlshost_status st, int fd, int timeout, tlshost_socket **ret_socket)
{
	if (st != TLSHOST_OK) {
		close(fd);
		return st;
	}
	/* We opened it: given back, it is to be an ordinary one. */
	(*ret_socket)->was_nonblocking = 0;
	(*ret_socket)->timeout = timeout;
	return TLSHOST_OK;
}

tlshost_status
tlshost_socket_connect(tlshost_client_context *context, const char *host,
    const char *port, int timeout, tlshost_socket **ret_socket,
    tlshost_error **ret_error)
{
	deadline until = deadline_in(timeout);
	tlshost_status st;
	int fd;

	if (context == NULL || host == NULL || port == NULL || timeout == 0 ||
	    timeout < -1 || ret_socket == NULL)
		return bad_argument(ret_error, "context, host, port or "
		    "ret_socket is NULL, or timeout is 0 or less than -1");
	/* The resolver's time counts, too. */
	(void)time_left(&until);
	if ((st = connect_host(host, port, &until, &fd,
	    ret_error)) != TLSHOST_OK)
		return st;
	return own(tlshost_client_context_wrap_socket(context, fd, host,
	    ret_socket, ret_error), fd, timeout, ret_socket);
}

tlshost_status
tlshost_socket_accept(tlshost_server_context *context, int listen_fd,
    int timeout, tlshost_socket **ret_socket, tlshost_error **ret_error)
{
	deadline until = deadline_in(timeout);
	tlshost_status st;
	int fd;

	if (context == NULL || listen_fd < 0 || timeout < -1 ||
	    ret_socket == NULL)
		return bad_argument(ret_error, "context or ret_socket is NULL, "
		    "or listen_fd or timeout is less than it may be");
	for (;;) {
		struct pollfd ready = { .fd = listen_fd, .events = POLLIN };

		/* Polled first: the listening socket may block. */
		st = timeout == 0 ? (poll(&ready, 1, 0) > 0 ? TLSHOST_OK :
		    TLSHOST_WANT_READ) : wait_for(listen_fd, POLLIN, &until);
		if (st == TLSHOST_WANT_READ)
			return st;
		if (st == TLSHOST_TIMEOUT)
			return tlshost__fail(ret_error, st,
			    TLSHOST_PHASE_CONNECT, NULL, "nobody connected");
		if (st == TLSHOST_OK && (fd = accept4(listen_fd, NULL, NULL,
		    SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0)
			break;
		if (errno != EINTR && errno != ECONNABORTED &&
		    errno != EAGAIN)
			return tlshost__fail_errno(ret_error, TLSHOST_IO,
			    TLSHOST_PHASE_CONNECT, errno, "accept");
	}
	return own(tlshost_server_context_wrap_socket(context, fd, ret_socket,
	    ret_error), fd, timeout, ret_socket);
}

/* ------------------------------------------------------------------------
 * Using one
 */

tlshost_status
tlshost_socket_set_timeout(tlshost_socket *s, int timeout)
{
	if (s == NULL || timeout < -1)
		return TLSHOST_INVALID_ARGUMENT;
	s->timeout = timeout;
	return TLSHOST_OK;
}

static tlshost_status
step_handshake(tlshost_socket *s, void *unused)
{
	(void)unused;
	return tlshost_buffer_do_handshake(s->buffer);
}

tlshost_status
tlshost_socket_do_handshake(tlshost_socket *s)
{
	deadline until = deadline_in(s != NULL ? s->timeout : 0);
	tlshost_status st = run(s, step_handshake, NULL, &until);

	/* The last flight must be on its way before anybody waits for it. */
	return st == TLSHOST_OK ? flush_until(s, &until, s->timeout != 0) : st;
}

typedef struct reading {
	void *dst;
	size_t cap, len;
} reading;

static tlshost_status
step_read(tlshost_socket *s, void *arguments)
{
	reading *r = arguments;

	if (s->has_byte) {
		*(uint8_t *)r->dst = s->byte;
		r->len = 1;
		s->has_byte = 0;
		return TLSHOST_OK;
	}
	return tlshost_buffer_read(s->buffer, r->dst, r->cap, &r->len);
}

tlshost_status
tlshost_socket_recv(tlshost_socket *s, void *dst, size_t cap, size_t *ret_len)
{
	reading r = { .dst = dst, .cap = cap };
	deadline until;
	tlshost_status st;

	if (s == NULL || dst == NULL || cap == 0 || ret_len == NULL)
		return TLSHOST_INVALID_ARGUMENT;
	if (s->fd < 0)
		return TLSHOST_INVALID_STATE;
	until = deadline_in(s->timeout);
	pthread_mutex_lock(&s->lock);
	/* Also if nothing can be sent: what came before, or how it ended, is
	 * still to be had. */
	st = run_locked(s, step_read, &r, &until);
	pthread_mutex_unlock(&s->lock);
	if (st == TLSHOST_OK)
		*ret_len = r.len;
	return st;
}

typedef struct writing {
	const uint8_t *src;
	size_t len, done;
} writing;

/* What it does not take is queued, for flush_locked().  The system tells a
 * socket's error once: it is kept. */
static size_t
send_now(void *userdata, const uint8_t *src, size_t len)
{
	tlshost_socket *s = userdata;
	ssize_t n = send(s->fd, src, len, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (n >= 0)
		return (size_t)n;
	if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
		(void)fail_io(s, errno, "send");
	return 0;
}

/*
 * One record leaves from the library's own memory, with no queue between: it is
 * the one place where a system call, which does not wait, is made with the lock.
 */
static tlshost_status
write_record(tlshost_socket *s, const uint8_t *src, size_t len, size_t *ret_len)
{
	tlshost_status st;

	if (pthread_mutex_trylock(&s->sending) != 0)
		return tlshost_buffer_write(s->buffer, src, len, ret_len);
	st = tlshost__buffer_write_now(s->buffer, src, len, ret_len, send_now,
	    s);
	pthread_mutex_unlock(&s->sending);
	return st;
}

static tlshost_status
step_write(tlshost_socket *s, void *arguments)
{
	writing *w = arguments;
	size_t n = 0, len = w->len - w->done;
	tlshost_status st;

	if ((st = drain(s)) != TLSHOST_OK)
		return st;
	if (tlshost_buffer_outgoing_len(s->buffer) >= QUEUED_MAX)
		return TLSHOST_WANT_WRITE;
	if (w->len <= JOIN && tlshost_buffer_outgoing_len(s->buffer) == 0)
		st = write_record(s, w->src + w->done, len, &n);
	else
		st = tlshost_buffer_write(s->buffer, w->src + w->done,
		    len < QUEUED_MAX ? len : QUEUED_MAX, &n);
	if (st != TLSHOST_OK)
		return st;
	w->done += n;
	return w->done < w->len ? TLSHOST_WANT_WRITE : TLSHOST_OK;
}

/*
 * Sends what a step took; *done of total.  What was taken is on its way,
 * whatever came after it.
 */
static tlshost_status
send_by(tlshost_socket *s, step one, void *arguments, const size_t *done,
    size_t total)
{
	deadline until = deadline_in(s->timeout);
	tlshost_status st = run(s, one, arguments, &until);

	if (st == TLSHOST_OK && !s->corked)
		st = s->timeout != 0 ? flush_until(s, &until, 1) : guard(s);
	if (*done != 0 && *done < total && s->timeout == 0 &&
	    st == TLSHOST_WANT_WRITE)
		return TLSHOST_OK;
	return st;
}

static int
iov_valid(const struct iovec *iov, size_t count, size_t *ret_total)
{
	size_t total = 0;

	if (iov == NULL || count == 0 || count > IOV_MAX_COUNT)
		return 0;
	for (size_t i = 0; i < count; i++) {
		if ((iov[i].iov_base == NULL && iov[i].iov_len != 0) ||
		    iov[i].iov_len > SIZE_MAX - total)
			return 0;
		total += iov[i].iov_len;
	}
	*ret_total = total;
	return 1;
}

tlshost_status
tlshost_socket_readv(tlshost_socket *s, const struct iovec *iov, size_t count,
    size_t *ret_len)
{
	size_t total, done = 0, n;
	tlshost_status st = TLSHOST_OK;

	if (s == NULL || ret_len == NULL || !iov_valid(iov, count, &total) ||
	    total == 0)
		return TLSHOST_INVALID_ARGUMENT;
	for (size_t i = 0; i < count; i++) {
		if (iov[i].iov_len == 0)
			continue;
		/* Only the first may wait; the others take what is there. */
		if (done != 0 && locked(s, tlshost_buffer_pending) == 0)
			break;
		if ((st = tlshost_socket_recv(s, iov[i].iov_base,
		    iov[i].iov_len, &n)) != TLSHOST_OK)
			break;
		done += n;
		if (n < iov[i].iov_len)
			break;
	}
	if (st != TLSHOST_OK && done == 0)
		return st;
	*ret_len = done;
	return TLSHOST_OK;
}

/* The pieces, joined into full records. */
typedef struct joining {
	const struct iovec *iov;
	size_t count, at, offset;        /* what comes next */
	size_t done;
} joining;

static size_t
join(const joining *j, uint8_t *dst, size_t cap)
{
	size_t at = j->at, offset = j->offset, len = 0;

	while (at < j->count && len < cap) {
		size_t n = j->iov[at].iov_len - offset;

		if (n > cap - len)
			n = cap - len;
		if (n != 0)
			memcpy(dst + len, (const uint8_t *)
			    j->iov[at].iov_base + offset, n);
		len += n;
		offset += n;
		if (offset == j->iov[at].iov_len) {
			at++;
			offset = 0;
		}
	}
	return len;
}

static void
advance(joining *j, size_t len)
{
	j->done += len;
	while (len != 0 || (j->at < j->count &&
	    j->offset == j->iov[j->at].iov_len)) {
		size_t n = j->iov[j->at].iov_len - j->offset;

		if (n > len) {
			j->offset += len;
			return;
		}
		len -= n;
		j->at++;
		j->offset = 0;
	}
}

static tlshost_status
step_writev(tlshost_socket *s, void *arguments)
{
	joining *j = arguments;
	uint8_t record[JOIN];
	tlshost_status st;
	size_t len, n;

	if ((st = drain(s)) != TLSHOST_OK)
		return st;
	while ((len = join(j, record, sizeof(record))) != 0) {
		if (tlshost_buffer_outgoing_len(s->buffer) >= QUEUED_MAX)
			return TLSHOST_WANT_WRITE;
		n = 0;
		if ((st = tlshost_buffer_write(s->buffer, record, len, &n)) !=
		    TLSHOST_OK)
			return st;
		advance(j, n);
	}
	return TLSHOST_OK;
}

/* Into the next record; those that are full go to the buffer. */
static tlshost_status
step_gather(tlshost_socket *s, void *arguments)
{
	joining *j = arguments;
	tlshost_status st;
	size_t n;

	/* Nothing is taken that could not be written. */
	if ((st = tlshost_buffer_write(s->buffer, "", 0, &n)) != TLSHOST_OK)
		return st;
	for (;;) {
		n = join(j, s->gathered + s->gathered_len,
		    JOIN - s->gathered_len);
		s->gathered_len += n;
		advance(j, n);
		if (s->gathered_len < JOIN)
			return TLSHOST_OK;
		st = drain(s);
		if (st == TLSHOST_WANT_WRITE && j->at == j->count)
			return TLSHOST_OK;
		if (st != TLSHOST_OK)
			return st;
	}
}

tlshost_status
tlshost_socket_writev(tlshost_socket *s, const struct iovec *iov, size_t count,
    size_t *ret_len)
{
	joining j = { .iov = iov, .count = count };
	tlshost_status st;
	size_t total;

	if (s == NULL || ret_len == NULL || !iov_valid(iov, count, &total))
		return TLSHOST_INVALID_ARGUMENT;
	st = send_by(s, s->corked ? step_gather : step_writev, &j, &j.done,
	    total);
	*ret_len = j.done;
	return st;
}

tlshost_status
tlshost_socket_send(tlshost_socket *s, const void *src, size_t len,
    size_t *ret_len)
{
	const struct iovec one = { (void *)(uintptr_t)src, len };
	writing w = { .src = src, .len = len };
	tlshost_status st;

	if (s == NULL || (src == NULL && len != 0) || ret_len == NULL)
		return TLSHOST_INVALID_ARGUMENT;
	if (s->corked)
		return tlshost_socket_writev(s, &one, 1, ret_len);
	st = send_by(s, step_write, &w, &w.done, len);
	*ret_len = w.done;
	return st;
}

static tlshost_status
step_drain(tlshost_socket *s, void *unused)
{
	(void)unused;
	return drain(s);
}

tlshost_status
tlshost_socket_flush(tlshost_socket *s)
{
	deadline until = deadline_in(s != NULL ? s->timeout : 0);
	tlshost_status st = run(s, step_drain, NULL, &until);

	return st == TLSHOST_OK ? flush_until(s, &until, s->timeout != 0) : st;
}

tlshost_status
tlshost_socket_cork(tlshost_socket *s)
{
	tlshost_status st = guard(s);

	if (st != TLSHOST_OK)
		return st;
	pthread_mutex_lock(&s->lock);
	if (s->gathered == NULL && (s->gathered = malloc(JOIN)) == NULL)
		st = fail_status(s, TLSHOST_NO_MEMORY, "out of memory");
	else
		s->corked = 1;
	pthread_mutex_unlock(&s->lock);
	return st;
}

tlshost_status
tlshost_socket_uncork(tlshost_socket *s)
{
	tlshost_status st = guard(s);

	if (st != TLSHOST_OK)
		return st;
	pthread_mutex_lock(&s->lock);
	s->corked = 0;
	pthread_mutex_unlock(&s->lock);
	return tlshost_socket_flush(s);
}

static tlshost_status
step_shutdown(tlshost_socket *s, void *unused)
{
	tlshost_status st = drain(s);

	(void)unused;
	return st == TLSHOST_OK ? tlshost_buffer_shutdown(s->buffer) : st;
}

static size_t
peer_closed(const tlshost_buffer *buffer)
{
	return (size_t)tlshost_buffer_shutdown_received(buffer);
}

tlshost_status
tlshost_socket_shutdown(tlshost_socket *s)
{
	deadline until = deadline_in(s != NULL ? s->timeout : 0);
	tlshost_status st = run(s, step_shutdown, NULL, &until);

	if (st == TLSHOST_OK)
		st = flush_until(s, &until, s->timeout != 0);
	/* A peer that said good-bye and left need not hear ours. */
	if (st == TLSHOST_IO && locked(s, peer_closed))
		return TLSHOST_OK;
	return st;
}

/* With the lock. */
static tlshost_status
finish_unwrap(tlshost_socket *s, int *ret_fd, void *extra, size_t cap,
    size_t *ret_extra)
{
	size_t len = tlshost_buffer_incoming_len(s->buffer);
	tlshost_status st;
	int flags;

	if (len > cap)
		return fail_status(s, TLSHOST_INVALID_STATE, "there are bytes "
		    "behind the peer's close_notify, and no room for them");
	st = tlshost_buffer_take_incoming(s->buffer, extra, cap, &len);
	if (st != TLSHOST_OK) {
		keep_error(s, st);
		return st;
	}
	if (!s->was_nonblocking && ((flags = fcntl(s->fd, F_GETFL)) < 0 ||
	    fcntl(s->fd, F_SETFL, flags & ~O_NONBLOCK) != 0))
		return fail_io(s, errno, "fcntl");
	if (ret_extra != NULL)
		*ret_extra = len;
	*ret_fd = s->fd;
	s->fd = -1;
	return TLSHOST_OK;
}

tlshost_status
tlshost_socket_unwrap(tlshost_socket *s, int *ret_fd, void *extra,
    size_t extra_cap, size_t *ret_extra)
{
	tlshost_status st;
	uint8_t byte;
	size_t n;

	if (s == NULL || ret_fd == NULL || (extra == NULL) !=
	    (ret_extra == NULL) || (extra == NULL && extra_cap != 0))
		return TLSHOST_INVALID_ARGUMENT;
	if ((st = tlshost_socket_shutdown(s)) != TLSHOST_OK ||
	    (st = tlshost_socket_recv(s, &byte, 1, &n)) != TLSHOST_OK)
		return st;
	pthread_mutex_lock(&s->lock);
	if (n != 0) {
		s->has_byte = 1;
		s->byte = byte;
		st = fail_status(s, TLSHOST_INVALID_STATE,
		    "the peer sent data that was not read");
	} else {
		st = finish_unwrap(s, ret_fd, extra, extra_cap, ret_extra);
	}
	pthread_mutex_unlock(&s->lock);
	return st;
}

int
tlshost_socket_fileno(const tlshost_socket *s)
{
	return s != NULL ? s->fd : -1;
}

short
tlshost_socket_poll_events(const tlshost_socket *s)
{
	short events;

	if (s == NULL)
		return 0;
	events = s->wanted == POLLOUT ? 0 : POLLIN;
	if (locked(s, tlshost_buffer_outgoing_len) != 0)
		events |= POLLOUT;
	/* Another thread has sent what was in the way. */
	return events != 0 ? events : POLLOUT;
}

static size_t
to_be_read(const tlshost_buffer *buffer)
{
	return tlshost_buffer_pending(buffer) +
	    tlshost_buffer_incoming_len(buffer);
}

size_t
tlshost_socket_pending(const tlshost_socket *s)
{
	return s != NULL ? locked(s, to_be_read) + (size_t)s->has_byte : 0;
}

const tlshost_buffer *
tlshost_socket_buffer(const tlshost_socket *s)
{
	return s != NULL ? s->buffer : NULL;
}

const tlshost_error *
tlshost_socket_error(const tlshost_socket *s)
{
	pthread_mutex_t *lock;
	const tlshost_error *error;

	if (s == NULL)
		return NULL;
	lock = (pthread_mutex_t *)(uintptr_t)&s->lock;
	pthread_mutex_lock(lock);
	error = s->error;
	pthread_mutex_unlock(lock);
	return error;
}

/* ------------------------------------------------------------------------
 * The stdio stream
 */

static int
errno_of(tlshost_socket *s, tlshost_status st)
{
	switch (st) {
	case TLSHOST_WANT_READ:
	case TLSHOST_WANT_WRITE:
		return EAGAIN;
	case TLSHOST_TIMEOUT:
		return ETIMEDOUT;
	case TLSHOST_NO_MEMORY:
		return ENOMEM;
	case TLSHOST_INVALID_STATE:
	case TLSHOST_INVALID_ARGUMENT:
		return EINVAL;
	case TLSHOST_IO:
		return s->failed_errno != 0 ? s->failed_errno : EIO;
	default:
		return EPROTO;
	}
}

static ssize_t
stream_read(void *cookie, char *dst, size_t cap)
{
	tlshost_socket *s = cookie;
	tlshost_status st;
	size_t len;

	if (cap == 0)
		return 0;
	if ((st = tlshost_socket_recv(s, dst, cap, &len)) == TLSHOST_OK)
		return (ssize_t)len;
	errno = errno_of(s, st);
	return -1;
}

static ssize_t
stream_write(void *cookie, const char *src, size_t len)
{
	tlshost_socket *s = cookie;
	tlshost_status st;
	size_t done = 0;

	st = tlshost_socket_send(s, src, len, &done);
	if (st == TLSHOST_OK || done != 0)
		return (ssize_t)done;
	errno = errno_of(s, st);
	return 0;       /* fopencookie(3): no error is negative here */
}

static int
stream_close(void *cookie)
{
	tlshost_socket *s = cookie;
	tlshost_status st = tlshost_socket_shutdown(s);
	int code = errno_of(s, st);

	tlshost_socket_free(s);
	if (st == TLSHOST_OK)
		return 0;
	errno = code;
	return -1;
}

tlshost_status
tlshost_socket_stream(tlshost_socket *s, FILE **ret_stream)
{
	const cookie_io_functions_t functions = {
		.read = stream_read,
		.write = stream_write,
		.close = stream_close,
	};
	FILE *stream;

	if (s == NULL || ret_stream == NULL)
		return TLSHOST_INVALID_ARGUMENT;
	if (s->fd < 0 || tlshost_buffer_negotiated_tls_version(s->buffer) ==
	    TLSHOST_VERSION_NONE)
		return TLSHOST_INVALID_STATE;
	if ((stream = fopencookie(s, "r+", functions)) == NULL)
		return TLSHOST_NO_MEMORY;
	*ret_stream = stream;
	return TLSHOST_OK;
}

/* SPDX-License-Identifier: MIT */
/* tlsprobe connect */
#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tlsprobe.h"

/* After the handshake of TLS 1.3 a server may still refuse our certificate. */
#define LATE_ALERT_MS 50

/* The report; what the peer sent has the standard output for itself. */
static FILE *report;

typedef struct probe {
	const options *o;
	json_t *document;
	char host[512], port[32];
	char address[128];
	int fd, in;                      /* in: what is to be sent */
	int error;                       /* the network's errno, if any */
	int64_t until;                   /* microseconds */
	int64_t dns, tcp, tls, library, first_byte;
	tlshost_backend *backend;
	tlshost_buffer *buffer;
	tlshost_status status;
	const char *stage;
	tlshost_verification *own;       /* with --insecure: our own verdict */
} probe;

/* host, host:port, [::1]:port. */
static int
split_target(probe *p, const char *target)
{
	const char *colon = strrchr(target, ':'), *end;
	size_t len = strlen(target);

	if (target[0] == '[') {
		if ((end = strchr(target, ']')) == NULL ||
		    (end[1] != '\0' && end[1] != ':'))
			return 0;
		colon = end[1] == ':' ? end + 1 : NULL;
		len = (size_t)(end - target) - 1;
		target++;
	} else if (colon != NULL && strchr(target, ':') == colon) {
		len = (size_t)(colon - target);
	} else {
		colon = NULL;
	}
	if (len == 0 || len >= sizeof(p->host))
		return 0;
	memcpy(p->host, target, len);
	p->host[len] = '\0';
	snprintf(p->port, sizeof(p->port), "%s", colon != NULL ? colon + 1 :
	    "443");
	return (colon == NULL || strlen(colon + 1) < sizeof(p->port)) &&
	    (is_port(p->port, 1) || isalpha((unsigned char)p->port[0]));
}

static int
left_ms(const probe *p)
{
	int64_t left = (p->until - now_us()) / 1000;

	return left > 0 ? (int)left : 0;
}

/* What can be done now; 0: nothing, in the time there is. */
static short
wait_for(const probe *p, int fd, short events)
{
	struct pollfd ready = { .fd = fd, .events = events };
	int result, left;

	do {
		left = left_ms(p);
		if (left == 0 || interrupted)
			return 0;
		result = poll(&ready, 1, left);
	} while (result < 0 && errno == EINTR);
	return result > 0 ? ready.revents : 0;
}

/* One address of so many that are left, which get the same time each; 0, or
 * errno. */
static int
try_address(probe *p, const struct addrinfo *a)
{
	int64_t until = p->until;
	socklen_t len = sizeof(int);
	int code = 0, one = 1, addresses = 0;

	for (const struct addrinfo *left = a; left != NULL;
	    left = left->ai_next)
		addresses++;

	p->fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC |
	    SOCK_NONBLOCK, a->ai_protocol);
	if (p->fd < 0)
		return errno;
	/* What is sent must not wait until the peer's kernel, which may delay
	 * that, has acknowledged our Finished. */
	(void)setsockopt(p->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	(void)getnameinfo(a->ai_addr, a->ai_addrlen, p->address,
	    sizeof(p->address), NULL, 0, NI_NUMERICHOST);
	if (connect(p->fd, a->ai_addr, a->ai_addrlen) != 0)
		code = errno;
	if (code == EINPROGRESS) {
		p->until -= (until - now_us()) / addresses * (addresses - 1);
		if (!wait_for(p, p->fd, POLLOUT))
			code = interrupted ? EINTR : ETIMEDOUT;
		else if (getsockopt(p->fd, SOL_SOCKET, SO_ERROR, &code,
		    &len) != 0)
			code = errno;
		p->until = until;
	}
	if (code != 0) {
		close(p->fd);
		p->fd = -1;
	}
	return code;
}

/* A resolver has its own idea of how long to wait, and cannot be told: a thread
 * waits for it, which is left behind when the time is up. */
static struct {
	char host[512], port[32];
	struct addrinfo *addresses;
	int code, done[2];
} lookup;

static int
look_up(const char *host, const char *port, int flags,
    struct addrinfo **ret_addresses)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
	    .ai_flags = flags };

	return getaddrinfo(host, port, &hints, ret_addresses);
}

static void *
wait_for_resolver(void *unused)
{
	(void)unused;
	lookup.code = look_up(lookup.host, lookup.port, AI_IDN,
	    &lookup.addresses);
	(void)!write(lookup.done[1], "", 1);
	return NULL;
}

/* As getaddrinfo; EAI_INPROGRESS: not in time. */
static int
resolve(const probe *p, struct addrinfo **ret_addresses)
{
	sigset_t all, before;
	pthread_t thread;
	int code;

	if (look_up(p->host, p->port, AI_NUMERICHOST, ret_addresses) == 0)
		return 0;
	snprintf(lookup.host, sizeof(lookup.host), "%s", p->host);
	snprintf(lookup.port, sizeof(lookup.port), "%s", p->port);
	if (pipe2(lookup.done, O_CLOEXEC) != 0)
		return EAI_SYSTEM;
	/* Signals are for the one that can end its waiting. */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	code = pthread_create(&thread, NULL, wait_for_resolver, NULL);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (code != 0)
		return EAI_MEMORY;
	if (!wait_for(p, lookup.done[0], POLLIN)) {
		(void)pthread_detach(thread);
		return EAI_INPROGRESS;
	}
	(void)pthread_join(thread, NULL);
	close(lookup.done[0]);
	close(lookup.done[1]);
	*ret_addresses = lookup.addresses;
	return lookup.code;
}

static const char *
resolver_text(int code)
{
	switch (code) {
	case EAI_SERVICE:
		return "no number or service";
	case EAI_INPROGRESS:
		return interrupted ? "interrupted" :
		    "the resolver does not answer in time";
	case EAI_SYSTEM:
		return strerror(errno);
	default:
		return gai_strerror(code);
	}
}

static int
open_connection(probe *p)
{
	struct addrinfo *addresses;
	int64_t begin = now_us();
	char tried[1024] = "";
	int code;

	code = resolve(p, &addresses);
	p->dns = now_us() - begin;
	if (code != 0) {
		complain(p->document, "%s, port %s: %s", p->host, p->port,
		    resolver_text(code));
		return code == EAI_SERVICE ? EXIT_USAGE : EXIT_NO_CONNECTION;
	}
	begin = now_us();
	for (const struct addrinfo *a = addresses; a != NULL && !interrupted;
	    a = a->ai_next) {
		size_t len = strlen(tried);

		if ((code = try_address(p, a)) == 0)
			break;
		snprintf(tried + len, sizeof(tried) - len, "%s%s: %s",
		    len != 0 ? "; " : "", p->address, strerror(code));
	}
	freeaddrinfo(addresses);
	p->tcp = now_us() - begin;
	if (p->fd >= 0)
		return 0;
	if (interrupted) {
		complain(p->document, "%s port %s: interrupted", p->host,
		    p->port);
		return EXIT_INTERRUPTED;
	}
	complain(p->document, "%s port %s: %s", p->host, p->port, tried);
	return EXIT_NO_CONNECTION;
}

/* ------------------------------------------------------------------------
 * Driving the buffer, with every call into the library timed
 */

/* What goes without waiting; 0, or -1: the network does not take it. */
static int
send_some(probe *p)
{
	const uint8_t *data;
	size_t len;

	while ((len = tlshost_buffer_peek_outgoing(p->buffer, &data)) != 0) {
		ssize_t n = send(p->fd, data, len, MSG_NOSIGNAL);

		if (n > 0)
			tlshost_buffer_consume_outgoing(p->buffer, (size_t)n);
		else if (errno == EAGAIN)
			return 0;
		else if (errno != EINTR) {
			p->error = errno == EPIPE ? ECONNRESET : errno;
			return -1;
		}
	}
	return 0;
}

/* All of it. */
static int
send_all(probe *p)
{
	do
		if (send_some(p) != 0)
			return -1;
	while (tlshost_buffer_outgoing_len(p->buffer) != 0 &&
	    wait_for(p, p->fd, POLLOUT));
	return tlshost_buffer_outgoing_len(p->buffer) == 0 ? 0 : -1;
}

/* Fetches bytes; 0, or -1: none came in time. */
static int
receive(probe *p)
{
	char data[65536];
	size_t taken;
	ssize_t n;

	do {
		if (!wait_for(p, p->fd, POLLIN))
			return -1;
		n = recv(p->fd, data, sizeof(data), 0);
	} while (n < 0 && (errno == EINTR || errno == EAGAIN));
	if (n < 0 && p->error == 0)
		p->error = errno;
	if (n <= 0)
		return tlshost_buffer_network_eof(p->buffer) == TLSHOST_OK ?
		    0 : -1;
	if (tlshost_buffer_receive_from_network(p->buffer, data, (size_t)n,
	    &taken) != TLSHOST_OK || taken != (size_t)n)
		return -1;
	return 0;
}

/* Why nothing more came. */
static tlshost_status
out_of_time(void)
{
	return interrupted ? TLSHOST_WANT_READ : TLSHOST_TIMEOUT;
}

static tlshost_status
do_handshake(probe *p)
{
	int64_t begin = now_us(), inside;
	tlshost_status st;

	for (;;) {
		inside = now_us();
		st = tlshost_buffer_do_handshake(p->buffer);
		p->library += now_us() - inside;
		if (send_all(p) != 0 && st == TLSHOST_WANT_READ)
			(void)tlshost_buffer_network_eof(p->buffer);
		if (st != TLSHOST_WANT_READ && st != TLSHOST_WANT_WRITE)
			break;
		if (st == TLSHOST_WANT_READ && receive(p) != 0) {
			st = out_of_time();
			break;
		}
	}
	p->tls = now_us() - begin;
	return st;
}

/* What is here, to out if there is one.  WANT_READ: that was all; OK: the end. */
static tlshost_status
take_data(probe *p, FILE *out)
{
	char data[16384];
	tlshost_status st;
	size_t len;

	while ((st = tlshost_buffer_read(p->buffer, data, sizeof(data),
	    &len)) == TLSHOST_OK && len != 0) {
		if (p->first_byte == 0)
			p->first_byte = now_us();
		if (out != NULL)
			fwrite(data, 1, len, out);
	}
	return st;
}

/* Reads until the end, or the time is up; without out, until something is
 * there. */
static tlshost_status
read_on(probe *p, FILE *out)
{
	tlshost_status st;

	for (;;) {
		st = take_data(p, out);
		(void)send_all(p);
		if (st != TLSHOST_WANT_READ)
			return st;
		if (out == NULL && p->first_byte != 0)
			return TLSHOST_OK;
		if (receive(p) != 0)
			return out_of_time();
	}
}

/*
 * What was written, to the network.  What comes is taken meanwhile: a peer that
 * waits until it is rid of its answers would wait for ever.  *ended: the peer
 * sends nothing more.
 */
static tlshost_status
pass_on(probe *p, FILE *out, int *ended)
{
	tlshost_status st;

	while (send_some(p) == 0) {
		short ready;

		if (tlshost_buffer_outgoing_len(p->buffer) == 0)
			return TLSHOST_OK;
		ready = wait_for(p, p->fd, *ended ? POLLOUT : POLLIN | POLLOUT);
		if (ready == 0 || ((ready & POLLIN) != 0 && receive(p) != 0))
			return out_of_time();
		if ((ready & POLLIN) == 0)
			continue;
		st = take_data(p, out);
		*ended = st == TLSHOST_OK;
		if (st != TLSHOST_OK && st != TLSHOST_WANT_READ)
			return st;
	}
	return TLSHOST_IO;
}

/* 0, or an exit code. */
static int
send_file(probe *p, FILE *out)
{
	int ended = 0;
	char data[16384];
	ssize_t len = 0;
	size_t n;

	p->status = TLSHOST_OK;
	while (p->status == TLSHOST_OK) {
		if (!wait_for(p, p->in, POLLIN)) {
			p->status = out_of_time();
			if (!interrupted)
				complain(p->document, "%s: nothing to read "
				    "in time", p->o->send);
			return EXIT_LOCAL;
		}
		if ((len = read(p->in, data, sizeof(data))) <= 0)
			break;
		for (size_t done = 0; p->status == TLSHOST_OK &&
		    done < (size_t)len; done += n) {
			p->status = tlshost_buffer_write(p->buffer,
			    data + done, (size_t)len - done, &n);
			if (p->status == TLSHOST_OK)
				p->status = pass_on(p, out, &ended);
		}
	}
	if (len < 0) {
		complain(p->document, "%s: %s", p->o->send, strerror(errno));
		return EXIT_LOCAL;
	}
	if (p->status == TLSHOST_OK)
		return EXIT_DONE;
	return interrupted ? EXIT_INTERRUPTED : EXIT_NO_TLS;
}

/* ------------------------------------------------------------------------
 * The report
 */

static const tlshost_verification *
verification_of(const probe *p)
{
	return p->own != NULL ? p->own :
	    tlshost_buffer_verification(p->buffer);
}

/* Why p->status is not OK. */
static const char *
words_of(const probe *p)
{
	const tlshost_error *error = tlshost_buffer_error(p->buffer);

	if (interrupted)
		return "interrupted";
	if (p->error != 0 && (p->status == TLSHOST_RAGGED_EOF ||
	    p->status == TLSHOST_IO))
		return strerror(p->error);
	if (p->status == TLSHOST_RAGGED_EOF)
		return "the peer closed the connection without a word";
	return error != NULL && tlshost_error_status(error) == p->status ?
	    tlshost_error_message(error) : tlshost_status_text(p->status);
}

static json_t *
chain_json(const tlshost_verification *v)
{
	json_t *list = json_array();

	for (size_t i = 0; i < tlshost_verification_chain_len(v); i++) {
		const uint8_t *der;
		size_t len = tlshost_verification_chain_at(v, i, &der);
		tlshost_certificate *one;
		char text[1024];
		json_t *item;

		if (tlshost_certificate_from_memory(NULL, der, len, &one,
		    NULL) != TLSHOST_OK)
			continue;
		item = json_object();
		for (int part = TLSHOST_CERTIFICATE_SUBJECT;
		    part <= TLSHOST_CERTIFICATE_NOT_AFTER; part++) {
			static const char *const keys[] = { "subject",
			    "issuer", "serial", "names", "not_before",
			    "not_after" };

			json_object_set_new(item, keys[part],
			    tlshost_certificate_describe(one,
			    (tlshost_certificate_part)part, text,
			    sizeof(text)) == TLSHOST_OK ?
			    text_or_null(text) : json_null());
		}
		json_array_append_new(list, item);
		tlshost_certificate_unref(one);
	}
	return list;
}

static json_t *
handshake_json(const probe *p, int ok)
{
	const tlshost_buffer *b = p->buffer;
	tlshost_protocol alpn = tlshost_buffer_negotiated_protocol(b);
	unsigned int group = tlshost_buffer_group(b);

	if (!ok)
		return json_pack("{s:b}", "ok", 0);
	return json_pack("{s:b,s:s,s:o,s:o,s:o,s:b}", "ok", 1, "version",
	    tlshost_version_name(tlshost_buffer_negotiated_tls_version(b)),
	    "suite", suite_json(tlshost_buffer_cipher(b)), "group",
	    group != 0 ? json_pack("{s:o,s:s}", "id", hex16(group), "name",
	    tlshost_group_name(group)) : json_null(), "alpn",
	    alpn_json(alpn), "resumed", 0);
}

static void
report_json(const probe *p, int ok, int code)
{
	const tlshost_verification *v = verification_of(p);
	const tlshost_error *error = tlshost_buffer_error(p->buffer);
	json_t *times = json_pack("{s:I,s:I,s:I,s:I}", "dns",
	    (json_int_t)p->dns, "tcp", (json_int_t)p->tcp, "tls",
	    (json_int_t)p->tls, "tls_library", (json_int_t)p->library);
	json_t *trust = v == NULL ? json_null() : json_pack("{s:b,s:o}", "ok",
	    tlshost_verification_ok(v), "reasons",
	    reasons_json(tlshost_verification_reasons(v), v));
	json_t *what = json_null();

	if (p->o->send != NULL)
		json_object_set_new(times, "first_byte", p->first_byte != 0 ?
		    json_integer(p->first_byte) : json_null());
	if (p->status != TLSHOST_OK)
		what = json_pack("{s:s,s:o,s:s,s:i,s:i}", "status",
		    tlshost_status_name(p->status), "text",
		    text_or_null(words_of(p)), "stage", p->stage,
		    "alert_received", tlshost_error_alert_received(error),
		    "alert_sent", tlshost_error_alert_sent(error));
	json_array_append_new(json_object_get(p->document, "results"),
	    json_pack("{s:{s:s,s:s,s:s},s:{s:s,s:s,s:s},s:o,s:o,s:o,"
	    "s:o,s:o,s:i}", "target", "host", p->host, "port", p->port, "address", p->address,
	    "backend", "name", tlshost_backend_name(p->backend), "plugin",
	    tlshost_backend_version(p->backend), "library",
	    tlshost_backend_library(p->backend),
	    "handshake", handshake_json(p, ok), "trust", trust, "chain",
	    v != NULL ? chain_json(v) : json_array(), "time_us", times,
	    "error", what, "exit", code));
}

static void
print_reasons(const tlshost_verification *v)
{
	uint32_t reasons = tlshost_verification_reasons(v);
	const char *text = tlshost_verification_text(v);

	for (int bit = 0; bit < 31; bit++) {
		tlshost_reason one = (tlshost_reason)(1u << bit);
		const char *what;

		if ((reasons & (uint32_t)one) == 0)
			continue;
		fprintf(report, "  [FAIL] %s: %s\n", tlshost_reason_word(one),
		    tlshost_reason_text(one));
		if ((what = advice(one)) != NULL)
			fprintf(report, "         do: %s\n", what);
	}
	if (text != NULL)
		fprintf(report, "         %s\n", text);
}

static void
print_chain(const tlshost_verification *v)
{
	for (size_t i = 0; i < tlshost_verification_chain_len(v); i++) {
		char subject[512], names[1024], end[64];
		tlshost_certificate *one;
		const uint8_t *der;
		size_t len = tlshost_verification_chain_at(v, i, &der);

		if (tlshost_certificate_from_memory(NULL, der, len, &one,
		    NULL) != TLSHOST_OK)
			continue;
		if (tlshost_certificate_describe(one,
		    TLSHOST_CERTIFICATE_SUBJECT, subject, sizeof(subject)) ==
		    TLSHOST_OK && tlshost_certificate_describe(one,
		    TLSHOST_CERTIFICATE_NAMES, names, sizeof(names)) ==
		    TLSHOST_OK && tlshost_certificate_describe(one,
		    TLSHOST_CERTIFICATE_NOT_AFTER, end, sizeof(end)) ==
		    TLSHOST_OK)
			fprintf(report, "  %zu  %s  until %s%s%s\n", i,
			    subject, end, names[0] != '\0' ? "  names: " : "",
			    names);
		tlshost_certificate_unref(one);
	}
}

static void
print_times(const probe *p)
{
	char first[48] = "";

	if (p->first_byte != 0)
		snprintf(first, sizeof(first), "  first byte %.1f",
		    (double)p->first_byte / 1e3);
	fprintf(report, "  DNS %.1f  TCP %.1f  TLS %.1f (network %.1f + %s "
	    "%.1f)%s  ms\n", (double)p->dns / 1e3, (double)p->tcp / 1e3,
	    (double)p->tls / 1e3, (double)(p->tls - p->library) / 1e3,
	    tlshost_backend_name(p->backend), (double)p->library / 1e3, first);
}

static void
report_text(const probe *p, int ok, int code)
{
	const tlshost_verification *v = verification_of(p);
	const tlshost_buffer *b = p->buffer;
	tlshost_protocol alpn = tlshost_buffer_negotiated_protocol(b);

	fprintf(report, "%s:%s (%s)  through %s (%s)\n", p->host, p->port,
	    p->address, tlshost_backend_name(p->backend),
	    tlshost_backend_library(p->backend));
	if (ok)
		fprintf(report, "  %s  %s  %s  ALPN %.*s\n",
		    tlshost_version_name(
		    tlshost_buffer_negotiated_tls_version(b)),
		    tlshost_cipher_info_name(tlshost_cipher_by_id(
		    tlshost_buffer_cipher(b)), TLSHOST_DIALECT_IANA),
		    tlshost_group_name(tlshost_buffer_group(b)),
		    alpn.len != 0 ? (int)alpn.len : 1,
		    alpn.len != 0 ? (const char *)alpn.data : "-");
	if (v != NULL) {
		print_chain(v);
		print_reasons(v);
	}
	if (p->status != TLSHOST_OK && p->status != TLSHOST_BAD_CERTIFICATE)
		fprintf(report, "  [%s] %s: %s\n", code != EXIT_DONE ?
		    "FAIL" : "note", p->stage, words_of(p));
	print_times(p);
	if (v != NULL && tlshost_verification_checked(v))
		fprintf(report, "verdict: %s%s%s%s\n",
		    tlshost_verification_ok(v) ? "trusted" : "not trusted",
		    tlshost_verification_ok(v) ? "" : " (",
		    tlshost_verification_ok(v) ? "" :
		    reasons_text(tlshost_verification_reasons(v)),
		    tlshost_verification_ok(v) ? "" : ")");
	else
		fprintf(report, "verdict: no TLS\n");
}

/* With --insecure nothing was verified: judge the chain all the same. */
static void
judge_anyway(probe *p, const char *name)
{
	const tlshost_verification *seen =
	    tlshost_buffer_verification(p->buffer);
	size_t len = tlshost_verification_chain_len(seen);
	tlshost_certificate *certificates[64] = { NULL };
	tlshost_trust_store *trust = NULL;
	tlshost_chain *chain = NULL;
	const uint8_t *der;
	size_t n = 0;

	for (; n < len && n < 64; n++) {
		size_t size = tlshost_verification_chain_at(seen, n, &der);

		if (tlshost_certificate_from_memory(NULL, der, size,
		    &certificates[n], NULL) != TLSHOST_OK)
			break;
	}
	if (n != 0 && tlshost_chain_from_certificates(certificates, n, &chain,
	    NULL) == TLSHOST_OK && (p->o->trust == NULL ||
	    strcmp(p->o->trust, "system") == 0 ?
	    tlshost_trust_store_system(NULL, &trust, NULL) :
	    tlshost_trust_store_from_pem_file(NULL, p->o->trust, &trust,
	    NULL)) == TLSHOST_OK)
		(void)tlshost_backend_verify_chain(p->backend,
		    TLSHOST_ROLE_CLIENT, chain, trust, name, 0, &p->own, NULL);
	for (size_t i = 0; i < n; i++)
		tlshost_certificate_unref(certificates[i]);
	tlshost_chain_unref(chain);
	tlshost_trust_store_unref(trust);
}

/* Time may be up, and the end may be ragged: there was an answer, or none. */
static int
exchange(probe *p)
{
	FILE *out = p->document == NULL ? stdout : NULL;
	int64_t begin = now_us();
	int code;

	p->stage = "data";
	if ((code = send_file(p, out)) == EXIT_DONE) {
		p->status = read_on(p, out);
		code = p->status == TLSHOST_TIMEOUT || (p->error == 0 &&
		    p->status == TLSHOST_RAGGED_EOF) ? EXIT_DONE :
		    exit_for(p->status);
	}
	if (p->first_byte != 0)
		p->first_byte -= begin;
	return code;
}

/*
 * In TLS 1.3 the server's word on our certificate, or on that there is none,
 * comes late.  Whatever comes first, a ticket, tells that it has none to say.
 */
static int
await_alert(probe *p)
{
	int64_t until = p->until;

	p->stage = "client certificate";
	p->until = now_us() + LATE_ALERT_MS * 1000;
	if (p->o->certs != 0)
		p->status = read_on(p, NULL);
	else if ((p->status = take_data(p, NULL)) == TLSHOST_WANT_READ &&
	    receive(p) == 0)
		p->status = take_data(p, NULL);
	p->until = until;
	if (p->status == TLSHOST_TIMEOUT || p->status == TLSHOST_RAGGED_EOF ||
	    p->status == TLSHOST_WANT_READ)
		p->status = TLSHOST_OK;
	return exit_for(p->status);
}

static int
talk(probe *p, const char *name)
{
	int ok, shook_hands, code;

	p->stage = "handshake";
	p->status = do_handshake(p);
	ok = shook_hands = p->status == TLSHOST_OK;
	code = exit_for(p->status);
	if (ok && p->o->insecure)
		judge_anyway(p, name);
	if (ok && p->in >= 0) {
		code = exchange(p);
	} else if (ok && tlshost_buffer_negotiated_tls_version(p->buffer) >=
	    TLSHOST_VERSION_TLSV1_3) {
		code = await_alert(p);
		ok = code == 0;
	}
	/* Before that it would be an error, and hide the one there is. */
	if (shook_hands && tlshost_buffer_shutdown(p->buffer) == TLSHOST_OK)
		(void)send_some(p);
	fflush(stdout);
	if (interrupted)
		code = EXIT_INTERRUPTED;
	if (p->document != NULL)
		report_json(p, ok, code);
	else
		report_text(p, ok, code);
	return code;
}

/* A pipe's other end may have nobody yet: that is waited for later. */
static int
open_file(probe *p)
{
	struct stat about;

	if (p->o->send == NULL)
		return 0;
	p->in = open(p->o->send, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (p->in >= 0 && fstat(p->in, &about) == 0 && S_ISDIR(about.st_mode))
		errno = EISDIR;
	else if (p->in >= 0)
		return 0;
	complain(p->document, "%s: %s", p->o->send, strerror(errno));
	return EXIT_LOCAL;
}

static int
prepare(probe *p, const char *name)
{
	tlshost_client_context *context = NULL;
	tlshost_config *config = NULL;
	tlshost_error *error = NULL;
	tlshost_status st;
	int code;

	if ((code = pick_backend(p->o, p->document, TLSHOST_ROLE_CLIENT,
	    &p->backend)) != 0 || (code = make_config(p->o, p->document,
	    p->backend, TLSHOST_ROLE_CLIENT, &config)) != 0)
		return code;
	st = tlshost_client_context_new(p->backend, config, &context, &error);
	if (st == TLSHOST_OK)
		st = tlshost_client_context_wrap_buffers(context, name,
		    &p->buffer, &error);
	if (st != TLSHOST_OK) {
		complain(p->document, "%s", tlshost_error_message(error));
		code = exit_for(st);
		tlshost_error_free(error);
	}
	tlshost_client_context_unref(context);
	tlshost_config_unref(config);
	return code;
}

int
connect_once(const options *o, json_t *document)
{
	probe p = { .o = o, .document = document, .fd = -1, .in = -1,
	    .stage = "connect" };
	const char *name;
	int code;

	report = o->send != NULL ? stderr : stdout;
	if (o->args_len != 1 || !split_target(&p, o->args[0])) {
		complain(p.document, o->args_len == 1 ?
		    "not a target: %s" : "one target is needed, HOST:PORT%s",
		    o->args_len == 1 ? o->args[0] : "");
		return EXIT_USAGE;
	}
	name = o->hostname != NULL ? o->hostname : p.host;
	if ((code = open_file(&p)) == 0 && (code = prepare(&p, name)) == 0) {
		p.until = now_us() + (int64_t)o->timeout * 1000;
		if ((code = open_connection(&p)) == 0)
			code = talk(&p, name);
	}
	if (p.fd >= 0)
		close(p.fd);
	if (p.in >= 0)
		close(p.in);
	tlshost_buffer_free(p.buffer);
	tlshost_verification_free(p.own);
	return code;
}

int
run_connect(const options *o)
{
	json_t *document = o->json ? document_new("connect") : NULL;

	return document_end(document, connect_once(o, document));
}

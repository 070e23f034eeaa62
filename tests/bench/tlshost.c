/* SPDX-License-Identifier: MIT */
/* tlshost as its users have it: buffers, sockets, and sockets with a cork. */
#include "config.h"

#include <stdlib.h>
#include <unistd.h>

#include "engine.h"
#include "tlshost.h"

typedef struct world {
	tlshost_client_context *client;
	tlshost_server_context *server;
	int sockets, corked;
} world;

typedef struct end {
	tlshost_buffer *buffer;
	tlshost_socket *socket;
	int corked;
} end;

static void
must(tlshost_status st, const tlshost_error *error, const char *what)
{
	if (st != TLSHOST_OK)
		die("%s: %s: %s", what, tlshost_status_name(st),
		    tlshost_error_message(error));
}

static tlshost_config *
make_config(const scenario *s, int server)
{
	tlshost_version version = s->version == 0x0303 ?
	    TLSHOST_VERSION_TLSV1_2 : TLSHOST_VERSION_TLSV1_3;
	tlshost_config_builder *builder;
	tlshost_config *config;
	tlshost_error *error = NULL;

	must(tlshost_config_builder_new(NULL, &builder), NULL, "builder");
	must(tlshost_config_builder_set_lowest_version(builder, version), NULL,
	    "version");
	must(tlshost_config_builder_set_highest_version(builder, version),
	    NULL, "version");
	must(tlshost_config_builder_set_ciphers(builder, &s->suite, 1), NULL,
	    "suite");
	if (server) {
		tlshost_private_key *key;
		tlshost_chain *chain;

		must(tlshost_chain_from_file(NULL, bench_file(s->key, ".pem"),
		    &chain, &error), error, "chain");
		must(tlshost_private_key_from_file(NULL, bench_file(s->key,
		    ".key"), NULL, 0, &key, &error), error, "key");
		must(tlshost_config_builder_add_certificate_chain(builder,
		    chain, key), NULL, "chain");
		tlshost_chain_unref(chain);
		tlshost_private_key_unref(key);
	} else {
		tlshost_trust_store *trust;

		must(tlshost_trust_store_from_pem_file(NULL, s->trust, &trust,
		    &error), error, "trust store");
		must(tlshost_config_builder_set_trust_store(builder, trust),
		    NULL, "trust store");
		tlshost_trust_store_unref(trust);
	}
	must(tlshost_config_builder_build(builder, &config, &error), error,
	    "configuration");
	tlshost_config_builder_free(builder);
	return config;
}

static void *
world_open(const engine *e, const scenario *s)
{
	tlshost_config *client = make_config(s, 0), *server = make_config(s, 1);
	tlshost_backend *backend;
	tlshost_error *error = NULL;
	world *w;

	if ((w = calloc(1, sizeof(*w))) == NULL)
		die("out of memory");
	must(tlshost_backend_by_name(e->backend, &backend, &error), error,
	    e->backend);
	must(tlshost_client_context_new(backend, client, &w->client, &error),
	    error, "client");
	must(tlshost_server_context_new(backend, server, &w->server, &error),
	    error, "server");
	tlshost_config_unref(client);
	tlshost_config_unref(server);
	w->sockets = e->sockets;
	w->corked = e->flush != NULL;
	return w;
}

static void
world_close(void *object)
{
	world *w = object;

	tlshost_client_context_unref(w->client);
	tlshost_server_context_unref(w->server);
	free(w);
}

static void *
world_connect(void *object, int server, const wire *way)
{
	world *w = object;
	tlshost_error *error = NULL;
	tlshost_status st;
	end *one;

	if ((one = calloc(1, sizeof(*one))) == NULL)
		die("out of memory");
	if (w->sockets)
		/* It closes its descriptor, and this one is the caller's. */
		st = server ? tlshost_server_context_wrap_socket(w->server,
		    dup(way->fd), &one->socket, &error) :
		    tlshost_client_context_wrap_socket(w->client, dup(way->fd),
		    BENCH_HOST, &one->socket, &error);
	else
		st = server ? tlshost_server_context_wrap_buffers(w->server,
		    &one->buffer, &error) :
		    tlshost_client_context_wrap_buffers(w->client, BENCH_HOST,
		    &one->buffer, &error);
	must(st, error, "connection");
	if (one->socket != NULL)
		must(tlshost_socket_set_timeout(one->socket, 0), NULL,
		    "timeout");
	one->corked = w->corked;
	return one;
}

static int
waits(tlshost_status st)
{
	return st == TLSHOST_WANT_READ || st == TLSHOST_WANT_WRITE;
}

static const tlshost_error *
error_of(const end *one)
{
	return one->socket != NULL ? tlshost_socket_error(one->socket) :
	    tlshost_buffer_error(one->buffer);
}

static int
shake(void *object)
{
	end *one = object;
	tlshost_status st = one->socket != NULL ?
	    tlshost_socket_do_handshake(one->socket) :
	    tlshost_buffer_do_handshake(one->buffer);

	if (waits(st))
		return 0;
	must(st, error_of(one), "handshake");
	if (one->corked)
		must(tlshost_socket_cork(one->socket), NULL, "cork");
	return 1;
}

static size_t
settle(const end *one, tlshost_status st, size_t n, const char *what)
{
	if (st != TLSHOST_OK && !waits(st))
		must(st, error_of(one), what);
	return n;
}

static size_t
put_buffer(void *object, const void *src, size_t len)
{
	end *one = object;
	size_t n = 0;
	tlshost_status st = tlshost_buffer_write(one->buffer, src, len, &n);

	return settle(one, st, n, "write");
}

static size_t
get_buffer(void *object, void *dst, size_t cap)
{
	end *one = object;
	size_t n = 0;
	tlshost_status st = tlshost_buffer_read(one->buffer, dst, cap, &n);

	return settle(one, st, n, "read");
}

static size_t
put_socket(void *object, const void *src, size_t len)
{
	end *one = object;
	size_t n = 0;
	tlshost_status st = tlshost_socket_send(one->socket, src, len, &n);

	return settle(one, st, n, "send");
}

static size_t
get_socket(void *object, void *dst, size_t cap)
{
	end *one = object;
	size_t n = 0;
	tlshost_status st = tlshost_socket_recv(one->socket, dst, cap, &n);

	return settle(one, st, n, "receive");
}

static void
release(void *object)
{
	end *one = object;

	tlshost_socket_free(one->socket);
	tlshost_buffer_free(one->buffer);
	free(one);
}

static void
carry_one(tlshost_buffer *from, tlshost_buffer *to)
{
	const uint8_t *data;
	size_t len, taken = 1;

	while (taken != 0 &&
	    (len = tlshost_buffer_peek_outgoing(from, &data)) != 0)
		if (tlshost_buffer_receive_from_network(to, data, len,
		    &taken) != TLSHOST_OK ||
		    tlshost_buffer_consume_outgoing(from, taken) != TLSHOST_OK)
			die("bytes cannot be carried");
}

static void
carry(void *one, void *other)
{
	carry_one(((end *)one)->buffer, ((end *)other)->buffer);
	carry_one(((end *)other)->buffer, ((end *)one)->buffer);
}

static int
flush(void *object)
{
	tlshost_status st = tlshost_socket_flush(((end *)object)->socket);

	if (waits(st))
		return 0;
	must(st, error_of(object), "flush");
	return 1;
}

#define COMMON(backend_, over)                                             \
	.backend = backend_,                                               \
	.open = world_open,                                                \
	.close = world_close,                                              \
	.connect = world_connect,                                          \
	.handshake = shake,                                                \
	.write = put_##over,                                               \
	.read = get_##over,                                                \
	.free = release

#define ENGINES(backend_)                                                  \
	extern const engine bench_buffers_##backend_,                      \
	    bench_socket_##backend_, bench_corked_##backend_;              \
	const engine bench_buffers_##backend_ = {                          \
		.name = "tlshost buffers", .carry = carry,                 \
		COMMON(#backend_, buffer)                                          \
	};                                                                 \
	const engine bench_socket_##backend_ = {                           \
		.name = "tlshost socket", .sockets = 1,                    \
		COMMON(#backend_, socket)                                  \
	};                                                                 \
	const engine bench_corked_##backend_ = {                           \
		.name = "tlshost cork", .sockets = 1, .flush = flush,      \
		COMMON(#backend_, socket)                                  \
	}

ENGINES(openssl);
ENGINES(gnutls);
ENGINES(nss);

/* SPDX-License-Identifier: MIT */
/* libtls, over the descriptors it is given: a peer of the same purpose. */
#include "config.h"

#include <stdlib.h>
#include <tls.h>

#include "engine.h"

typedef struct world {
	struct tls_config *client, *server;
	struct tls *listener;
} world;

static void
must(int ok, const char *what, struct tls *tls)
{
	if (!ok)
		die("libtls, %s: %s", what, tls != NULL ? tls_error(tls) : "");
}

static struct tls_config *
make_config(const scenario *s)
{
	struct tls_config *config = tls_config_new();

	must(config != NULL, "configuration", NULL);
	must(tls_config_set_protocols(config, s->version == 0x0303 ?
	    TLS_PROTOCOL_TLSv1_2 : TLS_PROTOCOL_TLSv1_3) == 0, "version",
	    NULL);
	return config;
}

static void *
world_open(const engine *e, const scenario *s)
{
	world *w = calloc(1, sizeof(*w));

	(void)e;
	must(w != NULL, "memory", NULL);
	w->client = make_config(s);
	must(tls_config_set_ca_file(w->client, s->trust) == 0, s->trust, NULL);
	w->server = make_config(s);
	must(tls_config_set_keypair_file(w->server, bench_file(s->key, ".pem"),
	    bench_file(s->key, ".key")) == 0, "identity", NULL);
	w->listener = tls_server();
	must(w->listener != NULL && tls_configure(w->listener, w->server) ==
	    0, "server", w->listener);
	return w;
}

static void
world_close(void *object)
{
	world *w = object;

	tls_free(w->listener);
	tls_config_free(w->client);
	tls_config_free(w->server);
	free(w);
}

static void *
world_connect(void *object, int server, const wire *way)
{
	world *w = object;
	struct tls *tls;

	if (server) {
		must(tls_accept_fds(w->listener, &tls, way->fd, way->fd) == 0,
		    "accept", w->listener);
		return tls;
	}
	tls = tls_client();
	must(tls != NULL && tls_configure(tls, w->client) == 0 &&
	    tls_connect_fds(tls, way->fd, way->fd, BENCH_HOST) == 0,
	    "connection", tls);
	return tls;
}

static size_t
settle(struct tls *tls, ssize_t n, const char *what)
{
	if (n == TLS_WANT_POLLIN || n == TLS_WANT_POLLOUT)
		return 0;
	must(n >= 0, what, tls);
	return (size_t)n;
}

static int
shake(void *tls)
{
	int code = tls_handshake(tls);

	(void)settle(tls, code, "handshake");
	return code == 0;
}

static size_t
put(void *tls, const void *src, size_t len)
{
	return settle(tls, tls_write(tls, src, len), "write");
}

static size_t
get(void *tls, void *dst, size_t cap)
{
	return settle(tls, tls_read(tls, dst, cap), "read");
}

static void
release(void *tls)
{
	tls_free(tls);
}

extern const engine bench_libtls;
const engine bench_libtls = {
	.name = "libtls",
	.backend = "openssl",
	.sockets = 1,
	.own_suite = 1,
	.open = world_open,
	.close = world_close,
	.connect = world_connect,
	.handshake = shake,
	.write = put,
	.read = get,
	.free = release,
};

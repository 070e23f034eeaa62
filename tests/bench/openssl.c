/* SPDX-License-Identifier: MIT */
/* OpenSSL by itself, over a byte ring and over its own socket BIO. */
#include "config.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"

typedef struct world {
	SSL_CTX *client, *server;
} world;

static BIO_METHOD *ring_method;

static int
bio_read(BIO *bio, char *dst, size_t cap, size_t *ret_len)
{
	const wire *w = BIO_get_data(bio);

	BIO_clear_retry_flags(bio);
	if ((*ret_len = ring_get(w->in, dst, cap)) != 0)
		return 1;
	BIO_set_retry_read(bio);
	return 0;
}

static int
bio_write(BIO *bio, const char *src, size_t len, size_t *ret_len)
{
	const wire *w = BIO_get_data(bio);

	BIO_clear_retry_flags(bio);
	ring_put(w->out, src, len);
	*ret_len = len;
	return 1;
}

static long
bio_ctrl(BIO *bio, int what, long number, void *pointer)
{
	(void)bio;
	(void)number;
	(void)pointer;
	return what == BIO_CTRL_FLUSH;
}

static void
must(int ok, const char *what)
{
	char text[256];

	if (ok)
		return;
	ERR_error_string_n(ERR_get_error(), text, sizeof(text));
	die("OpenSSL, %s: %s", what, text);
}

/* As frugal as the backend is: no buffers while idle, no resumption. */
static SSL_CTX *
make_context(const scenario *s, const SSL_METHOD *method)
{
	SSL_CTX *ctx = SSL_CTX_new(method);
	char name[128];
	const SSL_CIPHER *suite;
	const unsigned char id[2] = { (unsigned char)(s->suite >> 8),
	    (unsigned char)s->suite };
	SSL *ssl = ctx != NULL ? SSL_new(ctx) : NULL;

	must(ssl != NULL, "context");
	must((suite = SSL_CIPHER_find(ssl, id)) != NULL, "suite");
	snprintf(name, sizeof(name), "%s", SSL_CIPHER_get_name(suite));
	SSL_free(ssl);
	must(SSL_CTX_set_min_proto_version(ctx, s->version) &&
	    SSL_CTX_set_max_proto_version(ctx, s->version), "version");
	must(s->version == TLS1_3_VERSION ? SSL_CTX_set_ciphersuites(ctx,
	    name) : SSL_CTX_set_cipher_list(ctx, name), name);
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_num_tickets(ctx, 0);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS |
	    SSL_MODE_ENABLE_PARTIAL_WRITE |
	    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	return ctx;
}

static void *
world_open(const engine *e, const scenario *s)
{
	world *w = calloc(1, sizeof(*w));

	(void)e;
	if (ring_method == NULL) {
		ring_method = BIO_meth_new(BIO_get_new_index() |
		    BIO_TYPE_SOURCE_SINK, "ring");
		must(ring_method != NULL &&
		    BIO_meth_set_read_ex(ring_method, bio_read) &&
		    BIO_meth_set_write_ex(ring_method, bio_write) &&
		    BIO_meth_set_ctrl(ring_method, bio_ctrl), "BIO");
	}
	must(w != NULL, "memory");
	w->client = make_context(s, TLS_client_method());
	w->server = make_context(s, TLS_server_method());
	must(SSL_CTX_load_verify_file(w->client, s->trust), s->trust);
	SSL_CTX_set_verify(w->client, SSL_VERIFY_PEER, NULL);
	must(SSL_CTX_use_certificate_chain_file(w->server,
	    bench_file(s->key, ".pem")) &&
	    SSL_CTX_use_PrivateKey_file(w->server, bench_file(s->key, ".key"),
	    SSL_FILETYPE_PEM), "identity");
	return w;
}

static void
world_close(void *object)
{
	world *w = object;

	SSL_CTX_free(w->client);
	SSL_CTX_free(w->server);
	free(w);
}

static void *
world_connect(void *object, int server, const wire *way)
{
	world *w = object;
	SSL *ssl = SSL_new(server ? w->server : w->client);

	must(ssl != NULL, "connection");
	if (way->in != NULL) {
		BIO *bio = BIO_new(ring_method);

		must(bio != NULL, "memory");
		BIO_set_data(bio, (void *)(uintptr_t)way);
		BIO_set_init(bio, 1);
		SSL_set_bio(ssl, bio, bio);
	} else {
		must(SSL_set_fd(ssl, way->fd), "descriptor");
	}
	if (server) {
		SSL_set_accept_state(ssl);
		return ssl;
	}
	SSL_set_connect_state(ssl);
	must(SSL_set1_host(ssl, BENCH_HOST) && (int)SSL_ctrl(ssl,
	    SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
	    (void *)(uintptr_t)BENCH_HOST), "name");
	return ssl;
}

/* SSL_get_error(3): the queue must be empty before each operation. */
static int
settle(SSL *ssl, int result, const char *what)
{
	int code;

	if (result == 1)
		return 1;
	code = SSL_get_error(ssl, result);
	must(code == SSL_ERROR_WANT_READ || code == SSL_ERROR_WANT_WRITE,
	    what);
	return 0;
}

static int
shake(void *ssl)
{
	ERR_clear_error();
	return settle(ssl, SSL_do_handshake(ssl), "handshake");
}

static size_t
put(void *ssl, const void *src, size_t len)
{
	size_t n = 0;

	ERR_clear_error();
	return settle(ssl, SSL_write_ex(ssl, src, len, &n), "write") ? n : 0;
}

static size_t
get(void *ssl, void *dst, size_t cap)
{
	size_t n = 0;

	ERR_clear_error();
	return settle(ssl, SSL_read_ex(ssl, dst, cap, &n), "read") ? n : 0;
}

static void
release(void *ssl)
{
	SSL_free(ssl);
}

#define COMMON                                                             \
	.backend = "openssl",                                              \
	.open = world_open,                                                \
	.close = world_close,                                              \
	.connect = world_connect,                                          \
	.handshake = shake,                                                \
	.write = put,                                                      \
	.read = get,                                                       \
	.free = release

extern const engine bench_ring_openssl, bench_own_openssl;
const engine bench_ring_openssl = { .name = "raw ring", COMMON };
const engine bench_own_openssl = { .name = "own sockets", .sockets = 1,
	COMMON };

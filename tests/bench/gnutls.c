/* SPDX-License-Identifier: MIT */
/* GnuTLS by itself, over a byte ring and over its own socket calls. */
#include "config.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"

typedef struct world {
	gnutls_certificate_credentials_t client, server;
	gnutls_priority_t priority;
} world;

typedef struct end {
	gnutls_session_t session;
	const wire *way;
} end;

static void
must(int code, const char *what)
{
	if (code < 0)
		die("GnuTLS, %s: %s", what, gnutls_strerror(code));
}

static ssize_t
pull(gnutls_transport_ptr_t pointer, void *dst, size_t cap)
{
	end *one = pointer;
	size_t len = ring_get(one->way->in, dst, cap);

	if (len != 0)
		return (ssize_t)len;
	gnutls_transport_set_errno(one->session, EAGAIN);
	return -1;
}

static ssize_t
push(gnutls_transport_ptr_t pointer, const giovec_t *parts, int count)
{
	end *one = pointer;
	ssize_t total = 0;

	for (int i = 0; i < count; i++) {
		ring_put(one->way->out, parts[i].iov_base, parts[i].iov_len);
		total += (ssize_t)parts[i].iov_len;
	}
	return total;
}

static int
pull_timeout(gnutls_transport_ptr_t pointer, unsigned int ms)
{
	end *one = pointer;

	(void)ms;
	return one->way->in->start != one->way->in->end;
}

static const char *
priority_of(const scenario *s)
{
	static const struct {
		uint16_t suite;
		const char *text;
	} texts[] = {
#define COMMON_TEXT                                                        \
	":+MAC-ALL:+SIGN-ALL:+GROUP-X25519:+GROUP-SECP256R1:+COMP-NULL:"   \
	"+CTYPE-X509:%NO_TICKETS:%PROFILE_MEDIUM"
		{ 0x1301, "NONE:+VERS-TLS1.3:+AES-128-GCM" COMMON_TEXT },
		{ 0x1303, "NONE:+VERS-TLS1.3:+CHACHA20-POLY1305" COMMON_TEXT },
		{ 0xc02b, "NONE:+VERS-TLS1.2:+AES-128-GCM:+ECDHE-ECDSA"
		    COMMON_TEXT },
	};

	for (size_t i = 0; i < LEN(texts); i++)
		if (texts[i].suite == s->suite)
			return texts[i].text;
	die("GnuTLS: no priorities for suite %04x", s->suite);
}

static void *
world_open(const engine *e, const scenario *s)
{
	world *w = calloc(1, sizeof(*w));

	(void)e;
	if (w == NULL)
		die("out of memory");
	must(gnutls_certificate_allocate_credentials(&w->client), "memory");
	must(gnutls_certificate_allocate_credentials(&w->server), "memory");
	must(gnutls_certificate_set_x509_trust_file(w->client, s->trust,
	    GNUTLS_X509_FMT_PEM), s->trust);
	must(gnutls_certificate_set_x509_key_file(w->server,
	    bench_file(s->key, ".pem"), bench_file(s->key, ".key"),
	    GNUTLS_X509_FMT_PEM), "identity");
	must(gnutls_priority_init(&w->priority, priority_of(s), NULL),
	    "priorities");
	return w;
}

static void
world_close(void *object)
{
	world *w = object;

	gnutls_certificate_free_credentials(w->client);
	gnutls_certificate_free_credentials(w->server);
	gnutls_priority_deinit(w->priority);
	free(w);
}

/* A name, a purpose and the floor of the profile: what the backend demands of
 * the library, too. */
static void
demand(gnutls_session_t session)
{
	static char name[] = BENCH_HOST, purpose[] = GNUTLS_KP_TLS_WWW_SERVER;
	static gnutls_typed_vdata_st wanted[] = {
		{ GNUTLS_DT_DNS_HOSTNAME, (unsigned char *)name, 0 },
		{ GNUTLS_DT_KEY_PURPOSE_OID, (unsigned char *)purpose, 0 },
	};

	must(gnutls_server_name_set(session, GNUTLS_NAME_DNS, BENCH_HOST,
	    strlen(BENCH_HOST)), "name");
	gnutls_session_set_verify_cert2(session, wanted, LEN(wanted), 0);
}

static void *
world_connect(void *object, int server, const wire *way)
{
	world *w = object;
	end *one = calloc(1, sizeof(*one));

	if (one == NULL)
		die("out of memory");
	one->way = way;
	must(gnutls_init(&one->session, (server ? GNUTLS_SERVER :
	    GNUTLS_CLIENT) | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL |
	    GNUTLS_NO_TICKETS), "session");
	must(gnutls_priority_set(one->session, w->priority), "priorities");
	must(gnutls_credentials_set(one->session, GNUTLS_CRD_CERTIFICATE,
	    server ? w->server : w->client), "credentials");
	gnutls_handshake_set_timeout(one->session, GNUTLS_INDEFINITE_TIMEOUT);
	if (way->in != NULL) {
		gnutls_transport_set_ptr(one->session, one);
		gnutls_transport_set_pull_function(one->session, pull);
		gnutls_transport_set_vec_push_function(one->session, push);
		gnutls_transport_set_pull_timeout_function(one->session,
		    pull_timeout);
	} else {
		gnutls_transport_set_int(one->session, way->fd);
	}
	if (!server)
		demand(one->session);
	return one;
}

static int
shake(void *object)
{
	end *one = object;
	int code = gnutls_handshake(one->session);

	if (code == GNUTLS_E_AGAIN || code == GNUTLS_E_INTERRUPTED)
		return 0;
	must(code, "handshake");
	return 1;
}

static size_t
put(void *object, const void *src, size_t len)
{
	end *one = object;
	ssize_t n = gnutls_record_send(one->session, src, len);

	if (n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED)
		return 0;
	must((int)n, "send");
	return (size_t)n;
}

static size_t
get(void *object, void *dst, size_t cap)
{
	end *one = object;
	ssize_t n = gnutls_record_recv(one->session, dst, cap);

	if (n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED)
		return 0;
	must((int)n, "receive");
	return (size_t)n;
}

static void
release(void *object)
{
	end *one = object;

	gnutls_deinit(one->session);
	free(one);
}

#define COMMON                                                             \
	.backend = "gnutls",                                               \
	.open = world_open,                                                \
	.close = world_close,                                              \
	.connect = world_connect,                                          \
	.handshake = shake,                                                \
	.write = put,                                                      \
	.read = get,                                                       \
	.free = release

extern const engine bench_ring_gnutls, bench_own_gnutls;
const engine bench_ring_gnutls = { .name = "raw ring", COMMON };
const engine bench_own_gnutls = { .name = "own sockets", .sockets = 1,
	COMMON };

/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"

void
die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("bench: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	exit(1);
}

size_t
ring_get(ring *r, void *dst, size_t cap)
{
	size_t len = r->end - r->start;

	if (len > cap)
		len = cap;
	if (len != 0)
		memcpy(dst, r->data + r->start, len);
	r->start += len;
	if (r->start == r->end)
		r->start = r->end = 0;
	return len;
}

void
ring_put(ring *r, const void *src, size_t len)
{
	if (r->cap - r->end < len) {
		size_t cap = r->cap != 0 ? r->cap : 65536;

		while (cap - r->end < len)
			cap *= 2;
		if ((r->data = realloc(r->data, cap)) == NULL)
			die("out of memory");
		r->cap = cap;
	}
	memcpy(r->data + r->end, src, len);
	r->end += len;
}

void
ring_done(ring *r)
{
	free(r->data);
	*r = (ring){ 0 };
}

const char *
bench_file(const char *name, const char *suffix)
{
	static char paths[4][4096];
	static unsigned int which;
	const char *dir = getenv("TLSHOST_TEST_CERTS");

	if (dir == NULL)
		die("TLSHOST_TEST_CERTS is not set; run make bench");
	which = (which + 1) % LEN(paths);
	snprintf(paths[which], sizeof(paths[0]), "%s/%s%s", dir, name,
	    suffix);
	return paths[which];
}

#define ENGINES(library)                                                   \
	&bench_buffers_##library, &bench_socket_##library,                 \
	    &bench_corked_##library

#define DECLARE(library)                                                   \
	extern const engine bench_buffers_##library,                       \
	    bench_socket_##library, bench_corked_##library,                \
	    bench_ring_##library, bench_own_##library
DECLARE(openssl);
DECLARE(gnutls);
DECLARE(nss);
extern const engine bench_libtls, bench_glib;

const engine *const engines[] = {
	ENGINES(openssl),
#ifdef BENCH_OPENSSL
	&bench_ring_openssl,
	&bench_own_openssl,
#endif
#ifdef BENCH_LIBTLS
	&bench_libtls,
#endif
	ENGINES(gnutls),
#ifdef BENCH_GNUTLS
	&bench_ring_gnutls,
	&bench_own_gnutls,
#endif
#ifdef BENCH_GLIB
	&bench_glib,
#endif
	ENGINES(nss),
#ifdef BENCH_NSS
	&bench_ring_nss,
	&bench_own_nss,
#endif
	NULL,
};

const engine *
engine_find(const char *backend, const char *name)
{
	for (const engine *const *e = engines; *e != NULL; e++)
		if (strcmp((*e)->backend, backend) == 0 &&
		    strcmp((*e)->name, name) == 0)
			return *e;
	return NULL;
}

/* SPDX-License-Identifier: MIT */
/*
 * What the benchmarks drive: a TLS library with one way of carrying its bytes.
 * Every engine does the same work: a client that verifies the server's
 * certificate and its name, contexts that are made once, no resumption.
 */
#ifndef BENCH_ENGINE_H
#define BENCH_ENGINE_H

#include <stddef.h>
#include <stdint.h>

#define LEN(array) (sizeof(array) / sizeof((array)[0]))

/* Says why on standard error and ends the program: a benchmark with a failure
 * in it has no figures. */
void die(const char *format, ...)
    __attribute__((format(printf, 1, 2), noreturn));

/* Bytes on their way to one end.  Starts as { 0 }; grows as needed. */
typedef struct ring {
	uint8_t *data;
	size_t start, end, cap;
} ring;

size_t ring_get(ring *r, void *dst, size_t cap);
void ring_put(ring *r, const void *src, size_t len);
void ring_done(ring *r);

/* How an end reaches the other one.  The caller's, until the end is freed. */
typedef struct wire {
	ring *in, *out;      /* NULL: by the descriptor, which does not block */
	int fd;
} wire;

typedef struct scenario {
	int version;         /* 0x0303 or 0x0304 */
	const char *key;     /* of the server: "ecdsa" or "rsa" */
	uint16_t suite;
	const char *trust;   /* a file of anchors */
} scenario;

typedef enum carrier {
	CARRIER_MEMORY,      /* rings; tlshost has queues of its own instead */
	CARRIER_PAIR,        /* socketpair(2) */
	CARRIER_TCP          /* TCP over loopback */
} carrier;

typedef struct engine {
	const char *name;            /* "raw ring" */
	const char *backend;         /* which of the TLS libraries */
	int sockets;                 /* 0: CARRIER_MEMORY, 1: the others */
	int tcp_only;
	int own_suite;               /* whatever the scenario says */
	/* Both contexts. */
	void *(*open)(const struct engine *e, const scenario *s);
	void (*close)(void *world);
	void *(*connect)(void *world, int server, const wire *w);
	/* 1: done, 0: waits for the other end. */
	int (*handshake)(void *end);
	/* How many bytes were taken, and come; 0: not now. */
	size_t (*write)(void *end, const void *src, size_t len);
	size_t (*read)(void *end, void *dst, size_t cap);
	void (*free)(void *end);
	/* NULL, or: carries what waits, both ways. */
	void (*carry)(void *one, void *other);
	/* NULL, or: sends what is held back; 0: the network takes no more. */
	int (*flush)(void *end);
} engine;

/* All there are in this build, of every library; ends with a NULL. */
extern const engine *const engines[];

/* NULL: there is none of that name, or it was not built. */
const engine *engine_find(const char *backend, const char *name);
/* A certificate or key of the tests: "ecdsa", ".pem". */
const char *bench_file(const char *name, const char *suffix);
/* The name that certificates are for. */
#define BENCH_HOST "srv.test"

#endif

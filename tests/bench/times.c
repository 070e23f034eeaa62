/* SPDX-License-Identifier: MIT */
/*
 * Rates.  All engines of a library take turns in one process: what the machine
 * does meanwhile hits all alike.  A figure is the median of its rounds, a ratio
 * that of the ratios of each round.  The engine that others are held against
 * runs twice in every round, once against itself: that is the noise.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"
#include "report.h"
#include "work.h"

#define ENGINES_MAX 8
#define ROUNDS_MAX 200
/* A sample is long enough for the clock and for small change. */
#define SAMPLE_SECONDS 0.02

typedef struct work {
	const char *name;
	scenario scenario;
	carrier how;
	size_t piece;            /* 0: handshakes */
} work;

static const work works[] = {
#define HANDSHAKE(how_, text)                                              \
	{ "handshake, TLS 1.3, ECDSA P-256, " text,                        \
	    { 0x0304, "ecdsa", 0x1301, NULL }, how_, 0 },                  \
	{ "handshake, TLS 1.3, RSA-2048, " text,                           \
	    { 0x0304, "rsa", 0x1301, NULL }, how_, 0 },                    \
	{ "handshake, TLS 1.2, ECDSA P-256, " text,                        \
	    { 0x0303, "ecdsa", 0xc02b, NULL }, how_, 0 }
#define BULK(how_, text, suite_, suite_text)                               \
	{ "16384 bytes, " suite_text ", " text,                            \
	    { 0x0304, "ecdsa", suite_, NULL }, how_, 16384 },              \
	{ "1400 bytes, " suite_text ", " text,                             \
	    { 0x0304, "ecdsa", suite_, NULL }, how_, 1400 },               \
	{ "256 bytes, " suite_text ", " text,                              \
	    { 0x0304, "ecdsa", suite_, NULL }, how_, 256 }
#define ALL(how_, text)                                                    \
	HANDSHAKE(how_, text),                                             \
	BULK(how_, text, 0x1301, "AES-128-GCM"),                           \
	BULK(how_, text, 0x1303, "ChaCha20")
	ALL(CARRIER_MEMORY, "memory"),
	ALL(CARRIER_PAIR, "socketpair"),
	ALL(CARRIER_TCP, "TCP"),
};

/* What the process itself used, whatever else runs on the machine. */
static double
seconds(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

typedef struct runner {
	const engine *engine;
	void *world;
	couple couple;           /* of bulk */
	int fds[2];
	size_t units;            /* that a sample takes: handshakes or bytes */
} runner;

static void
close_carrier(const int fds[2])
{
	for (int i = 0; i < 2; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

static double
shake_for(runner *r, const work *w, size_t times)
{
	double total = 0;

	for (size_t i = 0; i < times; i++) {
		int fds[2];
		double begun;
		couple c;

		carrier_open(w->how, fds);
		begun = seconds();
		couple_open(&c, r->engine, r->world, fds);
		couple_shake(&c);
		total += seconds() - begun;
		couple_close(&c);
		close_carrier(fds);
	}
	return total;
}

static double
move_for(runner *r, const work *w, size_t bytes)
{
	double begun = seconds();

	couple_move(&r->couple, bytes, w->piece, AHEAD);
	return seconds() - begun;
}

/* Seconds that `units` take. */
static double
sample(runner *r, const work *w, size_t units)
{
	return w->piece == 0 ? shake_for(r, w, units) : move_for(r, w, units);
}

static void
calibrate(runner *r, const work *w)
{
	size_t units = w->piece == 0 ? 1 : 65536;

	while (sample(r, w, units) < SAMPLE_SECONDS / 2)
		units *= 2;
	r->units = units * 2;
}

static void
runner_open(runner *r, const engine *e, const work *w)
{
	scenario s = w->scenario;

	*r = (runner){ .engine = e };
	s.trust = bench_file("ca", ".pem");
	r->world = e->open(e, &s);
	carrier_open(w->how, r->fds);
	if (w->piece != 0) {
		couple_open(&r->couple, e, r->world, r->fds);
		couple_shake(&r->couple);
	}
	calibrate(r, w);
}

static void
runner_close(runner *r, const work *w)
{
	if (w->piece != 0)
		couple_close(&r->couple);
	close_carrier(r->fds);
	r->engine->close(r->world);
}

static int
compare(const void *a, const void *b)
{
	double one = *(const double *)a, other = *(const double *)b;

	return (one > other) - (one < other);
}

/* Of len numbers, which it sorts. */
static double
quantile(double *numbers, int len, double part)
{
	qsort(numbers, (size_t)len, sizeof(*numbers), compare);
	return numbers[(int)(part * (len - 1) + 0.5)];
}

static const char *only_engine;

static int
fits(const engine *e, const work *w, const char *backend)
{
	if (strcmp(e->backend, backend) != 0 ||
	    (only_engine != NULL && strcmp(e->name, only_engine) != 0) ||
	    e->sockets != (w->how != CARRIER_MEMORY) ||
	    (e->tcp_only && w->how != CARRIER_TCP))
		return 0;
	/* These choose a suite by themselves, and it is not this one. */
	if (e->own_suite && w->scenario.suite == 0x1303)
		return 0;
	/* A cork gathers what is short. */
	return strcmp(e->name, "tlshost cork") != 0 ||
	    (w->piece != 0 && w->piece < 16384);
}

static const char *
reference(const work *w)
{
	return w->how == CARRIER_MEMORY ? "raw ring" : "own sockets";
}

/* The goals of speed: of which engine and work, and how much it shall be. */
static const struct {
	const char *goal, *engine, *work;
	double limit;
	const char *backend;         /* NULL: all without a line of their own */
} speeds[] = {
	{ "T1", "tlshost socket", "handshake, TLS 1.3, ECDSA P-256, TCP", 0.95,
	    NULL },
	{ "T2", "tlshost socket", "16384 bytes, AES-128-GCM, TCP", 0.95,
	    NULL },
	{ "T3", "tlshost socket", "1400 bytes, AES-128-GCM, TCP", 1.2, NULL },
	{ "T4", "tlshost socket", "256 bytes, AES-128-GCM, socketpair", 1.5,
	    NULL },
	{ "T4", "tlshost socket", "256 bytes, AES-128-GCM, TCP", 1.15, NULL },
	{ "T5", "tlshost cork", "256 bytes, AES-128-GCM, TCP", 3, NULL },
	{ "T6", "tlshost buffers", "16384 bytes, AES-128-GCM, memory", 0.93,
	    NULL },
	{ "T6", "tlshost buffers", "16384 bytes, AES-128-GCM, memory", 0.85,
	    "nss" },
};

static struct {
	int speed;
	const char *backend;
	double ratio;
} reached[64];
static int reached_len;

static void
note_speed(const char *backend, const work *w, const engine *e, double ratio)
{
	int found = -1;

	for (int i = 0; i < (int)LEN(speeds); i++)
		if (strcmp(speeds[i].engine, e->name) == 0 &&
		    strcmp(speeds[i].work, w->name) == 0 &&
		    (speeds[i].backend == NULL ||
		    strcmp(speeds[i].backend, backend) == 0))
			found = i;
	if (found < 0 || reached_len == (int)LEN(reached))
		return;
	reached[reached_len].speed = found;
	reached[reached_len].backend = backend;
	reached[reached_len++].ratio = ratio;
}

void
times_goals(void)
{
	for (int i = 0; i < reached_len; i++) {
		int speed = reached[i].speed;

		report_goal_kept(speeds[speed].goal, reached[i].backend,
		    speeds[speed].work, reached[i].ratio, AT_LEAST,
		    speeds[speed].limit, 0, "");
	}
}

/* Engine 0 is the reference, if there is one for this work; the last one is
 * the reference again. */
static void
run_work(const char *backend, const work *w, int rounds)
{
	static double rates[ENGINES_MAX][ROUNDS_MAX], ratios[ROUNDS_MAX];
	runner runners[ENGINES_MAX];
	const engine *base = engine_find(backend, reference(w));
	int len = 0;

	if (base != NULL && !fits(base, w, backend))
		base = NULL;
	if (base != NULL)
		runner_open(&runners[len++], base, w);
	for (const engine *const *e = engines; *e != NULL; e++)
		if (*e != base && fits(*e, w, backend) &&
		    len < ENGINES_MAX - 1)
			runner_open(&runners[len++], *e, w);
	if (base != NULL)
		runner_open(&runners[len++], base, w);
	for (int round = 0; round < rounds; round++)
		for (int i = 0; i < len; i++) {
			/* Nobody is always the first. */
			runner *r = &runners[(i + round) % len];

			rates[r - runners][round] = (double)r->units /
			    sample(r, w, r->units);
		}
	/* Engine 0 last: the ratios need its rates in the order of rounds. */
	for (int k = 1; k <= len; k++) {
		int i = k % len;
		figure f = { .backend = backend, .work = w->name,
		    .engine = base != NULL && i == len - 1 ?
		    "(the same again)" : runners[i].engine->name,
		    .unit = w->piece == 0 ? "per second" : "MB/s" };

		if (base != NULL && i != 0) {
			for (int n = 0; n < rounds; n++)
				ratios[n] = rates[i][n] / rates[0][n];
			f.against = base->name;
			f.low = quantile(ratios, rounds, 0.25);
			f.high = quantile(ratios, rounds, 0.75);
			f.ratio = quantile(ratios, rounds, 0.5);
			note_speed(backend, w, runners[i].engine, f.ratio);
		}
		f.value = quantile(rates[i], rounds, 0.5);
		if (w->piece != 0)
			f.value /= 1e6;
		report_figure(&f);
	}
	for (int i = 0; i < len; i++)
		runner_close(&runners[i], w);
}

void
times_run(const char *backend, int rounds, const char *only,
    const char *who)
{
	only_engine = who;
	if (rounds > ROUNDS_MAX)
		rounds = ROUNDS_MAX;
	for (size_t i = 0; i < LEN(works); i++)
		if (only == NULL || strstr(works[i].name, only) != NULL)
			run_work(backend, &works[i], rounds);
}

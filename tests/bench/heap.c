/* SPDX-License-Identifier: MIT */
/* What a connection costs while nothing happens. */
#include "config.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "bench.h"
#include "report.h"
#include "work.h"

#define MEGABYTE ((size_t)1 << 20)
#define KIB 1024.0

/* ------------------------------------------------------------------------
 * The child, for each engine one: nobody else's memory is in it
 */

static size_t
heap_now(void)
{
	struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
}

/* Rings are the benchmark's own, not the library's. */
static void
drop_rings(couple *couples, int len)
{
	for (int i = 0; i < len; i++) {
		ring_done(&couples[i].to_client);
		ring_done(&couples[i].to_server);
	}
}

static void
open_idle(couple *c, const engine *e, void *world, carrier how)
{
	int fds[2];

	carrier_open(how, fds);
	couple_open(c, e, world, fds);
	/* Engines with sockets have copies. */
	for (int i = 0; i < 2; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	couple_shake(c);
}

/* Prints the bytes for each couple: idle, and idle after 1 MiB was moved. */
int
heap_child(const char *backend, const char *name, int len)
{
	const engine *e = engine_find(backend, name);
	scenario s = { 0x0304, "ecdsa", 0x1301, bench_file("ca", ".pem") };
	couple *couples = calloc((size_t)len, sizeof(*couples)), warm;
	size_t before, idle, used;
	carrier how;
	void *world;

	if (e == NULL || couples == NULL)
		die("no %s of %s", name, backend);
	how = e->sockets ? CARRIER_PAIR : CARRIER_MEMORY;
	world = e->open(e, &s);
	/* What a library keeps for all, it has by then. */
	for (int i = 0; i < 4; i++) {
		open_idle(&warm, e, world, how);
		couple_move(&warm, MEGABYTE, 16384, AHEAD);
		couple_close(&warm);
	}
	before = heap_now();
	for (int i = 0; i < len; i++) {
		open_idle(&couples[i], e, world, how);
		drop_rings(&couples[i], 1);
	}
	idle = heap_now();
	for (int i = 0; i < len && !e->sockets; i++) {
		couple_move(&couples[i], MEGABYTE, 16384, AHEAD);
		drop_rings(&couples[i], 1);
	}
	used = heap_now();
	printf("%.1f %.1f\n", (double)(idle - before) / len,
	    (double)(used - before) / len);
	/* They still work. */
	for (int i = 0; i < len; i += len / 10 + 1)
		couple_move(&couples[i], 4096, 4096, AHEAD);
	for (int i = 0; i < len; i++)
		couple_close(&couples[i]);
	e->close(world);
	return 0;
}

/* ------------------------------------------------------------------------
 * The parent
 */

static int
measure(const char *backend, const char *who, int connections,
    double *ret_idle, double *ret_used)
{
	char count[16];
	const char *argv[] = { self, "--child-heap", backend, who, count,
	    NULL };
	char *output;
	int ok;

	snprintf(count, sizeof(count), "%d", connections);
	output = output_of(argv);
	ok = output != NULL && sscanf(output, "%lf %lf", ret_idle,
	    ret_used) == 2;
	free(output);
	return ok;
}

static void
tell(const char *backend, const char *work, const char *who, double bytes,
    double raw)
{
	figure f = { .backend = backend, .work = work, .engine = who,
	    .against = "raw ring", .unit = "KiB", .value = bytes / KIB,
	    .ratio = bytes / raw };

	report_figure(&f);
}

/* Of one end, over the bare library; 0: not known. */
static double raw_each;

void
heap_run(const char *backend, int connections)
{
	const char *const ours = "tlshost buffers", *const raw = "raw ring";
	double idle, used, raw_idle, raw_used;

	raw_each = 0;
	if (engine_find(backend, raw) == NULL) {
		report_skipped("G8", backend, "the library's headers are "
		    "missing");
		report_skipped("G9", backend, "as G8");
		return;
	}
	if (!measure(backend, raw, connections, &raw_idle, &raw_used) ||
	    !measure(backend, ours, connections, &idle, &used)) {
		report_failed("G8", backend, "the child came to no end");
		report_failed("G9", backend, "as G8");
		return;
	}
	raw_each = raw_idle / 2;
	tell(backend, "heap, idle, both ends", raw, raw_idle, raw_idle);
	tell(backend, "heap, idle, both ends", ours, idle, raw_idle);
	tell(backend, "heap, idle after 1 MiB, both ends", raw, raw_used,
	    raw_used);
	tell(backend, "heap, idle after 1 MiB, both ends", ours, used,
	    raw_used);
	report_goal("G8", backend, "heap of an idle connection - raw",
	    (idle - raw_idle) / KIB, AT_MOST, 2, "KiB");
	if (strcmp(backend, "openssl") == 0)
		report_goal("G8", backend, "heap of an idle connection",
		    idle / KIB, AT_MOST, 36, "KiB");
	report_goal("G9", backend,
	    "heap after 1 MiB was received and read - raw",
	    (used - raw_used) / KIB, AT_MOST, 2, "KiB");
}

/* Two ends in one process are two connections of it.  G8 allows both ends of
 * one two KiB; a socket has locks besides. */
void
crowd_run(const char *backend, int connections)
{
	const char *const socket = "tlshost socket";
	struct rlimit limit;
	double idle, used;
	figure f = { .backend = backend, .engine = socket, .unit = "KiB" };
	char work[64];

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
	snprintf(work, sizeof(work), "heap, %d idle connections, each",
	    connections);
	f.work = work;
	if ((rlim_t)connections + 200 > limit.rlim_max || raw_each == 0) {
		report_skipped("G8", backend, "too few descriptors for the "
		    "crowd, or nothing to compare with");
		return;
	}
	if (!measure(backend, socket, connections / 2, &idle, &used)) {
		report_failed("G8", backend, "the crowd came to no end");
		return;
	}
	f.value = idle / 2 / KIB;
	report_figure(&f);
	report_goal_kept("G8", backend, "heap of one of these - raw",
	    (idle / 2 - raw_each) / KIB, AT_MOST, 1, 1.25, "KiB");
}

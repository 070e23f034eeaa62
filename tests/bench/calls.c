/* SPDX-License-Identifier: MIT */
/* System calls, counted by strace in a child for each engine. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "report.h"
#include "work.h"

#define MEGABYTE ((size_t)1 << 20)
/* A call that strace sees and nobody else makes: what is counted is between. */
#define MARK "/nowhere/tlshost-bench"

typedef struct job {
	const char *name;
	size_t piece;            /* 0: a handshake */
	int version;
	uint16_t suite;
} job;

static const job jobs[] = {
	{ "handshake, TLS 1.3", 0, 0x0304, 0x1301 },
	{ "handshake, TLS 1.2", 0, 0x0303, 0xc02b },
	{ "1 MiB in pieces of 16384 bytes", 16384, 0x0304, 0x1301 },
	{ "1 MiB in pieces of 256 bytes", 256, 0x0304, 0x1301 },
};

/* ------------------------------------------------------------------------
 * The child
 */

static void
mark(void)
{
	(void)access(MARK, F_OK);
}

int
calls_child(const char *backend, const char *name, const char *work)
{
	const engine *e = engine_find(backend, name);
	const job *j = &jobs[atoi(work) % (int)LEN(jobs)];
	scenario s = { j->version, "ecdsa", j->suite, bench_file("ca", ".pem") };
	couple c;
	void *world;
	int fds[2];

	if (e == NULL)
		die("no %s of %s", name, backend);
	world = e->open(e, &s);
	/* The second connection of a context is like all that follow. */
	for (int i = 0; i < 2; i++) {
		carrier_open(CARRIER_TCP, fds);
		if (i == 1 && j->piece == 0)
			mark();
		couple_open(&c, e, world, fds);
		couple_shake(&c);
		if (i == 1 && j->piece == 0)
			mark();
		if (i == 1 && j->piece != 0) {
			couple_move(&c, MEGABYTE, j->piece, AHEAD);
			mark();
			couple_move(&c, MEGABYTE, j->piece, AHEAD);
			mark();
		}
		couple_close(&c);
		close(fds[0]);
		close(fds[1]);
	}
	e->close(world);
	return 0;
}

/* ------------------------------------------------------------------------
 * The parent
 */

typedef struct tally {
	int sends, receives, opens;
} tally;

static int
is_call(const char *line, const char *const *names, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		size_t n = strlen(names[i]);

		if (strncmp(line, names[i], n) == 0 && line[n] == '(')
			return 1;
	}
	return 0;
}

static void
count_line(const char *line, tally *t)
{
	static const char *const sends[] = { "write", "writev", "sendto",
	    "sendmsg" };
	static const char *const receives[] = { "read", "readv", "recvfrom",
	    "recvmsg" };
	static const char *const opens[] = { "open", "openat" };

	/* Behind the number of the process. */
	line += strspn(line, "0123456789 ");
	t->sends += is_call(line, sends, LEN(sends));
	t->receives += is_call(line, receives, LEN(receives));
	t->opens += is_call(line, opens, LEN(opens));
}

static int
count(const char *backend, const char *who, int work, tally *t)
{
	char path[] = "/tmp/tlshost-bench-XXXXXX", number[16], line[4096];
	const char *argv[] = { "strace", "-f", "-qq", "-o", path, "-e",
	    "trace=read,write,readv,writev,sendto,sendmsg,recvfrom,recvmsg,"
	    "open,openat,access", self, "--child-calls", backend, who,
	    number, NULL };
	char *output;
	int fd = mkstemp(path), marks = 0;
	FILE *file;

	if (fd < 0 || (file = fdopen(fd, "r")) == NULL)
		return 0;
	snprintf(number, sizeof(number), "%d", work);
	*t = (tally){ 0 };
	if ((output = output_of(argv)) != NULL)
		while (fgets(line, sizeof(line), file) != NULL) {
			if (strstr(line, MARK) != NULL)
				marks++;
			else if (marks == 1)
				count_line(line, t);
		}
	free(output);
	fclose(file);
	(void)unlink(path);
	return marks == 2;
}

static void
tell(const char *backend, const char *who, int work, const char *what,
    int calls, int own)
{
	char text[96];
	figure f = { .backend = backend, .work = text, .engine = who,
	    .unit = "calls", .value = calls };

	if (own != 0 && strcmp(who, "own sockets") != 0) {
		f.against = "own sockets";
		f.ratio = (double)calls / own;
	}
	snprintf(text, sizeof(text), "%s, %s", jobs[work].name, what);
	report_figure(&f);
}

/* G5: how many may receive a megabyte; G6: what a handshake may take. */
static void
judge(const char *backend, int work, const tally *t)
{
	const job *j = &jobs[work];

	if (j->piece != 0) {
		report_goal("G5", backend, j->name, t->receives, AT_MOST,
		    j->piece == 16384 ? 35 : 60, "recv");
		return;
	}
	report_goal("G6", backend, j->name, t->sends, AT_MOST, 5, "send");
	report_goal("G6", backend, j->name, t->receives, AT_MOST, 6,
	    "recv");
	report_goal("G7", backend, j->name, t->opens, AT_MOST, 0,
	    "files");
}

void
calls_run(const char *backend)
{
	static const char *const names[] = { "own sockets", "tlshost socket",
	    "tlshost cork" };
	tally t, own;

	if (!has_program("strace")) {
		report_skipped("G5", backend, "strace is missing");
		report_skipped("G6", backend, "as G5");
		report_skipped("G7", backend, "as G5, of files");
		return;
	}
	for (int work = 0; work < (int)LEN(jobs); work++) {
		own = (tally){ 0 };
		for (size_t i = 0; i < LEN(names); i++) {
			if (engine_find(backend, names[i]) == NULL ||
			    (i == 2 && jobs[work].piece != 256))
				continue;
			if (!count(backend, names[i], work, &t)) {
				report_failed(jobs[work].piece != 0 ? "G5" :
				    "G6", backend,
				    "the work under strace came to no end");
				return;
			}
			if (i == 0)
				own = t;
			tell(backend, names[i], work, "sends", t.sends,
			    own.sends);
			tell(backend, names[i], work, "receives", t.receives,
			    own.receives);
			if (i == 1)
				judge(backend, work, &t);
		}
	}
}

/* SPDX-License-Identifier: MIT */
/*
 * Instructions, counted by callgrind in a child: whatever else the machine does,
 * they are nearly the same each time (nearly: keys and nonces are random).
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "report.h"
#include "work.h"

/* How often each is done: enough for random numbers to level out. */
#define HANDSHAKES 24
/* Servers that the process has not met: new1 to new8. */
#define NEW_SERVERS 8
#define RECORDS 64
#define SMALL_RECORDS 2048
#define UNREAD ((size_t)4 << 20)

#define ROOTS "/etc/ssl/certs/ca-certificates.crt"

typedef enum phase_kind {
	SHAKE,
	SHAKE_ROOTS,             /* the client trusts the system's, too */
	SHAKE_NEW,               /* the first of each context and certificate */
	LARGE, SMALL,            /* as fast as it goes */
	TURN, TURN_SMALL,        /* one is written, one is read, and so on */
	TURN_UNREAD              /* the same, with many on their way */
} phase_kind;

static const struct {
	const char *engine;
	phase_kind kind;
	int units;
} phases[] = {
	{ "raw ring", SHAKE, HANDSHAKES },
	{ "tlshost buffers", SHAKE, HANDSHAKES },
	{ "tlshost buffers", SHAKE_ROOTS, HANDSHAKES },
	{ "raw ring", SHAKE_NEW, NEW_SERVERS },
	{ "tlshost buffers", SHAKE_NEW, NEW_SERVERS },
	{ "raw ring", LARGE, RECORDS },
	{ "tlshost buffers", LARGE, RECORDS },
	{ "raw ring", SMALL, SMALL_RECORDS },
	{ "tlshost buffers", SMALL, SMALL_RECORDS },
	{ "tlshost buffers", TURN, RECORDS },
	{ "tlshost buffers", TURN_UNREAD, RECORDS },
	{ "raw ring", TURN_SMALL, SMALL_RECORDS },
	{ "tlshost buffers", TURN_SMALL, SMALL_RECORDS },
};

/* ------------------------------------------------------------------------
 * The child: each phase between entering and leaving this one function, where
 * callgrind is told to collect, and to write down what it has.
 */

void bench_measured(void (*work)(void *), void *argument);

__attribute__((noinline)) void
bench_measured(void (*work)(void *), void *argument)
{
	work(argument);
	__asm__ volatile("" ::: "memory");
}

typedef struct job {
	const engine *engine;
	void *world;
	void *worlds[NEW_SERVERS];       /* SHAKE_NEW has one for each */
	couple couple;
	int units;
	size_t piece;
} job;

static const int no_fds[2] = { -1, -1 };

static void
shake(const job *j, void *world)
{
	couple c;

	couple_open(&c, j->engine, world, no_fds);
	couple_shake(&c);
	couple_close(&c);
}

static void
do_shakes(void *object)
{
	const job *j = object;

	for (int i = 0; i < j->units; i++)
		shake(j, j->world);
}

static void
do_new_shakes(void *object)
{
	const job *j = object;

	for (int i = 0; i < j->units; i++)
		shake(j, j->worlds[i]);
}

static void
do_stream(void *object)
{
	job *j = object;

	couple_move(&j->couple, (size_t)j->units * j->piece, j->piece, AHEAD);
}

static void
do_turns(void *object)
{
	job *j = object;

	couple_exchange(&j->couple, j->units, j->piece);
}

/* The system's roots and ours, in a file that is gone when it was read. */
static void
make_roots(char *path, size_t cap)
{
	const char *const files[] = { bench_file("ca", ".pem"), ROOTS };
	FILE *out, *in;
	int fd, c;

	snprintf(path, cap, "%s/bench-roots-XXXXXX",
	    getenv("TLSHOST_TEST_CERTS"));
	if ((fd = mkstemp(path)) < 0 || (out = fdopen(fd, "w")) == NULL)
		die("%s: %s", path, strerror(errno));
	for (size_t i = 0; i < LEN(files); i++) {
		if ((in = fopen(files[i], "re")) == NULL)
			die("%s: %s", files[i], strerror(errno));
		while ((c = getc(in)) != EOF)
			putc(c, out);
		fclose(in);
	}
	if (fclose(out) != 0)
		die("%s: %s", path, strerror(errno));
}

static void
run_new(job *j, scenario *s)
{
	char key[16], trust[4096];

	/* bench_file() will need its place. */
	snprintf(trust, sizeof(trust), "%s", s->trust);
	s->trust = trust;
	for (int i = 0; i < j->units; i++) {
		snprintf(key, sizeof(key), "new%d", i + 1);
		s->key = key;
		j->worlds[i] = j->engine->open(j->engine, s);
	}
	bench_measured(do_new_shakes, j);
	for (int i = 0; i < j->units; i++)
		j->engine->close(j->worlds[i]);
}

static void
run_phase(const char *backend, int index)
{
	scenario s = { 0x0304, "ecdsa", 0x1301, bench_file("ca", ".pem") };
	job j = { .engine = engine_find(backend, phases[index].engine),
	    .units = phases[index].units };
	phase_kind kind = phases[index].kind;
	char roots[4096];

	if (j.engine == NULL)
		die("no %s of %s", phases[index].engine, backend);
	if (kind == SHAKE_NEW) {
		run_new(&j, &s);
		return;
	}
	if (kind == SHAKE_ROOTS) {
		make_roots(roots, sizeof(roots));
		s.trust = roots;
	}
	j.world = j.engine->open(j.engine, &s);
	if (kind == SHAKE_ROOTS)
		unlink(roots);
	if (kind == SHAKE || kind == SHAKE_ROOTS) {
		int units = j.units;

		j.units = 4;
		do_shakes(&j);
		j.units = units;
		bench_measured(do_shakes, &j);
		j.engine->close(j.world);
		return;
	}
	j.piece = kind == SMALL || kind == TURN_SMALL ? 256 : 16384;
	couple_open(&j.couple, j.engine, j.world, no_fds);
	couple_shake(&j.couple);
	if (kind == TURN_UNREAD)
		(void)couple_fill(&j.couple, UNREAD, j.piece);
	couple_exchange(&j.couple, 16, j.piece);
	if (kind == LARGE || kind == SMALL) {
		do_stream(&j);
		bench_measured(do_stream, &j);
	} else {
		bench_measured(do_turns, &j);
	}
	couple_close(&j.couple);
	j.engine->close(j.world);
}

int
instructions_child(const char *backend)
{
	for (int i = 0; i < (int)LEN(phases); i++)
		run_phase(backend, i);
	return 0;
}

/* ------------------------------------------------------------------------
 * The parent
 */

/* Of the dump that callgrind wrote after a phase; 0: there is none. */
static double
total_of(const char *dir, int index)
{
	char path[4200], line[256];
	double total = 0;
	FILE *file;

	snprintf(path, sizeof(path), "%s/out.%d", dir, index + 1);
	if ((file = fopen(path, "re")) == NULL)
		return 0;
	while (fgets(line, sizeof(line), file) != NULL)
		if (sscanf(line, "totals: %lf", &total) == 1)
			break;
	fclose(file);
	(void)unlink(path);
	return total;
}

static double counts[LEN(phases)];

/* Instructions of one unit. */
static double
count(const char *who, phase_kind kind)
{
	for (size_t i = 0; i < LEN(phases); i++)
		if (phases[i].kind == kind &&
		    strcmp(phases[i].engine, who) == 0)
			return counts[i] / phases[i].units;
	return 0;
}

static void
tell(const char *backend, const char *work, phase_kind kind,
    const char *who, const char *against, phase_kind base)
{
	figure f = { .backend = backend, .work = work, .engine = who,
	    .against = against, .unit = "instr.",
	    .value = count(who, kind) };

	f.ratio = f.value / count(against, base);
	report_figure(&f);
}

static int
run_callgrind(const char *backend, const char *dir)
{
	char out[4200];
	const char *argv[] = { "valgrind", "--quiet", "--tool=callgrind",
	    out, "--toggle-collect=bench_measured",
	    "--dump-after=bench_measured", self, "--child-instructions",
	    backend, NULL };
	char *output;

	snprintf(out, sizeof(out), "--callgrind-out-file=%s/out", dir);
	/* "rep movsb" copies many bytes at a time, and callgrind counts each as
	 * an instruction: memcpy shall do without. */
	setenv("GLIBC_TUNABLES",
	    "glibc.cpu.x86_rep_movsb_threshold=1073741824", 1);
	output = output_of(argv);
	unsetenv("GLIBC_TUNABLES");
	free(output);
	return output != NULL;
}

void
instructions_run(const char *backend)
{
	static const char *const goals[] = { "G1", "G2", "G3", "G4", "G7" };
	const char *const ours = "tlshost buffers", *const raw = "raw ring";
	char dir[] = "/tmp/tlshost-bench-XXXXXX", last[64];
	int ok;

	if (access(ROOTS, R_OK) != 0 || engine_find(backend, raw) == NULL ||
	    !has_program("valgrind")) {
		for (size_t i = 0; i < LEN(goals); i++)
			report_skipped(goals[i], backend, "valgrind, the "
			    "library's headers or " ROOTS " are missing");
		return;
	}
	if (mkdtemp(dir) == NULL)
		die("%s: %s", dir, strerror(errno));
	ok = run_callgrind(backend, dir);
	for (int i = 0; i < (int)LEN(phases); i++)
		if ((counts[i] = total_of(dir, i)) == 0)
			ok = 0;
	/* What was left over when the program ended. */
	snprintf(last, sizeof(last), "%s/out", dir);
	(void)unlink(last);
	(void)rmdir(dir);
	if (!ok) {
		for (size_t i = 0; i < LEN(goals); i++)
			report_failed(goals[i], backend,
			    "the work under valgrind came to no end");
		return;
	}
	tell(backend, "handshake, TLS 1.3, ECDSA P-256", SHAKE, ours, raw,
	    SHAKE);
	tell(backend, "the same with all of the system's roots", SHAKE_ROOTS,
	    ours, ours, SHAKE);
	tell(backend, "the same, with servers not met before", SHAKE_NEW, ours,
	    raw, SHAKE_NEW);
	tell(backend, "record of 16384 bytes", LARGE, ours, raw, LARGE);
	tell(backend, "record of 256 bytes", SMALL, ours, raw, SMALL);
	tell(backend, "the same, in turn", TURN_SMALL, ours, raw, TURN_SMALL);
	tell(backend, "record of 16384 bytes, 4 MiB ahead", TURN_UNREAD, ours,
	    ours, TURN);
	report_goal_kept("G1", backend, "instructions of a handshake / raw",
	    count(ours, SHAKE) / count(raw, SHAKE), AT_MOST, 1.005,
	    strcmp(backend, "nss") == 0 ? 1.009 : 1.007, "");
	report_goal_kept("G1", backend, "the same, servers not met before / raw",
	    count(ours, SHAKE_NEW) / count(raw, SHAKE_NEW), AT_MOST, 1.005,
	    strcmp(backend, "nss") == 0 ? 1.40 : 1.02, "");
	report_goal("G2", backend,
	    "instructions of a 16 KiB record / raw",
	    count(ours, LARGE) / count(raw, LARGE), AT_MOST, 1.05, "");
	report_goal_kept("G3", backend,
	    "instructions of a 256-byte record / raw",
	    count(ours, SMALL) / count(raw, SMALL), AT_MOST,
	    strcmp(backend, "openssl") == 0 ? 1.00 : 1.05,
	    strcmp(backend, "openssl") == 0 ? 1.00 :
	    strcmp(backend, "nss") == 0 ? 1.07 : 1.06, "");
	report_goal("G4", backend,
	    "instructions of a record, 4 MiB unread / none",
	    count(ours, TURN_UNREAD) / count(ours, TURN), AT_MOST, 1.02, "");
	report_goal("G7", backend,
	    "instructions of a handshake, all roots / one",
	    count(ours, SHAKE_ROOTS) / count(ours, SHAKE), AT_MOST, 1.01, "");
}

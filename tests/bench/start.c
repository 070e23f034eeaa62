/* SPDX-License-Identifier: MIT */
/* What it takes to list backends, and to have one. */
#include "config.h"

#include <float.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "bench.h"
#include "engine.h"
#include "report.h"

#define RUNS 100

extern char **environ;

static const struct {
	const char *backend, *library, *mapped;
	double known;                /* milliseconds; docs/performance says why */
} libraries[] = {
	{ "openssl", "libssl.so.3", "libssl.so", 5 },
	{ "gnutls", "libgnutls.so.30", "libgnutls.so", 1 },
	{ "nss", "libssl3.so", "libssl3.so", 1 },
};

static const char *
startup_program(void)
{
	const char *path = getenv("BENCH_STARTUP");

	if (path == NULL)
		die("BENCH_STARTUP is not set; run make bench");
	return path;
}

/* Milliseconds of processor time. */
static double
run_once(const char *what, const char *argument)
{
	char *argv[] = { (char *)(uintptr_t)startup_program(),
	    (char *)(uintptr_t)what, (char *)(uintptr_t)argument, NULL };
	struct rusage usage;
	int status;
	pid_t pid;

	if (posix_spawn(&pid, argv[0], NULL, NULL, argv, environ) != 0 ||
	    wait4(pid, &status, 0, &usage) != pid || status != 0)
		die("%s %s %s failed", argv[0], what,
		    argument != NULL ? argument : "");
	return ((double)usage.ru_utime.tv_sec +
	    (double)usage.ru_stime.tv_sec) * 1e3 +
	    ((double)usage.ru_utime.tv_usec +
	    (double)usage.ru_stime.tv_usec) / 1e3;
}

static void
run_again(const char *what, const char *argument, double *quickest)
{
	double time = run_once(what, argument);

	if (time < *quickest)
		*quickest = time;
}

/* Of the quickest of many runs, in turn: whatever else the machine does makes
 * one slower, and none quicker. */
static double
difference(const char *what, const char *argument, const char *base,
    const char *base_argument)
{
	double quickest = DBL_MAX, quickest_base = DBL_MAX;

	for (int i = 0; i < RUNS; i++) {
		run_again(base, base_argument, &quickest_base);
		run_again(what, argument, &quickest);
	}
	return quickest - quickest_base;
}

/* How many TLS libraries are mapped afterwards; beside that one. */
static int
mapped(const char *what, const char *argument, const char *wanted)
{
	const char *argv[] = { startup_program(), what, argument, NULL };
	char *output, *line, *rest;
	int others = 0;

	setenv("BENCH_TELL_MAPPED", "1", 1);
	output = output_of(argv);
	unsetenv("BENCH_TELL_MAPPED");
	if (output == NULL)
		die("%s failed", what);
	for (line = strtok_r(output, "\n", &rest); line != NULL;
	    line = strtok_r(NULL, "\n", &rest))
		others += wanted == NULL || strcmp(line, wanted) != 0;
	free(output);
	return others;
}

static void
compare_times(const char *backend, size_t library)
{
	report_goal_kept("G11", backend, "selecting it - dlopen of its library",
	    difference("select", backend, "load",
	    libraries[library].library), AT_MOST, 0.2,
	    libraries[library].known, "ms");
}

void
start_run(int argc, char **backends, int counts_only)
{
	char text[64];

	snprintf(text, sizeof(text), "listing %d - doing nothing", argc);
	if (!counts_only)
		report_goal("G10", "all", text, difference("list", NULL,
		    "nothing", NULL), AT_MOST, 1, "ms");
	report_goal("G10", "all", "TLS libraries mapped by it",
	    mapped("list", NULL, NULL), AT_MOST, 0, "");
	for (int i = 0; i < argc; i++)
		for (size_t k = 0; k < LEN(libraries); k++) {
			if (strcmp(libraries[k].backend, backends[i]) != 0)
				continue;
			if (!counts_only)
				compare_times(backends[i], k);
			report_goal("G11", backends[i],
			    "other TLS libraries mapped by it",
			    mapped("select", backends[i],
			    libraries[k].mapped), AT_MOST, 0, "");
		}
}

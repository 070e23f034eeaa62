/* SPDX-License-Identifier: MIT */
/*
 * Speed and size of tlshost beside the libraries it stands on; docs/performance
 * says how to read it.
 *
 *	bench [--rounds N] [--only TEXT] [--engine NAME] [--connections N]
 *	    [--json FILE] [--plot FILE] BACKEND...
 *	bench --counts BACKEND...     counts alone; 1: a goal was missed
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "engine.h"
#include "report.h"

extern char **environ;
const char *self;

char *
output_of(const char *const *argv)
{
	posix_spawn_file_actions_t actions;
	char *text = NULL;
	size_t len = 0, cap = 0;
	int ends[2], status;
	ssize_t n;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) != 0 ||
	    posix_spawn_file_actions_init(&actions) != 0 ||
	    posix_spawn_file_actions_adddup2(&actions, ends[1], 1) != 0)
		die("no pipe");
	status = posix_spawnp(&pid, argv[0], &actions, NULL,
	    (char *const *)(uintptr_t)argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	if (status != 0) {
		close(ends[0]);
		return NULL;
	}
	do {
		if (cap - len < 4096 &&
		    (text = realloc(text, cap += 8192)) == NULL)
			die("out of memory");
		if ((n = read(ends[0], text + len, cap - len - 1)) > 0)
			len += (size_t)n;
	} while (n > 0 || (n < 0 && errno == EINTR));
	close(ends[0]);
	text[len] = '\0';
	if (waitpid(pid, &status, 0) == pid && status == 0)
		return text;
	free(text);
	return NULL;
}

int
has_program(const char *name)
{
	const char *argv[] = { name, "--version", NULL };
	char *output = output_of(argv);

	free(output);
	return output != NULL;
}

typedef struct options {
	int counts, rounds, connections;
	const char *only, *engine, *json, *plot;
} options;

static void
usage(void)
{
	die("usage: bench [--counts] [--rounds N] [--only TEXT] "
	    "[--engine NAME] [--connections N] [--json FILE] "
	    "[--plot FILE] BACKEND...");
}

/* How many arguments were options. */
static int
parse(int argc, char **argv, options *o)
{
	int i = 1;

	for (; i < argc && strncmp(argv[i], "--", 2) == 0; i++) {
		const char *value = argv[i + 1];

		if (strcmp(argv[i], "--counts") == 0) {
			o->counts = 1;
			continue;
		}
		if (value == NULL)
			usage();
		if (strcmp(argv[i], "--rounds") == 0)
			o->rounds = atoi(value);
		else if (strcmp(argv[i], "--connections") == 0)
			o->connections = atoi(value);
		else if (strcmp(argv[i], "--only") == 0)
			o->only = value;
		else if (strcmp(argv[i], "--engine") == 0)
			o->engine = value;
		else if (strcmp(argv[i], "--json") == 0)
			o->json = value;
		else if (strcmp(argv[i], "--plot") == 0)
			o->plot = value;
		else
			usage();
		i++;
	}
	if (o->rounds < 1 || o->connections < 10 || i == argc)
		usage();
	return i - 1;
}

/* A part of the work that needs a process of its own; -1: none was asked for. */
static int
child(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "--child-instructions") == 0)
		return instructions_child(argv[2]);
	if (argc == 5 && strcmp(argv[1], "--child-heap") == 0)
		return heap_child(argv[2], argv[3], atoi(argv[4]));
	if (argc == 5 && strcmp(argv[1], "--child-calls") == 0)
		return calls_child(argv[2], argv[3], argv[4]);
	return -1;
}

static void
tell_absent(const char *backend, const char *peer)
{
	if (engine_find(backend, peer) == NULL)
		printf("%s is not in this build: its headers were not here\n",
		    peer);
}

int
main(int argc, char **argv)
{
	options o = { .rounds = 15, .connections = 2000 };
	static char path[4096];
	int status = child(argc, argv), skip;
	ssize_t len;

	if (status >= 0)
		return status;
	if ((len = readlink("/proc/self/exe", path, sizeof(path) - 1)) < 0)
		die("/proc/self/exe: %s", strerror(errno));
	path[len] = '\0';
	self = path;
	skip = parse(argc, argv, &o);
	argc -= skip + 1;
	argv += skip + 1;
	for (int i = 0; i < argc; i++) {
		if (!o.counts)
			times_run(argv[i], o.rounds, o.only, o.engine);
		if (!o.counts && (o.only != NULL || o.engine != NULL))
			continue;
		instructions_run(argv[i]);
		heap_run(argv[i], o.connections);
		if (o.counts)
			continue;
		calls_run(argv[i]);
		crowd_run(argv[i], 10000);
	}
	if (o.engine == NULL && (o.only == NULL || strcmp(o.only,
	    "start") == 0))
		start_run(argc, argv, o.counts);
	if (!o.counts) {
		tell_absent("openssl", "libtls");
		tell_absent("gnutls", "GLib");
		times_goals();
	}
	printf("goals: %d missed, %d of them by more than is known, %d not "
	    "measured\n", report_missed(), report_exceeded(),
	    report_unmeasured());
	if (o.plot != NULL && report_plot(o.plot, argc, argv) != 0)
		die("%s: %s", o.plot, strerror(errno));
	if (o.json != NULL && report_json(o.json) != 0)
		die("%s: %s", o.json, strerror(errno));
	/* A program that is to judge has to have measured all of it. */
	if (o.counts)
		return report_exceeded() != 0 ? 1 :
		    report_unmeasured() != 0 ? 77 : 0;
	return 0;
}

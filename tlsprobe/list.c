/* SPDX-License-Identifier: MIT */
/* tlsprobe backends */
#include "config.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tlsprobe.h"

/* Longer than this no library takes to start. */
#define CHILD_MS 10000

typedef struct row {
	char *name, *version, *library, *file, *reason, *text;
	int priority;
	int usable;
} row;

static char *
copy(const char *text)
{
	return text != NULL ? strdup(text) : NULL;
}

static void
fill(row *r, const tlshost_backend_list *list, size_t i)
{
	r->name = copy(tlshost_backend_list_name(list, i));
	r->version = copy(tlshost_backend_list_version(list, i));
	r->library = copy(tlshost_backend_list_library(list, i));
	r->file = copy(tlshost_backend_list_file(list, i));
	r->reason = copy(tlshost_backend_list_reason(list, i));
	r->text = copy(tlshost_backend_list_text(list, i));
	r->priority = tlshost_backend_list_priority(list, i);
	r->usable = tlshost_backend_list_state(list, i) !=
	    TLSHOST_PLUGIN_SKIPPED;
}

/* In the child: loads one plugin by its name and tells what came of it. */
static void
child(int fd, const char *name, size_t i)
{
	tlshost_backend *backend;
	tlshost_backend_list *list;
	FILE *out = fdopen(fd, "w");

	if (out == NULL)
		_exit(1);
	if (tlshost_backend_by_name(name, &backend, NULL) == TLSHOST_OK) {
		fprintf(out, "ok%c%s%c", 0, tlshost_backend_library(backend),
		    0);
	} else if (tlshost_backend_list_new(0, &list, NULL) == TLSHOST_OK &&
	    tlshost_backend_list_reason(list, i) != NULL) {
		fprintf(out, "%s%c%s%c", tlshost_backend_list_reason(list, i),
		    0, tlshost_backend_list_text(list, i), 0);
	}
	fclose(out);
	_exit(0);
}

/* Reads what the child tells, until it ends or takes too long. */
static size_t
listen_to(int fd, char *answer, size_t cap)
{
	int64_t until = now_us() + (int64_t)CHILD_MS * 1000;
	size_t len = 0;

	while (len < cap - 1) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		int64_t left = (until - now_us()) / 1000;
		ssize_t n;

		if (left <= 0 || poll(&p, 1, (int)left) <= 0)
			break;
		if ((n = read(fd, answer + len, cap - 1 - len)) <= 0)
			break;
		len += (size_t)n;
	}
	answer[len] = '\0';
	return len;
}

static void
refuse(row *r, const char *reason, const char *text)
{
	free(r->reason);
	free(r->text);
	r->reason = copy(reason);
	r->text = copy(text);
	r->usable = 0;
}

/* A crash or a hang of a library is a row, not the end of the list. */
static void
load_in_child(row *r, size_t i)
{
	char answer[4096], text[128];
	int fds[2], status = 0;
	size_t len, first;
	pid_t pid;

	fflush(stdout);
	if (pipe(fds) != 0 || (pid = fork()) < 0) {
		refuse(r, "load-failed", "no child process for it");
		return;
	}
	if (pid == 0) {
		close(fds[0]);
		child(fds[1], r->name, i);
	}
	close(fds[1]);
	len = listen_to(fds[0], answer, sizeof(answer));
	close(fds[0]);
	(void)kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0)
		;
	first = strlen(answer) + 1;
	if (len > first && strcmp(answer, "ok") == 0) {
		free(r->library);
		r->library = copy(answer + first);
	} else if (len > first) {
		refuse(r, answer, answer + first);
	} else {
		snprintf(text, sizeof(text), WIFSIGNALED(status) &&
		    WTERMSIG(status) != SIGKILL ? "its process was ended by "
		    "signal %d" : "its process ended, or took too long (%d)",
		    WIFSIGNALED(status) ? WTERMSIG(status) :
		    WEXITSTATUS(status));
		refuse(r, "load-failed", text);
	}
}

static json_t *
row_json(const row *r, int is_default)
{
	return json_pack("{s:o,s:o,s:o,s:i,s:s,s:o,s:o,s:o}",
	    "name", text_or_null(r->name),
	    "plugin", text_or_null(r->version),
	    "library", text_or_null(r->library),
	    "priority", r->priority,
	    "status", is_default ? "default" : r->usable ? "ok" : "refused",
	    "reason", text_or_null(r->reason),
	    "text", text_or_null(r->text),
	    "file", text_or_null(r->file));
}

static const char *
dash(const char *text)
{
	return text != NULL ? text : "-";
}

static void
print_row(const row *r, int is_default)
{
	printf("%-10s %-8s %-18s %4d  %-8s %s\n", dash(r->name),
	    dash(r->version), r->usable ? dash(r->library) : "-", r->priority,
	    is_default ? "default" : r->usable ? "ok" : "refused", r->file);
	if (r->reason != NULL)
		printf("           %s: %s\n", r->reason, dash(r->text));
}

static void
print_summary(const tlshost_backend_list *list, size_t usable)
{
	const char *directory;

	printf("%zu found, %zu usable.", tlshost_backend_list_len(list),
	    usable);
	if (usable != 0)
		printf(" Default chosen by %s; set TLS_BACKEND to change.",
		    dash(tlshost_backend_list_chosen_by(list)));
	printf(" Looked in:");
	for (size_t i = 0; (directory = tlshost_backend_list_directory(list,
	    i)) != NULL; i++)
		printf(" %s", directory);
	printf("\n");
}

/* What the default is once the children have told which ones work. */
static long
find_default(const tlshost_backend_list *list, const row *rows)
{
	long at = tlshost_backend_list_default(list, TLSHOST_ROLE_CLIENT);
	long best = -1;

	if (at < 0 || rows[at].usable || strcmp(
	    dash(tlshost_backend_list_chosen_by(list)), "priority") != 0)
		return at;
	for (size_t i = 0; i < tlshost_backend_list_len(list); i++)
		if (rows[i].usable && rows[i].priority > 0 && (best < 0 ||
		    rows[i].priority > rows[best].priority))
			best = (long)i;
	return best;
}

int
run_list(const options *o)
{
	json_t *document = o->json ? document_new("backends") : NULL;
	tlshost_backend_list *list;
	tlshost_error *error = NULL;
	const char *problem;
	size_t usable = 0, len;
	long chosen;
	int code = EXIT_DONE;
	row *rows;

	if (tlshost_backend_list_new(0, &list, &error) != TLSHOST_OK) {
		complain(document, "%s", tlshost_error_message(error));
		tlshost_error_free(error);
		return document_end(document, EXIT_LOCAL);
	}
	len = tlshost_backend_list_len(list);
	if ((rows = calloc(len + 1, sizeof(*rows))) == NULL)
		return document_end(document, EXIT_LOCAL);
	for (size_t i = 0; i < len; i++) {
		fill(&rows[i], list, i);
		if (rows[i].usable && !o->no_load)
			load_in_child(&rows[i], i);
		usable += (size_t)rows[i].usable;
	}
	problem = tlshost_backend_list_problem(list);
	chosen = find_default(list, rows);
	if (problem == NULL && chosen >= 0 && !rows[chosen].usable) {
		complain(document, "%s: the backend cannot be used",
		    dash(tlshost_backend_list_chosen_by(list)));
		code = EXIT_BACKEND;
		chosen = -1;
	}
	if (document == NULL)
		printf("%-10s %-8s %-18s %4s  %-8s %s\n", "NAME", "PLUGIN",
		    "LIBRARY", "PRIO", "STATUS", "FILE");
	for (size_t i = 0; i < len; i++) {
		int is_default = (long)i == chosen;

		if (document != NULL)
			json_array_append_new(json_object_get(document,
			    "results"), row_json(&rows[i], is_default));
		else
			print_row(&rows[i], is_default);
		free(rows[i].name);
		free(rows[i].version);
		free(rows[i].library);
		free(rows[i].file);
		free(rows[i].reason);
		free(rows[i].text);
	}
	if (document == NULL)
		print_summary(list, usable);
	if (problem != NULL)
		complain(document, "%s", problem);
	if (problem != NULL || usable == 0)
		code = EXIT_BACKEND;
	free(rows);
	tlshost_backend_list_free(list);
	return document_end(document, code);
}

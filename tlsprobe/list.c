/* SPDX-License-Identifier: MIT */
/* tlsprobe backends */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "tlsprobe.h"

/* Longer than this no library takes to start. */
#define CHILD_MS 10000

typedef struct row {
	char *name, *version, *library, *file, *reason, *text;
	size_t index;
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
	r->index = i;
	r->priority = tlshost_backend_list_priority(list, i);
	r->usable = tlshost_backend_list_state(list, i) !=
	    TLSHOST_PLUGIN_SKIPPED;
}

/* In the child: loads one plugin by its name and tells what came of it. */
static json_t *
load(const void *context)
{
	const row *r = context;
	tlshost_backend *backend;
	tlshost_backend_list *list;
	tlshost_error *error = NULL;

	if (tlshost_backend_by_name(r->name, &backend, &error) == TLSHOST_OK)
		return json_pack("{s:s}", "library",
		    tlshost_backend_library(backend));
	if (tlshost_backend_list_new(0, &list, NULL) == TLSHOST_OK &&
	    tlshost_backend_list_reason(list, r->index) != NULL)
		return json_pack("{s:s,s:o}", "reason",
		    tlshost_backend_list_reason(list, r->index), "text",
		    text_or_null(tlshost_backend_list_text(list, r->index)));
	/* Not this plugin's fault: none can be used. */
	return json_pack("{s:n,s:o}", "reason", "text",
	    text_or_null(tlshost_error_message(error)));
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

static const char *
string_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

/* A crash or a hang of a library is a row, not the end of the list. */
static void
note_answer(row *r, const child *c)
{
	char text[128];

	if (child_problem(c, text, sizeof(text)) != NULL) {
		refuse(r, "load-failed", text);
	} else if (string_of(c->answer, "library") != NULL) {
		free(r->library);
		r->library = copy(string_of(c->answer, "library"));
	} else {
		refuse(r, string_of(c->answer, "reason"),
		    string_of(c->answer, "text"));
	}
}

/* Loads those that can be loaded, all at the same time. */
static int
load_rows(row *rows, size_t len)
{
	child *children = calloc(len + 1, sizeof(*children));

	if (children == NULL)
		return -1;
	for (size_t i = 0; i < len; i++) {
		children[i].fd = -1;
		if (rows[i].usable)
			child_start(&children[i], load, &rows[i], CHILD_MS);
	}
	children_finish(children, len);
	for (size_t i = 0; i < len; i++) {
		if (rows[i].usable)
			note_answer(&rows[i], &children[i]);
		child_done(&children[i]);
	}
	free(children);
	return 0;
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
	    is_default ? "default" : r->usable ? "ok" : "refused", dash(r->file));
	if (r->reason != NULL)
		printf("           %s: %s\n", r->reason, dash(r->text));
	else if (r->text != NULL)
		printf("           %s\n", r->text);
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
	if (tlshost_backend_list_len(list) == 0)
		printf("Backends are packages of their own: install %s.\n",
		    BACKEND_PACKAGES);
}

/* In a child: what a program would get. */
static json_t *
pick_default(const void *unused)
{
	tlshost_backend *backend;

	(void)unused;
	if (tlshost_backend_default(TLSHOST_ROLE_CLIENT, &backend, NULL) !=
	    TLSHOST_OK)
		return NULL;
	return json_pack("{s:s}", "name", tlshost_backend_name(backend));
}

/* The one after it in a list of names, where that goes on; else at. */
static long
next_named(const row *rows, size_t len, long at)
{
	child asked = { .fd = -1 };
	const char *name;

	child_start(&asked, pick_default, NULL, CHILD_MS);
	children_finish(&asked, 1);
	if (asked.outcome == CHILD_ANSWERED &&
	    (name = string_of(asked.answer, "name")) != NULL)
		for (size_t i = 0; i < len; i++)
			if (rows[i].usable && strcmp(rows[i].name, name) == 0)
				at = (long)i;
	child_done(&asked);
	return at;
}

/* What the default is once the children have told which ones work. */
static long
find_default(const tlshost_backend_list *list, const row *rows)
{
	long at = tlshost_backend_list_default(list, TLSHOST_ROLE_CLIENT);
	long best = -1;

	if (at < 0 || rows[at].usable)
		return at;
	if (strcmp(dash(tlshost_backend_list_chosen_by(list)), "priority") != 0)
		return next_named(rows, tlshost_backend_list_len(list), at);
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

	if (o->args_len != 0) {
		complain(document, "backends takes no argument: %s",
		    o->args[0]);
		return document_end(document, EXIT_USAGE);
	}
	if (tlshost_backend_list_new(0, &list, &error) != TLSHOST_OK) {
		complain(document, "%s", tlshost_error_message(error));
		tlshost_error_free(error);
		return document_end(document, EXIT_LOCAL);
	}
	len = tlshost_backend_list_len(list);
	if ((rows = calloc(len + 1, sizeof(*rows))) == NULL) {
		complain(document, "out of memory");
		return document_end(document, EXIT_LOCAL);
	}
	for (size_t i = 0; i < len; i++)
		fill(&rows[i], list, i);
	if (!o->no_load && load_rows(rows, len) != 0) {
		complain(document, "out of memory");
		return document_end(document, EXIT_LOCAL);
	}
	for (size_t i = 0; i < len; i++)
		usable += (size_t)rows[i].usable;
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

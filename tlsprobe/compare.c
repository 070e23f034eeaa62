/* SPDX-License-Identifier: MIT */
/* tlsprobe compare: one target, each backend in a child of its own. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "tlsprobe.h"

/* To load a library and to say goodbye, besides --timeout. */
#define GRACE_MS 2000
#define VALUE_MAX 256

typedef struct job {
	char *name;
	options o;
	json_t *row;                     /* a result, as connect has it */
} job;

/* ------------------------------------------------------------------------
 * Children
 */

static json_t *
tell_connection(const void *context)
{
	const job *j = context;
	json_t *document = document_new("connect");
	int code = connect_once(&j->o, document);

	json_object_set_new(document, "exit", json_integer(code));
	return document;
}

/* What did not come to a result of its own is a row, too. */
static json_t *
make_row(const char *name, const char *text, const char *stage, int code)
{
	return json_pack("{s:n,s:{s:o,s:n,s:n},s:{s:b},s:n,s:[],s:n,"
	    "s:{s:n,s:o,s:s,s:i,s:i},s:i}", "target", "backend", "name",
	    text_or_null(name), "plugin", "library", "handshake", "ok", 0, "trust", "chain",
	    "time_us", "error", "status", "text", text_or_null(text), "stage",
	    stage, "alert_received", -1, "alert_sent", -1, "exit", code);
}

static void
note_answer(job *j, const child *c)
{
	json_t *code = json_object_get(c->answer, "exit");
	json_t *result = json_array_get(json_object_get(c->answer, "results"),
	    0);
	const char *problem;
	char text[128];

	if ((problem = child_problem(c, text, sizeof(text))) != NULL)
		j->row = make_row(j->name, problem, "process", EXIT_BACKEND);
	else if (json_is_object(result))
		j->row = json_incref(result);
	else
		j->row = make_row(j->name, json_string_value(json_object_get(
		    c->answer, "error")), "connect", json_is_integer(code) ?
		    (int)json_integer_value(code) : EXIT_BACKEND);
	json_object_set_new(j->row, "process",
	    json_string(child_outcome_word(c)));
}

/* All at the same time: none waits for a slow one. */
static int
run_jobs(job *jobs, size_t len, int timeout_ms)
{
	child *children = calloc(len + 1, sizeof(*children));

	if (children == NULL)
		return -1;
	for (size_t i = 0; i < len; i++)
		child_start(&children[i], tell_connection, &jobs[i],
		    timeout_ms + GRACE_MS);
	children_finish(children, len);
	for (size_t i = 0; i < len; i++) {
		note_answer(&jobs[i], &children[i]);
		child_done(&children[i]);
	}
	free(children);
	return 0;
}

/* ------------------------------------------------------------------------
 * What is compared.  Each writes a value of a row; "-": it has none.
 */

static const json_t *
part(const json_t *row, const char *object, const char *key)
{
	return json_object_get(json_object_get(row, object), key);
}

static int
shook_hands(const json_t *row)
{
	return json_is_true(part(row, "handshake", "ok"));
}

static void
write_text(char *value, const json_t *text)
{
	snprintf(value, VALUE_MAX, "%s", json_is_string(text) ?
	    json_string_value(text) : "-");
}

static void
write_verdict(const json_t *row, char *value)
{
	const char *status = json_string_value(part(row, "error", "status"));
	const char *process = json_string_value(json_object_get(row,
	    "process"));
	const char *word = "backend trouble";

	if (process == NULL || strcmp(process, "answered") != 0)
		word = process != NULL ? process : word;
	else if (shook_hands(row) || (status != NULL && strcmp(status,
	    tlshost_status_name(TLSHOST_BAD_CERTIFICATE)) == 0))
		word = json_is_true(part(row, "trust", "ok")) ? "trusted" :
		    "not trusted";
	else if (json_integer_value(json_object_get(row, "exit")) ==
	    EXIT_INTERRUPTED)
		word = "interrupted";
	else if (json_integer_value(json_object_get(row, "exit")) ==
	    EXIT_NO_CONNECTION)
		word = "no connection";
	else if (json_integer_value(json_object_get(row, "exit")) ==
	    EXIT_NO_TLS)
		word = "no TLS";
	else if (json_integer_value(json_object_get(row, "exit")) ==
	    EXIT_LOCAL)
		word = "local trouble";
	snprintf(value, VALUE_MAX, "%s", word);
}

static void
write_reasons(const json_t *row, char *value)
{
	const json_t *reasons = part(row, "trust", "reasons");
	size_t len = 0;

	snprintf(value, VALUE_MAX, "-");
	for (size_t i = 0; i < json_array_size(reasons); i++) {
		const char *code = json_string_value(json_object_get(
		    json_array_get(reasons, i), "code"));

		if (code != NULL && len + strlen(code) + 3 < VALUE_MAX)
			len += (size_t)snprintf(value + len, VALUE_MAX - len,
			    "%s%s", len != 0 ? ", " : "", code);
	}
}

static void
write_error(const json_t *row, char *value)
{
	write_text(value, part(row, "error", "status"));
}

static void
write_version(const json_t *row, char *value)
{
	write_text(value, part(row, "handshake", "version"));
}

static void
write_suite(const json_t *row, char *value)
{
	const json_t *suite = part(row, "handshake", "suite");
	const json_t *name = json_object_get(suite, "iana");

	write_text(value, json_is_string(name) ? name :
	    json_object_get(suite, "id"));
}

static void
write_group(const json_t *row, char *value)
{
	write_text(value, json_object_get(part(row, "handshake", "group"),
	    "name"));
}

static void
write_alpn(const json_t *row, char *value)
{
	write_text(value, part(row, "handshake", "alpn"));
}

static void
write_chain(const json_t *row, char *value)
{
	size_t len = json_array_size(json_object_get(row, "chain"));

	if (len == 0)
		write_text(value, NULL);
	else
		snprintf(value, VALUE_MAX, "%zu", len);
}

/* The first one, by its number. */
static void
write_certificate(const json_t *row, char *value)
{
	write_text(value, json_object_get(json_array_get(json_object_get(row,
	    "chain"), 0), "serial"));
}

static void
write_time(const json_t *row, char *value)
{
	const json_t *tls = part(row, "time_us", "tls");
	const json_t *library = part(row, "time_us", "tls_library");

	if (!json_is_integer(tls))
		write_text(value, NULL);
	else
		snprintf(value, VALUE_MAX, "%.1f ms (library %.1f)",
		    (double)json_integer_value(tls) / 1e3,
		    (double)json_integer_value(library) / 1e3);
}

/* Two suites of one class are as good as each other. */
static int
suites_matter(const job *jobs, size_t len)
{
	int first = -1;

	for (size_t i = 0; i < len; i++) {
		const char *id = json_string_value(json_object_get(part(
		    jobs[i].row, "handshake", "suite"), "id"));
		int class;

		if (id == NULL)
			continue;
		class = (int)tlshost_cipher_info_class(tlshost_cipher_by_id(
		    (uint16_t)strtoul(id, NULL, 16)));
		if (first >= 0 && class != first)
			return 1;
		first = class;
	}
	return 0;
}

typedef enum scope {
	NEVER,
	EACH,
	THOSE_CONNECTED,
	THOSE_WITH_TLS,
	THOSE_WITH_VALUE
} scope;

static const struct point {
	const char *name, *label;
	void (*write)(const json_t *row, char *value);
	scope scope;
	int matters;                     /* suites: if their classes differ */
	const char *why;
} points[] = {
	{ "verdict", "verdict", write_verdict, EACH, 1,
	    "what one accepts another does not" },
	{ "reasons", "reasons", write_reasons, THOSE_CONNECTED, 1,
	    "they find different faults in the certificates" },
	{ "error", "error", write_error, THOSE_CONNECTED, 1,
	    "they do not fail in the same way" },
	{ "version", "version", write_version, THOSE_WITH_TLS, 1,
	    "one gets less than the peer and another can do" },
	{ "suite", "suite", write_suite, THOSE_WITH_TLS, 0,
	    "the suites are of the same class" },
	{ "group", "group", write_group, THOSE_WITH_TLS, 0,
	    "each prefers another, and all are good" },
	{ "alpn", "ALPN", write_alpn, THOSE_WITH_TLS, 1,
	    "a program would speak another protocol" },
	{ "chain", "chain", write_chain, THOSE_WITH_VALUE, 1,
	    "the peer shows them different chains" },
	{ "certificate", "certificate", write_certificate, THOSE_WITH_VALUE,
	    1, "the peer shows them different certificates" },
	{ "handshake", "handshake", write_time, NEVER, 0, NULL },
};

#define POINTS (sizeof(points) / sizeof(points[0]))

static int
counts(const struct point *p, const job *j, const char *value)
{
	return p->scope == EACH || (p->scope == THOSE_CONNECTED &&
	    json_is_object(json_object_get(j->row, "target"))) ||
	    (p->scope == THOSE_WITH_TLS && shook_hands(j->row)) ||
	    (p->scope == THOSE_WITH_VALUE && strcmp(value, "-") != 0);
}

/* {"point":...,"matters":...,"why":...,"values":{...}}, or NULL: none. */
static json_t *
difference(const struct point *p, const job *jobs, size_t len)
{
	char first[VALUE_MAX] = "", value[VALUE_MAX], name[VALUE_MAX];
	json_t *values = json_object();
	const char *why = p->why;
	int differ = 0, matters = p->matters, counted = 0;

	for (size_t i = 0; i < len; i++) {
		p->write(jobs[i].row, value);
		if (!counts(p, &jobs[i], value))
			continue;
		if (!counted++)
			memcpy(first, value, sizeof(first));
		differ |= strcmp(first, value) != 0;
		write_text(name, part(jobs[i].row, "backend", "name"));
		json_object_set_new(values, name, strcmp(value, "-") !=
		    0 ? text_or_null(value) : json_null());
	}
	if (!differ) {
		json_decref(values);
		return NULL;
	}
	if (p->write == write_suite && suites_matter(jobs, len)) {
		matters = 1;
		why = "the suites are not of the same class";
	}
	return json_pack("{s:s,s:b,s:s,s:o}", "point", p->name, "matters",
	    matters, "why", why, "values", values);
}

static json_t *
find_differences(const job *jobs, size_t len)
{
	json_t *list = json_array(), *one;

	for (size_t i = 0; i < POINTS; i++)
		if (points[i].scope != NEVER &&
		    (one = difference(&points[i], jobs, len)) != NULL)
			json_array_append_new(list, one);
	return list;
}

/* ------------------------------------------------------------------------
 * The report
 */

static void
write_heading(const json_t *row, char *value)
{
	const json_t *library = part(row, "backend", "library");
	const char *name = json_string_value(part(row, "backend", "name"));

	snprintf(value, VALUE_MAX, "%s%s%s%s", name != NULL ? name : "?",
	    json_is_string(library) ? " (" : "", json_is_string(library) ?
	    json_string_value(library) : "", json_is_string(library) ? ")" :
	    "");
}

static void
print_line(const char *label, void (*write)(const json_t *, char *),
    const job *jobs, const int *widths, size_t len)
{
	char value[VALUE_MAX];

	printf("%-11s", label);
	for (size_t i = 0; i < len; i++) {
		write(jobs[i].row, value);
		if (i + 1 < len)
			printf("  %-*s", widths[i], value);
		else
			printf("  %s", value);
	}
	printf("\n");
}

static int
width_of(const job *j)
{
	char value[VALUE_MAX];
	size_t width;

	write_heading(j->row, value);
	width = strlen(value);
	for (size_t i = 0; i < POINTS; i++) {
		points[i].write(j->row, value);
		if (strlen(value) > width)
			width = strlen(value);
	}
	return (int)width;
}

static void
print_differences(const json_t *differences)
{
	size_t len = json_array_size(differences), matter = 0;

	for (size_t i = 0; i < len; i++)
		matter += json_is_true(json_object_get(json_array_get(
		    differences, i), "matters"));
	printf("They disagree on %zu point%s, of which %zu matter%s:\n", len,
	    len == 1 ? "" : "s", matter, matter == 1 ? "s" : "");
	for (size_t i = 0; i < len; i++) {
		const json_t *one = json_array_get(differences, i);

		printf("  %s %s: %s\n",
		    json_is_true(json_object_get(one, "matters")) ? "[!]" :
		    "[ ]", json_string_value(json_object_get(one, "point")),
		    json_string_value(json_object_get(one, "why")));
	}
}

static void
print_report(const options *o, const job *jobs, size_t len,
    const json_t *differences)
{
	int *widths = calloc(len, sizeof(*widths));

	printf("%s\n", o->args[0]);
	for (size_t i = 0; widths != NULL && i < len; i++)
		widths[i] = width_of(&jobs[i]);
	if (widths != NULL) {
		print_line("", write_heading, jobs, widths, len);
		for (size_t i = 0; i < POINTS; i++)
			print_line(points[i].label, points[i].write, jobs,
			    widths, len);
	}
	free(widths);
	for (size_t i = 0; i < len; i++) {
		const json_t *text = part(jobs[i].row, "error", "text");

		if (json_is_string(text))
			printf("%s: %s\n", jobs[i].name,
			    json_string_value(text));
	}
	if (len == 1)
		printf("There is one backend; nothing to compare it with.\n");
	else if (json_array_size(differences) == 0)
		printf("They agree.\n");
	else
		print_differences(differences);
}

/* ------------------------------------------------------------------------
 * The command
 */

/* 0, or an exit code after it said why. */
static int
add_job(const options *o, json_t *document, job *jobs, size_t *len,
    const char *name)
{
	for (size_t i = 0; i < *len; i++)
		if (strcmp(jobs[i].name, name) == 0)
			return 0;
	if (*len == LIST_MAX) {
		complain(document, "more than %d backends", LIST_MAX);
		return EXIT_USAGE;
	}
	if ((jobs[*len].name = strdup(name)) == NULL) {
		complain(document, "out of memory");
		return EXIT_LOCAL;
	}
	jobs[*len].o = *o;
	jobs[*len].o.backend = jobs[*len].name;
	++*len;
	return 0;
}

static int
add_named(const options *o, json_t *document, job *jobs, size_t *len)
{
	char *copy = strdup(o->backend), *rest = copy, *name;
	int code = 0;

	while (code == 0 && (name = strsep(&rest, ",")) != NULL)
		code = add_job(o, document, jobs, len, name);
	free(copy);
	if (copy == NULL) {
		complain(document, "out of memory");
		code = EXIT_LOCAL;
	}
	return code;
}

static int
add_all(const options *o, json_t *document, job *jobs, size_t *len)
{
	tlshost_backend_list *list;
	tlshost_error *error = NULL;
	const char *problem;
	int code = 0;

	if (tlshost_backend_list_new(0, &list, &error) != TLSHOST_OK) {
		complain(document, "%s", tlshost_error_message(error));
		tlshost_error_free(error);
		return EXIT_LOCAL;
	}
	if ((problem = tlshost_backend_list_problem(list)) != NULL) {
		complain(document, "%s", problem);
		code = EXIT_BACKEND;
	}
	for (size_t i = 0; code == 0 && i < tlshost_backend_list_len(list);
	    i++)
		if (tlshost_backend_list_state(list, i) !=
		    TLSHOST_PLUGIN_SKIPPED &&
		    (tlshost_backend_list_roles(list, i) &
		    TLSHOST_ROLE_CLIENT) != 0)
			code = add_job(o, document, jobs, len,
			    tlshost_backend_list_name(list, i));
	tlshost_backend_list_free(list);
	if (code == 0 && *len == 0) {
		complain(document, "there is no usable backend");
		code = EXIT_BACKEND;
	}
	return code;
}

/* The worst of all rows. */
static int
worst_exit(const job *jobs, size_t len, const job **ret_worst)
{
	static const int order[] = { EXIT_INTERRUPTED, EXIT_USAGE, EXIT_LOCAL, EXIT_BACKEND,
	    EXIT_NO_CONNECTION, EXIT_NO_TLS, EXIT_NEGATIVE };

	for (size_t k = 0; k < sizeof(order) / sizeof(order[0]); k++)
		for (size_t i = 0; i < len; i++)
			if (json_integer_value(json_object_get(jobs[i].row,
			    "exit")) == order[k]) {
				*ret_worst = &jobs[i];
				return order[k];
			}
	return EXIT_DONE;
}

static int
compare(const options *o, json_t *document, job *jobs, size_t len)
{
	const job *worst = NULL;
	json_t *differences;
	int code;

	if (run_jobs(jobs, len, o->timeout) != 0) {
		complain(document, "out of memory");
		return EXIT_LOCAL;
	}
	code = worst_exit(jobs, len, &worst);
	if (code == EXIT_USAGE) {
		const char *text = json_string_value(part(worst->row, "error",
		    "text"));

		complain(document, "%s", text != NULL ? text : "usage");
		return code;
	}
	differences = find_differences(jobs, len);
	if (code == EXIT_DONE && o->strict && json_array_size(differences) !=
	    0)
		code = EXIT_NEGATIVE;
	if (document == NULL)
		print_report(o, jobs, len, differences);
	for (size_t i = 0; document != NULL && i < len; i++)
		json_array_append(json_object_get(document, "results"),
		    jobs[i].row);
	if (document != NULL)
		json_object_set(document, "differences", differences);
	json_decref(differences);
	return code;
}

int
run_compare(const options *o)
{
	json_t *document = o->json ? document_new("compare") : NULL;
	job *jobs = calloc(LIST_MAX, sizeof(*jobs));
	size_t len = 0;
	int code;

	if (jobs == NULL) {
		complain(document, "out of memory");
		return document_end(document, EXIT_LOCAL);
	}
	if (o->args_len != 1) {
		complain(document, "one target is needed, HOST:PORT");
		code = EXIT_USAGE;
	} else if ((code = o->backend != NULL ?
	    add_named(o, document, jobs, &len) :
	    add_all(o, document, jobs, &len)) == 0) {
		code = compare(o, document, jobs, len);
	}
	for (size_t i = 0; i < len; i++) {
		free(jobs[i].name);
		json_decref(jobs[i].row);
	}
	free(jobs);
	return document_end(document, code);
}

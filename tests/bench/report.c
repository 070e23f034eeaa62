/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "engine.h"
#include "report.h"

static json_t *figures, *goals;
static int missed, exceeded, unmeasured;

static void
keep(json_t **list, json_t *object)
{
	if (*list == NULL)
		*list = json_array();
	if (object == NULL || json_array_append_new(*list, object) != 0)
		die("out of memory");
}

void
report_figure(const figure *f)
{
	char quartiles[64] = "";

	if (f->low != 0)
		snprintf(quartiles, sizeof(quartiles), "  (%.2f to %.2f)",
		    f->low, f->high);
	printf("%-8s %-44s %-16s %12.1f %-10s", f->backend, f->work,
	    f->engine, f->value, f->unit);
	if (f->ratio != 0)
		printf(" %7.3f of %s%s", f->ratio, f->against, quartiles);
	putchar('\n');
	fflush(stdout);
	keep(&figures, json_pack("{s:s s:s s:s s:s s:f s:s? s:f s:f s:f}",
	    "backend", f->backend, "work", f->work, "engine", f->engine,
	    "unit", f->unit, "value", f->value, "against", f->against,
	    "ratio", f->ratio, "ratio_low", f->low, "ratio_high", f->high));
}

static int
within(double value, int bound, double limit)
{
	return bound == AT_MOST ? value <= limit : value >= limit;
}

void
report_goal_kept(const char *goal, const char *backend, const char *what,
    double value, int bound, double limit, double kept, const char *unit)
{
	int met = within(value, bound, limit);
	const char *word = met ? "met" : !within(value, bound, kept) ?
	    "MISSED" : kept == 0 ? "missed" : "missed, as known";

	printf("%-4s %-8s %-50s %9.3f %s %-6.3f %-5s %s\n", goal, backend,
	    what, value, bound == AT_MOST ? "<=" : ">=", limit, unit, word);
	fflush(stdout);
	missed += !met;
	exceeded += !within(value, bound, kept);
	keep(&goals, json_pack("{s:s s:s s:s s:f s:s s:f s:f s:s s:b}",
	    "goal", goal, "backend", backend, "what", what, "value", value,
	    "bound", bound == AT_MOST ? "at most" : "at least", "limit",
	    limit, "kept", kept, "unit", unit, "met", met));
}

void
report_goal(const char *goal, const char *backend, const char *what,
    double value, int bound, double limit, const char *unit)
{
	report_goal_kept(goal, backend, what, value, bound, limit, limit,
	    unit);
}

static void
report_no_figure(const char *goal, const char *backend, const char *word,
    const char *why)
{
	printf("%-4s %-8s %s: %s\n", goal, backend, word, why);
	keep(&goals, json_pack("{s:s s:s s:n s:s}", "goal", goal, "backend",
	    backend, "value", "why", why));
}

void
report_skipped(const char *goal, const char *backend, const char *why)
{
	report_no_figure(goal, backend, "not measured", why);
	unmeasured++;
}

void
report_failed(const char *goal, const char *backend, const char *why)
{
	report_no_figure(goal, backend, "FAILED", why);
	exceeded++;
}

int
report_missed(void)
{
	return missed;
}

int
report_exceeded(void)
{
	return exceeded;
}

int
report_unmeasured(void)
{
	return unmeasured;
}

static const char *
text_of(const json_t *item, const char *key)
{
	const char *text = json_string_value(json_object_get(item, key));

	return text != NULL ? text : "";
}

static int
is_plotted(const json_t *item)
{
	const char *work = text_of(item, "work");

	return strncmp(text_of(item, "engine"), "tlshost", 7) == 0 &&
	    strcmp(text_of(item, "against"), "own sockets") == 0 &&
	    strstr(work, ", TCP") != NULL && strstr(work, "ChaCha20") == NULL;
}

/* The ratio of one backend for the same work and engine; 0: not measured. */
static double
ratio_of(const json_t *like, const char *backend)
{
	size_t i;
	json_t *item;

	json_array_foreach(figures, i, item)
		if (is_plotted(item) && strcmp(text_of(item, "backend"),
		    backend) == 0 && strcmp(text_of(item, "work"),
		    text_of(like, "work")) == 0 && strcmp(text_of(item,
		    "engine"), text_of(like, "engine")) == 0)
			return json_real_value(json_object_get(item,
			    "ratio"));
	return 0;
}

/* "1400 bytes, AES-128-GCM, TCP" is "1400 bytes", and with a cork says so. */
static void
write_label(FILE *file, const json_t *item)
{
	const char *work = text_of(item, "work");
	const char *end = strstr(work, ", AES-128-GCM");

	if (end == NULL)
		end = strstr(work, ", TCP");
	fprintf(file, "\"%.*s%s\"", (int)(end - work), work,
	    strcmp(text_of(item, "engine"), "tlshost cork") == 0 ?
	    ", cork" : "");
}

int
report_plot(const char *path, int argc, char **backends)
{
	FILE *file = fopen(path, "we");
	size_t i;
	json_t *item;
	int failed;

	if (file == NULL)
		return -1;
	fputs("work", file);
	for (int k = 0; k < argc; k++)
		fprintf(file, "\t%s", backends[k]);
	fputc('\n', file);
	json_array_foreach(figures, i, item) {
		/* The first backend has a line for each. */
		if (!is_plotted(item) || strcmp(text_of(item, "backend"),
		    backends[0]) != 0)
			continue;
		write_label(file, item);
		for (int k = 0; k < argc; k++)
			fprintf(file, "\t%.3f", ratio_of(item,
			    backends[k]));
		fputc('\n', file);
	}
	failed = ferror(file);
	return fclose(file) != 0 || failed ? -1 : 0;
}

int
report_json(const char *path)
{
	json_t *document = json_pack("{s:s s:o* s:o*}", "schema",
	    "tlshost-bench/1", "figures", figures, "goals", goals);
	int status;

	figures = goals = NULL;
	if (document == NULL)
		die("out of memory");
	status = json_dump_file(document, path, JSON_INDENT(1) |
	    JSON_REAL_PRECISION(6));
	json_decref(document);
	return status;
}

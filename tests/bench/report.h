/* SPDX-License-Identifier: MIT */
/* What was measured, for people, for machines and for a plot. */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

/* A figure beside another: the ratio is what tells something. */
typedef struct figure {
	const char *backend;
	const char *work;            /* "bulk 256 bytes, AES-128-GCM, TCP" */
	const char *engine, *against;
	const char *unit;            /* of value: "MB/s" */
	double value;
	double ratio;                /* to `against`; 0: there is none */
	double low, high;            /* quartiles of the ratio; 0: counted */
} figure;

void report_figure(const figure *f);

enum { AT_MOST, AT_LEAST };

/* A goal is met or missed. */
void report_goal(const char *goal, const char *backend, const char *what,
    double value, int bound, double limit, const char *unit);
/* One that is known to be missed, by how much at the most (docs/performance says
 * why); kept 0, of a goal that is AT_LEAST: by any, as time never decides. */
void report_goal_kept(const char *goal, const char *backend, const char *what,
    double value, int bound, double limit, double kept, const char *unit);
/* A goal that could not be measured here, and why. */
void report_skipped(const char *goal, const char *backend, const char *why);
/* It was to be measured and could not be: worse than any figure. */
void report_failed(const char *goal, const char *backend, const char *why);

/* How many goals were missed, how many of these by more than is known, and how
 * many were not measured. */
int report_missed(void);
int report_exceeded(void);
int report_unmeasured(void);
/*
 * Writes the ratios of tlshost's sockets to the libraries' own over TCP, a line
 * for each work, a column for each backend; 0, or -1 with errno.
 */
int report_plot(const char *path, int argc, char **backends);
/* Writes all of it as one JSON document, and forgets it; 0, or -1 with errno. */
int report_json(const char *path);

#endif

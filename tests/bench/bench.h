/* SPDX-License-Identifier: MIT */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

/* Rates, of works whose names contain `only` (NULL: all), of one engine (NULL:
 * all of the backend). */
void times_run(const char *backend, int rounds, const char *only,
    const char *engine);
/* The goals that these rates are. */
void times_goals(void);

/* Instructions, by a child under callgrind. */
void instructions_run(const char *backend);
int instructions_child(const char *backend);

/* Memory of connections that are idle. */
void heap_run(const char *backend, int connections);
int heap_child(const char *backend, const char *engine, int connections);
/* Ten thousand connections in a process. */
void crowd_run(const char *backend, int connections);

/* System calls, by children under strace. */
void calls_run(const char *backend);
int calls_child(const char *backend, const char *engine, const char *work);

/* How long it takes until something can be done. */
void start_run(int argc, char **backends, int counts_only);

/* Output of a command, which ends with 0; NULL otherwise.  The caller frees. */
char *output_of(const char *const *argv);
int has_program(const char *name);
/* This program. */
extern const char *self;

#endif

/* SPDX-License-Identifier: MIT */
#ifndef TLSPROBE_H
#define TLSPROBE_H

#include <jansson.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>
#include <tlshost-insecure.h>
#include <tlshost.h>

/* Exit codes: tlsprobe(1), EXIT STATUS. */
enum {
	EXIT_DONE = 0,
	EXIT_NEGATIVE = 1,
	EXIT_USAGE = 2,
	EXIT_NO_CONNECTION = 3,
	EXIT_NO_TLS = 4,
	EXIT_BACKEND = 5,
	EXIT_LOCAL = 6,
	EXIT_INTERRUPTED = 130
};

#define LIST_MAX 64

/* What the command line said; NULL, 0: nothing. */
typedef struct options {
	const char *backend, *trust, *hostname, *ip, *alpn, *min, *max;
	const char *ciphers, *cert[8], *key[8], *send, *listen, *mode, *log;
	const char *client_ca, *chain, *timeout_text, *count_text, *color;
	const char *completion, *words;
	int certs, keys;
	int insecure, json, no_load, require_client_cert, strict, help, version;
	int list_backends, mdoc;
	long count;
	int timeout;                     /* milliseconds */
	const char *args[LIST_MAX];
	int args_len;
} options;

typedef struct command {
	const char *name;
	int (*run)(const options *o);
	unsigned int bit;
	const char *synopsis;
	const char *help;
} command;

extern const command commands[];

typedef enum option_kind { FLAG, TEXT, CERT, KEY } option_kind;

typedef struct option_row {
	const char *name;                /* NULL: the end */
	char letter;
	const char *argument;
	unsigned int commands;           /* their bits; 0: hidden */
	option_kind kind;
	size_t offset;                   /* in options */
	const char *help;
} option_row;

extern const option_row option_table[];

/* options.c */
/* 0, or EXIT_USAGE after it said why. */
int options_parse(int argc, char **argv, options *o, const command **ret_command);
void options_help(FILE *out, const command *one);
void options_mdoc(FILE *out);

/* complete.c: scripts for shells, and what they ask for.  An exit code. */
int complete_script(const char *shell);
int complete_words(const char *what);

/* child.c: plugins are loaded in processes of their own. */
typedef enum child_outcome {
	CHILD_NOT_STARTED,
	CHILD_RUNNING,
	CHILD_ANSWERED,
	CHILD_CRASHED,
	CHILD_TIMEOUT,
	CHILD_UNREADABLE
} child_outcome;

typedef struct child {
	child_outcome outcome;
	json_t *answer;                  /* if it answered */
	pid_t pid;
	int fd, status, timeout_ms, timed_out, overflow;
	int64_t until;
	char *text;
	size_t len, cap;
} child;

/* Runs in the child; its answer goes to the parent.  NULL: it has none. */
typedef json_t *(*child_teller)(const void *context);

/* Whether it could be started is in its outcome. */
void child_start(child *c, child_teller teller, const void *context,
    int timeout_ms);
/* Returns when each has ended, or was ended because its time was up. */
void children_finish(child *children, size_t len);
/* "answered", "crashed", "timeout", "not-started", "unreadable". */
const char *child_outcome_word(const child *c);
/* What became of it, into text; NULL: it answered. */
const char *child_problem(const child *c, char *text, size_t cap);
void child_done(child *c);

/* output.c */
/* SIGINT or SIGTERM came: finish with what is known.  A second one ends it. */
extern volatile sig_atomic_t interrupted;
void watch_signals(void);
/* The document: one, whatever happens. */
json_t *document_new(const char *name);
/* Prints it with its exit code, and frees it; returns the code. */
int document_end(json_t *document, int code);
/* "tlsprobe: ..." on stderr, or the document's error. */
void complain(json_t *document, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
json_t *reasons_json(uint32_t reasons, const tlshost_verification *v);
/* "expired, name-mismatch"; into a static buffer. */
const char *reasons_text(uint32_t reasons);
const char *advice(tlshost_reason reason);
json_t *text_or_null(const char *text);
json_t *alpn_json(tlshost_protocol alpn);
/* Is it a number from lowest to 65535? */
int is_port(const char *text, int lowest);
json_t *hex16(unsigned int number);
json_t *suite_json(uint16_t id);
int64_t now_us(void);

/* setup.c: from options to objects.  0, or an exit code after it said why. */
int pick_backend(const options *o, json_t *document, tlshost_role role,
    tlshost_backend **ret_backend);
int make_config(const options *o, json_t *document, tlshost_backend *backend,
    tlshost_role role, tlshost_config **ret_config);
int exit_for(tlshost_status status);

/* connect.c: one connection; a result in document, or words if it is NULL. */
int connect_once(const options *o, json_t *document);

int run_list(const options *o);
int run_connect(const options *o);
int run_compare(const options *o);
int run_serve(const options *o);
int run_verify(const options *o);
int run_ciphers(const options *o);

#endif

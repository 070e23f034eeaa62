/* SPDX-License-Identifier: MIT */
/* Candidates: the plugin files that were found, and what became of each. */
#ifndef TLSHOST_DISCOVER_H
#define TLSHOST_DISCOVER_H

#include <pthread.h>

#include "backend.h"
#include "conffile.h"
#include "error.h"
#include "manifest.h"

typedef struct tlshost__candidate {
	/* Fixed once the search is over. */
	char *file;
	tlshost__manifest manifest;      /* text NULL: none */
	const char *name;                /* in the manifest; or NULL */

	/* Under the registry's lock. */
	tlshost_plugin_state state;
	tlshost__skip skip;
	char *text;                      /* of the skip */
	const struct tlshost_plugin *table; /* once loaded */
	int starting;                    /* its entry point or init runs ... */
	pthread_t starter;               /* ... in this thread */
	tlshost_backend *backend;        /* once ready */
} tlshost__candidate;

typedef struct tlshost__directory {
	char *path;
	int error;                       /* why it cannot be read; 0 */
} tlshost__directory;

typedef struct tlshost__registry {
	tlshost__candidate **candidates; /* in the order of the search */
	size_t len, cap;
	tlshost__directory *directories;
	size_t directories_len, directories_cap;
	tlshost__conffile conf;
	tlshost_error *conf_error;       /* tlshost.conf cannot be used */
	char *path_problem;              /* of TLSHOST_PLUGIN_PATH */
} tlshost__registry;

/* Searches, on first use.  NULL: out of memory, try again. */
tlshost__registry *tlshost__registry_get(void);
/*
 * Makes a candidate ready.  OK: its state tells what came of it; one that this
 * very thread is loading just now stays as it is.  NO_MEMORY: try again.
 */
tlshost_status tlshost__candidate_load(tlshost__candidate *candidate);

void tlshost__registry_lock(void);
void tlshost__registry_unlock(void);

/* 1: a set-uid or set-gid program, or one with capabilities: no environment. */
int tlshost__is_secure(void);
/* For tests: what is_secure answers; -1: the kernel's word. */
extern int tlshost__secure_override;

#endif

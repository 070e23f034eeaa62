/* SPDX-License-Identifier: MIT */
/* The backend object, as the rest of the library sees it. */
#ifndef TLSHOST_BACKEND_H
#define TLSHOST_BACKEND_H

#include "tlshost.h"
#include "tlshost-plugin.h"

/*
 * One plugin file that became ready.  Made once, never freed.  ops is the
 * host's own copy of the plugin's table, as large as ours: slots beyond the
 * plugin's are NULL.
 */
struct tlshost_backend {
	struct tlshost_plugin ops;
	const char *name, *version, *library, *file;
	unsigned int roles;
	uint64_t capabilities;
	uint16_t *ciphers;
	size_t ciphers_len;
	uint64_t id;        /* unique in the process, for caches */
};

/* The host's service table, in border.c. */
extern const struct tlshost_host tlshost__host;

#endif

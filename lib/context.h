/* SPDX-License-Identifier: MIT */
/* A configuration, compiled by a backend, for one role. */
#ifndef TLSHOST_CONTEXT_H
#define TLSHOST_CONTEXT_H

#include <pthread.h>

#include "border.h"
#include "config-object.h"
#include "mem.h"

/* How many contexts of returned configurations a server context keeps. */
#define TLSHOST__CACHE_MAX 64

typedef struct tlshost__context tlshost__context;

typedef struct tlshost__cached {
	tlshost__context *context;
	uint64_t used;
} tlshost__cached;

struct tlshost__context {
	tlshost__refs refs;
	tlshost_role role;
	tlshost_backend *backend;
	tlshost_config *config;          /* a reference */
	tlshost_trust_store *trust;      /* in effect; a reference, or NULL */
	tlshost_findings findings;
	uint16_t *ciphers;               /* in effect */
	size_t ciphers_len;
	uint32_t lowest, highest;        /* versions in effect */
	unsigned int kinds;              /* servers: of leaves (suites.h) */
	void *plugin;                    /* the plugin's own context */

	/* Servers: contexts of configurations that an SNI callback returned,
	 * the longest unused goes first. */
	pthread_mutex_t lock;
	tlshost__cached cache[TLSHOST__CACHE_MAX];
	size_t cache_len;
	uint64_t cache_clock;
};

tlshost_status tlshost__context_new(tlshost_backend *backend, tlshost_role role,
    tlshost_config *config, tlshost__context **ret_context,
    tlshost_error **ret_error);
tlshost__context *tlshost__context_ref(tlshost__context *context);
void tlshost__context_unref(tlshost__context *context);
/* The context of the same backend for another configuration: this one, one from
 * the cache, or a new one.  *ret_context is a reference. */
tlshost_status tlshost__context_for_config(tlshost__context *context,
    tlshost_config *config, tlshost__context **ret_context,
    tlshost_error **ret_error);

/* The public types are the same object. */
static inline tlshost__context *
tlshost__context_of_server(const tlshost_server_context *context)
{
	union { const tlshost_server_context *in; tlshost__context *out; } u;

	u.in = context;
	return u.out;
}

static inline tlshost__context *
tlshost__context_of_client(const tlshost_client_context *context)
{
	union { const tlshost_client_context *in; tlshost__context *out; } u;

	u.in = context;
	return u.out;
}

#endif

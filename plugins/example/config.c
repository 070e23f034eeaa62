/* SPDX-License-Identifier: MIT */
/* Contexts: a configuration, compiled once. */
#include "config.h"

#include <stddef.h>

#include "plugin.h"

/* All that the library has, in its own order; a backend needs one to be one. */
static const uint16_t suites[] = { 0x1301 };

size_t
list_suites(uint16_t *ids, size_t cap)
{
	const size_t len = sizeof(suites) / sizeof(suites[0]);

	for (size_t i = 0; i < len && i < cap; i++)
		ids[i] = suites[i];
	return len;
}

/*
 * A real one makes an object of the whole configuration, with keys and
 * certificates parsed, since connections made of it parse nothing.  What the
 * library cannot do is a finding each, and BAD_CONFIG when all are told.
 */
int32_t
context_new(tlshost_sink *sink, uint32_t role,
    const struct tlshost_plugin_config *config, void **ret_context)
{
	(void)role;
	(void)config;
	(void)ret_context;
	return fail(sink, TLSHOST_UNSUPPORTED, TLSHOST_FIELD_NONE, 0,
	    "the example backend has no TLS library");
}

void
context_free(void *object)
{
	(void)object;
}

/* Those of the context, in the order in which they are in effect. */
size_t
context_suites(const void *object, uint16_t *ids, size_t cap)
{
	(void)object;
	return list_suites(ids, cap);
}

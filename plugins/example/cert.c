/* SPDX-License-Identifier: MIT */
/* Certificates, keys, trust stores, and the library's verification. */
#include "config.h"

#include <stddef.h>

#include "plugin.h"

/* The library's parser, and nothing behind the certificate. */
int32_t
certificate_check(tlshost_sink *sink,
    const struct tlshost_plugin_certificate *certificate)
{
	(void)certificate;
	return fail(sink, TLSHOST_UNSUPPORTED,
	    TLSHOST_FIELD_CERTIFICATE_CHAIN, 0,
	    "the example backend reads no certificates");
}

/* If it is encrypted, host->password, once; never before it is known to be. */
int32_t
key_check(tlshost_sink *sink, const struct tlshost_plugin_key *key)
{
	(void)key;
	return fail(sink, TLSHOST_UNSUPPORTED, TLSHOST_FIELD_PRIVATE_KEY, 0,
	    "the example backend reads no keys");
}

int32_t
trust_new(tlshost_sink *sink, const struct tlshost_plugin_trust *source,
    void **ret_trust)
{
	(void)source;
	(void)ret_trust;
	return fail(sink, TLSHOST_UNSUPPORTED, TLSHOST_FIELD_TRUST_STORE, 0,
	    "the example backend has no trust stores");
}

void
trust_free(void *object)
{
	(void)object;
}

/*
 * The leaf and exactly these intermediates; the store gives the anchor.  OK
 * only after host->path_used.  Never called while trust_new refuses, and then
 * still no yes.
 */
int32_t
verify_path(tlshost_sink *sink, void *object,
    const struct tlshost_plugin_path *path,
    struct tlshost_plugin_verdict *verdict)
{
	(void)object;
	(void)path;
	(void)verdict;
	return fail(sink, TLSHOST_LIBRARY, TLSHOST_FIELD_NONE, 0,
	    "the example backend verifies nothing");
}

/* SPDX-License-Identifier: MIT */
/*
 * Connections.  None is ever made here, since no context is; each function
 * says no all the same.
 */
#include "config.h"

#include <stddef.h>

#include "plugin.h"

static int32_t
fail_connection(tlshost_sink *sink)
{
	return fail(sink, TLSHOST_LIBRARY, TLSHOST_FIELD_NONE, 0,
	    "the example backend has no connections");
}

/* The library's object, on a transport that calls host->pull and host->push. */
int32_t
connection_new(tlshost_sink *sink, void *object, tlshost_link *link,
    const char *server_name, void **ret_connection)
{
	(void)object;
	(void)link;
	(void)server_name;
	(void)ret_connection;
	return fail_connection(sink);
}

void
connection_free(void *object)
{
	(void)object;
}

/*
 * As far as the bytes go that are there.  A server shows the ClientHello to
 * host->hello before anything is chosen; both show certificates to host->judge
 * before anything is sent to their owner.
 */
int32_t
handshake(tlshost_sink *sink, void *object)
{
	(void)object;
	return fail_connection(sink);
}

int32_t
connection_read(tlshost_sink *sink, void *object, uint8_t *dst, size_t cap,
    size_t *ret_len)
{
	(void)object;
	(void)dst;
	(void)cap;
	(void)ret_len;
	return fail_connection(sink);
}

int32_t
connection_write(tlshost_sink *sink, void *object, const uint8_t *src,
    size_t len, size_t *ret_len)
{
	(void)object;
	(void)src;
	(void)len;
	(void)ret_len;
	return fail_connection(sink);
}

int32_t
connection_shutdown(tlshost_sink *sink, void *object)
{
	(void)object;
	return fail_connection(sink);
}

size_t
connection_pending(const void *object)
{
	(void)object;
	return 0;
}

/* Nothing was negotiated: *info stays as the host made it. */
void
connection_info(const void *object, struct tlshost_plugin_info *info)
{
	(void)object;
	(void)info;
}

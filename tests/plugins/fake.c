/* SPDX-License-Identifier: MIT */
/*
 * A backend for the tests of the loader: it starts, has one cipher suite, and
 * can do nothing else, which it says.  Each FAULT_... breaks one rule; see
 * README beside this file.
 */
#include <stddef.h>
#ifdef FAULT_CRASH
#include <stdlib.h>
#endif
#ifdef FAULT_HANG
#include <unistd.h>
#endif

#include "tlshost-plugin.h"

#ifndef NAME
#define NAME "fake"
#endif
#ifndef PRIORITY
#define PRIORITY 10
#endif
#ifndef ROLES
#define ROLES "client,server"
#endif
#ifndef MANIFEST
#define MANIFEST                                                        \
	"name=" NAME "\0" "version=1.0\0" "library=Fake\0"              \
	"roles=" ROLES "\0" "description=For tests\0" "x-more=kept\0"
#endif

#ifndef FAULT_NO_MANIFEST
TLSHOST_PLUGIN_MANIFEST(PRIORITY, MANIFEST);
#endif

static const struct tlshost_host *host;

static int32_t
refuse(tlshost_sink *sink)
{
	const struct tlshost_failure failure = {
		.size = sizeof(failure),
		.status = TLSHOST_LIBRARY,
		.alert_sent = -1,
		.alert_received = -1,
		.text = "the fake library does nothing",
	};

	return host->fail(sink, &failure);
}

static int32_t
init(tlshost_sink *sink, const char **ret_library)
{
#if defined(FAULT_INIT)
	(void)ret_library;
	return refuse(sink);
#elif defined(FAULT_INIT_STATUS)
	(void)sink;
	(void)ret_library;
	return 4711;
#elif defined(FAULT_CRASH)
	(void)sink;
	(void)ret_library;
	abort();
#else
#ifdef FAULT_HANG
	for (;;)
		(void)pause();
#endif
	(void)sink;
	*ret_library = "Fake 1.0";
	return TLSHOST_OK;
#endif
}

static size_t
suites(uint16_t *ids, size_t cap)
{
	if (cap != 0)
		ids[0] = 0x1301;
	return 1;
}

static int32_t
certificate_check(tlshost_sink *sink,
    const struct tlshost_plugin_certificate *certificate)
{
	(void)certificate;
	return refuse(sink);
}

static int32_t
key_check(tlshost_sink *sink, const struct tlshost_plugin_key *key)
{
	(void)key;
	return refuse(sink);
}

static int32_t
trust_new(tlshost_sink *sink, const struct tlshost_plugin_trust *source,
    void **ret_trust)
{
	(void)source;
	(void)ret_trust;
	return refuse(sink);
}

static int32_t
verify_path(tlshost_sink *sink, void *trust,
    const struct tlshost_plugin_path *path,
    struct tlshost_plugin_verdict *verdict)
{
	(void)trust;
	(void)path;
	(void)verdict;
	return refuse(sink);
}

static int32_t
context_new(tlshost_sink *sink, uint32_t role,
    const struct tlshost_plugin_config *config, void **ret_context)
{
	(void)role;
	(void)config;
	(void)ret_context;
	return refuse(sink);
}

static size_t
context_suites(const void *context, uint16_t *ids, size_t cap)
{
	(void)context;
	(void)ids;
	(void)cap;
	return 0;
}

static int32_t
connection_new(tlshost_sink *sink, void *context, tlshost_link *link,
    const char *server_name, void **ret_connection)
{
	(void)context;
	(void)link;
	(void)server_name;
	(void)ret_connection;
	return refuse(sink);
}

static void
free_nothing(void *object)
{
	(void)object;
}

static int32_t
call(tlshost_sink *sink, void *connection)
{
	(void)connection;
	return refuse(sink);
}

#ifdef FAULT_MISSING_SLOT
#define READ_SLOT NULL
#else
#define READ_SLOT read_nothing

static int32_t
read_nothing(tlshost_sink *sink, void *connection, uint8_t *dst, size_t cap,
    size_t *ret_len)
{
	(void)connection;
	(void)dst;
	(void)cap;
	(void)ret_len;
	return refuse(sink);
}
#endif

static int32_t
write_nothing(tlshost_sink *sink, void *connection, const uint8_t *src,
    size_t len, size_t *ret_len)
{
	(void)connection;
	(void)src;
	(void)len;
	(void)ret_len;
	return refuse(sink);
}

static size_t
pending(const void *connection)
{
	(void)connection;
	return 0;
}

static void
info(const void *connection, struct tlshost_plugin_info *ret_info)
{
	(void)connection;
	(void)ret_info;
}

#ifndef TABLE_NAME
#define TABLE_NAME NAME
#endif
#ifndef TABLE_LIBRARY
#define TABLE_LIBRARY "Fake"
#endif
#ifndef TABLE_SIZE
#define TABLE_SIZE sizeof(struct tlshost_plugin)
#endif
#ifndef TABLE_ROLES
#define TABLE_ROLES (TLSHOST_ROLE_CLIENT | TLSHOST_ROLE_SERVER)
#endif
static const struct tlshost_plugin plugin = {
	.size = TABLE_SIZE,
	.abi_major = TLSHOST_PLUGIN_ABI_MAJOR,
	.abi_minor = TLSHOST_PLUGIN_ABI_MINOR,
	.config_size = sizeof(struct tlshost_plugin_config),
	.name = TABLE_NAME,
	.version = "1.0",
	.library = TABLE_LIBRARY,
	.roles = TABLE_ROLES,
	.lowest_version = TLSHOST_VERSION_TLSV1_3,
	.highest_version = TLSHOST_VERSION_TLSV1_3,
	.init = init,
	.suites = suites,
	.certificate_check = certificate_check,
	.key_check = key_check,
	.trust_new = trust_new,
	.trust_free = free_nothing,
	.verify_path = verify_path,
	.context_new = context_new,
	.context_free = free_nothing,
	.context_suites = context_suites,
	.connection_new = connection_new,
	.connection_free = free_nothing,
	.handshake = call,
	.read = READ_SLOT,
	.write = write_nothing,
	.shutdown = call,
	.pending = pending,
	.info = info,
};

#ifdef FAULT_NO_ENTRY
/* Something to keep, where the entry point ought to be. */
__attribute__((visibility("default"))) const struct tlshost_plugin *
tlshost_fake_without_entry(const struct tlshost_host *services);
const struct tlshost_plugin *
tlshost_fake_without_entry(const struct tlshost_host *services)
{
	host = services;
	return &plugin;
}
#else
TLSHOST_PLUGIN_ENTRY(services, ret_plugin)
{
	host = services;
#ifdef FAULT_ENTRY
	(void)ret_plugin;
	(void)plugin;
	return TLSHOST_UNSUPPORTED;
#else
	*ret_plugin = &plugin;
	return TLSHOST_OK;
#endif
}
#endif

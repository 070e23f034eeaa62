/* SPDX-License-Identifier: MIT */
/*
 * A backend to begin with: manifest, entry point, table.  It has no TLS library
 * yet, is found and listed, and refuses every configuration in words.
 */
#include "config.h"

#include "plugin.h"

/* Priority 0: used only if somebody names it.  Raise it when it is a backend. */
TLSHOST_PLUGIN_MANIFEST(0,
    "name=example\0"
    "version=" PACKAGE_VERSION "\0"
    "library=no library\0"
    "roles=client,server\0"
    "description=A backend to begin with, which refuses everything\0");

const struct tlshost_host *host;

/* Here the library's version is compared with the one of the headers (same
 * major number, at least a certain minor one), and what it was built with. */
static int32_t
init(tlshost_sink *sink, const char **ret_library)
{
	(void)sink;
	*ret_library = "no library 0";
	return TLSHOST_OK;
}

/* capabilities: what the library can do, and this backend has been taught; 0 is
 * a good beginning, for what is not declared is refused by the host. */
static const struct tlshost_plugin plugin = {
	.size = sizeof(struct tlshost_plugin),
	.abi_major = TLSHOST_PLUGIN_ABI_MAJOR,
	.abi_minor = TLSHOST_PLUGIN_ABI_MINOR,
	.config_size = sizeof(struct tlshost_plugin_config),
	.name = "example",
	.version = PACKAGE_VERSION,
	.library = "no library",
	.roles = TLSHOST_ROLE_CLIENT | TLSHOST_ROLE_SERVER,
	.lowest_version = TLSHOST_VERSION_TLSV1_2,
	.highest_version = TLSHOST_VERSION_TLSV1_3,
	.capabilities = 0,
	.init = init,
	.suites = list_suites,
	.certificate_check = certificate_check,
	.key_check = key_check,
	.trust_new = trust_new,
	.trust_free = trust_free,
	.verify_path = verify_path,
	.context_new = context_new,
	.context_free = context_free,
	.context_suites = context_suites,
	.connection_new = connection_new,
	.connection_free = connection_free,
	.handshake = handshake,
	.read = connection_read,
	.write = connection_write,
	.shutdown = connection_shutdown,
	.pending = connection_pending,
	.info = connection_info,
};

TLSHOST_PLUGIN_ENTRY(services, ret_plugin)
{
	/* A host that is older has a smaller table. */
	if (services->abi_major != TLSHOST_PLUGIN_ABI_MAJOR ||
	    services->size < sizeof(*services))
		return TLSHOST_UNSUPPORTED;
	host = services;
	*ret_plugin = &plugin;
	return TLSHOST_OK;
}

/* SPDX-License-Identifier: MIT */
/* The NSS backend: manifest, entry point, table. */
#include "config.h"

#include <stdio.h>

#include "plugin.h"

/* SSL_CipherSuiteOrderSet. */
#define LIBRARY_NEEDED "3.66"

TLSHOST_PLUGIN_MANIFEST(40,
    "name=nss\0"
    "version=" PACKAGE_VERSION "\0"
    "library=NSS\0"
    "roles=client,server\0"
    "description=Network Security Services\0");

const struct tlshost_host *host;

static char library[64];

/*
 * Does not start NSS: a program that starts its own after ours finds its
 * certificates under longer names.  So this is done when it is needed.
 */
static int32_t
init(tlshost_sink *sink, const char **ret_library)
{
	if (!NSS_VersionCheck(LIBRARY_NEEDED))
		return fail(sink, TLSHOST_LIBRARY, 0,
		    "NSS 3, " LIBRARY_NEEDED " or later, is needed");
	snprintf(library, sizeof(library), "NSS %s", NSS_GetVersion());
	*ret_library = library;
	return TLSHOST_OK;
}

static const struct tlshost_plugin plugin = {
	.size = sizeof(struct tlshost_plugin),
	.abi_major = TLSHOST_PLUGIN_ABI_MAJOR,
	.abi_minor = TLSHOST_PLUGIN_ABI_MINOR,
	.config_size = sizeof(struct tlshost_plugin_config),
	.name = "nss",
	.version = PACKAGE_VERSION,
	.library = "NSS",
	.roles = TLSHOST_ROLE_CLIENT | TLSHOST_ROLE_SERVER,
	.lowest_version = TLSHOST_VERSION_TLSV1,
	.highest_version = TLSHOST_VERSION_TLSV1_3,
	.capabilities = TLSHOST_CAPABILITY_CLIENT_SUITES_SET |
	    TLSHOST_CAPABILITY_CLIENT_SUITES_ORDER |
	    TLSHOST_CAPABILITY_KEY_UPDATE |
	    TLSHOST_CAPABILITY_KEY_UPDATE_REQUEST |
	    TLSHOST_CAPABILITY_NO_VERIFY | TLSHOST_CAPABILITY_PROTOCOL_NUL |
	    TLSHOST_CAPABILITY_ANY_SERVER_NAME |
	    TLSHOST_CAPABILITY_KEY_UPDATE_BURST |
	    TLSHOST_CAPABILITY_ANY_RECORDS |
	    TLSHOST_CAPABILITY_COOKIE_RETRY,
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
	.key_update = connection_key_update,
};

TLSHOST_PLUGIN_ENTRY(services, ret_plugin)
{
	if (services->abi_major != TLSHOST_PLUGIN_ABI_MAJOR ||
	    services->size < sizeof(*services))
		return TLSHOST_UNSUPPORTED;
	host = services;
	*ret_plugin = &plugin;
	return TLSHOST_OK;
}

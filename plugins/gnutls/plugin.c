/* SPDX-License-Identifier: MIT */
/* The GnuTLS backend: manifest, entry point, table. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "plugin.h"

/* What gnutls_x509_trust_list_verify_crt2 and the hooks below need. */
#define LIBRARY_NEEDED "3.6.13"

TLSHOST_PLUGIN_MANIFEST(50,
    "name=gnutls\0"
    "version=" PACKAGE_VERSION "\0"
    "library=GnuTLS\0"
    "roles=client,server\0"
    "description=The GnuTLS library\0");

const struct tlshost_host *host;

static char library[256];

const char *policy_file;

/* The library has read it by now, or never will. */
static void
find_policy(void)
{
	const char *file = gnutls_get_system_config_file();

	if (file != NULL && access(file, R_OK) == 0)
		policy_file = file;
}

/* A system-wide configuration works on every connection and cannot be undone:
 * whoever looks at the library's name has to see it. */
static void
name_library(const char *version)
{
	if (policy_file == NULL)
		snprintf(library, sizeof(library), "GnuTLS %s", version);
	else
		snprintf(library, sizeof(library), "GnuTLS %s (with %.200s)",
		    version, policy_file);
}

static int32_t
init(tlshost_sink *sink, const char **ret_library)
{
	const char *version = gnutls_check_version(NULL);

	if (gnutls_check_version(LIBRARY_NEEDED) == NULL ||
	    atoi(version) != GNUTLS_VERSION_MAJOR)
		return fail(sink, TLSHOST_LIBRARY, 0,
		    "GnuTLS 3, " LIBRARY_NEEDED " or later, is needed");
	find_policy();
	suites_load();
	if (suites_len == 0)
		return fail(sink, TLSHOST_LIBRARY, 0,
		    "GnuTLS has no usable cipher suites; see its system-wide "
		    "configuration");
	name_library(version);
	*ret_library = library;
	return TLSHOST_OK;
}

static size_t
list_suites(uint16_t *ids, size_t cap)
{
	for (size_t i = 0; i < suites_len && i < cap; i++)
		ids[i] = suites[i].id;
	return suites_len;
}

static const struct tlshost_plugin plugin = {
	.size = sizeof(struct tlshost_plugin),
	.abi_major = TLSHOST_PLUGIN_ABI_MAJOR,
	.abi_minor = TLSHOST_PLUGIN_ABI_MINOR,
	.config_size = sizeof(struct tlshost_plugin_config),
	.name = "gnutls",
	.version = PACKAGE_VERSION,
	.library = "GnuTLS",
	.roles = TLSHOST_ROLE_CLIENT | TLSHOST_ROLE_SERVER,
	.lowest_version = TLSHOST_VERSION_TLSV1,
	.highest_version = TLSHOST_VERSION_TLSV1_3,
	.protocols_max = 8,
	.protocol_max_len = 31,
	.capabilities = TLSHOST_CAPABILITY_KEY_UPDATE |
	    TLSHOST_CAPABILITY_KEY_LOG | TLSHOST_CAPABILITY_NO_VERIFY |
	    TLSHOST_CAPABILITY_ED25519 | TLSHOST_CAPABILITY_PSS_KEYS |
	    TLSHOST_CAPABILITY_PROTOCOL_NUL | TLSHOST_CAPABILITY_X448 |
	    TLSHOST_CAPABILITY_OUTLIVES_SHUTDOWN |
	    TLSHOST_CAPABILITY_OWN_CERTIFICATES |
	    TLSHOST_CAPABILITY_ANY_RECORDS,
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

/* SPDX-License-Identifier: MIT */
/* The OpenSSL backend: manifest, entry point, table. */
#include "config.h"

#include <openssl/opensslv.h>
#include <stdio.h>
#include <string.h>

#include "plugin.h"

TLSHOST_PLUGIN_MANIFEST(60,
    "name=openssl\0"
    "version=" PACKAGE_VERSION "\0"
    "library=OpenSSL\0"
    "roles=client,server\0"
    "description=The OpenSSL library\0");

const struct tlshost_host *host;

static char library[64];

/* The ABI is the major number's; an update of the rest must not matter. */
static int32_t
init(tlshost_sink *sink, const char **ret_library)
{
	SSL_CTX *ssl;

	errors_begin();
	if (OPENSSL_version_major() != OPENSSL_VERSION_MAJOR)
		return fail(sink, TLSHOST_LIBRARY, TLSHOST_FIELD_NONE,
		    "another major version of OpenSSL runs than the backend "
		    "was built for");
	/* A broken openssl.cnf shows here, and is better told now. */
	if ((ssl = SSL_CTX_new(TLS_method())) == NULL || !transport_init() ||
	    !watch_stop()) {
		SSL_CTX_free(ssl);
		return fail(sink, TLSHOST_LIBRARY, TLSHOST_FIELD_NONE,
		    "OpenSSL cannot be used as it is configured (openssl.cnf)");
	}
	SSL_CTX_free(ssl);
	errors_end();
	snprintf(library, sizeof(library), "OpenSSL %s",
	    OpenSSL_version(OPENSSL_VERSION_STRING));
	*ret_library = library;
	return TLSHOST_OK;
}

static const struct tlshost_plugin plugin = {
	.size = sizeof(struct tlshost_plugin),
	.abi_major = TLSHOST_PLUGIN_ABI_MAJOR,
	.abi_minor = TLSHOST_PLUGIN_ABI_MINOR,
	.config_size = sizeof(struct tlshost_plugin_config),
	.name = "openssl",
	.version = PACKAGE_VERSION,
	.library = "OpenSSL",
	.roles = TLSHOST_ROLE_CLIENT | TLSHOST_ROLE_SERVER,
	.lowest_version = TLSHOST_VERSION_TLSV1,
	.highest_version = TLSHOST_VERSION_TLSV1_3,
	.capabilities = TLSHOST_CAPABILITY_CLIENT_SUITES_SET |
	    TLSHOST_CAPABILITY_CLIENT_SUITES_ORDER |
	    TLSHOST_CAPABILITY_KEY_UPDATE |
	    TLSHOST_CAPABILITY_KEY_UPDATE_REQUEST | TLSHOST_CAPABILITY_KEY_LOG |
	    TLSHOST_CAPABILITY_NO_VERIFY | TLSHOST_CAPABILITY_ED25519 |
	    TLSHOST_CAPABILITY_PSS_KEYS | TLSHOST_CAPABILITY_SCRYPT_KEYS |
	    TLSHOST_CAPABILITY_ANY_KEYS |
	    TLSHOST_CAPABILITY_PROTOCOL_NUL | TLSHOST_CAPABILITY_X448 |
	    TLSHOST_CAPABILITY_ANY_SERVER_NAME |
	    TLSHOST_CAPABILITY_KEY_UPDATE_BURST |
	    TLSHOST_CAPABILITY_OWN_CERTIFICATES |
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

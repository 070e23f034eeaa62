/* SPDX-License-Identifier: MIT */
/* The mbed TLS backend: manifest, entry point, table. */
#include "config.h"

#include <mbedtls/version.h>
#include <stdio.h>

#include "plugin.h"

/* The sources look into the library's structures, which are public and stay as
 * they are within 2.28, and hidden since 3.0. */
#if MBEDTLS_VERSION_NUMBER < 0x021c0000 || MBEDTLS_VERSION_NUMBER >= 0x021d0000
#error "this backend is written for mbed TLS 2.28"
#endif

TLSHOST_PLUGIN_MANIFEST(20,
    "name=mbedtls\0"
    "version=" PACKAGE_VERSION "\0"
    "library=mbed TLS\0"
    "roles=client,server\0"
    "description=The mbed TLS library 2.28, up to TLS 1.2\0");

const struct tlshost_host *host;

static char library[64];

/* A library that was built otherwise lacks what is used here, and says so only
 * when it is used; without locks keys cannot be shared between threads. */
static const char *const features[] = {
	"MBEDTLS_THREADING_C", "MBEDTLS_THREADING_PTHREAD", "MBEDTLS_HAVE_TIME_DATE",
	"MBEDTLS_SSL_PROTO_TLS1", "MBEDTLS_SSL_PROTO_TLS1_2",
	"MBEDTLS_SSL_ALPN", "MBEDTLS_SSL_SERVER_NAME_INDICATION",
	"MBEDTLS_SSL_EXPORT_KEYS", "MBEDTLS_SSL_KEEP_PEER_CERTIFICATE",
};

static int32_t
init(tlshost_sink *sink, const char **ret_library)
{
	unsigned int number = mbedtls_version_get_number();
	char version[32];

	if (number >> 16 != MBEDTLS_VERSION_NUMBER >> 16)
		return fail(sink, TLSHOST_LIBRARY, 0, "another version of mbed "
		    "TLS runs than 2.28, which the backend was built for");
	for (size_t i = 0; i < sizeof(features) / sizeof(features[0]); i++)
		if (mbedtls_version_check_feature(features[i]) != 0) {
			char text[128];

			snprintf(text, sizeof(text), "mbed TLS was built "
			    "without %s", features[i]);
			return fail(sink, TLSHOST_UNSUPPORTED, 0, text);
		}
	mbedtls_version_get_string(version);
	snprintf(library, sizeof(library), "mbed TLS %s", version);
	*ret_library = library;
	return TLSHOST_OK;
}

/*
 * Not declared, and refused: key-update (TLS 1.3 has it), uri-sources,
 * ed25519, pss-keys and scrypt-keys (the library has none of them), and
 * protocol-nul (it takes protocols as strings).
 */
static const struct tlshost_plugin plugin = {
	.size = sizeof(struct tlshost_plugin),
	.abi_major = TLSHOST_PLUGIN_ABI_MAJOR,
	.abi_minor = TLSHOST_PLUGIN_ABI_MINOR,
	.config_size = sizeof(struct tlshost_plugin_config),
	.name = "mbedtls",
	.version = PACKAGE_VERSION,
	.library = "mbed TLS",
	.roles = TLSHOST_ROLE_CLIENT | TLSHOST_ROLE_SERVER,
	.lowest_version = TLSHOST_VERSION_TLSV1,
	.highest_version = TLSHOST_VERSION_TLSV1_2,
	.capabilities = TLSHOST_CAPABILITY_CLIENT_SUITES_SET |
	    TLSHOST_CAPABILITY_CLIENT_SUITES_ORDER |
	    TLSHOST_CAPABILITY_KEY_LOG | TLSHOST_CAPABILITY_NO_VERIFY |
	    TLSHOST_CAPABILITY_ANY_SERVER_NAME |
	    TLSHOST_CAPABILITY_OUTLIVES_SHUTDOWN |
	    TLSHOST_CAPABILITY_OWN_CERTIFICATES,
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
	if (services->abi_major != TLSHOST_PLUGIN_ABI_MAJOR ||
	    services->size < sizeof(*services))
		return TLSHOST_UNSUPPORTED;
	host = services;
	*ret_plugin = &plugin;
	return TLSHOST_OK;
}

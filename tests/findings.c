/* SPDX-License-Identifier: MIT */
/*
 * findings LOWEST HIGHEST [SUITE]...: makes a client and a server context of
 * the default backend, with these versions and suites (numbers, hexadecimal),
 * and prints what was found and which suites are in effect.  Exits with 1 if
 * there is no such context.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tlshost.h"

#define SUITES_MAX 64

static void
print(const char *who, const tlshost_findings *findings, const uint16_t *ids,
    size_t len, const tlshost_error *error)
{
	if (error != NULL)
		printf("%s: failed: %s\n", who, tlshost_error_message(error));
	for (size_t i = 0; i < tlshost_findings_len(findings); i++)
		printf("%s: %d %s: %s\n", who,
		    (int)tlshost_findings_severity(findings, i),
		    tlshost_field_name(tlshost_findings_field(findings, i)),
		    tlshost_findings_text(findings, i));
	for (size_t i = 0; i < len; i++)
		printf("%s: has 0x%04x\n", who, ids[i]);
}

static int
make_client(tlshost_config *config)
{
	tlshost_client_context *context = NULL;
	tlshost_error *error = NULL;
	const uint16_t *ids = NULL;
	size_t len = 0;
	int made = tlshost_client_context_new(NULL, config, &context,
	    &error) == TLSHOST_OK;

	if (made)
		len = tlshost_client_context_ciphers(context, &ids);
	print("client", tlshost_client_context_findings(context), ids, len,
	    error);
	tlshost_client_context_unref(context);
	tlshost_error_free(error);
	return made;
}

static int
make_server(tlshost_config *config)
{
	tlshost_server_context *context = NULL;
	tlshost_error *error = NULL;
	const uint16_t *ids = NULL;
	size_t len = 0;
	int made = tlshost_server_context_new(NULL, config, &context,
	    &error) == TLSHOST_OK;

	if (made)
		len = tlshost_server_context_ciphers(context, &ids);
	print("server", tlshost_server_context_findings(context), ids, len,
	    error);
	tlshost_server_context_unref(context);
	tlshost_error_free(error);
	return made;
}

/* The certificate is the client's, too. */
static int
configure(tlshost_config_builder *builder, const char *certs,
    tlshost_error **ret_error)
{
	tlshost_private_key *key = NULL;
	tlshost_chain *chain = NULL;
	char path[4096];
	int good;

	snprintf(path, sizeof(path), "%s/rsa.pem", certs);
	good = !tlshost_chain_from_file(NULL, path, &chain, ret_error);
	snprintf(path, sizeof(path), "%s/rsa.key", certs);
	good = good && !tlshost_private_key_from_file(NULL, path, NULL, 0, &key,
	    ret_error) && !tlshost_config_builder_add_certificate_chain(builder,
	    chain, key);
	tlshost_chain_unref(chain);
	tlshost_private_key_unref(key);
	return good;
}

int
main(int argc, char **argv)
{
	const char *certs = getenv("TLSHOST_TEST_CERTS");
	tlshost_config_builder *builder = NULL;
	tlshost_config *config = NULL;
	tlshost_error *error = NULL;
	uint16_t ids[SUITES_MAX];
	size_t len = 0;
	int good, client, server;

	if (certs == NULL || argc < 3 || argc - 3 > SUITES_MAX)
		return 2;
	while (argv[3 + len] != NULL) {
		ids[len] = (uint16_t)strtoul(argv[3 + len], NULL, 16);
		len++;
	}
	good = !tlshost_config_builder_new(NULL, &builder) &&
	    configure(builder, certs, &error) &&
	    !tlshost_config_builder_set_lowest_version(builder,
	    (tlshost_version)strtoul(argv[1], NULL, 16)) &&
	    !tlshost_config_builder_set_highest_version(builder,
	    (tlshost_version)strtoul(argv[2], NULL, 16)) &&
	    (len == 0 || !tlshost_config_builder_set_ciphers(builder, ids,
	    len)) && !tlshost_config_builder_build(builder, &config, &error);
	if (good) {
		client = make_client(config);
		server = make_server(config);
		good = client && server;
	} else {
		printf("no configuration: %s\n", tlshost_error_message(error));
	}
	tlshost_config_unref(config);
	tlshost_config_builder_free(builder);
	tlshost_error_free(error);
	return !good;
}

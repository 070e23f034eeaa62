/* SPDX-License-Identifier: MIT */
/* From options to a backend and a configuration. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "tlsprobe.h"

int
exit_for(tlshost_status status)
{
	switch (status) {
	case TLSHOST_OK:
		return EXIT_DONE;
	case TLSHOST_BAD_CERTIFICATE:
		return EXIT_NEGATIVE;
	case TLSHOST_NO_BACKEND:
	case TLSHOST_BACKEND_FAULT:
	case TLSHOST_UNSUPPORTED:
	case TLSHOST_LIBRARY:
	case TLSHOST_LIBRARY_GONE:
	case TLSHOST_BAD_CONFIG:
		return EXIT_BACKEND;
	case TLSHOST_NO_MEMORY:
	case TLSHOST_IO:
	case TLSHOST_BAD_DATA:
	case TLSHOST_BAD_PASSWORD:
	case TLSHOST_PASSWORD_REFUSED:
	case TLSHOST_KEY_MISMATCH:
		return EXIT_LOCAL;
	case TLSHOST_INVALID_ARGUMENT:
		return EXIT_USAGE;
	case TLSHOST_RESOLVE:
		return EXIT_NO_CONNECTION;
	default:
		return EXIT_NO_TLS;
	}
}

static int
fail(json_t *document, tlshost_status status, tlshost_error *error)
{
	complain(document, "%s", error != NULL ?
	    tlshost_error_message(error) : tlshost_status_text(status));
	tlshost_error_free(error);
	return exit_for(status);
}

int
pick_backend(const options *o, json_t *document, tlshost_role role,
    tlshost_backend **ret_backend)
{
	tlshost_error *error = NULL;
	tlshost_status st;

	st = o->backend != NULL ?
	    tlshost_backend_by_name(o->backend, ret_backend, &error) :
	    tlshost_backend_default(role, ret_backend, &error);
	if (st == TLSHOST_OK)
		return 0;
	(void)fail(document, st, error);
	return EXIT_BACKEND;
}

static int
set_version(json_t *document, const char *option, const char *text,
    tlshost_config_builder *builder, tlshost_status (*set)(
    tlshost_config_builder *, tlshost_version))
{
	tlshost_version version;

	if (text == NULL)
		return 0;
	version = tlshost_version_by_name(text);
	if (version == TLSHOST_VERSION_NONE ||
	    set(builder, version) != TLSHOST_OK) {
		complain(document, "%s: no such version: %s", option, text);
		return EXIT_USAGE;
	}
	return 0;
}

/* Splits a list in place; the next item, NULL at the end. */
static char *
next_item(char **rest)
{
	return strsep(rest, ",:");
}

static int
set_ciphers(const options *o, json_t *document, tlshost_config_builder *builder)
{
	char *copy, *rest, *item;
	uint16_t ids[512];
	size_t len = 0;
	int code = 0;

	if (o->ciphers == NULL)
		return 0;
	if ((rest = copy = strdup(o->ciphers)) == NULL)
		return EXIT_LOCAL;
	while (code == 0 && (item = next_item(&rest)) != NULL) {
		const tlshost_cipher_info *info = tlshost_cipher_by_name(item);
		char *end = item;
		unsigned long id = strncmp(item, "0x", 2) == 0 ?
		    strtoul(item, &end, 16) : 65536;

		if (info == NULL && (end == item || *end != '\0' ||
		    id > 65535)) {
			complain(document, "no such cipher suite: %s", item);
			code = EXIT_USAGE;
		} else if (len == sizeof(ids) / sizeof(ids[0])) {
			complain(document, "--ciphers: more suites than there "
			    "are, at %s", item);
			code = EXIT_USAGE;
		} else {
			ids[len++] = info != NULL ?
			    tlshost_cipher_info_id(info) : (uint16_t)id;
		}
	}
	free(copy);
	if (code == 0 && tlshost_config_builder_set_ciphers(builder, ids,
	    len) != TLSHOST_OK) {
		complain(document, "--ciphers: a suite is there twice");
		code = EXIT_USAGE;
	}
	return code;
}

static int
set_alpn(const options *o, json_t *document, tlshost_config_builder *builder)
{
	tlshost_protocol list[LIST_MAX];
	char *copy, *rest, *item;
	size_t len = 0;
	tlshost_status st;

	if (o->alpn == NULL)
		return 0;
	if ((rest = copy = strdup(o->alpn)) == NULL)
		return EXIT_LOCAL;
	while ((item = strsep(&rest, ",")) != NULL && len < LIST_MAX)
		list[len++] = (tlshost_protocol){ (const uint8_t *)item,
		    strlen(item) };
	st = item != NULL ? TLSHOST_INVALID_ARGUMENT :
	    tlshost_config_builder_set_inner_protocols(builder, list, len);
	free(copy);
	if (st == TLSHOST_OK)
		return 0;
	complain(document, "--alpn: names of 1 to 255 bytes, none twice, %d "
	    "at the most", LIST_MAX);
	return EXIT_USAGE;
}

static int
add_identities(const options *o, json_t *document, tlshost_backend *backend,
    tlshost_config_builder *builder)
{
	tlshost_error *error = NULL;

	if (o->certs != o->keys) {
		complain(document, "--cert and --key belong together");
		return EXIT_USAGE;
	}
	for (int i = 0; i < o->certs; i++) {
		tlshost_chain *chain = NULL;
		tlshost_private_key *key = NULL;
		tlshost_status st;

		if ((st = tlshost_chain_from_file(backend, o->cert[i], &chain,
		    &error)) == TLSHOST_OK)
			st = tlshost_private_key_from_file(backend, o->key[i],
			    NULL, 0, &key, &error);
		if (st == TLSHOST_OK)
			st = tlshost_config_builder_add_certificate_chain(
			    builder, chain, key);
		tlshost_chain_unref(chain);
		tlshost_private_key_unref(key);
		if (st != TLSHOST_OK)
			return fail(document, st, error);
	}
	return 0;
}

static int
set_trust(const char *trust, json_t *document, tlshost_backend *backend,
    tlshost_config_builder *builder)
{
	tlshost_error *error = NULL;
	tlshost_trust_store *store;
	tlshost_status st;

	if (trust == NULL || strcmp(trust, "system") == 0)
		return 0;
	st = tlshost_trust_store_from_pem_file(backend, trust, &store, &error);
	if (st != TLSHOST_OK)
		return fail(document, st, error);
	st = tlshost_config_builder_set_trust_store(builder, store);
	tlshost_trust_store_unref(store);
	return st == TLSHOST_OK ? 0 : fail(document, st, NULL);
}

static int
fill(const options *o, json_t *document, tlshost_backend *backend,
    tlshost_role role, tlshost_config_builder *b)
{
	int code;

	if ((code = set_version(document, "--min", o->min, b,
	    tlshost_config_builder_set_lowest_version)) != 0 ||
	    (code = set_version(document, "--max", o->max, b,
	    tlshost_config_builder_set_highest_version)) != 0 ||
	    (code = set_ciphers(o, document, b)) != 0 ||
	    (code = set_alpn(o, document, b)) != 0 ||
	    (code = add_identities(o, document, backend, b)) != 0 ||
	    (code = set_trust(role == TLSHOST_ROLE_SERVER ? o->client_ca :
	    o->trust, document, backend, b)) != 0)
		return code;
	if (role == TLSHOST_ROLE_SERVER && (o->client_ca != NULL))
		(void)tlshost_config_builder_set_client_auth(b,
		    o->require_client_cert ? TLSHOST_CLIENT_AUTH_REQUIRE :
		    TLSHOST_CLIENT_AUTH_REQUEST);
	if (role == TLSHOST_ROLE_CLIENT && o->insecure)
		(void)tlshost_config_builder_insecure_no_verify(b);
	return 0;
}

int
make_config(const options *o, json_t *document, tlshost_backend *backend,
    tlshost_role role, tlshost_config **ret_config)
{
	tlshost_config_builder *builder;
	tlshost_error *error = NULL;
	tlshost_status st;
	int code;

	if (tlshost_config_builder_new(NULL, &builder) != TLSHOST_OK)
		return fail(document, TLSHOST_NO_MEMORY, NULL);
	code = fill(o, document, backend, role, builder);
	if (code == 0 && (st = tlshost_config_builder_build(builder,
	    ret_config, &error)) != TLSHOST_OK) {
		(void)fail(document, st, error);
		code = EXIT_USAGE;
	}
	tlshost_config_builder_free(builder);
	return code;
}

/* SPDX-License-Identifier: MIT */
/* tlsprobe ciphers: the table, any dialect in, all dialects out. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "tlsprobe.h"

/* What each usable backend has. */
static tlshost_backend_list *backends;

static int
backend_has(tlshost_backend *backend, uint16_t id)
{
	const uint16_t *ids;
	size_t len = tlshost_backend_ciphers(backend, &ids);

	for (size_t i = 0; i < len; i++)
		if (ids[i] == id)
			return 1;
	return 0;
}

static const char *
class_word(const tlshost_cipher_info *info)
{
	switch (tlshost_cipher_info_class(info)) {
	case TLSHOST_CIPHER_RECOMMENDED:
		return "recommended";
	case TLSHOST_CIPHER_LEGACY:
		return "legacy";
	case TLSHOST_CIPHER_INSECURE:
		break;
	}
	return "insecure";
}

static json_t *
info_json(const tlshost_cipher_info *info)
{
	static const char *const dialects[] = { "iana", "openssl", "gnutls",
	    "nss", "securetransport" };
	json_t *item = json_pack("{s:o,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:i,s:b}",
	    "id", hex16(tlshost_cipher_info_id(info)),
	    "class", class_word(info),
	    "min", tlshost_version_name(
	    tlshost_cipher_info_lowest_version(info)),
	    "max", tlshost_version_name(
	    tlshost_cipher_info_highest_version(info)),
	    "kx", tlshost_cipher_info_key_exchange(info),
	    "auth", tlshost_cipher_info_authentication(info),
	    "encryption", tlshost_cipher_info_encryption(info),
	    "mac", tlshost_cipher_info_mac(info),
	    "bits", (int)tlshost_cipher_info_bits(info),
	    "pep543", tlshost_cipher_info_in_pep543(info));
	const uint32_t *alg_ids;
	size_t len = tlshost_cipher_info_schannel(info, &alg_ids);
	json_t *schannel = json_array(), *has = json_object();

	for (int d = 0; d < 5; d++)
		json_object_set_new(item, dialects[d], text_or_null(
		    tlshost_cipher_info_name(info, (tlshost_dialect)d)));
	for (size_t i = 0; i < len; i++)
		json_array_append_new(schannel, hex16(alg_ids[i]));
	json_object_set_new(item, "schannel", schannel);
	for (size_t i = 0; i < tlshost_backend_list_len(backends); i++)
		if (tlshost_backend_list_backend(backends, i) != NULL)
			json_object_set_new(has,
			    tlshost_backend_list_name(backends, i),
			    json_boolean(backend_has(
			    tlshost_backend_list_backend(backends, i),
			    tlshost_cipher_info_id(info))));
	json_object_set_new(item, "backends", has);
	return item;
}

static const char *
or_dash(const char *text)
{
	return text != NULL ? text : "-";
}

static void
print_info(const tlshost_cipher_info *info)
{
	uint16_t id = tlshost_cipher_info_id(info);

	printf("0x%04x  %-48s %s-%s  %s\n", id, tlshost_cipher_info_name(info,
	    TLSHOST_DIALECT_IANA), tlshost_version_name(
	    tlshost_cipher_info_lowest_version(info)), tlshost_version_name(
	    tlshost_cipher_info_highest_version(info)), class_word(info));
	printf("        openssl %s   gnutls %s   nss %s\n        has it:",
	    or_dash(tlshost_cipher_info_name(info, TLSHOST_DIALECT_OPENSSL)),
	    or_dash(tlshost_cipher_info_name(info, TLSHOST_DIALECT_GNUTLS)),
	    or_dash(tlshost_cipher_info_name(info, TLSHOST_DIALECT_NSS)));
	for (size_t i = 0; i < tlshost_backend_list_len(backends); i++)
		if (tlshost_backend_list_backend(backends, i) != NULL)
			printf(" %s %s", tlshost_backend_list_name(backends,
			    i), backend_has(tlshost_backend_list_backend(
			    backends, i), id) ? "yes" : "no");
	printf("\n");
}

static const tlshost_cipher_info *
look_up(const char *word)
{
	char *end;
	unsigned long id;

	if (strncasecmp(word, "0x", 2) != 0)
		return tlshost_cipher_by_name(word);
	id = strtoul(word, &end, 16);
	return *end == '\0' && id <= 65535 ?
	    tlshost_cipher_by_id((uint16_t)id) : NULL;
}

static void
show(json_t *document, const tlshost_cipher_info *info)
{
	if (document != NULL)
		json_array_append_new(json_object_get(document, "results"),
		    info_json(info));
	else
		print_info(info);
}

int
run_ciphers(const options *o)
{
	json_t *document = o->json ? document_new("ciphers") : NULL;
	int code = EXIT_DONE;

	if (tlshost_backend_list_new(1, &backends, NULL) != TLSHOST_OK)
		backends = NULL;
	for (int i = 0; i < o->args_len; i++) {
		const tlshost_cipher_info *info = look_up(o->args[i]);

		if (info != NULL) {
			show(document, info);
			continue;
		}
		complain(document, "no such cipher suite: %s", o->args[i]);
		code = EXIT_USAGE;
	}
	for (size_t i = 0; o->args_len == 0 && i < tlshost_cipher_count(); i++)
		show(document, tlshost_cipher_at(i));
	tlshost_backend_list_free(backends);
	return document_end(document, code);
}

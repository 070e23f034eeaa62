/* SPDX-License-Identifier: MIT */
/* tlsprobe ciphers: the table, any dialect in, all dialects out. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "tlsprobe.h"

#define CHILD_MS 10000

/* What each usable backend has; suites NULL: it could not tell. */
typedef struct column {
	char *name;
	json_t *suites;
} column;

static column *columns;
static size_t columns_len;

/* In the child. */
static json_t *
tell_suites(const void *context)
{
	const column *one = context;
	tlshost_error *error = NULL;
	tlshost_backend *backend;
	const uint16_t *ids;
	json_t *list;
	size_t len;

	if (tlshost_backend_by_name(one->name, &backend, &error) != TLSHOST_OK)
		return json_pack("{s:o}", "problem",
		    text_or_null(tlshost_error_message(error)));
	len = tlshost_backend_ciphers(backend, &ids);
	list = json_array();
	for (size_t i = 0; i < len; i++)
		json_array_append_new(list, json_integer(ids[i]));
	return json_pack("{s:o}", "suites", list);
}

/* A json_true, json_false, or json_null: the backend cannot tell. */
static json_t *
has(const column *one, uint16_t id)
{
	if (one->suites == NULL)
		return json_null();
	for (size_t i = 0; i < json_array_size(one->suites); i++)
		if (json_integer_value(json_array_get(one->suites, i)) == id)
			return json_true();
	return json_false();
}

/* 0, or an exit code after it said why. */
static int
note_answer(const options *o, json_t *document, column *one, const child *c)
{
	const char *problem;
	char text[128];

	one->suites = json_incref(json_object_get(c->answer, "suites"));
	if (one->suites != NULL)
		return 0;
	problem = child_problem(c, text, sizeof(text));
	if (problem == NULL)
		problem = json_string_value(json_object_get(c->answer,
		    "problem"));
	complain(document, "%s: %s", one->name, problem != NULL ? problem :
	    "it did not tell its suites");
	return o->backend != NULL ? EXIT_BACKEND : 0;
}

/* Each backend is asked in a process of its own. */
static int
ask_all(const options *o, json_t *document)
{
	child *children = calloc(columns_len + 1, sizeof(*children));
	int code = 0, one;

	if (children == NULL) {
		complain(document, "out of memory");
		return EXIT_LOCAL;
	}
	for (size_t i = 0; i < columns_len; i++)
		child_start(&children[i], tell_suites, &columns[i], CHILD_MS);
	children_finish(children, columns_len);
	for (size_t i = 0; i < columns_len; i++) {
		if ((one = note_answer(o, document, &columns[i],
		    &children[i])) != 0)
			code = one;
		child_done(&children[i]);
	}
	free(children);
	return code;
}

/* Those that can be loaded, or the one that is named. */
static int
find_columns(const options *o, json_t *document)
{
	tlshost_backend_list *list;
	const char *name;

	if (tlshost_backend_list_new(0, &list, NULL) != TLSHOST_OK ||
	    (columns = calloc(tlshost_backend_list_len(list) + 1,
	    sizeof(*columns))) == NULL) {
		complain(document, "out of memory");
		return EXIT_LOCAL;
	}
	for (size_t i = 0; i < tlshost_backend_list_len(list); i++) {
		name = tlshost_backend_list_name(list, i);
		if (tlshost_backend_list_state(list, i) ==
		    TLSHOST_PLUGIN_SKIPPED || (o->backend != NULL &&
		    strcmp(name, o->backend) != 0))
			continue;
		if ((columns[columns_len].name = strdup(name)) != NULL)
			columns_len++;
	}
	tlshost_backend_list_free(list);
	if (o->backend == NULL || columns_len != 0)
		return 0;
	complain(document, "there is no usable backend \"%s\"", o->backend);
	return EXIT_BACKEND;
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
	json_t *schannel = json_array(), *backends = json_object();

	for (int d = 0; d < 5; d++)
		json_object_set_new(item, dialects[d], text_or_null(
		    tlshost_cipher_info_name(info, (tlshost_dialect)d)));
	for (size_t i = 0; i < len; i++)
		json_array_append_new(schannel, hex16(alg_ids[i]));
	json_object_set_new(item, "schannel", schannel);
	for (size_t i = 0; i < columns_len; i++)
		json_object_set(backends, columns[i].name, has(&columns[i],
		    tlshost_cipher_info_id(info)));
	json_object_set_new(item, "backends", backends);
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
	for (size_t i = 0; i < columns_len; i++) {
		json_t *yes = has(&columns[i], id);

		printf(" %s %s", columns[i].name, json_is_null(yes) ? "?" :
		    json_is_true(yes) ? "yes" : "no");
	}
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
	int code;

	if ((code = find_columns(o, document)) != 0)
		return document_end(document, code);
	code = ask_all(o, document);
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
	for (size_t i = 0; i < columns_len; i++) {
		free(columns[i].name);
		json_decref(columns[i].suites);
	}
	free(columns);
	return document_end(document, code);
}

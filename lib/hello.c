/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "wire.h"
#include "greeting.h"
#include "mem.h"
#include "numbers.h"

/* ------------------------------------------------------------------------
 * From the message to its parts
 */

/* 0: it is there already (RFC 8446, 4.2). */
static int
split_extension(size_t type, reader body, struct tlshost_hello *hello)
{
	struct tlshost_bytes *part;

	switch (type) {
	case SERVER_NAME:
		part = &hello->server_name;
		break;
	case PROTOCOLS:
		part = &hello->protocols;
		break;
	case SUPPORTED_VERSIONS:
		part = &hello->supported_versions;
		break;
	case SUPPORTED_GROUPS:
		part = &hello->groups;
		break;
	case SIGNATURE_ALGORITHMS:
		part = &hello->signatures;
		break;
	default:
		return 1;
	}
	if (part->data != NULL)
		return 0;
	*part = (struct tlshost_bytes){ body.data, body.len };
	return 1;
}

/* What comes after this member was added later: an older plugin has none of it,
 * and no room for it. */
#define HELLO_MIN \
	(offsetof(struct tlshost_hello, supported_versions) + \
	sizeof(struct tlshost_bytes))

static size_t
shared_size(const struct tlshost_hello *theirs)
{
	return theirs->size < sizeof(*theirs) ? theirs->size : sizeof(*theirs);
}

tlshost_status
tlshost__hello_split(reader body, struct tlshost_hello *ret_hello)
{
	struct tlshost_hello hello = { .size = ret_hello->size };
	tlshost__hello_parts parts;
	reader one;
	size_t type;

	if (!tlshost__hello_parts_of(body, 0, &parts))
		return TLSHOST_PROTOCOL;
	hello.legacy_version = (uint32_t)parts.version;
	hello.suites = (struct tlshost_bytes){ parts.suites.data,
		parts.suites.len };
	while (parts.extensions.len != 0)
		if (!tlshost__hello_next_extension(&parts.extensions, &type,
		    &one) || !split_extension(type, one, &hello))
			return TLSHOST_PROTOCOL;
	memcpy(ret_hello, &hello, shared_size(ret_hello));
	return TLSHOST_OK;
}

int32_t
tlshost__link_hello_parts(tlshost_link *link, struct tlshost_hello *ret_hello)
{
	if (!link->hello_seen || link->opening == NULL || ret_hello == NULL ||
	    ret_hello->size < HELLO_MIN)
		return TLSHOST_BACKEND_FAULT;
	return tlshost__hello_split(tlshost__opening_hello(link->opening),
	    ret_hello);
}

/* ------------------------------------------------------------------------
 * From the parts to the object
 */

/*
 * RFC 6066, 3: the list may hold one host_name; its text is ASCII without a
 * trailing dot.  A name that is none is a malformed hello, not a name to look
 * up with.
 */
static tlshost_status
read_server_name(struct tlshost_bytes extension, char **ret_name)
{
	reader r = reader_of(extension), list, name = { NULL, 0 };
	char text[256];

	if (extension.data == NULL)
		return TLSHOST_OK;
	if (!take_vector(&r, 2, &list) || r.len != 0 || list.len == 0)
		return TLSHOST_PROTOCOL;
	while (list.len != 0) {
		size_t type;
		reader one;

		if (!take_number(&list, 1, &type) ||
		    !take_vector(&list, 2, &one))
			return TLSHOST_PROTOCOL;
		if (type != 0)
			continue;
		if (name.data != NULL)
			return TLSHOST_PROTOCOL;
		name = one;
	}
	if (name.data == NULL)
		return TLSHOST_OK;
	if (name.len == 0 || name.len > 255)
		return TLSHOST_PROTOCOL;
	for (size_t i = 0; i < name.len; i++)
		if (name.data[i] <= 0x20 || name.data[i] >= 0x7f)
			return TLSHOST_PROTOCOL;
	memcpy(text, name.data, name.len);
	text[name.len] = '\0';
	return tlshost__name_to_unicode(text, ret_name);
}

static tlshost_status
read_numbers(reader r, uint16_t **ret_numbers, size_t *ret_len)
{
	uint16_t *numbers;
	size_t number;

	if (r.len % 2 != 0)
		return TLSHOST_PROTOCOL;
	if ((numbers = tlshost__array(r.len / 2, sizeof(*numbers))) == NULL)
		return TLSHOST_NO_MEMORY;
	for (*ret_len = 0; take_number(&r, 2, &number); (*ret_len)++)
		numbers[*ret_len] = (uint16_t)number;
	*ret_numbers = numbers;
	return TLSHOST_OK;
}

static tlshost_status
read_protocols(struct tlshost_bytes extension, tlshost_client_hello *hello)
{
	reader r = reader_of(extension), list, name;
	size_t count = 0;

	if (extension.data == NULL)
		return TLSHOST_OK;
	if (!take_vector(&r, 2, &list) || r.len != 0 || list.len == 0)
		return TLSHOST_PROTOCOL;
	r = list;
	while (r.len != 0) {
		if (!take_vector(&r, 1, &name) || name.len == 0)
			return TLSHOST_PROTOCOL;
		count++;
	}
	if ((hello->protocols = tlshost__array(count,
	    sizeof(*hello->protocols))) == NULL)
		return TLSHOST_NO_MEMORY;
	while (take_vector(&list, 1, &name))
		hello->protocols[hello->protocols_len++] =
		    (tlshost_protocol){ name.data, name.len };
	return TLSHOST_OK;
}

/* Without the extension a hello offers everything up to its own version. */
static tlshost_status
read_versions(const struct tlshost_hello *raw, tlshost_client_hello *hello)
{
	reader r = reader_of(raw->supported_versions), list;
	uint8_t legacy[8];
	size_t len = 0;

	if (raw->supported_versions.data != NULL) {
		if (!take_vector(&r, 1, &list) || r.len != 0 || list.len == 0)
			return TLSHOST_PROTOCOL;
	} else {
		for (uint32_t v = TLSHOST_VERSION_SSLV3;
		    v <= raw->legacy_version && v <= TLSHOST_VERSION_TLSV1_2;
		    v++) {
			legacy[len++] = (uint8_t)(v >> 8);
			legacy[len++] = (uint8_t)v;
		}
		list = (reader){ legacy, len };
	}
	return read_numbers(list, &hello->versions, &hello->versions_len);
}

tlshost_status
tlshost__client_hello_init(tlshost_client_hello *ret_hello,
    const struct tlshost_hello *raw)
{
	tlshost_client_hello hello = { 0 };
	tlshost_status st;

	if ((st = read_server_name(raw->server_name, &hello.server_name)) !=
	    TLSHOST_OK ||
	    (st = read_protocols(raw->protocols, &hello)) != TLSHOST_OK ||
	    (st = read_versions(raw, &hello)) != TLSHOST_OK ||
	    (st = read_numbers(reader_of(raw->suites), &hello.ciphers,
	    &hello.ciphers_len)) != TLSHOST_OK) {
		tlshost__client_hello_done(&hello);
		return st;
	}
	*ret_hello = hello;
	return TLSHOST_OK;
}

void
tlshost__client_hello_done(tlshost_client_hello *hello)
{
	free(hello->server_name);
	free(hello->protocols);
	free(hello->ciphers);
	free(hello->versions);
	*hello = (tlshost_client_hello){ 0 };
}

const char *
tlshost_client_hello_server_name(const tlshost_client_hello *hello)
{
	return hello != NULL ? hello->server_name : NULL;
}

size_t
tlshost_client_hello_protocols_len(const tlshost_client_hello *hello)
{
	return hello != NULL ? hello->protocols_len : 0;
}

tlshost_protocol
tlshost_client_hello_protocol_at(const tlshost_client_hello *hello, size_t index)
{
	if (hello == NULL || index >= hello->protocols_len)
		return (tlshost_protocol){ NULL, 0 };
	return hello->protocols[index];
}

size_t
tlshost_client_hello_ciphers_len(const tlshost_client_hello *hello)
{
	return hello != NULL ? hello->ciphers_len : 0;
}

uint16_t
tlshost_client_hello_cipher_at(const tlshost_client_hello *hello, size_t index)
{
	return hello != NULL && index < hello->ciphers_len ?
	    hello->ciphers[index] : 0;
}

int
tlshost_client_hello_offers_version(const tlshost_client_hello *hello,
    tlshost_version version)
{
	for (size_t i = 0; hello != NULL && i < hello->versions_len; i++)
		if (hello->versions[i] == (unsigned int)version)
			return 1;
	return 0;
}

/* ------------------------------------------------------------------------
 * The SNI callback
 */

struct tlshost_sni_choice {
	tlshost__context *own;       /* of the connection */
	tlshost__context *context;   /* chosen: a reference, or NULL */
	tlshost_config *config;      /* chosen: a reference, or NULL */
};

static void
choice_clear(tlshost_sni_choice *choice)
{
	tlshost__context_unref(choice->context);
	tlshost_config_unref(choice->config);
	choice->context = NULL;
	choice->config = NULL;
}

tlshost_status
tlshost_sni_choice_config(tlshost_sni_choice *choice, tlshost_config *config)
{
	if (choice == NULL || config == NULL)
		return TLSHOST_INVALID_ARGUMENT;
	tlshost_config_ref(config);
	choice_clear(choice);
	choice->config = config;
	return TLSHOST_OK;
}

tlshost_status
tlshost_sni_choice_context(tlshost_sni_choice *choice,
    tlshost_server_context *context)
{
	tlshost__context *chosen = tlshost__context_of_server(context);

	if (choice == NULL || chosen == NULL ||
	    chosen->backend != choice->own->backend)
		return TLSHOST_INVALID_ARGUMENT;
	tlshost__context_ref(chosen);
	choice_clear(choice);
	choice->context = chosen;
	return TLSHOST_OK;
}

void
tlshost_sni_choice_keep(tlshost_sni_choice *choice)
{
	if (choice == NULL)
		return;
	choice_clear(choice);
	choice->context = tlshost__context_ref(choice->own);
}

static tlshost_status
hello_fail(tlshost_link *link, tlshost_status status, const char *what)
{
	tlshost_error_free(link->failure);
	link->failure = NULL;
	return tlshost__fail(&link->failure, status, TLSHOST_PHASE_HANDSHAKE,
	    link->context->backend->name, "%s%s%s", what,
	    link->server_name != NULL ? ": " : "",
	    link->server_name != NULL ? link->server_name : "");
}

/* Makes *ret_context the context of whatever the program chose. */
static tlshost_status
choice_context(tlshost_link *link, tlshost_sni_choice *choice,
    tlshost__context **ret_context, int32_t *ret_alert)
{
	tlshost_error *error = NULL;
	tlshost_status st;

	if (choice->context != NULL) {
		*ret_context = tlshost__context_ref(choice->context);
		return TLSHOST_OK;
	}
	if (choice->config == NULL) {
		*ret_alert = ALERT_UNRECOGNIZED_NAME;
		return hello_fail(link, TLSHOST_UNRECOGNIZED_NAME,
		    link->server_name != NULL ?
		    "no configuration for the server name" :
		    "no configuration for clients that name no server");
	}
	st = tlshost__context_for_config(choice->own, choice->config,
	    ret_context, &error);
	if (st != TLSHOST_OK) {
		tlshost_error_free(link->failure);
		link->failure = error;
	}
	return st;
}

static tlshost_status
ask_program(tlshost_link *link, const tlshost_client_hello *hello,
    tlshost__context **ret_context, int32_t *ret_alert)
{
	tlshost_sni_choice choice = { .own = link->context };
	tlshost_config *config = link->context->config;
	tlshost_sni_callback callback;
	tlshost_status st;
	void *userdata;

	callback = tlshost_config_sni_callback(config, &userdata);
	if (callback == NULL) {
		*ret_context = tlshost__context_ref(link->context);
		return TLSHOST_OK;
	}
	st = callback(link->buffer, link->server_name, config, hello, &choice,
	    userdata);
	if (st != TLSHOST_OK)
		st = hello_fail(link, st == TLSHOST_WANT_READ ||
		    st == TLSHOST_WANT_WRITE ? TLSHOST_INVALID_STATE : st,
		    "the server name callback failed");
	else
		st = choice_context(link, &choice, ret_context, ret_alert);
	choice_clear(&choice);
	return st;
}

int32_t
tlshost__link_hello(tlshost_link *link, void **ret_context, int32_t *ret_alert)
{
	struct tlshost_hello raw = { .size = sizeof(raw) };
	tlshost_client_hello hello;
	tlshost__context *context = NULL;
	tlshost_status st;

	*ret_alert = ALERT_INTERNAL_ERROR;
	if (link->hello_seen || link->opening == NULL ||
	    link->context->role != TLSHOST_ROLE_SERVER)
		return hello_fail(link, TLSHOST_BACKEND_FAULT,
		    "the backend asked twice about a hello, or too late");
	if (tlshost__opening_hello(link->opening).len == 0)
		return TLSHOST_WANT_READ;
	link->hello_seen = 1;
	if ((st = (tlshost_status)tlshost__link_hello_parts(link, &raw)) !=
	    TLSHOST_OK ||
	    (st = tlshost__client_hello_init(&hello, &raw)) != TLSHOST_OK) {
		if (st == TLSHOST_PROTOCOL)
			*ret_alert = ALERT_DECODE_ERROR;
		return hello_fail(link, st, "the ClientHello is malformed");
	}
	if (hello.server_name != NULL && (link->server_name =
	    tlshost__strdup(hello.server_name)) == NULL)
		st = hello_fail(link, TLSHOST_NO_MEMORY, "no memory");
	else
		st = ask_program(link, &hello, &context, ret_alert);
	if (st == TLSHOST_OK) {
		*ret_context = context->plugin;
		tlshost__context_unref(link->context);
		link->context = context;
	}
	tlshost__client_hello_done(&hello);
	return st;
}

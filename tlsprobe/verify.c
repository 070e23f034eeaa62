/* SPDX-License-Identifier: MIT */
/* tlsprobe verify: the verdict on a chain, without a connection. */
#include "config.h"

#include <arpa/inet.h>
#include <string.h>

#include "tlsprobe.h"

/* The last line: {"verdict":...,"reasons":[...],"native":...,"detail":...}. */
static int
finish(const char *verdict, const tlshost_verification *v, const char *detail,
    int code)
{
	json_t *line = json_pack("{s:s,s:[],s:n,s:o}", "verdict", verdict,
	    "reasons", "native", "detail", text_or_null(detail));
	uint32_t reasons = tlshost_verification_reasons(v);

	for (int bit = 0; bit < 31; bit++)
		if ((reasons & (1u << bit)) != 0)
			json_array_append_new(json_object_get(line, "reasons"),
			    json_string(tlshost_reason_word(
			    (tlshost_reason)(1u << bit))));
	if (tlshost_verification_native_text(v) != NULL)
		json_object_set_new(line, "native", json_pack("{s:I,s:o}",
		    "code", (json_int_t)tlshost_verification_native_code(v),
		    "text", text_or_null(tlshost_verification_native_text(v))));
	if (interrupted)
		code = EXIT_INTERRUPTED;
	json_object_set_new(line, "exit", json_integer(code));
	if (json_dumpf(line, stdout, JSON_COMPACT) != 0 ||
	    putchar('\n') == EOF || fflush(stdout) != 0)
		code = EXIT_LOCAL;
	json_decref(line);
	return code;
}

static int
give_up(tlshost_status st, tlshost_error *error)
{
	int code = exit_for(st);

	if (code != EXIT_BACKEND && code != EXIT_USAGE)
		code = EXIT_LOCAL;
	code = finish("error", NULL, error != NULL ?
	    tlshost_error_message(error) : tlshost_status_text(st), code);
	tlshost_error_free(error);
	return code;
}

/* What cannot be a host's name no certificate can be good for. */
static int
refuse_name(tlshost_error *error)
{
	json_t *line = json_pack("{s:s,s:[s],s:n,s:o,s:i}", "verdict",
	    "reject", "reasons",
	    tlshost_reason_word(TLSHOST_REASON_NAME_MISMATCH), "native",
	    "detail", text_or_null(tlshost_error_message(error)), "exit",
	    EXIT_NEGATIVE);

	(void)json_dumpf(line, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(line);
	tlshost_error_free(error);
	return EXIT_NEGATIVE;
}

/* ------------------------------------------------------------------------
 * With the key: by a handshake in memory
 */

static void
carry(tlshost_buffer *from, tlshost_buffer *to)
{
	const uint8_t *data;
	size_t len, taken;

	while ((len = tlshost_buffer_peek_outgoing(from, &data)) != 0) {
		if (tlshost_buffer_receive_from_network(to, data, len,
		    &taken) != TLSHOST_OK || taken == 0)
			return;
		(void)tlshost_buffer_consume_outgoing(from, taken);
	}
}

static int
shake_hands(tlshost_buffer *client, tlshost_buffer *server)
{
	tlshost_status c = TLSHOST_WANT_READ, s = TLSHOST_WANT_READ;
	const tlshost_verification *v;

	for (int i = 0; i < 64 && (c == TLSHOST_WANT_READ ||
	    s == TLSHOST_WANT_READ); i++) {
		if (c == TLSHOST_WANT_READ)
			c = tlshost_buffer_do_handshake(client);
		carry(client, server);
		if (s == TLSHOST_WANT_READ)
			s = tlshost_buffer_do_handshake(server);
		carry(server, client);
		if (c != TLSHOST_WANT_READ && c != TLSHOST_OK)
			break;
	}
	v = tlshost_buffer_verification(client);
	if (c == TLSHOST_OK)
		return finish("accept", v, NULL, EXIT_DONE);
	if (c == TLSHOST_BAD_CERTIFICATE)
		return finish("reject", v, tlshost_verification_text(v),
		    EXIT_NEGATIVE);
	return finish("error", v, tlshost_error_message(
	    tlshost_buffer_error(c != TLSHOST_WANT_READ ? client : server)),
	    EXIT_LOCAL);
}

static int
by_handshake(const options *o, tlshost_backend *backend, const char *name)
{
	json_t *document = document_new("verify");
	options server_options = *o, client_options = *o;
	tlshost_config *server_config = NULL, *client_config = NULL;
	tlshost_server_context *server_context = NULL;
	tlshost_client_context *client_context = NULL;
	tlshost_buffer *server = NULL, *client = NULL;
	tlshost_error *error = NULL;
	tlshost_status st;
	int code;

	server_options.cert[0] = o->chain;
	server_options.certs = 1;
	client_options.keys = 0;
	if ((code = make_config(&server_options, document, backend,
	    TLSHOST_ROLE_SERVER, &server_config)) != 0 ||
	    (code = make_config(&client_options, document, backend,
	    TLSHOST_ROLE_CLIENT, &client_config)) != 0) {
		code = finish("error", NULL, json_string_value(json_object_get(
		    document, "error")), code);
	} else if ((st = tlshost_server_context_new(backend, server_config,
	    &server_context, &error)) != TLSHOST_OK ||
	    (st = tlshost_client_context_new(backend, client_config,
	    &client_context, &error)) != TLSHOST_OK ||
	    (st = tlshost_client_context_wrap_buffers(client_context, name,
	    &client, &error)) != TLSHOST_OK ||
	    (st = tlshost_server_context_wrap_buffers(server_context, &server,
	    &error)) != TLSHOST_OK) {
		code = st == TLSHOST_INVALID_ARGUMENT ? refuse_name(error) :
		    give_up(st, error);
	} else {
		code = shake_hands(client, server);
	}
	json_decref(document);
	tlshost_buffer_free(client);
	tlshost_buffer_free(server);
	tlshost_client_context_unref(client_context);
	tlshost_server_context_unref(server_context);
	tlshost_config_unref(client_config);
	tlshost_config_unref(server_config);
	return code;
}

static int
judge(const options *o, tlshost_backend *backend, tlshost_trust_store *trust,
    const char *name)
{
	tlshost_verification *v;
	tlshost_error *error = NULL;
	tlshost_chain *chain;
	tlshost_status st;
	int code;

	if ((st = tlshost_chain_from_file(NULL, o->chain, &chain, &error)) !=
	    TLSHOST_OK)
		return give_up(st, error);
	st = tlshost_backend_verify_chain(backend, TLSHOST_ROLE_CLIENT, chain,
	    trust, name, o->strict, &v, &error);
	tlshost_chain_unref(chain);
	if (st == TLSHOST_INVALID_ARGUMENT)
		return refuse_name(error);
	if (st != TLSHOST_OK)
		return give_up(st, error);
	code = tlshost_verification_ok(v) ?
	    finish("accept", v, NULL, EXIT_DONE) :
	    finish("reject", v, tlshost_verification_text(v), EXIT_NEGATIVE);
	tlshost_verification_free(v);
	return code;
}

static const char *
usage_fault(const options *o)
{
	uint8_t address[16];

	if (o->chain == NULL || o->args_len != 0 ||
	    (o->hostname == NULL) == (o->ip == NULL))
		return "--chain and one of --hostname and --ip are needed, "
		    "and nothing else";
	if (o->ip != NULL && inet_pton(AF_INET, o->ip, address) != 1 &&
	    inet_pton(AF_INET6, o->ip, address) != 1)
		return "--ip: not an address";
	if (o->keys > 1)
		return "--key: there is one chain";
	return NULL;
}

int
run_verify(const options *o)
{
	const char *name = o->hostname != NULL ? o->hostname : o->ip;
	tlshost_error *error = NULL;
	tlshost_trust_store *trust;
	tlshost_backend *backend;
	tlshost_status st;
	int code;

	if (usage_fault(o) != NULL)
		return finish("error", NULL, usage_fault(o), EXIT_USAGE);
	if ((st = o->backend != NULL ? tlshost_backend_by_name(o->backend,
	    &backend, &error) : tlshost_backend_default(TLSHOST_ROLE_CLIENT,
	    &backend, &error)) != TLSHOST_OK)
		return give_up(TLSHOST_NO_BACKEND, error);
	st = o->trust == NULL || strcmp(o->trust, "system") == 0 ?
	    tlshost_trust_store_system(NULL, &trust, &error) :
	    tlshost_trust_store_from_pem_file(NULL, o->trust, &trust, &error);
	if (st != TLSHOST_OK)
		return give_up(st, error);
	code = o->keys != 0 ? by_handshake(o, backend, name) :
	    judge(o, backend, trust, name);
	tlshost_trust_store_unref(trust);
	return code;
}

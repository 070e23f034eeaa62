/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdio.h>

#include "pair.h"

tlshost_backend *client_backend, *server_backend;

void
use_backend(const char *name)
{
	assert_status(tlshost_backend_by_name(name, &client_backend, NULL),
	    TLSHOST_OK);
	server_backend = client_backend;
}

const char *
test_file(const char *name, const char *suffix)
{
	static _Thread_local char paths[2][4096];
	static _Thread_local int which;
	const char *dir = getenv("TLSHOST_TEST_CERTS");

	ck_assert_ptr_nonnull(dir);
	which = !which;
	snprintf(paths[which], sizeof(paths[0]), "%s/%s%s", dir, name,
	    suffix);
	return paths[which];
}

tlshost_chain *
load_chain(const char *name)
{
	tlshost_chain *chain;

	assert_status(tlshost_chain_from_file(NULL, test_file(name, ".pem"),
	    &chain, NULL), TLSHOST_OK);
	return chain;
}

tlshost_private_key *
load_key(const char *name)
{
	tlshost_private_key *key;

	assert_status(tlshost_private_key_from_file(NULL, test_file(name, ".key"),
	    NULL, 0, &key, NULL), TLSHOST_OK);
	return key;
}

tlshost_trust_store *
load_trust(const char *name)
{
	tlshost_trust_store *store;

	assert_status(tlshost_trust_store_from_pem_file(NULL,
	    test_file(name, ".pem"), &store, NULL), TLSHOST_OK);
	return store;
}

static void
set_alpn(tlshost_config_builder *builder, const setup *s, const char *names)
{
	tlshost_protocol list[16];
	size_t len = 0;

	if (s->protocols != NULL)
		assert_status(tlshost_config_builder_set_inner_protocols(
		    builder, s->protocols, s->protocols_len), TLSHOST_OK);
	if (names == NULL)
		return;
	while (*names != '\0') {
		ck_assert_uint_lt(len, 16);
		size_t n = strcspn(names, ",");

		list[len++] = (tlshost_protocol){ (const uint8_t *)names, n };
		names += n + (names[n] == ',');
	}
	assert_status(tlshost_config_builder_set_inner_protocols(builder, list,
	    len), TLSHOST_OK);
}

static void
add_identity(tlshost_config_builder *builder, const char *name)
{
	tlshost_private_key *key;
	tlshost_chain *chain;

	if (name == NULL)
		return;
	chain = load_chain(name);
	key = load_key(name);
	assert_status(tlshost_config_builder_add_certificate_chain(builder,
	    chain, key), TLSHOST_OK);
	tlshost_chain_unref(chain);
	tlshost_private_key_unref(key);
}

static void
set_versions(tlshost_config_builder *builder, tlshost_version lowest,
    tlshost_version highest)
{
	if (lowest != 0)
		assert_status(tlshost_config_builder_set_lowest_version(
		    builder, lowest), TLSHOST_OK);
	if (highest != 0)
		assert_status(tlshost_config_builder_set_highest_version(
		    builder, highest), TLSHOST_OK);
}

static void
set_suite(tlshost_config_builder *builder, uint16_t suite)
{
	if (suite != 0)
		assert_status(tlshost_config_builder_set_ciphers(builder,
		    &suite, 1), TLSHOST_OK);
}

static tlshost_config_builder *
begin(const setup *s, const char *alpn, const char *certificate,
    const char *trust)
{
	tlshost_config_builder *builder;
	tlshost_trust_store *store = load_trust(trust != NULL ? trust : "ca");

	assert_status(tlshost_config_builder_new(NULL, &builder), TLSHOST_OK);
	assert_status(tlshost_config_builder_set_trust_store(builder, store),
	    TLSHOST_OK);
	tlshost_trust_store_unref(store);
	tlshost_config_builder_set_strict_certificates(builder, s->strict);
	set_versions(builder, s->version, s->version);
	if (s->key_log != NULL)
		assert_status(tlshost_config_builder_insecure_key_log(builder,
		    s->key_log, s->key_log_data, NULL), TLSHOST_OK);
	set_alpn(builder, s, alpn);
	add_identity(builder, certificate);
	return builder;
}

static tlshost_config *
finish(tlshost_config_builder *builder)
{
	tlshost_config *config;

	assert_status(tlshost_config_builder_build(builder, &config, NULL),
	    TLSHOST_OK);
	tlshost_config_builder_free(builder);
	return config;
}

tlshost_config *
config_showing(tlshost_chain *chain, tlshost_private_key *key)
{
	tlshost_config_builder *builder;
	tlshost_config *config;

	assert_status(tlshost_config_builder_new(NULL, &builder), TLSHOST_OK);
	assert_status(tlshost_config_builder_add_certificate_chain(builder,
	    chain, key), TLSHOST_OK);
	assert_status(tlshost_config_builder_build(builder, &config, NULL),
	    TLSHOST_OK);
	tlshost_config_builder_free(builder);
	return config;
}

tlshost_config *
client_config(const setup *s)
{
	tlshost_config_builder *builder = begin(s, s->client_alpn,
	    s->client_certificate, s->trust);

	set_suite(builder, s->suite);
	set_versions(builder, s->client_lowest, s->client_highest);
	if (s->no_verify)
		tlshost_config_builder_insecure_no_verify(builder);
	return finish(builder);
}

tlshost_config *
server_config(const setup *s)
{
	tlshost_config_builder *builder = begin(s, s->server_alpn,
	    s->certificate != NULL ? s->certificate : "rsa", s->server_trust);

	set_suite(builder, s->server_suite != 0 ? s->server_suite : s->suite);
	set_versions(builder, s->server_lowest, s->server_highest);
	add_identity(builder, s->more_certificate);
	if (s->server_no_verify)
		tlshost_config_builder_insecure_no_verify(builder);
	tlshost_config_builder_set_client_auth(builder, s->client_auth);
	if (s->sni != NULL)
		tlshost_config_builder_set_sni_callback(builder, s->sni,
		    s->sni_data, NULL);
	return finish(builder);
}

static uint32_t random_state;

/* xorshift: small, and the same everywhere. */
uint32_t
random_number(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 17;
	random_state ^= random_state << 5;
	return random_state;
}

static size_t
default_piece(void)
{
	const char *pieces = getenv("CHECK_PIECES");

	if (pieces == NULL || strcmp(pieces, "whole") == 0)
		return SIZE_MAX;
	if (strcmp(pieces, "bytes") == 0)
		return 1;
	if (random_state == 0)
		random_state = (uint32_t)strtoul(pieces, NULL, 10) | 1;
	return PIECES_RANDOM;
}

pair
pair_of(tlshost_config *client, tlshost_config *server, const setup *s)
{
	pair p = { .piece = s->piece != 0 ? s->piece : default_piece(),
	    .client_limit = SIZE_MAX, .server_limit = SIZE_MAX };
	tlshost_client_context *client_context;
	tlshost_server_context *server_context;
	tlshost_error *error = NULL;
	tlshost_status st;

	st = tlshost_client_context_new(client_backend, client,
	    &client_context, &error);
	ck_assert_msg(st == TLSHOST_OK, "%s", tlshost_error_message(error));
	st = tlshost_server_context_new(server_backend, server,
	    &server_context, &error);
	ck_assert_msg(st == TLSHOST_OK, "%s", tlshost_error_message(error));
	assert_status(tlshost_client_context_wrap_buffers(client_context,
	    s->hostname != NULL ? s->hostname : "srv.test", &p.client, NULL),
	    TLSHOST_OK);
	assert_status(tlshost_server_context_wrap_buffers(server_context,
	    &p.server, NULL), TLSHOST_OK);
	tlshost_client_context_unref(client_context);
	tlshost_server_context_unref(server_context);
	return p;
}

pair
make_pair(const setup *s)
{
	tlshost_config *client = client_config(s), *server = server_config(s);
	pair p = pair_of(client, server, s);

	tlshost_config_unref(client);
	tlshost_config_unref(server);
	return p;
}

void
free_pair(pair *p)
{
	tlshost_buffer_free(p->client);
	tlshost_buffer_free(p->server);
}

tlshost_buffer *
make_end(const setup *s, int server)
{
	pair p = make_pair(s);

	tlshost_buffer_free(server ? p.client : p.server);
	return server ? p.server : p.client;
}

static int
carry_one(tlshost_buffer *from, tlshost_buffer *to, size_t piece, size_t *done,
    size_t limit)
{
	const uint8_t *data;
	size_t len = tlshost_buffer_peek_outgoing(from, &data), taken;

	if (piece == PIECES_RANDOM)
		piece = 1 + random_number() % (1u << random_number() % 16);
	if (len > piece)
		len = piece;
	if (len > limit - *done)
		len = limit - *done;
	if (len == 0 || tlshost_buffer_receive_from_network(to, data, len,
	    &taken) != TLSHOST_OK || taken == 0)
		return 0;
	assert_status(tlshost_buffer_consume_outgoing(from, taken),
	    TLSHOST_OK);
	*done += taken;
	return 1;
}

int
carry(pair *p)
{
	int moved = carry_one(p->client, p->server, p->piece, &p->to_server,
	    p->server_limit);

	return carry_one(p->server, p->client, p->piece, &p->to_client,
	    p->client_limit) || moved;
}

static int
waits(tlshost_status st)
{
	return st == TLSHOST_WANT_READ || st == TLSHOST_WANT_WRITE;
}

void
shake_hands(pair *p, tlshost_status *ret_client, tlshost_status *ret_server)
{
	tlshost_status client = TLSHOST_WANT_READ, server = TLSHOST_WANT_READ;
	int moved = 1;

	while (moved) {
		if (waits(client))
			client = tlshost_buffer_do_handshake(p->client);
		if (waits(server))
			server = tlshost_buffer_do_handshake(p->server);
		moved = carry(p);
	}
	if (waits(client))
		client = tlshost_buffer_do_handshake(p->client);
	if (waits(server))
		server = tlshost_buffer_do_handshake(p->server);
	*ret_client = client;
	*ret_server = server;
}

pair
connected_pair(const setup *s)
{
	tlshost_status client, server;
	pair p = make_pair(s);

	shake_hands(&p, &client, &server);
	ck_assert_msg(client == TLSHOST_OK && server == TLSHOST_OK,
	    "client: %s (%s), server: %s (%s)", tlshost_status_name(client),
	    tlshost_error_message(tlshost_buffer_error(p.client)),
	    tlshost_status_name(server),
	    tlshost_error_message(tlshost_buffer_error(p.server)));
	return p;
}

tlshost_status
read_from(pair *p, tlshost_buffer *buffer, void *dst, size_t cap,
    size_t *ret_len)
{
	tlshost_status st;

	do
		st = tlshost_buffer_read(buffer, dst, cap, ret_len);
	while (waits(st) && carry(p));
	return st;
}

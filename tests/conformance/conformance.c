/* SPDX-License-Identifier: MIT */
/*
 * What the header promises, held against backends by name: for each pairing of
 * those in TLSHOST_CHECK_BACKENDS (default: all that are there).
 */
#include "config.h"

#include <pthread.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pair.h"

static const tlshost_version versions[] = { TLSHOST_VERSION_TLSV1_2,
	TLSHOST_VERSION_TLSV1_3 };



static void
set_up(void)
{
	assert_status(tlshost_backend_by_name(getenv("CHECK_CLIENT"),
	    &client_backend, NULL), TLSHOST_OK);
	assert_status(tlshost_backend_by_name(getenv("CHECK_SERVER"),
	    &server_backend, NULL), TLSHOST_OK);
}

/* ---------------------------------------------------------------- handshake */

START_TEST(a_handshake_agrees_on_everything)
{
	setup s = { .version = versions[_i], .client_alpn = "http/1.1,h2",
	    .server_alpn = "h2,http/1.1" };
	pair p = connected_pair(&s);

	ck_assert_int_eq(tlshost_buffer_negotiated_tls_version(p.client),
	    versions[_i]);
	ck_assert_int_eq(tlshost_buffer_negotiated_tls_version(p.server),
	    versions[_i]);
	ck_assert_uint_ne(tlshost_buffer_cipher(p.client), 0);
	ck_assert_uint_eq(tlshost_buffer_cipher(p.client),
	    tlshost_buffer_cipher(p.server));
	ck_assert_uint_eq(
	    tlshost_buffer_negotiated_protocol(p.client).len, 2);
	ck_assert_mem_eq(
	    tlshost_buffer_negotiated_protocol(p.server).data, "h2", 2);
	ck_assert_str_eq(tlshost_buffer_server_name(p.server), "srv.test");
	ck_assert_int_eq(tlshost_verification_ok(
	    tlshost_buffer_verification(p.client)), 1);
	ck_assert_uint_eq(tlshost_verification_path_len(
	    tlshost_buffer_verification(p.client)), 2);
	ck_assert_ptr_null(tlshost_buffer_verification(p.server));
	assert_status(tlshost_buffer_do_handshake(p.client), TLSHOST_OK);
	free_pair(&p);
}
END_TEST

START_TEST(a_handshake_works_byte_by_byte)
{
	setup s = { .version = versions[_i], .piece = 1,
	    .certificate = "ecdsa" };
	pair p = connected_pair(&s);

	free_pair(&p);
}
END_TEST

START_TEST(without_a_common_protocol_it_goes_on_without)
{
	setup s = { .version = versions[_i], .client_alpn = "h2",
	    .server_alpn = "http/1.1" };
	pair p = connected_pair(&s);

	ck_assert_uint_eq(tlshost_buffer_negotiated_protocol(p.client).len,
	    0);
	ck_assert_uint_eq(tlshost_buffer_negotiated_protocol(p.server).len,
	    0);
	free_pair(&p);
}
END_TEST

START_TEST(nothing_is_known_and_nothing_allowed_before_the_handshake)
{
	setup s = { .version = versions[_i] };
	pair p = make_pair(&s);
	uint8_t byte = 0;
	size_t n;

	ck_assert_uint_eq(tlshost_buffer_cipher(p.client), 0);
	ck_assert_int_eq(tlshost_buffer_negotiated_tls_version(p.client),
	    TLSHOST_VERSION_NONE);
	assert_status(tlshost_buffer_read(p.client, &byte, 1, &n),
	    TLSHOST_INVALID_STATE);
	assert_status(tlshost_buffer_write(p.client, &byte, 1, &n),
	    TLSHOST_INVALID_STATE);
	assert_status(tlshost_buffer_shutdown(p.client),
	    TLSHOST_INVALID_STATE);
	free_pair(&p);
}
END_TEST

START_TEST(no_common_version_is_told_on_both_sides)
{
	setup s = { .version = TLSHOST_VERSION_TLSV1_2 };
	setup newer = { .version = TLSHOST_VERSION_TLSV1_3 };
	tlshost_status client, server;
	pair p = make_pair(&s), q = make_pair(&newer), mixed = p;

	mixed.server = q.server;
	shake_hands(&mixed, &client, &server);
	assert_status(server, TLSHOST_NO_OVERLAP);
	assert_status(client, TLSHOST_ALERT_RECEIVED);
	assert_status(tlshost_buffer_do_handshake(p.client),
	    TLSHOST_ALERT_RECEIVED);
	free_pair(&p);
	free_pair(&q);
}
END_TEST

/* A few octets that no TLS client or server sends. */
static const char *const plain[] = {
	"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
	"HTTP/1.1 400 Bad Request\r\n\r\n",
	"SSH-2.0-OpenSSH_9.2\r\n",
	"220 mail.example ESMTP\r\n",
};

START_TEST(plain_text_is_recognised_by_clients_and_servers)
{
	const char *text = plain[_i / 2];
	setup s = { 0 };
	pair p = make_pair(&s);
	tlshost_buffer *side = _i % 2 == 0 ? p.client : p.server;
	tlshost_status st;
	size_t n;

	(void)tlshost_buffer_do_handshake(side);
	assert_status(tlshost_buffer_receive_from_network(side, text,
	    strlen(text), &n), TLSHOST_OK);
	st = tlshost_buffer_do_handshake(side);
	if (st == TLSHOST_WANT_READ) {
		tlshost_buffer_network_eof(side);
		st = tlshost_buffer_do_handshake(side);
	}
	assert_status(st, TLSHOST_NOT_TLS);
	free_pair(&p);
}
END_TEST

/* -------------------------------------------------------------------- data */

START_TEST(data_arrives_whole_both_ways)
{
	static const size_t pieces[] = { 0, 1, 1000 };
	static uint8_t sent[100000], got[100000];
	setup s = { .version = versions[_i / 3], .piece = pieces[_i % 3] };
	size_t total = _i % 3 == 1 ? 3000 : sizeof(sent);
	pair p = connected_pair(&s);

	for (int way = 0; way < 2; way++) {
		tlshost_buffer *from = way ? p.server : p.client;
		tlshost_buffer *to = way ? p.client : p.server;
		size_t written = 0, read = 0, n;

		for (size_t i = 0; i < total; i++)
			sent[i] = (uint8_t)(i * 7 + i / 256 + (size_t)way);
		while (read < total) {
			if (written < total && tlshost_buffer_write(from,
			    sent + written, total - written, &n) ==
			    TLSHOST_OK)
				written += n;
			assert_status(read_from(&p, to, got + read,
			    total - read, &n), TLSHOST_OK);
			read += n;
		}
		ck_assert_mem_eq(sent, got, total);
	}
	free_pair(&p);
}
END_TEST

START_TEST(a_writer_that_nobody_reads_is_held_back)
{
	static uint8_t data[100000];
	setup s = { .version = versions[_i] };
	pair p = connected_pair(&s);
	size_t n, total = 0;
	tlshost_status st;

	while ((st = tlshost_buffer_write(p.client, data, sizeof(data), &n)) ==
	    TLSHOST_OK)
		total += n;
	assert_status(st, TLSHOST_WANT_WRITE);
	assert_status(tlshost_buffer_read(p.client, data, 1, &n),
	    TLSHOST_WANT_WRITE);
	ck_assert_uint_lt(tlshost_buffer_outgoing_len(p.client), 400000);
	/* Later with other data, from another place, and shorter. */
	while (carry(&p))
		;
	assert_status(read_from(&p, p.server, data, sizeof(data), &n),
	    TLSHOST_OK);
	assert_status(tlshost_buffer_write(p.client, "x", 1, &n), TLSHOST_OK);
	free_pair(&p);
}
END_TEST

START_TEST(lengths_of_nothing_are_as_documented)
{
	setup s = { .version = versions[_i] };
	pair p = connected_pair(&s);
	uint8_t byte;
	size_t n = 7;

	assert_status(tlshost_buffer_write(p.client, NULL, 0, &n), TLSHOST_OK);
	ck_assert_uint_eq(n, 0);
	assert_status(tlshost_buffer_read(p.client, &byte, 0, &n),
	    TLSHOST_INVALID_ARGUMENT);
	assert_status(tlshost_buffer_read(p.client, NULL, 1, &n),
	    TLSHOST_INVALID_ARGUMENT);
	assert_status(tlshost_buffer_write(p.client, NULL, 1, &n),
	    TLSHOST_INVALID_ARGUMENT);
	assert_status(tlshost_buffer_consume_outgoing(p.client, SIZE_MAX),
	    TLSHOST_INVALID_ARGUMENT);
	free_pair(&p);
}
END_TEST

START_TEST(a_key_update_is_not_noticed_by_the_data)
{
	setup s = { .version = TLSHOST_VERSION_TLSV1_3 };
	uint64_t capabilities = tlshost_backend_capabilities(client_backend);
	char text[8];
	pair p = connected_pair(&s);
	size_t n;

	if ((capabilities & TLSHOST_CAPABILITY_KEY_UPDATE) == 0) {
		assert_status(tlshost_buffer_key_update(p.client, 1),
		    TLSHOST_UNSUPPORTED);
		free_pair(&p);
		return;
	}
	for (int i = 0; i < 5; i++) {
		assert_status(tlshost_buffer_key_update(p.client, i % 2),
		    TLSHOST_OK);
		assert_status(tlshost_buffer_write(p.client, "ping", 4, &n),
		    TLSHOST_OK);
		assert_status(read_from(&p, p.server, text, sizeof(text), &n),
		    TLSHOST_OK);
		ck_assert_mem_eq(text, "ping", 4);
		assert_status(tlshost_buffer_write(p.server, "pong", 4, &n),
		    TLSHOST_OK);
		assert_status(read_from(&p, p.client, text, sizeof(text), &n),
		    TLSHOST_OK);
		ck_assert_mem_eq(text, "pong", 4);
	}
	free_pair(&p);
}
END_TEST

START_TEST(there_is_no_key_update_before_tls_1_3)
{
	setup s = { .version = TLSHOST_VERSION_TLSV1_2 };
	pair p = connected_pair(&s);
	size_t n;

	assert_status(tlshost_buffer_key_update(p.client, 0),
	    TLSHOST_UNSUPPORTED);
	assert_status(tlshost_buffer_write(p.client, "x", 1, &n), TLSHOST_OK);
	free_pair(&p);
}
END_TEST

/* --------------------------------------------------------------------- ends */

START_TEST(close_notify_is_the_end_for_ever)
{
	setup s = { .version = versions[_i] };
	pair p = connected_pair(&s);
	uint8_t byte;
	size_t n;

	assert_status(tlshost_buffer_shutdown(p.client), TLSHOST_OK);
	assert_status(tlshost_buffer_shutdown(p.client), TLSHOST_OK);
	assert_status(tlshost_buffer_write(p.client, "x", 1, &n),
	    TLSHOST_INVALID_STATE);
	for (int i = 0; i < 3; i++) {
		assert_status(read_from(&p, p.server, &byte, 1, &n),
		    TLSHOST_OK);
		ck_assert_uint_eq(n, 0);
		tlshost_buffer_network_eof(p.server);
	}
	/* Half-close: the other way still works. */
	assert_status(tlshost_buffer_write(p.server, "y", 1, &n), TLSHOST_OK);
	assert_status(read_from(&p, p.client, &byte, 1, &n), TLSHOST_OK);
	ck_assert_int_eq(byte, 'y');
	free_pair(&p);
}
END_TEST

START_TEST(bytes_behind_close_notify_can_be_taken)
{
	setup s = { .version = versions[_i] };
	pair p = connected_pair(&s);
	char text[8];
	size_t n;

	assert_status(tlshost_buffer_shutdown(p.client), TLSHOST_OK);
	while (carry(&p))
		;
	tlshost_buffer_receive_from_network(p.server, "plain", 5, &n);
	assert_status(tlshost_buffer_read(p.server, text, 8, &n), TLSHOST_OK);
	ck_assert_uint_eq(n, 0);
	assert_status(tlshost_buffer_take_incoming(p.server, text, 8, &n),
	    TLSHOST_OK);
	ck_assert_uint_eq(n, 5);
	ck_assert_mem_eq(text, "plain", 5);
	free_pair(&p);
}
END_TEST

/* A whole conversation: handshake, "hello", close_notify; how many bytes went
 * to the server, or, with a limit, what its last read said. */
static tlshost_status
converse(const setup *s, size_t limit, size_t *ret_bytes)
{
	tlshost_status client, server, st;
	pair p = make_pair(s);
	char text[8];
	size_t n, got = 0;

	p.server_limit = limit;
	shake_hands(&p, &client, &server);
	if (client == TLSHOST_OK) {
		assert_status(tlshost_buffer_write(p.client, "hello", 5, &n),
		    TLSHOST_OK);
		assert_status(tlshost_buffer_shutdown(p.client), TLSHOST_OK);
		while (carry(&p))
			;
	}
	tlshost_buffer_network_eof(p.server);
	st = tlshost_buffer_do_handshake(p.server);
	for (int i = 0; i < 10 && st == TLSHOST_OK; i++) {
		st = tlshost_buffer_read(p.server, text, sizeof(text), &n);
		if (st == TLSHOST_OK && n == 0)
			break;
		got += st == TLSHOST_OK ? n : 0;
	}
	ck_assert_uint_le(got, 5);
	if (st != TLSHOST_OK)
		assert_status(tlshost_buffer_read(p.server, text, 8, &n), st);
	*ret_bytes = p.to_server;
	free_pair(&p);
	return st;
}

START_TEST(a_conversation_cut_at_any_byte_ends_ragged)
{
	setup s = { .version = versions[_i], .certificate = "ecdsa" };
	size_t whole, bytes;

	assert_status(converse(&s, SIZE_MAX, &whole), TLSHOST_OK);
	/* The length of a hello may vary by a byte or two with the signature;
	 * the last record does not. */
	for (size_t limit = 0; limit + 4 < whole; limit++) {
		tlshost_status st = converse(&s, limit, &bytes);

		ck_assert_msg(st == TLSHOST_RAGGED_EOF,
		    "cut after %zu of %zu bytes: %s", limit, whole,
		    tlshost_status_name(st));
	}
}
END_TEST

START_TEST(a_damaged_record_ends_the_connection_with_an_alert)
{
	setup s = { .version = versions[_i] };
	pair p = connected_pair(&s);
	const uint8_t *data;
	uint8_t copy[4096];
	size_t n, len;

	assert_status(tlshost_buffer_write(p.client, "hello", 5, &n),
	    TLSHOST_OK);
	len = tlshost_buffer_peek_outgoing(p.client, &data);
	memcpy(copy, data, len);
	copy[len - 1] ^= 1;
	tlshost_buffer_receive_from_network(p.server, copy, len, &n);
	for (int i = 0; i < 3; i++)
		assert_status(tlshost_buffer_read(p.server, copy, 10, &n),
		    TLSHOST_PROTOCOL);
	ck_assert_uint_gt(tlshost_buffer_outgoing_len(p.server), 0);
	tlshost_buffer_consume_outgoing(p.client, len);
	assert_status(read_from(&p, p.client, copy, 10, &n),
	    TLSHOST_ALERT_RECEIVED);
	ck_assert_int_eq(tlshost_error_alert_received(
	    tlshost_buffer_error(p.client)), 20);
	free_pair(&p);
}
END_TEST

/* ------------------------------------------------------------- verification */

static const struct {
	const char *certificate, *trust, *hostname;
	uint32_t reasons;
} verdicts[] = {
	{ "rsa", "ca", "srv.test", 0 },
	{ "ecdsa", "ca", "SRV.TEST.", 0 },
	{ "deep", "ca", "srv.test", 0 },
	{ "deep", "sub", "srv.test", 0 },
	{ "rsa", "rsa", "srv.test", 0 },
	{ "self", "self", "srv.test", 0 },
	{ "rsa", "ca", "127.0.0.1", 0 },
	{ "rsa", "ca", "::1", 0 },
	{ "rsa", "ca", "[::1]", 0 },
	{ "rsa", "ca", "a.wild.test", 0 },
	{ "rsa", "ca", "a.b.wild.test", TLSHOST_REASON_NAME_MISMATCH },
	{ "rsa", "ca", "wild.test", TLSHOST_REASON_NAME_MISMATCH },
	{ "rsa", "ca", "127.0.0.2", TLSHOST_REASON_NAME_MISMATCH },
	{ "other", "ca", "srv.test", TLSHOST_REASON_NAME_MISMATCH },
	{ "srv.test", "ca", "srv.test", TLSHOST_REASON_NAME_MISMATCH },
	{ "rsa", "stranger", "srv.test", TLSHOST_REASON_UNKNOWN_ISSUER },
	{ "unknown", "ca", "srv.test", TLSHOST_REASON_UNKNOWN_ISSUER },
	{ "deep-alone", "ca", "srv.test", TLSHOST_REASON_UNKNOWN_ISSUER },
	{ "self", "ca", "srv.test", TLSHOST_REASON_SELF_SIGNED },
	{ "expired", "ca", "srv.test", TLSHOST_REASON_EXPIRED },
	{ "future", "ca", "srv.test", TLSHOST_REASON_NOT_YET_VALID },
	{ "expired", "ca", "no.test", TLSHOST_REASON_EXPIRED |
	    TLSHOST_REASON_NAME_MISMATCH },
	{ "purpose", "ca", "srv.test", TLSHOST_REASON_WRONG_PURPOSE },
};

#define VERDICTS (int)(sizeof(verdicts) / sizeof(verdicts[0]))

START_TEST(a_server_is_accepted_or_refused_for_the_right_reason)
{
	setup s = { .version = versions[_i % 2],
	    .certificate = verdicts[_i / 2].certificate,
	    .trust = verdicts[_i / 2].trust,
	    .hostname = verdicts[_i / 2].hostname };
	uint32_t reasons = verdicts[_i / 2].reasons;
	tlshost_status client, server;
	pair p = make_pair(&s);

	shake_hands(&p, &client, &server);
	ck_assert_msg(client == (reasons == 0 ? TLSHOST_OK :
	    TLSHOST_BAD_CERTIFICATE), "%s for %s: %s (%s)", s.certificate,
	    s.hostname, tlshost_status_name(client),
	    tlshost_error_message(tlshost_buffer_error(p.client)));
	ck_assert_uint_eq(tlshost_verification_reasons(
	    tlshost_buffer_verification(p.client)), reasons);
	ck_assert_uint_eq(tlshost_error_reasons(
	    tlshost_buffer_error(p.client)), reasons);
	if (reasons != 0)
		ck_assert_int_gt(tlshost_error_alert_sent(
		    tlshost_buffer_error(p.client)), 0);
	ck_assert_uint_gt(tlshost_verification_chain_len(
	    tlshost_buffer_verification(p.client)), 0);
	free_pair(&p);
}
END_TEST

START_TEST(a_chain_is_judged_alike_without_a_connection)
{
	tlshost_chain *chain = load_chain(verdicts[_i].certificate);
	tlshost_trust_store *trust = load_trust(verdicts[_i].trust);
	tlshost_verification *v;

	assert_status(tlshost_backend_verify_chain(client_backend,
	    TLSHOST_ROLE_CLIENT, chain, trust, verdicts[_i].hostname, 0, &v,
	    NULL), TLSHOST_OK);
	ck_assert_uint_eq(tlshost_verification_reasons(v),
	    verdicts[_i].reasons);
	ck_assert_int_eq(tlshost_verification_ok(v),
	    verdicts[_i].reasons == 0);
	tlshost_verification_free(v);
	tlshost_chain_unref(chain);
	tlshost_trust_store_unref(trust);
}
END_TEST

START_TEST(an_empty_trust_store_trusts_nobody)
{
	tlshost_chain *chain = load_chain("rsa");
	tlshost_trust_store *trust;
	tlshost_verification *v;

	assert_status(tlshost_trust_store_from_certificates(NULL, 0, &trust,
	    NULL), TLSHOST_OK);
	assert_status(tlshost_backend_verify_chain(client_backend,
	    TLSHOST_ROLE_CLIENT, chain, trust, "srv.test", 0, &v, NULL),
	    TLSHOST_OK);
	ck_assert_int_eq(tlshost_verification_ok(v), 0);
	tlshost_verification_free(v);
	tlshost_chain_unref(chain);
	tlshost_trust_store_unref(trust);
}
END_TEST

START_TEST(verification_can_be_switched_off_and_says_so)
{
	setup s = { .version = versions[_i], .no_verify = 1,
	    .certificate = "expired", .hostname = "no.test" };
	pair p = connected_pair(&s);

	ck_assert_int_eq(tlshost_verification_checked(
	    tlshost_buffer_verification(p.client)), 0);
	ck_assert_int_eq(tlshost_verification_ok(
	    tlshost_buffer_verification(p.client)), 0);
	ck_assert_uint_eq(tlshost_verification_chain_len(
	    tlshost_buffer_verification(p.client)), 1);
	free_pair(&p);
}
END_TEST

START_TEST(a_forgotten_name_is_an_error_not_a_switch)
{
	setup s = { 0 };
	tlshost_config *config = client_config(&s);
	tlshost_client_context *context;
	tlshost_buffer *buffer;
	tlshost_error *error = NULL;

	assert_status(tlshost_client_context_new(client_backend, config,
	    &context, NULL), TLSHOST_OK);
	assert_fails(tlshost_client_context_wrap_buffers(context, NULL,
	    &buffer, &error), TLSHOST_INVALID_ARGUMENT, error,
	    "server_hostname");
	assert_status(tlshost_client_context_wrap_buffers(context, "",
	    &buffer, NULL), TLSHOST_INVALID_ARGUMENT);
	assert_status(tlshost_client_context_wrap_buffers(context,
	    TLSHOST_INSECURE_NO_HOSTNAME, &buffer, NULL), TLSHOST_OK);
	tlshost_buffer_free(buffer);
	tlshost_client_context_unref(context);
	tlshost_config_unref(config);
}
END_TEST

/* ----------------------------------------------------------- client's own */

START_TEST(a_client_certificate_is_verified)
{
	setup s = { .version = versions[_i % 2], .client_certificate = "ecdsa",
	    .client_auth = _i < 2 ? TLSHOST_CLIENT_AUTH_REQUIRE :
	    TLSHOST_CLIENT_AUTH_REQUEST };
	pair p = connected_pair(&s);

	ck_assert_int_eq(tlshost_verification_ok(
	    tlshost_buffer_verification(p.server)), 1);
	free_pair(&p);
}
END_TEST

START_TEST(a_client_without_a_certificate_may_go_on_if_it_was_only_asked)
{
	setup s = { .version = versions[_i],
	    .client_auth = TLSHOST_CLIENT_AUTH_REQUEST };
	pair p = connected_pair(&s);

	ck_assert_ptr_null(tlshost_buffer_verification(p.server));
	free_pair(&p);
}
END_TEST

START_TEST(a_client_without_the_certificate_that_is_required_is_refused)
{
	setup s = { .version = versions[_i],
	    .client_auth = TLSHOST_CLIENT_AUTH_REQUIRE };
	tlshost_status client, server;
	pair p = make_pair(&s);
	uint8_t byte;
	size_t n;

	shake_hands(&p, &client, &server);
	assert_status(server, TLSHOST_BAD_CERTIFICATE);
	ck_assert_uint_eq(tlshost_error_reasons(
	    tlshost_buffer_error(p.server)), TLSHOST_REASON_NO_CERTIFICATE);
	/* In TLS 1.3 the client is done before the server has judged. */
	if (client == TLSHOST_OK)
		client = read_from(&p, p.client, &byte, 1, &n);
	assert_status(client, TLSHOST_ALERT_RECEIVED);
	free_pair(&p);
}
END_TEST

START_TEST(a_client_certificate_of_a_stranger_is_refused)
{
	setup s = { .version = versions[_i], .client_certificate = "expired",
	    .client_auth = TLSHOST_CLIENT_AUTH_REQUIRE };
	tlshost_status client, server;
	pair p = make_pair(&s);

	shake_hands(&p, &client, &server);
	assert_status(server, TLSHOST_BAD_CERTIFICATE);
	ck_assert_uint_eq(tlshost_error_reasons(
	    tlshost_buffer_error(p.server)), TLSHOST_REASON_EXPIRED);
	free_pair(&p);
}
END_TEST

/* ----------------------------------------------------------------- the name */

typedef struct sni_case {
	tlshost_config *config;
	int calls, refuse, status;
	char name[64];
} sni_case;

static tlshost_status
choose(tlshost_buffer *buffer, const char *name, tlshost_config *config,
    const tlshost_client_hello *hello, tlshost_sni_choice *choice, void *data)
{
	sni_case *c = data;

	(void)config;
	c->calls++;
	snprintf(c->name, sizeof(c->name), "%s", name != NULL ? name : "NULL");
	ck_assert_ptr_nonnull(tlshost_buffer_server_context(buffer));
	ck_assert_uint_gt(tlshost_client_hello_ciphers_len(hello), 0);
	if (c->status != 0)
		return (tlshost_status)c->status;
	if (!c->refuse)
		return tlshost_sni_choice_config(choice, c->config);
	return TLSHOST_OK;
}

START_TEST(all_of_a_chosen_configuration_applies)
{
	setup other = { .version = versions[_i], .certificate = "ecdsa",
	    .server_alpn = "http/1.1",
	    .suite = _i == 0 ? 0xc02c : 0x1303 };
	sni_case c = { .config = server_config(&other) };
	setup s = { .client_alpn = "h2,http/1.1", .server_alpn = "h2",
	    .certificate = "rsa", .sni = choose, .sni_data = &c };
	pair p = connected_pair(&s);

	ck_assert_int_eq(c.calls, 1);
	ck_assert_str_eq(c.name, "srv.test");
	ck_assert_int_eq(tlshost_buffer_negotiated_tls_version(p.client),
	    versions[_i]);
	ck_assert_uint_eq(tlshost_buffer_cipher(p.client), other.suite);
	ck_assert_uint_eq(
	    tlshost_buffer_negotiated_protocol(p.client).len, 8);
	ck_assert_ptr_eq(tlshost_server_context_config(
	    tlshost_buffer_server_context(p.server)), c.config);
	free_pair(&p);
	tlshost_config_unref(c.config);
}
END_TEST

START_TEST(a_chosen_configuration_may_demand_a_client_certificate)
{
	setup other = { .client_auth = TLSHOST_CLIENT_AUTH_REQUIRE };
	sni_case c = { .config = server_config(&other) };
	setup s = { .version = versions[_i], .sni = choose, .sni_data = &c };
	tlshost_status client, server;
	pair p = make_pair(&s);

	shake_hands(&p, &client, &server);
	assert_status(server, TLSHOST_BAD_CERTIFICATE);
	free_pair(&p);
	tlshost_config_unref(c.config);
}
END_TEST

START_TEST(no_choice_is_unrecognized_name)
{
	sni_case c = { .refuse = 1 };
	setup s = { .version = versions[_i], .sni = choose, .sni_data = &c };
	tlshost_status client, server;
	pair p = make_pair(&s);

	shake_hands(&p, &client, &server);
	assert_status(server, TLSHOST_UNRECOGNIZED_NAME);
	assert_status(client, TLSHOST_ALERT_RECEIVED);
	ck_assert_int_eq(tlshost_error_alert_received(
	    tlshost_buffer_error(p.client)), 112);
	free_pair(&p);
}
END_TEST

START_TEST(a_status_of_the_callback_is_the_handshakes)
{
	sni_case c = { .status = TLSHOST_IO };
	setup s = { .version = versions[_i], .sni = choose, .sni_data = &c };
	tlshost_status client, server;
	pair p = make_pair(&s);

	shake_hands(&p, &client, &server);
	assert_status(server, TLSHOST_IO);
	ck_assert_int_eq(tlshost_error_alert_received(
	    tlshost_buffer_error(p.client)), 80);
	free_pair(&p);
}
END_TEST

START_TEST(addresses_are_never_sent_as_a_name)
{
	setup same = { 0 };
	sni_case c = { .config = server_config(&same) };
	setup s = { .version = versions[_i], .hostname = "127.0.0.1",
	    .sni = choose, .sni_data = &c };
	pair p = connected_pair(&s);

	ck_assert_str_eq(c.name, "NULL");
	ck_assert_ptr_null(tlshost_buffer_server_name(p.server));
	free_pair(&p);
	tlshost_config_unref(c.config);
}
END_TEST

/* ------------------------------------------------------------------- suites */

static int
fits(uint16_t id, const char *authentication, tlshost_version version)
{
	const tlshost_cipher_info *info = tlshost_cipher_by_id(id);
	const char *auth = tlshost_cipher_info_authentication(info);

	return info != NULL && (version == TLSHOST_VERSION_TLSV1_3 ||
	    strcmp(auth, authentication) == 0) &&
	    tlshost_cipher_info_lowest_version(info) <= version &&
	    tlshost_cipher_info_highest_version(info) >= version;
}

static int
has(tlshost_backend *backend, uint16_t id)
{
	const uint16_t *ids;
	size_t len = tlshost_backend_ciphers(backend, &ids);

	for (size_t i = 0; i < len; i++)
		if (ids[i] == id)
			return 1;
	return 0;
}

START_TEST(every_suite_that_both_have_is_negotiated_alone)
{
	static const char *const certificates[] = { "rsa", "ecdsa" };
	static const char *const auth[] = { "RSA", "ECDSA" };
	tlshost_version version = versions[_i / 2];
	const uint16_t *ids;
	size_t len = tlshost_backend_ciphers(client_backend, &ids), tried = 0;

	for (size_t i = 0; i < len; i++) {
		setup s = { .version = version, .suite = ids[i],
		    .certificate = certificates[_i % 2] };
		pair p;

		if (!has(server_backend, ids[i]) ||
		    !fits(ids[i], auth[_i % 2], version))
			continue;
		p = connected_pair(&s);
		ck_assert_uint_eq(tlshost_buffer_cipher(p.client), ids[i]);
		ck_assert_uint_eq(tlshost_buffer_cipher(p.server), ids[i]);
		free_pair(&p);
		tried++;
	}
	ck_assert_uint_gt(tried, 2);
}
END_TEST

START_TEST(the_servers_order_of_suites_wins)
{
	static const uint16_t order[] = { 0xc030, 0xc02f };
	static const uint16_t reverse[] = { 0xc02f, 0xc030 };
	setup s = { .version = TLSHOST_VERSION_TLSV1_2 };
	tlshost_config *base = server_config(&s), *config;
	tlshost_config_builder *builder;
	sni_case c = { 0 };
	pair p;

	tlshost_config_builder_new(base, &builder);
	tlshost_config_builder_set_ciphers(builder, _i ? order : reverse, 2);
	tlshost_config_builder_build(builder, &config, NULL);
	c.config = config;
	s.sni = choose;
	s.sni_data = &c;
	p = connected_pair(&s);
	ck_assert_uint_eq(tlshost_buffer_cipher(p.client),
	    _i ? 0xc030 : 0xc02f);
	free_pair(&p);
	tlshost_config_unref(config);
	tlshost_config_unref(base);
	tlshost_config_builder_free(builder);
}
END_TEST

/* ----------------------------------------------------------------- findings */

static size_t
findings_of(tlshost_config *config, tlshost_role role, tlshost_field field)
{
	tlshost_findings *findings;
	size_t count = 0;

	assert_status(tlshost_backend_check_config(client_backend, config,
	    role, &findings, NULL), TLSHOST_OK);
	for (size_t i = 0; i < tlshost_findings_len(findings); i++)
		if (tlshost_findings_field(findings, i) == field &&
		    tlshost_findings_severity(findings, i) ==
		    TLSHOST_SEVERITY_ERROR)
			count++;
	tlshost_findings_free(findings);
	return count;
}

START_TEST(a_server_without_a_chain_is_an_error)
{
	setup s = { 0 };
	tlshost_config *config = client_config(&s);
	tlshost_server_context *context;
	tlshost_error *error = NULL;

	ck_assert_uint_eq(findings_of(config, TLSHOST_ROLE_SERVER,
	    TLSHOST_FIELD_CERTIFICATE_CHAIN), 1);
	assert_fails(tlshost_server_context_new(client_backend, config,
	    &context, &error), TLSHOST_BAD_CONFIG, error,
	    "certificate_chain");
	tlshost_config_unref(config);
}
END_TEST

START_TEST(a_suite_that_nobody_has_is_an_error_naming_the_field)
{
	setup s = { .suite = 0xfefe };
	tlshost_config *config = client_config(&s);
	tlshost_client_context *context;
	tlshost_error *error = NULL;

	ck_assert_uint_eq(findings_of(config, TLSHOST_ROLE_CLIENT,
	    TLSHOST_FIELD_CIPHERS), 1);
	assert_fails(tlshost_client_context_new(client_backend, config,
	    &context, &error), TLSHOST_BAD_CONFIG, error, "ciphers");
	tlshost_config_unref(config);
}
END_TEST

START_TEST(the_default_configuration_has_no_errors)
{
	setup s = { 0 };
	tlshost_config *config = server_config(&s);

	for (int field = 0; field <= TLSHOST_FIELD_KEY_LOG; field++) {
		ck_assert_uint_eq(findings_of(config, TLSHOST_ROLE_SERVER,
		    (tlshost_field)field), 0);
		ck_assert_uint_eq(findings_of(config, TLSHOST_ROLE_CLIENT,
		    (tlshost_field)field), 0);
	}
	tlshost_config_unref(config);
}
END_TEST

START_TEST(the_suites_in_effect_are_some_of_those_asked_for)
{
	setup s = { 0 };
	tlshost_config *config = client_config(&s);
	const uint16_t *asked, *got;
	tlshost_client_context *context;
	size_t asked_len, got_len;

	assert_status(tlshost_client_context_new(client_backend, config,
	    &context, NULL), TLSHOST_OK);
	asked_len = tlshost_config_ciphers(config, &asked);
	got_len = tlshost_client_context_ciphers(context, &got);
	/* The default list is one that every library can offer whole. */
	ck_assert_uint_eq(got_len, asked_len);
	tlshost_client_context_unref(context);
	tlshost_config_unref(config);
}
END_TEST

/* --------------------------------------------------------------------- keys */

static const struct {
	const char *file, *certificate, *password;
	tlshost_status status;
} keys[] = {
	{ "rsa.pkcs8.pem", "rsa", NULL, TLSHOST_OK },
	{ "rsa.pkcs8.der", "rsa", NULL, TLSHOST_OK },
	{ "rsa.pkcs1.pem", "rsa", NULL, TLSHOST_OK },
	{ "rsa.pkcs1.der", "rsa", NULL, TLSHOST_OK },
	{ "ecdsa.sec1.pem", "ecdsa", NULL, TLSHOST_OK },
	{ "ecdsa.sec1.der", "ecdsa", NULL, TLSHOST_OK },
	{ "rsa.pkcs8.der", "rsa", "not needed", TLSHOST_OK },
	{ "rsa.encrypted.pem", "rsa", "secret", TLSHOST_OK },
	{ "rsa.encrypted.der", "rsa", "secret", TLSHOST_OK },
	{ "rsa.traditional.pem", "rsa", "secret", TLSHOST_OK },
	{ "rsa.encrypted.pem", "rsa", "wrong", TLSHOST_BAD_PASSWORD },
	{ "rsa.encrypted.der", "rsa", "wrong", TLSHOST_BAD_PASSWORD },
	{ "rsa.traditional.pem", "rsa", "wrong", TLSHOST_BAD_PASSWORD },
	{ "rsa.encrypted.pem", "rsa", NULL, TLSHOST_PASSWORD_REFUSED },
	{ "rsa.traditional.pem", "rsa", NULL, TLSHOST_PASSWORD_REFUSED },
	{ "ecdsa.key", "rsa", NULL, TLSHOST_KEY_MISMATCH },
	{ "other.key", "ecdsa", NULL, TLSHOST_KEY_MISMATCH },
};

#define KEYS (int)(sizeof(keys) / sizeof(keys[0]))

typedef struct password_case {
	const char *password;
	int calls;
} password_case;

static int
give_password(void *userdata, char *dst, size_t cap, size_t *ret_len)
{
	password_case *c = userdata;

	c->calls++;
	if (c->password == NULL)
		return 1;
	*ret_len = strlen(c->password);
	ck_assert_uint_le(*ret_len, cap);
	memcpy(dst, c->password, *ret_len);
	return 0;
}

START_TEST(keys_of_every_form_are_read_and_errors_told_apart)
{
	password_case c = { .password = keys[_i].password };
	int encrypted = strstr(keys[_i].file, "encrypted") != NULL ||
	    strstr(keys[_i].file, "traditional") != NULL;
	tlshost_chain *chain = load_chain(keys[_i].certificate);
	tlshost_config_builder *builder;
	tlshost_server_context *context = NULL;
	tlshost_private_key *key;
	tlshost_config *config;
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", getenv("TLSHOST_TEST_CERTS"),
	    keys[_i].file);
	assert_status(tlshost_private_key_from_file_cb(NULL, path,
	    give_password, &c, NULL, &key, NULL), TLSHOST_OK);
	ck_assert_int_eq(c.calls, 0);
	assert_status(tlshost_config_builder_new(NULL, &builder), TLSHOST_OK);
	assert_status(tlshost_config_builder_add_certificate_chain(builder,
	    chain, key), TLSHOST_OK);
	assert_status(tlshost_config_builder_build(builder, &config, NULL),
	    TLSHOST_OK);
	for (int i = 0; i < 2; i++) {
		assert_status(tlshost_server_context_new(server_backend,
		    config, &context, NULL), keys[_i].status);
		if (keys[_i].status == TLSHOST_OK)
			tlshost_server_context_unref(context);
	}
	/* Only if it is needed, and once. */
	ck_assert_int_eq(c.calls, encrypted);
	tlshost_private_key_unref(key);
	tlshost_chain_unref(chain);
	tlshost_config_unref(config);
	tlshost_config_builder_free(builder);
}
END_TEST

/* ------------------------------------------------------------ the process */

static void
count_line(const char *line, size_t len, void *userdata)
{
	ck_assert_ptr_nonnull(memchr(line, ' ', len));
	++*(int *)userdata;
}

START_TEST(the_key_log_goes_to_the_program_that_asked_for_it)
{
	int lines = 0;
	setup s = { .version = versions[_i], .key_log = count_line,
	    .key_log_data = &lines };
	uint64_t both = tlshost_backend_capabilities(client_backend) &
	    tlshost_backend_capabilities(server_backend);
	pair p;

	if ((both & TLSHOST_CAPABILITY_KEY_LOG) == 0) {
		tlshost_config *config = client_config(&s);

		if ((tlshost_backend_capabilities(client_backend) &
		    TLSHOST_CAPABILITY_KEY_LOG) == 0)
			ck_assert_uint_eq(findings_of(config,
			    TLSHOST_ROLE_CLIENT, TLSHOST_FIELD_KEY_LOG), 1);
		tlshost_config_unref(config);
		return;
	}
	setenv("SSLKEYLOGFILE", "must-not-be-written", 1);
	p = connected_pair(&s);
	ck_assert_int_ge(lines, 2);
	ck_assert_int_ne(access("must-not-be-written", F_OK), 0);
	free_pair(&p);
}
END_TEST

START_TEST(a_buffer_made_before_a_fork_is_refused_in_the_child)
{
	setup s = { .version = versions[_i] };
	pair p = connected_pair(&s);
	int status;
	pid_t pid;
	size_t n;

	fflush(NULL);
	if ((pid = fork()) == 0) {
		pair q;

		if (tlshost_buffer_write(p.client, "x", 1, &n) !=
		    TLSHOST_FORKED)
			_exit(1);
		free_pair(&p);
		/* New ones work. */
		q = make_pair(&s);
		_exit(tlshost_buffer_do_handshake(q.client) ==
		    TLSHOST_WANT_READ ? 0 : 2);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	assert_status(tlshost_buffer_write(p.client, "x", 1, &n), TLSHOST_OK);
	free_pair(&p);
}
END_TEST

/* Contexts made once, used by eight threads at the same time. */
static tlshost_client_context *shared_client;
static tlshost_server_context *shared_server;

static void *
shake_often(void *result)
{
	int *good = result;

	for (int i = 0; i < 5; i++) {
		pair p = { .piece = SIZE_MAX, .client_limit = SIZE_MAX,
		    .server_limit = SIZE_MAX };
		tlshost_status client, server;

		if (tlshost_client_context_wrap_buffers(shared_client,
		    "srv.test", &p.client, NULL) != TLSHOST_OK ||
		    tlshost_server_context_wrap_buffers(shared_server,
		    &p.server, NULL) != TLSHOST_OK)
			return NULL;
		shake_hands(&p, &client, &server);
		*good += client == TLSHOST_OK && server == TLSHOST_OK;
		free_pair(&p);
	}
	return NULL;
}

START_TEST(contexts_are_shared_by_eight_threads)
{
	setup s = { .version = versions[_i], .certificate = "ecdsa" };
	tlshost_config *client = client_config(&s), *server = server_config(&s);
	pthread_t threads[8];
	int good[8] = { 0 };

	assert_status(tlshost_client_context_new(client_backend, client,
	    &shared_client, NULL), TLSHOST_OK);
	assert_status(tlshost_server_context_new(server_backend, server,
	    &shared_server, NULL), TLSHOST_OK);
	for (int i = 0; i < 8; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, shake_often,
		    &good[i]), 0);
	for (int i = 0; i < 8; i++) {
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
		ck_assert_int_eq(good[i], 5);
	}
	tlshost_client_context_unref(shared_client);
	tlshost_server_context_unref(shared_server);
	tlshost_config_unref(client);
	tlshost_config_unref(server);
}
END_TEST

#define ADD(test) tcase_add_test(tcase, test)
#define ADD_BOTH(test) tcase_add_loop_test(tcase, test, 0, 2)

static Suite *
conformance_suite(const char *name)
{
	Suite *suite = suite_create(name);
	TCase *tcase = tcase_create("claims");

	tcase_add_checked_fixture(tcase, set_up, NULL);
	tcase_set_timeout(tcase, 300);
	ADD_BOTH(a_handshake_agrees_on_everything);
	ADD_BOTH(a_handshake_works_byte_by_byte);
	ADD_BOTH(without_a_common_protocol_it_goes_on_without);
	ADD_BOTH(nothing_is_known_and_nothing_allowed_before_the_handshake);
	ADD(no_common_version_is_told_on_both_sides);
	tcase_add_loop_test(tcase,
	    plain_text_is_recognised_by_clients_and_servers, 0, 8);
	tcase_add_loop_test(tcase, data_arrives_whole_both_ways, 0, 6);
	ADD_BOTH(a_writer_that_nobody_reads_is_held_back);
	ADD_BOTH(lengths_of_nothing_are_as_documented);
	ADD(a_key_update_is_not_noticed_by_the_data);
	ADD(there_is_no_key_update_before_tls_1_3);
	ADD_BOTH(close_notify_is_the_end_for_ever);
	ADD_BOTH(bytes_behind_close_notify_can_be_taken);
	ADD_BOTH(a_conversation_cut_at_any_byte_ends_ragged);
	ADD_BOTH(a_damaged_record_ends_the_connection_with_an_alert);
	tcase_add_loop_test(tcase,
	    a_server_is_accepted_or_refused_for_the_right_reason, 0,
	    VERDICTS * 2);
	tcase_add_loop_test(tcase, a_chain_is_judged_alike_without_a_connection,
	    0, VERDICTS);
	ADD(an_empty_trust_store_trusts_nobody);
	ADD_BOTH(verification_can_be_switched_off_and_says_so);
	ADD(a_forgotten_name_is_an_error_not_a_switch);
	tcase_add_loop_test(tcase, a_client_certificate_is_verified, 0, 4);
	ADD_BOTH(a_client_without_a_certificate_may_go_on_if_it_was_only_asked);
	ADD_BOTH(a_client_without_the_certificate_that_is_required_is_refused);
	ADD_BOTH(a_client_certificate_of_a_stranger_is_refused);
	ADD_BOTH(all_of_a_chosen_configuration_applies);
	ADD_BOTH(a_chosen_configuration_may_demand_a_client_certificate);
	ADD_BOTH(no_choice_is_unrecognized_name);
	ADD_BOTH(a_status_of_the_callback_is_the_handshakes);
	ADD_BOTH(addresses_are_never_sent_as_a_name);
	tcase_add_loop_test(tcase,
	    every_suite_that_both_have_is_negotiated_alone, 0, 3);
	ADD_BOTH(the_servers_order_of_suites_wins);
	ADD(a_server_without_a_chain_is_an_error);
	ADD(a_suite_that_nobody_has_is_an_error_naming_the_field);
	ADD(the_default_configuration_has_no_errors);
	ADD(the_suites_in_effect_are_some_of_those_asked_for);
	tcase_add_loop_test(tcase,
	    keys_of_every_form_are_read_and_errors_told_apart, 0, KEYS);
	ADD_BOTH(the_key_log_goes_to_the_program_that_asked_for_it);
	ADD_BOTH(a_buffer_made_before_a_fork_is_refused_in_the_child);
	ADD_BOTH(contexts_are_shared_by_eight_threads);
	suite_add_tcase(suite, tcase);
	return suite;
}

/* conformance CLIENT [SERVER]: names of backends. */
int
main(int argc, char **argv)
{
	char name[128];

	if (argc < 2) {
		fprintf(stderr, "usage: conformance CLIENT [SERVER]\n");
		return 2;
	}
	setenv("CHECK_CLIENT", argv[1], 1);
	setenv("CHECK_SERVER", argc > 2 ? argv[2] : argv[1], 1);
	snprintf(name, sizeof(name), "%s with %s", getenv("CHECK_CLIENT"),
	    getenv("CHECK_SERVER"));
	return run_suite(conformance_suite(name));
}

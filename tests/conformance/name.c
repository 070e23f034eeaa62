/* SPDX-License-Identifier: MIT */
/* The server name callback: the whole configuration that it chooses applies. */
#include "config.h"

#include <stdio.h>

#include "claims.h"

typedef struct chooser {
	tlshost_config *config;          /* what to choose; NULL: nothing */
	tlshost_server_context *context; /* or this */
	int calls, keep;
	tlshost_status status;           /* what to return */
	char name[300];
	/* What the hello said. */
	size_t protocols, ciphers;
	uint16_t suites[64];
	int tls12, tls13;
	tlshost_protocol first;
} chooser;

static tlshost_status
choose(tlshost_buffer *buffer, const char *name, tlshost_config *config,
    const tlshost_client_hello *hello, tlshost_sni_choice *choice, void *data)
{
	chooser *c = data;

	c->calls++;
	snprintf(c->name, sizeof(c->name), "%s", name != NULL ? name : "NULL");
	ck_assert_ptr_eq(tlshost_server_context_config(
	    tlshost_buffer_server_context(buffer)), config);
	c->protocols = tlshost_client_hello_protocols_len(hello);
	c->first = tlshost_client_hello_protocol_at(hello, 0);
	c->ciphers = tlshost_client_hello_ciphers_len(hello);
	for (size_t i = 0; i < c->ciphers && i < LEN(c->suites); i++)
		c->suites[i] = tlshost_client_hello_cipher_at(hello, i);
	c->tls12 = tlshost_client_hello_offers_version(hello, versions[0]);
	c->tls13 = tlshost_client_hello_offers_version(hello, versions[1]);
	if (c->first.len == 2)
		ck_assert_mem_eq(c->first.data, "h2", 2);
	if (c->status != TLSHOST_OK)
		return c->status;
	if (c->keep)
		tlshost_sni_choice_keep(choice);
	else if (c->context != NULL)
		return tlshost_sni_choice_context(choice, c->context);
	else if (c->config != NULL)
		return tlshost_sni_choice_config(choice, c->config);
	return TLSHOST_OK;
}

static pair
chosen_pair(setup s, chooser *c, const setup *other)
{
	s.sni = choose;
	s.sni_data = c;
	if (other != NULL)
		c->config = server_config(other);
	return connected_pair(&s);
}

/* Every field, one by one: what holds if the chosen configuration applies. */
START_TEST(the_chosen_chain_applies)
{
	setup other = { .certificate = "ecdsa" };
	chooser c = { 0 };
	pair p = chosen_pair((setup){ .version = versions[_i] }, &c, &other);
	tlshost_chain *chain = load_chain("ecdsa");
	const uint8_t *shown, *want;
	size_t len = tlshost_certificate_der(tlshost_chain_at(chain, 0),
	    &want);

	ck_assert_uint_eq(tlshost_verification_chain_at(
	    tlshost_buffer_verification(p.client), 0, &shown), len);
	ck_assert_mem_eq(shown, want, len);
	ck_assert_ptr_eq(tlshost_server_context_config(
	    tlshost_buffer_server_context(p.server)), c.config);
	tlshost_chain_unref(chain);
	tlshost_config_unref(c.config);
	free_pair(&p);
}
END_TEST

START_TEST(the_chosen_suites_apply)
{
	setup other = { .suite = _i == 0 ? 0xc030 : 0x1303 };
	chooser c = { 0 };
	pair p = chosen_pair((setup){ .version = versions[_i] }, &c, &other);

	ck_assert_uint_eq(tlshost_buffer_cipher(p.client), other.suite);
	tlshost_config_unref(c.config);
	free_pair(&p);
}
END_TEST

START_TEST(the_chosen_protocols_apply)
{
	setup other = { .server_alpn = "http/1.1" };
	chooser c = { 0 };
	pair p = chosen_pair((setup){ .version = versions[_i],
	    .client_alpn = "h2,http/1.1", .server_alpn = "h2" }, &c, &other);

	ck_assert_uint_eq(
	    tlshost_buffer_negotiated_protocol(p.client).len, 8);
	ck_assert_uint_eq(c.protocols, 2);
	tlshost_config_unref(c.config);
	free_pair(&p);
}
END_TEST

START_TEST(chosen_without_protocols_there_is_none)
{
	setup other = { 0 };
	chooser c = { 0 };
	pair p = chosen_pair((setup){ .version = versions[_i],
	    .client_alpn = "h2", .server_alpn = "h2" }, &c, &other);

	ck_assert_ptr_null(tlshost_buffer_negotiated_protocol(p.client).data);
	tlshost_config_unref(c.config);
	free_pair(&p);
}
END_TEST

START_TEST(the_chosen_versions_apply)
{
	setup other = { .version = versions[_i] };
	chooser c = { 0 };
	pair p = chosen_pair((setup){ 0 }, &c, &other);

	ck_assert_int_eq(tlshost_buffer_negotiated_tls_version(p.client),
	    versions[_i]);
	tlshost_config_unref(c.config);
	free_pair(&p);
}
END_TEST

START_TEST(versions_that_were_not_the_connections_may_be_chosen)
{
	/* The connection began as one of the other version alone. */
	setup other = { .version = versions[_i] };
	chooser c = { 0 };
	pair p = chosen_pair((setup){ .server_lowest = versions[1 - _i],
	    .server_highest = versions[1 - _i] }, &c, &other);

	ck_assert_int_eq(tlshost_buffer_negotiated_tls_version(p.client),
	    versions[_i]);
	tlshost_config_unref(c.config);
	free_pair(&p);
}
END_TEST

START_TEST(the_chosen_client_auth_applies)
{
	setup other = { .client_auth = TLSHOST_CLIENT_AUTH_REQUIRE };
	chooser c = { .config = server_config(&other) };
	setup s = { .version = versions[_i], .sni = choose, .sni_data = &c };
	pair p;

	handshake_ends(&s, TLSHOST_ALERT_RECEIVED, TLSHOST_BAD_CERTIFICATE,
	    &p);
	free_pair(&p);
	s.client_certificate = "rsa";
	p = connected_pair(&s);
	ck_assert_int_eq(tlshost_verification_ok(
	    tlshost_buffer_verification(p.server)), 1);
	free_pair(&p);
	tlshost_config_unref(c.config);
}
END_TEST

START_TEST(a_chosen_configuration_may_ask_for_nothing)
{
	setup other = { 0 };
	chooser c = { 0 };
	pair p = chosen_pair((setup){ .version = versions[_i],
	    .client_auth = TLSHOST_CLIENT_AUTH_REQUIRE }, &c, &other);

	ck_assert_ptr_null(tlshost_buffer_verification(p.server));
	tlshost_config_unref(c.config);
	free_pair(&p);
}
END_TEST

START_TEST(the_chosen_trust_applies)
{
	setup other = { .client_auth = TLSHOST_CLIENT_AUTH_REQUIRE,
	    .server_trust = "stranger" };
	chooser c = { .config = server_config(&other) };
	setup s = { .version = versions[_i], .sni = choose, .sni_data = &c,
	    .client_auth = TLSHOST_CLIENT_AUTH_REQUIRE,
	    .client_certificate = "ecdsa" };
	pair p;

	handshake_ends(&s, TLSHOST_ALERT_RECEIVED, TLSHOST_BAD_CERTIFICATE,
	    &p);
	ck_assert_uint_eq(tlshost_error_reasons(
	    tlshost_buffer_error(p.server)), TLSHOST_REASON_UNKNOWN_ISSUER);
	free_pair(&p);
	s.client_certificate = "unknown"; /* the stranger's child */
	p = connected_pair(&s);
	free_pair(&p);
	tlshost_config_unref(c.config);
}
END_TEST

START_TEST(chosen_verification_may_be_off)
{
	setup other = { .client_auth = TLSHOST_CLIENT_AUTH_REQUIRE,
	    .server_no_verify = 1 };
	chooser c = { 0 };
	pair p;

	if (!backend_can(server_backend, TLSHOST_CAPABILITY_NO_VERIFY))
		return;
	p = chosen_pair((setup){ .version = versions[_i],
	    .client_auth = TLSHOST_CLIENT_AUTH_REQUIRE,
	    .client_certificate = "expired" }, &c, &other);
	ck_assert_int_eq(tlshost_verification_checked(
	    tlshost_buffer_verification(p.server)), 0);
	tlshost_config_unref(c.config);
	free_pair(&p);
}
END_TEST

START_TEST(chosen_verification_may_be_on)
{
	setup other = { .client_auth = TLSHOST_CLIENT_AUTH_REQUIRE };
	chooser c = { 0 };
	setup s = { .version = versions[_i], .sni = choose, .sni_data = &c,
	    .client_auth = TLSHOST_CLIENT_AUTH_REQUIRE,
	    .server_no_verify = 1, .client_certificate = "expired" };
	pair p;

	if (!backend_can(server_backend, TLSHOST_CAPABILITY_NO_VERIFY))
		return;
	c.config = server_config(&other);
	handshake_ends(&s, TLSHOST_ALERT_RECEIVED, TLSHOST_BAD_CERTIFICATE,
	    &p);
	ck_assert_uint_eq(tlshost_error_reasons(
	    tlshost_buffer_error(p.server)), TLSHOST_REASON_EXPIRED);
	free_pair(&p);
	s.client_certificate = "ecdsa";
	p = connected_pair(&s);
	ck_assert_int_eq(tlshost_verification_checked(
	    tlshost_buffer_verification(p.server)), 1);
	free_pair(&p);
	tlshost_config_unref(c.config);
}
END_TEST

START_TEST(the_chosen_strictness_applies)
{
	setup other = { .client_auth = TLSHOST_CLIENT_AUTH_REQUIRE,
	    .strict = 1 };
	chooser c = { .config = server_config(&other) };
	setup s = { .version = versions[_i], .sni = choose, .sni_data = &c,
	    .client_auth = TLSHOST_CLIENT_AUTH_REQUIRE,
	    .client_certificate = "loose" };
	pair p;

	handshake_ends(&s, TLSHOST_ALERT_RECEIVED, TLSHOST_BAD_CERTIFICATE,
	    &p);
	ck_assert_uint_eq(tlshost_error_reasons(
	    tlshost_buffer_error(p.server)), TLSHOST_REASON_STRICT);
	free_pair(&p);
	tlshost_config_unref(c.config);
}
END_TEST

START_TEST(a_chosen_configuration_need_not_be_strict)
{
	setup other = { .client_auth = TLSHOST_CLIENT_AUTH_REQUIRE };
	setup s = { .version = versions[_i], .strict = 1,
	    .client_auth = TLSHOST_CLIENT_AUTH_REQUIRE,
	    .client_certificate = "loose" };
	chooser c = { 0 };
	pair p;

	handshake_ends(&s, TLSHOST_ALERT_RECEIVED, TLSHOST_BAD_CERTIFICATE,
	    &p);
	free_pair(&p);
	p = chosen_pair(s, &c, &other);
	ck_assert_int_eq(tlshost_verification_ok(
	    tlshost_buffer_verification(p.server)), 1);
	free_pair(&p);
	tlshost_config_unref(c.config);
}
END_TEST

/* i / 2: as a configuration, or as a context. */
START_TEST(the_chosen_callback_is_not_asked)
{
	chooser inner = { 0 }, c = { 0 };
	setup other = { .sni = choose, .sni_data = &inner };
	tlshost_config *config = server_config(&other);
	pair p;

	if (_i < 2)
		c.config = config;
	else
		assert_status(tlshost_server_context_new(server_backend,
		    config, &c.context, NULL), TLSHOST_OK);
	p = chosen_pair((setup){ .version = versions[_i % 2] }, &c, NULL);
	ck_assert_int_eq(c.calls, 1);
	ck_assert_int_eq(inner.calls, 0);
	ck_assert_ptr_eq(tlshost_server_context_config(
	    tlshost_buffer_server_context(p.server)), config);
	free_pair(&p);
	tlshost_server_context_unref(c.context);
	tlshost_config_unref(config);
}
END_TEST

static const char *
choice_name(int i)
{
	static char text[64];

	snprintf(text, sizeof(text), "%s, %s", version_of(i % 2),
	    i < 2 ? "of a configuration" : "of a context");
	return text;
}

static void
count_line(const char *line, size_t len, void *userdata)
{
	(void)line;
	(void)len;
	++*(int *)userdata;
}

/* i / 2: the chosen one logs, and the connection's own does not; or the other
 * way round. */
START_TEST(the_chosen_key_log_applies)
{
	int lines = 0, chosen_logs = _i < 2;
	setup plain = { .version = versions[_i % 2] }, logging = plain, own;
	tlshost_config *client = client_config(&plain), *server;
	tlshost_status client_ends, server_ends;
	chooser c = { 0 };
	pair p;

	if (!backend_can(server_backend, TLSHOST_CAPABILITY_KEY_LOG)) {
		tlshost_config_unref(client);
		return; /* refused, as is claimed of findings */
	}
	logging.key_log = count_line;
	logging.key_log_data = &lines;
	own = chosen_logs ? plain : logging;
	own.sni = choose;
	own.sni_data = &c;
	server = server_config(&own);
	c.config = server_config(chosen_logs ? &logging : &plain);
	p = pair_of(client, server, &plain);
	shake_hands(&p, &client_ends, &server_ends);
	assert_status(server_ends, TLSHOST_OK);
	ck_assert_int_eq(lines > 0, chosen_logs);
	free_pair(&p);
	tlshost_config_unref(c.config);
	tlshost_config_unref(client);
	tlshost_config_unref(server);
}
END_TEST

static const char *
log_name(int i)
{
	static char text[64];

	snprintf(text, sizeof(text), "%s, %s",
	    tlshost_version_name(versions[i % 2]),
	    i < 2 ? "the chosen one logs" : "its own logs");
	return text;
}

START_TEST(all_of_it_may_change_at_once)
{
	setup other = { .version = versions[_i], .certificate = "ecdsa",
	    .server_alpn = "http/1.1", .suite = _i == 0 ? 0xc02c : 0x1303,
	    .client_auth = TLSHOST_CLIENT_AUTH_REQUEST };
	chooser c = { 0 };
	pair p = chosen_pair((setup){ .client_alpn = "h2,http/1.1",
	    .server_alpn = "h2", .certificate = "rsa",
	    .client_certificate = "rsa" }, &c, &other);

	ck_assert_int_eq(tlshost_buffer_negotiated_tls_version(p.client),
	    versions[_i]);
	ck_assert_uint_eq(tlshost_buffer_cipher(p.client), other.suite);
	ck_assert_uint_eq(
	    tlshost_buffer_negotiated_protocol(p.client).len, 8);
	ck_assert_int_eq(tlshost_verification_ok(
	    tlshost_buffer_verification(p.server)), 1);
	free_pair(&p);
	tlshost_config_unref(c.config);
}
END_TEST

/* ------------------------------------------------------------------------
 * How it chooses
 */

START_TEST(a_context_may_be_chosen)
{
	setup other = { .certificate = "ecdsa" };
	tlshost_config *config = server_config(&other);
	chooser c = { 0 };
	pair p;

	assert_status(tlshost_server_context_new(server_backend, config,
	    &c.context, NULL), TLSHOST_OK);
	p = chosen_pair((setup){ .version = versions[_i] }, &c, NULL);
	ck_assert_ptr_eq(tlshost_buffer_server_context(p.server), c.context);
	tlshost_server_context_unref(c.context);
	tlshost_config_unref(config);
	/* The connection keeps it. */
	ck_assert_ptr_nonnull(tlshost_server_context_config(
	    tlshost_buffer_server_context(p.server)));
	free_pair(&p);
}
END_TEST

START_TEST(the_connections_own_may_be_kept)
{
	chooser c = { .keep = 1 };
	pair p = chosen_pair((setup){ .version = versions[_i] }, &c, NULL);

	ck_assert_int_eq(c.calls, 1);
	free_pair(&p);
}
END_TEST

START_TEST(no_choice_is_unrecognized_name)
{
	chooser c = { 0 };
	setup s = { .version = versions[_i], .sni = choose, .sni_data = &c };
	pair p;

	handshake_ends(&s, TLSHOST_ALERT_RECEIVED, TLSHOST_UNRECOGNIZED_NAME,
	    &p);
	ck_assert_int_eq(tlshost_error_alert_received(
	    tlshost_buffer_error(p.client)), 112);
	ck_assert_ptr_nonnull(strstr(tlshost_error_message(
	    tlshost_buffer_error(p.server)), "srv.test"));
	free_pair(&p);
}
END_TEST

static const tlshost_status refusals[] = { TLSHOST_IO, TLSHOST_NO_MEMORY,
	TLSHOST_INVALID_STATE, TLSHOST_WANT_READ };

static const char *
refusal_name(int i)
{
	return tlshost_status_name(refusals[i]);
}

START_TEST(a_status_of_the_callback_is_the_handshakes)
{
	chooser c = { .status = refusals[_i] };
	setup s = { .sni = choose, .sni_data = &c };
	pair p;

	/* There is nothing to wait for in a callback. */
	handshake_ends(&s, TLSHOST_ALERT_RECEIVED, refusals[_i] ==
	    TLSHOST_WANT_READ ? TLSHOST_INVALID_STATE : refusals[_i], &p);
	ck_assert_int_eq(tlshost_error_alert_received(
	    tlshost_buffer_error(p.client)), 80);
	free_pair(&p);
}
END_TEST

START_TEST(a_choice_that_cannot_be_used_fails_the_handshake)
{
	setup other = { .suite = 0xfefe };
	chooser c = { .config = server_config(&other) };
	setup s = { .version = versions[_i], .sni = choose, .sni_data = &c };
	pair p;

	handshake_ends(&s, TLSHOST_ALERT_RECEIVED, TLSHOST_BAD_CONFIG, &p);
	ck_assert_ptr_nonnull(strstr(tlshost_error_message(
	    tlshost_buffer_error(p.server)), "ciphers"));
	free_pair(&p);
	tlshost_config_unref(c.config);
}
END_TEST

/* ------------------------------------------------------------------------
 * What it is told
 */

static const struct {
	const char *hostname, *sent;
} told[] = {
	{ "srv.test", "srv.test" },
	{ "SRV.test.", "srv.test" },
	{ "a.wild.test", "a.wild.test" },
	{ "b\xc3\xbc" "cher.wild.test", "b\xc3\xbc" "cher.wild.test" },
	{ "127.0.0.1", "NULL" },
	{ "::1", "NULL" },
};

static const char *
told_name(int i)
{
	static char name[80];

	snprintf(name, sizeof(name), "%s: %s", version_of(i % 2),
	    told[i / 2].hostname);
	return name;
}

START_TEST(the_name_arrives_decoded_and_in_small_letters)
{
	chooser c = { .keep = 1 };
	pair p = chosen_pair((setup){ .version = versions[_i % 2],
	    .hostname = told[_i / 2].hostname }, &c, NULL);
	const char *name = tlshost_buffer_server_name(p.server);

	ck_assert_str_eq(c.name, told[_i / 2].sent);
	ck_assert_str_eq(name != NULL ? name : "NULL", told[_i / 2].sent);
	free_pair(&p);
}
END_TEST

START_TEST(the_offer_of_the_client_can_be_seen)
{
	setup client = { .version = versions[_i], .client_alpn = "h2,a,b" };
	chooser c = { .keep = 1 };
	tlshost_config *config = client_config(&client);
	tlshost_client_context *context;
	const uint16_t *ids;
	pair p = chosen_pair(client, &c, NULL);
	size_t len, at = 0;

	ck_assert_uint_eq(c.protocols, 3);
	ck_assert_int_eq(c.tls12, _i == 0);
	ck_assert_int_eq(c.tls13, _i == 1);
	/* What the context says to be in effect is what is sent, in order if
	 * the backend has one. */
	assert_status(tlshost_client_context_new(client_backend, config,
	    &context, NULL), TLSHOST_OK);
	len = tlshost_client_context_ciphers(context, &ids);
	for (size_t i = 0; i < c.ciphers && i < LEN(c.suites); i++) {
		uint16_t id = c.suites[i];
		int listed = 0;

		if (id == 0x00ff || id == 0x5600)
			continue; /* signals (RFC 5746, RFC 7507) */
		for (size_t k = 0; k < len; k++)
			listed |= ids[k] == id;
		ck_assert_msg(listed, "0x%04x was offered", id);
		if (backend_can(client_backend,
		    TLSHOST_CAPABILITY_CLIENT_SUITES_ORDER))
			ck_assert_uint_eq(id, ids[at]);
		at++;
	}
	ck_assert_uint_eq(at, len);
	tlshost_client_context_unref(context);
	tlshost_config_unref(config);
	free_pair(&p);
}
END_TEST

START_TEST(every_connection_asks_once)
{
	chooser c = { .keep = 1 };

	for (int i = 1; i <= 5; i++) {
		pair p = chosen_pair((setup){ .version = versions[_i] }, &c,
		    NULL);

		ck_assert_int_eq(c.calls, i);
		free_pair(&p);
	}
}
END_TEST

void
name_claims(Suite *suite)
{
	TCase *group = claim_group(suite, "server name");

	ADD_BOTH(the_chosen_chain_applies);
	ADD_BOTH(the_chosen_suites_apply);
	ADD_BOTH(the_chosen_protocols_apply);
	ADD_BOTH(chosen_without_protocols_there_is_none);
	ADD_BOTH(the_chosen_versions_apply);
	if (both_have(versions[0]) && both_have(versions[1]))
		ADD_BOTH(versions_that_were_not_the_connections_may_be_chosen);
	ADD_BOTH(the_chosen_client_auth_applies);
	ADD_BOTH(a_chosen_configuration_may_ask_for_nothing);
	ADD_BOTH(the_chosen_trust_applies);
	ADD_BOTH(chosen_verification_may_be_off);
	ADD_BOTH(chosen_verification_may_be_on);
	ADD_BOTH(the_chosen_strictness_applies);
	ADD_BOTH(a_chosen_configuration_need_not_be_strict);
	add_versions(group, the_chosen_callback_is_not_asked, 4, choice_name);
	add_versions(group, the_chosen_key_log_applies, 4, log_name);
	ADD_BOTH(all_of_it_may_change_at_once);
	ADD_BOTH(a_context_may_be_chosen);
	ADD_BOTH(the_connections_own_may_be_kept);
	ADD_BOTH(no_choice_is_unrecognized_name);
	add_claims(group, a_status_of_the_callback_is_the_handshakes,
	    (int)LEN(refusals), refusal_name);
	ADD_BOTH(a_choice_that_cannot_be_used_fails_the_handshake);
	add_versions(group, the_name_arrives_decoded_and_in_small_letters,
	    2 * (int)LEN(told), told_name);
	ADD_BOTH(the_offer_of_the_client_can_be_seen);
	ADD_BOTH(every_connection_asks_once);
}

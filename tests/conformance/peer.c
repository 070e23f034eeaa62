/* SPDX-License-Identifier: MIT */
/* Peers that no backend would be: hellos and flights that were changed on their
 * way, before anything is encrypted. */
#include "config.h"

#include <stdio.h>

#include "claims.h"
#include "flight.h"

/* ------------------------------------------------------------------------
 * What a client can do besides its suites
 */

#define RSA_SIGNS { 0x0401, 0x0501, 0x0601, 0x0804, 0 }
#define EC_SIGNS { 0x0403, 0x0503, 0x0603, 0 }

static const struct {
	const char *name, *certificate, *more;
	int change;                      /* the extension, or 0: none */
	uint16_t ids[6];                 /* none: it is taken out */
	uint16_t suite;                  /* 0: NO_OVERLAP */
} clients[] = {
	{ "any, of two", "rsa", "ecdsa", 0, { 0 }, 0xc02b },
	{ "RSA's signatures alone, of two", "rsa", "ecdsa",
	    EXTENSION_SIGNATURES, RSA_SIGNS, 0xc02f },
	{ "ECDSA's signatures alone, of two", "rsa", "ecdsa",
	    EXTENSION_SIGNATURES, EC_SIGNS, 0xc02b },
	{ "ECDSA's signatures alone, of RSA", "rsa", NULL,
	    EXTENSION_SIGNATURES, EC_SIGNS, 0 },
	{ "RSA's signatures alone, of ECDSA", "ecdsa", NULL,
	    EXTENSION_SIGNATURES, RSA_SIGNS, 0 },
	{ "SHA-1 alone, of RSA", "rsa", NULL, EXTENSION_SIGNATURES,
	    { 0x0201, 0 }, 0 },
	{ "SHA-1 by its silence, of RSA", "rsa", NULL, EXTENSION_SIGNATURES,
	    { 0 }, 0 },
	{ "SHA-1 by its silence, of ECDSA", "ecdsa", NULL,
	    EXTENSION_SIGNATURES, { 0 }, 0 },
	{ "no curve, of two", "rsa", "ecdsa", EXTENSION_GROUPS, { 256, 0 },
	    0x009e },
	{ "no curve, of ECDSA", "ecdsa", NULL, EXTENSION_GROUPS, { 256, 0 },
	    0 },
	{ "no groups, of RSA", "rsa", NULL, EXTENSION_GROUPS, { 0 },
	    0x009e },
	{ "another curve than the certificate's, of two", "rsa", "ecdsa",
	    EXTENSION_GROUPS, { 29, 25, 0 }, 0xc02f },
	{ "another curve than the certificate's, of ECDSA", "ecdsa", NULL,
	    EXTENSION_GROUPS, { 29, 25, 0 }, 0 },
	{ "SHA-1 by RSA and SHA-256 by ECDSA, of two", "rsa", "ecdsa",
	    EXTENSION_SIGNATURES, { 0x0201, 0x0403, 0 }, 0xc02b },
	{ "SHA-256 by RSA and SHA-1 by ECDSA, of two", "rsa", "ecdsa",
	    EXTENSION_SIGNATURES, { 0x0401, 0x0203, 0 }, 0xc02f },
	{ "SHA-256 by RSA and SHA-1 by ECDSA, of ECDSA", "ecdsa", NULL,
	    EXTENSION_SIGNATURES, { 0x0401, 0x0203, 0 }, 0 },
};

static const char *
client_name(int i)
{
	return clients[i].name;
}

START_TEST(a_server_takes_what_the_client_can_use)
{
	setup s = { .version = TLSHOST_VERSION_TLSV1_2,
	    .certificate = clients[_i].certificate,
	    .more_certificate = clients[_i].more };
	pair p = make_pair(&s);
	uint8_t *hello;
	flight f;

	take_hello(&p, &f);
	if (clients[_i].ids[0] != 0)
		set_list(&f, (unsigned int)clients[_i].change,
		    clients[_i].ids);
	else if (clients[_i].change != 0)
		drop_extension(&f, (unsigned int)clients[_i].change);
	give_flight(p.server, &f);
	if (clients[_i].suite == 0) {
		assert_status(tlshost_buffer_do_handshake(p.server),
		    TLSHOST_NO_OVERLAP);
		ck_assert_int_eq(tlshost_error_alert_sent(
		    tlshost_buffer_error(p.server)), 40);
	} else {
		assert_status(tlshost_buffer_do_handshake(p.server),
		    TLSHOST_WANT_READ);
		take_flight(p.server, &f);
		hello = message(&f, SERVER_HELLO);
		ck_assert_uint_eq(number(extensions(&f) - 3, 2),
		    clients[_i].suite);
		ck_assert_ptr_eq(hello, f.bytes);
	}
	free_pair(&p);
}
END_TEST

/* The library of the server may think that it needs none for that. */
START_TEST(a_client_without_rsa_signatures_gets_no_rsa_at_all)
{
	setup s = { .version = TLSHOST_VERSION_TLSV1_2, .suite = 0x9c };
	pair p = make_pair(&s);
	const uint16_t signs[] = EC_SIGNS;
	flight f;

	take_hello(&p, &f);
	set_list(&f, EXTENSION_SIGNATURES, signs);
	give_flight(p.server, &f);
	assert_status(tlshost_buffer_do_handshake(p.server),
	    TLSHOST_NO_OVERLAP);
	ck_assert_int_eq(tlshost_error_alert_sent(tlshost_buffer_error(
	    p.server)), 40);
	free_pair(&p);
}
END_TEST

/* A server may have it, for others. */
START_TEST(a_key_that_decrypts_alone_is_taken_by_no_client)
{
	setup s = { .version = TLSHOST_VERSION_TLSV1_2, .suite = 0x9c,
	    .certificate = "decrypting-only" };
	pair p;

	handshake_ends(&s, TLSHOST_BAD_CERTIFICATE, TLSHOST_ALERT_RECEIVED,
	    &p);
	ck_assert_uint_eq(tlshost_error_reasons(tlshost_buffer_error(
	    p.client)), TLSHOST_REASON_WRONG_PURPOSE);
	free_pair(&p);
}
END_TEST

/* ------------------------------------------------------------------------
 * Groups (RFC 8446, 4.2.7)
 */

#define GROUP_X448 30
#define GROUP_FFDHE2048 256

static const uint16_t groups[] = { 29, 23, GROUP_X448, 25, 24,
    GROUP_FFDHE2048, 257, 258 };

static const char *
group_name(int i)
{
	static const char *const names[] = { "X25519", "P-256", "X448",
	    "P-521", "P-384", "ffdhe2048", "ffdhe3072", "ffdhe4096" };
	static char name[32];

	snprintf(name, sizeof(name), "%s: %s", version_of(i % 2),
	    names[i / 2]);
	return name;
}

static int
has_group(tlshost_backend *backend, uint16_t group)
{
	return group != GROUP_X448 || backend_can(backend,
	    TLSHOST_CAPABILITY_X448);
}

/* The client has no share for it, so that TLS 1.3 has to ask for one. */
START_TEST(a_server_takes_each_group_alone)
{
	static const uint8_t no_shares[] = { 0, 0 };
	uint16_t group = groups[_i / 2];
	int tls13 = versions[_i % 2] == TLSHOST_VERSION_TLSV1_3;
	setup s = { .version = versions[_i % 2],
	    .suite = tls13 ? 0x1301 : group >= GROUP_FFDHE2048 ? 0x9e :
	    0xc02f };
	pair p = make_pair(&s);
	uint8_t *at;
	flight f;

	take_hello(&p, &f);
	set_list(&f, EXTENSION_GROUPS, (uint16_t[]){ group, 0 });
	if (tls13)
		set_extension(&f, EXTENSION_KEY_SHARE, no_shares,
		    sizeof(no_shares));
	give_flight(p.server, &f);
	if (!has_group(server_backend, group)) {
		assert_status(tlshost_buffer_do_handshake(p.server),
		    TLSHOST_NO_OVERLAP);
		ck_assert_int_eq(tlshost_error_alert_sent(tlshost_buffer_error(
		    p.server)), 40);
		free_pair(&p);
		return;
	}
	assert_status(tlshost_buffer_do_handshake(p.server),
	    TLSHOST_WANT_READ);
	take_flight(p.server, &f);
	if (tls13) {
		at = extension(&f, EXTENSION_KEY_SHARE);
		ck_assert_ptr_nonnull(at);
		ck_assert_uint_eq(number(at + 4, 2), group);
	} else if (group < GROUP_FFDHE2048) {
		at = message(&f, SERVER_KEY_EXCHANGE);
		ck_assert_uint_eq(number(at + 5, 2), group);
	}
	free_pair(&p);
}
END_TEST

/* Those over finite fields are for TLS 1.3 and a courtesy before. */
START_TEST(a_client_offers_the_same_groups_in_the_same_order)
{
	int fields = both_have(TLSHOST_VERSION_TLSV1_3);
	pair p = make_pair(&(setup){ 0 });
	size_t len = 0, end;
	uint8_t *at;
	flight f;

	take_hello(&p, &f);
	at = extension(&f, EXTENSION_GROUPS);
	ck_assert_ptr_nonnull(at);
	end = number(at + 2, 2);
	for (size_t i = 2; i < end; i += 2) {
		if (len < LEN(groups) && !has_group(client_backend,
		    groups[len]))
			len++;
		ck_assert_uint_lt(len, LEN(groups));
		ck_assert_uint_eq(number(at + 4 + i, 2), groups[len]);
		len++;
	}
	ck_assert(len == LEN(groups) || (!fields && groups[len] ==
	    GROUP_FFDHE2048));
	free_pair(&p);
}
END_TEST

/* ------------------------------------------------------------------------
 * Names that no host can have (RFC 6066, 3)
 */

static const char *const odd_names[] = { "some_host.test", "::1" };

static const char *
odd_name(int i)
{
	static char name[64];

	snprintf(name, sizeof(name), "%s: %s", version_of(i % 2),
	    odd_names[i / 2]);
	return name;
}

START_TEST(a_server_is_asked_for_what_is_no_host)
{
	const char *name = odd_names[_i / 2];
	size_t len = strlen(name);
	pair p = make_pair(&(setup){ .version = versions[_i % 2] });
	uint8_t body[64] = { 0 };
	flight f;

	take_hello(&p, &f);
	put_number(body, 2, len + 3);
	put_number(body + 3, 2, len);
	memcpy(body + 5, name, len);
	set_extension(&f, EXTENSION_SERVER_NAME, body, len + 5);
	give_flight(p.server, &f);
	if (backend_can(server_backend, TLSHOST_CAPABILITY_ANY_SERVER_NAME)) {
		assert_status(tlshost_buffer_do_handshake(p.server),
		    TLSHOST_WANT_READ);
		ck_assert_str_eq(tlshost_buffer_server_name(p.server), name);
	} else {
		assert_status(tlshost_buffer_do_handshake(p.server),
		    TLSHOST_PROTOCOL);
		ck_assert_int_eq(tlshost_error_alert_sent(tlshost_buffer_error(
		    p.server)), 47);
	}
	free_pair(&p);
}
END_TEST

static const uint16_t later_versions[] = { 0x0304, 0x0305, 0x03ff };

static const char *
later_name(int i)
{
	static char name[16];

	snprintf(name, sizeof(name), "0x%04x", later_versions[i]);
	return name;
}

/* RFC 8446, 4.2.1: whoever means TLS 1.3 has an extension for that. */
START_TEST(a_hello_without_versions_is_of_tls_1_2_whatever_it_says)
{
	pair p = make_pair(&(setup){
	    .client_lowest = TLSHOST_VERSION_TLSV1_2,
	    .client_highest = TLSHOST_VERSION_TLSV1_2 });
	flight f;

	take_hello(&p, &f);
	put_number(f.bytes + 4, 2, later_versions[_i]);
	give_flight(p.server, &f);
	assert_status(tlshost_buffer_do_handshake(p.server),
	    TLSHOST_WANT_READ);
	take_flight(p.server, &f);
	ck_assert_uint_eq(number(message(&f, SERVER_HELLO) + 4, 2), 0x0303);
	free_pair(&p);
}
END_TEST

/* With another trust store, or two suites; takes config over. */
static tlshost_config *
changed(tlshost_config *config, tlshost_trust_store *store,
    const uint16_t *suites)
{
	tlshost_config_builder *builder;

	assert_status(tlshost_config_builder_new(config, &builder),
	    TLSHOST_OK);
	if (store != NULL)
		assert_status(tlshost_config_builder_set_trust_store(builder,
		    store), TLSHOST_OK);
	if (suites != NULL)
		assert_status(tlshost_config_builder_set_ciphers(builder,
		    suites, 2), TLSHOST_OK);
	tlshost_config_unref(config);
	assert_status(tlshost_config_builder_build(builder, &config, NULL),
	    TLSHOST_OK);
	tlshost_config_builder_free(builder);
	return config;
}

/* A request has 64 KiB for names, and a system has more than a hundred CAs. */
START_TEST(a_request_names_no_crowd)
{
	setup s = { .version = TLSHOST_VERSION_TLSV1_2,
	    .client_auth = TLSHOST_CLIENT_AUTH_REQUEST };
	tlshost_config *client = client_config(&s), *server;
	tlshost_trust_store *system;
	pair p;
	flight f;

	assert_status(tlshost_trust_store_system(server_backend, &system,
	    NULL), TLSHOST_OK);
	server = changed(server_config(&s), system, NULL);
	p = pair_of(client, server, &s);
	tlshost_config_unref(client);
	tlshost_config_unref(server);
	take_hello(&p, &f);
	give_flight(p.server, &f);
	assert_status(tlshost_buffer_do_handshake(p.server),
	    TLSHOST_WANT_READ);
	take_flight(p.server, &f);
	ck_assert_uint_lt(number(message(&f, CERTIFICATE_REQUEST) + 1, 3),
	    8192);
	free_pair(&p);
	tlshost_trust_store_unref(system);
}
END_TEST

/* TLS_RSA_WITH_AES_128_GCM_SHA256 wants a key that decrypts; one for RSASSA-PSS
 * only signs. */
START_TEST(a_key_is_for_suites_that_ask_no_more_of_it)
{
	static const uint16_t suites[] = { 0x9c, 0xc02f };
	int pss = backend_can(server_backend, TLSHOST_CAPABILITY_PSS_KEYS) &&
	    backend_can(client_backend, TLSHOST_CAPABILITY_PSS_KEYS);
	setup s = { .version = TLSHOST_VERSION_TLSV1_2,
	    .certificate = pss ? "pss" : "rsa" };
	tlshost_config *client_side, *server_side;
	tlshost_status client, server;
	pair p;

	client_side = changed(client_config(&s), NULL, suites);
	server_side = changed(server_config(&s), NULL, suites);
	p = pair_of(client_side, server_side, &s);
	tlshost_config_unref(client_side);
	tlshost_config_unref(server_side);
	shake_hands(&p, &client, &server);
	assert_status(client, TLSHOST_OK);
	assert_status(server, TLSHOST_OK);
	ck_assert_uint_eq(tlshost_buffer_cipher(p.server),
	    pss ? 0xc02f : 0x9c);
	free_pair(&p);
}
END_TEST

/* ------------------------------------------------------------------------
 * Whose fault it is
 */

/* It says so, also to a peer that sends nothing more. */
START_TEST(a_damaged_record_before_the_end_is_told)
{
	pair p = connected_pair(&(setup){ .version = versions[_i] });
	uint8_t record[256], data[16];
	const uint8_t *out;
	size_t n;

	assert_status(tlshost_buffer_write(p.client, "hello", 5, &n),
	    TLSHOST_OK);
	n = tlshost_buffer_peek_outgoing(p.client, &out);
	ck_assert_uint_le(n, sizeof(record));
	memcpy(record, out, n);
	record[n - 1] ^= 1;
	assert_status(tlshost_buffer_receive_from_network(p.server, record, n,
	    &n), TLSHOST_OK);
	assert_status(tlshost_buffer_network_eof(p.server), TLSHOST_OK);
	assert_status(tlshost_buffer_read(p.server, data, sizeof(data), &n),
	    TLSHOST_PROTOCOL);
	ck_assert_int_eq(tlshost_error_alert_sent(tlshost_buffer_error(
	    p.server)), 20);
	ck_assert_uint_ne(tlshost_buffer_outgoing_len(p.server), 0);
	free_pair(&p);
}
END_TEST

/* The end failed by its peer's breach, which was no certificate. */
static void
assert_breach(const tlshost_buffer *buffer, int alert)
{
	const tlshost_error *error = tlshost_buffer_error(buffer);

	ck_assert_uint_eq(tlshost_error_reasons(error), 0);
	ck_assert_int_eq(tlshost_error_alert_received(error), -1);
	ck_assert_int_eq(tlshost_error_alert_sent(error), alert);
}

START_TEST(a_key_share_that_is_none_is_a_protocol_error)
{
	pair p = make_pair(&(setup){ .version = TLSHOST_VERSION_TLSV1_3 });
	uint8_t *share;
	flight f;

	take_hello(&p, &f);
	share = extension(&f, EXTENSION_KEY_SHARE);
	ck_assert_ptr_nonnull(share);
	/* A list of groups and their values, which become zeros. */
	for (uint8_t *at = share + 6; at < share + 4 + number(share + 2, 2);
	    at += 4 + number(at + 2, 2))
		memset(at + 4, 0, number(at + 2, 2));
	give_flight(p.server, &f);
	assert_status(tlshost_buffer_do_handshake(p.server),
	    TLSHOST_PROTOCOL);
	assert_breach(p.server, 47);
	free_pair(&p);
}
END_TEST

START_TEST(a_signature_that_was_forged_is_a_protocol_error)
{
	flight f;
	pair p = answered_pair(TLSHOST_VERSION_TLSV1_2, &f);
	uint8_t *exchange = message(&f, SERVER_KEY_EXCHANGE);

	exchange[4 + number(exchange + 1, 3) - 1] ^= 1;
	give_flight(p.client, &f);
	assert_status(tlshost_buffer_do_handshake(p.client),
	    TLSHOST_PROTOCOL);
	assert_breach(p.client, 51);
	free_pair(&p);
}
END_TEST

START_TEST(a_server_that_may_be_renegotiated_in_secret_is_refused)
{
	flight f;
	pair p = answered_pair(TLSHOST_VERSION_TLSV1_2, &f);

	ck_assert_ptr_nonnull(extension(&f, EXTENSION_RENEGOTIATION));
	drop_extension(&f, EXTENSION_RENEGOTIATION);
	give_flight(p.client, &f);
	assert_status(tlshost_buffer_do_handshake(p.client),
	    TLSHOST_PROTOCOL);
	assert_breach(p.client, 40);
	free_pair(&p);
}
END_TEST

START_TEST(a_server_without_a_certificate_breaks_the_protocol)
{
	static const uint8_t none[] = { CERTIFICATE, 0, 0, 3, 0, 0, 0 };
	flight f;
	pair p = answered_pair(TLSHOST_VERSION_TLSV1_2, &f);

	f.len = 4 + number(f.bytes + 1, 3);
	memcpy(f.bytes + f.len, none, sizeof(none));
	f.len += sizeof(none);
	give_flight(p.client, &f);
	assert_status(tlshost_buffer_do_handshake(p.client),
	    TLSHOST_PROTOCOL);
	ck_assert_uint_eq(tlshost_error_reasons(
	    tlshost_buffer_error(p.client)), 0);
	free_pair(&p);
}
END_TEST

START_TEST(a_suite_that_was_not_offered_is_a_protocol_error)
{
	flight f;
	pair p = answered_pair(TLSHOST_VERSION_TLSV1_2, &f);

	put_number(extensions(&f) - 3, 2, 0xc030);
	give_flight(p.client, &f);
	assert_status(tlshost_buffer_do_handshake(p.client),
	    TLSHOST_PROTOCOL);
	free_pair(&p);
}
END_TEST

START_TEST(a_goodbye_in_the_handshake_is_answered_by_nothing)
{
	static const uint8_t goodbye[] = { 21, 3, 3, 0, 2, 1, 0 };
	pair p = make_pair(&(setup){ .version = versions[_i] });
	flight f;
	size_t n;

	take_hello(&p, &f);
	assert_status(tlshost_buffer_receive_from_network(p.client, goodbye,
	    sizeof(goodbye), &n), TLSHOST_OK);
	assert_status(tlshost_buffer_do_handshake(p.client),
	    TLSHOST_PROTOCOL);
	assert_breach(p.client, -1);
	ck_assert_uint_eq(tlshost_buffer_outgoing_len(p.client), 0);
	ck_assert_ptr_nonnull(strstr(tlshost_error_message(
	    tlshost_buffer_error(p.client)), "closed during the handshake"));
	free_pair(&p);
}
END_TEST

START_TEST(a_fallback_that_was_not_needed_is_refused)
{
	/* The client says that it tried something newer (RFC 7507). */
	setup s = { .client_lowest = TLSHOST_VERSION_TLSV1_2,
	    .client_highest = TLSHOST_VERSION_TLSV1_2 };
	pair p = make_pair(&s);
	uint8_t *suites;
	flight f;

	take_hello(&p, &f);
	suites = f.bytes + 4 + 2 + 32;
	suites += 1 + suites[0];
	ck_assert_uint_ge(number(suites, 2), 4);
	/* Instead of one of several. */
	put_number(suites + 2, 2, 0x5600);
	give_flight(p.server, &f);
	assert_status(tlshost_buffer_do_handshake(p.server),
	    TLSHOST_PROTOCOL);
	assert_breach(p.server, 86);
	free_pair(&p);
}
END_TEST

static const struct {
	const char *name, *bytes;
	size_t len;
} openings[] = {
	{ "a fatal alert", "\x15\x03\x01\x00\x02\x02\x28", 7 },
	{ "a warning", "\x15\x03\x01\x00\x02\x01\x5a", 7 },
	{ "a goodbye", "\x15\x03\x01\x00\x02\x01\x00", 7 },
	{ "data", "\x17\x03\x01\x00\x02hi", 7 },
	{ "a change of ciphers", "\x14\x03\x01\x00\x01\x01", 6 },
	{ "a server's hello", "\x16\x03\x01\x00\x04\x02\x00\x00\x00", 9 },
};

static const char *
opening_name(int i)
{
	static char name[64];

	snprintf(name, sizeof(name), "%s: %s", version_of(i % 2),
	    openings[i / 2].name);
	return name;
}

START_TEST(a_client_begins_with_its_hello)
{
	pair p = make_pair(&(setup){ .version = versions[_i % 2] });
	size_t n;

	assert_status(tlshost_buffer_receive_from_network(p.server,
	    openings[_i / 2].bytes, openings[_i / 2].len, &n), TLSHOST_OK);
	assert_status(tlshost_buffer_do_handshake(p.server),
	    TLSHOST_PROTOCOL);
	assert_breach(p.server, 10);
	ck_assert_uint_eq(tlshost_buffer_outgoing_len(p.server), 7);
	free_pair(&p);
}
END_TEST

void
peer_claims(Suite *suite)
{
	TCase *group = claim_group(suite, "peers");

	add_versions(group, a_client_begins_with_its_hello,
	    2 * (int)LEN(openings), opening_name);
	add_claims(group, a_server_takes_what_the_client_can_use,
	    (int)LEN(clients), client_name);
	if (both_have(TLSHOST_VERSION_TLSV1_3)) {
		add_claim(group,
		    a_key_share_that_is_none_is_a_protocol_error);
		add_claim(group, a_fallback_that_was_not_needed_is_refused);
	}
	add_claims(group,
	    a_hello_without_versions_is_of_tls_1_2_whatever_it_says,
	    (int)LEN(later_versions), later_name);
	add_claim(group, a_client_without_rsa_signatures_gets_no_rsa_at_all);
	add_claim(group, a_key_that_decrypts_alone_is_taken_by_no_client);
	add_versions(group, a_server_takes_each_group_alone,
	    2 * (int)LEN(groups), group_name);
	add_claim(group, a_client_offers_the_same_groups_in_the_same_order);
	add_versions(group, a_server_is_asked_for_what_is_no_host,
	    2 * (int)LEN(odd_names), odd_name);
	add_claim(group, a_request_names_no_crowd);
	add_claim(group, a_key_is_for_suites_that_ask_no_more_of_it);
	ADD_BOTH(a_damaged_record_before_the_end_is_told);
	add_claim(group, a_signature_that_was_forged_is_a_protocol_error);
	add_claim(group,
	    a_server_that_may_be_renegotiated_in_secret_is_refused);
	add_claim(group, a_server_without_a_certificate_breaks_the_protocol);
	add_claim(group, a_suite_that_was_not_offered_is_a_protocol_error);
	ADD_BOTH(a_goodbye_in_the_handshake_is_answered_by_nothing);
}

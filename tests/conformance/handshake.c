/* SPDX-License-Identifier: MIT */
/* Versions, suites, protocols: what two ends agree on. */
#include "config.h"

#include <stdio.h>

#include "claims.h"

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
	size_t n;

	(void)tlshost_buffer_do_handshake(side);
	assert_status(tlshost_buffer_consume_outgoing(side,
	    tlshost_buffer_outgoing_len(side)), TLSHOST_OK);
	/* One byte may still be a record's. */
	assert_status(tlshost_buffer_receive_from_network(side, text, 1, &n),
	    TLSHOST_OK);
	assert_status(tlshost_buffer_do_handshake(side), TLSHOST_WANT_READ);
	assert_status(tlshost_buffer_receive_from_network(side, text + 1,
	    strlen(text) - 1, &n), TLSHOST_OK);
	/* At once: such a peer may wait, too.  An alert would be noise. */
	assert_status(tlshost_buffer_do_handshake(side), TLSHOST_NOT_TLS);
	ck_assert_uint_eq(tlshost_buffer_outgoing_len(side), 0);
	ck_assert_int_eq(tlshost_error_alert_sent(tlshost_buffer_error(side)),
	    -1);
	free_pair(&p);
}
END_TEST

static const char *
plain_name(int i)
{
	static char name[64];

	snprintf(name, sizeof(name), "%.6s to a %s", plain[i / 2],
	    i % 2 == 0 ? "client" : "server");
	return name;
}

START_TEST(a_peer_that_hangs_up_at_once_is_ragged)
{
	pair p = make_pair(&(setup){ .version = versions[_i] });

	(void)tlshost_buffer_do_handshake(p.client);
	tlshost_buffer_network_eof(p.client);
	tlshost_buffer_network_eof(p.server);
	assert_status(tlshost_buffer_do_handshake(p.client),
	    TLSHOST_RAGGED_EOF);
	assert_status(tlshost_buffer_do_handshake(p.server),
	    TLSHOST_RAGGED_EOF);
	free_pair(&p);
}
END_TEST

/* ------------------------------------------------------------------------
 * Versions: the newest that both allow, or none
 */

#define V10 TLSHOST_VERSION_TLSV1
#define V11 TLSHOST_VERSION_TLSV1_1
#define V12 TLSHOST_VERSION_TLSV1_2
#define V13 TLSHOST_VERSION_TLSV1_3
#define LOWEST TLSHOST_VERSION_MINIMUM_SUPPORTED
#define HIGHEST TLSHOST_VERSION_MAXIMUM_SUPPORTED

static const struct {
	const char *name;
	tlshost_version client_lowest, client_highest;
	tlshost_version server_lowest, server_highest, agreed;
} ranges[] = {
	{ "1.2 and 1.2", V12, V12, V12, V12, V12 },
	{ "1.2 and 1.3", V12, V12, V13, V13, 0 },
	{ "1.3 and 1.2", V13, V13, V12, V12, 0 },
	{ "1.3 and 1.3", V13, V13, V13, V13, V13 },
	{ "both and 1.2", V12, V13, V12, V12, V12 },
	{ "both and 1.3", V12, V13, V13, V13, V13 },
	{ "1.2 and both", V12, V12, V12, V13, V12 },
	{ "1.3 and both", V13, V13, V12, V13, V13 },
	{ "both and both", V12, V13, V12, V13, V13 },
	{ "default and default", 0, 0, 0, 0, V13 },
	{ "default and the newest", 0, 0, V12, HIGHEST, V13 },
	{ "the newest alone and default", HIGHEST, HIGHEST, 0, 0, V13 },
	{ "any and any", LOWEST, HIGHEST, LOWEST, HIGHEST, V13 },
	{ "1.0 and any", V10, V10, LOWEST, HIGHEST, V10 },
	{ "1.1 and any", V11, V11, LOWEST, HIGHEST, V11 },
	{ "any and 1.0", LOWEST, HIGHEST, V10, V10, V10 },
	{ "any and 1.1", LOWEST, HIGHEST, V11, V11, V11 },
	{ "1.1 and default", V11, V11, 0, 0, 0 },
	{ "default and 1.1", 0, 0, V11, V11, 0 },
	{ "1.1 to 1.2 and 1.0 to 1.1", V11, V12, V10, V11, V11 },
};

static const char *
range_name(int i)
{
	return ranges[i].name;
}

/* Old versions need suites that are not among the defaults. */
static tlshost_config *
with_old_suite(tlshost_config *config)
{
	static const uint16_t ids[] = { 0x1301, 0x1302, 0xc02f, 0xc030,
	    0xc013, 0xc014 };
	tlshost_config_builder *builder;
	tlshost_config *with;

	assert_status(tlshost_config_builder_new(config, &builder),
	    TLSHOST_OK);
	assert_status(tlshost_config_builder_set_ciphers(builder, ids,
	    LEN(ids)), TLSHOST_OK);
	assert_status(tlshost_config_builder_build(builder, &with, NULL),
	    TLSHOST_OK);
	tlshost_config_builder_free(builder);
	tlshost_config_unref(config);
	return with;
}

/* The bound that a backend makes of one; defaults are 1.2 and the newest. */
static tlshost_version
bound(tlshost_backend *backend, tlshost_version asked, int lowest)
{
	tlshost_version own = lowest ? tlshost_backend_lowest_version(backend) :
	    tlshost_backend_highest_version(backend);

	if (asked == 0)
		asked = lowest ? V12 : HIGHEST;
	if (asked == LOWEST)
		return tlshost_backend_lowest_version(backend);
	if (asked == HIGHEST)
		return tlshost_backend_highest_version(backend);
	return lowest == (own > asked) ? own : asked;
}

/* What of a range a backend has none of is refused by name; 1: it was. */
static int
range_is_refused(tlshost_backend *backend, tlshost_config *config,
    tlshost_role role, tlshost_version lowest, tlshost_version highest)
{
	tlshost_findings *findings;
	int refused = 0;

	if (bound(backend, lowest, 1) <= bound(backend, highest, 0))
		return 0;
	assert_status(tlshost_backend_check_config(backend, config, role,
	    &findings, NULL), TLSHOST_OK);
	for (size_t i = 0; i < tlshost_findings_len(findings); i++) {
		tlshost_field field = tlshost_findings_field(findings, i);

		refused |= tlshost_findings_severity(findings, i) ==
		    TLSHOST_SEVERITY_ERROR &&
		    (field == TLSHOST_FIELD_LOWEST_SUPPORTED_VERSION ||
		    field == TLSHOST_FIELD_HIGHEST_SUPPORTED_VERSION);
	}
	tlshost_findings_free(findings);
	ck_assert_msg(refused, "%s takes versions that it lacks",
	    tlshost_backend_name(backend));
	return 1;
}

/* What the table says, or less if a backend has less. */
static tlshost_version
agreed_version(int i)
{
	tlshost_version lowest, highest, other;

	if (both_have(V10) && both_have(V13))
		return ranges[i].agreed;
	lowest = bound(client_backend, ranges[i].client_lowest, 1);
	other = bound(server_backend, ranges[i].server_lowest, 1);
	if (other > lowest)
		lowest = other;
	highest = bound(client_backend, ranges[i].client_highest, 0);
	other = bound(server_backend, ranges[i].server_highest, 0);
	if (other < highest)
		highest = other;
	return lowest <= highest ? highest : TLSHOST_VERSION_NONE;
}

/* 0: there is none, and it was refused as it must be. */
static int
ranged_pair(int i, pair *ret_pair)
{
	setup s = { .client_lowest = ranges[i].client_lowest,
	    .client_highest = ranges[i].client_highest,
	    .server_lowest = ranges[i].server_lowest,
	    .server_highest = ranges[i].server_highest };
	tlshost_config *client = with_old_suite(client_config(&s));
	tlshost_config *server = with_old_suite(server_config(&s));
	int refused;

	refused = range_is_refused(client_backend, client,
	    TLSHOST_ROLE_CLIENT, s.client_lowest, s.client_highest);
	refused |= range_is_refused(server_backend, server,
	    TLSHOST_ROLE_SERVER, s.server_lowest, s.server_highest);
	if (!refused)
		*ret_pair = pair_of(client, server, &s);
	tlshost_config_unref(client);
	tlshost_config_unref(server);
	return !refused;
}

START_TEST(the_newest_version_that_both_allow_is_used)
{
	tlshost_version agreed = agreed_version(_i);
	tlshost_status client, server;
	pair p;

	if (ranged_pair(_i, &p) == 0)
		return;
	shake_hands(&p, &client, &server);
	if (agreed != 0) {
		assert_status(client, TLSHOST_OK);
		assert_status(server, TLSHOST_OK);
	} else {
		ck_assert_msg((client == TLSHOST_ALERT_RECEIVED &&
		    server == TLSHOST_NO_OVERLAP) ||
		    (client == TLSHOST_NO_OVERLAP &&
		    server == TLSHOST_ALERT_RECEIVED), "%s and %s",
		    tlshost_error_message(tlshost_buffer_error(p.client)),
		    tlshost_error_message(tlshost_buffer_error(p.server)));
	}
	ck_assert_int_eq(tlshost_buffer_negotiated_tls_version(p.client),
	    (int)agreed);
	ck_assert_int_eq(tlshost_buffer_negotiated_tls_version(p.server),
	    (int)agreed);
	free_pair(&p);
}
END_TEST

/* ------------------------------------------------------------------------
 * Suites: each that both have, alone
 */

/* The 16 bits of a suite and, above them, which certificate; TLS 1.3 needs no
 * other. */
static uint32_t suite_cases[512];
static int suite_cases_len;

static size_t
find_suite_cases(void *dst, size_t cap)
{
	uint32_t *cases = dst;
	const uint16_t *ids;
	size_t len = tlshost_backend_ciphers(client_backend, &ids), found = 0;

	for (size_t i = 0; i < len && found < cap / sizeof(*cases); i++) {
		if (!backend_has_suite(server_backend, ids[i]))
			continue;
		if (suite_fits(ids[i], "rsa", V12) ||
		    suite_fits(ids[i], "rsa", V13))
			cases[found++] = ids[i];
		else if (suite_fits(ids[i], "ecdsa", V12))
			cases[found++] = ids[i] | 0x10000;
	}
	return found * sizeof(*cases);
}

static void
list_suite_cases(void)
{
	long len = look_in_child(find_suite_cases, suite_cases,
	    sizeof(suite_cases));

	suite_cases_len = len > 0 ? (int)((size_t)len /
	    sizeof(suite_cases[0])) : 0;
}

static const char *
suite_name(int i)
{
	static char name[16];
	const char *iana = tlshost_cipher_info_name(tlshost_cipher_by_id(
	    (uint16_t)suite_cases[i]), TLSHOST_DIALECT_IANA);

	snprintf(name, sizeof(name), "0x%04x", suite_cases[i] & 0xffff);
	return iana != NULL ? iana : name;
}

START_TEST(a_suite_is_negotiated_alone)
{
	setup s = { .suite = (uint16_t)suite_cases[_i],
	    .certificate = suite_cases[_i] >> 16 ? "ecdsa" : "rsa" };
	pair p = connected_pair(&s);
	char text[8];
	size_t n;

	ck_assert_uint_eq(tlshost_buffer_cipher(p.client), s.suite);
	ck_assert_uint_eq(tlshost_buffer_cipher(p.server), s.suite);
	assert_status(tlshost_buffer_write(p.client, "x", 1, &n), TLSHOST_OK);
	assert_status(read_from(&p, p.server, text, 8, &n), TLSHOST_OK);
	ck_assert_uint_eq(n, 1);
	free_pair(&p);
}
END_TEST

START_TEST(every_backend_has_the_suites_that_must_be_there)
{
	/* What every server of TLS 1.2 speaks, and RFC 8446, 9.1. */
	static const uint16_t ids[] = { 0xc02b, 0xc02c, 0xc02f, 0xc030,
	    0xcca8, 0xcca9 }, ids13[] = { 0x1301, 0x1302, 0x1303 };
	tlshost_backend *backends[] = { client_backend, server_backend };

	for (size_t k = 0; k < 2; k++) {
		for (size_t i = 0; i < LEN(ids); i++)
			ck_assert_int_eq(backend_has_suite(backends[k],
			    ids[i]), 1);
		/* And none of a version that it lacks. */
		for (size_t i = 0; i < LEN(ids13); i++)
			ck_assert_int_eq(backend_has_suite(backends[k],
			    ids13[i]), backend_has_version(backends[k], V13));
	}
}
END_TEST

static const struct {
	const char *name;
	tlshost_version version;
	uint16_t client, server;
} strangers[] = {
	{ "TLS 1.2", V12, 0xc02f, 0xc030 },
	{ "TLS 1.3", V13, 0x1301, 0x1302 },
};

static const char *
stranger_name(int i)
{
	return strangers[i].name;
}

START_TEST(without_a_common_suite_there_is_no_overlap)
{
	setup s = { .version = strangers[_i].version,
	    .suite = strangers[_i].client,
	    .server_suite = strangers[_i].server };
	pair p;

	handshake_ends(&s, TLSHOST_ALERT_RECEIVED, TLSHOST_NO_OVERLAP, &p);
	ck_assert_int_eq(tlshost_error_alert_received(
	    tlshost_buffer_error(p.client)), 40);
	ck_assert_int_eq(tlshost_error_alert_sent(
	    tlshost_buffer_error(p.server)), 40);
	free_pair(&p);
}
END_TEST

static pair
pair_with_server_suites(const uint16_t *ids, size_t len, const setup *s)
{
	tlshost_config *client = client_config(s), *base = server_config(s);
	tlshost_config_builder *builder;
	tlshost_config *server;
	pair p;

	assert_status(tlshost_config_builder_new(base, &builder), TLSHOST_OK);
	assert_status(tlshost_config_builder_set_ciphers(builder, ids, len),
	    TLSHOST_OK);
	assert_status(tlshost_config_builder_build(builder, &server, NULL),
	    TLSHOST_OK);
	p = pair_of(client, server, s);
	tlshost_config_builder_free(builder);
	tlshost_config_unref(client);
	tlshost_config_unref(base);
	tlshost_config_unref(server);
	return p;
}

static const uint16_t orders[][2] = {
	{ 0xc030, 0xc02f }, { 0x1302, 0x1301 }, { 0xc02f, 0xc030 },
	{ 0x1301, 0x1302 }, { 0xcca8, 0xc02f }, { 0x1303, 0x1301 },
};

static const char *
order_name(int i)
{
	static char name[32];

	snprintf(name, sizeof(name), "0x%04x before 0x%04x", orders[i][0],
	    orders[i][1]);
	return name;
}

START_TEST(the_servers_order_of_suites_wins)
{
	tlshost_status client, server;
	pair p = pair_with_server_suites(orders[_i], 2, &(setup){
	    .version = versions[_i % 2] });

	shake_hands(&p, &client, &server);
	assert_status(client, TLSHOST_OK);
	assert_status(server, TLSHOST_OK);
	ck_assert_uint_eq(tlshost_buffer_cipher(p.client), orders[_i][0]);
	free_pair(&p);
}
END_TEST

START_TEST(the_server_chooses_among_two_kinds_of_certificates)
{
	static const uint16_t ids[] = { 0xc02f, 0xc02b };
	static const char *const kinds[] = { "RSA", "ECDSA" };

	for (size_t i = 0; i < 2; i++) {
		setup s = { .version = V12, .certificate = "rsa",
		    .more_certificate = "ecdsa", .suite = ids[i] };
		pair p;

		/* The server has both suites, the client one of them. */
		p = pair_with_server_suites(ids, 2, &s);
		shake_hands(&p, &(tlshost_status){ 0 },
		    &(tlshost_status){ 0 });
		ck_assert_uint_eq(tlshost_buffer_cipher(p.client), ids[i]);
		ck_assert_str_eq(tlshost_cipher_info_authentication(
		    tlshost_cipher_by_id(tlshost_buffer_cipher(p.server))),
		    kinds[i]);
		free_pair(&p);
	}
}
END_TEST

/* In whatever order they were configured. */
START_TEST(a_client_that_takes_both_kinds_sees_ecdsa)
{
	static const char *const kinds[] = { "rsa", "ecdsa" };
	tlshost_chain *chain = load_chain("ecdsa");
	const uint8_t *wanted, *seen;
	size_t len;

	len = tlshost_certificate_der(tlshost_chain_at(chain, 0), &wanted);
	for (size_t i = 0; i < 2; i++) {
		setup s = { .version = versions[_i], .certificate = kinds[i],
		    .more_certificate = kinds[1 - i] };
		pair p = connected_pair(&s);

		ck_assert_uint_eq(tlshost_verification_chain_at(
		    tlshost_buffer_verification(p.client), 0, &seen), len);
		ck_assert_mem_eq(seen, wanted, len);
		free_pair(&p);
	}
	tlshost_chain_unref(chain);
}
END_TEST

/* ------------------------------------------------------------------------
 * Protocols (RFC 7301)
 */

static const struct {
	const char *client, *server, *agreed;
} alpn[] = {
	{ "h2", "h2", "h2" },
	{ "h2,http/1.1", "http/1.1,h2", "http/1.1" },
	{ "http/1.1,h2", "h2,http/1.1", "h2" },
	{ "a,b,c,d", "d,c", "d" },
	{ "h2", NULL, NULL },
	{ NULL, "h2", NULL },
	{ NULL, NULL, NULL },
	{ "h2", "H2", NULL },
	{ "h2,spdy", "h2c", NULL },
	{ "x", "x,y", "x" },
};

static const char *
alpn_name(int i)
{
	static char name[64];

	snprintf(name, sizeof(name), "%s: %s with %s", version_of(i % 2),
	    alpn[i / 2].client != NULL ? alpn[i / 2].client : "none",
	    alpn[i / 2].server != NULL ? alpn[i / 2].server : "none");
	return name;
}

START_TEST(the_servers_order_of_protocols_wins)
{
	const char *agreed = alpn[_i / 2].agreed;
	setup s = { .version = versions[_i % 2],
	    .client_alpn = alpn[_i / 2].client,
	    .server_alpn = alpn[_i / 2].server };
	pair p = connected_pair(&s);
	tlshost_protocol client, server;

	client = tlshost_buffer_negotiated_protocol(p.client);
	server = tlshost_buffer_negotiated_protocol(p.server);
	ck_assert_uint_eq(client.len, agreed != NULL ? strlen(agreed) : 0);
	ck_assert_uint_eq(server.len, client.len);
	if (agreed != NULL) {
		ck_assert_mem_eq(client.data, agreed, client.len);
		ck_assert_mem_eq(server.data, agreed, server.len);
	} else {
		ck_assert_ptr_null(client.data);
	}
	free_pair(&p);
}
END_TEST

START_TEST(a_protocol_is_bytes_not_text)
{
	/* A NUL is refused by name where it cannot be had: see findings. */
	const uint8_t nul = backend_can(client_backend,
	    TLSHOST_CAPABILITY_PROTOCOL_NUL) && backend_can(server_backend,
	    TLSHOST_CAPABILITY_PROTOCOL_NUL) ? 0x00 : 0x01;
	const uint8_t name[] = { nul, 0xff, ',', 0x0a, nul };
	const tlshost_protocol protocol = { name, sizeof(name) };
	setup s = { .version = versions[_i], .protocols = &protocol,
	    .protocols_len = 1 };
	pair p = connected_pair(&s);

	ck_assert_uint_eq(tlshost_buffer_negotiated_protocol(p.client).len,
	    sizeof(name));
	ck_assert_mem_eq(tlshost_buffer_negotiated_protocol(p.server).data,
	    name, sizeof(name));
	free_pair(&p);
}
END_TEST

START_TEST(as_many_and_as_long_protocols_as_the_backend_says)
{
	static uint8_t names[16][255];
	tlshost_protocol list[16];
	size_t client_max = tlshost_backend_protocols_max(client_backend);
	size_t server_max = tlshost_backend_protocols_max(server_backend);
	size_t count = 16, len = 255;
	pair p;

	if (client_max != 0 && client_max < count)
		count = client_max;
	if (server_max != 0 && server_max < count)
		count = server_max;
	if (tlshost_backend_protocol_max_len(client_backend) < len)
		len = tlshost_backend_protocol_max_len(client_backend);
	if (tlshost_backend_protocol_max_len(server_backend) < len)
		len = tlshost_backend_protocol_max_len(server_backend);
	for (size_t i = 0; i < count; i++) {
		memset(names[i], 'a' + (int)i, len);
		list[i] = (tlshost_protocol){ names[i], len };
	}
	p = connected_pair(&(setup){ .version = versions[_i],
	    .protocols = list, .protocols_len = count });
	ck_assert_uint_eq(tlshost_buffer_negotiated_protocol(p.client).len,
	    len);
	ck_assert_mem_eq(tlshost_buffer_negotiated_protocol(p.client).data,
	    names[0], len);
	free_pair(&p);
}
END_TEST

/* ------------------------------------------------------------------------
 * Getters
 */

START_TEST(nothing_is_known_before_the_handshake)
{
	pair p = make_pair(&(setup){ .version = versions[_i] });

	for (int i = 0; i < 2; i++) {
		tlshost_buffer *buffer = i ? p.server : p.client;

		ck_assert_uint_eq(tlshost_buffer_cipher(buffer), 0);
		ck_assert_int_eq(tlshost_buffer_negotiated_tls_version(
		    buffer), TLSHOST_VERSION_NONE);
		ck_assert_ptr_null(tlshost_buffer_negotiated_protocol(
		    buffer).data);
		ck_assert_uint_eq(tlshost_buffer_group(buffer), 0);
		ck_assert_uint_eq(tlshost_buffer_signature(buffer), 0);
		ck_assert_ptr_null(tlshost_buffer_verification(buffer));
		ck_assert_ptr_null(tlshost_buffer_server_name(buffer));
		ck_assert_ptr_null(tlshost_buffer_error(buffer));
		ck_assert_uint_eq(tlshost_buffer_pending(buffer), 0);
		ck_assert_int_eq(tlshost_buffer_shutdown_sent(buffer), 0);
		ck_assert_int_eq(tlshost_buffer_shutdown_received(buffer), 0);
	}
	ck_assert_ptr_eq(tlshost_buffer_backend(p.client), client_backend);
	ck_assert_ptr_eq(tlshost_buffer_backend(p.server), server_backend);
	ck_assert_ptr_nonnull(tlshost_buffer_client_context(p.client));
	ck_assert_ptr_null(tlshost_buffer_server_context(p.client));
	ck_assert_ptr_nonnull(tlshost_buffer_server_context(p.server));
	ck_assert_ptr_null(tlshost_buffer_client_context(p.server));
	free_pair(&p);
}
END_TEST

START_TEST(group_and_signature_are_told_alike)
{
	pair p = connected_pair(&(setup){ .version = versions[_i],
	    .certificate = "ecdsa" });

	ck_assert_uint_eq(tlshost_buffer_group(p.client),
	    tlshost_buffer_group(p.server));
	/* x25519 is what all of them like best. */
	ck_assert_uint_eq(tlshost_buffer_group(p.client), 29);
	ck_assert_uint_eq(tlshost_buffer_signature(p.client), 0x0403);
	free_pair(&p);
}
END_TEST

START_TEST(a_handshake_that_is_done_is_done)
{
	pair p = connected_pair(&(setup){ .version = versions[_i] });

	assert_status(tlshost_buffer_do_handshake(p.client), TLSHOST_OK);
	assert_status(tlshost_buffer_do_handshake(p.server), TLSHOST_OK);
	ck_assert_ptr_null(tlshost_buffer_error(p.client));
	free_pair(&p);
}
END_TEST

void
handshake_claims(Suite *suite)
{
	TCase *group = claim_group(suite, "handshake");

	ADD_BOTH(a_handshake_agrees_on_everything);
	ADD_BOTH(a_handshake_works_byte_by_byte);
	ADD_BOTH(nothing_is_known_before_the_handshake);
	ADD_BOTH(group_and_signature_are_told_alike);
	ADD_BOTH(a_handshake_that_is_done_is_done);
	ADD_BOTH(a_peer_that_hangs_up_at_once_is_ragged);
	add_claims(group, plain_text_is_recognised_by_clients_and_servers,
	    2 * (int)LEN(plain), plain_name);
	group = claim_group(suite, "versions");
	add_claims(group, the_newest_version_that_both_allow_is_used,
	    (int)LEN(ranges), range_name);
	group = claim_group(suite, "suites");
	add_claim(group, every_backend_has_the_suites_that_must_be_there);
	list_suite_cases();
	add_claims(group, a_suite_is_negotiated_alone, suite_cases_len,
	    suite_name);
	add_versions(group, without_a_common_suite_there_is_no_overlap,
	    (int)LEN(strangers), stranger_name);
	add_versions(group, the_servers_order_of_suites_wins, (int)LEN(orders),
	    order_name);
	add_claim(group, the_server_chooses_among_two_kinds_of_certificates);
	ADD_BOTH(a_client_that_takes_both_kinds_sees_ecdsa);
	group = claim_group(suite, "protocols");
	add_versions(group, the_servers_order_of_protocols_wins,
	    2 * (int)LEN(alpn), alpn_name);
	ADD_BOTH(a_protocol_is_bytes_not_text);
	ADD_BOTH(as_many_and_as_long_protocols_as_the_backend_says);
}

/* SPDX-License-Identifier: MIT */
/* Configurations: what a backend makes of them, and what it says about it. */
#include "config.h"

#include <pthread.h>
#include <stdio.h>

#include "claims.h"

/* How many findings there are about a field, of that severity. */
static size_t
findings_of(tlshost_config *config, tlshost_role role, tlshost_field field,
    tlshost_severity severity)
{
	tlshost_findings *findings;
	size_t count = 0;

	assert_status(tlshost_backend_check_config(client_backend, config,
	    role, &findings, NULL), TLSHOST_OK);
	for (size_t i = 0; i < tlshost_findings_len(findings); i++) {
		ck_assert_uint_gt(strlen(tlshost_findings_text(findings, i)),
		    5);
		count += tlshost_findings_field(findings, i) == field &&
		    tlshost_findings_severity(findings, i) == severity;
	}
	tlshost_findings_free(findings);
	return count;
}

static size_t
errors_of(tlshost_config *config, tlshost_role role, tlshost_field field)
{
	return findings_of(config, role, field, TLSHOST_SEVERITY_ERROR);
}

/* The finding stands for the failure: a context fails with the same words. */
static void
assert_unusable(tlshost_config *config, tlshost_role role, tlshost_field field)
{
	tlshost_client_context *client = NULL;
	tlshost_server_context *server = NULL;
	tlshost_error *error = NULL;

	ck_assert_uint_ge(errors_of(config, role, field), 1);
	if (role == TLSHOST_ROLE_CLIENT)
		assert_fails(tlshost_client_context_new(client_backend, config,
		    &client, &error), TLSHOST_BAD_CONFIG, error,
		    tlshost_field_name(field));
	else
		assert_fails(tlshost_server_context_new(client_backend, config,
		    &server, &error), TLSHOST_BAD_CONFIG, error,
		    tlshost_field_name(field));
	ck_assert_ptr_null(client);
	ck_assert_ptr_null(server);
}

static tlshost_config_builder *
builder_on(tlshost_config *config)
{
	tlshost_config_builder *builder;

	assert_status(tlshost_config_builder_new(config, &builder),
	    TLSHOST_OK);
	return builder;
}

static tlshost_config *
build(tlshost_config_builder *builder)
{
	tlshost_config *config;

	assert_status(tlshost_config_builder_build(builder, &config, NULL),
	    TLSHOST_OK);
	tlshost_config_builder_free(builder);
	return config;
}

static const char *
role_name(int i)
{
	return i == 0 ? "client" : "server";
}

static tlshost_role
role_at(int i)
{
	return i == 0 ? TLSHOST_ROLE_CLIENT : TLSHOST_ROLE_SERVER;
}

START_TEST(the_default_configuration_has_no_errors)
{
	tlshost_config *config = server_config(&(setup){ 0 });

	for (int field = 0; field <= TLSHOST_FIELD_KEY_LOG; field++)
		ck_assert_uint_eq(errors_of(config, role_at(_i),
		    (tlshost_field)field), 0);
	tlshost_config_unref(config);
}
END_TEST

START_TEST(a_server_without_a_chain_is_an_error)
{
	tlshost_config *config = client_config(&(setup){ 0 });

	assert_unusable(config, TLSHOST_ROLE_SERVER,
	    TLSHOST_FIELD_CERTIFICATE_CHAIN);
	tlshost_config_unref(config);
}
END_TEST

/* "sub" may sign certificates alone. */
static const char *const unfit[] = { "weak", "sha1", "sub" };

static const char *
unfit_name(int i)
{
	static char name[32];

	snprintf(name, sizeof(name), "%s of a %s", unfit[i / 2],
	    i % 2 == 0 ? "client" : "server");
	return name;
}

/* One library refuses it, another sends it, and no peer takes it. */
START_TEST(a_chain_that_nobody_takes_is_an_error)
{
	setup s = { .certificate = unfit[_i / 2] };
	tlshost_config *config = server_config(&s);

	assert_unusable(config, _i % 2 == 0 ? TLSHOST_ROLE_CLIENT :
	    TLSHOST_ROLE_SERVER, TLSHOST_FIELD_CERTIFICATE_CHAIN);
	tlshost_config_unref(config);
}
END_TEST

/* Each library would show another one. */
START_TEST(two_chains_for_the_same_kind_of_key_are_an_error)
{
	static const char *const kinds[][2] = { { "rsa", "rsa3072" },
	    { "ecdsa", "ec384" } };

	for (size_t i = 0; i < LEN(kinds); i++) {
		tlshost_config *config = server_config(&(setup){
		    .certificate = kinds[i][0],
		    .more_certificate = kinds[i][1] });

		assert_unusable(config, TLSHOST_ROLE_SERVER,
		    TLSHOST_FIELD_CERTIFICATE_CHAIN);
		tlshost_config_unref(config);
	}
}
END_TEST

START_TEST(a_client_with_two_chains_is_an_error)
{
	tlshost_config *config = server_config(&(setup){
	    .more_certificate = "ecdsa" });

	assert_unusable(config, TLSHOST_ROLE_CLIENT,
	    TLSHOST_FIELD_CERTIFICATE_CHAIN);
	tlshost_config_unref(config);
}
END_TEST

START_TEST(a_server_that_asks_and_trusts_nobody_is_an_error)
{
	tlshost_config *base = server_config(&(setup){
	    .client_auth = TLSHOST_CLIENT_AUTH_REQUEST }), *config;
	tlshost_config_builder *builder = builder_on(base);

	assert_status(tlshost_config_builder_clear(builder,
	    TLSHOST_FIELD_TRUST_STORE), TLSHOST_OK);
	config = build(builder);
	assert_unusable(config, TLSHOST_ROLE_SERVER,
	    TLSHOST_FIELD_TRUST_STORE);
	tlshost_config_unref(config);
	tlshost_config_unref(base);
}
END_TEST

START_TEST(a_suite_that_nobody_has_is_an_error)
{
	tlshost_config *config = server_config(&(setup){ .suite = 0xfefe });

	assert_unusable(config, role_at(_i), TLSHOST_FIELD_CIPHERS);
	tlshost_config_unref(config);
}
END_TEST

START_TEST(a_suite_for_no_allowed_version_is_an_error)
{
	tlshost_config *config = server_config(&(setup){ .suite = 0x1301,
	    .version = TLSHOST_VERSION_TLSV1_2 });

	assert_unusable(config, role_at(_i), TLSHOST_FIELD_CIPHERS);
	tlshost_config_unref(config);
}
END_TEST

/* What the keyUsage of an RSA certificate leaves of two suites. */
static const struct {
	const char *name, *certificate;
	tlshost_version version;
	uint16_t first, second, in_effect; /* 0: none, an error */
} uses[] = {
	{ "signing, and a suite that decrypts", "signing-only",
	    TLSHOST_VERSION_TLSV1_2, 0x9c, 0x9c, 0 },
	{ "signing, and both", "signing-only", TLSHOST_VERSION_TLSV1_2,
	    0x9c, 0xc02f, 0xc02f },
	{ "decrypting, and a suite that signs", "decrypting-only",
	    TLSHOST_VERSION_TLSV1_2, 0xc02f, 0xc02f, 0 },
	{ "decrypting, and both", "decrypting-only", TLSHOST_VERSION_TLSV1_2,
	    0xc02f, 0x9c, 0x9c },
	{ "decrypting, and TLS 1.3", "decrypting-only",
	    TLSHOST_VERSION_TLSV1_3, 0x1301, 0x1302, 0 },
};

static const char *
use_name(int i)
{
	return uses[i].name;
}

START_TEST(a_certificate_is_for_what_its_key_usage_allows)
{
	const uint16_t ids[] = { uses[_i].first, uses[_i].second };
	setup s = { .version = uses[_i].version,
	    .certificate = uses[_i].certificate };
	tlshost_config *base = server_config(&s), *config;
	tlshost_config_builder *builder = builder_on(base);
	tlshost_server_context *context;
	const uint16_t *in_effect;

	assert_status(tlshost_config_builder_set_ciphers(builder, ids,
	    ids[0] == ids[1] ? 1 : 2), TLSHOST_OK);
	config = build(builder);
	if (uses[_i].in_effect == 0) {
		assert_unusable(config, TLSHOST_ROLE_SERVER,
		    !backend_has_version(client_backend, uses[_i].version) ?
		    TLSHOST_FIELD_LOWEST_SUPPORTED_VERSION :
		    TLSHOST_FIELD_CIPHERS);
	} else {
		ck_assert_uint_eq(findings_of(config, TLSHOST_ROLE_SERVER,
		    TLSHOST_FIELD_CIPHERS, TLSHOST_SEVERITY_INFO), 1);
		assert_status(tlshost_server_context_new(client_backend,
		    config, &context, NULL), TLSHOST_OK);
		ck_assert_uint_eq(tlshost_server_context_ciphers(context,
		    &in_effect), 1);
		ck_assert_uint_eq(in_effect[0], uses[_i].in_effect);
		tlshost_server_context_unref(context);
	}
	tlshost_config_unref(config);
	tlshost_config_unref(base);
}
END_TEST

START_TEST(a_suite_for_another_kind_of_key_is_an_error)
{
	tlshost_config *config = server_config(&(setup){ .suite = 0xc02b,
	    .version = TLSHOST_VERSION_TLSV1_2 });

	assert_unusable(config, TLSHOST_ROLE_SERVER, TLSHOST_FIELD_CIPHERS);
	tlshost_config_unref(config);
}
END_TEST

START_TEST(an_unknown_suite_among_others_is_a_warning)
{
	static const uint16_t ids[] = { 0x1301, 0xfefe, 0xc02f };
	tlshost_config *base = server_config(&(setup){ 0 }), *config;
	tlshost_config_builder *builder = builder_on(base);

	assert_status(tlshost_config_builder_set_ciphers(builder, ids,
	    LEN(ids)), TLSHOST_OK);
	config = build(builder);
	ck_assert_uint_eq(findings_of(config, role_at(_i),
	    TLSHOST_FIELD_CIPHERS, TLSHOST_SEVERITY_WARNING),
	    1u + !backend_has_suite(client_backend, ids[0]));
	ck_assert_uint_eq(errors_of(config, role_at(_i),
	    TLSHOST_FIELD_CIPHERS), 0);
	tlshost_config_unref(config);
	tlshost_config_unref(base);
}
END_TEST

START_TEST(versions_that_a_backend_lacks_are_an_error)
{
	static const tlshost_version all[] = { TLSHOST_VERSION_TLSV1,
	    TLSHOST_VERSION_TLSV1_1, TLSHOST_VERSION_TLSV1_2,
	    TLSHOST_VERSION_TLSV1_3 };

	for (size_t i = 0; i < LEN(all); i++) {
		tlshost_config *config = server_config(&(setup){
		    .version = all[i] });

		/* The bound is named that would have to be moved. */
		if (!backend_has_version(client_backend, all[i]))
			assert_unusable(config, role_at(_i), all[i] <
			    tlshost_backend_lowest_version(client_backend) ?
			    TLSHOST_FIELD_HIGHEST_SUPPORTED_VERSION :
			    TLSHOST_FIELD_LOWEST_SUPPORTED_VERSION);
		tlshost_config_unref(config);
	}
}
END_TEST

START_TEST(an_old_version_without_a_suite_for_it_is_an_error)
{
	tlshost_config *config = server_config(&(setup){ .suite = 0xc02f,
	    .version = TLSHOST_VERSION_TLSV1_1 });

	ck_assert_uint_ge(errors_of(config, role_at(_i),
	    tlshost_backend_lowest_version(client_backend) >
	    TLSHOST_VERSION_TLSV1_1 ? TLSHOST_FIELD_HIGHEST_SUPPORTED_VERSION :
	    TLSHOST_FIELD_CIPHERS), 1);
	tlshost_config_unref(config);
}
END_TEST

START_TEST(more_protocols_than_the_backend_takes_are_an_error)
{
	size_t max = tlshost_backend_protocols_max(client_backend);
	static uint8_t names[256];
	tlshost_protocol list[256];
	tlshost_config *config;

	if (max == 0 || max >= LEN(list))
		return; /* as many as can be said in a hello */
	for (size_t i = 0; i <= max; i++) {
		names[i] = (uint8_t)i;
		list[i] = (tlshost_protocol){ &names[i], 1 };
	}
	config = server_config(&(setup){ .protocols = list,
	    .protocols_len = max + 1 });
	assert_unusable(config, role_at(_i), TLSHOST_FIELD_INNER_PROTOCOLS);
	tlshost_config_unref(config);
}
END_TEST

START_TEST(a_longer_protocol_than_the_backend_takes_is_an_error)
{
	size_t max = tlshost_backend_protocol_max_len(client_backend);
	static uint8_t name[256];
	const tlshost_protocol protocol = { name, max + 1 };
	tlshost_config *config;

	if (max >= 255)
		return; /* as long as can be said in a hello */
	config = server_config(&(setup){ .protocols = &protocol,
	    .protocols_len = 1 });
	assert_unusable(config, role_at(_i), TLSHOST_FIELD_INNER_PROTOCOLS);
	tlshost_config_unref(config);
}
END_TEST

/* Some libraries have strings for protocols. */
START_TEST(a_protocol_with_a_nul_is_taken_or_refused_by_name)
{
	const tlshost_protocol protocol = { (const uint8_t *)"a\0b", 3 };
	tlshost_config *config = server_config(&(setup){
	    .protocols = &protocol, .protocols_len = 1 });

	if (backend_can(client_backend, TLSHOST_CAPABILITY_PROTOCOL_NUL))
		ck_assert_uint_eq(errors_of(config, role_at(_i),
		    TLSHOST_FIELD_INNER_PROTOCOLS), 0);
	else
		assert_unusable(config, role_at(_i),
		    TLSHOST_FIELD_INNER_PROTOCOLS);
	tlshost_config_unref(config);
}
END_TEST

START_TEST(verification_is_off_or_refused_by_name)
{
	tlshost_config *config = client_config(&(setup){ .no_verify = 1 });

	ck_assert_uint_eq(errors_of(config, TLSHOST_ROLE_CLIENT,
	    TLSHOST_FIELD_VALIDATE_CERTIFICATES),
	    !backend_can(client_backend, TLSHOST_CAPABILITY_NO_VERIFY));
	tlshost_config_unref(config);
}
END_TEST

static void
ignore_line(const char *line, size_t len, void *userdata)
{
	(void)line;
	(void)len;
	(void)userdata;
}

START_TEST(a_key_log_is_kept_or_refused_by_name)
{
	tlshost_config *config = client_config(&(setup){
	    .key_log = ignore_line });

	ck_assert_uint_eq(errors_of(config, TLSHOST_ROLE_CLIENT,
	    TLSHOST_FIELD_KEY_LOG),
	    !backend_can(client_backend, TLSHOST_CAPABILITY_KEY_LOG));
	tlshost_config_unref(config);
}
END_TEST

START_TEST(what_a_client_does_not_use_is_told)
{
	tlshost_config *config = server_config(&(setup){
	    .client_auth = TLSHOST_CLIENT_AUTH_REQUEST });

	ck_assert_uint_eq(findings_of(config, TLSHOST_ROLE_CLIENT,
	    TLSHOST_FIELD_CLIENT_AUTH, TLSHOST_SEVERITY_WARNING), 1);
	tlshost_config_unref(config);
}
END_TEST

START_TEST(the_suites_in_effect_are_those_asked_for)
{
	tlshost_config *config;
	tlshost_client_context *client;
	tlshost_server_context *server;
	const uint16_t *asked, *got;
	size_t asked_len, got_len;

	/* A server with certificates of both kinds. */
	config = _i == 0 ? client_config(&(setup){ 0 }) :
	    server_config(&(setup){ .more_certificate = "ecdsa" });
	asked_len = 0;
	for (size_t i = 0; i < tlshost_config_ciphers(config, &asked); i++)
		asked_len += (size_t)backend_has_suite(client_backend,
		    asked[i]);
	/* The default list is one that every library can offer whole, save for
	 * versions that it lacks. */
	if (_i == 0) {
		assert_status(tlshost_client_context_new(client_backend,
		    config, &client, NULL), TLSHOST_OK);
		got_len = tlshost_client_context_ciphers(client, &got);
		ck_assert_uint_eq(got_len, asked_len);
		tlshost_client_context_unref(client);
	} else {
		assert_status(tlshost_server_context_new(client_backend,
		    config, &server, NULL), TLSHOST_OK);
		got_len = tlshost_server_context_ciphers(server, &got);
		ck_assert_uint_eq(got_len, asked_len);
		tlshost_server_context_unref(server);
	}
	tlshost_config_unref(config);
}
END_TEST

START_TEST(one_suite_is_offered_as_one)
{
	static const uint16_t ids[] = { 0xc02f, 0x1302 };

	for (size_t i = 0; i < LEN(ids); i++) {
		tlshost_config *config = client_config(&(setup){
		    .suite = ids[i] });
		tlshost_client_context *context;
		const uint16_t *got;

		if (!backend_has_suite(client_backend, ids[i])) {
			assert_unusable(config, TLSHOST_ROLE_CLIENT,
			    TLSHOST_FIELD_CIPHERS);
			tlshost_config_unref(config);
			continue;
		}
		assert_status(tlshost_client_context_new(client_backend,
		    config, &context, NULL), TLSHOST_OK);
		ck_assert_uint_eq(tlshost_client_context_ciphers(context,
		    &got), 1);
		ck_assert_uint_eq(got[0], ids[i]);
		tlshost_client_context_unref(context);
		tlshost_config_unref(config);
	}
}
END_TEST

/*
 * A list that no backend can be expected to like: what is dropped is told, one
 * by one, and what is not dropped is in effect.
 */
START_TEST(a_suite_is_in_effect_or_a_finding_tells_why_not)
{
	static const uint16_t ids[] = { 0x1301, 0xc02f, 0xc02c, 0xc013,
	    0x009c, 0xcca8 };
	tlshost_config *base = client_config(&(setup){ 0 }), *config;
	tlshost_config_builder *builder = builder_on(base);
	tlshost_client_context *context;
	const tlshost_findings *findings;
	const uint16_t *got;
	size_t len, has = 0, told = 0;

	for (size_t i = 0; i < LEN(ids); i++)
		has += (size_t)backend_has_suite(client_backend, ids[i]);
	assert_status(tlshost_config_builder_set_ciphers(builder, ids,
	    LEN(ids)), TLSHOST_OK);
	config = build(builder);
	assert_status(tlshost_client_context_new(client_backend, config,
	    &context, NULL), TLSHOST_OK);
	len = tlshost_client_context_ciphers(context, &got);
	findings = tlshost_client_context_findings(context);
	for (size_t i = 0; i < tlshost_findings_len(findings); i++)
		told += tlshost_findings_field(findings, i) ==
		    TLSHOST_FIELD_CIPHERS;
	ck_assert_uint_ge(len, 1);
	if (backend_can(client_backend, TLSHOST_CAPABILITY_CLIENT_SUITES_SET))
		ck_assert_uint_eq(len, has);
	if (len < LEN(ids))
		ck_assert_uint_ge(told, 1);
	tlshost_client_context_unref(context);
	tlshost_config_unref(config);
	tlshost_config_unref(base);
}
END_TEST

/* ------------------------------------------------------------------------
 * Lives
 */

START_TEST(a_context_keeps_what_it_is_made_of)
{
	tlshost_config *config = server_config(&(setup){ 0 });
	tlshost_client_context *context;
	tlshost_buffer *buffer;

	assert_status(tlshost_client_context_new(client_backend, config,
	    &context, NULL), TLSHOST_OK);
	tlshost_config_unref(config);
	ck_assert_ptr_eq(tlshost_client_context_config(context), config);
	ck_assert_ptr_eq(tlshost_client_context_backend(context),
	    client_backend);
	assert_status(tlshost_client_context_wrap_buffers(context, "srv.test",
	    &buffer, NULL), TLSHOST_OK);
	tlshost_client_context_unref(tlshost_client_context_ref(context));
	tlshost_client_context_unref(context);
	assert_status(tlshost_buffer_do_handshake(buffer), TLSHOST_WANT_READ);
	ck_assert_ptr_eq(tlshost_buffer_client_context(buffer), context);
	tlshost_buffer_free(buffer);
}
END_TEST

START_TEST(a_servers_context_keeps_what_it_is_made_of)
{
	tlshost_config *config = server_config(&(setup){ 0 });
	tlshost_server_context *context;
	tlshost_buffer *buffer;

	assert_status(tlshost_server_context_new(server_backend, config,
	    &context, NULL), TLSHOST_OK);
	tlshost_config_unref(config);
	ck_assert_ptr_eq(tlshost_server_context_config(context), config);
	ck_assert_ptr_eq(tlshost_server_context_backend(context),
	    server_backend);
	for (size_t i = 0; i < tlshost_findings_len(
	    tlshost_server_context_findings(context)); i++)
		ck_assert_int_ne(tlshost_findings_severity(
		    tlshost_server_context_findings(context), i),
		    TLSHOST_SEVERITY_ERROR);
	assert_status(tlshost_server_context_wrap_buffers(context, &buffer,
	    NULL), TLSHOST_OK);
	tlshost_server_context_unref(tlshost_server_context_ref(context));
	tlshost_server_context_unref(context);
	assert_status(tlshost_buffer_do_handshake(buffer), TLSHOST_WANT_READ);
	ck_assert_ptr_eq(tlshost_buffer_server_context(buffer), context);
	tlshost_buffer_free(buffer);
}
END_TEST

START_TEST(a_changed_copy_leaves_the_original)
{
	tlshost_config *base = server_config(&(setup){
	    .version = TLSHOST_VERSION_TLSV1_2 }), *config;
	tlshost_config_builder *builder = builder_on(base);

	tlshost_config_builder_set_lowest_version(builder,
	    TLSHOST_VERSION_TLSV1_3);
	tlshost_config_builder_set_highest_version(builder,
	    TLSHOST_VERSION_TLSV1_3);
	config = build(builder);
	for (int i = 0; i < 2; i++) {
		tlshost_config *client = client_config(&(setup){ 0 });
		tlshost_status is;
		pair p;

		/* The copy of a backend that lacks the version is none, and
		 * the original is as it was. */
		if (!both_have(versions[i])) {
			tlshost_config_unref(client);
			continue;
		}
		p = pair_of(client, i ? config : base, &(setup){ 0 });
		shake_hands(&p, &is, &is);
		ck_assert_int_eq(tlshost_buffer_negotiated_tls_version(
		    p.client), versions[i]);
		free_pair(&p);
		tlshost_config_unref(client);
	}
	tlshost_config_unref(config);
	tlshost_config_unref(base);
}
END_TEST

START_TEST(arguments_that_are_missing_are_named)
{
	tlshost_config *config = client_config(&(setup){ 0 });
	tlshost_client_context *context;
	tlshost_findings *findings;
	tlshost_error *error = NULL;

	assert_fails(tlshost_client_context_new(client_backend, NULL,
	    &context, &error), TLSHOST_INVALID_ARGUMENT, error, "config");
	assert_fails(tlshost_client_context_new(client_backend, config, NULL,
	    &error), TLSHOST_INVALID_ARGUMENT, error, "ret_context");
	assert_fails(tlshost_backend_check_config(client_backend, config,
	    (tlshost_role)0, &findings, &error), TLSHOST_INVALID_ARGUMENT,
	    error, "role");
	tlshost_config_unref(config);
}
END_TEST

static void *
make_contexts(void *result)
{
	tlshost_config *config = server_config(&(setup){
	    .client_auth = TLSHOST_CLIENT_AUTH_REQUEST });
	tlshost_client_context *client;
	tlshost_server_context *server;
	int *good = result;

	for (int i = 0; i < 5; i++) {
		if (tlshost_client_context_new(client_backend, config,
		    &client, NULL) != TLSHOST_OK ||
		    tlshost_server_context_new(client_backend, config,
		    &server, NULL) != TLSHOST_OK)
			break;
		tlshost_client_context_unref(client);
		tlshost_server_context_unref(server);
		++*good;
	}
	tlshost_config_unref(config);
	return NULL;
}

START_TEST(contexts_are_made_in_eight_threads_at_once)
{
	pthread_t threads[8];
	int good[8] = { 0 };

	for (int i = 0; i < 8; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL,
		    make_contexts, &good[i]), 0);
	for (int i = 0; i < 8; i++) {
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
		ck_assert_int_eq(good[i], 5);
	}
}
END_TEST

void
config_claims(Suite *suite)
{
	TCase *group = claim_group(suite, "findings");

#define ADD_ROLES(test) add_claims(group, test, 2, role_name)
	ADD_ROLES(the_default_configuration_has_no_errors);
	add_claim(group, a_server_without_a_chain_is_an_error);
	add_claims(group, a_chain_that_nobody_takes_is_an_error,
	    2 * (int)LEN(unfit), unfit_name);
	add_claim(group, two_chains_for_the_same_kind_of_key_are_an_error);
	add_claim(group, a_client_with_two_chains_is_an_error);
	add_claim(group, a_server_that_asks_and_trusts_nobody_is_an_error);
	ADD_ROLES(a_suite_that_nobody_has_is_an_error);
	ADD_ROLES(a_suite_for_no_allowed_version_is_an_error);
	add_claim(group, a_suite_for_another_kind_of_key_is_an_error);
	add_claims(group, a_certificate_is_for_what_its_key_usage_allows,
	    (int)LEN(uses), use_name);
	ADD_ROLES(an_unknown_suite_among_others_is_a_warning);
	ADD_ROLES(versions_that_a_backend_lacks_are_an_error);
	ADD_ROLES(an_old_version_without_a_suite_for_it_is_an_error);
	ADD_ROLES(more_protocols_than_the_backend_takes_are_an_error);
	ADD_ROLES(a_longer_protocol_than_the_backend_takes_is_an_error);
	ADD_ROLES(a_protocol_with_a_nul_is_taken_or_refused_by_name);
	add_claim(group, verification_is_off_or_refused_by_name);
	add_claim(group, a_key_log_is_kept_or_refused_by_name);
	add_claim(group, what_a_client_does_not_use_is_told);
	group = claim_group(suite, "configuration");
	ADD_ROLES(the_suites_in_effect_are_those_asked_for);
	add_claim(group, one_suite_is_offered_as_one);
	add_claim(group, a_suite_is_in_effect_or_a_finding_tells_why_not);
	add_claim(group, a_context_keeps_what_it_is_made_of);
	add_claim(group, a_servers_context_keeps_what_it_is_made_of);
	add_claim(group, a_changed_copy_leaves_the_original);
	add_claim(group, arguments_that_are_missing_are_named);
	add_claim(group, contexts_are_made_in_eight_threads_at_once);
}

/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "support.h"
#include "tlshost-insecure.h"

static tlshost_config_builder *builder;

static void
setup(void)
{
	assert_status(tlshost_config_builder_new(NULL, &builder), TLSHOST_OK);
}

static void
teardown(void)
{
	tlshost_config_builder_free(builder);
}

static tlshost_config *
build(void)
{
	tlshost_config *config;

	assert_status(tlshost_config_builder_build(builder, &config, NULL),
	    TLSHOST_OK);
	return config;
}

START_TEST(defaults_are_those_that_the_header_promises)
{
	tlshost_config *config = build();
	const uint16_t *ids, *defaults;
	size_t len;

	ck_assert_int_eq(tlshost_config_validate_certificates(config), 1);
	ck_assert_uint_eq(tlshost_config_chains_len(config), 0);
	len = tlshost_config_ciphers(config, &ids);
	ck_assert_uint_eq(len, tlshost_cipher_defaults(&defaults));
	ck_assert_mem_eq(ids, defaults, len * sizeof(*ids));
	ck_assert_uint_eq(tlshost_config_inner_protocols(config, NULL), 0);
	ck_assert_int_eq(tlshost_config_lowest_version(config),
	    TLSHOST_VERSION_TLSV1_2);
	ck_assert_int_eq(tlshost_config_highest_version(config),
	    TLSHOST_VERSION_MAXIMUM_SUPPORTED);
	ck_assert_ptr_null(tlshost_config_trust_store(config));
	ck_assert(tlshost_config_sni_callback(config, NULL) == NULL);
	ck_assert_int_eq(tlshost_config_client_auth(config),
	    TLSHOST_CLIENT_AUTH_NONE);
	ck_assert_int_eq(tlshost_config_strict_certificates(config), 0);
	tlshost_config_unref(config);
}
END_TEST

START_TEST(sslv2_and_sslv3_are_refused_by_name)
{
	static const tlshost_version versions[] = { TLSHOST_VERSION_SSLV2,
	    TLSHOST_VERSION_SSLV3 };
	tlshost_version version = versions[_i % 2];
	tlshost_error *error = NULL;
	tlshost_config *config;

	if (_i < 2)
		assert_status(tlshost_config_builder_set_lowest_version(builder,
		    version), TLSHOST_OK);
	else
		assert_status(tlshost_config_builder_set_highest_version(
		    builder, version), TLSHOST_OK);
	assert_fails(tlshost_config_builder_build(builder, &config, &error),
	    TLSHOST_BAD_CONFIG, error, tlshost_version_name(version));
}
END_TEST

START_TEST(a_lowest_version_above_the_highest_is_refused)
{
	tlshost_error *error = NULL;
	tlshost_config *config;

	assert_status(tlshost_config_builder_set_lowest_version(builder,
	    TLSHOST_VERSION_TLSV1_3), TLSHOST_OK);
	assert_status(tlshost_config_builder_set_highest_version(builder,
	    TLSHOST_VERSION_TLSV1_2), TLSHOST_OK);
	assert_fails(tlshost_config_builder_build(builder, &config, &error),
	    TLSHOST_BAD_CONFIG, error, "above");
}
END_TEST

START_TEST(numbers_that_are_no_version_are_invalid)
{
	static const int versions[] = { 0, 2999, 0x0305, -1, 0x10000 };

	assert_status(tlshost_config_builder_set_lowest_version(builder,
	    (tlshost_version)versions[_i]), TLSHOST_INVALID_ARGUMENT);
	assert_status(tlshost_config_builder_set_highest_version(builder,
	    (tlshost_version)versions[_i]), TLSHOST_INVALID_ARGUMENT);
}
END_TEST

START_TEST(an_empty_or_doubled_cipher_list_is_invalid)
{
	static const uint16_t twins[] = { 0x1301, 0xc02f, 0x1301 };
	static uint16_t many[65537];

	assert_status(tlshost_config_builder_set_ciphers(builder, twins, 0),
	    TLSHOST_INVALID_ARGUMENT);
	assert_status(tlshost_config_builder_set_ciphers(builder, NULL, 1),
	    TLSHOST_INVALID_ARGUMENT);
	assert_status(tlshost_config_builder_set_ciphers(builder, twins, 3),
	    TLSHOST_INVALID_ARGUMENT);
	assert_status(tlshost_config_builder_set_ciphers(builder, many, 65537),
	    TLSHOST_INVALID_ARGUMENT);
	assert_status(tlshost_config_builder_set_ciphers(builder, many,
	    SIZE_MAX), TLSHOST_INVALID_ARGUMENT);
}
END_TEST

START_TEST(any_16_bit_number_is_taken_as_a_cipher)
{
	static const uint16_t ids[] = { 0xfefe, 0x1302 };
	const uint16_t *got;
	tlshost_config *config;

	assert_status(tlshost_config_builder_set_ciphers(builder, ids, 2),
	    TLSHOST_OK);
	config = build();
	ck_assert_uint_eq(tlshost_config_ciphers(config, &got), 2);
	ck_assert_uint_eq(got[0], 0xfefe);
	tlshost_config_unref(config);
}
END_TEST

static uint8_t long_name[256];

static const struct {
	const char *what;
	tlshost_protocol list[3];
	size_t len;
} bad_protocols[] = {
	{ "empty name", { { (const uint8_t *)"", 0 } }, 1 },
	{ "name of 256 bytes", { { long_name, 256 } }, 1 },
	{ "no bytes", { { NULL, 2 } }, 1 },
	{ "twins", { TLSHOST_PROTOCOL_H2, TLSHOST_PROTOCOL_HTTP1,
	    TLSHOST_PROTOCOL_H2 }, 3 },
	{ "a length that cannot be", { TLSHOST_PROTOCOL_H2 }, SIZE_MAX },
};

START_TEST(protocol_names_that_cannot_be_are_invalid)
{
	ck_assert_msg(tlshost_config_builder_set_inner_protocols(builder,
	    bad_protocols[_i].list, bad_protocols[_i].len) ==
	    TLSHOST_INVALID_ARGUMENT, "%s", bad_protocols[_i].what);
}
END_TEST

START_TEST(protocols_are_copied_and_kept_in_order)
{
	uint8_t name[2] = { 'h', '2' };
	tlshost_protocol list[2] = { { name, 2 }, TLSHOST_PROTOCOL_HTTP1 };
	const tlshost_protocol *got;
	tlshost_config *config;

	assert_status(tlshost_config_builder_set_inner_protocols(builder, list,
	    2), TLSHOST_OK);
	name[0] = 'x';
	config = build();
	ck_assert_uint_eq(tlshost_config_inner_protocols(config, &got), 2);
	ck_assert_mem_eq(got[0].data, "h2", 2);
	ck_assert_mem_eq(got[1].data, "http/1.1", 8);
	tlshost_config_unref(config);
}
END_TEST

START_TEST(a_configuration_is_not_changed_by_its_builder)
{
	tlshost_config *config = build();

	assert_status(tlshost_config_builder_set_lowest_version(builder,
	    TLSHOST_VERSION_TLSV1_3), TLSHOST_OK);
	ck_assert_int_eq(tlshost_config_lowest_version(config),
	    TLSHOST_VERSION_TLSV1_2);
	tlshost_config_unref(config);
}
END_TEST

static tlshost_status
sni_nothing(tlshost_buffer *buffer, const char *name, tlshost_config *config,
    const tlshost_client_hello *hello, tlshost_sni_choice *choice, void *data)
{
	(void)buffer;
	(void)name;
	(void)config;
	(void)hello;
	(void)choice;
	(void)data;
	return TLSHOST_OK;
}

static void
key_log_nothing(const char *line, size_t len, void *data)
{
	(void)line;
	(void)len;
	(void)data;
}

static int destroyed;

static void
count_destroy(void *userdata)
{
	(void)userdata;
	destroyed++;
}

/* One change each, to tell configurations apart by. */
static void
change(tlshost_config_builder *b, int which)
{
	static const uint16_t ids[] = { 0x1301 };
	static const tlshost_protocol h2 = TLSHOST_PROTOCOL_H2;
	tlshost_trust_store *store;

	switch (which) {
	case 0:
		assert_status(tlshost_config_builder_insecure_no_verify(b),
		    TLSHOST_OK);
		break;
	case 1:
		assert_status(tlshost_config_builder_set_ciphers(b, ids, 1),
		    TLSHOST_OK);
		break;
	case 2:
		assert_status(tlshost_config_builder_set_inner_protocols(b,
		    &h2, 1), TLSHOST_OK);
		break;
	case 3:
		assert_status(tlshost_config_builder_set_lowest_version(b,
		    TLSHOST_VERSION_TLSV1_3), TLSHOST_OK);
		break;
	case 4:
		assert_status(tlshost_config_builder_set_highest_version(b,
		    TLSHOST_VERSION_TLSV1_2), TLSHOST_OK);
		break;
	case 5:
		assert_status(tlshost_trust_store_from_certificates(NULL, 0,
		    &store, NULL), TLSHOST_OK);
		assert_status(tlshost_config_builder_set_trust_store(b, store),
		    TLSHOST_OK);
		tlshost_trust_store_unref(store);
		break;
	case 6:
		assert_status(tlshost_config_builder_set_sni_callback(b,
		    sni_nothing, NULL, NULL), TLSHOST_OK);
		break;
	case 7:
		assert_status(tlshost_config_builder_set_client_auth(b,
		    TLSHOST_CLIENT_AUTH_REQUEST), TLSHOST_OK);
		break;
	case 8:
		assert_status(tlshost_config_builder_set_strict_certificates(b,
		    1), TLSHOST_OK);
		break;
	case 9:
		assert_status(tlshost_config_builder_insecure_key_log(b,
		    key_log_nothing, NULL, NULL), TLSHOST_OK);
		break;
	default:
		ck_abort_msg("no such change");
	}
}

#define CHANGES 10

static const tlshost_field changed_fields[CHANGES] = {
	TLSHOST_FIELD_VALIDATE_CERTIFICATES, TLSHOST_FIELD_CIPHERS,
	TLSHOST_FIELD_INNER_PROTOCOLS, TLSHOST_FIELD_LOWEST_SUPPORTED_VERSION,
	TLSHOST_FIELD_HIGHEST_SUPPORTED_VERSION, TLSHOST_FIELD_TRUST_STORE,
	TLSHOST_FIELD_SNI_CALLBACK, TLSHOST_FIELD_CLIENT_AUTH,
	TLSHOST_FIELD_STRICT_CERTIFICATES, TLSHOST_FIELD_KEY_LOG,
};

START_TEST(every_field_counts_for_equality)
{
	tlshost_config *plain = build(), *changed;

	change(builder, _i);
	changed = build();
	ck_assert_int_eq(tlshost_config_equal(plain, changed), 0);
	tlshost_config_unref(plain);
	tlshost_config_unref(changed);
}
END_TEST

START_TEST(equal_content_is_equal_and_hashes_alike)
{
	tlshost_config *first, *second;

	change(builder, _i);
	first = build();
	change(builder, _i);
	second = build();
	ck_assert_int_eq(tlshost_config_equal(first, second), 1);
	ck_assert_uint_eq(tlshost_config_hash(first),
	    tlshost_config_hash(second));
	tlshost_config_unref(first);
	tlshost_config_unref(second);
}
END_TEST

START_TEST(an_update_changes_one_field_and_keeps_the_rest)
{
	tlshost_config_builder *update;
	tlshost_config *base, *updated, *both;

	change(builder, _i);
	base = build();
	assert_status(tlshost_config_builder_new(base, &update), TLSHOST_OK);
	change(update, (_i + 1) % CHANGES);
	assert_status(tlshost_config_builder_build(update, &updated, NULL),
	    _i == 3 ? TLSHOST_BAD_CONFIG : TLSHOST_OK);
	if (_i != 3) {
		change(builder, (_i + 1) % CHANGES);
		both = build();
		ck_assert_int_eq(tlshost_config_equal(updated, both), 1);
		ck_assert_int_eq(tlshost_config_equal(updated, base), 0);
		tlshost_config_unref(both);
		tlshost_config_unref(updated);
	}
	tlshost_config_unref(base);
	tlshost_config_builder_free(update);
}
END_TEST

START_TEST(clearing_a_field_restores_its_default)
{
	tlshost_config *plain = build(), *cleared;

	change(builder, _i);
	assert_status(tlshost_config_builder_clear(builder,
	    changed_fields[_i]), TLSHOST_OK);
	cleared = build();
	ck_assert_int_eq(tlshost_config_equal(plain, cleared), 1);
	tlshost_config_unref(plain);
	tlshost_config_unref(cleared);
}
END_TEST

START_TEST(clearing_no_field_is_invalid)
{
	assert_status(tlshost_config_builder_clear(builder,
	    TLSHOST_FIELD_NONE), TLSHOST_INVALID_ARGUMENT);
	assert_status(tlshost_config_builder_clear(builder,
	    (tlshost_field)999), TLSHOST_INVALID_ARGUMENT);
}
END_TEST

START_TEST(what_belongs_to_a_callback_is_destroyed_once_at_the_end)
{
	tlshost_config *config;

	destroyed = 0;
	assert_status(tlshost_config_builder_set_sni_callback(builder,
	    sni_nothing, &destroyed, count_destroy), TLSHOST_OK);
	config = build();
	tlshost_config_builder_clear(builder, TLSHOST_FIELD_SNI_CALLBACK);
	ck_assert_int_eq(destroyed, 0);
	tlshost_config_unref(tlshost_config_ref(config));
	ck_assert_int_eq(destroyed, 0);
	tlshost_config_unref(config);
	ck_assert_int_eq(destroyed, 1);
	assert_status(tlshost_config_builder_set_sni_callback(builder, NULL,
	    &destroyed, count_destroy), TLSHOST_INVALID_ARGUMENT);
	ck_assert_int_eq(destroyed, 2);
	assert_status(tlshost_config_builder_set_sni_callback(NULL, sni_nothing,
	    &destroyed, count_destroy), TLSHOST_INVALID_ARGUMENT);
	ck_assert_int_eq(destroyed, 3);
}
END_TEST

START_TEST(chains_and_keys_are_those_that_were_added)
{
	static const uint8_t der[] = { 0x30, 0x03, 0x02, 0x01, 0x00 };
	tlshost_chain *chains[2];
	tlshost_private_key *keys[2];
	tlshost_config *config;

	for (int i = 0; i < 2; i++) {
		assert_status(tlshost_chain_from_memory(NULL, der, sizeof(der),
		    &chains[i], NULL), TLSHOST_OK);
		assert_status(tlshost_private_key_from_memory(NULL, der,
		    sizeof(der), NULL, 0, &keys[i], NULL), TLSHOST_OK);
		assert_status(tlshost_config_builder_add_certificate_chain(
		    builder, chains[i], keys[i]), TLSHOST_OK);
	}
	config = build();
	ck_assert_uint_eq(tlshost_config_chains_len(config), 2);
	for (size_t i = 0; i < 2; i++) {
		ck_assert_ptr_eq(tlshost_config_chain_at(config, i),
		    chains[i]);
		ck_assert_ptr_eq(tlshost_config_key_at(config, i), keys[i]);
		ck_assert(tlshost_certificate_equal(tlshost_chain_at(chains[0],
		    0), tlshost_chain_at(chains[i], 0)));
		ck_assert(!tlshost_certificate_equal(tlshost_chain_at(
		    chains[i], 0), NULL));
		tlshost_chain_unref(chains[i]);
		tlshost_private_key_unref(keys[i]);
	}
	ck_assert_ptr_null(tlshost_config_chain_at(config, 2));
	ck_assert_ptr_null(tlshost_config_key_at(config, SIZE_MAX));
	tlshost_config_unref(config);
}
END_TEST

START_TEST(null_is_an_invalid_argument_everywhere)
{
	tlshost_error *error = NULL;
	tlshost_config *config;
	uint16_t id = 1;

	assert_status(tlshost_config_builder_new(NULL, NULL),
	    TLSHOST_INVALID_ARGUMENT);
	assert_fails(tlshost_config_builder_build(NULL, &config, &error),
	    TLSHOST_INVALID_ARGUMENT, error, "builder");
	assert_fails(tlshost_config_builder_build(builder, NULL, &error),
	    TLSHOST_INVALID_ARGUMENT, error, "ret_config");
	assert_status(tlshost_config_builder_set_ciphers(NULL, &id, 1),
	    TLSHOST_INVALID_ARGUMENT);
	assert_status(tlshost_config_builder_set_inner_protocols(NULL, NULL, 0),
	    TLSHOST_INVALID_ARGUMENT);
	assert_status(tlshost_config_builder_set_trust_store(builder, NULL),
	    TLSHOST_INVALID_ARGUMENT);
	assert_status(tlshost_config_builder_add_certificate_chain(builder,
	    NULL, NULL), TLSHOST_INVALID_ARGUMENT);
	assert_status(tlshost_config_builder_set_client_auth(builder,
	    (tlshost_client_auth)3), TLSHOST_INVALID_ARGUMENT);
	assert_status(tlshost_config_builder_set_strict_certificates(builder,
	    2), TLSHOST_INVALID_ARGUMENT);
	assert_status(tlshost_config_builder_insecure_no_verify(NULL),
	    TLSHOST_INVALID_ARGUMENT);
	tlshost_config_builder_free(NULL);
	tlshost_config_unref(NULL);
	ck_assert_int_eq(tlshost_config_equal(NULL, NULL), 1);
}
END_TEST

static Suite *
config_suite(void)
{
	Suite *suite = suite_create("config");
	TCase *tcase = tcase_create("config");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, defaults_are_those_that_the_header_promises);
	tcase_add_loop_test(tcase, sslv2_and_sslv3_are_refused_by_name, 0, 4);
	tcase_add_test(tcase, a_lowest_version_above_the_highest_is_refused);
	tcase_add_loop_test(tcase, numbers_that_are_no_version_are_invalid, 0,
	    5);
	tcase_add_test(tcase, an_empty_or_doubled_cipher_list_is_invalid);
	tcase_add_test(tcase, any_16_bit_number_is_taken_as_a_cipher);
	tcase_add_loop_test(tcase, protocol_names_that_cannot_be_are_invalid,
	    0, (int)(sizeof(bad_protocols) / sizeof(bad_protocols[0])));
	tcase_add_test(tcase, protocols_are_copied_and_kept_in_order);
	tcase_add_test(tcase, a_configuration_is_not_changed_by_its_builder);
	tcase_add_loop_test(tcase, every_field_counts_for_equality, 0,
	    CHANGES);
	tcase_add_loop_test(tcase, equal_content_is_equal_and_hashes_alike, 0,
	    CHANGES);
	tcase_add_loop_test(tcase,
	    an_update_changes_one_field_and_keeps_the_rest, 0, CHANGES);
	tcase_add_loop_test(tcase, clearing_a_field_restores_its_default, 0,
	    CHANGES);
	tcase_add_test(tcase, clearing_no_field_is_invalid);
	tcase_add_test(tcase,
	    what_belongs_to_a_callback_is_destroyed_once_at_the_end);
	tcase_add_test(tcase, chains_and_keys_are_those_that_were_added);
	tcase_add_test(tcase, null_is_an_invalid_argument_everywhere);
	suite_add_tcase(suite, tcase);
	return suite;
}

int
main(void)
{
	return run_suite(config_suite());
}

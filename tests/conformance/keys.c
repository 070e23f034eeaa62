/* SPDX-License-Identifier: MIT */
/* Private keys: every form, and four errors told apart. */
#include "config.h"

#include <stdio.h>

#include "claims.h"

static const struct key_case {
	const char *file, *certificate, *password;
	tlshost_status status;
	tlshost_capability needs;
} keys[] = {
	{ "rsa.pkcs8.pem", "rsa", NULL, TLSHOST_OK, 0 },
	{ "rsa.pkcs8.der", "rsa", NULL, TLSHOST_OK, 0 },
	{ "rsa.pkcs1.pem", "rsa", NULL, TLSHOST_OK, 0 },
	{ "rsa.pkcs1.der", "rsa", NULL, TLSHOST_OK, 0 },
	{ "ecdsa.sec1.pem", "ecdsa", NULL, TLSHOST_OK, 0 },
	{ "ecdsa.sec1.der", "ecdsa", NULL, TLSHOST_OK, 0 },
	{ "ecdsa.key", "ecdsa", NULL, TLSHOST_OK, 0 },
	{ "ec384.key", "ec384", NULL, TLSHOST_OK, 0 },
	{ "ec521.key", "ec521", NULL, TLSHOST_OK, 0 },
	{ "rsa3072.key", "rsa3072", NULL, TLSHOST_OK, 0 },
	{ "ed25519.key", "ed25519", NULL, TLSHOST_OK,
	    TLSHOST_CAPABILITY_ED25519 },
	{ "pss.key", "pss", NULL, TLSHOST_OK, TLSHOST_CAPABILITY_PSS_KEYS },
	{ "rsa.pkcs8.der", "rsa", "not needed", TLSHOST_OK, 0 },
	{ "rsa.encrypted.pem", "rsa", "secret", TLSHOST_OK, 0 },
	{ "rsa.encrypted.der", "rsa", "secret", TLSHOST_OK, 0 },
	{ "rsa.traditional.pem", "rsa", "secret", TLSHOST_OK, 0 },
	{ "rsa.traditional-aes192.pem", "rsa", "secret", TLSHOST_OK, 0 },
	{ "rsa.traditional-aes256.pem", "rsa", "secret", TLSHOST_OK, 0 },
	{ "rsa.traditional-des3.pem", "rsa", "secret", TLSHOST_OK, 0 },
	{ "rsa.encrypted-pbes1.pem", "rsa", "secret", TLSHOST_OK, 0 },
	{ "rsa.encrypted-sha512.pem", "rsa", "secret", TLSHOST_OK, 0 },
	{ "ecdsa.encrypted.pem", "ecdsa", "secret", TLSHOST_OK, 0 },
	{ "rsa.scrypt.pem", "rsa", "secret", TLSHOST_OK,
	    TLSHOST_CAPABILITY_SCRYPT_KEYS },
	{ "ecdsa.nopoint.pem", "ecdsa", NULL, TLSHOST_OK,
	    TLSHOST_CAPABILITY_ANY_KEYS },
	{ "ecdsa.compressed.pem", "ecdsa", NULL, TLSHOST_OK,
	    TLSHOST_CAPABILITY_ANY_KEYS },
	{ "ecdsa.explicit.pem", "ecdsa", NULL, TLSHOST_OK,
	    TLSHOST_CAPABILITY_ANY_KEYS },
	{ "rsa.camellia-encrypted.pem", "rsa", "secret", TLSHOST_OK,
	    TLSHOST_CAPABILITY_ANY_KEYS },
	{ "rsa.camellia-traditional.pem", "rsa", "secret", TLSHOST_OK,
	    TLSHOST_CAPABILITY_ANY_KEYS },
	{ "rsa.encrypted.pem", "rsa", "wrong", TLSHOST_BAD_PASSWORD, 0 },
	{ "rsa.encrypted.der", "rsa", "wrong", TLSHOST_BAD_PASSWORD, 0 },
	{ "rsa.traditional.pem", "rsa", "wrong", TLSHOST_BAD_PASSWORD, 0 },
	{ "rsa.encrypted.pem", "rsa", NULL, TLSHOST_PASSWORD_REFUSED, 0 },
	{ "rsa.traditional.pem", "rsa", NULL, TLSHOST_PASSWORD_REFUSED, 0 },
	{ "ecdsa.key", "rsa", NULL, TLSHOST_KEY_MISMATCH, 0 },
	{ "rsa.key", "ecdsa", NULL, TLSHOST_KEY_MISMATCH, 0 },
	{ "other.key", "ecdsa", NULL, TLSHOST_KEY_MISMATCH, 0 },
	{ "rsa3072.key", "rsa", NULL, TLSHOST_KEY_MISMATCH, 0 },
	{ "junk.pem", "rsa", NULL, TLSHOST_BAD_DATA, 0 },
};

static const char *
key_name(int i)
{
	static char name[80];

	snprintf(name, sizeof(name), "%s for %s%s%s", keys[i].file,
	    keys[i].certificate, keys[i].password != NULL ? ", password " : "",
	    keys[i].password != NULL ? keys[i].password : "");
	return name;
}

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

static tlshost_private_key *
load_asking(const char *file, password_case *c)
{
	tlshost_private_key *key;
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", getenv("TLSHOST_TEST_CERTS"),
	    file);
	assert_status(tlshost_private_key_from_file_cb(NULL, path,
	    give_password, c, NULL, &key, NULL), TLSHOST_OK);
	return key;
}

static tlshost_config *
config_with(const char *certificate, tlshost_private_key *key)
{
	tlshost_chain *chain = load_chain(certificate);
	tlshost_config *config = config_showing(chain, key);

	tlshost_chain_unref(chain);
	return config;
}

static int
is_encrypted(const char *file)
{
	return strstr(file, "encrypted") != NULL ||
	    strstr(file, "traditional") != NULL ||
	    strstr(file, "scrypt") != NULL;
}

START_TEST(a_key_is_read_or_the_error_told)
{
	const struct key_case *k = &keys[_i];
	password_case c = { .password = k->password };
	tlshost_private_key *key = load_asking(k->file, &c);
	tlshost_config *config = config_with(k->certificate, key);
	tlshost_status wanted = k->status, st;
	tlshost_server_context *context = NULL;
	tlshost_error *error = NULL;

	ck_assert_int_eq(c.calls, 0);
	if (k->needs != 0 && !backend_can(server_backend, k->needs))
		wanted = TLSHOST_BAD_CONFIG;
	for (int i = 0; i < 2; i++) {
		st = tlshost_server_context_new(server_backend, config,
		    &context, &error);
		ck_assert_msg(st == wanted, "%s, not %s: %s",
		    tlshost_status_name(st), tlshost_status_name(wanted),
		    tlshost_error_message(error));
		ck_assert((error == NULL) == (st == TLSHOST_OK));
		if (st == TLSHOST_OK)
			tlshost_server_context_unref(context);
		tlshost_error_free(error);
		error = NULL;
	}
	/* Only if it is needed, and once. */
	if (wanted != TLSHOST_BAD_CONFIG)
		ck_assert_int_eq(c.calls, is_encrypted(k->file));
	ck_assert_int_le(c.calls, 1);
	tlshost_private_key_unref(key);
	tlshost_config_unref(config);
}
END_TEST

static const char *const kinds[] = { "rsa", "rsa3072", "ecdsa", "ec384",
	"ec521", "ed25519", "pss" };

static const char *
kind_name(int i)
{
	static char name[40];

	snprintf(name, sizeof(name), "%s: %s", version_of(i % 2), kinds[i / 2]);
	return name;
}

START_TEST(a_key_of_each_kind_signs_a_handshake)
{
	const char *kind = kinds[_i / 2];
	setup s = { .version = versions[_i % 2], .certificate = kind,
	    .client_certificate = kind,
	    .client_auth = TLSHOST_CLIENT_AUTH_REQUIRE };
	tlshost_capability needs = strcmp(kind, "ed25519") == 0 ?
	    TLSHOST_CAPABILITY_ED25519 : strcmp(kind, "pss") == 0 ?
	    TLSHOST_CAPABILITY_PSS_KEYS : 0;
	pair p;

	if (needs != 0 && (!backend_can(client_backend, needs) ||
	    !backend_can(server_backend, needs)))
		return; /* claimed above */
	p = connected_pair(&s);
	ck_assert_int_eq(tlshost_verification_ok(
	    tlshost_buffer_verification(p.client)), 1);
	ck_assert_int_eq(tlshost_verification_ok(
	    tlshost_buffer_verification(p.server)), 1);
	free_pair(&p);
}
END_TEST

START_TEST(a_wrong_key_is_found_where_it_is_loaded)
{
	static const char text[] = "-----BEGIN PRIVATE KEY-----\n"
	    "bm90IGEga2V5\n-----END PRIVATE KEY-----\n";
	tlshost_private_key *key;
	tlshost_error *error = NULL;

	assert_fails(tlshost_private_key_from_memory(client_backend, text,
	    sizeof(text) - 1, NULL, 0, &key, &error), TLSHOST_BAD_DATA, error,
	    "");
}
END_TEST

/* By name, where it needs a capability. */
START_TEST(a_key_is_read_or_refused_where_it_is_loaded)
{
	const struct key_case *k = &keys[_i];
	tlshost_private_key *key = NULL;
	tlshost_error *error = NULL;
	char path[4096];
	tlshost_status st;

	snprintf(path, sizeof(path), "%s/%s", getenv("TLSHOST_TEST_CERTS"),
	    k->file);
	st = tlshost_private_key_from_file(client_backend, path, k->password,
	    k->password != NULL ? strlen(k->password) : 0, &key, &error);
	if (k->needs == 0 || backend_can(client_backend, k->needs))
		assert_status(st, k->status == TLSHOST_KEY_MISMATCH ?
		    TLSHOST_OK : k->status);
	else
		assert_fails(st, TLSHOST_UNSUPPORTED, error, "");
	tlshost_private_key_unref(key);
	tlshost_error_free(error);
}
END_TEST

static int
give_bytes_of(void *userdata, char *dst, size_t cap, size_t *ret_len)
{
	const size_t *len = userdata;

	ck_assert_uint_eq(cap, 255);
	memset(dst, '0', cap);
	dst[254] = *len == 0 ? '\0' : '7';
	*ret_len = *len == 0 ? 255 : *len;
	return 0;
}

/* 255 bytes, none of them 0; longer ones, or such, count as none. */
START_TEST(a_password_is_a_string_of_255_bytes_at_most)
{
	static const size_t lens[] = { 255, 256, 0, 254 };
	static const tlshost_status by_callback[] = { TLSHOST_OK,
	    TLSHOST_PASSWORD_REFUSED, TLSHOST_PASSWORD_REFUSED,
	    TLSHOST_BAD_PASSWORD }, by_bytes[] = { TLSHOST_OK,
	    TLSHOST_INVALID_ARGUMENT, TLSHOST_INVALID_ARGUMENT,
	    TLSHOST_BAD_PASSWORD };
	char path[4096], password[257];

	snprintf(path, sizeof(path), "%s/rsa.long-encrypted.pem",
	    getenv("TLSHOST_TEST_CERTS"));
	for (size_t i = 0; i < LEN(lens); i++) {
		size_t len = lens[i];
		tlshost_private_key *key = NULL;

		assert_status(tlshost_private_key_from_file_cb(client_backend,
		    path, give_bytes_of, &len, NULL, &key, NULL),
		    by_callback[i]);
		tlshost_private_key_unref(key);
		key = NULL;
		memset(password, '0', sizeof(password));
		password[254] = len == 0 ? '\0' : '7';
		assert_status(tlshost_private_key_from_file(client_backend,
		    path, password, len == 0 ? 255 : len, &key, NULL),
		    by_bytes[i]);
		tlshost_private_key_unref(key);
	}
}
END_TEST

START_TEST(a_uri_is_taken_or_refused_by_name)
{
	tlshost_private_key *key = NULL;
	tlshost_error *error = NULL;
	tlshost_status st = tlshost_private_key_from_uri(client_backend,
	    "pkcs11:token=none", NULL, NULL, NULL, &key, &error);

	if (backend_can(client_backend, TLSHOST_CAPABILITY_URI_SOURCES)) {
		tlshost_private_key_unref(key);
		tlshost_error_free(error);
		return;
	}
	assert_fails(st, TLSHOST_UNSUPPORTED, error, "URI");
}
END_TEST

void
key_claims(Suite *suite)
{
	TCase *group = claim_group(suite, "keys");

	add_claims(group, a_key_is_read_or_the_error_told, (int)LEN(keys),
	    key_name);
	add_versions(group, a_key_of_each_kind_signs_a_handshake,
	    2 * (int)LEN(kinds), kind_name);
	add_claim(group, a_wrong_key_is_found_where_it_is_loaded);
	add_claims(group, a_key_is_read_or_refused_where_it_is_loaded,
	    (int)LEN(keys), key_name);
	add_claim(group, a_password_is_a_string_of_255_bytes_at_most);
	add_claim(group, a_uri_is_taken_or_refused_by_name);
}

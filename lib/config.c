/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <strings.h>

#include "config-object.h"
#include "error.h"

/* The sum of ALPN names with their length bytes has two bytes on the wire. */
#define PROTOCOLS_MAX ((size_t)65535)
#define IDENTITIES_MAX 16

struct tlshost_config_builder {
	tlshost_config values;
};

/* ------------------------------------------------------------------------
 * Fields
 */

/* Takes over what destroy is for, also if it fails. */
static tlshost__hook *
hook_new(void (*function)(void), void *userdata, void (*destroy)(void *))
{
	tlshost__hook *hook;

	if ((hook = malloc(sizeof(*hook))) == NULL) {
		if (destroy != NULL)
			destroy(userdata);
		return NULL;
	}
	tlshost__refs_init(&hook->refs);
	hook->function = function;
	hook->userdata = userdata;
	hook->destroy = destroy;
	return hook;
}

static tlshost__hook *
hook_ref(tlshost__hook *hook)
{
	if (hook != NULL)
		tlshost__refs_get(&hook->refs);
	return hook;
}

static void
hook_unref(tlshost__hook *hook)
{
	if (hook == NULL || !tlshost__refs_put(&hook->refs))
		return;
	if (hook->destroy != NULL)
		hook->destroy(hook->userdata);
	free(hook);
}

static int
hook_equal(const tlshost__hook *a, const tlshost__hook *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return a->function == b->function && a->userdata == b->userdata;
}

static void
identities_free(tlshost__identity *identities, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		tlshost_chain_unref(identities[i].chain);
		tlshost_private_key_unref(identities[i].key);
	}
	free(identities);
}

/* A copy with one more place. */
static tlshost__identity *
identities_copy(const tlshost__identity *identities, size_t len)
{
	tlshost__identity *copy;

	if ((copy = tlshost__array(len + 1, sizeof(*copy))) == NULL)
		return NULL;
	for (size_t i = 0; i < len; i++) {
		copy[i].chain = tlshost_chain_ref(identities[i].chain);
		copy[i].key = tlshost_private_key_ref(identities[i].key);
	}
	return copy;
}

/* One block: the array, then the bytes. */
static tlshost_protocol *
protocols_copy(const tlshost_protocol *protocols, size_t len)
{
	tlshost_protocol *copy;
	size_t bytes = 0;
	uint8_t *data;

	for (size_t i = 0; i < len; i++)
		bytes += protocols[i].len;
	if ((copy = malloc(len * sizeof(*copy) + bytes + 1)) == NULL)
		return NULL;
	data = (uint8_t *)(copy + len);
	for (size_t i = 0; i < len; i++) {
		memcpy(data, protocols[i].data, protocols[i].len);
		copy[i] = (tlshost_protocol){ data, protocols[i].len };
		data += protocols[i].len;
	}
	return copy;
}

static tlshost_status
set_default_ciphers(tlshost_config *values)
{
	const uint16_t *ids;
	uint16_t *copy;
	size_t len = tlshost_cipher_defaults(&ids);

	if ((copy = tlshost__memdup(ids, len * sizeof(*ids))) == NULL)
		return TLSHOST_NO_MEMORY;
	free(values->ciphers);
	values->ciphers = copy;
	values->ciphers_len = len;
	values->ciphers_default = 1;
	return TLSHOST_OK;
}

static tlshost_status
values_init(tlshost_config *values)
{
	*values = (tlshost_config){
		.validate = 1,
		.lowest = TLSHOST_VERSION_TLSV1_2,
		.highest = TLSHOST_VERSION_MAXIMUM_SUPPORTED,
		.client_auth = TLSHOST_CLIENT_AUTH_NONE,
	};
	return set_default_ciphers(values);
}

static void
values_done(tlshost_config *values)
{
	identities_free(values->identities, values->identities_len);
	free(values->ciphers);
	free(values->protocols);
	tlshost_trust_store_unref(values->trust);
	hook_unref(values->sni);
	hook_unref(values->key_log);
}

static tlshost_status
values_copy(tlshost_config *ret_copy, const tlshost_config *values)
{
	tlshost_config copy = *values;

	copy.identities = identities_copy(values->identities,
	    values->identities_len);
	copy.ciphers = tlshost__memdup(values->ciphers,
	    values->ciphers_len * sizeof(*values->ciphers));
	copy.protocols = protocols_copy(values->protocols,
	    values->protocols_len);
	if (values->trust != NULL)
		tlshost_trust_store_ref(values->trust);
	hook_ref(values->sni);
	hook_ref(values->key_log);
	if (copy.identities == NULL || copy.ciphers == NULL ||
	    copy.protocols == NULL) {
		if (copy.identities == NULL)
			copy.identities_len = 0;
		values_done(&copy);
		return TLSHOST_NO_MEMORY;
	}
	*ret_copy = copy;
	return TLSHOST_OK;
}

/* ------------------------------------------------------------------------
 * The builder
 */

tlshost_status
tlshost_config_builder_new(const tlshost_config *base,
    tlshost_config_builder **ret_builder)
{
	tlshost_config_builder *builder;
	tlshost_status st;

	if (ret_builder == NULL)
		return TLSHOST_INVALID_ARGUMENT;
	if ((builder = calloc(1, sizeof(*builder))) == NULL)
		return TLSHOST_NO_MEMORY;
	st = base != NULL ? values_copy(&builder->values, base) :
	    values_init(&builder->values);
	if (st != TLSHOST_OK) {
		free(builder);
		return st;
	}
	*ret_builder = builder;
	return TLSHOST_OK;
}

void
tlshost_config_builder_free(tlshost_config_builder *builder)
{
	if (builder == NULL)
		return;
	values_done(&builder->values);
	free(builder);
}

tlshost_status
tlshost_config_builder_clear(tlshost_config_builder *builder,
    tlshost_field field)
{
	tlshost_config *values;

	if (builder == NULL)
		return TLSHOST_INVALID_ARGUMENT;
	values = &builder->values;
	switch (field) {
	case TLSHOST_FIELD_VALIDATE_CERTIFICATES:
		values->validate = 1;
		return TLSHOST_OK;
	case TLSHOST_FIELD_CERTIFICATE_CHAIN:
	case TLSHOST_FIELD_PRIVATE_KEY:
		identities_free(values->identities, values->identities_len);
		values->identities = NULL;
		values->identities_len = 0;
		return TLSHOST_OK;
	case TLSHOST_FIELD_CIPHERS:
		return set_default_ciphers(values);
	case TLSHOST_FIELD_INNER_PROTOCOLS:
		free(values->protocols);
		values->protocols = NULL;
		values->protocols_len = 0;
		return TLSHOST_OK;
	case TLSHOST_FIELD_LOWEST_SUPPORTED_VERSION:
		values->lowest = TLSHOST_VERSION_TLSV1_2;
		return TLSHOST_OK;
	case TLSHOST_FIELD_HIGHEST_SUPPORTED_VERSION:
		values->highest = TLSHOST_VERSION_MAXIMUM_SUPPORTED;
		return TLSHOST_OK;
	case TLSHOST_FIELD_TRUST_STORE:
		tlshost_trust_store_unref(values->trust);
		values->trust = NULL;
		return TLSHOST_OK;
	case TLSHOST_FIELD_SNI_CALLBACK:
		hook_unref(values->sni);
		values->sni = NULL;
		return TLSHOST_OK;
	case TLSHOST_FIELD_CLIENT_AUTH:
		values->client_auth = TLSHOST_CLIENT_AUTH_NONE;
		return TLSHOST_OK;
	case TLSHOST_FIELD_STRICT_CERTIFICATES:
		values->strict = 0;
		return TLSHOST_OK;
	case TLSHOST_FIELD_KEY_LOG:
		hook_unref(values->key_log);
		values->key_log = NULL;
		return TLSHOST_OK;
	case TLSHOST_FIELD_NONE:
		break;
	}
	return TLSHOST_INVALID_ARGUMENT;
}

tlshost_status
tlshost_config_builder_add_certificate_chain(tlshost_config_builder *builder,
    tlshost_chain *chain, tlshost_private_key *key)
{
	tlshost__identity *grown;
	tlshost_config *values;

	if (builder == NULL || chain == NULL || key == NULL)
		return TLSHOST_INVALID_ARGUMENT;
	values = &builder->values;
	if (values->identities_len == IDENTITIES_MAX)
		return TLSHOST_INVALID_ARGUMENT;
	if ((grown = identities_copy(values->identities,
	    values->identities_len)) == NULL)
		return TLSHOST_NO_MEMORY;
	grown[values->identities_len] = (tlshost__identity){
		tlshost_chain_ref(chain), tlshost_private_key_ref(key)
	};
	identities_free(values->identities, values->identities_len);
	values->identities = grown;
	values->identities_len++;
	return TLSHOST_OK;
}

/* A bit for each id seen: lists are short, but a caller's need not be. */
static int
has_twins(const uint16_t *ids, size_t len)
{
	uint8_t seen[65536 / 8];

	if (len > 65536)
		return 1;
	memset(seen, 0, sizeof(seen));
	for (size_t i = 0; i < len; i++) {
		uint8_t bit = (uint8_t)(1u << (ids[i] & 7));

		if ((seen[ids[i] >> 3] & bit) != 0)
			return 1;
		seen[ids[i] >> 3] |= bit;
	}
	return 0;
}

tlshost_status
tlshost_config_builder_set_ciphers(tlshost_config_builder *builder,
    const uint16_t *ids, size_t len)
{
	uint16_t *copy;

	if (builder == NULL || ids == NULL || len == 0 || has_twins(ids, len))
		return TLSHOST_INVALID_ARGUMENT;
	if ((copy = tlshost__memdup(ids, len * sizeof(*ids))) == NULL)
		return TLSHOST_NO_MEMORY;
	free(builder->values.ciphers);
	builder->values.ciphers = copy;
	builder->values.ciphers_len = len;
	builder->values.ciphers_default = 0;
	return TLSHOST_OK;
}

static int
protocol_equal(const tlshost_protocol *a, const tlshost_protocol *b)
{
	return a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}

static int
protocols_valid(const tlshost_protocol *protocols, size_t len)
{
	size_t bytes = 0;

	if (len > PROTOCOLS_MAX / 2)
		return 0;
	for (size_t i = 0; i < len; i++) {
		if (protocols[i].data == NULL || protocols[i].len == 0 ||
		    protocols[i].len > 255)
			return 0;
		bytes += protocols[i].len + 1;
		if (bytes > PROTOCOLS_MAX)
			return 0;
		for (size_t j = 0; j < i; j++)
			if (protocol_equal(&protocols[i], &protocols[j]))
				return 0;
	}
	return 1;
}

tlshost_status
tlshost_config_builder_set_inner_protocols(tlshost_config_builder *builder,
    const tlshost_protocol *protocols, size_t len)
{
	tlshost_protocol *copy;

	if (builder == NULL || (protocols == NULL && len != 0) ||
	    !protocols_valid(protocols, len))
		return TLSHOST_INVALID_ARGUMENT;
	if ((copy = protocols_copy(protocols, len)) == NULL)
		return TLSHOST_NO_MEMORY;
	free(builder->values.protocols);
	builder->values.protocols = copy;
	builder->values.protocols_len = len;
	return TLSHOST_OK;
}

static int
version_valid(tlshost_version version)
{
	switch (version) {
	case TLSHOST_VERSION_MINIMUM_SUPPORTED:
	case TLSHOST_VERSION_SSLV2:
	case TLSHOST_VERSION_SSLV3:
	case TLSHOST_VERSION_TLSV1:
	case TLSHOST_VERSION_TLSV1_1:
	case TLSHOST_VERSION_TLSV1_2:
	case TLSHOST_VERSION_TLSV1_3:
	case TLSHOST_VERSION_MAXIMUM_SUPPORTED:
		return 1;
	case TLSHOST_VERSION_NONE:
		break;
	}
	return 0;
}

tlshost_status
tlshost_config_builder_set_lowest_version(tlshost_config_builder *builder,
    tlshost_version version)
{
	if (builder == NULL || !version_valid(version))
		return TLSHOST_INVALID_ARGUMENT;
	builder->values.lowest = version;
	return TLSHOST_OK;
}

tlshost_status
tlshost_config_builder_set_highest_version(tlshost_config_builder *builder,
    tlshost_version version)
{
	if (builder == NULL || !version_valid(version))
		return TLSHOST_INVALID_ARGUMENT;
	builder->values.highest = version;
	return TLSHOST_OK;
}

tlshost_status
tlshost_config_builder_set_trust_store(tlshost_config_builder *builder,
    tlshost_trust_store *store)
{
	if (builder == NULL || store == NULL)
		return TLSHOST_INVALID_ARGUMENT;
	tlshost_trust_store_ref(store);
	tlshost_trust_store_unref(builder->values.trust);
	builder->values.trust = store;
	return TLSHOST_OK;
}

static tlshost_status
set_hook(tlshost__hook **field, void (*function)(void), void *userdata,
    void (*destroy)(void *))
{
	tlshost__hook *hook;

	if (field == NULL || function == NULL) {
		if (destroy != NULL)
			destroy(userdata);
		return TLSHOST_INVALID_ARGUMENT;
	}
	if ((hook = hook_new(function, userdata, destroy)) == NULL)
		return TLSHOST_NO_MEMORY;
	hook_unref(*field);
	*field = hook;
	return TLSHOST_OK;
}

tlshost_status
tlshost_config_builder_set_sni_callback(tlshost_config_builder *builder,
    tlshost_sni_callback callback, void *userdata, void (*destroy)(void *))
{
	return set_hook(builder != NULL ? &builder->values.sni : NULL,
	    (void (*)(void))callback, userdata, destroy);
}

tlshost_status
tlshost_config_builder_insecure_key_log(tlshost_config_builder *builder,
    tlshost_key_log_callback callback, void *userdata, void (*destroy)(void *))
{
	return set_hook(builder != NULL ? &builder->values.key_log : NULL,
	    (void (*)(void))callback, userdata, destroy);
}

tlshost_status
tlshost_config_builder_set_client_auth(tlshost_config_builder *builder,
    tlshost_client_auth mode)
{
	if (builder == NULL || (mode != TLSHOST_CLIENT_AUTH_NONE &&
	    mode != TLSHOST_CLIENT_AUTH_REQUEST &&
	    mode != TLSHOST_CLIENT_AUTH_REQUIRE))
		return TLSHOST_INVALID_ARGUMENT;
	builder->values.client_auth = mode;
	return TLSHOST_OK;
}

tlshost_status
tlshost_config_builder_set_strict_certificates(tlshost_config_builder *builder,
    int strict)
{
	if (builder == NULL || (strict != 0 && strict != 1))
		return TLSHOST_INVALID_ARGUMENT;
	builder->values.strict = strict;
	return TLSHOST_OK;
}

tlshost_status
tlshost_config_builder_insecure_no_verify(tlshost_config_builder *builder)
{
	if (builder == NULL)
		return TLSHOST_INVALID_ARGUMENT;
	builder->values.validate = 0;
	return TLSHOST_OK;
}

static uint64_t
values_hash(const tlshost_config *values)
{
	const uint32_t numbers[] = {
		(uint32_t)values->validate, (uint32_t)values->lowest,
		(uint32_t)values->highest, (uint32_t)values->client_auth,
		(uint32_t)values->strict, (uint32_t)values->identities_len,
		(uint32_t)values->protocols_len,
	};
	uint64_t hash = TLSHOST__HASH_START;

	hash = tlshost__hash(hash, numbers, sizeof(numbers));
	hash = tlshost__hash(hash, values->ciphers,
	    values->ciphers_len * sizeof(*values->ciphers));
	for (size_t i = 0; i < values->protocols_len; i++)
		hash = tlshost__hash(hash, values->protocols[i].data,
		    values->protocols[i].len);
	for (size_t i = 0; i < values->identities_len; i++)
		hash = tlshost__chain_hash(hash, values->identities[i].chain);
	if (values->trust != NULL)
		hash = tlshost__hash(hash, &values->trust->hash,
		    sizeof(values->trust->hash));
	return hash;
}

static tlshost_status
check_versions(const tlshost_config *values, tlshost_error **ret_error)
{
	const tlshost_version both[] = { values->lowest, values->highest };

	for (size_t i = 0; i < 2; i++)
		if (both[i] == TLSHOST_VERSION_SSLV2 ||
		    both[i] == TLSHOST_VERSION_SSLV3)
			return tlshost__fail(ret_error, TLSHOST_BAD_CONFIG,
			    TLSHOST_PHASE_CONFIG, NULL,
			    "%s: %s is broken and never used",
			    tlshost_field_name(i == 0 ?
			    TLSHOST_FIELD_LOWEST_SUPPORTED_VERSION :
			    TLSHOST_FIELD_HIGHEST_SUPPORTED_VERSION),
			    tlshost_version_name(both[i]));
	if (values->highest != TLSHOST_VERSION_MINIMUM_SUPPORTED &&
	    values->lowest > values->highest)
		return tlshost__fail(ret_error, TLSHOST_BAD_CONFIG,
		    TLSHOST_PHASE_CONFIG, NULL,
		    "lowest_supported_version %s is above "
		    "highest_supported_version %s",
		    tlshost_version_name(values->lowest),
		    tlshost_version_name(values->highest));
	return TLSHOST_OK;
}

tlshost_status
tlshost_config_builder_build(const tlshost_config_builder *builder,
    tlshost_config **ret_config, tlshost_error **ret_error)
{
	tlshost_config *config;
	tlshost_status st;

	if (builder == NULL || ret_config == NULL)
		return tlshost__fail(ret_error, TLSHOST_INVALID_ARGUMENT,
		    TLSHOST_PHASE_CONFIG, NULL, "%s is NULL",
		    builder == NULL ? "builder" : "ret_config");
	if ((st = check_versions(&builder->values, ret_error)) != TLSHOST_OK)
		return st;
	if ((config = malloc(sizeof(*config))) == NULL)
		return tlshost__fail_memory(ret_error);
	if (values_copy(config, &builder->values) != TLSHOST_OK) {
		free(config);
		return tlshost__fail_memory(ret_error);
	}
	tlshost__refs_init(&config->refs);
	config->hash = values_hash(config);
	*ret_config = config;
	return TLSHOST_OK;
}

/* ------------------------------------------------------------------------
 * The configuration
 */

tlshost_config *
tlshost_config_ref(tlshost_config *config)
{
	if (config != NULL)
		tlshost__refs_get(&config->refs);
	return config;
}

void
tlshost_config_unref(tlshost_config *config)
{
	if (config == NULL || !tlshost__refs_put(&config->refs))
		return;
	values_done(config);
	free(config);
}

int
tlshost_config_equal(const tlshost_config *a, const tlshost_config *b)
{
	if (a == b)
		return 1;
	if (a == NULL || b == NULL || a->hash != b->hash ||
	    a->validate != b->validate || a->lowest != b->lowest ||
	    a->highest != b->highest || a->client_auth != b->client_auth ||
	    a->strict != b->strict || a->ciphers_len != b->ciphers_len ||
	    memcmp(a->ciphers, b->ciphers,
	    a->ciphers_len * sizeof(*a->ciphers)) != 0 ||
	    a->protocols_len != b->protocols_len ||
	    a->identities_len != b->identities_len ||
	    !hook_equal(a->sni, b->sni) ||
	    !hook_equal(a->key_log, b->key_log) ||
	    !tlshost__trust_equal(a->trust, b->trust))
		return 0;
	for (size_t i = 0; i < a->protocols_len; i++)
		if (!protocol_equal(&a->protocols[i], &b->protocols[i]))
			return 0;
	for (size_t i = 0; i < a->identities_len; i++)
		if (!tlshost__chain_equal(a->identities[i].chain,
		    b->identities[i].chain) ||
		    !tlshost__key_equal(a->identities[i].key,
		    b->identities[i].key))
			return 0;
	return 1;
}

uint64_t
tlshost_config_hash(const tlshost_config *config)
{
	return config != NULL ? config->hash : 0;
}

int
tlshost_config_validate_certificates(const tlshost_config *config)
{
	return config != NULL ? config->validate : 0;
}

size_t
tlshost_config_chains_len(const tlshost_config *config)
{
	return config != NULL ? config->identities_len : 0;
}

tlshost_chain *
tlshost_config_chain_at(const tlshost_config *config, size_t index)
{
	return index < tlshost_config_chains_len(config) ?
	    config->identities[index].chain : NULL;
}

tlshost_private_key *
tlshost_config_key_at(const tlshost_config *config, size_t index)
{
	return index < tlshost_config_chains_len(config) ?
	    config->identities[index].key : NULL;
}

size_t
tlshost_config_ciphers(const tlshost_config *config, const uint16_t **ret_ids)
{
	if (ret_ids != NULL)
		*ret_ids = config != NULL ? config->ciphers : NULL;
	return config != NULL ? config->ciphers_len : 0;
}

size_t
tlshost_config_inner_protocols(const tlshost_config *config,
    const tlshost_protocol **ret_protocols)
{
	if (ret_protocols != NULL)
		*ret_protocols = config != NULL ? config->protocols : NULL;
	return config != NULL ? config->protocols_len : 0;
}

tlshost_version
tlshost_config_lowest_version(const tlshost_config *config)
{
	return config != NULL ? config->lowest : TLSHOST_VERSION_NONE;
}

tlshost_version
tlshost_config_highest_version(const tlshost_config *config)
{
	return config != NULL ? config->highest : TLSHOST_VERSION_NONE;
}

tlshost_trust_store *
tlshost_config_trust_store(const tlshost_config *config)
{
	return config != NULL ? config->trust : NULL;
}

tlshost_sni_callback
tlshost_config_sni_callback(const tlshost_config *config, void **ret_userdata)
{
	if (config == NULL || config->sni == NULL)
		return NULL;
	if (ret_userdata != NULL)
		*ret_userdata = config->sni->userdata;
	return (tlshost_sni_callback)config->sni->function;
}

tlshost_client_auth
tlshost_config_client_auth(const tlshost_config *config)
{
	return config != NULL ? config->client_auth :
	    TLSHOST_CLIENT_AUTH_NONE;
}

int
tlshost_config_strict_certificates(const tlshost_config *config)
{
	return config != NULL ? config->strict : 0;
}

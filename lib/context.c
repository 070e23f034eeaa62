/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <limits.h>

#include "context.h"
#include "cipher.h"
#include "keyform.h"
#include "source.h"
#include "suites.h"
#include "wire.h"

/* ------------------------------------------------------------------------
 * The configuration as the plugin gets it.  What the host can check without
 * the library it checks here, alike for every backend.
 */

typedef struct compilation {
	tlshost_backend *backend;
	tlshost_role role;
	tlshost_config *config;
	tlshost_findings *findings;
	int incomplete;              /* too broken to be shown to the plugin */
	int no_memory;
	unsigned int kinds;          /* servers: of leaves */
	tlshost_error *gone;         /* the library has ended: no finding */

	tlshost_trust_store *trust;  /* a reference, or NULL */
	uint16_t *suites;
	struct tlshost_bytes *protocols;
	struct tlshost_plugin_certificate *certificates;
	const struct tlshost_plugin_certificate **certificate_pointers;
	struct tlshost_plugin_key *keys;
	const tlshost__identity **identities; /* by preference */
	struct tlshost_plugin_chain *chains;
	const struct tlshost_plugin_chain **chain_pointers;
	struct tlshost_plugin_config values;
} compilation;

static void __attribute__((format(printf, 4, 5)))
add_finding(compilation *c, tlshost_field field, tlshost_severity severity,
    const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = tlshost__vformat(format, args);
	va_end(args);
	if (text == NULL || tlshost__findings_add(c->findings, field, severity,
	    text) != 0)
		c->no_memory = 1;
	free(text);
}

/* The configuration is too broken to be shown to the plugin. */
#define find_broken(c_, field_, ...)                                     \
	(add_finding(c_, field_, TLSHOST_SEVERITY_ERROR, __VA_ARGS__),   \
	    (void)((c_)->incomplete = 1))

static void
compile_versions(compilation *c)
{
	const tlshost_config *config = c->config;
	uint32_t has_lowest = c->backend->ops.lowest_version;
	uint32_t has_highest = c->backend->ops.highest_version;
	uint32_t lowest = (uint32_t)config->lowest;
	uint32_t highest = (uint32_t)config->highest;

	if (lowest == TLSHOST_VERSION_MINIMUM_SUPPORTED)
		lowest = has_lowest;
	if (highest == TLSHOST_VERSION_MINIMUM_SUPPORTED)
		highest = has_lowest;
	if (lowest == TLSHOST_VERSION_MAXIMUM_SUPPORTED)
		lowest = has_highest;
	if (highest == TLSHOST_VERSION_MAXIMUM_SUPPORTED)
		highest = has_highest;
	if (lowest > has_highest) {
		add_finding(c, TLSHOST_FIELD_LOWEST_SUPPORTED_VERSION,
		    TLSHOST_SEVERITY_ERROR,
		    "backend %s has no version above %s", c->backend->name,
		    tlshost_version_name((tlshost_version)has_highest));
		c->incomplete = 1;
	} else if (highest < has_lowest) {
		add_finding(c, TLSHOST_FIELD_HIGHEST_SUPPORTED_VERSION,
		    TLSHOST_SEVERITY_ERROR,
		    "backend %s has no version below %s", c->backend->name,
		    tlshost_version_name((tlshost_version)has_lowest));
		c->incomplete = 1;
	} else if (lowest > highest) {
		find_broken(c, TLSHOST_FIELD_LOWEST_SUPPORTED_VERSION,
		    "it is above highest_supported_version");
	}
	if (highest > has_highest && !c->incomplete)
		add_finding(c, TLSHOST_FIELD_HIGHEST_SUPPORTED_VERSION,
		    TLSHOST_SEVERITY_WARNING,
		    "backend %s has no version above %s", c->backend->name,
		    tlshost_version_name((tlshost_version)has_highest));
	c->values.lowest_version = lowest < has_lowest ? has_lowest : lowest;
	c->values.highest_version = highest > has_highest ? has_highest :
	    highest;
}

static int
contains(const uint16_t *ids, size_t len, uint16_t id)
{
	for (size_t i = 0; i < len; i++)
		if (ids[i] == id)
			return 1;
	return 0;
}

/*
 * Drops what the library lacks and what no allowed version can use, and then
 * the versions that no suite is left for: a library that offers a version
 * without a suite fails in the handshake, each in its own way.
 */
static void
compile_suites(compilation *c)
{
	const tlshost_config *config = c->config;
	uint32_t lowest = 0xffff, highest = 0;
	size_t len = 0;

	if (c->role == TLSHOST_ROLE_SERVER)
		c->kinds = tlshost__leaf_kinds(config);
	if ((c->suites = tlshost__array(config->ciphers_len,
	    sizeof(*c->suites))) == NULL) {
		c->no_memory = 1;
		return;
	}
	for (size_t i = 0; i < config->ciphers_len; i++) {
		uint16_t id = config->ciphers[i], from, to;
		const char *name = tlshost_cipher_info_name(
		    tlshost_cipher_by_id(id), TLSHOST_DIALECT_IANA);

		if (!contains(c->backend->ciphers, c->backend->ciphers_len,
		    id)) {
			add_finding(c, TLSHOST_FIELD_CIPHERS,
			    config->ciphers_default ? TLSHOST_SEVERITY_INFO :
			    TLSHOST_SEVERITY_WARNING,
			    "backend %s has no suite 0x%04x %s",
			    c->backend->name, id, name != NULL ? name : "");
			continue;
		}
		tlshost__cipher_versions(id, &from, &to);
		if (from > c->values.highest_version ||
		    to < c->values.lowest_version) {
			if (!config->ciphers_default)
				add_finding(c, TLSHOST_FIELD_CIPHERS,
				    TLSHOST_SEVERITY_INFO,
				    "suite 0x%04x %s is for other versions",
				    id, name != NULL ? name : "");
			continue;
		}
		if (c->role == TLSHOST_ROLE_SERVER &&
		    !tlshost__suite_served(id, c->kinds)) {
			if (!config->ciphers_default)
				add_finding(c, TLSHOST_FIELD_CIPHERS,
				    TLSHOST_SEVERITY_INFO, "suite 0x%04x %s "
				    "needs another certificate", id,
				    name != NULL ? name : "");
			continue;
		}
		c->suites[len++] = id;
		if (from < lowest)
			lowest = from;
		if (to > highest)
			highest = to;
	}
	if (len == 0) {
		find_broken(c, TLSHOST_FIELD_CIPHERS,
		    "no cipher suite of the list can be used: backend %s, "
		    "which is %s, has none for these versions%s",
		    c->backend->name, c->backend->library,
		    c->role == TLSHOST_ROLE_SERVER ? " and certificates" : "");
		return;
	}
	if (c->values.highest_version > highest)
		c->values.highest_version = highest;
	if (c->values.lowest_version < lowest)
		c->values.lowest_version = lowest;
	c->values.suites = c->suites;
	c->values.suites_len = len;
	c->values.suites_default = (uint32_t)config->ciphers_default;
}

static void
compile_protocols(compilation *c)
{
	const tlshost_config *config = c->config;
	size_t max = c->backend->ops.protocols_max;
	size_t max_len = tlshost_backend_protocol_max_len(c->backend);

	if (max != 0 && config->protocols_len > max)
		add_finding(c, TLSHOST_FIELD_INNER_PROTOCOLS,
		    TLSHOST_SEVERITY_ERROR,
		    "backend %s takes at most %zu protocols, not %zu",
		    c->backend->name, max, config->protocols_len);
	if ((c->protocols = tlshost__array(config->protocols_len,
	    sizeof(*c->protocols))) == NULL) {
		c->no_memory = 1;
		return;
	}
	for (size_t i = 0; i < config->protocols_len; i++) {
		const tlshost_protocol *protocol = &config->protocols[i];

		if (protocol->len > max_len)
			add_finding(c, TLSHOST_FIELD_INNER_PROTOCOLS,
			    TLSHOST_SEVERITY_ERROR,
			    "backend %s takes names of at most %zu bytes; "
			    "number %zu has %zu", c->backend->name, max_len,
			    i + 1, protocol->len);
		if ((c->backend->ops.capabilities &
		    TLSHOST_CAPABILITY_PROTOCOL_NUL) == 0 &&
		    memchr(protocol->data, 0, protocol->len) != NULL)
			add_finding(c, TLSHOST_FIELD_INNER_PROTOCOLS,
			    TLSHOST_SEVERITY_ERROR,
			    "backend %s takes no names with a byte of 0, as "
			    "number %zu has", c->backend->name, i + 1);
		c->protocols[i] = (struct tlshost_bytes){ protocol->data,
		    protocol->len };
	}
	c->values.protocols = c->protocols;
	c->values.protocols_len = config->protocols_len;
}

static int
has_uri(const tlshost_chain *chain, const tlshost_private_key *key)
{
	if (key->uri != NULL)
		return 1;
	for (size_t i = 0; i < chain->len; i++)
		if (chain->items[i]->uri != NULL)
			return 1;
	return 0;
}

static int
is_self_issued(const tlshost__cert *cert)
{
	return cert->issuer.len == cert->subject.len && memcmp(
	    cert->issuer.data, cert->subject.data, cert->issuer.len) == 0;
}

/*
 * Keys and signatures that no peer on a backend would take (docs/VERIFICATION),
 * and that one library refuses to send and another sends.
 */
static const char *
own_weakness(const compilation *c, const tlshost__cert *cert, int is_leaf)
{
	uint32_t usage = TLSHOST__KU_DIGITAL_SIGNATURE;

	if (!cert->key_allowed)
		return cert->key_kind == TLSHOST__KEY_RSA &&
		    cert->key_bits < 2048 ?
		    "its RSA key has less than 2048 bits" :
		    "its key is of a kind or on a curve that is not accepted";
	if (cert->signature_weak && !is_self_issued(cert))
		return "it is signed with SHA-1 or weaker";
	if (!cert->signature_known && !is_self_issued(cert))
		return "it is signed with an algorithm that is not accepted";
	if (c->role == TLSHOST_ROLE_SERVER &&
	    cert->key_kind == TLSHOST__KEY_RSA && !cert->key_pss)
		usage |= TLSHOST__KU_KEY_ENCIPHERMENT;
	if (is_leaf && cert->extensions[TLSHOST__EXT_KEY_USAGE].present &&
	    (cert->key_usage & usage) == 0)
		return "its keyUsage does not allow digital signatures";
	return NULL;
}

static void
check_own_chain(compilation *c, const tlshost_chain *chain)
{
	for (size_t i = 0; i < chain->len; i++) {
		const char *problem;
		tlshost__cert cert;

		if (chain->items[i]->uri != NULL)
			continue;
		(void)tlshost__cert_parse(&cert, chain->items[i]->der,
		    chain->items[i]->len);
		problem = (cert.flaws & TLSHOST_REASON_MALFORMED) != 0 ?
		    cert.flaw_text : own_weakness(c, &cert, i == 0);
		if (problem != NULL)
			find_broken(c, TLSHOST_FIELD_CERTIFICATE_CHAIN,
			    "certificate %zu of the chain cannot be used: %s",
			    i + 1, problem);
	}
}

/* What a backend would refuse in its own words, or take and ignore. */
static void
check_identity(compilation *c, const tlshost__identity *identity)
{
	uint64_t lacks = ~c->backend->capabilities;
	const tlshost_certificate *leaf = identity->chain->items[0];
	const char *name = c->backend->name;
	const char *form = NULL;
	tlshost__cert cert;

	if (has_uri(identity->chain, identity->key)) {
		if ((lacks & TLSHOST_CAPABILITY_URI_SOURCES) != 0)
			find_broken(c, TLSHOST_FIELD_CERTIFICATE_CHAIN,
			    "the backend has no certificates or keys by URI");
		return;
	}
	if (tlshost__key_form(identity->key, lacks, &form) != 0)
		c->no_memory = 1;
	if (form != NULL)
		find_broken(c, TLSHOST_FIELD_PRIVATE_KEY,
		    "backend %s cannot read %s", name, form);
	if (tlshost__cert_parse(&cert, leaf->der, leaf->len) != 0)
		return;
	if (cert.key_kind == TLSHOST__KEY_ED &&
	    (lacks & TLSHOST_CAPABILITY_ED25519) != 0)
		find_broken(c, TLSHOST_FIELD_CERTIFICATE_CHAIN, "backend %s "
		    "has no Ed25519 or Ed448 keys", name);
	if (cert.key_pss && (lacks & TLSHOST_CAPABILITY_PSS_KEYS) != 0)
		find_broken(c, TLSHOST_FIELD_CERTIFICATE_CHAIN, "backend %s "
		    "has no keys for RSASSA-PSS alone", name);
	check_own_chain(c, identity->chain);
}

/*
 * Which chain a server of TLS 1.3 shows to a client that takes several, and of
 * which kind there can be one: the order of OpenSSL, which goes by signatures.
 * The other libraries take the first chain that fits.
 */
static unsigned int
rank(const tlshost__identity *identity)
{
	const tlshost_certificate *leaf = identity->chain->items[0];
	tlshost__cert cert;

	if (leaf->der == NULL || tlshost__cert_parse(&cert, leaf->der,
	    leaf->len) != 0)
		return UINT_MAX;
	switch (cert.key_kind) {
	case TLSHOST__KEY_EC:
		return 0;
	case TLSHOST__KEY_ED:
		return cert.key_bits <= 256 ? 1 : 2;
	case TLSHOST__KEY_RSA:
		return cert.key_pss ? 3 : 4;
	default:
		return UINT_MAX;
	}
}

/* Sorts c->identities, which borrows from the configuration. */
static void
order_identities(compilation *c)
{
	const tlshost__identity **list = c->identities;

	for (size_t i = 0; i < c->config->identities_len; i++) {
		const tlshost__identity *one = &c->config->identities[i];
		unsigned int own = rank(one);
		size_t at = i;

		for (; at > 0 && rank(list[at - 1]) > own; at--)
			list[at] = list[at - 1];
		if (at > 0 && own != UINT_MAX && rank(list[at - 1]) == own &&
		    c->role == TLSHOST_ROLE_SERVER)
			find_broken(c, TLSHOST_FIELD_CERTIFICATE_CHAIN,
			    "two certificate chains are for the same kind of "
			    "key");
		list[at] = one;
	}
}

static void
compile_chains(compilation *c)
{
	const tlshost_config *config = c->config;
	size_t total = 0, at = 0;

	if (c->role == TLSHOST_ROLE_SERVER && config->identities_len == 0)
		find_broken(c, TLSHOST_FIELD_CERTIFICATE_CHAIN,
		    "a server needs a certificate chain and its key");
	if (c->role == TLSHOST_ROLE_CLIENT && config->identities_len > 1)
		find_broken(c, TLSHOST_FIELD_CERTIFICATE_CHAIN,
		    "a client can have one certificate chain only");
	for (size_t i = 0; i < config->identities_len; i++) {
		total += config->identities[i].chain->len;
		check_identity(c, &config->identities[i]);
	}
	c->certificates = tlshost__array(total, sizeof(*c->certificates));
	c->certificate_pointers = tlshost__array(total,
	    sizeof(*c->certificate_pointers));
	c->identities = tlshost__array(config->identities_len,
	    sizeof(*c->identities));
	c->keys = tlshost__array(config->identities_len, sizeof(*c->keys));
	c->chains = tlshost__array(config->identities_len, sizeof(*c->chains));
	c->chain_pointers = tlshost__array(config->identities_len,
	    sizeof(*c->chain_pointers));
	if (c->certificates == NULL || c->certificate_pointers == NULL ||
	    c->identities == NULL || c->keys == NULL || c->chains == NULL ||
	    c->chain_pointers == NULL) {
		c->no_memory = 1;
		return;
	}
	order_identities(c);
	for (size_t i = 0; i < config->identities_len; i++) {
		const tlshost_chain *chain = c->identities[i]->chain;

		c->keys[i] = tlshost__key_for_plugin(c->identities[i]->key);
		c->chains[i] = (struct tlshost_plugin_chain){
			.size = sizeof(c->chains[i]),
			.certificates = &c->certificate_pointers[at],
			.certificates_len = chain->len,
			.key = &c->keys[i],
		};
		c->chain_pointers[i] = &c->chains[i];
		for (size_t k = 0; k < chain->len; k++, at++) {
			c->certificates[at] = tlshost__certificate_for_plugin(
			    chain->items[k]);
			c->certificate_pointers[at] = &c->certificates[at];
		}
	}
	c->values.chains = c->chain_pointers;
	c->values.chains_len = config->identities_len;
}

/* Does this role verify its peer? */
static int
verifies(const compilation *c)
{
	return c->config->validate && (c->role == TLSHOST_ROLE_CLIENT ||
	    c->config->client_auth != TLSHOST_CLIENT_AUTH_NONE);
}

static void
compile_trust(compilation *c)
{
	tlshost_error *error = NULL;
	tlshost_status st;

	if (!verifies(c))
		return;
	if (c->config->trust != NULL) {
		c->trust = tlshost_trust_store_ref(c->config->trust);
	} else if (c->role == TLSHOST_ROLE_SERVER) {
		find_broken(c, TLSHOST_FIELD_TRUST_STORE, "a server that asks "
		    "for certificates needs a trust store");
		return;
	} else if ((st = tlshost_trust_store_system(NULL, &c->trust,
	    &error)) != TLSHOST_OK) {
		if (st == TLSHOST_NO_MEMORY)
			c->no_memory = 1;
		else
			find_broken(c, TLSHOST_FIELD_TRUST_STORE, "%s",
			    tlshost_error_message(error));
		tlshost_error_free(error);
		return;
	}
	st = tlshost__trust_for_backend(c->trust, c->backend,
	    &c->values.trust, &error);
	if (st == TLSHOST_NO_MEMORY) {
		c->no_memory = 1;
	} else if (st == TLSHOST_LIBRARY_GONE) {
		c->gone = error;
		return;
	} else if (st != TLSHOST_OK) {
		find_broken(c, TLSHOST_FIELD_TRUST_STORE, "%s",
		    tlshost_error_message(error));
	}
	tlshost_error_free(error);
}

static void
compile_switches(compilation *c)
{
	const tlshost_config *config = c->config;
	uint64_t can = c->backend->capabilities;

	c->values.validate = (uint32_t)config->validate;
	c->values.client_auth = c->role == TLSHOST_ROLE_SERVER ?
	    (uint32_t)config->client_auth : 0;
	c->values.key_log = config->key_log != NULL;
	if (!config->validate && (can & TLSHOST_CAPABILITY_NO_VERIFY) == 0)
		add_finding(c, TLSHOST_FIELD_VALIDATE_CERTIFICATES,
		    TLSHOST_SEVERITY_ERROR,
		    "backend %s cannot switch verification off",
		    c->backend->name);
	if (config->key_log != NULL && (can & TLSHOST_CAPABILITY_KEY_LOG) == 0)
		add_finding(c, TLSHOST_FIELD_KEY_LOG, TLSHOST_SEVERITY_ERROR,
		    "backend %s has no key log", c->backend->name);
	if (c->role != TLSHOST_ROLE_CLIENT)
		return;
	if (config->sni != NULL)
		add_finding(c, TLSHOST_FIELD_SNI_CALLBACK,
		    TLSHOST_SEVERITY_INFO, "it is not used by a client");
	if (config->client_auth != TLSHOST_CLIENT_AUTH_NONE)
		add_finding(c, TLSHOST_FIELD_CLIENT_AUTH,
		    TLSHOST_SEVERITY_WARNING, "it is not used by a client");
}

/* A plugin built with a smaller structure would leave the rest unread. */
static void
compile_size(compilation *c)
{
	uint8_t bytes[sizeof(c->values)];
	size_t known = c->backend->ops.config_size;

	if (known >= sizeof(bytes)) {
		c->values.size = sizeof(bytes);
		return;
	}
	memcpy(bytes, &c->values, sizeof(bytes));
	for (size_t i = known; i < sizeof(bytes); i++)
		if (bytes[i] != 0) {
			add_finding(c, TLSHOST_FIELD_NONE,
			    TLSHOST_SEVERITY_ERROR, "backend %s was built "
			    "before a field that is set here existed",
			    c->backend->name);
			c->incomplete = 1;
			break;
		}
	c->values.size = (uint32_t)known;
}

static void
compilation_done(compilation *c)
{
	tlshost_error_free(c->gone);
	tlshost_trust_store_unref(c->trust);
	free(c->suites);
	free(c->protocols);
	free(c->certificates);
	free(c->certificate_pointers);
	free(c->keys);
	free(c->identities);
	free(c->chains);
	free(c->chain_pointers);
}

static tlshost_status
compile(compilation *c)
{
	memset(&c->values, 0, sizeof(c->values));
	compile_versions(c);
	if (!c->incomplete)
		compile_suites(c);
	compile_protocols(c);
	compile_chains(c);
	compile_trust(c);
	compile_switches(c);
	compile_size(c);
	return c->no_memory ? TLSHOST_NO_MEMORY : TLSHOST_OK;
}

/* ------------------------------------------------------------------------
 * The context
 */

static tlshost_status
fail_on_finding(const compilation *c, tlshost_error **ret_error)
{
	for (size_t i = 0; i < c->findings->len; i++) {
		const tlshost__finding *finding = &c->findings->items[i];

		if (finding->severity == TLSHOST_SEVERITY_ERROR)
			return tlshost__fail(ret_error, TLSHOST_BAD_CONFIG,
			    TLSHOST_PHASE_CONFIG, c->backend->name, "%s: %s",
			    tlshost_field_name(finding->field), finding->text);
	}
	return TLSHOST_OK;
}

/* Lets the plugin make its context; what it says goes to the findings too. */
static tlshost_status
make_plugin_context(compilation *c, void **ret_plugin,
    tlshost_error **ret_error)
{
	const struct tlshost_plugin *ops = &c->backend->ops;
	tlshost_error *error = NULL;
	tlshost_sink sink;
	tlshost_status st;
	void *plugin = NULL;
	size_t errors = c->findings->errors;

	tlshost__sink_init(&sink, c->backend->name, TLSHOST_PHASE_CONFIG,
	    c->findings);
	st = tlshost__border(&sink, "context_new", ops->context_new(&sink,
	    c->role, &c->values, &plugin), TLSHOST__ALLOW(BAD_CONFIG) |
	    TLSHOST__ALLOW(BAD_DATA) | TLSHOST__ALLOW(BAD_PASSWORD) |
	    TLSHOST__ALLOW(PASSWORD_REFUSED) | TLSHOST__ALLOW(KEY_MISMATCH) |
	    TLSHOST__ALLOW(UNSUPPORTED), &error);
	if (st == TLSHOST_OK && plugin == NULL)
		st = tlshost__fail(&error, TLSHOST_BACKEND_FAULT,
		    TLSHOST_PHASE_CONFIG, c->backend->name,
		    "backend %s made no context", c->backend->name);
	/* Whoever reads only the findings must see why it failed. */
	if (st != TLSHOST_OK && c->findings->errors == errors &&
	    tlshost__findings_add(c->findings,
	    (tlshost_field)sink.failure_field, TLSHOST_SEVERITY_ERROR,
	    tlshost_error_message(error)) != 0)
		st = TLSHOST_NO_MEMORY;
	tlshost__sink_done(&sink);
	if (st != TLSHOST_OK) {
		tlshost__pass(ret_error, error);
		return st;
	}
	*ret_plugin = plugin;
	return TLSHOST_OK;
}

/* What the plugin enabled, held against what it was asked for. */
static tlshost_status
fetch_suites(compilation *c, tlshost__context *context,
    tlshost_error **ret_error)
{
	const struct tlshost_plugin *ops = &c->backend->ops;
	size_t cap = c->values.suites_len, len;

	if ((context->ciphers = tlshost__array(cap,
	    sizeof(*context->ciphers))) == NULL)
		return tlshost__fail_memory(ret_error);
	len = ops->context_suites(context->plugin, context->ciphers, cap);
	for (size_t i = 0; i < len && i < cap; i++)
		if (!contains(c->suites, cap, context->ciphers[i]))
			len = SIZE_MAX;
	if (len == 0 || len > cap)
		return tlshost__fail(ret_error, TLSHOST_BACKEND_FAULT,
		    TLSHOST_PHASE_CONFIG, c->backend->name,
		    "backend %s enabled other cipher suites than it was told",
		    c->backend->name);
	context->ciphers_len = len;
	return TLSHOST_OK;
}

static void
context_free(tlshost__context *context)
{
	for (size_t i = 0; i < context->cache_len; i++)
		tlshost__context_unref(context->cache[i].context);
	if (context->plugin != NULL)
		context->backend->ops.context_free(context->plugin);
	tlshost_config_unref(context->config);
	tlshost_trust_store_unref(context->trust);
	tlshost__findings_done(&context->findings);
	free(context->ciphers);
	pthread_mutex_destroy(&context->lock);
	free(context);
}

/*
 * The one way from a configuration to a context; checking a configuration is
 * the same without keeping the result.  context->findings is filled in any
 * case.
 */
static tlshost_status
context_compile(tlshost__context *context, tlshost_error **ret_error)
{
	compilation c = {
		.backend = context->backend,
		.role = context->role,
		.config = context->config,
		.findings = &context->findings,
	};
	tlshost_status st, found;

	if ((st = compile(&c)) != TLSHOST_OK) {
		(void)tlshost__fail_memory(ret_error);
		goto out;
	}
	if (c.gone != NULL) {
		st = TLSHOST_LIBRARY_GONE;
		tlshost__pass(ret_error, c.gone);
		c.gone = NULL;
		goto out;
	}
	found = fail_on_finding(&c, NULL);
	if (!c.incomplete) {
		st = make_plugin_context(&c, &context->plugin,
		    found == TLSHOST_OK ? ret_error : NULL);
		if (st != TLSHOST_OK && found == TLSHOST_OK)
			goto out;
		if (st == TLSHOST_NO_MEMORY) {
			(void)tlshost__fail_memory(ret_error);
			goto out;
		}
	}
	if ((st = fail_on_finding(&c, ret_error)) != TLSHOST_OK)
		goto out;
	if ((st = fetch_suites(&c, context, ret_error)) != TLSHOST_OK)
		goto out;
	context->trust = c.trust;
	c.trust = NULL;
	context->lowest = c.values.lowest_version;
	context->highest = c.values.highest_version;
	context->kinds = c.kinds;
out:
	compilation_done(&c);
	return st;
}

static tlshost__context *
context_alloc(tlshost_backend *backend, tlshost_role role,
    tlshost_config *config)
{
	tlshost__context *context;

	if ((context = calloc(1, sizeof(*context))) == NULL)
		return NULL;
	if (pthread_mutex_init(&context->lock, NULL) != 0) {
		free(context);
		return NULL;
	}
	tlshost__refs_init(&context->refs);
	context->role = role;
	context->backend = backend;
	context->config = tlshost_config_ref(config);
	return context;
}

static const char *
role_name(tlshost_role role)
{
	return role == TLSHOST_ROLE_CLIENT ? "client" : "server";
}

static tlshost_status
check_role(const tlshost_backend *backend, tlshost_role role,
    tlshost_error **ret_error)
{
	if ((backend->roles & (unsigned int)role) != 0)
		return TLSHOST_OK;
	return tlshost__fail(ret_error, TLSHOST_UNSUPPORTED,
	    TLSHOST_PHASE_CONFIG, backend->name, "backend %s has no %s side",
	    backend->name, role_name(role));
}

tlshost_status
tlshost__context_new(tlshost_backend *backend, tlshost_role role,
    tlshost_config *config, tlshost__context **ret_context,
    tlshost_error **ret_error)
{
	tlshost__context *context;
	tlshost_status st;

	if (config == NULL || ret_context == NULL)
		return tlshost__fail(ret_error, TLSHOST_INVALID_ARGUMENT,
		    TLSHOST_PHASE_CONFIG, NULL, "%s is NULL",
		    config == NULL ? "config" : "ret_context");
	if (backend == NULL && (st = tlshost_backend_default(role, &backend,
	    ret_error)) != TLSHOST_OK)
		return st;
	if ((st = check_role(backend, role, ret_error)) != TLSHOST_OK)
		return st;
	if ((context = context_alloc(backend, role, config)) == NULL)
		return tlshost__fail_memory(ret_error);
	if ((st = context_compile(context, ret_error)) != TLSHOST_OK) {
		context_free(context);
		return st;
	}
	*ret_context = context;
	return TLSHOST_OK;
}

tlshost_status
tlshost_backend_check_config(tlshost_backend *backend, tlshost_config *config,
    tlshost_role role, tlshost_findings **ret_findings,
    tlshost_error **ret_error)
{
	tlshost__context *context;
	tlshost_findings *findings;
	tlshost_error *error = NULL;
	tlshost_status st;

	if (backend == NULL || config == NULL || ret_findings == NULL ||
	    (role != TLSHOST_ROLE_CLIENT && role != TLSHOST_ROLE_SERVER))
		return tlshost__fail(ret_error, TLSHOST_INVALID_ARGUMENT,
		    TLSHOST_PHASE_CONFIG, NULL,
		    "backend, config or ret_findings is NULL, or role is none");
	if ((st = check_role(backend, role, ret_error)) != TLSHOST_OK)
		return st;
	context = context_alloc(backend, role, config);
	findings = calloc(1, sizeof(*findings));
	if (context == NULL || findings == NULL) {
		st = tlshost__fail_memory(ret_error);
	} else {
		st = context_compile(context, &error);
		/* Errors that became findings were told. */
		if (st == TLSHOST_NO_MEMORY || st == TLSHOST_LIBRARY_GONE) {
			tlshost__pass(ret_error, error);
		} else {
			tlshost_error_free(error);
			st = TLSHOST_OK;
		}
	}
	if (st == TLSHOST_OK) {
		*findings = context->findings;
		context->findings = (tlshost_findings){ 0 };
		*ret_findings = findings;
		findings = NULL;
	}
	tlshost_findings_free(findings);
	if (context != NULL)
		context_free(context);
	return st;
}

tlshost__context *
tlshost__context_ref(tlshost__context *context)
{
	if (context != NULL)
		tlshost__refs_get(&context->refs);
	return context;
}

void
tlshost__context_unref(tlshost__context *context)
{
	if (context != NULL && tlshost__refs_put(&context->refs))
		context_free(context);
}

/* ------------------------------------------------------------------------
 * Contexts of configurations that an SNI callback returned
 */

static tlshost__context *
cache_find(tlshost__context *context, const tlshost_config *config)
{
	for (size_t i = 0; i < context->cache_len; i++) {
		tlshost__cached *cached = &context->cache[i];

		if (tlshost_config_equal(cached->context->config, config)) {
			cached->used = ++context->cache_clock;
			return tlshost__context_ref(cached->context);
		}
	}
	return NULL;
}

/* Returns the context that had to go, whose last reference must not be
 * dropped under the lock. */
static tlshost__context *
cache_add(tlshost__context *context, tlshost__context *fresh)
{
	tlshost__context *evicted = NULL;
	size_t slot = 0;

	if (context->cache_len < TLSHOST__CACHE_MAX) {
		slot = context->cache_len++;
	} else {
		for (size_t i = 1; i < context->cache_len; i++)
			if (context->cache[i].used < context->cache[slot].used)
				slot = i;
		evicted = context->cache[slot].context;
	}
	context->cache[slot] = (tlshost__cached){
		tlshost__context_ref(fresh), ++context->cache_clock
	};
	return evicted;
}

tlshost_status
tlshost__context_for_config(tlshost__context *context, tlshost_config *config,
    tlshost__context **ret_context, tlshost_error **ret_error)
{
	tlshost__context *found, *fresh, *surplus = NULL;
	tlshost_status st;

	if (tlshost_config_equal(context->config, config)) {
		*ret_context = tlshost__context_ref(context);
		return TLSHOST_OK;
	}
	pthread_mutex_lock(&context->lock);
	found = cache_find(context, config);
	pthread_mutex_unlock(&context->lock);
	if (found == NULL) {
		/* No lock is held while the plugin works: two threads may make
		 * the same context, and one of them is not kept. */
		if ((st = tlshost__context_new(context->backend, context->role,
		    config, &fresh, ret_error)) != TLSHOST_OK)
			return st;
		pthread_mutex_lock(&context->lock);
		if ((found = cache_find(context, config)) != NULL) {
			surplus = fresh;
		} else {
			found = fresh;
			surplus = cache_add(context, fresh);
		}
		pthread_mutex_unlock(&context->lock);
	}
	tlshost__context_unref(surplus);
	*ret_context = found;
	return TLSHOST_OK;
}

/* ------------------------------------------------------------------------
 * The public faces: one object, two types
 */

static tlshost_client_context *
as_client(tlshost__context *context)
{
	return (tlshost_client_context *)(void *)context;
}

static tlshost_server_context *
as_server(tlshost__context *context)
{
	return (tlshost_server_context *)(void *)context;
}

tlshost_status
tlshost_client_context_new(tlshost_backend *backend, tlshost_config *config,
    tlshost_client_context **ret_context, tlshost_error **ret_error)
{
	tlshost__context *context = NULL;
	tlshost_status st;

	st = tlshost__context_new(backend, TLSHOST_ROLE_CLIENT, config,
	    ret_context != NULL ? &context : NULL, ret_error);
	if (st == TLSHOST_OK)
		*ret_context = as_client(context);
	return st;
}

tlshost_status
tlshost_server_context_new(tlshost_backend *backend, tlshost_config *config,
    tlshost_server_context **ret_context, tlshost_error **ret_error)
{
	tlshost__context *context = NULL;
	tlshost_status st;

	st = tlshost__context_new(backend, TLSHOST_ROLE_SERVER, config,
	    ret_context != NULL ? &context : NULL, ret_error);
	if (st == TLSHOST_OK)
		*ret_context = as_server(context);
	return st;
}

tlshost_client_context *
tlshost_client_context_ref(tlshost_client_context *context)
{
	tlshost__context_ref(tlshost__context_of_client(context));
	return context;
}

tlshost_server_context *
tlshost_server_context_ref(tlshost_server_context *context)
{
	tlshost__context_ref(tlshost__context_of_server(context));
	return context;
}

void
tlshost_client_context_unref(tlshost_client_context *context)
{
	tlshost__context_unref(tlshost__context_of_client(context));
}

void
tlshost_server_context_unref(tlshost_server_context *context)
{
	tlshost__context_unref(tlshost__context_of_server(context));
}

tlshost_config *
tlshost_client_context_config(const tlshost_client_context *context)
{
	return context != NULL ? tlshost__context_of_client(context)->config :
	    NULL;
}

tlshost_config *
tlshost_server_context_config(const tlshost_server_context *context)
{
	return context != NULL ? tlshost__context_of_server(context)->config :
	    NULL;
}

tlshost_backend *
tlshost_client_context_backend(const tlshost_client_context *context)
{
	return context != NULL ? tlshost__context_of_client(context)->backend :
	    NULL;
}

tlshost_backend *
tlshost_server_context_backend(const tlshost_server_context *context)
{
	return context != NULL ? tlshost__context_of_server(context)->backend :
	    NULL;
}

static size_t
context_ciphers(const tlshost__context *context, const uint16_t **ret_ids)
{
	if (context == NULL)
		return 0;
	if (ret_ids != NULL)
		*ret_ids = context->ciphers;
	return context->ciphers_len;
}

size_t
tlshost_client_context_ciphers(const tlshost_client_context *context,
    const uint16_t **ret_ids)
{
	return context_ciphers(tlshost__context_of_client(context), ret_ids);
}

size_t
tlshost_server_context_ciphers(const tlshost_server_context *context,
    const uint16_t **ret_ids)
{
	return context_ciphers(tlshost__context_of_server(context), ret_ids);
}

const tlshost_findings *
tlshost_client_context_findings(const tlshost_client_context *context)
{
	return context != NULL ?
	    &tlshost__context_of_client(context)->findings : NULL;
}

const tlshost_findings *
tlshost_server_context_findings(const tlshost_server_context *context)
{
	return context != NULL ?
	    &tlshost__context_of_server(context)->findings : NULL;
}

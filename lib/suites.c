/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "suites.h"
#include "cipher.h"
#include "reader.h"
#include "source.h"
#include "wire.h"
#include "x509.h"

/* ------------------------------------------------------------------------
 * Certificates
 */

/* What a leaf can do, as bits. */
#define RSA_SIGNS 1u
#define RSA_DECRYPTS 2u
#define PSS_SIGNS 4u
#define P256_SIGNS 8u
#define P384_SIGNS 16u
#define P521_SIGNS 32u
#define ED25519_SIGNS 64u
#define ED448_SIGNS 128u
#define ALL_KINDS 255u
#define ALL_SIGN (ALL_KINDS & ~RSA_DECRYPTS)

static unsigned int
leaf_kinds(const tlshost__cert *leaf)
{
	int any = !leaf->extensions[TLSHOST__EXT_KEY_USAGE].present;
	int signs = any ||
	    (leaf->key_usage & TLSHOST__KU_DIGITAL_SIGNATURE) != 0;
	int decrypts = any ||
	    (leaf->key_usage & TLSHOST__KU_KEY_ENCIPHERMENT) != 0;

	switch (leaf->key_kind) {
	case TLSHOST__KEY_RSA:
		if (leaf->key_pss)
			return signs ? PSS_SIGNS : 0;
		return (signs ? RSA_SIGNS : 0) | (decrypts ? RSA_DECRYPTS : 0);
	case TLSHOST__KEY_EC:
		return !signs ? 0 : leaf->key_bits <= 256 ? P256_SIGNS :
		    leaf->key_bits <= 384 ? P384_SIGNS : P521_SIGNS;
	case TLSHOST__KEY_ED:
		return !signs ? 0 : leaf->key_bits <= 256 ? ED25519_SIGNS :
		    ED448_SIGNS;
	default:
		return 0;
	}
}

unsigned int
tlshost__leaf_kinds(const tlshost_config *config)
{
	unsigned int kinds = 0;
	tlshost__cert leaf;

	/* A server without any has another problem. */
	if (config->identities_len == 0)
		return ALL_KINDS;
	for (size_t i = 0; i < config->identities_len; i++) {
		const tlshost_certificate *certificate =
		    config->identities[i].chain->items[0];

		if (certificate->der == NULL || tlshost__cert_parse(&leaf,
		    certificate->der, certificate->len) != 0)
			return ALL_KINDS;
		kinds |= leaf_kinds(&leaf);
	}
	return kinds;
}

/* ------------------------------------------------------------------------
 * Suites, by their words in the table
 */

static int
is_word(const char *word, const char *wanted)
{
	return word != NULL && strcmp(word, wanted) == 0;
}

/* Those that can do what the suite asks of a certificate. */
static unsigned int
kinds_for(const tlshost_cipher_info *info)
{
	const char *who = tlshost_cipher_info_authentication(info);

	if (is_word(who, "ECDSA"))
		return ALL_SIGN & ~(RSA_SIGNS | PSS_SIGNS);
	if (!is_word(who, "RSA"))
		return ALL_SIGN;            /* TLS 1.3 */
	return is_word(tlshost_cipher_info_key_exchange(info), "RSA") ?
	    RSA_DECRYPTS : RSA_SIGNS | PSS_SIGNS;
}

int
tlshost__suite_served(uint16_t id, unsigned int kinds)
{
	/* None at all is told of the certificates themselves. */
	return kinds == 0 ||
	    (kinds_for(tlshost_cipher_by_id(id)) & kinds) != 0;
}

/* ------------------------------------------------------------------------
 * Clients: what their hello says, as pairs of bytes
 */

/* What stands behind its own length of so many bytes. */
static reader
list_in(struct tlshost_bytes body, size_t head)
{
	reader r = reader_of(body);
	const uint8_t *len;

	return take(&r, head, &len) ? r : (reader){ NULL, 0 };
}

static int
has(reader list, size_t number)
{
	return has_number(list, 2, number);
}

/* The version that comes of it; 0: none. */
static uint32_t
choose_version(const struct tlshost_hello *hello, uint32_t lowest,
    uint32_t highest)
{
	int named = hello->supported_versions.data != NULL;
	reader versions = list_in(hello->supported_versions, 1);

	for (uint32_t v = highest; v >= lowest; v--)
		/* Without the extension it is TLS 1.2 at the most (RFC 8446,
		 * 4.2.1). */
		if (named ? has(versions, v) : v <= hello->legacy_version &&
		    v < TLSHOST_VERSION_TLSV1_3)
			return v;
	return 0;
}

/* Does the client check a signature by such a key?  Without the extension it
 * asks for SHA-1 (RFC 5246, 7.4.1.4.1), which nobody here does. */
static int
takes_signature(reader signatures, uint32_t version,
    unsigned int kind)
{
	static const struct {
		unsigned int kinds, scheme;
	} schemes[] = {
		{ RSA_SIGNS | RSA_DECRYPTS, 0x0401 },
		{ RSA_SIGNS | RSA_DECRYPTS, 0x0501 },
		{ RSA_SIGNS | RSA_DECRYPTS, 0x0601 },
		{ RSA_SIGNS | RSA_DECRYPTS, 0x0804 },
		{ RSA_SIGNS | RSA_DECRYPTS, 0x0805 },
		{ RSA_SIGNS | RSA_DECRYPTS, 0x0806 },
		{ PSS_SIGNS, 0x0809 }, { PSS_SIGNS, 0x080a },
		{ PSS_SIGNS, 0x080b },
		{ P256_SIGNS | P384_SIGNS | P521_SIGNS, 0x0403 },
		{ P256_SIGNS | P384_SIGNS | P521_SIGNS, 0x0503 },
		{ P256_SIGNS | P384_SIGNS | P521_SIGNS, 0x0603 },
		{ ED25519_SIGNS, 0x0807 }, { ED448_SIGNS, 0x0808 },
	};

	/* The pairs of hashes before that are for these alone. */
	if (version < TLSHOST_VERSION_TLSV1_2)
		return (kind & (PSS_SIGNS | ED25519_SIGNS | ED448_SIGNS)) == 0;
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		if ((schemes[i].kinds & kind) != 0 &&
		    has(signatures, schemes[i].scheme))
			return 1;
	return 0;
}

/* The client's groups are those of its certificates, too (RFC 8422, 5.1). */
static int
takes_curve(reader groups, unsigned int kind)
{
	return kind == P256_SIGNS ? has(groups, 23) :
	    kind == P384_SIGNS ? has(groups, 24) :
	    kind == P521_SIGNS ? has(groups, 25) : 1;
}

/* Of these kinds of leaves, those that the client makes use of. */
static unsigned int
kinds_of_client(const struct tlshost_hello *hello, uint32_t version,
    unsigned int kinds)
{
	reader groups = list_in(hello->groups, 2);
	reader signatures = list_in(hello->signatures, 2);
	unsigned int taken = 0;

	for (unsigned int kind = 1; kind <= ALL_KINDS; kind <<= 1)
		if ((kinds & kind) != 0 && takes_curve(groups, kind) &&
		    takes_signature(signatures, version, kind))
			taken |= kind;
	return taken;
}

/* A curve to exchange keys on. */
static int
shares_curve(const struct tlshost_hello *hello, uint64_t capabilities)
{
	reader groups = list_in(hello->groups, 2);

	return has(groups, 29) || has(groups, 23) || has(groups, 24) ||
	    has(groups, 25) || (has(groups, 30) &&
	    (capabilities & TLSHOST_CAPABILITY_X448) != 0);
}

size_t
tlshost__link_suites(tlshost_link *link, uint32_t *ret_version, uint16_t *ids,
    size_t cap)
{
	const tlshost__context *context = link->context;
	struct tlshost_hello hello = { .size = sizeof(hello) };
	uint32_t version;
	unsigned int kinds;
	reader suites;
	size_t len = 0;
	int curve;

	*ret_version = 0;
	if (tlshost__link_hello_parts(link, &hello) != TLSHOST_OK)
		return 0;
	version = choose_version(&hello, context->lowest, context->highest);
	*ret_version = version;
	suites = reader_of(hello.suites);
	/* TLS 1.3 chooses certificates and groups by themselves. */
	kinds = version >= TLSHOST_VERSION_TLSV1_3 ? ALL_KINDS :
	    kinds_of_client(&hello, version, context->kinds);
	curve = version >= TLSHOST_VERSION_TLSV1_3 ||
	    shares_curve(&hello, context->backend->ops.capabilities);
	for (size_t i = 0; version != 0 && i < context->ciphers_len; i++) {
		uint16_t id = context->ciphers[i], from, to;
		const tlshost_cipher_info *info = tlshost_cipher_by_id(id);

		tlshost__cipher_versions(id, &from, &to);
		if (from > version || to < version || !has(suites, id) ||
		    (kinds_for(info) & kinds) == 0 || (!curve && is_word(
		    tlshost_cipher_info_key_exchange(info), "ECDHE")))
			continue;
		if (len < cap)
			ids[len] = id;
		len++;
	}
	return len;
}

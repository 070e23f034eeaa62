/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "hello.h"

#define EXTENSION_GROUPS 10
#define EXTENSION_SIGNATURES 13

static unsigned int
pair_at(const uint8_t *at)
{
	return (unsigned int)at[0] << 8 | at[1];
}

static int
has(const struct tlshost_bytes *list, unsigned int id)
{
	for (size_t i = 0; i + 1 < list->len; i += 2)
		if (pair_at(list->data + i) == id)
			return 1;
	return 0;
}

/* The list in an extension; none: there is no such extension. */
static struct tlshost_bytes
list_of(const uint8_t *body, size_t len, unsigned int type)
{
	struct tlshost_bytes list = { NULL, 0 };
	size_t at = 2 + 32;

	/* The session's name, suites, compression. */
	at += 1u + body[at];
	at += 2 + pair_at(body + at);
	at += 1u + body[at];
	/* Lengths of the whole and of each part were checked before. */
	for (at += 2; at + 4 <= len; at += 4 + pair_at(body + at + 2)) {
		size_t size = pair_at(body + at + 2);

		if (pair_at(body + at) != type || size < 2)
			continue;
		list.data = body + at + 6;
		list.len = size - 2;
	}
	return list;
}

void
limits_read(client_limits *limits, const uint8_t *body, size_t len,
    const struct tlshost_hello *hello, uint32_t lowest, uint32_t highest)
{
	struct tlshost_bytes versions = hello->supported_versions;
	int named = versions.len >= 1;

	limits->groups = list_of(body, len, EXTENSION_GROUPS);
	limits->signatures = list_of(body, len, EXTENSION_SIGNATURES);
	limits->version = 0;
	/* Behind its length. */
	if (named) {
		versions.data++;
		versions.len--;
	}
	for (uint32_t v = highest; v >= lowest && limits->version == 0; v--)
		/* Without the extension it is TLS 1.2 at the most (RFC 8446,
		 * 4.2.1). */
		if (named ? has(&versions, v) : v <= hello->legacy_version &&
		    v < TLSHOST_VERSION_TLSV1_3)
			limits->version = v;
}

/* Does the client check a signature by such a key?  Without the extension it
 * asks for SHA-1 (RFC 5246, 7.4.1.4.1), which nobody here does. */
static int
signs(const client_limits *limits, unsigned int kind)
{
	static const struct {
		unsigned int kinds, scheme;
	} schemes[] = {
		{ KIND_RSA, 0x0401 }, { KIND_RSA, 0x0501 },
		{ KIND_RSA, 0x0601 }, { KIND_RSA, 0x0804 },
		{ KIND_RSA, 0x0805 }, { KIND_RSA, 0x0806 },
		{ KIND_PSS, 0x0809 }, { KIND_PSS, 0x080a },
		{ KIND_PSS, 0x080b },
		{ KIND_P256 | KIND_P384 | KIND_P521, 0x0403 },
		{ KIND_P256 | KIND_P384 | KIND_P521, 0x0503 },
		{ KIND_P256 | KIND_P384 | KIND_P521, 0x0603 },
		{ KIND_ED25519, 0x0807 }, { KIND_ED448, 0x0808 },
	};

	/* The pairs of hashes before that are for these alone. */
	if (limits->version < TLSHOST_VERSION_TLSV1_2)
		return (kind & (KIND_PSS | KIND_ED25519 | KIND_ED448)) == 0;
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		if ((schemes[i].kinds & kind) != 0 &&
		    has(&limits->signatures, schemes[i].scheme))
			return 1;
	return 0;
}

/* The client's groups are those of its certificates, too (RFC 8422, 5.1). */
static int
knows_curve(const client_limits *limits, unsigned int kind)
{
	return kind == KIND_P256 ? has(&limits->groups, 23) :
	    kind == KIND_P384 ? has(&limits->groups, 24) :
	    kind == KIND_P521 ? has(&limits->groups, 25) : 1;
}

int
limits_take(const client_limits *limits, exchange how, unsigned int kinds,
    const uint16_t *groups, size_t groups_len)
{
	int common = how != EXCHANGE_ECDHE;

	if (how == EXCHANGE_RSA)
		return 1;
	for (size_t i = 0; i < groups_len; i++)
		if (has(&limits->groups, groups[i]))
			common = 1;
	for (unsigned int kind = KIND_RSA; common && kind <= KIND_ED448;
	    kind <<= 1)
		if ((kinds & kind) != 0 && knows_curve(limits, kind) &&
		    signs(limits, kind))
			return 1;
	return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * Cipher suites.  GnuTLS has no list of suites: a priority string names key
 * exchanges, ciphers and MACs, and every suite that can be made of them is
 * enabled.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "plugin.h"

suite suites[SUITES_MAX];
size_t suites_len;

/* By preference. */
static const struct {
	uint32_t number;
	const char *name;
} versions[] = {
	{ TLSHOST_VERSION_TLSV1_3, "TLS1.3" },
	{ TLSHOST_VERSION_TLSV1_2, "TLS1.2" },
	{ TLSHOST_VERSION_TLSV1_1, "TLS1.1" },
	{ TLSHOST_VERSION_TLSV1, "TLS1.0" },
};

/* Versions that have a suite: bits, by the index above. */
static uint8_t versions_usable;

static uint32_t
version_number(gnutls_protocol_t version)
{
	switch (version) {
	case GNUTLS_TLS1_1:
		return TLSHOST_VERSION_TLSV1_1;
	case GNUTLS_TLS1_2:
		return TLSHOST_VERSION_TLSV1_2;
	case GNUTLS_TLS1_3:
		return TLSHOST_VERSION_TLSV1_3;
	default:
		return TLSHOST_VERSION_TLSV1;
	}
}

static uint8_t
version_bit(uint32_t version)
{
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++)
		if (versions[i].number == version)
			return (uint8_t)(1u << i);
	return 0;
}

int
version_usable(uint32_t version)
{
	return (versions_usable & version_bit(version)) != 0;
}

/* Key exchanges that authenticate by a certificate. */
static int
usable_kx(gnutls_kx_algorithm_t kx)
{
	return kx == GNUTLS_KX_RSA || kx == GNUTLS_KX_DHE_RSA ||
	    kx == GNUTLS_KX_ECDHE_RSA || kx == GNUTLS_KX_ECDHE_ECDSA;
}

/* The MACs that a string of ours may name: MD5 is none of them. */
static int
usable_mac(gnutls_mac_algorithm_t mac)
{
	return mac == GNUTLS_MAC_AEAD || mac == GNUTLS_MAC_SHA384 ||
	    mac == GNUTLS_MAC_SHA256 || mac == GNUTLS_MAC_SHA1;
}

const suite *
suite_by_id(uint16_t id)
{
	for (size_t i = 0; i < suites_len; i++)
		if (suites[i].id == id)
			return &suites[i];
	return NULL;
}

/* The names of a session's suite and of the list are spelled differently. */
uint16_t
suite_of_session(gnutls_session_t session)
{
	gnutls_protocol_t version = gnutls_protocol_get_version(session);
	gnutls_kx_algorithm_t kx = gnutls_kx_get(session);
	gnutls_cipher_algorithm_t cipher = gnutls_cipher_get(session);
	gnutls_mac_algorithm_t mac = gnutls_mac_get(session);

	for (size_t i = 0; i < suites_len; i++) {
		const suite *one = &suites[i];

		if (one->cipher != cipher || (one->lowest ==
		    TLSHOST_VERSION_TLSV1_3) != (version == GNUTLS_TLS1_3))
			continue;
		if (version == GNUTLS_TLS1_3 ||
		    (one->kx == kx && one->mac == mac))
			return one->id;
	}
	return 0;
}

/* ------------------------------------------------------------------------
 * Priority strings
 */

static void
add(char *string, size_t cap, const char *prefix, const char *name)
{
	size_t len = strlen(string);

	snprintf(string + len, cap - len, ":%s%s", prefix, name);
}

/*
 * The part that is the same in all strings.  SHA-1 signatures are taken out
 * where they can be chosen at all (RFC 9155); the floor of keys is that of
 * the other backends.  What a certificate may be used for is the host's to
 * judge: the library would end the handshake before anybody asks, with an
 * alert that says internal_error.
 */
static void
begin(char *string, size_t cap, uint32_t lowest, uint32_t highest,
    const char *more)
{
	/* Groups and signatures in the order of the other backends. */
	snprintf(string, cap, "NONE:+COMP-NULL:+GROUP-X25519:+GROUP-SECP256R1:"
	    "+GROUP-X448:+GROUP-SECP521R1:+GROUP-SECP384R1:+GROUP-FFDHE2048:"
	    "+GROUP-FFDHE3072:+GROUP-FFDHE4096:"
	    "+SIGN-RSA-PSS-RSAE-SHA256:+SIGN-RSA-PSS-RSAE-SHA384:"
	    "+SIGN-RSA-PSS-RSAE-SHA512:+SIGN-ALL%s:%%PROFILE_MEDIUM:"
	    "%%DEBUG_ALLOW_KEY_USAGE_VIOLATIONS%s",
	    lowest >= TLSHOST_VERSION_TLSV1_2 ?
	    ":-SIGN-RSA-SHA1:-SIGN-ECDSA-SHA1:-SIGN-DSA-SHA1" : "", more);
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++)
		if (versions[i].number >= lowest &&
		    versions[i].number <= highest)
			add(string, cap, "+VERS-", versions[i].name);
}

void
suite_string(const suite *one, uint32_t lowest, uint32_t highest, char *string,
    size_t cap)
{
	begin(string, cap, lowest, highest, "");
	if (one->lowest != TLSHOST_VERSION_TLSV1_3)
		add(string, cap, "+", gnutls_kx_get_name(one->kx));
	add(string, cap, "+", gnutls_cipher_get_name(one->cipher));
	add(string, cap, "+", gnutls_mac_get_name(one->mac));
}

static const gnutls_kx_algorithm_t all_kx[] = {
	GNUTLS_KX_ECDHE_ECDSA, GNUTLS_KX_ECDHE_RSA, GNUTLS_KX_DHE_RSA,
	GNUTLS_KX_RSA,
};
static const gnutls_mac_algorithm_t all_macs[] = {
	GNUTLS_MAC_AEAD, GNUTLS_MAC_SHA384, GNUTLS_MAC_SHA256, GNUTLS_MAC_SHA1,
};

/* The versions that are left of those that a string names: bits. */
static uint8_t
versions_of(gnutls_priority_t priority)
{
	const unsigned int *list;
	uint8_t bits = 0;
	int len = gnutls_priority_protocol_list(priority, &list);

	for (int i = 0; i < len; i++)
		bits |= version_bit(version_number(
		    (gnutls_protocol_t)list[i]));
	return bits;
}

/* Which of the suites are enabled by a string, at their places in the library's
 * list, and for which versions.  Returns all these; 0: it does not take the
 * string. */
static uint8_t
mark_enabled(const char *string, uint8_t *enabled)
{
	gnutls_priority_t priority;
	unsigned int index;
	uint8_t bits;
	int code = 0;

	if (gnutls_priority_init(&priority, string, NULL) < 0)
		return 0;
	bits = versions_of(priority);
	for (unsigned int i = 0; code !=
	    GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE; i++) {
		code = gnutls_priority_get_cipher_suite_index(priority, i,
		    &index);
		if (code >= 0 && index < SUITES_MAX)
			enabled[index] |= bits;
	}
	gnutls_priority_deinit(priority);
	return bits;
}

/* The suite of the library's list at that place; 0: it is beyond the end. */
static int
suite_at(size_t index, suite *one)
{
	unsigned char id[2];
	gnutls_protocol_t lowest;

	if (gnutls_cipher_suite_info(index, id, &one->kx, &one->cipher,
	    &one->mac, &lowest) == NULL)
		return 0;
	one->id = (uint16_t)(id[0] << 8 | id[1]);
	one->lowest = version_number(lowest);
	one->highest = one->lowest == TLSHOST_VERSION_TLSV1_3 ?
	    TLSHOST_VERSION_TLSV1_3 : TLSHOST_VERSION_TLSV1_2;
	return 1;
}

static int
usable(const suite *one)
{
	return one->cipher != GNUTLS_CIPHER_NULL && usable_mac(one->mac) &&
	    (one->lowest == TLSHOST_VERSION_TLSV1_3 || usable_kx(one->kx));
}

/* Of everything that a usable suite is made of. */
static void
string_of_all(char *string, size_t cap)
{
	gnutls_cipher_algorithm_t seen = GNUTLS_CIPHER_NULL;
	suite one;

	begin(string, cap, TLSHOST_VERSION_TLSV1, TLSHOST_VERSION_TLSV1_3, "");
	for (size_t k = 0; k < sizeof(all_kx) / sizeof(all_kx[0]); k++)
		add(string, cap, "+", gnutls_kx_get_name(all_kx[k]));
	for (size_t m = 0; m < sizeof(all_macs) / sizeof(all_macs[0]); m++)
		add(string, cap, "+", gnutls_mac_get_name(all_macs[m]));
	/* The list has suites of a cipher together, mostly; a name that is there
	 * already does no harm. */
	for (size_t i = 0; suite_at(i, &one); i++)
		if (usable(&one) && one.cipher != seen) {
			seen = one.cipher;
			add(string, cap, "+", gnutls_cipher_get_name(seen));
		}
}

/* Cuts the versions of a suite down to those it is enabled for; 0: none. */
static int
narrow(suite *one, uint8_t bits)
{
	uint32_t lowest = 0, highest = 0;

	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		uint32_t version = versions[i].number;

		if ((bits >> i & 1) == 0 || version < one->lowest ||
		    version > one->highest)
			continue;
		versions_usable |= version_bit(version);
		lowest = version;
		if (highest == 0)
			highest = version;
	}
	one->lowest = lowest;
	one->highest = highest;
	return highest != 0;
}

/*
 * Those that there is a string for: one for all.  Or one for each, if the
 * library has not all ciphers that it has names for, or an administrator has
 * taken TLS 1.2 away: then it drops TLS 1.3 from a string that names older
 * versions, too.
 */
void
suites_load(void)
{
	static uint8_t enabled[SUITES_MAX];
	char string[STRING_MAX];
	suite one;
	int all;

	string_of_all(string, sizeof(string));
	all = strlen(string) + 1 < sizeof(string) &&
	    (mark_enabled(string, enabled) &
	    version_bit(TLSHOST_VERSION_TLSV1_2)) != 0;
	for (size_t i = 0; i < SUITES_MAX && suite_at(i, &one); i++) {
		if (!usable(&one))
			continue;
		if (!all) {
			suite_string(&one, one.lowest, one.highest, string,
			    sizeof(string));
			(void)mark_enabled(string, enabled);
		}
		if (narrow(&one, enabled[i]))
			suites[suites_len++] = one;
	}
}

#define CIPHERS_MAX 64

/* What a string is made of. */
typedef struct parts {
	unsigned int kx, macs;           /* bits, by the index above */
	int tls13;
	gnutls_cipher_algorithm_t ciphers[CIPHERS_MAX]; /* by preference */
	size_t ciphers_len;
	size_t count;                    /* suites that come of it */
} parts;

static unsigned int
bit_of(const suite *one, const parts *p)
{
	if (one->lowest == TLSHOST_VERSION_TLSV1_3)
		return p->tls13 && (p->macs & 1u) != 0;
	for (unsigned int k = 0; k < 4; k++)
		if (one->kx == all_kx[k] && (p->kx & (1u << k)) == 0)
			return 0;
	for (unsigned int m = 0; m < 4; m++)
		if (one->mac == all_macs[m])
			return (p->macs & (1u << m)) != 0;
	return 0;
}

static int
listed(const uint16_t *ids, size_t len, uint16_t id)
{
	for (size_t i = 0; i < len; i++)
		if (ids[i] == id)
			return 1;
	return 0;
}

/* How many suites a cipher adds, or 0 if one of them is not in the list. */
static size_t
cipher_yield(const parts *p, gnutls_cipher_algorithm_t cipher,
    const uint16_t *ids, size_t len, uint32_t lowest, uint32_t highest)
{
	size_t count = 0;

	for (size_t i = 0; i < suites_len; i++) {
		const suite *one = &suites[i];

		if (one->cipher != cipher || one->lowest > highest ||
		    one->highest < lowest || !bit_of(one, p))
			continue;
		if (!listed(ids, len, one->id))
			return 0;
		count++;
	}
	return count;
}

static void
fill_ciphers(parts *p, const uint16_t *ids, size_t len, uint32_t lowest,
    uint32_t highest)
{
	p->ciphers_len = p->count = 0;
	for (size_t i = 0; i < len; i++) {
		const suite *one = suite_by_id(ids[i]);
		size_t yield, k = 0;

		if (one == NULL || p->ciphers_len == CIPHERS_MAX)
			continue;
		while (k < p->ciphers_len && p->ciphers[k] != one->cipher)
			k++;
		if (k < p->ciphers_len)
			continue;
		yield = cipher_yield(p, one->cipher, ids, len, lowest, highest);
		if (yield == 0)
			continue;
		p->ciphers[p->ciphers_len++] = one->cipher;
		p->count += yield;
	}
}

/* Appends the parts in the order in which the list first wants them. */
static void
add_parts(const parts *p, const uint16_t *ids, size_t len, char *string,
    size_t cap)
{
	unsigned int kx = p->kx, macs = p->macs;

	for (size_t i = 0; i < len; i++) {
		const suite *one = suite_by_id(ids[i]);

		if (one == NULL || !bit_of(one, p))
			continue;
		for (unsigned int k = 0; k < 4; k++)
			if (one->kx == all_kx[k] && (kx & (1u << k)) != 0) {
				add(string, cap, "+",
				    gnutls_kx_get_name(all_kx[k]));
				kx &= ~(1u << k);
			}
		for (unsigned int m = 0; m < 4; m++)
			if (one->mac == all_macs[m] && (macs & (1u << m)) != 0) {
				add(string, cap, "+",
				    gnutls_mac_get_name(all_macs[m]));
				macs &= ~(1u << m);
			}
	}
	for (size_t i = 0; i < p->ciphers_len; i++)
		add(string, cap, "+", gnutls_cipher_get_name(p->ciphers[i]));
}

size_t
suites_closed_subset(const uint16_t *ids, size_t len, uint32_t lowest,
    uint32_t highest, char *string, size_t cap)
{
	parts best = { 0 }, p;

	/* 512 combinations: everything, so that the best is the best. */
	for (unsigned int tls13 = 0; tls13 < 2; tls13++) {
		p.tls13 = tls13 == 0 && highest >= TLSHOST_VERSION_TLSV1_3;
		for (p.kx = 15; p.kx < 16; p.kx--)
			for (p.macs = 15; p.macs > 0; p.macs--) {
				fill_ciphers(&p, ids, len, lowest, highest);
				if (p.count > best.count)
					best = p;
			}
	}
	if (best.count == 0)
		return 0;
	/* A version without a suite would be offered in vain. */
	if (!best.tls13 && highest >= TLSHOST_VERSION_TLSV1_3)
		highest = TLSHOST_VERSION_TLSV1_2;
	if (best.kx == 0)
		lowest = TLSHOST_VERSION_TLSV1_3;
	/* As OpenSSL's clients: no server without RFC 5746. */
	begin(string, cap, lowest, highest, ":%SAFE_RENEGOTIATION");
	add_parts(&best, ids, len, string, cap);
	return best.count;
}

/* SPDX-License-Identifier: MIT */
/*
 * Private keys.  NSS reads plain PKCS #8; what else there is, is unpacked here
 * and made into that.
 */
#include "config.h"

#include <prerror.h>
#include <stdlib.h>
#include <string.h>

#include <cryptohi.h>
#include <pk11pub.h>
#include <secerr.h>
#include <secoid.h>
#include <secpkcs5.h>

#include "plugin.h"

/* ------------------------------------------------------------------------
 * DER, read and written
 */

typedef struct reader {
	const uint8_t *data;
	size_t len;
} reader;

#define INTEGER 0x02
#define OCTETS 0x04
#define OID 0x06
#define SEQUENCE 0x30
#define PARAMETERS 0xa0          /* of an ECPrivateKey: [0] and [1] */
#define POINT 0xa1

/* The next element, if it has this tag. */
static int
take(reader *r, uint8_t tag, reader *ret_body)
{
	size_t head = 2, len;

	if (r->len < 2 || r->data[0] != tag)
		return 0;
	len = r->data[1];
	if (len >= 0x80) {
		size_t bytes = len - 0x80;

		if (bytes == 0 || bytes > 3 || r->len < 2 + bytes)
			return 0;
		for (len = 0; head < 2 + bytes; head++)
			len = len << 8 | r->data[head];
	}
	if (r->len - head < len)
		return 0;
	*ret_body = (reader){ r->data + head, len };
	r->data += head + len;
	r->len -= head + len;
	return 1;
}

static int
next_is(const reader *r, uint8_t tag)
{
	return r->len != 0 && r->data[0] == tag;
}

/* Bytes that are zeroed when they are freed. */
typedef struct bytes {
	uint8_t *data;
	size_t len, cap;
} bytes;

static int
bytes_init(bytes *b, size_t cap)
{
	*b = (bytes){ .data = malloc(cap + 1), .cap = cap };
	return b->data != NULL;
}

static void
bytes_done(bytes *b)
{
	if (b->data != NULL)
		explicit_bzero(b->data, b->cap);
	free(b->data);
	*b = (bytes){ NULL, 0, 0 };
}

static void
put(bytes *b, const void *data, size_t len)
{
	if (len != 0)
		memcpy(b->data + b->len, data, len);
	b->len += len;
}

/* Never more than four bytes, nor a length of more than 65535. */
static void
put_head(bytes *b, uint8_t tag, size_t len)
{
	const uint8_t head[] = { tag, 0x82, (uint8_t)(len >> 8),
		(uint8_t)len };

	if (len >= 256) {
		put(b, head, 4);
	} else if (len >= 128) {
		put(b, (const uint8_t[]){ tag, 0x81, (uint8_t)len }, 3);
	} else {
		put(b, (const uint8_t[]){ tag, (uint8_t)len }, 2);
	}
}

static size_t
size_of(size_t len)
{
	return len + (len >= 256 ? 4 : len >= 128 ? 3 : 2);
}

#define KEY_MAX 32768            /* bytes; RSA with 16384 bits has 9300 */

/* ------------------------------------------------------------------------
 * Kinds
 */

static const uint8_t rsa_oid[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01,
	0x01, 0x01 };
static const uint8_t ec_oid[] = { 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01 };
static const uint8_t pbkdf2_oid[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01,
	0x05, 0x0c };
static const uint8_t p256_oid[] = { 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01,
	0x07 };
static const uint8_t p384_oid[] = { 0x2b, 0x81, 0x04, 0x00, 0x22 };
static const uint8_t p521_oid[] = { 0x2b, 0x81, 0x04, 0x00, 0x23 };

static int
is(reader body, const uint8_t *oid, size_t len)
{
	return body.len == len && memcmp(body.data, oid, len) == 0;
}

#define IS(body, oid) is(body, oid, sizeof(oid))

static int
known_curve(reader curve)
{
	return IS(curve, p256_oid) || IS(curve, p384_oid) ||
	    IS(curve, p521_oid);
}

/* The point of an EC certificate, copied; nothing if it has none. */
#define POINT_MAX (2 * 66 + 1)

static size_t
point_of(const CERTCertificate *leaf, uint8_t *dst)
{
	const SECItem *bits = &leaf->subjectPublicKeyInfo.subjectPublicKey;

	if (SECOID_GetAlgorithmTag(&leaf->subjectPublicKeyInfo.algorithm) !=
	    SEC_OID_ANSIX962_EC_PUBLIC_KEY || bits->len / 8 > POINT_MAX)
		return 0;
	memcpy(dst, bits->data, bits->len / 8);
	return bits->len / 8;
}

/* ------------------------------------------------------------------------
 * From what there is to PKCS #8
 */

typedef enum kind {
	KIND_NONE,                       /* no key */
	KIND_OTHER,                      /* a key that NSS cannot use */
	KIND_USABLE,
	KIND_ENCRYPTED
} kind;

static int
write_rsa(reader key, bytes *ret_pkcs8)
{
	static const uint8_t algorithm[] = { INTEGER, 1, 0, SEQUENCE, 13, OID,
		9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05,
		0x00 };

	if (!bytes_init(ret_pkcs8, key.len + 64))
		return 0;
	put_head(ret_pkcs8, SEQUENCE, sizeof(algorithm) + size_of(key.len));
	put(ret_pkcs8, algorithm, sizeof(algorithm));
	put_head(ret_pkcs8, OCTETS, key.len);
	put(ret_pkcs8, key.data, key.len);
	return 1;
}

/* NSS wants the curve outside and the point inside, and derives neither. */
static int
write_ec(reader curve, reader scalar, reader point, bytes *ret_pkcs8)
{
	static const uint8_t zero[] = { INTEGER, 1, 0 };
	static const uint8_t one[] = { INTEGER, 1, 1 };
	size_t bits = point.len != 0 ? size_of(point.len + 1) : 0;
	size_t inner = sizeof(one) + size_of(scalar.len) +
	    (bits != 0 ? size_of(bits) : 0);
	size_t algorithm = size_of(sizeof(ec_oid)) + size_of(curve.len);
	bytes *b = ret_pkcs8;

	if (!bytes_init(b, inner + algorithm + 64))
		return 0;
	put_head(b, SEQUENCE, sizeof(zero) + size_of(algorithm) +
	    size_of(size_of(inner)));
	put(b, zero, sizeof(zero));
	put_head(b, SEQUENCE, algorithm);
	put_head(b, OID, sizeof(ec_oid));
	put(b, ec_oid, sizeof(ec_oid));
	put_head(b, OID, curve.len);
	put(b, curve.data, curve.len);
	put_head(b, OCTETS, size_of(inner));
	put_head(b, SEQUENCE, inner);
	put(b, one, sizeof(one));
	put_head(b, OCTETS, scalar.len);
	put(b, scalar.data, scalar.len);
	if (bits != 0) {
		put_head(b, POINT, bits);
		put_head(b, 0x03, point.len + 1);
		put(b, (const uint8_t[]){ 0 }, 1);
		put(b, point.data, point.len);
	}
	return 1;
}

/* An ECPrivateKey (RFC 5915); the curve may stand outside of it, and the point
 * may be missing altogether. */
static kind
convert_ec(reader body, reader curve, reader other_point, bytes *ret_pkcs8,
    int *ret_no_memory)
{
	reader version, scalar, part, point = { NULL, 0 };

	if (!take(&body, INTEGER, &version) || version.len != 1 ||
	    version.data[0] != 1 || !take(&body, OCTETS, &scalar) ||
	    scalar.len == 0 || scalar.len > 66)
		return KIND_NONE;
	if (next_is(&body, PARAMETERS)) {
		if (!take(&body, PARAMETERS, &part))
			return KIND_NONE;
		if (curve.data == NULL && !take(&part, OID, &curve))
			return KIND_OTHER;      /* explicit parameters */
	}
	if (next_is(&body, POINT) && (!take(&body, POINT, &part) ||
	    !take(&part, 0x03, &point) || point.len < 2 ||
	    point.data[0] != 0))
		return KIND_NONE;
	if (point.len != 0)
		point = (reader){ point.data + 1, point.len - 1 };
	else
		point = other_point;
	if (body.len != 0 || point.len > POINT_MAX)
		return KIND_NONE;
	if (!known_curve(curve))
		return KIND_OTHER;
	*ret_no_memory = !write_ec(curve, scalar, point, ret_pkcs8);
	return KIND_USABLE;
}

static kind
convert_pkcs8(reader body, reader point, bytes *ret_pkcs8, int *ret_no_memory)
{
	reader algorithm, oid, key, inner, curve = { NULL, 0 };

	if (!take(&body, SEQUENCE, &algorithm) || !take(&algorithm, OID, &oid) ||
	    !take(&body, OCTETS, &key))
		return KIND_NONE;
	if (IS(oid, ec_oid)) {
		if (!take(&algorithm, OID, &curve))
			return KIND_OTHER;
		if (!take(&key, SEQUENCE, &inner) || key.len != 0)
			return KIND_NONE;
		return convert_ec(inner, curve, point, ret_pkcs8,
		    ret_no_memory);
	}
	if (!IS(oid, rsa_oid))
		return KIND_OTHER;
	*ret_no_memory = !write_rsa(key, ret_pkcs8);
	return KIND_USABLE;
}

/*
 * Tells the formats apart by their first elements:
 *
 *	PKCS #8         INTEGER, SEQUENCE ...
 *	  encrypted     SEQUENCE, OCTET STRING
 *	PKCS #1         INTEGER, INTEGER ...
 *	SEC 1           INTEGER, OCTET STRING ...
 */
static kind
convert(reader der, reader point, bytes *ret_pkcs8, int *ret_no_memory)
{
	reader whole = der, body, rest, number;

	*ret_no_memory = 0;
	if (der.len > KEY_MAX || !take(&whole, SEQUENCE, &body) ||
	    whole.len != 0)
		return KIND_NONE;
	if (next_is(&body, SEQUENCE)) {
		if (!take(&body, SEQUENCE, &rest) ||
		    !take(&body, OCTETS, &rest) || body.len != 0)
			return KIND_NONE;
		return KIND_ENCRYPTED;
	}
	rest = body;
	if (!take(&rest, INTEGER, &number))
		return KIND_NONE;
	if (next_is(&rest, SEQUENCE))
		return convert_pkcs8(rest, point, ret_pkcs8, ret_no_memory);
	if (next_is(&rest, OCTETS))
		return convert_ec(body, (reader){ NULL, 0 }, point, ret_pkcs8,
		    ret_no_memory);
	if (!next_is(&rest, INTEGER))
		return KIND_NONE;
	*ret_no_memory = !write_rsa(der, ret_pkcs8);
	return KIND_USABLE;
}

/* ------------------------------------------------------------------------
 * PEM (RFC 7468; RFC 1421, 4.6 for the old encryption)
 */

typedef struct pem {
	bytes der;
	int encrypted;
	char cipher[24];
	uint8_t iv[16];
	size_t iv_len;
} pem;

/* Up to the end of the line; moves on. */
static reader
take_line(reader *text)
{
	const uint8_t *end = memchr(text->data, '\n', text->len);
	size_t len = end != NULL ? (size_t)(end - text->data) : text->len;
	reader line = { text->data, len };

	text->data += end != NULL ? len + 1 : len;
	text->len -= end != NULL ? len + 1 : len;
	while (line.len != 0 && (line.data[line.len - 1] == '\r' ||
	    line.data[line.len - 1] == ' ' || line.data[line.len - 1] == '\t'))
		line.len--;
	return line;
}

static int
begins(reader line, const char *word)
{
	size_t len = strlen(word);

	return line.len >= len && memcmp(line.data, word, len) == 0;
}

static int
hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "DEK-Info: AES-256-CBC,0011..." */
static int
read_dek(reader line, pem *p)
{
	const uint8_t *comma;
	size_t len;

	line.data += strlen("DEK-Info:");
	line.len -= strlen("DEK-Info:");
	while (line.len != 0 && *line.data == ' ') {
		line.data++;
		line.len--;
	}
	comma = memchr(line.data, ',', line.len);
	len = comma != NULL ? (size_t)(comma - line.data) : line.len;
	if (len >= sizeof(p->cipher))
		return 0;
	memcpy(p->cipher, line.data, len);
	p->cipher[len] = '\0';
	if (comma == NULL)
		return 1;
	line = (reader){ comma + 1, line.len - len - 1 };
	if (line.len % 2 != 0 || line.len / 2 > sizeof(p->iv))
		return 0;
	for (; p->iv_len < line.len / 2; p->iv_len++) {
		int high = hex_digit(line.data[2 * p->iv_len]);
		int low = hex_digit(line.data[2 * p->iv_len + 1]);

		if (high < 0 || low < 0)
			return 0;
		p->iv[p->iv_len] = (uint8_t)(high << 4 | low);
	}
	return 1;
}

static int
digit_of(uint8_t c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c != 0 ? strchr(digits, c) : NULL;

	return at != NULL ? (int)(at - digits) : -1;
}

/* Of one line; state carries bits over.  Returns 0 for what is not base64. */
static int
decode_line(reader line, bytes *der, uint32_t *state, unsigned int *held,
    int *ended)
{
	for (size_t i = 0; i < line.len; i++) {
		int digit = digit_of(line.data[i]);

		if (line.data[i] == '=') {
			*ended = 1;
			continue;
		}
		if (digit < 0 || *ended)
			return 0;
		*state = *state << 6 | (uint32_t)digit;
		*held += 6;
		if (*held >= 8) {
			*held -= 8;
			der->data[der->len++] = (uint8_t)(*state >> *held);
		}
	}
	return 1;
}

/* 0: it is none. */
static int
read_pem(reader text, pem *p)
{
	reader line = { NULL, 0 };
	uint32_t state = 0;
	unsigned int held = 0;
	int ended = 0, in_header = 0, first = 1;

	while (text.len != 0 && !begins(line, "-----BEGIN "))
		line = take_line(&text);
	while (text.len != 0) {
		line = take_line(&text);
		if (begins(line, "-----END "))
			return held < 6;
		if (first || in_header) {
			first = 0;
			if (begins(line, "Proc-Type:"))
				p->encrypted = 1;
			if (begins(line, "DEK-Info:") && !read_dek(line, p))
				return 0;
			if (line.len == 0) {
				in_header = 0;
				continue;
			}
			if (memchr(line.data, ':', line.len) != NULL) {
				in_header = 1;
				continue;
			}
			if (in_header)
				continue;       /* a folded line */
		}
		if (!decode_line(line, &p->der, &state, &held, &ended))
			return 0;
	}
	return 0;
}

/* ------------------------------------------------------------------------
 * Encrypted keys
 */

static SECItem
item(const uint8_t *data, size_t len)
{
	union { const uint8_t *in; unsigned char *out; } u;

	u.in = data;
	return (SECItem){ siBuffer, u.out, (unsigned int)len };
}

static int
decrypt(PK11SymKey *key, CK_MECHANISM_TYPE mechanism, SECItem *parameter,
    reader sealed, bytes *ret_der)
{
	unsigned int len = 0;
	int ok;

	if (!bytes_init(ret_der, sealed.len + 32))
		return 0;
	ok = PK11_Decrypt(key, mechanism, parameter, ret_der->data, &len,
	    (unsigned int)ret_der->cap, sealed.data,
	    (unsigned int)sealed.len) == SECSuccess;
	ret_der->len = ok ? len : 0;
	return ok;
}

static const struct old_cipher {
	const char *name;
	CK_MECHANISM_TYPE mechanism;
	size_t key_len, iv_len;
} old_ciphers[] = {
	{ "AES-128-CBC", CKM_AES_CBC_PAD, 16, 16 },
	{ "AES-192-CBC", CKM_AES_CBC_PAD, 24, 16 },
	{ "AES-256-CBC", CKM_AES_CBC_PAD, 32, 16 },
	{ "DES-EDE3-CBC", CKM_DES3_CBC_PAD, 24, 8 },
};

static const struct old_cipher *
find_old_cipher(const pem *p)
{
	for (size_t i = 0; i < sizeof(old_ciphers) / sizeof(old_ciphers[0]);
	    i++)
		if (strcmp(old_ciphers[i].name, p->cipher) == 0 &&
		    old_ciphers[i].iv_len == p->iv_len)
			return &old_ciphers[i];
	return NULL;
}

/* MD5 over the digest before, the password and eight bytes of salt, as often
 * as it takes. */
static int
derive_old(const uint8_t *salt, reader password, uint8_t *key, size_t len)
{
	uint8_t digest[16];
	bytes input;
	int ok = 1;

	if (!bytes_init(&input, sizeof(digest) + password.len + 8))
		return 0;
	for (size_t at = 0; at < len && ok; at += sizeof(digest)) {
		input.len = 0;
		if (at != 0)
			put(&input, digest, sizeof(digest));
		put(&input, password.data, password.len);
		put(&input, salt, 8);
		ok = PK11_HashBuf(SEC_OID_MD5, digest, input.data,
		    (PRInt32)input.len) == SECSuccess;
		memcpy(key + at, digest, len - at < sizeof(digest) ?
		    len - at : sizeof(digest));
	}
	explicit_bzero(digest, sizeof(digest));
	bytes_done(&input);
	return ok;
}

static int
open_old(const pem *p, reader password, bytes *ret_der)
{
	const struct old_cipher *cipher = find_old_cipher(p);
	SECItem iv = item(p->iv, p->iv_len), raw;
	PK11SlotInfo *slot = PK11_GetInternalSlot();
	PK11SymKey *sym = NULL;
	uint8_t key[32];
	int ok = 0;

	if (slot != NULL && derive_old(p->iv, password, key,
	    cipher->key_len)) {
		raw = item(key, cipher->key_len);
		sym = PK11_ImportSymKey(slot, cipher->mechanism,
		    PK11_OriginUnwrap, CKA_DECRYPT, &raw, NULL);
	}
	if (sym != NULL) {
		ok = decrypt(sym, cipher->mechanism, &iv, (reader){
		    p->der.data, p->der.len }, ret_der);
		PK11_FreeSymKey(sym);
	}
	if (slot != NULL)
		PK11_FreeSlot(slot);
	explicit_bzero(key, sizeof(key));
	return ok;
}

/* A password of PKCS #12 is UTF-16 with two zero bytes behind it. */
static int
is_pkcs12(SECOidTag tag)
{
	return tag >= SEC_OID_PKCS12_V2_PBE_WITH_SHA1_AND_128_BIT_RC4 &&
	    tag <= SEC_OID_PKCS12_V2_PBE_WITH_SHA1_AND_40_BIT_RC2_CBC;
}

static int
wide_password(reader password, bytes *ret_wide)
{
	unsigned int len = 0;
	SECItem in = item(password.data, password.len);

	if (!bytes_init(ret_wide, 2 * password.len + 2))
		return 0;
	if (password.len != 0 && !PORT_UCS2_UTF8Conversion(PR_TRUE, in.data,
	    in.len, ret_wide->data, (unsigned int)ret_wide->cap, &len))
		return 0;
	ret_wide->len = len;
	put(ret_wide, "\0", 2);
	return 1;
}

/* The algorithm of an encrypted PKCS #8 key and its sealed part. */
static int
read_sealed(reader der, PLArenaPool *arena, SECAlgorithmID *ret_algorithm,
    reader *ret_sealed)
{
	reader body, algorithm, whole = der;
	SECItem source;

	if (!take(&whole, SEQUENCE, &body))
		return 0;
	algorithm = body;
	if (!take(&body, SEQUENCE, &whole) || !take(&body, OCTETS, ret_sealed))
		return 0;
	source = item(algorithm.data, (size_t)(whole.data + whole.len -
	    algorithm.data));
	return SEC_QuickDERDecodeItem(arena, ret_algorithm,
	    SEC_ASN1_GET(SECOID_AlgorithmIDTemplate), &source) == SECSuccess;
}

/* With PBES2 the key may be derived in ways that NSS has not: scrypt. */
static int
known_derivation(const SECAlgorithmID *algorithm)
{
	reader body = { algorithm->parameters.data,
		algorithm->parameters.len }, inner, oid;

	if (SECOID_GetAlgorithmTag(algorithm) != SEC_OID_PKCS5_PBES2)
		return 1;
	return take(&body, SEQUENCE, &inner) &&
	    take(&inner, SEQUENCE, &body) && take(&body, OID, &oid) &&
	    IS(oid, pbkdf2_oid);
}

static int
known_encryption(reader der)
{
	PLArenaPool *arena = PORT_NewArena(1024);
	SECAlgorithmID algorithm;
	reader sealed;
	int known;

	if (arena == NULL)
		return 0;
	memset(&algorithm, 0, sizeof(algorithm));
	known = read_sealed(der, arena, &algorithm, &sealed) &&
	    SEC_PKCS5IsAlgorithmPBEAlg(&algorithm) &&
	    known_derivation(&algorithm) &&
	    SEC_PKCS5GetCryptoAlgorithm(&algorithm) != SEC_OID_UNKNOWN;
	PORT_FreeArena(arena, PR_FALSE);
	return known;
}

static int
open_with(SECAlgorithmID *algorithm, reader sealed, SECItem *password,
    bytes *ret_der)
{
	PK11SlotInfo *slot = PK11_GetInternalSlot();
	CK_MECHANISM_TYPE mechanism;
	SECItem *parameter = NULL;
	PK11SymKey *key = NULL;
	int ok = 0;

	if (slot != NULL)
		key = PK11_PBEKeyGen(slot, algorithm, password, PR_FALSE, NULL);
	if (key != NULL) {
		mechanism = PK11_GetPBECryptoMechanism(algorithm, &parameter,
		    password);
		ok = mechanism != CKM_INVALID_MECHANISM && decrypt(key,
		    PK11_GetPadMechanism(mechanism), parameter, sealed,
		    ret_der);
		PK11_FreeSymKey(key);
	}
	if (parameter != NULL)
		SECITEM_ZfreeItem(parameter, PR_TRUE);
	if (slot != NULL)
		PK11_FreeSlot(slot);
	return ok;
}

static int
open_pkcs8(reader der, reader password, bytes *ret_der)
{
	PLArenaPool *arena = PORT_NewArena(1024);
	bytes wide = { NULL, 0, 0 };
	SECAlgorithmID algorithm;
	reader sealed;
	int ok = 0;

	if (arena == NULL)
		return 0;
	memset(&algorithm, 0, sizeof(algorithm));
	if (read_sealed(der, arena, &algorithm, &sealed) &&
	    (!is_pkcs12(SECOID_GetAlgorithmTag(&algorithm)) ||
	    wide_password(password, &wide))) {
		SECItem secret = wide.data != NULL ?
		    item(wide.data, wide.len) :
		    item(password.data, password.len);

		ok = open_with(&algorithm, sealed, &secret, ret_der);
	}
	bytes_done(&wide);
	PORT_FreeArena(arena, PR_TRUE);
	return ok;
}

/* ------------------------------------------------------------------------
 * Loading
 */

static int32_t
fail_key(tlshost_sink *sink, int32_t status, PRErrorCode code)
{
	const char *text = "the private key cannot be read";

	if (status == TLSHOST_UNSUPPORTED)
		text = "NSS has no private keys of this kind: it takes RSA and "
		    "EC on P-256, P-384 and P-521";
	else if (status == TLSHOST_BAD_PASSWORD)
		text = "the password of the private key is wrong";
	else if (status == TLSHOST_PASSWORD_REFUSED)
		text = "the private key is encrypted and no password was given";
	return fail_field(sink, status, TLSHOST_FIELD_PRIVATE_KEY, code, text);
}

static int32_t
fail_encryption(tlshost_sink *sink)
{
	return fail_field(sink, TLSHOST_UNSUPPORTED, TLSHOST_FIELD_PRIVATE_KEY,
	    0, "the private key is encrypted in a way that NSS does not know, "
	    "such as scrypt");
}

/* With another password there is padding that is none; the rest is of ciphers
 * that have a name and no code. */
static int32_t
fail_opening(tlshost_sink *sink, PRErrorCode code)
{
	switch (code) {
	case SEC_ERROR_BAD_KEY:
	case SEC_ERROR_INVALID_ALGORITHM:
	case SEC_ERROR_INVALID_KEY:
	case SEC_ERROR_NO_TOKEN:
	case SEC_ERROR_PKCS12_UNSUPPORTED_PBE_ALGORITHM:
	case SEC_ERROR_UNSUPPORTED_KEYALG:
		return fail_encryption(sink);
	default:
		return fail_key(sink, TLSHOST_BAD_PASSWORD, code);
	}
}

/* Nothing of NSS is held while the program is asked. */
static int32_t
ask_password(tlshost_sink *sink, tlshost_secret *secret, const live *object,
    reader *ret_password)
{
	int32_t st, back;

	leave_for_host();
	st = host->password(secret, &ret_password->data, &ret_password->len);
	back = enter_from_host(sink, object);
	if (back != TLSHOST_OK)
		return back;
	if (st == TLSHOST_OK && ret_password->data == NULL)
		*ret_password = (reader){ (const uint8_t *)"", 0 };
	if (st == TLSHOST_OK && ret_password->len > KEY_MAX)
		return fail_field(sink, TLSHOST_UNSUPPORTED,
		    TLSHOST_FIELD_PRIVATE_KEY, 0,
		    "NSS takes no password of such a length");
	return st == TLSHOST_OK ? st : fail_key(sink, st, 0);
}

/* Decrypts p, which is PEM if old, and PKCS #8 otherwise. */
static int32_t
open_sealed(tlshost_sink *sink, const pem *p, tlshost_secret *secret,
    const live *object, bytes *ret_der)
{
	reader der = { p->der.data, p->der.len }, password;
	int32_t st;

	if (p->encrypted ? find_old_cipher(p) == NULL :
	    !known_encryption(der))
		return fail_encryption(sink);
	if ((st = ask_password(sink, secret, object, &password)) != TLSHOST_OK)
		return st;
	if (p->encrypted ? !open_old(p, password, ret_der) :
	    !open_pkcs8(der, password, ret_der))
		return fail_opening(sink, PR_GetError());
	return TLSHOST_OK;
}

/* One way or the other to plain PKCS #8.  A wrong password may well give
 * bytes, which are no key then. */
static int32_t
to_pkcs8(tlshost_sink *sink, const struct tlshost_plugin_key *source, pem *p,
    reader point, const live *object, bytes *ret_pkcs8)
{
	bytes plain = { NULL, 0, 0 };
	reader der = { p->der.data, p->der.len };
	int no_memory = 0, opened = 0;
	kind found = KIND_ENCRYPTED;
	int32_t st = TLSHOST_OK;

	if (!p->encrypted)
		found = convert(der, point, ret_pkcs8, &no_memory);
	if (found == KIND_ENCRYPTED) {
		opened = 1;
		st = open_sealed(sink, p, source->secret, object, &plain);
		if (st == TLSHOST_OK)
			found = convert((reader){ plain.data, plain.len },
			    point, ret_pkcs8, &no_memory);
	}
	bytes_done(&plain);
	if (st != TLSHOST_OK)
		return st;
	if (no_memory)
		return fail_memory(sink);
	if (found == KIND_OTHER)
		return fail_key(sink, TLSHOST_UNSUPPORTED, 0);
	if (found != KIND_USABLE)
		return fail_key(sink, opened ? TLSHOST_BAD_PASSWORD :
		    TLSHOST_BAD_DATA, 0);
	return TLSHOST_OK;
}

static int32_t
import(tlshost_sink *sink, const bytes *pkcs8, SECKEYPrivateKey **ret_key)
{
	SECItem der = item(pkcs8->data, pkcs8->len);
	PK11SlotInfo *slot = PK11_GetInternalSlot();
	SECStatus status = SECFailure;

	if (slot != NULL) {
		status = PK11_ImportDERPrivateKeyInfoAndReturnKey(slot, &der,
		    NULL, NULL, PR_FALSE, PR_TRUE, KU_ALL, ret_key, NULL);
		PK11_FreeSlot(slot);
	}
	if (status == SECSuccess && *ret_key != NULL)
		return TLSHOST_OK;
	*ret_key = NULL;
	return fail_key(sink, TLSHOST_BAD_DATA, PR_GetError());
}

/*
 * libssl would take a key of another certificate, and a key may be written with
 * a point that is not its own: whether they belong together is tried.
 */
static int
belongs(SECKEYPrivateKey *key, CERTCertificate *leaf)
{
	static const unsigned char text[] = "do these two belong together?";
	KeyType type = SECKEY_GetPrivateKeyType(key);
	SECKEYPublicKey *public = CERT_ExtractPublicKey(leaf);
	SECItem signature = { siBuffer, NULL, 0 };
	int ok = 0;

	if (public == NULL)
		return 0;
	if (SECKEY_GetPublicKeyType(public) == type && SEC_SignData(&signature,
	    text, sizeof(text), key, type == rsaKey ?
	    SEC_OID_PKCS1_SHA256_WITH_RSA_ENCRYPTION :
	    SEC_OID_ANSIX962_ECDSA_SHA256_SIGNATURE) == SECSuccess)
		ok = VFY_VerifyDataDirect(text, sizeof(text), public,
		    &signature, type == rsaKey ?
		    SEC_OID_PKCS1_RSA_ENCRYPTION :
		    SEC_OID_ANSIX962_EC_PUBLIC_KEY, SEC_OID_SHA256, NULL,
		    NULL) == SECSuccess;
	SECITEM_FreeItem(&signature, PR_FALSE);
	SECKEY_DestroyPublicKey(public);
	return ok;
}

/* An EC key without its point cannot be imported without a certificate. */
static int
has_point(const bytes *pkcs8)
{
	reader whole = { pkcs8->data, pkcs8->len }, body, part;

	if (!take(&whole, SEQUENCE, &body) || !take(&body, INTEGER, &part) ||
	    !take(&body, SEQUENCE, &part) || !take(&part, OID, &whole) ||
	    !IS(whole, ec_oid))
		return 1;
	return take(&body, OCTETS, &part) && take(&part, SEQUENCE, &body) &&
	    take(&body, INTEGER, &part) && take(&body, OCTETS, &part) &&
	    body.len != 0;
}

static int32_t
load(tlshost_sink *sink, const struct tlshost_plugin_key *source, reader point,
    const live *object, bytes *ret_pkcs8)
{
	pem p = { .encrypted = 0 };
	int32_t st;

	if (!bytes_init(&p.der, source->data.len))
		return fail_memory(sink);
	if (source->encoding == TLSHOST_KEY_DER)
		put(&p.der, source->data.data, source->data.len);
	else if (!read_pem((reader){ source->data.data, source->data.len },
	    &p))
		p.der.len = 0;
	if (p.der.len == 0)
		st = fail_key(sink, TLSHOST_BAD_DATA, 0);
	else
		st = to_pkcs8(sink, source, &p, point, object, ret_pkcs8);
	bytes_done(&p.der);
	return st;
}

int32_t
key_check(tlshost_sink *sink, const struct tlshost_plugin_key *source)
{
	bytes pkcs8 = { NULL, 0, 0 };
	SECKEYPrivateKey *key = NULL;
	int32_t st;

	if (source->uri != NULL)
		return fail_field(sink, TLSHOST_UNSUPPORTED,
		    TLSHOST_FIELD_PRIVATE_KEY, 0, "no private keys by URI");
	if ((st = enter(sink, NULL)) != TLSHOST_OK)
		return st;
	st = load(sink, source, (reader){ NULL, 0 }, NULL, &pkcs8);
	if (st == TLSHOST_OK && has_point(&pkcs8))
		st = import(sink, &pkcs8, &key);
	if (key != NULL)
		SECKEY_DestroyPrivateKey(key);
	leave();
	bytes_done(&pkcs8);
	return st;
}

static int32_t
fail_pair(tlshost_sink *sink)
{
	return fail_field(sink, TLSHOST_KEY_MISMATCH, TLSHOST_FIELD_PRIVATE_KEY,
	    0, "the private key does not belong to the certificate");
}

static int32_t
fail_leaf(tlshost_sink *sink)
{
	return fail_field(sink, TLSHOST_BAD_DATA,
	    TLSHOST_FIELD_CERTIFICATE_CHAIN, PR_GetError(),
	    "the certificate cannot be read");
}

int32_t
key_load(tlshost_sink *sink, const struct tlshost_plugin_key *source,
    const struct tlshost_bytes *leaf, const live *object,
    SECKEYPrivateKey **ret_key)
{
	bytes pkcs8 = { NULL, 0, 0 };
	SECKEYPrivateKey *key = NULL;
	uint8_t point[POINT_MAX];
	CERTCertificate *cert;
	size_t len;
	int32_t st;

	if ((cert = certificate_parse(leaf)) == NULL)
		return fail_leaf(sink);
	len = point_of(cert, point);
	CERT_DestroyCertificate(cert);
	st = load(sink, source, (reader){ point, len }, object, &pkcs8);
	if (st == TLSHOST_OK)
		st = has_point(&pkcs8) ? import(sink, &pkcs8, &key) :
		    fail_pair(sink);
	bytes_done(&pkcs8);
	if (st != TLSHOST_OK)
		return st;
	if ((cert = certificate_parse(leaf)) == NULL) {
		st = fail_leaf(sink);
	} else {
		if (!belongs(key, cert))
			st = fail_pair(sink);
		CERT_DestroyCertificate(cert);
	}
	if (st != TLSHOST_OK) {
		SECKEY_DestroyPrivateKey(key);
		return st;
	}
	*ret_key = key;
	return TLSHOST_OK;
}

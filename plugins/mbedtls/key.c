/* SPDX-License-Identifier: MIT */
/*
 * Private keys.  The library reads them all but two ways: what today's tools
 * encrypt, PBES2 with AES, it cannot decrypt, though it has all it takes; and
 * of DER it does not say why it could not read it.
 */
#include "config.h"

#include <mbedtls/asn1.h>
#include <mbedtls/cipher.h>
#include <mbedtls/oid.h>
#include <mbedtls/pem.h>
#include <mbedtls/pkcs5.h>
#include <mbedtls/platform_util.h>
#include <stdlib.h>
#include <string.h>

#include "plugin.h"

#define SEQUENCE (MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE)

/* AES in CBC: 2.16.840.1.101.3.4.1.2, .22 and .42; the library names none. */
static const uint8_t aes_arc[] = { 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04,
	0x01 };

/* What is known of one key that is being read. */
typedef struct reading {
	tlshost_sink *sink;
	tlshost_secret *secret;
	int asked;
	int32_t status;                  /* of asking */
	const uint8_t *password;
	size_t password_len;
} reading;

static int32_t
fail_key(const reading *r, int32_t status, int code, const char *text)
{
	return fail_field(r->sink, status, TLSHOST_FIELD_PRIVATE_KEY, code,
	    text);
}

static int32_t
ask(reading *r)
{
	r->asked = 1;
	r->status = host->password(r->secret, &r->password, &r->password_len);
	if (r->status == TLSHOST_PASSWORD_REFUSED)
		return fail_key(r, r->status, 0, "the private key is encrypted "
		    "and no password was given");
	return r->status == TLSHOST_OK ? TLSHOST_OK : fail_memory(r->sink);
}

static int32_t
fail_unsupported(const reading *r)
{
	return fail_key(r, TLSHOST_UNSUPPORTED, 0, "the private key is of a "
	    "kind, or encrypted in a way, that mbed TLS does not know");
}

/* After a password was used nothing can tell a wrong one from damage. */
static int32_t
fail_read(const reading *r, int code)
{
	int upper = upper_code(code);

	if (is_no_memory(code))
		return fail_memory(r->sink);
	if (upper == MBEDTLS_ERR_PK_UNKNOWN_PK_ALG ||
	    upper == MBEDTLS_ERR_PK_UNKNOWN_NAMED_CURVE ||
	    upper == MBEDTLS_ERR_PK_FEATURE_UNAVAILABLE ||
	    upper == MBEDTLS_ERR_PKCS5_FEATURE_UNAVAILABLE ||
	    upper == MBEDTLS_ERR_PEM_UNKNOWN_ENC_ALG)
		return fail_unsupported(r);
	if (r->asked)
		return fail_key(r, TLSHOST_BAD_PASSWORD, code,
		    "the password of the private key is wrong");
	return fail_key(r, TLSHOST_BAD_DATA, code,
	    "the private key cannot be read");
}

/* ------------------------------------------------------------------------
 * PKCS #8
 */

/* RFC 5208, 5: version, algorithm, key.  1: of a kind that the library has, or
 * no such structure at all, about which the library may complain. */
static int
is_known_kind(const uint8_t *der, size_t len)
{
	union { const uint8_t *in; unsigned char *out; } at;
	mbedtls_asn1_buf oid, params;
	mbedtls_pk_type_t kind;
	const unsigned char *end = der + len;
	size_t inner;
	int version;

	at.in = der;
	if (mbedtls_asn1_get_tag(&at.out, end, &inner, SEQUENCE) != 0 ||
	    mbedtls_asn1_get_int(&at.out, end, &version) != 0 ||
	    at.in == end || *at.in != SEQUENCE ||
	    mbedtls_asn1_get_alg(&at.out, end, &oid, &params) != 0)
		return 1;
	return mbedtls_oid_get_pk_alg(&oid, &kind) == 0;
}

static int32_t
read_plain(reading *r, const uint8_t *der, size_t len, mbedtls_pk_context *key)
{
	int code;

	if (!is_known_kind(der, len))
		return fail_unsupported(r);
	if ((code = mbedtls_pk_parse_key(key, der, len, NULL, 0)) != 0)
		return fail_read(r, code);
	return TLSHOST_OK;
}

/* RFC 8018, A.4: how a key was encrypted, as far as it is done here. */
typedef struct pbes2 {
	mbedtls_asn1_buf salt, iv, data;
	int iterations;
	mbedtls_md_type_t hash;
	const mbedtls_cipher_info_t *cipher;
} pbes2;

static int
read_kdf(const mbedtls_asn1_buf *params, pbes2 *scheme)
{
	unsigned char *at = params->p, *end = params->p + params->len;
	mbedtls_asn1_buf prf;
	int length, code;

	scheme->hash = MBEDTLS_MD_SHA1;  /* the default */
	code = mbedtls_asn1_get_tag(&at, end, &scheme->salt.len,
	    MBEDTLS_ASN1_OCTET_STRING);
	if (code != 0)
		return code;
	scheme->salt.p = at;
	at += scheme->salt.len;
	code = mbedtls_asn1_get_int(&at, end, &scheme->iterations);
	if (code != 0 || at == end)
		return code;
	/* The length of the key, which the cipher says, too. */
	if (*at == MBEDTLS_ASN1_INTEGER &&
	    (code = mbedtls_asn1_get_int(&at, end, &length)) != 0)
		return code;
	if (at == end)
		return 0;
	if ((code = mbedtls_asn1_get_alg_null(&at, end, &prf)) != 0)
		return code;
	return mbedtls_oid_get_md_hmac(&prf, &scheme->hash) == 0 ? 0 :
	    MBEDTLS_ERR_PKCS5_FEATURE_UNAVAILABLE;
}

static const mbedtls_cipher_info_t *
find_cipher(const mbedtls_asn1_buf *oid)
{
	if (oid->len != sizeof(aes_arc) + 1 ||
	    memcmp(oid->p, aes_arc, sizeof(aes_arc)) != 0)
		return NULL;
	switch (oid->p[sizeof(aes_arc)]) {
	case 2:
		return mbedtls_cipher_info_from_type(
		    MBEDTLS_CIPHER_AES_128_CBC);
	case 22:
		return mbedtls_cipher_info_from_type(
		    MBEDTLS_CIPHER_AES_192_CBC);
	case 42:
		return mbedtls_cipher_info_from_type(
		    MBEDTLS_CIPHER_AES_256_CBC);
	default:
		return NULL;
	}
}

/* 0 with a cipher, or without one: another scheme.  Or the library's code. */
static int
read_scheme(const uint8_t *der, size_t len, pbes2 *scheme)
{
	union { const uint8_t *in; unsigned char *out; } u;
	mbedtls_asn1_buf oid, params, kdf, kdf_params, enc, enc_params;
	unsigned char *at, *end;
	size_t inner;
	int code;

	u.in = der;
	at = u.out;
	end = u.out + len;
	if ((code = mbedtls_asn1_get_tag(&at, end, &inner, SEQUENCE)) != 0 ||
	    (code = mbedtls_asn1_get_alg(&at, end, &oid, &params)) != 0 ||
	    (code = mbedtls_asn1_get_tag(&at, end, &scheme->data.len,
	    MBEDTLS_ASN1_OCTET_STRING)) != 0)
		return code;
	scheme->data.p = at;
	if (MBEDTLS_OID_CMP(MBEDTLS_OID_PKCS5_PBES2, &oid) != 0)
		return 0;
	at = params.p;
	end = params.p + params.len;
	if ((code = mbedtls_asn1_get_alg(&at, end, &kdf, &kdf_params)) != 0 ||
	    (code = mbedtls_asn1_get_alg(&at, end, &enc, &enc_params)) != 0)
		return code;
	if (MBEDTLS_OID_CMP(MBEDTLS_OID_PKCS5_PBKDF2, &kdf) != 0)
		return MBEDTLS_ERR_PKCS5_FEATURE_UNAVAILABLE;
	if ((scheme->cipher = find_cipher(&enc)) == NULL)
		return 0;
	scheme->iv = enc_params;
	if (enc_params.tag != MBEDTLS_ASN1_OCTET_STRING ||
	    enc_params.len != scheme->cipher->iv_size)
		return MBEDTLS_ERR_ASN1_INVALID_DATA;
	return read_kdf(&kdf_params, scheme);
}

/* plain has room for scheme->data.len and a block. */
static int
decrypt(const reading *r, const pbes2 *scheme, uint8_t *plain,
    size_t *ret_len)
{
	mbedtls_cipher_context_t cipher;
	mbedtls_md_context_t hash;
	unsigned int bits = scheme->cipher->key_bitlen;
	uint8_t key[32];
	int code;

	mbedtls_cipher_init(&cipher);
	mbedtls_md_init(&hash);
	if ((code = mbedtls_md_setup(&hash, mbedtls_md_info_from_type(
	    scheme->hash), 1)) == 0 &&
	    (code = mbedtls_pkcs5_pbkdf2_hmac(&hash, r->password,
	    r->password_len, scheme->salt.p, scheme->salt.len,
	    (unsigned int)scheme->iterations, bits / 8, key)) == 0 &&
	    (code = mbedtls_cipher_setup(&cipher, scheme->cipher)) == 0 &&
	    (code = mbedtls_cipher_setkey(&cipher, key, (int)bits,
	    MBEDTLS_DECRYPT)) == 0)
		code = mbedtls_cipher_crypt(&cipher, scheme->iv.p,
		    scheme->iv.len, scheme->data.p, scheme->data.len, plain,
		    ret_len);
	mbedtls_platform_zeroize(key, sizeof(key));
	mbedtls_md_free(&hash);
	mbedtls_cipher_free(&cipher);
	return code;
}

static int32_t
read_encrypted(reading *r, const uint8_t *der, size_t len,
    mbedtls_pk_context *key)
{
	pbes2 scheme = { .cipher = NULL };
	uint8_t *plain = NULL;
	size_t room, plain_len;
	int32_t st;
	int code;

	if ((code = read_scheme(der, len, &scheme)) != 0)
		return fail_read(r, code);
	if ((st = ask(r)) != TLSHOST_OK)
		return st;
	if (scheme.cipher == NULL) {
		code = mbedtls_pk_parse_key(key, der, len, r->password,
		    r->password_len);
		/* Of DER the library says no more than that. */
		return code == 0 ? TLSHOST_OK : fail_read(r, code);
	}
	if (scheme.iterations < 1)
		return fail_key(r, TLSHOST_BAD_DATA, 0,
		    "the private key cannot be read");
	room = scheme.data.len + MBEDTLS_MAX_BLOCK_LENGTH;
	if ((plain = malloc(room)) == NULL)
		return fail_memory(r->sink);
	if ((code = decrypt(r, &scheme, plain, &plain_len)) != 0)
		st = fail_read(r, code);
	else
		st = read_plain(r, plain, plain_len, key);
	mbedtls_platform_zeroize(plain, room);
	free(plain);
	return st;
}

/* In an encrypted one the algorithm comes first, in all others a number. */
static int
is_encrypted(const uint8_t *der, size_t len)
{
	union { const uint8_t *in; unsigned char *out; } at;
	size_t inner;

	at.in = der;
	return mbedtls_asn1_get_tag(&at.out, der + len, &inner, SEQUENCE) ==
	    0 && at.in != der + len && *at.in == SEQUENCE;
}

static int32_t
read_der(reading *r, const uint8_t *der, size_t len, mbedtls_pk_context *key)
{
	return is_encrypted(der, len) ? read_encrypted(r, der, len, key) :
	    read_plain(r, der, len, key);
}

/* ------------------------------------------------------------------------
 * PEM
 */

static const struct {
	const char *begin, *end;
} labels[] = {
	{ "-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----" },
	{ "-----BEGIN ENCRYPTED PRIVATE KEY-----",
	    "-----END ENCRYPTED PRIVATE KEY-----" },
	{ "-----BEGIN RSA PRIVATE KEY-----", "-----END RSA PRIVATE KEY-----" },
	{ "-----BEGIN EC PRIVATE KEY-----", "-----END EC PRIVATE KEY-----" },
};

/* text ends with NUL. */
static int32_t
read_pem(reading *r, const uint8_t *text, mbedtls_pk_context *key)
{
	int code = MBEDTLS_ERR_PEM_NO_HEADER_FOOTER_PRESENT;
	mbedtls_pem_context pem;
	size_t i = 0, used;
	int32_t st;

	mbedtls_pem_init(&pem);
	for (; i < sizeof(labels) / sizeof(labels[0]); i++) {
		code = mbedtls_pem_read_buffer(&pem, labels[i].begin,
		    labels[i].end, text, NULL, 0, &used);
		if (code != MBEDTLS_ERR_PEM_NO_HEADER_FOOTER_PRESENT)
			break;
	}
	if (code == MBEDTLS_ERR_PEM_PASSWORD_REQUIRED) {
		if ((st = ask(r)) != TLSHOST_OK)
			return st;
		code = mbedtls_pem_read_buffer(&pem, labels[i].begin,
		    labels[i].end, text, r->password, r->password_len, &used);
	}
	st = code != 0 ? fail_read(r, code) :
	    read_der(r, pem.buf, pem.buflen, key);
	mbedtls_pem_free(&pem);
	return st;
}

int32_t
key_load(tlshost_sink *sink, const struct tlshost_plugin_key *source,
    mbedtls_pk_context *key)
{
	reading r = { .sink = sink, .secret = source->secret };
	uint8_t *text;
	int32_t st;

	if (source->uri != NULL)
		return fail_key(&r, TLSHOST_UNSUPPORTED, 0, "no keys by URI");
	if (source->encoding == TLSHOST_KEY_DER)
		return read_der(&r, source->data.data, source->data.len, key);
	if ((text = malloc(source->data.len + 1)) == NULL)
		return fail_memory(sink);
	memcpy(text, source->data.data, source->data.len);
	text[source->data.len] = '\0';
	st = read_pem(&r, text, key);
	mbedtls_platform_zeroize(text, source->data.len);
	free(text);
	return st;
}

int32_t
key_check(tlshost_sink *sink, const struct tlshost_plugin_key *source)
{
	mbedtls_pk_context key;
	int32_t st;

	mbedtls_pk_init(&key);
	st = key_load(sink, source, &key);
	mbedtls_pk_free(&key);
	return st;
}

/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "der.h"
#include "keyform.h"
#include "mem.h"
#include "pem.h"
#include "source.h"

typedef enum form {
	FORM_PLAIN,                  /* everybody reads it */
	FORM_SCRYPT,
	FORM_CIPHER,
	FORM_NO_POINT,
	FORM_COMPRESSED,
	FORM_PARAMETERS
} form;

/* ------------------------------------------------------------------------
 * Object identifiers: the contents
 */

#define OID(...) { (const uint8_t[]){ __VA_ARGS__ }, \
	sizeof((const uint8_t[]){ __VA_ARGS__ }) }

static const tlshost__der ec_public_key =
    OID(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01); /* RFC 5480 */
static const tlshost__der pbes2 =
    OID(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x0d); /* RFC 8018 */
static const tlshost__der scrypt =
    OID(0x2b, 0x06, 0x01, 0x04, 0x01, 0xda, 0x47, 0x04, 0x0b); /* RFC 7914 */
static const tlshost__der ciphers[] = {
	OID(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x03, 0x07), /* 3DES */
	OID(0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x02), /* AES */
	OID(0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x16),
	OID(0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x2a),
};

/* As the header of a traditional PEM block names them. */
static const char *const cipher_names[] = {
	"DES-CBC", "DES-EDE3-CBC", "AES-128-CBC", "AES-192-CBC", "AES-256-CBC"
};

static int
take(tlshost__der *from, uint8_t tag, tlshost__der *ret_content)
{
	return tlshost__der_take_tag(from, tag, ret_content, NULL);
}

/* ------------------------------------------------------------------------
 * Forms.  What is malformed is plain: the library will say so.
 */

/* An algorithm and its parameters; the key is the content of the sequence. */
static int
take_algorithm(tlshost__der *from, tlshost__der *ret_oid,
    tlshost__der *ret_parameters)
{
	return take(from, TLSHOST__DER_SEQUENCE, ret_parameters) &&
	    take(ret_parameters, TLSHOST__DER_OID, ret_oid);
}

/* EncryptedPrivateKeyInfo (RFC 5958, 3), by PBES2 (RFC 8018, A.4). */
static form
form_of_encrypted(tlshost__der key)
{
	tlshost__der oid, parameters, schemes, unused;

	if (!take_algorithm(&key, &oid, &parameters) ||
	    !tlshost__der_equal(&oid, &pbes2) ||
	    !take(&parameters, TLSHOST__DER_SEQUENCE, &schemes) ||
	    !take_algorithm(&schemes, &oid, &unused))
		return FORM_PLAIN;
	if (tlshost__der_equal(&oid, &scrypt))
		return FORM_SCRYPT;
	if (!take_algorithm(&schemes, &oid, &unused))
		return FORM_PLAIN;
	for (size_t i = 0; i < TLSHOST__ARRAY_LEN(ciphers); i++)
		if (tlshost__der_equal(&oid, &ciphers[i]))
			return FORM_PLAIN;
	return FORM_CIPHER;
}

/* ECPrivateKey (RFC 5915, 3), behind its version. */
static form
form_of_ec(tlshost__der key)
{
	tlshost__der secret, outer, point;

	if (!take(&key, TLSHOST__DER_OCTET_STRING, &secret))
		return FORM_PLAIN;
	if (take(&key, TLSHOST__DER_CONTEXT_CONSTRUCTED(0), &outer) &&
	    tlshost__der_peek(&outer) == TLSHOST__DER_SEQUENCE)
		return FORM_PARAMETERS;
	if (!take(&key, TLSHOST__DER_CONTEXT_CONSTRUCTED(1), &outer))
		return FORM_NO_POINT;
	/* Behind the number of unused bits; 4: both coordinates follow. */
	if (take(&outer, TLSHOST__DER_BIT_STRING, &point) && point.len > 1 &&
	    point.data[1] != 4)
		return FORM_COMPRESSED;
	return FORM_PLAIN;
}

/* PrivateKeyInfo (RFC 5958, 2), behind its version. */
static form
form_of_pkcs8(tlshost__der key)
{
	tlshost__der oid, parameters, secret, sequence, version;

	if (!take_algorithm(&key, &oid, &parameters) ||
	    !tlshost__der_equal(&oid, &ec_public_key))
		return FORM_PLAIN;
	if (tlshost__der_peek(&parameters) == TLSHOST__DER_SEQUENCE)
		return FORM_PARAMETERS;
	if (!take(&key, TLSHOST__DER_OCTET_STRING, &secret) ||
	    !take(&secret, TLSHOST__DER_SEQUENCE, &sequence) ||
	    !take(&sequence, TLSHOST__DER_INTEGER, &version))
		return FORM_PLAIN;
	return form_of_ec(sequence);
}

static form
form_of_der(const uint8_t *data, size_t len)
{
	tlshost__der all = { data, len }, key, version;

	if (!take(&all, TLSHOST__DER_SEQUENCE, &key))
		return FORM_PLAIN;
	if (tlshost__der_peek(&key) == TLSHOST__DER_SEQUENCE)
		return form_of_encrypted(key);
	if (!take(&key, TLSHOST__DER_INTEGER, &version))
		return FORM_PLAIN;
	return tlshost__der_peek(&key) == TLSHOST__DER_SEQUENCE ?
	    form_of_pkcs8(key) : form_of_ec(key);
}

/* RFC 1421, 4.6.1.3: "DEK-Info: AES-256-CBC,0011..." */
static form
form_of_header(const uint8_t *info, size_t len)
{
	const char *text = (const char *)info;

	while (len != 0 && (*text == ' ' || *text == '\t')) {
		text++;
		len--;
	}
	for (size_t i = 0; i < TLSHOST__ARRAY_LEN(cipher_names); i++) {
		size_t name = strlen(cipher_names[i]);

		if (len > name && memcmp(text, cipher_names[i], name) == 0 &&
		    text[name] == ',')
			return FORM_PLAIN;
	}
	return FORM_CIPHER;
}

/* -1: out of memory. */
static int
form_of_pem(const uint8_t *text, size_t left)
{
	static const char header[] = "DEK-Info:";
	tlshost__pem_block block;
	const uint8_t *info;
	const char *problem;
	int found = FORM_PLAIN;
	uint8_t *der;
	size_t len;

	if (tlshost__pem_next(&text, &left, &block, &problem) !=
	    TLSHOST__PEM_FOUND)
		return FORM_PLAIN;
	info = memmem(block.body, block.body_len, header, sizeof(header) - 1);
	if (info != NULL) {
		info += sizeof(header) - 1;
		return form_of_header(info, (size_t)(block.body +
		    block.body_len - info));
	}
	if ((der = malloc(block.body_len + 1)) == NULL)
		return -1;
	if (tlshost__pem_decode(&block, der, &len)) {
		found = form_of_der(der, len);
		tlshost__wipe(der, len);
	}
	free(der);
	return found;
}

int
tlshost__key_form(const tlshost_private_key *key, uint64_t lacks,
    const char **ret_form)
{
	static const char *const words[] = {
		[FORM_SCRYPT] = "keys that are encrypted with scrypt",
		[FORM_CIPHER] = "keys that are encrypted with a cipher other "
		    "than AES and DES",
		[FORM_NO_POINT] = "EC keys without their public key",
		[FORM_COMPRESSED] = "EC keys whose public key is compressed",
		[FORM_PARAMETERS] = "EC keys that do not name their curve",
	};
	int found = FORM_PLAIN;

	if (key->data != NULL)
		found = key->encoding == TLSHOST_KEY_DER ?
		    (int)form_of_der(key->data, key->len) :
		    form_of_pem(key->data, key->len);
	if (found < 0)
		return -1;
	*ret_form = found == FORM_PLAIN || (lacks & (found == FORM_SCRYPT ?
	    TLSHOST_CAPABILITY_SCRYPT_KEYS : TLSHOST_CAPABILITY_ANY_KEYS)) ==
	    0 ? NULL : words[found];
	return 0;
}

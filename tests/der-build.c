/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "der-build.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))

/* A piece of the description. */
typedef struct text {
	const char *at;
	size_t len;
} text;

static int
text_is(text t, const char *word)
{
	return t.len == strlen(word) && memcmp(t.at, word, t.len) == 0;
}

/* Cuts off what is before the first of the characters, which goes too. */
static text
cut(text *rest, const char *ends)
{
	text part = { rest->at, 0 };

	while (part.len < rest->len &&
	    strchr(ends, part.at[part.len]) == NULL)
		part.len++;
	rest->at += part.len;
	rest->len -= part.len;
	if (rest->len != 0) {
		rest->at++;
		rest->len--;
	}
	return part;
}

static unsigned long
number_of(text t)
{
	unsigned long number = 0;

	for (size_t i = 0; i < t.len; i++) {
		ck_assert(t.at[i] >= '0' && t.at[i] <= '9');
		number = number * 10 + (unsigned long)(t.at[i] - '0');
	}
	return number;
}

/* ------------------------------------------------------------------------
 * Elements
 */

void
der_put(der_buffer *out, const void *data, size_t len)
{
	if (out->len + len > out->cap) {
		out->cap = (out->len + len) * 2;
		out->data = realloc(out->data, out->cap);
		ck_assert_ptr_nonnull(out->data);
	}
	if (len != 0)
		memcpy(out->data + out->len, data, len);
	out->len += len;
}

static void
put_byte(der_buffer *out, unsigned int byte)
{
	uint8_t one = (uint8_t)byte;

	der_put(out, &one, 1);
}

static unsigned int
nibble(char ch)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = ch != '\0' ? strchr(digits, ch) : NULL;

	ck_assert_msg(at != NULL, "\"%c\" is not hexadecimal", ch);
	return (unsigned int)(at - digits);
}

static void
put_hex(der_buffer *out, text hex)
{
	ck_assert_uint_eq(hex.len % 2, 0);
	for (size_t i = 0; i < hex.len; i += 2)
		put_byte(out, nibble(hex.at[i]) << 4 | nibble(hex.at[i + 1]));
}

static void
put_hex_string(der_buffer *out, const char *hex)
{
	put_hex(out, (text){ hex, strlen(hex) });
}

void
der_close(der_buffer *out, size_t start, unsigned int tag)
{
	size_t len = out->len - start, header_len = 0;
	uint8_t header[6];

	header[header_len++] = (uint8_t)tag;
	if (len < 0x80) {
		header[header_len++] = (uint8_t)len;
	} else {
		size_t bytes = len < 0x100 ? 1 : len < 0x10000 ? 2 : 3;

		header[header_len++] = (uint8_t)(0x80 | bytes);
		while (bytes-- != 0)
			header[header_len++] = (uint8_t)(len >> (bytes * 8));
	}
	der_put(out, header, header_len);
	memmove(out->data + start + header_len, out->data + start, len);
	memcpy(out->data + start, header, header_len);
}

static void
put_element(der_buffer *out, unsigned int tag, text content)
{
	size_t start = out->len;

	der_put(out, content.at, content.len);
	der_close(out, start, tag);
}

static void
put_hex_element(der_buffer *out, unsigned int tag, text hex)
{
	size_t start = out->len;

	put_hex(out, hex);
	der_close(out, start, tag);
}

static void
put_oid(der_buffer *out, const char *hex)
{
	put_hex_element(out, 0x06, (text){ hex, strlen(hex) });
}

/* ------------------------------------------------------------------------
 * Parts of a certificate
 */

/* "O=Org/CN=Name": a relative name each. */
static void
put_name(der_buffer *out, text name)
{
	static const struct {
		const char *word, *oid;
		unsigned int tag;
	} attributes[] = {
		{ "CN", "550403", 0x0c }, { "cn", "550403", 0x13 },
		{ "O", "55040a", 0x0c }, { "o", "55040a", 0x13 },
		{ "C", "550406", 0x13 }, { "bmp", "550403", 0x1e },
		{ "universal", "550403", 0x1c }, { "general", "550403", 0x1b },
		{ "email", "2a864886f70d010901", 0x16 },
		{ "utf8mail", "2a864886f70d010901", 0x0c },
		{ "bits", "550403", 0x03 }, { "unique", "55042d", 0x03 },
	};
	size_t start = out->len;

	while (name.len != 0) {
		text value = cut(&name, "/"), word = cut(&value, "=");
		size_t set = out->len, i = 0;

		while (i < LEN(attributes) &&
		    !text_is(word, attributes[i].word))
			i++;
		ck_assert_uint_lt(i, LEN(attributes));
		put_oid(out, attributes[i].oid);
		put_element(out, attributes[i].tag, value);
		der_close(out, set, 0x30);
		der_close(out, set, 0x31);
	}
	der_close(out, start, 0x30);
}

static void
put_time(der_buffer *out, text time)
{
	put_element(out, time.len == 13 ? 0x17 : 0x18, time);
}

#define RSA "2a864886f70d0101"
#define NIST_HASHES "6086480165030402"
#define NIST_HASH NIST_HASHES "01"

static void
put_algorithm(der_buffer *out, text name)
{
	static const struct {
		const char *name, *oid, *parameters;
	} algorithms[] = {
		{ "ecdsa-sha256", "2a8648ce3d040302", "" },
		{ "ecdsa-sha1", "2a8648ce3d0401", "" },
		{ "rsa-sha256", RSA "0b", "0500" },
		{ "rsa-sha256-bare", RSA "0b", "" },
		{ "rsa-md2", RSA "02", "0500" },
		{ "rsa-md4", RSA "03", "0500" },
		{ "rsa-md5", RSA "04", "0500" },
		{ "rsa-sha1", RSA "05", "0500" },
		{ "pss-sha256", RSA "0a", "300fa00d300b0609" NIST_HASH },
		{ "pss-sha256-mgf", RSA "0a", "3034a00f300d0609" NIST_HASH
		    "0500" "a11c301a0609" RSA "08300d0609" NIST_HASH "0500"
		    "a203020120" },
		{ "pss-sha1", RSA "0a", "300ba009300706052b0e03021a" },
		{ "pss-default", RSA "0a", "3000" },
		{ "pss-odd", RSA "0a", "0500" },
		{ "dsa-sha1", "2a8648ce380403", "" },
		{ "oiw-dsa-sha1", "2b0e03021b", "" },
		{ "oiw-rsa-sha1", "2b0e03021d", "" },
		{ "ed25519", "2b6570", "" },
		{ "ecdsa-sha384", "2a8648ce3d040303", "" },
		{ "rsa-sha512", RSA "0d", "0500" },
		{ "pss-sha384-mgf", RSA "0a", "3034a00f300d0609"
		    NIST_HASHES "02" "0500" "a11c301a0609" RSA "08300d0609"
		    NIST_HASHES "02" "0500" "a203020130" },
		{ "unknown", "2a0304", "" },
		{ "odd", RSA "0b", "020100" },
		{ "two", RSA "0b", "05000500" },
	};
	size_t start = out->len, i = 0;

	while (i < LEN(algorithms) && !text_is(name, algorithms[i].name))
		i++;
	ck_assert_msg(i < LEN(algorithms), "%.*s", (int)name.len, name.at);
	put_oid(out, algorithms[i].oid);
	put_hex_string(out, algorithms[i].parameters);
	der_close(out, start, 0x30);
}

static void
put_modulus(der_buffer *out, unsigned long bits)
{
	size_t start = out->len;

	if (bits % 8 == 0)
		put_byte(out, 0);
	for (unsigned long left = (bits + 7) / 8 * 8; left != 0; left -= 8)
		put_byte(out, left > bits ? 1u << ((bits - 1) % 8) :
		    left == bits ? 0x80 : 0x55);
	der_close(out, start, 0x02);
}

/* Points: so many times the generator. */
static const char *const p256_points[] = {
	"6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
	    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5",
	"7cf27b188d034f7e8a52380304b51ac3c08969e277f21b35a60b48fc47669978"
	    "07775510db8ed040293d9ac69f7430dbba7dade63ce982299e04b79d227873d1",
	"5ecbe4d1a6330a44c8f7ef951d4bf165e6c6b721efada985fb41661bc6e7fd6c"
	    "8734640c4998ff7e374b06ce1a64a2ecd82ab036384fb83d9a79b127a27d5032",
	"e2534a3532d08fbba02dde659ee62bd0031fe2db785596ef509302446b030852"
	    "e0f1575a4c633cc719dfee5fda862d764efc96c3f30ee0055c42c23f184ed8c6",
	"51590b7a515140d2d784c85608668fdfef8c82fd1f5be52421554a0dc3d033ed"
	    "e0c17da8904a727d8ae1bf36bf8a79260d012f00d4d80888d1d0bb44fda16da4",
	"b01a172a76a4602c92d3242cb897dde3024c740debb215b4c6b0aae93c2291a9"
	    "e85c10743237dad56fec0e2dfba703791c00f7701c7e16bdfd7c48538fc77fe2",
	"8e533b6fa0bf7b4625bb30667c01fb607ef9f8b8a80fef5b300628703187b2a3"
	    "73eb1dbde03318366d069f83a6f5900053c73633cb041b21c55e1a86c1f400b4",
	"62d9779dbee9b0534042742d3ab54cadc1d238980fce97dbb4dd9dc1db6fb393"
	    "ad5accbd91e9d8244ff15d771167cee0a2ed51f6bbe76a78da540a6a0f09957e",
	"ea68d7b6fedf0b71878938d51d71f8729e0acb8c2c6df8b3d79e8a4b90949ee0"
	    "2a2744c972c9fce787014a964a8ea0c84d714feaa4de823fe85a224a4dd048fa",
	"cef66d6b2a3a993e591214d1ea223fb545ca6c471c48306e4c36069404c5723f"
	    "878662a229aaae906e123cdd9d3b4c10590ded29fe751eeeca34bbaa44af0773",
};
static const char p384_point[] =
    "aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a38"
    "5502f25dbf55296c3a545e3872760ab73617de4a96262c6f5d9e98bf9292dc29"
    "f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f";
static const char p521_point[] =
    "00c6858e06b70404e9cd9e3ecb662395b4429c648139053fb521f828af606b4d"
    "3dbaa14b5e77efe75928fe1dc127a2ffa8de3348b3c1856a429bf97e7e31c2e5"
    "bd66011839296a789a3bc0045c8a5fb42c7d1bd998f54449579b446817afbd17"
    "273e662c97ee72995ef42640c550b9013fad0761353c7086a272c24088be9476"
    "9fd16650";

static void
put_point(der_buffer *out, text curve, text number)
{
	unsigned int which = number.len == 2 ? nibble(number.at[0]) << 4 |
	    nibble(number.at[1]) : 1;

	if (text_is(curve, "p384")) {
		put_hex_string(out, p384_point);
	} else if (text_is(curve, "p521")) {
		put_hex_string(out, p521_point);
	} else {
		ck_assert_uint_le(which - 1, LEN(p256_points) - 1);
		put_hex_string(out, p256_points[which - 1]);
	}
}

static void
put_key(der_buffer *out, text key)
{
	static const struct {
		const char *name, *algorithm; /* content of the SEQUENCE */
		unsigned int len;         /* of the BIT STRING, filled up */
	} keys[] = {
		{ "p256", "06072a8648ce3d020106082a8648ce3d030107", 1 },
		{ "p384", "06072a8648ce3d020106052b81040022", 1 },
		{ "p521", "06072a8648ce3d020106052b81040023", 1 },
		{ "p192", "06072a8648ce3d020106082a8648ce3d030101", 49 },
		{ "p224", "06072a8648ce3d020106052b81040021", 57 },
		{ "secp256k1", "06072a8648ce3d020106052b8104000a", 65 },
		{ "brainpool256", "06072a8648ce3d020106092b24030302080101"
		    "07", 65 },
		{ "explicit-curve", "06072a8648ce3d02013003020101", 65 },
		{ "ed25519", "06032b6570", 32 },
		{ "ed448", "06032b6571", 57 },
		{ "x25519", "06032b656e", 32 },
		{ "dsa", "06072a8648ce3804013003020101", 256 },
		{ "rsa", "0609" RSA "010500", 0 },
		{ "pss", "0609" RSA "0a", 0 },
		{ "pss-sha384", "0609" RSA "0a" "3034a00f300d0609"
		    NIST_HASHES "02" "0500" "a11c301a0609" RSA "08300d0609"
		    NIST_HASHES "02" "0500" "a203020130", 0 },
		{ "pss-sha1", "0609" RSA "0a" "3000", 0 },
		{ "pss-odd", "0609" RSA "0a" "0500", 0 },
		{ "rsa-odd", "0609" RSA "01" "020100", 0 },
	};
	text name = cut(&key, ":");
	size_t start = out->len, inside, i = 0;

	if (name.len != 0 && name.at[0] == '#') {
		put_hex(out, (text){ name.at + 1, name.len - 1 });
		return;
	}

	while (i < LEN(keys) && !text_is(name, keys[i].name))
		i++;
	ck_assert_msg(i < LEN(keys), "%.*s", (int)name.len, name.at);
	put_hex_string(out, keys[i].algorithm);
	der_close(out, start, 0x30);
	inside = out->len;
	put_byte(out, 0);
	if (keys[i].len != 0) {
		put_byte(out, 4);
		for (unsigned int n = 1; n < keys[i].len; n++)
			put_byte(out, 0x11);
		if (keys[i].len == 1)
			put_point(out, name, key);
	} else {
		put_modulus(out, number_of(key));
		put_hex_string(out, "0203010001");
		der_close(out, inside + 1, 0x30);
	}
	der_close(out, inside, 0x03);
	der_close(out, start, 0x30);
}

/* ------------------------------------------------------------------------
 * Extensions
 */

static void
put_many_names(der_buffer *out, char letter, unsigned long count, int subtrees)
{
	char name[32];

	for (unsigned long i = 0; i < count; i++) {
		size_t start = out->len;
		int len = snprintf(name, sizeof(name), "%c%lu.test", letter,
		    i);

		put_element(out, 0x82, (text){ name, (size_t)len });
		if (subtrees)
			der_close(out, start, 0x30);
	}
}

/* "dns:a.test": a GeneralName, or with many:N several. */
static void
put_general_name(der_buffer *out, text name, int subtree)
{
	static const struct {
		const char *word;
		unsigned int tag;
		int hex;
	} forms[] = {
		{ "email", 0x81, 0 }, { "dns", 0x82, 0 }, { "uri", 0x86, 0 },
		{ "ip", 0x87, 1 }, { "rid", 0x88, 1 }, { "other", 0xa0, 1 },
		{ "x400", 0xa3, 1 }, { "edi", 0xa5, 1 },
	};
	text word = cut(&name, ":");
	size_t start = out->len, i = 0;

	if (text_is(word, "many") || text_is(word, "others")) {
		put_many_names(out, word.at[0], number_of(name), subtree);
		return;
	}
	while (i < LEN(forms) && !text_is(word, forms[i].word))
		i++;
	if (text_is(word, "raw")) {
		put_hex(out, name);
	} else if (text_is(word, "dir")) {
		put_name(out, name);
		der_close(out, start, 0xa4);
	} else {
		ck_assert_msg(i < LEN(forms), "%.*s", (int)word.len, word.at);
		if (forms[i].hex)
			put_hex_element(out, forms[i].tag, name);
		else
			put_element(out, forms[i].tag, name);
	}
	if (subtree)
		der_close(out, start, 0x30);
}

static void
put_san(der_buffer *out, text value)
{
	size_t start = out->len;

	while (value.len != 0)
		put_general_name(out, cut(&value, ","), 0);
	der_close(out, start, 0x30);
}

static void
put_subtrees(der_buffer *out, text value, char sign, unsigned int tag)
{
	size_t start = out->len;

	while (value.len != 0) {
		text name = cut(&value, ",");

		if (name.at[0] == sign)
			put_general_name(out,
			    (text){ name.at + 1, name.len - 1 }, 1);
	}
	if (out->len != start)
		der_close(out, start, tag);
}

static void
put_nc(der_buffer *out, text value)
{
	size_t start = out->len;

	put_subtrees(out, value, '+', 0xa0);
	put_subtrees(out, value, '-', 0xa1);
	der_close(out, start, 0x30);
}

static void
put_ku(der_buffer *out, text value)
{
	static const struct {
		const char *word;
		unsigned int bit;
	} usages[] = {
		{ "sign", 0x80 }, { "encipher", 0x20 }, { "agree", 0x08 },
		{ "certsign", 0x04 }, { "crlsign", 0x02 },
	};
	unsigned int bits = 0, unused = 0;
	size_t start = out->len;

	while (value.len != 0) {
		text word = cut(&value, ",");
		size_t i = 0;

		while (i < LEN(usages) && !text_is(word, usages[i].word))
			i++;
		ck_assert_uint_lt(i, LEN(usages));
		bits |= usages[i].bit;
	}
	while (bits != 0 && (bits >> unused & 1) == 0)
		unused++;
	put_byte(out, unused);
	if (bits != 0)
		put_byte(out, bits);
	der_close(out, start, 0x03);
}

static void
put_bc(der_buffer *out, text value)
{
	size_t start = out->len;

	while (value.len != 0) {
		text word = cut(&value, ",");
		size_t inside = out->len;

		if (text_is(word, "ca")) {
			put_hex_string(out, "0101ff");
		} else {
			put_byte(out, (unsigned int)number_of(word));
			der_close(out, inside, 0x02);
		}
	}
	der_close(out, start, 0x30);
}

static void
put_eku(der_buffer *out, text value)
{
	static const struct {
		const char *word, *oid;
	} purposes[] = {
		{ "server", "2b06010505070301" },
		{ "client", "2b06010505070302" },
		{ "code", "2b06010505070303" },
		{ "any", "551d2500" },
		{ "sgc", "6086480186f8420401" },
	};
	size_t start = out->len;

	while (value.len != 0) {
		text word = cut(&value, ",");
		size_t i = 0;

		while (i < LEN(purposes) && !text_is(word, purposes[i].word))
			i++;
		ck_assert_uint_lt(i, LEN(purposes));
		put_oid(out, purposes[i].oid);
	}
	der_close(out, start, 0x30);
}

static void
put_ski(der_buffer *out, text value)
{
	put_hex_element(out, 0x04, value);
}

static void
put_aki(der_buffer *out, text value)
{
	size_t start = out->len;

	while (value.len != 0) {
		text part = cut(&value, ","), word = cut(&part, ":");
		size_t inside = out->len;

		if (text_is(word, "id")) {
			put_hex_element(out, 0x80, part);
		} else if (text_is(word, "issuer")) {
			put_name(out, part);
			der_close(out, inside, 0xa4);
			der_close(out, inside, 0xa1);
		} else {
			ck_assert(text_is(word, "serial"));
			put_hex_element(out, 0x82, part);
		}
	}
	der_close(out, start, 0x30);
}

static void
put_pc(der_buffer *out, text value)
{
	size_t start = out->len;

	while (value.len != 0) {
		text part = cut(&value, ","), word = cut(&part, ":");
		size_t inside = out->len;

		put_byte(out, (unsigned int)number_of(part));
		der_close(out, inside, text_is(word, "explicit") ? 0x80 :
		    0x81);
	}
	der_close(out, start, 0x30);
}

static void
put_filler(der_buffer *out, text value)
{
	size_t start = out->len;

	for (unsigned long left = number_of(value); left != 0; left--)
		put_byte(out, 0x5a);
	der_close(out, start, 0x04);
}

/* ------------------------------------------------------------------------
 * The description
 */

static const struct extension {
	const char *name, *oid;
	void (*put)(der_buffer *out, text value); /* NULL: hexadecimal */
} extensions[] = {
	{ "ku", "551d0f", put_ku },
	{ "bc", "551d13", put_bc },
	{ "eku", "551d25", put_eku },
	{ "san", "551d11", put_san },
	{ "nc", "551d1e", put_nc },
	{ "ski", "551d0e", put_ski },
	{ "aki", "551d23", put_aki },
	{ "pc", "551d24", put_pc },
	{ "policies", "551d20", NULL },
	{ "crl", "551d1f", NULL },
	{ "anypolicy", "551d36", NULL },
	{ "netscape", "6086480186f8420101", NULL },
	{ "aia", "2b06010505070101", NULL },
	{ "tls", "2b06010505070118", NULL },
	{ "mappings", "551d21", NULL },
	{ "ian", "551d12", put_san },
	{ "attributes", "551d09", NULL },
	{ "period", "551d10", NULL },
	{ "freshest", "551d2e", NULL },
	{ "sia", "2b0601050507010b", NULL },
	{ "addresses", "2b06010505070107", NULL },
	{ "asnumbers", "2b06010505070108", NULL },
	{ "proxy", "2b0601050507010e", NULL },
	{ "nocheck", "2b0601050507300105", NULL },
	{ "sct", "2b06010401d679020402", NULL },
	{ "comment", "6086480186f842010d", NULL },
	{ "unknown", "2a0304", NULL },
	{ "other", "2a0305", NULL },
	{ "filler", "2a0306", put_filler },
};

static const struct extension *
extension_of(text name)
{
	for (size_t i = 0; i < LEN(extensions); i++)
		if (text_is(name, extensions[i].name))
			return &extensions[i];
	return NULL;
}

static int
is_plain(text name)
{
	static const char *const names[] = { "version", "serial", "issuer",
	    "subject", "from", "until", "key", "sig", "outer", "signature",
	    "after" };

	for (size_t i = 0; i < LEN(names); i++)
		if (text_is(name, names[i]))
			return 1;
	return 0;
}

typedef struct item {
	text name, value;
	int critical;
} item;

typedef struct description {
	item items[80];
	size_t len;
} description;

static void
remove_items(description *d, text name)
{
	size_t kept = 0;

	for (size_t i = 0; i < d->len; i++)
		if (text_is(name, "*") ? is_plain(d->items[i].name) :
		    d->items[i].name.len != name.len ||
		    memcmp(d->items[i].name.at, name.at, name.len) != 0)
			d->items[kept++] = d->items[i];
	d->len = kept;
}

static void
read_item(description *d, text word)
{
	item one = { .value = word };
	char sign = word.at[0];
	size_t i = 0;

	if (sign == '+' || sign == '-') {
		one.value.at++;
		one.value.len--;
	}
	one.name = cut(&one.value, "=");
	if (sign == '-') {
		remove_items(d, one.name);
		return;
	}
	if (one.name.at[one.name.len - 1] == '!') {
		one.name.len--;
		one.critical = 1;
	}
	ck_assert_msg(is_plain(one.name) || extension_of(one.name) != NULL,
	    "%.*s", (int)one.name.len, one.name.at);
	while (sign != '+' && i < d->len && (d->items[i].name.len !=
	    one.name.len || memcmp(d->items[i].name.at, one.name.at,
	    one.name.len) != 0))
		i++;
	if (sign == '+' || i == d->len)
		i = d->len++;
	ck_assert_uint_lt(i, LEN(d->items));
	d->items[i] = one;
}

static void
read_description(description *d, const char *words)
{
	text rest = { words, words != NULL ? strlen(words) : 0 };

	while (rest.len != 0) {
		text word = cut(&rest, " ");

		if (word.len != 0)
			read_item(d, word);
	}
}

static const item *
find_item(const description *d, const char *name)
{
	for (size_t i = 0; i < d->len; i++)
		if (text_is(d->items[i].name, name))
			return &d->items[i];
	return NULL;
}

static text
value_of(const description *d, const char *name, const char *otherwise)
{
	const item *found = find_item(d, name);

	return found != NULL ? found->value :
	    (text){ otherwise, strlen(otherwise) };
}

static void
put_extension(der_buffer *out, const item *one)
{
	const struct extension *kind = extension_of(one->name);
	text value = one->value;
	size_t start = out->len, inside;

	ck_assert(kind != NULL);
	put_oid(out, kind->oid);
	if (one->critical)
		put_hex_string(out, "0101ff");
	inside = out->len;
	if (value.len != 0 && value.at[0] == '#')
		put_hex(out, (text){ value.at + 1, value.len - 1 });
	else if (kind->put != NULL)
		kind->put(out, value);
	else
		put_hex(out, value);
	der_close(out, inside, 0x04);
	der_close(out, start, 0x30);
}

static void
put_extensions(der_buffer *out, const description *d)
{
	size_t start = out->len;

	for (size_t i = 0; i < d->len; i++)
		if (!is_plain(d->items[i].name))
			put_extension(out, &d->items[i]);
	if (out->len == start)
		return;
	der_close(out, start, 0x30);
	der_close(out, start, 0xa3);
}

static void
put_tbs(der_buffer *out, const description *d)
{
	unsigned long version = number_of(value_of(d, "version", "3"));
	size_t start = out->len, inside;

	if (version != 1) {
		put_byte(out, (unsigned int)version - 1);
		der_close(out, start, 0x02);
		der_close(out, start, 0xa0);
	}
	put_hex_element(out, 0x02, value_of(d, "serial", "01"));
	put_algorithm(out, value_of(d, "sig", "ecdsa-sha256"));
	put_name(out, value_of(d, "issuer", ""));
	inside = out->len;
	put_time(out, value_of(d, "from", "250101000000Z"));
	put_time(out, value_of(d, "until", "491231235959Z"));
	der_close(out, inside, 0x30);
	put_name(out, value_of(d, "subject", ""));
	put_key(out, value_of(d, "key", "p256"));
	put_extensions(out, d);
	der_close(out, start, 0x30);
}

der_buffer
der_certificate(const char *base, const char *change, const char *more)
{
	der_buffer out = { NULL, 0, 0 };
	description d = { .len = 0 };
	const item *outer;

	read_description(&d, base);
	read_description(&d, change);
	read_description(&d, more);
	put_tbs(&out, &d);
	outer = find_item(&d, "outer");
	put_algorithm(&out, outer != NULL ? outer->value :
	    value_of(&d, "sig", "ecdsa-sha256"));
	put_hex_element(&out, 0x03, value_of(&d, "signature",
	    "00aabbccddeeff0011"));
	der_close(&out, 0, 0x30);
	put_hex(&out, value_of(&d, "after", ""));
	return out;
}

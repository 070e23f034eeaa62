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

static void
put(der_buffer *out, const void *data, size_t len)
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

	put(out, &one, 1);
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

/* Makes what was put since start the content of an element. */
static void
close_element(der_buffer *out, size_t start, unsigned int tag)
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
	put(out, header, header_len);
	memmove(out->data + start + header_len, out->data + start, len);
	memcpy(out->data + start, header, header_len);
}

static void
put_element(der_buffer *out, unsigned int tag, text content)
{
	size_t start = out->len;

	put(out, content.at, content.len);
	close_element(out, start, tag);
}

static void
put_hex_element(der_buffer *out, unsigned int tag, text hex)
{
	size_t start = out->len;

	put_hex(out, hex);
	close_element(out, start, tag);
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
		close_element(out, set, 0x30);
		close_element(out, set, 0x31);
	}
	close_element(out, start, 0x30);
}

static void
put_time(der_buffer *out, text time)
{
	put_element(out, time.len == 13 ? 0x17 : 0x18, time);
}

#define RSA "2a864886f70d0101"
#define NIST_HASH "608648016503040201"

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
		{ "pss-sha1", RSA "0a", "300ba009300706052b0e03021a" },
		{ "pss-default", RSA "0a", "3000" },
		{ "dsa-sha1", "2a8648ce380403", "" },
		{ "oiw-dsa-sha1", "2b0e03021b", "" },
		{ "oiw-rsa-sha1", "2b0e03021d", "" },
		{ "ed25519", "2b6570", "" },
	};
	size_t start = out->len, i = 0;

	while (i < LEN(algorithms) && !text_is(name, algorithms[i].name))
		i++;
	ck_assert_msg(i < LEN(algorithms), "%.*s", (int)name.len, name.at);
	put_oid(out, algorithms[i].oid);
	put_hex_string(out, algorithms[i].parameters);
	close_element(out, start, 0x30);
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
	close_element(out, start, 0x02);
}

static void
put_key(der_buffer *out, text key)
{
	static const struct {
		const char *name, *algorithm; /* content of the SEQUENCE */
		unsigned int len;         /* of the BIT STRING; 0: RSA */
	} keys[] = {
		{ "p256", "06072a8648ce3d020106082a8648ce3d030107", 65 },
		{ "p384", "06072a8648ce3d020106052b81040022", 97 },
		{ "p521", "06072a8648ce3d020106052b81040023", 133 },
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
	close_element(out, start, 0x30);
	inside = out->len;
	put_byte(out, 0);
	if (keys[i].len != 0) {
		unsigned int fill = key.len == 2 ? nibble(key.at[0]) << 4 |
		    nibble(key.at[1]) : 0x11;

		put_byte(out, 4);
		for (unsigned int n = 1; n < keys[i].len; n++)
			put_byte(out, fill);
	} else {
		put_modulus(out, number_of(key));
		put_hex_string(out, "0203010001");
		close_element(out, inside + 1, 0x30);
	}
	close_element(out, inside, 0x03);
	close_element(out, start, 0x30);
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
			close_element(out, start, 0x30);
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
		close_element(out, start, 0xa4);
	} else {
		ck_assert_msg(i < LEN(forms), "%.*s", (int)word.len, word.at);
		if (forms[i].hex)
			put_hex_element(out, forms[i].tag, name);
		else
			put_element(out, forms[i].tag, name);
	}
	if (subtree)
		close_element(out, start, 0x30);
}

static void
put_san(der_buffer *out, text value)
{
	size_t start = out->len;

	while (value.len != 0)
		put_general_name(out, cut(&value, ","), 0);
	close_element(out, start, 0x30);
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
		close_element(out, start, tag);
}

static void
put_nc(der_buffer *out, text value)
{
	size_t start = out->len;

	put_subtrees(out, value, '+', 0xa0);
	put_subtrees(out, value, '-', 0xa1);
	close_element(out, start, 0x30);
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
	close_element(out, start, 0x03);
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
			close_element(out, inside, 0x02);
		}
	}
	close_element(out, start, 0x30);
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
	close_element(out, start, 0x30);
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
			close_element(out, inside, 0xa4);
			close_element(out, inside, 0xa1);
		} else {
			ck_assert(text_is(word, "serial"));
			put_hex_element(out, 0x82, part);
		}
	}
	close_element(out, start, 0x30);
}

static void
put_pc(der_buffer *out, text value)
{
	size_t start = out->len;

	while (value.len != 0) {
		text part = cut(&value, ","), word = cut(&part, ":");
		size_t inside = out->len;

		put_byte(out, (unsigned int)number_of(part));
		close_element(out, inside, text_is(word, "explicit") ? 0x80 :
		    0x81);
	}
	close_element(out, start, 0x30);
}

static void
put_filler(der_buffer *out, text value)
{
	size_t start = out->len;

	for (unsigned long left = number_of(value); left != 0; left--)
		put_byte(out, 0x5a);
	close_element(out, start, 0x04);
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
	close_element(out, inside, 0x04);
	close_element(out, start, 0x30);
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
	close_element(out, start, 0x30);
	close_element(out, start, 0xa3);
}

static void
put_tbs(der_buffer *out, const description *d)
{
	unsigned long version = number_of(value_of(d, "version", "3"));
	size_t start = out->len, inside;

	if (version != 1) {
		put_byte(out, (unsigned int)version - 1);
		close_element(out, start, 0x02);
		close_element(out, start, 0xa0);
	}
	put_hex_element(out, 0x02, value_of(d, "serial", "01"));
	put_algorithm(out, value_of(d, "sig", "ecdsa-sha256"));
	put_name(out, value_of(d, "issuer", ""));
	inside = out->len;
	put_time(out, value_of(d, "from", "250101000000Z"));
	put_time(out, value_of(d, "until", "491231235959Z"));
	close_element(out, inside, 0x30);
	put_name(out, value_of(d, "subject", ""));
	put_key(out, value_of(d, "key", "p256"));
	put_extensions(out, d);
	close_element(out, start, 0x30);
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
	close_element(&out, 0, 0x30);
	put_hex(&out, value_of(&d, "after", ""));
	return out;
}

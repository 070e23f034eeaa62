/* SPDX-License-Identifier: MIT */
/* Certificates, chains, keys and trust stores from whatever there is. */
#include "config.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "der-build.h"
#include "support.h"

#define LEN(array) (int)(sizeof(array) / sizeof((array)[0]))

/* A key in form: content is taken by its form if there is no backend. */
static const uint8_t key_der[] = { 0x30, 0x03, 0x02, 0x01, 0x00 };

/* ------------------------------------------------------------------------
 * The four kinds, alike
 */

/* A constructor of a kind, as a function of what all have. */
#define KIND(kind, type, from_memory, from_file, more)                       \
	static tlshost_status                                                \
	kind##_memory(const void *data, size_t len, void **ret_object,       \
	    tlshost_error **ret_error)                                       \
	{                                                                    \
		type *object = NULL;                                         \
		tlshost_status st = from_memory(NULL, data, len more,        \
		    ret_object != NULL ? &object : NULL, ret_error);         \
                                                                             \
		if (ret_object != NULL)                                      \
			*ret_object = object;                                \
		return st;                                                   \
	}                                                                    \
                                                                             \
	static tlshost_status                                                \
	kind##_file(const char *path, void **ret_object,                     \
	    tlshost_error **ret_error)                                       \
	{                                                                    \
		type *object = NULL;                                         \
		tlshost_status st = from_file(NULL, path more,               \
		    ret_object != NULL ? &object : NULL, ret_error);         \
                                                                             \
		if (ret_object != NULL)                                      \
			*ret_object = object;                                \
		return st;                                                   \
	}                                                                    \
                                                                             \
	static void                                                          \
	kind##_unref(void *object)                                           \
	{                                                                    \
		type##_unref(object);                                        \
	}

#define NOTHING
#define NO_PASSWORD , NULL, 0

KIND(certificate, tlshost_certificate, tlshost_certificate_from_memory,
    tlshost_certificate_from_file, NOTHING)
KIND(chain, tlshost_chain, tlshost_chain_from_memory, tlshost_chain_from_file,
    NOTHING)
KIND(trust, tlshost_trust_store, tlshost_trust_store_from_memory,
    tlshost_trust_store_from_pem_file, NOTHING)
KIND(key, tlshost_private_key, tlshost_private_key_from_memory,
    tlshost_private_key_from_file, NO_PASSWORD)

static const struct kind {
	const char *name, *label;
	int is_key;
	tlshost_status (*memory)(const void *data, size_t len,
	    void **ret_object, tlshost_error **ret_error);
	tlshost_status (*file)(const char *path, void **ret_object,
	    tlshost_error **ret_error);
	void (*unref)(void *object);
} kinds[] = {
	{ "certificate", "CERTIFICATE", 0, certificate_memory,
	    certificate_file, certificate_unref },
	{ "chain", "CERTIFICATE", 0, chain_memory, chain_file, chain_unref },
	{ "trust store", "CERTIFICATE", 0, trust_memory, trust_file,
	    trust_unref },
	{ "key", "PRIVATE KEY", 1, key_memory, key_file, key_unref },
};

#define KINDS LEN(kinds)

/* What is not good makes no object, and an error that says what was wrong. */
static void
expect_failure(const struct kind *kind, const char *what, tlshost_status got,
    tlshost_status wanted, const void *object, tlshost_error *error,
    const char *says)
{
	ck_assert_msg(got == wanted, "%s of %s: %s, not %s", kind->name, what,
	    tlshost_status_name(got), tlshost_status_name(wanted));
	ck_assert_ptr_null(object);
	ck_assert_ptr_nonnull(error);
	ck_assert_int_eq(tlshost_error_status(error), wanted);
	ck_assert_msg(strstr(tlshost_error_message(error), says) != NULL,
	    "%s of %s: \"%s\" does not say \"%s\"", kind->name, what,
	    tlshost_error_message(error), says);
	ck_assert_msg(strchr(tlshost_error_message(error), '\n') == NULL,
	    "more than a line");
	tlshost_error_free(error);
}

static void
expect_bad_memory(const struct kind *kind, const char *what, const void *data,
    size_t len, const char *says)
{
	tlshost_error *error = NULL;
	void *object = NULL;
	tlshost_status st = kind->memory(data, len, &object, &error);

	expect_failure(kind, what, st, TLSHOST_BAD_DATA, object, error, says);
	assert_status(kind->memory(data, len, &object, NULL),
	    TLSHOST_BAD_DATA);
}

/* ------------------------------------------------------------------------
 * Texts
 */

static der_buffer leaf;

static void
make_leaf(void)
{
	leaf = der_certificate("subject=CN=Leaf issuer=CN=Leaf "
	    "san=dns:srv.test", NULL, NULL);
}

static void
free_leaf(void)
{
	free(leaf.data);
}

static const uint8_t *
good_der(const struct kind *kind, size_t *ret_len)
{
	*ret_len = kind->is_key ? sizeof(key_der) : leaf.len;
	return kind->is_key ? key_der : leaf.data;
}

/* A text that grows; the largest here is of a few MB. */
typedef struct text {
	char *data;
	size_t len, cap;
} text;

static void
add(text *t, const char *data, size_t len)
{
	if (t->len + len + 1 > t->cap) {
		t->cap = (t->len + len + 1) * 2;
		t->data = realloc(t->data, t->cap);
		ck_assert_ptr_nonnull(t->data);
	}
	memcpy(t->data + t->len, data, len);
	t->len += len;
	t->data[t->len] = '\0';
}

static void
add_string(text *t, const char *string)
{
	add(t, string, strlen(string));
}

/* width: how many letters have a line. */
static void
add_base64(text *t, const uint8_t *data, size_t len, size_t width,
    const char *newline)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghij"
	    "klmnopqrstuvwxyz0123456789+/";
	size_t column = 0;

	for (size_t i = 0; i < len; i += 3) {
		uint32_t bits = (uint32_t)data[i] << 16 |
		    (i + 1 < len ? (uint32_t)data[i + 1] << 8 : 0) |
		    (i + 2 < len ? data[i + 2] : 0);

		for (int n = 0; n < 4; n++) {
			char ch = i + (size_t)n > len ? '=' :
			    letters[bits >> (18 - 6 * n) & 63];

			add(t, &ch, 1);
			if (++column % width == 0)
				add_string(t, newline);
		}
	}
	if (column % width != 0)
		add_string(t, newline);
}

static void
add_line(text *t, const char *which, const char *label, const char *newline)
{
	add_string(t, "-----");
	add_string(t, which);
	add_string(t, " ");
	add_string(t, label);
	add_string(t, "-----");
	add_string(t, newline);
}

static void
add_block(text *t, const char *label, const uint8_t *data, size_t len,
    size_t width, const char *newline)
{
	add_line(t, "BEGIN", label, newline);
	add_base64(t, data, len, width, newline);
	add_line(t, "END", label, newline);
}

/*
 * A template: "{" and "}" are the lines with the kind's label, "<" and ">"
 * with another, "@" is the data in base64, "~" a NUL; the rest is as it is.
 */
static text
from_template(const struct kind *kind, const char *template, size_t len)
{
	text t = { NULL, 0, 0 };
	size_t der_len;
	const uint8_t *der = good_der(kind, &der_len);

	for (size_t i = 0; i < len; i++) {
		switch (template[i]) {
		case '{':
			add_line(&t, "BEGIN", kind->label, "\n");
			break;
		case '}':
			add_line(&t, "END", kind->label, "\n");
			break;
		case '<':
			add_line(&t, "BEGIN", "X509 CRL", "\n");
			break;
		case '>':
			add_line(&t, "END", "X509 CRL", "\n");
			break;
		case '@':
			add_base64(&t, der, der_len, 64, "\n");
			break;
		case '~':
			add(&t, "", 1);
			break;
		default:
			add(&t, template + i, 1);
		}
	}
	add(&t, "", 0);
	return t;
}

/* ------------------------------------------------------------------------
 * Good content
 */

static const struct {
	const char *what, *template;
} good_texts[] = {
	{ "a block", "{@}" },
	{ "a text before", "some words\n{@}" },
	{ "a text behind", "{@}some words, 1-----\n" },
	{ "NULs around", "~\n{@}~~~" },
	{ "bytes over 127 around", "\xff\xfe\n{@}\xc3\xbc" },
	{ "another block before", "<@>{@}" },
	{ "another block behind", "{@}<@>" },
	{ "blank lines within", "{\n\n@\n \t\n}" },
	{ "a beginning that is not at the beginning of a line",
	    "words -----BEGIN \n{@}" },
};

static void
expect_good(const struct kind *kind, const char *what, const text *t)
{
	tlshost_error *error = NULL;
	void *object = NULL;
	tlshost_status st = kind->memory(t->data, t->len, &object, &error);

	ck_assert_msg(st == TLSHOST_OK, "%s of %s: %s", kind->name, what,
	    tlshost_error_message(error));
	ck_assert_ptr_nonnull(object);
	ck_assert_ptr_null(error);
	kind->unref(object);
}

START_TEST(pem_may_have_text_around_its_blocks)
{
	for (int i = 0; i < KINDS; i++) {
		text t = from_template(&kinds[i], good_texts[_i].template,
		    strlen(good_texts[_i].template));

		expect_good(&kinds[i], good_texts[_i].what, &t);
		free(t.data);
	}
}
END_TEST

static const struct {
	const char *newline;
	size_t width;
} layouts[] = {
	{ "\n", 64 }, { "\r\n", 64 }, { "\r", 64 }, { "\n", 76 }, { "\n", 1 },
	{ "\r\n", 1000000 }, { " \t\n", 64 },
};

START_TEST(lines_may_be_of_any_length_and_end)
{
	for (int i = 0; i < KINDS; i++) {
		text t = { NULL, 0, 0 };
		size_t len;
		const uint8_t *der = good_der(&kinds[i], &len);

		add_block(&t, kinds[i].label, der, len, layouts[_i].width,
		    layouts[_i].newline);
		expect_good(&kinds[i], "a layout", &t);
		free(t.data);
	}
}
END_TEST

static const char *const labels[] = {
	"CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE",
};

START_TEST(a_certificate_has_three_labels)
{
	tlshost_certificate *certificate;
	text t = { NULL, 0, 0 };
	const uint8_t *der;

	add_block(&t, labels[_i], leaf.data, leaf.len, 64, "\n");
	assert_status(tlshost_certificate_from_memory(NULL, t.data, t.len,
	    &certificate, NULL), TLSHOST_OK);
	ck_assert_uint_eq(tlshost_certificate_der(certificate, &der),
	    leaf.len);
	ck_assert_mem_eq(der, leaf.data, leaf.len);
	tlshost_certificate_unref(certificate);
	free(t.data);
}
END_TEST

START_TEST(what_openssl_trusts_has_more_behind_it)
{
	tlshost_certificate *certificate;
	der_buffer more = der_certificate("subject=CN=Leaf issuer=CN=Leaf "
	    "san=dns:srv.test after=3000", NULL, NULL);
	text t = { NULL, 0, 0 };

	add_block(&t, "TRUSTED CERTIFICATE", more.data, more.len, 64, "\n");
	assert_status(tlshost_certificate_from_memory(NULL, t.data, t.len,
	    &certificate, NULL), TLSHOST_OK);
	ck_assert_uint_eq(tlshost_certificate_der(certificate, NULL),
	    leaf.len);
	tlshost_certificate_unref(certificate);
	t.len = 0;
	add_block(&t, "CERTIFICATE", more.data, more.len, 64, "\n");
	expect_bad_memory(&kinds[0], "a certificate with more", t.data, t.len,
	    "is no certificate");
	free(t.data);
	free(more.data);
}
END_TEST

/* ------------------------------------------------------------------------
 * Content that is none
 */

#define ALL 0
#define CERTIFICATES 1               /* a library looks into a key */

static const struct {
	const char *what, *template, *says;
	int which;
} bad_texts[] = {
	{ "words", "hello", "no PEM block", ALL },
	{ "a byte", "0", "no PEM block", ALL },
	{ "a NUL", "~", "no PEM block", ALL },
	{ "blank lines", "\n\n\n", "no PEM block", ALL },
	{ "base64 without lines around", "@", "no PEM block", ALL },
	{ "another block", "<@>", "there are PEM blocks, but no", ALL },
	{ "another end", "{@>", "has no end", ALL },
	{ "no end", "{@", "has no end", ALL },
	{ "no beginning", "@}", "no PEM block", ALL },
	{ "an end that is cut", "{@-----END ", "has no end", ALL },
	{ "a beginning without a label", "-----BEGIN -----\n@}",
	    "does not begin", ALL },
	{ "a beginning that is cut", "-----BEGIN CERTIFICATE\n@",
	    "does not begin", ALL },
	{ "a good block and a beginning", "{@}{", "has no end", ALL },
	{ "a beginning and a good block", "{{@}", "is no certificate",
	    CERTIFICATES },
	{ "an empty block", "{}", "is no certificate", CERTIFICATES },
	{ "not base64", "{!!!!\n}", "is no certificate", CERTIFICATES },
	{ "a NUL within", "{~@}", "is no certificate", CERTIFICATES },
	{ "a NUL behind the data", "{@~\n}", "is no certificate",
	    CERTIFICATES },
	{ "headers", "{Proc-Type: 4\n\n@}", "is no certificate",
	    CERTIFICATES },
	{ "too much padding", "{MAA==\n}", "is no certificate",
	    CERTIFICATES },
	{ "too little padding", "{MAA\n}", "is no certificate",
	    CERTIFICATES },
	{ "padding amid", "{MA==MAA=\n}", "is no certificate",
	    CERTIFICATES },
	{ "bits in the padding", "{MAB=\n}", "is no certificate",
	    CERTIFICATES },
	{ "no DER", "{AAAA\n}", "is no certificate", CERTIFICATES },
	{ "DER with more behind", "{MAAA\n}", "is no certificate",
	    CERTIFICATES },
};

START_TEST(what_is_no_content_is_bad_data)
{
	for (int i = 0; i < KINDS; i++) {
		text t;

		if (kinds[i].is_key && bad_texts[_i].which == CERTIFICATES)
			continue;
		t = from_template(&kinds[i], bad_texts[_i].template,
		    strlen(bad_texts[_i].template));
		expect_bad_memory(&kinds[i], bad_texts[_i].what, t.data,
		    t.len, bad_texts[_i].says);
		free(t.data);
	}
}
END_TEST

START_TEST(no_beginning_of_a_block_is_one)
{
	const struct kind *kind = &kinds[_i];
	text t = from_template(kind, "{@}", 3);
	uint8_t *exact;

	/* The last newline need not be there; all else must. */
	for (size_t len = 1; len < t.len - 1; len++) {
		exact = malloc(len);
		ck_assert_ptr_nonnull(exact);
		memcpy(exact, t.data, len);
		expect_bad_memory(kind, "a part", exact, len, "");
		free(exact);
	}
	t.len--;
	expect_good(kind, "a block without a newline", &t);
	free(t.data);
}
END_TEST

START_TEST(no_beginning_of_der_is_der)
{
	const struct kind *kind = &kinds[_i];
	size_t full;
	const uint8_t *der = good_der(kind, &full);
	uint8_t *copy = malloc(full + 1);
	text t = { (char *)copy, full, 0 };

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, der, full);
	copy[full] = 0;
	for (size_t len = 1; len < full; len++)
		expect_bad_memory(kind, "a part", copy, len, "DER");
	expect_bad_memory(kind, "more", copy, full + 1, "DER");
	expect_good(kind, "DER", &t);
	free(copy);
}
END_TEST

/* Nothing is read before the length is known to be possible. */
START_TEST(an_impossible_length_is_bad_data)
{
	static const size_t lens[] = { SIZE_MAX, SIZE_MAX / 2,
	    (size_t)INT_MAX + 1, ((size_t)16 << 20) + 1 };

	for (int i = 0; i < KINDS; i++)
		for (int n = 0; n < LEN(lens); n++)
			expect_bad_memory(&kinds[i], "a length", "0", lens[n],
			    "larger than 16 MiB");
}
END_TEST

/* A SEQUENCE of so many bytes. */
static uint8_t *
large_der(size_t len)
{
	uint8_t *der = calloc(1, len);

	ck_assert_ptr_nonnull(der);
	der[0] = 0x30;
	der[1] = 0x83;
	for (int i = 0; i < 3; i++)
		der[2 + i] = (uint8_t)((len - 5) >> (16 - 8 * i));
	return der;
}

#define MIB ((size_t)1 << 20)

static const struct {
	size_t len;
	int taken;
} sizes[] = {
	{ MIB, 1 }, { MIB + 1, 0 }, { MIB + MIB / 4, 0 }, { 10000000, 0 },
};

START_TEST(a_certificate_is_of_1_mib_at_most)
{
	size_t len = sizes[_i].len;
	uint8_t *der = large_der(len);
	text t = { NULL, 0, 0 };

	add_block(&t, "CERTIFICATE", der, len, 64, "\n");
	if (sizes[_i].taken) {
		text whole = { (char *)der, len, 0 };

		/* A trust store wants certificates that can be read. */
		expect_good(&kinds[0], "1 MiB of DER", &whole);
		expect_good(&kinds[0], "1 MiB in PEM", &t);
		expect_good(&kinds[3], "1 MiB of DER", &whole);
	} else {
		for (int i = 0; i < KINDS; i++)
			expect_bad_memory(&kinds[i], "large DER", der, len,
			    "large");
		for (int i = 0; i < KINDS - 1; i++)
			expect_bad_memory(&kinds[i], "large PEM", t.data,
			    t.len, "larger than 1 MiB");
	}
	free(t.data);
	free(der);
}
END_TEST

START_TEST(the_block_at_fault_is_named)
{
	static const struct {
		const char *template, *says;
	} faults[] = {
		{ "{@}{@}{AAAA\n}{@}", "is no certificate (block 3)" },
		{ "<@>{}", "is no certificate (block 2)" },
		{ "{@}{@", "has no end, or the wrong one (block 2)" },
	};

	for (int i = 1; i < KINDS - 1; i++)
		for (int n = 0; n < LEN(faults); n++) {
			text t = from_template(&kinds[i], faults[n].template,
			    strlen(faults[n].template));

			expect_bad_memory(&kinds[i], faults[n].template,
			    t.data, t.len, faults[n].says);
			free(t.data);
		}
}
END_TEST

START_TEST(two_where_one_is_wanted_are_too_many)
{
	text t = from_template(&kinds[0], "{@}{@}", 6);

	expect_bad_memory(&kinds[0], "two", t.data, t.len,
	    "there are 2 certificates");
	expect_good(&kinds[1], "two", &t);
	free(t.data);
	t = from_template(&kinds[3], "{@}{@}", 6);
	expect_bad_memory(&kinds[3], "two", t.data, t.len,
	    "there are two private keys");
	free(t.data);
}
END_TEST

/* ------------------------------------------------------------------------
 * Files
 */

static char directory[] = "/tmp/test-source.XXXXXX";

static void
make_directory(void)
{
	make_leaf();
	unsetenv("SSL_CERT_DIR");
	unsetenv("SSL_CERT_FILE");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	/* Another user is to reach what is in it. */
	ck_assert_int_eq(chmod(directory, 0755), 0);
}

static void
remove_directory(void)
{
	free_leaf();
	/* What failed may have left its file. */
	(void)rmdir(directory);
}

static void
path_of(const char *name, char *path, size_t cap)
{
	int len = snprintf(path, cap, "%s/%s", directory, name);

	ck_assert(len > 0 && (size_t)len < cap);
}

static void
write_file(const char *path, const void *data, size_t len)
{
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(data, 1, len, file), len);
	ck_assert_int_eq(fclose(file), 0);
}

static void
expect_bad_file(const char *path, tlshost_status wanted, int errno_value,
    const char *says)
{
	for (int i = 0; i < KINDS; i++) {
		tlshost_error *error = NULL;
		void *object = NULL;
		tlshost_status st = kinds[i].file(path, &object, &error);

		ck_assert_int_eq(tlshost_error_errno(error), errno_value);
		if (error != NULL)
			ck_assert_msg(strncmp(tlshost_error_message(error),
			    path, strlen(path)) == 0, "%s",
			    tlshost_error_message(error));
		expect_failure(&kinds[i], path, st, wanted, object, error,
		    says);
		assert_status(kinds[i].file(path, &object, NULL), wanted);
	}
}

START_TEST(a_missing_file_is_named)
{
	char path[64];

	path_of("missing.pem", path, sizeof(path));
	expect_bad_file(path, TLSHOST_IO, ENOENT, strerror(ENOENT));
	path_of("missing/dir.pem", path, sizeof(path));
	expect_bad_file(path, TLSHOST_IO, ENOENT, strerror(ENOENT));
	expect_bad_file("", TLSHOST_IO, ENOENT, strerror(ENOENT));
}
END_TEST

START_TEST(a_directory_is_no_file)
{
	expect_bad_file(directory, TLSHOST_IO, EISDIR, strerror(EISDIR));
}
END_TEST

START_TEST(a_fifo_is_no_file_and_nobody_waits)
{
	char path[64];

	path_of("fifo", path, sizeof(path));
	ck_assert_int_eq(mkfifo(path, 0644), 0);
	expect_bad_file(path, TLSHOST_IO, EINVAL, strerror(EINVAL));
	ck_assert_int_eq(unlink(path), 0);
}
END_TEST

START_TEST(a_file_without_permission_is_named)
{
	char path[64];
	int is_root = geteuid() == 0;

	path_of("secret.pem", path, sizeof(path));
	write_file(path, "x", 1);
	ck_assert_int_eq(chmod(path, 0), 0);
	/* Root reads everything, so somebody else tries. */
	if (is_root && seteuid(65534) != 0)
		printf("skipped: a_file_without_permission_is_named: root "
		    "reads everything\n");
	else
		expect_bad_file(path, TLSHOST_IO, EACCES, strerror(EACCES));
	if (is_root)
		ck_assert_int_eq(seteuid(0), 0);
	ck_assert_int_eq(unlink(path), 0);
}
END_TEST

static const struct {
	const char *data, *says;
	size_t len;
} bad_files[] = {
	{ "", "the file is empty", 0 },
	{ "hello", "no PEM block", 5 },
	{ "\0\0\0\0", "no PEM block", 4 },
	{ "-----BEGIN CERTIFICATE-----\n", "has no end", 28 },
};

START_TEST(a_file_without_content_is_named)
{
	char path[64];

	path_of("bad.pem", path, sizeof(path));
	write_file(path, bad_files[_i].data, bad_files[_i].len);
	expect_bad_file(path, TLSHOST_BAD_DATA, 0, bad_files[_i].says);
	ck_assert_int_eq(unlink(path), 0);
}
END_TEST

START_TEST(a_huge_file_is_not_read)
{
	char path[64];

	path_of("huge.pem", path, sizeof(path));
	write_file(path, "x", 1);
	ck_assert_int_eq(truncate(path, (off_t)1 << 32), 0);
	expect_bad_file(path, TLSHOST_BAD_DATA, 0, "larger than");
	ck_assert_int_eq(truncate(path, ((off_t)16 << 20) + 1), 0);
	expect_bad_file(path, TLSHOST_BAD_DATA, 0, "larger than");
	ck_assert_int_eq(truncate(path, (off_t)16 << 20), 0);
	expect_bad_file(path, TLSHOST_BAD_DATA, 0, "no PEM block");
	ck_assert_int_eq(unlink(path), 0);
}
END_TEST

START_TEST(a_good_file_is_read)
{
	char path[64];

	path_of("good.pem", path, sizeof(path));
	for (int i = 0; i < KINDS; i++) {
		tlshost_error *error = NULL;
		void *object = NULL;
		text t = from_template(&kinds[i], "words\n{@}", 9);

		write_file(path, t.data, t.len);
		assert_status(kinds[i].file(path, &object, &error),
		    TLSHOST_OK);
		kinds[i].unref(object);
		free(t.data);
	}
	ck_assert_int_eq(unlink(path), 0);
}
END_TEST

/* ------------------------------------------------------------------------
 * Arguments
 */

START_TEST(null_and_nothing_are_invalid_arguments)
{
	const struct kind *kind = &kinds[_i];
	tlshost_error *error = NULL;
	void *object = NULL;
	tlshost_status st;

	st = kind->memory(NULL, 1, &object, &error);
	expect_failure(kind, "NULL", st, TLSHOST_INVALID_ARGUMENT, object,
	    error, "data");
	error = NULL;
	st = kind->memory(NULL, 0, &object, &error);
	expect_failure(kind, "NULL", st, TLSHOST_INVALID_ARGUMENT, object,
	    error, "data");
	error = NULL;
	st = kind->memory("x", 0, &object, &error);
	expect_failure(kind, "nothing", st, TLSHOST_INVALID_ARGUMENT, object,
	    error, "len is 0");
	error = NULL;
	st = kind->memory("x", 1, NULL, &error);
	expect_failure(kind, "no result", st, TLSHOST_INVALID_ARGUMENT, NULL,
	    error, "ret_");
	error = NULL;
	st = kind->file(NULL, &object, &error);
	expect_failure(kind, "no path", st, TLSHOST_INVALID_ARGUMENT, object,
	    error, "path");
	error = NULL;
	st = kind->file(directory, NULL, &error);
	expect_failure(kind, "no result", st, TLSHOST_INVALID_ARGUMENT, NULL,
	    error, "ret_");
	assert_status(kind->memory(NULL, 1, &object, NULL),
	    TLSHOST_INVALID_ARGUMENT);
	assert_status(kind->file(NULL, &object, NULL),
	    TLSHOST_INVALID_ARGUMENT);
}
END_TEST

START_TEST(what_failed_leaves_the_result_alone)
{
	tlshost_certificate *certificate = NULL, *kept;
	tlshost_trust_store *store;
	tlshost_private_key *key;
	tlshost_chain *chain;
	char mark;
	void *other = &mark;

	kept = other;
	chain = other;
	store = other;
	key = other;
	assert_status(tlshost_certificate_from_memory(NULL, "x", 1, &kept,
	    NULL), TLSHOST_BAD_DATA);
	assert_status(tlshost_chain_from_memory(NULL, "x", 1, &chain, NULL),
	    TLSHOST_BAD_DATA);
	assert_status(tlshost_trust_store_from_memory(NULL, "x", 1, &store,
	    NULL), TLSHOST_BAD_DATA);
	assert_status(tlshost_private_key_from_memory(NULL, "x", 1, NULL, 0,
	    &key, NULL), TLSHOST_BAD_DATA);
	assert_status(tlshost_chain_from_certificates(&certificate, 1, &chain,
	    NULL), TLSHOST_INVALID_ARGUMENT);
	assert_status(tlshost_trust_store_from_certificates(&certificate, 1,
	    &store, NULL), TLSHOST_INVALID_ARGUMENT);
	ck_assert(kept == other && chain == other && store == other &&
	    key == other);
}
END_TEST

START_TEST(nothing_is_a_certificate_of_nothing)
{
	const uint8_t *der = leaf.data;

	ck_assert_uint_eq(tlshost_certificate_der(NULL, &der), 0);
	ck_assert_ptr_null(der);
	ck_assert_uint_eq(tlshost_certificate_der(NULL, NULL), 0);
	ck_assert_ptr_null(tlshost_certificate_ref(NULL));
	ck_assert_ptr_null(tlshost_chain_ref(NULL));
	ck_assert_ptr_null(tlshost_private_key_ref(NULL));
	ck_assert_ptr_null(tlshost_trust_store_ref(NULL));
	ck_assert_uint_eq(tlshost_chain_len(NULL), 0);
	ck_assert_ptr_null(tlshost_chain_at(NULL, 0));
	ck_assert_uint_eq(tlshost_trust_store_len(NULL), 0);
	der = leaf.data;
	ck_assert_uint_eq(tlshost_trust_store_at(NULL, 0, &der), 0);
	ck_assert_ptr_null(der);
	tlshost_certificate_unref(NULL);
	tlshost_chain_unref(NULL);
	tlshost_private_key_unref(NULL);
	tlshost_trust_store_unref(NULL);
}
END_TEST

static tlshost_certificate *
good_certificate(void)
{
	tlshost_certificate *certificate;

	assert_status(tlshost_certificate_from_memory(NULL, leaf.data,
	    leaf.len, &certificate, NULL), TLSHOST_OK);
	return certificate;
}

START_TEST(a_chain_is_made_of_1_to_64_certificates)
{
	tlshost_certificate *items[65];
	tlshost_error *error = NULL;
	tlshost_chain *chain;

	for (int i = 0; i < 65; i++)
		items[i] = good_certificate();
	assert_status(tlshost_chain_from_certificates(items, 64, &chain,
	    NULL), TLSHOST_OK);
	ck_assert_uint_eq(tlshost_chain_len(chain), 64);
	ck_assert_ptr_nonnull(tlshost_chain_at(chain, 63));
	ck_assert_ptr_null(tlshost_chain_at(chain, 64));
	ck_assert_ptr_null(tlshost_chain_at(chain, SIZE_MAX));
	tlshost_chain_unref(chain);
	assert_fails(tlshost_chain_from_certificates(items, 65, &chain,
	    &error), TLSHOST_INVALID_ARGUMENT, error, "len");
	assert_fails(tlshost_chain_from_certificates(items, SIZE_MAX, &chain,
	    &error), TLSHOST_INVALID_ARGUMENT, error, "len");
	assert_fails(tlshost_chain_from_certificates(items, 0, &chain,
	    &error), TLSHOST_INVALID_ARGUMENT, error, "len");
	assert_fails(tlshost_chain_from_certificates(NULL, 1, &chain, &error),
	    TLSHOST_INVALID_ARGUMENT, error, "certificates");
	assert_fails(tlshost_chain_from_certificates(items, 1, NULL, &error),
	    TLSHOST_INVALID_ARGUMENT, error, "ret_chain");
	tlshost_certificate_unref(items[7]);
	items[7] = NULL;
	assert_fails(tlshost_chain_from_certificates(items, 8, &chain,
	    &error), TLSHOST_INVALID_ARGUMENT, error, "certificates[7]");
	for (int i = 0; i < 65; i++)
		tlshost_certificate_unref(items[i]);
}
END_TEST

START_TEST(a_trust_store_of_nothing_trusts_nobody)
{
	tlshost_trust_store *store;
	const uint8_t *der = leaf.data;

	assert_status(tlshost_trust_store_from_certificates(NULL, 0, &store,
	    NULL), TLSHOST_OK);
	ck_assert_uint_eq(tlshost_trust_store_len(store), 0);
	ck_assert_uint_eq(tlshost_trust_store_at(store, 0, &der), 0);
	ck_assert_ptr_null(der);
	tlshost_trust_store_unref(store);
}
END_TEST

START_TEST(a_trust_store_is_made_of_certificates_in_der)
{
	tlshost_certificate *items[3] = { good_certificate(),
	    good_certificate(), NULL };
	tlshost_error *error = NULL;
	tlshost_trust_store *store;
	const uint8_t *der;

	assert_status(tlshost_trust_store_from_certificates(items, 2, &store,
	    NULL), TLSHOST_OK);
	/* Twins count once. */
	ck_assert_uint_eq(tlshost_trust_store_len(store), 1);
	ck_assert_uint_eq(tlshost_trust_store_at(store, 0, &der), leaf.len);
	ck_assert_mem_eq(der, leaf.data, leaf.len);
	ck_assert_uint_eq(tlshost_trust_store_at(store, 0, NULL), leaf.len);
	ck_assert_uint_eq(tlshost_trust_store_at(store, 1, &der), 0);
	ck_assert_ptr_null(der);
	tlshost_trust_store_unref(store);
	assert_fails(tlshost_trust_store_from_certificates(NULL, 1, &store,
	    &error), TLSHOST_INVALID_ARGUMENT, error, "certificates");
	assert_fails(tlshost_trust_store_from_certificates(items, 1, NULL,
	    &error), TLSHOST_INVALID_ARGUMENT, error, "ret_store");
	assert_fails(tlshost_trust_store_from_certificates(items, SIZE_MAX,
	    &store, &error), TLSHOST_INVALID_ARGUMENT, error, "len");
	assert_fails(tlshost_trust_store_from_certificates(items, 3, &store,
	    &error), TLSHOST_INVALID_ARGUMENT, error, "certificates[2]");
	assert_status(tlshost_certificate_from_uri(NULL, "pkcs11:id=%01",
	    &items[2], NULL), TLSHOST_OK);
	assert_fails(tlshost_trust_store_from_certificates(items, 3, &store,
	    &error), TLSHOST_INVALID_ARGUMENT, error, "certificates[2]");
	for (int i = 0; i < 3; i++)
		tlshost_certificate_unref(items[i]);
}
END_TEST

/* Twins before it do not shift its number. */
static const struct {
	const char *what, *description, *says;
} unusable[] = {
	{ "malformed", "subject=CN=Bad until=20491301000000Z", "validity" },
	{ "too many names", "subject=CN=Bad san=many:1024", "1024 names" },
	{ "too many constraints", "subject=CN=Bad nc!=+many:1025",
	    "1024 name constraints" },
	{ "too large", "subject=CN=Bad filler=66000", "64 KiB" },
};

START_TEST(an_anchor_that_no_library_could_take_is_named)
{
	der_buffer bad = der_certificate(unusable[_i].description, NULL, NULL);
	text t = { NULL, 0, 0 };
	char says[128];

	for (int i = 0; i < 3; i++)
		add_block(&t, "CERTIFICATE", leaf.data, leaf.len, 64, "\n");
	add_block(&t, "CERTIFICATE", bad.data, bad.len, 64, "\n");
	add_block(&t, "CERTIFICATE", leaf.data, leaf.len, 64, "\n");
	expect_bad_memory(&kinds[2], unusable[_i].what, t.data, t.len,
	    unusable[_i].says);
	snprintf(says, sizeof(says), "certificate %d of the trust store", 4);
	expect_bad_memory(&kinds[2], unusable[_i].what, t.data, t.len, says);
	free(t.data);
	free(bad.data);
}
END_TEST

static const char *const not_uris[] = { "", "pkcs11", "PKCS11:", "file:x",
    "/etc/passwd" };

START_TEST(only_pkcs11_is_a_uri)
{
	tlshost_error *error = NULL;
	tlshost_certificate *certificate;
	tlshost_private_key *key;

	assert_fails(tlshost_certificate_from_uri(NULL, not_uris[_i],
	    &certificate, &error), TLSHOST_BAD_DATA, error, not_uris[_i]);
	assert_fails(tlshost_private_key_from_uri(NULL, not_uris[_i], NULL,
	    NULL, NULL, &key, &error), TLSHOST_BAD_DATA, error, not_uris[_i]);
	assert_fails(tlshost_certificate_from_uri(NULL, NULL, &certificate,
	    &error), TLSHOST_INVALID_ARGUMENT, error, "uri");
	assert_fails(tlshost_certificate_from_uri(NULL, "pkcs11:", NULL,
	    &error), TLSHOST_INVALID_ARGUMENT, error, "ret_certificate");
	assert_fails(tlshost_private_key_from_uri(NULL, NULL, NULL, NULL, NULL,
	    &key, &error), TLSHOST_INVALID_ARGUMENT, error, "uri");
	assert_fails(tlshost_private_key_from_uri(NULL, "pkcs11:", NULL, NULL,
	    NULL, NULL, &error), TLSHOST_INVALID_ARGUMENT, error, "ret_key");
}
END_TEST

START_TEST(a_certificate_by_uri_has_no_der)
{
	tlshost_certificate *certificate;
	const uint8_t *der = leaf.data;
	char line[32];

	assert_status(tlshost_certificate_from_uri(NULL, "pkcs11:id=%01",
	    &certificate, NULL), TLSHOST_OK);
	ck_assert_uint_eq(tlshost_certificate_der(certificate, &der), 0);
	ck_assert_ptr_null(der);
	assert_status(tlshost_certificate_describe(certificate,
	    TLSHOST_CERTIFICATE_SUBJECT, line, sizeof(line)),
	    TLSHOST_BAD_DATA);
	tlshost_certificate_unref(certificate);
}
END_TEST

/* ------------------------------------------------------------------------
 * Passwords
 */

static int
never_called(void *userdata, char *dst, size_t cap, size_t *ret_len)
{
	(void)userdata;
	(void)dst;
	(void)cap;
	(void)ret_len;
	ck_abort_msg("the password was asked for");
}

static void
count_destroyed(void *userdata)
{
	++*(int *)userdata;
}

START_TEST(a_password_is_of_255_bytes_at_most)
{
	tlshost_error *error = NULL;
	tlshost_private_key *key;
	char password[256];

	memset(password, 'x', sizeof(password));
	assert_status(tlshost_private_key_from_memory(NULL, key_der,
	    sizeof(key_der), password, 255, &key, NULL), TLSHOST_OK);
	tlshost_private_key_unref(key);
	assert_status(tlshost_private_key_from_memory(NULL, key_der,
	    sizeof(key_der), password, 0, &key, NULL), TLSHOST_OK);
	tlshost_private_key_unref(key);
	/* Without a password its length is nothing. */
	assert_status(tlshost_private_key_from_memory(NULL, key_der,
	    sizeof(key_der), NULL, SIZE_MAX, &key, NULL), TLSHOST_OK);
	tlshost_private_key_unref(key);
	assert_fails(tlshost_private_key_from_memory(NULL, key_der,
	    sizeof(key_der), password, 256, &key, &error),
	    TLSHOST_INVALID_ARGUMENT, error, "longer than 255 bytes");
	assert_fails(tlshost_private_key_from_memory(NULL, key_der,
	    sizeof(key_der), password, SIZE_MAX, &key, &error),
	    TLSHOST_INVALID_ARGUMENT, error, "longer than 255 bytes");
	password[100] = '\0';
	assert_fails(tlshost_private_key_from_memory(NULL, key_der,
	    sizeof(key_der), password, 255, &key, &error),
	    TLSHOST_INVALID_ARGUMENT, error, "one of them is 0");
}
END_TEST

START_TEST(userdata_is_destroyed_once_whatever_happens)
{
	tlshost_private_key *key = NULL;
	int destroyed = 0;

	assert_status(tlshost_private_key_from_memory_cb(NULL, NULL, 1,
	    never_called, &destroyed, count_destroyed, &key, NULL),
	    TLSHOST_INVALID_ARGUMENT);
	ck_assert_int_eq(destroyed, 1);
	assert_status(tlshost_private_key_from_memory_cb(NULL, "x", 1,
	    never_called, &destroyed, count_destroyed, &key, NULL),
	    TLSHOST_BAD_DATA);
	ck_assert_int_eq(destroyed, 2);
	assert_status(tlshost_private_key_from_memory_cb(NULL, key_der,
	    sizeof(key_der), never_called, &destroyed, count_destroyed, NULL,
	    NULL), TLSHOST_INVALID_ARGUMENT);
	ck_assert_int_eq(destroyed, 3);
	assert_status(tlshost_private_key_from_file_cb(NULL, NULL,
	    never_called, &destroyed, count_destroyed, &key, NULL),
	    TLSHOST_INVALID_ARGUMENT);
	ck_assert_int_eq(destroyed, 4);
	assert_status(tlshost_private_key_from_file_cb(NULL, directory,
	    never_called, &destroyed, count_destroyed, &key, NULL),
	    TLSHOST_IO);
	ck_assert_int_eq(destroyed, 5);
	assert_status(tlshost_private_key_from_file_cb(NULL, "/dev/null",
	    never_called, &destroyed, count_destroyed, &key, NULL),
	    TLSHOST_IO);
	ck_assert_int_eq(destroyed, 6);
	assert_status(tlshost_private_key_from_uri(NULL, "x", never_called,
	    &destroyed, count_destroyed, &key, NULL), TLSHOST_BAD_DATA);
	ck_assert_int_eq(destroyed, 7);
	assert_status(tlshost_private_key_from_memory_cb(NULL, key_der,
	    sizeof(key_der), never_called, &destroyed, count_destroyed, &key,
	    NULL), TLSHOST_OK);
	ck_assert_int_eq(destroyed, 7);
	tlshost_private_key_unref(tlshost_private_key_ref(key));
	ck_assert_int_eq(destroyed, 7);
	tlshost_private_key_unref(key);
	ck_assert_int_eq(destroyed, 8);
}
END_TEST

/* ------------------------------------------------------------------------
 * The system's trust store, where the environment says it is
 */

static void
expect_system(tlshost_status wanted, const char *culprit, const char *says)
{
	tlshost_error *error = NULL;
	tlshost_trust_store *store = NULL;

	assert_status(tlshost_trust_store_system(NULL, &store, &error),
	    wanted);
	ck_assert_ptr_null(store);
	ck_assert_msg(strstr(tlshost_error_message(error), culprit) != NULL,
	    "%s", tlshost_error_message(error));
	assert_fails(wanted, wanted, error, says);
}

START_TEST(what_the_environment_names_is_named)
{
	char path[64];

	path_of("missing.pem", path, sizeof(path));
	ck_assert_int_eq(setenv("SSL_CERT_FILE", path, 1), 0);
	expect_system(TLSHOST_IO, path, strerror(ENOENT));
	ck_assert_int_eq(setenv("SSL_CERT_FILE", directory, 1), 0);
	expect_system(TLSHOST_IO, directory, strerror(EISDIR));
	path_of("empty.pem", path, sizeof(path));
	write_file(path, "", 0);
	ck_assert_int_eq(setenv("SSL_CERT_FILE", path, 1), 0);
	expect_system(TLSHOST_BAD_DATA, path, "");
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(unsetenv("SSL_CERT_FILE"), 0);

	ck_assert_int_eq(setenv("SSL_CERT_DIR", directory, 1), 0);
	expect_system(TLSHOST_BAD_DATA, directory, "no certificate");
	path_of("missing", path, sizeof(path));
	ck_assert_int_eq(setenv("SSL_CERT_DIR", path, 1), 0);
	expect_system(TLSHOST_IO, path, strerror(ENOENT));
	ck_assert_int_eq(unsetenv("SSL_CERT_DIR"), 0);
	assert_status(tlshost_trust_store_system(NULL, NULL, NULL),
	    TLSHOST_INVALID_ARGUMENT);
}
END_TEST

START_TEST(one_bad_file_of_a_directory_hides_no_other)
{
	tlshost_trust_store *store;
	text t = from_template(&kinds[0], "{@}", 3);
	char good[64], bad[64];

	path_of("01234567.0", good, sizeof(good));
	path_of("01234567.1", bad, sizeof(bad));
	write_file(good, t.data, t.len);
	write_file(bad, "hello", 5);
	ck_assert_int_eq(setenv("SSL_CERT_DIR", directory, 1), 0);
	assert_status(tlshost_trust_store_system(NULL, &store, NULL),
	    TLSHOST_OK);
	ck_assert_uint_eq(tlshost_trust_store_len(store), 1);
	tlshost_trust_store_unref(store);
	ck_assert_int_eq(unsetenv("SSL_CERT_DIR"), 0);
	ck_assert_int_eq(unlink(good), 0);
	ck_assert_int_eq(unlink(bad), 0);
	free(t.data);
}
END_TEST

START_TEST(what_no_library_could_take_is_left_out_of_the_systems)
{
	der_buffer bad = der_certificate("subject=CN=Bad san=many:1024", NULL,
	    NULL);
	tlshost_trust_store *store;
	text t = from_template(&kinds[0], "{@}", 3);
	char path[64];

	add_block(&t, "CERTIFICATE", bad.data, bad.len, 64, "\n");
	path_of("bundle.pem", path, sizeof(path));
	write_file(path, t.data, t.len);
	ck_assert_int_eq(setenv("SSL_CERT_FILE", path, 1), 0);
	assert_status(tlshost_trust_store_system(NULL, &store, NULL),
	    TLSHOST_OK);
	ck_assert_uint_eq(tlshost_trust_store_len(store), 1);
	tlshost_trust_store_unref(store);
	ck_assert_int_eq(unsetenv("SSL_CERT_FILE"), 0);
	ck_assert_int_eq(unlink(path), 0);
	free(t.data);
	free(bad.data);
}
END_TEST

static void
add_content_tests(TCase *tcase)
{
	tcase_add_loop_test(tcase, pem_may_have_text_around_its_blocks, 0,
	    LEN(good_texts));
	tcase_add_loop_test(tcase, lines_may_be_of_any_length_and_end, 0,
	    LEN(layouts));
	tcase_add_loop_test(tcase, a_certificate_has_three_labels, 0,
	    LEN(labels));
	tcase_add_test(tcase, what_openssl_trusts_has_more_behind_it);
	tcase_add_loop_test(tcase, what_is_no_content_is_bad_data, 0,
	    LEN(bad_texts));
	tcase_add_loop_test(tcase, no_beginning_of_a_block_is_one, 0, KINDS);
	tcase_add_loop_test(tcase, no_beginning_of_der_is_der, 0, KINDS);
	tcase_add_test(tcase, an_impossible_length_is_bad_data);
	tcase_add_loop_test(tcase, a_certificate_is_of_1_mib_at_most, 0,
	    LEN(sizes));
	tcase_add_test(tcase, the_block_at_fault_is_named);
	tcase_add_test(tcase, two_where_one_is_wanted_are_too_many);
}

static void
add_file_tests(TCase *tcase)
{
	tcase_add_test(tcase, a_missing_file_is_named);
	tcase_add_test(tcase, a_directory_is_no_file);
	tcase_add_test(tcase, a_fifo_is_no_file_and_nobody_waits);
	tcase_add_test(tcase, a_file_without_permission_is_named);
	tcase_add_loop_test(tcase, a_file_without_content_is_named, 0,
	    LEN(bad_files));
	tcase_add_test(tcase, a_huge_file_is_not_read);
	tcase_add_test(tcase, a_good_file_is_read);
	tcase_add_test(tcase, what_the_environment_names_is_named);
	tcase_add_test(tcase, one_bad_file_of_a_directory_hides_no_other);
	tcase_add_test(tcase,
	    what_no_library_could_take_is_left_out_of_the_systems);
}

static void
add_argument_tests(TCase *tcase)
{
	tcase_add_loop_test(tcase, null_and_nothing_are_invalid_arguments, 0,
	    KINDS);
	tcase_add_test(tcase, what_failed_leaves_the_result_alone);
	tcase_add_test(tcase, nothing_is_a_certificate_of_nothing);
	tcase_add_test(tcase, a_chain_is_made_of_1_to_64_certificates);
	tcase_add_test(tcase, a_trust_store_of_nothing_trusts_nobody);
	tcase_add_test(tcase, a_trust_store_is_made_of_certificates_in_der);
	tcase_add_loop_test(tcase,
	    an_anchor_that_no_library_could_take_is_named, 0, LEN(unusable));
	tcase_add_loop_test(tcase, only_pkcs11_is_a_uri, 0, LEN(not_uris));
	tcase_add_test(tcase, a_certificate_by_uri_has_no_der);
	tcase_add_test(tcase, a_password_is_of_255_bytes_at_most);
	tcase_add_test(tcase, userdata_is_destroyed_once_whatever_happens);
}

int
main(void)
{
	Suite *suite = suite_create("source");
	TCase *tcase = tcase_create("source");

	tcase_add_unchecked_fixture(tcase, make_directory, remove_directory);
	add_content_tests(tcase);
	add_file_tests(tcase);
	add_argument_tests(tcase);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}

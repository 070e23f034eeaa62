/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stddef.h>

#include "hello.h"
#include "support.h"

/* A ClientHello body, built piece by piece. */
typedef struct message {
	uint8_t data[1024];
	size_t len;
} message;

static void
put(message *m, const void *data, size_t len)
{
	memcpy(m->data + m->len, data, len);
	m->len += len;
}

#define PUT(m, ...)                                                  \
	do {                                                         \
		const uint8_t bytes_[] = { __VA_ARGS__ };            \
		put(m, bytes_, sizeof(bytes_));                      \
	} while (0)

/* With SNI "srv.test", ALPN h2 and http/1.1, versions 1.3 and 1.2. */
static void
build(message *m)
{
	m->len = 0;
	PUT(m, 3, 3);
	for (int i = 0; i < 32; i++)
		PUT(m, 7);
	PUT(m, 0);                                   /* session id */
	PUT(m, 0, 4, 0x13, 0x01, 0xc0, 0x2f);        /* suites */
	PUT(m, 1, 0);                                /* compression */
	PUT(m, 0, 17 + 18 + 9 + 5 + 8 + 8);
	PUT(m, 0, 0, 0, 13, 0, 11, 0, 0, 8);
	put(m, "srv.test", 8);
	PUT(m, 0, 16, 0, 14, 0, 12, 2);
	put(m, "h2", 2);
	PUT(m, 8);
	put(m, "http/1.1", 8);
	PUT(m, 0, 43, 0, 5, 4, 3, 4, 3, 3);
	PUT(m, 0, 99, 0, 1, 42);                     /* one we do not know */
	PUT(m, 0, 10, 0, 4, 0, 2, 0, 29);
	PUT(m, 0, 13, 0, 4, 0, 2, 4, 3);
}

static tlshost_status
split(const message *m, struct tlshost_hello *hello)
{
	memset(hello, 0, sizeof(*hello));
	hello->size = sizeof(*hello);
	return tlshost__hello_split((reader){ m->data, m->len }, hello);
}

START_TEST(a_hello_is_read_whole)
{
	struct tlshost_hello raw;
	tlshost_client_hello hello;
	tlshost_protocol protocol;
	message m;

	build(&m);
	assert_status(split(&m, &raw), TLSHOST_OK);
	ck_assert_uint_eq(raw.groups.len, 4);
	ck_assert_mem_eq(raw.groups.data, "\0\2\0\35", 4);
	ck_assert_uint_eq(raw.signatures.len, 4);
	ck_assert_mem_eq(raw.signatures.data, "\0\2\4\3", 4);
	assert_status(tlshost__client_hello_init(&hello, &raw), TLSHOST_OK);
	ck_assert_str_eq(tlshost_client_hello_server_name(&hello), "srv.test");
	ck_assert_uint_eq(tlshost_client_hello_protocols_len(&hello), 2);
	protocol = tlshost_client_hello_protocol_at(&hello, 1);
	ck_assert_uint_eq(protocol.len, 8);
	ck_assert_mem_eq(protocol.data, "http/1.1", 8);
	ck_assert_ptr_null(tlshost_client_hello_protocol_at(&hello, 2).data);
	ck_assert_uint_eq(tlshost_client_hello_ciphers_len(&hello), 2);
	ck_assert_uint_eq(tlshost_client_hello_cipher_at(&hello, 0), 0x1301);
	ck_assert_uint_eq(tlshost_client_hello_cipher_at(&hello, 2), 0);
	ck_assert_int_eq(tlshost_client_hello_offers_version(&hello,
	    TLSHOST_VERSION_TLSV1_3), 1);
	ck_assert_int_eq(tlshost_client_hello_offers_version(&hello,
	    TLSHOST_VERSION_TLSV1_1), 0);
	tlshost__client_hello_done(&hello);
}
END_TEST

START_TEST(a_hello_cut_anywhere_is_malformed)
{
	struct tlshost_hello raw;
	message m, cut;

	build(&m);
	for (size_t len = 0; len < m.len; len++) {
		cut = m;
		cut.len = len;
		/* Without any extensions it is one of TLS 1.0. */
		if (len == 2 + 32 + 1 + 6 + 2)
			assert_status(split(&cut, &raw), TLSHOST_OK);
		else
			assert_status(split(&cut, &raw), TLSHOST_PROTOCOL);
	}
}
END_TEST

START_TEST(a_hello_without_versions_offers_all_up_to_its_own)
{
	struct tlshost_hello raw;
	tlshost_client_hello hello;
	message m;

	build(&m);
	m.len = 2 + 32 + 1 + 6 + 2;
	m.data[1] = 2;
	assert_status(split(&m, &raw), TLSHOST_OK);
	assert_status(tlshost__client_hello_init(&hello, &raw), TLSHOST_OK);
	ck_assert_ptr_null(tlshost_client_hello_server_name(&hello));
	ck_assert_int_eq(tlshost_client_hello_offers_version(&hello,
	    TLSHOST_VERSION_TLSV1_1), 1);
	ck_assert_int_eq(tlshost_client_hello_offers_version(&hello,
	    TLSHOST_VERSION_TLSV1_2), 0);
	tlshost__client_hello_done(&hello);
}
END_TEST

START_TEST(an_extension_twice_is_malformed)
{
	struct tlshost_hello raw;
	message m;

	build(&m);
	m.data[2 + 32 + 1 + 6 + 2 + 1] += 9;
	PUT(&m, 0, 43, 0, 5, 4, 3, 4, 3, 3);
	assert_status(split(&m, &raw), TLSHOST_PROTOCOL);
}
END_TEST

/* Bodies of extensions, alone. */
static const struct {
	const char *name;
	int which;                       /* 0 name, 16 ALPN, 43 versions */
	size_t len;
	uint8_t body[16];
	tlshost_status status;
} bodies[] = {
	{ "empty name list", 0, 2, { 0, 0 }, TLSHOST_PROTOCOL },
	{ "list longer than body", 0, 3, { 0, 9, 0 }, TLSHOST_PROTOCOL },
	{ "empty name", 0, 5, { 0, 3, 0, 0, 0 }, TLSHOST_PROTOCOL },
	{ "name with NUL", 0, 7, { 0, 5, 0, 0, 2, 'a', 0 }, TLSHOST_PROTOCOL },
	{ "name of high bytes", 0, 6, { 0, 4, 0, 0, 1, 0xe4 },
	    TLSHOST_PROTOCOL },
	{ "two names", 0, 10, { 0, 8, 0, 0, 1, 'a', 0, 0, 1, 'b' },
	    TLSHOST_PROTOCOL },
	{ "a type that is no host name", 0, 6, { 0, 4, 9, 0, 1, 'a' },
	    TLSHOST_OK },
	{ "trailing bytes", 0, 7, { 0, 4, 0, 0, 1, 'a', 0 }, TLSHOST_PROTOCOL },
	{ "one name", 0, 6, { 0, 4, 0, 0, 1, 'a' }, TLSHOST_OK },
	{ "empty ALPN list", 16, 2, { 0, 0 }, TLSHOST_PROTOCOL },
	{ "empty ALPN name", 16, 3, { 0, 1, 0 }, TLSHOST_PROTOCOL },
	{ "ALPN name beyond the list", 16, 4, { 0, 2, 2, 'h' },
	    TLSHOST_PROTOCOL },
	{ "one ALPN name", 16, 5, { 0, 3, 2, 'h', '2' }, TLSHOST_OK },
	{ "empty versions", 43, 1, { 0 }, TLSHOST_PROTOCOL },
	{ "odd versions", 43, 4, { 3, 3, 4, 3 }, TLSHOST_PROTOCOL },
	{ "one version", 43, 3, { 2, 3, 4 }, TLSHOST_OK },
};

START_TEST(extensions_are_read_strictly)
{
	struct tlshost_hello raw = { .size = sizeof(raw) };
	struct tlshost_bytes body = { bodies[_i].body, bodies[_i].len };
	tlshost_client_hello hello;
	tlshost_status st;

	raw.legacy_version = 0x0303;
	if (bodies[_i].which == 0)
		raw.server_name = body;
	else if (bodies[_i].which == 16)
		raw.protocols = body;
	else
		raw.supported_versions = body;
	st = tlshost__client_hello_init(&hello, &raw);
	ck_assert_msg(st == bodies[_i].status, "%s: %s", bodies[_i].name,
	    tlshost_status_name(st));
	if (st == TLSHOST_OK)
		tlshost__client_hello_done(&hello);
}
END_TEST

START_TEST(the_name_is_decoded_to_unicode)
{
	static const uint8_t body[] = "\0\x14\0\0\x11" "xn--bcher-kva.tst";
	struct tlshost_hello raw = { .size = sizeof(raw) };
	tlshost_client_hello hello;

	raw.server_name = (struct tlshost_bytes){ body, sizeof(body) - 1 };
	assert_status(tlshost__client_hello_init(&hello, &raw), TLSHOST_OK);
	ck_assert_str_eq(hello.server_name, "b\xc3\xbc" "cher.tst");
	tlshost__client_hello_done(&hello);
}
END_TEST

START_TEST(an_older_structure_gets_what_it_has_room_for)
{
	struct tlshost_hello raw = { .size = offsetof(struct tlshost_hello,
	    groups) };
	message m;

	build(&m);
	assert_status(tlshost__hello_split((reader){ m.data, m.len }, &raw),
	    TLSHOST_OK);
	ck_assert_uint_eq(raw.suites.len, 4);
	ck_assert_uint_eq(raw.supported_versions.len, 5);
	ck_assert_ptr_null(raw.groups.data);
	ck_assert_ptr_null(raw.signatures.data);
}
END_TEST

START_TEST(there_may_be_no_hello)
{
	ck_assert_uint_eq(tlshost_client_hello_protocols_len(NULL), 0);
	ck_assert_int_eq(tlshost_client_hello_offers_version(NULL,
	    TLSHOST_VERSION_TLSV1_2), 0);
}
END_TEST

static Suite *
hello_suite(void)
{
	Suite *suite = suite_create("hello");
	TCase *tcase = tcase_create("hello");

	tcase_add_test(tcase, a_hello_is_read_whole);
	tcase_add_test(tcase, a_hello_cut_anywhere_is_malformed);
	tcase_add_test(tcase,
	    a_hello_without_versions_offers_all_up_to_its_own);
	tcase_add_test(tcase, an_extension_twice_is_malformed);
	tcase_add_loop_test(tcase, extensions_are_read_strictly, 0,
	    (int)(sizeof(bodies) / sizeof(bodies[0])));
	tcase_add_test(tcase, the_name_is_decoded_to_unicode);
	tcase_add_test(tcase, an_older_structure_gets_what_it_has_room_for);
	tcase_add_test(tcase, there_may_be_no_hello);
	suite_add_tcase(suite, tcase);
	return suite;
}

int
main(void)
{
	return run_suite(hello_suite());
}

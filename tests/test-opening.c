/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "opening.h"
#include "support.h"

/* A stream of records, built piece by piece. */
typedef struct stream {
	uint8_t data[4096];
	size_t len;
} stream;

static void
put(stream *s, const void *data, size_t len)
{
	ck_assert_uint_le(s->len + len, sizeof(s->data));
	if (len != 0)
		memcpy(s->data + s->len, data, len);
	s->len += len;
}

#define PUT(s, ...)                                                  \
	do {                                                         \
		const uint8_t bytes_[] = { __VA_ARGS__ };            \
		put(s, bytes_, sizeof(bytes_));                      \
	} while (0)

/* What a client of TLS 1.3 has to say, with a share of that group, X25519 or
 * P-256; more: an extension besides. */
static void
put_hello_with(stream *s, uint8_t group, const void *more, size_t more_len)
{
	size_t start = s->len, len;

	PUT(s, 22, 3, 1, 0, 0, 1, 0, 0, 0, 3, 3);
	for (int i = 0; i < 32; i++)
		PUT(s, 7);
	PUT(s, 2, 8, 9);                             /* session */
	PUT(s, 0, 4, 0x13, 0x01, 0, 0xff);           /* suites */
	PUT(s, 1, 0);                                /* compression */
	PUT(s, 0, (uint8_t)(10 + 8 + 11 + 7 + more_len));
	PUT(s, 0, 10, 0, 6, 0, 4, 0, 29, 0, 23);
	PUT(s, 0, 13, 0, 4, 0, 2, 4, 3);
	PUT(s, 0, 51, 0, 7, 0, 5, 0, group, 0, 1, 9);
	PUT(s, 0, 43, 0, 3, 2, 3, 4);
	put(s, more, more_len);
	len = s->len - start - 5;
	s->data[start + 4] = (uint8_t)len;
	s->data[start + 8] = (uint8_t)(len - 4);
}

static void
put_hello(stream *s, const void *more, size_t more_len)
{
	put_hello_with(s, 29, more, more_len);
}

/* An answer; the name of the session as given. */
static void
put_server_hello(stream *s, const uint8_t *random, uint8_t session,
    const void *extensions, size_t extensions_len)
{
	size_t start = s->len, len;

	PUT(s, 22, 3, 3, 0, 0, 2, 0, 0, 0, 3, 3);
	put(s, random, 32);
	PUT(s, 2, 8, session, 0x13, 0x01, 0, 0, (uint8_t)extensions_len);
	put(s, extensions, extensions_len);
	len = s->len - start - 5;
	s->data[start + 4] = (uint8_t)len;
	s->data[start + 8] = (uint8_t)(len - 4);
}

/* With a share of that group. */
static void
put_answer(stream *s, uint8_t session, uint8_t group)
{
	const uint8_t random[32] = { 5 }, extensions[] = { 0, 43, 0, 2, 3, 4,
		0, 51, 0, 5, 0, group, 0, 1, 9 };

	put_server_hello(s, random, session, extensions, sizeof(extensions));
}

/* For a share of P-256. */
static void
put_retry(stream *s)
{
	static const uint8_t random[32] = {
		0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d,
		0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11, 0x16,
		0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8,
		0x33, 0x9c,
	}, extensions[] = { 0, 43, 0, 2, 3, 4, 0, 51, 0, 2, 0, 23 };

	put_server_hello(s, random, 9, extensions, sizeof(extensions));
}

static void
feed(tlshost__opening *o, const stream *s, int is_own, size_t piece)
{
	for (size_t at = 0; at < s->len; at += piece) {
		size_t len = s->len - at < piece ? s->len - at : piece;

		ck_assert_int_eq(is_own ?
		    tlshost__opening_wrote(o, s->data + at, len) :
		    tlshost__opening_read(o, s->data + at, len), 0);
	}
}

/* Reads it, in pieces of so many bytes. */
static tlshost__opening *
read_in(const stream *s, tlshost_role role, const stream *own, size_t piece)
{
	tlshost__opening *o = tlshost__opening_new(role);

	ck_assert_ptr_nonnull(o);
	if (own != NULL)
		feed(o, own, 1, piece);
	feed(o, s, 0, piece);
	return o;
}

/* Hello, retry, and both again; second: of the peer. */
static tlshost__opening *
read_again(tlshost_role role, const stream *second, size_t piece)
{
	tlshost__opening *o = tlshost__opening_new(role);
	stream hello = { .len = 0 }, retry = { .len = 0 }, own = { .len = 0 };

	ck_assert_ptr_nonnull(o);
	put_hello(&hello, NULL, 0);
	put_retry(&retry);
	PUT(&own, 20, 3, 3, 0, 1, 1);
	if (role == TLSHOST_ROLE_SERVER) {
		feed(o, &hello, 0, piece);
		feed(o, &retry, 1, piece);
	} else {
		put_hello_with(&own, 23, NULL, 0);
		feed(o, &hello, 1, piece);
		feed(o, &retry, 0, piece);
	}
	ck_assert_ptr_null(o->breach.text);
	ck_assert_int_eq(o->in.whole, 0);
	ck_assert_uint_ne(o->retry.len, 0);
	feed(o, &own, 1, piece);
	feed(o, second, 0, piece);
	return o;
}

static const struct {
	const char *name, *behind;
	size_t len;
	int32_t alert;               /* 0: none */
	int over;
} streams[] = {
#define BEHIND(text) text, sizeof(text) - 1
	{ "nothing", BEHIND(""), 0, 0 },
	{ "another message", BEHIND("\26\3\3\0\4\13\0\0\0"), 0, 0 },
	{ "a warning", BEHIND("\25\3\3\0\2\1\132"), 0, 0 },
	{ "a fatal alert", BEHIND("\25\3\3\0\2\2\50"), 0, 1 },
	{ "an alert of level 0", BEHIND("\25\3\3\0\2\0\50"), 47, 0 },
	{ "a long alert", BEHIND("\25\3\3\0\32"), 50, 0 },
	{ "a change and what is encrypted",
	    BEHIND("\24\3\3\0\1\1\25\3\3\0\32whatever"), 0, 1 },
	{ "two changes", BEHIND("\24\3\3\0\1\1\24\3\3\0\1\1"), 10, 0 },
	{ "a change to nothing known", BEHIND("\24\3\3\0\1\2"), 10, 0 },
	{ "data", BEHIND("\27\3\3\0\2hi\25\3\3\0\1\1"), 0, 1 },
	{ "a type that nobody knows", BEHIND("\30\3\3\0\1x"), 10, 0 },
};

/* Behind an answer of TLS 1.2. */
START_TEST(records_are_followed_until_they_are_encrypted)
{
	static const uint8_t random[32] = { 5 };
	stream hello = { .len = 0 }, answer = { .len = 0 }, s = { .len = 0 };

	put_hello(&hello, NULL, 0);
	put_server_hello(&answer, random, 9, NULL, 0);
	put(&s, streams[_i].behind, streams[_i].len);
	for (size_t piece = 1; piece <= hello.len; piece++) {
		tlshost__opening *o = read_in(&hello, TLSHOST_ROLE_SERVER,
		    NULL, piece);

		feed(o, &answer, 1, piece);
		feed(o, &s, 0, piece);
		ck_assert_msg((o->breach.text != NULL) ==
		    (streams[_i].alert != 0), "%s", streams[_i].name);
		if (streams[_i].alert != 0)
			ck_assert_int_eq(o->breach.alert, streams[_i].alert);
		ck_assert_int_eq(o->over, streams[_i].over);
		ck_assert_int_eq(o->before_hello, 0);
		ck_assert_int_eq(o->in.whole, 1);
		ck_assert_ptr_null(o->in.message.data);
		tlshost__opening_free(o);
	}
}
END_TEST

/* A retry can be foreseen: what answers it must not come before it, unseen. */
START_TEST(a_client_waits_for_the_answer)
{
	static const uint8_t early[] = { 0, 42, 0, 0 },
	    change[] = { 20, 3, 3, 0, 1, 1 }, data[] = { 23, 3, 3, 0, 2, 1, 2 };
	stream s = { .len = 0 };
	tlshost__opening *o;

	put_hello(&s, early, _i % 2 == 0 ? 0 : sizeof(early));
	put(&s, change, _i < 2 ? 0 : sizeof(change));
	if (_i % 2 != 0)
		put(&s, data, sizeof(data));
	o = read_in(&s, TLSHOST_ROLE_SERVER, NULL, 5);
	ck_assert_ptr_null(o->breach.text);
	ck_assert_int_eq(o->over, 0);
	s.len = 0;
	put_hello_with(&s, 23, NULL, 0);
	feed(o, &s, 0, 5);
	ck_assert_int_eq(o->breach.alert, 10);
	ck_assert_int_eq(o->before_hello, 1);
	tlshost__opening_free(o);
	/* Nor data that was not announced. */
	s.len = 0;
	put_hello(&s, NULL, 0);
	put(&s, data, sizeof(data));
	o = read_in(&s, TLSHOST_ROLE_SERVER, NULL, 5);
	ck_assert_int_eq(o->breach.alert, 10);
	ck_assert_int_eq(o->before_hello, 1);
	tlshost__opening_free(o);
}
END_TEST

START_TEST(a_hello_is_judged_when_it_is_whole_however_it_comes)
{
	static const uint8_t cookie[] = { 0, 44, 0, 3, 0, 1, 'a' };
	stream good = { .len = 0 }, bad = { .len = 0 };

	put_hello(&good, NULL, 0);
	put_hello(&bad, cookie, sizeof(cookie));
	for (size_t piece = 1; piece <= bad.len; piece++) {
		tlshost__opening *o = read_in(&bad, TLSHOST_ROLE_SERVER, NULL,
		    piece);

		ck_assert_int_eq(o->breach.alert, 47);
		ck_assert_int_eq(o->breach.extension, 44);
		ck_assert_int_eq(o->before_hello, 1);
		tlshost__opening_free(o);
	}
	for (size_t len = 0; len < good.len; len++) {
		stream cut = good;
		tlshost__opening *o;

		cut.len = len;
		o = read_in(&cut, TLSHOST_ROLE_SERVER, NULL, 7);
		ck_assert_ptr_null(o->breach.text);
		ck_assert_int_eq(o->in.whole, 0);
		tlshost__opening_free(o);
	}
}
END_TEST

START_TEST(an_answer_is_held_against_what_was_said)
{
	stream own = { .len = 0 };

	put_hello(&own, NULL, 0);
	for (size_t piece = 1; piece <= own.len; piece++) {
		stream good = { .len = 0 }, bad = { .len = 0 };
		tlshost__opening *o;

		put_answer(&good, 9, 29);
		put_answer(&bad, 10, 29);
		o = read_in(&good, TLSHOST_ROLE_CLIENT, &own, piece);
		ck_assert_ptr_null(o->breach.text);
		ck_assert_ptr_null(o->own.message.data);
		tlshost__opening_free(o);
		o = read_in(&bad, TLSHOST_ROLE_CLIENT, &own, piece);
		ck_assert_int_eq(o->breach.alert, 47);
		ck_assert_int_eq(o->before_hello, 1);
		tlshost__opening_free(o);
	}
}
END_TEST

/* One peer sends what was asked for, the other what it sent before. */
START_TEST(a_second_hello_is_held_against_the_first)
{
	tlshost_role role = _i == 0 ? TLSHOST_ROLE_SERVER :
	    TLSHOST_ROLE_CLIENT;
	stream good = { .len = 0 }, bad = { .len = 0 };

	PUT(&good, 20, 3, 3, 0, 1, 1);
	if (role == TLSHOST_ROLE_SERVER) {
		put_hello_with(&good, 23, NULL, 0);
		put_hello(&bad, NULL, 0);
	} else {
		put_answer(&good, 9, 23);
		put_answer(&bad, 9, 29);
	}
	for (size_t piece = 1; piece <= good.len; piece++) {
		tlshost__opening *o = read_again(role, &good, piece);

		ck_assert_ptr_null(o->breach.text);
		ck_assert_int_eq(o->in.whole, 1);
		ck_assert_ptr_null(o->in.message.data);
		ck_assert_ptr_null(o->own.message.data);
		tlshost__opening_free(o);
		o = read_again(role, &bad, piece);
		ck_assert_int_eq(o->breach.alert, 47);
		ck_assert_int_eq(o->breach.extension, 51);
		ck_assert_int_eq(o->before_hello, 1);
		tlshost__opening_free(o);
	}
}
END_TEST

/* A server is asked for it until its handshake is over. */
START_TEST(the_first_hello_is_shown_when_it_is_whole)
{
	stream hello = { .len = 0 }, answer = { .len = 0 };
	tlshost__opening *o = tlshost__opening_new(TLSHOST_ROLE_SERVER);
	reader shown;

	put_hello(&hello, NULL, 0);
	put_answer(&answer, 9, 29);
	for (size_t at = 0; at < hello.len; at++) {
		ck_assert_uint_eq(tlshost__opening_hello(o).len, 0);
		ck_assert_int_eq(tlshost__opening_read(o, hello.data + at, 1),
		    0);
	}
	feed(o, &answer, 1, 7);
	ck_assert_ptr_null(o->own.message.data);
	shown = tlshost__opening_hello(o);
	ck_assert_uint_eq(shown.len, hello.len - 9);
	ck_assert_mem_eq(shown.data, hello.data + 9, shown.len);
	tlshost__opening_free(o);
}
END_TEST

START_TEST(an_alert_is_the_last_word_if_nothing_follows)
{
	stream hello = { .len = 0 }, answer = { .len = 0 };
	stream warning = { .len = 0 };
	tlshost__opening *o;

	put_hello(&hello, NULL, 0);
	put_answer(&answer, 9, 29);
	PUT(&warning, 21, 3, 3, 0, 2, 1, 112);
	o = read_in(&warning, TLSHOST_ROLE_CLIENT, &hello, 7);
	ck_assert_int_eq(tlshost__opening_last_word(o), -1);
	feed(o, &answer, 0, 7);
	ck_assert_int_eq(o->sealed, 1);
	ck_assert_int_eq(tlshost__opening_last_word(o), -1);
	tlshost__opening_free(o);
	/* TLS 1.3 does not ask for the level. */
	o = read_in(&hello, TLSHOST_ROLE_SERVER, NULL, 7);
	feed(o, &warning, 0, 7);
	ck_assert_int_eq(tlshost__opening_last_word(o), -1);
	feed(o, &answer, 1, 7);
	ck_assert_int_eq(tlshost__opening_last_word(o), 112);
	warning.len = 0;
	PUT(&warning, 23, 3, 3, 0, 2, 1, 112);
	feed(o, &warning, 0, 7);
	ck_assert_int_eq(tlshost__opening_last_word(o), -1);
	tlshost__opening_free(o);
}
END_TEST

/* In records of a byte each it would not fit into what may wait. */
START_TEST(a_hello_in_too_many_records_is_too_long)
{
	tlshost__opening *o = tlshost__opening_new(TLSHOST_ROLE_SERVER);
	stream one = { .len = 0 };
	size_t sent = 0;

	for (uint8_t byte = 1; o->breach.text == NULL; byte = 0) {
		one.len = 0;
		/* The message has 64 KiB. */
		PUT(&one, 22, 3, 1, 0, 1, sent == 12 ? 0xff : byte);
		feed(o, &one, 0, one.len);
		sent += one.len;
		ck_assert_uint_lt(sent, 262144);
	}
	ck_assert_int_eq(o->breach.alert, 50);
	ck_assert_int_eq(o->before_hello, 1);
	tlshost__opening_free(o);
}
END_TEST

/* Every bit of what a peer sends may be wrong. */
START_TEST(whatever_comes_is_borne)
{
	tlshost_role role = _i % 2 == 0 ? TLSHOST_ROLE_SERVER :
	    TLSHOST_ROLE_CLIENT;
	stream good = { .len = 0 }, said = { .len = 0 };
	const stream *own = _i == 0 ? NULL : &said;

	put_hello(&said, NULL, 0);
	if (role == TLSHOST_ROLE_SERVER)
		put_hello_with(&good, _i < 2 ? 29 : 23, NULL, 0);
	else
		put_answer(&good, 9, _i < 2 ? 29 : 23);
	for (size_t at = 0; at < good.len; at++)
		for (int bit = 0; bit < 8; bit++) {
			stream s = good;
			tlshost__opening *o;

			s.data[at] ^= (uint8_t)(1 << bit);
			o = _i < 2 ? read_in(&s, role, own, s.len) :
			    read_again(role, &s, s.len);
			/* What is refused is refused for a reason. */
			ck_assert_int_eq(o->breach.text != NULL,
			    o->breach.alert > 0);
			ck_assert(!o->before_hello || o->breach.text != NULL);
			tlshost__opening_free(o);
		}
}
END_TEST

START_TEST(what_is_no_tls_is_left_to_others)
{
	static const char *const texts[] = { "GET / HTTP/1.1\r\n", "S",
		"220 hello\r\n", "\26\2\0\0\1\1" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		for (size_t piece = 1; piece < 8; piece++) {
			stream s = { .len = 0 };
			tlshost__opening *o;

			put(&s, texts[i], strlen(texts[i]));
			o = read_in(&s, TLSHOST_ROLE_SERVER, NULL, piece);
			ck_assert_ptr_null(o->breach.text);
			ck_assert_uint_eq(o->first_len, s.len < 5 ? s.len : 5);
			ck_assert_mem_eq(o->first, s.data, o->first_len);
			tlshost__opening_free(o);
		}
}
END_TEST

static Suite *
opening_suite(void)
{
	Suite *suite = suite_create("opening");
	TCase *tcase = tcase_create("opening");

	tcase_add_loop_test(tcase,
	    records_are_followed_until_they_are_encrypted, 0,
	    (int)(sizeof(streams) / sizeof(streams[0])));
	tcase_add_loop_test(tcase, a_client_waits_for_the_answer, 0, 4);
	tcase_add_test(tcase,
	    a_hello_is_judged_when_it_is_whole_however_it_comes);
	tcase_add_test(tcase, an_answer_is_held_against_what_was_said);
	tcase_add_loop_test(tcase, whatever_comes_is_borne, 0, 4);
	tcase_add_loop_test(tcase, a_second_hello_is_held_against_the_first,
	    0, 2);
	tcase_add_test(tcase, the_first_hello_is_shown_when_it_is_whole);
	tcase_add_test(tcase, an_alert_is_the_last_word_if_nothing_follows);
	tcase_add_test(tcase, a_hello_in_too_many_records_is_too_long);
	tcase_add_test(tcase, what_is_no_tls_is_left_to_others);
	suite_add_tcase(suite, tcase);
	return suite;
}

int
main(void)
{
	return run_suite(opening_suite());
}

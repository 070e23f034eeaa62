/* SPDX-License-Identifier: MIT */
/*
 * A HelloRetryRequest (RFC 8446, 4.1.4) and what comes around it, on TLS 1.3:
 * the second hello of a client, held against its first one; the retry and the
 * hello behind it, of a server; records that are not encrypted.
 */
#include "config.h"

#include "change.h"

#define EXTENSION_PROTOCOLS 16
#define EXTENSION_EARLY_DATA 42
#define EXTENSION_COOKIE 44

#define SECP256R1 23
#define SECP384R1 24
#define X25519 29

static void
stay(flight *f)
{
	(void)f;
}

/* ------------------------------------------------------------------------
 * The second hello of a client
 */

static void
be_another(flight *f)
{
	f->bytes[4 + 2] ^= 1;
}

static void
name_another_session(flight *f)
{
	session_of(f)[1] ^= 1;
}

static void
offer_another_suite(flight *f)
{
	grow(f, suites_of(f) + 2, "\x3a\x3a", 2);
	put_number(suites_of(f), 2, number(suites_of(f), 2) + 2);
}

/* The share that was asked for is one of another group, or not alone. */
static void
share_another(flight *f)
{
	uint8_t body[2 + 4 + 97] = { 0, 101, 0, SECP384R1, 0, 97, 4 };

	set_extension(f, EXTENSION_KEY_SHARE, body, sizeof(body));
}

static void
share_more(flight *f)
{
	uint8_t *at = extension(f, EXTENSION_KEY_SHARE);
	static const uint8_t more[4 + 97] = { 0, SECP384R1, 0, 97, 4 };
	uint8_t body[256];
	size_t len = number(at + 2, 2);

	ck_assert_uint_le(len + sizeof(more), sizeof(body));
	memcpy(body, at + 4, len);
	memcpy(body + len, more, sizeof(more));
	put_number(body, 2, len - 2 + sizeof(more));
	set_extension(f, EXTENSION_KEY_SHARE, body, len + sizeof(more));
}

static void
have_other_groups(flight *f)
{
	set_list(f, EXTENSION_GROUPS, (uint16_t[]){ SECP384R1, X25519,
	    SECP256R1, 0 });
}

static void
be_finished(flight *f)
{
	f->bytes[0] = 20;
}

static const change seconds[] = {
	{ "the same", DONE_BY(stay), ON_TLS13(BORNE) },
	{ "padding", GETS(21, "\0\0\0"), ON_TLS13(BORNE) },
	{ "an extension that nobody knows", GETS(0x4242, "x"),
	    ON_TLS13(BORNE) },
	{ "another random number", DONE_BY(be_another),
	    ON_TLS13(BREACH(47)) },
	{ "another session", DONE_BY(name_another_session),
	    ON_TLS13(BREACH(47)) },
	{ "another suite", DONE_BY(offer_another_suite),
	    ON_TLS13(BREACH(47)) },
	{ "compression", DONE_BY(compress_perhaps), ON_TLS13(BREACH(47)) },
	{ "an older version", DONE_BY(be_older), ON_TLS13(BREACH(70)) },
	{ "TLS 1.2 alone", GETS(EXTENSION_VERSIONS, "\2\3\3"),
	    ON_TLS13(BREACH(70)) },
	{ "no versions", LOSES(EXTENSION_VERSIONS), ON_TLS13(BREACH(70)) },
	{ "another name", GETS(EXTENSION_SERVER_NAME, "\0\7\0\0\4evil"),
	    ON_TLS13(BREACH(47)) },
	{ "no name", LOSES(EXTENSION_SERVER_NAME), ON_TLS13(BREACH(47)) },
	{ "other protocols", GETS(EXTENSION_PROTOCOLS, "\0\3\2h2"),
	    ON_TLS13(BREACH(47)) },
	{ "other groups", DONE_BY(have_other_groups), ON_TLS13(BREACH(47)) },
	{ "no groups", LOSES(EXTENSION_GROUPS), ON_TLS13(BREACH(109)) },
	{ "half a group", GETS(EXTENSION_GROUPS, "\0\3\0\35\0"),
	    ON_TLS13(BREACH(50)) },
	{ "other signatures", GETS(EXTENSION_SIGNATURES, "\0\2\4\3"),
	    ON_TLS13(BREACH(47)) },
	{ "no signatures", LOSES(EXTENSION_SIGNATURES),
	    ON_TLS13(BREACH(109)) },
	{ "no list of shares", LOSES(EXTENSION_KEY_SHARE),
	    ON_TLS13(BREACH(109)) },
	{ "no share", GETS(EXTENSION_KEY_SHARE, "\0\0"),
	    ON_TLS13(BREACH(47)) },
	{ "a share of another group", DONE_BY(share_another),
	    ON_TLS13(BREACH(47)) },
	{ "two shares", DONE_BY(share_more), ON_TLS13(BREACH(47)) },
	{ "another cookie", GETS(EXTENSION_COOKIE, "\0\1a"),
	    ON_TLS13(BREACH(47)) },
	{ "early data again", GETS(EXTENSION_EARLY_DATA, ""),
	    ON_TLS13(BREACH(47)) },
	{ "an extension twice", DONE_BY(say_twice), ON_TLS13(BREACH(47)) },
	{ "more than it has room for", DONE_BY(say_more),
	    ON_TLS13(BREACH(50)) },
	{ "another message", DONE_BY(be_finished), ON_TLS13(BREACH(10)) },
	{ "a message that nobody knows", DONE_BY(be_nothing_known),
	    ON_TLS13(BREACH(10)) },
};

static const char *
second_name(int i)
{
	return seconds[i].name;
}

/* That share alone, of those that f has. */
static void
share_only(flight *f, size_t group)
{
	uint8_t *list = extension(f, EXTENSION_KEY_SHARE) + 4;
	uint8_t *at = list + 2, body[256];
	size_t len;

	while (at < list + 2 + number(list, 2) && number(at, 2) != group)
		at += 4 + number(at + 2, 2);
	ck_assert_msg(at < list + 2 + number(list, 2),
	    "the client has no share of group %zu", group);
	len = 4 + number(at + 2, 2);
	put_number(body, 2, len);
	memcpy(body + 2, at, len);
	set_extension(f, EXTENSION_KEY_SHARE, body, 2 + len);
}

/*
 * A server that has asked for a second hello, and the one that it is to get.
 * early: the first one announced early data, and brought some.
 */
static pair
asked_again(flight *f, int early)
{
	static const uint8_t data[5 + 100] = { 23, 3, 3, 0, 100 };
	pair p = make_pair(&(setup){ .version = TLSHOST_VERSION_TLSV1_3 });
	static flight first, retry;
	uint8_t *cookie;

	take_hello(&p, f);
	first = *f;
	set_extension(&first, EXTENSION_KEY_SHARE, "\0\0", 2);
	if (early)
		add_extension(&first, EXTENSION_EARLY_DATA, NULL, 0);
	give_flight(p.server, &first);
	if (early)
		give_bytes(p.server, data, sizeof(data));
	assert_status(tlshost_buffer_do_handshake(p.server),
	    TLSHOST_WANT_READ);
	take_flight(p.server, &retry);
	ck_assert_int_eq(retry.bytes[0], SERVER_HELLO);
	share_only(f, number(extension(&retry, EXTENSION_KEY_SHARE) + 4, 2));
	if ((cookie = extension(&retry, EXTENSION_COOKIE)) != NULL)
		add_extension(f, EXTENSION_COOKIE, cookie + 4,
		    number(cookie + 2, 2));
	return p;
}

START_TEST(a_clients_second_hello_is_judged_alike)
{
	const change *c = &seconds[_i];
	flight f;
	pair p = asked_again(&f, 0);

	apply(c, &f);
	give_flight(p.server, &f);
	assert_outcome(p.server, c->outcomes[1]);
	free_pair(&p);
}
END_TEST

/* Nobody takes it, and it is not read as something else (RFC 8446, 4.2.10). */
START_TEST(early_data_is_skipped_but_not_for_ever)
{
	static const uint8_t data[5 + 1000] = { 23, 3, 3, 3, 232 };
	flight f;
	pair p = asked_again(&f, 1);

	for (int i = 0; i < 3; i++)
		give_bytes(p.server, data, sizeof(data));
	give_flight(p.server, &f);
	assert_outcome(p.server, (outcome)BORNE);
	free_pair(&p);
	p = asked_again(&f, 1);
	for (int i = 0; i < 20; i++)
		give_bytes(p.server, data, sizeof(data));
	assert_outcome(p.server, (outcome)BREACH(10));
	free_pair(&p);
	/* A second hello that does not wait for the question. */
	p = make_pair(&(setup){ .version = TLSHOST_VERSION_TLSV1_3 });
	take_hello(&p, &f);
	add_extension(&f, EXTENSION_EARLY_DATA, NULL, 0);
	give_flight(p.server, &f);
	give_bytes(p.server, data, sizeof(data));
	drop_extension(&f, EXTENSION_EARLY_DATA);
	give_flight(p.server, &f);
	assert_outcome(p.server, (outcome)BREACH(10));
	free_pair(&p);
	/* Behind a ServerHello, where it may be what is encrypted. */
	p = make_pair(&(setup){ .version = TLSHOST_VERSION_TLSV1_3 });
	take_hello(&p, &f);
	add_extension(&f, EXTENSION_EARLY_DATA, NULL, 0);
	give_flight(p.server, &f);
	for (int i = 0; i < 3; i++)
		give_bytes(p.server, data, sizeof(data));
	assert_outcome(p.server, (outcome)BORNE);
	for (int i = 0; i < 20; i++)
		give_bytes(p.server, data, sizeof(data));
	assert_status(tlshost_buffer_do_handshake(p.server),
	    TLSHOST_PROTOCOL);
	free_pair(&p);
}
END_TEST

/* ------------------------------------------------------------------------
 * The retry of a server, and its hello
 */

static const uint8_t retry_random[32] = {
	0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c,
	0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb,
	0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
};

/* A share of P-384: its base point (NIST SP 800-186). */
static const uint8_t share[4 + 97] = { 0, SECP384R1, 0, 97,
	0x04, 0xaa, 0x87, 0xca, 0x22, 0xbe, 0x8b, 0x05, 0x37, 0x8e, 0xb1,
	0xc7, 0x1e, 0xf3, 0x20, 0xad, 0x74, 0x6e, 0x1d, 0x3b, 0x62, 0x8b,
	0xa7, 0x9b, 0x98, 0x59, 0xf7, 0x41, 0xe0, 0x82, 0x54, 0x2a, 0x38,
	0x55, 0x02, 0xf2, 0x5d, 0xbf, 0x55, 0x29, 0x6c, 0x3a, 0x54, 0x5e,
	0x38, 0x72, 0x76, 0x0a, 0xb7, 0x36, 0x17, 0xde, 0x4a, 0x96, 0x26,
	0x2c, 0x6f, 0x5d, 0x9e, 0x98, 0xbf, 0x92, 0x92, 0xdc, 0x29, 0xf8,
	0xf4, 0x1d, 0xbd, 0x28, 0x9a, 0x14, 0x7c, 0xe9, 0xda, 0x31, 0x13,
	0xb5, 0xf0, 0xb8, 0xc0, 0x0a, 0x60, 0xb1, 0xce, 0x1d, 0x7e, 0x81,
	0x9d, 0x7a, 0x43, 0x1d, 0x7c, 0x90, 0xea, 0x0e, 0x5f,
};

/* An answer to that hello, with its first suite of TLS 1.3. */
static void
make_answer(flight *f, const uint8_t *random, flight *hello)
{
	uint8_t *suite = suites_of(hello) + 2;
	static const uint8_t head[4 + 2] = { SERVER_HELLO, 0, 0, 72, 3, 3 };

	while (suite[0] != 0x13)
		suite += 2;
	f->rest_len = 0;
	memcpy(f->bytes, head, sizeof(head));
	memcpy(f->bytes + 6, random, 32);
	memcpy(f->bytes + 38, session_of(hello), 1 + 32);
	memcpy(f->bytes + 71, suite, 2);
	memset(f->bytes + 73, 0, 3);
	f->len = 76;
	add_extension(f, EXTENSION_VERSIONS, "\3\4", 2);
}

static void
make_retry(flight *f, flight *hello)
{
	make_answer(f, retry_random, hello);
	add_extension(f, EXTENSION_KEY_SHARE, "\0\30", 2);
}

static void
make_hello(flight *f, flight *hello)
{
	static const uint8_t random[32] = { 7 };

	make_answer(f, random, hello);
	add_extension(f, EXTENSION_KEY_SHARE, share, sizeof(share));
}

static void
ask_with_a_cookie(flight *f)
{
	add_extension(f, EXTENSION_COOKIE, "\0\1a", 3);
}

static const change retries[] = {
	{ "for another share", DONE_BY(stay), ON_TLS13(BORNE) },
	{ "with a cookie", DONE_BY(ask_with_a_cookie), ON_TLS13(BORNE) },
	{ "an empty cookie", GETS(EXTENSION_COOKIE, "\0\0"),
	    ON_TLS13(BREACH(50)) },
	{ "a cookie cut off", GETS(EXTENSION_COOKIE, "\0\5a"),
	    ON_TLS13(BREACH(50)) },
	{ "for the same again", LOSES(EXTENSION_KEY_SHARE),
	    ON_TLS13(BREACH(47)) },
	{ "a group that nobody knows", GETS(EXTENSION_KEY_SHARE, "\0\231"),
	    ON_TLS13(BREACH(47)) },
	{ "a group that was not offered", GETS(EXTENSION_KEY_SHARE, "\1\4"),
	    ON_TLS13(BREACH(47)) },
	{ "half a group", GETS(EXTENSION_KEY_SHARE, "\0"),
	    ON_TLS13(BREACH(50)) },
	{ "a group and a half", GETS(EXTENSION_KEY_SHARE, "\0\30\0"),
	    ON_TLS13(BREACH(50)) },
	{ "no version", LOSES(EXTENSION_VERSIONS), ON_TLS13(BREACH(109)) },
	{ "TLS 1.2", GETS(EXTENSION_VERSIONS, "\3\3"),
	    ON_TLS13(BREACH(47)) },
	{ "an extension that nobody knows", GETS(0x4242, ""),
	    ON_TLS13(BREACH(110)) },
	{ "an extension that belongs elsewhere",
	    GETS(EXTENSION_SERVER_NAME, ""), ON_TLS13(BREACH(47)) },
	{ "an extension twice", DONE_BY(answer_twice), ON_TLS13(BREACH(47)) },
	{ "a suite that was not offered",
	    DONE_BY(choose_what_was_not_offered), ON_TLS13(BREACH(47)) },
	{ "another session", DONE_BY(echo_another_session),
	    ON_TLS13(BREACH(47)) },
	{ "compression", DONE_BY(compress), ON_TLS13(BREACH(47)) },
	{ "more than it has room for", DONE_BY(say_more),
	    ON_TLS13(BREACH(50)) },
};

static const char *
retry_name(int i)
{
	return retries[i].name;
}

START_TEST(a_retry_is_judged_alike)
{
	pair p = make_pair(&(setup){ .version = TLSHOST_VERSION_TLSV1_3 });
	static flight hello;
	flight f;

	take_hello(&p, &hello);
	make_retry(&f, &hello);
	apply(&retries[_i], &f);
	give_flight(p.client, &f);
	assert_outcome(p.client, retries[_i].outcomes[1]);
	if (retries[_i].outcomes[1].alert < 0)
		ck_assert_uint_gt(tlshost_buffer_outgoing_len(p.client), 100);
	free_pair(&p);
}
END_TEST

/* As servers do that keep nothing of a client yet; or that has a share of the
 * group already. */
START_TEST(a_retry_for_nothing_but_a_cookie_is_followed_or_refused)
{
	pair p = make_pair(&(setup){ .version = TLSHOST_VERSION_TLSV1_3 });
	static flight hello;
	uint8_t *cookie;
	flight f;

	take_hello(&p, &hello);
	make_retry(&f, &hello);
	drop_extension(&f, EXTENSION_KEY_SHARE);
	ask_with_a_cookie(&f);
	give_flight(p.client, &f);
	if (backend_can(client_backend, TLSHOST_CAPABILITY_COOKIE_RETRY)) {
		take_hello(&p, &f);
		cookie = extension(&f, EXTENSION_COOKIE);
		ck_assert_ptr_nonnull(cookie);
		ck_assert_mem_eq(cookie + 2, "\0\3\0\1a", 5);
	} else {
		assert_status(tlshost_buffer_do_handshake(p.client),
		    TLSHOST_PROTOCOL);
	}
	free_pair(&p);
}
END_TEST

static void
choose_another_suite(flight *f)
{
	uint8_t *suite = extensions(f) - 3;

	suite[1] = suite[1] == 1 ? 2 : 1;
}

static void
answer_for_another_share(flight *f)
{
	uint8_t *at = extension(f, EXTENSION_KEY_SHARE);

	put_number(at + 4, 2, SECP256R1);
}

static void
answer_as_before(flight *f)
{
	uint8_t body[4 + 32] = { 0, X25519, 0, 32, 9 };

	set_extension(f, EXTENSION_KEY_SHARE, body, sizeof(body));
}

static void
ask_again(flight *f)
{
	memcpy(f->bytes + 6, retry_random, 32);
	set_extension(f, EXTENSION_KEY_SHARE, "\0\27", 2);
}

static void
be_off_the_curve(flight *f)
{
	memset(extension(f, EXTENSION_KEY_SHARE) + 9, 1, 96);
}

static void
be_followed(flight *f)
{
	insert(f, f->bytes + f->len, "\10\0\0\2\0\0", 6);
}

static const change answers[] = {
	{ "with the share", DONE_BY(stay), ON_TLS13(BORNE) },
	{ "another suite than before", DONE_BY(choose_another_suite),
	    ON_TLS13(BREACH(47)) },
	{ "another group than before", DONE_BY(answer_for_another_share),
	    ON_TLS13(BREACH(47)) },
	{ "a group of the first hello", DONE_BY(answer_as_before),
	    ON_TLS13(BREACH(47)) },
	{ "no share", LOSES(EXTENSION_KEY_SHARE), ON_TLS13(BREACH(109)) },
	{ "half a share", GETS(EXTENSION_KEY_SHARE, "\0\30\0\2a"),
	    ON_TLS13(BREACH(50)) },
	{ "a share that is none", DONE_BY(be_off_the_curve),
	    ON_TLS13(BREACH(47)) },
	{ "a second retry", DONE_BY(ask_again), ON_TLS13(BREACH(10)) },
	{ "no version", LOSES(EXTENSION_VERSIONS), ON_TLS13(BREACH(47)) },
	{ "TLS 1.2", GETS(EXTENSION_VERSIONS, "\3\3"),
	    ON_TLS13(BREACH(47)) },
	{ "a cookie", GETS(EXTENSION_COOKIE, "\0\1a"),
	    ON_TLS13(BREACH(110)) },
	{ "an extension that nobody knows", GETS(0x4242, ""),
	    ON_TLS13(BREACH(110)) },
	{ "an extension that belongs elsewhere",
	    GETS(EXTENSION_SERVER_NAME, ""), ON_TLS13(BREACH(47)) },
	{ "an extension twice", DONE_BY(answer_twice), ON_TLS13(BREACH(47)) },
	{ "another session", DONE_BY(echo_another_session),
	    ON_TLS13(BREACH(47)) },
	{ "compression", DONE_BY(compress), ON_TLS13(BREACH(47)) },
	{ "more than it has room for", DONE_BY(say_more),
	    ON_TLS13(BREACH(50)) },
	{ "a message that nobody knows", DONE_BY(be_nothing_known),
	    ON_TLS13(BREACH(10)) },
	{ "something behind it", DONE_BY(be_followed),
	    ON_TLS13(BREACH(10)) },
};

static const char *
answer_name(int i)
{
	return answers[i].name;
}

/* A client that was asked for a second hello and has sent it. */
static pair
asked_client(flight *hello)
{
	pair p = make_pair(&(setup){ .version = TLSHOST_VERSION_TLSV1_3 });
	flight f;

	take_hello(&p, hello);
	make_retry(&f, hello);
	give_flight(p.client, &f);
	assert_status(tlshost_buffer_do_handshake(p.client),
	    TLSHOST_WANT_READ);
	take_flight(p.client, &f);
	return p;
}

START_TEST(a_servers_hello_after_a_retry_is_judged_alike)
{
	static flight hello;
	flight f;
	pair p = asked_client(&hello);

	make_hello(&f, &hello);
	apply(&answers[_i], &f);
	give_flight(p.client, &f);
	assert_outcome(p.client, answers[_i].outcomes[1]);
	free_pair(&p);
}
END_TEST

/* ------------------------------------------------------------------------
 * Records that are not encrypted
 */

static const struct {
	const char *name, *bytes;
	size_t len;
	/* Between the two hellos, to both; behind a ServerHello, to a client. */
	outcome between, behind;
} records[] = {
#define RECORD(bytes) bytes, sizeof(bytes) - 1
#define TOLD { TLSHOST_ALERT_RECEIVED, -1 }
#define BAD { TLSHOST_PROTOCOL, -1 }
	{ "a change of ciphers", RECORD("\24\3\3\0\1\1"), BORNE, BORNE },
	{ "two changes of ciphers", RECORD("\24\3\3\0\1\1" "\24\3\3\0\1\1"),
	    BREACH(10), BAD },
	{ "a change to nothing known", RECORD("\24\3\3\0\1\2"), BREACH(10),
	    BAD },
	{ "a warning", RECORD("\25\3\3\0\2\1\160"), TOLD, BAD },
	{ "a fatal alert", RECORD("\25\3\3\0\2\2\50"), TOLD, BAD },
	{ "an alert of level 3", RECORD("\25\3\3\0\2\3\50"), TOLD, BAD },
	{ "an alert of three bytes", RECORD("\25\3\3\0\3\2\50\0"),
	    BREACH(50), BAD },
	{ "a change of ciphers and an alert",
	    RECORD("\24\3\3\0\1\1" "\25\3\3\0\2\2\50"), TOLD, BAD },
	{ "a goodbye", RECORD("\25\3\3\0\2\1\0"), BAD, BAD },
	{ "an empty record of the handshake", RECORD("\26\3\3\0\0"),
	    BREACH(10), BAD },
	{ "a message that is not encrypted",
	    RECORD("\26\3\3\0\6\10\0\0\2\0\0"), BREACH(10), BAD },
	{ "data", RECORD("\27\3\3\0\2hi"), BREACH(10), BAD },
	{ "a type that nobody knows", RECORD("\143\3\3\0\2hi"), BREACH(10),
	    BAD },
};

static const char *
record_name(int i)
{
	return records[i].name;
}

static void
assert_told(tlshost_buffer *buffer, outcome wanted)
{
	assert_outcome(buffer, wanted);
	if (wanted.status == TLSHOST_ALERT_RECEIVED)
		ck_assert_int_gt(tlshost_error_alert_received(
		    tlshost_buffer_error(buffer)), 0);
}

START_TEST(records_between_two_hellos_are_judged_alike)
{
	flight f;
	pair p = asked_again(&f, 0);

	give_bytes(p.server, records[_i].bytes, records[_i].len);
	assert_told(p.server, records[_i].between);
	free_pair(&p);
	p = asked_client(&f);
	give_bytes(p.client, records[_i].bytes, records[_i].len);
	assert_told(p.client, records[_i].between);
	free_pair(&p);
}
END_TEST

/* Whether the library sees the hello first, or both at once. */
START_TEST(records_behind_a_hello_are_encrypted_or_refused)
{
	for (int first = 0; first < 2; first++) {
		flight f;
		pair p = answered_pair(TLSHOST_VERSION_TLSV1_3, &f);

		give_flight(p.client, &f);
		if (first)
			assert_outcome(p.client, (outcome)BORNE);
		give_bytes(p.client, records[_i].bytes, records[_i].len);
		assert_outcome(p.client, records[_i].behind);
		free_pair(&p);
	}
}
END_TEST

/* Nobody looks at what stands behind the end of TLS. */
START_TEST(bytes_behind_the_last_flight_are_not_judged)
{
	setup s = { .version = versions[_i] };
	pair p = make_pair(&s);
	tlshost_status st = TLSHOST_WANT_READ;
	char text[32];
	size_t n;

	while (tlshost_buffer_do_handshake(p.client) == TLSHOST_WANT_READ) {
		while (carry(&p))
			;
		st = tlshost_buffer_do_handshake(p.server);
	}
	/* On TLS 1.2 the server may be done before; then it was not judged. */
	assert_status(tlshost_buffer_write(p.client, "hello", 5, &n),
	    TLSHOST_OK);
	assert_status(tlshost_buffer_shutdown(p.client), TLSHOST_OK);
	while (carry(&p))
		;
	give_bytes(p.server, "QUIT in plain text", 18);
	if (st != TLSHOST_OK)
		assert_status(tlshost_buffer_do_handshake(p.server),
		    TLSHOST_OK);
	assert_status(tlshost_buffer_read(p.server, text, sizeof(text), &n),
	    TLSHOST_OK);
	ck_assert_uint_eq(n, 5);
	assert_status(tlshost_buffer_read(p.server, text, sizeof(text), &n),
	    TLSHOST_OK);
	ck_assert_uint_eq(n, 0);
	assert_status(tlshost_buffer_take_incoming(p.server, text,
	    sizeof(text), &n), TLSHOST_OK);
	ck_assert_uint_eq(n, 18);
	free_pair(&p);
}
END_TEST

/* A verdict that was found is not replaced by an alert that anybody can add. */
START_TEST(a_forged_alert_behind_the_flight_hides_no_verdict)
{
	setup s = { .version = versions[_i],
	    .client_auth = TLSHOST_CLIENT_AUTH_REQUIRE };
	pair p = make_pair(&s);

	while (tlshost_buffer_do_handshake(p.client) ==
	    TLSHOST_WANT_READ && tlshost_buffer_do_handshake(p.server) ==
	    TLSHOST_WANT_READ)
		if (!carry(&p))
			break;
	while (carry(&p))
		;
	give_bytes(p.server, "\25\3\3\0\2\2\60", 7);
	assert_status(tlshost_buffer_do_handshake(p.server),
	    TLSHOST_BAD_CERTIFICATE);
	ck_assert_uint_eq(tlshost_error_reasons(tlshost_buffer_error(
	    p.server)), TLSHOST_REASON_NO_CERTIFICATE);
	free_pair(&p);
}
END_TEST

void
retry_claims(Suite *suite)
{
	TCase *group = claim_group(suite, "retries");

	ADD_BOTH(bytes_behind_the_last_flight_are_not_judged);
	ADD_BOTH(a_forged_alert_behind_the_flight_hides_no_verdict);
	if (!both_have(TLSHOST_VERSION_TLSV1_3))
		return;
	add_claims(group, a_clients_second_hello_is_judged_alike,
	    (int)LEN(seconds), second_name);
	add_claim(group, early_data_is_skipped_but_not_for_ever);
	add_claims(group, a_retry_is_judged_alike, (int)LEN(retries),
	    retry_name);
	add_claim(group,
	    a_retry_for_nothing_but_a_cookie_is_followed_or_refused);
	add_claims(group, a_servers_hello_after_a_retry_is_judged_alike,
	    (int)LEN(answers), answer_name);
	add_claims(group, records_between_two_hellos_are_judged_alike,
	    (int)LEN(records), record_name);
	add_claims(group, records_behind_a_hello_are_encrypted_or_refused,
	    (int)LEN(records), record_name);
}

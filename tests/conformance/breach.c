/* SPDX-License-Identifier: MIT */
/*
 * Peers that break the protocol, or that look like it, where everybody can see
 * it: in a hello, and in the records before anything is encrypted.  Libraries
 * differ in what they bear; whoever uses them through tlshost must not notice.
 */
#include "config.h"

#include "change.h"

/* ------------------------------------------------------------------------
 * ClientHello
 */

static void
ask_twice(flight *f)
{
	uint8_t *at = extension(f, EXTENSION_SIGNATURES);
	uint8_t copy[256];
	size_t len = number(at + 2, 2);

	memcpy(copy, at + 4, len);
	add_extension(f, EXTENSION_SIGNATURES, copy, len);
}

static void
name_a_long_session(flight *f)
{
	static const uint8_t name[33] = { 7 };
	uint8_t *at = session_of(f);

	grow(f, at + 1, name, sizeof(name) - at[0]);
	at[0] = sizeof(name);
}

static void
offer_half_a_suite(flight *f)
{
	uint8_t *at = suites_of(f);

	grow(f, at + 2, "\0", 1);
	put_number(at, 2, number(at, 2) + 1);
}

static void
compress_always(flight *f)
{
	compressions_of(f)[1] = 1;
}

/* Which have to be the last extension, and come with their modes. */
static void
share_keys_without_modes(flight *f)
{
	static const uint8_t keys[] = "\0\51\0\54\0\7\0\1x\0\0\0\0"
	    "\0\41\40abcdefghijklmnopqrstuvwxyz012345";
	uint8_t *block;

	drop_extension(f, 45);
	block = extensions(f);
	replace(f, block + 2 + number(block, 2), 0, keys, sizeof(keys) - 1);
}

static void
be_no_hello(flight *f)
{
	f->bytes[0] = 0;
}

static void
share_twice(flight *f)
{
	uint8_t body[2 + 2 * 36] = { 0, 72 };

	for (int i = 0; i < 2; i++) {
		put_number(body + 2 + 36 * i, 2, 29);
		put_number(body + 4 + 36 * i, 2, 32);
		memset(body + 6 + 36 * i, 9, 32);
	}
	set_extension(f, EXTENSION_KEY_SHARE, body, sizeof(body));
}

static void
share_what_is_not_offered(flight *f)
{
	uint8_t body[2 + 36] = { 0, 36, 0, 29, 0, 32, 9 };

	set_list(f, EXTENSION_GROUPS, (uint16_t[]){ 23, 0 });
	set_extension(f, EXTENSION_KEY_SHARE, body, sizeof(body));
}

/* RFC 8701: what nobody knows, so that nobody forgets how to bear it. */
static void
grease(flight *f)
{
	static const uint16_t groups[] = { 0x2a2a, 29, 23, 24, 0 };

	grow(f, suites_of(f) + 2, "\x3a\x3a", 2);
	put_number(suites_of(f), 2, number(suites_of(f), 2) + 2);
	set_list(f, EXTENSION_GROUPS, groups);
	add_extension(f, 0x4a4a, "\0", 1);
	add_extension(f, 0x5a5a, NULL, 0);
}

static const change hellos[] = {
	{ "an extension that nobody knows", GETS(0x4242, "x"), TWICE(BORNE) },
	{ "grease everywhere", DONE_BY(grease), TWICE(BORNE) },
	{ "an extension twice", DONE_BY(ask_twice), TWICE(BREACH(47)) },
	{ "an extension that nobody knows, twice",
	    DONE_BY(say_twice), TWICE(BREACH(47)) },
	{ "half a group", GETS(EXTENSION_GROUPS, "\0\3\0\35\0"),
	    TWICE(BREACH(50)) },
	{ "a list of no groups", GETS(EXTENSION_GROUPS, "\0\0"),
	    TWICE(BREACH(50)) },
	{ "no groups", LOSES(EXTENSION_GROUPS), { BORNE, BREACH(109) } },
	{ "a list of no signatures", GETS(EXTENSION_SIGNATURES, "\0\0"),
	    TWICE(BREACH(50)) },
	{ "no signatures", LOSES(EXTENSION_SIGNATURES),
	    { { TLSHOST_NO_OVERLAP, 40 }, BREACH(109) } },
	{ "no share", LOSES(EXTENSION_KEY_SHARE), { BORNE, BREACH(109) } },
	{ "shares cut off", GETS(EXTENSION_KEY_SHARE, "\0\7\0\35\0\40abc"),
	    TWICE(BREACH(50)) },
	{ "two shares of a group", DONE_BY(share_twice), TWICE(BREACH(47)) },
	{ "a share of what is not offered", DONE_BY(share_what_is_not_offered),
	    TWICE(BREACH(47)) },
	{ "an empty list of versions", GETS(EXTENSION_VERSIONS, "\0"),
	    TWICE(BREACH(50)) },
	{ "versions that nobody knows", GETS(EXTENSION_VERSIONS, "\2\177\27"),
	    TWICE(((outcome){ TLSHOST_NO_OVERLAP, 70 })) },
	{ "an older version than it says", DONE_BY(be_older),
	    { { TLSHOST_NO_OVERLAP, 70 }, BREACH(70) } },
	{ "a session's name of 33 bytes", DONE_BY(name_a_long_session),
	    TWICE(BREACH(50)) },
	{ "half a suite", DONE_BY(offer_half_a_suite), TWICE(BREACH(50)) },
	{ "nothing uncompressed", DONE_BY(compress_always),
	    TWICE(BREACH(47)) },
	{ "compression, too", DONE_BY(compress_perhaps),
	    { BORNE, BREACH(47) } },
	{ "more than it has room for", DONE_BY(say_more), TWICE(BREACH(50)) },
	{ "another message", DONE_BY(be_no_hello), TWICE(BREACH(10)) },
	{ "a message that nobody knows", DONE_BY(be_nothing_known),
	    TWICE(BREACH(10)) },
	{ "a cookie that nobody gave", GETS(44, "\0\1a"), TWICE(BREACH(47)) },
	{ "points that are compressed alone", GETS(11, "\1\1"),
	    TWICE(BREACH(47)) },
	{ "no form of points", GETS(11, "\0"), TWICE(BREACH(50)) },
	{ "a body where there is none", GETS(23, "x"), TWICE(BREACH(50)) },
	{ "a body where encrypt_then_mac has none", GETS(22, "x"),
	    TWICE(BREACH(50)) },
	{ "early data", GETS(42, ""), TWICE(BORNE) },
	{ "early data that says more", GETS(42, "x"), TWICE(BREACH(50)) },
	{ "a renegotiation", GETS(EXTENSION_RENEGOTIATION, "\1x"),
	    TWICE(BREACH(40)) },
	{ "a renegotiation cut off", GETS(EXTENSION_RENEGOTIATION, "\5x"),
	    TWICE(BREACH(50)) },
	{ "records of 512 bytes", GETS(1, "\1"), TWICE(BORNE) },
	{ "records of no known size", GETS(1, "\167"), TWICE(BREACH(47)) },
	{ "a limit of records", GETS(28, "\2\0"), TWICE(BORNE) },
	{ "a limit of records below the lowest", GETS(28, "\0\20"),
	    TWICE(BREACH(47)) },
	{ "half a limit of records", GETS(28, "\2"), TWICE(BREACH(50)) },
	{ "a wish for OCSP", GETS(5, "\1\0\0\0\0"), TWICE(BORNE) },
	{ "a wish for OCSP cut off", GETS(5, "\1"), TWICE(BREACH(50)) },
	{ "a ticket", GETS(35, "a ticket"), TWICE(BORNE) },
	{ "padding of something", GETS(21, "abc"), TWICE(BORNE) },
	{ "a heartbeat", GETS(15, "\1"), TWICE(BORNE) },
	{ "no mode of shared keys", LOSES(45), TWICE(BORNE) },
	{ "an empty list of modes", GETS(45, "\0"), TWICE(BREACH(50)) },
	{ "shared keys that are not the last", GETS(41, "\0\7\0\1x\0\0\0\0"
	    "\0\41\40abcdefghijklmnopqrstuvwxyz012345"),
	    TWICE(BREACH(47)) },
	{ "shared keys without a mode", DONE_BY(share_keys_without_modes),
	    TWICE(BREACH(109)) },
	{ "a list of no names", GETS(EXTENSION_SERVER_NAME, "\0\0"),
	    TWICE(BREACH(50)) },
	{ "a list of no protocols", GETS(16, "\0\0"), TWICE(BREACH(50)) },
};

static const char *
hello_name(int i)
{
	return name_of(hellos[i / 2].name, i % 2);
}

START_TEST(a_clients_hello_is_judged_alike)
{
	const change *c = &hellos[_i / 2];
	pair p = make_pair(&(setup){ .version = versions[_i % 2] });
	flight f;

	take_hello(&p, &f);
	apply(c, &f);
	give_flight(p.server, &f);
	assert_outcome(p.server, c->outcomes[_i % 2]);
	free_pair(&p);
}
END_TEST

/* ------------------------------------------------------------------------
 * ServerHello
 */

static void
answer_older(flight *f)
{
	put_number(f->bytes + 4, 2, 0x0302);
}

static void
answer_newer(flight *f)
{
	put_number(f->bytes + 4, 2, 0x0305);
}

static void
ask_for_a_hello(flight *f)
{
	insert(f, f->bytes, "\0\0\0\0", 4);
}

static const change answers[] = {
	{ "an extension that nobody knows", GETS(0x4242, ""),
	    TWICE(BREACH(110)) },
	{ "a protocol that nobody asked for", GETS(16, "\0\3\2h2"),
	    TWICE(BREACH(110)) },
	{ "a name", GETS(EXTENSION_SERVER_NAME, "x"), TWICE(BREACH(50)) },
	{ "an extension twice", DONE_BY(answer_twice),
	    TWICE(BREACH(47)) },
	{ "an older version", DONE_BY(answer_older),
	    { { TLSHOST_NO_OVERLAP, 70 }, BREACH(47) } },
	{ "a newer version", DONE_BY(answer_newer), TWICE(BREACH(47)) },
	{ "TLS 1.2, said as later versions are",
	    GETS(EXTENSION_VERSIONS, "\3\3"), { BREACH(110), BREACH(47) } },
	{ "a suite that was not offered",
	    DONE_BY(choose_what_was_not_offered), TWICE(BREACH(47)) },
	{ "compression", DONE_BY(compress), TWICE(BREACH(47)) },
	{ "more than it has room for", DONE_BY(say_more),
	    TWICE(BREACH(50)) },
	{ "behind a wish for a hello", DONE_BY(ask_for_a_hello),
	    TWICE(BREACH(10)) },
	{ "no hello", DONE_BY(be_nothing_known), TWICE(BREACH(10)) },
};

static const char *
answer_name(int i)
{
	return name_of(answers[i / 2].name, i % 2);
}

START_TEST(a_servers_hello_is_judged_alike)
{
	const change *c = &answers[_i / 2];
	flight f;
	pair p = answered_pair(versions[_i % 2], &f);

	apply(c, &f);
	give_flight(p.client, &f);
	assert_outcome(p.client, c->outcomes[_i % 2]);
	free_pair(&p);
}
END_TEST

/* RFC 8446, D.4: for whatever is between the two. */
START_TEST(a_session_that_is_none_is_named_and_echoed)
{
	flight f;
	pair p = answered_pair(TLSHOST_VERSION_TLSV1_3, &f);

	echo_another_session(&f);
	give_flight(p.client, &f);
	assert_outcome(p.client, (outcome)BREACH(47));
	free_pair(&p);
}
END_TEST

/* ------------------------------------------------------------------------
 * Records
 */

static const struct {
	const char *name, *bytes;
	size_t len;
	/* To a client, before the ServerHello. */
	outcome before;
	/* To a server, behind the ClientHello; what it says is the library's
	 * business, which has keys by then. */
	tlshost_status behind[2];
} records[] = {
#define RECORD(bytes) bytes, sizeof(bytes) - 1
#define BAD { TLSHOST_PROTOCOL, TLSHOST_PROTOCOL }
	{ "an alert of one byte", RECORD("\25\3\3\0\1\2"), BREACH(50), BAD },
	{ "an alert of three bytes", RECORD("\25\3\3\0\3\1\132\0"),
	    BREACH(50), BAD },
	{ "two alerts in one", RECORD("\25\3\3\0\4\1\132\1\132"), BREACH(50),
	    BAD },
	{ "an empty alert", RECORD("\25\3\3\0\0"), BREACH(50), BAD },
	{ "an alert of level 3", RECORD("\25\3\3\0\2\3\50"), BREACH(47),
	    { TLSHOST_PROTOCOL, TLSHOST_ALERT_RECEIVED } },
	{ "no renegotiation, unasked", RECORD("\25\3\3\0\2\1\144"),
	    BREACH(40), { TLSHOST_PROTOCOL, TLSHOST_ALERT_RECEIVED } },
	{ "a warning", RECORD("\25\3\3\0\2\1\160"), BORNE,
	    { TLSHOST_WANT_READ, TLSHOST_ALERT_RECEIVED } },
	{ "a warning that nobody knows", RECORD("\25\3\3\0\2\1\310"), BORNE,
	    { TLSHOST_WANT_READ, TLSHOST_ALERT_RECEIVED } },
	{ "a fatal alert", RECORD("\25\3\3\0\2\2\50"),
	    { TLSHOST_ALERT_RECEIVED, -1 },
	    { TLSHOST_ALERT_RECEIVED, TLSHOST_ALERT_RECEIVED } },
	{ "a goodbye", RECORD("\25\3\3\0\2\1\0"), { TLSHOST_PROTOCOL, -1 },
	    BAD },
	{ "an empty record of the handshake", RECORD("\26\3\3\0\0"),
	    BREACH(10), BAD },
	{ "data", RECORD("\27\3\3\0\2hi"), BREACH(10), BAD },
	{ "no data", RECORD("\27\3\3\0\0"), BREACH(10), BAD },
	{ "a heartbeat", RECORD("\30\3\3\0\2hi"), BREACH(10), BAD },
	{ "a change of ciphers of two bytes", RECORD("\24\3\3\0\2\1\1"),
	    BREACH(10), BAD },
	{ "an empty change of ciphers", RECORD("\24\3\3\0\0"), BREACH(10),
	    BAD },
	{ "a change of ciphers and an alert",
	    RECORD("\24\3\3\0\1\1" "\25\3\3\0\2\2\50"), BREACH(10),
	    { TLSHOST_PROTOCOL, TLSHOST_ALERT_RECEIVED } },
	{ "two changes of ciphers",
	    RECORD("\24\3\3\0\1\1" "\24\3\3\0\1\1"), BREACH(10), BAD },
#undef BAD
};

static const char *
record_name(int i)
{
	return name_of(records[i / 2].name, i % 2);
}

START_TEST(a_client_is_told_before_the_hello)
{
	outcome wanted = records[_i / 2].before;
	pair p = make_pair(&(setup){ .version = versions[_i % 2] });
	flight f;

	take_hello(&p, &f);
	give_bytes(p.client, records[_i / 2].bytes, records[_i / 2].len);
	assert_outcome(p.client, wanted);
	free_pair(&p);
}
END_TEST

START_TEST(a_server_is_told_behind_the_hello)
{
	flight f;
	pair p = answered_pair(versions[_i % 2], &f);

	give_bytes(p.server, records[_i / 2].bytes, records[_i / 2].len);
	assert_status(tlshost_buffer_do_handshake(p.server),
	    records[_i / 2].behind[_i % 2]);
	free_pair(&p);
}
END_TEST

/* Without end they would be work for nothing. */
START_TEST(five_warnings_in_a_row_are_too_many)
{
	static const uint8_t warning[] = { 21, 3, 3, 0, 2, 1, 112 };
	pair p = make_pair(&(setup){ .version = versions[_i] });
	flight f;

	take_hello(&p, &f);
	for (int i = 0; i < 4; i++)
		give_bytes(p.client, warning, sizeof(warning));
	assert_status(tlshost_buffer_do_handshake(p.client),
	    TLSHOST_WANT_READ);
	give_bytes(p.client, warning, sizeof(warning));
	assert_outcome(p.client, (outcome)BREACH(10));
	free_pair(&p);
}
END_TEST

/* Of a size, and of a version that says nothing (RFC 8446, 5.1); 0: all in
 * one. */
static const struct {
	const char *name;
	size_t piece;
	unsigned int version;
} sizes[] = {
	{ "of one byte", 1, 0x0303 }, { "of seven bytes", 7, 0x0303 },
	{ "of version 0x0300", 0, 0x0300 },
	{ "of version 0x0304", 0, 0x0304 },
	{ "of version 0x0399", 0, 0x0399 },
};

static const char *
size_name(int i)
{
	return name_of(sizes[i / 2].name, i % 2);
}

static void
give_records(tlshost_buffer *buffer, const flight *f, int i)
{
	size_t piece = sizes[i].piece != 0 ? sizes[i].piece : f->len;
	uint8_t head[5] = { 22 };

	put_number(head + 1, 2, sizes[i].version);
	for (size_t at = 0; at < f->len; at += piece) {
		size_t len = f->len - at < piece ? f->len - at : piece;

		put_number(head + 3, 2, len);
		give_bytes(buffer, head, sizeof(head));
		give_bytes(buffer, f->bytes + at, len);
	}
}

/* What is borne, or else refused. */
static void
assert_borne(tlshost_buffer *buffer, tlshost_status wanted)
{
	tlshost_status st = tlshost_buffer_do_handshake(buffer);

	if (st == TLSHOST_PROTOCOL && !backend_can(tlshost_buffer_backend(
	    buffer), TLSHOST_CAPABILITY_ANY_RECORDS))
		return;
	assert_status(st, wanted);
}

START_TEST(records_may_be_of_any_size_and_version)
{
	setup s = { .version = versions[_i % 2],
	    .suite = _i % 2 == 0 ? 0xc02f : 0 };
	pair p = make_pair(&s);
	flight f;

	take_hello(&p, &f);
	give_records(p.server, &f, _i / 2);
	assert_borne(p.server, TLSHOST_WANT_READ);
	free_pair(&p);
	p = answered_pair(versions[_i % 2], &f);
	give_records(p.client, &f, _i / 2);
	give_bytes(p.client, f.rest, f.rest_len);
	assert_borne(p.client, _i % 2 == 0 ? TLSHOST_WANT_READ : TLSHOST_OK);
	free_pair(&p);
}
END_TEST

/* Behind the ServerHello of TLS 1.2, where records are still in the clear. */
START_TEST(empty_records_between_messages_are_a_breach)
{
	static const uint8_t empty[] = { 22, 3, 3, 0, 0 };
	flight f;
	pair p = answered_pair(TLSHOST_VERSION_TLSV1_2, &f);

	give_flight(p.client, &f);
	give_bytes(p.client, empty, sizeof(empty));
	assert_status(tlshost_buffer_do_handshake(p.client),
	    TLSHOST_PROTOCOL);
	free_pair(&p);
}
END_TEST

void
breach_claims(Suite *suite)
{
	TCase *group = claim_group(suite, "breaches");

	add_versions(group, a_clients_hello_is_judged_alike,
	    2 * (int)LEN(hellos), hello_name);
	add_versions(group, a_servers_hello_is_judged_alike,
	    2 * (int)LEN(answers), answer_name);
	if (both_have(TLSHOST_VERSION_TLSV1_3))
		add_claim(group, a_session_that_is_none_is_named_and_echoed);
	add_versions(group, a_client_is_told_before_the_hello,
	    2 * (int)LEN(records), record_name);
	add_versions(group, a_server_is_told_behind_the_hello,
	    2 * (int)LEN(records), record_name);
	ADD_BOTH(five_warnings_in_a_row_are_too_many);
	add_versions(group, records_may_be_of_any_size_and_version,
	    2 * (int)LEN(sizes), size_name);
	add_claim(group, empty_records_between_messages_are_a_breach);
}

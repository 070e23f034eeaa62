/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "greeting.h"
#include "numbers.h"

/* The suite that stands for an empty RENEGOTIATION_INFO (RFC 5746, 3.3). */
#define RENEGOTIATION_SCSV 0x00ff

static const tlshost__breach none = { -1, NULL, -1 };

static tlshost__breach
breach(int32_t alert, const char *text, long extension)
{
	return (tlshost__breach){ alert, text, extension };
}

static tlshost__breach
malformed(long extension)
{
	return breach(ALERT_DECODE_ERROR, extension < 0 ?
	    "it is malformed" : "an extension is malformed", extension);
}

static tlshost__breach
illegal(long extension)
{
	return breach(ALERT_ILLEGAL_PARAMETER,
	    "an extension has a value that it must not have", extension);
}

/* ------------------------------------------------------------------------
 * Their parts
 */

int
tlshost__hello_parts_of(reader body, int is_server,
    tlshost__hello_parts *ret_parts)
{
	tlshost__hello_parts h = { .random.len = 32, .suites.len = 2,
	    .compression.len = 1 };

	if (!take_number(&body, 2, &h.version) ||
	    !take(&body, 32, &h.random.data) ||
	    !take_vector(&body, 1, &h.session) || h.session.len > 32)
		return 0;
	if (is_server ? !take(&body, 2, &h.suites.data) ||
	    !take(&body, 1, &h.compression.data) :
	    !take_vector(&body, 2, &h.suites) || h.suites.len < 2 ||
	    h.suites.len % 2 != 0 ||
	    !take_vector(&body, 1, &h.compression) || h.compression.len == 0)
		return 0;
	if (body.len != 0 && !is_vector(body, 2, &h.extensions))
		return 0;
	*ret_parts = h;
	return 1;
}

int
tlshost__hello_next_extension(reader *extensions, size_t *ret_type,
    reader *ret_body)
{
	return take_number(extensions, 2, ret_type) &&
	    take_vector(extensions, 2, ret_body);
}

/* RFC 8446, 4.1.3: what a HelloRetryRequest has for a random number. */
static const uint8_t retry[32] = {
	0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c,
	0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb,
	0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
};

static int
is_retry(const tlshost__hello_parts *server)
{
	return memcmp(server->random.data, retry, sizeof(retry)) == 0;
}

int
tlshost__is_retry(reader body)
{
	tlshost__hello_parts server;

	return tlshost__hello_parts_of(body, 1, &server) && is_retry(&server);
}

/* 0: there is no such extension. */
static int
find(const tlshost__hello_parts *h, size_t wanted, reader *ret_body)
{
	reader extensions = h->extensions;

	for (size_t type; tlshost__hello_next_extension(&extensions, &type, ret_body);)
		if (type == wanted)
			return 1;
	return 0;
}

int
tlshost__hello_has(reader body, int is_server, size_t type)
{
	tlshost__hello_parts h;
	reader extension;

	return tlshost__hello_parts_of(body, is_server, &h) &&
	    find(&h, type, &extension);
}

static int
is_same(reader a, reader b)
{
	return a.len == b.len && (a.len == 0 ||
	    memcmp(a.data, b.data, a.len) == 0);
}

/* Of numbers of two bytes: a peer may send thousands, in any order. */
typedef struct number_set {
	uint8_t bits[65536 / 8];
} number_set;

/* 0: it was there. */
static int
set_add(number_set *set, size_t number)
{
	uint8_t bit = (uint8_t)(1 << number % 8);
	uint8_t *at = &set->bits[number / 8];
	int fresh = (*at & bit) == 0;

	*at |= bit;
	return fresh;
}

/* 0: it was not there. */
static int
set_remove(number_set *set, size_t number)
{
	int there = !set_add(set, number);

	set->bits[number / 8] ^= (uint8_t)(1 << number % 8);
	return there;
}

/* RFC 8446, 4.2: whole, and no type twice.  The last one; SIZE_MAX: none. */
static tlshost__breach
check_types(const tlshost__hello_parts *h, size_t *ret_last)
{
	number_set seen = { { 0 } };
	reader extensions = h->extensions, body;
	size_t type;

	*ret_last = SIZE_MAX;
	while (extensions.len != 0) {
		if (!tlshost__hello_next_extension(&extensions, &type, &body))
			return malformed(-1);
		if (!set_add(&seen, type))
			return breach(ALERT_ILLEGAL_PARAMETER,
			    "an extension is there twice", (long)type);
		*ret_last = type;
	}
	return none;
}

/* ------------------------------------------------------------------------
 * ClientHello
 */

/* RFC 6066, 8. */
static int
is_status_request(reader body)
{
	size_t type;
	reader part;

	if (!take_number(&body, 1, &type))
		return 0;
	return type != 1 || (take_vector(&body, 2, &part) &&
	    is_vector(body, 2, &part));
}

/* A vector, its length in so many bytes, of elements of that size; not empty. */
static int
is_list(reader body, size_t bytes, size_t unit)
{
	reader list;

	return is_vector(body, bytes, &list) && list.len != 0 &&
	    list.len % unit == 0;
}

/* What an extension has in itself, in the first hello or in a second. */
static tlshost__breach
check_body(size_t type, reader body, int is_second)
{
	size_t number;
	reader list;

	switch (type) {
	case ENCRYPT_THEN_MAC: /* RFC 7366, 2 */
	case EXTENDED_MASTER_SECRET: /* RFC 7627, 5.1 */
	case EARLY_DATA: /* RFC 8446, 4.2.10 */
	case POST_HANDSHAKE_AUTH: /* RFC 8446, 4.2.6 */
		if (type == EARLY_DATA && is_second)
			return illegal(EARLY_DATA);
		return body.len != 0 ? malformed((long)type) : none;
	case MAX_FRAGMENT_LENGTH: /* RFC 6066, 4 */
		if (!take_number(&body, 1, &number) || body.len != 0)
			return malformed((long)type);
		return number < 1 || number > 4 ? illegal((long)type) : none;
	case RECORD_SIZE_LIMIT: /* RFC 8449, 4 */
		if (!take_number(&body, 2, &number) || body.len != 0)
			return malformed((long)type);
		return number < 64 ? illegal((long)type) : none;
	case STATUS_REQUEST:
		return is_status_request(body) ? none : malformed((long)type);
	case POINT_FORMATS: /* RFC 8422, 5.1.2 */
		if (!is_list(body, 1, 1))
			return malformed((long)type);
		return is_vector(body, 1, &list) && has_number(list, 1, 0) ?
		    none : illegal((long)type);
	case SERVER_NAME: /* RFC 6066, 3 */
	case PROTOCOLS: /* RFC 7301, 3.1 */
		return is_list(body, 2, 1) ? none : malformed((long)type);
	case SUPPORTED_GROUPS: /* RFC 8446, 4.2.7 */
	case SIGNATURE_ALGORITHMS: /* RFC 8446, 4.2.3 */
		return is_list(body, 2, 2) ? none : malformed((long)type);
	case SUPPORTED_VERSIONS: /* RFC 8446, 4.2.1 */
		return is_list(body, 1, 2) ? none : malformed((long)type);
	case PSK_MODES: /* RFC 8446, 4.2.9 */
		return is_list(body, 1, 1) ? none : malformed((long)type);
	case COOKIE: /* RFC 8446, 4.2.2: only where one was given */
		return is_second ? none : illegal((long)type);
	case RENEGOTIATION_INFO: /* RFC 5746, 3.6 */
		if (!is_vector(body, 1, &list))
			return malformed((long)type);
		return list.len == 0 ? none : breach(ALERT_HANDSHAKE_FAILURE,
		    "it renegotiates what was never negotiated", (long)type);
	default:
		return none;
	}
}

/* RFC 8446, 4.2.8: each group once, and none that is not offered. */
static tlshost__breach
check_shares(const tlshost__hello_parts *h)
{
	number_set groups = { { 0 } };
	reader body, list, value;
	size_t group;

	if (find(h, SUPPORTED_GROUPS, &body) && is_vector(body, 2, &list))
		while (take_number(&list, 2, &group))
			(void)set_add(&groups, group);
	if (!find(h, KEY_SHARE, &body))
		return none;
	if (!is_vector(body, 2, &list))
		return malformed(KEY_SHARE);
	while (list.len != 0) {
		if (!take_number(&list, 2, &group) ||
		    !take_vector(&list, 2, &value) || value.len == 0)
			return malformed(KEY_SHARE);
		if (!set_remove(&groups, group))
			return illegal(KEY_SHARE);
	}
	return none;
}

/* What TLS 1.3 asks for (RFC 8446, 4.1.2 and 9.2). */
static tlshost__breach
check_tls13(const tlshost__hello_parts *h)
{
	int has_groups, has_shares, has_signatures, has_psk;
	reader body;

	if (h->version < TLSHOST_VERSION_TLSV1_2)
		return breach(ALERT_PROTOCOL_VERSION,
		    "it is of an older version than it says", -1);
	if (h->compression.len != 1)
		return breach(ALERT_ILLEGAL_PARAMETER, "it offers compression",
		    -1);
	has_groups = find(h, SUPPORTED_GROUPS, &body);
	has_shares = find(h, KEY_SHARE, &body);
	has_signatures = find(h, SIGNATURE_ALGORITHMS, &body);
	has_psk = find(h, PRE_SHARED_KEY, &body);
	if (has_groups != has_shares ||
	    (!has_psk && (!has_groups || !has_signatures)))
		return breach(ALERT_MISSING_EXTENSION, "it lacks an extension "
		    "that TLS 1.3 asks for", !has_psk && !has_signatures ?
		    SIGNATURE_ALGORITHMS : has_groups ? KEY_SHARE :
		    SUPPORTED_GROUPS);
	return none;
}

static int
offers_tls13(const tlshost__hello_parts *h)
{
	reader body, versions;

	return find(h, SUPPORTED_VERSIONS, &body) &&
	    is_vector(body, 1, &versions) &&
	    has_number(versions, 2, TLSHOST_VERSION_TLSV1_3);
}

/* An extension in both, alike, or in none. */
static int
has_same(const tlshost__hello_parts *a, const tlshost__hello_parts *b,
    size_t type)
{
	reader of_a, of_b;

	if (!find(a, type, &of_a))
		return !find(b, type, &of_b);
	return find(b, type, &of_b) && is_same(of_a, of_b);
}

/* RFC 8446, 4.1.2: what the client said the first time is still true. */
static tlshost__breach
check_unchanged(const tlshost__hello_parts *h,
    const tlshost__hello_parts *before)
{
	static const uint16_t types[] = {
		SERVER_NAME, SUPPORTED_GROUPS, SIGNATURE_ALGORITHMS,
		PROTOCOLS, SUPPORTED_VERSIONS, PSK_MODES
	};

	if (!offers_tls13(h))
		return breach(ALERT_PROTOCOL_VERSION,
		    "the second no longer offers TLS 1.3", -1);
	if (h->version != before->version ||
	    !is_same(h->random, before->random) ||
	    !is_same(h->session, before->session) ||
	    !is_same(h->suites, before->suites) ||
	    !is_same(h->compression, before->compression))
		return breach(ALERT_ILLEGAL_PARAMETER,
		    "the second is another one", -1);
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (!has_same(h, before, types[i]))
			return breach(ALERT_ILLEGAL_PARAMETER,
			    "the second has another value of an extension",
			    types[i]);
	return none;
}

/* RFC 8446, 4.1.2: and it has what the server asked for. */
static tlshost__breach
check_second(const tlshost__hello_parts *h, const tlshost__retried *before)
{
	reader wanted, given, list, value;
	tlshost__hello_parts server, client;
	tlshost__breach found;
	size_t group;

	/* Ours, and one that was judged. */
	if (!tlshost__hello_parts_of(before->retry, 1, &server) ||
	    !tlshost__hello_parts_of(before->hello, 0, &client))
		return malformed(-1);
	if ((found = check_unchanged(h, &client)).alert >= 0)
		return found;
	if (!has_same(h, &server, COOKIE))
		return illegal(COOKIE);
	if (!find(&server, KEY_SHARE, &wanted))
		return none;
	if (!take_number(&wanted, 2, &group) ||
	    !find(h, KEY_SHARE, &given) || !is_vector(given, 2, &list) ||
	    !has_number((reader){ list.data, list.len < 2 ? 0 : 2 }, 2, group))
		return illegal(KEY_SHARE);
	(void)take_number(&list, 2, &group);
	return is_vector(list, 2, &value) ? none : illegal(KEY_SHARE);
}

tlshost__breach
tlshost__client_hello_breach(reader body, const tlshost__retried *before)
{
	tlshost__breach found;
	size_t type, last;
	tlshost__hello_parts h;
	reader extensions;

	if (!tlshost__hello_parts_of(body, 0, &h))
		return malformed(-1);
	if (!has_number(h.compression, 1, 0))
		return breach(ALERT_ILLEGAL_PARAMETER,
		    "it does not offer to leave data uncompressed", -1);
	if ((found = check_types(&h, &last)).alert >= 0)
		return found;
	extensions = h.extensions;
	while (tlshost__hello_next_extension(&extensions, &type, &body))
		if ((found = check_body(type, body, before != NULL)).alert >= 0)
			return found;
	/* RFC 8446, 4.2.11 and 4.2.9. */
	if (find(&h, PRE_SHARED_KEY, &body) && last != PRE_SHARED_KEY)
		return illegal(PRE_SHARED_KEY);
	if (last == PRE_SHARED_KEY && !find(&h, PSK_MODES, &body))
		return breach(ALERT_MISSING_EXTENSION,
		    "it offers shared keys without their modes", PSK_MODES);
	if (offers_tls13(&h) && (found = check_tls13(&h)).alert >= 0)
		return found;
	if ((found = check_shares(&h)).alert >= 0 || before == NULL)
		return found;
	return check_second(&h, before);
}

/* ------------------------------------------------------------------------
 * ServerHello
 */

/* May the server say that (RFC 5246, 7.4.1.4; RFC 8446, 4.2)? */
static int
was_asked(const tlshost__hello_parts *client, size_t type)
{
	reader body;

	return find(client, type, &body) || (type == RENEGOTIATION_INFO &&
	    has_number(client->suites, 2, RENEGOTIATION_SCSV));
}

/* Is it one of those that may be in that message of TLS 1.3? */
static int
belongs(size_t type, int in_retry)
{
	return type == SUPPORTED_VERSIONS || type == KEY_SHARE ||
	    type == (in_retry ? COOKIE : PRE_SHARED_KEY);
}

static tlshost__breach
check_extensions(const tlshost__hello_parts *server,
    const tlshost__hello_parts *client, int is_tls13)
{
	reader extensions = server->extensions, body;
	size_t type;

	while (tlshost__hello_next_extension(&extensions, &type, &body)) {
		if (!was_asked(client, type) &&
		    !(type == COOKIE && is_retry(server)))
			return breach(ALERT_UNSUPPORTED_EXTENSION,
			    "it has an extension that nobody asked for",
			    (long)type);
		/* RFC 6066, 3. */
		if (type == SERVER_NAME && body.len != 0)
			return malformed(SERVER_NAME);
		/* RFC 8446, 4.2. */
		if (is_tls13 && !belongs(type, is_retry(server)))
			return breach(ALERT_ILLEGAL_PARAMETER,
			    "it has an extension that belongs elsewhere",
			    (long)type);
	}
	return none;
}

/* What a server of TLS 1.3 has to say of its version and of the session. */
static tlshost__breach
check_version(const tlshost__hello_parts *server,
    const tlshost__hello_parts *client, reader body)
{
	size_t version;

	if (!take_number(&body, 2, &version) || body.len != 0)
		return malformed(SUPPORTED_VERSIONS);
	if (version != TLSHOST_VERSION_TLSV1_3)
		return illegal(SUPPORTED_VERSIONS);
	if (server->version != TLSHOST_VERSION_TLSV1_2)
		return breach(ALERT_ILLEGAL_PARAMETER,
		    "it is of another version than it says", -1);
	if (!is_same(server->session, client->session))
		return breach(ALERT_ILLEGAL_PARAMETER,
		    "it does not echo the session's name", -1);
	return none;
}

/* Does the client have a share of it? */
static int
has_share(const tlshost__hello_parts *client, size_t wanted)
{
	reader body, list, value;
	size_t group;

	if (!find(client, KEY_SHARE, &body) || !is_vector(body, 2, &list))
		return 0;
	while (take_number(&list, 2, &group) && take_vector(&list, 2, &value))
		if (group == wanted)
			return 1;
	return 0;
}

/* RFC 8446, 4.1.4: it asks for something, and for what can be had. */
static tlshost__breach
check_retry(const tlshost__hello_parts *server,
    const tlshost__hello_parts *client)
{
	int has_cookie;
	reader body, groups;
	size_t group;

	has_cookie = find(server, COOKIE, &body);
	if (has_cookie && !is_list(body, 2, 1))
		return malformed(COOKIE);
	if (!find(server, KEY_SHARE, &body))
		return has_cookie ? none : breach(ALERT_ILLEGAL_PARAMETER,
		    "it asks for the same again", -1);
	if (!take_number(&body, 2, &group) || body.len != 0)
		return malformed(KEY_SHARE);
	if (has_share(client, group) ||
	    !find(client, SUPPORTED_GROUPS, &body) ||
	    !is_vector(body, 2, &groups) || !has_number(groups, 2, group))
		return illegal(KEY_SHARE);
	return none;
}

static tlshost__breach
check_share(const tlshost__hello_parts *server,
    const tlshost__hello_parts *client)
{
	reader body, value;
	size_t group;

	/* No client of ours offers a key that is shared before. */
	if (!find(server, KEY_SHARE, &body))
		return breach(ALERT_MISSING_EXTENSION,
		    "it lacks an extension that TLS 1.3 asks for", KEY_SHARE);
	if (!take_number(&body, 2, &group) || !is_vector(body, 2, &value) ||
	    value.len == 0)
		return malformed(KEY_SHARE);
	return has_share(client, group) ? none : illegal(KEY_SHARE);
}

/* RFC 8446, 4.1.4: what the retry chose stays chosen. */
static tlshost__breach
check_after_retry(const tlshost__hello_parts *server, int is_tls13,
    reader before)
{
	tlshost__hello_parts first;

	if (is_retry(server))
		return breach(ALERT_UNEXPECTED_MESSAGE,
		    "it asks for a third one", -1);
	if (!is_tls13 || !tlshost__hello_parts_of(before, 1, &first) ||
	    !is_same(server->suites, first.suites))
		return breach(ALERT_ILLEGAL_PARAMETER,
		    "it chose otherwise before", -1);
	return none;
}

tlshost__breach
tlshost__server_hello_breach(reader body, reader own, reader before)
{
	tlshost__hello_parts server, client;
	tlshost__breach found;
	size_t type, suite = 0;
	reader chosen;
	int is_tls13;

	if (!tlshost__hello_parts_of(body, 1, &server) ||
	    !tlshost__hello_parts_of(own, 0, &client))
		return malformed(-1);
	chosen = server.suites;
	(void)take_number(&chosen, 2, &suite);
	if (!has_number(client.suites, 2, suite))
		return breach(ALERT_ILLEGAL_PARAMETER,
		    "it chose a cipher suite that was not offered", -1);
	if (server.compression.data[0] != 0)
		return breach(ALERT_ILLEGAL_PARAMETER, "it chose compression",
		    -1);
	if ((found = check_types(&server, &type)).alert >= 0)
		return found;
	is_tls13 = find(&server, SUPPORTED_VERSIONS, &body);
	if ((found = check_extensions(&server, &client, is_tls13)).alert >= 0)
		return found;
	if (before.len != 0 && (found = check_after_retry(&server, is_tls13,
	    before)).alert >= 0)
		return found;
	if (!is_tls13 && is_retry(&server))
		return breach(ALERT_MISSING_EXTENSION,
		    "it lacks an extension that TLS 1.3 asks for",
		    SUPPORTED_VERSIONS);
	if (!is_tls13)
		return server.version <= TLSHOST_VERSION_TLSV1_2 ? none :
		    breach(ALERT_ILLEGAL_PARAMETER, "it has a version that "
		    "is said otherwise", -1);
	if ((found = check_version(&server, &client, body)).alert >= 0)
		return found;
	return is_retry(&server) ? check_retry(&server, &client) :
	    check_share(&server, &client);
}

/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "greeting.h"

#define ALERT_HANDSHAKE_FAILURE 40
#define ALERT_ILLEGAL_PARAMETER 47
#define ALERT_DECODE_ERROR 50
#define ALERT_PROTOCOL_VERSION 70
#define ALERT_MISSING_EXTENSION 109
#define ALERT_UNSUPPORTED_EXTENSION 110

#define TLS_1_2 0x0303
#define TLS_1_3 0x0304

/* IANA's numbers of extensions. */
enum extension {
	SERVER_NAME = 0,
	MAX_FRAGMENT_LENGTH = 1,
	STATUS_REQUEST = 5,
	SUPPORTED_GROUPS = 10,
	POINT_FORMATS = 11,
	SIGNATURE_ALGORITHMS = 13,
	PROTOCOLS = 16,
	ENCRYPT_THEN_MAC = 22,
	EXTENDED_MASTER_SECRET = 23,
	RECORD_SIZE_LIMIT = 28,
	PRE_SHARED_KEY = 41,
	EARLY_DATA = 42,
	SUPPORTED_VERSIONS = 43,
	COOKIE = 44,
	PSK_MODES = 45,
	POST_HANDSHAKE_AUTH = 49,
	KEY_SHARE = 51,
	RENEGOTIATION_INFO = 0xff01
};

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

typedef struct hello {
	size_t version;
	reader random, session;
	reader suites;               /* of a server: one */
	reader compression;
	reader extensions;
	size_t last;                 /* of the extensions; SIZE_MAX: none */
} hello;

/* What both have before and behind the suites. */
static int
split(reader body, int is_server, hello *ret_hello)
{
	hello h = { .last = SIZE_MAX };

	h.random.len = 32;
	h.suites.len = 2;
	h.compression.len = 1;
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
	*ret_hello = h;
	return 1;
}

static int
next_extension(reader *extensions, size_t *ret_type, reader *ret_body)
{
	return take_number(extensions, 2, ret_type) &&
	    take_vector(extensions, 2, ret_body);
}

/* 0: there is no such extension. */
static int
find(const hello *h, size_t wanted, reader *ret_body)
{
	reader extensions = h->extensions;

	for (size_t type; next_extension(&extensions, &type, ret_body);)
		if (type == wanted)
			return 1;
	return 0;
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

/* RFC 8446, 4.2: whole, and no type twice. */
static tlshost__breach
check_types(hello *h)
{
	number_set seen = { { 0 } };
	reader extensions = h->extensions, body;
	size_t type;

	while (extensions.len != 0) {
		if (!next_extension(&extensions, &type, &body))
			return malformed(-1);
		if (!set_add(&seen, type))
			return breach(ALERT_ILLEGAL_PARAMETER,
			    "an extension is there twice", (long)type);
		h->last = type;
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

/* What an extension has in itself. */
static tlshost__breach
check_body(size_t type, reader body)
{
	size_t number;
	reader list;

	switch (type) {
	case ENCRYPT_THEN_MAC: /* RFC 7366, 2 */
	case EXTENDED_MASTER_SECRET: /* RFC 7627, 5.1 */
	case EARLY_DATA: /* RFC 8446, 4.2.10 */
	case POST_HANDSHAKE_AUTH: /* RFC 8446, 4.2.6 */
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
		if (!is_vector(body, 1, &list) || list.len == 0)
			return malformed((long)type);
		return has_number(list, 1, 0) ? none : illegal((long)type);
	case SERVER_NAME: /* RFC 6066, 3 */
	case PROTOCOLS: /* RFC 7301, 3.1 */
		return is_vector(body, 2, &list) && list.len != 0 ? none :
		    malformed((long)type);
	case SUPPORTED_GROUPS: /* RFC 8446, 4.2.7 */
	case SIGNATURE_ALGORITHMS: /* RFC 8446, 4.2.3 */
		return is_vector(body, 2, &list) && list.len != 0 &&
		    list.len % 2 == 0 ? none : malformed((long)type);
	case SUPPORTED_VERSIONS: /* RFC 8446, 4.2.1 */
		return is_vector(body, 1, &list) && list.len != 0 &&
		    list.len % 2 == 0 ? none : malformed((long)type);
	case PSK_MODES: /* RFC 8446, 4.2.9 */
		return is_vector(body, 1, &list) && list.len != 0 ? none :
		    malformed((long)type);
	case COOKIE: /* RFC 8446, 4.2.2: only where one was given */
		return illegal((long)type);
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
check_shares(const hello *h)
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
check_tls13(const hello *h)
{
	int has_groups, has_shares, has_signatures, has_psk;
	reader body;

	if (h->version < TLS_1_2)
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

tlshost__breach
tlshost__client_hello_breach(reader body)
{
	reader extensions, versions;
	tlshost__breach found;
	size_t type;
	hello h;

	if (!split(body, 0, &h))
		return malformed(-1);
	if (!has_number(h.compression, 1, 0))
		return breach(ALERT_ILLEGAL_PARAMETER,
		    "it does not offer to leave data uncompressed", -1);
	if ((found = check_types(&h)).alert >= 0)
		return found;
	extensions = h.extensions;
	while (next_extension(&extensions, &type, &body))
		if ((found = check_body(type, body)).alert >= 0)
			return found;
	/* RFC 8446, 4.2.11. */
	if (find(&h, PRE_SHARED_KEY, &body) && h.last != PRE_SHARED_KEY)
		return illegal(PRE_SHARED_KEY);
	if (find(&h, SUPPORTED_VERSIONS, &body) &&
	    is_vector(body, 1, &versions) && has_number(versions, 2, TLS_1_3) &&
	    (found = check_tls13(&h)).alert >= 0)
		return found;
	return check_shares(&h);
}

/* ------------------------------------------------------------------------
 * ServerHello
 */

/* RFC 8446, 4.1.3: what a HelloRetryRequest has for a random number. */
static const uint8_t retry[32] = {
	0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c,
	0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb,
	0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
};

/* May the server say that (RFC 5246, 7.4.1.4; RFC 8446, 4.2)? */
static int
was_asked(const hello *server, const hello *client, size_t type)
{
	reader body;

	if (type == COOKIE && memcmp(server->random.data, retry, 32) == 0)
		return 1;
	if (type == RENEGOTIATION_INFO &&
	    has_number(client->suites, 2, RENEGOTIATION_SCSV))
		return 1;
	return find(client, type, &body);
}

static tlshost__breach
check_version(const hello *server, const hello *client)
{
	size_t version;
	reader body;

	if (!find(server, SUPPORTED_VERSIONS, &body))
		return server->version <= TLS_1_2 ? none :
		    breach(ALERT_ILLEGAL_PARAMETER, "it has a version that "
		    "is said otherwise", -1);
	if (!take_number(&body, 2, &version) || body.len != 0)
		return malformed(SUPPORTED_VERSIONS);
	if (version != TLS_1_3)
		return illegal(SUPPORTED_VERSIONS);
	if (server->version != TLS_1_2)
		return breach(ALERT_ILLEGAL_PARAMETER,
		    "it is of another version than it says", -1);
	if (server->session.len != client->session.len ||
	    (server->session.len != 0 && memcmp(server->session.data,
	    client->session.data, server->session.len) != 0))
		return breach(ALERT_ILLEGAL_PARAMETER,
		    "it does not echo the session's name", -1);
	return none;
}

tlshost__breach
tlshost__server_hello_breach(reader body, reader own)
{
	hello server, client;
	tlshost__breach found;
	reader extensions;
	size_t type, suite = 0;

	if (!split(body, 1, &server) || !split(own, 0, &client))
		return malformed(-1);
	(void)take_number(&server.suites, 2, &suite);
	if (!has_number(client.suites, 2, suite))
		return breach(ALERT_ILLEGAL_PARAMETER,
		    "it chose a cipher suite that was not offered", -1);
	if (server.compression.data[0] != 0)
		return breach(ALERT_ILLEGAL_PARAMETER, "it chose compression",
		    -1);
	if ((found = check_types(&server)).alert >= 0)
		return found;
	extensions = server.extensions;
	while (next_extension(&extensions, &type, &body)) {
		if (!was_asked(&server, &client, type))
			return breach(ALERT_UNSUPPORTED_EXTENSION,
			    "it has an extension that nobody asked for",
			    (long)type);
		/* RFC 6066, 3. */
		if (type == SERVER_NAME && body.len != 0)
			return malformed(SERVER_NAME);
	}
	return check_version(&server, &client);
}

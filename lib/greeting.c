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

tlshost__breach
tlshost__client_hello_breach(reader body)
{
	reader extensions, versions;
	tlshost__breach found;
	size_t type, last;
	tlshost__hello_parts h;

	if (!tlshost__hello_parts_of(body, 0, &h))
		return malformed(-1);
	if (!has_number(h.compression, 1, 0))
		return breach(ALERT_ILLEGAL_PARAMETER,
		    "it does not offer to leave data uncompressed", -1);
	if ((found = check_types(&h, &last)).alert >= 0)
		return found;
	extensions = h.extensions;
	while (tlshost__hello_next_extension(&extensions, &type, &body))
		if ((found = check_body(type, body)).alert >= 0)
			return found;
	/* RFC 8446, 4.2.11. */
	if (find(&h, PRE_SHARED_KEY, &body) && last != PRE_SHARED_KEY)
		return illegal(PRE_SHARED_KEY);
	if (find(&h, SUPPORTED_VERSIONS, &body) &&
	    is_vector(body, 1, &versions) &&
	    has_number(versions, 2, TLSHOST_VERSION_TLSV1_3) &&
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
was_asked(const tlshost__hello_parts *server,
    const tlshost__hello_parts *client, size_t type)
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
check_version(const tlshost__hello_parts *server,
    const tlshost__hello_parts *client)
{
	size_t version;
	reader body;

	if (!find(server, SUPPORTED_VERSIONS, &body))
		return server->version <= TLSHOST_VERSION_TLSV1_2 ? none :
		    breach(ALERT_ILLEGAL_PARAMETER, "it has a version that "
		    "is said otherwise", -1);
	if (!take_number(&body, 2, &version) || body.len != 0)
		return malformed(SUPPORTED_VERSIONS);
	if (version != TLSHOST_VERSION_TLSV1_3)
		return illegal(SUPPORTED_VERSIONS);
	if (server->version != TLSHOST_VERSION_TLSV1_2)
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
	tlshost__hello_parts server, client;
	tlshost__breach found;
	reader extensions;
	size_t type, suite = 0;

	if (!tlshost__hello_parts_of(body, 1, &server) ||
	    !tlshost__hello_parts_of(own, 0, &client))
		return malformed(-1);
	(void)take_number(&server.suites, 2, &suite);
	if (!has_number(client.suites, 2, suite))
		return breach(ALERT_ILLEGAL_PARAMETER,
		    "it chose a cipher suite that was not offered", -1);
	if (server.compression.data[0] != 0)
		return breach(ALERT_ILLEGAL_PARAMETER, "it chose compression",
		    -1);
	if ((found = check_types(&server, &type)).alert >= 0)
		return found;
	extensions = server.extensions;
	while (tlshost__hello_next_extension(&extensions, &type, &body)) {
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

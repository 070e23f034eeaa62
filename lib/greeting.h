/* SPDX-License-Identifier: MIT */
/*
 * The two hellos, held against what RFC 8446, 5246 and those of the extensions
 * say a peer must not do.  Each library tolerates some of it and refuses other;
 * the host refuses all of it, before the library sees it.  What depends on the
 * configuration is not asked here.
 */
#ifndef TLSHOST_GREETING_H
#define TLSHOST_GREETING_H

#include "reader.h"

/* The parts of a hello (RFC 8446, 4.1.2 and 4.1.3). */
typedef struct tlshost__hello_parts {
	size_t version;
	reader random, session;
	reader suites;               /* of a server: one */
	reader compression;
	reader extensions;
} tlshost__hello_parts;

/* body: of the message, without its head of four bytes.  0: malformed.  The
 * extensions in their block are not looked at. */
int tlshost__hello_parts_of(reader body, int is_server,
    tlshost__hello_parts *ret_parts);
/* 0: the end, or malformed, as what is left tells. */
int tlshost__hello_next_extension(reader *extensions, size_t *ret_type,
    reader *ret_body);

/* 0: it has none of that type. */
int tlshost__hello_has(reader body, int is_server, size_t type);

/* What is wrong; alert < 0: nothing. */
typedef struct tlshost__breach {
	int32_t alert;
	const char *text;
	long extension;              /* its number, or -1 */
} tlshost__breach;

/* Is a ServerHello a HelloRetryRequest (RFC 8446, 4.1.4)? */
int tlshost__is_retry(reader body);

/* The first hello, and the retry that it was answered with. */
typedef struct tlshost__retried {
	reader hello, retry;
} tlshost__retried;

/* before: NULL, or body is of a second hello. */
tlshost__breach tlshost__client_hello_breach(reader body,
    const tlshost__retried *before);
/* own: the ClientHello that is answered.  before: the retry before it, or
 * empty. */
tlshost__breach tlshost__server_hello_breach(reader body, reader own,
    reader before);

#endif

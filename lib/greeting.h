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

/* What is wrong; alert < 0: nothing. */
typedef struct tlshost__breach {
	int32_t alert;
	const char *text;
	long extension;              /* its number, or -1 */
} tlshost__breach;

/* Both take the message's body, without its head of four bytes. */
tlshost__breach tlshost__client_hello_breach(reader body);
/* own: the ClientHello that is answered. */
tlshost__breach tlshost__server_hello_breach(reader body, reader own);

#endif

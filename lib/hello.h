/* SPDX-License-Identifier: MIT */
/* The ClientHello, as the SNI callback sees it. */
#ifndef TLSHOST_HELLO_H
#define TLSHOST_HELLO_H

#include "reader.h"
#include "tlshost.h"

struct tlshost_client_hello {
	char *server_name;             /* decoded, or NULL */
	tlshost_protocol *protocols;
	size_t protocols_len;
	uint16_t *ciphers;
	size_t ciphers_len;
	uint16_t *versions;
	size_t versions_len;
};

/*
 * Reads the raw parts.  OK, NO_MEMORY, or PROTOCOL: malformed (RFC 8446, 4.1.2
 * and 4.2; RFC 6066, 3; RFC 7301, 3.1).  The protocols point into the hello.
 */
tlshost_status tlshost__client_hello_init(tlshost_client_hello *ret_hello,
    const struct tlshost_hello *raw);
void tlshost__client_hello_done(tlshost_client_hello *hello);

/* Splits a whole hello, without its head of four bytes: OK, or PROTOCOL:
 * malformed.  The parts point into it; size says how many there are. */
tlshost_status tlshost__hello_split(reader body,
    struct tlshost_hello *ret_hello);

/* Host services; see tlshost-plugin.h. */
int32_t tlshost__link_hello(tlshost_link *link, void **ret_context,
    int32_t *ret_alert);
int32_t tlshost__link_hello_parts(tlshost_link *link,
    struct tlshost_hello *ret_hello);

#endif

/* SPDX-License-Identifier: MIT */
/* The name of a peer: what a certificate must be good for. */
#ifndef TLSHOST_NAME_H
#define TLSHOST_NAME_H

#include "tlshost.h"

typedef enum tlshost__peer_name_kind {
	TLSHOST__PEER_NAME_DNS,
	TLSHOST__PEER_NAME_IP
} tlshost__peer_name_kind;

typedef struct tlshost__peer_name {
	tlshost__peer_name_kind kind;
	char dns[256];                   /* A-labels, lower case, no last dot */
	uint8_t ip[16];
	size_t ip_len;                   /* 4 or 16 */
} tlshost__peer_name;

/*
 * A domain name (UTF-8 or A-labels, RFC 5891), or an IP address, IPv6 with or
 * without brackets.  OK, NO_MEMORY, INVALID_ARGUMENT: *ret_problem says why.
 */
tlshost_status tlshost__peer_name_parse(const char *text,
    tlshost__peer_name *ret_name, const char **ret_problem);
/* A-labels to UTF-8; a name that cannot be decoded stays as it is.  OK,
 * NO_MEMORY. */
tlshost_status tlshost__name_to_unicode(const char *name, char **ret_text);

#endif

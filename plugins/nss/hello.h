/* SPDX-License-Identifier: MIT */
/*
 * What a client of TLS 1.2 and older can do, besides its suites.  A server has
 * to look before it takes a suite: neither GnuTLS, which is told of one suite
 * alone, nor NSS tries the next one when it finds that the client cannot use
 * its certificate.  The same file in both.
 */
#ifndef TLSHOST_HELLO_H
#define TLSHOST_HELLO_H

#include "tlshost-plugin.h"

/* Kinds of leaf keys, as bits. */
#define KIND_RSA 1u
#define KIND_PSS 2u
#define KIND_P256 4u
#define KIND_P384 8u
#define KIND_P521 16u
#define KIND_ED25519 32u
#define KIND_ED448 64u
#define KINDS_RSA (KIND_RSA | KIND_PSS)

typedef enum exchange {
	EXCHANGE_RSA = 0,                /* nothing is signed */
	EXCHANGE_DHE = 1,
	EXCHANGE_ECDHE = 2
} exchange;

typedef struct client_limits {
	uint32_t version;                /* that it will be; 0: none */
	struct tlshost_bytes groups;     /* lists of pairs of bytes */
	struct tlshost_bytes signatures;
} client_limits;

/* body, len: the hello that hello_split took apart without complaint; lowest,
 * highest: versions of the server. */
void limits_read(client_limits *limits, const uint8_t *body, size_t len,
    const struct tlshost_hello *hello, uint32_t lowest, uint32_t highest);
/* Can a suite be taken, with a leaf of one of these kinds and one of the groups
 * of the server, which are IANA's numbers? */
int limits_take(const client_limits *limits, exchange how, unsigned int kinds,
    const uint16_t *groups, size_t groups_len);

#endif

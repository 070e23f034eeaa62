/* SPDX-License-Identifier: MIT */
#ifndef TLSHOST_CIPHER_H
#define TLSHOST_CIPHER_H

#include "tlshost.h"

#define TLSHOST__DIALECTS 5

/* A row of the table. */
struct tlshost_cipher_info {
	uint16_t id, lowest, highest;
	uint16_t bits;
	tlshost_cipher_class class;
	int pep543;
	const char *names[TLSHOST__DIALECTS];    /* by enum tlshost_dialect */
	const char *key_exchange, *authentication, *encryption, *mac;
	const char *gnutls[3];                   /* by tlshost_gnutls_token */
	const uint32_t *schannel;
	size_t schannel_len;
};

/* SChannel's numbers (wincrypt.h), as made of its bit fields. */
#define CALG_RSA_SIGN 0x2400
#define CALG_ECDSA 0x2203
#define CALG_RSA_KEYX 0xa400
#define CALG_DH_EPHEM 0xaa02
#define CALG_ECDH 0xaa05
#define CALG_ECDH_EPHEM 0xae06
#define CALG_3DES 0x6603
#define CALG_RC4 0x6801
#define CALG_AES_128 0x660e
#define CALG_AES_256 0x6610
#define CALG_SHA1 0x8004
#define CALG_SHA_256 0x800c
#define CALG_SHA_384 0x800d

/* The rows that have a name in a dialect, by that name in lower case. */
typedef struct tlshost__cipher_index {
	const uint16_t *rows;
	size_t len;
} tlshost__cipher_index;

extern const tlshost_cipher_info tlshost__ciphers[]; /* by id */
extern const size_t tlshost__ciphers_len;
extern const tlshost__cipher_index tlshost__cipher_indexes[TLSHOST__DIALECTS];

/* The versions that can use a suite, known or not. */
void tlshost__cipher_versions(uint16_t id, uint16_t *ret_lowest,
    uint16_t *ret_highest);

#endif

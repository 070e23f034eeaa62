/* SPDX-License-Identifier: MIT */
/* (config.h is Autoconf's.)  The body of a configuration. */
#ifndef TLSHOST_CONFIG_OBJECT_H
#define TLSHOST_CONFIG_OBJECT_H

#include "mem.h"
#include "source.h"
#include "tlshost-insecure.h"

/* A function of the program with its data, shared by configurations. */
typedef struct tlshost__hook {
	tlshost__refs refs;
	void (*function)(void);
	void *userdata;
	void (*destroy)(void *userdata);
} tlshost__hook;

typedef struct tlshost__identity {
	tlshost_chain *chain;
	tlshost_private_key *key;
} tlshost__identity;

struct tlshost_config {
	tlshost__refs refs;
	int validate;
	tlshost__identity *identities;
	size_t identities_len;
	uint16_t *ciphers;               /* never empty */
	size_t ciphers_len;
	int ciphers_default;
	tlshost_protocol *protocols;     /* bytes follow in the same block */
	size_t protocols_len;
	tlshost_version lowest, highest;
	tlshost_trust_store *trust;
	tlshost__hook *sni;
	tlshost_client_auth client_auth;
	int strict;
	tlshost__hook *key_log;
	uint64_t hash;
};

#endif

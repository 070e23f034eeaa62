/* SPDX-License-Identifier: MIT */
/* Two ends in one process, joined by the test. */
#ifndef TESTS_PAIR_H
#define TESTS_PAIR_H

#include "../support.h"
#include "tlshost-insecure.h"

/* What a pair is made of; 0 and NULL: the defaults of make_pair. */
typedef struct setup {
	const char *certificate;         /* of the server: "rsa" */
	const char *client_certificate;
	const char *trust;               /* of the client: "ca" */
	const char *hostname;            /* "srv.test" */
	const char *server_trust;        /* of the server: "ca" */
	int strict;                      /* of both */
	tlshost_version version;         /* the only one; 0: any */
	tlshost_version client_lowest, client_highest; /* 0: as above */
	tlshost_version server_lowest, server_highest;
	const char *client_alpn, *server_alpn; /* names, with commas between */
	const tlshost_protocol *protocols; /* of both, instead of these */
	size_t protocols_len;
	uint16_t suite;                  /* the only one; 0: defaults */
	uint16_t server_suite;           /* of the server; 0: the same */
	const char *more_certificate;    /* a second one of the server */
	tlshost_client_auth client_auth;
	tlshost_sni_callback sni;
	void *sni_data;
	int no_verify;                   /* of the client */
	int server_no_verify;
	tlshost_key_log_callback key_log;
	void *key_log_data;
	size_t piece;                    /* bytes carried at a time; 0: as
	                                    CHECK_PIECES has it */
} setup;

typedef struct pair {
	tlshost_buffer *client, *server;
	size_t piece;
	/* What was carried so far, and where to stop: bytes to each side. */
	size_t to_client, to_server, client_limit, server_limit;
} pair;

extern tlshost_backend *client_backend, *server_backend;

/*
 * How bytes are carried if a setup does not say: CHECK_PIECES in the
 * environment, "whole" (the default), "bytes", or the seed of random pieces.
 */
#define PIECES_RANDOM (SIZE_MAX - 1)
/* The same numbers for the same seed, until the process ends. */
uint32_t random_number(void);

/* Makes it both ends'. */
void use_backend(const char *name);
/* A file of the tests' certificates; good until the next but one of a thread. */
const char *test_file(const char *name, const char *suffix);
tlshost_chain *load_chain(const char *name);
tlshost_private_key *load_key(const char *name);
tlshost_trust_store *load_trust(const char *name);
/* The defaults, with that certificate. */
tlshost_config *config_showing(tlshost_chain *chain, tlshost_private_key *key);
tlshost_config *client_config(const setup *s);
tlshost_config *server_config(const setup *s);
pair make_pair(const setup *s);
/* Of configurations; of the setup only hostname and piece count. */
pair pair_of(tlshost_config *client, tlshost_config *server, const setup *s);
void free_pair(pair *p);
/* One end alone, for a peer of another make. */
tlshost_buffer *make_end(const setup *s, int server);
/* Carries what waits, both ways; 1: something was carried. */
int carry(pair *p);
/* Until both are done, or one failed, or nothing moves any more. */
void shake_hands(pair *p, tlshost_status *ret_client,
    tlshost_status *ret_server);
/* A pair that is connected. */
pair connected_pair(const setup *s);
/* Reads until there is something else than WANT_READ. */
tlshost_status read_from(pair *p, tlshost_buffer *buffer, void *dst, size_t cap,
    size_t *ret_len);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * What is said in the clear: the records until the peer encrypts, and the first
 * hello in them.  The host looks at it before the library does, so that a peer
 * who breaks the protocol there is answered alike by every backend.
 */
#ifndef TLSHOST_OPENING_H
#define TLSHOST_OPENING_H

#include "greeting.h"
#include "tlshost.h"

/* Records, and the first message that they carry. */
typedef struct tlshost__record_stream {
	uint8_t head[5];
	size_t head_len, left;       /* of the record that comes */
	uint8_t *message;
	size_t message_len, message_cap;
	int whole;                   /* it has been: nothing more is kept */
} tlshost__record_stream;

typedef struct tlshost__opening {
	tlshost_role role;           /* of the end that reads */
	tlshost__record_stream in, own; /* own: a client's hello */
	uint8_t first[5];            /* of the network: is it TLS at all? */
	size_t first_len;
	uint8_t alert[2];            /* of an alert that comes */
	int changed;                 /* the last record was a change of ciphers */
	int warnings;
	int over;                    /* the rest is not in the clear, or no TLS */
	tlshost__breach breach;      /* text NULL: none */
	int before_hello;            /* the library did not need to see it */
} tlshost__opening;

/* NULL: out of memory. */
tlshost__opening *tlshost__opening_new(tlshost_role role);
/* Takes what comes from the network; 0, or -1: out of memory. */
int tlshost__opening_read(tlshost__opening *opening, const uint8_t *data,
    size_t len);
/* Takes what is sent, of a client until its hello is whole; as above. */
int tlshost__opening_wrote(tlshost__opening *opening, const uint8_t *data,
    size_t len);
/* NULL: nothing. */
void tlshost__opening_free(tlshost__opening *opening);
/* 0: what came first begins no record (RFC 8446, 5.1). */
int tlshost__opening_is_tls(const tlshost__opening *opening);

#endif

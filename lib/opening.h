/* SPDX-License-Identifier: MIT */
/*
 * What is said in the clear: the records until the peer encrypts, and the first
 * hello in them, or the two around a HelloRetryRequest.  The host looks at it
 * before the library does, so that a peer who breaks the protocol there is
 * answered alike by every backend.
 */
#ifndef TLSHOST_OPENING_H
#define TLSHOST_OPENING_H

#include "greeting.h"
#include "tlshost.h"

typedef struct tlshost__message {
	uint8_t *data;
	size_t len, cap;
} tlshost__message;

/* Records, and the first message that they carry. */
typedef struct tlshost__record_stream {
	uint8_t head[5];
	size_t head_len, left;       /* of the record that comes */
	tlshost__message message;
	int whole;                   /* it has been: nothing more is kept */
} tlshost__record_stream;

typedef struct tlshost__opening {
	tlshost_role role;           /* of the end that reads */
	tlshost__record_stream in, own;
	tlshost__message hello;      /* a server: the client's first */
	tlshost__message retry;      /* what it was answered with, or empty */
	int early;                   /* it announced data that is skipped */
	size_t early_len;            /* of the data that came so far */
	size_t hello_bytes;          /* that came until a hello was whole */
	uint8_t first[5];            /* of the network: is it TLS at all? */
	size_t first_len;
	uint8_t alert[2];            /* of an alert that comes */
	int received;                /* one instead of a hello, or -1 */
	int last_alert;              /* one that nothing came behind, or -1 */
	int last_is_fatal;
	int tls13;                   /* it was chosen */
	int sealed;                  /* all that comes has to be encrypted */
	int changed;                 /* the last record was a change of ciphers */
	int warnings;
	int over;                    /* the rest is not in the clear, or no TLS */
	size_t seen;                 /* bytes of the peer's, in all */
	size_t record_at;            /* of these, before the record that comes */
	size_t breach_at, alert_at;  /* the same, of the record that was it */
	tlshost__breach breach;      /* text NULL: none */
	int before_hello;            /* the library did not need to see it */
} tlshost__opening;

/* NULL: out of memory. */
tlshost__opening *tlshost__opening_new(tlshost_role role);
/* Takes what comes from the network; 0, or -1: out of memory. */
int tlshost__opening_read(tlshost__opening *opening, const uint8_t *data,
    size_t len);
/* Takes what is sent, until the first message is whole; as above. */
int tlshost__opening_wrote(tlshost__opening *opening, const uint8_t *data,
    size_t len);
/* NULL: nothing. */
void tlshost__opening_free(tlshost__opening *opening);
/* The library wants more, though a flight of so many bytes cannot be all of the
 * data that came: is there more than is skipped? */
void tlshost__opening_wants_more(tlshost__opening *opening, size_t flight);
/* 0: what came first begins no record (RFC 8446, 5.1). */
int tlshost__opening_is_tls(const tlshost__opening *opening);
/* The first ClientHello, without its head, once it is whole; else empty. */
reader tlshost__opening_hello(const tlshost__opening *opening);
/* The alert in the clear by which the peer ended the handshake; -1: none. */
int tlshost__opening_last_word(const tlshost__opening *opening);

#endif

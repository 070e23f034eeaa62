/* SPDX-License-Identifier: MIT */
/* What is done to a hello on its way, and what comes of it. */
#ifndef TESTS_CHANGE_H
#define TESTS_CHANGE_H

#include "claims.h"
#include "flight.h"

typedef struct outcome {
	tlshost_status status;           /* of do_handshake */
	int alert;                       /* that goes out; -1: none */
} outcome;

#define BREACH(alert) { TLSHOST_PROTOCOL, alert }
#define BORNE { TLSHOST_WANT_READ, -1 }
#define TWICE(outcome) { outcome, outcome }
#define ON_TLS13(outcome) { { TLSHOST_OK, -1 }, outcome }

typedef struct change {
	const char *name;
	/* An extension of this type gets this body; NULL: there is none. */
	unsigned int type;
	const char *body;
	size_t len;
	void (*how)(flight *f);          /* or this, if it is not NULL */
	outcome outcomes[2];             /* on TLS 1.2, on TLS 1.3 */
} change;

#define GETS(type, text) type, text, sizeof(text) - 1, NULL
#define LOSES(type) type, NULL, 0, NULL
#define DONE_BY(function) 0, NULL, 0, function

void apply(const change *c, flight *f);
/* Of do_handshake, which it calls. */
void assert_outcome(tlshost_buffer *buffer, outcome wanted);
/* Good until the next call. */
const char *name_of(const char *name, int version);

/* Where they begin in a hello: the session's name; of a client, the suites and
 * the compressions. */
uint8_t *session_of(flight *f);
uint8_t *suites_of(flight *f);
uint8_t *compressions_of(flight *f);
/* Puts len bytes before at, within the hello. */
void grow(flight *f, uint8_t *at, const void *bytes, size_t len);

/* To a client's hello. */
void say_twice(flight *f);
void compress_perhaps(flight *f);
void be_older(flight *f);
/* To a server's. */
void answer_twice(flight *f);
void choose_what_was_not_offered(flight *f);
void compress(flight *f);
void echo_another_session(flight *f);
/* To both. */
void be_nothing_known(flight *f);
void say_more(flight *f);

#endif

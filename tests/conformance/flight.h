/* SPDX-License-Identifier: MIT */
/* What an end says in the clear, to be changed on its way. */
#ifndef TESTS_FLIGHT_H
#define TESTS_FLIGHT_H

#include "pair.h"

#define CLIENT_HELLO 1
#define SERVER_HELLO 2
#define CERTIFICATE 11
#define SERVER_KEY_EXCHANGE 12
#define CERTIFICATE_REQUEST 13

#define EXTENSION_SERVER_NAME 0
#define EXTENSION_GROUPS 10
#define EXTENSION_SIGNATURES 13
#define EXTENSION_VERSIONS 43
#define EXTENSION_KEY_SHARE 51
#define EXTENSION_RENEGOTIATION 0xff01

/* Messages, joined, and what came in records of other kinds behind them. */
typedef struct flight {
	uint8_t bytes[65536];
	size_t len;
	uint8_t rest[65536];
	size_t rest_len;
} flight;

/* Big-endian, of so many bytes. */
size_t number(const uint8_t *at, int bytes);
void put_number(uint8_t *at, int bytes, size_t value);

/* Takes all that buffer has to say. */
void take_flight(tlshost_buffer *buffer, flight *f);
void give_bytes(tlshost_buffer *buffer, const void *bytes, size_t len);
/* The messages as one record, and not the rest. */
void give_flight(tlshost_buffer *buffer, const flight *f);
/* The hello of a client that has begun. */
void take_hello(pair *p, flight *f);

/* A client that waits for what its server has answered, f. */
pair answered_pair(tlshost_version version, flight *f);

/* Where the first message of the type is, or fails. */
uint8_t *message(flight *f, int type);
/* Puts len bytes before at, within the messages. */
void insert(flight *f, uint8_t *at, const void *bytes, size_t len);

/* Of a hello, which is the first message: the length of its extensions, which
 * are behind it. */
uint8_t *extensions(flight *f);
/* NULL: there is none. */
uint8_t *extension(flight *f, unsigned int type);
/* Puts new_len bytes where old_len bytes were among the extensions. */
void replace(flight *f, uint8_t *at, size_t old_len, const void *new,
    size_t new_len);
void drop_extension(flight *f, unsigned int type);
/* Before all others. */
void add_extension(flight *f, unsigned int type, const void *body, size_t len);
/* Instead of one of the type. */
void set_extension(flight *f, unsigned int type, const void *body, size_t len);
/* A list of 16-bit numbers, ended by 0, with its length before it. */
void set_list(flight *f, unsigned int type, const uint16_t *ids);

#endif

/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "opening.h"
#include "numbers.h"

#define RECORD_MAX 16384         /* RFC 8446, 5.1 */
#define MESSAGE_HEAD 4
#define MESSAGE_MAX 65536
#define WARNINGS_MAX 5

static void
note(tlshost__opening *o, int32_t alert, const char *text)
{
	o->breach = (tlshost__breach){ alert, text, -1 };
	o->before_hello = !o->in.whole;
}

/* ------------------------------------------------------------------------
 * Messages
 */

static void
forget(tlshost__record_stream *s)
{
	free(s->message);
	s->message = NULL;
	s->message_len = s->message_cap = 0;
}

/* With its head; 0: not known yet. */
static size_t
message_size(const tlshost__record_stream *s)
{
	return s->message_len < MESSAGE_HEAD ? 0 : MESSAGE_HEAD +
	    ((size_t)s->message[1] << 16 | (size_t)s->message[2] << 8 |
	    s->message[3]);
}

static reader
message_body(const tlshost__record_stream *s)
{
	return (reader){ s->message + MESSAGE_HEAD,
		message_size(s) - MESSAGE_HEAD };
}

static int
keep(tlshost__record_stream *s, const uint8_t *data, size_t len)
{
	size_t wanted = s->message_len + len, cap = s->message_cap;
	uint8_t *grown;

	if (wanted > cap) {
		/* Most are in one record, whose size is known. */
		cap = s->message_len + s->left > 2 * cap ? s->message_len +
		    s->left : 2 * cap;
		if ((grown = realloc(s->message, cap)) == NULL)
			return -1;
		s->message = grown;
		s->message_cap = cap;
	}
	memcpy(s->message + s->message_len, data, len);
	s->message_len = wanted;
	return 0;
}

/* A part of the first message; judges it when it is whole. */
static int
take_message(tlshost__opening *o, const uint8_t *data, size_t len)
{
	tlshost__record_stream *s = &o->in;
	int type = o->role == TLSHOST_ROLE_SERVER ? CLIENT_HELLO : SERVER_HELLO;

	if (keep(s, data, len) != 0)
		return -1;
	if (s->message[0] != type) {
		note(o, ALERT_UNEXPECTED_MESSAGE, type == CLIENT_HELLO ?
		    "the first message is no ClientHello" :
		    "the first message is no ServerHello");
		return 0;
	}
	if (message_size(s) > MESSAGE_MAX) {
		note(o, ALERT_DECODE_ERROR, "the hello is too long");
		return 0;
	}
	if (message_size(s) == 0 || s->message_len < message_size(s))
		return 0;
	if (type == CLIENT_HELLO)
		o->breach = tlshost__client_hello_breach(message_body(s));
	else if (o->own.whole)
		o->breach = tlshost__server_hello_breach(message_body(s),
		    message_body(&o->own));
	o->before_hello = o->breach.text != NULL;
	s->whole = 1;
	forget(s);
	forget(&o->own);
	return 0;
}

/* ------------------------------------------------------------------------
 * Records
 */

/* A record of a kind and size that may come now? */
static void
begin_record(tlshost__opening *o)
{
	size_t len = o->in.left;
	int is_first = o->role == TLSHOST_ROLE_SERVER && !o->in.whole;

	switch (o->in.head[0]) {
	case RECORD_HANDSHAKE:
		if (len == 0)
			note(o, ALERT_UNEXPECTED_MESSAGE,
			    "a record of the handshake is empty");
		else if (len > RECORD_MAX && !o->in.whole)
			note(o, ALERT_RECORD_OVERFLOW, "a record is too long");
		else if (o->changed && o->in.whole)
			o->over = 1;
		break;
	case RECORD_ALERT:
		if (is_first)
			break;
		/* It may be encrypted. */
		if (o->changed)
			o->over = 1;
		else if (len != 2)
			note(o, ALERT_DECODE_ERROR, "an alert is malformed");
		return;
	case RECORD_CHANGE:
		/* RFC 8446, 5, has one alert for all of it. */
		if (!o->in.whole)
			note(o, ALERT_UNEXPECTED_MESSAGE,
			    "a change of ciphers before the hello");
		else if (len != 1)
			note(o, ALERT_UNEXPECTED_MESSAGE,
			    "a change of ciphers is malformed");
		else if (o->changed)
			note(o, ALERT_UNEXPECTED_MESSAGE,
			    "two changes of ciphers in a row");
		return;
	case RECORD_DATA:
		if (o->in.whole)
			o->over = 1;
		else
			note(o, ALERT_UNEXPECTED_MESSAGE,
			    "data before there is a key");
		return;
	default:
		note(o, ALERT_UNEXPECTED_MESSAGE,
		    "a record is of no known type");
		return;
	}
	if (is_first && o->in.head[0] != RECORD_HANDSHAKE)
		note(o, ALERT_UNEXPECTED_MESSAGE,
		    "what came first is no ClientHello");
}

static void
end_alert(tlshost__opening *o)
{
	if (o->alert[0] != LEVEL_WARNING && o->alert[0] != LEVEL_FATAL)
		note(o, ALERT_ILLEGAL_PARAMETER, "an alert is of no level");
	else if (o->alert[0] == LEVEL_FATAL)
		o->over = 1;
	else if (o->alert[1] == ALERT_NO_RENEGOTIATION)
		note(o, ALERT_HANDSHAKE_FAILURE,
		    "nobody asked for a renegotiation");
	else if (++o->warnings == WARNINGS_MAX)
		note(o, ALERT_UNEXPECTED_MESSAGE, "too many warnings");
}

static int
take_body(tlshost__opening *o, const uint8_t *data, size_t len)
{
	size_t at;

	switch (o->in.head[0]) {
	case RECORD_HANDSHAKE:
		o->changed = o->warnings = 0;
		return o->in.whole ? 0 : take_message(o, data, len);
	case RECORD_ALERT:
		o->changed = 0;
		at = 2 - o->in.left;
		memcpy(o->alert + at, data, len);
		if (at + len == 2)
			end_alert(o);
		return 0;
	default: /* a change of ciphers */
		o->changed = 1;
		if (*data != 1)
			note(o, ALERT_UNEXPECTED_MESSAGE,
			    "a change of ciphers is malformed");
		return 0;
	}
}

int
tlshost__opening_is_tls(const tlshost__opening *o)
{
	return o->first_len < 2 || (o->first[0] >= RECORD_CHANGE &&
	    o->first[0] <= RECORD_HEARTBEAT && o->first[1] == 3);
}

/*
 * How much of len bytes is of the record's body; 0: one byte was taken, of its
 * head.
 */
static size_t
part_of_body(tlshost__record_stream *s, const uint8_t *data, size_t len)
{
	if (s->head_len == sizeof(s->head))
		return len < s->left ? len : s->left;
	s->head[s->head_len++] = *data;
	s->left = (size_t)s->head[3] << 8 | s->head[4];
	return 0;
}

/* So much of the body is done with. */
static void
advance(tlshost__record_stream *s, size_t len)
{
	s->left -= len;
	if (s->head_len == sizeof(s->head) && s->left == 0)
		s->head_len = 0;
}

int
tlshost__opening_read(tlshost__opening *o, const uint8_t *data, size_t len)
{
	tlshost__record_stream *s = &o->in;

	while (len != 0 && !o->over && o->breach.text == NULL) {
		size_t n = part_of_body(s, data, len);

		if (n != 0 && take_body(o, data, n) != 0)
			return -1;
		if (n == 0 && o->first_len < sizeof(o->first)) {
			o->first[o->first_len++] = *data;
			o->over = !tlshost__opening_is_tls(o);
		}
		if (n == 0 && s->head_len == sizeof(s->head))
			begin_record(o);
		advance(s, n);
		data += n != 0 ? n : 1;
		len -= n != 0 ? n : 1;
	}
	/* The name of a protocol may take more than the beginning of a record. */
	while (len != 0 && o->first_len < sizeof(o->first)) {
		o->first[o->first_len++] = *data++;
		len--;
	}
	return 0;
}

int
tlshost__opening_wrote(tlshost__opening *o, const uint8_t *data, size_t len)
{
	tlshost__record_stream *s = &o->own;

	while (len != 0 && !s->whole && o->role == TLSHOST_ROLE_CLIENT) {
		size_t n = part_of_body(s, data, len);

		if (n != 0 && keep(s, data, n) != 0)
			return -1;
		s->whole = message_size(s) != 0 &&
		    s->message_len >= message_size(s);
		advance(s, n);
		data += n != 0 ? n : 1;
		len -= n != 0 ? n : 1;
	}
	return 0;
}

tlshost__opening *
tlshost__opening_new(tlshost_role role)
{
	tlshost__opening *o = calloc(1, sizeof(*o));

	if (o != NULL)
		o->role = role;
	return o;
}

void
tlshost__opening_free(tlshost__opening *o)
{
	if (o == NULL)
		return;
	forget(&o->in);
	forget(&o->own);
	free(o);
}

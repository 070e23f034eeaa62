/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "opening.h"
#include "numbers.h"

#define RECORD_MAX 16384         /* RFC 8446, 5.1 */
#define MESSAGE_HEAD 4
#define MESSAGE_MAX 65536
#define HELLO_BYTES_MAX 131072   /* records included: less than can wait */
#define WARNINGS_MAX 5
#define EARLY_MAX 16384          /* of records: less than any library skips */

static void
note(tlshost__opening *o, int32_t alert, const char *text)
{
	o->breach = (tlshost__breach){ alert, text, -1 };
	o->breach_at = o->record_at;
	o->before_hello = !o->in.whole;
}

/* A client that has not been answered has nothing to say but early data: the
 * rest could be what answers a HelloRetryRequest that it foresees. */
static int
is_unanswered(const tlshost__opening *o)
{
	return o->role == TLSHOST_ROLE_SERVER && o->in.whole && !o->own.whole;
}

static void
note_unanswered(tlshost__opening *o)
{
	note(o, ALERT_UNEXPECTED_MESSAGE, "more was said before the answer");
	o->before_hello = 1;
}

/* ------------------------------------------------------------------------
 * Messages
 */

static void
forget(tlshost__message *m)
{
	free(m->data);
	*m = (tlshost__message){ NULL, 0, 0 };
}

static void
move(tlshost__message *to, tlshost__message *from)
{
	forget(to);
	*to = *from;
	*from = (tlshost__message){ NULL, 0, 0 };
}

/* With its head; 0: not known yet. */
static size_t
message_size(const tlshost__message *m)
{
	return m->len < MESSAGE_HEAD ? 0 : MESSAGE_HEAD +
	    ((size_t)m->data[1] << 16 | (size_t)m->data[2] << 8 | m->data[3]);
}

static int
is_whole(const tlshost__message *m)
{
	return message_size(m) != 0 && m->len >= message_size(m);
}

/* Empty: there is no message. */
static reader
body_of(const tlshost__message *m)
{
	return m->len == 0 ? (reader){ NULL, 0 } :
	    (reader){ m->data + MESSAGE_HEAD, message_size(m) - MESSAGE_HEAD };
}

/* A part of the first message; more: what may follow in its record. */
static int
keep(tlshost__message *m, const uint8_t *data, size_t len, size_t more)
{
	size_t wanted = m->len + len, cap = m->cap;
	uint8_t *grown;

	if (wanted > cap) {
		/* Most are in one record, whose size is known. */
		cap = wanted + more > 2 * cap ? wanted + more : 2 * cap;
		if ((grown = realloc(m->data, cap)) == NULL)
			return -1;
		m->data = grown;
		m->cap = cap;
	}
	memcpy(m->data + m->len, data, len);
	m->len = wanted;
	return 0;
}

/* The first message of a client, or the one after a HelloRetryRequest. */
static void
judge_client(tlshost__opening *o)
{
	tlshost__message *m = &o->in.message;
	const tlshost__retried before = { body_of(&o->hello),
		body_of(&o->retry) };

	o->breach = tlshost__client_hello_breach(body_of(m),
	    o->retry.len != 0 ? &before : NULL);
	o->in.whole = 1;
	if (o->retry.len == 0) {
		o->early = tlshost__hello_has(body_of(m), 0, EARLY_DATA);
		move(&o->hello, m);
	} else {
		o->early = 0;
		forget(m);
	}
}

static void
judge_server(tlshost__opening *o)
{
	tlshost__message *m = &o->in.message;

	o->breach = tlshost__server_hello_breach(body_of(m),
	    body_of(&o->own.message), body_of(&o->retry));
	o->in.whole = !tlshost__is_retry(body_of(m));
	o->tls13 = tlshost__hello_has(body_of(m), 1, SUPPORTED_VERSIONS);
	o->sealed = o->in.whole && o->tls13;
	forget(&o->own.message);
	o->own = (tlshost__record_stream){ .whole = o->in.whole };
	if (o->in.whole)
		forget(m);
	else
		move(&o->retry, m);
}

/*
 * Behind what the keys change with there is nothing else in a record (RFC 8446,
 * 5.1), and a client has nothing else to say.
 */
static int
ends_record(const tlshost__opening *o, const tlshost__message *m)
{
	return o->role == TLSHOST_ROLE_SERVER ||
	    tlshost__hello_has(body_of(m), 1, SUPPORTED_VERSIONS);
}

/* Of a record of which more is left; judges the message when it is whole. */
static int
take_message(tlshost__opening *o, const uint8_t *data, size_t len, size_t more)
{
	tlshost__message *m = &o->in.message;
	int type = o->role == TLSHOST_ROLE_SERVER ? CLIENT_HELLO : SERVER_HELLO;
	int is_followed;

	if (keep(m, data, len, more) != 0)
		return -1;
	if (m->data[0] != type)
		note(o, ALERT_UNEXPECTED_MESSAGE, type == CLIENT_HELLO ?
		    "the message is no ClientHello" :
		    "the message is no ServerHello");
	else if (message_size(m) > MESSAGE_MAX)
		note(o, ALERT_DECODE_ERROR, "the hello is too long");
	if (o->breach.text != NULL || !is_whole(m))
		return 0;
	if (type == SERVER_HELLO && !o->own.whole) {
		note(o, ALERT_UNEXPECTED_MESSAGE,
		    "it answers what was not said yet");
		return 0;
	}
	is_followed = ends_record(o, m) &&
	    (m->len > message_size(m) || more != 0);
	if (type == CLIENT_HELLO)
		judge_client(o);
	else
		judge_server(o);
	if (o->breach.text == NULL && is_followed)
		o->breach = (tlshost__breach){ ALERT_UNEXPECTED_MESSAGE,
			"something is behind it in its record", -1 };
	o->before_hello = o->breach.text != NULL;
	return 0;
}

/* ------------------------------------------------------------------------
 * Records
 */

/*
 * Data that a client sends before it knows whether it may (RFC 8446, 4.2.10), or
 * what is encrypted.
 */
static void
begin_data(tlshost__opening *o)
{
	if (o->early && (o->in.whole || o->retry.len != 0)) {
		o->early_len += sizeof(o->in.head) + o->in.left;
		/* Once it is encrypted only the library can tell the two. */
		if (!o->in.whole)
			tlshost__opening_wants_more(o, 0);
	} else if (is_unanswered(o)) {
		note_unanswered(o);
	} else if (o->in.whole) {
		/* On TLS 1.3 it can be told from what is not encrypted. */
		o->over = !o->tls13;
	} else {
		note(o, ALERT_UNEXPECTED_MESSAGE,
		    "data before there is a key");
	}
}

void
tlshost__opening_wants_more(tlshost__opening *o, size_t flight)
{
	if (o->early && o->early_len > EARLY_MAX + flight)
		note(o, ALERT_UNEXPECTED_MESSAGE, "too much early data");
}

/* A record of a kind and size that may come now? */
static void
begin_record(tlshost__opening *o)
{
	size_t len = o->in.left;
	int is_again = o->retry.len != 0 && !o->in.whole;
	int is_first = o->role == TLSHOST_ROLE_SERVER && !o->in.whole &&
	    !is_again;

	if (o->sealed && (o->in.head[0] == RECORD_HANDSHAKE ||
	    o->in.head[0] == RECORD_ALERT)) {
		note(o, ALERT_UNEXPECTED_MESSAGE, "a record is not encrypted");
		return;
	}
	switch (o->in.head[0]) {
	case RECORD_HANDSHAKE:
		if (len == 0)
			note(o, ALERT_UNEXPECTED_MESSAGE,
			    "a record of the handshake is empty");
		else if (is_unanswered(o))
			note_unanswered(o);
		else if (len > RECORD_MAX && !o->in.whole)
			note(o, ALERT_RECORD_OVERFLOW, "a record is too long");
		else if (o->changed && o->in.whole)
			o->over = 1;
		break;
	case RECORD_ALERT:
		if (is_first)
			break;
		/* It may be encrypted; on TLS 1.3 it would be data. */
		if (o->changed && !o->tls13)
			o->over = 1;
		else if (len != 2)
			note(o, ALERT_DECODE_ERROR, "an alert is malformed");
		return;
	case RECORD_CHANGE:
		/* RFC 8446, 5, has one alert for all of it, and would bear more
		 * than one of them. */
		if (!o->in.whole && !is_again)
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
		begin_data(o);
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

/* RFC 8446, 6: on TLS 1.3 all are the end, whatever level they have. */
static void
end_by_alert(tlshost__opening *o)
{
	note(o, -1, "an alert came instead");
	o->received = o->alert[1];
}

static void
end_alert(tlshost__opening *o)
{
	o->last_alert = o->alert[1];
	o->last_is_fatal = o->alert[0] == LEVEL_FATAL;
	o->alert_at = o->record_at;
	if (o->retry.len != 0 && !o->in.whole &&
	    o->alert[1] != ALERT_CLOSE_NOTIFY)
		end_by_alert(o);
	else if (o->alert[0] != LEVEL_WARNING && o->alert[0] != LEVEL_FATAL)
		note(o, ALERT_ILLEGAL_PARAMETER, "an alert is of no level");
	else if (o->alert[0] == LEVEL_FATAL)
		o->over = !o->tls13;
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
		o->last_alert = -1;
		return o->in.whole ? 0 : take_message(o, data, len,
		    o->in.left - len);
	case RECORD_ALERT:
		o->changed = 0;
		at = 2 - o->in.left;
		memcpy(o->alert + at, data, len);
		if (at + len == 2)
			end_alert(o);
		return 0;
	case RECORD_DATA: /* that is skipped, or encrypted */
		o->changed = 0;
		o->last_alert = -1;
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

reader
tlshost__opening_hello(const tlshost__opening *o)
{
	return body_of(&o->hello);
}

int
tlshost__opening_last_word(const tlshost__opening *o)
{
	return o->last_is_fatal || o->tls13 ? o->last_alert : -1;
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
		size_t n;

		if (s->head_len == 0)
			o->record_at = o->seen;
		n = part_of_body(s, data, len);

		if (n != 0 && take_body(o, data, n) != 0)
			return -1;
		if (n == 0 && o->first_len < sizeof(o->first)) {
			o->first[o->first_len++] = *data;
			o->over = !tlshost__opening_is_tls(o);
		}
		if (n == 0 && s->head_len == sizeof(s->head))
			begin_record(o);
		advance(s, n);
		n = n != 0 ? n : 1;
		o->hello_bytes = s->whole ? 0 : o->hello_bytes + n;
		if (o->hello_bytes > HELLO_BYTES_MAX)
			note(o, ALERT_DECODE_ERROR, "the hello is too long");
		o->seen += n;
		data += n;
		len -= n;
	}
	o->seen += len;
	/* The name of a protocol may take more than the beginning of a record. */
	while (len != 0 && o->first_len < sizeof(o->first)) {
		o->first[o->first_len++] = *data++;
		len--;
	}
	return 0;
}

/* A server has answered: for good, or to be asked again. */
static void
take_own_answer(tlshost__opening *o)
{
	tlshost__message *m = &o->own.message;

	o->tls13 = m->data[0] == SERVER_HELLO &&
	    tlshost__hello_has(body_of(m), 1, SUPPORTED_VERSIONS);
	if (m->data[0] == SERVER_HELLO && tlshost__is_retry(body_of(m))) {
		move(&o->retry, m);
		o->in.whole = 0;
	} else {
		forget(m);
	}
}

int
tlshost__opening_wrote(tlshost__opening *o, const uint8_t *data, size_t len)
{
	tlshost__record_stream *s = &o->own;

	while (len != 0 && !s->whole) {
		size_t n = part_of_body(s, data, len);

		if (n != 0 && s->head[0] == RECORD_HANDSHAKE) {
			if (keep(&s->message, data, n, s->left - n) != 0)
				return -1;
			s->whole = is_whole(&s->message);
			if (s->whole && o->role == TLSHOST_ROLE_SERVER)
				take_own_answer(o);
		}
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

	if (o == NULL)
		return NULL;
	o->role = role;
	o->received = o->last_alert = -1;
	return o;
}

void
tlshost__opening_free(tlshost__opening *o)
{
	if (o == NULL)
		return;
	forget(&o->in.message);
	forget(&o->own.message);
	forget(&o->hello);
	forget(&o->retry);
	free(o);
}

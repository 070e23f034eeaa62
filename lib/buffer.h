/* SPDX-License-Identifier: MIT */
#ifndef TLSHOST_BUFFER_H
#define TLSHOST_BUFFER_H

#include "wire.h"

/* Over this many outgoing bytes nothing is read or written any more. */
#define TLSHOST__OUTGOING_CAP ((size_t)262144)
/* This many incoming bytes are kept at most. */
#define TLSHOST__INCOMING_CAP ((size_t)262144)

typedef enum tlshost__buffer_state {
	TLSHOST__BUFFER_HANDSHAKE,
	TLSHOST__BUFFER_OPEN,
	TLSHOST__BUFFER_FAILED       /* `status` is the answer to everything */
} tlshost__buffer_state;

/* How the peer ended what it sends, if it did. */
typedef enum tlshost__peer_end {
	TLSHOST__PEER_OPEN,
	TLSHOST__PEER_CLOSED,        /* by close_notify */
	TLSHOST__PEER_CANCELED       /* by user_canceled: the rest is lost */
} tlshost__peer_end;

struct tlshost_buffer {
	tlshost_link link;
	const struct tlshost_plugin *ops;
	void *connection;            /* the plugin's */
	tlshost__buffer_state state;
	tlshost_status status;       /* latched */
	tlshost_error *error;        /* latched, or of the last call */
	struct tlshost_plugin_info info;
	unsigned int fork_count;     /* of the process that made it */
	int shaking;                 /* in the plugin's handshake, or a callback */
	int shutdown_sent;
	tlshost__peer_end peer_end;
	tlshost_error *canceled;     /* the peer's user_canceled, or NULL */
};

/* The answer to everything, once there is one; else OK. */
static inline tlshost_status
tlshost__buffer_final(const tlshost_buffer *buffer)
{
	return buffer->state == TLSHOST__BUFFER_FAILED ? buffer->status :
	    TLSHOST_OK;
}

/*
 * As tlshost_buffer_write, for a record at the most; what the library makes of
 * it goes to send_now (wire.h) rather than into the queue, if that is empty.
 */
tlshost_status tlshost__buffer_write_now(tlshost_buffer *buffer,
    const void *src, size_t len, size_t *ret_len,
    size_t (*send_now)(void *userdata, const uint8_t *src, size_t len),
    void *userdata);

#endif

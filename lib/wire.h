/* SPDX-License-Identifier: MIT */
/* The host's end of one connection: what a plugin sees as tlshost_link. */
#ifndef TLSHOST_WIRE_H
#define TLSHOST_WIRE_H

#include "border.h"
#include "context.h"
#include "hello.h"
#include "judge.h"
#include "name.h"
#include "opening.h"
#include "queue.h"

struct tlshost_link {
	tlshost__queue incoming, outgoing;
	size_t incoming_reserved;    /* how much may be committed */
	tlshost__opening *opening;   /* until the handshake is over, or NULL */
	size_t looked_at;            /* of the incoming bytes, by it */
	int network_ended;
	int no_memory;               /* a push failed: the connection is over */
	/* Sends what is pushed while nothing is queued, if it can, and tells how
	 * much that was; the rest is queued.  Or NULL. */
	size_t (*send_now)(void *userdata, const uint8_t *src, size_t len);
	void *send_now_data;

	tlshost__context *context;   /* whose configuration applies; a reference */
	tlshost__context *first;     /* the one it was made with; a reference */
	tlshost_buffer *buffer;      /* for the SNI callback */
	/* Clients, until the handshake is over: who the peer must be.  NULL: no
	 * name is checked. */
	tlshost__peer_name *peer;

	int hello_seen;
	char *server_name;           /* servers: decoded, or NULL */
	tlshost_verification *verification;
	tlshost_error *failure;      /* of judge or hello: the true cause */
};

#endif

/* SPDX-License-Identifier: MIT */
/* What is measured: the work that two ends of an engine do together. */
#ifndef BENCH_WORK_H
#define BENCH_WORK_H

#include "engine.h"

/* Two ends that one thread drives in turn. */
typedef struct couple {
	const engine *engine;
	void *client, *server;
	wire client_wire, server_wire;
	ring to_client, to_server;
} couple;

/* Two descriptors that do not block; of CARRIER_MEMORY: none. */
void carrier_open(carrier how, int fds[2]);
/* Over these, which stay the caller's; the carrier of `engine` decides whether
 * they are used.  Returned in place: wires point into it. */
void couple_open(couple *c, const engine *e, void *world, const int fds[2]);
void couple_shake(couple *c);
void couple_close(couple *c);
/*
 * Moves total bytes from the client to the server in writes of piece bytes; the
 * client is ahead by as much as `ahead`, and no further.
 */
void couple_move(couple *c, size_t total, size_t piece, size_t ahead);
/* The client writes as many bytes as the carrier takes, len at the most.
 * How many that were. */
size_t couple_fill(couple *c, size_t len, size_t piece);
/* As often as times: the server reads as much as a piece, and the client writes
 * one.  With bytes on the way, couple_fill's, there are as many afterwards. */
void couple_exchange(couple *c, int times, size_t piece);

/* What is ahead by default. */
#define AHEAD ((size_t)65536)

#endif

/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "queue.h"

/* A chunk is small at first, so that an idle connection's last bytes cost
 * little, and doubles while a peer fills it: one recv then takes all. */
#define CHUNK_MIN ((size_t)4096)
#define CHUNK_MAX ((size_t)65536)

/*
 * Chunks that are used up wait here for the next one, of any connection: a
 * connection that moves bytes allocates none, and one that is idle has none.  A
 * place is taken and filled in one atomic step each, so there is nothing to
 * lock.  All places full are half a megabyte.  What is in them was on the
 * network, in cipher.
 */
#define SIZES 5  /* CHUNK_MIN, doubled, ... CHUNK_MAX */
#define SPARES 4

static _Atomic(struct tlshost__chunk *) spares[SIZES][SPARES];

/* Where chunks of that size wait, or NULL: none does. */
static _Atomic(struct tlshost__chunk *) *
spares_of(size_t cap)
{
	size_t size = CHUNK_MIN;

	for (int i = 0; i < SIZES; i++, size *= 2)
		if (cap == size)
			return spares[i];
	return NULL;
}

static struct tlshost__chunk *
chunk_alloc(size_t cap)
{
	_Atomic(struct tlshost__chunk *) *places = spares_of(cap);
	struct tlshost__chunk *chunk;

	for (int i = 0; places != NULL && i < SPARES; i++)
		if (atomic_load_explicit(&places[i], memory_order_relaxed) !=
		    NULL && (chunk = atomic_exchange(&places[i], NULL)) != NULL)
			return chunk;
	return cap > SIZE_MAX - sizeof(*chunk) ? NULL :
	    malloc(sizeof(*chunk) + cap);
}

static void
chunk_free(struct tlshost__chunk *chunk)
{
	_Atomic(struct tlshost__chunk *) *places = spares_of(chunk->cap);
	struct tlshost__chunk *none;

	for (int i = 0; places != NULL && i < SPARES; i++) {
		none = NULL;
		if (atomic_compare_exchange_strong(&places[i], &none, chunk))
			return;
	}
	free(chunk);
}

void
tlshost__queue_forget(void)
{
	for (int i = 0; i < SIZES; i++)
		for (int j = 0; j < SPARES; j++)
			free(atomic_exchange(&spares[i][j], NULL));
}

static struct tlshost__chunk *
chunk_new(tlshost__queue *queue, size_t min)
{
	struct tlshost__chunk *chunk;
	size_t cap = queue->next_size != 0 ? queue->next_size : CHUNK_MIN;

	while (cap < min && cap < CHUNK_MAX)
		cap *= 2;
	if (cap < min)
		cap = min;
	if ((chunk = chunk_alloc(cap)) == NULL)
		return NULL;
	chunk->next = NULL;
	chunk->start = chunk->end = 0;
	chunk->cap = cap;
	return chunk;
}

static void
queue_link(tlshost__queue *queue, struct tlshost__chunk *chunk)
{
	if (queue->tail != NULL)
		queue->tail->next = chunk;
	else
		queue->head = chunk;
	queue->tail = chunk;
}

static void
queue_clear(tlshost__queue *queue)
{
	struct tlshost__chunk *next;

	for (struct tlshost__chunk *chunk = queue->head; chunk != NULL;
	    chunk = next) {
		next = chunk->next;
		chunk_free(chunk);
	}
	queue->head = queue->tail = NULL;
	queue->len = 0;
}

void
tlshost__queue_done(tlshost__queue *queue)
{
	queue_clear(queue);
	*queue = (tlshost__queue){ 0 };
}

int
tlshost__queue_add_whole(tlshost__queue *queue, const void *src, size_t len)
{
	struct tlshost__chunk *tail = queue->tail, *fresh = NULL;
	size_t room = tail != NULL ? tail->cap - tail->end : 0;
	size_t first = len < room ? len : room;

	/* The memory first, so that a failure leaves the queue as it was. */
	if (len > first && (fresh = chunk_new(queue, len - first)) == NULL)
		return -1;
	if (first != 0) {
		memcpy(tail->data + tail->end, src, first);
		tail->end += first;
	}
	if (fresh != NULL) {
		memcpy(fresh->data, (const uint8_t *)src + first, len - first);
		fresh->end = len - first;
		queue_link(queue, fresh);
	}
	queue->len += len;
	return 0;
}

/* Drops n bytes of the first chunk, and the chunk when it is used up. */
static void
head_drop(tlshost__queue *queue, size_t n)
{
	struct tlshost__chunk *head = queue->head;

	head->start += n;
	queue->len -= n;
	if (head->start != head->end)
		return;
	/* Somebody is writing behind its end: it must stay. */
	if (queue->reserved && head == queue->tail)
		return;
	queue->head = head->next;
	if (queue->head == NULL)
		queue->tail = NULL;
	chunk_free(head);
	if (queue->len == 0 && !queue->reserved)
		queue_clear(queue);
}

void
tlshost__queue_drop(tlshost__queue *queue, size_t len)
{
	while (len != 0) {
		size_t n = queue->head->end - queue->head->start;

		if (n > len)
			n = len;
		head_drop(queue, n);
		len -= n;
	}
}

size_t
tlshost__queue_take_whole(tlshost__queue *queue, void *dst, size_t cap)
{
	size_t done = 0;

	while (done < cap && queue->len != 0) {
		struct tlshost__chunk *head = queue->head;
		size_t n = head->end - head->start;

		if (n > cap - done)
			n = cap - done;
		memcpy((uint8_t *)dst + done, head->data + head->start, n);
		head_drop(queue, n);
		done += n;
	}
	return done;
}

size_t
tlshost__queue_peek_at(const tlshost__queue *queue, size_t offset,
    const uint8_t **ret_data)
{
	for (const struct tlshost__chunk *chunk = queue->head; chunk != NULL;
	    chunk = chunk->next) {
		size_t len = chunk->end - chunk->start;

		if (offset < len) {
			*ret_data = chunk->data + chunk->start + offset;
			return len - offset;
		}
		offset -= len;
	}
	return 0;
}

size_t
tlshost__queue_peek(const tlshost__queue *queue, const uint8_t **ret_data)
{
	return tlshost__queue_peek_at(queue, 0, ret_data);
}

size_t
tlshost__queue_peek_iov(const tlshost__queue *queue, struct iovec *iov,
    size_t cap)
{
	size_t n = 0;

	for (struct tlshost__chunk *chunk = queue->head;
	    chunk != NULL && n < cap; chunk = chunk->next) {
		if (chunk->start == chunk->end)
			continue;
		iov[n].iov_base = chunk->data + chunk->start;
		iov[n].iov_len = chunk->end - chunk->start;
		n++;
	}
	return n;
}

uint8_t *
tlshost__queue_reserve(tlshost__queue *queue, size_t min, size_t *ret_len)
{
	struct tlshost__chunk *tail = queue->tail;

	if (tail == NULL || tail->cap - tail->end < min) {
		if ((tail = chunk_new(queue, min)) == NULL)
			return NULL;
		queue_link(queue, tail);
	}
	queue->reserved = 1;
	*ret_len = tail->cap - tail->end;
	return tail->data + tail->end;
}

void
tlshost__queue_commit(tlshost__queue *queue, size_t len)
{
	struct tlshost__chunk *tail = queue->tail;

	queue->reserved = 0;
	tail->end += len;
	queue->len += len;
	if (tail->end == tail->cap && tail->cap < CHUNK_MAX)
		queue->next_size = tail->cap * 2;
	else if (len < tail->cap / 4 && tail->cap > CHUNK_MIN)
		queue->next_size = tail->cap / 2;
	if (queue->len == 0)
		queue_clear(queue);
}

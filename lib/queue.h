/* SPDX-License-Identifier: MIT */
/*
 * A queue of bytes in chunks.  Nothing is ever moved: bytes stay where they
 * are until they are taken, so a reader's pointers live through appends.  An
 * empty queue holds no memory; a few chunks are kept for whoever needs the next.
 */
#ifndef TLSHOST_QUEUE_H
#define TLSHOST_QUEUE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/uio.h>

struct tlshost__chunk {
	struct tlshost__chunk *next;
	size_t start, end, cap;
	uint8_t data[];
};

/* Starts as { 0 }. */
typedef struct tlshost__queue {
	struct tlshost__chunk *head, *tail;
	size_t len;
	size_t next_size;   /* of the next chunk; grows with the traffic */
	int reserved;       /* between reserve and commit */
} tlshost__queue;

static inline size_t
tlshost__queue_len(const tlshost__queue *queue)
{
	return queue->len;
}

void tlshost__queue_done(tlshost__queue *queue);
/* Frees the chunks that are kept, so that tests find them where they count. */
void tlshost__queue_forget(void);

int tlshost__queue_add_whole(tlshost__queue *queue, const void *src,
    size_t len);
size_t tlshost__queue_take_whole(tlshost__queue *queue, void *dst, size_t cap);

/* Appends; 0, or -1: out of memory, and nothing was appended.  Most of the time
 * the last chunk has room. */
static inline int
tlshost__queue_add(tlshost__queue *queue, const void *src, size_t len)
{
	struct tlshost__chunk *tail = queue->tail;

	if (tail == NULL || tail->cap - tail->end < len || len == 0)
		return tlshost__queue_add_whole(queue, src, len);
	memcpy(tail->data + tail->end, src, len);
	tail->end += len;
	queue->len += len;
	return 0;
}

/* Takes up to cap bytes; how many.  Most of the time they are a part of the
 * first chunk: libraries ask for a record's head, and then for its body. */
static inline size_t
tlshost__queue_take(tlshost__queue *queue, void *dst, size_t cap)
{
	struct tlshost__chunk *head = queue->head;

	if (head == NULL || cap == 0 || head->end - head->start <= cap)
		return tlshost__queue_take_whole(queue, dst, cap);
	queue->len -= cap;
	head->start += cap;
	memcpy(dst, head->data + head->start - cap, cap);
	return cap;
}

/* Drops len <= queue->len bytes. */
void tlshost__queue_drop(tlshost__queue *queue, size_t len);
/* The first piece; its length, 0 if the queue is empty. */
size_t tlshost__queue_peek(const tlshost__queue *queue,
    const uint8_t **ret_data);
/* What is in one piece behind so many bytes; 0: nothing. */
size_t tlshost__queue_peek_at(const tlshost__queue *queue, size_t offset,
    const uint8_t **ret_data);
/* All pieces, up to cap; how many. */
size_t tlshost__queue_peek_iov(const tlshost__queue *queue, struct iovec *iov,
    size_t cap);
/*
 * Room at the end, at least min bytes, all of it contiguous; NULL: out of
 * memory.  The room stays good, whatever is taken meanwhile, until commit.
 */
uint8_t *tlshost__queue_reserve(tlshost__queue *queue, size_t min,
    size_t *ret_len);
/* len of the reserved bytes were filled. */
void tlshost__queue_commit(tlshost__queue *queue, size_t len);

#endif

/* SPDX-License-Identifier: MIT */
/* Memory, counted references and growing text, shared inside the library. */
#ifndef TLSHOST_MEM_H
#define TLSHOST_MEM_H

#include <stdatomic.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define TLSHOST__ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* Copies; NULL: out of memory.  len 0 gives a pointer that can be freed. */
void *tlshost__memdup(const void *src, size_t len);
char *tlshost__strdup(const char *text);
/* NULL: out of memory. */
char *tlshost__format(const char *format, ...)
    __attribute__((format(printf, 1, 2)));
char *tlshost__vformat(const char *format, va_list args)
    __attribute__((format(printf, 1, 0)));
/* Room for count elements; NULL also if the product overflows. */
void *tlshost__array(size_t count, size_t size);
/* Doubles a growing array when it is full; 0, or -1: out of memory. */
int tlshost__grow(void *items_pointer, size_t len, size_t *cap, size_t size);
/* Overwrites what must not stay behind, whatever the compiler thinks. */
void tlshost__wipe(void *data, size_t len);

/* The count of a shared object; starts at 1. */
typedef struct tlshost__refs {
	atomic_uint count;
} tlshost__refs;

static inline void
tlshost__refs_init(tlshost__refs *refs)
{
	atomic_init(&refs->count, 1);
}

static inline void
tlshost__refs_get(tlshost__refs *refs)
{
	atomic_fetch_add_explicit(&refs->count, 1, memory_order_relaxed);
}

/* 1: that was the last. */
static inline int
tlshost__refs_put(tlshost__refs *refs)
{
	return atomic_fetch_sub_explicit(&refs->count, 1,
	    memory_order_acq_rel) == 1;
}

/* Text that grows.  After a failed append `failed` is set and the rest is
 * ignored: check once, at the end.  Starts as { 0 }; free(text) ends it. */
typedef struct tlshost__text {
	char *text;
	size_t len, cap;
	int failed;
} tlshost__text;

void tlshost__text_add(tlshost__text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The library's allocations, counted and refused.  One file of a program that
 * is linked with -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc includes this.
 */
#ifndef TESTS_MEMORY_H
#define TESTS_MEMORY_H

#include <stdatomic.h>
#include <stddef.h>

/* How many there were, and the number of the one that fails; -1: none does. */
static atomic_long allocations, refuse_at = -1;

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);

static int
is_refused(void)
{
	return atomic_fetch_add(&allocations, 1) == refuse_at;
}

void *
__wrap_malloc(size_t size)
{
	return is_refused() ? NULL : __real_malloc(size);
}

void *
__wrap_calloc(size_t count, size_t size)
{
	return is_refused() ? NULL : __real_calloc(count, size);
}

void *
__wrap_realloc(void *old, size_t size)
{
	return is_refused() ? NULL : __real_realloc(old, size);
}

#endif

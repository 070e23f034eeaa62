/* SPDX-License-Identifier: MIT */
/*
 * DER that is changed at random, element by element, so that what comes out is
 * mostly DER still: bytes changed at random alone are refused by the first
 * reader that looks at them.
 */
#ifndef TESTS_VERDICT_MUTATE_H
#define TESTS_VERDICT_MUTATE_H

#include "../der-build.h"

/* The next number of a row that its seed decides; state is not 0. */
uint64_t random_next(uint64_t *state);
/* 0 to below - 1. */
size_t random_below(uint64_t *state, size_t below);

/*
 * Changes one thing in the element: a byte, a tag, a piece of content; takes an
 * element away, puts another in its place or before it, or exchanges two.
 * Extensions and keys are changed inside, too.  Says what it did.
 */
const char *mutate(uint64_t *state, der_buffer *der);

#endif

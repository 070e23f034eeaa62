/* SPDX-License-Identifier: MIT */
/* Trust anchors, and paths from a leaf to one of them (docs/VERIFICATION). */
#ifndef TLSHOST_PATH_H
#define TLSHOST_PATH_H

#include "policy.h"

typedef struct tlshost__anchors tlshost__anchors;

/*
 * Parses *len anchors, which must live as long as the result.  One that is
 * malformed or beyond the bounds is BAD_DATA, or, if lenient, taken out of the
 * array.  OK, NO_MEMORY, BAD_DATA: *ret_problem says why, *len which.
 */
tlshost_status tlshost__anchors_new(struct tlshost_bytes *der, size_t *len,
    int lenient, tlshost__anchors **ret_anchors, const char **ret_problem);
void tlshost__anchors_free(tlshost__anchors *anchors);
/* The anchor that is the same byte for byte; NULL: there is none. */
const tlshost__cert *tlshost__anchors_find(const tlshost__anchors *anchors,
    const tlshost__cert *cert);

typedef struct tlshost__path_search tlshost__path_search;

/*
 * Finds the paths from certs[0] over the others to an anchor, within bounds,
 * and keeps those that the policy allows.  All arguments must live as long as
 * the result.  NULL: out of memory.
 */
tlshost__path_search *tlshost__path_search_new(const tlshost__anchors *anchors,
    const tlshost__cert *certs, size_t len, const tlshost__policy *policy);
void tlshost__path_search_free(tlshost__path_search *search);
/* The next path, leaf first, anchor last; 0: there is no more. */
int tlshost__path_next(tlshost__path_search *search,
    const tlshost__cert *ret_path[TLSHOST__PATH_MAX], size_t *ret_len);
/* Why there was none. */
void tlshost__path_search_verdict(const tlshost__path_search *search,
    tlshost__verdict *ret_verdict);

#endif

/* SPDX-License-Identifier: MIT */
/* One certificate policy for every backend: docs/VERIFICATION has the rules,
 * by the numbers that the source names. */
#ifndef TLSHOST_POLICY_H
#define TLSHOST_POLICY_H

#include "tlshost-plugin.h"
#include "x509.h"

/* Leaf, ten intermediates, anchor. */
#define TLSHOST__PATH_MAX 12

typedef struct tlshost__verdict {
	uint32_t reasons;                /* 0: nothing is wrong */
	int32_t depth;                   /* 0 leaf; -1 none in particular */
	char text[160];
} tlshost__verdict;

typedef struct tlshost__policy {
	uint32_t purpose;                /* whose certificate: enum tlshost_role */
	int strict;
	int64_t now;                     /* seconds since 1970 */
} tlshost__policy;

/*
 * The rules on a path: leaf first, anchor last if it ends at one.  0: it
 * keeps them all; -1: *ret_verdict says which of them it breaks first.
 */
int tlshost__policy_path(const tlshost__policy *policy,
    const tlshost__cert *const *path, size_t len, int anchored,
    tlshost__verdict *ret_verdict);
/* The rules on an intermediate alone; 0 or -1. */
int tlshost__policy_intermediate(const tlshost__policy *policy,
    const tlshost__cert *cert);
/* Bounds on one certificate; NULL, or what is too much. */
const char *tlshost__cert_bounds(const tlshost__cert *cert);
/* Bounds on what was presented, before anything is parsed.  0 or -1. */
int tlshost__bounds_check(const struct tlshost_bytes *chain, size_t len,
    tlshost__verdict *ret_verdict);

void tlshost__verdict_set(tlshost__verdict *verdict, uint32_t reasons,
    int32_t depth, const char *text);

#endif

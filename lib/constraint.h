/* SPDX-License-Identifier: MIT */
/* Name constraints (RFC 5280, 4.2.1.10). */
#ifndef TLSHOST_CONSTRAINT_H
#define TLSHOST_CONSTRAINT_H

#include "x509.h"

/* NULL: the names of cert are within what ca allows; else what is not. */
const char *tlshost__constraint_check(const tlshost__cert *ca,
    const tlshost__cert *cert, int is_leaf);
/* 1: a dNSName constraint begins with a dot. */
int tlshost__constraint_leading_dot(const tlshost__cert *ca);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef TLSHOST_CURVE_H
#define TLSHOST_CURVE_H

#include <stdint.h>

/*
 * 1: the numbers of an uncompressed point (behind its 0x04, two of (bits + 7) /
 * 8 bytes) are a point of P-256, P-384 or P-521 (SEC 1, 3.2.2.1).  0: they are
 * not, or bits is none of these.  Of public keys only: how long it takes says
 * what they are.
 */
int tlshost__curve_has(unsigned int bits, const uint8_t *point);

#endif

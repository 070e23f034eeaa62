/* SPDX-License-Identifier: MIT */
#ifndef TLSHOST_UTF8_H
#define TLSHOST_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* How long the character at text is (RFC 3629, 4), of len bytes, at least one;
 * 0: it is none. */
size_t tlshost__utf8_len(const uint8_t *text, size_t len);
int tlshost__utf8_valid(const uint8_t *text, size_t len);

#endif

/* SPDX-License-Identifier: MIT */
/* PEM (RFC 7468, RFC 1421): blocks in a text. */
#ifndef TLSHOST_PEM_H
#define TLSHOST_PEM_H

#include <stddef.h>
#include <stdint.h>

typedef enum tlshost__pem_result {
	TLSHOST__PEM_FOUND,
	TLSHOST__PEM_NONE,               /* no (further) block */
	TLSHOST__PEM_BAD                 /* a damaged one; see problem */
} tlshost__pem_result;

typedef struct tlshost__pem_block {
	const uint8_t *text;             /* from BEGIN to the end of END */
	size_t text_len;
	const char *label;               /* not NUL-terminated */
	size_t label_len;
	const uint8_t *body;             /* between the lines */
	size_t body_len;
} tlshost__pem_block;

/* The next block of *data, which is moved behind it. */
tlshost__pem_result tlshost__pem_next(const uint8_t **data, size_t *len,
    tlshost__pem_block *ret_block, const char **ret_problem);
int tlshost__pem_label_is(const tlshost__pem_block *block, const char *label);
/* Decodes the body, base64 and nothing else, into dst, which has room for
 * body_len * 3 / 4 bytes.  1, or 0: it is not base64. */
int tlshost__pem_decode(const tlshost__pem_block *block, uint8_t *dst,
    size_t *ret_len);
/* The one private key in a text, as a block.  BAD: two, or a damaged one. */
tlshost__pem_result tlshost__pem_find_key(const uint8_t *data, size_t len,
    const uint8_t **ret_text, size_t *ret_len, const char **ret_problem);

#endif

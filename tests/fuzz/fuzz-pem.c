/* SPDX-License-Identifier: MIT */
/* PEM: blocks lie inside the text, and what is decoded inside its room. */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>

#include "pem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
decode(const tlshost__pem_block *block)
{
	size_t room = block->body_len * 3 / 4, n = 0;
	uint8_t *der;

	/* Exactly the room that the header asks for. */
	if ((der = malloc(room != 0 ? room : 1)) == NULL)
		return;
	if (tlshost__pem_decode(block, der, &n) && n > room)
		abort();
	free(der);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const uint8_t *rest = data, *text;
	size_t left = len, text_len;
	tlshost__pem_block block;
	const char *problem;

	while (tlshost__pem_next(&rest, &left, &block, &problem) ==
	    TLSHOST__PEM_FOUND) {
		if (block.text < data ||
		    block.text + block.text_len > data + len)
			abort();
		decode(&block);
	}
	tlshost__pem_find_key(data, len, &text, &text_len, &problem);
	return 0;
}

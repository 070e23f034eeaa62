/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mem.h"
#include "utf8.h"

size_t
tlshost__utf8_len(const uint8_t *text, size_t len)
{
	/* By first byte: the range of the second, and the length. */
	static const struct {
		uint8_t first, last, low, high, len;
	} forms[] = {
		{ 0xc2, 0xdf, 0x80, 0xbf, 2 }, { 0xe0, 0xe0, 0xa0, 0xbf, 3 },
		{ 0xe1, 0xec, 0x80, 0xbf, 3 }, { 0xed, 0xed, 0x80, 0x9f, 3 },
		{ 0xee, 0xef, 0x80, 0xbf, 3 }, { 0xf0, 0xf0, 0x90, 0xbf, 4 },
		{ 0xf1, 0xf3, 0x80, 0xbf, 4 }, { 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};

	if (text[0] < 0x80)
		return 1;
	for (size_t i = 0; i < TLSHOST__ARRAY_LEN(forms); i++) {
		if (text[0] < forms[i].first || text[0] > forms[i].last)
			continue;
		if (forms[i].len > len || text[1] < forms[i].low ||
		    text[1] > forms[i].high)
			return 0;
		for (size_t k = 2; k < forms[i].len; k++)
			if ((text[k] & 0xc0) != 0x80)
				return 0;
		return forms[i].len;
	}
	return 0;
}

int
tlshost__utf8_valid(const uint8_t *text, size_t len)
{
	while (len != 0) {
		size_t step = tlshost__utf8_len(text, len);

		if (step == 0)
			return 0;
		text += step;
		len -= step;
	}
	return 1;
}

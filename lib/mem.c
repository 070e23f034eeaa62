/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdio.h>

#include "mem.h"

void *
tlshost__memdup(const void *src, size_t len)
{
	void *copy = malloc(len != 0 ? len : 1);

	if (copy != NULL && len != 0)
		memcpy(copy, src, len);
	return copy;
}

char *
tlshost__strdup(const char *text)
{
	return tlshost__memdup(text, strlen(text) + 1);
}

char *
tlshost__vformat(const char *format, va_list args)
{
	va_list again;
	char *text;
	int len;

	va_copy(again, args);
	len = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (len < 0 || (text = malloc((size_t)len + 1)) == NULL)
		return NULL;
	vsnprintf(text, (size_t)len + 1, format, args);
	return text;
}

char *
tlshost__format(const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = tlshost__vformat(format, args);
	va_end(args);
	return text;
}

void *
tlshost__array(size_t count, size_t size)
{
	/* One more than nothing, so that NULL always means out of memory. */
	return calloc(count != 0 ? count : 1, size);
}

int
tlshost__grow(void *items_pointer, size_t len, size_t *cap, size_t size)
{
	void *items, *grown;
	size_t want;

	if (len < *cap)
		return 0;
	want = *cap != 0 ? *cap * 2 : 8;
	if (want > SIZE_MAX / 2 / size)
		return -1;
	memcpy(&items, items_pointer, sizeof(items));
	if ((grown = realloc(items, want * size)) == NULL)
		return -1;
	memcpy(items_pointer, &grown, sizeof(grown));
	*cap = want;
	return 0;
}

void
tlshost__wipe(void *data, size_t len)
{
	if (data != NULL && len != 0)
		explicit_bzero(data, len);
}

void
tlshost__text_add(tlshost__text *text, const char *format, ...)
{
	va_list args;
	char *grown;
	size_t want;
	int len;

	if (text->failed)
		return;
	va_start(args, format);
	len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	want = text->len + (size_t)(len < 0 ? 0 : len) + 1;
	if (want > text->cap) {
		want += want / 2;
		if ((grown = realloc(text->text, want)) == NULL) {
			text->failed = 1;
			return;
		}
		text->text = grown;
		text->cap = want;
	}
	va_start(args, format);
	vsnprintf(text->text + text->len, text->cap - text->len, format, args);
	va_end(args);
	text->len += (size_t)(len < 0 ? 0 : len);
}

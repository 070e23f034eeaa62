/* SPDX-License-Identifier: MIT */
/* The reader of ELF notes, which sees files that nobody has loaded yet. */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

struct file {
	const uint8_t *data;
	size_t len;
};

static ssize_t
read_at(void *source, void *dst, size_t cap, uint64_t offset)
{
	const struct file *file = source;
	size_t n;

	if (offset >= file->len)
		return 0;
	n = file->len - (size_t)offset;
	if (n > cap)
		n = cap;
	memcpy(dst, file->data + offset, n);
	return (ssize_t)n;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct file file = { data, len };
	tlshost__manifest manifest;

	memset(&manifest, 0, sizeof(manifest));
	if (tlshost__manifest_read(read_at, &file, len, &manifest) ==
	    TLSHOST__SKIP_NONE) {
		tlshost__manifest_value(&manifest, "name");
		free(manifest.text);
	}
	return 0;
}

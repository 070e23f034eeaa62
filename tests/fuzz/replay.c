/* SPDX-License-Identifier: MIT */
/*
 * Runs a fuzz target over the files that are named, once each, so that every
 * build tests the seed corpus and whatever fuzzing has found so far; libFuzzer
 * itself needs clang.
 */
#include "config.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* 0, or -1: the file cannot be read. */
static int
replay(const char *path)
{
	FILE *file;
	uint8_t *data = NULL;
	long len;
	int result = -1;

	if ((file = fopen(path, "rb")) == NULL)
		goto out;
	if (fseek(file, 0, SEEK_END) != 0 || (len = ftell(file)) < 0 ||
	    fseek(file, 0, SEEK_SET) != 0)
		goto out;
	/* Exactly as large as the input, so that ASan sees one byte too far. */
	if ((data = malloc(len > 0 ? (size_t)len : 1)) == NULL)
		goto out;
	if (fread(data, 1, (size_t)len, file) != (size_t)len)
		goto out;
	LLVMFuzzerTestOneInput(data, (size_t)len);
	result = 0;
out:
	free(data);
	if (file != NULL)
		fclose(file);
	return result;
}

int
main(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++) {
		if (replay(argv[i]) != 0) {
			perror(argv[i]);
			return 1;
		}
	}
	printf("%d inputs\n", argc - 1);
	return 0;
}

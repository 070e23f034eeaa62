/* SPDX-License-Identifier: MIT */
/*
 * A program that does one thing and says which TLS libraries are in its memory
 * then: nothing | list | select NAME | load LIBRARY.
 */
#include "config.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tlshost.h"

static int
list(void)
{
	tlshost_backend_list *backends;

	if (tlshost_backend_list_new(0, &backends, NULL) != TLSHOST_OK)
		return 1;
	tlshost_backend_list_free(backends);
	return 0;
}

static int
choose(const char *name)
{
	tlshost_backend *backend;

	return tlshost_backend_by_name(name, &backend, NULL) != TLSHOST_OK;
}

static void
tell_mapped(void)
{
	static const char *const libraries[] = { "libssl.so", "libgnutls.so",
	    "libssl3.so" };
	FILE *maps = fopen("/proc/self/maps", "re");
	int seen[3] = { 0 };
	char line[4096];

	while (maps != NULL && fgets(line, sizeof(line), maps) != NULL)
		for (int i = 0; i < 3; i++)
			if (!seen[i] && strstr(line, libraries[i]) != NULL) {
				puts(libraries[i]);
				seen[i] = 1;
			}
	if (maps != NULL)
		fclose(maps);
}

int
main(int argc, char **argv)
{
	int status = 2;

	if (argc == 2 && strcmp(argv[1], "nothing") == 0)
		status = 0;
	else if (argc == 2 && strcmp(argv[1], "list") == 0)
		status = list();
	else if (argc == 3 && strcmp(argv[1], "select") == 0)
		status = choose(argv[2]);
	else if (argc == 3 && strcmp(argv[1], "load") == 0)
		status = dlopen(argv[2], RTLD_NOW | RTLD_LOCAL) == NULL;
	/* Asked for apart, since reading this costs more than a listing. */
	if (getenv("BENCH_TELL_MAPPED") != NULL)
		tell_mapped();
	return status;
}

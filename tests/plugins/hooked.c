/* SPDX-License-Identifier: MIT */
/*
 * The fake backend with a hook: a program that exports tlshost_test_hook is
 * called from the constructor and from the entry point, and may change the
 * table before the host sees it.  So faults of tables need no plugin each.
 */
#include <dlfcn.h>
#include <stdint.h>
#include <string.h>

#define NAME "hooked"
#define PRIORITY 30
#define FAULT_NO_ENTRY
#include "fake.c"

/* table NULL: in the constructor.  The status is the entry point's. */
typedef int32_t (*test_hook)(struct tlshost_plugin *table);

static int32_t
call_hook(struct tlshost_plugin *table)
{
	void *object = dlsym(RTLD_DEFAULT, "tlshost_test_hook");
	test_hook hook;

	memcpy(&hook, &object, sizeof(hook));
	return hook != NULL ? hook(table) : TLSHOST_OK;
}

__attribute__((constructor)) static void
construct(void)
{
	(void)call_hook(NULL);
}

/* What a plugin of a later minor number has behind the members of today. */
static struct {
	struct tlshost_plugin table;
	uint64_t later[8];
} hooked;

TLSHOST_PLUGIN_ENTRY(services, ret_plugin)
{
	hooked.table = *tlshost_fake_without_entry(services);
	hooked.table.size = sizeof(hooked);
	memset(hooked.later, 0xff, sizeof(hooked.later));
	*ret_plugin = &hooked.table;
	return call_hook(&hooked.table);
}

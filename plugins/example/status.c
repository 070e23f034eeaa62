/* SPDX-License-Identifier: MIT */
/* The library's errors, sorted into the host's statuses. */
#include "config.h"

#include <stddef.h>

#include "plugin.h"

/* With a library: its words for the code as native_text, and NO_MEMORY instead
 * of the status if the code says so. */
int32_t
fail(tlshost_sink *sink, int32_t status, uint32_t field, int code,
    const char *text)
{
	struct tlshost_failure failure = {
		.size = sizeof(failure),
		.status = status,
		.alert_sent = -1,
		.alert_received = -1,
		.native_code = code,
		.native_text = NULL,
		.text = text,
		.field = field,
	};

	return host->fail(sink, &failure);
}

int32_t
fail_memory(tlshost_sink *sink)
{
	return fail(sink, TLSHOST_NO_MEMORY, TLSHOST_FIELD_NONE, 0, NULL);
}

/* SPDX-License-Identifier: MIT */
/*
 * The border between host and plugin: what plugins report to, and the filter
 * that everything they return goes through.
 */
#ifndef TLSHOST_BORDER_H
#define TLSHOST_BORDER_H

#include "backend.h"
#include "error.h"

/* One list of findings. */
typedef struct tlshost__finding {
	tlshost_field field;
	tlshost_severity severity;
	char *text;
} tlshost__finding;

struct tlshost_findings {
	tlshost__finding *items;
	size_t len, cap, errors;
};

/* 0, or -1: out of memory. */
int tlshost__findings_add(tlshost_findings *findings, tlshost_field field,
    tlshost_severity severity, const char *text);
void tlshost__findings_done(tlshost_findings *findings);

/*
 * What a plugin reports to during one call.  `failure` is the first failure
 * reported; findings may be NULL (then they are refused).  Lives on the
 * caller's stack.
 */
struct tlshost_sink {
	const char *backend;         /* name, for messages */
	tlshost_phase phase;
	tlshost_error *failure;
	uint32_t failure_field;
	tlshost_findings *findings;
	int no_memory;               /* a report could not be kept */
};

static inline void
tlshost__sink_init(tlshost_sink *sink, const char *backend,
    tlshost_phase phase, tlshost_findings *findings)
{
	*sink = (tlshost_sink){
		.backend = backend,
		.phase = phase,
		.findings = findings,
	};
}

/* Was nothing reported to it? */
static inline int
tlshost__sink_is_empty(const tlshost_sink *sink)
{
	return sink->failure == NULL && !sink->no_memory;
}

void tlshost__sink_done(tlshost_sink *sink);

/*
 * The filter: turns what a slot returned into a documented status.  allowed is
 * a set of bits 1 << status; what every slot may return is always allowed.  A
 * status that is not in it becomes BACKEND_FAULT, and the error says which slot
 * returned what.  Unless the result is OK, WANT_READ or RAGGED_EOF, *ret_error
 * (may be NULL) gets the failure reported to the sink, or one made here.
 */
tlshost_status tlshost__border(tlshost_sink *sink, const char *slot, int32_t raw,
    uint64_t allowed, tlshost_error **ret_error);

#define TLSHOST__ALLOW(name) ((uint64_t)1 << TLSHOST_##name)

#endif

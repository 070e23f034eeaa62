/* SPDX-License-Identifier: MIT */
/* One verdict on certificates: what the host adds to the library's. */
#ifndef TLSHOST_JUDGE_H
#define TLSHOST_JUDGE_H

#include "backend.h"
#include "error.h"
#include "name.h"

struct tlshost_verification {
	int checked, ok;
	uint32_t reasons;
	int depth;
	char *text;
	char *native_text;
	int64_t native_code;
	struct tlshost_bytes *chain;
	size_t chain_len;
	struct tlshost_bytes *path;      /* bytes of chain, of trust or its own */
	size_t path_len;
	tlshost_trust_store *trust;      /* a reference; NULL: no path */
};

/* What a chain is judged by. */
typedef struct tlshost__judgement {
	tlshost_backend *backend;
	tlshost_trust_store *trust;      /* NULL: validation is off */
	tlshost_role purpose;            /* whose certificate it is */
	int strict;
	const tlshost__peer_name *peer;  /* NULL: no name is checked */
	void *cookie;
} tlshost__judgement;

/*
 * Judges a chain.  OK: *ret_verification says how, also if it refuses; else
 * NO_MEMORY, LIBRARY ... and *ret_error.
 */
tlshost_status tlshost__judge(const tlshost__judgement *judgement,
    const struct tlshost_bytes *chain, size_t len,
    tlshost_verification **ret_verification, tlshost_error **ret_error);
/* The TLS alert for a set of reasons (RFC 8446, 6.2). */
int tlshost__alert_for_reasons(uint32_t reasons);

/* Host services; see tlshost-plugin.h. */
int32_t tlshost__link_judge(tlshost_link *link,
    const struct tlshost_bytes *chain, size_t len, void *cookie,
    int32_t *ret_alert);
int32_t tlshost__trail_path_used(tlshost_trail *trail,
    const struct tlshost_bytes *path, size_t len);

#endif

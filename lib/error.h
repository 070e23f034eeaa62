/* SPDX-License-Identifier: MIT */
#ifndef TLSHOST_ERROR_H
#define TLSHOST_ERROR_H

#include "tlshost.h"

struct tlshost_error {
	tlshost_status status;
	tlshost_phase phase;
	char *message;
	char *backend;
	char *native_text;
	int64_t native_code;
	int alert_sent, alert_received;
	int system_errno;
	uint32_t reasons;
	int is_static;      /* the one for "out of memory": never freed */
};

/*
 * Makes an error and gives it to *ret_error (may be NULL: nothing is made).
 * Returns status, for "return tlshost__fail(...)".  If there is no memory for
 * it, *ret_error is a static error that says so, and status stays.
 * backend: name or NULL.
 */
tlshost_status tlshost__fail(tlshost_error **ret_error, tlshost_status status,
    tlshost_phase phase, const char *backend, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* The same, and keeps errno: "format: strerror(errno_value)". */
tlshost_status tlshost__fail_errno(tlshost_error **ret_error,
    tlshost_status status, tlshost_phase phase, int errno_value,
    const char *format, ...) __attribute__((format(printf, 5, 6)));
/* The static error for NO_MEMORY; returns NO_MEMORY. */
tlshost_status tlshost__fail_memory(tlshost_error **ret_error);
/* Passes an error on, or NULL; takes it over. */
void tlshost__pass(tlshost_error **ret_error, tlshost_error *error);
/* Passes an error on with "where: " before its message; takes error over.
 * Returns its status. */
tlshost_status tlshost__fail_in(tlshost_error **ret_error, tlshost_error *error,
    const char *where);
/* A copy; NULL: out of memory or NULL given. */
tlshost_error *tlshost__error_copy(const tlshost_error *error);

#endif

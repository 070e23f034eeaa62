/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "error.h"
#include "mem.h"

/* Out of memory must be reported without memory. */
static char no_memory_message[] = "out of memory";
static tlshost_error no_memory = {
	.status = TLSHOST_NO_MEMORY,
	.message = no_memory_message,
	.alert_sent = -1,
	.alert_received = -1,
	.is_static = 1,
};

void
tlshost_error_free(tlshost_error *error)
{
	if (error == NULL || error->is_static)
		return;
	free(error->message);
	free(error->backend);
	free(error->native_text);
	free(error);
}

static tlshost_error *
error_new(tlshost_status status, tlshost_phase phase, const char *backend)
{
	tlshost_error *error;

	if ((error = calloc(1, sizeof(*error))) == NULL)
		return NULL;
	error->status = status;
	error->phase = phase;
	error->alert_sent = error->alert_received = -1;
	if (backend != NULL &&
	    (error->backend = tlshost__strdup(backend)) == NULL) {
		tlshost_error_free(error);
		return NULL;
	}
	return error;
}

tlshost_status
tlshost__fail_memory(tlshost_error **ret_error)
{
	if (ret_error != NULL)
		*ret_error = &no_memory;
	return TLSHOST_NO_MEMORY;
}

static tlshost_status
error_finish(tlshost_error **ret_error, tlshost_error *error, char *message,
    tlshost_status status)
{
	if (error == NULL || message == NULL) {
		free(message);
		tlshost_error_free(error);
		(void)tlshost__fail_memory(ret_error);
		return status;
	}
	error->message = message;
	*ret_error = error;
	return status;
}

tlshost_status
tlshost__fail(tlshost_error **ret_error, tlshost_status status,
    tlshost_phase phase, const char *backend, const char *format, ...)
{
	va_list args;
	char *message;

	if (ret_error == NULL)
		return status;
	if (status == TLSHOST_NO_MEMORY)
		return tlshost__fail_memory(ret_error);
	va_start(args, format);
	message = tlshost__vformat(format, args);
	va_end(args);
	return error_finish(ret_error, error_new(status, phase, backend),
	    message, status);
}

tlshost_status
tlshost__fail_errno(tlshost_error **ret_error, tlshost_status status,
    tlshost_phase phase, int errno_value, const char *format, ...)
{
	tlshost_error *error;
	char *what, *message = NULL;
	char text[128];
	va_list args;

	if (ret_error == NULL)
		return status;
	if ((error = error_new(status, phase, NULL)) != NULL)
		error->system_errno = errno_value;
	va_start(args, format);
	what = tlshost__vformat(format, args);
	va_end(args);
	if (what != NULL)
		message = tlshost__format("%s: %s", what,
		    strerror_r(errno_value, text, sizeof(text)));
	free(what);
	return error_finish(ret_error, error, message, status);
}

void
tlshost__pass(tlshost_error **ret_error, tlshost_error *error)
{
	if (ret_error != NULL)
		*ret_error = error;
	else
		tlshost_error_free(error);
}

tlshost_status
tlshost__fail_in(tlshost_error **ret_error, tlshost_error *error,
    const char *where)
{
	tlshost_status status = error->status;
	char *message;

	if (ret_error == NULL) {
		tlshost_error_free(error);
		return status;
	}
	if (!error->is_static) {
		message = tlshost__format("%s: %s", where, error->message);
		if (message != NULL) {
			free(error->message);
			error->message = message;
		}
	}
	*ret_error = error;
	return status;
}

static int
copy_text(char **ret, const char *text)
{
	*ret = NULL;
	return text == NULL || (*ret = tlshost__strdup(text)) != NULL;
}

tlshost_error *
tlshost__error_copy(const tlshost_error *error)
{
	tlshost_error *copy;

	if (error == NULL || (copy = calloc(1, sizeof(*copy))) == NULL)
		return NULL;
	*copy = *error;
	copy->is_static = 0;
	copy->message = copy->backend = copy->native_text = NULL;
	if (!copy_text(&copy->message, error->message) ||
	    !copy_text(&copy->backend, error->backend) ||
	    !copy_text(&copy->native_text, error->native_text)) {
		tlshost_error_free(copy);
		return NULL;
	}
	return copy;
}

tlshost_status
tlshost_error_status(const tlshost_error *error)
{
	return error != NULL ? error->status : TLSHOST_OK;
}

const char *
tlshost_error_message(const tlshost_error *error)
{
	return error != NULL ? error->message : NULL;
}

tlshost_phase
tlshost_error_phase(const tlshost_error *error)
{
	return error != NULL ? error->phase : TLSHOST_PHASE_NONE;
}

const char *
tlshost_error_backend(const tlshost_error *error)
{
	return error != NULL ? error->backend : NULL;
}

int64_t
tlshost_error_native_code(const tlshost_error *error)
{
	return error != NULL ? error->native_code : 0;
}

const char *
tlshost_error_native_text(const tlshost_error *error)
{
	return error != NULL ? error->native_text : NULL;
}

int
tlshost_error_alert_sent(const tlshost_error *error)
{
	return error != NULL ? error->alert_sent : -1;
}

int
tlshost_error_alert_received(const tlshost_error *error)
{
	return error != NULL ? error->alert_received : -1;
}

int
tlshost_error_errno(const tlshost_error *error)
{
	return error != NULL ? error->system_errno : 0;
}

uint32_t
tlshost_error_reasons(const tlshost_error *error)
{
	return error != NULL ? error->reasons : 0;
}

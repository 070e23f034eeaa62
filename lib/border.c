/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "border.h"
#include "judge.h"
#include "hello.h"
#include "suites.h"
#include "wire.h"
#include "mem.h"

int
tlshost__findings_add(tlshost_findings *findings, tlshost_field field,
    tlshost_severity severity, const char *text)
{
	char *copy;

	if (tlshost__grow(&findings->items, findings->len, &findings->cap,
	    sizeof(*findings->items)) != 0 ||
	    (copy = tlshost__strdup(text)) == NULL)
		return -1;
	findings->items[findings->len++] = (tlshost__finding){
		.field = field,
		.severity = severity,
		.text = copy,
	};
	if (severity == TLSHOST_SEVERITY_ERROR)
		findings->errors++;
	return 0;
}

void
tlshost__findings_done(tlshost_findings *findings)
{
	for (size_t i = 0; i < findings->len; i++)
		free(findings->items[i].text);
	free(findings->items);
	*findings = (tlshost_findings){ 0 };
}

void
tlshost_findings_free(tlshost_findings *findings)
{
	if (findings == NULL)
		return;
	tlshost__findings_done(findings);
	free(findings);
}

size_t
tlshost_findings_len(const tlshost_findings *findings)
{
	return findings != NULL ? findings->len : 0;
}

size_t
tlshost_findings_errors(const tlshost_findings *findings)
{
	return findings != NULL ? findings->errors : 0;
}

static const tlshost__finding *
finding_at(const tlshost_findings *findings, size_t i)
{
	return findings != NULL && i < findings->len ? &findings->items[i] :
	    NULL;
}

tlshost_field
tlshost_findings_field(const tlshost_findings *findings, size_t i)
{
	const tlshost__finding *finding = finding_at(findings, i);

	return finding != NULL ? finding->field : TLSHOST_FIELD_NONE;
}

tlshost_severity
tlshost_findings_severity(const tlshost_findings *findings, size_t i)
{
	const tlshost__finding *finding = finding_at(findings, i);

	return finding != NULL ? finding->severity : TLSHOST_SEVERITY_INFO;
}

const char *
tlshost_findings_text(const tlshost_findings *findings, size_t i)
{
	const tlshost__finding *finding = finding_at(findings, i);

	return finding != NULL ? finding->text : NULL;
}

/* ------------------------------------------------------------------------
 * What plugins call
 */

void
tlshost__sink_done(tlshost_sink *sink)
{
	tlshost_error_free(sink->failure);
	sink->failure = NULL;
}

static int
known_status(int32_t raw)
{
	switch (raw) {
#define X(name, number, text) case number:
	TLSHOST_STATUS_MAP(X)
#undef X
		return 1;
	}
	return 0;
}

static int
known_field(uint32_t field)
{
	switch (field) {
#define X(name, number, word) case number:
	TLSHOST_FIELD_MAP(X)
#undef X
		return 1;
	}
	return 0;
}

static int
known_alert(int32_t alert)
{
	return alert >= 0 && alert <= 255 ? alert : -1;
}

static uint32_t
known_reasons(uint32_t reasons)
{
	uint32_t known = 0;

#define X(name, number, word, text) known |= TLSHOST_REASON_##name;
	TLSHOST_REASON_MAP(X)
#undef X
	return (reasons & ~known) != 0 ?
	    (reasons & known) | TLSHOST_REASON_OTHER : reasons;
}

/* Reads a member only if the plugin's structure reaches that far. */
#define HAS(object, member)                                        \
	((object)->size >= offsetof(__typeof__(*(object)), member) + \
	    sizeof((object)->member))

static int32_t
host_fail(tlshost_sink *sink, const struct tlshost_failure *failure)
{
	tlshost_error *error = NULL;
	tlshost_status status;
	const char *text, *native;

	if (failure == NULL || !HAS(failure, text))
		return TLSHOST_BACKEND_FAULT;
	if (sink == NULL || sink->failure != NULL)
		return failure->status;
	if (!known_status(failure->status))
		return failure->status; /* the filter reports it */
	status = (tlshost_status)failure->status;
	native = failure->native_text;
	text = failure->text != NULL ? failure->text :
	    tlshost_status_text(status);
	if (status == TLSHOST_NO_MEMORY)
		(void)tlshost__fail_memory(&error);
	else if (native != NULL && native[0] != '\0')
		(void)tlshost__fail(&error, status, sink->phase, sink->backend,
		    "%s (%s)", text, native);
	else
		(void)tlshost__fail(&error, status, sink->phase, sink->backend,
		    "%s", text);
	if (!error->is_static) {
		error->native_code = failure->native_code;
		error->alert_sent = known_alert(failure->alert_sent);
		error->alert_received = known_alert(failure->alert_received);
		if (HAS(failure, reasons))
			error->reasons = known_reasons(failure->reasons);
		if (native != NULL && native[0] != '\0' &&
		    (error->native_text = tlshost__strdup(native)) == NULL)
			sink->no_memory = 1;
	}
	if (HAS(failure, field) && known_field(failure->field))
		sink->failure_field = failure->field;
	sink->failure = error;
	return failure->status;
}

static int32_t
host_finding(tlshost_sink *sink, uint32_t field, uint32_t severity,
    const char *text)
{
	if (sink == NULL || sink->findings == NULL || text == NULL)
		return TLSHOST_OK;
	if (!known_field(field))
		field = TLSHOST_FIELD_NONE;
	/* An unknown severity may be one of a later host: fail closed. */
	if (severity < TLSHOST_SEVERITY_INFO ||
	    severity > TLSHOST_SEVERITY_ERROR)
		severity = TLSHOST_SEVERITY_ERROR;
	if (tlshost__findings_add(sink->findings, (tlshost_field)field,
	    (tlshost_severity)severity, text) == 0)
		return TLSHOST_OK;
	sink->no_memory = 1;
	return TLSHOST_NO_MEMORY;
}

static size_t
host_pull(tlshost_link *link, uint8_t *dst, size_t cap)
{
	size_t len = tlshost__queue_take(&link->incoming, dst, cap);

	if (link->opening != NULL)
		link->looked_at -= len < link->looked_at ? len :
		    link->looked_at;
	return len;
}

static size_t
host_waiting(tlshost_link *link)
{
	return tlshost__queue_len(&link->incoming);
}

static int32_t
host_ended(tlshost_link *link)
{
	return link->network_ended && tlshost__queue_len(&link->incoming) == 0;
}

static int32_t
host_push(tlshost_link *link, const uint8_t *src, size_t len)
{
	if (link->opening != NULL &&
	    tlshost__opening_wrote(link->opening, src, len) != 0)
		link->no_memory = 1;
	/* Not behind a gap. */
	if (link->send_now != NULL && !link->no_memory &&
	    tlshost__queue_len(&link->outgoing) == 0) {
		size_t sent = link->send_now(link->send_now_data, src, len);

		if (sent == len)
			return TLSHOST_OK;
		src += sent;
		len -= sent;
	}
	if (!link->no_memory &&
	    tlshost__queue_add(&link->outgoing, src, len) == 0)
		return TLSHOST_OK;
	link->no_memory = 1;
	return TLSHOST_NO_MEMORY;
}

static int32_t
host_pushv(tlshost_link *link, const struct tlshost_bytes *parts, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (host_push(link, parts[i].data, parts[i].len) != TLSHOST_OK)
			return TLSHOST_NO_MEMORY;
	return TLSHOST_OK;
}

static void
host_key_log(tlshost_link *link, const char *line, size_t len)
{
	const tlshost__hook *hook = link->context->config->key_log;

	if (hook != NULL && line != NULL)
		((tlshost_key_log_callback)hook->function)(line, len,
		    hook->userdata);
}

const struct tlshost_host tlshost__host = {
	.size = sizeof(struct tlshost_host),
	.abi_major = TLSHOST_PLUGIN_ABI_MAJOR,
	.abi_minor = TLSHOST_PLUGIN_ABI_MINOR,
	.version = PACKAGE_VERSION,
	.fail = host_fail,
	.finding = host_finding,
	.password = tlshost__secret_password,
	.pull = host_pull,
	.waiting = host_waiting,
	.ended = host_ended,
	.push = host_push,
	.pushv = host_pushv,
	.hello = tlshost__link_hello,
	.hello_parts = tlshost__link_hello_parts,
	.judge = tlshost__link_judge,
	.path_used = tlshost__trail_path_used,
	.key_log = host_key_log,
	.hello_suites = tlshost__link_suites,
};

/* ------------------------------------------------------------------------
 * What plugins return
 */

/* Ordinary answers, which carry no error. */
#define QUIET                                                    \
	(TLSHOST__ALLOW(OK) | TLSHOST__ALLOW(WANT_READ) |        \
	    TLSHOST__ALLOW(WANT_WRITE))

tlshost_status
tlshost__border(tlshost_sink *sink, const char *slot, int32_t raw,
    uint64_t allowed, tlshost_error **ret_error)
{
	const uint64_t always = TLSHOST__ALLOW(OK) |
	    TLSHOST__ALLOW(NO_MEMORY) | TLSHOST__ALLOW(LIBRARY) |
	    TLSHOST__ALLOW(FORKED) | TLSHOST__ALLOW(LIBRARY_GONE) |
	    TLSHOST__ALLOW(BACKEND_FAULT);
	tlshost_status status;

	if (!known_status(raw) ||
	    ((allowed | always) & ((uint64_t)1 << raw)) == 0)
		return tlshost__fail(ret_error, TLSHOST_BACKEND_FAULT,
		    sink->phase, sink->backend,
		    "backend %s: slot %s returned %ld (%s), which it must not",
		    sink->backend, slot, (long)raw,
		    known_status(raw) ?
		    tlshost_status_name((tlshost_status)raw) :
		    "no known status");
	status = (tlshost_status)raw;
	if (status == TLSHOST_OK && sink->no_memory)
		status = TLSHOST_NO_MEMORY;
	if ((QUIET & ((uint64_t)1 << status)) != 0 || ret_error == NULL)
		return status;
	if (sink->failure != NULL && sink->failure->status == status) {
		*ret_error = sink->failure;
		sink->failure = NULL;
		return status;
	}
	return tlshost__fail(ret_error, status, sink->phase, sink->backend,
	    "backend %s: %s", sink->backend, tlshost_status_text(status));
}

/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tlsprobe.h"

int64_t
now_us(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

volatile sig_atomic_t interrupted;
static volatile int64_t interrupted_at;

/* One Ctrl-C can come twice, from the terminal and from a parent. */
static void
on_signal(int number)
{
	if (!interrupted) {
		interrupted_at = now_us();
		interrupted = 1;
	} else if (now_us() - interrupted_at > 500000) {
		(void)signal(number, SIG_DFL);
		(void)raise(number);
	}
}

void
watch_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	(void)sigaction(SIGINT, &action, NULL);
	(void)sigaction(SIGTERM, &action, NULL);
}

json_t *
text_or_null(const char *text)
{
	json_t *string = text != NULL ? json_string(text) : NULL;

	/* Foreign text need not be UTF-8. */
	if (text != NULL && string == NULL) {
		char copy[512];
		size_t n = 0;

		for (; n < sizeof(copy) - 1 && text[n] != '\0'; n++)
			copy[n] = (unsigned char)text[n] < 0x80 ? text[n] : '?';
		copy[n] = '\0';
		string = json_string(copy);
	}
	return string != NULL ? string : json_null();
}

json_t *
alpn_json(tlshost_protocol alpn)
{
	char text[256];

	if (alpn.len == 0 || alpn.len >= sizeof(text))
		return json_null();
	memcpy(text, alpn.data, alpn.len);
	text[alpn.len] = '\0';
	return text_or_null(text);
}

int
is_port(const char *text, int lowest)
{
	size_t len = strlen(text);

	return len >= 1 && len <= 5 && strspn(text, "0123456789") == len &&
	    atoi(text) >= lowest && atoi(text) <= 65535;
}

json_t *
hex16(unsigned int value)
{
	char text[16];

	snprintf(text, sizeof(text), "0x%04x", value);
	return json_string(text);
}

json_t *
suite_json(uint16_t id)
{
	return json_pack("{s:o,s:o}", "id", hex16(id), "iana",
	    text_or_null(tlshost_cipher_info_name(tlshost_cipher_by_id(id),
	    TLSHOST_DIALECT_IANA)));
}

json_t *
document_new(const char *name)
{
	return json_pack("{s:s,s:{s:s,s:s},s:s,s:b,s:[],s:n}",
	    "schema", "tlsprobe/1",
	    "tool", "name", "tlsprobe", "version", PACKAGE_VERSION,
	    "command", name, "partial", 0, "results", "error");
}

int
document_end(json_t *document, int code)
{
	if (interrupted)
		code = EXIT_INTERRUPTED;
	if (document == NULL)
		return code;
	if (interrupted)
		json_object_set_new(document, "partial", json_true());
	json_object_set_new(document, "exit", json_integer(code));
	if (json_dumpf(document, stdout, JSON_COMPACT) != 0 ||
	    putchar('\n') == EOF || fflush(stdout) != 0)
		code = EXIT_LOCAL;
	json_decref(document);
	return code;
}

void
complain(json_t *document, const char *format, ...)
{
	char text[4096];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (document != NULL)
		json_object_set_new(document, "error", text_or_null(text));
	else
		fprintf(stderr, "tlsprobe: %s\n", text);
}

json_t *
reasons_json(uint32_t reasons, const tlshost_verification *v)
{
	json_t *list = json_array();

	for (int bit = 0; bit < 31; bit++) {
		uint32_t one = (uint32_t)1 << bit;
		json_t *item;

		if ((reasons & one) == 0)
			continue;
		item = json_pack("{s:s}", "code",
		    tlshost_reason_word((tlshost_reason)one));
		if (v != NULL) {
			json_object_set_new(item, "depth",
			    tlshost_verification_depth(v) >= 0 ? json_integer(
			    tlshost_verification_depth(v)) : json_null());
			json_object_set_new(item, "native",
			    tlshost_verification_native_text(v) != NULL ?
			    json_pack("{s:I,s:o}", "code", (json_int_t)
			    tlshost_verification_native_code(v), "text",
			    text_or_null(tlshost_verification_native_text(
			    v))) : json_null());
		}
		json_array_append_new(list, item);
	}
	return list;
}

const char *
reasons_text(uint32_t reasons)
{
	static char text[512];
	size_t len = 0;

	text[0] = '\0';
	for (int bit = 0; bit < 31; bit++) {
		uint32_t one = (uint32_t)1 << bit;

		if ((reasons & one) != 0 && len < sizeof(text) - 40)
			len += (size_t)snprintf(text + len,
			    sizeof(text) - len, "%s%s", len != 0 ? ", " : "",
			    tlshost_reason_word((tlshost_reason)one));
	}
	return text;
}

/* One line of what to do, for a person. */
const char *
advice(tlshost_reason reason)
{
	switch (reason) {
	case TLSHOST_REASON_EXPIRED:
		return "renew the certificate on the server";
	case TLSHOST_REASON_NOT_YET_VALID:
		return "check the clocks of both machines";
	case TLSHOST_REASON_UNKNOWN_ISSUER:
		return "install the CA, or let the server send its "
		    "intermediates";
	case TLSHOST_REASON_SELF_SIGNED:
		return "trust it with --trust, or get it signed";
	case TLSHOST_REASON_NAME_MISMATCH:
		return "use a name that the certificate has";
	case TLSHOST_REASON_WEAK_KEY:
	case TLSHOST_REASON_WEAK_SIGNATURE:
		return "issue the certificate anew, with a stronger key and "
		    "SHA-256";
	case TLSHOST_REASON_WRONG_PURPOSE:
		return "issue a certificate with the right extendedKeyUsage";
	case TLSHOST_REASON_REVOKED:
		return "replace the certificate, and find out why it was "
		    "revoked";
	case TLSHOST_REASON_BAD_SIGNATURE:
		return "send the issuer that signed it, or install it anew: "
		    "one of them is damaged";
	case TLSHOST_REASON_CONSTRAINT:
		return "get it from a CA that may issue for this name";
	case TLSHOST_REASON_NOT_CA:
		return "get it from a CA; whose key signed it is none";
	case TLSHOST_REASON_MALFORMED:
		return "issue the certificate anew, as RFC 5280 has it";
	case TLSHOST_REASON_UNKNOWN_CRITICAL:
		return "issue it without that extension, or not critical";
	case TLSHOST_REASON_LIMIT:
		return "send the certificates of the path, and no others";
	case TLSHOST_REASON_UNSUPPORTED_ALGORITHM:
		return "take another backend, or issue it with a common "
		    "algorithm";
	case TLSHOST_REASON_NO_CERTIFICATE:
		return "give one with --cert and --key";
	case TLSHOST_REASON_STRICT:
		return "issue it by the strict rules, or do without them";
	case TLSHOST_REASON_OTHER:
		return "see what the library says";
	}
	return NULL;
}

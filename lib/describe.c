/* SPDX-License-Identifier: MIT */
/* Certificates, told to people. */
#include "config.h"

#include <arpa/inet.h>
#include <stdio.h>

#include "mem.h"
#include "source.h"
#include "x509.h"

typedef struct writer {
	char *dst;
	size_t cap, len;
} writer;

static void
put(writer *w, char ch)
{
	if (w->len + 1 < w->cap)
		w->dst[w->len++] = ch;
	w->dst[w->len] = '\0';
}

static void
put_text(writer *w, const char *text)
{
	for (; *text != '\0'; text++)
		put(w, *text);
}

/* Whatever a certificate has in it, a terminal gets no control characters. */
static void
put_bytes(writer *w, const tlshost__der *bytes)
{
	for (size_t i = 0; i < bytes->len; i++) {
		uint8_t ch = bytes->data[i];

		put(w, ch >= 0x20 && ch != 0x7f && ch < 0x80 ? (char)ch : '?');
	}
}

/* RFC 4514, 3, and what is common besides. */
static const char *
attribute_name(const tlshost__der *oid)
{
	static const struct {
		uint8_t number;
		const char *name;
	} names[] = {
		{ 3, "CN" }, { 4, "SN" }, { 5, "serialNumber" }, { 6, "C" },
		{ 7, "L" }, { 8, "ST" }, { 9, "street" }, { 10, "O" },
		{ 11, "OU" }, { 12, "title" }, { 42, "GN" },
	};

	if (oid->len == 3 && oid->data[0] == 0x55 && oid->data[1] == 4)
		for (size_t i = 0; i < TLSHOST__ARRAY_LEN(names); i++)
			if (names[i].number == oid->data[2])
				return names[i].name;
	return "OID";
}

static void
put_name(writer *w, tlshost__der name)
{
	tlshost__der content, set, attribute, oid, value;
	const char *before = "";
	uint8_t tag;

	if (!tlshost__der_take_tag(&name, TLSHOST__DER_SEQUENCE, &content,
	    NULL))
		return;
	while (tlshost__der_take_tag(&content, TLSHOST__DER_SET, &set, NULL))
		while (tlshost__der_take_tag(&set, TLSHOST__DER_SEQUENCE,
		    &attribute, NULL)) {
			if (!tlshost__der_take_tag(&attribute,
			    TLSHOST__DER_OID, &oid, NULL) ||
			    !tlshost__der_take(&attribute, &tag, &value, NULL))
				return;
			put_text(w, before);
			put_text(w, attribute_name(&oid));
			put(w, '=');
			put_bytes(w, &value);
			before = ", ";
		}
}

static void
put_names(writer *w, const tlshost__cert *cert)
{
	tlshost__der names = tlshost__cert_names(cert), name;
	char address[INET6_ADDRSTRLEN];
	const char *before = "";
	uint8_t tag;

	while (tlshost__cert_next_name(&names, &tag, &name)) {
		if (tag == TLSHOST__DER_CONTEXT(7)) {
			if (inet_ntop(name.len == 4 ? AF_INET : AF_INET6,
			    name.data, address, sizeof(address)) == NULL)
				continue;
			put_text(w, before);
			put_text(w, address);
		} else if (tag == TLSHOST__DER_CONTEXT(1) ||
		    tag == TLSHOST__DER_CONTEXT(2) ||
		    tag == TLSHOST__DER_CONTEXT(6)) {
			put_text(w, before);
			put_bytes(w, &name);
		} else {
			continue;
		}
		before = ", ";
	}
}

static void
put_hex(writer *w, const tlshost__der *bytes)
{
	char pair[3];

	for (size_t i = 0; i < bytes->len; i++) {
		snprintf(pair, sizeof(pair), "%02x", bytes->data[i]);
		put_text(w, pair);
	}
}

/* The inverse of what the DER reader does; years 0 to 9999. */
static void
put_time(writer *w, int64_t seconds)
{
	int64_t days = seconds / 86400, rest = seconds % 86400, era, year;
	int64_t of_era, year_of_era, of_year, month;
	char text[64];

	if (rest < 0) {
		rest += 86400;
		days--;
	}
	days += 719468;
	era = (days >= 0 ? days : days - 146096) / 146097;
	of_era = days - era * 146097;
	year_of_era = (of_era - of_era / 1460 + of_era / 36524 -
	    of_era / 146096) / 365;
	of_year = of_era - (365 * year_of_era + year_of_era / 4 -
	    year_of_era / 100);
	month = (5 * of_year + 2) / 153;
	year = year_of_era + era * 400 + (month >= 10);
	snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02dZ",
	    (int)year, (int)(month < 10 ? month + 3 : month - 9),
	    (int)(of_year - (153 * month + 2) / 5 + 1), (int)(rest / 3600),
	    (int)(rest / 60 % 60), (int)(rest % 60));
	put_text(w, text);
}

tlshost_status
tlshost_certificate_describe(const tlshost_certificate *certificate,
    tlshost_certificate_part part, char *dst, size_t cap)
{
	writer w = { dst, cap, 0 };
	tlshost__cert cert;

	if (certificate == NULL || dst == NULL || cap == 0)
		return TLSHOST_INVALID_ARGUMENT;
	dst[0] = '\0';
	if (certificate->der == NULL || tlshost__cert_parse(&cert,
	    certificate->der, certificate->len) != 0)
		return TLSHOST_BAD_DATA;
	switch (part) {
	case TLSHOST_CERTIFICATE_SUBJECT:
		put_name(&w, cert.subject);
		return TLSHOST_OK;
	case TLSHOST_CERTIFICATE_ISSUER:
		put_name(&w, cert.issuer);
		return TLSHOST_OK;
	case TLSHOST_CERTIFICATE_SERIAL:
		put_hex(&w, &cert.serial);
		return TLSHOST_OK;
	case TLSHOST_CERTIFICATE_NAMES:
		put_names(&w, &cert);
		return TLSHOST_OK;
	case TLSHOST_CERTIFICATE_NOT_BEFORE:
		put_time(&w, cert.not_before);
		return TLSHOST_OK;
	case TLSHOST_CERTIFICATE_NOT_AFTER:
		put_time(&w, cert.not_after);
		return TLSHOST_OK;
	}
	return TLSHOST_INVALID_ARGUMENT;
}

/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <arpa/inet.h>
#include <idn2.h>

#include "mem.h"
#include "name.h"

/* Text that inet_pton or a browser of old might take for an address, but that
 * is no dotted quad: "127.1", "2130706433", "0x7f.1".  No domain ends so. */
static int
looks_numeric(const char *name)
{
	const char *last = strrchr(name, '.');

	last = last != NULL ? last + 1 : name;
	if (strspn(last, "0123456789") == strlen(last))
		return 1;
	return last[0] == '0' && (last[1] == 'x' || last[1] == 'X') &&
	    strspn(last + 2, "0123456789abcdefABCDEF") == strlen(last + 2);
}

/* Letters, digits, hyphens and underscores in labels of 1 to 63 (RFC 1034, 3.5;
 * underscores occur in hosts' names all the same). */
static const char *
check_labels(const char *name)
{
	size_t label = 0;

	for (; *name != '\0'; name++) {
		if (*name == '.') {
			if (label == 0)
				return "a label is empty";
			label = 0;
			continue;
		}
		if (!((*name >= 'a' && *name <= 'z') ||
		    (*name >= '0' && *name <= '9') || *name == '-' ||
		    *name == '_'))
			return "a character cannot be in a host name";
		if (++label > 63)
			return "a label is longer than 63 characters";
	}
	return label == 0 ? "a label is empty" : NULL;
}

static int
parse_address(const char *text, size_t len, tlshost__peer_name *ret_name)
{
	char copy[64];
	int bracketed = len >= 2 && text[0] == '[' && text[len - 1] == ']';

	if (bracketed) {
		text++;
		len -= 2;
	}
	if (len == 0 || len >= sizeof(copy))
		return 0;
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (inet_pton(AF_INET6, copy, ret_name->ip) == 1)
		ret_name->ip_len = 16;
	else if (!bracketed && inet_pton(AF_INET, copy, ret_name->ip) == 1)
		ret_name->ip_len = 4;
	else
		return 0;
	ret_name->kind = TLSHOST__PEER_NAME_IP;
	return 1;
}

static void
lower(char *text)
{
	for (; *text != '\0'; text++)
		if (*text >= 'A' && *text <= 'Z')
			*text = (char)(*text - 'A' + 'a');
}

static int
is_ascii(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text >= 0x80)
			return 0;
	return 1;
}

/* Both forms go through the library: an A-label that decodes to nothing valid
 * is refused like a U-label. */
static tlshost_status
to_ascii(const char *text, char *dst, size_t cap, const char **ret_problem)
{
	uint8_t *ascii = NULL;
	int code;

	if (is_ascii(text) && strstr(text, "xn--") == NULL &&
	    strstr(text, "XN--") == NULL && strlen(text) < cap) {
		memcpy(dst, text, strlen(text) + 1);
		return TLSHOST_OK;
	}
	code = idn2_lookup_u8((const uint8_t *)text, &ascii,
	    IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
	if (code == IDN2_MALLOC)
		return TLSHOST_NO_MEMORY;
	if (code != IDN2_OK || strlen((const char *)ascii) >= cap) {
		*ret_problem = code != IDN2_OK ? idn2_strerror(code) :
		    "the name is too long";
		idn2_free(ascii);
		return TLSHOST_INVALID_ARGUMENT;
	}
	memcpy(dst, ascii, strlen((const char *)ascii) + 1);
	idn2_free(ascii);
	return TLSHOST_OK;
}

tlshost_status
tlshost__peer_name_parse(const char *text, tlshost__peer_name *ret_name,
    const char **ret_problem)
{
	tlshost__peer_name name = { .kind = TLSHOST__PEER_NAME_DNS };
	size_t len = strlen(text);
	char copy[1024];
	tlshost_status st;

	*ret_problem = "the name is empty or too long";
	if (len == 0 || len >= sizeof(copy))
		return TLSHOST_INVALID_ARGUMENT;
	if (parse_address(text, len, &name)) {
		*ret_name = name;
		return TLSHOST_OK;
	}
	memcpy(copy, text, len + 1);
	if (copy[len - 1] == '.')
		copy[--len] = '\0';
	if ((st = to_ascii(copy, name.dns, sizeof(name.dns), ret_problem)) !=
	    TLSHOST_OK)
		return st;
	lower(name.dns);
	len = strlen(name.dns);
	if (len == 0 || len > 253)
		*ret_problem = "the name is empty or too long";
	else if (looks_numeric(name.dns))
		*ret_problem = "it is neither a host name nor an IP address";
	else
		*ret_problem = check_labels(name.dns);
	if (*ret_problem != NULL)
		return TLSHOST_INVALID_ARGUMENT;
	*ret_name = name;
	return TLSHOST_OK;
}

tlshost_status
tlshost__name_to_unicode(const char *name, char **ret_text)
{
	const char *best = name;
	char *unicode = NULL, *copy;
	int code;

	code = idn2_to_unicode_8z8z(name, &unicode, 0);
	if (code == IDN2_MALLOC)
		return TLSHOST_NO_MEMORY;
	if (code == IDN2_OK && unicode != NULL)
		best = unicode;
	copy = tlshost__strdup(best);
	if (unicode != NULL)
		idn2_free(unicode);
	if (copy == NULL)
		return TLSHOST_NO_MEMORY;
	*ret_text = copy;
	return TLSHOST_OK;
}

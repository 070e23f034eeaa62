/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "error.h"
#include "mem.h"
#include "pem.h"
#include "source.h"

#define BEGIN "-----BEGIN "
#define END "-----END "
#define DASHES "-----"

static const uint8_t *
find(const uint8_t *data, size_t len, const char *text)
{
	return memmem(data, len, text, strlen(text));
}

/* At the beginning of the text or of a line. */
static const uint8_t *
find_line(const uint8_t *data, size_t len, const char *text)
{
	const uint8_t *at = data, *end = data + len;

	while ((at = find(at, (size_t)(end - at), text)) != NULL) {
		if (at == data || at[-1] == '\n' || at[-1] == '\r')
			return at;
		at++;
	}
	return NULL;
}

tlshost__pem_result
tlshost__pem_next(const uint8_t **data, size_t *len,
    tlshost__pem_block *ret_block, const char **ret_problem)
{
	const uint8_t *end = *data + *len, *at, *label, *dashes;
	tlshost__pem_block block;

	if ((at = find_line(*data, *len, BEGIN)) == NULL)
		return TLSHOST__PEM_NONE;
	block.text = at;
	label = at + strlen(BEGIN);
	dashes = find(label, (size_t)(end - label), DASHES);
	*ret_problem = "a PEM block does not begin as it should";
	if (dashes == NULL || dashes - label > 64 || dashes == label ||
	    memchr(label, '\n', (size_t)(dashes - label)) != NULL)
		return TLSHOST__PEM_BAD;
	block.label = (const char *)label;
	block.label_len = (size_t)(dashes - label);
	block.body = dashes + strlen(DASHES);
	at = find_line(block.body, (size_t)(end - block.body), END);
	*ret_problem = "a PEM block has no end, or the wrong one";
	if (at == NULL)
		return TLSHOST__PEM_BAD;
	block.body_len = (size_t)(at - block.body);
	at += strlen(END);
	if ((size_t)(end - at) < block.label_len + strlen(DASHES) ||
	    memcmp(at, block.label, block.label_len) != 0 ||
	    memcmp(at + block.label_len, DASHES, strlen(DASHES)) != 0)
		return TLSHOST__PEM_BAD;
	at += block.label_len + strlen(DASHES);
	block.text_len = (size_t)(at - block.text);
	*data = at;
	*len = (size_t)(end - at);
	*ret_problem = NULL;
	*ret_block = block;
	return TLSHOST__PEM_FOUND;
}

int
tlshost__pem_label_is(const tlshost__pem_block *block, const char *label)
{
	return block->label_len == strlen(label) &&
	    memcmp(block->label, label, block->label_len) == 0;
}

static int
sextet(uint8_t ch)
{
	if (ch >= 'A' && ch <= 'Z')
		return ch - 'A';
	if (ch >= 'a' && ch <= 'z')
		return ch - 'a' + 26;
	if (ch >= '0' && ch <= '9')
		return ch - '0' + 52;
	return ch == '+' ? 62 : ch == '/' ? 63 : -1;
}

int
tlshost__pem_decode(const tlshost__pem_block *block, uint8_t *dst,
    size_t *ret_len)
{
	uint32_t bits = 0;
	size_t count = 0, padding = 0, len = 0;

	for (size_t i = 0; i < block->body_len; i++) {
		uint8_t ch = block->body[i];
		int value;

		if (ch == ' ' || ch == '\t' || ch == '\r' || ch == '\n')
			continue;
		if (ch == '=') {
			padding++;
			continue;
		}
		if (padding != 0 || (value = sextet(ch)) < 0)
			return 0;
		bits = bits << 6 | (uint32_t)value;
		if (++count % 4 == 0) {
			dst[len++] = (uint8_t)(bits >> 16);
			dst[len++] = (uint8_t)(bits >> 8);
			dst[len++] = (uint8_t)bits;
		}
	}
	if (count == 0 || (count + padding) % 4 != 0 || padding > 2)
		return 0;
	/* The bits that pad the last byte must be none (RFC 4648, 3.5). */
	if (padding == 1) {
		if ((bits & 3) != 0)
			return 0;
		dst[len++] = (uint8_t)(bits >> 10);
		dst[len++] = (uint8_t)(bits >> 2);
	} else if (padding == 2) {
		if ((bits & 15) != 0)
			return 0;
		dst[len++] = (uint8_t)(bits >> 4);
	}
	*ret_len = len;
	return 1;
}

/* PRIVATE KEY, RSA PRIVATE KEY, ENCRYPTED PRIVATE KEY ... */
static int
is_key(const tlshost__pem_block *block)
{
	static const char suffix[] = "PRIVATE KEY";
	size_t len = sizeof(suffix) - 1;

	return block->label_len >= len && memcmp(block->label +
	    block->label_len - len, suffix, len) == 0;
}

tlshost__pem_result
tlshost__pem_find_key(const uint8_t *data, size_t len, const uint8_t **ret_text,
    size_t *ret_len, const char **ret_problem)
{
	tlshost__pem_result result;
	tlshost__pem_block block;
	int blocks = 0, keys = 0;

	while ((result = tlshost__pem_next(&data, &len, &block, ret_problem)) ==
	    TLSHOST__PEM_FOUND) {
		blocks = 1;
		if (!is_key(&block))
			continue;
		if (++keys > 1) {
			*ret_problem = "there are two private keys";
			return TLSHOST__PEM_BAD;
		}
		*ret_text = block.text;
		*ret_len = block.text_len;
	}
	if (result == TLSHOST__PEM_BAD)
		return result;
	if (keys != 0)
		return TLSHOST__PEM_FOUND;
	if (blocks) {
		*ret_problem = "there are PEM blocks, but no private key";
		return TLSHOST__PEM_BAD;
	}
	return TLSHOST__PEM_NONE;
}

/* ------------------------------------------------------------------------
 * Certificates
 */

#define CERTIFICATE_MAX ((size_t)1 << 20)

int
tlshost__der_is_one(const uint8_t *data, size_t len)
{
	tlshost__der der = { data, len }, content;

	return tlshost__der_take_tag(&der, TLSHOST__DER_SEQUENCE, &content,
	    NULL) && der.len == 0;
}

void
tlshost__certificates_done(tlshost__certificates *list)
{
	for (size_t i = 0; i < list->len; i++)
		free(list->blocks[i]);
	free(list->blocks);
	free(list->items);
	*list = (tlshost__certificates){ 0 };
}

/* Takes over the block.  0, or -1: out of memory. */
static int
append(tlshost__certificates *list, uint8_t *block, size_t len)
{
	if (tlshost__grow(&list->items, list->len, &list->items_cap,
	    sizeof(*list->items)) != 0 || tlshost__grow(&list->blocks,
	    list->len, &list->blocks_cap, sizeof(*list->blocks)) != 0) {
		free(block);
		return -1;
	}
	list->items[list->len] = (struct tlshost_bytes){ block, len };
	list->blocks[list->len++] = block;
	return 0;
}

static tlshost_status
bad_data(tlshost_error **ret_error, const char *problem)
{
	return tlshost__fail(ret_error, TLSHOST_BAD_DATA, TLSHOST_PHASE_CONFIG,
	    NULL, "%s", problem);
}

/* OpenSSL's trusted format is a certificate with more behind it. */
static size_t
certificate_len(const uint8_t *data, size_t len, int trusted)
{
	tlshost__der der = { data, len }, content, whole;

	if (!tlshost__der_take_tag(&der, TLSHOST__DER_SEQUENCE, &content,
	    &whole) || (!trusted && der.len != 0))
		return 0;
	return whole.len;
}

/* OK, NO_MEMORY, BAD_DATA: *ret_problem says why. */
static tlshost_status
append_block(tlshost__certificates *list, const tlshost__pem_block *block,
    int trusted, const char **ret_problem)
{
	uint8_t *der;
	size_t len;

	*ret_problem = "a certificate is larger than 1 MiB";
	if (block->body_len > CERTIFICATE_MAX * 2)
		return TLSHOST_BAD_DATA;
	if ((der = malloc(block->body_len / 4 * 3 + 3)) == NULL)
		return TLSHOST_NO_MEMORY;
	if (!tlshost__pem_decode(block, der, &len) ||
	    (len = certificate_len(der, len, trusted)) == 0)
		*ret_problem = "a PEM block is no certificate";
	else if (len <= CERTIFICATE_MAX)
		return append(list, der, len) == 0 ? TLSHOST_OK :
		    TLSHOST_NO_MEMORY;
	free(der);
	return TLSHOST_BAD_DATA;
}

static int
is_certificate(const tlshost__pem_block *block, int *ret_trusted)
{
	*ret_trusted = tlshost__pem_label_is(block, "TRUSTED CERTIFICATE");
	return *ret_trusted || tlshost__pem_label_is(block, "CERTIFICATE") ||
	    tlshost__pem_label_is(block, "X509 CERTIFICATE");
}

static tlshost_status
read_pem(const uint8_t *data, size_t len, tlshost__certificates *list,
    tlshost_error **ret_error)
{
	tlshost__pem_result result;
	tlshost__pem_block block;
	const char *problem = NULL;
	tlshost_status st = TLSHOST_OK;
	size_t number = 1;
	int trusted;

	for (; (result = tlshost__pem_next(&data, &len, &block, &problem)) ==
	    TLSHOST__PEM_FOUND; number++)
		if (is_certificate(&block, &trusted) && (st = append_block(list,
		    &block, trusted, &problem)) != TLSHOST_OK)
			break;
	if (st == TLSHOST_NO_MEMORY)
		return tlshost__fail_memory(ret_error);
	if (st != TLSHOST_OK || result == TLSHOST__PEM_BAD)
		return tlshost__fail(ret_error, TLSHOST_BAD_DATA,
		    TLSHOST_PHASE_CONFIG, NULL, "%s (block %zu)", problem,
		    number);
	if (list->len == 0)
		return bad_data(ret_error,
		    "there are PEM blocks, but no certificate");
	return TLSHOST_OK;
}

tlshost_status
tlshost__certificates_read(const uint8_t *data, size_t len,
    tlshost__certificates *ret_list, tlshost_error **ret_error)
{
	tlshost__certificates list = { 0 };
	tlshost_status st;
	uint8_t *copy;

	if (len > TLSHOST__FILE_MAX)
		return bad_data(ret_error, "it is larger than 16 MiB");
	if (find_line(data, len, BEGIN) != NULL) {
		st = read_pem(data, len, &list, ret_error);
	} else if (!tlshost__der_is_one(data, len)) {
		st = bad_data(ret_error, "no certificate: there is no PEM "
		    "block, and it is not DER");
	} else if (len > CERTIFICATE_MAX) {
		st = bad_data(ret_error, "the certificate is larger than 1 MiB");
	} else if ((copy = tlshost__memdup(data, len)) == NULL ||
	    append(&list, copy, len) != 0) {
		st = tlshost__fail_memory(ret_error);
	} else {
		st = TLSHOST_OK;
	}
	if (st != TLSHOST_OK) {
		tlshost__certificates_done(&list);
		return st;
	}
	*ret_list = list;
	return TLSHOST_OK;
}

/* SPDX-License-Identifier: MIT */
/* Certificates and chains: content, for any backend. */
#include "config.h"

#include "border.h"
#include "source.h"
#include "x509.h"

static tlshost_status
bad_argument(tlshost_error **ret_error, const char *what)
{
	return tlshost__fail(ret_error, TLSHOST_INVALID_ARGUMENT,
	    TLSHOST_PHASE_CONFIG, NULL, "%s", what);
}

static tlshost_status
file_empty(tlshost_error **ret_error)
{
	return tlshost__fail(ret_error, TLSHOST_BAD_DATA, TLSHOST_PHASE_CONFIG,
	    NULL, "the file is empty");
}

struct tlshost_plugin_certificate
tlshost__certificate_for_plugin(const tlshost_certificate *certificate)
{
	return (struct tlshost_plugin_certificate){
		.size = sizeof(struct tlshost_plugin_certificate),
		.der = { certificate->der, certificate->len },
		.uri = certificate->uri,
	};
}

/* Libraries stop at other flaws each, and nobody takes one that has any. */
static tlshost_status
check_form(const tlshost_backend *backend,
    const tlshost_certificate *certificate, tlshost_error **ret_error)
{
	tlshost__cert cert;

	if (certificate->uri != NULL)
		return TLSHOST_OK;
	(void)tlshost__cert_parse(&cert, certificate->der, certificate->len);
	if ((cert.flaws & TLSHOST_REASON_MALFORMED) == 0)
		return TLSHOST_OK;
	return tlshost__fail(ret_error, TLSHOST_BAD_DATA,
	    TLSHOST_PHASE_CONFIG, backend->name, "the certificate cannot be "
	    "read: %s", cert.flaw_text);
}

/* Lets a backend say early what it thinks of a certificate. */
static tlshost_status
check_with_backend(tlshost_backend *backend,
    const tlshost_certificate *certificate, tlshost_error **ret_error)
{
	struct tlshost_plugin_certificate plugin =
	    tlshost__certificate_for_plugin(certificate);
	tlshost_sink sink;
	tlshost_status st;

	if (backend == NULL)
		return TLSHOST_OK;
	if (certificate->uri != NULL && (backend->capabilities &
	    TLSHOST_CAPABILITY_URI_SOURCES) == 0)
		return tlshost__fail(ret_error, TLSHOST_UNSUPPORTED,
		    TLSHOST_PHASE_CONFIG, backend->name,
		    "backend %s has no certificates by URI: %s",
		    backend->name, certificate->uri);
	if ((st = check_form(backend, certificate, ret_error)) != TLSHOST_OK)
		return st;
	tlshost__sink_init(&sink, backend->name, TLSHOST_PHASE_CONFIG, NULL);
	st = tlshost__border(&sink, "certificate_check",
	    backend->ops.certificate_check(&sink, &plugin),
	    TLSHOST__ALLOW(BAD_DATA) | TLSHOST__ALLOW(UNSUPPORTED), ret_error);
	tlshost__sink_done(&sink);
	return st;
}

static tlshost_certificate *
certificate_new(const uint8_t *der, size_t len, const char *uri)
{
	tlshost_certificate *certificate;

	if ((certificate = calloc(1, sizeof(*certificate))) == NULL)
		return NULL;
	tlshost__refs_init(&certificate->refs);
	if (uri != NULL)
		certificate->uri = tlshost__strdup(uri);
	else if ((certificate->der = tlshost__memdup(der, len)) != NULL)
		certificate->len = len;
	if (certificate->uri == NULL && certificate->der == NULL) {
		free(certificate);
		return NULL;
	}
	return certificate;
}

tlshost_status
tlshost_certificate_from_memory(tlshost_backend *backend, const void *data,
    size_t len, tlshost_certificate **ret_certificate, tlshost_error **ret_error)
{
	tlshost_certificate *certificate;
	tlshost_chain *chain;
	tlshost_status st;

	if (ret_certificate == NULL)
		return bad_argument(ret_error, "ret_certificate is NULL");
	if ((st = tlshost_chain_from_memory(backend, data, len, &chain,
	    ret_error)) != TLSHOST_OK)
		return st;
	if (chain->len == 1) {
		certificate = tlshost_certificate_ref(chain->items[0]);
		*ret_certificate = certificate;
	} else {
		st = tlshost__fail(ret_error, TLSHOST_BAD_DATA,
		    TLSHOST_PHASE_CONFIG, NULL, "there are %zu certificates, "
		    "not one: use a chain", chain->len);
	}
	tlshost_chain_unref(chain);
	return st;
}

tlshost_status
tlshost_certificate_from_file(tlshost_backend *backend, const char *path,
    tlshost_certificate **ret_certificate, tlshost_error **ret_error)
{
	tlshost_error *error = NULL;
	tlshost_status st;
	uint8_t *data;
	size_t len;

	if (path == NULL || ret_certificate == NULL)
		return bad_argument(ret_error, "path or ret_certificate is "
		    "NULL");
	if ((st = tlshost__read_file(path, &data, &len, ret_error)) !=
	    TLSHOST_OK)
		return st;
	st = len == 0 ? file_empty(&error) : tlshost_certificate_from_memory(
	    backend, data, len, ret_certificate, &error);
	if (st != TLSHOST_OK)
		(void)tlshost__fail_in(ret_error, error, path);
	free(data);
	return st;
}

tlshost_status
tlshost_certificate_from_uri(tlshost_backend *backend, const char *uri,
    tlshost_certificate **ret_certificate, tlshost_error **ret_error)
{
	tlshost_certificate *certificate;
	tlshost_status st;

	if (uri == NULL || ret_certificate == NULL)
		return bad_argument(ret_error, "uri or ret_certificate is NULL");
	if (strncmp(uri, "pkcs11:", 7) != 0)
		return tlshost__fail(ret_error, TLSHOST_BAD_DATA,
		    TLSHOST_PHASE_CONFIG, NULL, "not a pkcs11: URI: %.200s",
		    uri);
	if ((certificate = certificate_new(NULL, 0, uri)) == NULL)
		return tlshost__fail_memory(ret_error);
	if ((st = check_with_backend(backend, certificate, ret_error)) !=
	    TLSHOST_OK) {
		tlshost_certificate_unref(certificate);
		return st;
	}
	*ret_certificate = certificate;
	return TLSHOST_OK;
}

tlshost_certificate *
tlshost_certificate_ref(tlshost_certificate *certificate)
{
	if (certificate != NULL)
		tlshost__refs_get(&certificate->refs);
	return certificate;
}

void
tlshost_certificate_unref(tlshost_certificate *certificate)
{
	if (certificate == NULL || !tlshost__refs_put(&certificate->refs))
		return;
	free(certificate->der);
	free(certificate->uri);
	free(certificate);
}

size_t
tlshost_certificate_der(const tlshost_certificate *certificate,
    const uint8_t **ret_data)
{
	if (ret_data != NULL)
		*ret_data = certificate != NULL ? certificate->der : NULL;
	return certificate != NULL ? certificate->len : 0;
}

int
tlshost_certificate_equal(const tlshost_certificate *a,
    const tlshost_certificate *b)
{
	if (a == b)
		return 1;
	if (a == NULL || b == NULL)
		return 0;
	if (a->uri != NULL || b->uri != NULL)
		return a->uri != NULL && b->uri != NULL &&
		    strcmp(a->uri, b->uri) == 0;
	return a->len == b->len && memcmp(a->der, b->der, a->len) == 0;
}

/* ------------------------------------------------------------------------
 * Chains
 */

static tlshost_chain *
chain_new(size_t len)
{
	tlshost_chain *chain;

	if ((chain = calloc(1, sizeof(*chain))) == NULL)
		return NULL;
	tlshost__refs_init(&chain->refs);
	if ((chain->items = tlshost__array(len, sizeof(*chain->items))) ==
	    NULL) {
		free(chain);
		return NULL;
	}
	return chain;
}

tlshost_status
tlshost_chain_from_memory(tlshost_backend *backend, const void *data,
    size_t len, tlshost_chain **ret_chain, tlshost_error **ret_error)
{
	tlshost__certificates list;
	tlshost_chain *chain;
	tlshost_status st;

	if (data == NULL || len == 0 || ret_chain == NULL)
		return bad_argument(ret_error, "data or ret_chain is NULL, or "
		    "len is 0");
	if ((st = tlshost__certificates_read(data, len, &list, ret_error)) !=
	    TLSHOST_OK)
		return st;
	if ((chain = chain_new(list.len)) == NULL)
		st = tlshost__fail_memory(ret_error);
	while (st == TLSHOST_OK && chain->len < list.len) {
		tlshost_certificate *item = certificate_new(
		    list.items[chain->len].data, list.items[chain->len].len,
		    NULL);

		if (item == NULL) {
			st = tlshost__fail_memory(ret_error);
			break;
		}
		chain->items[chain->len++] = item;
		st = check_with_backend(backend, item, ret_error);
	}
	tlshost__certificates_done(&list);
	if (st != TLSHOST_OK) {
		tlshost_chain_unref(chain);
		return st;
	}
	*ret_chain = chain;
	return TLSHOST_OK;
}

tlshost_status
tlshost_chain_from_file(tlshost_backend *backend, const char *path,
    tlshost_chain **ret_chain, tlshost_error **ret_error)
{
	tlshost_error *error = NULL;
	tlshost_status st;
	uint8_t *data;
	size_t len;

	if (path == NULL || ret_chain == NULL)
		return bad_argument(ret_error, "path or ret_chain is NULL");
	if ((st = tlshost__read_file(path, &data, &len, ret_error)) !=
	    TLSHOST_OK)
		return st;
	st = len == 0 ? file_empty(&error) : tlshost_chain_from_memory(backend,
	    data, len, ret_chain, &error);
	if (st != TLSHOST_OK)
		(void)tlshost__fail_in(ret_error, error, path);
	free(data);
	return st;
}

tlshost_status
tlshost_chain_from_certificates(tlshost_certificate *const *certificates,
    size_t len, tlshost_chain **ret_chain, tlshost_error **ret_error)
{
	tlshost_chain *chain;

	if (certificates == NULL || len == 0 || len > TLSHOST__CHAIN_MAX ||
	    ret_chain == NULL)
		return bad_argument(ret_error, "certificates or ret_chain is "
		    "NULL, or len is none or too large");
	for (size_t i = 0; i < len; i++)
		if (certificates[i] == NULL)
			return tlshost__fail(ret_error,
			    TLSHOST_INVALID_ARGUMENT, TLSHOST_PHASE_CONFIG,
			    NULL, "certificates[%zu] is NULL", i);
	if ((chain = chain_new(len)) == NULL)
		return tlshost__fail_memory(ret_error);
	for (size_t i = 0; i < len; i++)
		chain->items[chain->len++] =
		    tlshost_certificate_ref(certificates[i]);
	*ret_chain = chain;
	return TLSHOST_OK;
}

tlshost_chain *
tlshost_chain_ref(tlshost_chain *chain)
{
	if (chain != NULL)
		tlshost__refs_get(&chain->refs);
	return chain;
}

void
tlshost_chain_unref(tlshost_chain *chain)
{
	if (chain == NULL || !tlshost__refs_put(&chain->refs))
		return;
	for (size_t i = 0; i < chain->len; i++)
		tlshost_certificate_unref(chain->items[i]);
	free(chain->items);
	free(chain);
}

size_t
tlshost_chain_len(const tlshost_chain *chain)
{
	return chain != NULL ? chain->len : 0;
}

const tlshost_certificate *
tlshost_chain_at(const tlshost_chain *chain, size_t index)
{
	return chain != NULL && index < chain->len ? chain->items[index] :
	    NULL;
}

int
tlshost__chain_equal(const tlshost_chain *a, const tlshost_chain *b)
{
	if (a == b)
		return 1;
	if (a->len != b->len)
		return 0;
	for (size_t i = 0; i < a->len; i++)
		if (!tlshost_certificate_equal(a->items[i], b->items[i]))
			return 0;
	return 1;
}

uint64_t
tlshost__chain_hash(uint64_t hash, const tlshost_chain *chain)
{
	for (size_t i = 0; i < chain->len; i++) {
		const tlshost_certificate *item = chain->items[i];

		hash = item->uri != NULL ?
		    tlshost__hash(hash, item->uri, strlen(item->uri)) :
		    tlshost__hash(hash, item->der, item->len);
	}
	return hash;
}

/* SPDX-License-Identifier: MIT */
/* Certificates, keys, trust stores, and the library's verification. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "plugin.h"

static gnutls_datum_t
datum(const struct tlshost_bytes *bytes)
{
	union { const uint8_t *in; unsigned char *out; } u;

	u.in = bytes->data;
	return (gnutls_datum_t){ u.out, (unsigned int)bytes->len };
}

int32_t
certificate_check(tlshost_sink *sink,
    const struct tlshost_plugin_certificate *certificate)
{
	gnutls_datum_t der = datum(&certificate->der);
	gnutls_x509_crt_t crt;
	int code;

	if ((code = gnutls_x509_crt_init(&crt)) < 0)
		return fail(sink, TLSHOST_LIBRARY, code, "no certificate");
	code = gnutls_x509_crt_import(crt, &der, GNUTLS_X509_FMT_DER);
	gnutls_x509_crt_deinit(crt);
	if (code < 0)
		return fail_field(sink, TLSHOST_BAD_DATA,
		    TLSHOST_FIELD_CERTIFICATE_CHAIN, code,
		    "the certificate cannot be read");
	return TLSHOST_OK;
}

/* ------------------------------------------------------------------------
 * Keys
 */

/* What the PIN function was asked and said: the library's codes do not tell a
 * refusal from a wrong password. */
typedef struct pin {
	tlshost_secret *secret;
	int asked;
	int32_t status;
} pin;

/* A password as the library's PIN: a string. */
static int
ask_password(void *userdata, int attempt, const char *url, const char *label,
    unsigned int flags, char *dst, size_t cap)
{
	pin *asked = userdata;
	const uint8_t *password;
	size_t len;

	(void)attempt;
	(void)url;
	(void)label;
	(void)flags;
	asked->asked = 1;
	asked->status = host->password(asked->secret, &password, &len);
	if (asked->status != TLSHOST_OK || len >= cap)
		return -1;
	if (len != 0)
		memcpy(dst, password, len);
	dst[len] = '\0';
	return 0;
}

static int32_t
fail_key(tlshost_sink *sink, const pin *asked, int code)
{
	const uint32_t field = TLSHOST_FIELD_PRIVATE_KEY;

	if (code == GNUTLS_E_MEMORY_ERROR)
		return fail_memory(sink);
	if (asked->asked && asked->status == TLSHOST_PASSWORD_REFUSED)
		return fail_field(sink, TLSHOST_PASSWORD_REFUSED, field, code,
		    "the private key is encrypted and no password was given");
	if (asked->asked && asked->status != TLSHOST_OK)
		return fail_memory(sink);
	if (code == GNUTLS_E_UNKNOWN_CIPHER_TYPE ||
	    code == GNUTLS_E_UNSUPPORTED_SIGNATURE_ALGORITHM ||
	    code == GNUTLS_E_UNIMPLEMENTED_FEATURE)
		return fail_field(sink, TLSHOST_UNSUPPORTED, field, code,
		    "the private key is encrypted in a way, or of a kind, that "
		    "GnuTLS does not know");
	if (asked->asked)
		return fail_field(sink, TLSHOST_BAD_PASSWORD, field, code,
		    "the password of the private key is wrong");
	return fail_field(sink, TLSHOST_BAD_DATA, field, code,
	    "the private key cannot be read");
}

int32_t
key_load(tlshost_sink *sink, const struct tlshost_plugin_key *source,
    gnutls_privkey_t *ret_key)
{
	gnutls_datum_t data = datum(&source->data);
	pin asked = { .secret = source->secret };
	gnutls_privkey_t key;
	int code;

	if ((code = gnutls_privkey_init(&key)) < 0)
		return fail(sink, TLSHOST_LIBRARY, code, "no private key");
	/* With a password as argument plain DER would fail; the PIN function is
	 * asked only if there is something to decrypt. */
	gnutls_privkey_set_pin_function(key, ask_password, &asked);
	code = gnutls_privkey_import_x509_raw(key, &data,
	    source->encoding == TLSHOST_KEY_PEM ? GNUTLS_X509_FMT_PEM :
	    GNUTLS_X509_FMT_DER, NULL, 0);
	if (code < 0) {
		gnutls_privkey_deinit(key);
		return fail_key(sink, &asked, code);
	}
	gnutls_privkey_set_pin_function(key, NULL, NULL);
	*ret_key = key;
	return TLSHOST_OK;
}

int32_t
key_check(tlshost_sink *sink, const struct tlshost_plugin_key *source)
{
	gnutls_privkey_t key;
	int32_t st;

	if ((st = key_load(sink, source, &key)) == TLSHOST_OK)
		gnutls_privkey_deinit(key);
	return st;
}

/* ------------------------------------------------------------------------
 * Trust stores
 */

void
trust_free(void *object)
{
	trust *store = object;

	if (store == NULL)
		return;
	for (size_t i = 0; i < store->anchors_len; i++) {
		gnutls_x509_crt_deinit(store->crts[i]);
		free(store->anchors[i].data);
	}
	free(store->crts);
	free(store->anchors);
	free(store);
}

/* 0, or a code; a certificate that the library cannot read is passed over. */
static int
add_anchor(trust *store, const struct tlshost_bytes *der)
{
	gnutls_datum_t *copy = &store->anchors[store->anchors_len];
	gnutls_datum_t bytes = datum(der);
	gnutls_x509_crt_t crt;
	int code;

	if ((code = gnutls_x509_crt_init(&crt)) < 0)
		return code;
	if (gnutls_x509_crt_import(crt, &bytes, GNUTLS_X509_FMT_DER) < 0) {
		gnutls_x509_crt_deinit(crt);
		return 0;
	}
	if ((copy->data = malloc(der->len)) == NULL) {
		gnutls_x509_crt_deinit(crt);
		return GNUTLS_E_MEMORY_ERROR;
	}
	memcpy(copy->data, der->data, der->len);
	copy->size = (unsigned int)der->len;
	store->crts[store->anchors_len++] = crt;
	return 0;
}

int32_t
trust_new(tlshost_sink *sink, const struct tlshost_plugin_trust *source,
    void **ret_trust)
{
	trust *store;
	int code = 0;

	if (source->uri != NULL)
		return fail_field(sink, TLSHOST_UNSUPPORTED,
		    TLSHOST_FIELD_TRUST_STORE, 0, "no trust stores by URI");
	if ((store = calloc(1, sizeof(*store))) == NULL)
		return fail_memory(sink);
	store->crts = calloc(source->anchors_len + 1, sizeof(*store->crts));
	store->anchors = calloc(source->anchors_len + 1,
	    sizeof(*store->anchors));
	if (store->crts == NULL || store->anchors == NULL) {
		trust_free(store);
		return fail_memory(sink);
	}
	for (size_t i = 0; i < source->anchors_len && code >= 0; i++)
		code = add_anchor(store, &source->anchors[i]);
	if (code < 0) {
		trust_free(store);
		return fail_field(sink, TLSHOST_LIBRARY,
		    TLSHOST_FIELD_TRUST_STORE, code,
		    "the trust store cannot be built");
	}
	*ret_trust = store;
	return TLSHOST_OK;
}

/* ------------------------------------------------------------------------
 * Verification
 */

#define PATH_MAX_LEN 64

/*
 * The links that the library tells of while it verifies, by an output function
 * that gets no data of ours: hence one record a thread.
 */
typedef struct links {
	struct {
		gnutls_datum_t certificate, issuer; /* issuer NULL: the end */
	} items[PATH_MAX_LEN];
	size_t len;
	int no_memory;
} links;

static _Thread_local links *recorder;

static void
links_done(links *record)
{
	for (size_t i = 0; i < record->len; i++) {
		gnutls_free(record->items[i].certificate.data);
		gnutls_free(record->items[i].issuer.data);
	}
	record->len = 0;
}

static int
same(const gnutls_datum_t *a, const gnutls_datum_t *b)
{
	return a->size == b->size && a->data != NULL && b->data != NULL &&
	    memcmp(a->data, b->data, a->size) == 0;
}

/* A later round of the library replaces what an earlier one said. */
static int
record_link(gnutls_x509_crt_t certificate, gnutls_x509_crt_t issuer,
    gnutls_x509_crl_t crl, unsigned int status)
{
	gnutls_datum_t of = { NULL, 0 }, by = { NULL, 0 };
	size_t at = 0;

	(void)crl;
	if (recorder == NULL || status != 0 || certificate == NULL)
		return 0;
	if (gnutls_x509_crt_export2(certificate, GNUTLS_X509_FMT_DER, &of) <
	    0 || (issuer != NULL && gnutls_x509_crt_export2(issuer,
	    GNUTLS_X509_FMT_DER, &by) < 0)) {
		gnutls_free(of.data);
		recorder->no_memory = 1;
		return 0;
	}
	while (at < recorder->len &&
	    !same(&recorder->items[at].certificate, &of))
		at++;
	if (at == PATH_MAX_LEN) {
		gnutls_free(of.data);
		gnutls_free(by.data);
		return 0;
	}
	if (at == recorder->len) {
		recorder->len++;
	} else {
		gnutls_free(recorder->items[at].certificate.data);
		gnutls_free(recorder->items[at].issuer.data);
	}
	recorder->items[at].certificate = of;
	recorder->items[at].issuer = by;
	return 0;
}

/* Walks from the leaf to where there is no issuer. */
static int32_t
tell_path(tlshost_sink *sink, const links *record,
    const struct tlshost_plugin_path *path)
{
	struct tlshost_bytes walked[PATH_MAX_LEN];
	gnutls_datum_t next = datum(&path->certificates[0]);
	size_t len = 0;
	int32_t st;

	while (len < PATH_MAX_LEN) {
		size_t at = 0;

		walked[len++] = (struct tlshost_bytes){ next.data, next.size };
		while (at < record->len &&
		    !same(&record->items[at].certificate, &next))
			at++;
		if (at == record->len || record->items[at].issuer.data == NULL ||
		    same(&record->items[at].issuer, &next))
			break;
		next = record->items[at].issuer;
	}
	if ((st = host->path_used(path->trail, walked, len)) != TLSHOST_OK)
		return fail(sink, st, 0, "the path cannot be told");
	return TLSHOST_OK;
}

static uint32_t
sort_status(unsigned int status, int self_signed)
{
	static const struct {
		unsigned int bit;
		uint32_t reason;
	} reasons[] = {
		{ GNUTLS_CERT_EXPIRED, TLSHOST_REASON_EXPIRED },
		{ GNUTLS_CERT_NOT_ACTIVATED, TLSHOST_REASON_NOT_YET_VALID },
		{ GNUTLS_CERT_REVOKED, TLSHOST_REASON_REVOKED },
		{ GNUTLS_CERT_SIGNATURE_FAILURE, TLSHOST_REASON_BAD_SIGNATURE },
		{ GNUTLS_CERT_PURPOSE_MISMATCH, TLSHOST_REASON_WRONG_PURPOSE },
		{ GNUTLS_CERT_INSECURE_ALGORITHM, TLSHOST_REASON_WEAK_KEY },
		{ GNUTLS_CERT_SIGNER_NOT_CA, TLSHOST_REASON_NOT_CA },
		{ GNUTLS_CERT_SIGNER_CONSTRAINTS_FAILURE,
		    TLSHOST_REASON_CONSTRAINT },
		{ GNUTLS_CERT_UNKNOWN_CRIT_EXTENSIONS,
		    TLSHOST_REASON_UNKNOWN_CRITICAL },
	};
	uint32_t found = 0;

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if ((status & reasons[i].bit) != 0)
			found |= reasons[i].reason;
	if ((status & GNUTLS_CERT_SIGNER_NOT_FOUND) != 0)
		found |= self_signed ? TLSHOST_REASON_SELF_SIGNED :
		    TLSHOST_REASON_UNKNOWN_ISSUER;
	return found != 0 ? found : TLSHOST_REASON_OTHER;
}

static int32_t
refuse_path(struct tlshost_plugin_verdict *verdict, unsigned int status,
    int self_signed)
{
	gnutls_datum_t text = { NULL, 0 };

	verdict->reasons = sort_status(status, self_signed);
	verdict->native_code = (int64_t)status;
	if (gnutls_certificate_verification_status_print(status,
	    GNUTLS_CRT_X509, &text, 0) >= 0) {
		strncpy(verdict->native_text, (const char *)text.data,
		    sizeof(verdict->native_text) - 1);
		gnutls_free(text.data);
	}
	return TLSHOST_BAD_CERTIFICATE;
}

/* NULL: it is none. */
static gnutls_x509_crt_t
find_anchor(const trust *store, const struct tlshost_bytes *der)
{
	gnutls_datum_t bytes = datum(der);

	for (size_t i = 0; i < store->anchors_len; i++)
		if (same(&store->anchors[i], &bytes))
			return store->crts[i];
	return NULL;
}

/*
 * 0, or a code.  The library chooses among issuers of one name by their dates,
 * so it gets the one anchor, in a list that the anchor does not belong to.
 */
static int
verify_from(gnutls_x509_crt_t root, const struct tlshost_plugin_path *path,
    gnutls_x509_crt_t *crts, links *record, unsigned int *ret_status)
{
	gnutls_typed_vdata_st purpose = {
		.type = GNUTLS_DT_KEY_PURPOSE_OID,
	};
	union { const char *in; unsigned char *out; } oid;
	gnutls_x509_trust_list_t list;
	int code;

	if ((code = gnutls_x509_trust_list_init(&list, 1)) < 0)
		return code;
	oid.in = path->purpose == TLSHOST_ROLE_SERVER ?
	    GNUTLS_KP_TLS_WWW_SERVER : GNUTLS_KP_TLS_WWW_CLIENT;
	purpose.data = oid.out;
	recorder = record;
	if ((code = gnutls_x509_trust_list_add_cas(list, &root, 1, 0)) >= 0)
		code = gnutls_x509_trust_list_verify_crt2(list, crts,
		    (unsigned int)path->certificates_len, &purpose, 1,
		    GNUTLS_PROFILE_TO_VFLAGS(GNUTLS_PROFILE_MEDIUM),
		    ret_status, record_link);
	recorder = NULL;
	gnutls_x509_trust_list_deinit(list, 0);
	return code;
}

static int32_t
verify_list(tlshost_sink *sink, gnutls_x509_crt_t root,
    const struct tlshost_plugin_path *path, gnutls_x509_crt_t *crts,
    struct tlshost_plugin_verdict *verdict)
{
	links record = { .len = 0 };
	unsigned int status = 0;
	int code = verify_from(root, path, crts, &record, &status);
	int32_t st;

	if (record.no_memory || code == GNUTLS_E_MEMORY_ERROR)
		st = fail_memory(sink);
	else if (code < 0)
		st = fail(sink, TLSHOST_LIBRARY, code,
		    "GnuTLS could not verify the path");
	else if (status != 0)
		st = refuse_path(verdict, status, path->certificates_len == 1 &&
		    gnutls_x509_crt_check_issuer(crts[0], crts[0]));
	else
		st = tell_path(sink, &record, path);
	links_done(&record);
	return st;
}

static int32_t
refuse_unread(struct tlshost_plugin_verdict *verdict, size_t depth, int code)
{
	verdict->reasons = TLSHOST_REASON_MALFORMED;
	verdict->depth = (int32_t)depth;
	verdict->native_code = code;
	strncpy(verdict->native_text, gnutls_strerror(code),
	    sizeof(verdict->native_text) - 1);
	return TLSHOST_BAD_CERTIFICATE;
}

int32_t
verify_path(tlshost_sink *sink, void *object,
    const struct tlshost_plugin_path *path,
    struct tlshost_plugin_verdict *verdict)
{
	int pinned = path->anchor == NULL;
	gnutls_x509_crt_t crts[PATH_MAX_LEN], root;
	size_t len = 0;
	int32_t st;
	int code = 0;

	if (path->certificates_len == 0 ||
	    path->certificates_len > PATH_MAX_LEN)
		return fail(sink, TLSHOST_LIBRARY, 0, "a path of such a length");
	root = find_anchor(object, pinned ? &path->certificates[0] :
	    path->anchor);
	/* The library refuses a leaf as an anchor unless it is self-signed. */
	if (pinned && root != NULL) {
		st = host->path_used(path->trail, path->certificates, 1);
		return st == TLSHOST_OK ? st : fail(sink, st, 0, NULL);
	}
	while (len < path->certificates_len && code >= 0) {
		gnutls_datum_t der = datum(&path->certificates[len]);

		if ((code = gnutls_x509_crt_init(&crts[len])) < 0)
			break;
		len++;
		code = gnutls_x509_crt_import(crts[len - 1], &der,
		    GNUTLS_X509_FMT_DER);
	}
	if (code == GNUTLS_E_MEMORY_ERROR)
		st = fail_memory(sink);
	else if (code < 0)
		st = refuse_unread(verdict, len - 1, code);
	else if (root == NULL)
		st = refuse_unread(verdict, len, GNUTLS_E_CERTIFICATE_ERROR);
	else
		st = verify_list(sink, root, path, crts, verdict);
	for (size_t i = 0; i < len; i++)
		gnutls_x509_crt_deinit(crts[i]);
	if (st == TLSHOST_BAD_CERTIFICATE)
		(void)fail(sink, st, 0, "GnuTLS refused the path");
	return st;
}

/* SPDX-License-Identifier: MIT */
/* Certificates, keys, trust stores, and the library's verification. */
#include "config.h"

#include <limits.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "plugin.h"

/* NULL: not one certificate, and the error queue says why. */
static X509 *
parse(const struct tlshost_bytes *der)
{
	const unsigned char *at = der->data;
	X509 *cert;

	if (der->len > LONG_MAX)
		return NULL;
	cert = d2i_X509(NULL, &at, (long)der->len);
	if (cert != NULL && at != der->data + der->len) {
		X509_free(cert);
		cert = NULL;
	}
	return cert;
}

int32_t
certificate_check(tlshost_sink *sink,
    const struct tlshost_plugin_certificate *certificate)
{
	X509 *cert;
	int32_t st;

	if ((st = enter(sink)) != TLSHOST_OK)
		return st;
	if ((cert = parse(&certificate->der)) == NULL)
		return fail(sink, TLSHOST_BAD_DATA,
		    TLSHOST_FIELD_CERTIFICATE_CHAIN,
		    "the certificate cannot be read");
	X509_free(cert);
	errors_end();
	return TLSHOST_OK;
}

/* ------------------------------------------------------------------------
 * Keys
 */

/* What the password callback was asked and said: it may be called for each
 * decoder that the library tries, and its errors do not tell. */
typedef struct password {
	tlshost_secret *secret;
	int asked;
	int32_t status;
} password;

static int
ask_password(char *dst, int cap, int writing, void *userdata)
{
	password *asked = userdata;
	const uint8_t *data;
	size_t len;

	(void)writing;
	asked->asked = 1;
	asked->status = host->password(asked->secret, &data, &len);
	if (asked->status != TLSHOST_OK || len > (size_t)cap)
		return -1;
	if (len != 0)
		memcpy(dst, data, len);
	return (int)len;
}

static EVP_PKEY *
decode_key(const struct tlshost_plugin_key *source, password *asked)
{
	EVP_PKEY *key = NULL;
	BIO *bio;

	if (source->data.len > INT_MAX || (bio = BIO_new_mem_buf(
	    source->data.data, (int)source->data.len)) == NULL)
		return NULL;
	if (source->encoding == TLSHOST_KEY_PEM) {
		key = PEM_read_bio_PrivateKey(bio, NULL, ask_password, asked);
	} else {
		key = d2i_PrivateKey_bio(bio, NULL);
		if (key == NULL) {
			BIO_free(bio);
			bio = BIO_new_mem_buf(source->data.data,
			    (int)source->data.len);
			if (bio != NULL)
				key = d2i_PKCS8PrivateKey_bio(bio, NULL,
				    ask_password, asked);
		}
	}
	BIO_free(bio);
	return key;
}

static int32_t
fail_key(tlshost_sink *sink, const password *asked)
{
	const uint32_t field = TLSHOST_FIELD_PRIVATE_KEY;

	if (asked->asked && asked->status == TLSHOST_PASSWORD_REFUSED)
		return fail(sink, TLSHOST_PASSWORD_REFUSED, field,
		    "the private key is encrypted and no password was given");
	if (asked->asked && asked->status != TLSHOST_OK)
		return fail_memory(sink);
	if (asked->asked)
		return fail(sink, TLSHOST_BAD_PASSWORD, field,
		    "the password of the private key is wrong");
	return fail(sink, TLSHOST_BAD_DATA, field,
	    "the private key cannot be read");
}

static int32_t
key_load(tlshost_sink *sink, const struct tlshost_plugin_key *source,
    EVP_PKEY **ret_key)
{
	password asked = { .secret = source->secret };
	EVP_PKEY *key;

	if ((key = decode_key(source, &asked)) == NULL)
		return fail_key(sink, &asked);
	/* A decoder that failed before the right one leaves its errors. */
	errors_end();
	*ret_key = key;
	return TLSHOST_OK;
}

int32_t
key_check(tlshost_sink *sink, const struct tlshost_plugin_key *source)
{
	EVP_PKEY *key = NULL;
	int32_t st;

	if ((st = enter(sink)) != TLSHOST_OK)
		return st;
	if ((st = key_load(sink, source, &key)) == TLSHOST_OK)
		EVP_PKEY_free(key);
	return st;
}

void
identity_done(identity *one)
{
	X509_free(one->leaf);
	EVP_PKEY_free(one->key);
	sk_X509_pop_free(one->chain, X509_free);
	*one = (identity){ NULL, NULL, NULL };
}

static int32_t
fail_certificate(tlshost_sink *sink)
{
	return fail(sink, TLSHOST_BAD_DATA, TLSHOST_FIELD_CERTIFICATE_CHAIN,
	    "a certificate of the chain cannot be read");
}

int32_t
identity_load(tlshost_sink *sink, const struct tlshost_plugin_chain *chain,
    identity *ret_identity)
{
	identity one = { NULL, NULL, NULL };
	int32_t st;

	if ((st = key_load(sink, chain->key, &one.key)) != TLSHOST_OK)
		return st;
	if ((one.chain = sk_X509_new_null()) == NULL)
		st = fail_memory(sink);
	for (size_t i = 0; i < chain->certificates_len && st == TLSHOST_OK;
	    i++) {
		X509 *cert = parse(&chain->certificates[i]->der);

		if (cert == NULL)
			st = fail_certificate(sink);
		else if (i == 0)
			one.leaf = cert;
		else if (!sk_X509_push(one.chain, cert)) {
			X509_free(cert);
			st = fail_memory(sink);
		}
	}
	/* The library lets a key of another kind pass until much later. */
	if (st == TLSHOST_OK && !X509_check_private_key(one.leaf, one.key))
		st = fail(sink, TLSHOST_KEY_MISMATCH,
		    TLSHOST_FIELD_PRIVATE_KEY, "the private key does not "
		    "belong to the certificate");
	if (st != TLSHOST_OK) {
		identity_done(&one);
		return st;
	}
	*ret_identity = one;
	return TLSHOST_OK;
}

/* ------------------------------------------------------------------------
 * Trust stores
 */

/* More names than this are not put into a request: the list of a whole bundle
 * would be larger than most certificates, and no client needs it. */
#define NAMES_MAX 64

void
trust_free(void *object)
{
	trust *store = object;

	if (store == NULL)
		return;
	sk_X509_NAME_pop_free(store->names, X509_NAME_free);
	for (size_t i = 0; i < store->anchors_len; i++) {
		X509_free(store->anchors[i].cert);
		OPENSSL_free((void *)(uintptr_t)store->anchors[i].der.data);
	}
	free(store->anchors);
	free(store);
	errors_end();
}

/* 0: out of memory.  A certificate that the library cannot read is passed
 * over. */
static int
add_anchor(trust *store, const struct tlshost_bytes *der, size_t of)
{
	anchor *copy = &store->anchors[store->anchors_len];
	X509 *cert = parse(der);
	X509_NAME *name;
	int ok = 1;

	if (cert == NULL) {
		ok = !errors_no_memory();
		ERR_clear_error();
		return ok;
	}
	/* Fills what the library would fill on first use, in whatever thread. */
	(void)X509_check_purpose(cert, -1, 0);
	ERR_clear_error();
	if (of <= NAMES_MAX) {
		name = X509_NAME_dup(X509_get_subject_name(cert));
		ok = name != NULL && sk_X509_NAME_push(store->names, name);
		if (!ok)
			X509_NAME_free(name);
	}
	if (ok && (copy->der.data = OPENSSL_memdup(der->data, der->len)) !=
	    NULL) {
		copy->der.len = der->len;
		copy->cert = cert;
		store->anchors_len++;
		return 1;
	}
	X509_free(cert);
	return 0;
}

int32_t
trust_new(tlshost_sink *sink, const struct tlshost_plugin_trust *source,
    void **ret_trust)
{
	trust *store;
	int ok;
	int32_t st;

	if ((st = enter(sink)) != TLSHOST_OK)
		return st;
	if (source->uri != NULL)
		return fail(sink, TLSHOST_UNSUPPORTED,
		    TLSHOST_FIELD_TRUST_STORE, "no trust stores by URI");
	if ((store = calloc(1, sizeof(*store))) == NULL)
		return fail_memory(sink);
	store->names = sk_X509_NAME_new_null();
	store->anchors = calloc(source->anchors_len + 1,
	    sizeof(*store->anchors));
	ok = store->names != NULL && store->anchors != NULL;
	for (size_t i = 0; i < source->anchors_len && ok; i++)
		ok = add_anchor(store, &source->anchors[i],
		    source->anchors_len);
	if (!ok) {
		trust_free(store);
		return fail_memory(sink);
	}
	errors_end();
	*ret_trust = store;
	return TLSHOST_OK;
}

/* ------------------------------------------------------------------------
 * Verification of one path, for the host
 */

static uint32_t
reason_of(int code)
{
	switch (code) {
	case X509_V_ERR_CERT_HAS_EXPIRED:
		return TLSHOST_REASON_EXPIRED;
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return TLSHOST_REASON_NOT_YET_VALID;
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_CERT_UNTRUSTED:
		return TLSHOST_REASON_UNKNOWN_ISSUER;
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
		return TLSHOST_REASON_SELF_SIGNED;
	case X509_V_ERR_CERT_SIGNATURE_FAILURE:
	case X509_V_ERR_UNABLE_TO_DECRYPT_CERT_SIGNATURE:
		return TLSHOST_REASON_BAD_SIGNATURE;
	case X509_V_ERR_CERT_REVOKED:
		return TLSHOST_REASON_REVOKED;
	case X509_V_ERR_INVALID_PURPOSE:
		return TLSHOST_REASON_WRONG_PURPOSE;
	case X509_V_ERR_EE_KEY_TOO_SMALL:
	case X509_V_ERR_CA_KEY_TOO_SMALL:
	case X509_V_ERR_EC_KEY_EXPLICIT_PARAMS:
		return TLSHOST_REASON_WEAK_KEY;
	case X509_V_ERR_CA_MD_TOO_WEAK:
		return TLSHOST_REASON_WEAK_SIGNATURE;
	case X509_V_ERR_INVALID_CA:
	case X509_V_ERR_KEYUSAGE_NO_CERTSIGN:
		return TLSHOST_REASON_NOT_CA;
	case X509_V_ERR_PATH_LENGTH_EXCEEDED:
	case X509_V_ERR_PERMITTED_VIOLATION:
	case X509_V_ERR_EXCLUDED_VIOLATION:
	case X509_V_ERR_SUBTREE_MINMAX:
	case X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE:
		return TLSHOST_REASON_CONSTRAINT;
	case X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION:
		return TLSHOST_REASON_UNKNOWN_CRITICAL;
	default:
		return TLSHOST_REASON_OTHER;
	}
}

/* The library takes notAfter for the first second that is too late. */
static int
forgive_last_second(int ok, X509_STORE_CTX *ctx)
{
	const ASN1_TIME *end;
	X509 *cert;
	time_t now;

	if (ok || X509_STORE_CTX_get_error(ctx) != X509_V_ERR_CERT_HAS_EXPIRED)
		return ok;
	cert = X509_STORE_CTX_get_current_cert(ctx);
	end = cert != NULL ? X509_get0_notAfter(cert) : NULL;
	now = time(NULL);
	if (end == NULL || ASN1_TIME_cmp_time_t(end, now) != 0)
		return 0;
	X509_STORE_CTX_set_error(ctx, X509_V_OK);
	return 1;
}

/* What the peer presented, as the library has it: the cookie of a judgement. */
typedef struct presented {
	STACK_OF(X509) *certs;
	struct tlshost_bytes *der;
} presented;

/* The library's object, a reference, or one made anew; NULL: it cannot be read.
 * Reading a key is what costs most in a certificate. */
static X509 *
certificate_of(const presented *p, const struct tlshost_bytes *der)
{
	for (int i = 0; p != NULL && i < sk_X509_num(p->certs); i++)
		if (p->der[i].len == der->len &&
		    memcmp(p->der[i].data, der->data, der->len) == 0 &&
		    X509_up_ref(sk_X509_value(p->certs, i)))
			return sk_X509_value(p->certs, i);
	return parse(der);
}

/* Tells the host which path was verified.  OK, NO_MEMORY or LIBRARY. */
static int32_t
tell_path(X509_STORE_CTX *ctx, tlshost_trail *trail)
{
	STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(ctx);
	struct tlshost_bytes path[64];
	unsigned char *der[64] = { NULL };
	int len = sk_X509_num(chain), done = 0;
	int32_t st = TLSHOST_OK;

	if (len < 1 || len > 64)
		return TLSHOST_LIBRARY;
	for (; done < len && st == TLSHOST_OK; done++) {
		int size = i2d_X509(sk_X509_value(chain, done), &der[done]);

		if (size < 0)
			st = TLSHOST_NO_MEMORY;
		else
			path[done] = (struct tlshost_bytes){ der[done],
			    (size_t)size };
	}
	if (st == TLSHOST_OK)
		st = host->path_used(trail, path, (size_t)len);
	for (int i = 0; i < len; i++)
		OPENSSL_free(der[i]);
	return st;
}

static void
fill_verdict(struct tlshost_plugin_verdict *verdict, X509_STORE_CTX *ctx)
{
	int code = X509_STORE_CTX_get_error(ctx);

	verdict->reasons = reason_of(code);
	verdict->depth = X509_STORE_CTX_get_error_depth(ctx);
	verdict->native_code = code;
	strncpy(verdict->native_text, X509_verify_cert_error_string(code),
	    sizeof(verdict->native_text) - 1);
}

static int32_t
verify_with(tlshost_sink *sink, const struct tlshost_plugin_path *path,
    X509 *leaf, STACK_OF(X509) *others, STACK_OF(X509) *anchors,
    struct tlshost_plugin_verdict *verdict)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	X509_VERIFY_PARAM *param;
	int32_t st;

	if (ctx == NULL || !X509_STORE_CTX_init(ctx, NULL, leaf, others) ||
	    !X509_STORE_CTX_set_default(ctx, path->purpose ==
	    TLSHOST_ROLE_SERVER ? "ssl_server" : "ssl_client")) {
		X509_STORE_CTX_free(ctx);
		return fail_memory(sink);
	}
	X509_STORE_CTX_set0_trusted_stack(ctx, anchors);
	param = X509_STORE_CTX_get0_param(ctx);
	/* Whatever is trusted is an anchor, and nothing of openssl.cnf
	 * may change the level. */
	X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN |
	    X509_V_FLAG_TRUSTED_FIRST);
	X509_VERIFY_PARAM_set_auth_level(param, 2);
	X509_VERIFY_PARAM_set_depth(param, 12);
	X509_STORE_CTX_set_verify_cb(ctx, forgive_last_second);
	if (X509_verify_cert(ctx) > 0) {
		st = tell_path(ctx, path->trail);
		if (st != TLSHOST_OK)
			(void)fail(sink, st, TLSHOST_FIELD_NONE,
			    "the path cannot be told");
	} else if (errors_no_memory()) {
		st = fail_memory(sink);
	} else {
		fill_verdict(verdict, ctx);
		st = fail(sink, TLSHOST_BAD_CERTIFICATE, TLSHOST_FIELD_NONE,
		    "OpenSSL refused the path");
	}
	X509_STORE_CTX_free(ctx);
	return st;
}

/* NULL: it is none. */
static X509 *
find_anchor(const trust *store, const struct tlshost_bytes *der)
{
	for (size_t i = 0; i < store->anchors_len; i++)
		if (store->anchors[i].der.len == der->len && memcmp(
		    store->anchors[i].der.data, der->data, der->len) == 0)
			return store->anchors[i].cert;
	return NULL;
}

static int32_t
refuse_unread(tlshost_sink *sink, struct tlshost_plugin_verdict *verdict,
    size_t depth)
{
	verdict->reasons = TLSHOST_REASON_MALFORMED;
	verdict->depth = (int32_t)depth;
	return fail(sink, TLSHOST_BAD_CERTIFICATE, TLSHOST_FIELD_NONE,
	    "OpenSSL cannot read a certificate");
}

/* The library chooses among issuers by other things than whose signature it is,
 * so it gets the one anchor. */
static int32_t
verify_from(tlshost_sink *sink, const struct tlshost_plugin_path *path,
    X509 *root, struct tlshost_plugin_verdict *verdict)
{
	STACK_OF(X509) *others = sk_X509_new_null(), *anchors =
	    sk_X509_new_null();
	X509 *leaf = NULL, *cert;
	int32_t st = TLSHOST_OK;

	if (others == NULL || anchors == NULL || !sk_X509_push(anchors, root))
		st = fail_memory(sink);
	for (size_t i = 0; i < path->certificates_len && st == TLSHOST_OK;
	    i++) {
		if ((cert = certificate_of(path->cookie,
		    &path->certificates[i])) == NULL) {
			st = refuse_unread(sink, verdict, i);
		} else if (i == 0) {
			leaf = cert;
		} else if (!sk_X509_push(others, cert)) {
			X509_free(cert);
			st = fail_memory(sink);
		}
	}
	if (st == TLSHOST_OK)
		st = verify_with(sink, path, leaf, others, anchors, verdict);
	X509_free(leaf);
	sk_X509_pop_free(others, X509_free);
	sk_X509_free(anchors);
	return st;
}

int32_t
verify_path(tlshost_sink *sink, void *object,
    const struct tlshost_plugin_path *path,
    struct tlshost_plugin_verdict *verdict)
{
	const trust *store = object;
	int pinned = path->anchor == NULL;
	X509 *root = find_anchor(store, pinned ? &path->certificates[0] :
	    path->anchor);
	int32_t st;

	if ((st = enter(sink)) != TLSHOST_OK)
		return st;
	if (root == NULL)
		st = refuse_unread(sink, verdict, path->certificates_len);
	/* A pinned leaf is what it is, whatever its purpose flags say to the
	 * library; the host's rules are held against it all the same. */
	else if (!pinned)
		st = verify_from(sink, path, root, verdict);
	else if ((st = host->path_used(path->trail, path->certificates, 1)) !=
	    TLSHOST_OK)
		(void)fail(sink, st, TLSHOST_FIELD_NONE, NULL);
	errors_end();
	return st;
}

/* ------------------------------------------------------------------------
 * From within a handshake
 */

/* The library chooses the alert by a code of its own. */
static int
code_for_alert(int32_t alert)
{
	switch (alert) {
	case 43:
		return X509_V_ERR_INVALID_PURPOSE;
	case 44:
		return X509_V_ERR_CERT_REVOKED;
	case 45:
		return X509_V_ERR_CERT_HAS_EXPIRED;
	case 48:
		return X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY;
	case 80:
		return X509_V_ERR_UNSPECIFIED;
	default:
		return X509_V_ERR_CERT_REJECTED;
	}
}

static int32_t
ask_host(connection *conn, X509_STORE_CTX *ctx, int32_t *ret_alert)
{
	presented p = { .certs = X509_STORE_CTX_get0_untrusted(ctx) };
	int len = sk_X509_num(p.certs), done = 0;
	int32_t st = TLSHOST_OK;

	*ret_alert = 80;
	if (len < 1 || (p.der = calloc((size_t)len, sizeof(*p.der))) == NULL)
		return TLSHOST_NO_MEMORY;
	for (; done < len && st == TLSHOST_OK; done++) {
		unsigned char *der = NULL;
		int size = i2d_X509(sk_X509_value(p.certs, done), &der);

		if (size < 0)
			st = TLSHOST_NO_MEMORY;
		else
			p.der[done] = (struct tlshost_bytes){ der,
			    (size_t)size };
	}
	if (st == TLSHOST_OK)
		st = host->judge(conn->link, p.der, (size_t)len, &p,
		    ret_alert);
	for (int i = 0; i < len; i++)
		OPENSSL_free((void *)(uintptr_t)p.der[i].data);
	free(p.der);
	return st;
}

int
verify_peer(X509_STORE_CTX *ctx, void *unused)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(ctx,
	    SSL_get_ex_data_X509_STORE_CTX_idx());
	connection *conn = connection_of(ssl);
	int32_t st, alert;

	(void)unused;
	if ((st = ask_host(conn, ctx, &alert)) == TLSHOST_OK) {
		X509_STORE_CTX_set_error(ctx, X509_V_OK);
		return 1;
	}
	conn->refused = st;
	X509_STORE_CTX_set_error(ctx, code_for_alert(alert));
	return 0;
}

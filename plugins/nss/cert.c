/* SPDX-License-Identifier: MIT */
/* Certificates, trust stores, and the library's verification. */
#include "config.h"

#include <limits.h>
#include <prerror.h>
#include <stdlib.h>
#include <string.h>

#include <secerr.h>
#include <secitem.h>
#include <secoid.h>
#include <sslerr.h>

#include "plugin.h"

static SECItem
item(const struct tlshost_bytes *bytes)
{
	union { const uint8_t *in; unsigned char *out; } u;

	u.in = bytes->data;
	return (SECItem){ siBuffer, u.out, (unsigned int)bytes->len };
}

static int
same(const SECItem *a, const struct tlshost_bytes *b)
{
	return a->len == b->len && memcmp(a->data, b->data, b->len) == 0;
}

/*
 * The library keeps one object for one certificate in the whole process, and
 * none for a second one of the same issuer and serial number.
 */
CERTCertificate *
certificate_parse(const struct tlshost_bytes *der)
{
	SECItem bytes = item(der);

	if (der->len == 0 || der->len > INT_MAX) {
		PR_SetError(SEC_ERROR_BAD_DER, 0);
		return NULL;
	}
	return CERT_NewTempCertificate(CERT_GetDefaultCertDB(), &bytes, NULL,
	    PR_FALSE, PR_TRUE);
}

int32_t
certificate_check(tlshost_sink *sink,
    const struct tlshost_plugin_certificate *certificate)
{
	CERTCertificate *cert;
	int32_t st;

	if (certificate->uri != NULL)
		return fail_field(sink, TLSHOST_UNSUPPORTED,
		    TLSHOST_FIELD_CERTIFICATE_CHAIN, 0,
		    "no certificates by URI");
	if ((st = enter(sink, NULL)) != TLSHOST_OK)
		return st;
	if ((cert = certificate_parse(&certificate->der)) == NULL)
		st = fail_field(sink, TLSHOST_BAD_DATA,
		    TLSHOST_FIELD_CERTIFICATE_CHAIN, PR_GetError(),
		    "the certificate cannot be read");
	else
		CERT_DestroyCertificate(cert);
	leave();
	return st;
}

/* ------------------------------------------------------------------------
 * Trust stores
 */

static void
drop_anchors(live *object)
{
	trust *store = (trust *)object;

	for (size_t i = 0; i < store->anchors_len; i++)
		if (store->certs[i] != NULL) {
			CERT_DestroyCertificate(store->certs[i]);
			store->certs[i] = NULL;
		}
}

/*
 * The certificates are kept, although verify_path looks at few of them: so no
 * peer can take the place of one with another of the same issuer and number.
 */
int32_t
trust_use(tlshost_sink *sink, trust *store)
{
	int32_t st = TLSHOST_OK;

	(void)pthread_mutex_lock(&store->lock);
	if (!live_is(&store->live)) {
		for (size_t i = 0; i < store->anchors_len; i++) {
			store->certs[i] = certificate_parse(
			    &store->anchors[i]);
			if (store->certs[i] == NULL &&
			    is_memory_error(PR_GetError()))
				st = fail_memory(sink);
		}
		if (st == TLSHOST_OK)
			live_begin(&store->live, drop_anchors);
		else
			drop_anchors(&store->live);
	}
	(void)pthread_mutex_unlock(&store->lock);
	return st;
}

void
trust_free(void *object)
{
	trust *store = object;

	if (store == NULL)
		return;
	live_free(&store->live);
	(void)pthread_mutex_destroy(&store->lock);
	free(store->certs);
	free(store->anchors);
	free(store);
}

/* The bytes in one block with their array. */
static struct tlshost_bytes *
copy_anchors(const struct tlshost_plugin_trust *source)
{
	size_t total = 0, len = source->anchors_len;
	struct tlshost_bytes *copy;
	uint8_t *at;

	for (size_t i = 0; i < len; i++)
		total += source->anchors[i].len;
	if ((copy = malloc(len * sizeof(*copy) + total + 1)) == NULL)
		return NULL;
	at = (uint8_t *)(copy + len);
	for (size_t i = 0; i < len; i++) {
		copy[i] = (struct tlshost_bytes){ at, source->anchors[i].len };
		memcpy(at, source->anchors[i].data, copy[i].len);
		at += copy[i].len;
	}
	return copy;
}

int32_t
trust_new(tlshost_sink *sink, const struct tlshost_plugin_trust *source,
    void **ret_trust)
{
	trust *store;
	int32_t st;

	if (source->uri != NULL)
		return fail_field(sink, TLSHOST_UNSUPPORTED,
		    TLSHOST_FIELD_TRUST_STORE, 0, "no trust stores by URI");
	if ((store = calloc(1, sizeof(*store))) == NULL)
		return fail_memory(sink);
	(void)pthread_mutex_init(&store->lock, NULL);
	store->anchors_len = source->anchors_len;
	store->anchors = copy_anchors(source);
	store->certs = calloc(source->anchors_len + 1, sizeof(*store->certs));
	if (store->anchors == NULL || store->certs == NULL) {
		trust_free(store);
		return fail_memory(sink);
	}
	if ((st = enter(sink, NULL)) == TLSHOST_OK) {
		st = trust_use(sink, store);
		leave();
	}
	if (st != TLSHOST_OK) {
		trust_free(store);
		return st;
	}
	*ret_trust = store;
	return TLSHOST_OK;
}

/* ------------------------------------------------------------------------
 * Verification
 */

#define PATH_MAX_LEN 64

/*
 * One thread at a time: libpkix fills in objects that all threads share without
 * a lock, and two certificates of the same issuer and serial number cannot be
 * looked at together.
 */
static pthread_mutex_t pkix_lock = PTHREAD_MUTEX_INITIALIZER;
/* Held while an object that all share is not as it was. */
static pthread_mutex_t usage_lock = PTHREAD_MUTEX_INITIALIZER;

typedef struct search {
	const trust *store;
	const struct tlshost_plugin_path *path;
	CERTCertificate *root;           /* the object of path->anchor */
	struct tlshost_bytes used[PATH_MAX_LEN + 1];
	size_t used_len;                 /* 0: no path was good */
} search;

/* NULL: it is none. */
static const struct tlshost_bytes *
find_anchor(const trust *store, const struct tlshost_bytes *der)
{
	for (size_t i = 0; i < store->anchors_len; i++)
		if (store->anchors[i].len == der->len && memcmp(
		    store->anchors[i].data, der->data, der->len) == 0)
			return &store->anchors[i];
	return NULL;
}

/*
 * The library builds paths of whatever certificates there are in the process.
 * Good is one that begins as the host's and ends at one of the anchors.
 */
static SECStatus
look_at_path(void *data, const CERTCertList *chain, PRBool *ret_ok)
{
	const struct tlshost_bytes *anchor;
	const CERTCertListNode *node;
	search *s = data;
	size_t len = 0;

	*ret_ok = PR_FALSE;
	if (PR_CLIST_IS_EMPTY(&chain->list))
		return SECSuccess;
	for (node = CERT_LIST_HEAD(chain); node->links.next != &chain->list;
	    node = CERT_LIST_NEXT(node)) {
		if (len == s->path->certificates_len ||
		    !same(&node->cert->derCert, &s->path->certificates[len]))
			return SECSuccess;
		s->used[len] = s->path->certificates[len];
		len++;
	}
	anchor = find_anchor(s->store, &(struct tlshost_bytes){
	    node->cert->derCert.data, node->cert->derCert.len });
	if (len == 0 || anchor == NULL)
		return SECSuccess;
	s->used[len++] = *anchor;
	s->used_len = len;
	*ret_ok = PR_TRUE;
	return SECSuccess;
}

/* The library's object; NULL: there is none, for it has another certificate of
 * the same issuer and serial number. */
static CERTCertificate *
object_of(const trust *store, const struct tlshost_bytes *der)
{
	const struct tlshost_bytes *anchor = find_anchor(store, der);

	return anchor != NULL ? store->certs[anchor - store->anchors] : NULL;
}

static CERTCertList *
list_of(CERTCertificate *root)
{
	CERTCertList *list = CERT_NewCertList();

	if (list == NULL || (root = CERT_DupCertificate(root)) == NULL)
		return list;
	if (CERT_AddCertToListTail(list, root) == SECSuccess)
		return list;
	CERT_DestroyCertificate(root);
	CERT_DestroyCertList(list);
	return NULL;
}

static uint32_t
reason_of(PRErrorCode code, CERTCertificate *cert)
{
	switch (code) {
	case SEC_ERROR_EXPIRED_CERTIFICATE:
	case SEC_ERROR_EXPIRED_ISSUER_CERTIFICATE:
	case SEC_ERROR_INVALID_TIME:
		return cert != NULL && CERT_CheckCertValidTimes(cert, PR_Now(),
		    PR_FALSE) == secCertTimeNotValidYet ?
		    TLSHOST_REASON_NOT_YET_VALID : TLSHOST_REASON_EXPIRED;
	case SEC_ERROR_UNKNOWN_ISSUER:
	case SEC_ERROR_UNTRUSTED_ISSUER:
	case SEC_ERROR_UNTRUSTED_CERT:
		return cert != NULL && cert->isRoot ?
		    TLSHOST_REASON_SELF_SIGNED : TLSHOST_REASON_UNKNOWN_ISSUER;
	case SEC_ERROR_BAD_SIGNATURE:
	/* The host has read all but what is inside of the signature. */
	case SEC_ERROR_BAD_DER:
		return TLSHOST_REASON_BAD_SIGNATURE;
	case SEC_ERROR_REVOKED_CERTIFICATE:
		return TLSHOST_REASON_REVOKED;
	case SEC_ERROR_INADEQUATE_KEY_USAGE:
	case SEC_ERROR_INADEQUATE_CERT_TYPE:
		return TLSHOST_REASON_WRONG_PURPOSE;
	case SEC_ERROR_CERT_SIGNATURE_ALGORITHM_DISABLED:
		return TLSHOST_REASON_WEAK_SIGNATURE;
	case SEC_ERROR_CERT_NOT_IN_NAME_SPACE:
	case SEC_ERROR_PATH_LEN_CONSTRAINT_INVALID:
	case SEC_ERROR_POLICY_VALIDATION_FAILED:
		return TLSHOST_REASON_CONSTRAINT;
	case SEC_ERROR_CA_CERT_INVALID:
		return TLSHOST_REASON_NOT_CA;
	case SEC_ERROR_EXTENSION_VALUE_INVALID:
		return TLSHOST_REASON_MALFORMED;
	case SEC_ERROR_UNKNOWN_CRITICAL_EXTENSION:
		return TLSHOST_REASON_UNKNOWN_CRITICAL;
	case SEC_ERROR_UNSUPPORTED_KEYALG:
	case SEC_ERROR_UNRECOGNIZED_OID:
	case SEC_ERROR_INVALID_ALGORITHM:
	case SEC_ERROR_UNSUPPORTED_ELLIPTIC_CURVE:
		return TLSHOST_REASON_UNSUPPORTED_ALGORITHM;
	default:
		return TLSHOST_REASON_OTHER;
	}
}

static int32_t
refuse_path(struct tlshost_plugin_verdict *verdict, uint32_t reasons,
    size_t depth, PRErrorCode code)
{
	verdict->reasons = reasons;
	verdict->depth = (int32_t)depth;
	verdict->native_code = code;
	strncpy(verdict->native_text, error_text(code),
	    sizeof(verdict->native_text) - 1);
	return TLSHOST_BAD_CERTIFICATE;
}

/* The library's summary is coarse; what it found deepest in its log is not. */
static int32_t
refuse_by_log(struct tlshost_plugin_verdict *verdict,
    const CERTVerifyLog *log, PRErrorCode code)
{
	const CERTVerifyLogNode *last = NULL;

	for (const CERTVerifyLogNode *node = log->head; node != NULL;
	    node = node->next)
		if (node->error != 0 && (last == NULL ||
		    node->depth >= last->depth))
			last = node;
	if (last == NULL)
		return refuse_path(verdict, reason_of(code, NULL), 0, code);
	return refuse_path(verdict, reason_of((PRErrorCode)last->error,
	    last->cert), last->depth, (PRErrorCode)last->error);
}

static void
log_done(CERTVerifyLog *log)
{
	for (CERTVerifyLogNode *node = log->head; node != NULL;
	    node = node->next)
		if (node->cert != NULL)
			CERT_DestroyCertificate(node->cert);
	PORT_FreeArena(log->arena, PR_FALSE);
}

/*
 * An RSA key that may only sign is what servers have today; the library wants
 * one that may encrypt, too, and there is no other way to change its mind than
 * to change the object.  Read from the extension, which nobody changes.
 */
static int
may_only_sign(CERTCertificate *leaf)
{
	SECItem bits = { siBuffer, NULL, 0 };
	unsigned int usage;

	if (SECOID_GetAlgorithmTag(&leaf->subjectPublicKeyInfo.algorithm) ==
	    SEC_OID_ANSIX962_EC_PUBLIC_KEY ||
	    CERT_FindKeyUsageExtension(leaf, &bits) != SECSuccess)
		return 0;
	usage = bits.len != 0 ? bits.data[0] : 0;
	SECITEM_FreeItem(&bits, PR_FALSE);
	return (usage & KU_DIGITAL_SIGNATURE) != 0 &&
	    (usage & KU_KEY_ENCIPHERMENT) == 0;
}

static SECStatus
verify_as(CERTCertificate *leaf, SECCertificateUsage usage,
    CERTValInParam *in, CERTValOutParam *out)
{
	SECStatus status;

	if (usage != certificateUsageSSLServer || !may_only_sign(leaf))
		return CERT_PKIXVerifyCert(leaf, usage, in, out, NULL);
	(void)pthread_mutex_lock(&usage_lock);
	leaf->keyUsage |= KU_KEY_ENCIPHERMENT;
	status = CERT_PKIXVerifyCert(leaf, usage, in, out, NULL);
	leaf->keyUsage &= ~(unsigned int)KU_KEY_ENCIPHERMENT;
	(void)pthread_mutex_unlock(&usage_lock);
	return status;
}

/* Nothing is fetched, and no cache of the program's asked. */
static void
no_revocation(CERTRevocationFlags *flags, PRUint64 *methods)
{
	CERTRevocationTests tests = {
		.number_of_defined_methods = cert_revocation_method_count,
		.cert_rev_flags_per_method = methods,
	};

	for (int i = 0; i < cert_revocation_method_count; i++)
		methods[i] = CERT_REV_M_DO_NOT_TEST_USING_THIS_METHOD;
	flags->leafTests = tests;
	flags->chainTests = tests;
}

/* What is over already ends nothing. */
static void
end_with(const CERTCertificate *cert, PRTime now, PRTime *last)
{
	PRTime from, until;

	if (CERT_GetCertTimes(cert, &from, &until) == SECSuccess &&
	    until >= now && until < *last)
		*last = until;
}

/*
 * The time to judge the path at: the last moment at which all of it is valid,
 * as it is now; the host has seen to that.  For libpkix keeps the issuers that
 * it has once found, by their names.  If it is given no time, or the present
 * one, it looks for no others, and refuses a path through a CA with the name of
 * one that was met before; a time some seconds from then makes it look again.
 */
static PRTime
last_moment(CERTCertificate *const *certs, size_t len,
    const CERTCertificate *root)
{
	PRTime now = PR_Now(), last = LL_MAXINT;

	for (size_t i = 0; i < len; i++)
		end_with(certs[i], now, &last);
	end_with(root, now, &last);
	return last != LL_MAXINT ? last : now;
}

static int32_t
verify(tlshost_sink *sink, search *s, CERTCertificate **certs,
    CERTCertList *anchors, struct tlshost_plugin_verdict *verdict)
{
	PRUint64 methods[cert_revocation_method_count];
	CERTRevocationFlags revocation;
	CERTChainVerifyCallback look = { look_at_path, s };
	CERTVerifyLog log = { .arena = PORT_NewArena(512) };
	CERTValInParam in[] = {
		{ .type = cert_pi_trustAnchors,
		    .value.pointer.chain = anchors },
		{ .type = cert_pi_useOnlyTrustAnchors,
		    .value.scalar.b = PR_TRUE },
		{ .type = cert_pi_revocationFlags,
		    .value.pointer.revocation = &revocation },
		{ .type = cert_pi_chainVerifyCallback,
		    .value.pointer.chainVerifyCallback = &look },
		{ .type = cert_pi_date, .value.scalar.time = last_moment(certs,
		    s->path->certificates_len, s->root) },
		{ .type = cert_pi_end },
	};
	CERTValOutParam out[] = {
		{ .type = cert_po_errorLog, .value.pointer.log = &log },
		{ .type = cert_po_end },
	};
	SECStatus status;
	int32_t st;

	if (log.arena == NULL)
		return fail_memory(sink);
	no_revocation(&revocation, methods);
	status = verify_as(certs[0], s->path->purpose == TLSHOST_ROLE_SERVER ?
	    certificateUsageSSLServer : certificateUsageSSLClient, in, out);
	/* Without a path that was shown, it was the program's trust. */
	if (status == SECSuccess && s->used_len != 0)
		st = TLSHOST_OK;
	else if (status == SECSuccess)
		st = refuse_path(verdict, TLSHOST_REASON_UNKNOWN_ISSUER, 0,
		    SEC_ERROR_UNKNOWN_ISSUER);
	else if (is_memory_error(PR_GetError()))
		st = fail_memory(sink);
	else
		st = refuse_by_log(verdict, &log, PR_GetError());
	log_done(&log);
	return st;
}

static int32_t
verify_certs(tlshost_sink *sink, search *s, CERTCertificate **certs,
    struct tlshost_plugin_verdict *verdict)
{
	CERTCertList *anchors;
	int32_t st;

	if ((anchors = list_of(s->root)) == NULL)
		return fail_memory(sink);
	st = verify(sink, s, certs, anchors, verdict);
	CERT_DestroyCertList(anchors);
	if (st != TLSHOST_OK)
		return st;
	st = host->path_used(s->path->trail, s->used, s->used_len);
	return st == TLSHOST_OK ? st : fail(sink, st, 0,
	    "the path cannot be told");
}

/* One that the peer presented is an object already; presented may be NULL. */
static CERTCertificate *
certificate_of(CERTCertList *presented, const struct tlshost_bytes *der)
{
	CERTCertListNode *node;

	if (presented == NULL)
		return certificate_parse(der);
	for (node = CERT_LIST_HEAD(presented); !CERT_LIST_END(node, presented);
	    node = CERT_LIST_NEXT(node))
		if (same(&node->cert->derCert, der))
			return CERT_DupCertificate(node->cert);
	return certificate_parse(der);
}

static int32_t
parse_and_verify(tlshost_sink *sink, search *s,
    struct tlshost_plugin_verdict *verdict)
{
	CERTCertificate *certs[PATH_MAX_LEN];
	PRErrorCode code;
	size_t len = 0;
	int32_t st;

	while (len < s->path->certificates_len && (certs[len] =
	    certificate_of(s->path->cookie,
	    &s->path->certificates[len])) != NULL)
		len++;
	if (len == s->path->certificates_len)
		st = verify_certs(sink, s, certs, verdict);
	else if (is_memory_error(code = PR_GetError()))
		st = fail_memory(sink);
	else
		/* Of a twin: a connection is using it. */
		st = refuse_path(verdict, code ==
		    SEC_ERROR_REUSED_ISSUER_AND_SERIAL ? TLSHOST_REASON_OTHER :
		    TLSHOST_REASON_MALFORMED, len, code);
	while (len-- != 0)
		CERT_DestroyCertificate(certs[len]);
	return st;
}

static int32_t
verify_whole(tlshost_sink *sink, search *s,
    struct tlshost_plugin_verdict *verdict)
{
	PRErrorCode code;
	size_t depth;
	int32_t st;

	if ((s->root = object_of(s->store, s->path->anchor)) == NULL)
		return refuse_path(verdict, TLSHOST_REASON_UNKNOWN_ISSUER,
		    s->path->certificates_len, SEC_ERROR_UNKNOWN_ISSUER);
	if ((code = verify_signatures(s->path->certificates,
	    s->path->certificates_len, s->root, s->path->anchor, &depth)) !=
	    0)
		return is_memory_error(code) ? fail_memory(sink) :
		    refuse_path(verdict, reason_of(code, NULL), depth, code);
	(void)pthread_mutex_lock(&pkix_lock);
	st = parse_and_verify(sink, s, verdict);
	(void)pthread_mutex_unlock(&pkix_lock);
	return st;
}

int32_t
verify_path(tlshost_sink *sink, void *object,
    const struct tlshost_plugin_path *path,
    struct tlshost_plugin_verdict *verdict)
{
	search s = { .store = object, .path = path };
	int32_t st;

	if (path->certificates_len == 0 ||
	    path->certificates_len > PATH_MAX_LEN)
		return fail(sink, TLSHOST_LIBRARY, 0, "a path of such a length");
	/* The library refuses most leaves as anchors. */
	if (path->anchor == NULL) {
		if (find_anchor(s.store, &path->certificates[0]) == NULL)
			return fail(sink, TLSHOST_LIBRARY, 0,
			    "a path without an anchor");
		st = host->path_used(path->trail, path->certificates, 1);
		return st == TLSHOST_OK ? st : fail(sink, st, 0, NULL);
	}
	if ((st = enter(sink, NULL)) != TLSHOST_OK)
		return st;
	if ((st = trust_use(sink, object)) == TLSHOST_OK)
		st = verify_whole(sink, &s, verdict);
	leave();
	if (st == TLSHOST_BAD_CERTIFICATE)
		(void)fail(sink, st, 0, "NSS refused the path");
	return st;
}

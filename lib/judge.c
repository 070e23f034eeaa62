/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdio.h>
#include <time.h>

#include "wire.h"
#include "mem.h"
#include "numbers.h"
#include "path.h"
#include "policy.h"
#include "source.h"
#include "x509.h"

/* As many candidate paths are shown to the library at most. */
#define LIBRARY_CALLS_MAX 8

/* ------------------------------------------------------------------------
 * The report
 */

/* What a plugin hands over need not be there. */
static int
are_bytes(const struct tlshost_bytes *items, size_t len)
{
	if (items == NULL)
		return len == 0;
	for (size_t i = 0; i < len; i++)
		if (items[i].data == NULL && items[i].len != 0)
			return 0;
	return 1;
}

static int
equal(const struct tlshost_bytes *a, const struct tlshost_bytes *b)
{
	return a->len == b->len && (a->len == 0 ||
	    memcmp(a->data, b->data, a->len) == 0);
}

/* The same bytes among len items, or NULL. */
static const struct tlshost_bytes *
find(const struct tlshost_bytes *wanted, const struct tlshost_bytes *items,
    size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (equal(&items[i], wanted))
			return &items[i];
	return NULL;
}

/*
 * Array and bytes in one block; NULL: out of memory.  What is among those that
 * the copy may share, which live as long, is not copied.
 */
static struct tlshost_bytes *
copy_chain(const struct tlshost_bytes *chain, size_t len,
    const struct tlshost_bytes *shared, size_t shared_len)
{
	struct tlshost_bytes *copy;
	size_t total = 0;
	uint8_t *data;

	for (size_t i = 0; i < len; i++) {
		if (chain[i].len > SIZE_MAX / 2 - total)
			return NULL;
		if (find(&chain[i], shared, shared_len) == NULL)
			total += chain[i].len;
	}
	if (len > SIZE_MAX / 4 / sizeof(*copy) ||
	    (copy = malloc(len * sizeof(*copy) + total + 1)) == NULL)
		return NULL;
	data = (uint8_t *)(copy + len);
	for (size_t i = 0; i < len; i++) {
		const struct tlshost_bytes *same = find(&chain[i], shared,
		    shared_len);

		if (same != NULL) {
			copy[i] = *same;
			continue;
		}
		if (chain[i].len != 0)
			memcpy(data, chain[i].data, chain[i].len);
		copy[i] = (struct tlshost_bytes){ data, chain[i].len };
		data += chain[i].len;
	}
	return copy;
}

static tlshost_verification *
verification_new(const struct tlshost_bytes *chain, size_t len)
{
	tlshost_verification *v;

	if ((v = calloc(1, sizeof(*v))) == NULL)
		return NULL;
	v->depth = -1;
	if ((v->chain = copy_chain(chain, len, NULL, 0)) == NULL) {
		free(v);
		return NULL;
	}
	v->chain_len = len;
	return v;
}

void
tlshost_verification_free(tlshost_verification *verification)
{
	if (verification == NULL)
		return;
	free(verification->text);
	free(verification->native_text);
	free(verification->chain);
	free(verification->path);
	tlshost_trust_store_unref(verification->trust);
	free(verification);
}

int
tlshost_verification_ok(const tlshost_verification *verification)
{
	return verification != NULL && verification->ok;
}

int
tlshost_verification_checked(const tlshost_verification *verification)
{
	return verification != NULL && verification->checked;
}

uint32_t
tlshost_verification_reasons(const tlshost_verification *verification)
{
	return verification != NULL ? verification->reasons : 0;
}

int
tlshost_verification_depth(const tlshost_verification *verification)
{
	return verification != NULL ? verification->depth : -1;
}

const char *
tlshost_verification_text(const tlshost_verification *verification)
{
	return verification != NULL ? verification->text : NULL;
}

int64_t
tlshost_verification_native_code(const tlshost_verification *verification)
{
	return verification != NULL ? verification->native_code : 0;
}

const char *
tlshost_verification_native_text(const tlshost_verification *verification)
{
	return verification != NULL ? verification->native_text : NULL;
}

static size_t
bytes_at(const struct tlshost_bytes *items, size_t len, size_t index,
    const uint8_t **ret_data)
{
	if (index >= len || ret_data == NULL)
		return 0;
	*ret_data = items[index].data;
	return items[index].len;
}

size_t
tlshost_verification_chain_len(const tlshost_verification *verification)
{
	return verification != NULL ? verification->chain_len : 0;
}

size_t
tlshost_verification_chain_at(const tlshost_verification *verification,
    size_t index, const uint8_t **ret_data)
{
	return verification != NULL ? bytes_at(verification->chain,
	    verification->chain_len, index, ret_data) : 0;
}

size_t
tlshost_verification_path_len(const tlshost_verification *verification)
{
	return verification != NULL ? verification->path_len : 0;
}

size_t
tlshost_verification_path_at(const tlshost_verification *verification,
    size_t index, const uint8_t **ret_data)
{
	return verification != NULL ? bytes_at(verification->path,
	    verification->path_len, index, ret_data) : 0;
}

/* ------------------------------------------------------------------------
 * One candidate path
 */

struct tlshost_trail {
	struct tlshost_bytes *path;
	size_t len;
};

int32_t
tlshost__trail_path_used(tlshost_trail *trail, const struct tlshost_bytes *path,
    size_t len)
{
	struct tlshost_bytes *copy;

	if (trail == NULL || !are_bytes(path, len) || len == 0 ||
	    len > TLSHOST__PATH_MAX)
		return TLSHOST_BACKEND_FAULT;
	if ((copy = copy_chain(path, len, NULL, 0)) == NULL)
		return TLSHOST_NO_MEMORY;
	free(trail->path);
	trail->path = copy;
	trail->len = len;
	return TLSHOST_OK;
}

/* What is wrong, of the first path that was wrong. */
typedef struct complaint {
	int told;
	uint32_t reasons;
	int depth;
	char text[320]; /* as long as the longest that is made here */
	int64_t native_code;
	char native_text[256];
} complaint;

static void
complain(complaint *c, uint32_t reasons, int depth, const char *text)
{
	if (c->told)
		return;
	c->told = 1;
	c->reasons = reasons != 0 ? reasons : TLSHOST_REASON_OTHER;
	c->depth = depth;
	snprintf(c->text, sizeof(c->text), "%s", text);
}

static int
is_cert(const struct tlshost_bytes *bytes, const tlshost__cert *cert)
{
	return bytes->len == cert->len &&
	    memcmp(bytes->data, cert->der, cert->len) == 0;
}

/*
 * The path that the library says it used, judged once more: it may have ended
 * at another anchor than the candidate.  1: it is good.
 */
static int
check_trail(const tlshost__judgement *judgement,
    const tlshost__policy *policy, const tlshost__cert *const *candidate,
    size_t candidate_len, const tlshost_trail *trail, complaint *c)
{
	tlshost__cert certs[TLSHOST__PATH_MAX];
	const tlshost__cert *path[TLSHOST__PATH_MAX];
	const tlshost__anchors *anchors = judgement->trust->anchors;
	tlshost__verdict verdict = { 0 };

	if (trail->len == 0) {
		complain(c, TLSHOST_REASON_OTHER, -1,
		    "the backend did not say which path it used");
		return 0;
	}
	if (!is_cert(&trail->path[0], candidate[0])) {
		complain(c, TLSHOST_REASON_OTHER, -1,
		    "the backend verified another certificate");
		return 0;
	}
	for (size_t i = 0; i < trail->len; i++) {
		path[i] = &certs[i];
		if (i < candidate_len &&
		    is_cert(&trail->path[i], candidate[i])) {
			path[i] = candidate[i];
		} else if (tlshost__cert_parse(&certs[i], trail->path[i].data,
		    trail->path[i].len) != 0) {
			complain(c, TLSHOST_REASON_MALFORMED, (int)i,
			    "a certificate of the path is malformed");
			return 0;
		}
	}
	if (anchors != NULL &&
	    tlshost__anchors_find(anchors, path[trail->len - 1]) == NULL) {
		complain(c, TLSHOST_REASON_UNKNOWN_ISSUER, (int)trail->len - 1,
		    "the path does not end in a trusted certificate");
		return 0;
	}
	if (tlshost__policy_path(policy, path, trail->len, 1, &verdict) == 0)
		return 1;
	complain(c, verdict.reasons, verdict.depth, verdict.text);
	return 0;
}

/* OK with *ret_good, or why it could not be judged at all.  The path ends with
 * its anchor. */
static tlshost_status
try_path(const tlshost__judgement *judgement, const tlshost__policy *policy,
    void *trust, const tlshost__cert *const *path, size_t len,
    tlshost_trail *trail, complaint *c, int *ret_good,
    tlshost_error **ret_error)
{
	struct tlshost_bytes certificates[TLSHOST__PATH_MAX];
	int anchored = judgement->trust->anchors != NULL && len > 1;
	struct tlshost_plugin_verdict verdict = { .size = sizeof(verdict) };
	struct tlshost_plugin_path request = {
		.size = sizeof(request),
		.purpose = (uint32_t)judgement->purpose,
		.certificates = certificates,
		/* A pinned leaf is leaf and anchor in one. */
		.certificates_len = len > 1 ? len - 1 : len,
		.anchor = anchored ? &certificates[len - 1] : NULL,
		.cookie = judgement->cookie,
		.trail = trail,
	};
	tlshost_backend *backend = judgement->backend;
	tlshost_error *error = NULL;
	tlshost_sink sink;
	tlshost_status st;

	/* What was said of a path before does not count for this one. */
	free(trail->path);
	trail->path = NULL;
	trail->len = 0;
	for (size_t i = 0; i < len; i++)
		certificates[i] = (struct tlshost_bytes){ path[i]->der,
		    path[i]->len };
	tlshost__sink_init(&sink, backend->name, TLSHOST_PHASE_VERIFY, NULL);
	st = tlshost__border(&sink, "verify_path", backend->ops.verify_path(
	    &sink, trust, &request, &verdict),
	    TLSHOST__ALLOW(BAD_CERTIFICATE), &error);
	tlshost__sink_done(&sink);
	*ret_good = 0;
	if (st == TLSHOST_OK) {
		*ret_good = check_trail(judgement, policy, path, len, trail,
		    c);
	} else if (st == TLSHOST_BAD_CERTIFICATE) {
		verdict.native_text[sizeof(verdict.native_text) - 1] = '\0';
		if (!c->told) {
			c->native_code = verdict.native_code;
			memcpy(c->native_text, verdict.native_text,
			    sizeof(c->native_text));
		}
		complain(c, verdict.reasons, verdict.depth,
		    verdict.native_text[0] != '\0' ? verdict.native_text :
		    "the TLS library refused the chain");
		st = TLSHOST_OK;
	} else {
		tlshost__pass(ret_error, error);
		return st;
	}
	tlshost_error_free(error);
	return st;
}

/* ------------------------------------------------------------------------
 * A chain
 */

/*
 * Connections are many, and keep their report: what was presented, and the
 * candidate's anchor, which the trust store has, are there already.
 */
static tlshost_status
keep_path(tlshost_trust_store *trust, const tlshost_trail *trail,
    const tlshost__cert *anchor, tlshost_verification *v)
{
	struct tlshost_bytes *shared;

	if ((shared = tlshost__array(v->chain_len + 1, sizeof(*shared))) ==
	    NULL)
		return TLSHOST_NO_MEMORY;
	memcpy(shared, v->chain, v->chain_len * sizeof(*shared));
	shared[v->chain_len] = (struct tlshost_bytes){ anchor->der,
		anchor->len };
	v->path = copy_chain(trail->path, trail->len, shared,
	    v->chain_len + 1);
	free(shared);
	if (v->path == NULL)
		return TLSHOST_NO_MEMORY;
	v->path_len = trail->len;
	v->trust = tlshost_trust_store_ref(trust);
	v->ok = 1;
	return TLSHOST_OK;
}

/* Shows the library the candidate paths, one at a time; first yes wins. */
static tlshost_status
try_paths(const tlshost__judgement *judgement, const tlshost__policy *policy,
    void *trust, const tlshost__cert *certs, size_t len,
    tlshost_verification *v, complaint *c, tlshost_error **ret_error)
{
	const tlshost__cert *path[TLSHOST__PATH_MAX];
	tlshost__path_search *search;
	tlshost__verdict verdict = { 0 };
	tlshost_trail trail = { 0 };
	tlshost_status st = TLSHOST_OK;
	int good = 0;
	size_t n;

	if ((search = tlshost__path_search_new(judgement->trust->anchors,
	    certs, len, policy)) == NULL)
		return tlshost__fail_memory(ret_error);
	for (int calls = 0; calls < LIBRARY_CALLS_MAX && st == TLSHOST_OK &&
	    !good && tlshost__path_next(search, path, &n); calls++)
		st = try_path(judgement, policy, trust, path, n, &trail, c,
		    &good, ret_error);
	if (st == TLSHOST_OK && !good) {
		tlshost__path_search_verdict(search, &verdict);
		complain(c, verdict.reasons, verdict.depth, verdict.text);
	}
	if (st == TLSHOST_OK && good &&
	    (st = keep_path(judgement->trust, &trail, path[n - 1], v)) !=
	    TLSHOST_OK)
		(void)tlshost__fail_memory(ret_error);
	free(trail.path);
	tlshost__path_search_free(search);
	return st;
}

static void
describe_peer(const tlshost__peer_name *peer, char *text, size_t cap)
{
	snprintf(text, cap, "the certificate is not for %s",
	    peer->kind == TLSHOST__PEER_NAME_DNS ? peer->dns :
	    "this IP address");
}

/* Fills the report with what was wrong. */
static tlshost_status
report(tlshost_verification *v, const complaint *c)
{
	if (!c->told)
		return TLSHOST_OK;
	v->ok = 0;
	free(v->path);
	v->path = NULL;
	v->path_len = 0;
	v->reasons = c->reasons;
	v->depth = c->depth;
	v->native_code = c->native_code;
	if ((v->text = tlshost__strdup(c->text)) == NULL)
		return TLSHOST_NO_MEMORY;
	if (c->native_text[0] != '\0' &&
	    (v->native_text = tlshost__strdup(c->native_text)) == NULL)
		return TLSHOST_NO_MEMORY;
	return TLSHOST_OK;
}

static tlshost_status
judge_parsed(const tlshost__judgement *judgement, const tlshost__cert *certs,
    size_t len, tlshost_verification *v, tlshost_error **ret_error)
{
	tlshost__policy policy = {
		.purpose = (uint32_t)judgement->purpose,
		.strict = judgement->strict,
		.now = (int64_t)time(NULL),
	};
	complaint c = { .depth = -1 };
	char text[320];
	void *trust;
	tlshost_status st;

	if ((st = tlshost__trust_for_backend(judgement->trust,
	    judgement->backend, &trust, ret_error)) != TLSHOST_OK ||
	    (st = try_paths(judgement, &policy, trust, certs, len, v, &c,
	    ret_error)) != TLSHOST_OK)
		return st;
	if (v->ok)
		c.told = 0;     /* of a path before the good one */
	/* Only the host checks names, and it does whatever else is wrong. */
	if (judgement->peer != NULL &&
	    !tlshost__cert_matches_name(&certs[0], judgement->peer)) {
		describe_peer(judgement->peer, text, sizeof(text));
		complain(&c, TLSHOST_REASON_NAME_MISMATCH, 0, text);
		c.reasons |= TLSHOST_REASON_NAME_MISMATCH;
	}
	if (report(v, &c) != TLSHOST_OK)
		return tlshost__fail_memory(ret_error);
	return TLSHOST_OK;
}

/* Parses what was presented.  A leaf that is none ends it; an intermediate that
 * is none is as if it had not been sent. */
static tlshost_status
judge_chain(const tlshost__judgement *judgement, tlshost_verification *v,
    tlshost_error **ret_error)
{
	tlshost__verdict verdict = { 0 };
	complaint c = { .depth = -1 };
	tlshost__cert *certs;
	tlshost_status st;
	size_t n = 0;

	if (v->chain_len == 0)
		complain(&c, TLSHOST_REASON_NO_CERTIFICATE, -1,
		    "the peer sent no certificate");
	else if (tlshost__bounds_check(v->chain, v->chain_len, &verdict) != 0)
		complain(&c, verdict.reasons, verdict.depth, verdict.text);
	if (c.told)
		return report(v, &c) == TLSHOST_OK ? TLSHOST_OK :
		    tlshost__fail_memory(ret_error);
	if ((certs = tlshost__array(v->chain_len, sizeof(*certs))) == NULL)
		return tlshost__fail_memory(ret_error);
	for (size_t i = 0; i < v->chain_len; i++) {
		if (tlshost__cert_parse(&certs[n], v->chain[i].data,
		    v->chain[i].len) == 0)
			n++;
		else if (i == 0)
			break;
	}
	if (n == 0) {
		complain(&c, TLSHOST_REASON_MALFORMED, 0,
		    certs[0].flaw_text != NULL ? certs[0].flaw_text :
		    "the certificate is malformed");
		st = report(v, &c) == TLSHOST_OK ? TLSHOST_OK :
		    tlshost__fail_memory(ret_error);
	} else {
		st = judge_parsed(judgement, certs, n, v, ret_error);
	}
	free(certs);
	return st;
}

tlshost_status
tlshost__judge(const tlshost__judgement *judgement,
    const struct tlshost_bytes *chain, size_t len,
    tlshost_verification **ret_verification, tlshost_error **ret_error)
{
	tlshost_verification *v;
	tlshost_status st = TLSHOST_OK;

	if ((v = verification_new(chain, len)) == NULL)
		return tlshost__fail_memory(ret_error);
	if (judgement->trust != NULL) {
		v->checked = 1;
		st = judge_chain(judgement, v, ret_error);
	}
	if (st != TLSHOST_OK) {
		tlshost_verification_free(v);
		return st;
	}
	*ret_verification = v;
	return TLSHOST_OK;
}

int
tlshost__alert_for_reasons(uint32_t reasons)
{
	static const struct {
		uint32_t reasons;
		int alert;
	} alerts[] = {
		{ TLSHOST_REASON_REVOKED, 44 },
		{ TLSHOST_REASON_UNKNOWN_ISSUER | TLSHOST_REASON_SELF_SIGNED,
		    48 },
		{ TLSHOST_REASON_EXPIRED | TLSHOST_REASON_NOT_YET_VALID, 45 },
		{ TLSHOST_REASON_NO_CERTIFICATE, 116 },
		{ TLSHOST_REASON_UNSUPPORTED_ALGORITHM |
		    TLSHOST_REASON_WRONG_PURPOSE, 43 },
	};

	for (size_t i = 0; i < TLSHOST__ARRAY_LEN(alerts); i++)
		if ((reasons & alerts[i].reasons) != 0)
			return alerts[i].alert;
	return 42;              /* bad_certificate */
}

/* ------------------------------------------------------------------------
 * From within a handshake, and without one
 */

static tlshost_status
refuse_peer(tlshost_link *link, const tlshost_verification *v)
{
	tlshost_error *error = NULL;

	(void)tlshost__fail(&error, TLSHOST_BAD_CERTIFICATE,
	    TLSHOST_PHASE_HANDSHAKE, link->context->backend->name,
	    "the peer's certificate was refused: %s",
	    v->text != NULL ? v->text : tlshost_reason_text(
	    TLSHOST_REASON_OTHER));
	if (!error->is_static) {
		error->reasons = v->reasons;
		error->native_code = v->native_code;
		if (v->native_text != NULL)
			error->native_text = tlshost__strdup(v->native_text);
	}
	tlshost_error_free(link->failure);
	link->failure = error;
	return TLSHOST_BAD_CERTIFICATE;
}

int32_t
tlshost__link_judge(tlshost_link *link, const struct tlshost_bytes *chain,
    size_t len, void *cookie, int32_t *ret_alert)
{
	const tlshost__context *context = link->context;
	tlshost__judgement judgement = {
		.backend = context->backend,
		.trust = context->config->validate ? context->trust : NULL,
		.purpose = context->role == TLSHOST_ROLE_CLIENT ?
		    TLSHOST_ROLE_SERVER : TLSHOST_ROLE_CLIENT,
		.strict = context->config->strict,
		.peer = link->peer,
		.cookie = cookie,
	};
	tlshost_error *error = NULL;
	tlshost_status st;

	*ret_alert = ALERT_INTERNAL_ERROR;
	if (link->verification != NULL || !are_bytes(chain, len) ||
	    (context->config->validate && context->trust == NULL))
		st = tlshost__fail(&error, TLSHOST_BACKEND_FAULT,
		    TLSHOST_PHASE_HANDSHAKE, context->backend->name,
		    "backend %s asked for a verdict it had or cannot have",
		    context->backend->name);
	else
		st = tlshost__judge(&judgement, chain, len,
		    &link->verification, &error);
	if (st != TLSHOST_OK) {
		tlshost_error_free(link->failure);
		link->failure = error;
		return st;
	}
	if (!link->verification->checked || link->verification->ok)
		return TLSHOST_OK;
	*ret_alert = tlshost__alert_for_reasons(link->verification->reasons);
	return refuse_peer(link, link->verification);
}

static tlshost_status
bad_argument(tlshost_error **ret_error, const char *text)
{
	return tlshost__fail(ret_error, TLSHOST_INVALID_ARGUMENT,
	    TLSHOST_PHASE_VERIFY, NULL, "%s", text);
}

tlshost_status
tlshost_backend_verify_chain(tlshost_backend *backend, tlshost_role role,
    tlshost_chain *chain, tlshost_trust_store *trust, const char *peer_name,
    int strict, tlshost_verification **ret_verification,
    tlshost_error **ret_error)
{
	tlshost__judgement judgement = {
		.backend = backend,
		.trust = trust,
		.purpose = role == TLSHOST_ROLE_CLIENT ? TLSHOST_ROLE_SERVER :
		    TLSHOST_ROLE_CLIENT,
		.strict = strict != 0,
	};
	tlshost__peer_name peer;
	struct tlshost_bytes *der;
	const char *problem;
	tlshost_status st;

	if (backend == NULL || chain == NULL || trust == NULL ||
	    ret_verification == NULL)
		return bad_argument(ret_error, "backend, chain, trust or "
		    "ret_verification is NULL");
	if (role != TLSHOST_ROLE_CLIENT && role != TLSHOST_ROLE_SERVER)
		return bad_argument(ret_error, "role is none");
	if (peer_name == NULL && role == TLSHOST_ROLE_CLIENT)
		return bad_argument(ret_error, "peer_name is NULL");
	if (peer_name != NULL && peer_name != tlshost_insecure_no_hostname) {
		if ((st = tlshost__peer_name_parse(peer_name, &peer,
		    &problem)) != TLSHOST_OK)
			return st == TLSHOST_NO_MEMORY ?
			    tlshost__fail_memory(ret_error) :
			    bad_argument(ret_error, problem);
		judgement.peer = &peer;
	}
	if ((der = tlshost__array(chain->len, sizeof(*der))) == NULL)
		return tlshost__fail_memory(ret_error);
	for (size_t i = 0; i < chain->len; i++)
		der[i] = (struct tlshost_bytes){ chain->items[i]->der,
		    chain->items[i]->len };
	st = tlshost__judge(&judgement, der, chain->len, ret_verification,
	    ret_error);
	free(der);
	return st;
}

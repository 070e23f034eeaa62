/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mem.h"
#include "path.h"

#define COMPARISONS_MAX 2000
#define PATHS_MAX 16

/* ------------------------------------------------------------------------
 * Anchors
 */

struct tlshost__anchors {
	tlshost__cert *certs;            /* sorted by subject */
	size_t len;
};

static int
compare_names(const tlshost__der *a, const tlshost__der *b)
{
	size_t len = a->len < b->len ? a->len : b->len;
	int order = memcmp(a->data, b->data, len);

	return order != 0 ? order : (a->len > b->len) - (a->len < b->len);
}

static int
by_subject(const void *a, const void *b)
{
	const tlshost__cert *left = a, *right = b;
	int order = compare_names(&left->subject, &right->subject);

	/* The order of twins by name must not depend on the sort. */
	return order != 0 ? order : (left->der > right->der) -
	    (left->der < right->der);
}

tlshost_status
tlshost__anchors_new(struct tlshost_bytes *der, size_t *len, int lenient,
    tlshost__anchors **ret_anchors, const char **ret_problem)
{
	tlshost__anchors *anchors;
	size_t kept = 0;

	if ((anchors = calloc(1, sizeof(*anchors))) == NULL)
		return TLSHOST_NO_MEMORY;
	if ((anchors->certs = tlshost__array(*len, sizeof(*anchors->certs))) ==
	    NULL) {
		free(anchors);
		return TLSHOST_NO_MEMORY;
	}
	for (size_t i = 0; i < *len; i++) {
		tlshost__cert *cert = &anchors->certs[kept];
		const char *problem;

		problem = tlshost__cert_parse(cert, der[i].data, der[i].len) !=
		    0 ? cert->flaw_text : tlshost__cert_bounds(cert);
		if (problem != NULL && !lenient) {
			*ret_problem = problem;
			*len = i;
			tlshost__anchors_free(anchors);
			return TLSHOST_BAD_DATA;
		}
		if (problem == NULL)
			der[kept++] = der[i];
	}
	*len = anchors->len = kept;
	qsort(anchors->certs, kept, sizeof(*anchors->certs), by_subject);
	*ret_anchors = anchors;
	return TLSHOST_OK;
}

void
tlshost__anchors_free(tlshost__anchors *anchors)
{
	if (anchors == NULL)
		return;
	free(anchors->certs);
	free(anchors);
}

/* The first anchor whose subject is not before name. */
static size_t
lower_bound(const tlshost__anchors *anchors, const tlshost__der *name)
{
	size_t from = 0, to = anchors->len;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (compare_names(&anchors->certs[middle].subject, name) < 0)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

const tlshost__cert *
tlshost__anchors_find(const tlshost__anchors *anchors,
    const tlshost__cert *cert)
{
	for (size_t i = lower_bound(anchors, &cert->subject);
	    i < anchors->len && tlshost__der_equal(&anchors->certs[i].subject,
	    &cert->subject); i++)
		if (anchors->certs[i].len == cert->len &&
		    memcmp(anchors->certs[i].der, cert->der, cert->len) == 0)
			return &anchors->certs[i];
	return NULL;
}

/* ------------------------------------------------------------------------
 * The search
 */

typedef struct path {
	const tlshost__cert *certs[TLSHOST__PATH_MAX];
	size_t len;
} path;

struct tlshost__path_search {
	const tlshost__anchors *anchors;
	const tlshost__cert *certs;
	size_t len;
	const tlshost__policy *policy;
	const uint8_t *usable;           /* which of certs may be used now */

	path paths[PATHS_MAX];           /* those that the policy allows */
	size_t paths_len, next;
	size_t found;                    /* complete ones, allowed or not */
	size_t comparisons;
	int limited, too_long;
	tlshost__verdict verdict;        /* of the first that was refused */
};

/* May the one have issued the other?  Names byte for byte, the key identifiers
 * where both are there, and what key the signature is by. */
static int
may_issue(tlshost__path_search *search, const tlshost__cert *issuer,
    const tlshost__cert *cert)
{
	if (++search->comparisons > COMPARISONS_MAX) {
		search->limited = 1;
		return 0;
	}
	return tlshost__der_equal(&issuer->subject, &cert->issuer) &&
	    (issuer->subject_key_id.data == NULL ||
	    cert->authority_key_id.data == NULL ||
	    tlshost__der_equal(&issuer->subject_key_id,
	    &cert->authority_key_id)) &&
	    tlshost__cert_can_have_signed(issuer, cert);
}

static int
same_entity(const tlshost__cert *a, const tlshost__cert *b)
{
	return tlshost__der_equal(&a->subject, &b->subject) &&
	    tlshost__der_equal(&a->key, &b->key);
}

static int
on_path(const path *walked, const tlshost__cert *cert)
{
	/* The leaf may have the name and key of its issuer. */
	for (size_t i = 1; i < walked->len; i++)
		if (walked->certs[i] == cert ||
		    same_entity(walked->certs[i], cert))
			return 1;
	return walked->certs[0] == cert;
}

static void
complete(tlshost__path_search *search, const path *walked)
{
	tlshost__verdict verdict;

	if (search->found == PATHS_MAX) {
		search->limited = 1;
		return;
	}
	search->found++;
	if (tlshost__policy_path(search->policy, walked->certs, walked->len, 1,
	    &verdict) == 0)
		search->paths[search->paths_len++] = *walked;
	else if (search->verdict.reasons == 0)
		search->verdict = verdict;
}

/* Depth first: anchors, then what was presented, in the order sent. */
static void
walk(tlshost__path_search *search, path *walked)
{
	const tlshost__anchors *anchors = search->anchors;
	const tlshost__cert *last = walked->certs[walked->len - 1];

	for (size_t i = lower_bound(anchors, &last->issuer);
	    i < anchors->len && tlshost__der_equal(&anchors->certs[i].subject,
	    &last->issuer) && !search->limited; i++) {
		const tlshost__cert *anchor = &anchors->certs[i];

		if (!may_issue(search, anchor, last) ||
		    on_path(walked, anchor))
			continue;
		walked->certs[walked->len++] = anchor;
		complete(search, walked);
		walked->len--;
	}
	for (size_t i = 1; i < search->len && !search->limited; i++) {
		const tlshost__cert *cert = &search->certs[i];

		if (!search->usable[i] || !may_issue(search, cert, last) ||
		    on_path(walked, cert))
			continue;
		if (walked->len == TLSHOST__PATH_MAX - 1) {
			search->too_long = 1;
			return;
		}
		walked->certs[walked->len++] = cert;
		walk(search, walked);
		walked->len--;
	}
}

static void
run(tlshost__path_search *search)
{
	const tlshost__cert *pinned;
	path walked = { .len = 1 };

	/* A leaf that is itself an anchor is a path of one. */
	if ((pinned = tlshost__anchors_find(search->anchors, &search->certs[0])) !=
	    NULL) {
		walked.certs[0] = pinned;
		complete(search, &walked);
	}
	walked.certs[0] = &search->certs[0];
	walk(search, &walked);
}

/* No twins; in the first round nothing that could only spoil a path. */
static void
select_usable(const tlshost__path_search *search, uint8_t *usable,
    int only_good)
{
	for (size_t i = 1; i < search->len; i++) {
		const tlshost__cert *cert = &search->certs[i];

		usable[i] = !only_good || tlshost__policy_intermediate(
		    search->policy, cert) == 0;
		for (size_t j = 0; j < i && usable[i]; j++)
			if (search->certs[j].len == cert->len &&
			    memcmp(search->certs[j].der, cert->der,
			    cert->len) == 0)
				usable[i] = 0;
	}
}

tlshost__path_search *
tlshost__path_search_new(const tlshost__anchors *anchors,
    const tlshost__cert *certs, size_t len, const tlshost__policy *policy)
{
	tlshost__path_search *search;
	uint8_t *usable;

	search = calloc(1, sizeof(*search));
	usable = calloc(len, 1);
	if (search == NULL || usable == NULL) {
		free(search);
		free(usable);
		return NULL;
	}
	search->anchors = anchors;
	search->certs = certs;
	search->len = len;
	search->policy = policy;
	search->usable = usable;
	select_usable(search, usable, 1);
	run(search);
	/* Without any path the bad ones are of use: they are the reason. */
	if (search->found == 0 && !search->limited) {
		select_usable(search, usable, 0);
		run(search);
	}
	search->usable = NULL;
	free(usable);
	return search;
}

void
tlshost__path_search_free(tlshost__path_search *search)
{
	free(search);
}

int
tlshost__path_next(tlshost__path_search *search,
    const tlshost__cert *ret_path[TLSHOST__PATH_MAX], size_t *ret_len)
{
	const path *next;

	if (search->next == search->paths_len)
		return 0;
	next = &search->paths[search->next++];
	memcpy(ret_path, next->certs, next->len * sizeof(next->certs[0]));
	*ret_len = next->len;
	return 1;
}

/* Without a path, what the leaf itself lacks goes before the unknown issuer. */
void
tlshost__path_search_verdict(const tlshost__path_search *search,
    tlshost__verdict *ret_verdict)
{
	const tlshost__cert *leaf = &search->certs[0];

	if (search->found != 0 && search->verdict.reasons != 0)
		*ret_verdict = search->verdict;
	else if (search->limited)
		tlshost__verdict_set(ret_verdict, TLSHOST_REASON_LIMIT, -1,
		    "the search for a path was given up");
	else if (search->too_long)
		tlshost__verdict_set(ret_verdict, TLSHOST_REASON_LIMIT, -1,
		    "no path of ten intermediates or less leads to a trusted "
		    "certificate");
	else if (tlshost__der_equal(&leaf->issuer, &leaf->subject))
		tlshost__verdict_set(ret_verdict, TLSHOST_REASON_SELF_SIGNED,
		    0, "the certificate is self-signed and not trusted");
	else
		tlshost__verdict_set(ret_verdict,
		    TLSHOST_REASON_UNKNOWN_ISSUER, 0,
		    "no path leads to a trusted certificate");
}

/* SPDX-License-Identifier: MIT */
/* One verdict on certificates: of servers, of clients, and by themselves. */
#include "config.h"

#include <pthread.h>
#include <stdio.h>

#include "claims.h"

/* The reasons by their first letters, or OK. */
#define EXPIRED TLSHOST_REASON_EXPIRED
#define MISMATCH TLSHOST_REASON_NAME_MISMATCH
#define UNKNOWN TLSHOST_REASON_UNKNOWN_ISSUER

/* How a case is tried. */
enum { BOTH_WAYS, ALONE, STRICT };

static const struct verdict {
	const char *certificate, *trust, *hostname;
	uint32_t reasons;
	int how; /* ALONE: without a connection, no server would show it */
} verdicts[] = {
	{ "rsa", "ca", "srv.test", 0, BOTH_WAYS },
	{ "ecdsa", "ca", "SRV.TEST.", 0, BOTH_WAYS },
	{ "ec384", "ca", "srv.test", 0, BOTH_WAYS },
	{ "rsa", "ca", "srv.test", 0, STRICT },
	/* Where a path may end. */
	{ "deep", "ca", "srv.test", 0, BOTH_WAYS },
	{ "deep", "sub", "srv.test", 0, BOTH_WAYS },
	{ "deep-alone", "sub", "srv.test", 0, BOTH_WAYS },
	{ "rsa", "rsa", "srv.test", 0, BOTH_WAYS },
	{ "self", "self", "srv.test", 0, BOTH_WAYS },
	{ "expired", "expired", "srv.test", EXPIRED, BOTH_WAYS },
	{ "deep-surplus", "ca", "srv.test", 0, BOTH_WAYS },
	{ "deep-reversed", "ca", "srv.test", 0, BOTH_WAYS },
	{ "crossed", "ca", "srv.test", 0, BOTH_WAYS },
	{ "crossed", "stranger", "srv.test", 0, BOTH_WAYS },
	{ "rsa", "stranger", "srv.test", UNKNOWN, BOTH_WAYS },
	{ "unknown", "ca", "srv.test", UNKNOWN, BOTH_WAYS },
	{ "deep-alone", "ca", "srv.test", UNKNOWN, BOTH_WAYS },
	{ "self", "ca", "srv.test", TLSHOST_REASON_SELF_SIGNED, BOTH_WAYS },
	/* Names (RFC 9525). */
	{ "rsa", "ca", "127.0.0.1", 0, BOTH_WAYS },
	{ "rsa", "ca", "::1", 0, BOTH_WAYS },
	{ "rsa", "ca", "[::1]", 0, BOTH_WAYS },
	{ "rsa", "ca", "a.wild.test", 0, BOTH_WAYS },
	{ "rsa", "ca", "A.Wild.Test", 0, BOTH_WAYS },
	{ "rsa", "ca", "xn--bcher-kva.wild.test", 0, BOTH_WAYS },
	{ "rsa", "ca", "b\xc3\xbc" "cher.wild.test", 0, BOTH_WAYS },
	{ "names", "ca", "b\xc3\xbc" "cher.test", 0, BOTH_WAYS },
	{ "names", "ca", "upper.test", 0, BOTH_WAYS },
	{ "names", "ca", "fine.part.test", MISMATCH, BOTH_WAYS },
	{ "names", "ca", "a.b.two.test", MISMATCH, BOTH_WAYS },
	{ "names", "ca", "127.0.0.3", MISMATCH, BOTH_WAYS },
	{ "names", "ca", "anything.example", MISMATCH, BOTH_WAYS },
	{ "names", "ca", "anything.top", MISMATCH, BOTH_WAYS },
	{ "names", "ca", "names", MISMATCH, BOTH_WAYS },
	{ "rsa", "ca", "a.b.wild.test", MISMATCH, BOTH_WAYS },
	{ "rsa", "ca", "wild.test", MISMATCH, BOTH_WAYS },
	{ "rsa", "ca", "xsrv.test", MISMATCH, BOTH_WAYS },
	{ "rsa", "ca", "127.0.0.2", MISMATCH, BOTH_WAYS },
	{ "rsa", "ca", "::ffff:127.0.0.1", MISMATCH, BOTH_WAYS },
	{ "other", "ca", "srv.test", MISMATCH, BOTH_WAYS },
	{ "srv.test", "ca", "srv.test", MISMATCH, BOTH_WAYS },
	/* Time, purpose, keys, signatures, structure. */
	{ "expired", "ca", "srv.test", EXPIRED, BOTH_WAYS },
	{ "future", "ca", "srv.test", TLSHOST_REASON_NOT_YET_VALID,
	    BOTH_WAYS },
	{ "expired", "ca", "no.test", EXPIRED | MISMATCH, BOTH_WAYS },
	{ "purpose", "ca", "srv.test", TLSHOST_REASON_WRONG_PURPOSE,
	    BOTH_WAYS },
	{ "signing-only", "ca", "srv.test", 0, BOTH_WAYS },
	{ "badsig", "ca", "srv.test", TLSHOST_REASON_BAD_SIGNATURE, ALONE },
	{ "nosig", "ca", "srv.test", TLSHOST_REASON_BAD_SIGNATURE, ALONE },
	{ "ecdsa", "twin", "srv.test", UNKNOWN, BOTH_WAYS },
	{ "weak", "ca", "srv.test", TLSHOST_REASON_WEAK_KEY, ALONE },
	{ "sha1", "ca", "srv.test", TLSHOST_REASON_WEAK_SIGNATURE, ALONE },
	{ "critical", "ca", "srv.test", TLSHOST_REASON_UNKNOWN_CRITICAL,
	    ALONE },
	{ "outside", "ca", "srv.test", TLSHOST_REASON_CONSTRAINT, BOTH_WAYS },
	{ "below", "other", "srv.test", TLSHOST_REASON_NOT_CA, BOTH_WAYS },
	{ "malformed", "ca", "srv.test", TLSHOST_REASON_MALFORMED, ALONE },
	{ "many", "ca", "srv.test", TLSHOST_REASON_LIMIT, ALONE },
	{ "loose", "ca", "srv.test", 0, BOTH_WAYS },
	{ "loose", "ca", "srv.test", TLSHOST_REASON_STRICT, STRICT },
};

static const char *
verdict_name(int i)
{
	static char name[128];
	const struct verdict *v = &verdicts[i];

	snprintf(name, sizeof(name), "%s under %s for %s%s", v->certificate,
	    v->trust, v->hostname, v->how == STRICT ? ", strict" : "");
	return name;
}

/* The same cases in a connection: those that a server shows, per version. */
static int shown[2 * LEN(verdicts)], shown_len;

static const char *
shown_name(int i)
{
	static char name[160];

	snprintf(name, sizeof(name), "%s, %s", version_of(i % 2),
	    verdict_name(shown[i]));
	return name;
}

static void
list_shown(void)
{
	for (size_t i = 0; i < LEN(verdicts); i++)
		if (verdicts[i].how != ALONE) {
			shown[shown_len++] = (int)i;
			shown[shown_len++] = (int)i;
		}
}

START_TEST(a_server_is_accepted_or_refused_for_the_right_reason)
{
	const struct verdict *v = &verdicts[shown[_i]];
	setup s = { .version = versions[_i % 2],
	    .certificate = v->certificate, .trust = v->trust,
	    .hostname = v->hostname, .strict = v->how == STRICT };
	const tlshost_verification *report;
	const tlshost_error *error;
	pair p;

	handshake_ends(&s, v->reasons == 0 ? TLSHOST_OK :
	    TLSHOST_BAD_CERTIFICATE, v->reasons == 0 ? TLSHOST_OK :
	    TLSHOST_ALERT_RECEIVED, &p);
	report = tlshost_buffer_verification(p.client);
	error = tlshost_buffer_error(p.client);
	ck_assert_uint_eq(tlshost_verification_reasons(report), v->reasons);
	ck_assert_uint_eq(tlshost_error_reasons(error), v->reasons);
	ck_assert_uint_gt(tlshost_verification_chain_len(report), 0);
	if (v->reasons != 0) {
		ck_assert_int_gt(tlshost_error_alert_sent(error), 0);
		ck_assert_int_eq(tlshost_error_alert_received(
		    tlshost_buffer_error(p.server)),
		    tlshost_error_alert_sent(error));
	}
	free_pair(&p);
}
END_TEST

static tlshost_verification *
judge(const char *certificate, const char *trust, const char *hostname,
    int strict)
{
	tlshost_chain *chain = load_chain(certificate);
	tlshost_trust_store *store = load_trust(trust);
	tlshost_verification *v;

	assert_status(tlshost_backend_verify_chain(client_backend,
	    TLSHOST_ROLE_CLIENT, chain, store, hostname, strict, &v, NULL),
	    TLSHOST_OK);
	tlshost_chain_unref(chain);
	tlshost_trust_store_unref(store);
	return v;
}

START_TEST(a_chain_is_judged_alike_without_a_connection)
{
	const struct verdict *want = &verdicts[_i];
	tlshost_verification *v = judge(want->certificate, want->trust,
	    want->hostname, want->how == STRICT);

	ck_assert_msg(tlshost_verification_reasons(v) == want->reasons,
	    "0x%x, not 0x%x: %s", tlshost_verification_reasons(v),
	    want->reasons, tlshost_verification_text(v));
	ck_assert_int_eq(tlshost_verification_checked(v), 1);
	ck_assert_int_eq(tlshost_verification_ok(v), want->reasons == 0);
	ck_assert((tlshost_verification_text(v) == NULL) ==
	    (want->reasons == 0));
	ck_assert((tlshost_verification_path_len(v) != 0) ==
	    (want->reasons == 0));
	tlshost_verification_free(v);
}
END_TEST

/* The one reason that depends on what a backend has. */
START_TEST(an_algorithm_that_a_backend_lacks_is_named)
{
	tlshost_verification *v = judge("ed25519", "ca", "srv.test", 0);

	ck_assert_uint_eq(tlshost_verification_reasons(v),
	    backend_can(client_backend, TLSHOST_CAPABILITY_ED25519) ? 0 :
	    TLSHOST_REASON_UNSUPPORTED_ALGORITHM);
	ck_assert_int_eq(tlshost_verification_ok(v),
	    backend_can(client_backend, TLSHOST_CAPABILITY_ED25519));
	tlshost_verification_free(v);
}
END_TEST

START_TEST(the_path_that_was_used_is_told)
{
	tlshost_verification *v = judge("deep-reversed", "ca", "srv.test", 0);
	tlshost_chain *chain = load_chain("deep"), *anchor = load_chain("ca");
	const uint8_t *der, *want;
	size_t len, want_len;

	ck_assert_uint_eq(tlshost_verification_path_len(v), 3);
	for (size_t i = 0; i < 3; i++) {
		want_len = tlshost_certificate_der(tlshost_chain_at(i < 2 ?
		    chain : anchor, i % 2), &want);
		len = tlshost_verification_path_at(v, i, &der);
		ck_assert_uint_eq(len, want_len);
		ck_assert_mem_eq(der, want, len);
	}
	ck_assert_uint_eq(tlshost_verification_path_at(v, 3, &der), 0);
	/* And the chain as it was presented. */
	ck_assert_uint_eq(tlshost_verification_chain_len(v),
	    4);
	tlshost_verification_free(v);
	tlshost_chain_unref(chain);
	tlshost_chain_unref(anchor);
}
END_TEST

START_TEST(what_was_at_fault_is_told)
{
	tlshost_verification *v = judge("expired", "ca", "srv.test", 0);

	ck_assert_int_eq(tlshost_verification_depth(v), 0);
	ck_assert_ptr_nonnull(strstr(tlshost_verification_text(v),
	    "expired"));
	tlshost_verification_free(v);
	v = judge("outside", "ca", "srv.test", 0);
	ck_assert_int_ge(tlshost_verification_depth(v), 0);
	tlshost_verification_free(v);
}
END_TEST

static tlshost_certificate *
load_certificate(const char *name)
{
	tlshost_certificate *certificate;

	assert_status(tlshost_certificate_from_file(NULL,
	    test_file(name, ".pem"), &certificate, NULL), TLSHOST_OK);
	return certificate;
}

/* While a CA changes its key, both certificates are trusted, in any order. */
START_TEST(a_ca_with_a_new_key_keeps_its_name)
{
	tlshost_certificate *anchors[] = { load_certificate("ca"),
		load_certificate("new-key"), load_certificate("ca") };
	tlshost_chain *chain = load_chain("ecdsa");

	for (size_t i = 0; i < 2; i++) {
		tlshost_verification *report;
		tlshost_trust_store *trust;

		assert_status(tlshost_trust_store_from_certificates(
		    &anchors[i], 2, &trust, NULL), TLSHOST_OK);
		assert_status(tlshost_backend_verify_chain(client_backend,
		    TLSHOST_ROLE_CLIENT, chain, trust, "srv.test", 0, &report,
		    NULL), TLSHOST_OK);
		ck_assert_msg(tlshost_verification_ok(report), "order %zu: %s",
		    i, tlshost_verification_text(report));
		tlshost_verification_free(report);
		tlshost_trust_store_unref(trust);
	}
	for (size_t i = 0; i < LEN(anchors); i++)
		tlshost_certificate_unref(anchors[i]);
	tlshost_chain_unref(chain);
}
END_TEST

/* A library may remember what it has verified, but not of whom it was. */
START_TEST(what_one_anchor_signed_no_other_of_its_name_did)
{
	static const struct {
		const char *trust;
		int ok;
	} rounds[] = {
		{ "twin", 0 }, { "ca", 1 }, { "twin", 0 }, { "ca", 1 },
	};
	tlshost_chain *chain = load_chain("ecdsa");

	for (size_t i = 0; i < LEN(rounds); i++) {
		tlshost_trust_store *trust = load_trust(rounds[i].trust);
		tlshost_verification *report;

		assert_status(tlshost_backend_verify_chain(client_backend,
		    TLSHOST_ROLE_CLIENT, chain, trust, "srv.test", 0, &report,
		    NULL), TLSHOST_OK);
		ck_assert_msg(tlshost_verification_ok(report) ==
		    rounds[i].ok, "round %zu: %s", i,
		    tlshost_verification_text(report));
		tlshost_verification_free(report);
		tlshost_trust_store_unref(trust);
	}
	tlshost_chain_unref(chain);
}
END_TEST

/* RFC 5280, 4.1.2.2 forbids it; a forger does not ask. */
START_TEST(certificates_of_one_number_do_not_meet_or_are_refused)
{
	setup one = { .certificate = "number1" };
	setup two = { .certificate = "number2" };
	pair p = connected_pair(&one), q;
	tlshost_config *config = server_config(&two);
	tlshost_server_context *context = NULL;
	tlshost_error *error = NULL;
	tlshost_status st;

	st = tlshost_server_context_new(server_backend, config, &context,
	    &error);
	if (st == TLSHOST_OK) {
		tlshost_server_context_unref(context);
		if (backend_can(client_backend,
		    TLSHOST_CAPABILITY_OWN_CERTIFICATES)) {
			q = connected_pair(&two);
			free_pair(&q);
		} else {
			handshake_ends(&two, TLSHOST_BAD_CERTIFICATE,
			    TLSHOST_ALERT_RECEIVED, &q);
			ck_assert_uint_eq(tlshost_error_reasons(
			    tlshost_buffer_error(q.client)),
			    TLSHOST_REASON_OTHER);
			free_pair(&q);
		}
	} else {
		ck_assert(!backend_can(server_backend,
		    TLSHOST_CAPABILITY_OWN_CERTIFICATES));
		assert_status(st, TLSHOST_BAD_DATA);
	}
	tlshost_error_free(error);
	tlshost_config_unref(config);
	free_pair(&p);
}
END_TEST

START_TEST(an_empty_trust_store_trusts_nobody)
{
	tlshost_chain *chain = load_chain("rsa");
	tlshost_trust_store *trust;
	tlshost_verification *v;

	assert_status(tlshost_trust_store_from_certificates(NULL, 0, &trust,
	    NULL), TLSHOST_OK);
	assert_status(tlshost_backend_verify_chain(client_backend,
	    TLSHOST_ROLE_CLIENT, chain, trust, "srv.test", 0, &v, NULL),
	    TLSHOST_OK);
	ck_assert_int_eq(tlshost_verification_ok(v), 0);
	tlshost_verification_free(v);
	tlshost_chain_unref(chain);
	tlshost_trust_store_unref(trust);
}
END_TEST

START_TEST(verification_can_be_switched_off_and_says_so)
{
	setup s = { .version = versions[_i], .no_verify = 1,
	    .certificate = "expired", .hostname = "no.test" };
	const tlshost_verification *v;
	pair p;

	if (!backend_can(client_backend, TLSHOST_CAPABILITY_NO_VERIFY))
		return; /* claimed of findings */
	p = connected_pair(&s);
	v = tlshost_buffer_verification(p.client);
	ck_assert_int_eq(tlshost_verification_checked(v), 0);
	ck_assert_int_eq(tlshost_verification_ok(v), 0);
	ck_assert_uint_eq(tlshost_verification_chain_len(v), 1);
	ck_assert_uint_eq(tlshost_verification_path_len(v), 0);
	free_pair(&p);
}
END_TEST

START_TEST(a_forgotten_name_is_an_error_not_a_switch)
{
	setup s = { 0 };
	tlshost_config *config = client_config(&s);
	tlshost_client_context *context;
	tlshost_buffer *buffer;
	tlshost_error *error = NULL;

	assert_status(tlshost_client_context_new(client_backend, config,
	    &context, NULL), TLSHOST_OK);
	assert_fails(tlshost_client_context_wrap_buffers(context, NULL,
	    &buffer, &error), TLSHOST_INVALID_ARGUMENT, error,
	    "server_hostname");
	assert_status(tlshost_client_context_wrap_buffers(context, "",
	    &buffer, NULL), TLSHOST_INVALID_ARGUMENT);
	assert_status(tlshost_client_context_wrap_buffers(context,
	    TLSHOST_INSECURE_NO_HOSTNAME, &buffer, NULL), TLSHOST_OK);
	tlshost_buffer_free(buffer);
	tlshost_client_context_unref(context);
	tlshost_config_unref(config);
}
END_TEST

static const char *const bad_names[] = { "", ".", "a..b", "a b.test",
	"srv.test/", "srv.test:443", "*.wild.test", "1.2.3", "1.2.3.4.5",
	"256.1.1.1", "[::1", "::1]", "fe80::1%eth0", "srv\xff.test",
	"0123456789012345678901234567890123456789012345678901234567890123.t" };

static const char *
bad_name(int i)
{
	static char name[80];

	snprintf(name, sizeof(name), "\"%.40s\"", bad_names[i]);
	return name;
}

START_TEST(what_is_no_host_name_is_refused)
{
	tlshost_config *config = client_config(&(setup){ 0 });
	tlshost_client_context *context;
	tlshost_buffer *buffer;
	tlshost_error *error = NULL;

	assert_status(tlshost_client_context_new(client_backend, config,
	    &context, NULL), TLSHOST_OK);
	assert_fails(tlshost_client_context_wrap_buffers(context,
	    bad_names[_i], &buffer, &error), TLSHOST_INVALID_ARGUMENT, error,
	    "server_hostname");
	tlshost_client_context_unref(context);
	tlshost_config_unref(config);
}
END_TEST

/* Verdicts in many threads are those of one. */
static void *
judge_often(void *result)
{
	int *good = result;

	for (int i = 0; i < 10; i++) {
		const struct verdict *want = &verdicts[i * 5];
		tlshost_verification *v = judge(want->certificate,
		    want->trust, want->hostname, want->how == STRICT);

		*good += tlshost_verification_reasons(v) == want->reasons;
		tlshost_verification_free(v);
	}
	return NULL;
}

START_TEST(chains_are_judged_in_eight_threads_at_once)
{
	pthread_t threads[8];
	int good[8] = { 0 };

	for (int i = 0; i < 8; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL,
		    judge_often, &good[i]), 0);
	for (int i = 0; i < 8; i++) {
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
		ck_assert_int_eq(good[i], 10);
	}
}
END_TEST

/* ------------------------------------------------------------------------
 * The certificates behind the first one, in every order
 */

#define BEHIND 4
#define ORDERS 24

static const struct any_order {
	const char *leaf, *trust;
	const char *behind[BEHIND]; /* the path first, in its order */
	size_t between;             /* so many of them are the path's */
	uint32_t reasons;
} any_orders[] = {
	/* What the path does not need. */
	{ "deep-alone", "ca", { "sub", "unknown", "other", "ca" }, 1, 0 },
	{ "deep-alone", "ca", { "sub", "sub", "stranger", "deep-alone" }, 1,
	    0 },
	{ "deeper", "ca", { "lower", "sub", "ca", "other" }, 2, 0 },
	{ "deeper", "sub", { "lower", "ca", "unknown", "lower" }, 1, 0 },
	/* The same intermediate by two roots, now and long ago. */
	{ "deep-alone", "ca", { "sub-by-ca", "sub-by-stranger", "old-by-ca",
	    "old-by-stranger" }, 1, 0 },
	{ "deep-alone", "stranger", { "sub-by-stranger", "sub-by-ca",
	    "old-by-ca", "old-by-stranger" }, 1, 0 },
	{ "deep-alone", "ca", { "sub-by-ca", "old-by-ca", "sub-by-stranger",
	    "stranger" }, 1, 0 },
	{ "deeper", "ca", { "lower", "sub-by-ca", "sub-by-stranger",
	    "old-by-ca" }, 2, 0 },
	{ "deeper", "stranger", { "lower", "sub-by-stranger", "sub-by-ca",
	    "old-by-stranger" }, 2, 0 },
	/* A root of the same name with another key. */
	{ "deep-alone", "ca", { "sub", "twin", "ca", "other" }, 1, 0 },
	/* Nothing that helps. */
	{ "deep-alone", "ca", { "old-by-ca", "old-by-stranger", "stranger",
	    "other" }, 0, EXPIRED },
	{ "deeper", "ca", { "lower", "old-by-ca", "sub-by-stranger",
	    "stranger" }, 0, EXPIRED },
	{ "deep-alone", "ca", { "sub-by-stranger", "old-by-stranger",
	    "stranger", "ca" }, 0, UNKNOWN },
	{ "deeper", "ca", { "sub", "ca", "other", "unknown" }, 0, UNKNOWN },
	{ "below", "ca", { "other", "sub", "ca", "unknown" }, 0,
	    TLSHOST_REASON_NOT_CA },
};

static const char *
any_order_name(int i)
{
	static char name[128];
	const struct any_order *c = &any_orders[i];

	snprintf(name, sizeof(name), "%s under %s with %s, %s, %s, %s",
	    c->leaf, c->trust, c->behind[0], c->behind[1], c->behind[2],
	    c->behind[3]);
	return name;
}

/* Of all orders the nth. */
static tlshost_chain *
chain_in_order(const struct any_order *c, size_t n)
{
	tlshost_certificate *list[1 + BEHIND];
	const char *left[BEHIND];
	tlshost_chain *chain;

	memcpy(left, c->behind, sizeof(left));
	list[0] = load_certificate(c->leaf);
	for (size_t i = BEHIND; i > 0; i--) {
		size_t pick = n % i;

		list[1 + BEHIND - i] = load_certificate(left[pick]);
		left[pick] = left[i - 1];
		n /= i;
	}
	assert_status(tlshost_chain_from_certificates(list, LEN(list), &chain,
	    NULL), TLSHOST_OK);
	for (size_t i = 0; i < LEN(list); i++)
		tlshost_certificate_unref(list[i]);
	return chain;
}

static void
assert_path(const tlshost_verification *v, const struct any_order *c)
{
	const uint8_t *der, *want;

	ck_assert_uint_eq(tlshost_verification_path_len(v), c->between + 2);
	for (size_t i = 0; i < c->between; i++) {
		tlshost_certificate *via = load_certificate(c->behind[i]);
		size_t len = tlshost_certificate_der(via, &want);

		ck_assert_uint_eq(tlshost_verification_path_at(v, i + 1, &der),
		    len);
		ck_assert_mem_eq(der, want, len);
		tlshost_certificate_unref(via);
	}
}

static void
assert_verdict(const tlshost_verification *v, const struct any_order *c,
    size_t order)
{
	ck_assert_msg(tlshost_verification_reasons(v) == c->reasons,
	    "order %zu: 0x%x, not 0x%x: %s", order,
	    tlshost_verification_reasons(v), c->reasons,
	    tlshost_verification_text(v));
	ck_assert_int_eq(tlshost_verification_ok(v), c->reasons == 0);
	if (c->reasons == 0)
		assert_path(v, c);
}

START_TEST(the_verdict_is_the_same_in_every_order)
{
	const struct any_order *c = &any_orders[_i];
	tlshost_trust_store *trust = load_trust(c->trust);

	for (size_t order = 0; order < ORDERS; order++) {
		tlshost_chain *chain = chain_in_order(c, order);
		tlshost_verification *v;

		assert_status(tlshost_backend_verify_chain(client_backend,
		    TLSHOST_ROLE_CLIENT, chain, trust, "srv.test", 0, &v,
		    NULL), TLSHOST_OK);
		assert_verdict(v, c, order);
		tlshost_verification_free(v);
		tlshost_chain_unref(chain);
	}
	tlshost_trust_store_unref(trust);
}
END_TEST

static const char *
handshake_order_name(int i)
{
	static char name[160];

	snprintf(name, sizeof(name), "%s, %s", version_of(i % 2),
	    any_order_name(i / 2));
	return name;
}

static void
assert_shown(const tlshost_verification *v, const tlshost_chain *chain)
{
	const uint8_t *der, *want;

	ck_assert_uint_eq(tlshost_verification_chain_len(v),
	    tlshost_chain_len(chain));
	for (size_t i = 0; i < tlshost_chain_len(chain); i++) {
		size_t len = tlshost_certificate_der(tlshost_chain_at(chain,
		    i), &want);

		ck_assert_uint_eq(tlshost_verification_chain_at(v, i, &der),
		    len);
		ck_assert_mem_eq(der, want, len);
	}
}

static tlshost_config *
server_showing(tlshost_chain *chain, const char *key_name)
{
	tlshost_private_key *key = load_key(key_name);
	tlshost_config *config = config_showing(chain, key);

	tlshost_private_key_unref(key);
	return config;
}

START_TEST(a_server_may_show_its_chain_in_any_order)
{
	const struct any_order *c = &any_orders[_i / 2];
	setup s = { .version = versions[_i % 2], .trust = c->trust };
	tlshost_config *client = client_config(&s);

	/* Every fifth of them, others in the other version. */
	for (size_t order = _i % 2; order < ORDERS; order += 5) {
		tlshost_chain *chain = chain_in_order(c, order);
		tlshost_config *server = server_showing(chain, c->leaf);
		tlshost_status client_is, server_is;
		pair p = pair_of(client, server, &s);

		shake_hands(&p, &client_is, &server_is);
		assert_status(client_is, c->reasons == 0 ? TLSHOST_OK :
		    TLSHOST_BAD_CERTIFICATE);
		assert_shown(tlshost_buffer_verification(p.client), chain);
		assert_verdict(tlshost_buffer_verification(p.client), c, order);
		free_pair(&p);
		tlshost_config_unref(server);
		tlshost_chain_unref(chain);
	}
	tlshost_config_unref(client);
}
END_TEST

/* ------------------------------------------------------------------------
 * Certificates of clients
 */

#define NONE TLSHOST_CLIENT_AUTH_NONE
#define REQUEST TLSHOST_CLIENT_AUTH_REQUEST
#define REQUIRE TLSHOST_CLIENT_AUTH_REQUIRE

static const struct client_case {
	const char *name, *certificate, *trust;
	tlshost_client_auth auth;
	uint32_t reasons;
	int seen, no_verify;
} clients[] = {
	{ "not asked, has one", "ecdsa", "ca", NONE, 0, 0, 0 },
	{ "not asked, has none", NULL, "ca", NONE, 0, 0, 0 },
	{ "asked, has one", "ecdsa", "ca", REQUEST, 0, 1, 0 },
	{ "asked, has none", NULL, "ca", REQUEST, 0, 0, 0 },
	{ "asked, an expired one", "expired", "ca", REQUEST, EXPIRED, 1, 0 },
	{ "required, RSA", "rsa", "ca", REQUIRE, 0, 1, 0 },
	{ "required, ECDSA", "ecdsa", "ca", REQUIRE, 0, 1, 0 },
	{ "required, below an intermediate", "deep", "ca", REQUIRE, 0, 1, 0 },
	{ "required, for clients only", "purpose", "ca", REQUIRE, 0, 1, 0 },
	{ "required, has none", NULL, "ca", REQUIRE,
	    TLSHOST_REASON_NO_CERTIFICATE, 0, 0 },
	{ "required, an expired one", "expired", "ca", REQUIRE, EXPIRED, 1,
	    0 },
	{ "required, not yet valid", "future", "ca", REQUIRE,
	    TLSHOST_REASON_NOT_YET_VALID, 1, 0 },
	{ "required, a stranger's", "unknown", "ca", REQUIRE, UNKNOWN, 1, 0 },
	{ "required, self-signed", "self", "ca", REQUIRE,
	    TLSHOST_REASON_SELF_SIGNED, 1, 0 },
	{ "required, for servers only", "other", "ca", REQUIRE,
	    TLSHOST_REASON_WRONG_PURPOSE, 1, 0 },
	{ "required and not verified", "expired", "ca", REQUIRE, 0, 1, 1 },
};

static const char *
client_name(int i)
{
	static char name[80];

	snprintf(name, sizeof(name), "%s: %s", version_of(i % 2),
	    clients[i / 2].name);
	return name;
}

START_TEST(a_client_is_accepted_or_refused_for_the_right_reason)
{
	const struct client_case *c = &clients[_i / 2];
	setup s = { .version = versions[_i % 2],
	    .client_certificate = c->certificate, .server_trust = c->trust,
	    .client_auth = c->auth, .server_no_verify = c->no_verify };
	const tlshost_verification *v;
	pair p;

	if (c->no_verify && !backend_can(server_backend,
	    TLSHOST_CAPABILITY_NO_VERIFY))
		return;
	handshake_ends(&s, c->reasons == 0 ? TLSHOST_OK :
	    TLSHOST_ALERT_RECEIVED, c->reasons == 0 ? TLSHOST_OK :
	    TLSHOST_BAD_CERTIFICATE, &p);
	v = tlshost_buffer_verification(p.server);
	ck_assert_int_eq(v != NULL, c->seen);
	ck_assert_uint_eq(tlshost_error_reasons(
	    tlshost_buffer_error(p.server)), c->reasons);
	if (c->seen && !c->no_verify) {
		ck_assert_int_eq(tlshost_verification_ok(v), c->reasons == 0);
		ck_assert_uint_eq(tlshost_verification_reasons(v),
		    c->reasons);
	}
	if (c->no_verify)
		ck_assert_int_eq(tlshost_verification_checked(v), 0);
	if (c->reasons != 0)
		ck_assert_int_gt(tlshost_error_alert_received(
		    tlshost_buffer_error(p.client)), 0);
	free_pair(&p);
}
END_TEST

START_TEST(an_impostor_gets_no_client_certificate)
{
	setup s = { .version = versions[_i], .certificate = "unknown",
	    .client_certificate = "ecdsa", .client_auth = REQUEST };
	pair p;

	handshake_ends(&s, TLSHOST_BAD_CERTIFICATE, TLSHOST_ALERT_RECEIVED,
	    &p);
	ck_assert_ptr_null(tlshost_buffer_verification(p.server));
	/* Of the client went out its hello and an alert. */
	ck_assert_uint_lt(p.to_server, 1000);
	free_pair(&p);
}
END_TEST

/* The server waits for a certificate, and gets an alert instead. */
START_TEST(a_refusal_is_heard_where_a_certificate_is_required)
{
	setup s = { .version = versions[_i], .certificate = "expired",
	    .client_certificate = "ecdsa", .client_auth = REQUIRE };
	pair p;

	handshake_ends(&s, TLSHOST_BAD_CERTIFICATE, TLSHOST_ALERT_RECEIVED,
	    &p);
	ck_assert_int_eq(tlshost_error_alert_received(
	    tlshost_buffer_error(p.server)), 45);
	ck_assert_uint_eq(tlshost_error_reasons(
	    tlshost_buffer_error(p.server)), 0);
	free_pair(&p);
}
END_TEST

START_TEST(a_client_without_a_certificate_hears_the_alert_for_it)
{
	setup s = { .version = versions[_i], .client_auth = REQUIRE };
	int alert = versions[_i] == TLSHOST_VERSION_TLSV1_3 ? 116 : 40;
	pair p;

	handshake_ends(&s, TLSHOST_ALERT_RECEIVED, TLSHOST_BAD_CERTIFICATE,
	    &p);
	ck_assert_int_eq(tlshost_error_alert_sent(
	    tlshost_buffer_error(p.server)), alert);
	ck_assert_int_eq(tlshost_error_alert_received(
	    tlshost_buffer_error(p.client)), alert);
	free_pair(&p);
}
END_TEST

void
verify_claims(Suite *suite)
{
	TCase *group = claim_group(suite, "servers' certificates");

	list_shown();
	add_versions(group, a_server_is_accepted_or_refused_for_the_right_reason,
	    shown_len, shown_name);
	add_versions(group, a_server_may_show_its_chain_in_any_order,
	    2 * (int)LEN(any_orders), handshake_order_name);
	ADD_BOTH(verification_can_be_switched_off_and_says_so);
	group = claim_group(suite, "verdicts");
	add_claims(group, a_chain_is_judged_alike_without_a_connection,
	    (int)LEN(verdicts), verdict_name);
	add_claim(group, an_algorithm_that_a_backend_lacks_is_named);
	add_claim(group, the_path_that_was_used_is_told);
	add_claim(group, what_was_at_fault_is_told);
	add_claims(group, the_verdict_is_the_same_in_every_order,
	    (int)LEN(any_orders), any_order_name);
	add_claim(group, a_ca_with_a_new_key_keeps_its_name);
	add_claim(group, what_one_anchor_signed_no_other_of_its_name_did);
	add_claim(group, an_empty_trust_store_trusts_nobody);
	add_claim(group,
	    certificates_of_one_number_do_not_meet_or_are_refused);
	add_claim(group, chains_are_judged_in_eight_threads_at_once);
	group = claim_group(suite, "host names");
	add_claim(group, a_forgotten_name_is_an_error_not_a_switch);
	add_claims(group, what_is_no_host_name_is_refused,
	    (int)LEN(bad_names), bad_name);
	group = claim_group(suite, "clients' certificates");
	add_versions(group, a_client_is_accepted_or_refused_for_the_right_reason,
	    2 * (int)LEN(clients), client_name);
	ADD_BOTH(an_impostor_gets_no_client_certificate);
	ADD_BOTH(a_refusal_is_heard_where_a_certificate_is_required);
	ADD_BOTH(a_client_without_a_certificate_hears_the_alert_for_it);
}

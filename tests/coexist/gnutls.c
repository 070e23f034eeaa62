/* SPDX-License-Identifier: MIT */
/*
 * A program that uses GnuTLS itself: it starts and ends it as it likes, and its
 * own connections go on.  It is also a peer that no backend would be: it asks
 * for a renegotiation and sends alerts.
 *
 *	gnutls BACKEND...
 */
#include "config.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <stdio.h>

#include "../conformance/pair.h"

static char **names;
static const setup tls12 = { .version = TLSHOST_VERSION_TLSV1_2 };
static const setup tls13 = { .version = TLSHOST_VERSION_TLSV1_3 };

/* ------------------------------------------------------------------------
 * GnuTLS itself, as the peer of a buffer
 */

typedef struct raw {
	gnutls_session_t session;
	gnutls_certificate_credentials_t credentials;
	tlshost_buffer *buffer;
} raw;

static ssize_t
pull(gnutls_transport_ptr_t pointer, void *dst, size_t cap)
{
	raw *r = pointer;
	const uint8_t *out;
	size_t len = tlshost_buffer_peek_outgoing(r->buffer, &out);

	if (len == 0) {
		gnutls_transport_set_errno(r->session, EAGAIN);
		return -1;
	}
	if (len > cap)
		len = cap;
	memcpy(dst, out, len);
	assert_status(tlshost_buffer_consume_outgoing(r->buffer, len),
	    TLSHOST_OK);
	return (ssize_t)len;
}

static ssize_t
push(gnutls_transport_ptr_t pointer, const void *src, size_t len)
{
	raw *r = pointer;
	size_t taken;

	assert_status(tlshost_buffer_receive_from_network(r->buffer, src, len,
	    &taken), TLSHOST_OK);
	ck_assert_uint_eq(taken, len);
	return (ssize_t)len;
}

static int
always_ready(gnutls_transport_ptr_t pointer, unsigned int ms)
{
	const raw *r = pointer;

	(void)ms;
	return tlshost_buffer_outgoing_len(r->buffer) != 0;
}

/* The other end of buffer, which it does not own. */
static void
raw_begin(raw *r, int server, tlshost_buffer *buffer, const setup *s)
{
	r->buffer = buffer;
	ck_assert_int_eq(gnutls_init(&r->session, (server ? GNUTLS_SERVER :
	    GNUTLS_CLIENT) | GNUTLS_NONBLOCK), 0);
	ck_assert_int_eq(gnutls_certificate_allocate_credentials(
	    &r->credentials), 0);
	if (server)
		ck_assert_int_eq(gnutls_certificate_set_x509_key_file(
		    r->credentials, test_file("rsa", ".pem"),
		    test_file("rsa", ".key"),
		    GNUTLS_X509_FMT_PEM), 0);
	ck_assert_int_eq(gnutls_credentials_set(r->session,
	    GNUTLS_CRD_CERTIFICATE, r->credentials), 0);
	ck_assert_int_eq(gnutls_priority_set_direct(r->session,
	    s == &tls12 ? "NORMAL:-VERS-ALL:+VERS-TLS1.2" :
	    "NORMAL:-VERS-ALL:+VERS-TLS1.3", NULL), 0);
	gnutls_transport_set_ptr(r->session, r);
	gnutls_transport_set_pull_function(r->session, pull);
	gnutls_transport_set_push_function(r->session, push);
	gnutls_transport_set_pull_timeout_function(r->session, always_ready);
}

static void
raw_end(raw *r)
{
	gnutls_deinit(r->session);
	gnutls_certificate_free_credentials(r->credentials);
	tlshost_buffer_free(r->buffer);
}

static void
shake_raw(raw *r)
{
	tlshost_status st = TLSHOST_WANT_READ;
	int code = GNUTLS_E_AGAIN;

	for (int i = 0; i < 20 && (st != TLSHOST_OK || code != 0); i++) {
		if (code != 0)
			code = gnutls_handshake(r->session);
		if (st != TLSHOST_OK)
			st = tlshost_buffer_do_handshake(r->buffer);
	}
	assert_status(st, TLSHOST_OK);
	ck_assert_int_eq(code, 0);
}

/* ------------------------------------------------------------------------
 * Claims
 */

START_TEST(a_connection_of_the_program_goes_on_beside_ours)
{
	raw r = { .session = NULL };
	char in[16];
	size_t n;

	use_backend(names[_i]);
	raw_begin(&r, 1, make_end(&tls12, 0), &tls12);
	shake_raw(&r);
	for (int i = 0; i < 3; i++) {
		pair p = connected_pair(&(setup){ 0 });

		free_pair(&p);
		ck_assert_int_eq(gnutls_record_send(r.session, "still here",
		    10), 10);
		assert_status(tlshost_buffer_read(r.buffer, in, sizeof(in),
		    &n), TLSHOST_OK);
		ck_assert_uint_eq(n, 10);
	}
	raw_end(&r);
}
END_TEST

START_TEST(the_program_starts_and_ends_its_gnutls_as_it_likes)
{
	pair p, q;
	char in[8];
	size_t n;

	ck_assert_int_eq(gnutls_global_init(), 0);
	use_backend(names[_i]);
	p = connected_pair(&(setup){ 0 });
	gnutls_global_deinit();
	assert_status(tlshost_buffer_write(p.client, "x", 1, &n), TLSHOST_OK);
	assert_status(read_from(&p, p.server, in, sizeof(in), &n),
	    TLSHOST_OK);
	q = connected_pair(&(setup){ 0 });
	ck_assert_int_eq(gnutls_global_init(), 0);
	gnutls_global_deinit();
	free_pair(&q);
	free_pair(&p);
}
END_TEST

START_TEST(a_renegotiation_never_happens)
{
	int server = _i % 2; /* what the backend is */
	raw r = { .session = NULL };
	char in[16];
	size_t n;

	use_backend(names[_i / 2]);
	raw_begin(&r, !server, make_end(&tls12, server), &tls12);
	shake_raw(&r);
	/* A server asks for one, a client begins one. */
	if (server)
		(void)gnutls_handshake(r.session);
	else
		ck_assert_int_eq(gnutls_rehandshake(r.session), 0);
	assert_status(tlshost_buffer_read(r.buffer, in, sizeof(in), &n),
	    TLSHOST_WANT_READ);
	ck_assert_int_eq(server ? gnutls_handshake(r.session) :
	    (int)gnutls_record_recv(r.session, in, sizeof(in)),
	    GNUTLS_E_WARNING_ALERT_RECEIVED);
	ck_assert_int_eq(gnutls_alert_get(r.session),
	    GNUTLS_A_NO_RENEGOTIATION);
	/* Who takes no for an answer goes on; this client does not. */
	if (!server) {
		ck_assert_int_eq(gnutls_record_send(r.session, "go on", 5),
		    5);
		assert_status(tlshost_buffer_read(r.buffer, in, sizeof(in),
		    &n), TLSHOST_OK);
		ck_assert_uint_eq(n, 5);
	}
	assert_status(tlshost_buffer_write(r.buffer, "x", 1, &n), TLSHOST_OK);
	raw_end(&r);
}
END_TEST

/* Instead of what the peer's Finished asks for. */
static int
cancel(gnutls_session_t session, unsigned int type, unsigned int when,
    unsigned int incoming, const gnutls_datum_t *message)
{
	(void)type;
	(void)when;
	(void)message;
	if (!incoming)
		return 0;
	(void)gnutls_alert_send(session, GNUTLS_AL_WARNING,
	    GNUTLS_A_USER_CANCELED);
	return GNUTLS_E_APPLICATION_ERROR_MIN;
}

static const struct {
	const setup *setup;
	gnutls_alert_level_t level;
	gnutls_alert_description_t alert;
	tlshost_status status;           /* WANT_READ: it goes on */
} alerts[] = {
	{ &tls12, GNUTLS_AL_WARNING, GNUTLS_A_USER_CANCELED,
	    TLSHOST_WANT_READ },
	{ &tls12, GNUTLS_AL_WARNING, GNUTLS_A_UNRECOGNIZED_NAME,
	    TLSHOST_WANT_READ },
	/* Nobody asked. */
	{ &tls12, GNUTLS_AL_WARNING, GNUTLS_A_NO_RENEGOTIATION,
	    TLSHOST_PROTOCOL },
	{ &tls12, GNUTLS_AL_WARNING, GNUTLS_A_CLOSE_NOTIFY, TLSHOST_OK },
	{ &tls12, GNUTLS_AL_FATAL, GNUTLS_A_INTERNAL_ERROR,
	    TLSHOST_ALERT_RECEIVED },
	{ &tls13, GNUTLS_AL_WARNING, GNUTLS_A_CLOSE_NOTIFY, TLSHOST_OK },
	{ &tls13, GNUTLS_AL_FATAL, GNUTLS_A_INTERNAL_ERROR,
	    TLSHOST_ALERT_RECEIVED },
	/* The level does not count any more. */
	{ &tls13, GNUTLS_AL_WARNING, GNUTLS_A_HANDSHAKE_FAILURE,
	    TLSHOST_ALERT_RECEIVED },
	{ &tls13, GNUTLS_AL_WARNING, GNUTLS_A_UNRECOGNIZED_NAME,
	    TLSHOST_ALERT_RECEIVED },
};

#define ALERTS (sizeof(alerts) / sizeof(alerts[0]))

START_TEST(an_alert_ends_a_connection_or_does_not)
{
	const setup *s = alerts[_i % (int)ALERTS].setup;
	tlshost_status wanted = alerts[_i % (int)ALERTS].status;
	int alert = (int)alerts[_i % (int)ALERTS].alert;
	raw r = { .session = NULL };
	char in[16];
	size_t n;

	use_backend(names[_i / (int)ALERTS]);
	for (int server = 0; server < 2; server++) {
		raw_begin(&r, !server, make_end(s, server), s);
		shake_raw(&r);
		ck_assert_int_eq(gnutls_alert_send(r.session,
		    alerts[_i % (int)ALERTS].level,
		    alerts[_i % (int)ALERTS].alert), 0);
		assert_status(tlshost_buffer_read(r.buffer, in, sizeof(in),
		    &n), wanted);
		if (wanted == TLSHOST_OK)
			ck_assert_uint_eq(n, 0);
		ck_assert_int_eq(tlshost_error_alert_received(
		    tlshost_buffer_error(r.buffer)),
		    wanted == TLSHOST_ALERT_RECEIVED ? alert : -1);
		assert_status(tlshost_buffer_write(r.buffer, "x", 1, &n),
		    wanted == TLSHOST_WANT_READ ? TLSHOST_OK : wanted);
		raw_end(&r);
	}
}
END_TEST

START_TEST(warnings_without_end_are_an_end)
{
	raw r = { .session = NULL };
	char in[16];
	size_t n;

	use_backend(names[_i]);
	for (int server = 0; server < 2; server++) {
		raw_begin(&r, !server, make_end(&tls12, server), &tls12);
		shake_raw(&r);
		/* A record of data, and the count begins anew. */
		for (int i = 0; i < 8; i++) {
			ck_assert_int_eq(gnutls_alert_send(r.session,
			    GNUTLS_AL_WARNING, GNUTLS_A_UNRECOGNIZED_NAME), 0);
			if (i == 3)
				ck_assert_int_eq(gnutls_record_send(r.session,
				    "x", 1), 1);
		}
		assert_status(tlshost_buffer_read(r.buffer, in, sizeof(in),
		    &n), TLSHOST_OK);
		assert_status(tlshost_buffer_read(r.buffer, in, sizeof(in),
		    &n), TLSHOST_WANT_READ);
		ck_assert_int_eq(gnutls_alert_send(r.session,
		    GNUTLS_AL_WARNING, GNUTLS_A_UNRECOGNIZED_NAME), 0);
		assert_status(tlshost_buffer_read(r.buffer, in, sizeof(in),
		    &n), TLSHOST_PROTOCOL);
		raw_end(&r);
	}
}
END_TEST

/* To a buffer of that side, on TLS 1.3, and user_canceled. */
static void
say_the_last(raw *r, int server)
{
	raw_begin(r, !server, make_end(&tls13, server), &tls13);
	shake_raw(r);
	ck_assert_int_eq(gnutls_record_send(r->session, "last", 4), 4);
	ck_assert_int_eq(gnutls_alert_send(r->session, GNUTLS_AL_WARNING,
	    GNUTLS_A_USER_CANCELED), 0);
}

/* Nothing but that is read, and then the end, for ever. */
static void
assert_last(const raw *r)
{
	char in[16];
	size_t n;

	assert_status(tlshost_buffer_read(r->buffer, in, sizeof(in), &n),
	    TLSHOST_OK);
	ck_assert_uint_eq(n, 4);
	for (int i = 0; i < 2; i++) {
		assert_status(tlshost_buffer_read(r->buffer, in, sizeof(in),
		    &n), TLSHOST_OK);
		ck_assert_uint_eq(n, 0);
	}
}

/* It closes (RFC 8446, 6.1): what comes behind does not count, and nobody reads
 * what is sent back. */
START_TEST(user_canceled_closes_tls_1_3)
{
	raw r = { .session = NULL };
	size_t n;

	use_backend(names[_i]);
	for (int server = 0; server < 2; server++) {
		say_the_last(&r, server);
		ck_assert_int_eq(gnutls_record_send(r.session, "more", 4), 4);
		assert_last(&r);
		assert_status(tlshost_buffer_write(r.buffer, "x", 1, &n),
		    TLSHOST_ALERT_RECEIVED);
		ck_assert_int_eq(tlshost_error_alert_received(
		    tlshost_buffer_error(r.buffer)), GNUTLS_A_USER_CANCELED);
		raw_end(&r);
	}
}
END_TEST

/* A client gives up while the server waits for its last flight. */
START_TEST(user_canceled_in_the_handshake_is_told)
{
	raw r = { .session = NULL };

	use_backend(names[_i]);
	raw_begin(&r, 0, make_end(&tls13, 1), &tls13);
	ck_assert_int_eq(gnutls_handshake(r.session), GNUTLS_E_AGAIN);
	assert_status(tlshost_buffer_do_handshake(r.buffer),
	    TLSHOST_WANT_READ);
	/* The library has the keys before it sends what is its own. */
	gnutls_handshake_set_hook_function(r.session,
	    GNUTLS_HANDSHAKE_FINISHED, GNUTLS_HOOK_PRE, cancel);
	(void)gnutls_handshake(r.session);
	assert_status(tlshost_buffer_do_handshake(r.buffer),
	    TLSHOST_ALERT_RECEIVED);
	ck_assert_int_eq(tlshost_error_alert_received(tlshost_buffer_error(
	    r.buffer)), GNUTLS_A_USER_CANCELED);
	raw_end(&r);
}
END_TEST

/* As some do before they close, on TLS 1.3. */
START_TEST(user_canceled_before_the_end_is_the_end)
{
	raw r = { .session = NULL };
	char in[16];
	size_t n;

	use_backend(names[_i]);
	for (int server = 0; server < 2; server++) {
		say_the_last(&r, server);
		ck_assert_int_eq(gnutls_bye(r.session, GNUTLS_SHUT_WR), 0);
		tlshost_buffer_network_eof(r.buffer);
		assert_last(&r);
		/* Some libraries have read that, too, by now. */
		ck_assert_uint_eq(tlshost_buffer_incoming_len(r.buffer), 0);
		assert_status(tlshost_buffer_take_incoming(r.buffer, in,
		    sizeof(in), &n), TLSHOST_INVALID_STATE);
		assert_status(tlshost_buffer_shutdown(r.buffer), TLSHOST_OK);
		ck_assert_int_eq(gnutls_record_recv(r.session, in,
		    sizeof(in)), 0);
		raw_end(&r);
	}
}
END_TEST

int
main(int argc, char **argv)
{
	Suite *suite = suite_create("beside GnuTLS");
	TCase *tcase = tcase_create("program");

	if (argc < 2)
		return 77; /* no backend was built */
	names = argv + 1;
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase,
	    a_connection_of_the_program_goes_on_beside_ours, 0, argc - 1);
	tcase_add_loop_test(tcase,
	    the_program_starts_and_ends_its_gnutls_as_it_likes, 0, argc - 1);
	tcase_add_loop_test(tcase, a_renegotiation_never_happens, 0,
	    2 * (argc - 1));
	tcase_add_loop_test(tcase, an_alert_ends_a_connection_or_does_not, 0,
	    (int)ALERTS * (argc - 1));
	tcase_add_loop_test(tcase, warnings_without_end_are_an_end, 0,
	    argc - 1);
	tcase_add_loop_test(tcase, user_canceled_closes_tls_1_3, 0, argc - 1);
	tcase_add_loop_test(tcase, user_canceled_in_the_handshake_is_told, 0,
	    argc - 1);
	tcase_add_loop_test(tcase, user_canceled_before_the_end_is_the_end, 0,
	    argc - 1);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}

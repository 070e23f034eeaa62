/* SPDX-License-Identifier: MIT */
/*
 * A program that uses OpenSSL itself: what it leaves in its queue of errors is
 * nobody else's and stays, and its own connections go on.  It is also a peer
 * that nobody else is: one that asks for a renegotiation.
 *
 *	openssl BACKEND...
 */
#include "config.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>

#include "../conformance/pair.h"

static char **names;
static const setup tls12 = { .version = TLSHOST_VERSION_TLSV1_2 };
static int names_len;

/* ------------------------------------------------------------------------
 * Errors of the program
 */

static void
leave_error(void)
{
	ERR_clear_error();
	ERR_raise(ERR_LIB_USER, 42);
}

static void
assert_error_left(void)
{
	ck_assert_int_eq(ERR_GET_REASON(ERR_peek_error()), 42);
	ck_assert_int_eq(ERR_GET_LIB(ERR_peek_error()), ERR_LIB_USER);
}

START_TEST(an_old_error_of_the_program_is_none_of_a_connection)
{
	setup s = { .client_certificate = "ecdsa",
	    .client_auth = TLSHOST_CLIENT_AUTH_REQUIRE };
	tlshost_status client = TLSHOST_WANT_READ, server = TLSHOST_WANT_READ;
	char in[16];
	size_t n;
	pair p;

	use_backend(names[_i]);
	leave_error();
	p = make_pair(&s);
	for (int i = 0; i < 10; i++) {
		leave_error();
		client = tlshost_buffer_do_handshake(p.client);
		leave_error();
		server = tlshost_buffer_do_handshake(p.server);
		carry(&p);
	}
	assert_status(client, TLSHOST_OK);
	assert_status(server, TLSHOST_OK);
	leave_error();
	assert_status(tlshost_buffer_read(p.client, in, sizeof(in), &n),
	    TLSHOST_WANT_READ);
	leave_error();
	assert_status(tlshost_buffer_write(p.client, "x", 1, &n), TLSHOST_OK);
	leave_error();
	assert_status(read_from(&p, p.server, in, sizeof(in), &n),
	    TLSHOST_OK);
	leave_error();
	assert_status(tlshost_buffer_shutdown(p.client), TLSHOST_OK);
	carry(&p);
	leave_error();
	assert_status(tlshost_buffer_read(p.server, in, sizeof(in), &n),
	    TLSHOST_OK);
	ck_assert_uint_eq(n, 0);
	free_pair(&p);
}
END_TEST

START_TEST(a_failure_leaves_no_error_behind)
{
	tlshost_status client, server;
	pair p;

	use_backend(names[_i]);
	ERR_clear_error();
	p = make_pair(&(setup){ .certificate = "expired" });
	shake_hands(&p, &client, &server);
	assert_status(client, TLSHOST_BAD_CERTIFICATE);
	ck_assert_uint_eq(ERR_peek_error(), 0);
	free_pair(&p);
	ck_assert_uint_eq(ERR_peek_error(), 0);
}
END_TEST

/* ------------------------------------------------------------------------
 * A connection of the program
 */

static SSL *
raw_connection(SSL_CTX *ctx, int server)
{
	SSL *ssl = SSL_new(ctx);

	SSL_set_bio(ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
	if (server)
		SSL_set_accept_state(ssl);
	else
		SSL_set_connect_state(ssl);
	return ssl;
}

/* OpenSSL itself, over two of its own buffers; version 0: any. */
static SSL *
raw_end(SSL_CTX **ret_ctx, int server, int version)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());

	ck_assert_ptr_nonnull(ctx);
	SSL_CTX_set_min_proto_version(ctx, version);
	SSL_CTX_set_max_proto_version(ctx, version);
	if (server) {
		ck_assert_int_eq(SSL_CTX_use_certificate_file(ctx,
		    test_file("rsa", ".pem"), SSL_FILETYPE_PEM), 1);
		ck_assert_int_eq(SSL_CTX_use_PrivateKey_file(ctx,
		    test_file("rsa", ".key"), SSL_FILETYPE_PEM), 1);
	}
	SSL_CTX_set_options(ctx, SSL_OP_ALLOW_CLIENT_RENEGOTIATION);
	*ret_ctx = ctx;
	return raw_connection(ctx, server);
}

/* All that waits, both ways; how much it was. */
static size_t
exchange(SSL *ssl, tlshost_buffer *buffer)
{
	const uint8_t *out;
	uint8_t in[16384];
	size_t len, taken, moved = 0;
	int n;

	while ((len = tlshost_buffer_peek_outgoing(buffer, &out)) != 0) {
		ck_assert_int_eq(BIO_write(SSL_get_rbio(ssl), out, (int)len),
		    (int)len);
		tlshost_buffer_consume_outgoing(buffer, len);
		moved += len;
	}
	while ((n = BIO_read(SSL_get_wbio(ssl), in, sizeof(in))) > 0) {
		assert_status(tlshost_buffer_receive_from_network(buffer, in,
		    (size_t)n, &taken), TLSHOST_OK);
		ck_assert_uint_eq(taken, (size_t)n);
		moved += (size_t)n;
	}
	return moved;
}

static void
shake_raw(SSL *ssl, tlshost_buffer *buffer)
{
	tlshost_status st = TLSHOST_WANT_READ;

	for (int i = 0; i < 20 && (st != TLSHOST_OK ||
	    !SSL_is_init_finished(ssl)); i++) {
		(void)SSL_do_handshake(ssl);
		exchange(ssl, buffer);
		st = tlshost_buffer_do_handshake(buffer);
		exchange(ssl, buffer);
	}
	assert_status(st, TLSHOST_OK);
	ck_assert_int_eq(SSL_is_init_finished(ssl), 1);
}

/*
 * The peer asks for another handshake in the middle of a connection (RFC 5246,
 * 7.4.1.1).  It must not get one: the connection goes on as if nothing had been
 * asked, until this peer, which takes no "no", ends it.
 */
START_TEST(a_renegotiation_never_happens)
{
	uint8_t finished[64], again[64];
	size_t finished_len;
	int server = _i % 2; /* what the backend is */
	tlshost_buffer *buffer;
	char in[16];
	SSL_CTX *ctx;
	size_t n;
	SSL *ssl;

	use_backend(names[_i / 2]);
	ssl = raw_end(&ctx, !server, TLS1_2_VERSION);
	buffer = make_end(&tls12, server);
	shake_raw(ssl, buffer);
	finished_len = SSL_get_peer_finished(ssl, finished, sizeof(finished));
	ck_assert_uint_gt(finished_len, 0);
	ck_assert_int_eq(SSL_renegotiate(ssl), 1);
	(void)SSL_do_handshake(ssl);
	exchange(ssl, buffer);
	assert_status(tlshost_buffer_read(buffer, in, sizeof(in), &n),
	    TLSHOST_WANT_READ);
	/* It goes on: our side can still write. */
	assert_status(tlshost_buffer_write(buffer, "on", 2, &n), TLSHOST_OK);
	exchange(ssl, buffer);
	ck_assert_int_le(SSL_read(ssl, in, sizeof(in)), 0);
	exchange(ssl, buffer);
	assert_status(tlshost_buffer_read(buffer, in, sizeof(in), &n),
	    TLSHOST_ALERT_RECEIVED);
	ck_assert_int_eq(tlshost_error_alert_received(
	    tlshost_buffer_error(buffer)), SSL_AD_HANDSHAKE_FAILURE);
	/* Each handshake ends with another Finished. */
	ck_assert_uint_eq(SSL_get_peer_finished(ssl, again, sizeof(again)),
	    finished_len);
	ck_assert_mem_eq(again, finished, finished_len);
	tlshost_buffer_free(buffer);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	ERR_clear_error();
}
END_TEST

static int
choose_other(SSL *ssl, const unsigned char **out, unsigned char *out_len,
    const unsigned char *in, unsigned int in_len, void *unused)
{
	(void)ssl;
	(void)in;
	(void)in_len;
	(void)unused;
	*out = (const unsigned char *)"other";
	*out_len = 5;
	return SSL_TLSEXT_ERR_OK;
}

/* The peer's breach, not the backend's. */
START_TEST(a_protocol_that_was_not_offered_is_refused)
{
	setup s = { .version = _i % 2 ? TLSHOST_VERSION_TLSV1_3 :
	    TLSHOST_VERSION_TLSV1_2, .client_alpn = "h2,http/1.1" };
	tlshost_status st = TLSHOST_WANT_READ;
	tlshost_buffer *buffer;
	SSL_CTX *ctx;
	SSL *ssl;

	use_backend(names[_i / 2]);
	ssl = raw_end(&ctx, 1, 0);
	SSL_CTX_set_alpn_select_cb(ctx, choose_other, NULL);
	buffer = make_end(&s, 0);
	for (int i = 0; i < 10 && st == TLSHOST_WANT_READ; i++) {
		st = tlshost_buffer_do_handshake(buffer);
		exchange(ssl, buffer);
		(void)SSL_do_handshake(ssl);
		exchange(ssl, buffer);
	}
	assert_status(st, TLSHOST_PROTOCOL);
	ck_assert_int_gt(tlshost_error_alert_sent(
	    tlshost_buffer_error(buffer)), 0);
	tlshost_buffer_free(buffer);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	ERR_clear_error();
}
END_TEST

/*
 * The peer would resume a session, by its id, a ticket of TLS 1.2 or one of TLS
 * 1.3, and both ends' contexts are those of the connection before.  A resumed
 * one would not be verified.
 */
START_TEST(a_session_is_never_resumed)
{
	int server = _i % 2; /* what the backend is */
	int version = _i / 2 % 2 == 0 ? TLS1_2_VERSION : TLS1_3_VERSION;
	int tickets = _i / 4 % 2;
	tlshost_client_context *client_context;
	tlshost_server_context *server_context;
	SSL_SESSION *session = NULL;
	tlshost_buffer *first;
	SSL_CTX *ctx;
	SSL *ssl;

	use_backend(names[_i / 8]);
	ssl = raw_end(&ctx, !server, version);
	if (!tickets)
		SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
	ck_assert_int_eq(SSL_CTX_set_session_id_context(ctx,
	    (const unsigned char *)"raw", 3), 1);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_BOTH);
	SSL_free(ssl);
	first = make_end(&(setup){ 0 }, server);
	client_context = tlshost_buffer_client_context(first);
	server_context = tlshost_buffer_server_context(first);
	for (int i = 0; i < 3; i++) {
		tlshost_buffer *buffer;
		char in[16];
		size_t n;

		ssl = raw_connection(ctx, !server);
		if (session != NULL)
			ck_assert_int_eq(SSL_set_session(ssl, session), 1);
		SSL_SESSION_free(session);
		assert_status(server ? tlshost_server_context_wrap_buffers(
		    server_context, &buffer, NULL) :
		    tlshost_client_context_wrap_buffers(client_context,
		    "srv.test", &buffer, NULL), TLSHOST_OK);
		shake_raw(ssl, buffer);
		ck_assert_msg(!SSL_session_reused(ssl), "%s resumes",
		    names[_i / 8]);
		/* Tickets of TLS 1.3 come behind the handshake. */
		assert_status(tlshost_buffer_read(buffer, in, sizeof(in), &n),
		    TLSHOST_WANT_READ);
		(void)SSL_read(ssl, in, sizeof(in));
		session = server ? SSL_get1_session(ssl) : NULL;
		assert_status(tlshost_buffer_shutdown(buffer), TLSHOST_OK);
		exchange(ssl, buffer);
		(void)SSL_read(ssl, in, sizeof(in));
		(void)SSL_shutdown(ssl);
		tlshost_buffer_free(buffer);
		SSL_free(ssl);
	}
	SSL_SESSION_free(session);
	tlshost_buffer_free(first);
	SSL_CTX_free(ctx);
	ERR_clear_error();
}
END_TEST

START_TEST(a_connection_of_the_program_goes_on_beside_ours)
{
	tlshost_buffer *buffer;
	SSL_CTX *ctx;
	char in[16];
	size_t n;
	SSL *ssl;
	pair p;

	use_backend(names[_i]);
	ssl = raw_end(&ctx, 1, 0);
	buffer = make_end(&tls12, 0);
	shake_raw(ssl, buffer);
	for (int i = 0; i < 3; i++) {
		p = connected_pair(&(setup){ 0 });
		free_pair(&p);
		ck_assert_int_eq(SSL_write(ssl, "still here", 10), 10);
		exchange(ssl, buffer);
		assert_status(tlshost_buffer_read(buffer, in, sizeof(in), &n),
		    TLSHOST_OK);
		ck_assert_uint_eq(n, 10);
	}
	tlshost_buffer_free(buffer);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
}
END_TEST

START_TEST(defaults_of_the_program_are_not_changed)
{
	SSL_CTX *before = SSL_CTX_new(TLS_method()), *after;
	pair p;

	use_backend(names[_i]);
	p = connected_pair(&(setup){ 0 });
	free_pair(&p);
	after = SSL_CTX_new(TLS_method());
	ck_assert_uint_eq(SSL_CTX_get_options(after),
	    SSL_CTX_get_options(before));
	ck_assert_int_eq(SSL_CTX_get_security_level(after),
	    SSL_CTX_get_security_level(before));
	ck_assert_int_eq(sk_SSL_CIPHER_num(SSL_CTX_get_ciphers(after)),
	    sk_SSL_CIPHER_num(SSL_CTX_get_ciphers(before)));
	SSL_CTX_free(before);
	SSL_CTX_free(after);
}
END_TEST

START_TEST(error_is_kept_for_the_program)
{
	pair p;

	use_backend(names[_i]);
	p = make_pair(&(setup){ 0 });
	leave_error();
	(void)tlshost_buffer_do_handshake(p.client);
	/* OpenSSL's own calls begin with an empty queue by its rules; all
	 * others leave it as it was. */
	if (strcmp(names[_i], "openssl") != 0)
		assert_error_left();
	free_pair(&p);
}
END_TEST

int
main(int argc, char **argv)
{
	Suite *suite = suite_create("beside OpenSSL");
	TCase *tcase = tcase_create("program");

	if (argc < 2)
		return 77; /* no backend was built */
	names = argv + 1;
	names_len = argc - 1;
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase,
	    an_old_error_of_the_program_is_none_of_a_connection, 0, names_len);
	tcase_add_loop_test(tcase, a_failure_leaves_no_error_behind, 0,
	    names_len);
	tcase_add_loop_test(tcase, a_renegotiation_never_happens, 0,
	    2 * names_len);
	tcase_add_loop_test(tcase, a_session_is_never_resumed, 0,
	    8 * names_len);
	tcase_add_loop_test(tcase, a_protocol_that_was_not_offered_is_refused,
	    0, 2 * names_len);
	tcase_add_loop_test(tcase,
	    a_connection_of_the_program_goes_on_beside_ours, 0, names_len);
	tcase_add_loop_test(tcase, defaults_of_the_program_are_not_changed, 0,
	    names_len);
	tcase_add_loop_test(tcase, error_is_kept_for_the_program, 0,
	    names_len);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}

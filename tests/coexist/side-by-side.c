/* SPDX-License-Identifier: MIT */
/*
 * Several backends in one process, in threads, at the same time: every one as
 * client of every one, in TLS 1.2 and 1.3 by turns.
 *
 *	side-by-side BACKEND...
 */
#include "config.h"

#include <pthread.h>
#include <stdio.h>

#include "../conformance/pair.h"

#define ROUNDS 8
#define MOST 8

static tlshost_backend *backends[MOST];
static const tlshost_version versions[2] = { TLSHOST_VERSION_TLSV1_2,
	TLSHOST_VERSION_TLSV1_3 };
static tlshost_client_context *clients[2][MOST];
static tlshost_server_context *servers[2][MOST];
static size_t count;

static void
find_all(char **names)
{
	for (; names[count] != NULL && count < MOST; count++)
		assert_status(tlshost_backend_by_name(names[count],
		    &backends[count], NULL), TLSHOST_OK);
}

/* 0: what both ends have first, AES-GCM; TLS12_SUITE: another one. */
static uint16_t
suite_of(int version)
{
	const char *suite = getenv("TLS12_SUITE");

	return versions[version] == TLSHOST_VERSION_TLSV1_2 && suite != NULL ?
	    (uint16_t)strtoul(suite, NULL, 0) : 0;
}

static void
make_contexts(int version)
{
	setup s = { .version = versions[version], .suite = suite_of(version),
	    .client_certificate = "ecdsa", .client_alpn = "h2",
	    .server_alpn = "h2", .client_auth = TLSHOST_CLIENT_AUTH_REQUIRE };
	tlshost_config *client = client_config(&s), *server = server_config(&s);

	for (size_t i = 0; i < count; i++) {
		assert_status(tlshost_client_context_new(backends[i], client,
		    &clients[version][i], NULL), TLSHOST_OK);
		assert_status(tlshost_server_context_new(backends[i], server,
		    &servers[version][i], NULL), TLSHOST_OK);
	}
	tlshost_config_unref(client);
	tlshost_config_unref(server);
}

/* One connection with data both ways; 1: all of it went well. */
static int
talk(int version, size_t client, size_t server)
{
	pair p = { .piece = SIZE_MAX, .client_limit = SIZE_MAX,
	    .server_limit = SIZE_MAX };
	tlshost_status client_is, server_is;
	char in[16] = "";
	size_t n = 0;
	int good = 0;

	if (tlshost_client_context_wrap_buffers(clients[version][client],
	    "srv.test", &p.client, NULL) == TLSHOST_OK &&
	    tlshost_server_context_wrap_buffers(servers[version][server],
	    &p.server, NULL) == TLSHOST_OK) {
		shake_hands(&p, &client_is, &server_is);
		good = client_is == TLSHOST_OK && server_is == TLSHOST_OK &&
		    tlshost_buffer_write(p.client, "ping", 4, &n) ==
		    TLSHOST_OK &&
		    read_from(&p, p.server, in, sizeof(in), &n) ==
		    TLSHOST_OK && n == 4 &&
		    tlshost_buffer_write(p.server, "pong", 4, &n) ==
		    TLSHOST_OK &&
		    read_from(&p, p.client, in, sizeof(in), &n) ==
		    TLSHOST_OK && memcmp(in, "pong", 4) == 0 &&
		    tlshost_buffer_negotiated_tls_version(p.client) ==
		    versions[version] &&
		    tlshost_buffer_backend(p.client) == backends[client] &&
		    tlshost_buffer_backend(p.server) == backends[server];
	}
	free_pair(&p);
	return good;
}

/* A handshake that fails frees as much as one that does not. */
static void
fail_once(int version, size_t i)
{
	tlshost_status client, server;
	pair p;

	client_backend = server_backend = backends[i];
	p = make_pair(&(setup){ .version = versions[version],
	    .certificate = "expired" });
	shake_hands(&p, &client, &server);
	assert_status(client, TLSHOST_BAD_CERTIFICATE);
	free_pair(&p);
}

typedef struct pairing {
	size_t client, server;
	int good;
} pairing;

static void *
talk_often(void *data)
{
	pairing *p = data;

	for (int i = 0; i < ROUNDS; i++)
		p->good += talk(i % 2, p->client, p->server);
	return NULL;
}

/* A thread for each pairing, all at the same time. */
static int
talk_all(char **names)
{
	pthread_t threads[MOST * MOST];
	pairing pairings[MOST * MOST];
	int failed = 0;

	for (size_t i = 0; i < count * count; i++) {
		pairings[i] = (pairing){ i / count, i % count, 0 };
		ck_assert_int_eq(pthread_create(&threads[i], NULL, talk_often,
		    &pairings[i]), 0);
	}
	for (size_t i = 0; i < count * count; i++) {
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
		printf("%s with %s: %d of %d\n", names[i / count],
		    names[i % count], pairings[i].good, ROUNDS);
		failed |= pairings[i].good != ROUNDS;
	}
	return failed;
}

static char **all_names;

START_TEST(all_backends_at_the_same_time)
{
	find_all(all_names);
	for (int version = 0; version < 2; version++)
		make_contexts(version);
	ck_assert_int_eq(talk_all(all_names), 0);
	for (int version = 0; version < 2; version++)
		for (size_t i = 0; i < count; i++) {
			fail_once(version, i);
			tlshost_client_context_unref(clients[version][i]);
			tlshost_server_context_unref(servers[version][i]);
		}
}
END_TEST

int
main(int argc, char **argv)
{
	Suite *suite = suite_create("side by side");
	TCase *tcase = tcase_create("threads");

	if (argc < 2)
		return 77; /* no backend was built */
	all_names = argv + 1;
	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, all_backends_at_the_same_time);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}

/* SPDX-License-Identifier: MIT */
/* A plugin of an earlier ABI, named on the command line, in the host of now. */
#include "config.h"

#include <stdlib.h>

#include "../conformance/pair.h"

static const char *plugin_name;

START_TEST(it_carries_a_connection)
{
	setup s = { .client_certificate = NULL };
	pair p;
	char in[32];
	size_t len;

	use_backend(plugin_name);
	p = connected_pair(&s);
	ck_assert_int_eq(tlshost_buffer_negotiated_tls_version(p.client),
	    TLSHOST_VERSION_TLSV1_3);
	for (int i = 0; i < 2; i++) {
		tlshost_buffer *from = i == 0 ? p.client : p.server;
		tlshost_buffer *to = i == 0 ? p.server : p.client;

		assert_status(tlshost_buffer_write(from, "once upon", 9, &len),
		    TLSHOST_OK);
		ck_assert_uint_eq(len, 9);
		assert_status(read_from(&p, to, in, sizeof(in), &len),
		    TLSHOST_OK);
		ck_assert_uint_eq(len, 9);
		ck_assert_mem_eq(in, "once upon", 9);
		assert_status(tlshost_buffer_shutdown(from), TLSHOST_OK);
		assert_status(read_from(&p, to, in, sizeof(in), &len),
		    TLSHOST_OK);
		ck_assert_uint_eq(len, 0);
	}
	free_pair(&p);
}
END_TEST

START_TEST(its_refusals_arrive)
{
	setup s = { .hostname = "other.test" };
	pair p;
	tlshost_status client, server;

	use_backend(plugin_name);
	p = make_pair(&s);
	shake_hands(&p, &client, &server);
	assert_status(client, TLSHOST_BAD_CERTIFICATE);
	assert_status(server, TLSHOST_ALERT_RECEIVED);
	free_pair(&p);
}
END_TEST

START_TEST(what_it_does_not_have_is_refused)
{
	setup s = { .client_certificate = NULL };
	pair p;

	use_backend(plugin_name);
	p = connected_pair(&s);
	assert_status(tlshost_buffer_key_update(p.client, 0),
	    TLSHOST_UNSUPPORTED);
	free_pair(&p);
}
END_TEST

int
main(int argc, char **argv)
{
	Suite *suite = suite_create("plugin of another time");
	TCase *tcase = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	if (argc != 2)
		return 2;
	plugin_name = argv[1];
	tcase_add_test(tcase, it_carries_a_connection);
	tcase_add_test(tcase, its_refusals_arrive);
	tcase_add_test(tcase, what_it_does_not_have_is_refused);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}

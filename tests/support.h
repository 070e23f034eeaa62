/* SPDX-License-Identifier: MIT */
/* What every test of the library uses. */
#ifndef TESTS_SUPPORT_H
#define TESTS_SUPPORT_H

#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tlshost.h"

/*
 * 1, defined before this is included: one process a test, whatever CK_FORK
 * says.  What plugins were found and chosen stays so until a process ends.
 */
#ifndef RUN_SUITE_FORKS
#define RUN_SUITE_FORKS 0
#endif

/* Shows names, not numbers. */
#define assert_status(got_, wanted_)                                       \
	do {                                                               \
		tlshost_status got__ = (got_), wanted__ = (wanted_);       \
		ck_assert_msg(got__ == wanted__, "%s is %s, not %s",       \
		    #got_, tlshost_status_name(got__),                     \
		    tlshost_status_name(wanted__));                        \
	} while (0)

/* The status, and an error whose message contains the words; frees it. */
#define assert_fails(got_, wanted_, error_, words_)                        \
	do {                                                               \
		assert_status(got_, wanted_);                              \
		ck_assert_ptr_nonnull(error_);                             \
		ck_assert_int_eq(tlshost_error_status(error_), wanted_);   \
		ck_assert_msg(strstr(tlshost_error_message(error_),        \
		    words_) != NULL, "\"%s\" does not say \"%s\"",         \
		    tlshost_error_message(error_), words_);                \
		tlshost_error_free(error_);                                \
		error_ = NULL;                                             \
	} while (0)

/* The main of a test program: one suite. */
static inline int
run_suite(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	int failed;

	if (RUN_SUITE_FORKS)
		srunner_set_fork_status(runner, CK_FORK);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif

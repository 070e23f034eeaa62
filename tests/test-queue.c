/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "queue.h"
#include "support.h"

static tlshost__queue queue;
static uint8_t pattern[300000];

static void
setup(void)
{
	memset(&queue, 0, sizeof(queue));
	for (size_t i = 0; i < sizeof(pattern); i++)
		pattern[i] = (uint8_t)(i * 31 + i / 253);
}

static void
teardown(void)
{
	tlshost__queue_done(&queue);
}

START_TEST(what_goes_in_comes_out_in_any_pieces)
{
	static const size_t steps[] = { 1, 7, 4095, 4096, 4097, 65536, 100000 };
	static uint8_t out[sizeof(pattern)];
	size_t step = steps[_i], done = 0;

	for (size_t at = 0; at < sizeof(pattern); at += step) {
		size_t n = sizeof(pattern) - at < step ?
		    sizeof(pattern) - at : step;

		ck_assert_int_eq(tlshost__queue_add(&queue, pattern + at, n),
		    0);
	}
	ck_assert_uint_eq(tlshost__queue_len(&queue), sizeof(pattern));
	while (done < sizeof(out)) {
		size_t n = tlshost__queue_take(&queue, out + done,
		    steps[6 - _i]);

		ck_assert_uint_gt(n, 0);
		done += n;
		if (done + steps[6 - _i] > sizeof(out))
			done += tlshost__queue_take(&queue, out + done,
			    sizeof(out) - done);
	}
	ck_assert_mem_eq(out, pattern, sizeof(out));
}
END_TEST

START_TEST(an_empty_queue_holds_no_memory)
{
	uint8_t out[100];

	ck_assert_int_eq(tlshost__queue_add(&queue, pattern, 100), 0);
	ck_assert_uint_eq(tlshost__queue_take(&queue, out, 100), 100);
	ck_assert_ptr_null(queue.head);
	ck_assert_ptr_null(queue.tail);
}
END_TEST

START_TEST(taking_from_an_empty_queue_gives_nothing)
{
	const uint8_t *data;
	struct iovec iov[2];
	uint8_t out[1];

	ck_assert_uint_eq(tlshost__queue_take(&queue, out, 1), 0);
	ck_assert_uint_eq(tlshost__queue_peek(&queue, &data), 0);
	ck_assert_uint_eq(tlshost__queue_peek_iov(&queue, iov, 2), 0);
}
END_TEST

START_TEST(peeked_bytes_stay_where_they_are_while_more_arrive)
{
	const uint8_t *before, *after;
	size_t n;

	ck_assert_int_eq(tlshost__queue_add(&queue, pattern, 5000), 0);
	n = tlshost__queue_peek(&queue, &before);
	ck_assert_int_eq(tlshost__queue_add(&queue, pattern, 100000), 0);
	ck_assert_uint_ge(tlshost__queue_peek(&queue, &after), n);
	ck_assert_ptr_eq(before, after);
}
END_TEST

START_TEST(the_pieces_of_an_iovec_are_the_whole_queue)
{
	struct iovec iov[64];
	size_t n, total = 0;

	for (int i = 0; i < 10; i++)
		ck_assert_int_eq(tlshost__queue_add(&queue, pattern, 9000), 0);
	n = tlshost__queue_peek_iov(&queue, iov, 64);
	for (size_t i = 0; i < n; i++)
		total += iov[i].iov_len;
	ck_assert_uint_eq(total, 90000);
}
END_TEST

START_TEST(reserved_room_survives_the_emptying_of_the_queue)
{
	uint8_t out[100], *room;
	size_t len;

	ck_assert_int_eq(tlshost__queue_add(&queue, pattern, 100), 0);
	ck_assert_ptr_nonnull(room = tlshost__queue_reserve(&queue, 50, &len));
	ck_assert_uint_ge(len, 50);
	ck_assert_uint_eq(tlshost__queue_take(&queue, out, 100), 100);
	memcpy(room, pattern, 50);
	tlshost__queue_commit(&queue, 50);
	ck_assert_uint_eq(tlshost__queue_len(&queue), 50);
	ck_assert_uint_eq(tlshost__queue_take(&queue, out, 100), 50);
	ck_assert_mem_eq(out, pattern, 50);
	ck_assert_ptr_null(queue.head);
}
END_TEST

START_TEST(a_reservation_of_which_nothing_was_used_does_no_harm)
{
	const uint8_t *data;
	uint8_t out[200];
	size_t len;

	ck_assert_ptr_nonnull(tlshost__queue_reserve(&queue, 1, &len));
	tlshost__queue_commit(&queue, 0);
	ck_assert_ptr_null(queue.head);

	ck_assert_int_eq(tlshost__queue_add(&queue, pattern, 100), 0);
	ck_assert_ptr_nonnull(tlshost__queue_reserve(&queue, 60000, &len));
	tlshost__queue_commit(&queue, 0);
	ck_assert_ptr_nonnull(tlshost__queue_reserve(&queue, 200000, &len));
	ck_assert_uint_ge(len, 200000);
	tlshost__queue_commit(&queue, 0);
	ck_assert_int_eq(tlshost__queue_add(&queue, pattern + 100, 100), 0);
	ck_assert_uint_eq(tlshost__queue_take(&queue, out, 100), 100);
	ck_assert_uint_gt(tlshost__queue_peek(&queue, &data), 0);
	ck_assert_uint_eq(tlshost__queue_take(&queue, out + 100, 100), 100);
	ck_assert_mem_eq(out, pattern, 200);
}
END_TEST

START_TEST(room_grows_with_a_peer_that_fills_it_and_shrinks_again)
{
	size_t first, len = 0;

	tlshost__queue_reserve(&queue, 1, &first);
	tlshost__queue_commit(&queue, first);
	tlshost__queue_drop(&queue, first);
	for (int i = 0; i < 8; i++) {
		tlshost__queue_reserve(&queue, 1, &len);
		tlshost__queue_commit(&queue, len);
		tlshost__queue_drop(&queue, len);
	}
	ck_assert_uint_ge(len, 65536);
	for (int i = 0; i < 8; i++) {
		tlshost__queue_reserve(&queue, 1, &len);
		tlshost__queue_commit(&queue, 10);
		tlshost__queue_drop(&queue, 10);
	}
	ck_assert_uint_eq(len, first);
}
END_TEST

static Suite *
queue_suite(void)
{
	Suite *suite = suite_create("queue");
	TCase *tcase = tcase_create("queue");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, what_goes_in_comes_out_in_any_pieces, 0, 7);
	tcase_add_test(tcase, an_empty_queue_holds_no_memory);
	tcase_add_test(tcase, taking_from_an_empty_queue_gives_nothing);
	tcase_add_test(tcase,
	    peeked_bytes_stay_where_they_are_while_more_arrive);
	tcase_add_test(tcase, the_pieces_of_an_iovec_are_the_whole_queue);
	tcase_add_test(tcase, reserved_room_survives_the_emptying_of_the_queue);
	tcase_add_test(tcase,
	    a_reservation_of_which_nothing_was_used_does_no_harm);
	tcase_add_test(tcase,
	    room_grows_with_a_peer_that_fills_it_and_shrinks_again);
	suite_add_tcase(suite, tcase);
	return suite;
}

int
main(void)
{
	return run_suite(queue_suite());
}

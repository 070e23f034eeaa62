/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "der.h"
#include "pem.h"
#include "support.h"

static const struct {
	const char *what;
	size_t len;
	uint8_t data[8];
	int valid;
} elements[] = {
	{ "an INTEGER", 3, { 2, 1, 5 }, 1 },
	{ "an empty INTEGER", 2, { 2, 0 }, 0 },
	{ "a padded INTEGER", 4, { 2, 2, 0, 5 }, 0 },
	{ "a padded negative INTEGER", 4, { 2, 2, 0xff, 0x85 }, 0 },
	{ "an INTEGER that needs its zero", 4, { 2, 2, 0, 0x85 }, 1 },
	{ "TRUE", 3, { 1, 1, 0xff }, 1 },
	{ "another TRUE", 3, { 1, 1, 1 }, 0 },
	{ "a length of two bytes where one will do", 4, { 4, 0x81, 1, 0 }, 0 },
	{ "an indefinite length", 4, { 0x30, 0x80, 0, 0 }, 0 },
	{ "a length beyond the end", 3, { 4, 2, 0 }, 0 },
	{ "a length of five bytes", 7, { 4, 0x85, 0, 0, 0, 0, 0 }, 0 },
	{ "a high tag", 3, { 0x1f, 1, 0 }, 0 },
	{ "nothing but a tag", 1, { 2 }, 0 },
	{ "9 unused bits", 4, { 3, 2, 9, 0 }, 0 },
	{ "unused bits that are set", 4, { 3, 2, 4, 0x1f }, 0 },
	{ "unused bits that are not", 4, { 3, 2, 4, 0xf0 }, 1 },
	{ "a NULL with content", 3, { 5, 1, 0 }, 0 },
	{ "an OID that goes on", 3, { 6, 1, 0x80 }, 0 },
	{ "an OID that begins with a zero", 5, { 6, 3, 0x80, 1, 1 }, 0 },
	{ "an OID with a zero before a number", 5, { 6, 3, 0x2a, 0x80, 1 }, 0 },
	{ "an OID of two bytes a number", 5, { 6, 3, 0x2a, 0x81, 0 }, 1 },
	{ "a SEQUENCE without the bit for it", 2, { 0x10, 0 }, 0 },
	{ "a SET without the bit for it", 2, { 0x11, 0 }, 0 },
	{ "a NULL with elements", 2, { 0x25, 0 }, 0 },
	{ "a string in parts", 5, { 0x24, 3, 4, 1, 0 }, 0 },
	{ "half a character", 3, { 0x1e, 1, 'a' }, 0 },
	{ "a quarter of a character", 3, { 0x1c, 1, 'a' }, 0 },
	{ "an end of contents", 2, { 0, 0 }, 0 },
	{ "an empty ENUMERATED", 2, { 0x0a, 0 }, 0 },
	{ "an element with a tag of its own", 2, { 0x80, 0 }, 1 },
	{ "a malformed INTEGER within", 6, { 0x30, 4, 2, 2, 0, 5 }, 0 },
};

#define ELEMENTS (int)(sizeof(elements) / sizeof(elements[0]))

START_TEST(only_the_one_form_of_der_is_taken)
{
	tlshost__der der = { elements[_i].data, elements[_i].len };

	ck_assert_msg(tlshost__der_valid(der) == elements[_i].valid, "%s",
	    elements[_i].what);
}
END_TEST

START_TEST(nesting_has_an_end)
{
	uint8_t data[200];
	tlshost__der der = { data, sizeof(data) };

	for (size_t i = 0; i < sizeof(data); i += 2) {
		data[i] = 0x30;
		data[i + 1] = (uint8_t)(sizeof(data) - i - 2);
	}
	/* 198 and less need no second byte below 128. */
	der.data += 80;
	der.len -= 80;
	ck_assert_int_eq(tlshost__der_valid(der), 0);
}
END_TEST

static const struct {
	const char *text;
	int64_t seconds;                 /* -1: refused */
} times[] = {
	{ "700101000000Z", 0 },
	{ "20260131235959Z", 1769903999 },
	{ "491231235959Z", 2524607999 },
	{ "500101000000Z", -631152000 },
	{ "20240229000000Z", 1709164800 },
	{ "20230229000000Z", -1 },
	{ "20261301000000Z", -1 },
	{ "20260132000000Z", -1 },
	{ "20260101240000Z", -1 },
	{ "20260101000060Z", -1 },
	{ "202601010000Z", -1 },
	{ "20260101000000+0000", -1 },
	{ "20260101000000.5Z", -1 },
	{ "2601010000Z", -1 },
	{ "20260101000000z", -1 },
};

#define TIMES (int)(sizeof(times) / sizeof(times[0]))

START_TEST(times_are_read_to_the_second)
{
	tlshost__der content = { (const uint8_t *)times[_i].text,
	    strlen(times[_i].text) };
	uint8_t tag = content.len == 13 && times[_i].text[0] != '2' ?
	    TLSHOST__DER_UTC_TIME : TLSHOST__DER_GENERALIZED_TIME;
	int64_t seconds = -1;
	int ok = tlshost__der_time(tag, &content, &seconds);

	ck_assert_msg(ok == (times[_i].seconds != -1) &&
	    seconds == times[_i].seconds, "%s: %d, %lld", times[_i].text, ok,
	    (long long)seconds);
}
END_TEST

static const struct {
	const char *text;
	int blocks;                      /* -1: damaged */
} texts[] = {
	{ "", 0 },
	{ "no block", 0 },
	{ "-----BEGIN A-----\nAAAA\n-----END A-----\n", 1 },
	{ "-----BEGIN A-----\r\nAAAA\r\n-----END A-----", 1 },
	{ "text\n-----BEGIN A-----\nAAAA\n-----END A-----\nmore\n"
	    "-----BEGIN B-----\nAAAA\n-----END B-----\n", 2 },
	{ "not at the start: -----BEGIN A-----\n", 0 },
	{ "-----BEGIN A-----\nAAAA\n", -1 },
	{ "-----BEGIN A-----\nAAAA\n-----END B-----\n", -1 },
	{ "-----BEGIN A-----\nAAAA\n-----END A----\n", -1 },
	{ "-----BEGIN -----\nAAAA\n-----END -----\n", -1 },
	{ "-----BEGIN A\n-----\nAAAA\n-----END A-----\n", -1 },
	{ "-----BEGIN A", -1 },
};

#define TEXTS (int)(sizeof(texts) / sizeof(texts[0]))

START_TEST(pem_blocks_are_found_or_are_damaged)
{
	const uint8_t *data = (const uint8_t *)texts[_i].text;
	size_t len = strlen(texts[_i].text);
	tlshost__pem_block block;
	tlshost__pem_result result;
	const char *problem;
	int blocks = 0;

	while ((result = tlshost__pem_next(&data, &len, &block, &problem)) ==
	    TLSHOST__PEM_FOUND)
		blocks++;
	if (result == TLSHOST__PEM_BAD)
		blocks = -1;
	ck_assert_msg(blocks == texts[_i].blocks, "\"%s\": %d",
	    texts[_i].text, blocks);
}
END_TEST

static const struct {
	const char *text;
	int len;                         /* -1: no base64 */
} bodies[] = {
	{ "AAAA", 3 }, { "AAA=", 2 }, { "AA==", 1 }, { " A A\nA A ", 3 },
	{ "", -1 }, { "A", -1 }, { "AA", -1 }, { "AAA", -1 }, { "A===", -1 },
	{ "AA=A", -1 }, { "AAB=", -1 }, { "AB==", -1 }, { "AAAA=", -1 },
	{ "AA*A", -1 }, { "====", -1 },
};

#define BODIES (int)(sizeof(bodies) / sizeof(bodies[0]))

START_TEST(base64_is_decoded_strictly)
{
	tlshost__pem_block block = {
		.body = (const uint8_t *)bodies[_i].text,
		.body_len = strlen(bodies[_i].text),
	};
	uint8_t out[16];
	size_t len = 0;
	int got = tlshost__pem_decode(&block, out, &len) ? (int)len : -1;

	ck_assert_msg(got == bodies[_i].len, "\"%s\": %d", bodies[_i].text,
	    got);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("der");
	TCase *tcase = tcase_create("der");

	tcase_add_loop_test(tcase, only_the_one_form_of_der_is_taken, 0,
	    ELEMENTS);
	tcase_add_test(tcase, nesting_has_an_end);
	tcase_add_loop_test(tcase, times_are_read_to_the_second, 0, TIMES);
	tcase_add_loop_test(tcase, pem_blocks_are_found_or_are_damaged, 0,
	    TEXTS);
	tcase_add_loop_test(tcase, base64_is_decoded_strictly, 0, BODIES);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}

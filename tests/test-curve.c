/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "curve.h"
#include "support.h"

#define COORDINATE_MAX 66

static const struct point {
	unsigned int bits;
	const char *what, *hex;
} points[] = {
	{ 256, "the generator",
	    "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
	    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5" },
	{ 256, "some multiple of it",
	    "26fd5af7bb43be6528e2cb0e7e39c0e9b20ace64e7aeef4076fef6fa7d124264"
	    "1ad250d4425ae8aa6966485b5451f7df00504f3aa259c75afb1c61f8eb09275f" },
	{ 256, "x is 0",
	    "0000000000000000000000000000000000000000000000000000000000000000"
	    "66485c780e2f83d72433bd5d84a06bb6541c2af31dae871728bf856a174f93f4" },
	{ 256, "x is 0, the other y",
	    "0000000000000000000000000000000000000000000000000000000000000000"
	    "99b7a386f1d07c29dbcc42a27b5f9449abe3d50de25178e8d7407a95e8b06c0b" },
	{ 256, "x is nearly the prime",
	    "ffffffff00000001000000000000000000000000fffffffffffffffffffffffc"
	    "19719bebf6aea13f25c96dfd7c71f5225d4c8fc09eb5a0ab9f39e9178e55c121" },
	{ 384, "the generator",
	    "aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a38"
	    "5502f25dbf55296c3a545e3872760ab73617de4a96262c6f5d9e98bf9292dc29"
	    "f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f" },
	{ 384, "some multiple of it",
	    "3cc588f364fcb5ace6220bb379a27c9c959018924f3e2b42e411eb84a79295f5"
	    "cd29b0846a6c39f6c83a90dd57af1183e81e2b9a3bacbf51294a95734ee25766"
	    "5151d43034fe7e845331631a3274f14169c2b0ce5fe8649f5b57e600ac02409d" },
	{ 384, "x is 0",
	    "0000000000000000000000000000000000000000000000000000000000000000"
	    "00000000000000000000000000000000c306610fb0ae5a159cf45c06069f22a6"
	    "c5eb3641c602d42dea2c4b4f75550793406d80d2b91ad54f9048bd487af1ade1" },
	{ 384, "x is 0, the other y",
	    "0000000000000000000000000000000000000000000000000000000000000000"
	    "000000000000000000000000000000003cf99ef04f51a5ea630ba3f9f960dd59"
	    "3a14c9be39fd2bd215d3b4b08aaaf86bbf927f2c46e52ab06fb742b8850e521e" },
	{ 384, "x is nearly the prime",
	    "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe"
	    "ffffffff0000000000000000fffffffe8cdeadbbd04911a3c1931e26df3fa643"
	    "9dca9c7eb286fbd46fc319f0e2bb780232baf57825fc0c1912ada2fefe84024c" },
	{ 521, "the generator",
	    "00c6858e06b70404e9cd9e3ecb662395b4429c648139053fb521f828af606b4d"
	    "3dbaa14b5e77efe75928fe1dc127a2ffa8de3348b3c1856a429bf97e7e31c2e5"
	    "bd66011839296a789a3bc0045c8a5fb42c7d1bd998f54449579b446817afbd17"
	    "273e662c97ee72995ef42640c550b9013fad0761353c7086a272c24088be9476"
	    "9fd16650" },
	{ 521, "some multiple of it",
	    "010dbf31d3b675e2e191210184bce3f3fbef8180c896c82dbe40a6f669ceb519"
	    "73a6f473ceb6ee7ffefa409956be3dab36369ee7d949623d0e7c8012e39e1410"
	    "ac760176301eab1310694139f627a1d243e360f49f0f2443c16da1ff8f9ec0f3"
	    "aaf40a533f5f9e7f19c50502542655f4fc6dddb724e1164f21c1080cd51b4ca8"
	    "5226e1b8" },
	{ 521, "x is 0",
	    "0000000000000000000000000000000000000000000000000000000000000000"
	    "0000000000000000000000000000000000000000000000000000000000000000"
	    "0000012df13601594a883ef2d935e44bb90bf4d6619b74e52af7552f97769011"
	    "c0719eb439cfab2a88d40fe59a2bed1f43557169a2d0a2ccd280c607b92bbf51"
	    "ffe0b078" },
	{ 521, "x is 0, the other y",
	    "0000000000000000000000000000000000000000000000000000000000000000"
	    "0000000000000000000000000000000000000000000000000000000000000000"
	    "000000d20ec9fea6b577c10d26ca1bb446f40b299e648b1ad508aad068896fee"
	    "3f8e614bc63054d5772bf01a65d412e0bcaa8e965d2f5d332d7f39f846d440ae"
	    "001f4f87" },
	{ 521, "x is nearly the prime",
	    "01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
	    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
	    "fffe00d9254fdf800496acb33790b103c5ee9fac12832fe546c632225b0f7fce"
	    "3da4574b1a879b623d722fa8fc34d5fc2a8731aad691a9a8bb8b554c95a051d6"
	    "aa505acf" },
};

#define POINTS (int)(sizeof(points) / sizeof(points[0]))

static const struct prime {
	unsigned int bits;
	const char *hex;
} primes[] = {
	{ 256,
	    "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff" },
	{ 384,
	    "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe"
	    "ffffffff0000000000000000ffffffff" },
	{ 521,
	    "01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
	    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
	    "ffff" },
};

static size_t
read_hex(const char *hex, uint8_t *ret_bytes)
{
	size_t len = strlen(hex) / 2;

	for (size_t i = 0; i < len; i++) {
		char digits[3] = { hex[i * 2], hex[i * 2 + 1] };

		ret_bytes[i] = (uint8_t)strtoul(digits, NULL, 16);
	}
	return len;
}

static size_t
read_point(const struct point *point, uint8_t ret_bytes[2 * COORDINATE_MAX])
{
	size_t len = read_hex(point->hex, ret_bytes);

	ck_assert_uint_eq(len, 2 * ((point->bits + 7) / 8));
	return len;
}

START_TEST(points_are_known)
{
	uint8_t bytes[2 * COORDINATE_MAX];

	read_point(&points[_i], bytes);
	ck_assert_msg(tlshost__curve_has(points[_i].bits, bytes), "%u: %s",
	    points[_i].bits, points[_i].what);
}
END_TEST

/* Whatever bit is another one. */
START_TEST(what_is_beside_a_point_is_none)
{
	uint8_t bytes[2 * COORDINATE_MAX];
	size_t len = read_point(&points[_i], bytes);

	for (size_t bit = 0; bit < len * 8; bit++) {
		bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		ck_assert_msg(!tlshost__curve_has(points[_i].bits, bytes),
		    "%u: %s, bit %zu", points[_i].bits, points[_i].what, bit);
		bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
}
END_TEST

/* A number that is not below the prime is another way to write one that is. */
START_TEST(numbers_are_below_the_prime)
{
	const struct point *zero = NULL;
	uint8_t bytes[2 * COORDINATE_MAX];
	size_t len;

	for (int i = 0; i < POINTS; i++)
		if (points[i].bits == primes[_i].bits &&
		    strcmp(points[i].what, "x is 0") == 0)
			zero = &points[i];
	ck_assert_ptr_nonnull(zero);
	len = read_point(zero, bytes);
	ck_assert_uint_eq(read_hex(primes[_i].hex, bytes), len / 2);
	ck_assert(!tlshost__curve_has(zero->bits, bytes));
	memset(bytes, 0xff, len);
	ck_assert(!tlshost__curve_has(zero->bits, bytes));
	memset(bytes, 0, len);
	ck_assert(!tlshost__curve_has(zero->bits, bytes));
}
END_TEST

START_TEST(other_curves_have_nothing)
{
	uint8_t bytes[2 * COORDINATE_MAX];

	read_point(&points[0], bytes);
	ck_assert(!tlshost__curve_has(0, bytes));
	ck_assert(!tlshost__curve_has(224, bytes));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("curve");
	TCase *tc = tcase_create("curve");

	tcase_add_loop_test(tc, points_are_known, 0, POINTS);
	tcase_add_loop_test(tc, what_is_beside_a_point_is_none, 0, POINTS);
	tcase_add_loop_test(tc, numbers_are_below_the_prime, 0,
	    (int)(sizeof(primes) / sizeof(primes[0])));
	tcase_add_test(tc, other_curves_have_nothing);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

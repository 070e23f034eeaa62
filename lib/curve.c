/* SPDX-License-Identifier: MIT */
/*
 * Is it a point?  OpenSSL asks that of a key when it reads a certificate, other
 * libraries when they use the key: so the host asks before any of them.
 *
 * Numbers are in words of 32 bits, the lowest first, and below the prime.
 */
#include "config.h"

#include <string.h>

#include "curve.h"

#define WORDS_MAX 17

/*
 * y^2 = x^3 - 3x + b modulo p (SP 800-186, 3.2.1), where p is -1 modulo 2^32.  R
 * is 2^32 to the number of words; what is divided by it makes up for the
 * divisions in solves().
 */
typedef struct curve {
	unsigned int bits;
	size_t words;
	uint32_t p[WORDS_MAX], three_by_r[WORDS_MAX], b_by_r2[WORDS_MAX];
} curve;

static const curve curves[] = {
	{ 256, 8, {
		0xffffffff, 0xffffffff, 0xffffffff, 0x00000000, 0x00000000,
		0x00000000, 0x00000001, 0xffffffff }, {
		0x00000002, 0x00000009, 0xfffffffa, 0x00000003, 0x00000006,
		0xfffffff7, 0x00000009, 0xfffffffc }, {
		0x4584a137, 0xe59be0a6, 0x9ca065a7, 0xfc3521eb, 0xa0f45303,
		0x7c178684, 0xd948431a, 0x3081dc38 } },
	{ 384, 12, {
		0xffffffff, 0x00000000, 0x00000000, 0xffffffff, 0xfffffffe,
		0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff,
		0xffffffff, 0xffffffff }, {
		0x00000012, 0xffffffa3, 0xffffff8a, 0xffffffc3, 0xfffffff9,
		0xfffffff3, 0xfffffff0, 0xfffffff6, 0x00000008, 0x00000024,
		0x0000003c, 0x0000003c }, {
		0x4a4651db, 0x915a902a, 0x919d89c2, 0x2c9f09fa, 0x80408afd,
		0xfc7a73ca, 0x2ed86bff, 0x9e15936d, 0xabbab844, 0xbefd4246,
		0x8f62a21c, 0xf7cd02a7 } },
	{ 521, 17, {
		0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff,
		0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff,
		0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff,
		0xffffffff, 0x000001ff }, {
		0x00000000, 0x00000000, 0x00000000, 0x00000000, 0x00000000,
		0x00000000, 0x00000000, 0x00000000, 0x00000000, 0x00000000,
		0x00000000, 0x00000000, 0x00000000, 0x00000000, 0x00000000,
		0x000c0000, 0x00000000 }, {
		0xd3c7bd14, 0x7e20f4b0, 0xfc1cd5cf, 0x02f4eec6, 0x4dec594b,
		0xe547b1fa, 0x27855864, 0x26463bc4, 0x57cee2d2, 0xc96e66cc,
		0x03ba8b69, 0x8682da15, 0x687e4a68, 0xe5863872, 0x014654fa,
		0xa35a81f8, 0x000000fe } },
};

/* ret = a - b, and whether that is negative. */
static uint32_t
subtract(size_t words, uint32_t *ret, const uint32_t *a, const uint32_t *b)
{
	uint64_t borrow = 0;

	for (size_t i = 0; i < words; i++) {
		uint64_t word = (uint64_t)a[i] - b[i] - borrow;

		ret[i] = (uint32_t)word;
		borrow = word >> 63;
	}
	return (uint32_t)borrow;
}

static uint32_t
add(size_t words, uint32_t *ret, const uint32_t *a, const uint32_t *b)
{
	uint64_t carry = 0;

	for (size_t i = 0; i < words; i++) {
		carry += (uint64_t)a[i] + b[i];
		ret[i] = (uint32_t)carry;
		carry >>= 32;
	}
	return (uint32_t)carry;
}

/* What may be as much as twice the prime, below it. */
static void
reduce(const curve *c, uint32_t *number, uint32_t carry)
{
	uint32_t less[WORDS_MAX];

	if (subtract(c->words, less, number, c->p) <= carry)
		memcpy(number, less, sizeof(less[0]) * c->words);
}

static void
add_modulo(const curve *c, uint32_t *ret, const uint32_t *a, const uint32_t *b)
{
	reduce(c, ret, add(c->words, ret, a, b));
}

static void
subtract_modulo(const curve *c, uint32_t *ret, const uint32_t *a,
    const uint32_t *b)
{
	if (subtract(c->words, ret, a, b) != 0)
		(void)add(c->words, ret, ret, c->p);
}

/*
 * ret = a * b / R modulo p (Montgomery's multiplication): after each word of a,
 * so many times p as makes the lowest word zero, which is that word's own value,
 * as p is -1 there.
 */
static void
multiply(const curve *c, uint32_t *ret, const uint32_t *a, const uint32_t *b)
{
	uint32_t sum[WORDS_MAX + 1] = { 0 };

	for (size_t i = 0; i < c->words; i++) {
		uint64_t product = (uint64_t)a[i] * b[0] + sum[0];
		uint32_t times = (uint32_t)product;
		uint64_t fold = (uint64_t)times * c->p[0] + times;

		for (size_t j = 1; j < c->words; j++) {
			product = (uint64_t)a[i] * b[j] + sum[j] +
			    (product >> 32);
			fold = (uint64_t)times * c->p[j] +
			    (uint32_t)product + (fold >> 32);
			sum[j - 1] = (uint32_t)fold;
		}
		product = (product >> 32) + (fold >> 32) + sum[c->words];
		sum[c->words - 1] = (uint32_t)product;
		sum[c->words] = (uint32_t)(product >> 32);
	}
	memcpy(ret, sum, sizeof(sum[0]) * c->words);
	reduce(c, ret, sum[c->words]);
}

/* 0: it is not below the prime. */
static int
take_number(const curve *c, uint32_t *ret_number, const uint8_t *bytes)
{
	size_t len = (c->bits + 7) / 8;
	uint32_t unused[WORDS_MAX];

	memset(ret_number, 0, sizeof(ret_number[0]) * c->words);
	for (size_t i = 0; i < len; i++)
		ret_number[i / 4] |= (uint32_t)bytes[len - 1 - i] <<
		    (i % 4 * 8);
	return subtract(c->words, unused, ret_number, c->p) != 0;
}

/* Both sides of the equation, divided by R^2. */
static int
solves(const curve *c, const uint32_t *x, const uint32_t *y)
{
	static const uint32_t one[WORDS_MAX] = { 1 };
	uint32_t left[WORDS_MAX], right[WORDS_MAX];

	multiply(c, left, y, y);
	multiply(c, left, one, left);
	multiply(c, right, x, x);
	subtract_modulo(c, right, right, c->three_by_r);
	multiply(c, right, right, x);
	add_modulo(c, right, right, c->b_by_r2);
	return memcmp(left, right, sizeof(left[0]) * c->words) == 0;
}

int
tlshost__curve_has(unsigned int bits, const uint8_t *point)
{
	uint32_t x[WORDS_MAX], y[WORDS_MAX];
	const curve *c = curves;

	while (c->bits != bits)
		if (++c == curves + sizeof(curves) / sizeof(curves[0]))
			return 0;
	return take_number(c, x, point) &&
	    take_number(c, y, point + (bits + 7) / 8) && solves(c, x, y);
}

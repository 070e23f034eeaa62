/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "der.h"
#include "mutate.h"

#define ELEMENTS_MAX 1024
#define NONE SIZE_MAX

/* Marsaglia's xorshift with a multiplication (Vigna, 2016). */
uint64_t
random_next(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * UINT64_C(2685821657736338717);
}

size_t
random_below(uint64_t *state, size_t below)
{
	return (size_t)(random_next(state) >> 16) % below;
}

/* ------------------------------------------------------------------------
 * The tree of elements
 */

typedef struct element {
	size_t start, content, end;
	size_t parent;                   /* NONE: the outermost */
} element;

typedef struct tree {
	element elements[ELEMENTS_MAX];
	size_t len;
} tree;

/* May there be elements inside?  In strings, if all of it is DER. */
static size_t
inside_of(const der_buffer *der, const element *e)
{
	size_t at = e->content;
	uint8_t tag = der->data[e->start];

	if ((tag & 0x20) != 0)
		return at;
	if (tag == TLSHOST__DER_BIT_STRING && at < e->end &&
	    der->data[at] == 0)
		at++;
	else if (tag != TLSHOST__DER_OCTET_STRING)
		return e->end;
	return tlshost__der_valid((tlshost__der){ der->data + at,
	    e->end - at }) ? at : e->end;
}

/* Breadth first: the list itself is the queue. */
static void
scan(const der_buffer *der, tree *t)
{
	tlshost__der rest = { der->data, der->len }, content, whole;
	size_t parent = NONE;
	uint8_t tag;

	t->len = 0;
	for (;;) {
		while (t->len < ELEMENTS_MAX && tlshost__der_take(&rest, &tag,
		    &content, &whole))
			t->elements[t->len++] = (element){
				.start = (size_t)(whole.data - der->data),
				.content = (size_t)(content.data - der->data),
				.end = (size_t)(content.data - der->data) +
				    content.len,
				.parent = parent,
			};
		parent = parent == NONE ? 0 : parent + 1;
		if (parent >= t->len)
			return;
		rest.data = der->data + inside_of(der, &t->elements[parent]);
		rest.len = (size_t)(der->data + t->elements[parent].end -
		    rest.data);
	}
}

/* Puts bytes in the place of others, and mends the lengths around them. */
static void
splice(der_buffer *der, const tree *t, size_t parent, size_t from, size_t to,
    const void *bytes, size_t len)
{
	der_buffer now = { NULL, 0, 0 }, next;

	der_put(&now, bytes, len);
	for (; parent != NONE; parent = t->elements[parent].parent) {
		const element *e = &t->elements[parent];

		next = (der_buffer){ NULL, 0, 0 };
		der_put(&next, der->data + e->content, from - e->content);
		der_put(&next, now.data, now.len);
		der_put(&next, der->data + to, e->end - to);
		der_close(&next, 0, der->data[e->start]);
		free(now.data);
		now = next;
		from = e->start;
		to = e->end;
	}
	free(der->data);
	*der = now;
}

/* ------------------------------------------------------------------------
 * Changes
 */

typedef struct change {
	uint64_t *state;
	der_buffer *der;
	const tree *t;
	const element *e;                /* what is changed, not the outermost */
} change;

/* Short elements, of all kinds, good and bad. */
static const struct {
	uint8_t bytes[16];
	size_t len;
} fragments[] = {
	{ { 0x01, 0x01, 0xff }, 3 }, { { 0x01, 0x01, 0x00 }, 3 },
	{ { 0x02, 0x01, 0x00 }, 3 }, { { 0x02, 0x01, 0xff }, 3 },
	{ { 0x02, 0x02, 0x00, 0x01 }, 4 }, { { 0x02, 0x05, 1, 2, 3, 4, 5 }, 7 },
	{ { 0x03, 0x01, 0x00 }, 3 }, { { 0x03, 0x02, 0x07, 0x80 }, 4 },
	{ { 0x03, 0x02, 0x00, 0x81 }, 4 }, { { 0x04, 0x00 }, 2 },
	{ { 0x04, 0x02, 0x05, 0x00 }, 4 }, { { 0x05, 0x00 }, 2 },
	{ { 0x06, 0x00 }, 2 }, { { 0x06, 0x03, 0x55, 0x04, 0x03 }, 5 },
	{ { 0x06, 0x01, 0x2a }, 3 }, { { 0x06, 0x0b, 0x69, 0x81, 0x80, 0x80, 0x80,
	    0x80, 0x80, 0x80, 0x80, 0x80, 0x00 }, 13 },
	{ { 0x06, 0x02, 0x2a, 0x81 }, 4 }, { { 0x06, 0x03, 0x2a, 0x80, 1 }, 5 },
	{ { 0x06, 0x04, 0x55, 0x1d, 0x20, 0x00 }, 6 },
	{ { 0x0a, 0x01, 0x01 }, 3 }, { { 0x0c, 0x00 }, 2 },
	{ { 0x0c, 0x01, 0xff }, 3 }, { { 0x0c, 0x02, 0xc3, 0xbc }, 4 },
	{ { 0x0c, 0x01, 0x00 }, 3 }, { { 0x13, 0x01, '*' }, 3 },
	{ { 0x13, 0x01, 'a' }, 3 }, { { 0x14, 0x01, 0xe4 }, 3 },
	{ { 0x16, 0x01, 'a' }, 3 }, { { 0x16, 0x01, 0x80 }, 3 },
	{ { 0x1e, 0x01, 'a' }, 3 }, { { 0x1e, 0x02, 0xd8, 0x00 }, 4 },
	{ { 0x30, 0x00 }, 2 }, { { 0x31, 0x00 }, 2 },
	{ { 0x30, 0x02, 0x05, 0x00 }, 4 }, { { 0x80, 0x00 }, 2 },
	{ { 0x80, 0x01, 0x01 }, 3 }, { { 0x81, 0x01, 'a' }, 3 },
	{ { 0x82, 0x01, '.' }, 3 }, { { 0x82, 0x01, '*' }, 3 },
	{ { 0x82, 0x02, 'x', 0 }, 4 }, { { 0x82, 0x03, '*', '.', 'a' }, 5 },
	{ { 0x86, 0x01, ':' }, 3 }, { { 0x87, 0x04, 127, 0, 0, 1 }, 6 },
	{ { 0x87, 0x01, 127 }, 3 }, { { 0x88, 0x01, 0x2a }, 3 },
	{ { 0xa0, 0x00 }, 2 }, { { 0xa4, 0x02, 0x30, 0x00 }, 4 },
	{ { 0xa0, 0x03, 0x02, 0x01, 0x02 }, 5 },
};

static const uint8_t tags[] = { 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0a, 0x0c,
	0x12, 0x13, 0x14, 0x16, 0x17, 0x18, 0x1a, 0x1b, 0x1c, 0x1e, 0x24, 0x30,
	0x31, 0x80, 0x81, 0x82, 0x83, 0x84, 0x86, 0x87, 0x88, 0xa0, 0xa1, 0xa2,
	0xa3, 0xa4, 0xa5 };

static const element *
any_element(const change *c)
{
	return &c->t->elements[1 + random_below(c->state, c->t->len - 1)];
}

static void
replace(const change *c, size_t from, size_t to, const void *bytes, size_t len)
{
	splice(c->der, c->t, c->e->parent, from, to, bytes, len);
}

/* The element with other content. */
static void
refill(const change *c, const void *bytes, size_t len)
{
	der_buffer filled = { NULL, 0, 0 };

	der_put(&filled, bytes, len);
	der_close(&filled, 0, c->der->data[c->e->start]);
	replace(c, c->e->start, c->e->end, filled.data, filled.len);
	free(filled.data);
}

static void
change_bits(const change *c)
{
	static const uint8_t differences[] = { 0x01, 0x02, 0x20, 0x40, 0x80,
		0xff };
	size_t at = c->e->start + random_below(c->state, c->e->end -
	    c->e->start);

	c->der->data[at] ^= differences[random_below(c->state,
	    sizeof(differences))];
}

static void
change_byte(const change *c)
{
	if (c->e->content != c->e->end)
		c->der->data[c->e->content + random_below(c->state,
		    c->e->end - c->e->content)] =
		    (uint8_t)random_next(c->state);
}

static void
change_tag(const change *c)
{
	c->der->data[c->e->start] = tags[random_below(c->state, sizeof(tags))];
}

static void
cut_content(const change *c)
{
	size_t len = c->e->end - c->e->content;

	refill(c, c->der->data + c->e->content, len != 0 ?
	    random_below(c->state, 2) ? len - 1 : random_below(c->state, len) :
	    0);
}

static void
lengthen_content(const change *c)
{
	der_buffer content = { NULL, 0, 0 };
	uint8_t byte = (uint8_t)random_next(c->state);
	int in_front = random_below(c->state, 2) != 0;

	if (in_front)
		der_put(&content, &byte, 1);
	der_put(&content, c->der->data + c->e->content,
	    c->e->end - c->e->content);
	if (!in_front)
		der_put(&content, &byte, 1);
	refill(c, content.data, content.len);
	free(content.data);
}

static void
take_away(const change *c)
{
	replace(c, c->e->start, c->e->end, NULL, 0);
}

static void
double_element(const change *c)
{
	replace(c, c->e->end, c->e->end, c->der->data + c->e->start,
	    c->e->end - c->e->start);
}

static void
copy_another(const change *c)
{
	const element *from = any_element(c);

	replace(c, c->e->start, random_below(c->state, 2) ? c->e->start :
	    c->e->end, c->der->data + from->start, from->end - from->start);
}

static void
put_fragment(const change *c)
{
	size_t i = random_below(c->state, sizeof(fragments) /
	    sizeof(fragments[0]));

	replace(c, c->e->start, random_below(c->state, 2) ? c->e->start :
	    c->e->end, fragments[i].bytes, fragments[i].len);
}

/* With the one behind it, if there is one. */
static void
exchange(const change *c)
{
	const element *next = NULL;
	der_buffer both = { NULL, 0, 0 };

	for (size_t i = 1; i < c->t->len && next == NULL; i++)
		if (c->t->elements[i].parent == c->e->parent &&
		    c->t->elements[i].start == c->e->end)
			next = &c->t->elements[i];
	if (next == NULL)
		return;
	der_put(&both, c->der->data + next->start, next->end - next->start);
	der_put(&both, c->der->data + c->e->start, c->e->end - c->e->start);
	replace(c, c->e->start, next->end, both.data, both.len);
	free(both.data);
}

static const struct {
	const char *what;
	void (*make)(const change *c);
} changes[] = {
	{ "bits changed", change_bits }, { "byte changed", change_byte },
	{ "tag changed", change_tag }, { "content cut", cut_content },
	{ "content lengthened", lengthen_content },
	{ "taken away", take_away }, { "doubled", double_element },
	{ "another copied", copy_another }, { "fragment put", put_fragment },
	{ "exchanged", exchange },
};

const char *
mutate(uint64_t *state, der_buffer *der)
{
	size_t which = random_below(state, sizeof(changes) /
	    sizeof(changes[0]));
	tree *t = malloc(sizeof(*t));

	ck_assert_ptr_nonnull(t);
	scan(der, t);
	if (t->len > 1) {
		change c = { state, der, t, NULL };

		c.e = any_element(&c);
		changes[which].make(&c);
	}
	free(t);
	return changes[which].what;
}

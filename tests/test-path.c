/* SPDX-License-Identifier: MIT */
/*
 * Paths from a leaf to an anchor, and what is asked of a library about them.
 * A certificate is a letter here, a chain and a path are words.
 */
#include "config.h"

#include <stdio.h>

#include "der-build.h"
#include "judge.h"
#include "path.h"
#include "source.h"
#include "support.h"

#define LEN(array) (int)(sizeof(array) / sizeof((array)[0]))

/* 2026-01-01T00:00:00Z */
#define NOW INT64_C(1767225600)

#define LEAF "subject=CN=Leaf ku!=sign eku=server,client san=dns:srv.test "
#define CA "bc!=ca ku!=certsign "

static const struct {
	char letter;
	const char *description;
} kinds[] = {
	{ 'L', LEAF "issuer=CN=CA aki=id:02" },
	{ 'C', CA "subject=CN=CA issuer=CN=Root ski=02 aki=id:01 key=p256:02" },
	{ 'R', CA "subject=CN=Root issuer=CN=Root ski=01 key=p256:01" },
	/* The same root, expired. */
	{ 'r', CA "subject=CN=Root issuer=CN=Root ski=01 key=p256:01 "
	    "until=251231235959Z" },
	/* The same intermediate: expired, by another root, without a name
	 * that it may issue for. */
	{ 'E', CA "subject=CN=CA issuer=CN=Root ski=02 aki=id:01 key=p256:02 "
	    "until=251231235959Z" },
	{ 'X', CA "subject=CN=CA issuer=CN=Other ski=02 aki=id:0a "
	    "key=p256:02" },
	{ 'F', CA "subject=CN=CA issuer=CN=Root ski=02 aki=id:01 key=p256:02 "
	    "nc!=-dns:srv.test" },
	{ 'O', CA "subject=CN=Other issuer=CN=Other ski=0a key=p256:0a" },
	/* The root by the other one, and the other way round. */
	{ 'S', CA "subject=CN=Root issuer=CN=Other ski=01 aki=id:0a "
	    "key=p256:01" },
	{ 'T', CA "subject=CN=Other issuer=CN=Root ski=0a aki=id:01 "
	    "key=p256:0a" },
	/* The name of the intermediate, but no CA; another key; another key,
	 * and nothing says so. */
	{ 'D', "subject=CN=CA issuer=CN=Root ski=02 aki=id:01 key=p256:02" },
	{ 'W', CA "subject=CN=CA issuer=CN=Root ski=77 aki=id:01 key=p256:07" },
	{ 'N', CA "subject=CN=CA issuer=CN=Root aki=id:01 key=p256:08" },
	/* A new key of the intermediate, and what it issued. */
	{ 'V', CA "subject=CN=CA issuer=CN=CA ski=03 aki=id:02 key=p256:03" },
	{ 'k', LEAF "issuer=CN=CA aki=id:03" },
	{ 'U', CA "subject=CN=Unrelated issuer=CN=Nobody ski=55 aki=id:56" },
	/* Two that issue each other, one of them by the root too. */
	{ 'l', LEAF "issuer=CN=A" },
	{ 'A', CA "subject=CN=A issuer=CN=B key=p256:05" },
	{ 'B', CA "subject=CN=B issuer=CN=A key=p256:06" },
	{ 'b', CA "subject=CN=B issuer=CN=Root key=p256:06" },
	/* The root's name and identifier with other kinds of keys; and what
	 * those can sign. */
	{ 'h', CA "subject=CN=Root issuer=CN=Root ski=01 key=rsa:2048" },
	{ 'i', CA "subject=CN=Root issuer=CN=Root ski=01 key=pss:2048" },
	{ '8', CA "subject=CN=Root issuer=CN=Root ski=01 key=pss-sha384:2048" },
	{ '9', LEAF "issuer=CN=Root sig=pss-sha384-mgf" },
	{ 'j', CA "subject=CN=Root issuer=CN=Root ski=01 key=ed25519" },
	{ 'm', CA "subject=CN=Root issuer=CN=Root ski=01 key=ed448" },
	{ 'n', LEAF "issuer=CN=Root sig=rsa-sha256" },
	{ 'o', LEAF "issuer=CN=Root sig=pss-sha256-mgf" },
	{ 'p', LEAF "issuer=CN=Root sig=ed25519" },
	{ 'P', LEAF "issuer=CN=Leaf" },
	{ 'Q', LEAF "issuer=CN=Leaf serial=02" },
	{ 'M', LEAF "issuer=CN=CA aki=id:02 -san san=" },
	{ 'Z', LEAF "issuer=CN=CA after=00" },
};

static der_buffer made[LEN(kinds)];

static void
make_all(void)
{
	for (int i = 0; i < LEN(kinds); i++)
		made[i] = der_certificate(kinds[i].description, NULL, NULL);
}

static void
free_all(void)
{
	for (int i = 0; i < LEN(kinds); i++)
		free(made[i].data);
}

static struct tlshost_bytes
bytes_of(char letter)
{
	int i = 0;

	while (i < LEN(kinds) && kinds[i].letter != letter)
		i++;
	ck_assert_int_lt(i, LEN(kinds));
	return (struct tlshost_bytes){ made[i].data, made[i].len };
}

static char
letter_of(const uint8_t *data, size_t len)
{
	for (int i = 0; i < LEN(kinds); i++)
		if (made[i].len == len && memcmp(made[i].data, data, len) == 0)
			return kinds[i].letter;
	return '?';
}

/* ------------------------------------------------------------------------
 * The search
 */

#define SENT_MAX 64

typedef struct search {
	struct tlshost_bytes anchor_bytes[SENT_MAX];
	tlshost__anchors *anchors;
	tlshost__cert certs[SENT_MAX];
	tlshost__policy policy;
	tlshost__path_search *search;
	der_buffer extra[SENT_MAX];      /* made for this search alone */
	size_t len;
} search;

static void
search_anchors(search *s, const char *anchors)
{
	size_t len = strlen(anchors);
	const char *problem;

	*s = (search){ .policy = { TLSHOST_ROLE_SERVER, 0, NOW } };
	for (size_t i = 0; i < len; i++)
		s->anchor_bytes[i] = bytes_of(anchors[i]);
	assert_status(tlshost__anchors_new(s->anchor_bytes, &len, 0,
	    &s->anchors, &problem), TLSHOST_OK);
}

static void
search_send(search *s, const uint8_t *data, size_t len)
{
	ck_assert_uint_lt(s->len, SENT_MAX);
	ck_assert_int_eq(tlshost__cert_parse(&s->certs[s->len++], data, len),
	    0);
}

static void
search_send_made(search *s, const char *base, const char *change)
{
	der_buffer der = der_certificate(base, change, NULL);

	s->extra[s->len] = der;
	search_send(s, der.data, der.len);
}

static void
search_run(search *s)
{
	s->search = tlshost__path_search_new(s->anchors, s->certs, s->len,
	    &s->policy);
	ck_assert_ptr_nonnull(s->search);
}

static void
search_init(search *s, const char *sent, const char *anchors)
{
	search_anchors(s, anchors);
	for (size_t i = 0; sent[i] != '\0'; i++) {
		struct tlshost_bytes der = bytes_of(sent[i]);

		search_send(s, der.data, der.len);
	}
	search_run(s);
}

static void
search_done(search *s)
{
	tlshost__path_search_free(s->search);
	tlshost__anchors_free(s->anchors);
	for (size_t i = 0; i < s->len; i++)
		free(s->extra[i].data);
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* All paths as words, with a space behind each, as found or in alphabetical
 * order. */
static void
search_words(search *s, int sorted, char *text, size_t cap)
{
	const tlshost__cert *path[TLSHOST__PATH_MAX];
	char words[16][TLSHOST__PATH_MAX + 2];
	size_t count = 0, len;

	while (tlshost__path_next(s->search, path, &len)) {
		ck_assert_uint_lt(count, 16);
		memset(words[count], 0, sizeof(words[count]));
		for (size_t i = 0; i < len; i++)
			words[count][i] = letter_of(path[i]->der,
			    path[i]->len);
		words[count++][len] = ' ';
	}
	if (sorted)
		qsort(words, count, sizeof(words[0]), by_text);
	text[0] = '\0';
	for (size_t i = 0; i < count; i++) {
		ck_assert_uint_lt(strlen(text) + strlen(words[i]), cap);
		memcpy(text + strlen(text), words[i], strlen(words[i]) + 1);
	}
}

static const struct search_case {
	const char *what, *sent, *anchors, *paths;
	uint32_t reasons;                /* if there are none */
	int depth;
} searches[] = {
	{ "straight", "LC", "R", "LCR ", 0, 0 },
	{ "no intermediate", "L", "R", "", TLSHOST_REASON_UNKNOWN_ISSUER, 0 },
	{ "no anchor", "LC", "", "", TLSHOST_REASON_UNKNOWN_ISSUER, 0 },
	{ "another anchor", "LC", "O", "", TLSHOST_REASON_UNKNOWN_ISSUER, 0 },
	{ "the root was sent too", "LCR", "R", "LCR ", 0, 0 },
	{ "only the root was sent too", "LCR", "O", "",
	    TLSHOST_REASON_UNKNOWN_ISSUER, 0 },
	{ "an intermediate is trusted", "L", "C", "LC ", 0, 0 },
	{ "an intermediate is trusted and sent", "LC", "CR", "LC LCR ", 0, 0 },

	{ "twins", "LCCC", "R", "LCR ", 0, 0 },
	{ "the leaf again", "LLCL", "R", "LCR ", 0, 0 },
	{ "one that has nothing to do with it", "LUC", "RO", "LCR ", 0, 0 },
	{ "nothing but those", "LUUO", "R", "", TLSHOST_REASON_UNKNOWN_ISSUER,
	    0 },
	{ "an anchor among the intermediates", "LCO", "RO", "LCR ", 0, 0 },

	{ "cross-signed", "LCX", "RO", "LCR LXO ", 0, 0 },
	{ "the cross-certificate first", "LXC", "RO", "LXO LCR ", 0, 0 },
	{ "cross-signed, the one root trusted", "LXC", "R", "LCR ", 0, 0 },
	{ "cross-signed, the other root trusted", "LCX", "O", "LXO ", 0, 0 },
	{ "the root cross-signed", "LCS", "O", "LCSO ", 0, 0 },
	{ "the root cross-signed and trusted", "LCS", "RO", "LCR LCSO ", 0,
	    0 },
	{ "the root cross-signed and sent", "LCRS", "O", "LCSO ", 0, 0 },
	{ "roots that sign each other", "LCST", "R", "LCR ", 0, 0 },
	{ "roots that sign each other, neither trusted", "LCST", "U", "",
	    TLSHOST_REASON_UNKNOWN_ISSUER, 0 },

	{ "expired first", "LEC", "R", "LCR ", 0, 0 },
	{ "expired last", "LCE", "R", "LCR ", 0, 0 },
	{ "expired only", "LE", "R", "", TLSHOST_REASON_EXPIRED, 1 },
	{ "expired, and no anchor", "LE", "O", "",
	    TLSHOST_REASON_UNKNOWN_ISSUER, 0 },
	{ "the expired root is trusted too", "LC", "rR", "LCR ", 0, 0 },
	{ "only the expired root is trusted", "LC", "r", "",
	    TLSHOST_REASON_EXPIRED, 2 },
	{ "no CA first", "LDC", "R", "LCR ", 0, 0 },
	{ "no CA only", "LD", "R", "", TLSHOST_REASON_NOT_CA, 1 },
	{ "a constraint first", "LFC", "R", "LCR ", 0, 0 },
	{ "a constraint only", "LF", "R", "", TLSHOST_REASON_CONSTRAINT, 1 },
	{ "the name with another key", "LWC", "R", "LCR ", 0, 0 },
	{ "only the name with another key", "LW", "R", "",
	    TLSHOST_REASON_UNKNOWN_ISSUER, 0 },
	{ "the name with a key that says nothing", "LNC", "R", "LNR LCR ", 0,
	    0 },
	{ "a signature of another kind than the keys", "LC", "hijm", "",
	    TLSHOST_REASON_UNKNOWN_ISSUER, 0 },
	{ "of one kind of key", "LC", "hijmR", "LCR ", 0, 0 },
	{ "RSA with PKCS #1", "n", "ijmRh", "nh ", 0, 0 },
	{ "RSASSA-PSS", "o", "jmRh", "oh ", 0, 0 },
	{ "RSASSA-PSS with a key for nothing else", "o", "jmRi", "oi ", 0, 0 },
	{ "RSASSA-PSS with a key for one hash", "9", "jmR8", "98 ", 0, 0 },
	{ "RSASSA-PSS with a key for another hash", "o", "jmR8", "",
	    TLSHOST_REASON_UNKNOWN_ISSUER, 0 },
	{ "Ed25519", "p", "himRj", "pj ", 0, 0 },
	{ "a new key, signed with the old one", "kCV", "R", "kVCR ", 0, 0 },
	{ "a leaf that breaks a rule", "MC", "R", "",
	    TLSHOST_REASON_MALFORMED, 0 },

	{ "a loop", "lAB", "R", "", TLSHOST_REASON_UNKNOWN_ISSUER, 0 },
	{ "a loop with a way out", "lABb", "R", "lAbR ", 0, 0 },
	{ "a loop that is trusted", "lAB", "B", "lAB ", 0, 0 },

	{ "self-signed", "P", "R", "", TLSHOST_REASON_SELF_SIGNED, 0 },
	{ "self-signed with a trusted name", "P", "Q", "",
	    TLSHOST_REASON_SELF_SIGNED, 0 },
	{ "self-signed and trusted", "P", "P", "P ", 0, 0 },
	{ "trusted among others", "LC", "LO", "L ", 0, 0 },
	{ "trusted, and with a path", "LC", "LR", "L LCR ", 0, 0 },
};

START_TEST(paths_are_found_in_order_or_a_reason_is_given)
{
	const struct search_case *c = &searches[_i];
	tlshost__verdict verdict = { 0, -2, "" };
	char words[256];
	search s;

	search_init(&s, c->sent, c->anchors);
	search_words(&s, 0, words, sizeof(words));
	ck_assert_msg(strcmp(words, c->paths) == 0, "%s: \"%s\", not \"%s\"",
	    c->what, words, c->paths);
	if (c->paths[0] == '\0') {
		tlshost__path_search_verdict(s.search, &verdict);
		ck_assert_msg(verdict.reasons == c->reasons &&
		    verdict.depth == c->depth, "%s: \"%s\" at %d", c->what,
		    verdict.text, (int)verdict.depth);
	}
	search_done(&s);
}
END_TEST

/* The next order of the letters; 0: it was the last. */
static int
permute(char *letters)
{
	size_t len = strlen(letters), i = len, j = len;
	char keep;

	if (len < 2)
		return 0;
	for (i = len - 1; i > 0 && letters[i - 1] >= letters[i]; i--)
		;
	if (i == 0)
		return 0;
	while (letters[--j] <= letters[i - 1])
		;
	keep = letters[i - 1];
	letters[i - 1] = letters[j];
	letters[j] = keep;
	for (j = len - 1; i < j; i++, j--) {
		keep = letters[i];
		letters[i] = letters[j];
		letters[j] = keep;
	}
	return 1;
}

/* Letters in the order of ASCII; the leaf stays first. */
static const struct {
	const char *sent, *anchors;
	int orders;
	const char *paths;               /* in the order of ASCII */
	uint32_t reasons;
} sets[] = {
	{ "LCEUWX", "OR", 240, "LCR LXO ", 0 },
	{ "LCCEES", "OR", 60, "LCR LCSO ", 0 },
	{ "LCRSTX", "O", 120, "LCSO LXO ", 0 },
	{ "lABUb", "ROr", 0, "lAbR ", 0 },
	{ "LNRU", "R", 6, "LNR ", 0 },
	{ "LERUW", "OR", 48, "", TLSHOST_REASON_EXPIRED },
	{ "LSTUX", "RU", 48, "LXTR ", 0 },
	{ "lABU", "OR", 12, "", TLSHOST_REASON_UNKNOWN_ISSUER },
};

START_TEST(the_order_changes_nothing)
{
	tlshost__verdict verdict;
	char sent[16], anchors[16], words[256];
	int orders = 0;
	search s;

	snprintf(anchors, sizeof(anchors), "%s", sets[_i].anchors);
	do {
		snprintf(sent, sizeof(sent), "%s", sets[_i].sent);
		do {
			search_init(&s, sent, anchors);
			search_words(&s, 1, words, sizeof(words));
			ck_assert_msg(strcmp(words, sets[_i].paths) == 0,
			    "%s under %s: \"%s\", not \"%s\"", sent, anchors,
			    words, sets[_i].paths);
			if (words[0] == '\0') {
				tlshost__path_search_verdict(s.search,
				    &verdict);
				ck_assert_uint_eq(verdict.reasons,
				    sets[_i].reasons);
			}
			search_done(&s);
			orders++;
		} while (permute(sent + 1));
	} while (permute(anchors));
	if (sets[_i].orders != 0)
		ck_assert_int_eq(orders, sets[_i].orders);
}
END_TEST

/* ------------------------------------------------------------------------
 * Bounds of the search
 */

static size_t
count_paths(search *s)
{
	const tlshost__cert *path[TLSHOST__PATH_MAX];
	size_t count = 0, len;

	while (tlshost__path_next(s->search, path, &len))
		count++;
	return count;
}

/* So many intermediates that may all be the one. */
static void
send_twins(search *s, int count, const char *change)
{
	char words[128];

	for (int i = 0; i < count; i++) {
		snprintf(words, sizeof(words), "serial=%02x %s", i + 2,
		    change);
		search_send_made(s, CA "subject=CN=CA issuer=CN=Root ski=02 "
		    "aki=id:01 key=p256:02", words);
	}
}

/* What they break alone leaves them out; what the path breaks does not. */
#define ALONE "until=251231235959Z"
#define IN_PATH "nc!=-dns:srv.test"

static const struct {
	int refused;
	const char *change;
	int good;
	size_t paths;
} path_counts[] = {
	{ 0, "", 16, 16 },
	{ 0, "", 17, 16 },
	{ 0, "", 40, 16 },
	{ 15, IN_PATH, 1, 1 },
	{ 16, IN_PATH, 1, 0 },
	{ 40, ALONE, 1, 1 },
};

START_TEST(sixteen_paths_are_looked_at)
{
	struct tlshost_bytes leaf = bytes_of('L');
	tlshost__verdict verdict;
	search s;

	search_anchors(&s, "R");
	search_send(&s, leaf.data, leaf.len);
	send_twins(&s, path_counts[_i].refused, path_counts[_i].change);
	send_twins(&s, path_counts[_i].good, "");
	search_run(&s);
	ck_assert_uint_eq(count_paths(&s), path_counts[_i].paths);
	if (path_counts[_i].paths == 0) {
		tlshost__path_search_verdict(s.search, &verdict);
		ck_assert_uint_eq(verdict.reasons, TLSHOST_REASON_CONSTRAINT);
	}
	search_done(&s);
}
END_TEST

/* Each may have issued every other: there are more paths than atoms. */
START_TEST(a_mesh_is_given_up)
{
	tlshost__verdict verdict;
	char words[64];
	search s;

	search_anchors(&s, "R");
	search_send_made(&s, LEAF "issuer=CN=Mesh sig=rsa-sha256", NULL);
	for (int i = 0; i < 63; i++) {
		snprintf(words, sizeof(words), "key=rsa:%d", 2048 + i);
		search_send_made(&s, CA "subject=CN=Mesh issuer=CN=Mesh "
		    "sig=rsa-sha256", words);
	}
	search_run(&s);
	ck_assert_uint_eq(count_paths(&s), 0);
	tlshost__path_search_verdict(s.search, &verdict);
	ck_assert_uint_eq(verdict.reasons, TLSHOST_REASON_LIMIT);
	ck_assert_int_eq(verdict.depth, -1);
	search_done(&s);
}
END_TEST

/* Intermediates 1, 2, ... up to the root, sent the other way round. */
static void
search_line(search *s, int intermediates)
{
	char words[64];

	search_anchors(s, "R");
	search_send_made(s, LEAF "issuer=CN=1", NULL);
	for (int i = intermediates; i >= 1; i--) {
		if (i == intermediates)
			snprintf(words, sizeof(words), "subject=CN=%d "
			    "issuer=CN=Root", i);
		else
			snprintf(words, sizeof(words), "subject=CN=%d "
			    "issuer=CN=%d", i, i + 1);
		search_send_made(s, CA, words);
	}
	search_run(s);
}

START_TEST(a_path_of_ten_intermediates_is_found)
{
	const tlshost__cert *path[TLSHOST__PATH_MAX];
	size_t len;
	search s;

	search_line(&s, 10);
	ck_assert_int_eq(tlshost__path_next(s.search, path, &len), 1);
	ck_assert_uint_eq(len, 12);
	ck_assert_int_eq(tlshost__path_next(s.search, path, &len), 0);
	search_done(&s);
}
END_TEST

START_TEST(a_path_of_eleven_intermediates_is_too_long)
{
	tlshost__verdict verdict;
	search s;

	search_line(&s, 11);
	ck_assert_uint_eq(count_paths(&s), 0);
	tlshost__path_search_verdict(s.search, &verdict);
	ck_assert_uint_eq(verdict.reasons, TLSHOST_REASON_LIMIT);
	ck_assert_ptr_nonnull(strstr(verdict.text, "ten intermediates"));
	search_done(&s);
}
END_TEST

/* ------------------------------------------------------------------------
 * What the library is shown, and what it says
 */

/* What a library does that knows no certificate but by its letter. */
static struct library {
	const char *refuses;             /* paths with one of these letters */
	/* The path that it says it used; NULL: what it was shown, and R. */
	const char *used;
	const char *used_when_refused;
	int says_nothing;                /* of the path used */
	int32_t status;                  /* if not OK or BAD_CERTIFICATE */
	int32_t used_answer;             /* of path_used */
	int calls;
	char shown[256];                 /* words with a space behind each */
} library;

static void
say_used(tlshost_trail *trail, const char *word)
{
	struct tlshost_bytes path[32];
	size_t len = strlen(word);

	for (size_t i = 0; i < len; i++)
		path[i] = bytes_of(word[i]);
	library.used_answer = tlshost__trail_path_used(trail, path, len);
}

static int32_t
library_verify(tlshost_sink *sink, void *trust,
    const struct tlshost_plugin_path *path,
    struct tlshost_plugin_verdict *verdict)
{
	char word[32] = "";
	size_t i = 0;

	(void)sink;
	(void)trust;
	library.calls++;
	for (; i < path->certificates_len; i++)
		word[i] = letter_of(path->certificates[i].data,
		    path->certificates[i].len);
	if (strlen(library.shown) + i + 2 < sizeof(library.shown))
		sprintf(library.shown + strlen(library.shown), "%s ", word);
	if (library.status != TLSHOST_OK)
		return library.status;
	if (strpbrk(word, library.refuses) != NULL) {
		if (library.used_when_refused != NULL)
			say_used(path->trail, library.used_when_refused);
		verdict->reasons = TLSHOST_REASON_BAD_SIGNATURE;
		verdict->depth = 1;
		verdict->native_code = -7;
		snprintf(verdict->native_text, sizeof(verdict->native_text),
		    "no, not %s", word);
		return TLSHOST_BAD_CERTIFICATE;
	}
	if (library.says_nothing)
		return TLSHOST_OK;
	if (path->anchor != NULL)
		word[i] = letter_of(path->anchor->data, path->anchor->len);
	say_used(path->trail, library.used != NULL ? library.used : word);
	return TLSHOST_OK;
}

static int32_t
library_trust_new(tlshost_sink *sink, const struct tlshost_plugin_trust *source,
    void **ret_trust)
{
	(void)sink;
	(void)source;
	*ret_trust = &library;
	return TLSHOST_OK;
}

static void
library_trust_free(void *trust)
{
	ck_assert_ptr_eq(trust, &library);
}

static tlshost_backend backend = {
	.name = "letters",
	.ops = {
		.size = sizeof(struct tlshost_plugin),
		.trust_new = library_trust_new,
		.trust_free = library_trust_free,
		.verify_path = library_verify,
	},
};

static tlshost_trust_store *
trust_of(const char *anchors)
{
	tlshost_certificate *certificates[8] = { NULL };
	tlshost_trust_store *store;
	size_t len = strlen(anchors);

	for (size_t i = 0; i < len; i++) {
		struct tlshost_bytes der = bytes_of(anchors[i]);

		assert_status(tlshost_certificate_from_memory(NULL, der.data,
		    der.len, &certificates[i], NULL), TLSHOST_OK);
	}
	assert_status(tlshost_trust_store_from_certificates(certificates, len,
	    &store, NULL), TLSHOST_OK);
	for (size_t i = 0; i < len; i++)
		tlshost_certificate_unref(certificates[i]);
	return store;
}

static tlshost_status
judge(const char *sent, const char *anchors, const char *name,
    tlshost_verification **ret_verification, tlshost_error **ret_error)
{
	struct tlshost_bytes chain[SENT_MAX + 1];
	tlshost__judgement judgement = {
		.backend = &backend,
		.trust = anchors != NULL ? trust_of(anchors) : NULL,
		.purpose = TLSHOST_ROLE_SERVER,
	};
	tlshost__peer_name peer;
	const char *problem;
	tlshost_status st;
	size_t len = strlen(sent);

	if (name != NULL) {
		assert_status(tlshost__peer_name_parse(name, &peer, &problem),
		    TLSHOST_OK);
		judgement.peer = &peer;
	}
	for (size_t i = 0; i < len; i++)
		chain[i] = bytes_of(sent[i]);
	st = tlshost__judge(&judgement, chain, len, ret_verification,
	    ret_error);
	tlshost_trust_store_unref(judgement.trust);
	return st;
}

static void
path_words(const tlshost_verification *v, char *word)
{
	const uint8_t *data;
	size_t len, i = 0;

	while ((len = tlshost_verification_path_at(v, i, &data)) != 0)
		word[i++] = letter_of(data, len);
	word[i] = '\0';
	ck_assert_uint_eq(tlshost_verification_path_len(v), i);
}

#define OTHER TLSHOST_REASON_OTHER
#define UNKNOWN TLSHOST_REASON_UNKNOWN_ISSUER
#define SIGNATURE TLSHOST_REASON_BAD_SIGNATURE
#define MISMATCH TLSHOST_REASON_NAME_MISMATCH

static const struct judge_case {
	const char *what, *sent, *anchors, *name;
	struct library does;
	const char *shown;
	const char *path;                /* NULL: refused, then */
	uint32_t reasons;
	int depth;
	const char *says;
} verdicts[] = {
	{ "the intermediates are shown, the anchor is not", "LC", "R",
	    "srv.test", { .refuses = "" }, "LC ", "LCR", 0, -1, NULL },
	{ "a pinned leaf is shown", "P", "P", "srv.test",
	    { .refuses = "", .used = "P" }, "P ", "P", 0, -1, NULL },
	{ "after a refusal the next path is shown", "LNC", "R", "srv.test",
	    { .refuses = "N" }, "LN LC ", "LCR", 0, -1, NULL },
	{ "after a yes none is", "LCN", "R", "srv.test", { .refuses = "N" },
	    "LC ", "LCR", 0, -1, NULL },
	{ "what breaks a rule is never shown", "LFEDC", "R", "srv.test",
	    { .refuses = "" }, "LC ", "LCR", 0, -1, NULL },
	{ "without a path nothing is shown", "LU", "R", "srv.test",
	    { .refuses = "" }, "", NULL, UNKNOWN, 0, "no path" },
	{ "all were refused", "LNC", "R", "srv.test", { .refuses = "NC" },
	    "LN LC ", NULL, SIGNATURE, 1, "no, not LN" },
	{ "what cannot be read is passed over", "LZC", "R", "srv.test",
	    { .refuses = "" }, "LC ", "LCR", 0, -1, NULL },
	{ "a leaf that cannot be read", "ZC", "R", "srv.test",
	    { .refuses = "" }, "", NULL, TLSHOST_REASON_MALFORMED, 0,
	    "not DER" },
	{ "no certificate", "", "R", "srv.test", { .refuses = "" }, "", NULL,
	    TLSHOST_REASON_NO_CERTIFICATE, -1, "no certificate" },

	{ "another name", "LC", "R", "a.test", { .refuses = "" }, "LC ",
	    NULL, MISMATCH, 0, "a.test" },
	{ "another name, and refused", "LC", "R", "a.test",
	    { .refuses = "C" }, "LC ", NULL, SIGNATURE | MISMATCH, 1,
	    "no, not LC" },
	{ "another name, and no path", "L", "R", "a.test",
	    { .refuses = "" }, "", NULL, UNKNOWN | MISMATCH, 0, "no path" },
	{ "no name is asked for", "LC", "R", NULL, { .refuses = "" }, "LC ",
	    "LCR", 0, -1, NULL },

	{ "it ended at an anchor before", "LC", "CR", "srv.test",
	    { .refuses = "", .used = "LC" }, "L ", "LC", 0, -1, NULL },
	{ "it ended at another anchor", "LCS", "RO", "srv.test",
	    { .refuses = "", .used = "LCSO" }, "LC ", "LCSO", 0, -1, NULL },
	{ "it ended at no anchor", "LCS", "R", "srv.test",
	    { .refuses = "", .used = "LCSO" }, "LC ", NULL, UNKNOWN, 3,
	    "does not end" },
	{ "its path breaks a rule", "LFC", "R", "srv.test",
	    { .refuses = "", .used = "LFR" }, "LC ", NULL,
	    TLSHOST_REASON_CONSTRAINT, 1, "must not" },
	{ "its path is of another leaf", "LC", "R", "srv.test",
	    { .refuses = "", .used = "MCR" }, "LC ", NULL, OTHER, -1,
	    "another certificate" },
	{ "its path has something in it that is none", "LC", "R", "srv.test",
	    { .refuses = "", .used = "LZR" }, "LC ", NULL,
	    TLSHOST_REASON_MALFORMED, 1, "malformed" },
	{ "it does not say which path", "LC", "R", "srv.test",
	    { .refuses = "", .says_nothing = 1 }, "LC ", NULL, OTHER, -1,
	    "did not say" },
	{ "it names only one that it refused", "LNC", "R", "srv.test",
	    { .refuses = "N", .used_when_refused = "LCR", .says_nothing = 1 },
	    "LN LC ", NULL, SIGNATURE, 1, "no, not LN" },
};

START_TEST(the_verdict_is_the_librarys_and_the_hosts)
{
	const struct judge_case *c = &verdicts[_i];
	tlshost_verification *v;
	const char *text;
	char word[32];

	library = c->does;
	assert_status(judge(c->sent, c->anchors, c->name, &v, NULL),
	    TLSHOST_OK);
	ck_assert_msg(strcmp(library.shown, c->shown) == 0, "%s: \"%s\" was "
	    "shown", c->what, library.shown);
	path_words(v, word);
	text = tlshost_verification_text(v);
	ck_assert_int_eq(tlshost_verification_checked(v), 1);
	if (c->path != NULL)
		ck_assert_msg(strcmp(word, c->path) == 0, "%s: %s", c->what,
		    text != NULL ? text : word);
	ck_assert_msg(tlshost_verification_ok(v) == (c->path != NULL), "%s",
	    c->what);
	ck_assert_msg(tlshost_verification_reasons(v) == c->reasons,
	    "%s: %s", c->what, text);
	ck_assert_msg(tlshost_verification_depth(v) == c->depth, "%s: at %d",
	    c->what, tlshost_verification_depth(v));
	if (c->says != NULL)
		ck_assert_msg(strstr(text, c->says) != NULL, "%s: \"%s\"",
		    c->what, text);
	else
		ck_assert_ptr_null(text);
	if ((c->reasons & SIGNATURE) != 0) {
		ck_assert_int_eq(tlshost_verification_native_code(v), -7);
		ck_assert_str_eq(tlshost_verification_native_text(v), text);
	}
	ck_assert_uint_eq(tlshost_verification_chain_len(v), strlen(c->sent));
	tlshost_verification_free(v);
}
END_TEST

/* What the library answers besides yes and no. */
static const struct {
	int32_t status;
	tlshost_status becomes;
} answers[] = {
	{ TLSHOST_NO_MEMORY, TLSHOST_NO_MEMORY },
	{ TLSHOST_LIBRARY, TLSHOST_LIBRARY },
	{ TLSHOST_LIBRARY_GONE, TLSHOST_LIBRARY_GONE },
	{ TLSHOST_BACKEND_FAULT, TLSHOST_BACKEND_FAULT },
	{ TLSHOST_WANT_READ, TLSHOST_BACKEND_FAULT },
	{ TLSHOST_IO, TLSHOST_BACKEND_FAULT },
	{ TLSHOST_ALERT_RECEIVED, TLSHOST_BACKEND_FAULT },
	{ -1, TLSHOST_BACKEND_FAULT },
	{ 4711, TLSHOST_BACKEND_FAULT },
};

START_TEST(a_library_that_fails_gives_no_verdict)
{
	tlshost_verification *v = NULL;
	tlshost_error *error = NULL;

	library = (struct library){ .refuses = "",
	    .status = answers[_i].status };
	assert_status(judge("LNC", "R", "srv.test", &v, &error),
	    answers[_i].becomes);
	ck_assert_ptr_null(v);
	ck_assert_ptr_nonnull(error);
	ck_assert_int_eq(tlshost_error_status(error), answers[_i].becomes);
	ck_assert_int_eq(library.calls, 1);
	tlshost_error_free(error);
}
END_TEST

static const char *const no_paths[] = { "", "LCRRRRRRRRRRR" };

START_TEST(a_path_that_is_none_is_not_taken)
{
	tlshost_verification *v;

	library = (struct library){ .refuses = "", .used = no_paths[_i] };
	assert_status(judge("LC", "R", "srv.test", &v, NULL), TLSHOST_OK);
	assert_status((tlshost_status)library.used_answer,
	    TLSHOST_BACKEND_FAULT);
	ck_assert_int_eq(tlshost_verification_ok(v), 0);
	tlshost_verification_free(v);
}
END_TEST

START_TEST(eight_paths_are_shown)
{
	struct tlshost_bytes chain[10] = { bytes_of('L') };
	tlshost__judgement judgement = {
		.backend = &backend,
		.trust = trust_of("R"),
		.purpose = TLSHOST_ROLE_SERVER,
	};
	tlshost_verification *v;
	der_buffer twins[9];
	char words[32];

	for (int i = 0; i < 9; i++) {
		snprintf(words, sizeof(words), "serial=%02x", i + 2);
		twins[i] = der_certificate(CA "subject=CN=CA issuer=CN=Root "
		    "ski=02 aki=id:01 key=p256:02", words, NULL);
		chain[i + 1] = (struct tlshost_bytes){ twins[i].data,
		    twins[i].len };
	}
	library = (struct library){ .refuses = "?" };
	assert_status(tlshost__judge(&judgement, chain, 10, &v, NULL),
	    TLSHOST_OK);
	ck_assert_int_eq(library.calls, 8);
	ck_assert_int_eq(tlshost_verification_ok(v), 0);
	tlshost_verification_free(v);
	tlshost_trust_store_unref(judgement.trust);
	for (int i = 0; i < 9; i++)
		free(twins[i].data);
}
END_TEST

START_TEST(too_many_certificates_are_not_read)
{
	tlshost_verification *v;
	char sent[SENT_MAX + 2];

	library = (struct library){ .refuses = "" };
	memset(sent, 'C', sizeof(sent));
	sent[0] = 'L';
	sent[SENT_MAX] = '\0';
	assert_status(judge(sent, "R", "srv.test", &v, NULL), TLSHOST_OK);
	ck_assert_int_eq(tlshost_verification_ok(v), 1);
	tlshost_verification_free(v);
	sent[SENT_MAX] = 'C';
	sent[SENT_MAX + 1] = '\0';
	assert_status(judge(sent, "R", "srv.test", &v, NULL), TLSHOST_OK);
	ck_assert_uint_eq(tlshost_verification_reasons(v),
	    TLSHOST_REASON_LIMIT);
	ck_assert_int_eq(library.calls, 1);
	tlshost_verification_free(v);
}
END_TEST

START_TEST(without_a_trust_store_nothing_is_checked)
{
	tlshost_verification *v;

	library = (struct library){ .refuses = "" };
	assert_status(judge("ZU", NULL, "a.test", &v, NULL), TLSHOST_OK);
	ck_assert_int_eq(tlshost_verification_checked(v), 0);
	ck_assert_int_eq(tlshost_verification_ok(v), 0);
	ck_assert_uint_eq(tlshost_verification_reasons(v), 0);
	ck_assert_uint_eq(tlshost_verification_chain_len(v), 2);
	ck_assert_int_eq(library.calls, 0);
	tlshost_verification_free(v);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("path");
	TCase *tcase = tcase_create("path");

	tcase_add_unchecked_fixture(tcase, make_all, free_all);
	tcase_add_loop_test(tcase,
	    paths_are_found_in_order_or_a_reason_is_given, 0, LEN(searches));
	tcase_add_loop_test(tcase, the_order_changes_nothing, 0, LEN(sets));
	tcase_add_loop_test(tcase, sixteen_paths_are_looked_at, 0,
	    LEN(path_counts));
	tcase_add_test(tcase, a_mesh_is_given_up);
	tcase_add_test(tcase, a_path_of_ten_intermediates_is_found);
	tcase_add_test(tcase, a_path_of_eleven_intermediates_is_too_long);
	tcase_add_loop_test(tcase, the_verdict_is_the_librarys_and_the_hosts,
	    0, LEN(verdicts));
	tcase_add_loop_test(tcase, a_library_that_fails_gives_no_verdict, 0,
	    LEN(answers));
	tcase_add_loop_test(tcase, a_path_that_is_none_is_not_taken, 0,
	    LEN(no_paths));
	tcase_add_test(tcase, eight_paths_are_shown);
	tcase_add_test(tcase, too_many_certificates_are_not_read);
	tcase_add_test(tcase, without_a_trust_store_nothing_is_checked);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}

/* SPDX-License-Identifier: MIT */
/*
 * One verdict, whatever is in a certificate: chains in which one certificate is
 * changed at random and then signed, so that no library stops at a signature,
 * are judged by every backend there is.
 *
 * VERDICT_SEED decides what is changed, VERDICT_COUNT how many chains there
 * are; without them, always the same changes, of new keys, and fewer with
 * CHECK_QUICK.  The chains that backends disagree about are left in the current
 * directory, for "tlsprobe verify".
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#define RUN_SUITE_FORKS 1
#include "../support.h"
#include "der.h"
#include "mutate.h"

#define BACKENDS_MAX 8
#define NAME "srv.test"

static tlshost_backend *backends[BACKENDS_MAX];
static size_t backends_len;

/* ------------------------------------------------------------------------
 * Certificates
 */

enum { ROOT, MIDDLE, LEAF, ROLES };
#define CONTENTS 6

/* What is in them: a row for each role, the first one plain.  "%" is the serial
 * number. */
#define POINTS "3041a027a0258611687474703a2f2f632e746573742f63726ca410300e310c" \
	"300a06035504030c0364697281020560a212a410300e310c300a06035504030c0364" \
	"6972"
#define V6 "00000000000000000000000000000000ffffffffffffffffffffffffffffff00"
#define CA "bc!=ca ku!=certsign,crlsign "
static const char *const contents[ROLES][CONTENTS] = {
	[ROOT] = {
		CA "ski=02",
		CA "ski=02 aki=id:02,issuer:CN=Root,serial:% "
		    "eku=server,client policies=300830060604551d2000 "
		    "netscape=03020204",
		"bc!=ca",
		CA "ski=02 nc!=+dns:test,+ip:7f000000ff000000,+ip:" V6 ","
		    "-dns:bad.test,-email:x.test,+uri:u.test",
	},
	[MIDDLE] = {
		CA "ski=02 aki=id:02",
		"bc!=ca,3 ku!=certsign ski=02 eku=server,client "
		    "policies=300e300406022a03300606042a030405",
		CA "ski=02 aki=id:02 nc!=+dns:test,+ip:7f000000ff000000,"
		    "+ip:" V6 ",-dns:bad.test,-ip:7f000002ffffffff "
		    "pc=explicit:5,inhibit:2 anypolicy=020102 crl=3043" POINTS,
		CA "ski=02 policies=301430060604551d2000300a06082b0601040182"
		    "3701 mappings=300c300a06032a030406032a0305 "
		    "netscape=03020007 aia=303a301a06082b06010505073001860e"
		    "687474703a2f2f6f2e746573742f301c06082b06010505073002861"
		    "0687474703a2f2f692e746573742f6361",
	},
	[LEAF] = {
		"san=dns:" NAME,
		"ku!=sign,encipher bc!= eku=server,client ski=03 aki=id:02 "
		    "san=dns:" NAME ",dns:*.w.test,ip:7f000001,email:a@b.test,"
		    "uri:https://u.test/x,dir:CN=Leaf,rid:2a0304 "
		    "crl=3043" POINTS,
		"ku!=sign eku=server san=dns:" NAME " aki=id:02 "
		    "policies=3043300506032a0304303a06032b05083033301d06082b060"
		    "105050702011611687474703a2f2f702e746573742f637073301206082"
		    "b0601050507020230060c0474657874 "
		    "aia=303a301a06082b06010505073001860e687474703a2f2f6f2e7465"
		    "73742f301c06082b060105050730028610687474703a2f2f692e746573"
		    "742f6361 tls=3003020105 sct=040400020000",
		"san=dns:" NAME " netscape=030206c0 comment=160568656c6c6f "
		    "ian=dns:ian.test freshest=3043" POINTS " nocheck=0500 "
		    "sia=301e301c06082b060105050730058610687474703a2f2f692e746573"
		    "742f6361 period=301180" "0f32303235303130313030303030305a "
		    "attributes=300f300d06082b0601050507090331011302",
		"san=dns:" NAME ",dns:x.test,ip:7f000001,"
		    "ip:00000000000000000000000000000001,"
		    "other:06032a0304a0020500 "
		    "filler=20 unknown=0500",
		/* Of a client, which needs no name. */
		"eku=client subject=email=a@b.test/CN=srv.test aki=id:02",
	},
};

static size_t
contents_len(int role)
{
	size_t len = 0;

	while (len < CONTENTS && contents[role][len] != NULL)
		len++;
	return len;
}

typedef struct signer {
	EVP_PKEY *key;
	const char *algorithm, *hash;    /* as der-build.h has it, OpenSSL */
	char spki[2048];                 /* in hexadecimal */
} signer;

enum { SIGNERS = 8 };
static signer signers[SIGNERS];

static void
signer_init(signer *s, EVP_PKEY *key, const char *algorithm,
    const char *hash)
{
	uint8_t *der = NULL;
	int len;

	ck_assert_ptr_nonnull(key);
	s->key = key;
	s->algorithm = algorithm;
	s->hash = hash;
	len = i2d_PUBKEY(key, &der);
	ck_assert_int_gt(len, 0);
	ck_assert_uint_lt((size_t)len * 2, sizeof(s->spki));
	for (int i = 0; i < len; i++)
		snprintf(s->spki + i * 2, 3, "%02x", der[i]);
	OPENSSL_free(der);
}

/* For RSASSA-PSS alone; bound: with SHA-256 only. */
static EVP_PKEY *
pss_key(int bound)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA-PSS", NULL);
	EVP_PKEY *key = NULL;

	ck_assert_ptr_nonnull(ctx);
	ck_assert_int_eq(EVP_PKEY_keygen_init(ctx), 1);
	ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, 2048), 1);
	if (bound)
		ck_assert(EVP_PKEY_CTX_set_rsa_pss_keygen_md(ctx,
		    EVP_sha256()) == 1 &&
		    EVP_PKEY_CTX_set_rsa_pss_keygen_mgf1_md(ctx,
		    EVP_sha256()) == 1 &&
		    EVP_PKEY_CTX_set_rsa_pss_keygen_saltlen(ctx, 32) == 1);
	ck_assert_int_eq(EVP_PKEY_generate(ctx, &key), 1);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static void
make_signers(void)
{
	EVP_PKEY *rsa = EVP_RSA_gen(2048);

	signer_init(&signers[0], EVP_EC_gen("P-256"), "ecdsa-sha256",
	    "SHA256");
	signer_init(&signers[1], EVP_EC_gen("P-384"), "ecdsa-sha384",
	    "SHA384");
	for (int i = 2; i < 6; i++) {
		static const char *const algorithms[] = { "rsa-sha256",
			"rsa-sha512", "pss-sha256-mgf", "pss-sha384-mgf" };
		static const char *const hashes[] = { "SHA256", "SHA512",
			"SHA256", "SHA384" };

		ck_assert_int_eq(EVP_PKEY_up_ref(rsa), 1);
		signer_init(&signers[i], rsa, algorithms[i - 2],
		    hashes[i - 2]);
	}
	EVP_PKEY_free(rsa);
	signer_init(&signers[6], pss_key(0), "pss-sha384-mgf", "SHA384");
	signer_init(&signers[7], pss_key(1), "pss-sha256-mgf", "SHA256");
}

static void
free_signers(void)
{
	for (size_t i = 0; i < SIGNERS; i++)
		EVP_PKEY_free(signers[i].key);
}

/* What is to be signed, and the algorithm, of a certificate of der-build.h. */
static der_buffer
take_parts(const der_buffer *certificate, der_buffer *ret_algorithm)
{
	tlshost__der der = { certificate->data, certificate->len }, content,
	    whole;
	der_buffer tbs = { NULL, 0, 0 };
	uint8_t tag;

	ck_assert(tlshost__der_only(der, TLSHOST__DER_SEQUENCE, &der));
	ck_assert(tlshost__der_take(&der, &tag, &content, &whole));
	der_put(&tbs, whole.data, whole.len);
	ck_assert(tlshost__der_take(&der, &tag, &content, &whole));
	der_put(ret_algorithm, whole.data, whole.len);
	return tbs;
}

static void
put_signature(der_buffer *out, const signer *by, const der_buffer *tbs)
{
	uint8_t signature[1024] = { 0 }; /* no unused bits */
	size_t len = sizeof(signature) - 1, start = out->len;
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	EVP_PKEY_CTX *ctx = NULL;

	ck_assert_ptr_nonnull(md);
	ck_assert_int_eq(EVP_DigestSignInit_ex(md, &ctx, by->hash, NULL, NULL,
	    by->key, NULL), 1);
	if (strncmp(by->algorithm, "pss", 3) == 0)
		ck_assert(EVP_PKEY_CTX_set_rsa_padding(ctx,
		    RSA_PKCS1_PSS_PADDING) == 1 &&
		    EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx,
		    RSA_PSS_SALTLEN_DIGEST) == 1);
	ck_assert_int_eq(EVP_DigestSign(md, signature + 1, &len, tbs->data,
	    tbs->len), 1);
	EVP_MD_CTX_free(md);
	der_put(out, signature, 1 + len);
	der_close(out, start, 0x03);
}

typedef struct chain {
	der_buffer certs[ROLES];
	der_buffer twin;                 /* trusted, too: another root */
	int twin_first;
	int without_middle;
	int is_client;                   /* who has it */
	char what[256];                  /* what was done to it */
} chain;

/* As the certificate has it, if it still can be found there. */
static void
put_algorithm(der_buffer *out, const der_buffer *tbs,
    const der_buffer *otherwise)
{
	tlshost__der rest = { tbs->data, tbs->len }, content, whole;
	uint8_t tag;

	if (tlshost__der_only(rest, TLSHOST__DER_SEQUENCE, &rest) &&
	    tlshost__der_take(&rest, &tag, &content, NULL) &&
	    tlshost__der_take(&rest, &tag, &content, NULL) &&
	    tlshost__der_take(&rest, &tag, &content, &whole))
		der_put(out, whole.data, whole.len);
	else
		der_put(out, otherwise->data, otherwise->len);
}

static void
put_serial(char *dst, size_t cap, const char *words, const char *serial)
{
	size_t len = 0;

	for (; *words != '\0'; words++) {
		ck_assert_uint_lt(len + strlen(serial), cap);
		if (*words == '%') {
			strcpy(dst + len, serial);
			len += strlen(serial);
		} else {
			dst[len++] = *words;
		}
	}
	dst[len] = '\0';
}

/* A certificate of that role and content, changed so many times. */
static der_buffer
make_certificate(uint64_t *state, int role, size_t content,
    const signer *own, const signer *by, const char *issuer, int mutations,
    chain *c)
{
	static const char *const subjects[ROLES] = { "CN=Root",
		"O=Org/CN=Middle", "CN=Leaf" };
	char words[4096], serial[17], content_words[2048];
	der_buffer certificate, tbs, algorithm = { NULL, 0, 0 },
	    out = { NULL, 0, 0 };

	/* A number of its own: NSS knows one certificate by each. */
	snprintf(serial, sizeof(serial), "4%015" PRIx64,
	    random_next(state) >> 4);
	put_serial(content_words, sizeof(content_words),
	    contents[role][content], serial);
	snprintf(words, sizeof(words), "serial=%s subject=%s issuer=%s sig=%s "
	    "key=#%s", serial, subjects[role], issuer, by->algorithm,
	    own->spki);
	certificate = der_certificate(words, content_words, NULL);
	tbs = take_parts(&certificate, &algorithm);
	free(certificate.data);
	for (; mutations != 0; mutations--)
		snprintf(c->what + strlen(c->what),
		    sizeof(c->what) - strlen(c->what), "%s, ",
		    mutate(state, &tbs));
	der_put(&out, tbs.data, tbs.len);
	/* The algorithm inside, if it was changed, is one outside, too. */
	put_algorithm(&out, &tbs, &algorithm);
	put_signature(&out, by, &tbs);
	der_close(&out, 0, 0x30);
	free(tbs.data);
	free(algorithm.data);
	return out;
}

/* changed: the role that mutations go to. */
static void
make_chain(uint64_t *state, int changed, int mutations, chain *ret_chain)
{
	static const char *const roles[ROLES] = { "root", "intermediate",
		"leaf" };
	const signer *keys[ROLES], *by;
	chain c = { .without_middle = changed != MIDDLE &&
	    random_below(state, 2) };
	size_t content;

	for (int role = ROOT; role < ROLES; role++)
		keys[role] = &signers[random_below(state, SIGNERS)];
	for (int role = ROOT; role < ROLES; role++) {
		const char *issuer = role == LEAF && !c.without_middle ?
		    "O=Org/CN=Middle" : "CN=Root";

		by = role == ROOT || (role == LEAF && c.without_middle) ?
		    keys[ROOT] : keys[role - 1];
		content = random_below(state, contents_len(role));
		c.is_client = role == LEAF && content == 5;
		if (role != MIDDLE || !c.without_middle)
			snprintf(c.what + strlen(c.what),
			    sizeof(c.what) - strlen(c.what), "%s %zu, ",
			    roles[role], content);
		c.certs[role] = make_certificate(state, role, content,
		    keys[role], by, issuer, role == changed ? mutations : 0,
		    &c);
	}
	by = &signers[random_below(state, SIGNERS)];
	c.twin = make_certificate(state, ROOT, 0, by, by, "CN=Root", 0, &c);
	c.twin_first = (int)random_below(state, 2);
	*ret_chain = c;
}

static void
free_chain(chain *c)
{
	for (int role = ROOT; role < ROLES; role++)
		free(c->certs[role].data);
	free(c->twin.data);
}

/* ------------------------------------------------------------------------
 * Verdicts
 */

static void
put_pem(der_buffer *pem, const der_buffer *der)
{
	static const char begin[] = "-----BEGIN CERTIFICATE-----\n",
	    end[] = "\n-----END CERTIFICATE-----\n";
	uint8_t *text = malloc(der->len * 4 / 3 + 8);

	ck_assert_ptr_nonnull(text);
	der_put(pem, begin, sizeof(begin) - 1);
	der_put(pem, text, (size_t)EVP_EncodeBlock(text, der->data,
	    (int)der->len));
	der_put(pem, end, sizeof(end) - 1);
	free(text);
}

static der_buffer
anchors_of(const chain *c)
{
	der_buffer pem = { NULL, 0, 0 };

	put_pem(&pem, c->twin_first ? &c->twin : &c->certs[ROOT]);
	put_pem(&pem, c->twin_first ? &c->certs[ROOT] : &c->twin);
	return pem;
}

static der_buffer
sent_of(const chain *c)
{
	der_buffer pem = { NULL, 0, 0 };

	put_pem(&pem, &c->certs[LEAF]);
	if (!c->without_middle)
		put_pem(&pem, &c->certs[MIDDLE]);
	return pem;
}

typedef struct verdict {
	tlshost_status own;              /* would it be taken as one's own? */
	tlshost_status status;           /* of reading it, and of judging it */
	uint32_t reasons;
	char text[128];
} verdict;

static verdict
judge(tlshost_backend *backend, const chain *c)
{
	der_buffer anchors = anchors_of(c), sent = sent_of(c);
	tlshost_verification *v = NULL;
	tlshost_trust_store *trust = NULL;
	tlshost_chain *certificates = NULL, *own = NULL;
	verdict found = { .reasons = 0 };

	found.status = tlshost_trust_store_from_memory(NULL, anchors.data,
	    anchors.len, &trust, NULL);
	if (found.status == TLSHOST_OK)
		found.status = tlshost_chain_from_memory(NULL, sent.data,
		    sent.len, &certificates, NULL);
	found.own = tlshost_chain_from_memory(backend, sent.data, sent.len,
	    &own, NULL);
	if (found.status == TLSHOST_OK)
		found.status = tlshost_backend_verify_chain(backend,
		    c->is_client ? TLSHOST_ROLE_SERVER : TLSHOST_ROLE_CLIENT,
		    certificates, trust, c->is_client ? NULL : NAME, 0, &v,
		    NULL);
	if (found.status == TLSHOST_OK) {
		found.reasons = tlshost_verification_reasons(v);
		ck_assert_int_eq(tlshost_verification_ok(v),
		    found.reasons == 0);
		snprintf(found.text, sizeof(found.text), "%s",
		    tlshost_verification_text(v) != NULL ?
		    tlshost_verification_text(v) : "");
		tlshost_verification_free(v);
	}
	tlshost_chain_unref(own);
	tlshost_chain_unref(certificates);
	tlshost_trust_store_unref(trust);
	free(anchors.data);
	free(sent.data);
	return found;
}

static int
is_good(const verdict *v)
{
	return v->status == TLSHOST_OK && v->reasons == 0;
}

static int
same_verdict(const verdict *a, const verdict *b)
{
	return a->own == b->own && a->status == b->status && a->reasons == b->reasons;
}

static void
write_pem(der_buffer pem, const char *kind, unsigned long n)
{
	char name[64];
	FILE *file;

	snprintf(name, sizeof(name), "verdict-%lu-%s.pem", n, kind);
	ck_assert_ptr_nonnull(file = fopen(name, "w"));
	ck_assert_uint_eq(fwrite(pem.data, 1, pem.len, file), pem.len);
	ck_assert_int_eq(fclose(file), 0);
	free(pem.data);
}

static void
show_split(const chain *c, const verdict *verdicts, unsigned long n)
{
	printf("verdict-%lu: %s\n", n, c->what);
	for (size_t i = 0; i < backends_len; i++)
		printf("  %s: own %s, %s, reasons 0x%" PRIx32 " %s\n",
		    tlshost_backend_name(backends[i]),
		    tlshost_status_name(verdicts[i].own),
		    tlshost_status_name(verdicts[i].status),
		    verdicts[i].reasons, verdicts[i].text);
	write_pem(anchors_of(c), "trust", n);
	write_pem(sent_of(c), "chain", n);
}

/* 1: all backends agree; *ret_good: that it is good. */
static int
agreed(const chain *c, unsigned long n, verdict *ret_verdict)
{
	verdict verdicts[BACKENDS_MAX] = { judge(backends[0], c) };
	int same = 1;

	for (size_t i = 1; i < backends_len; i++) {
		verdicts[i] = judge(backends[i], c);
		same = same && same_verdict(&verdicts[i], &verdicts[0]);
	}
	*ret_verdict = verdicts[0];
	if (!same)
		show_split(c, verdicts, n);
	return same;
}

/* ------------------------------------------------------------------------
 * Tests
 */

static unsigned long
number_from(const char *name, unsigned long otherwise)
{
	const char *text = getenv(name);

	return text != NULL && text[0] != '\0' ? strtoul(text, NULL, 10) :
	    otherwise;
}

static void
find_backends(void)
{
	const char *built = getenv("TLSHOST_TEST_BACKENDS");
	tlshost_backend_list *list;

	if (built != NULL)
		ck_assert_int_eq(setenv("TLSHOST_PLUGIN_PATH", built, 1), 0);
	assert_status(tlshost_backend_list_new(1, &list, NULL), TLSHOST_OK);
	for (size_t i = 0; i < tlshost_backend_list_len(list) &&
	    backends_len < BACKENDS_MAX; i++)
		if (tlshost_backend_list_backend(list, i) != NULL)
			backends[backends_len++] =
			    tlshost_backend_list_backend(list, i);
	tlshost_backend_list_free(list);
	ck_assert_msg(backends_len >= 2, "there are %zu backends to compare",
	    backends_len);
	make_signers();
}

/* Else nothing is said of what is changed. */
START_TEST(chains_are_good_before_they_are_changed)
{
	uint64_t state = 1;
	chain c;
	verdict found;

	find_backends();
	for (unsigned long n = 0; n < 100; n++) {
		make_chain(&state, ROLES, 0, &c);
		ck_assert(agreed(&c, n, &found));
		ck_assert_msg(is_good(&found), "%s%s, %s", c.what,
		    tlshost_status_name(found.status), found.text);
		free_chain(&c);
	}
	free_signers();
}
END_TEST

START_TEST(backends_agree_about_what_is_changed)
{
	unsigned long seed = number_from("VERDICT_SEED", 1),
	    count = number_from("VERDICT_COUNT",
	    getenv("CHECK_QUICK") != NULL ? 200 : 2000), splits = 0,
	    accepted = 0;
	uint64_t state = seed * 2 + 1;
	verdict found;
	chain c;

	printf("VERDICT_SEED=%lu VERDICT_COUNT=%lu\n", seed, count);
	find_backends();
	for (unsigned long n = 0; n < count; n++) {
		make_chain(&state, (int)random_below(&state, ROLES),
		    1 + (random_below(&state, 4) == 0), &c);
		if (!agreed(&c, n, &found))
			splits++;
		else if (is_good(&found))
			accepted++;
		free_chain(&c);
	}
	printf("accepted: %lu, refused: %lu, splits: %lu\n", accepted,
	    count - accepted - splits, splits);
	fflush(stdout);
	ck_assert_uint_ne(accepted, 0);
	ck_assert_uint_ne(accepted, count);
	ck_assert_uint_eq(splits, 0);
	free_signers();
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("verdict");
	TCase *tc = tcase_create("verdict");

	tcase_set_timeout(tc, 0);
	tcase_add_test(tc, chains_are_good_before_they_are_changed);
	tcase_add_test(tc, backends_agree_about_what_is_changed);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

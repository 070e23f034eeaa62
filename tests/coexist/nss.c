/* SPDX-License-Identifier: MIT */
/*
 * A program that uses NSS itself, before and after the backend does, that sets
 * defaults of its own, and that shuts NSS down under everything that lives.
 *
 *	nss BACKEND...
 */
#define RUN_SUITE_FORKS 1
#include "config.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cert.h>
#include <certdb.h>
#include <nss.h>
#include <pk11pub.h>
#include <secmod.h>
#include <ssl.h>
#include <sslproto.h>

#include "../conformance/pair.h"

/* What NSS, and the loader for it, leave behind whenever NSS is shut down; in
 * the claims of conformance/ it never is, and nothing is overlooked. */
const char *__lsan_default_suppressions(void);

const char *
__lsan_default_suppressions(void)
{
	return "leak:_dl_map_object_deps\nleak:libnss3.so\n";
}

/* ------------------------------------------------------------------------
 * The program's NSS: a database with a certificate in it
 */

static char place[] = "program-nss-XXXXXX";
static char database[64];

static void
make_database(void)
{
	char command[4096];

	ck_assert_ptr_nonnull(mkdtemp(place));
	snprintf(database, sizeof(database), "sql:%s", place);
	snprintf(command, sizeof(command), "certutil -N -d %s "
	    "--empty-password && certutil -A -d %s -n own -t C,C,C -a -i "
	    "%s/stranger.pem", database, database,
	    getenv("TLSHOST_TEST_CERTS"));
	ck_assert_int_eq(system(command), 0);
}

static void
remove_database(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf %s", place);
	ck_assert_int_eq(system(command), 0);
}

static int
program_finds_its_own(void)
{
	CERTCertificate *cert = PK11_FindCertFromNickname("own", NULL);

	if (cert == NULL)
		return 0;
	CERT_DestroyCertificate(cert);
	return 1;
}

/* A token of the program's, and how much it trusts. */
static unsigned int
program_trusts(void)
{
	CERTCertificate *cert = PK11_FindCertFromNickname("own", NULL);
	CERTCertTrust trust = { 0, 0, 0 };

	ck_assert_ptr_nonnull(cert);
	ck_assert_int_eq(CERT_GetCertTrust(cert, &trust), SECSuccess);
	CERT_DestroyCertificate(cert);
	return trust.sslFlags;
}

static int
count_modules(void)
{
	int count = 0;

	for (SECMODModuleList *item = SECMOD_GetDefaultModuleList();
	    item != NULL; item = item->next)
		count++;
	return count;
}

static void
connect_once(void)
{
	for (int i = 0; i < 2; i++) {
		pair p = connected_pair(&(setup){ .version = i == 0 ?
		    TLSHOST_VERSION_TLSV1_2 : TLSHOST_VERSION_TLSV1_3,
		    .client_certificate = "ecdsa",
		    .client_auth = TLSHOST_CLIENT_AUTH_REQUIRE });

		free_pair(&p);
	}
}

START_TEST(a_program_that_came_before_goes_on)
{
	int modules;

	make_database();
	ck_assert_int_eq(NSS_Init(database), SECSuccess);
	ck_assert_int_eq(program_finds_its_own(), 1);
	modules = count_modules();
	use_backend("nss");
	connect_once();
	ck_assert_int_eq(program_finds_its_own(), 1);
	ck_assert_uint_ne(program_trusts() & CERTDB_TRUSTED_CA, 0);
	ck_assert_int_eq(count_modules(), modules);
	ck_assert_int_eq(NSS_Shutdown(), SECSuccess);
	ck_assert_int_eq(NSS_Init(database), SECSuccess);
	ck_assert_int_eq(program_finds_its_own(), 1);
	connect_once();
	ck_assert_int_eq(NSS_Shutdown(), SECSuccess);
	remove_database();
}
END_TEST

START_TEST(a_program_that_came_after_goes_on)
{
	make_database();
	use_backend("nss");
	connect_once();
	ck_assert_int_eq(NSS_Init(database), SECSuccess);
	ck_assert_int_eq(program_finds_its_own(), 1);
	connect_once();
	ck_assert_int_eq(program_finds_its_own(), 1);
	ck_assert_int_eq(NSS_Shutdown(), SECSuccess);
	connect_once();
	remove_database();
}
END_TEST

START_TEST(a_context_of_the_program_may_come_and_go)
{
	NSSInitContext *context;

	make_database();
	use_backend("nss");
	/* Found, not used: nothing was started. */
	ck_assert_int_eq(NSS_IsInitialized(), 0);
	context = NSS_InitContext(database, "", "", SECMOD_DB, NULL,
	    NSS_INIT_READONLY);
	ck_assert_ptr_nonnull(context);
	ck_assert_int_eq(program_finds_its_own(), 1);
	connect_once();
	ck_assert_int_eq(program_finds_its_own(), 1);
	ck_assert_int_eq(NSS_ShutdownContext(context), SECSuccess);
	connect_once();
	remove_database();
}
END_TEST

/* "own" in any token, by the name of that. */
static int
program_finds_its_own_by_token(void)
{
	PK11SlotList *list = PK11_GetAllTokens(CKM_INVALID_MECHANISM, PR_FALSE,
	    PR_FALSE, NULL);
	CERTCertificate *cert = NULL;
	char name[128];

	ck_assert_ptr_nonnull(list);
	for (PK11SlotListElement *at = list->head; at != NULL && cert == NULL;
	    at = at->next) {
		snprintf(name, sizeof(name), "%s:own",
		    PK11_GetTokenName(at->slot));
		cert = PK11_FindCertFromNickname(name, NULL);
	}
	PK11_FreeSlotList(list);
	if (cert == NULL)
		return 0;
	CERT_DestroyCertificate(cert);
	return 1;
}

/* The plain names are those of whoever came first; docs/PARITY says so. */
START_TEST(a_context_of_the_program_that_came_after_has_names_of_its_own)
{
	NSSInitContext *context;

	make_database();
	use_backend("nss");
	connect_once();
	context = NSS_InitContext(database, "", "", SECMOD_DB, NULL,
	    NSS_INIT_READONLY);
	ck_assert_ptr_nonnull(context);
	ck_assert_int_eq(program_finds_its_own(), 0);
	ck_assert_int_eq(program_finds_its_own_by_token(), 1);
	connect_once();
	ck_assert_int_eq(program_finds_its_own_by_token(), 1);
	ck_assert_int_eq(NSS_ShutdownContext(context), SECSuccess);
	connect_once();
	remove_database();
}
END_TEST

/* ------------------------------------------------------------------------
 * Shut down under what lives
 */

START_TEST(a_shutdown_under_live_objects_is_an_error_of_ours)
{
	tlshost_config *config = client_config(&(setup){ 0 });
	tlshost_client_context *context;
	tlshost_error *error = NULL;
	tlshost_buffer *buffer;
	char in[8];
	size_t n;
	pair p, begun;

	if (_i == 1)
		ck_assert_int_eq(NSS_NoDB_Init(NULL), SECSuccess);
	use_backend("nss");
	assert_status(tlshost_client_context_new(client_backend, config,
	    &context, NULL), TLSHOST_OK);
	p = connected_pair(&(setup){ 0 });
	begun = make_pair(&(setup){ 0 });
	assert_status(tlshost_buffer_do_handshake(begun.client),
	    TLSHOST_WANT_READ);
	if (_i == 0)
		ck_assert_int_eq(NSS_NoDB_Init(NULL), SECSuccess);
	ck_assert_int_eq(NSS_Shutdown(), SECSuccess);
	for (int i = 0; i < 2; i++) {
		assert_status(tlshost_buffer_read(p.client, in, sizeof(in),
		    &n), TLSHOST_LIBRARY_GONE);
		assert_status(tlshost_buffer_write(p.server, "x", 1, &n),
		    TLSHOST_LIBRARY_GONE);
		assert_status(tlshost_buffer_do_handshake(begun.client),
		    TLSHOST_LIBRARY_GONE);
		assert_status(tlshost_buffer_do_handshake(begun.server),
		    TLSHOST_LIBRARY_GONE);
		ck_assert_uint_eq(tlshost_buffer_pending(p.client), 0);
		ck_assert_int_eq(tlshost_buffer_negotiated_tls_version(
		    p.client), TLSHOST_VERSION_TLSV1_3);
	}
	assert_fails(tlshost_client_context_wrap_buffers(context, "srv.test",
	    &buffer, &error), TLSHOST_LIBRARY_GONE, error, "shut NSS down");
	/* What is made from now on works; and the old is freed. */
	connect_once();
	free_pair(&p);
	free_pair(&begun);
	tlshost_client_context_unref(context);
	tlshost_config_unref(config);
	connect_once();
	if (_i == 1)
		ck_assert_int_eq(NSS_NoDB_Init(NULL), SECSuccess);
}
END_TEST

/* A trust store is made once, whatever becomes of NSS. */
START_TEST(a_trust_store_outlives_a_shutdown)
{
	tlshost_chain *chain = load_chain("deep");
	tlshost_trust_store *trust = load_trust("ca");
	tlshost_verification *v;

	use_backend("nss");
	for (int i = 0; i < 3; i++) {
		assert_status(tlshost_backend_verify_chain(client_backend,
		    TLSHOST_ROLE_CLIENT, chain, trust, "srv.test", 0, &v,
		    NULL), TLSHOST_OK);
		ck_assert_int_eq(tlshost_verification_ok(v), 1);
		tlshost_verification_free(v);
		ck_assert_int_eq(NSS_NoDB_Init(NULL), SECSuccess);
		ck_assert_int_eq(NSS_Shutdown(), SECSuccess);
	}
	tlshost_chain_unref(chain);
	tlshost_trust_store_unref(trust);
}
END_TEST

static tlshost_status
shut_down(tlshost_buffer *buffer, const char *name, tlshost_config *config,
    const tlshost_client_hello *hello, tlshost_sni_choice *choice,
    void *userdata)
{
	(void)buffer;
	(void)name;
	(void)hello;
	(void)userdata;
	(void)config;
	tlshost_sni_choice_keep(choice);
	ck_assert_int_eq(NSS_NoDB_Init(NULL), SECSuccess);
	ck_assert_int_eq(NSS_Shutdown(), SECSuccess);
	return TLSHOST_OK;
}

START_TEST(a_callback_may_shut_it_down)
{
	pair p;

	use_backend("nss");
	p = make_pair(&(setup){ .sni = shut_down });
	(void)tlshost_buffer_do_handshake(p.client);
	while (carry(&p))
		;
	assert_status(tlshost_buffer_do_handshake(p.server),
	    TLSHOST_LIBRARY_GONE);
	assert_status(tlshost_buffer_do_handshake(p.client),
	    TLSHOST_LIBRARY_GONE);
	free_pair(&p);
	connect_once();
}
END_TEST

static int
shut_down_and_answer(void *userdata, char *dst, size_t cap, size_t *ret_len)
{
	(void)userdata;
	ck_assert_uint_ge(cap, 6);
	ck_assert_int_eq(NSS_NoDB_Init(NULL), SECSuccess);
	ck_assert_int_eq(NSS_Shutdown(), SECSuccess);
	memcpy(dst, "secret", 6);
	*ret_len = 6;
	return 0;
}

START_TEST(a_password_callback_may_shut_it_down)
{
	tlshost_chain *chain = load_chain("rsa");
	tlshost_config_builder *builder;
	tlshost_private_key *key;
	tlshost_server_context *context;
	tlshost_config *config;
	char path[4096];

	use_backend("nss");
	snprintf(path, sizeof(path), "%s/rsa.encrypted.pem",
	    getenv("TLSHOST_TEST_CERTS"));
	assert_status(tlshost_private_key_from_file_cb(NULL, path,
	    shut_down_and_answer, NULL, NULL, &key, NULL), TLSHOST_OK);
	assert_status(tlshost_config_builder_new(NULL, &builder), TLSHOST_OK);
	assert_status(tlshost_config_builder_add_certificate_chain(builder,
	    chain, key), TLSHOST_OK);
	assert_status(tlshost_config_builder_build(builder, &config, NULL),
	    TLSHOST_OK);
	assert_status(tlshost_server_context_new(server_backend, config,
	    &context, NULL), TLSHOST_LIBRARY_GONE);
	/* The password is known by now. */
	assert_status(tlshost_server_context_new(server_backend, config,
	    &context, NULL), TLSHOST_OK);
	tlshost_server_context_unref(context);
	tlshost_chain_unref(chain);
	tlshost_private_key_unref(key);
	tlshost_config_builder_free(builder);
	tlshost_config_unref(config);
}
END_TEST

/* ------------------------------------------------------------------------
 * Settings of the program
 */

START_TEST(defaults_of_the_program_are_neither_used_nor_changed)
{
	const SSLVersionRange only12 = { SSL_LIBRARY_VERSION_TLS_1_2,
		SSL_LIBRARY_VERSION_TLS_1_2 };
	SSLVersionRange range;
	PRInt32 enabled;
	PRIntn value;
	pair p;

	ck_assert_int_eq(NSS_NoDB_Init(NULL), SECSuccess);
	ck_assert_int_eq(SSL_VersionRangeSetDefault(ssl_variant_stream,
	    &only12), SECSuccess);
	ck_assert_int_eq(SSL_OptionSetDefault(SSL_NO_LOCKS, 1), SECSuccess);
	ck_assert_int_eq(SSL_OptionSetDefault(SSL_ENABLE_SESSION_TICKETS, 1),
	    SECSuccess);
	ck_assert_int_eq(SSL_OptionSetDefault(SSL_ENABLE_ALPN, 0),
	    SECSuccess);
	ck_assert_int_eq(SSL_OptionSetDefault(SSL_ENABLE_RENEGOTIATION,
	    SSL_RENEGOTIATE_UNRESTRICTED), SECSuccess);
	for (PRUint16 i = 0; i < SSL_GetNumImplementedCiphers(); i++)
		(void)SSL_CipherPrefSetDefault(
		    SSL_GetImplementedCiphers()[i],
		    SSL_GetImplementedCiphers()[i] == 0xc02f);
	use_backend("nss");
	p = connected_pair(&(setup){ .client_alpn = "h2",
	    .server_alpn = "h2" });
	ck_assert_int_eq(tlshost_buffer_negotiated_tls_version(p.client),
	    TLSHOST_VERSION_TLSV1_3);
	ck_assert_uint_eq(tlshost_buffer_negotiated_protocol(p.client).len,
	    2);
	free_pair(&p);
	connect_once();
	ck_assert_int_eq(SSL_VersionRangeGetDefault(ssl_variant_stream,
	    &range), SECSuccess);
	ck_assert_int_eq(range.max, only12.max);
	ck_assert_int_eq(SSL_OptionGetDefault(SSL_NO_LOCKS, &value),
	    SECSuccess);
	ck_assert_int_eq(value, 1);
	ck_assert_int_eq(SSL_CipherPrefGetDefault(0x1301, &enabled),
	    SECSuccess);
	ck_assert_int_eq(enabled, 0);
}
END_TEST

START_TEST(whom_the_program_trusts_is_none_of_our_business)
{
	tlshost_status client, server;
	CERTCertificate *cert;
	CERTCertTrust all = { CERTDB_TRUSTED_CA | CERTDB_VALID_CA |
		CERTDB_TRUSTED_CLIENT_CA, 0, 0 };
	CERTCertTrust peer = { CERTDB_TRUSTED | CERTDB_TERMINAL_RECORD, 0,
		0 };
	tlshost_chain *chain = load_chain(_i == 0 ? "ca" : "rsa");
	const uint8_t *der;
	SECItem item = { siBuffer, NULL, 0 };
	pair p;

	item.len = (unsigned int)tlshost_certificate_der(tlshost_chain_at(
	    chain, 0), &der);
	item.data = malloc(item.len);
	memcpy(item.data, der, item.len);
	ck_assert_int_eq(NSS_NoDB_Init(NULL), SECSuccess);
	cert = CERT_NewTempCertificate(CERT_GetDefaultCertDB(), &item, NULL,
	    PR_FALSE, PR_TRUE);
	ck_assert_ptr_nonnull(cert);
	ck_assert_int_eq(CERT_ChangeCertTrust(CERT_GetDefaultCertDB(), cert,
	    _i == 0 ? &all : &peer), SECSuccess);
	use_backend("nss");
	p = make_pair(&(setup){ .trust = "stranger" });
	shake_hands(&p, &client, &server);
	assert_status(client, TLSHOST_BAD_CERTIFICATE);
	free_pair(&p);
	CERT_DestroyCertificate(cert);
	tlshost_chain_unref(chain);
	free(item.data);
}
END_TEST

/* A client cannot tell it which certificates to send besides its own. */
START_TEST(that_a_clients_chain_is_built_is_told)
{
	static const char *const names[] = { "rsa", "deep" };

	use_backend("nss");
	for (size_t i = 0; i < 2; i++) {
		tlshost_config *config = client_config(&(setup){
		    .client_certificate = names[i] });
		tlshost_findings *findings;
		size_t told = 0;

		assert_status(tlshost_backend_check_config(client_backend,
		    config, TLSHOST_ROLE_CLIENT, &findings, NULL), TLSHOST_OK);
		ck_assert_uint_eq(tlshost_findings_errors(findings), 0);
		for (size_t k = 0; k < tlshost_findings_len(findings); k++)
			told += tlshost_findings_field(findings, k) ==
			    TLSHOST_FIELD_CERTIFICATE_CHAIN;
		/* "deep" has an intermediate; "rsa" may get one. */
		ck_assert_uint_eq(told, 1);
		tlshost_findings_free(findings);
		tlshost_config_unref(config);
	}
}
END_TEST

START_TEST(what_happens_to_a_broken_pipe_stays_as_it_was)
{
	struct sigaction action;

	signal(SIGPIPE, SIG_DFL);
	use_backend("nss");
	connect_once();
	ck_assert_int_eq(sigaction(SIGPIPE, NULL, &action), 0);
	ck_assert(action.sa_handler == SIG_DFL);
}
END_TEST

/* ------------------------------------------------------------------------
 * What NSS keeps for the whole process
 */

/* Off in one context, verification is on in the next: nothing is resumed. */
START_TEST(a_connection_that_was_not_verified_is_not_resumed)
{
	tlshost_version version = _i == 0 ? TLSHOST_VERSION_TLSV1_2 :
	    TLSHOST_VERSION_TLSV1_3;
	tlshost_status client, server;
	pair p;

	use_backend("nss");
	p = connected_pair(&(setup){ .version = version, .no_verify = 1,
	    .trust = "stranger" });
	free_pair(&p);
	p = make_pair(&(setup){ .version = version, .trust = "stranger" });
	shake_hands(&p, &client, &server);
	assert_status(client, TLSHOST_BAD_CERTIFICATE);
	free_pair(&p);
}
END_TEST

static int
is_good(tlshost_chain *chain)
{
	tlshost_trust_store *trust = load_trust("ca");
	tlshost_verification *v;
	int ok;

	assert_status(tlshost_backend_verify_chain(client_backend,
	    TLSHOST_ROLE_CLIENT, chain, trust, "srv.test", 0, &v, NULL),
	    TLSHOST_OK);
	ok = tlshost_verification_ok(v);
	ck_assert_uint_eq(tlshost_verification_reasons(v), ok ? 0 :
	    TLSHOST_REASON_BAD_SIGNATURE);
	tlshost_verification_free(v);
	tlshost_trust_store_unref(trust);
	return ok;
}

/* The same issuer, the same serial number, another signature. */
START_TEST(a_forgery_does_not_stand_in_the_way_of_the_real_one)
{
	tlshost_chain *real = load_chain("deep"), *forged;
	tlshost_certificate *certs[2];
	const uint8_t *der;
	uint8_t copy[8192];
	size_t len;

	use_backend("nss");
	for (size_t i = 0; i < 2; i++) {
		len = tlshost_certificate_der(tlshost_chain_at(real, i),
		    &der);
		ck_assert_uint_le(len, sizeof(copy));
		memcpy(copy, der, len);
		copy[len - 1] ^= (uint8_t)(i == (size_t)_i);
		assert_status(tlshost_certificate_from_memory(NULL, copy, len,
		    &certs[i], NULL), TLSHOST_OK);
	}
	assert_status(tlshost_chain_from_certificates(certs, 2, &forged,
	    NULL), TLSHOST_OK);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(is_good(forged), 0);
		ck_assert_int_eq(is_good(real), 1);
	}
	tlshost_certificate_unref(certs[0]);
	tlshost_certificate_unref(certs[1]);
	tlshost_chain_unref(forged);
	tlshost_chain_unref(real);
}
END_TEST

/* ------------------------------------------------------------------------
 * Forks
 */

#define SAID_MAX 1024

/* A ClientHello, random bytes of NSS and a public key, as one string. */
static size_t
say_something_random(tlshost_client_context *context, uint8_t *said)
{
	SECKEYPublicKey *public = NULL;
	SECKEYPrivateKey *key;
	PK11SlotInfo *slot;
	tlshost_buffer *buffer;
	const uint8_t *data;
	static const uint8_t p256[] = { 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3,
		1, 7 };
	SECItem curve = { siBuffer, NULL, sizeof(p256) };
	size_t len;

	memset(said, 0, SAID_MAX);
	if (tlshost_client_context_wrap_buffers(context, "srv.test", &buffer,
	    NULL) != TLSHOST_OK || tlshost_buffer_do_handshake(buffer) !=
	    TLSHOST_WANT_READ)
		return 0;
	len = tlshost_buffer_peek_outgoing(buffer, &data);
	/* The random, and the key share, which stands near the end. */
	memcpy(said, data + 11, 32);
	for (size_t i = 43; i + 42 < len; i++)
		if (memcmp(data + i, "\0\x1d\0\x20", 4) == 0)
			memcpy(said + 32, data + i + 4, 32);
	tlshost_buffer_free(buffer);
	curve.data = malloc(sizeof(p256));
	memcpy(curve.data, p256, sizeof(p256));
	slot = PK11_GetInternalSlot();
	key = PK11_GenerateKeyPair(slot, CKM_EC_KEY_PAIR_GEN, &curve, &public,
	    PR_FALSE, PR_FALSE, NULL);
	if (key != NULL) {
		memcpy(said + 64, public->u.ec.publicValue.data + 1, 32);
		SECKEY_DestroyPrivateKey(key);
		SECKEY_DestroyPublicKey(public);
	}
	PK11_FreeSlot(slot);
	free(curve.data);
	return PK11_GenerateRandom(said + 96, 32) == SECSuccess;
}

START_TEST(parent_and_children_share_no_key_and_no_random_bytes)
{
	static uint8_t said[5][SAID_MAX];
	static const uint8_t nothing[32];
	tlshost_config *config = client_config(&(setup){ 0 });
	tlshost_client_context *context;
	int fds[2], status, count = 0;
	pid_t pid;

	use_backend("nss");
	assert_status(tlshost_client_context_new(client_backend, config,
	    &context, NULL), TLSHOST_OK);
	ck_assert_uint_eq(say_something_random(context, said[count++]), 1);
	for (int child = 0; child < 3; child++) {
		ck_assert_int_eq(pipe(fds), 0);
		fflush(NULL);
		if ((pid = fork()) == 0) {
			static uint8_t mine[SAID_MAX];

			_exit(say_something_random(context, mine) != 1 ||
			    write(fds[1], mine, SAID_MAX) != SAID_MAX);
		}
		ck_assert_int_eq(read(fds[0], said[count++], SAID_MAX),
		    SAID_MAX);
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
		ck_assert_int_eq(status, 0);
		close(fds[0]);
		close(fds[1]);
	}
	ck_assert_uint_eq(say_something_random(context, said[count++]), 1);
	for (int part = 0; part < 4; part++)
		for (int a = 0; a < count; a++) {
			ck_assert_mem_ne(said[a] + 32 * part, nothing, 32);
			for (int b = 0; b < a; b++)
				ck_assert_mem_ne(said[a] + 32 * part,
				    said[b] + 32 * part, 32);
		}
	tlshost_client_context_unref(context);
	tlshost_config_unref(config);
}
END_TEST

static atomic_int enough;

static void *
use_it_all_the_time(void *context)
{
	tlshost_buffer *buffer;
	int failed = 0;

	while (!atomic_load(&enough) && !failed) {
		failed = tlshost_client_context_wrap_buffers(context,
		    "srv.test", &buffer, NULL) != TLSHOST_OK;
		if (!failed)
			tlshost_buffer_free(buffer);
	}
	return failed ? context : NULL;
}

/* A thread that was about to come in, in the parent, is not in the child. */
START_TEST(a_child_of_a_busy_program_forks_again)
{
	tlshost_config *config = client_config(&(setup){ 0 });
	tlshost_client_context *context;
	pthread_t threads[3];
	void *failed;
	int status;
	pid_t pid;

	use_backend("nss");
	assert_status(tlshost_client_context_new(client_backend, config,
	    &context, NULL), TLSHOST_OK);
	for (size_t i = 0; i < 3; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL,
		    use_it_all_the_time, context), 0);
	for (int child = 0; child < 300; child++) {
		if ((pid = fork()) == 0) {
			(void)alarm(20);
			if ((pid = fork()) == 0)
				_exit(0);
			_exit(waitpid(pid, &status, 0) != pid || status != 0);
		}
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
		ck_assert_int_eq(status, 0);
	}
	atomic_store(&enough, 1);
	for (size_t i = 0; i < 3; i++) {
		ck_assert_int_eq(pthread_join(threads[i], &failed), 0);
		ck_assert_ptr_null(failed);
	}
	tlshost_client_context_unref(context);
	tlshost_config_unref(config);
}
END_TEST

int
main(int argc, char **argv)
{
	Suite *suite = suite_create("beside NSS");
	TCase *tcase = tcase_create("program");
	int built = 0;

	for (int i = 1; i < argc; i++)
		built |= strcmp(argv[i], "nss") == 0;
	if (!built)
		return 0;
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, a_program_that_came_before_goes_on);
	tcase_add_test(tcase, a_program_that_came_after_goes_on);
	tcase_add_test(tcase, a_context_of_the_program_may_come_and_go);
	tcase_add_test(tcase,
	    a_context_of_the_program_that_came_after_has_names_of_its_own);
	tcase_add_loop_test(tcase,
	    a_shutdown_under_live_objects_is_an_error_of_ours, 0, 2);
	tcase_add_test(tcase, a_trust_store_outlives_a_shutdown);
	tcase_add_test(tcase, a_callback_may_shut_it_down);
	tcase_add_test(tcase, a_password_callback_may_shut_it_down);
	tcase_add_test(tcase,
	    defaults_of_the_program_are_neither_used_nor_changed);
	tcase_add_loop_test(tcase,
	    whom_the_program_trusts_is_none_of_our_business, 0, 2);
	tcase_add_test(tcase, that_a_clients_chain_is_built_is_told);
	tcase_add_test(tcase, what_happens_to_a_broken_pipe_stays_as_it_was);
	tcase_add_loop_test(tcase,
	    a_connection_that_was_not_verified_is_not_resumed, 0, 2);
	tcase_add_loop_test(tcase,
	    a_forgery_does_not_stand_in_the_way_of_the_real_one, 0, 2);
	tcase_add_test(tcase,
	    parent_and_children_share_no_key_and_no_random_bytes);
	tcase_add_test(tcase, a_child_of_a_busy_program_forks_again);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}

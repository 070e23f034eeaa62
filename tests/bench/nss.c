/* SPDX-License-Identifier: MIT */
/*
 * NSS by itself, over a byte ring and over sockets of NSPR.  Certificates are
 * verified by libpkix against the anchors of the context, without a database.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <prerror.h>
#include <prio.h>
#include <prnetdb.h>
#include <private/pprio.h>

#include <cert.h>
#include <keyhi.h>
#include <nss.h>
#include <nssb64.h>
#include <pk11pub.h>
#include <ssl.h>
#include <sslexp.h>
#include <sslproto.h>

#include "engine.h"

typedef struct world {
	PRFileDesc *client, *server;     /* models */
	CERTCertList *anchors;
} world;

typedef struct end {
	PRFileDesc *fd;
	const wire *way;
	const world *world;
	int done;
} end;

static PRDescIdentity ring_id;
static PRIOMethods ring_methods;

static void
must(int ok, const char *what)
{
	if (!ok)
		die("NSS, %s: %s", what, PR_ErrorToName(PR_GetError()));
}

/* ------------------------------------------------------------------------
 * The ring as a layer of NSPR
 */

static const wire *
wire_of(PRFileDesc *fd)
{
	return (const wire *)(const void *)fd->secret;
}

static PRInt32
layer_recv(PRFileDesc *fd, void *dst, PRInt32 cap, PRIntn flags,
    PRIntervalTime timeout)
{
	size_t len = ring_get(wire_of(fd)->in, dst, (size_t)cap);

	(void)flags;
	(void)timeout;
	if (len != 0)
		return (PRInt32)len;
	PR_SetError(PR_WOULD_BLOCK_ERROR, 0);
	return -1;
}

static PRInt32
layer_send(PRFileDesc *fd, const void *src, PRInt32 len, PRIntn flags,
    PRIntervalTime timeout)
{
	(void)flags;
	(void)timeout;
	ring_put(wire_of(fd)->out, src, (size_t)len);
	return len;
}

static PRStatus
layer_getpeername(PRFileDesc *fd, PRNetAddr *address)
{
	(void)fd;
	memset(address, 0, sizeof(*address));
	return PR_InitializeNetAddr(PR_IpAddrLoopback, 1, address);
}

static PRStatus
layer_getsocketoption(PRFileDesc *fd, PRSocketOptionData *data)
{
	(void)fd;
	data->value.non_blocking = PR_TRUE;
	return PR_SUCCESS;
}

static PRStatus
layer_setsocketoption(PRFileDesc *fd, const PRSocketOptionData *data)
{
	(void)fd;
	(void)data;
	return PR_SUCCESS;
}

static PRStatus
layer_shutdown(PRFileDesc *fd, PRIntn how)
{
	(void)fd;
	(void)how;
	return PR_SUCCESS;
}

static PRStatus
layer_close(PRFileDesc *fd)
{
	fd->secret = NULL;
	fd->dtor(fd);
	return PR_SUCCESS;
}

static PRFileDesc *
layer_new(const wire *way)
{
	PRFileDesc *fd = PR_CreateIOLayerStub(ring_id, &ring_methods);

	must(fd != NULL, "layer");
	fd->secret = (PRFilePrivate *)(uintptr_t)way;
	return fd;
}

static void
start(void)
{
	NSSInitParameters parameters = { .length = sizeof(parameters) };
	static NSSInitContext *context;

	if (context != NULL)
		return;
	context = NSS_InitContext("", "", "", "", &parameters,
	    NSS_INIT_READONLY | NSS_INIT_NOCERTDB | NSS_INIT_NOMODDB |
	    NSS_INIT_FORCEOPEN | NSS_INIT_NOROOTINIT);
	must(context != NULL, "start");
	ring_id = PR_GetUniqueIdentity("ring");
	ring_methods = *PR_GetDefaultIOMethods();
	ring_methods.close = layer_close;
	ring_methods.recv = layer_recv;
	ring_methods.send = layer_send;
	ring_methods.getpeername = layer_getpeername;
	ring_methods.getsocketoption = layer_getsocketoption;
	ring_methods.setsocketoption = layer_setsocketoption;
	ring_methods.shutdown = layer_shutdown;
}

/* ------------------------------------------------------------------------
 * Certificates
 */

/* The next PEM block of a file; its bytes, or data == NULL. */
static SECItem
next_block(FILE *file)
{
	static char text[65536];
	SECItem item = { siBuffer, NULL, 0 };
	char line[256];
	size_t len = 0;
	int inside = 0;

	while (fgets(line, sizeof(line), file) != NULL) {
		size_t n = strlen(line);

		if (strncmp(line, "-----", 5) == 0) {
			if (inside)
				break;
			inside = 1;
		} else if (inside && len + n < sizeof(text)) {
			memcpy(text + len, line, n);
			len += n;
		}
	}
	if (len != 0)
		must(NSSBase64_DecodeBuffer(NULL, &item, text,
		    (unsigned int)len) != NULL, "PEM");
	return item;
}

static FILE *
open_file(const char *path)
{
	FILE *file = fopen(path, "re");

	if (file == NULL)
		die("%s cannot be read", path);
	return file;
}

static CERTCertList *
load_certificates(const char *path)
{
	CERTCertList *list = CERT_NewCertList();
	FILE *file = open_file(path);
	SECItem der;

	must(list != NULL, "memory");
	while ((der = next_block(file)).data != NULL) {
		CERTCertificate *cert = CERT_NewTempCertificate(
		    CERT_GetDefaultCertDB(), &der, NULL, PR_FALSE, PR_TRUE);

		SECITEM_FreeItem(&der, PR_FALSE);
		/* Bundles have some that the library does not read. */
		if (cert != NULL)
			must(CERT_AddCertToListTail(list, cert) == SECSuccess,
			    path);
	}
	fclose(file);
	return list;
}

static void
load_identity(PRFileDesc *model, const char *name)
{
	CERTCertList *certs = load_certificates(bench_file(name, ".pem"));
	FILE *file = open_file(bench_file(name, ".key"));
	SECItem der = next_block(file), ders[8];
	CERTCertificateList list = { .certs = ders, .len = 0 };
	SSLExtraServerCertData more = { .certChain = &list };
	PK11SlotInfo *slot = PK11_GetInternalSlot();
	SECKEYPrivateKey *key = NULL;

	fclose(file);
	must(slot != NULL && PK11_ImportDERPrivateKeyInfoAndReturnKey(slot,
	    &der, NULL, NULL, PR_FALSE, PR_TRUE, KU_ALL, &key, NULL) ==
	    SECSuccess, "key");
	SECITEM_FreeItem(&der, PR_FALSE);
	PK11_FreeSlot(slot);
	for (CERTCertListNode *node = CERT_LIST_HEAD(certs);
	    !CERT_LIST_END(node, certs) && list.len < (int)LEN(ders);
	    node = CERT_LIST_NEXT(node))
		ders[list.len++] = node->cert->derCert;
	must(SSL_ConfigServerCert(model, CERT_LIST_HEAD(certs)->cert, key,
	    &more, sizeof(more)) == SECSuccess, "identity");
	CERT_DestroyCertList(certs);
	SECKEY_DestroyPrivateKey(key);
}

static SECStatus
authenticate(void *object, PRFileDesc *fd, PRBool check, PRBool is_server)
{
	const end *one = object;
	CERTCertificate *leaf = SSL_PeerCertificate(fd);
	PRUint64 methods[cert_revocation_method_count];
	CERTRevocationTests tests = {
		.number_of_defined_methods = cert_revocation_method_count,
		.cert_rev_flags_per_method = methods,
	};
	CERTRevocationFlags revocation = { tests, tests };
	CERTValInParam in[] = {
		{ .type = cert_pi_trustAnchors,
		    .value.pointer.chain = one->world->anchors },
		{ .type = cert_pi_useOnlyTrustAnchors,
		    .value.scalar.b = PR_TRUE },
		{ .type = cert_pi_revocationFlags,
		    .value.pointer.revocation = &revocation },
		{ .type = cert_pi_end },
	};
	CERTValOutParam out[] = { { .type = cert_po_end } };
	SECStatus status = SECFailure;

	(void)check;
	(void)is_server;
	for (int i = 0; i < cert_revocation_method_count; i++)
		methods[i] = CERT_REV_M_DO_NOT_TEST_USING_THIS_METHOD;
	if (leaf != NULL)
		status = CERT_PKIXVerifyCert(leaf, certificateUsageSSLServer,
		    in, out, NULL);
	if (status == SECSuccess)
		status = CERT_VerifyCertName(leaf, BENCH_HOST);
	CERT_DestroyCertificate(leaf);
	return status;
}

/* ------------------------------------------------------------------------
 * Contexts and connections
 */

static PRFileDesc *
make_model(const scenario *s, int server)
{
	SSLVersionRange range = { (PRUint16)s->version, (PRUint16)s->version };
	static const wire nowhere;
	PRFileDesc *fd = SSL_ImportFD(NULL, layer_new(&nowhere));

	must(fd != NULL && SSL_OptionSet(fd, SSL_SECURITY, 1) == SECSuccess &&
	    SSL_OptionSet(fd, server ? SSL_HANDSHAKE_AS_SERVER :
	    SSL_HANDSHAKE_AS_CLIENT, 1) == SECSuccess &&
	    SSL_OptionSet(fd, SSL_NO_CACHE, 1) == SECSuccess &&
	    SSL_OptionSet(fd, SSL_ENABLE_SESSION_TICKETS, 0) == SECSuccess &&
	    SSL_OptionSet(fd, SSL_ENABLE_FDX, 0) == SECSuccess &&
	    /* RFC 8446, D.4, as the other libraries have it by default. */
	    SSL_OptionSet(fd, SSL_ENABLE_TLS13_COMPAT_MODE, 1) ==
	    SECSuccess &&
	    SSL_OptionSet(fd, SSL_ENABLE_RENEGOTIATION,
	    SSL_RENEGOTIATE_NEVER) == SECSuccess &&
	    SSL_VersionRangeSet(fd, &range) == SECSuccess &&
	    SSL_CipherSuiteOrderSet(fd, &s->suite, 1) == SECSuccess, "model");
	return fd;
}

static void *
world_open(const engine *e, const scenario *s)
{
	world *w = calloc(1, sizeof(*w));

	(void)e;
	if (w == NULL)
		die("out of memory");
	start();
	w->client = make_model(s, 0);
	w->server = make_model(s, 1);
	w->anchors = load_certificates(s->trust);
	load_identity(w->server, s->key);
	return w;
}

static void
world_close(void *object)
{
	world *w = object;

	PR_Close(w->client);
	PR_Close(w->server);
	CERT_DestroyCertList(w->anchors);
	free(w);
}

static void
note_done(PRFileDesc *fd, void *object)
{
	(void)fd;
	((end *)object)->done = 1;
}

static PRFileDesc *
bottom(const wire *way)
{
	PRSocketOptionData option = { .option = PR_SockOpt_Nonblocking,
	    .value.non_blocking = PR_TRUE };
	PRFileDesc *fd;

	if (way->in != NULL)
		return layer_new(way);
	/* NSPR closes its descriptor, and this one is the caller's. */
	fd = PR_ImportTCPSocket(dup(way->fd));
	must(fd != NULL && PR_SetSocketOption(fd, &option) == PR_SUCCESS,
	    "socket");
	return fd;
}

static void *
world_connect(void *object, int server, const wire *way)
{
	world *w = object;
	end *one = calloc(1, sizeof(*one));

	if (one == NULL)
		die("out of memory");
	one->way = way;
	one->world = w;
	one->fd = SSL_ImportFD(server ? w->server : w->client, bottom(way));
	must(one->fd != NULL && SSL_HandshakeCallback(one->fd, note_done,
	    one) == SECSuccess && SSL_AuthCertificateHook(one->fd,
	    authenticate, one) == SECSuccess && (server ||
	    SSL_SetURL(one->fd, BENCH_HOST) == SECSuccess) &&
	    SSL_ResetHandshake(one->fd, server) == SECSuccess, "connection");
	return one;
}

static void
must_wait(const char *what)
{
	must(PR_GetError() == PR_WOULD_BLOCK_ERROR, what);
}

static int
shake(void *object)
{
	end *one = object;

	if (!one->done && SSL_ForceHandshake(one->fd) != SECSuccess)
		must_wait("handshake");
	return one->done;
}

static size_t
put(void *object, const void *src, size_t len)
{
	PRInt32 n = PR_Write(((end *)object)->fd, src, (PRInt32)len);

	if (n >= 0)
		return (size_t)n;
	must_wait("write");
	return 0;
}

static size_t
get(void *object, void *dst, size_t cap)
{
	PRInt32 n = PR_Read(((end *)object)->fd, dst, (PRInt32)cap);

	if (n >= 0)
		return (size_t)n;
	must_wait("read");
	return 0;
}

static void
release(void *object)
{
	PR_Close(((end *)object)->fd);
	free(object);
}

#define COMMON                                                             \
	.backend = "nss",                                                  \
	.open = world_open,                                                \
	.close = world_close,                                              \
	.connect = world_connect,                                          \
	.handshake = shake,                                                \
	.write = put,                                                      \
	.read = get,                                                       \
	.free = release

extern const engine bench_ring_nss, bench_own_nss;
const engine bench_ring_nss = { .name = "raw ring", COMMON };
/* It asks for the peer's address and takes those of the Internet alone. */
const engine bench_own_nss = { .name = "own sockets", .sockets = 1,
	.tcp_only = 1, COMMON };

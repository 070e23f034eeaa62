/* SPDX-License-Identifier: MIT */
/*
 * The signatures of a path, verified before libpkix looks at it.  The library
 * has one object for all certificates of the same issuer and serial number, and
 * libpkix keeps those it has seen: a forgery that it saw once would from then
 * on stand in the way of the certificate that it is made after.  Nothing here
 * makes such an object.
 */
#include "config.h"

#include <prerror.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <secasn1.h>
#include <secerr.h>
#include <secitem.h>

#include "plugin.h"

/* ------------------------------------------------------------------------
 * Signatures that were good.  That a certificate is signed by a key is true for
 * ever, and clients meet the same few servers: with this library to verify it
 * is a third of a first handshake.  libpkix keeps those that it found good; these
 * are ours.  The last ones are kept, byte for byte.
 */

#define KEPT 16
/* Longer than two certificates of the day. */
#define KEPT_MAX 16384

static struct {
	uint8_t *bytes;                  /* of a certificate, and its issuer's */
	size_t len, issuer_len;
} kept[KEPT];
static unsigned int kept_next;
static pthread_mutex_t kept_lock = PTHREAD_MUTEX_INITIALIZER;

static int
equal(const uint8_t *data, size_t len, const struct tlshost_bytes *bytes)
{
	return len == bytes->len && memcmp(data, bytes->data, len) == 0;
}

/* Was it signed by this one? */
static int
is_kept(const struct tlshost_bytes *cert, const struct tlshost_bytes *issuer)
{
	int found = 0;

	(void)pthread_mutex_lock(&kept_lock);
	for (int i = 0; i < KEPT && !found; i++) {
		const uint8_t *bytes = kept[i].bytes;

		found = bytes != NULL && equal(bytes, kept[i].len, cert) &&
		    equal(bytes + kept[i].len, kept[i].issuer_len, issuer);
	}
	(void)pthread_mutex_unlock(&kept_lock);
	return found;
}

/* Without memory it is verified again next time. */
static void
keep(const struct tlshost_bytes *cert, const struct tlshost_bytes *issuer)
{
	uint8_t *bytes;

	if (cert->len > KEPT_MAX || issuer->len > KEPT_MAX - cert->len ||
	    (bytes = malloc(cert->len + issuer->len)) == NULL)
		return;
	memcpy(bytes, cert->data, cert->len);
	memcpy(bytes + cert->len, issuer->data, issuer->len);
	(void)pthread_mutex_lock(&kept_lock);
	free(kept[kept_next].bytes);
	kept[kept_next].bytes = bytes;
	kept[kept_next].len = cert->len;
	kept[kept_next].issuer_len = issuer->len;
	kept_next = (kept_next + 1) % KEPT;
	(void)pthread_mutex_unlock(&kept_lock);
}

static int
all_kept(const struct tlshost_bytes *path, size_t len,
    const struct tlshost_bytes *anchor)
{
	for (size_t i = 0; i + 1 < len; i++)
		if (!is_kept(&path[i], &path[i + 1]))
			return 0;
	return is_kept(&path[len - 1], anchor);
}

/* ------------------------------------------------------------------------
 * One path
 */

typedef struct opened {
	struct tlshost_bytes der;
	CERTSignedData sealed;
	CERTCertificate inside;          /* decoded, and no object */
} opened;

static int
open_one(PLArenaPool *arena, const struct tlshost_bytes *der, opened *one)
{
	union { const uint8_t *in; unsigned char *out; } u;
	SECItem bytes;

	u.in = der->data;
	bytes = (SECItem){ siBuffer, u.out, (unsigned int)der->len };
	one->der = *der;
	return SEC_QuickDERDecodeItem(arena, &one->sealed,
	    SEC_ASN1_GET(CERT_SignedDataTemplate), &bytes) == SECSuccess &&
	    SEC_QuickDERDecodeItem(arena, &one->inside,
	    SEC_ASN1_GET(CERT_CertificateTemplate), &one->sealed.data) ==
	    SECSuccess;
}

/* Does the library know keys of this kind? */
static int
has_key(opened *one)
{
	SECKEYPublicKey *key = SECKEY_ExtractPublicKey(
	    &one->inside.subjectPublicKeyInfo);

	if (key == NULL)
		return 0;
	SECKEY_DestroyPublicKey(key);
	return 1;
}

/* By the key in its issuer. */
static PRErrorCode
verify_one(const opened *one, CERTCertificate *by,
    const struct tlshost_bytes *by_der)
{
	CERTSignedData sealed = one->sealed;
	SECKEYPublicKey *key = SECKEY_ExtractPublicKey(
	    &by->subjectPublicKeyInfo);
	PRErrorCode code = 0;

	if (key == NULL)
		return SEC_ERROR_UNSUPPORTED_KEYALG;
	if (is_kept(&one->der, by_der)) {
		SECKEY_DestroyPublicKey(key);
		return 0;
	}
	if (CERT_VerifySignedDataWithPublicKey(&sealed, key, NULL) ==
	    SECSuccess)
		keep(&one->der, by_der);
	else if ((code = PR_GetError()) == 0)
		code = SEC_ERROR_BAD_SIGNATURE;
	SECKEY_DestroyPublicKey(key);
	return code;
}

/* From the top: below a bad one nothing means anything. */
static PRErrorCode
verify_all(opened *all, size_t len, CERTCertificate *root,
    const struct tlshost_bytes *anchor, size_t *ret_depth)
{
	PRErrorCode code = verify_one(&all[len - 1], root, anchor);

	*ret_depth = len - 1;
	while (code == 0 && *ret_depth != 0) {
		--*ret_depth;
		code = verify_one(&all[*ret_depth],
		    &all[*ret_depth + 1].inside, &all[*ret_depth + 1].der);
	}
	return code;
}

PRErrorCode
verify_signatures(const struct tlshost_bytes *path, size_t len,
    CERTCertificate *root, const struct tlshost_bytes *anchor,
    size_t *ret_depth)
{
	PLArenaPool *arena;
	PRErrorCode code = 0;
	opened *all;

	*ret_depth = 0;
	if (all_kept(path, len, anchor))
		return 0;
	arena = PORT_NewArena(2048);
	all = calloc(len, sizeof(*all));
	if (arena == NULL || all == NULL)
		code = SEC_ERROR_NO_MEMORY;
	for (size_t i = 0; i < len && code == 0; i++) {
		*ret_depth = i;
		if (!open_one(arena, &path[i], &all[i]))
			code = SEC_ERROR_BAD_DER;
		else if (!has_key(&all[i]))
			code = SEC_ERROR_UNSUPPORTED_KEYALG;
	}
	if (code == 0)
		code = verify_all(all, len, root, anchor, ret_depth);
	free(all);
	if (arena != NULL)
		PORT_FreeArena(arena, PR_FALSE);
	return code;
}

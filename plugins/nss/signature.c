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
#include <stdlib.h>
#include <string.h>

#include <secasn1.h>
#include <secerr.h>
#include <secitem.h>

#include "plugin.h"

typedef struct opened {
	CERTSignedData sealed;
	CERTCertificate inside;          /* decoded, and no object */
	SECKEYPublicKey *key;
} opened;

static int
open_one(PLArenaPool *arena, const struct tlshost_bytes *der, opened *one)
{
	union { const uint8_t *in; unsigned char *out; } u;
	SECItem bytes;

	u.in = der->data;
	bytes = (SECItem){ siBuffer, u.out, (unsigned int)der->len };
	return SEC_QuickDERDecodeItem(arena, &one->sealed,
	    SEC_ASN1_GET(CERT_SignedDataTemplate), &bytes) == SECSuccess &&
	    SEC_QuickDERDecodeItem(arena, &one->inside,
	    SEC_ASN1_GET(CERT_CertificateTemplate), &one->sealed.data) ==
	    SECSuccess;
}

static PRErrorCode
verify_one(const opened *one, SECKEYPublicKey *key)
{
	CERTSignedData sealed = one->sealed;

	if (CERT_VerifySignedDataWithPublicKey(&sealed, key, NULL) ==
	    SECSuccess)
		return 0;
	return PR_GetError() != 0 ? PR_GetError() : SEC_ERROR_BAD_SIGNATURE;
}

/* By any anchor of the issuer's name.  Without one there is nothing to say. */
static PRErrorCode
verify_by_anchors(const trust *store, const opened *one)
{
	PRErrorCode code = 0;

	for (size_t i = 0; i < store->anchors_len; i++) {
		CERTCertificate *anchor = store->certs[i];
		SECKEYPublicKey *key;

		if (anchor == NULL || !SECITEM_ItemsAreEqual(
		    &anchor->derSubject, &one->inside.derIssuer))
			continue;
		if ((key = CERT_ExtractPublicKey(anchor)) == NULL) {
			code = SEC_ERROR_UNSUPPORTED_KEYALG;
			continue;
		}
		code = verify_one(one, key);
		SECKEY_DestroyPublicKey(key);
		if (code == 0)
			break;
	}
	return code;
}

/* From the top: below a bad one nothing means anything. */
static PRErrorCode
verify_all(const trust *store, const opened *all, size_t len,
    size_t *ret_depth)
{
	PRErrorCode code = verify_by_anchors(store, &all[len - 1]);

	*ret_depth = len - 1;
	while (code == 0 && *ret_depth != 0) {
		--*ret_depth;
		code = verify_one(&all[*ret_depth], all[*ret_depth + 1].key);
	}
	return code;
}

PRErrorCode
verify_signatures(const trust *store, const struct tlshost_bytes *path,
    size_t len, size_t *ret_depth)
{
	PLArenaPool *arena = PORT_NewArena(2048);
	opened *all = calloc(len, sizeof(*all));
	PRErrorCode code = 0;

	*ret_depth = 0;
	if (arena == NULL || all == NULL)
		code = SEC_ERROR_NO_MEMORY;
	for (size_t i = 0; i < len && code == 0; i++) {
		*ret_depth = i;
		if (!open_one(arena, &path[i], &all[i]))
			code = SEC_ERROR_BAD_DER;
		else if ((all[i].key = SECKEY_ExtractPublicKey(
		    &all[i].inside.subjectPublicKeyInfo)) == NULL)
			code = SEC_ERROR_UNSUPPORTED_KEYALG;
	}
	if (code == 0)
		code = verify_all(store, all, len, ret_depth);
	for (size_t i = 0; all != NULL && i < len; i++)
		if (all[i].key != NULL)
			SECKEY_DestroyPublicKey(all[i].key);
	free(all);
	if (arena != NULL)
		PORT_FreeArena(arena, PR_FALSE);
	return code;
}

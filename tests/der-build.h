/* SPDX-License-Identifier: MIT */
/*
 * Certificates in DER, made from a line of text.  Their signatures are not
 * good: what is tested with them reads the content only.
 *
 * A description is a list of items with spaces between.  A later item takes
 * the place of an earlier one with the same name; "+NAME=..." adds another,
 * "-NAME" takes it away, "-*" takes all extensions away.  "NAME!=..." makes an
 * extension critical, "NAME=#3000" gives its content in hexadecimal.
 *
 *	version=3 serial=01 from=250101000000Z
 *	until=20491231235959Z
 *	issuer=O=Org/CN=Name  subject=   names; cn=: PrintableString; bmp,
 *	                                 universal, general: other strings
 *	key=p256                         der-build.c; p256:02, to p256:0a: other
 *	                                 points
 *	sig=ecdsa-sha256 outer=...       the algorithm outside, if another
 *	signature=00aabb                 the content of the BIT STRING
 *	after=00                         bytes behind the certificate
 *
 *	ku=sign,certsign                 encipher, agree, crlsign
 *	bc=ca,0                          pathLenConstraint
 *	eku=server,client,any,sgc,code
 *	san=dns:a.test,ip:7f000001       email, uri, dir, rid, other, x400, or
 *	                                 edi, raw:8200 (all of it), many:3 (m0.test
 *	                                 to m2.test), others:3 (o0.test ...)
 *	nc=+dns:a.test,-dns:b.a.test     permitted, excluded
 *	ski=01                           aki=id:01,issuer:CN=Name,serial:01
 *	pc=explicit:0,inhibit:0          policyConstraints
 *	ian=dns:a.test                   as san
 *	policies mappings crl freshest aia sia tls unknown other netscape
 *	anypolicy attributes period addresses asnumbers proxy nocheck sct
 *	comment: in hexadecimal
 *	filler=1000                      so many bytes, of a kind nobody knows
 */
#ifndef TESTS_DER_BUILD_H
#define TESTS_DER_BUILD_H

#include <stddef.h>
#include <stdint.h>

typedef struct der_buffer {
	uint8_t *data;
	size_t len, cap;
} der_buffer;

/* Puts bytes at the end.  Ends the test without memory. */
void der_put(der_buffer *out, const void *data, size_t len);
/* Makes what was put since start the content of an element. */
void der_close(der_buffer *out, size_t start, unsigned int tag);

/* The descriptions one after the other, any of them NULL.  The caller frees
 * data.  Ends the test if a description is none. */
der_buffer der_certificate(const char *base, const char *change,
    const char *more);

#endif

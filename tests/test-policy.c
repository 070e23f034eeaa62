/* SPDX-License-Identifier: MIT */
/*
 * Each rule of docs/VERIFICATION, by its number there or in lib/policy.c: a
 * chain that breaks only this one, and one that just keeps it.
 */
#include "config.h"

#include <stdio.h>

#include "der-build.h"
#include "policy.h"
#include "support.h"

#define LEN(array) (int)(sizeof(array) / sizeof((array)[0]))

/* 2026-01-01T00:00:00Z */
#define NOW INT64_C(1767225600)

/* The AlgorithmIdentifier of a key. */
#define P256 "301306072a8648ce3d020106082a8648ce3d030107"

#define A64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

/* They keep the strict rules too. */
static const char leaf_base[] =
    "issuer=CN=CA subject=CN=Leaf ku!=sign eku=server,client "
    "san=dns:srv.test aki=id:02";
static const char low_base[] =
    "issuer=CN=CA subject=CN=Low bc!=ca ku!=certsign ski=03 aki=id:02";
static const char middle_base[] =
    "issuer=CN=Root subject=CN=CA bc!=ca ku!=certsign ski=02 aki=id:01";
static const char root_base[] =
    "issuer=CN=Root subject=CN=Root bc!=ca ku!=certsign ski=01";
static const char leaf_of_low[] = "issuer=CN=Low aki=id:03";

typedef struct link {
	der_buffer der;
	tlshost__cert cert;
} link;

/* A certificate that cannot even be read says why, as one does that can. */
static void
link_init(link *one, const char *base, const char *change, const char *more)
{
	one->der = der_certificate(base, change, more);
	(void)tlshost__cert_parse(&one->cert, one->der.data, one->der.len);
}

typedef struct chain {
	link links[TLSHOST__PATH_MAX + 1];
	const tlshost__cert *path[TLSHOST__PATH_MAX + 1];
	size_t len;
} chain;

static void
chain_add(chain *all, const char *base, const char *change, const char *more)
{
	link *one = &all->links[all->len];

	link_init(one, base, change, more);
	all->path[all->len++] = &one->cert;
}

static void
chain_done(chain *all)
{
	while (all->len != 0)
		free(all->links[--all->len].der.data);
}

/* ------------------------------------------------------------------------
 * Rules on a path to an anchor
 */

#define MALFORMED TLSHOST_REASON_MALFORMED
#define CRITICAL TLSHOST_REASON_UNKNOWN_CRITICAL
#define NOT_CA TLSHOST_REASON_NOT_CA
#define UNKNOWN_ISSUER TLSHOST_REASON_UNKNOWN_ISSUER
#define EXPIRED TLSHOST_REASON_EXPIRED
#define NOT_YET TLSHOST_REASON_NOT_YET_VALID
#define WEAK_KEY TLSHOST_REASON_WEAK_KEY
#define WEAK_SIGNATURE TLSHOST_REASON_WEAK_SIGNATURE
#define PURPOSE TLSHOST_REASON_WRONG_PURPOSE
#define CONSTRAINT TLSHOST_REASON_CONSTRAINT
#define LIMIT TLSHOST_REASON_LIMIT

typedef struct rule_case {
	int rule;
	const char *what;
	/* Changes to the chain; low NULL: the leaf is issued by middle. */
	const char *leaf, *low, *middle, *root;
	int for_client;                  /* what is wanted is a client */
	uint32_t reasons;                /* 0: it keeps the rule */
	int depth;
	const char *says;
} rule_case;

static const rule_case rules[] = {
	{ 0, "the chain as it is", .leaf = NULL },
	{ 0, "with another intermediate", .low = "" },
	{ 0, "of a client", .for_client = 1 },

	{ 1, "bytes behind the certificate", .leaf = "after=00",
	    .reasons = MALFORMED, .says = "DER" },
	{ 1, "an element behind the certificate", .leaf = "after=0500",
	    .reasons = MALFORMED, .says = "not a certificate" },
	{ 1, "a keyUsage without bits", .leaf = "ku=#030100",
	    .reasons = MALFORMED, .says = "keyUsage" },
	{ 1, "a keyUsage with unused bits that are set",
	    .leaf = "ku=#03020781", .reasons = MALFORMED, .says = "keyUsage" },
	{ 1, "bytes behind the keyUsage", .leaf = "ku=#030207800500",
	    .reasons = MALFORMED, .says = "keyUsage" },
	{ 1, "basicConstraints that spell FALSE out", .leaf = "bc=#3003010100",
	    .reasons = MALFORMED, .says = "basicConstraints" },
	{ 1, "a negative pathLenConstraint", .middle = "bc!=#30060101ff0201ff",
	    .reasons = MALFORMED, .depth = 1, .says = "basicConstraints" },
	{ 1, "a padded pathLenConstraint", .middle = "bc!=#30070101ff02020001",
	    .reasons = MALFORMED, .depth = 1, .says = "basicConstraints" },
	{ 1, "an empty extendedKeyUsage", .leaf = "eku=",
	    .reasons = MALFORMED, .says = "extendedKeyUsage" },
	{ 1, "an empty subjectAltName", .leaf = "san=",
	    .reasons = MALFORMED, .says = "subjectAltName" },
	{ 1, "bytes behind the subjectAltName",
	    .leaf = "san=#300382016100",
	    .reasons = MALFORMED, .says = "subjectAltName" },
	{ 1, "an address of 5 bytes", .leaf = "san=dns:srv.test,ip:7f00000100",
	    .reasons = MALFORMED, .says = "subjectAltName" },
	{ 1, "an address of 8 bytes",
	    .leaf = "san=dns:srv.test,ip:7f000001ffffffff",
	    .reasons = MALFORMED, .says = "subjectAltName" },
	{ 1, "addresses of 4 and 16 bytes", .leaf = "san=dns:srv.test,"
	    "ip:7f000001,ip:00000000000000000000000000000001" },
	{ 1, "a NUL in the second dNSName",
	    .leaf = "san=dns:srv.test,raw:8203610062",
	    .reasons = MALFORMED, .says = "subjectAltName" },
	{ 1, "a byte over 127 in a dNSName",
	    .leaf = "san=dns:srv.test,raw:8202c3bc",
	    .reasons = MALFORMED, .says = "subjectAltName" },
	{ 1, "a NUL in an rfc822Name", .leaf = "san=dns:srv.test,raw:81026100",
	    .reasons = MALFORMED, .says = "subjectAltName" },
	{ 1, "a byte over 127 in a URI", .leaf = "san=dns:srv.test,raw:8601ff",
	    .reasons = MALFORMED, .says = "subjectAltName" },
	{ 1, "an empty dNSName", .leaf = "san=dns:srv.test,raw:8200",
	    .reasons = MALFORMED, .says = "subjectAltName" },
	{ 1, "a name of a form that there is not",
	    .leaf = "san=dns:srv.test,raw:890161",
	    .reasons = MALFORMED, .says = "subjectAltName" },
	{ 1, "a constraint on an address without a mask",
	    .middle = "nc!=+dns:srv.test,+ip:7f000001",
	    .reasons = MALFORMED, .depth = 1, .says = "nameConstraints" },
	{ 1, "a constraint on an address with one",
	    .middle = "nc!=+dns:srv.test,+ip:7f000001ffffffff" },
	{ 1, "a subtree with a minimum", .middle =
	    "nc!=#3011a00f300d8208" "7372762e74657374" "800100",
	    .reasons = MALFORMED, .depth = 1, .says = "nameConstraints" },
	{ 1, "the same subtree without", .middle =
	    "nc!=#300ea00c300a8208" "7372762e74657374" },
	{ 1, "a subjectKeyIdentifier that is none", .middle = "ski=#0500",
	    .reasons = MALFORMED, .depth = 1, .says = "subjectKeyIdentifier" },
	{ 1, "an authorityKeyIdentifier of wrong form", .leaf =
	    "aki=#3003810102", .reasons = MALFORMED,
	    .says = "authorityKeyIdentifier" },
	{ 1, "empty certificatePolicies", .leaf = "policies=3000",
	    .reasons = MALFORMED, .says = "certificatePolicies" },
	{ 1, "a policy without an identifier", .middle = "policies=30023000",
	    .reasons = MALFORMED, .depth = 1, .says = "certificatePolicies" },
	{ 1, "a policy", .leaf = "policies=3005300306012a" },
	{ 1, "empty cRLDistributionPoints", .root = "crl=3000",
	    .reasons = MALFORMED, .depth = 2, .says = "cRLDistributionPoints" },
	{ 1, "a distribution point of wrong form", .leaf = "crl=#300430020500",
	    .reasons = MALFORMED, .says = "cRLDistributionPoints" },
	{ 1, "a distribution point that is a URI",
	    .leaf = "crl=#30093007a005a003860161" },
	{ 1, "a distribution point of all three parts",
	    .leaf = "crl=#30293027" "a00fa10d300b06035504030c0464697265"
		    "810203a8" "a210a40e300c310a300806035504030c0178" },
	{ 1, "a distribution point without names",
	    .leaf = "crl=#30063004a002a000",
	    .reasons = MALFORMED, .says = "cRLDistributionPoints" },
	{ 1, "a distribution point with bytes behind its names",
	    .leaf = "crl=#300b3009a007a0038601610500",
	    .reasons = MALFORMED, .says = "cRLDistributionPoints" },
	{ 1, "a distribution point of reasons alone",
	    .leaf = "crl=#30063004810203a8",
	    .reasons = MALFORMED, .says = "cRLDistributionPoints" },
	{ 1, "reasons with unused bits that are set",
	    .leaf = "crl=#300d300ba005a003860161810203af",
	    .reasons = MALFORMED, .says = "cRLDistributionPoints" },
	{ 1, "a fourth part of a distribution point",
	    .leaf = "crl=#300430028300",
	    .reasons = MALFORMED, .says = "cRLDistributionPoints" },
	{ 1, "a policy with qualifiers",
	    .leaf = "policies=#3015301306032a0304" "300c300a06032a0305"
		    "0c03616263" },
	{ 1, "no qualifiers where there ought to be some",
	    .leaf = "policies=#3009300706032a03043000",
	    .reasons = MALFORMED, .says = "certificatePolicies" },
	{ 1, "a qualifier that is none",
	    .leaf = "policies=#300b300906032a030430020500",
	    .reasons = MALFORMED, .says = "certificatePolicies" },
	{ 1, "a qualifier without a value",
	    .leaf = "policies=#3010300e06032a03043007300506032a0305",
	    .reasons = MALFORMED, .says = "certificatePolicies" },
	{ 1, "a text and its reference, and a place to read it",
	    .leaf = "policies=#3043304106032a0304303a"
		    "301906082b06010505070202300d30080c016130030201010c0162"
		    "301d06082b060105050702011611687474703a2f2f702e74657374"
		    "2f637073" },
	{ 1, "a text that is none",
	    .leaf = "policies=#301b301906032a030430123010"
		    "06082b06010505070202a5040c026162",
	    .reasons = MALFORMED, .says = "certificatePolicies" },
	{ 1, "policies that are mapped",
	    .middle = "mappings=#300c300a06032a030406032a0305" },
	{ 1, "a policy that is mapped to nothing",
	    .middle = "mappings=#3007300506032a0304",
	    .reasons = MALFORMED, .depth = 1, .says = "policyMappings" },
	{ 1, "mappings without one", .middle = "mappings=#3000",
	    .reasons = MALFORMED, .depth = 1, .says = "policyMappings" },
	{ 1, "a purpose whose number goes on",
	    .leaf = "eku=#300d06082b060105050703010601aa",
	    .reasons = MALFORMED, .says = "extendedKeyUsage" },
	{ 1, "a purpose with a padded number",
	    .leaf = "eku=#301006082b0601050507030106042a800304",
	    .reasons = MALFORMED, .says = "extendedKeyUsage" },
	{ 1, "a purpose with a number of 64 bits",
	    .leaf = "eku=#301706082b06010505070301060b6981808080808080808000",
	    .reasons = MALFORMED, .says = "extendedKeyUsage" },
	{ 1, "a purpose with a number of 57 bits",
	    .leaf = "eku=#301606082b06010505070301060a69818080808080808000" },
	{ 1, "an attribute whose type has two numbers",
	    .leaf = "san=dns:srv.test,raw:a40c300a3108300606012a0c0161",
	    .reasons = MALFORMED, .says = "subjectAltName" },
	{ 1, "a registeredID whose number goes on",
	    .leaf = "san=dns:srv.test,rid:2a83",
	    .reasons = MALFORMED, .says = "subjectAltName" },
	{ 1, "a directoryName", .leaf = "san=dns:srv.test,dir:CN=x" },
	{ 1, "an empty directoryName", .leaf = "san=dns:srv.test,raw:a4023000",
	    .reasons = MALFORMED, .says = "subjectAltName" },
	{ 1, "a constraint that is a dot", .middle = "nc!=-dns:.",
	    .reasons = MALFORMED, .depth = 1, .says = "nameConstraints" },
	{ 1, "a constraint with two dots in it", .middle = "nc!=-dns:a..b",
	    .reasons = MALFORMED, .depth = 1, .says = "nameConstraints" },
	{ 1, "a constraint with a dot before it", .middle = "nc!=-dns:.a.b" },
	{ 1, "a constraint on all names", .middle = "nc!=+raw:8200" },
	{ 1, "a directoryName that is no name",
	    .leaf = "san=dns:srv.test,raw:a40430020500",
	    .reasons = MALFORMED, .says = "subjectAltName" },
	{ 1, "a directoryName that is no UTF-8",
	    .leaf = "san=dns:srv.test,dir:CN=\xff",
	    .reasons = MALFORMED, .says = "subjectAltName" },
	{ 1, "an otherName without a value",
	    .leaf = "san=dns:srv.test,other:06032a0304",
	    .reasons = MALFORMED, .says = "subjectAltName" },
	{ 1, "an otherName of two values",
	    .leaf = "san=dns:srv.test,other:06032a0304a00405000500",
	    .reasons = MALFORMED, .says = "subjectAltName" },
	{ 1, "an ediPartyName",
	    .leaf = "san=dns:srv.test,edi:a1040c026162",
	    .reasons = MALFORMED, .says = "subjectAltName" },
	{ 1, "an x400Address", .leaf = "san=dns:srv.test,x400:3000",
	    .reasons = MALFORMED, .says = "subjectAltName" },
	{ 1, "an issuer in authorityKeyIdentifier that is no name",
	    .leaf = "aki=#3009a107a40530030c0161",
	    .reasons = MALFORMED, .says = "authorityKeyIdentifier" },
	{ 1, "an issuerAltName", .leaf = "ian=dns:a.test" },
	{ 1, "an issuerAltName that is no UTF-8", .leaf = "ian=dns:\xc3" "a",
	    .reasons = MALFORMED, .says = "issuerAltName" },
	{ 1, "a path length of five bytes",
	    .middle = "bc!=#300a0101ff02050102030405",
	    .reasons = MALFORMED, .depth = 1, .says = "basicConstraints" },
	{ 1, "a mask of 9 and of 32 bits",
	    .middle = "nc!=+ip:7f000000ff800000,-ip:0a000001ffffffff" },
	{ 1, "a mask with a hole", .middle = "nc!=-ip:0a000000ff00ff00",
	    .reasons = MALFORMED, .depth = 1, .says = "nameConstraints" },
	{ 1, "a mask with a hole in a byte",
	    .middle = "nc!=-ip:0a000000fd000000",
	    .reasons = MALFORMED, .depth = 1, .says = "nameConstraints" },
	{ 1, "a mask without an address", .middle = "nc!=-ip:ff000000ff",
	    .reasons = MALFORMED, .depth = 1, .says = "nameConstraints" },
	{ 1, "an inhibitAnyPolicy that is none", .middle = "anypolicy=0500",
	    .reasons = MALFORMED, .depth = 1, .says = "inhibitAnyPolicy" },
	{ 1, "empty policyConstraints", .middle = "pc=",
	    .reasons = MALFORMED, .depth = 1, .says = "policyConstraints" },
	{ 1, "a Netscape type that is none", .leaf = "netscape=0500",
	    .reasons = MALFORMED, .says = "Netscape" },
	{ 1, "other extensions are not looked into",
	    .leaf = "aia=ff unknown=ff", .middle = "aia=ff tls=ff",
	    .root = "unknown=ff" },
	{ 1, "month 13", .leaf = "until=20491301000000Z",
	    .reasons = MALFORMED, .says = "validity" },
	{ 1, "a time without seconds", .leaf = "until=4912312359Z",
	    .reasons = MALFORMED, .says = "validity" },
	{ 1, "version 4", .leaf = "version=4",
	    .reasons = MALFORMED, .says = "version" },
	{ 1, "a padded serial number", .leaf = "serial=0001",
	    .reasons = MALFORMED, .says = "DER" },
	{ 1, "a signature of seven bits less", .leaf = "signature=07aa80",
	    .reasons = MALFORMED, .says = "signature" },
	{ 1, "a signature of whole bytes", .leaf = "signature=00aa80" },
	{ 1, "a name that is no UTF-8", .leaf = "subject=CN=a\xff",
	    .reasons = MALFORMED, .says = "subject" },
	{ 1, "a name in UTF-8", .leaf = "subject=CN=\xc3\xbc" },
	{ 1, "a unique identifier", .leaf = "subject=unique=\x01\x02" },
	{ 1, "a common name of bits", .leaf = "subject=bits=\x01\x02",
	    .reasons = MALFORMED, .says = "subject" },
	{ 1, "half a character", .leaf = "subject=bmp=abc",
	    .reasons = MALFORMED, .says = "DER" },
	{ 1, "two characters", .leaf = "subject=bmp=abcd" },
	{ 1, "half a pair of surrogates", .leaf = "subject=bmp=\xd8\x61",
	    .reasons = MALFORMED, .says = "subject" },
	{ 1, "three quarters of a character", .leaf = "subject=universal=abc",
	    .reasons = MALFORMED, .says = "DER" },
	{ 1, "a character beyond the last", .leaf = "subject=universal=abcd",
	    .reasons = MALFORMED, .says = "subject" },
	{ 1, "a name that is a GeneralString", .leaf = "subject=general=abc",
	    .reasons = MALFORMED, .says = "subject" },
	{ 1, "numbers that are no point", .leaf = "key=#3059" P256 "034200"
	    "04" "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898"
	    "c296" "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837"
	    "bf51f4", .reasons = MALFORMED, .says = "public key" },
	{ 1, "a point that is compressed", .leaf = "key=#301a" P256
	    "0303000211", .reasons = MALFORMED, .says = "public key" },
	{ 1, "a point that is cut", .leaf = "key=#301a" P256 "0303000411",
	    .reasons = MALFORMED, .says = "public key" },
	{ 1, "no point", .leaf = "key=#3018" P256 "030100",
	    .reasons = MALFORMED, .says = "public key" },
	{ 1, "a key of Ed25519 that is cut", .leaf =
	    "key=#300a300506032b6570030100", .reasons = MALFORMED,
	    .says = "public key" },
	{ 1, "an even exponent", .leaf = "key=#301c300d0609"
	    "2a864886f70d010101" "0500" "030b00" "3008" "02020101" "02020100",
	    .reasons = MALFORMED, .says = "public key" },
	{ 1, "an exponent of 1", .leaf = "key=#301b300d0609"
	    "2a864886f70d010101" "0500" "030a00" "3007" "02020101" "020101",
	    .reasons = MALFORMED, .says = "public key" },
	{ 1, "an exponent of 3, and a short modulus", .leaf =
	    "key=#301b300d0609" "2a864886f70d010101" "0500" "030a00" "3007"
	    "02020101" "020103", .reasons = WEAK_KEY, .says = "2048" },

	{ 2, "two subjectAltNames", .leaf = "+san=dns:b.test",
	    .reasons = MALFORMED, .says = "twice" },
	{ 2, "two basicConstraints, of the root", .root = "+bc!=ca",
	    .reasons = MALFORMED, .depth = 2, .says = "twice" },
	{ 2, "two of a kind that nobody knows", .middle =
	    "+unknown=0500 +other=0500 +unknown=0500",
	    .reasons = MALFORMED, .depth = 1, .says = "twice" },
	{ 2, "two kinds that nobody knows",
	    .leaf = "unknown=0500 other=0500" },

	{ 3, "critical, and nobody knows it", .leaf = "unknown!=0500",
	    .reasons = CRITICAL, .says = "critical" },
	{ 3, "critical, of the intermediate", .middle = "unknown!=0500",
	    .reasons = CRITICAL, .depth = 1, .says = "critical" },
	{ 3, "critical, of the root", .root = "unknown!=0500",
	    .reasons = CRITICAL, .depth = 2, .says = "critical" },
	{ 3, "a critical subjectKeyIdentifier", .middle = "ski!=02",
	    .reasons = CRITICAL, .depth = 1, .says = "critical" },
	{ 3, "a critical authorityKeyIdentifier", .leaf = "aki!=id:02",
	    .reasons = CRITICAL, .says = "critical" },
	{ 3, "a proxy certificate that does not call itself critical",
	    .leaf = "proxy=300f020100300a06082b06010505071500",
	    .reasons = CRITICAL, .says = "critical" },
	{ 3, "address blocks that are not critical",
	    .middle = "addresses=300c300a040200013004" "0302000a",
	    .reasons = CRITICAL, .depth = 1, .says = "critical" },
	{ 3, "AS numbers that are not critical",
	    .root = "asnumbers=3007a0053003020101",
	    .reasons = CRITICAL, .depth = 2, .says = "critical" },
	{ 3, "critical cRLDistributionPoints", .leaf = "crl!=#30093007a005a003860161",
	    .reasons = CRITICAL, .says = "critical" },
	{ 3, "a critical authorityInfoAccess", .leaf = "aia!=0500",
	    .reasons = CRITICAL, .says = "critical" },
	{ 3, "a critical TLS feature", .leaf = "tls!=0500",
	    .reasons = CRITICAL, .says = "critical" },
	{ 3, "a critical Netscape type", .leaf = "netscape!=03020640",
	    .reasons = CRITICAL, .says = "critical" },
	{ 3, "those that may be", .leaf = "ku!=sign eku!=server "
	    "san!=dns:srv.test bc!= policies!=3005300306012a",
	    .middle = "nc!=+dns:srv.test anypolicy!=020100" },

	{ 4, "extensions in version 1", .leaf = "version=1",
	    .reasons = MALFORMED, .says = "version 3" },
	{ 4, "extensions in version 2, of the root", .root = "version=2",
	    .reasons = MALFORMED, .depth = 2, .says = "version 3" },
	{ 4, "an intermediate of version 1", .middle = "version=1 -*",
	    .reasons = NOT_CA, .depth = 1, .says = "version 3" },
	{ 4, "a leaf of version 1", .leaf = "version=1 -*" },

	{ 5, "another algorithm outside", .leaf = "outer=rsa-sha256",
	    .reasons = MALFORMED, .says = "signature algorithms" },
	{ 5, "other parameters outside", .middle =
	    "sig=rsa-sha256 outer=rsa-sha256-bare", .reasons = MALFORMED,
	    .depth = 1, .says = "signature algorithms" },
	{ 5, "another algorithm, of the root", .root = "outer=ed25519",
	    .reasons = MALFORMED, .depth = 2, .says = "signature algorithms" },
	{ 5, "the same outside", .leaf = "sig=rsa-sha256 outer=rsa-sha256" },

	{ 6, "a leaf without an issuer", .leaf = "issuer=",
	    .middle = "subject=", .reasons = MALFORMED, .says = "empty" },
	{ 6, "an intermediate without an issuer", .middle = "issuer=",
	    .root = "issuer= subject=", .reasons = MALFORMED, .depth = 1,
	    .says = "empty" },
	{ 6, "a root without an issuer", .root = "issuer=",
	    .reasons = MALFORMED, .depth = 2, .says = "empty" },
	{ 6, "a leaf without a subject", .leaf = "subject=" },

	{ 7, "an issuer in other case", .leaf = "issuer=CN=ca",
	    .reasons = UNKNOWN_ISSUER, .says = "issuer and subject" },
	{ 7, "an issuer as another type of string", .middle =
	    "issuer=cn=Root", .reasons = UNKNOWN_ISSUER, .depth = 1,
	    .says = "issuer and subject" },
	{ 7, "the same type of string", .middle = "issuer=cn=Root",
	    .root = "issuer=cn=Root subject=cn=Root" },

	{ 8, "the second after notAfter", .leaf = "until=251231235959Z",
	    .reasons = EXPIRED, .says = "the certificate has expired" },
	{ 8, "notAfter is now", .leaf = "until=260101000000Z",
	    .middle = "until=260101000000Z", .root = "until=260101000000Z" },
	{ 8, "an intermediate after notAfter", .middle =
	    "until=251231235959Z", .reasons = EXPIRED, .depth = 1,
	    .says = "of the chain has expired" },
	{ 8, "a root after notAfter", .root = "until=251231235959Z",
	    .reasons = EXPIRED, .depth = 2,
	    .says = "of the chain has expired" },
	{ 8, "the second before notBefore", .leaf = "from=260101000001Z",
	    .reasons = NOT_YET, .says = "not valid yet" },
	{ 8, "notBefore is now", .leaf = "from=260101000000Z",
	    .middle = "from=260101000000Z", .root = "from=260101000000Z" },
	{ 8, "an intermediate before notBefore", .middle =
	    "from=260101000001Z", .reasons = NOT_YET, .depth = 1,
	    .says = "not valid yet" },
	{ 8, "a root before notBefore", .root = "from=260101000001Z",
	    .reasons = NOT_YET, .depth = 2, .says = "not valid yet" },

	{ 9, "RSA with 2047 bits", .leaf = "key=rsa:2047",
	    .reasons = WEAK_KEY, .says = "2048" },
	{ 9, "RSA with 2048 bits", .leaf = "key=rsa:2048",
	    .middle = "key=rsa:2048", .root = "key=rsa:4096" },
	{ 9, "an intermediate with 1024 bits", .middle = "key=rsa:1024",
	    .reasons = WEAK_KEY, .depth = 1, .says = "2048" },
	{ 9, "a root with 1024 bits", .root = "key=rsa:1024",
	    .reasons = WEAK_KEY, .depth = 2, .says = "2048" },
	{ 9, "RSASSA-PSS with 2047 bits", .leaf = "key=pss:2047",
	    .reasons = WEAK_KEY, .says = "2048" },
	{ 9, "RSASSA-PSS with 2048 bits", .leaf = "key=pss:2048" },
	{ 9, "RSASSA-PSS for SHA-384", .leaf = "key=pss-sha384:2048" },
	{ 9, "RSASSA-PSS for SHA-1", .leaf = "key=pss-sha1:2048",
	    .reasons = WEAK_KEY, .says = "of a kind" },
	{ 9, "RSASSA-PSS with parameters that are none",
	    .leaf = "key=pss-odd:2048", .reasons = MALFORMED,
	    .says = "public key" },
	{ 9, "RSA with parameters", .leaf = "key=rsa-odd:2048",
	    .reasons = MALFORMED, .says = "public key" },
	{ 6, "a leaf without any name", .leaf = "subject= -san",
	    .for_client = 1, .reasons = MALFORMED, .says = "nobody" },
	{ 6, "a leaf with an alternative name alone", .leaf = "subject=",
	    .for_client = 1 },
	{ 6, "a leaf with a subject alone", .leaf = "-san", .for_client = 1 },
	{ 7, "a leaf that could be its own issuer",
	    .leaf = "subject=CN=CA -aki",
	    .reasons = TLSHOST_REASON_SELF_SIGNED, .says = "self-signed" },
	{ 7, "a leaf that could not, by the kind of its key",
	    .leaf = "subject=CN=CA -aki key=rsa:2048" },
	{ 7, "a leaf that could not, by its key identifier",
	    .leaf = "subject=CN=CA ski=07" },
	{ 7, "an intermediate that could be its own issuer", .middle =
	    "issuer=CN=CA -aki", .root = "subject=CN=CA issuer=CN=CA",
	    .reasons = TLSHOST_REASON_SELF_SIGNED, .depth = 1,
	    .says = "self-signed" },
	{ 9, "P-384, P-521", .leaf = "key=p384", .middle = "key=p521" },
	{ 9, "Ed25519, Ed448", .leaf = "key=ed25519", .middle = "key=ed448" },
	{ 9, "DSA", .leaf = "key=dsa", .reasons = WEAK_KEY,
	    .says = "not accepted" },
	{ 9, "X25519", .leaf = "key=x25519", .reasons = WEAK_KEY,
	    .says = "not accepted" },
	{ 9, "a curve in parameters", .leaf = "key=explicit-curve",
	    .reasons = WEAK_KEY, .says = "not accepted" },
	{ 9, "P-192", .leaf = "key=p192", .reasons = WEAK_KEY,
	    .says = "not accepted" },
	{ 10, "P-224", .leaf = "key=p224", .reasons = WEAK_KEY,
	    .says = "not accepted" },
	{ 10, "secp256k1", .middle = "key=secp256k1", .reasons = WEAK_KEY,
	    .depth = 1, .says = "not accepted" },
	{ 10, "Brainpool", .root = "key=brainpool256", .reasons = WEAK_KEY,
	    .depth = 2, .says = "not accepted" },

	{ 11, "MD2", .leaf = "sig=rsa-md2", .reasons = WEAK_SIGNATURE,
	    .says = "SHA-1" },
	{ 11, "MD4", .leaf = "sig=rsa-md4", .reasons = WEAK_SIGNATURE,
	    .says = "SHA-1" },
	{ 11, "MD5", .leaf = "sig=rsa-md5", .reasons = WEAK_SIGNATURE,
	    .says = "SHA-1" },
	{ 11, "SHA-1", .leaf = "sig=rsa-sha1", .reasons = WEAK_SIGNATURE,
	    .says = "SHA-1" },
	{ 11, "ECDSA with SHA-1, of the intermediate",
	    .middle = "sig=ecdsa-sha1", .reasons = WEAK_SIGNATURE,
	    .depth = 1, .says = "SHA-1" },
	{ 11, "DSA with SHA-1", .leaf = "sig=dsa-sha1",
	    .reasons = WEAK_SIGNATURE, .says = "SHA-1" },
	{ 11, "OIW's DSA with SHA-1", .leaf = "sig=oiw-dsa-sha1",
	    .reasons = WEAK_SIGNATURE, .says = "SHA-1" },
	{ 11, "OIW's RSA with SHA-1", .leaf = "sig=oiw-rsa-sha1",
	    .reasons = WEAK_SIGNATURE, .says = "SHA-1" },
	{ 11, "RSASSA-PSS with SHA-1", .leaf = "sig=pss-sha1",
	    .reasons = WEAK_SIGNATURE, .says = "SHA-1" },
	{ 11, "RSASSA-PSS that names no hash", .leaf = "sig=pss-default",
	    .reasons = WEAK_SIGNATURE, .says = "SHA-1" },
	{ 11, "SHA-256", .leaf = "sig=rsa-sha256",
	    .middle = "sig=pss-sha256-mgf" },
	{ 11, "RSASSA-PSS with SHA-1 for the mask", .leaf = "sig=pss-sha256",
	    .reasons = WEAK_SIGNATURE, .says = "not accepted" },
	{ 11, "an algorithm that nobody knows", .leaf = "sig=unknown",
	    .reasons = WEAK_SIGNATURE, .says = "not accepted" },
	{ 11, "the same in a root", .root = "sig=unknown" },
	{ 11, "parameters where none ought to be", .leaf = "sig=odd",
	    .reasons = MALFORMED, .says = "signature algorithm" },
	{ 11, "no parameters where some ought to be", .root = "sig=pss-odd",
	    .reasons = MALFORMED, .depth = 2, .says = "signature algorithm" },
	{ 11, "two parameters", .leaf = "sig=two",
	    .reasons = MALFORMED, .says = "signature algorithm" },
	{ 11, "SHA-1, of the root", .root = "sig=rsa-sha1" },

	{ 14, "a leaf for clients", .leaf = "eku=client", .reasons = PURPOSE,
	    .says = "TLS server" },
	{ 14, "a leaf for anything", .leaf = "eku=any", .reasons = PURPOSE,
	    .says = "TLS server" },
	{ 14, "a leaf for server-gated cryptography", .leaf = "eku=sgc",
	    .reasons = PURPOSE, .says = "TLS server" },
	{ 14, "a leaf for servers among others", .leaf = "eku=code,server" },
	{ 14, "a leaf without a purpose", .leaf = "-eku" },
	{ 14, "a client with a leaf for servers", .leaf = "eku=server",
	    .for_client = 1, .reasons = PURPOSE, .says = "TLS client" },
	{ 14, "a client with a leaf for clients", .leaf = "eku=client",
	    .for_client = 1 },
	{ 15, "an intermediate for clients", .middle = "eku=client",
	    .reasons = PURPOSE, .depth = 1, .says = "TLS server" },
	{ 15, "an intermediate for anything", .middle = "eku=any",
	    .reasons = PURPOSE, .depth = 1, .says = "TLS server" },
	{ 15, "a root for clients", .root = "eku=client",
	    .reasons = PURPOSE, .depth = 2, .says = "TLS server" },
	{ 15, "CAs for servers", .middle = "eku=server,code",
	    .root = "eku=server" },

	{ 16, "an intermediate that is no CA", .middle = "bc!=",
	    .reasons = NOT_CA, .depth = 1, .says = "no CA" },
	{ 16, "an intermediate without basicConstraints", .middle = "-bc",
	    .reasons = NOT_CA, .depth = 1, .says = "no CA" },
	{ 16, "a root without basicConstraints", .root = "-bc",
	    .reasons = NOT_CA, .depth = 2, .says = "no CA" },
	{ 16, "a root of version 1", .root = "version=1 -*",
	    .reasons = NOT_CA, .depth = 2, .says = "no CA" },
	{ 16, "CAs that say so uncritically", .middle = "bc=ca",
	    .root = "bc=ca" },

	{ 17, "a leaf that may not sign", .leaf = "ku!=encipher",
	    .reasons = PURPOSE, .says = "digital signatures" },
	{ 17, "a leaf that may sign and more", .leaf = "ku!=sign,agree" },
	{ 17, "a leaf without keyUsage", .leaf = "-ku" },
	{ 18, "an intermediate that may not sign", .middle = "ku!=crlsign",
	    .reasons = NOT_CA, .depth = 1, .says = "keyUsage" },
	{ 18, "a root that may not sign", .root = "ku!=crlsign",
	    .reasons = NOT_CA, .depth = 2, .says = "keyUsage" },
	{ 18, "CAs without keyUsage", .middle = "-ku", .root = "-ku" },

	{ 19, "a leaf that is a CA and has a purpose", .leaf = "bc!=ca",
	    .reasons = PURPOSE, .says = "CA certificate" },
	{ 19, "a leaf that is a CA and has none", .leaf = "bc!=ca -eku" },
	{ 19, "a leaf that says that it is none", .leaf = "bc!=" },

	{ 20, "one more than pathLenConstraint allows", .low = "",
	    .middle = "bc!=ca,0", .reasons = CONSTRAINT, .depth = 2,
	    .says = "pathLenConstraint" },
	{ 20, "as many as pathLenConstraint allows", .low = "bc!=ca,0",
	    .middle = "bc!=ca,1", .root = "bc!=ca,2" },
	{ 20, "one more than the root allows", .root = "bc!=ca,0",
	    .reasons = CONSTRAINT, .depth = 2, .says = "pathLenConstraint" },
	{ 20, "the leaf does not count", .middle = "bc!=ca,0" },
	{ 27, "self-issued intermediates count", .leaf =
	    "issuer=CN=CA aki=id:07", .low = "subject=CN=CA ski=07",
	    .middle = "bc!=ca,0", .reasons = CONSTRAINT, .depth = 2,
	    .says = "pathLenConstraint" },
	{ 27, "a self-issued intermediate that may be there", .leaf =
	    "issuer=CN=CA aki=id:07", .low = "subject=CN=CA ski=07",
	    .middle = "bc!=ca,1" },

	{ 21, "a permitted name", .middle = "nc!=+dns:srv.test" },
	{ 21, "a permitted name in other case", .middle =
	    "nc!=+dns:SRV.Test" },
	{ 21, "a subdomain", .middle = "nc!=+dns:test" },
	{ 21, "a subdomain, with a dot", .middle = "nc!=+dns:.test" },
	{ 21, "the domain itself, with a dot", .middle = "nc!=+dns:.srv.test",
	    .reasons = CONSTRAINT, .depth = 1, .says = "not within" },
	{ 21, "the end of a label", .middle = "nc!=+dns:rv.test",
	    .reasons = CONSTRAINT, .depth = 1, .says = "not within" },
	{ 21, "every name", .middle = "nc!=+dns:" },
	{ 21, "one of several", .middle = "nc!=+dns:a.test,+dns:srv.test" },
	{ 21, "one name of two", .leaf = "san=dns:srv.test,dns:b.test",
	    .middle = "nc!=+dns:srv.test", .reasons = CONSTRAINT, .depth = 1,
	    .says = "not within" },
	{ 21, "names of another form are permitted", .middle =
	    "nc!=+ip:7f000000ff000000" },
	{ 21, "a malformed name", .leaf = "san=dns:srv.test,dns:a..srv.test",
	    .middle = "nc!=+dns:srv.test", .reasons = CONSTRAINT, .depth = 1,
	    .says = "not within" },
	{ 21, "an excluded name", .middle = "nc!=-dns:srv.test",
	    .reasons = CONSTRAINT, .depth = 1, .says = "must not" },
	{ 21, "an excluded domain", .middle = "nc!=-dns:test",
	    .reasons = CONSTRAINT, .depth = 1, .says = "must not" },
	{ 21, "permitted and excluded", .middle =
	    "nc!=+dns:test,-dns:srv.test", .reasons = CONSTRAINT, .depth = 1,
	    .says = "must not" },
	{ 21, "excluded subdomains", .middle = "nc!=-dns:.srv.test" },
	{ 21, "all names are excluded", .middle = "nc!=-dns:",
	    .reasons = CONSTRAINT, .depth = 1, .says = "must not" },
	{ 21, "the root constrains", .root = "nc!=-dns:srv.test",
	    .reasons = CONSTRAINT, .depth = 2, .says = "must not" },
	{ 21, "a permitted address", .leaf = "san=ip:7f0000ff",
	    .middle = "nc!=+ip:7f000000ffffff00" },
	{ 21, "another address", .leaf = "san=ip:7f0001ff",
	    .middle = "nc!=+ip:7f000000ffffff00", .reasons = CONSTRAINT,
	    .depth = 1, .says = "not within" },
	{ 21, "an address of another length", .leaf =
	    "san=ip:0000000000000000000000007f000001",
	    .middle = "nc!=+ip:7f00000000000000", .reasons = CONSTRAINT,
	    .depth = 1, .says = "not within" },
	{ 21, "an excluded address", .leaf = "san=dns:srv.test,ip:7f000001",
	    .middle = "nc!=-ip:7f000001ffffffff", .reasons = CONSTRAINT,
	    .depth = 1, .says = "must not" },
	{ 21, "a mailbox at a permitted host", .leaf =
	    "san=dns:srv.test,email:a@B.test", .middle = "nc!=+email:b.test" },
	{ 21, "a mailbox at a host below", .leaf =
	    "san=dns:srv.test,email:a@c.b.test", .middle =
	    "nc!=+email:b.test", .reasons = CONSTRAINT, .depth = 1,
	    .says = "not within" },
	{ 21, "a mailbox in a domain", .leaf =
	    "san=dns:srv.test,email:a@c.b.test", .middle =
	    "nc!=+email:.b.test" },
	{ 21, "a permitted mailbox", .leaf =
	    "san=dns:srv.test,email:a@B.test", .middle =
	    "nc!=+email:a@b.test" },
	{ 21, "another mailbox", .leaf = "san=dns:srv.test,email:A@b.test",
	    .middle = "nc!=+email:a@b.test", .reasons = CONSTRAINT,
	    .depth = 1, .says = "not within" },
	{ 21, "an excluded mailbox", .leaf = "san=dns:srv.test,email:a@b.test",
	    .middle = "nc!=-email:b.test", .reasons = CONSTRAINT, .depth = 1,
	    .says = "must not" },
	{ 21, "a URI at a permitted host", .leaf =
	    "san=dns:srv.test,uri:https://u@B.test:1/p",
	    .middle = "nc!=+uri:b.test" },
	{ 21, "a URI at a host below", .leaf =
	    "san=dns:srv.test,uri:https://c.b.test", .middle =
	    "nc!=+uri:b.test", .reasons = CONSTRAINT, .depth = 1,
	    .says = "not within" },
	{ 21, "a URI in a domain", .leaf =
	    "san=dns:srv.test,uri:https://c.b.test", .middle =
	    "nc!=+uri:.b.test" },
	{ 21, "a URI without a host", .leaf = "san=dns:srv.test,uri:urn:b.test",
	    .middle = "nc!=+uri:b.test", .reasons = CONSTRAINT, .depth = 1,
	    .says = "not within" },
	{ 21, "a URI, and others are excluded", .leaf =
	    "san=dns:srv.test,uri:https://a.test/", .middle =
	    "nc!=-uri:b.test", .reasons = CONSTRAINT, .depth = 1,
	    .says = "must not" },
	{ 21, "a mailbox without a host", .leaf = "san=dns:srv.test,email:a",
	    .middle = "nc!=-email:b.test", .reasons = CONSTRAINT, .depth = 1,
	    .says = "must not" },
	{ 21, "a mailbox of two hosts", .leaf =
	    "san=dns:srv.test,email:a@b.test@c.test", .middle =
	    "nc!=+email:c.test", .reasons = CONSTRAINT, .depth = 1,
	    .says = "not within" },
	{ 21, "a mail address in the subject", .leaf =
	    "subject=email=a@b.test/CN=Leaf", .middle = "nc!=-email:b.test",
	    .reasons = CONSTRAINT, .depth = 1, .says = "must not" },
	{ 21, "a mail address in the subject within", .leaf =
	    "subject=email=a@b.test/CN=Leaf", .middle = "nc!=+email:b.test" },
	{ 21, "an excluded URI", .leaf =
	    "san=dns:srv.test,uri:https://b.test?c", .middle =
	    "nc!=-uri:b.test", .reasons = CONSTRAINT, .depth = 1,
	    .says = "must not" },
	{ 21, "a subject within", .leaf = "subject=O=Org/CN=Leaf",
	    .middle = "nc!=+dir:O=Org" },
	{ 21, "a subject that is not", .middle = "nc!=+dir:O=Org",
	    .reasons = CONSTRAINT, .depth = 1, .says = "not within" },
	{ 21, "no subject", .leaf = "subject=", .middle = "nc!=+dir:O=Org" },
	{ 21, "a directoryName that is not within", .leaf =
	    "subject=O=Org/CN=Leaf san=dns:srv.test,dir:O=Orgs",
	    .middle = "nc!=+dir:O=Org", .reasons = CONSTRAINT, .depth = 1,
	    .says = "not within" },
	{ 21, "an intermediate with another name", .middle =
	    "san=dns:b.test", .root = "nc!=+dns:srv.test",
	    .reasons = CONSTRAINT, .depth = 2, .says = "not within" },
	{ 21, "an intermediate with another subject", .leaf =
	    "subject=O=Org/CN=Leaf", .root = "nc!=+dir:O=Org",
	    .reasons = CONSTRAINT, .depth = 2, .says = "not within" },
	{ 21, "a self-issued intermediate with another name", .leaf =
	    "issuer=CN=Root", .middle = "subject=CN=Root san=dns:b.test",
	    .root = "nc!=+dns:srv.test" },
	{ 21, "a self-issued leaf with another name", .leaf =
	    "subject=CN=CA san=dns:b.test key=rsa:2048", .middle =
	    "nc!=+dns:srv.test", .reasons = CONSTRAINT, .depth = 1, .says = "not within" },

	{ 22, "a wildcard over an excluded name", .leaf = "san=dns:*.srv.test",
	    .middle = "nc!=-dns:secret.srv.test", .reasons = CONSTRAINT,
	    .depth = 1, .says = "must not" },
	{ 22, "a wildcard in an excluded domain", .leaf =
	    "san=dns:*.srv.test", .middle = "nc!=-dns:.srv.test",
	    .reasons = CONSTRAINT, .depth = 1, .says = "must not" },
	{ 22, "a wildcard that ends one label before", .leaf =
	    "san=dns:*.srv.test", .middle = "nc!=-dns:a.b.srv.test" },
	{ 22, "a wildcard beside an excluded name", .leaf =
	    "san=dns:*.srv.test", .middle = "nc!=-dns:a.other.test" },
	{ 22, "a wildcard within a permitted domain", .leaf =
	    "san=dns:*.srv.test", .middle = "nc!=+dns:srv.test" },

	{ 23, "a constrained otherName", .leaf =
	    "san=dns:srv.test,other:06012aa0020500", .middle = "nc!=+other:06012aa0020500",
	    .reasons = CONSTRAINT, .depth = 1, .says = "not processed" },
	{ 23, "a name of a form that is not constrained", .leaf =
	    "san=dns:srv.test,other:06012aa0020500,rid:2a",
	    .middle = "nc!=+dns:srv.test" },
	{ 28, "a constraint on registeredIDs", .middle = "nc!=+rid:2a",
	    .reasons = CONSTRAINT, .depth = 1, .says = "not processed" },
	{ 28, "a constraint on X.400 addresses", .middle = "nc!=-x400:3000",
	    .reasons = CONSTRAINT, .depth = 1, .says = "not processed" },
	{ 28, "a constraint on EDI names", .root = "nc!=-edi:a1040c026162",
	    .reasons = CONSTRAINT, .depth = 2, .says = "not processed" },
	{ 28, "an excluded directoryName", .middle = "nc!=-dir:O=Other",
	    .reasons = CONSTRAINT, .depth = 1, .says = "not processed" },
	{ 28, "forms that are processed", .middle =
	    "nc!=-dns:b.test,-ip:7f000000ff000000,-email:b.test,-uri:b.test" },

	{ 24, "the key identifier of another", .leaf = "aki=id:09",
	    .reasons = UNKNOWN_ISSUER, .says = "key identifiers" },
	{ 24, "the key identifier of another than the root",
	    .middle = "aki=id:02", .reasons = UNKNOWN_ISSUER, .depth = 1,
	    .says = "key identifiers" },
	{ 24, "no key identifier at the one", .leaf = "-aki" },
	{ 24, "no key identifier at the other", .middle = "-ski" },
	{ 25, "the issuer and serial number of the issuer", .leaf =
	    "aki=id:02,issuer:CN=Root,serial:01" },
	{ 25, "the serial number of another", .leaf =
	    "aki=id:02,issuer:CN=Root,serial:02", .reasons = UNKNOWN_ISSUER,
	    .says = "another issuer" },
	{ 25, "the issuer of another", .leaf =
	    "aki=id:02,issuer:CN=CA,serial:01", .reasons = UNKNOWN_ISSUER,
	    .says = "another issuer" },

	{ 26, "a Netscape type for CAs", .middle = "netscape=03020204" },
	{ 26, "a Netscape type that is not for CAs of TLS",
	    .middle = "netscape=03020102", .reasons = PURPOSE, .depth = 1,
	    .says = "Netscape" },
	{ 26, "a Netscape type for clients", .leaf = "netscape=03020780",
	    .reasons = PURPOSE, .says = "Netscape" },
	{ 26, "a Netscape type for servers", .leaf = "netscape=03020640" },
	{ 26, "a client with a Netscape type for servers", .leaf =
	    "netscape=03020640", .for_client = 1, .reasons = PURPOSE,
	    .says = "Netscape" },
	{ 26, "a client with a Netscape type for clients", .leaf =
	    "netscape=03020780", .for_client = 1 },

	{ 29, "a common name that is not permitted", .leaf =
	    "subject=CN=b.test san=ip:7f000001", .middle = "nc!=+dns:srv.test",
	    .reasons = CONSTRAINT, .depth = 1, .says = "not within" },
	{ 29, "a common name that is excluded", .leaf =
	    "subject=CN=b.test -san", .middle = "nc!=-dns:b.test",
	    .reasons = CONSTRAINT, .depth = 1, .says = "must not" },
	{ 29, "a common name that is permitted", .leaf =
	    "subject=CN=srv.test -san", .middle = "nc!=+dns:srv.test" },
	{ 29, "a common name that is no domain name", .leaf =
	    "subject=CN=Leaf -san", .middle = "nc!=+dns:srv.test",
	    .reasons = CONSTRAINT, .depth = 1, .says = "not within" },
	{ 29, "the same, and names are excluded", .leaf =
	    "subject=CN=Leaf -san", .middle = "nc!=-dns:srv.test" },
	{ 29, "two common names", .leaf =
	    "subject=CN=srv.test/CN=srv.test -san", .middle =
	    "nc!=+dns:srv.test", .reasons = CONSTRAINT, .depth = 1,
	    .says = "cannot be held" },
	{ 29, "two common names and other constraints", .leaf =
	    "subject=CN=srv.test/CN=srv.test -san", .middle =
	    "nc!=+email:srv.test" },
	{ 29, "a common name of two bytes a character", .leaf =
	    "subject=bmp=ab -san", .middle = "nc!=-dns:srv.test",
	    .reasons = CONSTRAINT, .depth = 1, .says = "cannot be held" },
	{ 29, "a mail address that is no IA5String", .leaf =
	    "subject=utf8mail=a@b.test", .middle = "nc!=-dns:a.test",
	    .reasons = CONSTRAINT, .depth = 1, .says = "cannot be held" },
	{ 29, "two mail addresses", .leaf =
	    "subject=email=a@b.test/email=b@b.test", .middle =
	    "nc!=+email:b.test", .reasons = CONSTRAINT, .depth = 1,
	    .says = "cannot be held" },
	{ 21, "a name of 256 bytes", .leaf = "san=dns:srv.test,uri:" A64 A64
	    A64 A64, .middle = "nc!=-dns:b.test", .reasons = CONSTRAINT,
	    .depth = 1, .says = "too long" },
	{ 21, "a name of 256 bytes without constraints",
	    .leaf = "san=dns:srv.test,uri:" A64 A64 A64 A64 },
	{ 29, "a common name beside a dNSName", .leaf =
	    "subject=CN=b.test", .middle = "nc!=+dns:srv.test" },

	{ 30, "critical policyConstraints", .middle = "pc!=inhibit:0",
	    .reasons = CONSTRAINT, .depth = 1, .says = "policyConstraints" },
	{ 30, "critical policyConstraints of the leaf", .leaf =
	    "pc!=inhibit:0", .reasons = CONSTRAINT,
	    .says = "policyConstraints" },
	{ 30, "critical policyConstraints of the root", .root =
	    "pc!=inhibit:0", .reasons = CONSTRAINT, .depth = 2,
	    .says = "policyConstraints" },
	{ 30, "policies that are required here", .middle = "pc=explicit:1",
	    .reasons = CONSTRAINT, .depth = 1, .says = "policies" },
	{ 30, "policies that are required below", .middle = "pc=explicit:2" },
	{ 30, "policies that are required two below", .low = "",
	    .middle = "pc=explicit:2", .reasons = CONSTRAINT, .depth = 2,
	    .says = "policies" },
	{ 30, "a self-issued intermediate does not count", .leaf =
	    "issuer=CN=CA aki=id:07", .low = "subject=CN=CA ski=07",
	    .middle = "pc=explicit:2" },
	{ 30, "policyConstraints that are not critical", .middle =
	    "pc=inhibit:0" },
};

/* Of the strict policy: whoever is not strict accepts each. */
static const rule_case strict_rules[] = {
	{ 0, "the chain as it is", .leaf = NULL },
	{ 0, "with another intermediate", .low = "" },

	{ 31, "a leaf without authorityKeyIdentifier", .leaf = "-aki",
	    .says = "authorityKeyIdentifier" },
	{ 31, "an authorityKeyIdentifier without identifier", .leaf =
	    "aki=issuer:CN=Root,serial:01", .says = "authorityKeyIdentifier" },
	{ 31, "an intermediate without authorityKeyIdentifier",
	    .middle = "-aki", .depth = 1, .says = "authorityKeyIdentifier" },
	{ 31, "an intermediate without subjectKeyIdentifier",
	    .middle = "-ski", .depth = 1, .says = "subjectKeyIdentifier" },
	{ 31, "a root without subjectKeyIdentifier", .root = "-ski",
	    .depth = 2, .says = "subjectKeyIdentifier" },
	{ 31, "an anchor of another without authorityKeyIdentifier",
	    .root = "issuer=CN=Other", .depth = 2,
	    .says = "authorityKeyIdentifier" },

	{ 32, "serial number 0", .leaf = "serial=00", .says = "serial" },
	{ 32, "a negative serial number", .middle = "serial=80", .depth = 1,
	    .says = "serial" },
	{ 32, "a serial number of 21 bytes", .root = "serial="
	    "010101010101010101010101010101010101010101", .depth = 2,
	    .says = "serial" },

	{ 33, "uncritical basicConstraints", .middle = "bc=ca", .depth = 1,
	    .says = "basicConstraints" },
	{ 33, "uncritical basicConstraints of the root", .root = "bc=ca",
	    .depth = 2, .says = "basicConstraints" },
	{ 33, "uncritical nameConstraints", .middle = "nc=+dns:srv.test",
	    .depth = 1, .says = "nameConstraints is not critical" },
	{ 33, "uncritical policyConstraints", .middle = "pc=inhibit:0",
	    .depth = 1, .says = "policyConstraints" },
	{ 33, "an uncritical subjectAltName without subject",
	    .leaf = "subject=", .says = "subjectAltName is not critical" },
	{ 33, "a critical subjectAltName with one",
	    .leaf = "san!=dns:srv.test", .says = "subjectAltName is critical" },
	{ 33, "a critical extendedKeyUsage", .leaf = "eku!=server",
	    .says = "extendedKeyUsage" },

	{ 34, "a leaf without a purpose", .leaf = "-eku",
	    .says = "no extendedKeyUsage" },
	{ 34, "a leaf for anything too", .leaf = "eku=server,any",
	    .says = "anyExtendedKeyUsage" },
	{ 34, "a root for servers", .root = "eku=server", .depth = 2,
	    .says = "root has extendedKeyUsage" },
	{ 34, "a leaf that may sign certificates", .leaf =
	    "ku!=sign,certsign", .says = "keyCertSign" },
	{ 34, "a leaf with nameConstraints", .leaf = "nc!=+dns:srv.test",
	    .says = "leaf has nameConstraints" },
	{ 34, "empty nameConstraints", .middle = "nc!=", .depth = 1,
	    .says = "nameConstraints is empty" },
	{ 34, "a constraint with a dot", .middle = "nc!=+dns:.test",
	    .depth = 1, .says = "begins with a dot" },
	{ 34, "an excluded constraint with a dot", .root =
	    "nc!=+dns:test,-dns:.b.test", .depth = 2,
	    .says = "begins with a dot" },
	{ 34, "an underscore", .leaf = "san=dns:srv.test,dns:a_b.test",
	    .says = "dNSName" },
	{ 34, "an empty label", .leaf = "san=dns:srv.test,dns:a..test",
	    .says = "dNSName" },
	{ 34, "a dot at the end", .leaf = "san=dns:srv.test.",
	    .says = "dNSName" },
	{ 34, "a label of 64 letters", .leaf = "san=dns:aaaaaaaaaaaaaaaaaaaaaa"
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.test",
	    .says = "dNSName" },
	{ 34, "RSA with 2049 bits", .leaf = "key=rsa:2049",
	    .says = "divisible by 8" },
	{ 34, "a root that identifies another", .root = "aki=id:02",
	    .depth = 2, .says = "authorityKeyIdentifier" },
	{ 34, "a root that names itself by issuer and serial number",
	    .root = "aki=id:01,issuer:CN=Root,serial:01", .depth = 2,
	    .says = "authorityKeyIdentifier" },
};

/* What just keeps the strict rules. */
static const rule_case strict_kept[] = {
	{ 31, "a root that identifies itself", .root = "aki=id:01" },
	{ 31, "an anchor of another that identifies it",
	    .root = "issuer=CN=Other aki=id:08" },
	{ 32, "a serial number of 20 bytes", .leaf = "serial="
	    "7fffffffffffffffffffffffffffffffffffffff" },
	{ 33, "critical nameConstraints", .middle = "nc!=+dns:srv.test" },
	{ 33, "a critical subjectAltName without subject",
	    .leaf = "subject= san!=dns:srv.test" },
	{ 34, "an intermediate for servers", .middle = "eku=server" },
	{ 34, "a wildcard", .leaf = "san=dns:*.srv.test" },
	{ 34, "a label of 63 letters", .leaf = "san=dns:aaaaaaaaaaaaaaaaaaaaaa"
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.test" },
	{ 34, "RSA with 2056 bits", .leaf = "key=rsa:2056" },
};

static void
chain_of_case(chain *all, const rule_case *c)
{
	*all = (chain){ .len = 0 };
	chain_add(all, leaf_base, c->low != NULL ? leaf_of_low : NULL,
	    c->leaf);
	if (c->low != NULL)
		chain_add(all, low_base, c->low, NULL);
	chain_add(all, middle_base, c->middle, NULL);
	chain_add(all, root_base, c->root, NULL);
}

static void
expect_verdict(int rule, const char *what, const tlshost__policy *policy,
    const chain *all, uint32_t reasons, int depth, const char *says)
{
	tlshost__verdict verdict = { 0, -1, "" };
	int answer = tlshost__policy_path(policy, all->path, all->len, 1,
	    &verdict);

	if (reasons == 0) {
		ck_assert_msg(answer == 0, "rule %d, %s: refused, \"%s\", at "
		    "%d", rule, what, verdict.text, (int)verdict.depth);
		return;
	}
	ck_assert_msg(answer == -1, "rule %d, %s: accepted", rule, what);
	ck_assert_msg(verdict.reasons == reasons && verdict.depth == depth &&
	    strstr(verdict.text, says) != NULL, "rule %d, %s: \"%s\" "
	    "(%s) at %d, not \"%s\" (%s) at %d", rule, what, verdict.text,
	    tlshost_reason_word((tlshost_reason)verdict.reasons),
	    (int)verdict.depth, says,
	    tlshost_reason_word((tlshost_reason)reasons), depth);
}

static tlshost__policy
policy_of(const rule_case *c, int strict)
{
	return (tlshost__policy){
		.purpose = c->for_client ? TLSHOST_ROLE_CLIENT :
		    TLSHOST_ROLE_SERVER,
		.strict = strict,
		.now = NOW,
	};
}

START_TEST(a_rule_is_kept_or_its_breach_is_named)
{
	const rule_case *c = &rules[_i];
	tlshost__policy policy = policy_of(c, 0);
	chain all;

	chain_of_case(&all, c);
	expect_verdict(c->rule, c->what, &policy, &all, c->reasons, c->depth,
	    c->says);
	chain_done(&all);
}
END_TEST

START_TEST(a_strict_rule_counts_for_the_strict_only)
{
	const rule_case *c = &strict_rules[_i];
	tlshost__policy policy = policy_of(c, 1);
	chain all;

	chain_of_case(&all, c);
	expect_verdict(c->rule, c->what, &policy, &all,
	    c->says != NULL ? TLSHOST_REASON_STRICT : 0, c->depth, c->says);
	policy.strict = 0;
	expect_verdict(c->rule, c->what, &policy, &all, 0, 0, NULL);
	chain_done(&all);
}
END_TEST

START_TEST(a_strict_rule_that_is_just_kept)
{
	const rule_case *c = &strict_kept[_i];
	tlshost__policy policy = policy_of(c, 1);
	chain all;

	chain_of_case(&all, c);
	expect_verdict(c->rule, c->what, &policy, &all, 0, 0, NULL);
	chain_done(&all);
}
END_TEST

/* In a path the certificate below would be refused before. */
START_TEST(a_ca_without_a_subject_is_refused)
{
	const tlshost__policy policy = { TLSHOST_ROLE_SERVER, 0, NOW };
	link one;

	link_init(&one, middle_base, NULL, NULL);
	ck_assert_int_eq(tlshost__policy_intermediate(&policy, &one.cert), 0);
	free(one.der.data);
	link_init(&one, middle_base, "subject=", NULL);
	ck_assert_int_eq(tlshost__policy_intermediate(&policy, &one.cert), -1);
	free(one.der.data);
}
END_TEST

/* ------------------------------------------------------------------------
 * A leaf that is itself an anchor
 */

static const struct {
	const char *what, *change;
	int strict;
	uint32_t reasons;
	const char *says;
} pinned[] = {
	{ "as it is", "", 0, 0, NULL },
	{ "self-signed", "issuer=CN=Leaf -aki", 0, 0, NULL },
	{ "self-signed and a CA with a purpose",
	    "issuer=CN=Leaf -aki bc!=ca", 0, 0, NULL },
	{ "self-signed and a CA without",
	    "issuer=CN=Leaf -aki bc!=ca -eku", 0, 0, NULL },
	{ "without a purpose", "-eku", 0, 0, NULL },
	{ "without an issuer", "issuer=", 0, 0, NULL },
	{ "of version 1", "version=1 -*", 0, 0, NULL },
	{ "signed with SHA-1", "sig=rsa-sha1", 0, 0, NULL },
	{ "for clients", "eku=client", 0, PURPOSE, "TLS server" },
	{ "that may not sign", "ku!=encipher", 0, PURPOSE, "keyUsage" },
	{ "expired", "until=251231235959Z", 0, EXPIRED, "the certificate" },
	{ "not valid yet", "from=260101000001Z", 0, NOT_YET, "yet" },
	{ "with a weak key", "key=rsa:1024", 0, WEAK_KEY, "2048" },
	{ "with a critical extension", "unknown!=00", 0, CRITICAL, "known" },
	{ "with a Netscape type for clients", "netscape=03020780", 0, PURPOSE,
	    "Netscape" },
	{ "with critical policyConstraints", "pc!=inhibit:0", 0, CONSTRAINT,
	    "policyConstraints" },
	{ "malformed", "san=", 0, MALFORMED, "subjectAltName" },
	{ "self-signed, strictly", "issuer=CN=Leaf -aki", 1, 0, NULL },
	{ "a CA, strictly", "issuer=CN=Leaf -aki bc!=ca", 1,
	    TLSHOST_REASON_STRICT, "CA certificate" },
	{ "without a purpose, strictly", "-eku", 1, TLSHOST_REASON_STRICT,
	    "extendedKeyUsage" },
};

START_TEST(a_pinned_leaf_is_judged_as_a_leaf_that_needs_no_issuer)
{
	const tlshost__policy policy = { TLSHOST_ROLE_SERVER,
	    pinned[_i].strict, NOW };
	chain all = { .len = 0 };

	chain_add(&all, leaf_base, pinned[_i].change, NULL);
	expect_verdict(0, pinned[_i].what, &policy, &all, pinned[_i].reasons,
	    0, pinned[_i].says);
	chain_done(&all);
}
END_TEST

/* ------------------------------------------------------------------------
 * The name of the peer: rules 12 and 13
 */

static const struct {
	int rule;
	const char *change, *name;
	int matches;
} names[] = {
	{ 12, "", "srv.test", 1 },
	{ 12, "san=dns:SRV.Test", "srv.test", 1 },
	{ 12, "san=dns:a.test,dns:srv.test", "srv.test", 1 },
	{ 12, "subject=CN=srv.test -san", "srv.test", 0 },
	{ 12, "subject=CN=srv.test san=dns:a.test", "srv.test", 0 },
	{ 12, "san=dns:*.srv.test", "a.srv.test", 1 },
	{ 12, "san=dns:*.srv.test", "a.b.srv.test", 0 },
	{ 12, "san=dns:*.srv.test", "srv.test", 0 },
	{ 12, "san=dns:*.test", "srv.test", 0 },
	{ 12, "san=dns:a*.srv.test", "ab.srv.test", 0 },
	{ 12, "san=uri:srv.test", "srv.test", 0 },
	{ 12, "san=email:srv.test", "srv.test", 0 },
	{ 13, "san=ip:7f000001", "127.0.0.1", 1 },
	{ 13, "san=ip:7f000002", "127.0.0.1", 0 },
	{ 13, "san=ip:00000000000000000000ffff7f000001", "127.0.0.1", 0 },
	{ 13, "san=ip:7f000001", "::ffff:127.0.0.1", 0 },
	{ 13, "san=ip:00000000000000000000ffff7f000001", "::ffff:127.0.0.1",
	    1 },
	{ 13, "san=dns:127.0.0.1", "127.0.0.1", 0 },
	{ 13, "subject=CN=127.0.0.1 -san", "127.0.0.1", 0 },
};

START_TEST(only_the_subjectaltname_names_the_peer)
{
	tlshost__peer_name name;
	const char *problem;
	link leaf;

	link_init(&leaf, leaf_base, names[_i].change, NULL);
	assert_status(tlshost__peer_name_parse(names[_i].name, &name,
	    &problem), TLSHOST_OK);
	ck_assert_msg(tlshost__cert_matches_name(&leaf.cert, &name) ==
	    names[_i].matches, "rule %d: \"%s\" for %s", names[_i].rule,
	    names[_i].change, names[_i].name);
	free(leaf.der.data);
}
END_TEST

/* ------------------------------------------------------------------------
 * Bounds
 */

static const rule_case bounds[] = {
	/* The subject has a name too. */
	{ 0, "1,024 names", .leaf = "san=many:1023" },
	{ 0, "1,025 names", .leaf = "san=many:1024", .reasons = LIMIT,
	    .says = "1024 names" },
	{ 0, "1,025 names of an intermediate", .middle = "san=many:1024",
	    .reasons = LIMIT, .depth = 1, .says = "1024 names" },
	{ 0, "1,024 constraints", .leaf = "san=many:1",
	    .middle = "nc!=+many:1024" },
	{ 0, "1,025 constraints", .leaf = "san=many:1",
	    .middle = "nc!=+many:1025", .reasons = LIMIT, .depth = 1,
	    .says = "1024 name constraints" },
	{ 0, "65,536 pairs", .leaf = "san=many:255",
	    .middle = "nc!=+many:256" },
	{ 0, "65,792 pairs", .leaf = "san=many:255",
	    .middle = "nc!=+many:257", .reasons = LIMIT,
	    .says = "so many constraints" },
	/* 256 names, and then 257 with the subject of the intermediate. */
	{ 0, "65,407 pairs in two places", .leaf = "san=many:255",
	    .middle = "nc!=-others:128", .root = "nc!=-others:127" },
	{ 0, "65,664 pairs in two places", .leaf = "san=many:255",
	    .middle = "nc!=-others:128", .root = "nc!=-others:128",
	    .reasons = LIMIT, .says = "so many constraints" },
};

START_TEST(a_bound_can_be_reached_but_not_passed)
{
	const tlshost__policy policy = policy_of(&bounds[_i], 0);
	chain all;

	chain_of_case(&all, &bounds[_i]);
	expect_verdict(0, bounds[_i].what, &policy, &all, bounds[_i].reasons,
	    bounds[_i].depth, bounds[_i].says);
	chain_done(&all);
}
END_TEST

/* Twins, and so malformed in any number. */
START_TEST(a_certificate_has_64_extensions_at_most)
{
	char words[65 * 16] = "-* ";
	link leaf;

	for (int i = 1; i <= 65; i++) {
		snprintf(words + strlen(words), sizeof(words) - strlen(words),
		    "+unknown=00 ");
		if (i < 64)
			continue;
		link_init(&leaf, leaf_base, words, NULL);
		ck_assert_uint_eq(leaf.cert.flaws, i == 64 ? MALFORMED :
		    MALFORMED | LIMIT);
		free(leaf.der.data);
	}
}
END_TEST

START_TEST(a_certificate_has_64_kib_at_most)
{
	char filler[32];
	size_t base;
	link leaf;

	link_init(&leaf, leaf_base, "filler=60000", NULL);
	base = leaf.der.len - 60000;
	free(leaf.der.data);
	for (size_t over = 0; over < 2; over++) {
		snprintf(filler, sizeof(filler), "filler=%zu",
		    65536 + over - base);
		link_init(&leaf, leaf_base, filler, NULL);
		ck_assert_uint_eq(leaf.der.len, 65536 + over);
		ck_assert_ptr_null(leaf.cert.flaw_text);
		ck_assert_int_eq(tlshost__cert_bounds(&leaf.cert) != NULL,
		    over != 0);
		free(leaf.der.data);
	}
}
END_TEST

static const struct {
	const char *what;
	size_t count, len, last;         /* last: bytes of the last one */
	int depth, accepted;             /* depth if not */
} presented[] = {
	{ "64 certificates", 64, 1, 1, 0, 1 },
	{ "65 certificates", 65, 1, 1, -1, 0 },
	{ "one of 64 KiB", 1, 0, 65536, 0, 1 },
	{ "one of a byte more", 1, 0, 65537, 0, 0 },
	{ "100 KiB together", 2, 65536, 102400 - 65536, 0, 1 },
	{ "100 KiB and a byte together", 2, 65536, 102401 - 65536, 1, 0 },
	{ "SIZE_MAX bytes behind another", 2, 1, SIZE_MAX, 1, 0 },
	{ "none", 0, 0, 0, 0, 1 },
};

START_TEST(what_is_presented_is_bounded_before_it_is_read)
{
	struct tlshost_bytes sent[80];
	tlshost__verdict verdict = { 0, 0, "" };
	int answer;

	for (size_t i = 0; i < presented[_i].count; i++)
		sent[i] = (struct tlshost_bytes){ NULL,
		    i + 1 == presented[_i].count ? presented[_i].last :
		    presented[_i].len };
	answer = tlshost__bounds_check(sent, presented[_i].count, &verdict);
	ck_assert_msg(answer == (presented[_i].accepted ? 0 : -1), "%s",
	    presented[_i].what);
	if (presented[_i].accepted)
		return;
	ck_assert_uint_eq(verdict.reasons, LIMIT);
	ck_assert_int_eq(verdict.depth, presented[_i].depth);
}
END_TEST

/* Leaf, so many intermediates, anchor. */
static void
long_chain(chain *all, int intermediates)
{
	char words[128];

	*all = (chain){ .len = 0 };
	chain_add(all, leaf_base, "issuer=CN=1 -aki", NULL);
	for (int i = 1; i <= intermediates; i++) {
		snprintf(words, sizeof(words), "subject=CN=%d issuer=CN=%d "
		    "-aki -ski", i, i + 1);
		chain_add(all, middle_base, words, NULL);
	}
	snprintf(words, sizeof(words), "subject=CN=%d issuer=CN=%d",
	    intermediates + 1, intermediates + 1);
	chain_add(all, root_base, words, NULL);
}

START_TEST(a_path_has_ten_intermediates_at_most)
{
	const tlshost__policy policy = { TLSHOST_ROLE_SERVER, 0, NOW };
	chain all;

	long_chain(&all, 10);
	expect_verdict(0, "ten", &policy, &all, 0, 0, NULL);
	chain_done(&all);
	long_chain(&all, 11);
	expect_verdict(0, "eleven", &policy, &all, LIMIT, -1, "too long");
	chain_done(&all);
	expect_verdict(0, "none at all", &policy, &all, LIMIT, -1, "");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("policy");
	TCase *tcase = tcase_create("policy");

	tcase_add_loop_test(tcase, a_rule_is_kept_or_its_breach_is_named, 0,
	    LEN(rules));
	tcase_add_loop_test(tcase, a_strict_rule_counts_for_the_strict_only, 0,
	    LEN(strict_rules));
	tcase_add_loop_test(tcase, a_strict_rule_that_is_just_kept, 0,
	    LEN(strict_kept));
	tcase_add_test(tcase, a_ca_without_a_subject_is_refused);
	tcase_add_loop_test(tcase,
	    a_pinned_leaf_is_judged_as_a_leaf_that_needs_no_issuer, 0,
	    LEN(pinned));
	tcase_add_loop_test(tcase, only_the_subjectaltname_names_the_peer, 0,
	    LEN(names));
	tcase_add_loop_test(tcase, a_bound_can_be_reached_but_not_passed, 0,
	    LEN(bounds));
	tcase_add_test(tcase, a_certificate_has_64_extensions_at_most);
	tcase_add_test(tcase, a_certificate_has_64_kib_at_most);
	tcase_add_loop_test(tcase,
	    what_is_presented_is_bounded_before_it_is_read, 0,
	    LEN(presented));
	tcase_add_test(tcase, a_path_has_ten_intermediates_at_most);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}

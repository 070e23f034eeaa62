/* SPDX-License-Identifier: MIT */
/* A certificate, read once (RFC 5280, 4.1): views into its DER. */
#ifndef TLSHOST_X509_H
#define TLSHOST_X509_H

#include "der.h"
#include "name.h"

typedef enum tlshost__extension_kind {
	TLSHOST__EXT_KEY_USAGE,
	TLSHOST__EXT_BASIC_CONSTRAINTS,
	TLSHOST__EXT_EXTENDED_KEY_USAGE,
	TLSHOST__EXT_SUBJECT_ALT_NAME,
	TLSHOST__EXT_ISSUER_ALT_NAME,
	TLSHOST__EXT_NAME_CONSTRAINTS,
	TLSHOST__EXT_SUBJECT_KEY_ID,
	TLSHOST__EXT_AUTHORITY_KEY_ID,
	TLSHOST__EXT_POLICIES,
	TLSHOST__EXT_POLICY_MAPPINGS,
	TLSHOST__EXT_POLICY_CONSTRAINTS,
	TLSHOST__EXT_CRL_POINTS,
	TLSHOST__EXT_NETSCAPE_TYPE,
	TLSHOST__EXT_INHIBIT_ANY_POLICY,
	TLSHOST__EXT_ADDRESSES,          /* RFC 3779 */
	TLSHOST__EXT_AS_NUMBERS,
	TLSHOST__EXT_PROXY,              /* RFC 3820 */
	TLSHOST__EXT_KINDS
} tlshost__extension_kind;

typedef struct tlshost__extension {
	int present, critical;
	tlshost__der value;              /* inside of the OCTET STRING */
} tlshost__extension;

typedef enum tlshost__key_kind {
	TLSHOST__KEY_OTHER,
	TLSHOST__KEY_RSA,
	TLSHOST__KEY_EC,
	TLSHOST__KEY_ED
} tlshost__key_kind;

/* Bits of keyUsage, RFC 5280, 4.2.1.3, first bit first. */
#define TLSHOST__KU_DIGITAL_SIGNATURE 0x8000u
#define TLSHOST__KU_KEY_ENCIPHERMENT 0x2000u
#define TLSHOST__KU_CERT_SIGN 0x0400u

/* Purposes of extendedKeyUsage, as bits. */
#define TLSHOST__EKU_SERVER 1u
#define TLSHOST__EKU_CLIENT 2u
#define TLSHOST__EKU_ANY 4u

typedef struct tlshost__cert {
	const uint8_t *der;              /* borrowed */
	size_t len;
	uint32_t version;                /* 1, 2, 3 */
	tlshost__der serial, issuer, subject, key; /* whole elements */
	int64_t not_before, not_after;
	tlshost__key_kind key_kind;
	unsigned int key_bits;
	int key_pss;                     /* RSA, for RSASSA-PSS alone */
	uint8_t key_hash;                /* and for this hash alone; 0: any */
	int key_allowed;                 /* a curve, a kind that is accepted */
	/* What key can have made the signature; OTHER: not known.  Of an Edwards
	 * curve with its bits. */
	tlshost__key_kind signature_kind;
	unsigned int signature_bits;
	int signature_pss;
	uint8_t signature_hash;          /* if it is that */
	int signature_known;             /* 0: of an algorithm nobody may use */
	int signature_weak;
	tlshost__extension extensions[TLSHOST__EXT_KINDS];
	uint32_t key_usage;              /* if there */
	uint32_t eku;                    /* if there */
	int ca;
	int has_path_len;
	uint32_t path_len;
	uint32_t netscape_type;
	tlshost__der subject_key_id, authority_key_id; /* data NULL: none */
	tlshost__der authority_issuer, authority_serial;
	uint32_t explicit_policy;        /* UINT32_MAX: not required */
	size_t names;                    /* SAN entries, subject attributes */
	size_t subtrees;
	int other_names;                 /* a name of a form not processed */
	int unknown_critical;
	uint32_t flaws;                  /* reasons, of this certificate alone */
	const char *flaw_text;           /* of the first; NULL: none */
} tlshost__cert;

/*
 * 0: a certificate in strict DER; rules that it breaks are in flaws.  -1: it
 * is none, and flaw_text says why.
 */
int tlshost__cert_parse(tlshost__cert *ret_cert, const uint8_t *der, size_t len);

/* Is the issuer's key one that the signature can have been made with? */
int tlshost__cert_can_have_signed(const tlshost__cert *issuer,
    const tlshost__cert *cert);

/* Adds a reason to flaws; the first text is the one that is kept. */
void tlshost__cert_flaw(tlshost__cert *cert, uint32_t reason, const char *text);

/* Takes the next GeneralName of a SAN: its tag and content.  0: the end. */
int tlshost__cert_next_name(tlshost__der *names, uint8_t *ret_tag,
    tlshost__der *ret_name);
/* The SAN's content, empty if there is none. */
tlshost__der tlshost__cert_names(const tlshost__cert *cert);
/* RFC 9525, 6.3 and 6.5. */
int tlshost__cert_matches_name(const tlshost__cert *leaf,
    const tlshost__peer_name *name);
/* RFC 9525: a pattern of one certificate against one host name. */
int tlshost__dns_matches(const tlshost__der *pattern, const char *name);

#endif

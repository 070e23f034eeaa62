/* SPDX-License-Identifier: MIT */
/*
 * Claims about every backend, one named test each, in groups.  A claim holds
 * for the pair client_backend and server_backend; what only one side does is
 * claimed of the client's, unless it is about servers.
 */
#ifndef TESTS_CLAIMS_H
#define TESTS_CLAIMS_H

#include "pair.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))

/* What a claim that is made several times is called at its ith. */
typedef const char *(*claim_namer)(int i);

TCase *claim_group(Suite *suite, const char *name);
/* One whose claims find the backends themselves. */
TCase *claim_group_alone(Suite *suite, const char *name);
void add_claim(TCase *group, const TTest *test);
/* As many claims, called "name: namer(i)". */
void add_claims(TCase *group, const TTest *test, int count, claim_namer namer);

/* For TLS 1.2 and 1.3; _i indexes both. */
extern const tlshost_version versions[2];
const char *version_of(int i);
/* As add_claims, of claims about versions[i % 2]: where the two backends do not
 * both have that version, what is claimed is that it is refused by name. */
void add_versions(TCase *group, const TTest *test, int count,
    claim_namer namer);
#define ADD_BOTH(test) add_versions(group, test, 2, version_of)

/* Loads both; a group that is not alone has it done. */
void find_backends(void);
/* Known before any claim is made, without a backend in this process. */
int both_have(tlshost_version version);
int look_at_backends(void);
/* Runs in a child, with both backends, what fills up to cap bytes and returns
 * how many; -1: it failed. */
typedef size_t (*looker)(void *dst, size_t cap);
long look_in_child(looker look, void *dst, size_t cap);

int backend_can(tlshost_backend *backend, tlshost_capability capability);
int backend_has_suite(tlshost_backend *backend, uint16_t id);
int backend_has_version(tlshost_backend *backend, tlshost_version version);
/* Both could negotiate the suite with the certificate "rsa" or "ecdsa". */
int suite_fits(uint16_t id, const char *certificate, tlshost_version version);

/* A handshake that ends as told; on the client's side also where TLS 1.3 tells
 * the client only with its next read. */
void handshake_ends(const setup *s, tlshost_status client,
    tlshost_status server, pair *ret_pair);

/* Which claims are made: those with the word in "group: name"; NULL: all.  Or
 * their names are printed and none is made. */
extern const char *claim_word;
extern int claims_listed;

void breach_claims(Suite *suite);
void config_claims(Suite *suite);
void data_claims(Suite *suite);
void end_claims(Suite *suite);
void file_claims(Suite *suite);
void handshake_claims(Suite *suite);
void key_claims(Suite *suite);
void name_claims(Suite *suite);
void peer_claims(Suite *suite);
void process_claims(Suite *suite);
void retry_claims(Suite *suite);
void socket_claims(Suite *suite);
void verify_claims(Suite *suite);

#endif

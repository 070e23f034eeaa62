/* SPDX-License-Identifier: MIT */
/*
 * The certificate policy: whatever parses as a certificate is judged, as a leaf
 * below itself, for every purpose, and its names are compared.
 */
#include "config.h"

#include <stdint.h>

#include "name.h"
#include "policy.h"
#include "x509.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	tlshost__policy policy = { TLSHOST_ROLE_SERVER, 0, 1700000000 };
	const tlshost__cert *path[2];
	tlshost__peer_name name;
	tlshost__cert cert;
	tlshost__verdict verdict;
	const char *problem;

	if (tlshost__cert_parse(&cert, data, len) != 0)
		return 0;
	path[0] = path[1] = &cert;
	for (int i = 0; i < 4; i++) {
		policy.purpose = i & 1 ? TLSHOST_ROLE_CLIENT :
		    TLSHOST_ROLE_SERVER;
		policy.strict = i >> 1;
		tlshost__policy_path(&policy, path, 2, i & 1, &verdict);
		tlshost__policy_path(&policy, path, 1, 0, &verdict);
	}
	if (tlshost__peer_name_parse("www.example.com", &name,
	    &problem) == TLSHOST_OK)
		tlshost__cert_matches_name(&cert, &name);
	return 0;
}

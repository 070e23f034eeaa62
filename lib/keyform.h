/* SPDX-License-Identifier: MIT */
/*
 * What a private key needs of a library besides its kind: forms that not every
 * library reads, told by what is not encrypted.
 */
#ifndef TLSHOST_KEYFORM_H
#define TLSHOST_KEYFORM_H

#include "tlshost.h"

/*
 * *ret_form: in words, what a backend without these capabilities cannot read,
 * "keys that ..."; NULL: there is nothing.  Returns 0, or -1: out of memory.
 */
int tlshost__key_form(const tlshost_private_key *key, uint64_t lacks,
    const char **ret_form);

#endif

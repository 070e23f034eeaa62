/* SPDX-License-Identifier: MIT */
/* The names in certificates (RFC 5280, 4.1.2.4 and 4.2.1.6). */
#ifndef TLSHOST_GENERAL_NAME_H
#define TLSHOST_GENERAL_NAME_H

#include "der.h"

/* A Name, whole; counts its attributes, too. */
int tlshost__name_valid(tlshost__der name, size_t *count);
/* The attributes of a RelativeDistinguishedName: the content of the SET. */
int tlshost__relative_name_valid(tlshost__der set, size_t *count);
/* 1: it has no attributes. */
int tlshost__name_is_empty(const tlshost__der *name);

/* A GeneralName, by its tag and content: of a certificate, or in a constraint,
 * where a name may be empty and an address has a mask. */
int tlshost__general_name_valid(uint8_t tag, const tlshost__der *name,
    int constraint);
/* The content of GeneralNames: one at least. */
int tlshost__general_names_valid(tlshost__der names);

#endif

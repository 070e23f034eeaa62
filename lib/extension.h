/* SPDX-License-Identifier: MIT */
#ifndef TLSHOST_EXTENSION_H
#define TLSHOST_EXTENSION_H

#include "x509.h"

/*
 * Reads the extensions of a certificate (RFC 5280, 4.2), from behind the
 * explicit tag 3.  What is wrong with one of them becomes a flaw of cert.  0:
 * they are no extensions at all.
 */
int tlshost__extensions_parse(tlshost__cert *cert, tlshost__der tagged);

#endif

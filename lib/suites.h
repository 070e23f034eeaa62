/* SPDX-License-Identifier: MIT */
/*
 * Which of its suites a server can finish a handshake with: by what its
 * certificates are for, and by what the client takes besides suites.
 */
#ifndef TLSHOST_SUITES_H
#define TLSHOST_SUITES_H

#include "tlshost-plugin.h"
#include "tlshost.h"

/* What the leaf certificates of a configuration can do, as bits; all of them, if
 * one cannot be read here. */
unsigned int tlshost__leaf_kinds(const tlshost_config *config);
/* 0: no such certificate is for the suite. */
int tlshost__suite_served(uint16_t id, unsigned int kinds);

/* A host service; see tlshost-plugin.h. */
size_t tlshost__link_suites(tlshost_link *link, uint32_t *ret_version,
    uint16_t *ids, size_t cap);

#endif

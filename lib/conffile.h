/* SPDX-License-Identifier: MIT */
/* tlshost.conf: the administrator's word on backends. */
#ifndef TLSHOST_CONFFILE_H
#define TLSHOST_CONFFILE_H

#include "tlshost.h"

/* A list of names: TLS_BACKEND, "order", "disable".  Starts as { 0 }. */
typedef struct tlshost__names {
	char **names;                    /* "*" stands for the default order */
	size_t len, cap;
} tlshost__names;

void tlshost__names_done(tlshost__names *names);
/*
 * "gnutls, openssl, *": spaces around the commas do not count.  star: is "*"
 * allowed, at the end?  OK, NO_MEMORY, or BAD_CONFIG: *ret_problem says why.
 */
tlshost_status tlshost__names_parse(const char *text, size_t len, int star,
    tlshost__names *ret_names, const char **ret_problem);
int tlshost__names_have(const tlshost__names *names, const char *name);

typedef struct tlshost__conffile {
	tlshost__names order, disable;
} tlshost__conffile;

void tlshost__conffile_done(tlshost__conffile *file);
/* A missing file is an empty one.  OK, NO_MEMORY, BAD_CONFIG: it cannot be
 * read, or is malformed (with the line). */
tlshost_status tlshost__conffile_read(const char *path,
    tlshost__conffile *ret_file, tlshost_error **ret_error);
/* Where it is; tests put it elsewhere. */
extern const char *tlshost__conffile_path;

#endif

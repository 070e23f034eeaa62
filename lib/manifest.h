/* SPDX-License-Identifier: MIT */
/* The manifest of a plugin: an ELF note, read without loading anything. */
#ifndef TLSHOST_MANIFEST_H
#define TLSHOST_MANIFEST_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Why a file is not used: a stable word and what it stands for. */
#define TLSHOST__SKIP_MAP(X)                                                  \
	X(NONE, "", "")                                                       \
	X(UNREADABLE, "unreadable", "the file cannot be read")                \
	X(NOT_ELF, "not-elf", "the file is no ELF shared object")             \
	X(WRONG_MACHINE, "wrong-machine", "the file is for another machine")  \
	X(TRUNCATED, "truncated", "the file is cut off")                      \
	X(NO_MANIFEST, "no-manifest", "the file has no manifest")             \
	X(BAD_MANIFEST, "bad-manifest", "the manifest is malformed")          \
	X(ABI_MAJOR, "abi-major", "the plugin has another ABI")               \
	X(ABI_MINOR, "abi-minor", "the plugin needs a newer host")            \
	X(SHADOWED, "shadowed", "another file has that name already")         \
	X(DISABLED, "disabled", "tlshost.conf disables it")                   \
	X(INSECURE_PERMISSIONS, "insecure-permissions",                       \
	    "others than root may change it")                                 \
	X(LOAD_FAILED, "load-failed", "dlopen failed")                        \
	X(NO_ENTRY, "no-entry", "there is no entry point")                    \
	X(ENTRY_REFUSED, "entry-refused", "the entry point refused")          \
	X(BAD_TABLE, "bad-table", "the table of functions is incomplete")     \
	X(NAME_MISMATCH, "name-mismatch",                                     \
	    "the plugin has another name than its manifest")                  \
	X(VERSION_MISMATCH, "version-mismatch",                               \
	    "the plugin has another version than its manifest")               \
	X(LIBRARY_MISMATCH, "library-mismatch",                               \
	    "the plugin has another library than its manifest")               \
	X(ROLES_MISMATCH, "roles-mismatch",                                   \
	    "the plugin has other roles than its manifest")                   \
	X(INIT_FAILED, "init-failed", "the TLS library cannot be used")       \
	X(NO_MEMORY, "no-memory", "out of memory")

typedef enum tlshost__skip {
#define X(name, word, text) TLSHOST__SKIP_##name,
	TLSHOST__SKIP_MAP(X)
#undef X
} tlshost__skip;

const char *tlshost__skip_word(tlshost__skip skip);
const char *tlshost__skip_text(tlshost__skip skip);

typedef struct tlshost__manifest {
	uint32_t abi_major, abi_minor;
	int32_t priority;
	char *text;                      /* key=value, each ended by NUL */
	size_t len;
	unsigned int roles;
} tlshost__manifest;

/* Reads cap bytes at offset; how many, or -1. */
typedef ssize_t (*tlshost__read_at)(void *source, void *dst, size_t cap,
    uint64_t offset);

/*
 * Reads the manifest of a file of that size.  NONE: *ret_manifest is set, its
 * text is the caller's to free; else why there is none.
 */
tlshost__skip tlshost__manifest_read(tlshost__read_at read_at, void *source,
    uint64_t size, tlshost__manifest *ret_manifest);
/* The value of a key, NULL: it is not there. */
const char *tlshost__manifest_value(const tlshost__manifest *manifest,
    const char *key);
/* 1 to 32 of a-z 0-9 _ -, the first a letter. */
int tlshost__backend_name_valid(const char *name, size_t len);

#endif

/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <elf.h>
#include <link.h>

#include "manifest.h"
#include "mem.h"
#include "tlshost-plugin.h"
#include "utf8.h"

#define SEGMENTS_MAX 128
#define NOTES_MAX ((size_t)65536)
#define TEXT_MAX ((size_t)8192)

const char *
tlshost__skip_word(tlshost__skip skip)
{
	switch (skip) {
#define X(name, word, text) case TLSHOST__SKIP_##name: return word;
	TLSHOST__SKIP_MAP(X)
#undef X
	}
	return "unknown";
}

const char *
tlshost__skip_text(tlshost__skip skip)
{
	switch (skip) {
#define X(name, word, text) case TLSHOST__SKIP_##name: return text;
	TLSHOST__SKIP_MAP(X)
#undef X
	}
	return "unknown";
}

int
tlshost__backend_name_valid(const char *name, size_t len)
{
	if (len < 1 || len > 32 || name[0] < 'a' || name[0] > 'z')
		return 0;
	for (size_t i = 0; i < len; i++)
		if (!((name[i] >= 'a' && name[i] <= 'z') ||
		    (name[i] >= '0' && name[i] <= '9') || name[i] == '_' ||
		    name[i] == '-'))
			return 0;
	return 1;
}

const char *
tlshost__manifest_value(const tlshost__manifest *manifest, const char *key)
{
	size_t len = strlen(key);

	if (manifest->text == NULL)
		return NULL;
	for (const char *at = manifest->text;
	    at < manifest->text + manifest->len; at += strlen(at) + 1)
		if (strncmp(at, key, len) == 0 && at[len] == '=')
			return at + len + 1;
	return NULL;
}

/* ------------------------------------------------------------------------
 * The text
 */

/* UTF-8, and nothing that a terminal would obey: C0, DEL, C1. */
static int
text_valid(const char *text, size_t len)
{
	const uint8_t *at = (const uint8_t *)text;

	while (len != 0) {
		size_t step = tlshost__utf8_len(at, len);

		if (step == 0 || (at[0] != 0 && at[0] < 0x20) ||
		    at[0] == 0x7f || (at[0] == 0xc2 && at[1] < 0xa0))
			return 0;
		at += step;
		len -= step;
	}
	return 1;
}

static int
count_key(const tlshost__manifest *manifest, const char *key)
{
	size_t len = strlen(key);
	int count = 0;

	for (const char *at = manifest->text;
	    at < manifest->text + manifest->len; at += strlen(at) + 1)
		if (strncmp(at, key, len) == 0 && at[len] == '=')
			count++;
	return count;
}

static int
parse_roles(const char *text, unsigned int *ret_roles)
{
	unsigned int roles = 0, role;

	while (*text != '\0') {
		size_t len = strcspn(text, ",");

		if (len != 6)
			return 0;
		if (strncmp(text, "client", 6) == 0)
			role = TLSHOST_ROLE_CLIENT;
		else if (strncmp(text, "server", 6) == 0)
			role = TLSHOST_ROLE_SERVER;
		else
			return 0;
		if ((roles & role) != 0)
			return 0;
		roles |= role;
		text += len;
		if (*text == ',' && *++text == '\0')
			return 0;
	}
	*ret_roles = roles;
	return roles != 0;
}

static int
check_text(tlshost__manifest *manifest)
{
	static const char *const required[] = { "name", "version", "library",
	    "roles" };
	const char *name;

	if (!text_valid(manifest->text, manifest->len))
		return 0;
	for (size_t i = 0; i < TLSHOST__ARRAY_LEN(required); i++)
		if (count_key(manifest, required[i]) != 1 ||
		    *tlshost__manifest_value(manifest, required[i]) == '\0')
			return 0;
	for (const char *at = manifest->text;
	    at < manifest->text + manifest->len; at += strlen(at) + 1)
		if (*at == '=' || strchr(at, '=') == NULL)
			return 0;
	name = tlshost__manifest_value(manifest, "name");
	return tlshost__backend_name_valid(name, strlen(name)) &&
	    parse_roles(tlshost__manifest_value(manifest, "roles"),
	    &manifest->roles);
}

/* ------------------------------------------------------------------------
 * The note
 */

/* The head of ABI 0.1; members that came later may be missing. */
#define HEAD_MIN \
	(offsetof(struct tlshost_plugin_note_head, flags) + sizeof(uint32_t))

static tlshost__skip
parse_descriptor(const uint8_t *data, size_t len, tlshost__manifest *manifest)
{
	struct tlshost_plugin_note_head head = { 0 };
	size_t text_len;

	if (len < HEAD_MIN)
		return TLSHOST__SKIP_BAD_MANIFEST;
	memcpy(&head, data, HEAD_MIN);
	/* Another major number may have another head: say that first. */
	if (head.abi_major != TLSHOST_PLUGIN_ABI_MAJOR)
		return TLSHOST__SKIP_ABI_MAJOR;
	if (head.size < HEAD_MIN || head.size > len)
		return TLSHOST__SKIP_BAD_MANIFEST;
	if (head.abi_minor > TLSHOST_PLUGIN_ABI_MINOR)
		return TLSHOST__SKIP_ABI_MINOR;
	if (head.flags != 0)
		return TLSHOST__SKIP_BAD_MANIFEST;
	text_len = len - head.size;
	data += head.size;
	while (text_len != 0 && data[text_len - 1] == '\0')
		text_len--;
	if (text_len == 0 || text_len > TEXT_MAX)
		return TLSHOST__SKIP_BAD_MANIFEST;
	if ((manifest->text = malloc(text_len + 1)) == NULL)
		return TLSHOST__SKIP_NO_MEMORY;
	memcpy(manifest->text, data, text_len);
	manifest->text[text_len] = '\0';
	manifest->len = text_len + 1;
	manifest->abi_major = head.abi_major;
	manifest->abi_minor = head.abi_minor;
	manifest->priority = head.priority;
	if (check_text(manifest))
		return TLSHOST__SKIP_NONE;
	free(manifest->text);
	manifest->text = NULL;
	return TLSHOST__SKIP_BAD_MANIFEST;
}

static size_t
aligned(size_t len, size_t align)
{
	return (len + align - 1) & ~(align - 1);
}

/*
 * One segment of notes; *found counts ours.  Segments aligned to 8 pad to 8
 * what others pad to 4, from the head on (.note.gnu.property is one).
 */
static tlshost__skip
parse_notes(const uint8_t *data, size_t len, size_t align,
    tlshost__manifest *manifest, int *found)
{
	static const char name[] = TLSHOST_PLUGIN_NOTE_NAME;
	tlshost__skip skip;
	ElfW(Nhdr) head;

	while (len >= sizeof(head)) {
		size_t name_len, desc_len;

		memcpy(&head, data, sizeof(head));
		data += sizeof(head);
		len -= sizeof(head);
		/* n_namesz has 32 bits; where size_t has no more, adding to it
		 * could wrap around. */
		if (head.n_namesz > len || head.n_descsz > len)
			return TLSHOST__SKIP_BAD_MANIFEST;
		name_len = aligned(sizeof(head) + head.n_namesz, align) -
		    sizeof(head);
		desc_len = aligned(head.n_descsz, align);
		if (name_len > len || head.n_descsz > len - name_len)
			return TLSHOST__SKIP_BAD_MANIFEST;
		/* The last descriptor need not be padded. */
		if (desc_len > len - name_len)
			desc_len = len - name_len;
		if (head.n_type == TLSHOST_PLUGIN_NOTE_TYPE &&
		    head.n_namesz == sizeof(name) &&
		    memcmp(data, name, sizeof(name)) == 0) {
			if (++*found > 1)
				return TLSHOST__SKIP_BAD_MANIFEST;
			if ((skip = parse_descriptor(data + name_len,
			    head.n_descsz, manifest)) != TLSHOST__SKIP_NONE)
				return skip;
		}
		data += name_len + desc_len;
		len -= name_len + desc_len;
	}
	return TLSHOST__SKIP_NONE;
}

/* ------------------------------------------------------------------------
 * The file
 */

#if __SIZEOF_POINTER__ == 8
#define OUR_CLASS ELFCLASS64
#else
#define OUR_CLASS ELFCLASS32
#endif
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define OUR_DATA ELFDATA2LSB
#else
#define OUR_DATA ELFDATA2MSB
#endif

static int
read_exactly(tlshost__read_at read_at, void *source, void *dst, size_t len,
    uint64_t offset)
{
	return read_at(source, dst, len, offset) == (ssize_t)len;
}

/* The machine of this very program: what the loader would take. */
static int
our_machine(void)
{
#if defined(__x86_64__)
	return EM_X86_64;
#elif defined(__i386__)
	return EM_386;
#elif defined(__aarch64__)
	return EM_AARCH64;
#elif defined(__arm__)
	return EM_ARM;
#elif defined(__riscv)
	return EM_RISCV;
#elif defined(__powerpc64__)
	return EM_PPC64;
#elif defined(__s390x__)
	return EM_S390;
#elif defined(__loongarch__)
	return 258;
#elif defined(__mips__)
	return EM_MIPS;
#else
	return -1;
#endif
}

static tlshost__skip
check_head(const ElfW(Ehdr) *head)
{
	if (memcmp(head->e_ident, ELFMAG, SELFMAG) != 0)
		return TLSHOST__SKIP_NOT_ELF;
	if (head->e_ident[EI_CLASS] != OUR_CLASS ||
	    head->e_ident[EI_DATA] != OUR_DATA ||
	    (our_machine() >= 0 && head->e_machine != our_machine()))
		return TLSHOST__SKIP_WRONG_MACHINE;
	if (head->e_type != ET_DYN || head->e_phnum == 0 ||
	    head->e_phnum > SEGMENTS_MAX ||
	    head->e_phentsize != sizeof(ElfW(Phdr)))
		return TLSHOST__SKIP_NOT_ELF;
	return TLSHOST__SKIP_NONE;
}

static tlshost__skip
read_notes(tlshost__read_at read_at, void *source, const ElfW(Phdr) *segment,
    tlshost__manifest *manifest, int *found)
{
	tlshost__skip skip;
	uint8_t *notes;

	if (segment->p_filesz > NOTES_MAX)
		return TLSHOST__SKIP_BAD_MANIFEST;
	if ((notes = malloc(segment->p_filesz + 1)) == NULL)
		return TLSHOST__SKIP_NO_MEMORY;
	skip = read_exactly(read_at, source, notes, segment->p_filesz,
	    segment->p_offset) ? parse_notes(notes, segment->p_filesz,
	    segment->p_align == 8 ? 8 : 4, manifest, found) :
	    TLSHOST__SKIP_UNREADABLE;
	free(notes);
	return skip;
}

tlshost__skip
tlshost__manifest_read(tlshost__read_at read_at, void *source, uint64_t size,
    tlshost__manifest *ret_manifest)
{
	ElfW(Phdr) segments[SEGMENTS_MAX];
	tlshost__manifest manifest = { .text = NULL };
	tlshost__skip skip;
	ElfW(Ehdr) head;
	int found = 0;

	memset(&head, 0, sizeof(head));
	if (size < sizeof(head)) {
		/* What is left of it still tells what it was to be. */
		(void)read_at(source, &head, (size_t)size, 0);
		return size >= SELFMAG && memcmp(head.e_ident, ELFMAG,
		    SELFMAG) == 0 ? TLSHOST__SKIP_TRUNCATED :
		    TLSHOST__SKIP_NOT_ELF;
	}
	if (!read_exactly(read_at, source, &head, sizeof(head), 0))
		return TLSHOST__SKIP_UNREADABLE;
	if ((skip = check_head(&head)) != TLSHOST__SKIP_NONE)
		return skip;
	if (head.e_phoff > size || head.e_phnum * sizeof(segments[0]) >
	    size - head.e_phoff)
		return TLSHOST__SKIP_TRUNCATED;
	if (!read_exactly(read_at, source, segments,
	    head.e_phnum * sizeof(segments[0]), head.e_phoff))
		return TLSHOST__SKIP_UNREADABLE;
	/* A segment beyond the end would be a SIGBUS within dlopen. */
	for (unsigned int i = 0; i < head.e_phnum; i++)
		if ((segments[i].p_type == PT_LOAD ||
		    segments[i].p_type == PT_NOTE) &&
		    (segments[i].p_offset > size ||
		    segments[i].p_filesz > size - segments[i].p_offset))
			return TLSHOST__SKIP_TRUNCATED;
	for (unsigned int i = 0; i < head.e_phnum &&
	    skip == TLSHOST__SKIP_NONE; i++)
		if (segments[i].p_type == PT_NOTE)
			skip = read_notes(read_at, source, &segments[i],
			    &manifest, &found);
	if (skip == TLSHOST__SKIP_NONE && found == 0)
		skip = TLSHOST__SKIP_NO_MANIFEST;
	if (skip != TLSHOST__SKIP_NONE) {
		free(manifest.text);
		return skip;
	}
	*ret_manifest = manifest;
	return TLSHOST__SKIP_NONE;
}

/* SPDX-License-Identifier: MIT */
/* The file of the plugin: what it exports, and how it was linked. */
#include "config.h"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "claims.h"
#include "tlshost-plugin.h"

typedef struct file {
	const uint8_t *data;
	size_t len;
} file;

static file
open_file(void)
{
	const char *path = getenv("CHECK_FILE");
	struct stat st;
	file f = { NULL, 0 };
	void *data;
	int fd;

	ck_assert_ptr_nonnull(path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ck_assert_msg(fd >= 0, "%s cannot be opened", path);
	ck_assert_int_eq(fstat(fd, &st), 0);
	f.len = (size_t)st.st_size;
	data = mmap(NULL, f.len, PROT_READ, MAP_PRIVATE, fd, 0);
	ck_assert(data != MAP_FAILED);
	close(fd);
	f.data = data;
	return f;
}

static void
close_file(file f)
{
	munmap((void *)(uintptr_t)f.data, f.len);
}

/* Bytes of the file, copied, so that nothing has to be aligned. */
static void
copy(const file *f, uint64_t offset, void *dst, size_t len)
{
	ck_assert_msg(len <= f->len && offset <= f->len - len,
	    "the file is cut off");
	memcpy(dst, f->data + offset, len);
}

static int
find_segment(const file *f, uint32_t type, ElfW(Phdr) *ret_segment)
{
	ElfW(Ehdr) head;

	copy(f, 0, &head, sizeof(head));
	for (size_t i = 0; i < head.e_phnum; i++) {
		copy(f, head.e_phoff + i * sizeof(*ret_segment), ret_segment,
		    sizeof(*ret_segment));
		if (ret_segment->p_type == type)
			return 1;
	}
	return 0;
}

static int
find_section(const file *f, uint32_t type, ElfW(Shdr) *ret_section)
{
	ElfW(Ehdr) head;

	copy(f, 0, &head, sizeof(head));
	for (size_t i = 0; i < head.e_shnum; i++) {
		copy(f, head.e_shoff + i * sizeof(*ret_section), ret_section,
		    sizeof(*ret_section));
		if (ret_section->sh_type == type)
			return 1;
	}
	return 0;
}

/* The value of an entry of the dynamic section; 0: it is not there. */
static uint64_t
dynamic(const file *f, int64_t tag, int *ret_there)
{
	ElfW(Phdr) segment;
	ElfW(Dyn) entry;

	*ret_there = 0;
	ck_assert_msg(find_segment(f, PT_DYNAMIC, &segment),
	    "the file is no shared object");
	for (uint64_t at = 0; at + sizeof(entry) <= segment.p_filesz;
	    at += sizeof(entry)) {
		copy(f, segment.p_offset + at, &entry, sizeof(entry));
		if (entry.d_tag == DT_NULL)
			break;
		if (entry.d_tag == tag) {
			*ret_there = 1;
			return entry.d_un.d_val;
		}
	}
	return 0;
}

/* Names that sanitizers and linkers add are none of the plugin's. */
static int
is_foreign(const char *name)
{
	return strncmp(name, "__", 2) == 0 || strncmp(name, "_init", 5) == 0 ||
	    strncmp(name, "_fini", 5) == 0 || strcmp(name, "_edata") == 0 ||
	    strcmp(name, "_end") == 0;
}

START_TEST(the_entry_point_is_all_that_is_exported)
{
	file f = open_file();
	ElfW(Shdr) symbols, strings;
	ElfW(Ehdr) head;
	int found = 0;

	ck_assert_msg(find_section(&f, SHT_DYNSYM, &symbols),
	    "there are no symbols");
	copy(&f, 0, &head, sizeof(head));
	copy(&f, head.e_shoff + symbols.sh_link * sizeof(strings), &strings,
	    sizeof(strings));
	for (uint64_t at = 0; at < symbols.sh_size; at += sizeof(ElfW(Sym))) {
		char name[128] = "";
		ElfW(Sym) symbol;
		size_t room;

		copy(&f, symbols.sh_offset + at, &symbol, sizeof(symbol));
		if (symbol.st_shndx == SHN_UNDEF ||
		    symbol.st_shndx == SHN_ABS || symbol.st_name == 0)
			continue;
		room = f.len - strings.sh_offset - symbol.st_name;
		copy(&f, strings.sh_offset + symbol.st_name, name,
		    room < sizeof(name) - 1 ? room : sizeof(name) - 1);
		if (strcmp(name, TLSHOST_PLUGIN_ENTRY_NAME) == 0)
			found++;
		else
			ck_assert_msg(is_foreign(name), "%s is exported",
			    name);
	}
	ck_assert_int_eq(found, 1);
	close_file(f);
}
END_TEST

START_TEST(it_has_a_manifest)
{
	tlshost_backend_list *list;
	tlshost_error *error = NULL;

	assert_status(tlshost_backend_list_new(0, &list, &error), TLSHOST_OK);
	ck_assert_uint_ge(tlshost_backend_list_len(list), 1);
	for (size_t i = 0; i < tlshost_backend_list_len(list); i++)
		ck_assert_msg(tlshost_backend_list_reason(list, i) == NULL,
		    "%s: %s", tlshost_backend_list_reason(list, i),
		    tlshost_backend_list_text(list, i));
	tlshost_backend_list_free(list);
}
END_TEST

START_TEST(it_is_never_unloaded)
{
	file f = open_file();
	int there;

	ck_assert_msg((dynamic(&f, DT_FLAGS_1, &there) & DF_1_NODELETE) != 0,
	    "link it with -Wl,-z,nodelete");
	close_file(f);
}
END_TEST

START_TEST(its_symbols_are_resolved_when_it_is_loaded)
{
	file f = open_file();
	uint64_t now, flags, flags1;
	int there;

	flags1 = dynamic(&f, DT_FLAGS_1, &there);
	flags = dynamic(&f, DT_FLAGS, &there);
	now = dynamic(&f, DT_BIND_NOW, &there);
	(void)now;
	ck_assert_msg(there || (flags & DF_BIND_NOW) != 0 ||
	    (flags1 & DF_1_NOW) != 0, "link it with -Wl,-z,now");
	close_file(f);
}
END_TEST

START_TEST(it_has_no_path_of_its_own)
{
	file f = open_file();
	int rpath, runpath;

	(void)dynamic(&f, DT_RPATH, &rpath);
	(void)dynamic(&f, DT_RUNPATH, &runpath);
	ck_assert_msg(!rpath && !runpath, "it has an RPATH or a RUNPATH");
	close_file(f);
}
END_TEST

START_TEST(its_code_is_not_changed_when_it_is_loaded)
{
	file f = open_file();
	int there;

	ck_assert_msg((dynamic(&f, DT_FLAGS, &there) & DF_TEXTREL) == 0,
	    "it has text relocations");
	(void)dynamic(&f, DT_TEXTREL, &there);
	ck_assert_msg(!there, "it has text relocations");
	close_file(f);
}
END_TEST

START_TEST(its_stack_is_not_executable)
{
	file f = open_file();
	ElfW(Phdr) segment;

	ck_assert_msg(find_segment(&f, PT_GNU_STACK, &segment) &&
	    (segment.p_flags & PF_X) == 0, "its stack is executable");
	close_file(f);
}
END_TEST

START_TEST(its_tables_are_read_only_once_loaded)
{
	file f = open_file();
	ElfW(Phdr) segment;

	ck_assert_msg(find_segment(&f, PT_GNU_RELRO, &segment),
	    "link it with -Wl,-z,relro");
	close_file(f);
}
END_TEST

START_TEST(the_host_accepts_it)
{
	tlshost_backend *backend;
	tlshost_error *error = NULL;
	tlshost_status st = tlshost_backend_by_name(getenv("CHECK_CLIENT"),
	    &backend, &error);

	ck_assert_msg(st == TLSHOST_OK, "%s", tlshost_error_message(error));
	ck_assert_uint_gt(strlen(tlshost_backend_library(backend)), 3);
	ck_assert_int_ne((int)tlshost_backend_roles(backend), 0);
	ck_assert_int_le(tlshost_backend_lowest_version(backend),
	    tlshost_backend_highest_version(backend));
}
END_TEST

void
file_claims(Suite *suite)
{
	TCase *group = claim_group_alone(suite, "file");

	add_claim(group, the_entry_point_is_all_that_is_exported);
	add_claim(group, it_has_a_manifest);
	add_claim(group, it_is_never_unloaded);
	add_claim(group, its_symbols_are_resolved_when_it_is_loaded);
	add_claim(group, it_has_no_path_of_its_own);
	add_claim(group, its_code_is_not_changed_when_it_is_loaded);
	add_claim(group, its_stack_is_not_executable);
	add_claim(group, its_tables_are_read_only_once_loaded);
	add_claim(group, the_host_accepts_it);
}

/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <elf.h>
#include <link.h>
#include <stdio.h>

#include "manifest.h"
#include "support.h"
#include "tlshost-plugin.h"

/* ------------------------------------------------------------------------
 * Files made in memory: a head, two segments (all of it, and the notes), notes
 */

#define NAME TLSHOST_PLUGIN_NOTE_NAME
#define TEXT "name=x\0version=1\0library=L\0roles=client,server\0"
#define NOTES_AT (sizeof(ElfW(Ehdr)) + 3 * sizeof(ElfW(Phdr)))

static union {
	struct {
		ElfW(Ehdr) head;
		ElfW(Phdr) segments[3];
	} parts;
	uint8_t bytes[32768];
} image;
static size_t image_len;

static struct tlshost_plugin_note_head good_head = {
	sizeof(good_head), TLSHOST_PLUGIN_ABI_MAJOR, TLSHOST_PLUGIN_ABI_MINOR,
	7, 0,
};

static void
put(const void *data, size_t len)
{
	ck_assert_uint_le(image_len + len, sizeof(image.bytes));
	memcpy(image.bytes + image_len, data, len);
	image_len += len;
	image.parts.segments[0].p_filesz = image_len;
	image.parts.segments[1].p_filesz = image_len - NOTES_AT;
}

static void
pad(size_t align)
{
	while ((image_len - NOTES_AT) % align != 0)
		put("", 1);
}

static void
put_note_head(const char *name, uint32_t desc_len, uint32_t type)
{
	ElfW(Nhdr) head = { (uint32_t)strlen(name) + 1, desc_len, type };

	put(&head, sizeof(head));
	put(name, strlen(name) + 1);
}

static void
put_manifest(const struct tlshost_plugin_note_head *head, const char *text,
    size_t len)
{
	put_note_head(NAME, (uint32_t)(sizeof(*head) + len),
	    TLSHOST_PLUGIN_NOTE_TYPE);
	pad(4);
	put(head, sizeof(*head));
	put(text, len);
	pad(4);
}

/* The head of this very program is one of a file for this machine. */
static void
begin(void)
{
	FILE *self = fopen("/proc/self/exe", "rb");

	memset(&image, 0, sizeof(image));
	image_len = NOTES_AT;
	ck_assert_ptr_nonnull(self);
	ck_assert_uint_eq(fread(&image.parts.head, sizeof(image.parts.head), 1,
	    self), 1);
	fclose(self);
	image.parts.head.e_type = ET_DYN;
	image.parts.head.e_phoff = sizeof(image.parts.head);
	image.parts.head.e_phnum = 2;
	image.parts.segments[0] = (ElfW(Phdr)){ .p_type = PT_LOAD };
	image.parts.segments[1] = (ElfW(Phdr)){ .p_type = PT_NOTE,
	    .p_offset = NOTES_AT, .p_align = 4 };
}

static void
begin_good(void)
{
	begin();
	put_manifest(&good_head, TEXT, sizeof(TEXT) - 1);
}

static tlshost__manifest manifest;

static void
set_up(void)
{
	begin_good();
	manifest = (tlshost__manifest){ .text = NULL };
}

static void
tear_down(void)
{
	free(manifest.text);
	manifest.text = NULL;
}

static ssize_t
read_at(void *source, void *dst, size_t cap, uint64_t offset)
{
	const size_t *len = source;
	size_t n;

	if (offset >= *len)
		return 0;
	n = *len - (size_t)offset < cap ? *len - (size_t)offset : cap;
	memcpy(dst, image.bytes + offset, n);
	return (ssize_t)n;
}

static tlshost__skip
read_manifest(void)
{
	tear_down();
	return tlshost__manifest_read(read_at, &image_len, image_len,
	    &manifest);
}

#define assert_skip(wanted_)                                               \
	ck_assert_str_eq(tlshost__skip_word(read_manifest()),              \
	    tlshost__skip_word(TLSHOST__SKIP_##wanted_))

/* ------------------------------------------------------------------------
 * What it says
 */

START_TEST(a_good_manifest_says_what_was_written)
{
	static const char text[] = "name=some-name_2\0version=1.2\0"
	    "library=Some TLS\0roles=server\0description=gr\xc3\xbc\xc3\x9f"
	    "e\0x-more=a=b\0";

	begin();
	put_manifest(&good_head, text, sizeof(text));
	assert_skip(NONE);
	ck_assert_str_eq(tlshost__manifest_value(&manifest, "name"),
	    "some-name_2");
	ck_assert_str_eq(tlshost__manifest_value(&manifest, "version"), "1.2");
	ck_assert_str_eq(tlshost__manifest_value(&manifest, "library"),
	    "Some TLS");
	ck_assert_str_eq(tlshost__manifest_value(&manifest, "description"),
	    "gr\xc3\xbc\xc3\x9f" "e");
	ck_assert_str_eq(tlshost__manifest_value(&manifest, "x-more"), "a=b");
	ck_assert_ptr_null(tlshost__manifest_value(&manifest, "x-mor"));
	ck_assert_uint_eq(manifest.roles, TLSHOST_ROLE_SERVER);
	ck_assert_int_eq(manifest.priority, 7);
}
END_TEST

#define T(text_) text_, sizeof(text_) - 1
#define REST "version=1\0library=L\0roles=client"

static const struct {
	const char *text;
	size_t len;
	int good;
} texts[] = {
	{ T(TEXT), 1 },
	{ T("name=x\0" REST), 1 },
	{ T("roles=server,client\0library=L\0version=1\0name=x"), 1 },
	{ T("name=x\0" REST "\0description=a\0description=b"), 1 },
	{ T("name=x\0" REST "\0e=\xf0\x9f\x94\x92\xef\xbf\xbf\xe0\xa4\xb9"), 1 },
	{ T("name=x\0" REST "\0empty="), 1 },
	{ T(""), 0 },
	{ T("\0\0\0\0"), 0 },
	{ T("version=1\0library=L\0roles=client"), 0 },
	{ T("name=x\0library=L\0roles=client"), 0 },
	{ T("name=x\0version=1\0roles=client"), 0 },
	{ T("name=x\0version=1\0library=L"), 0 },
	{ T("name=x\0name=x\0" REST), 0 },
	{ T("name=x\0" REST "\0library=M"), 0 },
	{ T("name=x\0" REST "\0version=2"), 0 },
	{ T("name=x\0" REST "\0roles=server"), 0 },
	{ T("name=\0" REST), 0 },
	{ T("name=X\0" REST), 0 },
	{ T("name=../x\0" REST), 0 },
	{ T("name=x\0version=\0library=L\0roles=client"), 0 },
	{ T("name=x\0version=1\0library=\0roles=client"), 0 },
	{ T("name=x\0version=1\0library=L\0roles="), 0 },
	{ T("name=x\0version=1\0library=L\0roles=client,"), 0 },
	{ T("name=x\0version=1\0library=L\0roles=,client"), 0 },
	{ T("name=x\0version=1\0library=L\0roles=client,client"), 0 },
	{ T("name=x\0version=1\0library=L\0roles=client server"), 0 },
	{ T("name=x\0version=1\0library=L\0roles=proxy1"), 0 },
	{ T("name=x\0" REST "\0no equals sign"), 0 },
	{ T("name=x\0" REST "\0=no key"), 0 },
	{ T("name=x\0\0" REST), 0 },
	{ T("name=x\0" REST "\0e=a\nb"), 0 },
	{ T("name=x\0" REST "\0e=\033[2J"), 0 },
	{ T("name=x\0" REST "\0e=\x7f"), 0 },
	{ T("name=x\0" REST "\0e=\xc2\x9b" "2J"), 0 },
	{ T("name=x\0" REST "\0e=\xff"), 0 },
	{ T("name=x\0" REST "\0e=\xc0\xaf"), 0 },
	{ T("name=x\0" REST "\0e=\xed\xa0\x80"), 0 },
	{ T("name=x\0" REST "\0e=\xf4\x90\x80\x80"), 0 },
	{ T("name=x\0" REST "\0e=\xf5\x80\x80\x80"), 0 },
	{ T("name=x\0" REST "\0e=\xe2\x82"), 0 },
	{ T("name=x\0" REST "\0e=\xc3("), 0 },
};

#define COUNT(array_) (int)(sizeof(array_) / sizeof((array_)[0]))

START_TEST(a_text_is_good_or_it_is_a_bad_manifest)
{
	begin();
	put_manifest(&good_head, texts[_i].text, texts[_i].len);
	if (texts[_i].good)
		assert_skip(NONE);
	else
		assert_skip(BAD_MANIFEST);
}
END_TEST

START_TEST(a_text_beyond_8192_bytes_is_refused)
{
	static char text[8194] = "name=x\0" REST "\0e=";

	memset(text + 60, 'x', sizeof(text) - 60);
	memset(text + sizeof("name=x\0" REST "\0e=") - 1, 'x', 30);
	begin();
	put_manifest(&good_head, text, 8192);
	assert_skip(NONE);
	begin();
	put_manifest(&good_head, text, 8193);
	assert_skip(BAD_MANIFEST);
}
END_TEST

static const struct {
	const char *name;
	int good;
} names[] = {
	{ "a", 1 }, { "openssl", 1 }, { "a-b_c9", 1 },
	{ "abcdefghijklmnopqrstuvwxyz012345", 1 },
	{ "abcdefghijklmnopqrstuvwxyz0123456", 0 },
	{ "", 0 }, { "9a", 0 }, { "-a", 0 }, { "_a", 0 }, { "A", 0 },
	{ "a.b", 0 }, { "a/b", 0 }, { "a b", 0 }, { "a*", 0 }, { "*", 0 },
	{ "\xc3\xa4", 0 },
};

START_TEST(names_are_short_and_plain)
{
	ck_assert_int_eq(tlshost__backend_name_valid(names[_i].name,
	    strlen(names[_i].name)), names[_i].good);
}
END_TEST

/* ------------------------------------------------------------------------
 * The head of the manifest
 */

#define MAJOR TLSHOST_PLUGIN_ABI_MAJOR

static const struct {
	struct tlshost_plugin_note_head head;
	tlshost__skip skip;
} heads[] = {
	{ { 20, MAJOR, 1, -5, 0 }, TLSHOST__SKIP_NONE },
	{ { 20, MAJOR, 0, 1, 0 }, TLSHOST__SKIP_NONE },
	{ { 20, MAJOR + 1, 0, 1, 0 }, TLSHOST__SKIP_ABI_MAJOR },
	/* Another major number may have another head: it is said first. */
	{ { 4711, MAJOR + 1, 0, 1, 9 }, TLSHOST__SKIP_ABI_MAJOR },
	{ { 20, MAJOR, TLSHOST_PLUGIN_ABI_MINOR + 1, 1, 0 },
	    TLSHOST__SKIP_ABI_MINOR },
	{ { 19, MAJOR, 1, 1, 0 }, TLSHOST__SKIP_BAD_MANIFEST },
	{ { 0, MAJOR, 1, 1, 0 }, TLSHOST__SKIP_BAD_MANIFEST },
	{ { UINT32_MAX, MAJOR, 1, 1, 0 }, TLSHOST__SKIP_BAD_MANIFEST },
	{ { 20 + sizeof(TEXT), MAJOR, 1, 1, 0 }, TLSHOST__SKIP_BAD_MANIFEST },
	{ { 20, MAJOR, 1, 1, 1 }, TLSHOST__SKIP_BAD_MANIFEST },
	{ { 20, MAJOR, 1, 1, 0x80000000 }, TLSHOST__SKIP_BAD_MANIFEST },
};

START_TEST(the_head_of_a_manifest_is_checked)
{
	begin();
	put_manifest(&heads[_i].head, TEXT, sizeof(TEXT) - 1);
	ck_assert_str_eq(tlshost__skip_word(read_manifest()),
	    tlshost__skip_word(heads[_i].skip));
}
END_TEST

START_TEST(a_longer_head_of_a_later_minor_number_is_passed_over)
{
	struct tlshost_plugin_note_head head = good_head;
	static const char text[] = "\1\2\3\4" TEXT;

	head.size += 4;
	begin();
	put_manifest(&head, text, sizeof(text) - 1);
	assert_skip(NONE);
	ck_assert_str_eq(tlshost__manifest_value(&manifest, "name"), "x");
}
END_TEST

/* ------------------------------------------------------------------------
 * Notes
 */

START_TEST(notes_of_others_are_passed_over)
{
	begin();
	put_note_head("GNU", 20, 3);
	put("12345678901234567890", 20);
	put_note_head(NAME, 4, TLSHOST_PLUGIN_NOTE_TYPE + 1);
	put("abcd", 4);
	put_note_head("tlshoss", 4, TLSHOST_PLUGIN_NOTE_TYPE);
	put("abcd", 4);
	assert_skip(NO_MANIFEST);
	put_manifest(&good_head, TEXT, sizeof(TEXT) - 1);
	assert_skip(NONE);
}
END_TEST

START_TEST(two_manifests_are_a_bad_one)
{
	put_manifest(&good_head, TEXT, sizeof(TEXT) - 1);
	assert_skip(BAD_MANIFEST);
}
END_TEST

START_TEST(two_manifests_in_two_segments_are_a_bad_one)
{
	image.parts.segments[2] = image.parts.segments[1];
	image.parts.head.e_phnum = 3;
	assert_skip(BAD_MANIFEST);
}
END_TEST

START_TEST(a_segment_of_notes_may_be_aligned_to_8)
{
	begin();
	image.parts.segments[1].p_align = 8;
	/* 12 bytes of head and 8 of name: the descriptor begins at 24. */
	put_note_head("GNUGNU1", 4, 3);
	pad(8);
	put("abcd", 4);
	pad(8);
	put_note_head(NAME, sizeof(good_head) + sizeof(TEXT) - 1,
	    TLSHOST_PLUGIN_NOTE_TYPE);
	pad(8);
	put(&good_head, sizeof(good_head));
	put(TEXT, sizeof(TEXT) - 1);
	assert_skip(NONE);
}
END_TEST

START_TEST(a_file_without_notes_has_no_manifest)
{
	image.parts.segments[1].p_type = PT_NULL;
	assert_skip(NO_MANIFEST);
	image.parts.segments[1].p_type = PT_NOTE;
	image.parts.segments[1].p_filesz = 0;
	assert_skip(NO_MANIFEST);
}
END_TEST

static const uint32_t lengths[] = { 0x7fffffff, 0x80000000, 0xfffffff0,
    0xfffffffd, 0xffffffff };

START_TEST(lengths_of_notes_that_lie_are_a_bad_manifest)
{
	uint32_t *len = (void *)(image.bytes + NOTES_AT);

	len[0] = lengths[_i];
	assert_skip(BAD_MANIFEST);
	len[0] = sizeof(NAME);
	len[1] = lengths[_i];
	assert_skip(BAD_MANIFEST);
	len[0] = lengths[_i];
	assert_skip(BAD_MANIFEST);
}
END_TEST

START_TEST(a_descriptor_without_a_whole_head_is_a_bad_manifest)
{
	begin();
	put_note_head(NAME, sizeof(good_head) - 1, TLSHOST_PLUGIN_NOTE_TYPE);
	put(&good_head, sizeof(good_head) - 1);
	assert_skip(BAD_MANIFEST);
}
END_TEST

START_TEST(notes_without_end_are_not_read)
{
	image.parts.head.e_phnum = 2;
	image.parts.segments[1].p_filesz = 65537;
	ck_assert_int_eq(tlshost__manifest_read(read_at, &image_len, 1 << 20,
	    &manifest), TLSHOST__SKIP_BAD_MANIFEST);
}
END_TEST

/* ------------------------------------------------------------------------
 * Files
 */

static void
other_class(void)
{
	image.parts.head.e_ident[EI_CLASS] ^= ELFCLASS32 ^ ELFCLASS64;
}

static void
other_bytes(void)
{
	image.parts.head.e_ident[EI_DATA] ^= ELFDATA2LSB ^ ELFDATA2MSB;
}

static void
other_machine(void)
{
	image.parts.head.e_machine = EM_SPARC;
}

static void
an_executable(void)
{
	image.parts.head.e_type = ET_EXEC;
}

static void
other_magic(void)
{
	image.parts.head.e_ident[1] = 'M';
}

static void
no_segments(void)
{
	image.parts.head.e_phnum = 0;
}

static void
many_segments(void)
{
	image.parts.head.e_phnum = 129;
}

static void
odd_segments(void)
{
	image.parts.head.e_phentsize++;
}

static void
segments_far_away(void)
{
	image.parts.head.e_phoff = (ElfW(Off))-8;
}

static void
load_beyond_the_end(void)
{
	image.parts.segments[0].p_filesz++;
}

static void
load_far_away(void)
{
	image.parts.segments[0].p_offset = (ElfW(Off))-1;
}

static void
notes_beyond_the_end(void)
{
	image.parts.segments[1].p_filesz = (ElfW(Xword))-1;
}

static const struct {
	void (*spoil)(void);
	tlshost__skip skip;
} files[] = {
	{ other_class, TLSHOST__SKIP_WRONG_MACHINE },
	{ other_bytes, TLSHOST__SKIP_WRONG_MACHINE },
	{ other_machine, TLSHOST__SKIP_WRONG_MACHINE },
	{ an_executable, TLSHOST__SKIP_NOT_ELF },
	{ other_magic, TLSHOST__SKIP_NOT_ELF },
	{ no_segments, TLSHOST__SKIP_NOT_ELF },
	{ many_segments, TLSHOST__SKIP_NOT_ELF },
	{ odd_segments, TLSHOST__SKIP_NOT_ELF },
	{ segments_far_away, TLSHOST__SKIP_TRUNCATED },
	{ load_beyond_the_end, TLSHOST__SKIP_TRUNCATED },
	{ load_far_away, TLSHOST__SKIP_TRUNCATED },
	{ notes_beyond_the_end, TLSHOST__SKIP_TRUNCATED },
};

START_TEST(files_that_cannot_be_loaded_are_told_apart)
{
	files[_i].spoil();
	ck_assert_str_eq(tlshost__skip_word(read_manifest()),
	    tlshost__skip_word(files[_i].skip));
	ck_assert_ptr_null(manifest.text);
}
END_TEST

START_TEST(a_file_cut_anywhere_is_truncated)
{
	size_t whole = image_len;

	assert_skip(NONE);
	for (image_len = SELFMAG; image_len < whole; image_len++)
		assert_skip(TRUNCATED);
	for (image_len = 0; image_len < SELFMAG; image_len++)
		assert_skip(NOT_ELF);
}
END_TEST

START_TEST(any_wrong_byte_is_survived)
{
	static const uint8_t values[] = { 0, 1, 0x7f, 0x80, 0xff };

	for (size_t i = 0; i < image_len; i++)
		for (size_t k = 0; k < sizeof(values); k++) {
			uint8_t right = image.bytes[i];

			image.bytes[i] = values[k];
			(void)read_manifest();
			image.bytes[i] = right;
		}
	assert_skip(NONE);
}
END_TEST

START_TEST(a_file_that_shrinks_while_it_is_read_is_unreadable)
{
	size_t whole = image_len, now;

	for (now = 0; now < whole; now++) {
		ck_assert_int_eq(tlshost__manifest_read(read_at, &now, whole,
		    &manifest), TLSHOST__SKIP_UNREADABLE);
		ck_assert_ptr_null(manifest.text);
	}
}
END_TEST

static ssize_t
read_nothing(void *source, void *dst, size_t cap, uint64_t offset)
{
	(void)source;
	(void)dst;
	(void)cap;
	(void)offset;
	return -1;
}

START_TEST(a_file_that_cannot_be_read_is_unreadable)
{
	ck_assert_int_eq(tlshost__manifest_read(read_nothing, NULL, 4096,
	    &manifest), TLSHOST__SKIP_UNREADABLE);
	ck_assert_int_eq(tlshost__manifest_read(read_nothing, NULL, 3,
	    &manifest), TLSHOST__SKIP_NOT_ELF);
}
END_TEST

/* ------------------------------------------------------------------------
 * Reasons
 */

START_TEST(every_reason_has_a_word_a_text_and_a_line_in_the_manual)
{
	static char manual[65536];
	char path[4096], item[64];
	size_t len;
	FILE *file;

	snprintf(path, sizeof(path),
	    "%s/docs/man/tlshost_backend_list.3", getenv("top_srcdir"));
	ck_assert_ptr_nonnull(file = fopen(path, "r"));
	len = fread(manual, 1, sizeof(manual) - 1, file);
	manual[len] = '\0';
	fclose(file);
	for (int i = 1; i <= TLSHOST__SKIP_NO_MEMORY; i++) {
		const char *word = tlshost__skip_word((tlshost__skip)i);

		ck_assert_str_ne(tlshost__skip_text((tlshost__skip)i), "");
		/* It is no state of a file, but of the moment. */
		if (i == TLSHOST__SKIP_NO_MEMORY)
			continue;
		snprintf(item, sizeof(item), ".It Li %s\n", word);
		ck_assert_msg(strstr(manual, item) != NULL,
		    "the manual does not have %s", word);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("manifest");
	TCase *tcase = tcase_create("manifest");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, a_good_manifest_says_what_was_written);
	tcase_add_loop_test(tcase, a_text_is_good_or_it_is_a_bad_manifest, 0,
	    COUNT(texts));
	tcase_add_test(tcase, a_text_beyond_8192_bytes_is_refused);
	tcase_add_loop_test(tcase, names_are_short_and_plain, 0, COUNT(names));
	tcase_add_loop_test(tcase, the_head_of_a_manifest_is_checked, 0,
	    COUNT(heads));
	tcase_add_test(tcase,
	    a_longer_head_of_a_later_minor_number_is_passed_over);
	tcase_add_test(tcase, notes_of_others_are_passed_over);
	tcase_add_test(tcase, two_manifests_are_a_bad_one);
	tcase_add_test(tcase, two_manifests_in_two_segments_are_a_bad_one);
	tcase_add_test(tcase, a_segment_of_notes_may_be_aligned_to_8);
	tcase_add_test(tcase, a_file_without_notes_has_no_manifest);
	tcase_add_loop_test(tcase, lengths_of_notes_that_lie_are_a_bad_manifest,
	    0, COUNT(lengths));
	tcase_add_test(tcase,
	    a_descriptor_without_a_whole_head_is_a_bad_manifest);
	tcase_add_test(tcase, notes_without_end_are_not_read);
	tcase_add_loop_test(tcase, files_that_cannot_be_loaded_are_told_apart,
	    0, COUNT(files));
	tcase_add_test(tcase, a_file_cut_anywhere_is_truncated);
	tcase_add_test(tcase, any_wrong_byte_is_survived);
	tcase_add_test(tcase,
	    a_file_that_shrinks_while_it_is_read_is_unreadable);
	tcase_add_test(tcase, a_file_that_cannot_be_read_is_unreadable);
	tcase_add_test(tcase,
	    every_reason_has_a_word_a_text_and_a_line_in_the_manual);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}

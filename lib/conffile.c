/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>

#include "conffile.h"
#include "error.h"
#include "manifest.h"
#include "mem.h"
#include "source.h"

#ifndef TLSHOST_CONF
#define TLSHOST_CONF "/etc/tlshost.conf"
#endif

#define NAMES_MAX 64

const char *tlshost__conffile_path = TLSHOST_CONF;

void
tlshost__names_done(tlshost__names *names)
{
	for (size_t i = 0; i < names->len; i++)
		free(names->names[i]);
	free(names->names);
	*names = (tlshost__names){ 0 };
}

int
tlshost__names_have(const tlshost__names *names, const char *name)
{
	for (size_t i = 0; i < names->len; i++)
		if (strcmp(names->names[i], name) == 0)
			return 1;
	return 0;
}

static int
is_blank(char ch)
{
	return ch == ' ' || ch == '\t';
}

static void
trim(const char **text, size_t *len)
{
	while (*len != 0 && is_blank(**text)) {
		(*text)++;
		(*len)--;
	}
	while (*len != 0 && is_blank((*text)[*len - 1]))
		(*len)--;
}

static tlshost_status
add_name(tlshost__names *names, const char *text, size_t len)
{
	char *copy;

	if (tlshost__grow(&names->names, names->len, &names->cap,
	    sizeof(*names->names)) != 0 || (copy = malloc(len + 1)) == NULL)
		return TLSHOST_NO_MEMORY;
	memcpy(copy, text, len);
	copy[len] = '\0';
	names->names[names->len++] = copy;
	return TLSHOST_OK;
}

static const char *
name_problem(const tlshost__names *names, const char *text, size_t len,
    int star)
{
	int is_star = star && len == 1 && text[0] == '*';

	if (len == 0)
		return "an item is empty";
	if (!is_star && !tlshost__backend_name_valid(text, len))
		return "a name may only have a-z, 0-9, _ and -, begins with a "
		    "letter, and has at most 32 characters";
	if (names->len == NAMES_MAX)
		return "there are too many names";
	if (names->len != 0 &&
	    strcmp(names->names[names->len - 1], "*") == 0)
		return "\"*\" must be the last item";
	for (size_t i = 0; i < names->len; i++)
		if (strlen(names->names[i]) == len &&
		    memcmp(names->names[i], text, len) == 0)
			return "a name is there twice";
	return NULL;
}

tlshost_status
tlshost__names_parse(const char *text, size_t len, int star,
    tlshost__names *ret_names, const char **ret_problem)
{
	tlshost__names names = { 0 };
	const char *end = text + len, *problem = NULL;
	tlshost_status st = TLSHOST_OK;

	while (st == TLSHOST_OK) {
		const char *comma = memchr(text, ',', (size_t)(end - text));
		const char *item = text;
		size_t item_len = (size_t)((comma != NULL ? comma : end) -
		    text);

		trim(&item, &item_len);
		problem = name_problem(&names, item, item_len, star);
		st = problem != NULL ? TLSHOST_BAD_CONFIG :
		    add_name(&names, item, item_len);
		if (comma == NULL)
			break;
		text = comma + 1;
	}
	if (st != TLSHOST_OK) {
		if (problem != NULL)
			*ret_problem = problem;
		tlshost__names_done(&names);
		return st;
	}
	*ret_names = names;
	return TLSHOST_OK;
}

void
tlshost__conffile_done(tlshost__conffile *file)
{
	tlshost__names_done(&file->order);
	tlshost__names_done(&file->disable);
}

static tlshost_status
parse_setting(tlshost__conffile *file, const char *key, size_t key_len,
    const char *value, size_t value_len, const char **ret_problem)
{
	int is_order = key_len == 5 && memcmp(key, "order", 5) == 0;
	int is_disable = key_len == 7 && memcmp(key, "disable", 7) == 0;
	tlshost__names *names = is_order ? &file->order : &file->disable;

	if (!is_order && !is_disable) {
		*ret_problem = "no such setting";
		return TLSHOST_BAD_CONFIG;
	}
	if (names->len != 0) {
		*ret_problem = "the setting is there twice";
		return TLSHOST_BAD_CONFIG;
	}
	return tlshost__names_parse(value, value_len, is_order, names,
	    ret_problem);
}

static tlshost_status
parse_line(tlshost__conffile *file, const char *line, size_t len,
    const char **ret_problem)
{
	const char *hash = memchr(line, '#', len), *equals, *value;
	size_t key_len, value_len;

	if (hash != NULL)
		len = (size_t)(hash - line);
	if (len != 0 && line[len - 1] == '\r')
		len--;
	trim(&line, &len);
	if (len == 0)
		return TLSHOST_OK;
	*ret_problem = "not of the form \"setting = value\"";
	if ((equals = memchr(line, '=', len)) == NULL)
		return TLSHOST_BAD_CONFIG;
	key_len = (size_t)(equals - line);
	value = equals + 1;
	value_len = len - key_len - 1;
	trim(&line, &key_len);
	trim(&value, &value_len);
	return parse_setting(file, line, key_len, value, value_len,
	    ret_problem);
}

tlshost_status
tlshost__conffile_read(const char *path, tlshost__conffile *ret_file,
    tlshost_error **ret_error)
{
	tlshost__conffile file = { { 0 }, { 0 } };
	const char *problem = NULL, *at, *end;
	tlshost_error *error = NULL;
	tlshost_status st;
	uint8_t *data;
	size_t len;
	unsigned int number = 0;

	st = tlshost__read_file(path, &data, &len, &error);
	if (st != TLSHOST_OK) {
		if (tlshost_error_errno(error) == ENOENT) {
			tlshost_error_free(error);
			*ret_file = file;
			return TLSHOST_OK;
		}
		/* What it says is not known: as bad as if it were malformed. */
		if (!error->is_static) {
			error->status = TLSHOST_BAD_CONFIG;
			error->phase = TLSHOST_PHASE_LOAD;
		}
		return tlshost__fail_in(ret_error, error, "tlshost.conf");
	}
	at = (const char *)data;
	end = at + len;
	while (at < end && st == TLSHOST_OK) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));

		if (newline == NULL)
			newline = end;
		number++;
		st = parse_line(&file, at, (size_t)(newline - at), &problem);
		at = newline + 1;
	}
	free(data);
	if (st != TLSHOST_OK) {
		tlshost__conffile_done(&file);
		return tlshost__fail(ret_error, st, TLSHOST_PHASE_LOAD, NULL,
		    "%s:%u: %s", path, number, problem);
	}
	*ret_file = file;
	return TLSHOST_OK;
}

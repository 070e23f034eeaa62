/* SPDX-License-Identifier: MIT */
/* One table: the parser, --help, the manual page and completions are made of
 * it. */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tlsprobe.h"

/* The words of arguments say what they are, to complete.c too. */
#define BACKENDS 1u
#define CONNECT 2u
#define SERVE 4u
#define VERIFY 8u
#define CIPHERS 16u
#define COMPARE 32u
#define ALL 63u

const command commands[] = {
	{ "backends", run_list, BACKENDS, "[--json] [--no-load]",
	    "list the backends, usable and refused" },
	{ "connect", run_connect, CONNECT, "HOST[:PORT]",
	    "one connection: verdict, version, suite, timing" },
	{ "compare", run_compare, COMPARE, "HOST[:PORT]",
	    "the same connection through several backends" },
	{ "serve", run_serve, SERVE, "--listen ADDR:PORT --cert F --key F",
	    "a test server for many clients" },
	{ "verify", run_verify, VERIFY,
	    "--trust F --chain F --hostname NAME",
	    "the verdict on a certificate chain" },
	{ "ciphers", run_ciphers, CIPHERS, "[NAME|0xID ...]",
	    "cipher suites, in every dialect" },
	{ NULL, NULL, 0, NULL, NULL },
};

const option_row option_table[] = {
#define ROW(name, letter, argument, commands, kind, field, help) \
	{ name, letter, argument, commands, kind, offsetof(options, field), help }
	ROW("backend", 'b', "BACKENDS", ALL & ~BACKENDS, TEXT, backend,
	    "the backend to use (default: as TLS_BACKEND says); compare: "
	    "several, a,b (default: all)"),
	ROW("trust", 0, "FILE|system", CONNECT | COMPARE | VERIFY, TEXT, trust,
	    "trusted certificates (default: system)"),
	ROW("hostname", 'n', "NAME", CONNECT | COMPARE | VERIFY, TEXT, hostname,
	    "the name to send and to verify"),
	ROW("ip", 0, "ADDR", VERIFY, TEXT, ip, "the address to verify"),
	ROW("alpn", 0, "PROTOCOLS", CONNECT | COMPARE | SERVE, TEXT, alpn,
	    "protocols, by preference: h2,http/1.1"),
	ROW("min", 0, "VERSION", CONNECT | COMPARE | SERVE, TEXT, min,
	    "lowest version: 1.0, 1.1, 1.2, 1.3"),
	ROW("max", 0, "VERSION", CONNECT | COMPARE | SERVE, TEXT, max,
	    "highest version"),
	ROW("ciphers", 0, "SUITES", CONNECT | COMPARE | SERVE, TEXT, ciphers,
	    "suites by preference, names of any dialect or 0xIDs"),
	ROW("cert", 0, "FILE", CONNECT | COMPARE | SERVE, CERT, cert,
	    "certificate chain, PEM; a server may have several"),
	ROW("key", 0, "FILE", CONNECT | COMPARE | SERVE | VERIFY, KEY, key,
	    "private key of the chain before"),
	ROW("insecure", 'k', NULL, CONNECT | COMPARE, FLAG, insecure,
	    "go on whatever the certificate is; the verdict is shown"),
	ROW("send", 0, "FILE", CONNECT, TEXT, send,
	    "send the file, print what comes back"),
	ROW("timeout", 't', "SECONDS", CONNECT | COMPARE, TEXT, timeout_text,
	    "give up after so long (default: 10)"),
	ROW("listen", 0, "ADDR:PORT", SERVE, TEXT, listen,
	    "where to listen; port 0: any, which is printed"),
	ROW("mode", 0, "http|echo", SERVE, TEXT, mode,
	    "what to answer (default: http)"),
	ROW("client-ca", 0, "FILE", SERVE, TEXT, client_ca,
	    "ask clients for a certificate of these"),
	ROW("require-client-cert", 0, NULL, SERVE, FLAG, require_client_cert,
	    "refuse clients without a certificate"),
	ROW("count", 0, "N", SERVE, TEXT, count_text,
	    "end after so many connections"),
	ROW("log", 0, "json", SERVE, TEXT, log,
	    "print a line for each connection"),
	ROW("chain", 0, "FILE", VERIFY, TEXT, chain,
	    "the certificates, leaf first, PEM"),
	ROW("strict", 0, NULL, VERIFY | COMPARE, FLAG, strict,
	    "verify: strict rules, too; compare: exit 1 if they differ"),
	ROW("no-load", 0, NULL, BACKENDS, FLAG, no_load,
	    "read manifests only, load no library"),
	ROW("json", 'j', NULL, ALL, FLAG, json, "one JSON document"),
	ROW("list-backends", 0, NULL, ALL, FLAG, list_backends,
	    "the same as the command backends"),
	ROW("help", 'h', NULL, ALL, FLAG, help, "this text"),
	ROW("version", 'V', NULL, ALL, FLAG, version, "the version"),
	ROW("mdoc", 0, NULL, 0, FLAG, mdoc, "options for the manual page"),
	ROW("completion", 0, "bash|zsh|fish", 0, TEXT, completion,
	    "the script for that shell"),
	ROW("words", 0, "backends|suites", 0, TEXT, words,
	    "what such a script asks for"),
#undef ROW
	{ NULL, 0, NULL, 0, FLAG, 0, NULL },
};

#define ROWS (sizeof(option_table) / sizeof(option_table[0]) - 1)

/* ------------------------------------------------------------------------
 * Help
 */

static void
print_row(FILE *out, const option_row *row)
{
	char left[48];

	snprintf(left, sizeof(left), "%s%c%s--%s%s%s", row->letter ? "-" : "",
	    row->letter ? row->letter : ' ', row->letter ? ", " : "   ",
	    row->name, row->argument != NULL ? " " : "",
	    row->argument != NULL ? row->argument : "");
	fprintf(out, "  %-28s %s\n", left, row->help);
}

void
options_help(FILE *out, const command *one)
{
	if (one != NULL) {
		fprintf(out, "Usage: tlsprobe %s %s [OPTION]...\n%s\n\n",
		    one->name, one->synopsis, one->help);
		for (size_t i = 0; i < ROWS; i++)
			if ((option_table[i].commands & one->bit) != 0)
				print_row(out, &option_table[i]);
		return;
	}
	fputs("Usage: tlsprobe COMMAND [OPTION]... [TARGET]\n\n", out);
	for (const command *c = commands; c->name != NULL; c++)
		fprintf(out, "  %-10s %s\n", c->name, c->help);
	fputs("\nExamples:\n"
	    "  tlsprobe --list-backends\n"
	    "  tlsprobe connect www.example.org:443\n"
	    "  TLS_BACKEND=gnutls tlsprobe connect www.example.org\n\n"
	    "tlsprobe COMMAND --help tells its options; tlsprobe(1) all.\n",
	    out);
}

static void
print_commands(FILE *out, unsigned int bits)
{
	const char *between = "";

	if (bits == ALL) {
		fputs("all", out);
		return;
	}
	for (const command *c = commands; c->name != NULL; c++)
		if ((bits & c->bit) != 0) {
			fprintf(out, "%s%s", between, c->name);
			between = ", ";
		}
}

/* Lines of a manual page's source are short. */
static void
print_wrapped(FILE *out, const char *text)
{
	size_t column = 0;

	while (*text != '\0') {
		size_t len = strcspn(text, " ");

		if (column != 0 && column + 1 + len > 79) {
			fputc('\n', out);
			column = 0;
		} else if (column != 0) {
			fputc(' ', out);
			column++;
		}
		fprintf(out, "%.*s", (int)len, text);
		column += len;
		text += len + strspn(text + len, " ");
	}
	fputc('\n', out);
}

void
options_mdoc(FILE *out)
{
	fputs(".Bl -tag -width Ds\n", out);
	for (size_t i = 0; i < ROWS; i++) {
		if (option_table[i].commands == 0)
			continue;
		fputs(".It ", out);
		if (option_table[i].letter)
			fprintf(out, "Fl %c , ", option_table[i].letter);
		fprintf(out, "Fl -%s", option_table[i].name);
		if (option_table[i].argument != NULL)
			fprintf(out, " Ar %s", option_table[i].argument);
		fputs("\n(", out);
		print_commands(out, option_table[i].commands);
		fputs(")\n", out);
		print_wrapped(out, option_table[i].help);
	}
	fputs(".El\n", out);
}

/* ------------------------------------------------------------------------
 * Parsing
 */

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Levenshtein's distance, of short words. */
static size_t
distance(const char *a, const char *b)
{
	size_t row[40], len = strlen(b);

	if (len >= 39)
		return 99;
	for (size_t j = 0; j <= len; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1] != '\0'; i++) {
		size_t before = row[0];

		row[0] = i;
		for (size_t j = 1; j <= len; j++) {
			size_t old = row[j];

			row[j] = least(least(row[j], row[j - 1]) + 1,
			    before + (a[i - 1] != b[j - 1]));
			before = old;
		}
	}
	return row[len];
}

static const char *
nearest_option(const char *name)
{
	const char *best = NULL;
	size_t so_far = 4;

	for (size_t i = 0; i < ROWS; i++)
		if (option_table[i].commands != 0 &&
		    distance(name, option_table[i].name) < so_far) {
			so_far = distance(name, option_table[i].name);
			best = option_table[i].name;
		}
	return best;
}

static const char *
nearest_command(const char *name)
{
	const char *best = NULL;
	size_t so_far = 4;

	for (const command *c = commands; c->name != NULL; c++)
		if (distance(name, c->name) < so_far) {
			so_far = distance(name, c->name);
			best = c->name;
		}
	return best;
}

static const option_row *
find_row(const char *argument, size_t len)
{
	for (size_t i = 0; i < ROWS; i++) {
		if (len == 2 && argument[0] == '-' && option_table[i].letter &&
		    argument[1] == option_table[i].letter)
			return &option_table[i];
		if (len > 2 && strncmp(argument, "--", 2) == 0 &&
		    strlen(option_table[i].name) == len - 2 &&
		    memcmp(option_table[i].name, argument + 2, len - 2) == 0)
			return &option_table[i];
	}
	return NULL;
}

static int usage(const options *o, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static int
usage(const options *o, const char *format, ...)
{
	json_t *document = o->json ? document_new("usage") : NULL;
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	complain(document, "%s", text);
	return document_end(document, EXIT_USAGE);
}

static int
store(options *o, const option_row *row, const char *value)
{
	char *field = (char *)o + row->offset;

	switch (row->kind) {
	case FLAG:
		*(int *)(void *)field = 1;
		return 1;
	case TEXT:
		*(const char **)(void *)field = value;
		return 1;
	case CERT:
		if (o->certs == 8)
			return 0;
		o->cert[o->certs++] = value;
		return 1;
	case KEY:
		if (o->keys == 8)
			return 0;
		o->key[o->keys++] = value;
		return 1;
	}
	return 0;
}

/* A positive number of seconds, or of whatever. */
static int
number(const char *text, double highest, double *ret_number)
{
	char *end;

	*ret_number = strtod(text, &end);
	return end != text && *end == '\0' && *ret_number > 0 &&
	    *ret_number <= highest;
}

static int
check_numbers(options *o)
{
	double value = 10;

	if (o->timeout_text != NULL && !number(o->timeout_text, 86400, &value))
		return usage(o, "--timeout: not a number of seconds: %s%s",
		    o->timeout_text, "");
	o->timeout = (int)(value * 1000);
	if (o->timeout < 1)
		o->timeout = 1;
	value = 0;
	if (o->count_text != NULL && (!number(o->count_text, 1e9, &value) ||
	    value != (double)(long)value))
		return usage(o, "--count: not a number: %s%s", o->count_text,
		    "");
	o->count = (long)value;
	return 0;
}

static const command *
find_command(const char *name)
{
	for (const command *c = commands; c->name != NULL; c++)
		if (strcmp(c->name, name) == 0)
			return c;
	return NULL;
}

/* A word that is no command is a target, if it can be one. */
static int
choose_command(options *o, const command **ret_command)
{
	const char *first = o->args_len != 0 ? o->args[0] : NULL;
	const char *near;

	if (o->list_backends) {
		*ret_command = &commands[0];
		return 0;
	}
	if (first == NULL)
		return 0;
	if ((*ret_command = find_command(first)) != NULL) {
		o->args_len--;
		memmove(o->args, o->args + 1,
		    (size_t)o->args_len * sizeof(o->args[0]));
		return 0;
	}
	near = nearest_command(first);
	if (strpbrk(first, ".:[") == NULL && strcmp(first, "localhost") != 0)
		return usage(o, near != NULL ?
		    "no such command: %s (did you mean %s?)" :
		    "no such command: %s%s", first, near != NULL ? near : "");
	*ret_command = &commands[1];
	return 0;
}

int
options_parse(int argc, char **argv, options *o, const command **ret_command)
{
	unsigned int seen[ROWS];
	int seen_len = 0, literal = 0, code;

	*ret_command = NULL;
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--json") == 0 || strcmp(argv[i], "-j") == 0)
			o->json = 1;     /* errors before it count too */
	for (int i = 1; i < argc; i++) {
		const char *argument = argv[i], *value;
		const option_row *row;
		size_t len = strcspn(argument, "=");

		if (literal || argument[0] != '-' || argument[1] == '\0') {
			if (o->args_len == LIST_MAX)
				return usage(o, "too many arguments%s%s", "",
				    "");
			o->args[o->args_len++] = argument;
			continue;
		}
		if (strcmp(argument, "--") == 0) {
			literal = 1;
			continue;
		}
		if ((row = find_row(argument, len)) == NULL) {
			const char *near = nearest_option(argument +
			    strspn(argument, "-"));

			return usage(o, near != NULL ?
			    "no such option: %s (did you mean --%s?)" :
			    "no such option: %s%s", argument,
			    near != NULL ? near : "");
		}
		value = argument[len] == '=' ? argument + len + 1 : NULL;
		if (row->argument == NULL && value != NULL)
			return usage(o, "--%s takes no value%s", row->name,
			    "");
		if (row->argument != NULL && value == NULL &&
		    (value = argv[++i]) == NULL)
			return usage(o, "--%s needs %s", row->name,
			    row->argument);
		if (!store(o, row, value))
			return usage(o, "--%s is there too often%s",
			    row->name, "");
		if (seen_len < (int)ROWS)
			seen[seen_len++] = (unsigned int)(row - option_table);
	}
	if ((code = check_numbers(o)) != 0 ||
	    (code = choose_command(o, ret_command)) != 0)
		return code;
	for (int i = 0; *ret_command != NULL && i < seen_len; i++)
		if ((option_table[seen[i]].commands & (*ret_command)->bit) == 0 &&
		    option_table[seen[i]].commands != 0)
			return usage(o, "--%s is no option of %s",
			    option_table[seen[i]].name, (*ret_command)->name);
	return 0;
}

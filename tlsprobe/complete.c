/* SPDX-License-Identifier: MIT */
/*
 * Completions for shells, made of the table of options.  What can stand in an
 * argument is told by its words in the table: FILE, BACKENDS, SUITES, VERSION,
 * and what is in small letters stands for itself.
 */
#include "config.h"

#include <ctype.h>
#include <string.h>

#include "tlsprobe.h"

typedef enum domain { WORDS, LIST_OF_BACKENDS, LIST_OF_SUITES, FILES } domain;

static const char versions[] = "1.0 1.1 1.2 1.3 min max";

/* What may stand there, and the words that do so literally, each with a blank
 * behind it. */
static domain
domain_of(const char *argument, char *words, size_t cap)
{
	domain d = WORDS;

	*words = '\0';
	while (*argument != '\0') {
		size_t len = strcspn(argument, "|"), used = strlen(words);

		if (strncmp(argument, "FILE", len) == 0)
			d = FILES;
		else if (strncmp(argument, "BACKENDS", len) == 0)
			d = LIST_OF_BACKENDS;
		else if (strncmp(argument, "SUITES", len) == 0)
			d = LIST_OF_SUITES;
		else if (strncmp(argument, "VERSION", len) == 0)
			snprintf(words + used, cap - used, "%s ", versions);
		else if (islower((unsigned char)*argument))
			snprintf(words + used, cap - used, "%.*s ", (int)len,
			    argument);
		argument += len + (argument[len] == '|');
	}
	return d;
}

static int
concerns(const option_row *row, const command *c)
{
	return (row->commands & c->bit) != 0;
}

/* "--name", and "-n" behind or before it. */
static void
print_names(const option_row *row, const char *between)
{
	if (row->letter)
		printf("-%c%s", row->letter, between);
	printf("--%s", row->name);
}

/* ------------------------------------------------------------------------
 * bash
 */

static void
bash_argument(const option_row *row)
{
	char words[128];
	domain d = domain_of(row->argument, words, sizeof(words));

	fputs("\t", stdout);
	print_names(row, " | ");
	fputs(")\n", stdout);
	if (d == LIST_OF_BACKENDS || d == LIST_OF_SUITES)
		printf("\t\t_tlsprobe_list \"$current\" \"$program\" %s\n",
		    d == LIST_OF_SUITES ? "suites" : "backends");
	else if (d == FILES)
		printf("\t\t_tlsprobe_files \"$current\" '%s'\n", words);
	else
		printf("\t\tCOMPREPLY=($(compgen -W '%s' -- \"$current\"))\n",
		    words);
	fputs("\t\treturn\n\t\t;;\n", stdout);
}

static void
bash_options(const char *pattern, unsigned int bits)
{
	printf("\t%s) words='", pattern);
	for (const option_row *row = option_table; row->name != NULL; row++)
		if ((row->commands & bits) != 0) {
			print_names(row, " ");
			putchar(' ');
		}
	fputs("' ;;\n", stdout);
}

static void
print_bash(void)
{
	fputs("# bash completion for tlsprobe, made of its table of options\n\n"
	    "_tlsprobe_files()\n{\n"
	    "\tcompopt -o filenames 2>/dev/null\n"
	    "\tmapfile -t COMPREPLY < <(compgen -f -- \"$1\"\n"
	    "\t\tcompgen -W \"$2\" -- \"$1\")\n}\n\n"
	    "# The last item of a list with commas; no library is loaded.\n"
	    "_tlsprobe_list()\n{\n"
	    "\tlocal before=\n"
	    "\t[[ $1 != *,* ]] || before=${1%,*},\n"
	    "\tcompopt -o nospace 2>/dev/null\n"
	    "\tCOMPREPLY=($(compgen -P \"$before\" -W \\\n"
	    "\t    \"$(\"$2\" --words \"$3\" 2>/dev/null)\" -- \"${1##*,}\"))\n"
	    "}\n\n"
	    "_tlsprobe()\n{\n"
	    "\tlocal program=$1 current=$2 previous=$3 command= words= i\n\n"
	    "\tCOMPREPLY=()\n"
	    "\t# bash takes --option=value for three words.\n"
	    "\tif [[ $current == = ]]; then\n"
	    "\t\tcurrent=\n"
	    "\telif [[ $previous == = ]]; then\n"
	    "\t\tprevious=${COMP_WORDS[COMP_CWORD - 2]}\n"
	    "\tfi\n"
	    "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	    "\t\tcase ${COMP_WORDS[i]} in\n\t\t", stdout);
	for (const command *c = commands; c->name != NULL; c++)
		printf("%s%s", c != commands ? " | " : "", c->name);
	fputs(")\n\t\t\tcommand=${COMP_WORDS[i]}\n\t\t\tbreak\n\t\t\t;;\n"
	    "\t\tesac\n\tdone\n\tcase $previous in\n", stdout);
	for (const option_row *row = option_table; row->name != NULL; row++)
		if (row->commands != 0 && row->argument != NULL)
			bash_argument(row);
	fputs("\tesac\n\tcase $command in\n", stdout);
	for (const command *c = commands; c->name != NULL; c++)
		bash_options(c->name, c->bit);
	bash_options("*", ~0u);
	fputs("\tesac\n\tcase $command:$current in\n"
	    "\t*:-*) ;;\n"
	    "\tciphers:*)\n"
	    "\t\twords=$(\"$program\" --words suites 2>/dev/null)\n\t\t;;\n"
	    "\t:*) words='", stdout);
	for (const command *c = commands; c->name != NULL; c++)
		printf("%s ", c->name);
	fputs("' ;;\n\t*) words= ;;\n\tesac\n"
	    "\tCOMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n}\n"
	    "complete -F _tlsprobe tlsprobe\n", stdout);
}

/* ------------------------------------------------------------------------
 * zsh
 */

/* Text inside of '...[text]...', or of '...:text...'. */
static void
zsh_text(const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '\'')
			fputs("'\\'", stdout);
		else if (strchr("[]:\\", *text) != NULL)
			putchar('\\');
		putchar(*text);
	}
}

static void
zsh_option(const option_row *row)
{
	char words[128];
	domain d;

	fputs("\t\t    ", stdout);
	/* Those that may be there several times exclude nothing. */
	if (row->kind == CERT || row->kind == KEY)
		fputs("'*'", stdout);
	else if (row->letter)
		printf("'(-%c --%s)'", row->letter, row->name);
	if (row->letter)
		printf("{-%c,--%s%s}", row->letter, row->name,
		    row->argument != NULL ? "=" : "");
	else
		printf("--%s%s", row->name, row->argument != NULL ? "=" : "");
	fputs("'[", stdout);
	zsh_text(row->help);
	putchar(']');
	if (row->argument != NULL) {
		d = domain_of(row->argument, words, sizeof(words));
		putchar(':');
		zsh_text(row->argument);
		if (d == FILES)
			fputs(":_files", stdout);
		else if (d != WORDS)
			printf(":_tlsprobe_%s", d == LIST_OF_SUITES ?
			    "suites" : "backends");
		else if (*words != '\0')
			printf(":(%s)", words);
		else
			fputs(": ", stdout);
	}
	fputs("' \\\n", stdout);
}

static void
print_zsh(void)
{
	static const char *const lists[] = { "backends", "suites" };

	fputs("#compdef tlsprobe\n"
	    "# Made of the tool's table of options.\n\n", stdout);
	for (size_t i = 0; i < 2; i++)
		printf("_tlsprobe_%s() {\n\tlocal -a names\n"
		    "\tnames=(${(f)\"$(_call_program %s tlsprobe --words %s "
		    "2>/dev/null)\"})\n\t_values -s , %s $names\n}\n\n",
		    lists[i], lists[i], lists[i], lists[i]);
	fputs("_tlsprobe() {\n\tlocal -a commands\n\tcommands=(\n", stdout);
	for (const command *c = commands; c->name != NULL; c++) {
		printf("\t    '%s:", c->name);
		zsh_text(c->help);
		fputs("'\n", stdout);
	}
	fputs("\t)\n\tif (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then\n"
	    "\t\t_describe -t commands command commands\n\t\treturn\n\tfi\n"
	    "\tcase $words[2] in\n", stdout);
	for (const command *c = commands; c->name != NULL; c++) {
		printf("\t(%s)\n\t\t_arguments -s \\\n", c->name);
		for (const option_row *row = option_table; row->name != NULL;
		    row++)
			if (concerns(row, c))
				zsh_option(row);
		printf("\t\t    '1: : ' '*: :%s'\n\t\t;;\n",
		    strcmp(c->name, "ciphers") == 0 ? "_tlsprobe_suites" : " ");
	}
	fputs("\t(*)\n\t\t_arguments -s \\\n", stdout);
	for (const option_row *row = option_table; row->name != NULL; row++)
		if (row->commands != 0)
			zsh_option(row);
	fputs("\t\t    '*: : '\n\t\t;;\n\tesac\n}\n\n_tlsprobe \"$@\"\n", stdout);
}

/* ------------------------------------------------------------------------
 * fish
 */

/* Inside of single quotes. */
static void
fish_text(const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '\'' || *text == '\\')
			putchar('\\');
		putchar(*text);
	}
}

static void
fish_option(const option_row *row)
{
	char words[128];
	domain d;

	fputs("complete -c tlsprobe -n '__fish_seen_subcommand_from", stdout);
	for (const command *c = commands; c->name != NULL; c++)
		if (concerns(row, c))
			printf(" %s", c->name);
	printf("' -l %s", row->name);
	if (row->letter)
		printf(" -s %c", row->letter);
	fputs(" -d '", stdout);
	fish_text(row->help);
	putchar('\'');
	if (row->argument != NULL) {
		d = domain_of(row->argument, words, sizeof(words));
		fputs(d == FILES ? " -r -F" : " -x", stdout);
		if (d == LIST_OF_BACKENDS || d == LIST_OF_SUITES)
			printf(" -a \"(__fish_complete_list , "
			    "'tlsprobe --words %s')\"",
			    d == LIST_OF_SUITES ? "suites" : "backends");
		else if (*words != '\0')
			printf(" -a '%s'", words);
	}
	putchar('\n');
}

static void
print_fish(void)
{
	fputs("# Made of the tool's table of options.\n"
	    "complete -c tlsprobe -f\n", stdout);
	for (const command *c = commands; c->name != NULL; c++) {
		printf("complete -c tlsprobe -n __fish_use_subcommand -a %s "
		    "-d '", c->name);
		fish_text(c->help);
		fputs("'\n", stdout);
	}
	for (const option_row *row = option_table; row->name != NULL; row++)
		if (row->commands != 0)
			fish_option(row);
	fputs("complete -c tlsprobe -n '__fish_seen_subcommand_from ciphers' "
	    "-a '(tlsprobe --words suites)'\n", stdout);
}

/* ------------------------------------------------------------------------
 * Both calls
 */

static int
unknown(const char *option, const char *value)
{
	complain(NULL, "%s: not known: %s", option, value);
	return EXIT_USAGE;
}

int
complete_script(const char *shell)
{
	if (strcmp(shell, "bash") == 0)
		print_bash();
	else if (strcmp(shell, "zsh") == 0)
		print_zsh();
	else if (strcmp(shell, "fish") == 0)
		print_fish();
	else
		return unknown("--completion", shell);
	return fflush(stdout) == 0 ? EXIT_DONE : EXIT_LOCAL;
}

/* One a line.  Manifests are read, and nothing is loaded. */
int
complete_words(const char *what)
{
	tlshost_backend_list *list;

	if (strcmp(what, "suites") == 0) {
		for (size_t i = 0; i < tlshost_cipher_count(); i++)
			puts(tlshost_cipher_info_name(tlshost_cipher_at(i),
			    TLSHOST_DIALECT_IANA));
		return EXIT_DONE;
	}
	if (strcmp(what, "backends") != 0)
		return unknown("--words", what);
	if (tlshost_backend_list_new(0, &list, NULL) != TLSHOST_OK)
		return EXIT_LOCAL;
	for (size_t i = 0; i < tlshost_backend_list_len(list); i++)
		if (tlshost_backend_list_state(list, i) !=
		    TLSHOST_PLUGIN_SKIPPED)
			puts(tlshost_backend_list_name(list, i));
	tlshost_backend_list_free(list);
	return EXIT_DONE;
}

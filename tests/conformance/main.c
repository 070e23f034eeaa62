/* SPDX-License-Identifier: MIT */
/*
 * tlshost-plugin-check: makes every claim about a plugin, alone and with
 * another one as its peer.
 */
#include "config.h"

#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "claims.h"

#define EXIT_USAGE 2
#define EXIT_UNUSABLE 5

static char place[PATH_MAX];             /* a folder of this run */
static pid_t owner;

/* Claims run in children, which exit too. */
static void
tidy_up(void)
{
	char command[PATH_MAX + 16];

	if (getpid() != owner)
		return;
	snprintf(command, sizeof(command), "rm -rf '%s'", place);
	if (place[0] != '\0' && system(command) != 0)
		fprintf(stderr, "%s is left behind\n", place);
}

static int
usage(FILE *file)
{
	fputs("usage: tlshost-plugin-check [OPTION ...] PLUGIN.so\n"
	    "  --with PLUGIN.so     the server's plugin; else the same\n"
	    "  --pieces whole|bytes|SEED\n"
	    "                       how bytes are carried: all there are, one\n"
	    "                       at a time, or in random pieces\n"
	    "  --claim WORD         only the claims with the word in them\n"
	    "  --list               print the claims and make none\n"
	    "  --verbose            print every claim with its result\n"
	    "  --tap FILE           write the results there, as TAP\n"
	    "  --help, --version\n"
	    "exit: 0 all hold, 1 some do not, 2 wrong usage, 5 the plugin "
	    "cannot be used\n", file);
	return file == stdout ? 0 : EXIT_USAGE;
}

/* ------------------------------------------------------------------------
 * The plugins, in a folder where nothing else is
 */

static int
install(const char *plugin, const char *as)
{
	char real[PATH_MAX], link[PATH_MAX + 16];

	if (realpath(plugin, real) == NULL) {
		perror(plugin);
		return 0;
	}
	snprintf(link, sizeof(link), "%s/plugins/%s.so", place, as);
	if (symlink(real, link) != 0) {
		perror(link);
		return 0;
	}
	/* One file is looked at, the other has its own turn. */
	return strcmp(as, "1") != 0 || setenv("CHECK_FILE", real, 1) == 0;
}

static int
same_file(const char *one, const char *other)
{
	struct stat a, b;

	return stat(one, &a) == 0 && stat(other, &b) == 0 &&
	    a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* The names of their manifests, found in a child: nothing is loaded here. */
static int
name_backends(int count)
{
	tlshost_backend_list *list;
	int fds[2], status = -1;
	char names[128] = "";
	size_t len = 0;
	ssize_t n;
	pid_t pid;

	if (pipe(fds) != 0 || (pid = fork()) < 0)
		return 0;
	if (pid == 0) {
		if (tlshost_backend_list_new(0, &list, NULL) != TLSHOST_OK ||
		    tlshost_backend_list_len(list) != (size_t)count)
			_exit(1);
		for (size_t i = 0; i < (size_t)count; i++) {
			const char *name = tlshost_backend_list_name(list, i);

			if (tlshost_backend_list_reason(list, i) != NULL ||
			    name == NULL) {
				fprintf(stderr, "%s: %s: %s\n",
				    tlshost_backend_list_file(list, i),
				    tlshost_backend_list_reason(list, i),
				    tlshost_backend_list_text(list, i));
				_exit(1);
			}
			dprintf(fds[1], "%s ", name);
		}
		_exit(0);
	}
	close(fds[1]);
	while ((n = read(fds[0], names + len, sizeof(names) - 1 - len)) > 0)
		len += (size_t)n;
	names[len] = '\0';
	close(fds[0]);
	if (waitpid(pid, &status, 0) != pid || status != 0)
		return 0;
	setenv("CHECK_CLIENT", strtok(names, " "), 1);
	setenv("CHECK_SERVER", count == 2 ? strtok(NULL, " ") :
	    getenv("CHECK_CLIENT"), 1);
	return 1;
}

static int
find_plugins(const char *plugin, const char *other)
{
	char path[PATH_MAX + 16];
	const char *tmp = getenv("TMPDIR");

	snprintf(place, sizeof(place), "%s/tlshost-plugin-check-XXXXXX",
	    tmp != NULL ? tmp : "/tmp");
	if (mkdtemp(place) == NULL) {
		perror(place);
		place[0] = '\0';
		return 0;
	}
	owner = getpid();
	atexit(tidy_up);
	snprintf(path, sizeof(path), "%s/plugins", place);
	if (mkdir(path, 0755) != 0 || setenv("TLSHOST_PLUGIN_PATH", path,
	    1) != 0 || unsetenv("TLS_BACKEND") != 0)
		return 0;
	if (!install(plugin, "1") || (other != NULL && !install(other, "2")))
		return 0;
	if (name_backends(other != NULL ? 2 : 1))
		return 1;
	fprintf(stderr, "%s cannot be used\n", plugin);
	return 0;
}

/* ------------------------------------------------------------------------
 * Certificates
 */

static int
make_certificates(void)
{
	const char *script = getenv("TLSHOST_MAKE_CERTS");
	char command[3 * PATH_MAX], path[PATH_MAX + 16];

	if (getenv("TLSHOST_TEST_CERTS") != NULL)
		return 1;
	snprintf(path, sizeof(path), "%s/certs", place);
	snprintf(command, sizeof(command), "sh '%s' '%s'", script != NULL ?
	    script : PKGDATADIR "/make-certs.sh", path);
	if (system(command) == 0 && access(path, X_OK) == 0)
		return setenv("TLSHOST_TEST_CERTS", path, 1) == 0;
	fprintf(stderr, "the certificates cannot be made (%s); it takes "
	    "openssl(1)\n", command);
	return 0;
}

/* ------------------------------------------------------------------------
 * The table
 */

typedef struct row {
	char name[80];
	int held, failed;
} row;

static row rows[64];
static size_t rows_len;

static row *
row_of(const char *name, size_t len)
{
	for (size_t i = 0; i < rows_len; i++)
		if (strncmp(rows[i].name, name, len) == 0 &&
		    rows[i].name[len] == '\0')
			return &rows[i];
	if (rows_len == LEN(rows) || len >= sizeof(rows[0].name))
		return &rows[LEN(rows) - 1];
	snprintf(rows[rows_len].name, sizeof(rows[0].name), "%.*s", (int)len,
	    name);
	return &rows[rows_len++];
}

/* "ok 12 - file.c:group:name: message" */
static void
count_line(char *line, int verbose)
{
	int ok = strncmp(line, "ok ", 3) == 0;
	char *group, *name;

	if ((!ok && strncmp(line, "not ok ", 7) != 0) ||
	    (group = strstr(line, " - ")) == NULL ||
	    (group = strchr(group, ':')) == NULL ||
	    (name = strchr(++group, ':')) == NULL)
		return;
	*(ok ? &row_of(group, (size_t)(name - group))->held :
	    &row_of(group, (size_t)(name - group))->failed) += 1;
	if (!ok)
		printf("FAILED  %s\n", group);
	else if (verbose)
		printf("holds   %.*s\n", (int)(strlen(group) -
		    (strlen(group) > 8 && strcmp(group + strlen(group) - 8,
		    ": Passed") == 0 ? 8 : 0)), group);
}

static int
print_table(const char *tap, int verbose, int *ret_made)
{
	FILE *file = fopen(tap, "r");
	char line[4096];
	int failed = 0;

	*ret_made = 0;
	if (file == NULL) {
		perror(tap);
		return 1;
	}
	while (fgets(line, sizeof(line), file) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		count_line(line, verbose);
	}
	fclose(file);
	printf("%-28s %8s %8s\n", "CLAIMS ABOUT", "HOLD", "FAILED");
	for (size_t i = 0; i < rows_len; i++) {
		printf("%-28s %8d %8d\n", rows[i].name, rows[i].held,
		    rows[i].failed);
		failed += rows[i].failed;
		*ret_made += rows[i].held + rows[i].failed;
	}
	return failed;
}

static Suite *
all_claims(void)
{
	Suite *suite = suite_create("plugin");

	file_claims(suite);
	config_claims(suite);
	handshake_claims(suite);
	name_claims(suite);
	verify_claims(suite);
	key_claims(suite);
	data_claims(suite);
	end_claims(suite);
	peer_claims(suite);
	breach_claims(suite);
	retry_claims(suite);
	process_claims(suite);
	if (strcmp(getenv("CHECK_CLIENT"), getenv("CHECK_SERVER")) == 0)
		socket_claims(suite);
	return suite;
}

static int
make_claims(const char *tap, int verbose)
{
	char own[PATH_MAX + 16];
	SRunner *runner = srunner_create(all_claims());
	int failed, made, counted;

	if (claims_listed) {
		srunner_free(runner);
		return 0;
	}
	snprintf(own, sizeof(own), "%s/results.tap", place);
	srunner_set_fork_status(runner, CK_FORK);
	srunner_set_tap(runner, tap != NULL ? tap : own);
	srunner_run_all(runner, CK_SILENT);
	counted = srunner_ntests_failed(runner);
	srunner_free(runner);
	failed = print_table(tap != NULL ? tap : own, verbose, &made);
	printf("%s as client with %s as server, pieces %s: %d claims, "
	    "%d failed\n", getenv("CHECK_CLIENT"), getenv("CHECK_SERVER"),
	    getenv("CHECK_PIECES"), made, failed);
	/* Nothing claimed is nothing shown. */
	return failed != 0 || counted != 0 || made == 0;
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "with", required_argument, NULL, 'w' },
		{ "pieces", required_argument, NULL, 'p' },
		{ "claim", required_argument, NULL, 'c' },
		{ "list", no_argument, NULL, 'l' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "tap", required_argument, NULL, 't' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	const char *other = NULL, *tap = NULL, *pieces = "whole";
	int option, verbose = 0;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'w': other = optarg; break;
		case 'p': pieces = optarg; break;
		case 'c': claim_word = optarg; break;
		case 'l': claims_listed = 1; break;
		case 'v': verbose = 1; break;
		case 't': tap = optarg; break;
		case 'h': return usage(stdout);
		case 'V': return puts("tlshost-plugin-check "
			      PACKAGE_VERSION) < 0;
		default: return usage(stderr);
		}
	}
	if (optind + 1 != argc || (strcmp(pieces, "whole") != 0 &&
	    strcmp(pieces, "bytes") != 0 &&
	    strspn(pieces, "0123456789") != strlen(pieces)))
		return usage(stderr);
	setenv("CHECK_PIECES", pieces, 1);
	if (other != NULL && same_file(argv[optind], other))
		other = NULL;
	if (!find_plugins(argv[optind], other))
		return EXIT_UNUSABLE;
	if (!look_at_backends() || !make_certificates())
		return EXIT_UNUSABLE;
	return make_claims(tap, verbose);
}

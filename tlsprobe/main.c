/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>

#include "tlsprobe.h"

/*
 * A standard descriptor that is missing would be that of the next connection,
 * and words would go to the peer.  One that cannot be used takes its place.
 */
static void
hold_descriptors(void)
{
	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			(void)open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY);
}

/* What nobody could read was not done. */
static int
check_output(int code)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return code;
	fprintf(stderr, "tlsprobe: standard output cannot be written\n");
	return EXIT_LOCAL;
}

static int
run(int argc, char **argv)
{
	options o = { .timeout = 10000 };
	const command *one;
	int code;

	if ((code = options_parse(argc, argv, &o, &one)) != 0)
		return code;
	if (o.mdoc) {
		options_mdoc(stdout);
		return EXIT_DONE;
	}
	if (o.completion != NULL)
		return complete_script(o.completion);
	if (o.words != NULL)
		return complete_words(o.words);
	if (o.version) {
		printf("tlsprobe %s (libtlshost %s)\n", PACKAGE_VERSION,
		    tlshost_version_string());
		return EXIT_DONE;
	}
	if (o.help) {
		options_help(stdout, one);
		return EXIT_DONE;
	}
	if (one == NULL) {
		if (!o.json) {
			options_help(stderr, NULL);
			return EXIT_USAGE;
		}
		json_t *document = document_new("usage");

		complain(document, "a command is missing");
		return document_end(document, EXIT_USAGE);
	}
	return one->run(&o);
}

int
main(int argc, char **argv)
{
	hold_descriptors();
	(void)signal(SIGPIPE, SIG_IGN);
	watch_signals();
	return check_output(run(argc, argv));
}

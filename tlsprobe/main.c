/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <signal.h>
#include <string.h>

#include "tlsprobe.h"

int
main(int argc, char **argv)
{
	options o = { .timeout = 10000 };
	const command *one;
	int code;

	(void)signal(SIGPIPE, SIG_IGN);
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

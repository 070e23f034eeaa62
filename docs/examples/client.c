/* SPDX-License-Identifier: MIT */
/*
 * A client: fetches a page.  The server's certificate and name are verified,
 * against the system's trust store.
 *
 *	cc client.c $(pkg-config --cflags --libs tlshost) -o client
 *	./client www.example.com 443
 */
#include <stdio.h>
#include <tlshost.h>

/* 0, or -1: tlshost_socket_error() says why. */
static int
fetch(tlshost_socket *socket, const char *host)
{
	char text[4096];
	size_t len = (size_t)snprintf(text, sizeof(text),
	    "GET / HTTP/1.0\r\nHost: %.255s\r\n\r\n", host);

	if (tlshost_socket_do_handshake(socket) != TLSHOST_OK ||
	    tlshost_socket_send(socket, text, len, &len) != TLSHOST_OK)
		return -1;              /* it blocks, and so sent all */
	do {
		if (tlshost_socket_recv(socket, text, sizeof(text),
		    &len) != TLSHOST_OK)
			return -1;      /* also if the page was cut off */
		fwrite(text, 1, len, stdout);
	} while (len != 0);
	return tlshost_socket_shutdown(socket) == TLSHOST_OK ? 0 : -1;
}

int
main(int argc, char **argv)
{
	tlshost_config_builder *builder = NULL;
	tlshost_config *config = NULL;
	tlshost_client_context *context = NULL;
	tlshost_socket *socket = NULL;
	tlshost_error *error = NULL;
	const tlshost_error *cause;
	int result = 1;

	if (argc == 3 && tlshost_config_builder_new(NULL, &builder) ==
	    TLSHOST_OK && tlshost_config_builder_build(builder, &config,
	    &error) == TLSHOST_OK && tlshost_client_context_new(NULL, config,
	    &context, &error) == TLSHOST_OK && tlshost_socket_connect(context,
	    argv[1], argv[2], 10000, &socket, &error) == TLSHOST_OK &&
	    fetch(socket, argv[1]) == 0 && fflush(stdout) == 0 &&
	    !ferror(stdout))
		result = 0;
	cause = error != NULL ? error : tlshost_socket_error(socket);
	if (result != 0)
		fprintf(stderr, "client: %s\n", cause != NULL ?
		    tlshost_error_message(cause) : "usage: client HOST PORT");
	tlshost_socket_free(socket);
	tlshost_client_context_unref(context);
	tlshost_config_unref(config);
	tlshost_config_builder_free(builder);
	tlshost_error_free(error);
	return result;
}

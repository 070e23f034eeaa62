/* SPDX-License-Identifier: MIT */
/*
 * A client in 40 lines: fetches a page.  The server's certificate and name are
 * verified, against the system's trust store.  The socket blocks, and so sends
 * everything in one call.
 *
 *	cc client.c $(pkg-config --cflags --libs tlshost) -o client
 *	./client www.example.com 443
 */
#include <stdio.h>
#include <tlshost.h>

int
main(int argc, char **argv)
{
	tlshost_config_builder *builder = NULL;
	tlshost_config *config = NULL;
	tlshost_client_context *context = NULL;
	tlshost_socket *socket = NULL;
	tlshost_error *error = NULL;
	const tlshost_error *cause;
	char text[4096];
	size_t len = argc != 3 ? 0 : (size_t)snprintf(text, sizeof(text),
	    "GET / HTTP/1.0\r\nHost: %.255s\r\n\r\n", argv[1]);
	int good = argc == 3 &&
	    !tlshost_config_builder_new(NULL, &builder) &&
	    !tlshost_config_builder_build(builder, &config, &error) &&
	    !tlshost_client_context_new(NULL, config, &context, &error) &&
	    !tlshost_socket_connect(context, argv[1], argv[2], 10000, &socket,
	    &error) && !tlshost_socket_do_handshake(socket) &&
	    !tlshost_socket_send(socket, text, len, &len);

	/* OK with 0 bytes is the end; a page that was cut off is not OK. */
	while (good && (good = !tlshost_socket_recv(socket, text, sizeof(text),
	    &len)) && len != 0)
		good = fwrite(text, 1, len, stdout) == len;
	good = good && !tlshost_socket_shutdown(socket) && !fflush(stdout);
	cause = error != NULL ? error : tlshost_socket_error(socket);
	if (!good)
		fprintf(stderr, "client: %s\n", argc != 3 ?
		    "usage: client HOST PORT" : cause == NULL ?
		    "the page cannot be written" : tlshost_error_message(cause));
	tlshost_socket_free(socket);
	tlshost_client_context_unref(context);
	tlshost_config_unref(config);
	tlshost_config_builder_free(builder);
	tlshost_error_free(error);
	return !good;
}

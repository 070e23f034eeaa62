/* SPDX-License-Identifier: MIT */
/*
 * A client that shows a certificate, whose private key is encrypted.  The
 * password is the first line of a file, which is opened only if it is needed.
 * The connection is used as a stream of stdio.
 *
 *	cc client-certificate.c $(pkg-config --cflags --libs tlshost) -o show
 *	./show www.example.com 443 chain.pem key.pem password-file
 */
#include <stdio.h>
#include <string.h>
#include <tlshost.h>

/* Called at most once, by tlshost_client_context_new. */
static int
password_from_file(void *userdata, char *dst, size_t cap, size_t *ret_len)
{
	FILE *file = fopen(userdata, "r");
	char *line;

	if (file == NULL)
		return 1;
	(void)setvbuf(file, NULL, _IONBF, 0);   /* no copy of it stays */
	line = fgets(dst, (int)cap, file);
	fclose(file);
	if (line == NULL)
		return 1;
	*ret_len = strcspn(dst, "\r\n");
	return 0;
}

static tlshost_status
configure(char **files, tlshost_config **ret_config, tlshost_error **ret_error)
{
	tlshost_config_builder *builder = NULL;
	tlshost_chain *chain = NULL;
	tlshost_private_key *key = NULL;
	tlshost_status status;

	status = tlshost_chain_from_file(NULL, files[0], &chain, ret_error);
	if (status == TLSHOST_OK)
		status = tlshost_private_key_from_file_cb(NULL, files[1],
		    password_from_file, files[2], NULL, &key, ret_error);
	if (status == TLSHOST_OK)
		status = tlshost_config_builder_new(NULL, &builder);
	if (status == TLSHOST_OK)
		status = tlshost_config_builder_add_certificate_chain(builder,
		    chain, key);
	if (status == TLSHOST_OK)
		status = tlshost_config_builder_build(builder, ret_config,
		    ret_error);
	/* The configuration has references of its own. */
	tlshost_config_builder_free(builder);
	tlshost_private_key_unref(key);
	tlshost_chain_unref(chain);
	return status;
}

/* Asks for a page; 0, or -1.  A server that does not like the certificate says
 * so only now, with TLS 1.3. */
static int
converse(FILE *stream, const char *host)
{
	char text[4096];
	size_t len;

	if (fprintf(stream, "GET / HTTP/1.0\r\nHost: %s\r\n\r\n", host) < 0 ||
	    fflush(stream) != 0)
		return -1;
	while ((len = fread(text, 1, sizeof(text), stream)) != 0)
		if (fwrite(text, 1, len, stdout) != len)
			return -1;
	return ferror(stream) != 0 ? -1 : 0;
}

int
main(int argc, char **argv)
{
	tlshost_config *config = NULL;
	tlshost_client_context *context = NULL;
	tlshost_socket *socket = NULL;
	tlshost_error *error = NULL;
	FILE *stream = NULL;
	int result = 1;

	if (argc != 6) {
		fprintf(stderr, "usage: %s HOST PORT CHAIN KEY PASSWORD-FILE\n",
		    argv[0]);
		return 2;
	}
	if (configure(argv + 3, &config, &error) == TLSHOST_OK &&
	    tlshost_client_context_new(NULL, config, &context,
	    &error) == TLSHOST_OK &&
	    tlshost_socket_connect(context, argv[1], argv[2], 10000, &socket,
	    &error) == TLSHOST_OK &&
	    tlshost_socket_do_handshake(socket) == TLSHOST_OK &&
	    tlshost_socket_stream(socket, &stream) == TLSHOST_OK &&
	    converse(stream, argv[1]) == 0)
		result = 0;
	if (result != 0) {
		const tlshost_error *cause = error != NULL ? error :
		    tlshost_socket_error(socket);

		fprintf(stderr, "%s: %s\n", argv[0], cause != NULL ?
		    tlshost_error_message(cause) : "failed");
		if (tlshost_error_alert_received(cause) >= 0)
			fprintf(stderr, "the server's alert: %s\n",
			    tlshost_alert_name(
			    tlshost_error_alert_received(cause)));
	}
	/* Closing the stream sends close_notify and frees the socket. */
	if (stream == NULL)
		tlshost_socket_free(socket);
	else if (fclose(stream) != 0)
		result = 1;
	tlshost_client_context_unref(context);
	tlshost_config_unref(config);
	tlshost_error_free(error);
	return fflush(stdout) == 0 ? result : 1;
}

/* SPDX-License-Identifier: MIT */
/*
 * A server of several names, each with a certificate of its own.  All contexts
 * are made beforehand, so that a client costs no parsing; a client that asks
 * for another name, or for none, gets the alert unrecognized_name.  Clients are
 * served one after the other; SIGINT and SIGTERM end it.
 *
 *	cc sni-server.c $(pkg-config --cflags --libs tlshost) -o sni-server
 *	./sni-server 4433 a.example a.pem a.key  b.example b.pem b.key
 */
#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <tlshost.h>
#include <unistd.h>

#define SITES_MAX 16

typedef struct site {
	const char *name;
	tlshost_server_context *context;
} site;

typedef struct sites {
	site site[SITES_MAX];
	size_t len;
} sites;

static tlshost_status
choose(tlshost_buffer *buffer, const char *server_name, tlshost_config *config,
    const tlshost_client_hello *hello, tlshost_sni_choice *choice,
    void *userdata)
{
	const sites *all = userdata;

	(void)buffer;
	(void)config;
	(void)hello;
	for (size_t i = 0; server_name != NULL && i < all->len; i++)
		if (strcasecmp(server_name, all->site[i].name) == 0)
			return tlshost_sni_choice_context(choice,
			    all->site[i].context);
	return TLSHOST_OK;              /* and no choice: the alert */
}

/* all: the context that clients meet first, and that chooses; NULL: a site. */
static tlshost_status
make_context(const char *chain_file, const char *key_file, sites *all,
    tlshost_server_context **ret_context, tlshost_error **ret_error)
{
	tlshost_config_builder *builder = NULL;
	tlshost_config *config = NULL;
	tlshost_chain *chain = NULL;
	tlshost_private_key *key = NULL;
	tlshost_status status;

	status = tlshost_chain_from_file(NULL, chain_file, &chain, ret_error);
	if (status == TLSHOST_OK)
		status = tlshost_private_key_from_file(NULL, key_file, NULL, 0,
		    &key, ret_error);
	if (status == TLSHOST_OK)
		status = tlshost_config_builder_new(NULL, &builder);
	if (status == TLSHOST_OK)
		status = tlshost_config_builder_add_certificate_chain(builder,
		    chain, key);
	if (status == TLSHOST_OK && all != NULL)
		status = tlshost_config_builder_set_sni_callback(builder,
		    choose, all, NULL);
	if (status == TLSHOST_OK)
		status = tlshost_config_builder_build(builder, &config,
		    ret_error);
	if (status == TLSHOST_OK)
		status = tlshost_server_context_new(NULL, config, ret_context,
		    ret_error);
	tlshost_config_unref(config);
	tlshost_config_builder_free(builder);
	tlshost_private_key_unref(key);
	tlshost_chain_unref(chain);
	return status;
}

static void
serve(tlshost_socket *socket)
{
	char text[512];
	tlshost_status status;
	size_t len;

	status = tlshost_socket_do_handshake(socket);
	if (status == TLSHOST_OK) {
		len = (size_t)snprintf(text, sizeof(text), "This is %s.\n",
		    tlshost_buffer_server_name(tlshost_socket_buffer(socket)));
		status = tlshost_socket_send(socket, text, len, &len);
	}
	if (status == TLSHOST_OK)
		status = tlshost_socket_shutdown(socket);
	/* Closing with bytes unread would reset the connection, and the answer
	 * might be lost: the client goes first. */
	for (int i = 0; i < 64 && status == TLSHOST_OK; i++)
		if ((status = tlshost_socket_recv(socket, text, sizeof(text),
		    &len)) == TLSHOST_OK && len == 0)
			return;
	fprintf(stderr, "a client: %s\n", status == TLSHOST_OK ?
	    "it sends without end" :
	    tlshost_error_message(tlshost_socket_error(socket)));
}

/* A listening socket on 127.0.0.1, or -1. */
static int
listen_on(uint16_t port)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	address.sin_port = htons(port);
	if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on,
	    sizeof(on)) == 0 && bind(fd, (struct sockaddr *)&address,
	    sizeof(address)) == 0 && listen(fd, 64) == 0 &&
	    getsockname(fd, (struct sockaddr *)&address, &len) == 0) {
		printf("listening %u\n", ntohs(address.sin_port));
		fflush(stdout);
		return fd;
	}
	perror("listen");
	if (fd >= 0)
		close(fd);
	return -1;
}

/* A descriptor that can be read once the server is to end, or -1. */
static int
end_of_service(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	if (sigprocmask(SIG_BLOCK, &signals, NULL) != 0)
		return -1;
	return signalfd(-1, &signals, SFD_CLOEXEC);
}

int
main(int argc, char **argv)
{
	sites all = { .len = 0 };
	tlshost_server_context *front = NULL;
	tlshost_socket *socket;
	tlshost_error *error = NULL;
	struct pollfd ready[2] = { { .fd = -1, .events = POLLIN },
	    { .fd = -1, .events = POLLIN } };
	tlshost_status status = TLSHOST_OK;
	int result = 1;

	if (argc < 5 || (argc - 2) % 3 != 0 || (argc - 2) / 3 > SITES_MAX) {
		fprintf(stderr, "usage: %s PORT NAME CHAIN KEY ...\n", argv[0]);
		return 2;
	}
	for (int i = 2; i < argc && status == TLSHOST_OK; i += 3) {
		all.site[all.len].name = argv[i];
		status = make_context(argv[i + 1], argv[i + 2], NULL,
		    &all.site[all.len].context, &error);
		if (status == TLSHOST_OK)
			all.len++;
	}
	if (status == TLSHOST_OK)
		status = make_context(argv[3], argv[4], &all, &front, &error);
	if (status != TLSHOST_OK) {
		fprintf(stderr, "%s: %s\n", argv[0], error != NULL ?
		    tlshost_error_message(error) : tlshost_status_text(status));
		goto out;
	}
	if ((ready[0].fd = end_of_service()) < 0 ||
	    (ready[1].fd = listen_on((uint16_t)atoi(argv[1]))) < 0)
		goto out;
	while (poll(ready, 2, -1) >= 0 && ready[0].revents == 0) {
		if (tlshost_socket_accept(front, ready[1].fd, 0, &socket,
		    NULL) != TLSHOST_OK)
			continue;       /* it has gone again */
		/* Nobody may keep the others waiting. */
		(void)tlshost_socket_set_timeout(socket, 10000);
		serve(socket);
		tlshost_socket_free(socket);
	}
	result = ready[0].revents != 0 ? 0 : 1;
out:
	for (int i = 0; i < 2; i++)
		if (ready[i].fd >= 0)
			close(ready[i].fd);
	tlshost_server_context_unref(front);
	while (all.len > 0)
		tlshost_server_context_unref(all.site[--all.len].context);
	tlshost_error_free(error);
	return result;
}

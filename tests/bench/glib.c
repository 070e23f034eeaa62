/* SPDX-License-Identifier: MIT */
/*
 * GLib's GTlsConnection, over the descriptors it is given: a peer of the same
 * purpose.  It chooses version and suite by itself.
 */
#include "config.h"

#include <gio/gio.h>
#include <stdlib.h>
#include <unistd.h>

#include "engine.h"

typedef struct world {
	GTlsDatabase *trust;
	GTlsCertificate *certificate;
	GSocketConnectable *name;
} world;

typedef struct end {
	GIOStream *stream;               /* a GTlsConnection */
	GPollableInputStream *in;
	GPollableOutputStream *out;
	int begun, done;
} end;

static void
must(int ok, const char *what, const GError *error)
{
	if (!ok)
		die("GLib, %s: %s", what, error != NULL ? error->message : "");
}

static void *
world_open(const engine *e, const scenario *s)
{
	world *w = calloc(1, sizeof(*w));
	GError *error = NULL;

	(void)e;
	must(w != NULL, "memory", NULL);
	w->trust = g_tls_file_database_new(s->trust, &error);
	must(w->trust != NULL, s->trust, error);
	w->certificate = g_tls_certificate_new_from_files(
	    bench_file(s->key, ".pem"), bench_file(s->key, ".key"), &error);
	must(w->certificate != NULL, "identity", error);
	w->name = g_network_address_new(BENCH_HOST, 443);
	return w;
}

static void
world_close(void *object)
{
	world *w = object;

	g_object_unref(w->trust);
	g_object_unref(w->certificate);
	g_object_unref(w->name);
	free(w);
}

static void *
world_connect(void *object, int server, const wire *way)
{
	world *w = object;
	GError *error = NULL;
	/* It closes its descriptor, and this one is the caller's. */
	GSocket *socket = g_socket_new_from_fd(dup(way->fd), &error);
	GSocketConnection *base;
	end *one = calloc(1, sizeof(*one));

	must(one != NULL && socket != NULL, "socket", error);
	g_socket_set_blocking(socket, FALSE);
	base = g_socket_connection_factory_create_connection(socket);
	g_object_unref(socket);
	one->stream = server ? g_tls_server_connection_new(G_IO_STREAM(base),
	    w->certificate, &error) : g_tls_client_connection_new(
	    G_IO_STREAM(base), w->name, &error);
	must(one->stream != NULL, "connection", error);
	g_object_unref(base);
	if (!server)
		g_tls_connection_set_database(G_TLS_CONNECTION(one->stream),
		    w->trust);
	one->in = G_POLLABLE_INPUT_STREAM(g_io_stream_get_input_stream(
	    one->stream));
	one->out = G_POLLABLE_OUTPUT_STREAM(g_io_stream_get_output_stream(
	    one->stream));
	return one;
}

static void
note_done(GObject *source, GAsyncResult *result, gpointer object)
{
	GError *error = NULL;

	must(g_tls_connection_handshake_finish(G_TLS_CONNECTION(source),
	    result, &error), "handshake", error);
	((end *)object)->done = 1;
}

static int
shake(void *object)
{
	end *one = object;

	if (!one->begun)
		g_tls_connection_handshake_async(
		    G_TLS_CONNECTION(one->stream), G_PRIORITY_DEFAULT, NULL,
		    note_done, one);
	else if (!one->done)
		(void)g_main_context_iteration(NULL, TRUE);
	one->begun = 1;
	return one->done;
}

static size_t
settle(gssize n, GError *error, const char *what)
{
	if (n >= 0)
		return (size_t)n;
	must(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK), what,
	    error);
	g_error_free(error);
	return 0;
}

static size_t
put(void *object, const void *src, size_t len)
{
	GError *error = NULL;
	gssize n = g_pollable_output_stream_write_nonblocking(
	    ((end *)object)->out, src, len, NULL, &error);

	return settle(n, error, "write");
}

static size_t
get(void *object, void *dst, size_t cap)
{
	GError *error = NULL;
	gssize n = g_pollable_input_stream_read_nonblocking(
	    ((end *)object)->in, dst, cap, NULL, &error);

	return settle(n, error, "read");
}

static void
release(void *object)
{
	end *one = object;

	g_object_unref(one->stream);
	free(one);
}

extern const engine bench_glib;
const engine bench_glib = {
	.name = "GLib",
	.backend = "gnutls",
	.sockets = 1,
	.own_suite = 1,
	.open = world_open,
	.close = world_close,
	.connect = world_connect,
	.handshake = shake,
	.write = put,
	.read = get,
	.free = release,
};

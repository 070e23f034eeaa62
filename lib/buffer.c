/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <pthread.h>

#include "buffer.h"
#include "numbers.h"

/* One record's worth: what a plugin is asked to encrypt at a time. */
#define SLICE ((size_t)16384)

/* ------------------------------------------------------------------------
 * Fork: a connection used on both sides would repeat its nonces.
 */

static atomic_uint fork_count;
static pthread_once_t fork_once = PTHREAD_ONCE_INIT;

static void
count_fork(void)
{
	atomic_fetch_add_explicit(&fork_count, 1, memory_order_relaxed);
}

static void
watch_forks(void)
{
	(void)pthread_atfork(NULL, NULL, count_fork);
}

static unsigned int
forks_now(void)
{
	return atomic_load_explicit(&fork_count, memory_order_relaxed);
}

/* ------------------------------------------------------------------------
 * Making and freeing
 */

static void
link_done(tlshost_link *link)
{
	tlshost__queue_done(&link->incoming);
	tlshost__queue_done(&link->outgoing);
	tlshost__opening_free(link->opening);
	tlshost__context_unref(link->context);
	tlshost__context_unref(link->first);
	free(link->peer);
	free(link->server_name);
	tlshost_verification_free(link->verification);
	tlshost_error_free(link->failure);
}

void
tlshost_buffer_free(tlshost_buffer *buffer)
{
	if (buffer == NULL)
		return;
	if (buffer->connection != NULL)
		buffer->ops->connection_free(buffer->connection);
	link_done(&buffer->link);
	tlshost_error_free(buffer->error);
	tlshost_error_free(buffer->canceled);
	free(buffer);
}

static tlshost_status
buffer_new(tlshost__context *context, const tlshost__peer_name *peer,
    tlshost_buffer **ret_buffer, tlshost_error **ret_error)
{
	const char *server_name = NULL;
	tlshost_buffer *buffer;
	tlshost_sink sink;
	tlshost_status st;

	(void)pthread_once(&fork_once, watch_forks);
	if ((buffer = calloc(1, sizeof(*buffer))) == NULL)
		return tlshost__fail_memory(ret_error);
	buffer->ops = &context->backend->ops;
	buffer->fork_count = forks_now();
	buffer->link.buffer = buffer;
	buffer->link.context = tlshost__context_ref(context);
	buffer->link.first = tlshost__context_ref(context);
	buffer->info.size = sizeof(buffer->info);
	buffer->link.opening = tlshost__opening_new(context->role);
	if (buffer->link.opening == NULL) {
		tlshost_buffer_free(buffer);
		return tlshost__fail_memory(ret_error);
	}
	if (peer != NULL) {
		if ((buffer->link.peer = malloc(sizeof(*peer))) == NULL) {
			tlshost_buffer_free(buffer);
			return tlshost__fail_memory(ret_error);
		}
		*buffer->link.peer = *peer;
		if (peer->kind == TLSHOST__PEER_NAME_DNS)
			server_name = peer->dns;
	}
	tlshost__sink_init(&sink, context->backend->name, TLSHOST_PHASE_CONFIG,
	    NULL);
	st = tlshost__border(&sink, "connection_new",
	    buffer->ops->connection_new(&sink, context->plugin, &buffer->link,
	    server_name, &buffer->connection), 0, ret_error);
	tlshost__sink_done(&sink);
	if (st == TLSHOST_OK && buffer->connection == NULL)
		st = tlshost__fail(ret_error, TLSHOST_BACKEND_FAULT,
		    TLSHOST_PHASE_CONFIG, context->backend->name,
		    "backend %s made no connection", context->backend->name);
	if (st != TLSHOST_OK) {
		tlshost_buffer_free(buffer);
		return st;
	}
	*ret_buffer = buffer;
	return TLSHOST_OK;
}

const char tlshost_insecure_no_hostname[] = "";

tlshost_status
tlshost_client_context_wrap_buffers(tlshost_client_context *context,
    const char *server_hostname, tlshost_buffer **ret_buffer,
    tlshost_error **ret_error)
{
	tlshost__peer_name name, *peer = NULL;
	const char *problem;
	tlshost_status st;

	if (context == NULL || server_hostname == NULL || ret_buffer == NULL)
		return tlshost__fail(ret_error, TLSHOST_INVALID_ARGUMENT,
		    TLSHOST_PHASE_CONFIG, NULL, "%s is NULL",
		    context == NULL ? "context" : server_hostname == NULL ?
		    "server_hostname" : "ret_buffer");
	if (server_hostname != tlshost_insecure_no_hostname) {
		st = tlshost__peer_name_parse(server_hostname, &name,
		    &problem);
		if (st == TLSHOST_NO_MEMORY)
			return tlshost__fail_memory(ret_error);
		if (st != TLSHOST_OK)
			return tlshost__fail(ret_error, st,
			    TLSHOST_PHASE_CONFIG, NULL,
			    "server_hostname \"%.300s\": %s",
			    server_hostname, problem);
		peer = &name;
	}
	return buffer_new(tlshost__context_of_client(context), peer,
	    ret_buffer, ret_error);
}

tlshost_status
tlshost_server_context_wrap_buffers(tlshost_server_context *context,
    tlshost_buffer **ret_buffer, tlshost_error **ret_error)
{
	if (context == NULL || ret_buffer == NULL)
		return tlshost__fail(ret_error, TLSHOST_INVALID_ARGUMENT,
		    TLSHOST_PHASE_CONFIG, NULL, "%s is NULL",
		    context == NULL ? "context" : "ret_buffer");
	return buffer_new(tlshost__context_of_server(context), NULL,
	    ret_buffer, ret_error);
}

/* ------------------------------------------------------------------------
 * Statuses: what is kept, and what is only of one call
 */

static void
set_error(tlshost_buffer *buffer, tlshost_error *error)
{
	if (buffer->error != error)
		tlshost_error_free(buffer->error);
	buffer->error = error;
}

/* A misuse: told, but the connection lives on. */
static tlshost_status
refuse(tlshost_buffer *buffer, tlshost_status status, tlshost_phase phase,
    const char *text)
{
	tlshost_error *error = NULL;

	if (buffer->state == TLSHOST__BUFFER_FAILED)
		return status;
	(void)tlshost__fail(&error, status, phase,
	    buffer->link.context->backend->name, "%s", text);
	set_error(buffer, error);
	return status;
}

/* The end of the connection, for ever. */
static tlshost_status
latch(tlshost_buffer *buffer, tlshost_status status, tlshost_error *error)
{
	buffer->state = TLSHOST__BUFFER_FAILED;
	buffer->status = status;
	set_error(buffer, error);
	return status;
}

static tlshost_status
latch_memory(tlshost_buffer *buffer)
{
	tlshost_error *error = NULL;

	(void)tlshost__fail_memory(&error);
	return latch(buffer, TLSHOST_NO_MEMORY, error);
}

static tlshost_status
latch_text(tlshost_buffer *buffer, tlshost_status status, tlshost_phase phase,
    const char *text)
{
	tlshost_error *error = NULL;

	(void)tlshost__fail(&error, status, phase,
	    buffer->link.context->backend->name, "backend %s: %s",
	    buffer->link.context->backend->name, text);
	return latch(buffer, status, error);
}

/* judge and hello know why a handshake failed better than the library does;
 * the library knows which alert went out. */
static tlshost_status
take_cause(tlshost_buffer *buffer, tlshost_status status,
    tlshost_error **error)
{
	tlshost_error *cause = buffer->link.failure, *said = *error;

	if (cause == NULL)
		return status;
	if (said != NULL && !cause->is_static) {
		cause->alert_sent = said->alert_sent;
		if (cause->native_text == NULL && said->native_text != NULL) {
			cause->native_text = said->native_text;
			cause->native_code = said->native_code;
			if (!said->is_static)
				said->native_text = NULL;
		}
	}
	tlshost_error_free(said);
	buffer->link.failure = NULL;
	*error = cause;
	return cause->status;
}

/*
 * The first bytes from the network, in words, if they begin no TLS record (RFC
 * 8446, 5.1); each library has another name for that, or none.
 */
static const char *
plain_text_peer(const tlshost_link *link)
{
	static const struct {
		const char *begin, *words;
	} peers[] = {
		{ "HTTP/", "the peer answered in HTTP" },
		{ "GET ", "the peer asked in HTTP" },
		{ "HEAD ", "the peer asked in HTTP" },
		{ "POST ", "the peer asked in HTTP" },
		{ "SSH-", "the peer speaks SSH" },
		{ "220 ", "the peer greeted in plain text" },
		{ "220-", "the peer greeted in plain text" },
	};
	const tlshost__opening *opening = link->opening;

	if (opening == NULL || tlshost__opening_is_tls(opening))
		return NULL;
	for (size_t i = 0; i < TLSHOST__ARRAY_LEN(peers); i++) {
		size_t len = strlen(peers[i].begin);

		if (opening->first_len >= len &&
		    memcmp(opening->first, peers[i].begin, len) == 0)
			return peers[i].words;
	}
	return "the peer does not speak TLS";
}

/* All that the words above are told by is there. */
static int
is_known_not_tls(const tlshost__opening *opening)
{
	return opening->first_len == sizeof(opening->first) &&
	    !tlshost__opening_is_tls(opening);
}

/* What only the host can tell of a handshake that failed.  Such a peer gets no
 * alert. */
static tlshost_status
name_not_tls(tlshost_buffer *buffer, tlshost_status status,
    tlshost_error **error)
{
	const char *words = plain_text_peer(&buffer->link);
	tlshost_error *named = NULL;

	if (words == NULL || buffer->state != TLSHOST__BUFFER_HANDSHAKE ||
	    (status != TLSHOST_PROTOCOL && status != TLSHOST_NOT_TLS &&
	    status != TLSHOST_NO_OVERLAP && status != TLSHOST_RAGGED_EOF))
		return status;
	tlshost__queue_done(&buffer->link.outgoing);
	(void)tlshost__fail(&named, TLSHOST_NOT_TLS, TLSHOST_PHASE_HANDSHAKE,
	    buffer->link.context->backend->name, "%s", words);
	if (!named->is_static && *error != NULL) {
		named->native_code = (*error)->native_code;
		if (!(*error)->is_static) {
			named->native_text = (*error)->native_text;
			(*error)->native_text = NULL;
		}
	}
	tlshost_error_free(*error);
	*error = named;
	return TLSHOST_NOT_TLS;
}

/* On TLS 1.3 user_canceled closes, as close_notify does (RFC 8446, 6.1). */
static int
is_closing(const tlshost_buffer *buffer, tlshost_status status,
    const tlshost_error *error)
{
	return status == TLSHOST_ALERT_RECEIVED &&
	    buffer->state == TLSHOST__BUFFER_OPEN &&
	    buffer->info.version >= TLSHOST_VERSION_TLSV1_3 &&
	    tlshost_error_alert_received(error) == ALERT_USER_CANCELED;
}

/* Nobody reads any more what would be sent. */
static tlshost_status
latch_canceled(tlshost_buffer *buffer)
{
	tlshost_error *error = buffer->canceled;

	buffer->canceled = NULL;
	return latch(buffer, TLSHOST_ALERT_RECEIVED, error);
}

static tlshost_status
settle_whole(tlshost_buffer *buffer, tlshost_sink *sink, const char *slot,
    int32_t raw, uint64_t allowed)
{
	tlshost_error *error = NULL;
	tlshost_status st;

	st = tlshost__border(sink, slot, raw, allowed, &error);
	tlshost__sink_done(sink);
	if (buffer->link.no_memory) {
		tlshost_error_free(error);
		return latch_memory(buffer);
	}
	if (st == TLSHOST_OK)
		return TLSHOST_OK;
	if (st == TLSHOST_WANT_READ) {
		/* Waiting for bytes that cannot come would be for ever. */
		if (buffer->link.network_ended &&
		    (st = name_not_tls(buffer, TLSHOST_RAGGED_EOF, &error)) !=
		    TLSHOST_RAGGED_EOF)
			return latch(buffer, st, error);
		if (buffer->link.network_ended)
			return latch_text(buffer, TLSHOST_RAGGED_EOF,
			    sink->phase, "the peer vanished without "
			    "close_notify");
		if (tlshost__queue_len(&buffer->link.incoming) >=
		    TLSHOST__INCOMING_CAP)
			return latch_text(buffer, TLSHOST_BACKEND_FAULT,
			    sink->phase, "it leaves incoming bytes unread");
		return TLSHOST_WANT_READ;
	}
	st = take_cause(buffer, st, &error);
	st = name_not_tls(buffer, st, &error);
	if (is_closing(buffer, st, error)) {
		buffer->canceled = error;
		return TLSHOST_OK;
	}
	return latch(buffer, st, error);
}

/*
 * Takes what a slot of the connection returned: filters it, turns the end of
 * the network into RAGGED_EOF and latches what is final.  OK and nothing else
 * is what every record ends with.
 */
static inline tlshost_status
settle(tlshost_buffer *buffer, tlshost_sink *sink, const char *slot,
    int32_t raw, uint64_t allowed)
{
	if (raw == TLSHOST_OK && !buffer->link.no_memory &&
	    tlshost__sink_is_empty(sink))
		return TLSHOST_OK;
	return settle_whole(buffer, sink, slot, raw, allowed);
}

static tlshost_status
refuse_callback(tlshost_buffer *buffer)
{
	return refuse(buffer, TLSHOST_INVALID_STATE, TLSHOST_PHASE_HANDSHAKE,
	    "a callback cannot move its own connection on");
}

/* The guard of every call: OK, or what to answer instead. */
static tlshost_status
enter(tlshost_buffer *buffer)
{
	if (buffer == NULL)
		return TLSHOST_INVALID_ARGUMENT;
	if (buffer->fork_count != forks_now())
		return TLSHOST_FORKED;
	if (buffer->state == TLSHOST__BUFFER_FAILED)
		return buffer->status;
	if (buffer->shaking)
		return refuse_callback(buffer);
	return TLSHOST_OK;
}

static int
over_cap(const tlshost_buffer *buffer)
{
	return tlshost__queue_len(&buffer->link.outgoing) >=
	    TLSHOST__OUTGOING_CAP;
}

#define ALLOW_PEER                                                       \
	(TLSHOST__ALLOW(ALERT_RECEIVED) | TLSHOST__ALLOW(PROTOCOL) |     \
	    TLSHOST__ALLOW(BAD_CERTIFICATE))
#define ALLOW_READ \
	(ALLOW_PEER | TLSHOST__ALLOW(WANT_READ) | TLSHOST__ALLOW(RAGGED_EOF))

/* ------------------------------------------------------------------------
 * The handshake
 */

static int
listed(const uint16_t *ids, size_t len, uint32_t id)
{
	for (size_t i = 0; i < len; i++)
		if (ids[i] == id)
			return 1;
	return 0;
}

static int
protocol_listed(const tlshost_config *config, struct tlshost_bytes protocol)
{
	if (protocol.len == 0)
		return 1;
	if (protocol.data == NULL)
		return 0;
	for (size_t i = 0; i < config->protocols_len; i++)
		if (config->protocols[i].len == protocol.len &&
		    memcmp(config->protocols[i].data, protocol.data,
		    protocol.len) == 0)
			return 1;
	return 0;
}

/* Was the peer verified, where it had to be? */
static int
peer_verified(const tlshost_link *link)
{
	const tlshost_config *config = link->context->config;
	const tlshost_verification *verification = link->verification;

	if (link->context->role == TLSHOST_ROLE_SERVER) {
		if (config->client_auth == TLSHOST_CLIENT_AUTH_NONE)
			return verification == NULL;
		if (verification == NULL)
			return config->client_auth !=
			    TLSHOST_CLIENT_AUTH_REQUIRE;
	}
	if (!config->validate)
		return 1;
	return verification != NULL && verification->checked &&
	    verification->ok;
}

static const char *
handshake_fault(const tlshost_buffer *buffer)
{
	const tlshost_link *link = &buffer->link;
	const tlshost__context *context = link->context;
	uint32_t version = buffer->info.version;

	if (version < TLSHOST_VERSION_TLSV1 ||
	    version > TLSHOST_VERSION_TLSV1_3 ||
	    (version < (uint32_t)context->config->lowest &&
	    context->config->lowest != TLSHOST_VERSION_MAXIMUM_SUPPORTED) ||
	    (version > (uint32_t)context->config->highest &&
	    context->config->highest != TLSHOST_VERSION_MINIMUM_SUPPORTED))
		return "it negotiated a version that was not allowed";
	if (!listed(context->ciphers, context->ciphers_len,
	    buffer->info.suite))
		return "it negotiated a cipher suite that was not allowed";
	if (!protocol_listed(context->config, buffer->info.protocol))
		return "it negotiated a protocol that was not offered";
	if (context->role == TLSHOST_ROLE_SERVER && !link->hello_seen)
		return "it did not ask about the ClientHello";
	if (!peer_verified(link))
		return "it did not verify the peer";
	return NULL;
}

/* What came since, before the library sees it. */
static int
look_at_opening(tlshost_link *link)
{
	const uint8_t *data;
	size_t n;

	while ((n = tlshost__queue_peek_at(&link->incoming, link->looked_at,
	    &data)) != 0) {
		if (tlshost__opening_read(link->opening, data, n) != 0)
			return -1;
		link->looked_at += n;
	}
	return 0;
}

/* The peer broke the protocol where everybody can see it, or gave up there. */
static tlshost_status
latch_breach(tlshost_buffer *buffer)
{
	const tlshost__opening *opening = buffer->link.opening;
	const tlshost__breach *breach = &opening->breach;
	tlshost_status st = opening->received < 0 ? TLSHOST_PROTOCOL :
	    TLSHOST_ALERT_RECEIVED;
	const uint8_t alert[] = { RECORD_ALERT, 3, 3, 0, 2, LEVEL_FATAL,
		(uint8_t)breach->alert };
	tlshost_error *error = NULL;
	char extension[32] = "";

	if (breach->extension >= 0)
		snprintf(extension, sizeof(extension), " (%ld)",
		    breach->extension);
	(void)tlshost__fail(&error, st, TLSHOST_PHASE_HANDSHAKE,
	    buffer->link.context->backend->name, "the peer's %s: %s%s",
	    opening->before_hello ? "hello" : "handshake",
	    breach->text, extension);
	if (!error->is_static)
		error->alert_received = opening->received;
	/* Behind the hello it would have to be encrypted, by the library. */
	if (opening->before_hello && breach->alert >= 0) {
		if (tlshost__queue_add(&buffer->link.outgoing, alert,
		    sizeof(alert)) != 0) {
			tlshost_error_free(error);
			return latch_memory(buffer);
		}
		if (!error->is_static)
			error->alert_sent = breach->alert;
	}
	return latch(buffer, st, error);
}

/* What was found there counts once the library has come so far: what stands
 * behind the end of its handshake is not its business, and may be forged. */
static int
is_reached(const tlshost_link *link, size_t at)
{
	return link->opening->seen - link->looked_at > at;
}

/* A peer that has nothing but Finished to say, or certificates, too. */
static size_t
flight_of_peer(const tlshost_link *link)
{
	return link->context->config->client_auth ==
	    TLSHOST_CLIENT_AUTH_NONE ? 256 : 131072;
}

/*
 * Did the library fail over an alert in the clear?  Some take it for a damaged
 * record where they have keys already, which their peer may not (a client of TLS
 * 1.3 that refuses a certificate), or for an empty certificate.
 */
static int
is_about_alert(const tlshost_buffer *buffer, tlshost_status status)
{
	const tlshost__opening *opening = buffer->link.opening;

	if (tlshost__opening_last_word(opening) < 0 ||
	    !is_reached(&buffer->link, opening->alert_at))
		return 0;
	return status == TLSHOST_PROTOCOL ||
	    (status == TLSHOST_BAD_CERTIFICATE &&
	    tlshost_error_reasons(buffer->error) ==
	    TLSHOST_REASON_NO_CERTIFICATE);
}

/* Nobody hears an answer to it. */
static tlshost_status
latch_last_word(tlshost_buffer *buffer)
{
	int alert = tlshost__opening_last_word(buffer->link.opening);
	tlshost_status st = alert == ALERT_CLOSE_NOTIFY ? TLSHOST_PROTOCOL :
	    TLSHOST_ALERT_RECEIVED;
	tlshost_error *error = NULL;

	tlshost__queue_done(&buffer->link.outgoing);
	(void)tlshost__fail(&error, st, TLSHOST_PHASE_HANDSHAKE,
	    buffer->link.context->backend->name, "%s",
	    alert == ALERT_CLOSE_NOTIFY ?
	    "the peer closed during the handshake" : "the peer sent an alert");
	if (!error->is_static && alert != ALERT_CLOSE_NOTIFY)
		error->alert_received = alert;
	return latch(buffer, st, error);
}

tlshost_status
tlshost_buffer_do_handshake(tlshost_buffer *buffer)
{
	tlshost_status st = enter(buffer);
	tlshost_error *error = NULL;
	tlshost_sink sink;
	const char *fault;
	int32_t raw;

	if (st != TLSHOST_OK)
		return st;
	if (buffer->state == TLSHOST__BUFFER_OPEN)
		return TLSHOST_OK;
	if (over_cap(buffer))
		return TLSHOST_WANT_WRITE;
	tlshost__sink_init(&sink, buffer->link.first->backend->name,
	    TLSHOST_PHASE_HANDSHAKE, NULL);
	if (look_at_opening(&buffer->link) != 0)
		return latch_memory(buffer);
	if (is_known_not_tls(buffer->link.opening)) {
		st = name_not_tls(buffer, TLSHOST_NOT_TLS, &error);
		return latch(buffer, st, error);
	}
	if (buffer->link.opening->before_hello)
		return latch_breach(buffer);
	buffer->shaking = 1;
	raw = buffer->ops->handshake(&sink, buffer->connection);
	buffer->shaking = 0;
	/* Any status can be the SNI callback's own. */
	st = settle(buffer, &sink, "handshake", raw, ALLOW_READ |
	    TLSHOST__ALLOW(NO_OVERLAP) | TLSHOST__ALLOW(NOT_TLS) |
	    TLSHOST__ALLOW(UNRECOGNIZED_NAME) |
	    (buffer->link.failure != NULL ?
	    TLSHOST__ALLOW(UNRECOGNIZED_NAME) - 1 : 0));
	if (is_about_alert(buffer, st))
		return latch_last_word(buffer);
	if (st == TLSHOST_WANT_READ)
		tlshost__opening_wants_more(buffer->link.opening,
		    flight_of_peer(&buffer->link));
	/* A library that was offended has said so by itself; it may have believed
	 * an alert that was not encrypted. */
	if ((st == TLSHOST_OK || st == TLSHOST_WANT_READ ||
	    (st == TLSHOST_ALERT_RECEIVED && buffer->link.opening->sealed)) &&
	    buffer->link.opening->breach.text != NULL &&
	    is_reached(&buffer->link, buffer->link.opening->breach_at)) {
		/* What waits may be the message that ends the handshake. */
		if (st == TLSHOST_OK)
			tlshost__queue_done(&buffer->link.outgoing);
		return latch_breach(buffer);
	}
	if (st != TLSHOST_OK)
		return st;
	buffer->ops->info(buffer->connection, &buffer->info);
	if ((fault = handshake_fault(buffer)) != NULL) {
		/* What waits may be the message that ends the handshake. */
		tlshost__queue_done(&buffer->link.outgoing);
		return latch_text(buffer, TLSHOST_BACKEND_FAULT,
		    TLSHOST_PHASE_HANDSHAKE, fault);
	}
	buffer->state = TLSHOST__BUFFER_OPEN;
	tlshost__opening_free(buffer->link.opening);
	buffer->link.opening = NULL;
	free(buffer->link.peer);
	buffer->link.peer = NULL;
	return TLSHOST_OK;
}

/* ------------------------------------------------------------------------
 * Data
 */

tlshost_status
tlshost_buffer_read(tlshost_buffer *buffer, void *dst, size_t cap,
    size_t *ret_len)
{
	tlshost_sink sink;
	tlshost_status st;
	size_t len = 0;

	if (buffer == NULL || dst == NULL || cap == 0 || ret_len == NULL)
		return TLSHOST_INVALID_ARGUMENT;
	st = enter(buffer);
	if (st != TLSHOST_FORKED && buffer->peer_end != TLSHOST__PEER_OPEN) {
		*ret_len = 0;
		return TLSHOST_OK;
	}
	if (st != TLSHOST_OK)
		return st;
	if (buffer->state != TLSHOST__BUFFER_OPEN)
		return refuse(buffer, TLSHOST_INVALID_STATE,
		    TLSHOST_PHASE_READ, "read before the handshake");
	if (over_cap(buffer))
		return TLSHOST_WANT_WRITE;
	tlshost__sink_init(&sink, buffer->link.context->backend->name,
	    TLSHOST_PHASE_READ, NULL);
	st = settle(buffer, &sink, "read", buffer->ops->read(&sink,
	    buffer->connection, dst, cap, &len), ALLOW_READ);
	if (st != TLSHOST_OK)
		return st;
	if (buffer->canceled != NULL) {
		/* Some libraries have read on by then. */
		tlshost__queue_drop(&buffer->link.incoming,
		    tlshost__queue_len(&buffer->link.incoming));
		buffer->peer_end = TLSHOST__PEER_CANCELED;
		*ret_len = 0;
		return TLSHOST_OK;
	}
	if (len > cap)
		return latch_text(buffer, TLSHOST_BACKEND_FAULT,
		    TLSHOST_PHASE_READ, "slot read wrote beyond its room");
	if (len == 0)
		buffer->peer_end = TLSHOST__PEER_CLOSED;
	*ret_len = len;
	return TLSHOST_OK;
}

tlshost_status
tlshost_buffer_write(tlshost_buffer *buffer, const void *src, size_t len,
    size_t *ret_len)
{
	const uint8_t *data = src;
	tlshost_status st = enter(buffer);
	tlshost_sink sink;
	size_t done = 0;

	if (st != TLSHOST_OK)
		return st;
	if ((src == NULL && len != 0) || ret_len == NULL)
		return TLSHOST_INVALID_ARGUMENT;
	if (buffer->state != TLSHOST__BUFFER_OPEN)
		return refuse(buffer, TLSHOST_INVALID_STATE,
		    TLSHOST_PHASE_WRITE, "write before the handshake");
	if (buffer->shutdown_sent)
		return refuse(buffer, TLSHOST_INVALID_STATE,
		    TLSHOST_PHASE_WRITE, "write after shutdown");
	if (len == 0) {
		*ret_len = 0;
		return TLSHOST_OK;
	}
	if (over_cap(buffer))
		return TLSHOST_WANT_WRITE;
	if (buffer->canceled != NULL)
		return latch_canceled(buffer);
	do {
		size_t slice = len - done < SLICE ? len - done : SLICE;
		size_t n = 0;

		tlshost__sink_init(&sink, buffer->link.context->backend->name,
		    TLSHOST_PHASE_WRITE, NULL);
		st = settle(buffer, &sink, "write", buffer->ops->write(&sink,
		    buffer->connection, data + done, slice, &n),
		    TLSHOST__ALLOW(PROTOCOL));
		if (st != TLSHOST_OK)
			return st;
		if (n == 0 || n > slice)
			return latch_text(buffer, TLSHOST_BACKEND_FAULT,
			    TLSHOST_PHASE_WRITE, "slot write told a length "
			    "that cannot be");
		done += n;
	} while (done < len && !over_cap(buffer));
	*ret_len = done;
	return TLSHOST_OK;
}

tlshost_status
tlshost__buffer_write_now(tlshost_buffer *buffer, const void *src, size_t len,
    size_t *ret_len,
    size_t (*send_now)(void *userdata, const uint8_t *src, size_t len),
    void *userdata)
{
	tlshost_status st;

	buffer->link.send_now = send_now;
	buffer->link.send_now_data = userdata;
	st = tlshost_buffer_write(buffer, src, len, ret_len);
	buffer->link.send_now = NULL;
	return st;
}

tlshost_status
tlshost_buffer_shutdown(tlshost_buffer *buffer)
{
	tlshost_status st = enter(buffer);
	tlshost_sink sink;

	if (st != TLSHOST_OK)
		return st;
	if (buffer->state != TLSHOST__BUFFER_OPEN)
		return refuse(buffer, TLSHOST_INVALID_STATE,
		    TLSHOST_PHASE_SHUTDOWN, "shutdown before the handshake");
	if (buffer->shutdown_sent)
		return TLSHOST_OK;
	tlshost__sink_init(&sink, buffer->link.context->backend->name,
	    TLSHOST_PHASE_SHUTDOWN, NULL);
	st = settle(buffer, &sink, "shutdown", buffer->ops->shutdown(&sink,
	    buffer->connection), 0);
	if (st == TLSHOST_OK)
		buffer->shutdown_sent = 1;
	return st;
}

tlshost_status
tlshost_buffer_key_update(tlshost_buffer *buffer, int request)
{
	tlshost_status st = enter(buffer);
	tlshost_sink sink;

	if (st != TLSHOST_OK)
		return st;
	if (request != 0 && request != 1)
		return TLSHOST_INVALID_ARGUMENT;
	if (buffer->state != TLSHOST__BUFFER_OPEN || buffer->shutdown_sent)
		return refuse(buffer, TLSHOST_INVALID_STATE,
		    TLSHOST_PHASE_WRITE, "key update outside of a connection");
	if (buffer->ops->key_update == NULL ||
	    buffer->info.version < TLSHOST_VERSION_TLSV1_3)
		return refuse(buffer, TLSHOST_UNSUPPORTED, TLSHOST_PHASE_WRITE,
		    buffer->ops->key_update == NULL ?
		    "the backend has no key update" :
		    "there is no key update before TLS 1.3");
	if (request && (tlshost_backend_capabilities(
	    buffer->link.context->backend) &
	    TLSHOST_CAPABILITY_KEY_UPDATE_REQUEST) == 0)
		return refuse(buffer, TLSHOST_UNSUPPORTED, TLSHOST_PHASE_WRITE,
		    "the backend cannot ask the peer for a new key");
	if (over_cap(buffer))
		return TLSHOST_WANT_WRITE;
	if (buffer->canceled != NULL)
		return latch_canceled(buffer);
	tlshost__sink_init(&sink, buffer->link.context->backend->name,
	    TLSHOST_PHASE_WRITE, NULL);
	return settle(buffer, &sink, "key_update", buffer->ops->key_update(
	    &sink, buffer->connection, (uint32_t)request),
	    TLSHOST__ALLOW(UNSUPPORTED) | TLSHOST__ALLOW(PROTOCOL));
}

/* ------------------------------------------------------------------------
 * The network
 */

/* Bytes are taken also after a failure: the network need not know of it. */
static tlshost_status
enter_network(tlshost_buffer *buffer)
{
	if (buffer == NULL)
		return TLSHOST_INVALID_ARGUMENT;
	if (buffer->fork_count != forks_now())
		return TLSHOST_FORKED;
	if (buffer->shaking)
		return refuse_callback(buffer);
	if (buffer->link.network_ended)
		return refuse(buffer, TLSHOST_INVALID_STATE,
		    TLSHOST_PHASE_READ, "bytes after the end of the network");
	return TLSHOST_OK;
}

static size_t
incoming_room(const tlshost_buffer *buffer)
{
	size_t len = tlshost__queue_len(&buffer->link.incoming);

	return len < TLSHOST__INCOMING_CAP ? TLSHOST__INCOMING_CAP - len : 0;
}

tlshost_status
tlshost_buffer_receive_from_network(tlshost_buffer *buffer, const void *data,
    size_t len, size_t *ret_len)
{
	tlshost_status st = enter_network(buffer);
	size_t room;

	if (st != TLSHOST_OK)
		return st;
	if ((data == NULL && len != 0) || ret_len == NULL)
		return TLSHOST_INVALID_ARGUMENT;
	room = incoming_room(buffer);
	if (len > room)
		len = room;
	if (len != 0 &&
	    tlshost__queue_add(&buffer->link.incoming, data, len) != 0)
		return refuse(buffer, TLSHOST_NO_MEMORY, TLSHOST_PHASE_READ,
		    "out of memory");
	*ret_len = len;
	return TLSHOST_OK;
}

tlshost_status
tlshost_buffer_reserve_incoming(tlshost_buffer *buffer, size_t min_len,
    uint8_t **ret_data, size_t *ret_len)
{
	tlshost_status st = enter_network(buffer);
	size_t room, len;
	uint8_t *data;

	if (st != TLSHOST_OK)
		return st;
	if (min_len == 0 || min_len > 65536 || ret_data == NULL ||
	    ret_len == NULL)
		return TLSHOST_INVALID_ARGUMENT;
	if ((room = incoming_room(buffer)) < min_len)
		return refuse(buffer, TLSHOST_INVALID_STATE,
		    TLSHOST_PHASE_READ, "no room: read first");
	if (buffer->link.incoming.reserved)
		return refuse(buffer, TLSHOST_INVALID_STATE,
		    TLSHOST_PHASE_READ, "reserved already");
	if ((data = tlshost__queue_reserve(&buffer->link.incoming, min_len,
	    &len)) == NULL)
		return refuse(buffer, TLSHOST_NO_MEMORY, TLSHOST_PHASE_READ,
		    "out of memory");
	buffer->link.incoming_reserved = len < room ? len : room;
	*ret_data = data;
	*ret_len = buffer->link.incoming_reserved;
	return TLSHOST_OK;
}

tlshost_status
tlshost_buffer_commit_incoming(tlshost_buffer *buffer, size_t len)
{
	if (buffer == NULL || len > buffer->link.incoming_reserved)
		return TLSHOST_INVALID_ARGUMENT;
	if (buffer->fork_count != forks_now())
		return TLSHOST_FORKED;
	if (buffer->shaking)
		return refuse_callback(buffer);
	if (!buffer->link.incoming.reserved)
		return refuse(buffer, TLSHOST_INVALID_STATE,
		    TLSHOST_PHASE_READ, "nothing was reserved");
	tlshost__queue_commit(&buffer->link.incoming, len);
	buffer->link.incoming_reserved = 0;
	return TLSHOST_OK;
}

tlshost_status
tlshost_buffer_network_eof(tlshost_buffer *buffer)
{
	if (buffer == NULL)
		return TLSHOST_INVALID_ARGUMENT;
	if (buffer->fork_count != forks_now())
		return TLSHOST_FORKED;
	if (buffer->shaking)
		return refuse_callback(buffer);
	buffer->link.network_ended = 1;
	return TLSHOST_OK;
}

size_t
tlshost_buffer_peek_outgoing(const tlshost_buffer *buffer,
    const uint8_t **ret_data)
{
	if (buffer == NULL || ret_data == NULL ||
	    buffer->fork_count != forks_now())
		return 0;
	return tlshost__queue_peek(&buffer->link.outgoing, ret_data);
}

size_t
tlshost_buffer_peek_outgoing_iov(const tlshost_buffer *buffer,
    struct iovec *iov, size_t cap)
{
	if (buffer == NULL || iov == NULL || buffer->fork_count != forks_now())
		return 0;
	return tlshost__queue_peek_iov(&buffer->link.outgoing, iov, cap);
}

size_t
tlshost_buffer_outgoing_len(const tlshost_buffer *buffer)
{
	if (buffer == NULL || buffer->fork_count != forks_now())
		return 0;
	return tlshost__queue_len(&buffer->link.outgoing);
}

tlshost_status
tlshost_buffer_consume_outgoing(tlshost_buffer *buffer, size_t len)
{
	if (buffer == NULL)
		return TLSHOST_INVALID_ARGUMENT;
	if (buffer->fork_count != forks_now())
		return TLSHOST_FORKED;
	if (len > tlshost__queue_len(&buffer->link.outgoing))
		return TLSHOST_INVALID_ARGUMENT;
	tlshost__queue_drop(&buffer->link.outgoing, len);
	return TLSHOST_OK;
}

size_t
tlshost_buffer_incoming_len(const tlshost_buffer *buffer)
{
	return buffer != NULL ? tlshost__queue_len(&buffer->link.incoming) : 0;
}

tlshost_status
tlshost_buffer_take_incoming(tlshost_buffer *buffer, void *dst, size_t cap,
    size_t *ret_len)
{
	if (buffer == NULL || (dst == NULL && cap != 0) || ret_len == NULL)
		return TLSHOST_INVALID_ARGUMENT;
	if (buffer->fork_count != forks_now())
		return TLSHOST_FORKED;
	if (buffer->peer_end != TLSHOST__PEER_CLOSED)
		return refuse(buffer, TLSHOST_INVALID_STATE,
		    TLSHOST_PHASE_READ, buffer->peer_end == TLSHOST__PEER_OPEN ?
		    "the peer has not ended TLS" : "the peer canceled: "
		    "nothing that follows is in the clear");
	*ret_len = tlshost__queue_take(&buffer->link.incoming, dst, cap);
	return TLSHOST_OK;
}

/* ------------------------------------------------------------------------
 * Getters
 */

static int
is_open(const tlshost_buffer *buffer)
{
	/* A connection that failed later still says what it was. */
	return buffer != NULL && buffer->info.version != 0;
}

uint16_t
tlshost_buffer_cipher(const tlshost_buffer *buffer)
{
	return is_open(buffer) ? (uint16_t)buffer->info.suite : 0;
}

tlshost_protocol
tlshost_buffer_negotiated_protocol(const tlshost_buffer *buffer)
{
	if (!is_open(buffer) || buffer->info.protocol.len == 0)
		return (tlshost_protocol){ NULL, 0 };
	return (tlshost_protocol){ buffer->info.protocol.data,
	    buffer->info.protocol.len };
}

tlshost_version
tlshost_buffer_negotiated_tls_version(const tlshost_buffer *buffer)
{
	return is_open(buffer) ? (tlshost_version)buffer->info.version :
	    TLSHOST_VERSION_NONE;
}

unsigned int
tlshost_buffer_group(const tlshost_buffer *buffer)
{
	return is_open(buffer) ? buffer->info.group : 0;
}

unsigned int
tlshost_buffer_signature(const tlshost_buffer *buffer)
{
	return is_open(buffer) ? buffer->info.signature : 0;
}

tlshost_client_context *
tlshost_buffer_client_context(const tlshost_buffer *buffer)
{
	if (buffer == NULL ||
	    buffer->link.context->role != TLSHOST_ROLE_CLIENT)
		return NULL;
	return (tlshost_client_context *)(void *)buffer->link.context;
}

tlshost_server_context *
tlshost_buffer_server_context(const tlshost_buffer *buffer)
{
	if (buffer == NULL ||
	    buffer->link.context->role != TLSHOST_ROLE_SERVER)
		return NULL;
	return (tlshost_server_context *)(void *)buffer->link.context;
}

tlshost_backend *
tlshost_buffer_backend(const tlshost_buffer *buffer)
{
	return buffer != NULL ? buffer->link.context->backend : NULL;
}

const char *
tlshost_buffer_server_name(const tlshost_buffer *buffer)
{
	return buffer != NULL ? buffer->link.server_name : NULL;
}

const tlshost_verification *
tlshost_buffer_verification(const tlshost_buffer *buffer)
{
	return buffer != NULL ? buffer->link.verification : NULL;
}

size_t
tlshost_buffer_pending(const tlshost_buffer *buffer)
{
	if (buffer == NULL || buffer->fork_count != forks_now() ||
	    buffer->state != TLSHOST__BUFFER_OPEN)
		return 0;
	return buffer->ops->pending(buffer->connection);
}

int
tlshost_buffer_shutdown_sent(const tlshost_buffer *buffer)
{
	return buffer != NULL && buffer->shutdown_sent;
}

int
tlshost_buffer_shutdown_received(const tlshost_buffer *buffer)
{
	return buffer != NULL && buffer->peer_end != TLSHOST__PEER_OPEN;
}

const tlshost_error *
tlshost_buffer_error(const tlshost_buffer *buffer)
{
	return buffer != NULL ? buffer->error : NULL;
}

/* SPDX-License-Identifier: MIT */
/*
 * A backend of ABI 0.1, kept as it is: every later host of ABI 0 has to load it
 * and to carry a connection with it.  It has the records and the hellos of TLS
 * 1.3 (RFC 8446, 5.1 and 4.1), which hosts look at, and encrypts nothing.  What
 * is in a record of data begins with a letter:
 *
 *	C	the server answers: its certificate
 *	F	the client found it good
 *	D E	data, end of data
 */
#include <stdlib.h>
#include <string.h>

#include <tlshost-plugin.h>

TLSHOST_PLUGIN_MANIFEST(1,
    "name=capsule\0"
    "version=0.1\0"
    "library=Capsule\0"
    "roles=client,server\0"
    "description=A backend of ABI 0.1\0");

static const struct tlshost_host *host;

typedef struct context {
	uint32_t role;
	size_t certificate_len;
	uint8_t certificate[16384];
} context;

typedef struct connection {
	context *context;
	tlshost_link *link;
	int greeted, done, ended;
	size_t name_len;
	char name[256];
	size_t in_len, data_at;          /* a record as far as it came */
	uint8_t in[5 + 65535];
} connection;

#define ALERT 21
#define HANDSHAKE 22
#define DATA 23

static int32_t
fails(tlshost_sink *sink, int32_t status, int32_t sent, int32_t received,
    const char *text)
{
	const struct tlshost_failure failure = {
		.size = sizeof(failure),
		.status = status,
		.alert_sent = sent,
		.alert_received = received,
		.text = text,
	};

	return host->fail(sink, &failure);
}

static int32_t
init(tlshost_sink *sink, const char **ret_library)
{
	(void)sink;
	*ret_library = "Capsule 0.1";
	return TLSHOST_OK;
}

static size_t
suites(uint16_t *ids, size_t cap)
{
	if (cap != 0)
		ids[0] = 0x1301;
	return 1;
}

static int32_t
certificate_check(tlshost_sink *sink,
    const struct tlshost_plugin_certificate *certificate)
{
	if (certificate->der.len <= sizeof(((context *)0)->certificate))
		return TLSHOST_OK;
	return fails(sink, TLSHOST_BAD_DATA, -1, -1, "a long certificate");
}

static int32_t
key_check(tlshost_sink *sink, const struct tlshost_plugin_key *key)
{
	return key->data.len != 0 ? TLSHOST_OK :
	    fails(sink, TLSHOST_BAD_DATA, -1, -1, "a key of no bytes");
}

static int32_t
trust_new(tlshost_sink *sink, const struct tlshost_plugin_trust *source,
    void **ret_trust)
{
	struct tlshost_bytes *first = calloc(1, sizeof(*first) + 16384);

	(void)sink;
	if (first == NULL)
		return TLSHOST_NO_MEMORY;
	if (source->anchors_len != 0 && source->anchors[0].len <= 16384) {
		first->len = source->anchors[0].len;
		memcpy(first + 1, source->anchors[0].data, first->len);
	}
	first->data = (const uint8_t *)(first + 1);
	*ret_trust = first;
	return TLSHOST_OK;
}

/* The first anchor issues everything. */
static int32_t
verify_path(tlshost_sink *sink, void *trust,
    const struct tlshost_plugin_path *path,
    struct tlshost_plugin_verdict *verdict)
{
	const struct tlshost_bytes *anchor = trust;
	struct tlshost_bytes used[2] = { path->certificates[0], *anchor };

	if (anchor->len != 0 && path->certificates_len == 1)
		return host->path_used(path->trail, used, 2);
	verdict->reasons = TLSHOST_REASON_UNKNOWN_ISSUER;
	return fails(sink, TLSHOST_BAD_CERTIFICATE, -1, -1, "no anchor");
}

static int32_t
context_new(tlshost_sink *sink, uint32_t role,
    const struct tlshost_plugin_config *config, void **ret_context)
{
	context *c = calloc(1, sizeof(*c));

	(void)sink;
	if (c == NULL)
		return TLSHOST_NO_MEMORY;
	c->role = role;
	if (config->chains_len != 0) {
		const struct tlshost_bytes *der =
		    &config->chains[0]->certificates[0]->der;

		c->certificate_len = der->len;
		memcpy(c->certificate, der->data, der->len);
	}
	*ret_context = c;
	return TLSHOST_OK;
}

static size_t
context_suites(const void *pointer, uint16_t *ids, size_t cap)
{
	(void)pointer;
	return suites(ids, cap);
}

static int32_t
connection_new(tlshost_sink *sink, void *pointer, tlshost_link *link,
    const char *server_name, void **ret_connection)
{
	connection *c = calloc(1, sizeof(*c));

	(void)sink;
	if (c == NULL)
		return TLSHOST_NO_MEMORY;
	c->context = pointer;
	c->link = link;
	if (server_name != NULL && strlen(server_name) < sizeof(c->name))
		c->name_len = strlen(strcpy(c->name, server_name));
	*ret_connection = c;
	return TLSHOST_OK;
}

static int32_t
push_record(connection *c, uint8_t type, struct tlshost_bytes first,
    struct tlshost_bytes second)
{
	const size_t len = first.len + second.len;
	const uint8_t head[5] = { type, 3, 3, (uint8_t)(len >> 8),
		(uint8_t)len };
	const struct tlshost_bytes parts[3] = { { head, 5 }, first, second };

	return host->pushv(c->link, parts, 3);
}

/* A record of data that begins with the letter. */
static int32_t
send_record(connection *c, uint8_t letter, const uint8_t *data, size_t len)
{
	const struct tlshost_bytes first = { &letter, 1 }, rest = { data, len };

	return push_record(c, DATA, first, rest);
}

static size_t
record_len(const connection *c)
{
	return 5 + ((size_t)c->in[3] << 8 | c->in[4]);
}

/* The letter of a record; 0: it is none of data. */
static uint8_t
letter_of(const connection *c)
{
	return c->in[0] == DATA && c->in_len > 5 ? c->in[5] : 0;
}

/* OK: a record is there, whole.  It is read when in_len is 0 again. */
static int32_t
receive(tlshost_sink *sink, connection *c)
{
	for (;;) {
		size_t want = c->in_len < 5 ? 5 : record_len(c);
		size_t n;

		if (c->in_len >= 5 && c->in_len == want)
			break;
		n = host->pull(c->link, c->in + c->in_len, want - c->in_len);
		if (n == 0)
			return host->ended(c->link) ? TLSHOST_RAGGED_EOF :
			    TLSHOST_WANT_READ;
		c->in_len += n;
	}
	c->data_at = 6;
	if (c->in[0] != ALERT)
		return TLSHOST_OK;
	return fails(sink, TLSHOST_ALERT_RECEIVED, -1, c->in[6],
	    "the peer sent an alert");
}

static int32_t
refuse(tlshost_sink *sink, connection *c, int32_t status, int32_t alert)
{
	const uint8_t bytes[2] = { 2, (uint8_t)alert };
	const struct tlshost_bytes first = { bytes, 2 }, none = { NULL, 0 };

	(void)push_record(c, ALERT, first, none);
	return fails(sink, status, alert, -1, "the handshake is refused");
}

static void
put(struct tlshost_bytes *to, const void *data, size_t len)
{
	memcpy((uint8_t *)(uintptr_t)to->data + to->len, data, len);
	to->len += len;
}

/* A hello of that type: all but its name is always the same. */
static int32_t
greet(connection *c, uint8_t type)
{
	static const uint8_t random[32] = { 7 };
	static const uint8_t suites[] = { 0, 0, 2, 0x13, 1, 1, 0 };
	static const uint8_t suite[] = { 0, 0x13, 1, 0 };
	static const uint8_t asked[] = { 0, 10, 0, 4, 0, 2, 0, 29,
		0, 13, 0, 4, 0, 2, 4, 3, 0, 51, 0, 7, 0, 5, 0, 29, 0, 1, 9,
		0, 43, 0, 3, 2, 3, 4 };
	static const uint8_t chosen[] = { 0, 51, 0, 5, 0, 29, 0, 1, 9,
		0, 43, 0, 2, 3, 4 };
	const size_t name = type == 1 && c->name_len != 0 ? c->name_len + 9 : 0;
	const size_t len = name + (type == 1 ? sizeof(asked) : sizeof(chosen));
	uint8_t memory[512], head[4] = { type };
	const uint8_t extensions[2] = { (uint8_t)(len >> 8), (uint8_t)len };
	const uint8_t named[9] = { 0, 0, (uint8_t)((name - 4) >> 8),
		(uint8_t)(name - 4), (uint8_t)((name - 6) >> 8),
		(uint8_t)(name - 6), 0, (uint8_t)(c->name_len >> 8),
		(uint8_t)c->name_len };
	struct tlshost_bytes body = { memory, 0 }, first = { head, 4 };

	c->greeted = 1;
	put(&body, "\3\3", 2);
	put(&body, random, 32);
	if (type == 1)
		put(&body, suites, sizeof(suites));
	else
		put(&body, suite, sizeof(suite));
	put(&body, extensions, 2);
	if (name != 0) {
		put(&body, named, 9);
		put(&body, c->name, c->name_len);
	}
	if (type == 1)
		put(&body, asked, sizeof(asked));
	else
		put(&body, chosen, sizeof(chosen));
	head[2] = (uint8_t)(body.len >> 8);
	head[3] = (uint8_t)body.len;
	return push_record(c, HANDSHAKE, first, body);
}

static int32_t
meet(tlshost_sink *sink, connection *c)
{
	struct tlshost_hello hello = { .size = sizeof(hello) };
	void *chosen = c->context;
	int32_t alert = 80;
	int32_t st = host->hello(c->link, &chosen, &alert);

	if (st != TLSHOST_OK)
		return refuse(sink, c, st, alert);
	c->context = chosen;
	st = host->hello_parts(c->link, &hello);
	if (st != TLSHOST_OK)
		return st;
	if (hello.suites.len != 2 || hello.suites.data[0] != 0x13)
		return refuse(sink, c, TLSHOST_NO_OVERLAP, 40);
	if (greet(c, 2) != TLSHOST_OK)
		return TLSHOST_NO_MEMORY;
	return send_record(c, 'C', c->context->certificate,
	    c->context->certificate_len);
}

static int32_t
believe(tlshost_sink *sink, connection *c)
{
	const struct tlshost_bytes leaf = { c->in + 6, c->in_len - 6 };
	int32_t alert = 80;
	int32_t st = host->judge(c->link, &leaf, 1, NULL, &alert);

	if (st != TLSHOST_OK)
		return refuse(sink, c, st, alert);
	c->done = 1;
	return send_record(c, 'F', NULL, 0);
}

static int32_t
handshake(tlshost_sink *sink, void *pointer)
{
	connection *c = pointer;
	int client = c->context->role == TLSHOST_ROLE_CLIENT;
	int32_t st = TLSHOST_OK;

	if (client && !c->greeted)
		st = greet(c, 1);
	while (st == TLSHOST_OK && !c->done) {
		st = receive(sink, c);
		if (st != TLSHOST_OK)
			return st;
		if (client && letter_of(c) == 'C')
			st = believe(sink, c);
		else if (!client && c->in[0] == HANDSHAKE && !c->greeted)
			st = meet(sink, c);
		else if (!client && letter_of(c) == 'F' && c->greeted)
			c->done = 1;
		else if (!client || c->in[0] != HANDSHAKE)
			st = refuse(sink, c, TLSHOST_PROTOCOL, 10);
		c->in_len = 0;
	}
	return st;
}

static int32_t
read_data(tlshost_sink *sink, void *pointer, uint8_t *dst, size_t cap,
    size_t *ret_len)
{
	connection *c = pointer;
	size_t n;

	while (!c->ended && (c->in_len < 5 || c->data_at == record_len(c))) {
		int32_t st;

		if (c->in_len >= 5 && c->in_len == record_len(c))
			c->in_len = 0;
		st = receive(sink, c);
		if (st != TLSHOST_OK)
			return st;
		c->ended = letter_of(c) == 'E';
	}
	*ret_len = 0;
	if (c->ended)
		return TLSHOST_OK;
	n = record_len(c) - c->data_at;
	*ret_len = n < cap ? n : cap;
	memcpy(dst, c->in + c->data_at, *ret_len);
	c->data_at += *ret_len;
	return TLSHOST_OK;
}

static int32_t
write_data(tlshost_sink *sink, void *pointer, const uint8_t *src, size_t len,
    size_t *ret_len)
{
	(void)sink;
	*ret_len = len < 16383 ? len : 16383;
	return send_record(pointer, 'D', src, *ret_len);
}

static int32_t
shut(tlshost_sink *sink, void *pointer)
{
	(void)sink;
	return send_record(pointer, 'E', NULL, 0);
}

static size_t
pending(const void *pointer)
{
	const connection *c = pointer;

	return !c->done || c->ended || c->in_len < 5 ||
	    c->in_len < record_len(c) ? 0 : record_len(c) - c->data_at;
}

static void
info(const void *pointer, struct tlshost_plugin_info *ret_info)
{
	const connection *c = pointer;

	ret_info->version = c->greeted ? 0x0304 : 0;
	ret_info->suite = c->greeted ? 0x1301 : 0;
}

static const struct tlshost_plugin plugin = {
	.size = sizeof(plugin),
	.abi_major = TLSHOST_PLUGIN_ABI_MAJOR,
	.abi_minor = TLSHOST_PLUGIN_ABI_MINOR,
	.config_size = sizeof(struct tlshost_plugin_config),
	.name = "capsule",
	.version = "0.1",
	.library = "Capsule",
	.roles = TLSHOST_ROLE_CLIENT | TLSHOST_ROLE_SERVER,
	.lowest_version = TLSHOST_VERSION_TLSV1_3,
	.highest_version = TLSHOST_VERSION_TLSV1_3,
	.capabilities = TLSHOST_CAPABILITY_CLIENT_SUITES_SET |
	    TLSHOST_CAPABILITY_CLIENT_SUITES_ORDER,
	.init = init,
	.suites = suites,
	.certificate_check = certificate_check,
	.key_check = key_check,
	.trust_new = trust_new,
	.trust_free = free,
	.verify_path = verify_path,
	.context_new = context_new,
	.context_free = free,
	.context_suites = context_suites,
	.connection_new = connection_new,
	.connection_free = free,
	.handshake = handshake,
	.read = read_data,
	.write = write_data,
	.shutdown = shut,
	.pending = pending,
	.info = info,
};

TLSHOST_PLUGIN_ENTRY(services, ret_plugin)
{
	host = services;
	*ret_plugin = &plugin;
	return TLSHOST_OK;
}

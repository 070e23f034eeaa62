/* SPDX-License-Identifier: MIT */
/*
 * A backend for the tests of the host, whose cipher can be read: small letters
 * become capitals and capitals small ones.  Everything else is as in TLS: two
 * sides, a ClientHello, certificates of both, alerts, close_notify, KeyUpdate,
 * records of at most 16384 bytes.  It keeps every rule of the border; a test
 * that wants one broken puts a slot of its own in the table.
 *
 * One record: its type, 3, 3, the length in two bytes, and the contents.
 *
 *	22	client: a ClientHello (RFC 8446, 4.1.2)
 *		server: a ServerHello
 *	23	server: "certificate wanted", protocol and certificates, each
 *		with a length before it
 *		client: certificates
 *		both, then: data, in the cipher
 *	21	an alert: 2, its number
 *	24	KeyUpdate: is one wanted back?
 */
#include <stdlib.h>
#include <string.h>

#include "tlshost-plugin.h"

TLSHOST_PLUGIN_MANIFEST(1,
    "name=upper\0"
    "version=1.0\0"
    "library=Upper\0"
    "roles=client,server\0"
    "description=A cipher that can be read\0");

#define RECORD_MAX 16384
#define HEADER 5
#define LISTED 8                 /* suites, protocols, certificates at most */

enum record_type {
	RECORD_ALERT = 21,
	RECORD_HANDSHAKE = 22,
	RECORD_DATA = 23,
	RECORD_KEY_UPDATE = 24
};

enum alert {
	ALERT_CLOSE_NOTIFY = 0,
	ALERT_UNEXPECTED_MESSAGE = 10,
	ALERT_RECORD_OVERFLOW = 22,
	ALERT_HANDSHAKE_FAILURE = 40,
	ALERT_ILLEGAL_PARAMETER = 47,
	ALERT_DECODE_ERROR = 50,
	ALERT_PROTOCOL_VERSION = 70,
	ALERT_NO_APPLICATION_PROTOCOL = 120
};

static const struct tlshost_host *host;
static const uint16_t all_suites[] = { 0x1301, 0x1302, 0xc02f };
#define SUITES (sizeof(all_suites) / sizeof(all_suites[0]))

/* ------------------------------------------------------------------------
 * Copies of what the host shows
 */

struct blob {
	uint8_t *data;
	size_t len;
};

static int
blob_copy(struct blob *blob, const uint8_t *data, size_t len)
{
	if ((blob->data = malloc(len + 1)) == NULL)
		return -1;
	if (len != 0)
		memcpy(blob->data, data, len);
	blob->len = len;
	return 0;
}

struct trust {
	struct blob anchors[LISTED];
	size_t len;
};

struct context {
	uint32_t role, lowest, highest, client_auth, validate;
	int key_log;
	uint16_t suites[SUITES];
	size_t suites_len;
	struct blob protocols[LISTED];
	size_t protocols_len;
	struct blob chain[LISTED];
	size_t chain_len;
	struct trust *trust;
};

enum state { START, WAIT_HELLO, WAIT_SERVER, WAIT_CLIENT, DONE };

struct connection {
	struct context *context;
	tlshost_link *link;
	enum state state;
	char name[256];
	uint8_t in[HEADER + RECORD_MAX];
	size_t in_len;
	size_t at, end;          /* data of a record that is not read yet */
	int closed;
	uint32_t version, suite;
	uint8_t protocol[255];
	size_t protocol_len;
	int wants_certificate;
};

static int32_t
fail(tlshost_sink *sink, int32_t status, int sent, int received,
    const char *text)
{
	const struct tlshost_failure failure = {
		.size = sizeof(failure),
		.status = status,
		.alert_sent = sent,
		.alert_received = received,
		.native_code = 7,
		.native_text = "upper error 7",
		.text = text,
	};

	return host->fail(sink, &failure);
}

static int32_t
no_memory(tlshost_sink *sink)
{
	return fail(sink, TLSHOST_NO_MEMORY, -1, -1, NULL);
}

/* ------------------------------------------------------------------------
 * The library
 */

static int32_t
init(tlshost_sink *sink, const char **ret_library)
{
	(void)sink;
	*ret_library = "Upper 1.0";
	return TLSHOST_OK;
}

static size_t
suites(uint16_t *ids, size_t cap)
{
	for (size_t i = 0; i < SUITES && i < cap; i++)
		ids[i] = all_suites[i];
	return SUITES;
}

static int32_t
certificate_check(tlshost_sink *sink,
    const struct tlshost_plugin_certificate *certificate)
{
	if (certificate->uri != NULL || certificate->der.len == 0 ||
	    certificate->der.data[0] != 0x30)
		return fail(sink, TLSHOST_BAD_DATA, -1, -1,
		    "it is no certificate");
	return TLSHOST_OK;
}

static int
has(const struct tlshost_bytes *bytes, const char *word)
{
	return memmem(bytes->data, bytes->len, word, strlen(word)) != NULL;
}

/* An encrypted key opens with the password "upper". */
static int32_t
key_check(tlshost_sink *sink, const struct tlshost_plugin_key *key)
{
	const uint8_t *password;
	int32_t st;
	size_t len;

	if (key->uri != NULL || key->data.len == 0 ||
	    (key->encoding == TLSHOST_KEY_PEM ?
	    !has(&key->data, "PRIVATE KEY") : key->data.data[0] != 0x30))
		return fail(sink, TLSHOST_BAD_DATA, -1, -1, "it is no key");
	if (key->encoding != TLSHOST_KEY_PEM || !has(&key->data, "ENCRYPTED"))
		return TLSHOST_OK;
	if ((st = host->password(key->secret, &password, &len)) != TLSHOST_OK)
		return fail(sink, st, -1, -1, "no password");
	if (len != 5 || memcmp(password, "upper", 5) != 0)
		return fail(sink, TLSHOST_BAD_PASSWORD, -1, -1,
		    "it is not upper");
	return TLSHOST_OK;
}

static void
trust_free(void *object)
{
	struct trust *trust = object;

	if (trust == NULL)
		return;
	for (size_t i = 0; i < trust->len; i++)
		free(trust->anchors[i].data);
	free(trust);
}

static int32_t
trust_new(tlshost_sink *sink, const struct tlshost_plugin_trust *source,
    void **ret_trust)
{
	struct trust *trust = calloc(1, sizeof(*trust));

	if (trust == NULL)
		return no_memory(sink);
	for (size_t i = 0; i < source->anchors_len && i < LISTED; i++) {
		if (blob_copy(&trust->anchors[i], source->anchors[i].data,
		    source->anchors[i].len) != 0) {
			trust_free(trust);
			return no_memory(sink);
		}
		trust->len++;
	}
	*ret_trust = trust;
	return TLSHOST_OK;
}

/* Every path that the host found is good, up to the first anchor. */
static int32_t
verify_path(tlshost_sink *sink, void *object,
    const struct tlshost_plugin_path *path,
    struct tlshost_plugin_verdict *verdict)
{
	const struct trust *trust = object;
	struct tlshost_bytes used[LISTED + 1];
	const struct tlshost_bytes *leaf = &path->certificates[0];

	if (trust->len == 0 || path->certificates_len > LISTED) {
		verdict->reasons = TLSHOST_REASON_UNKNOWN_ISSUER;
		return fail(sink, TLSHOST_BAD_CERTIFICATE, -1, -1,
		    "there is no anchor");
	}
	for (size_t i = 0; i < path->certificates_len; i++)
		used[i] = path->certificates[i];
	if (leaf->len == trust->anchors[0].len && memcmp(leaf->data,
	    trust->anchors[0].data, leaf->len) == 0)
		return host->path_used(path->trail, used, 1);
	used[path->certificates_len] = (struct tlshost_bytes){
	    trust->anchors[0].data, trust->anchors[0].len };
	return host->path_used(path->trail, used, path->certificates_len + 1);
}

/* ------------------------------------------------------------------------
 * Contexts
 */

static void
context_free(void *object)
{
	struct context *context = object;

	if (context == NULL)
		return;
	for (size_t i = 0; i < context->protocols_len; i++)
		free(context->protocols[i].data);
	for (size_t i = 0; i < context->chain_len; i++)
		free(context->chain[i].data);
	free(context);
}

static int32_t
context_fill(tlshost_sink *sink, struct context *context,
    const struct tlshost_plugin_config *config)
{
	int32_t st;

	for (size_t i = 0; i < config->suites_len &&
	    context->suites_len < SUITES; i++)
		context->suites[context->suites_len++] = config->suites[i];
	for (size_t i = 0; i < config->protocols_len && i < LISTED; i++) {
		if (blob_copy(&context->protocols[i],
		    config->protocols[i].data, config->protocols[i].len) != 0)
			return no_memory(sink);
		context->protocols_len++;
	}
	if (config->chains_len == 0)
		return TLSHOST_OK;
	if ((st = key_check(sink, config->chains[0]->key)) != TLSHOST_OK)
		return st;
	for (size_t i = 0; i < config->chains[0]->certificates_len &&
	    i < LISTED; i++) {
		const struct tlshost_plugin_certificate *certificate =
		    config->chains[0]->certificates[i];

		if ((st = certificate_check(sink, certificate)) != TLSHOST_OK)
			return st;
		if (blob_copy(&context->chain[i], certificate->der.data,
		    certificate->der.len) != 0)
			return no_memory(sink);
		context->chain_len++;
	}
	return TLSHOST_OK;
}

static int32_t
context_new(tlshost_sink *sink, uint32_t role,
    const struct tlshost_plugin_config *config, void **ret_context)
{
	struct context *context = calloc(1, sizeof(*context));
	int32_t st;

	if (context == NULL)
		return no_memory(sink);
	context->role = role;
	context->lowest = config->lowest_version;
	context->highest = config->highest_version;
	context->client_auth = config->client_auth;
	context->validate = config->validate;
	context->key_log = (int)config->key_log;
	context->trust = config->trust;
	if ((st = host->finding(sink, TLSHOST_FIELD_NONE,
	    TLSHOST_SEVERITY_INFO, "anyone can read this cipher")) ==
	    TLSHOST_OK)
		st = context_fill(sink, context, config);
	if (st != TLSHOST_OK) {
		context_free(context);
		return st;
	}
	*ret_context = context;
	return TLSHOST_OK;
}

static size_t
context_suites(const void *object, uint16_t *ids, size_t cap)
{
	const struct context *context = object;

	for (size_t i = 0; i < context->suites_len && i < cap; i++)
		ids[i] = context->suites[i];
	return context->suites_len;
}

/* ------------------------------------------------------------------------
 * Records
 */

static int32_t
push_record(struct connection *c, uint8_t type, const uint8_t *data,
    size_t len)
{
	const uint8_t head[HEADER] = { type, 3, 3, (uint8_t)(len >> 8),
	    (uint8_t)len };
	const struct tlshost_bytes parts[] = { { head, sizeof(head) },
	    { data, len } };

	return host->pushv(c->link, parts, 2);
}

static int32_t
push_alert(struct connection *c, uint8_t number)
{
	const uint8_t alert[] = { 2, number };

	return push_record(c, RECORD_ALERT, alert, sizeof(alert));
}

static int32_t
give_up(tlshost_sink *sink, struct connection *c, int32_t status,
    uint8_t alert, const char *text)
{
	if (push_alert(c, alert) != TLSHOST_OK)
		return no_memory(sink);
	return fail(sink, status, alert, -1, text);
}

/* OK: a whole record is in c->in; it counts as read when in_len is 0. */
static int32_t
next_record(tlshost_sink *sink, struct connection *c, size_t *ret_len)
{
	size_t len;

	c->in_len += host->pull(c->link, c->in + c->in_len,
	    c->in_len < HEADER ? HEADER - c->in_len : 0);
	if (c->in_len >= HEADER) {
		len = (size_t)c->in[3] << 8 | c->in[4];
		if (c->in[0] < RECORD_ALERT || c->in[0] > RECORD_KEY_UPDATE ||
		    c->in[1] != 3)
			return give_up(sink, c, TLSHOST_PROTOCOL,
			    ALERT_UNEXPECTED_MESSAGE, "it is no record");
		if (len > RECORD_MAX)
			return give_up(sink, c, TLSHOST_PROTOCOL,
			    ALERT_RECORD_OVERFLOW, "a record is too long");
		c->in_len += host->pull(c->link, c->in + c->in_len,
		    HEADER + len - c->in_len);
		if (c->in_len == HEADER + len) {
			c->in_len = 0;
			*ret_len = len;
			return TLSHOST_OK;
		}
	}
	return host->ended(c->link) ? TLSHOST_RAGGED_EOF : TLSHOST_WANT_READ;
}

static int32_t
take_alert(tlshost_sink *sink, struct connection *c, size_t len)
{
	const uint8_t *alert = c->in + HEADER;

	if (len != 2)
		return give_up(sink, c, TLSHOST_PROTOCOL, ALERT_DECODE_ERROR,
		    "an alert is malformed");
	if (alert[1] == ALERT_CLOSE_NOTIFY && c->state == DONE) {
		c->closed = 1;
		return TLSHOST_OK;
	}
	return fail(sink, TLSHOST_ALERT_RECEIVED, -1, alert[1],
	    "the peer sent an alert");
}

/* ------------------------------------------------------------------------
 * Messages: written to and read from one array
 */

struct message {
	uint8_t data[RECORD_MAX];
	size_t len, at;
	int bad;                 /* too long, or too short */
};

static void
put_bytes(struct message *m, const void *data, size_t len)
{
	if (len > sizeof(m->data) - m->len) {
		m->bad = 1;
		return;
	}
	if (len != 0)
		memcpy(m->data + m->len, data, len);
	m->len += len;
}

static void
put_u16(struct message *m, size_t value)
{
	const uint8_t bytes[] = { (uint8_t)(value >> 8), (uint8_t)value };

	put_bytes(m, bytes, sizeof(bytes));
}

static void
put_u8(struct message *m, size_t value)
{
	const uint8_t byte = (uint8_t)value;

	put_bytes(m, &byte, 1);
}

static size_t
get(struct message *m, size_t bytes)
{
	size_t value = 0;

	if (bytes > m->len - m->at) {
		m->bad = 1;
		return 0;
	}
	while (bytes-- != 0)
		value = value << 8 | m->data[m->at++];
	return value;
}

static const uint8_t *
get_bytes(struct message *m, size_t len)
{
	if (len > m->len - m->at) {
		m->bad = 1;
		return m->data;
	}
	m->at += len;
	return m->data + m->at - len;
}

static void
put_chain(struct message *m, const struct context *context)
{
	put_u8(m, context->chain_len);
	for (size_t i = 0; i < context->chain_len; i++) {
		put_u16(m, context->chain[i].len);
		put_bytes(m, context->chain[i].data, context->chain[i].len);
	}
}

/* Reads the peer's certificates and asks the host about them. */
static int32_t
judge_chain(tlshost_sink *sink, struct connection *c, struct message *m)
{
	struct tlshost_bytes chain[LISTED];
	int32_t alert, st;
	size_t len = get(m, 1);

	if (len > LISTED)
		m->bad = 1;
	for (size_t i = 0; i < len && !m->bad; i++) {
		chain[i].len = get(m, 2);
		chain[i].data = get_bytes(m, chain[i].len);
	}
	if (m->bad || m->at != m->len)
		return give_up(sink, c, TLSHOST_PROTOCOL, ALERT_DECODE_ERROR,
		    "certificates are malformed");
	if (len == 0 && c->context->role == TLSHOST_ROLE_CLIENT)
		return give_up(sink, c, TLSHOST_PROTOCOL, ALERT_DECODE_ERROR,
		    "the server sent no certificate");
	if (len == 0)
		return TLSHOST_OK;
	st = host->judge(c->link, chain, len, c, &alert);
	return st == TLSHOST_OK ? st : give_up(sink, c, st, (uint8_t)alert,
	    "the host refused the certificate");
}

/* ------------------------------------------------------------------------
 * The handshake
 */

#define MESSAGE_HEAD 4

/* The length of a vector that began behind its length at start. */
static void
end_vector(struct message *m, size_t start, size_t bytes)
{
	size_t len = m->len - start;

	for (size_t i = 1; i <= bytes; i++, len >>= 8)
		m->data[start - i] = (uint8_t)len;
}

static void
begin_hello(struct message *m, uint8_t type)
{
	const uint8_t random[32] = { 'u', 'p', 'p', 'e', 'r' };

	put_u8(m, type);
	put_u8(m, 0);
	put_u16(m, 0);
	put_u16(m, TLSHOST_VERSION_TLSV1_2);
	put_bytes(m, random, sizeof(random));
	put_u8(m, 0);
}

/* What TLS 1.3 has to have: X25519, ECDSA with SHA-256, a share. */
static void
put_tls13(struct message *m)
{
	static const uint8_t extensions[] = { 0, 10, 0, 4, 0, 2, 0, 29,
		0, 13, 0, 4, 0, 2, 4, 3, 0, 51, 0, 7, 0, 5, 0, 29, 0, 1, 9 };

	put_bytes(m, extensions, sizeof(extensions));
}

static void
put_extensions(struct message *m, const struct connection *c)
{
	const struct context *context = c->context;
	size_t name = strlen(c->name), len = 0, start = m->len;

	put_u16(m, 0);
	if (name != 0) {
		put_u16(m, 0);
		put_u16(m, name + 5);
		put_u16(m, name + 3);
		put_u8(m, 0);
		put_u16(m, name);
		put_bytes(m, c->name, name);
	}
	for (size_t i = 0; i < context->protocols_len; i++)
		len += context->protocols[i].len + 1;
	if (len != 0) {
		put_u16(m, 16);
		put_u16(m, len + 2);
		put_u16(m, len);
	}
	for (size_t i = 0; i < context->protocols_len; i++) {
		put_u8(m, context->protocols[i].len);
		put_bytes(m, context->protocols[i].data,
		    context->protocols[i].len);
	}
	len = context->highest - context->lowest + 1;
	put_u16(m, 43);
	put_u16(m, 2 * len + 1);
	put_u8(m, 2 * len);
	for (uint32_t v = context->highest; v >= context->lowest; v--)
		put_u16(m, v);
	put_tls13(m);
	end_vector(m, start + 2, 2);
}

static int32_t
send_client_hello(tlshost_sink *sink, struct connection *c)
{
	struct message m = { .len = 0 };

	begin_hello(&m, 1);
	put_u16(&m, 2 * c->context->suites_len);
	for (size_t i = 0; i < c->context->suites_len; i++)
		put_u16(&m, c->context->suites[i]);
	put_u16(&m, 0x0100);
	put_extensions(&m, c);
	end_vector(&m, MESSAGE_HEAD, 3);
	if (m.bad || push_record(c, RECORD_HANDSHAKE, m.data, m.len) !=
	    TLSHOST_OK)
		return no_memory(sink);
	c->state = WAIT_HELLO;
	return TLSHOST_OK;
}

static int
has_u16(struct tlshost_bytes list, size_t skip, size_t value)
{
	for (size_t i = skip; i + 2 <= list.len; i += 2)
		if (((size_t)list.data[i] << 8 | list.data[i + 1]) == value)
			return 1;
	return 0;
}

static int
is_for(uint16_t suite, uint32_t version)
{
	return (suite >> 8 == 0x13) == (version == TLSHOST_VERSION_TLSV1_3);
}

static int
choose_protocol(struct connection *c, struct tlshost_bytes offered)
{
	const struct context *context = c->context;

	if (offered.data == NULL || context->protocols_len == 0)
		return 1;
	for (size_t i = 0; i < context->protocols_len; i++)
		for (size_t at = 2; at < offered.len;
		    at += offered.data[at] + 1u)
			if (offered.data[at] == context->protocols[i].len &&
			    memcmp(offered.data + at + 1,
			    context->protocols[i].data,
			    offered.data[at]) == 0) {
				c->protocol_len = offered.data[at];
				memcpy(c->protocol, offered.data + at + 1,
				    c->protocol_len);
				return 1;
			}
	return 0;
}

static void
put_server_hello(struct message *m, const struct connection *c)
{
	static const uint8_t tls13[] = { 0, 43, 0, 2, 3, 4, 0, 51, 0, 5, 0, 29,
		0, 1, 9 };

	begin_hello(m, 2);
	put_u16(m, c->suite);
	put_u8(m, 0);
	if (c->version == TLSHOST_VERSION_TLSV1_3) {
		put_u16(m, sizeof(tls13));
		put_bytes(m, tls13, sizeof(tls13));
	} else {
		put_u16(m, 0);
		m->data[MESSAGE_HEAD + 1] = (uint8_t)c->version;
	}
	end_vector(m, MESSAGE_HEAD, 3);
}

static int32_t
take_client_hello(tlshost_sink *sink, struct connection *c)
{
	struct tlshost_hello hello = { .size = sizeof(hello) };
	struct message m = { .len = 0 }, more = { .len = 0 };
	void *context;
	int32_t alert, st;

	if ((st = host->hello(c->link, &context, &alert)) != TLSHOST_OK)
		return give_up(sink, c, st, (uint8_t)alert,
		    "the host refused the ClientHello");
	if ((st = host->hello_parts(c->link, &hello)) != TLSHOST_OK)
		return st;
	c->context = context;
	for (uint32_t v = c->context->highest; v >= c->context->lowest &&
	    c->version == 0; v--)
		if (has_u16(hello.supported_versions, 1, v))
			c->version = v;
	if (c->version == 0)
		return give_up(sink, c, TLSHOST_NO_OVERLAP,
		    ALERT_PROTOCOL_VERSION, "no version in common");
	for (size_t i = 0; i < c->context->suites_len && c->suite == 0; i++)
		if (is_for(c->context->suites[i], c->version) &&
		    has_u16(hello.suites, 0, c->context->suites[i]))
			c->suite = c->context->suites[i];
	if (c->suite == 0)
		return give_up(sink, c, TLSHOST_NO_OVERLAP,
		    ALERT_HANDSHAKE_FAILURE, "no suite in common");
	if (!choose_protocol(c, hello.protocols))
		return give_up(sink, c, TLSHOST_NO_OVERLAP,
		    ALERT_NO_APPLICATION_PROTOCOL, "no protocol in common");
	put_server_hello(&m, c);
	put_u8(&more, c->context->client_auth != TLSHOST_CLIENT_AUTH_NONE);
	put_u8(&more, c->protocol_len);
	put_bytes(&more, c->protocol, c->protocol_len);
	put_chain(&more, c->context);
	if (m.bad || more.bad || push_record(c, RECORD_HANDSHAKE, m.data,
	    m.len) != TLSHOST_OK || push_record(c, RECORD_DATA, more.data,
	    more.len) != TLSHOST_OK)
		return no_memory(sink);
	c->state = WAIT_CLIENT;
	return TLSHOST_OK;
}

/* Did the client offer what the server chose? */
static int
is_offered(const struct connection *c)
{
	const struct context *context = c->context;
	int found = c->protocol_len == 0;

	for (size_t i = 0; i < context->protocols_len; i++)
		found |= context->protocols[i].len == c->protocol_len &&
		    memcmp(context->protocols[i].data, c->protocol,
		    c->protocol_len) == 0;
	if (!found || c->version < context->lowest ||
	    c->version > context->highest)
		return 0;
	for (size_t i = 0; i < context->suites_len; i++)
		if (context->suites[i] == c->suite)
			return is_for(context->suites[i], c->version);
	return 0;
}

static int32_t
take_server_hello(tlshost_sink *sink, struct connection *c, struct message *m)
{
	(void)get_bytes(m, MESSAGE_HEAD);
	c->version = (uint32_t)get(m, 2);
	(void)get_bytes(m, 32 + 1);
	c->suite = (uint32_t)get(m, 2);
	(void)get(m, 1);
	if (get(m, 2) != 0) {
		(void)get_bytes(m, 4);
		c->version = (uint32_t)get(m, 2);
	}
	if (m->bad)
		return give_up(sink, c, TLSHOST_PROTOCOL, ALERT_DECODE_ERROR,
		    "the ServerHello is malformed");
	c->state = WAIT_SERVER;
	return TLSHOST_OK;
}

static int32_t
take_server_flight(tlshost_sink *sink, struct connection *c, struct message *m)
{
	struct message answer = { .len = 0 };
	static const char line[] = "UPPER its secret is that it has none";
	int32_t st;

	c->wants_certificate = get(m, 1) != 0;
	c->protocol_len = get(m, 1);
	memcpy(c->protocol, get_bytes(m, c->protocol_len),
	    m->bad ? 0 : c->protocol_len);
	if (m->bad || !is_offered(c))
		return give_up(sink, c, TLSHOST_PROTOCOL,
		    ALERT_ILLEGAL_PARAMETER,
		    "the server chose what was not offered");
	if ((st = judge_chain(sink, c, m)) != TLSHOST_OK)
		return st;
	if (c->wants_certificate)
		put_chain(&answer, c->context);
	else
		put_u8(&answer, 0);
	if (c->context->key_log)
		host->key_log(c->link, line, sizeof(line) - 1);
	if (answer.bad || push_record(c, RECORD_DATA, answer.data,
	    answer.len) != TLSHOST_OK)
		return no_memory(sink);
	c->state = DONE;
	return TLSHOST_OK;
}

static int32_t
take_client_chain(tlshost_sink *sink, struct connection *c, struct message *m)
{
	int32_t st;

	if (m->len == 1 && m->data[0] == 0 && c->context->client_auth ==
	    TLSHOST_CLIENT_AUTH_REQUIRE)
		return give_up(sink, c, TLSHOST_BAD_CERTIFICATE, 116,
		    "the client sent no certificate");
	if ((st = judge_chain(sink, c, m)) == TLSHOST_OK)
		c->state = DONE;
	return st;
}

static int32_t
handshake(tlshost_sink *sink, void *object)
{
	struct connection *c = object;
	struct message m = { .len = 0 };
	int32_t st = TLSHOST_OK;
	size_t len;

	if (c->state == START && c->context->role == TLSHOST_ROLE_CLIENT)
		st = send_client_hello(sink, c);
	while (st == TLSHOST_OK && c->state != DONE) {
		if ((st = next_record(sink, c, &len)) != TLSHOST_OK)
			break;
		if (c->in[0] == RECORD_ALERT) {
			st = take_alert(sink, c, len);
			continue;
		}
		if (c->in[0] != (c->state < WAIT_SERVER ? RECORD_HANDSHAKE :
		    RECORD_DATA)) {
			st = give_up(sink, c, TLSHOST_PROTOCOL,
			    ALERT_UNEXPECTED_MESSAGE, "an unexpected record");
			continue;
		}
		memcpy(m.data, c->in + HEADER, len);
		m.len = len;
		m.at = 0;
		st = c->state == START ? take_client_hello(sink, c) :
		    c->state == WAIT_HELLO ? take_server_hello(sink, c, &m) :
		    c->state == WAIT_SERVER ? take_server_flight(sink, c, &m) :
		    take_client_chain(sink, c, &m);
	}
	return st;
}

/* ------------------------------------------------------------------------
 * Data
 */

static int32_t
connection_new(tlshost_sink *sink, void *context, tlshost_link *link,
    const char *server_name, void **ret_connection)
{
	struct connection *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return no_memory(sink);
	c->context = context;
	c->link = link;
	if (server_name != NULL && strlen(server_name) < sizeof(c->name))
		strcpy(c->name, server_name);
	*ret_connection = c;
	return TLSHOST_OK;
}

static uint8_t
turn(uint8_t byte)
{
	uint8_t letter = byte | 0x20;

	return letter >= 'a' && letter <= 'z' ? byte ^ 0x20 : byte;
}

static int32_t
take_record(tlshost_sink *sink, struct connection *c)
{
	const uint8_t no = 0;
	int32_t st;
	size_t len;

	if ((st = next_record(sink, c, &len)) != TLSHOST_OK)
		return st;
	switch (c->in[0]) {
	case RECORD_ALERT:
		return take_alert(sink, c, len);
	case RECORD_DATA:
		c->at = HEADER;
		c->end = HEADER + len;
		return TLSHOST_OK;
	case RECORD_KEY_UPDATE:
		if (len == 1 && c->in[HEADER] == 1 &&
		    push_record(c, RECORD_KEY_UPDATE, &no, 1) != TLSHOST_OK)
			return no_memory(sink);
		return TLSHOST_OK;
	default:
		return give_up(sink, c, TLSHOST_PROTOCOL,
		    ALERT_UNEXPECTED_MESSAGE, "an unexpected record");
	}
}

static int32_t
read_data(tlshost_sink *sink, void *object, uint8_t *dst, size_t cap,
    size_t *ret_len)
{
	struct connection *c = object;
	size_t done = 0;
	int32_t st;

	while (c->at == c->end && !c->closed)
		if ((st = take_record(sink, c)) != TLSHOST_OK)
			return st;
	while (done < cap && c->at < c->end)
		dst[done++] = turn(c->in[c->at++]);
	*ret_len = done;
	return TLSHOST_OK;
}

static int32_t
write_data(tlshost_sink *sink, void *object, const uint8_t *src, size_t len,
    size_t *ret_len)
{
	struct connection *c = object;
	uint8_t data[RECORD_MAX];

	if (len > sizeof(data))
		len = sizeof(data);
	for (size_t i = 0; i < len; i++)
		data[i] = turn(src[i]);
	if (push_record(c, RECORD_DATA, data, len) != TLSHOST_OK)
		return no_memory(sink);
	*ret_len = len;
	return TLSHOST_OK;
}

static int32_t
shut_down(tlshost_sink *sink, void *object)
{
	return push_alert(object, ALERT_CLOSE_NOTIFY) == TLSHOST_OK ?
	    TLSHOST_OK : no_memory(sink);
}

static size_t
pending(const void *object)
{
	const struct connection *c = object;

	return c->end - c->at;
}

static void
info(const void *object, struct tlshost_plugin_info *ret_info)
{
	const struct connection *c = object;

	ret_info->version = c->version;
	ret_info->suite = c->suite;
	ret_info->protocol = (struct tlshost_bytes){ c->protocol,
	    c->protocol_len };
}

static int32_t
key_update(tlshost_sink *sink, void *object, uint32_t request)
{
	const uint8_t byte = (uint8_t)request;

	return push_record(object, RECORD_KEY_UPDATE, &byte, 1) == TLSHOST_OK ?
	    TLSHOST_OK : no_memory(sink);
}

static const struct tlshost_plugin plugin = {
	.size = sizeof(plugin),
	.abi_major = TLSHOST_PLUGIN_ABI_MAJOR,
	.abi_minor = TLSHOST_PLUGIN_ABI_MINOR,
	.config_size = sizeof(struct tlshost_plugin_config),
	.name = "upper",
	.version = "1.0",
	.library = "Upper",
	.roles = TLSHOST_ROLE_CLIENT | TLSHOST_ROLE_SERVER,
	.lowest_version = TLSHOST_VERSION_TLSV1_2,
	.highest_version = TLSHOST_VERSION_TLSV1_3,
	.capabilities = TLSHOST_CAPABILITY_CLIENT_SUITES_SET |
	    TLSHOST_CAPABILITY_CLIENT_SUITES_ORDER |
	    TLSHOST_CAPABILITY_KEY_UPDATE |
	    TLSHOST_CAPABILITY_KEY_UPDATE_REQUEST | TLSHOST_CAPABILITY_KEY_LOG |
	    TLSHOST_CAPABILITY_NO_VERIFY | TLSHOST_CAPABILITY_PROTOCOL_NUL,
	.init = init,
	.suites = suites,
	.certificate_check = certificate_check,
	.key_check = key_check,
	.trust_new = trust_new,
	.trust_free = trust_free,
	.verify_path = verify_path,
	.context_new = context_new,
	.context_free = context_free,
	.context_suites = context_suites,
	.connection_new = connection_new,
	.connection_free = free,
	.handshake = handshake,
	.read = read_data,
	.write = write_data,
	.shutdown = shut_down,
	.pending = pending,
	.info = info,
	.key_update = key_update,
};

TLSHOST_PLUGIN_ENTRY(services, ret_plugin)
{
	if (services->abi_major != TLSHOST_PLUGIN_ABI_MAJOR)
		return TLSHOST_UNSUPPORTED;
	host = services;
	*ret_plugin = &plugin;
	return TLSHOST_OK;
}

/* SPDX-License-Identifier: MIT */
/*
 * A host of ABI 0.1, kept as it is: every later plugin of ABI 0 has to work
 * with it.  It does what a host must and no more: it starts the plugin, makes a
 * client and a server, and carries a connection between them.
 *
 *	host PLUGIN.so LEAF.der KEY.der CA.der
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tlshost-plugin.h>

#define NEED(condition)                                                       \
	do {                                                                  \
		if (!(condition)) {                                           \
			printf("line %d: %s: %s\n", __LINE__, #condition,     \
			    reported);                                        \
			exit(1);                                              \
		}                                                             \
	} while (0)

static char reported[512] = "nothing was reported";
static const struct tlshost_plugin *plugin;
static void *trust;
static struct tlshost_bytes anchor;
static int judged, greeted, verified;

struct tlshost_sink {
	int unused;
};
struct tlshost_secret {
	int unused;
};
struct tlshost_trail {
	size_t len;
};
struct tlshost_link {
	struct tlshost_link *peer;
	void *context, *connection;
	size_t hello_len;                /* the first record that came */
	uint8_t hello[2048];
	size_t len, at;                  /* incoming */
	uint8_t bytes[1 << 17];
};

static struct tlshost_sink sink;
static struct tlshost_secret secret;

static int32_t
do_fail(tlshost_sink *where, const struct tlshost_failure *failure)
{
	(void)where;
	snprintf(reported, sizeof(reported), "status %d: %s (%s)",
	    (int)failure->status, failure->text ? failure->text : "",
	    failure->native_text ? failure->native_text : "");
	return failure->status;
}

static int32_t
do_finding(tlshost_sink *where, uint32_t field, uint32_t severity,
    const char *text)
{
	(void)where;
	if (severity == TLSHOST_SEVERITY_ERROR)
		snprintf(reported, sizeof(reported), "field %u: %s",
		    (unsigned int)field, text);
	return TLSHOST_OK;
}

static int32_t
do_password(tlshost_secret *of, const uint8_t **ret_data, size_t *ret_len)
{
	(void)of;
	(void)ret_data;
	(void)ret_len;
	return TLSHOST_PASSWORD_REFUSED;
}

static size_t
do_pull(tlshost_link *link, uint8_t *dst, size_t cap)
{
	size_t n = link->len - link->at;

	if (n > cap)
		n = cap;
	if (n != 0)
		memcpy(dst, link->bytes + link->at, n);
	link->at += n;
	return n;
}

static size_t
do_waiting(tlshost_link *link)
{
	return link->len - link->at;
}

static int32_t
do_ended(tlshost_link *link)
{
	(void)link;
	return 0;
}

static int32_t
do_push(tlshost_link *link, const uint8_t *src, size_t len)
{
	struct tlshost_link *to = link->peer;

	for (size_t i = 0; i < len && to->hello_len < sizeof(to->hello); i++)
		to->hello[to->hello_len++] = src[i];
	memmove(to->bytes, to->bytes + to->at, to->len - to->at);
	to->len -= to->at;
	to->at = 0;
	NEED(len <= sizeof(to->bytes) - to->len);
	if (len != 0)
		memcpy(to->bytes + to->len, src, len);
	to->len += len;
	return TLSHOST_OK;
}

static int32_t
do_pushv(tlshost_link *link, const struct tlshost_bytes *parts, size_t len)
{
	for (size_t i = 0; i < len; i++)
		(void)do_push(link, parts[i].data, parts[i].len);
	return TLSHOST_OK;
}

/* Takes a vector with a length of so many bytes from *data; 0: there is none. */
static int
take(struct tlshost_bytes *data, size_t head, struct tlshost_bytes *ret)
{
	size_t len = 0;

	if (data->len < head)
		return 0;
	for (size_t i = 0; i < head; i++)
		len = len << 8 | data->data[i];
	if (len > data->len - head)
		return 0;
	ret->data = data->data + head;
	ret->len = len;
	data->data += head + len;
	data->len -= head + len;
	return 1;
}

/* A record, whole, of a ClientHello that it has for itself? */
static int
has_hello(const tlshost_link *link)
{
	const uint8_t *first = link->hello;

	if (link->hello_len < 9 || link->hello_len - 5 <
	    ((size_t)first[3] << 8 | first[4]))
		return 0;
	NEED(first[0] == 22 && first[5] == 1);
	return 1;
}

static int32_t
do_hello_parts(tlshost_link *link, struct tlshost_hello *ret_hello)
{
	const uint8_t *body = link->hello + 9;
	struct tlshost_bytes rest = { body + 34, 0 };
	struct tlshost_bytes unused, extensions, one;

	NEED(has_hello(link));
	rest.len = ((size_t)link->hello[7] << 8 | link->hello[8]) - 34;
	NEED(take(&rest, 1, &unused) && take(&rest, 2, &ret_hello->suites) &&
	    take(&rest, 1, &unused) && take(&rest, 2, &extensions));
	ret_hello->legacy_version = (uint32_t)body[0] << 8 | body[1];
	while (extensions.len > 4) {
		unsigned int type = (unsigned int)extensions.data[0] << 8 |
		    extensions.data[1];

		extensions.data += 2;
		extensions.len -= 2;
		NEED(take(&extensions, 2, &one));
		if (type == 0)
			ret_hello->server_name = one;
		else if (type == 10)
			ret_hello->groups = one;
		else if (type == 13)
			ret_hello->signatures = one;
		else if (type == 16)
			ret_hello->protocols = one;
		else if (type == 43)
			ret_hello->supported_versions = one;
	}
	return TLSHOST_OK;
}

static int32_t
do_hello(tlshost_link *link, void **ret_context, int32_t *ret_alert)
{
	(void)ret_alert;
	if (!has_hello(link))
		return TLSHOST_WANT_READ;
	greeted++;
	*ret_context = link->context;
	return TLSHOST_OK;
}

/* Both ends have one version alone, and whatever certificate is needed. */
static size_t
do_hello_suites(tlshost_link *link, uint32_t *ret_version, uint16_t *ids,
    size_t cap)
{
	struct tlshost_hello hello = { .size = sizeof(hello) };
	uint16_t own[1024];
	size_t own_len = plugin->context_suites(link->context, own, 1024);
	size_t len = 0;

	NEED(do_hello_parts(link, &hello) == TLSHOST_OK);
	NEED(hello.groups.len >= 4 && hello.signatures.len >= 4);
	*ret_version = plugin->highest_version;
	for (size_t i = 0; i < own_len; i++)
		for (size_t at = 0; at + 1 < hello.suites.len; at += 2)
			if ((hello.suites.data[at] << 8 |
			    hello.suites.data[at + 1]) == own[i]) {
				if (len < cap)
					ids[len] = own[i];
				len++;
			}
	return len;
}

static int32_t
do_judge(tlshost_link *link, const struct tlshost_bytes *chain, size_t len,
    void *cookie, int32_t *ret_alert)
{
	struct tlshost_trail trail = { 0 };
	struct tlshost_plugin_verdict verdict = { .size = sizeof(verdict) };
	const struct tlshost_plugin_path path = {
		.size = sizeof(path),
		.purpose = TLSHOST_ROLE_SERVER,
		.certificates = chain,
		.certificates_len = len,
		.cookie = cookie,
		.trail = &trail,
		.anchor = &anchor,
	};

	(void)link;
	(void)ret_alert;
	judged++;
	NEED(plugin->verify_path(&sink, trust, &path, &verdict) == TLSHOST_OK);
	NEED(trail.len == 2);
	verified++;
	return TLSHOST_OK;
}

static int32_t
do_path_used(tlshost_trail *trail, const struct tlshost_bytes *path, size_t len)
{
	NEED(path[0].len != 0);
	trail->len = len;
	return TLSHOST_OK;
}

static void
do_key_log(tlshost_link *link, const char *line, size_t len)
{
	(void)link;
	(void)line;
	(void)len;
}

static const struct tlshost_host host = {
	.size = sizeof(host),
	.abi_major = TLSHOST_PLUGIN_ABI_MAJOR,
	.abi_minor = TLSHOST_PLUGIN_ABI_MINOR,
	.version = "0.1.0",
	.fail = do_fail,
	.finding = do_finding,
	.password = do_password,
	.pull = do_pull,
	.waiting = do_waiting,
	.ended = do_ended,
	.push = do_push,
	.pushv = do_pushv,
	.hello = do_hello,
	.hello_parts = do_hello_parts,
	.judge = do_judge,
	.path_used = do_path_used,
	.key_log = do_key_log,
	.hello_suites = do_hello_suites,
};

static struct tlshost_bytes
slurp(const char *path)
{
	static uint8_t memory[3][16384];
	static int used;
	FILE *file = fopen(path, "rb");
	struct tlshost_bytes bytes = { memory[used], 0 };

	NEED(file != NULL);
	bytes.len = fread(memory[used++], 1, sizeof(memory[0]), file);
	NEED(bytes.len != 0 && bytes.len < sizeof(memory[0]));
	fclose(file);
	return bytes;
}

static void
start(const char *path)
{
	const char *library = NULL;
	tlshost_plugin_entry entry;
	void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);

	if (handle == NULL) {
		puts(dlerror());
		exit(1);
	}
	*(void **)&entry = dlsym(handle, TLSHOST_PLUGIN_ENTRY_NAME);
	NEED(entry != NULL);
	NEED(entry(&host, &plugin) == TLSHOST_OK);
	NEED(plugin->size >= sizeof(*plugin));
	NEED(plugin->abi_major == TLSHOST_PLUGIN_ABI_MAJOR);
	NEED(plugin->config_size >= sizeof(struct tlshost_plugin_config));
	NEED(plugin->init(&sink, &library) == TLSHOST_OK);
	NEED(library != NULL);
	printf("%s %s, %s\n", plugin->name, plugin->version, library);
}

static void *
make_context(uint32_t role, const struct tlshost_plugin_chain *chain)
{
	static const struct tlshost_bytes protocol = {
		(const uint8_t *)"capsule", 7
	};
	const struct tlshost_plugin_chain *const chains[] = { chain };
	uint16_t suites[1024];
	size_t len = plugin->suites(suites, 1024);
	uint32_t version = plugin->highest_version;
	struct tlshost_plugin_config config = {
		.size = sizeof(config),
		.validate = role == TLSHOST_ROLE_CLIENT,
		.client_auth = TLSHOST_CLIENT_AUTH_NONE,
		.lowest_version = version,
		.highest_version = version,
		.suites_default = 1,
		.suites = suites,
		.protocols = &protocol,
		.protocols_len = 1,
		.chains = chains,
		.chains_len = chain != NULL,
		.trust = role == TLSHOST_ROLE_CLIENT ? trust : NULL,
	};
	void *context = NULL;

	NEED(len >= 1 && len <= 1024);
	/* What belongs to the version, as a host has to sort it out: 0x13xx is
	 * of TLS 1.3, and only the modern ones of 1.2 are asked for. */
	for (size_t i = 0; i < len; i++) {
		int modern = suites[i] == 0xc02b || suites[i] == 0xc02f;

		if (version == 0x0304 ? suites[i] >> 8 == 0x13 : modern)
			suites[config.suites_len++] = suites[i];
	}
	NEED(plugin->context_new(&sink, role, &config, &context) == TLSHOST_OK);
	NEED(plugin->context_suites(context, suites, 1024) >= 1);
	return context;
}

static void
connect_both(struct tlshost_link *client, struct tlshost_link *server)
{
	int32_t a = TLSHOST_WANT_READ, b = TLSHOST_WANT_READ;

	client->peer = server;
	server->peer = client;
	NEED(plugin->connection_new(&sink, client->context, client, "srv.test",
	    &client->connection) == TLSHOST_OK);
	NEED(plugin->connection_new(&sink, server->context, server, NULL,
	    &server->connection) == TLSHOST_OK);
	for (int i = 0; i < 20 && (a != TLSHOST_OK || b != TLSHOST_OK); i++) {
		if (a != TLSHOST_OK)
			a = plugin->handshake(&sink, client->connection);
		NEED(a == TLSHOST_OK || a == TLSHOST_WANT_READ);
		if (b != TLSHOST_OK)
			b = plugin->handshake(&sink, server->connection);
		NEED(b == TLSHOST_OK || b == TLSHOST_WANT_READ);
	}
	NEED(a == TLSHOST_OK && b == TLSHOST_OK);
	NEED(judged == 1 && verified == 1 && greeted == 1);
}

static void
say(struct tlshost_link *from, struct tlshost_link *to)
{
	static const uint8_t text[] = "once upon a time";
	uint8_t back[64];
	size_t n = 0;

	NEED(plugin->write(&sink, from->connection, text, sizeof(text), &n) ==
	    TLSHOST_OK);
	NEED(n == sizeof(text));
	NEED(plugin->read(&sink, to->connection, back, 4, &n) == TLSHOST_OK);
	NEED(n == 4 && plugin->pending(to->connection) == sizeof(text) - 4);
	NEED(plugin->read(&sink, to->connection, back + 4, sizeof(back) - 4,
	    &n) == TLSHOST_OK);
	NEED(n == sizeof(text) - 4 && memcmp(back, text, sizeof(text)) == 0);
}

static void
end(struct tlshost_link *from, struct tlshost_link *to)
{
	uint8_t byte;
	size_t n = 1;

	NEED(plugin->shutdown(&sink, from->connection) == TLSHOST_OK);
	NEED(plugin->read(&sink, to->connection, &byte, 1, &n) == TLSHOST_OK);
	NEED(n == 0);
}

int
main(int argc, char **argv)
{
	static struct tlshost_link client, server;
	struct tlshost_plugin_info info = { .size = sizeof(info) };
	struct tlshost_plugin_certificate leaf = { .size = sizeof(leaf) };
	struct tlshost_plugin_key key = { .size = sizeof(key),
		.encoding = TLSHOST_KEY_DER, .secret = &secret };
	const struct tlshost_plugin_certificate *const leaves[] = { &leaf };
	const struct tlshost_plugin_chain chain = { .size = sizeof(chain),
		.certificates = leaves, .certificates_len = 1, .key = &key };
	struct tlshost_plugin_trust anchors = { .size = sizeof(anchors),
		.anchors = &anchor, .anchors_len = 1 };

	NEED(argc == 5);
	leaf.der = slurp(argv[2]);
	key.data = slurp(argv[3]);
	anchor = slurp(argv[4]);
	start(argv[1]);
	NEED(plugin->certificate_check(&sink, &leaf) == TLSHOST_OK);
	NEED(plugin->key_check(&sink, &key) == TLSHOST_OK);
	NEED(plugin->trust_new(&sink, &anchors, &trust) == TLSHOST_OK);
	client.context = make_context(TLSHOST_ROLE_CLIENT, NULL);
	server.context = make_context(TLSHOST_ROLE_SERVER, &chain);
	connect_both(&client, &server);
	plugin->info(client.connection, &info);
	NEED(info.version == plugin->highest_version && info.suite != 0);
	say(&client, &server);
	say(&server, &client);
	end(&client, &server);
	end(&server, &client);
	plugin->connection_free(client.connection);
	plugin->connection_free(server.connection);
	plugin->context_free(client.context);
	plugin->context_free(server.context);
	plugin->trust_free(trust);
	return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * tlshost-plugin.h: for whoever writes a backend.
 *
 * A backend is a shared object of three parts:
 *
 *	a manifest	an ELF note, written by TLSHOST_PLUGIN_MANIFEST; the host
 *			reads it without loading anything
 *	an entry point	the one exported function, TLSHOST_PLUGIN_ENTRY
 *	a table		struct tlshost_plugin, which the entry point returns
 *
 * It includes this header, links its TLS library and libc, and does not link
 * libtlshost: everything it needs of the host comes in struct tlshost_host.
 *
 * Rules of the border
 *
 *  1. A structure starts with its size, set by whoever made it.  Members are
 *     only ever added at the end.  Nobody reads or writes beyond the size he
 *     was given; a slot beyond the size of a table counts as NULL.  What a
 *     plugin would leave unread the host refuses for it: config_size says how
 *     much of a configuration it knows, abi_minor of everything else.
 *     "reserved" is 0 and not looked at.  struct tlshost_bytes has no size and
 *     never grows.
 *  2. Fixed-width integers and size_t cross, and pointers to bytes with their
 *     length.  No enum, bool, long, time_t, FILE or structure by value does.
 *     Text is UTF-8, ends with NUL and stays the property of its maker.
 *  3. Who allocates frees.  A pointer passed to a call is good until the call
 *     returns, and not NULL, unless it is said otherwise; an array without
 *     elements may be.  What "ret_" points to counts only with OK.
 *  4. What a plugin returns is filtered: a status that is not in
 *     TLSHOST_STATUS_MAP, or not among those that a slot lists, becomes
 *     TLSHOST_BACKEND_FAULT, and so does a length beyond the capacity.
 *  5. A plugin changes nothing of the process: no signal handling, locale,
 *     environment, umask, descriptors, threads, and no global setting of its
 *     TLS library.  It prints nothing.
 *  6. Nothing is ever unloaded; link with -Wl,-z,nodelete.
 *  7. At init a plugin checks that the library it runs with has the ABI it was
 *     compiled for (same major, at least a stated minimum, never the patch
 *     level), and refuses in words.
 *  8. No call waits.  A plugin never touches a descriptor of the program.
 *
 * Threads.  init runs once, before anything else.  Slots that make or free
 * contexts and trust stores, and verify_path, may run in any number of threads
 * at once, for the same objects too.  Slots of one connection never run at the
 * same time, but may move from thread to thread.
 *
 * Viewpoint.  "Incoming" bytes come from the peer, "outgoing" ones go to it.
 *
 * The ABI is 0.x: it may still change between releases; the entry point and
 * the plugin directory carry the major number.
 */
#ifndef TLSHOST_PLUGIN_H
#define TLSHOST_PLUGIN_H

#include "tlshost-base.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The one place of these numbers; the entry point, the plugin directory, the
 * .pc file and the packages take them from here.  The major number is written
 * as digits alone, for it becomes a part of names.
 */
#define TLSHOST_PLUGIN_ABI_MAJOR 0
#define TLSHOST_PLUGIN_ABI_MINOR 1

/*
 * The lowest minor number of a host that a plugin works with; it goes into the
 * manifest.  A plugin that looks at the size of the host's table before it uses
 * what was added later may define a lower one before it includes this.
 */
#ifndef TLSHOST_PLUGIN_HOST_MINOR
#define TLSHOST_PLUGIN_HOST_MINOR TLSHOST_PLUGIN_ABI_MINOR
#endif

/* ------------------------------------------------------------------------
 * The manifest
 */

#define TLSHOST_PLUGIN_NOTE_NAME "tlshost"
#define TLSHOST_PLUGIN_NOTE_TYPE 1u

/* The head of the note's descriptor; the text follows it. */
struct tlshost_plugin_note_head {
	uint32_t size;       /* of this head */
	uint32_t abi_major;  /* must equal the host's */
	uint32_t abi_minor;  /* the lowest minor number of a host that will do */
	int32_t priority;    /* higher is preferred; <= 0: only if named */
	uint32_t flags;      /* 0 */
};

/*
 * Writes the manifest.  Use it once, at file level:
 *
 *	TLSHOST_PLUGIN_MANIFEST(10,
 *	    "name=example\0"
 *	    "version=1.0\0"
 *	    "library=Example TLS\0"
 *	    "roles=client,server\0"
 *	    "description=The example library\0");
 *
 * name: 1 to 32 of a-z 0-9 _ -, beginning with a letter; what TLS_BACKEND
 * names.  roles: "client", "server" or both.  Unknown keys are kept.  name,
 * version, library and roles must be there, once, and agree with the table.
 */
#define TLSHOST_PLUGIN_MANIFEST(priority_, text_)                             \
	static const struct {                                                 \
		uint32_t namesz, descsz, type;                                \
		char name[8];                                                 \
		struct tlshost_plugin_note_head head;                         \
		char text[(sizeof(text_) + 3) & ~(size_t)3];                  \
	} tlshost_plugin_manifest_                                            \
	    __attribute__((used, aligned(4), section(".note.tlshost"))) = {   \
		8,                                                            \
		(uint32_t)(sizeof(struct tlshost_plugin_note_head) +          \
		    ((sizeof(text_) + 3) & ~(size_t)3)),                      \
		TLSHOST_PLUGIN_NOTE_TYPE,                                     \
		TLSHOST_PLUGIN_NOTE_NAME,                                     \
		{ sizeof(struct tlshost_plugin_note_head),                    \
		    TLSHOST_PLUGIN_ABI_MAJOR, TLSHOST_PLUGIN_HOST_MINOR,      \
		    (priority_), 0 },                                         \
		text_                                                         \
	}

/* ------------------------------------------------------------------------
 * What both sides hand over
 */

struct tlshost_bytes {
	const uint8_t *data;
	size_t len;
};

/* The host's; a plugin only passes them back. */
typedef struct tlshost_sink tlshost_sink;     /* where one call reports to */
typedef struct tlshost_link tlshost_link;     /* the host's end of a connection */
typedef struct tlshost_secret tlshost_secret; /* the password of one key */
typedef struct tlshost_trail tlshost_trail;   /* where a verified path goes */

/* A failure, as a plugin reports it.  Absent: 0, NULL; alerts -1. */
struct tlshost_failure {
	uint32_t size;
	int32_t status;          /* what the call is going to return */
	/* TLS alert number queued for the peer, or -1.  If the library does not
	 * show what it queues encrypted: the one that it sends for this error. */
	int32_t alert_sent;
	int32_t alert_received;  /* TLS alert number from the peer, or -1 */
	int64_t native_code;     /* the library's own number */
	const char *native_text; /* the library's own words */
	const char *text;        /* ours: what was wrong, naming the culprit */
	uint32_t field;          /* enum tlshost_field, if it is about one */
	uint32_t reasons;        /* bits of enum tlshost_reason */
};

/*
 * A ClientHello as raw parts (RFC 8446, 4.1.2; RFC 5246, 7.4.1.2); data NULL:
 * not there.  What extensions say: RFC 6066, 3; RFC 7301, 3.1; RFC 8446, 4.2.1,
 * 4.2.3, 4.2.7.  The host has held it against these before.
 */
struct tlshost_hello {
	uint32_t size;
	uint32_t legacy_version;
	struct tlshost_bytes suites;             /* pairs of bytes, unchecked */
	struct tlshost_bytes server_name;        /* body of extension 0 */
	struct tlshost_bytes protocols;          /* body of extension 16 */
	struct tlshost_bytes supported_versions; /* body of extension 43 */
	struct tlshost_bytes groups;             /* body of extension 10 */
	struct tlshost_bytes signatures;         /* body of extension 13 */
};

/*
 * A certificate (PEP 543, "Certificates"): DER bytes, or a URI (RFC 7512) for
 * backends with that capability.
 */
struct tlshost_plugin_certificate {
	uint32_t size;
	uint32_t reserved;
	struct tlshost_bytes der;
	const char *uri;         /* NULL: der counts */
};

enum tlshost_key_encoding {
	TLSHOST_KEY_DER = 1,     /* PKCS #8 (plain or encrypted), PKCS #1, SEC 1 */
	TLSHOST_KEY_PEM = 2      /* one PEM block, encapsulation lines included */
};

/*
 * A private key (PEP 543, "Private Keys").  If it is encrypted, ask
 * host->password(secret, ...); never prompt.  Tell four things apart:
 * BAD_PASSWORD, PASSWORD_REFUSED (what host->password returned), BAD_DATA (no
 * key in there), KEY_MISMATCH.
 */
struct tlshost_plugin_key {
	uint32_t size;
	uint32_t encoding;       /* enum tlshost_key_encoding */
	struct tlshost_bytes data;
	const char *uri;         /* NULL: data counts */
	tlshost_secret *secret;
};

/* One chain: leaf first, then intermediates, and the leaf's key. */
struct tlshost_plugin_chain {
	uint32_t size;
	uint32_t reserved;
	const struct tlshost_plugin_certificate *const *certificates;
	size_t certificates_len; /* at least 1 */
	const struct tlshost_plugin_key *key;
};

/*
 * A configuration (PEP 543, TLSConfiguration), complete: nothing in it means
 * "the library's choice".  The host has checked what does not depend on the
 * library.  A set member that lies beyond the size a plugin was built with
 * (its config_size) is refused by the host.
 */
struct tlshost_plugin_config {
	uint32_t size;
	uint32_t validate;         /* 0: call judge() all the same, it says yes */
	uint32_t client_auth;      /* servers: enum tlshost_client_auth */
	uint32_t lowest_version;   /* 0x0301 ... 0x0304, both inclusive */
	uint32_t highest_version;
	uint32_t suites_default;   /* 1: suites is the host's default list */
	uint32_t key_log;          /* 1: call host->key_log */
	uint32_t reserved;
	/* IANA ids, all versions, by preference; of those in the slot suites,
	 * one at least */
	const uint16_t *suites;
	size_t suites_len;
	/* ALPN (RFC 7301), by preference, each 1 to 255 bytes */
	const struct tlshost_bytes *protocols;
	size_t protocols_len;
	const struct tlshost_plugin_chain *const *chains;
	size_t chains_len;
	void *trust;               /* of trust_new; NULL: peers are not verified */
};

/* Anchors of a trust store (PEP 543, "Trust Store"). */
struct tlshost_plugin_trust {
	uint32_t size;
	uint32_t reserved;
	const struct tlshost_bytes *anchors;   /* DER; may be empty */
	size_t anchors_len;
	const char *uri;           /* NULL: anchors count */
};

/*
 * One candidate path to verify: the leaf and exactly the intermediates that
 * are to be used, in order, and the anchor that issued the last of them.
 * Another one of the trust store will not do: several may have one name, and
 * some libraries take the first.  anchor NULL: the leaf is an anchor itself, or
 * the trust store is one by URI, which the plugin alone knows.
 */
struct tlshost_plugin_path {
	uint32_t size;
	uint32_t purpose;          /* enum tlshost_role the certificate is for */
	const struct tlshost_bytes *certificates;
	size_t certificates_len;
	void *cookie;              /* what judge() was given; NULL outside of it */
	tlshost_trail *trail;      /* report the path to host->path_used */
	const struct tlshost_bytes *anchor;
};

/* What the library says of a path; the caller has set size, the rest is 0. */
struct tlshost_plugin_verdict {
	uint32_t size;
	uint32_t reasons;          /* bits of enum tlshost_reason */
	int32_t depth;             /* of the certificate at fault, 0 = leaf */
	uint32_t reserved;
	int64_t native_code;
	char native_text[256];     /* ends with NUL */
};

/*
 * What was negotiated; the caller has set size, the rest is 0.  0 and NULL:
 * nothing, or not known.
 */
struct tlshost_plugin_info {
	uint32_t size;
	uint32_t version;          /* number of the wire */
	uint32_t suite;            /* IANA id */
	uint32_t group;            /* IANA number of the key exchange group */
	uint32_t signature;        /* IANA number of the peer's SignatureScheme */
	uint32_t reserved;
	struct tlshost_bytes protocol; /* good as long as the connection */
};

/* ------------------------------------------------------------------------
 * What the host offers
 *
 * The table lives for ever.  Functions may be called from any thread, those
 * that take a link, a sink or a secret only during a call that was given it
 * (a link: during any call for its connection).
 */
struct tlshost_host {
	uint32_t size;
	uint32_t abi_major;
	uint32_t abi_minor;
	uint32_t reserved;
	const char *version;       /* of libtlshost, "0.1.0" */

	/*
	 * Reports why a call is going to fail; texts are copied.  Returns
	 * failure->status, so that a plugin can "return host->fail(...)".
	 * The first report of a call counts.
	 */
	int32_t (*fail)(tlshost_sink *sink, const struct tlshost_failure *failure);

	/*
	 * Reports a finding about a field of a configuration, from within
	 * context_new.  Returns OK or NO_MEMORY.
	 */
	int32_t (*finding)(tlshost_sink *sink, uint32_t field, uint32_t severity,
	    const char *text);

	/*
	 * The password of a key.  Call it only if the key is encrypted.  The
	 * program is asked at most once for one key, however often this is
	 * called.  Returns OK and bytes that are good until the slot returns, at
	 * most 255 and none of them 0, or PASSWORD_REFUSED or NO_MEMORY; then
	 * return that.
	 */
	int32_t (*password)(tlshost_secret *secret, const uint8_t **ret_data,
	    size_t *ret_len);

	/* Takes up to cap incoming bytes; returns how many, 0 if none. */
	size_t (*pull)(tlshost_link *link, uint8_t *dst, size_t cap);
	/* How many incoming bytes there are. */
	size_t (*waiting)(tlshost_link *link);
	/* 1: the network has ended and every incoming byte was pulled. */
	int32_t (*ended)(tlshost_link *link);
	/*
	 * Queues outgoing bytes, always all of them.  Returns OK or NO_MEMORY;
	 * after NO_MEMORY the host ends the connection whatever the plugin says.
	 */
	int32_t (*push)(tlshost_link *link, const uint8_t *src, size_t len);
	int32_t (*pushv)(tlshost_link *link, const struct tlshost_bytes *parts,
	    size_t len);

	/*
	 * A server calls this before version, suite, certificate and protocol
	 * are chosen, until it returns something else than WANT_READ: the first
	 * ClientHello has not come whole yet, and nobody was asked.  Its bytes
	 * stay to be pulled.  On OK *ret_context is the context (of this
	 * plugin's context_new) whose whole configuration applies to this
	 * connection; it lives as long as the connection and may be the one that
	 * the connection was made with.  Else: send the alert *ret_alert and
	 * fail the handshake with the returned status (UNRECOGNIZED_NAME,
	 * PROTOCOL, NO_MEMORY or another).
	 */
	int32_t (*hello)(tlshost_link *link, void **ret_context,
	    int32_t *ret_alert);

	/*
	 * What is in that hello, after hello() was OK; also when a second one
	 * has come after a HelloRetryRequest.  Zero *ret_hello and set its size.
	 * The parts belong to the host and are good until the handshake slot
	 * returns OK.  Returns OK, or BACKEND_FAULT: hello() was not OK, or size
	 * is too small.
	 */
	int32_t (*hello_parts)(tlshost_link *link,
	    struct tlshost_hello *ret_hello);

	/*
	 * Asks whether the peer's certificates, DER, as presented, leaf first,
	 * are good.  Call it from inside the library's verification, whenever
	 * the peer sent certificates, even if validation is off; never when it
	 * sent none.  The host calls verify_path back, in this thread, with
	 * cookie.  OK: go on.  Else: send the alert *ret_alert and fail the
	 * handshake with the returned status (BAD_CERTIFICATE, NO_MEMORY ...).
	 */
	int32_t (*judge)(tlshost_link *link, const struct tlshost_bytes *chain,
	    size_t len, void *cookie, int32_t *ret_alert);

	/*
	 * From within verify_path, before it returns OK: the path that the
	 * library used, leaf first, anchor last; copied.  Returns OK, NO_MEMORY,
	 * or BACKEND_FAULT: it is no path.
	 */
	int32_t (*path_used)(tlshost_trail *trail,
	    const struct tlshost_bytes *path, size_t len);

	/*
	 * One line of the key log (NSS format, without a newline), if the
	 * configuration says key_log.
	 */
	void (*key_log)(tlshost_link *link, const char *line, size_t len);

	/*
	 * What the context in effect makes of that hello, after hello() and
	 * until handshake is OK.  *ret_version is the highest version of both,
	 * or 0: there is none.  Writes up to cap of the suites for that version,
	 * in the server's order, that the client offers and the handshake can be
	 * finished with: before TLS 1.3 a certificate has to be for the suite,
	 * and the client to take its signature and curve (RFC 5246, 7.4.2;
	 * RFC 8422, 5.1).  Returns how many there are; with none refuse the
	 * client, NO_OVERLAP.  Most libraries take the first suite of both
	 * without looking further, and fail.
	 */
	size_t (*hello_suites)(tlshost_link *link, uint32_t *ret_version,
	    uint16_t *ids, size_t cap);
};

/* ------------------------------------------------------------------------
 * What a plugin offers
 *
 * [all] must be filled by every backend, [optional] may be NULL.  Slots added
 * later are optional for ever.  Every slot may return NO_MEMORY, LIBRARY,
 * FORKED and LIBRARY_GONE besides what is listed, and BACKEND_FAULT, if the host
 * said so.  Before it returns another status than OK, WANT_READ and RAGGED_EOF,
 * a slot that was given a sink calls host->fail.
 */
struct tlshost_plugin {
	uint32_t size;
	uint32_t abi_major;        /* TLSHOST_PLUGIN_ABI_MAJOR */
	uint32_t abi_minor;        /* TLSHOST_PLUGIN_ABI_MINOR */
	uint32_t config_size;      /* sizeof(struct tlshost_plugin_config) */
	const char *name;          /* these four as in the manifest */
	const char *version;
	const char *library;
	uint32_t roles;            /* bits of enum tlshost_role */
	uint32_t lowest_version;   /* what the library can do, of what the host */
	uint32_t highest_version;  /* knows: 0x0301 ... 0x0304 */
	uint32_t protocols_max;    /* most ALPN names, 0: no limit */
	uint32_t protocol_max_len; /* longest ALPN name, 0: 255 */
	uint32_t reserved;
	/* bits of enum tlshost_capability; a host drops those of a later one */
	uint64_t capabilities;

	/*
	 * [all] Starts the library.  Called once, before any other slot, and
	 * again only after NO_MEMORY.
	 * *ret_library: the name and version that runs, "OpenSSL 3.0.22", good
	 * for ever.  OK; LIBRARY or UNSUPPORTED: the backend cannot be used.
	 */
	int32_t (*init)(tlshost_sink *sink, const char **ret_library);

	/*
	 * [all] The suites that the library has, all versions, its own order.
	 * Writes up to cap ids; returns how many there are, 1 to 1024.
	 */
	size_t (*suites)(uint16_t *ids, size_t cap);

	/*
	 * [all] Parses a certificate or a key, to find a bad one early.  OK,
	 * BAD_DATA, UNSUPPORTED; a key also BAD_PASSWORD, PASSWORD_REFUSED.
	 */
	int32_t (*certificate_check)(tlshost_sink *sink,
	    const struct tlshost_plugin_certificate *certificate);
	int32_t (*key_check)(tlshost_sink *sink,
	    const struct tlshost_plugin_key *key);

	/*
	 * [all] A trust store, shared by all contexts that use it.  Anchors that
	 * the library cannot parse are passed over; every one is an anchor,
	 * self-signed or not.  OK, UNSUPPORTED.
	 */
	int32_t (*trust_new)(tlshost_sink *sink,
	    const struct tlshost_plugin_trust *source, void **ret_trust);
	void (*trust_free)(void *trust); /* NULL: nothing */

	/*
	 * [all] Lets the library verify one path: signatures, validity, CA
	 * bits, purpose; no names.  It may end earlier, at another anchor.  A
	 * leaf that equals an anchor byte for byte is a path of one.  OK: it
	 * verified, and host->path_used was called.  BAD_CERTIFICATE: *verdict
	 * says why.
	 */
	int32_t (*verify_path)(tlshost_sink *sink, void *trust,
	    const struct tlshost_plugin_path *path,
	    struct tlshost_plugin_verdict *verdict);

	/*
	 * [all] Compiles a configuration for clients or servers (role, one bit)
	 * into a context: a connection made from it opens no file and parses
	 * nothing.  Reports every finding it has, not only the first.  The
	 * configuration is good until the call returns, config->trust as long as
	 * the context.  OK; BAD_CONFIG (findings say why), BAD_DATA,
	 * BAD_PASSWORD, PASSWORD_REFUSED, KEY_MISMATCH, UNSUPPORTED.
	 */
	int32_t (*context_new)(tlshost_sink *sink, uint32_t role,
	    const struct tlshost_plugin_config *config, void **ret_context);
	void (*context_free)(void *context); /* NULL: nothing */
	/* [all] The suites really enabled, in order; as suites above. */
	size_t (*context_suites)(const void *context, uint16_t *ids, size_t cap);

	/*
	 * [all] A connection.  The context lives longer.  server_name: what a
	 * client sends as SNI (A-labels, no trailing dot), NULL: none.  OK.
	 * connection_free may be called in any state; it pushes nothing.
	 */
	int32_t (*connection_new)(tlshost_sink *sink, void *context,
	    tlshost_link *link, const char *server_name, void **ret_connection);
	void (*connection_free)(void *connection); /* NULL: nothing */

	/*
	 * [all] Goes on with the handshake until it is complete (OK) or the
	 * incoming bytes do not suffice (WANT_READ).  Not called again after OK.
	 * RAGGED_EOF: host->ended and the peer did not finish.  Otherwise
	 * BAD_CERTIFICATE, ALERT_RECEIVED, NO_OVERLAP, NOT_TLS, PROTOCOL,
	 * UNRECOGNIZED_NAME, and whatever hello or judge returned; an alert for
	 * the peer was pushed before.  The host calls no slot but info and
	 * connection_free after a failure.
	 */
	int32_t (*handshake)(tlshost_sink *sink, void *connection);

	/*
	 * [all] Decrypts into dst, cap >= 1.  OK: *ret_len bytes, 0 only after
	 * the peer's close_notify.  WANT_READ: nothing to be had from the
	 * incoming bytes there are.  RAGGED_EOF as above.  Otherwise
	 * ALERT_RECEIVED, PROTOCOL, BAD_CERTIFICATE.  On TLS 1.3 user_canceled
	 * is such an alert, and nothing behind it is data (RFC 8446, 6.1); the
	 * host makes an end of it and neither reads nor writes any more.  Works
	 * after shutdown.
	 */
	int32_t (*read)(tlshost_sink *sink, void *connection, uint8_t *dst,
	    size_t cap, size_t *ret_len);

	/*
	 * [all] Encrypts up to len bytes, len >= 1, and says how many, at least
	 * one.  Never blocks, and a later call owes nothing to an earlier one.
	 * OK, PROTOCOL.  Works after the peer's close_notify.
	 */
	int32_t (*write)(tlshost_sink *sink, void *connection,
	    const uint8_t *src, size_t len, size_t *ret_len);

	/* [all] Queues close_notify and does not wait.  Called once.  OK. */
	int32_t (*shutdown)(tlshost_sink *sink, void *connection);

	/* [all] How many decrypted bytes wait to be read. */
	size_t (*pending)(const void *connection);

	/* [all] What was negotiated so far.  Works in every state, never fails. */
	void (*info)(const void *connection, struct tlshost_plugin_info *info);

	/*
	 * [optional] TLS 1.3 (RFC 8446, 4.6.3): renews our sending key, and asks
	 * the peer to renew its own if request is 1.  OK; UNSUPPORTED before
	 * TLS 1.3; PROTOCOL.  Needed for the capability key-update; request is
	 * 1 only for a backend with key-update-request.
	 */
	int32_t (*key_update)(tlshost_sink *sink, void *connection,
	    uint32_t request);
};

/*
 * The entry point, the only symbol a plugin exports.  It does no work: it
 * looks at host->abi_major and host->size, keeps host, sets *ret_plugin to a
 * table that lives for ever, and returns OK, or another status to refuse
 * (UNSUPPORTED: a host that it does not work with).
 *
 *	TLSHOST_PLUGIN_ENTRY(host, ret_plugin)
 *	{
 *		...
 *		*ret_plugin = &example_plugin;
 *		return TLSHOST_OK;
 *	}
 */
#define TLSHOST_PLUGIN_PASTE_(a_, b_) a_##b_
#define TLSHOST_PLUGIN_NAMED_(a_, b_) TLSHOST_PLUGIN_PASTE_(a_, b_)
#define TLSHOST_PLUGIN_QUOTE_(a_) #a_
#define TLSHOST_PLUGIN_QUOTED_(a_) TLSHOST_PLUGIN_QUOTE_(a_)

/* Its name, "tlshost_plugin_entry_v" and the major number: as a symbol ... */
#define TLSHOST_PLUGIN_ENTRY_SYMBOL                                           \
	TLSHOST_PLUGIN_NAMED_(tlshost_plugin_entry_v, TLSHOST_PLUGIN_ABI_MAJOR)
/* ... and as text. */
#define TLSHOST_PLUGIN_ENTRY_NAME                                             \
	TLSHOST_PLUGIN_QUOTED_(TLSHOST_PLUGIN_ENTRY_SYMBOL)

#ifdef __cplusplus
#define TLSHOST_PLUGIN_LINKAGE_ extern "C"
#else
#define TLSHOST_PLUGIN_LINKAGE_
#endif

#define TLSHOST_PLUGIN_ENTRY(host_, ret_plugin_)                              \
	TLSHOST_PLUGIN_LINKAGE_                                               \
	__attribute__((visibility("default"))) int32_t                        \
	TLSHOST_PLUGIN_ENTRY_SYMBOL(const struct tlshost_host *host_,         \
	    const struct tlshost_plugin **ret_plugin_);                       \
	TLSHOST_PLUGIN_LINKAGE_ int32_t                                       \
	TLSHOST_PLUGIN_ENTRY_SYMBOL(const struct tlshost_host *host_,         \
	    const struct tlshost_plugin **ret_plugin_)

typedef int32_t (*tlshost_plugin_entry)(const struct tlshost_host *host,
    const struct tlshost_plugin **ret_plugin);

#ifdef __cplusplus
}
#endif

#endif /* TLSHOST_PLUGIN_H */

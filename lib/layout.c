/* SPDX-License-Identifier: MIT */
/*
 * Where the members of the plugin border are on 64-bit machines, as numbers: a
 * member that moves stops the build.  One that is added at the end of a
 * structure gets a line of its own and moves ENDS, nothing else.
 *
 * Each such structure has its size as first member, or is an element of an
 * array that never grows (struct tlshost_bytes).
 */
#include "config.h"

#include <tlshost-plugin.h>

#define AT(type, member, where)                                               \
	_Static_assert(sizeof(void *) != 8 ||                                 \
	    offsetof(struct type, member) == (where),                         \
	    #type "." #member " has moved: this breaks the plugin ABI")
#define ENDS(type, where)                                                     \
	_Static_assert(sizeof(void *) != 8 || sizeof(struct type) == (where), \
	    #type " ends elsewhere: see the top of lib/layout.c")

AT(tlshost_plugin_note_head, size, 0);
AT(tlshost_plugin_note_head, abi_major, 4);
AT(tlshost_plugin_note_head, abi_minor, 8);
AT(tlshost_plugin_note_head, priority, 12);
AT(tlshost_plugin_note_head, flags, 16);
ENDS(tlshost_plugin_note_head, 20);

AT(tlshost_bytes, data, 0);
AT(tlshost_bytes, len, 8);
ENDS(tlshost_bytes, 16);

AT(tlshost_failure, size, 0);
AT(tlshost_failure, status, 4);
AT(tlshost_failure, alert_sent, 8);
AT(tlshost_failure, alert_received, 12);
AT(tlshost_failure, native_code, 16);
AT(tlshost_failure, native_text, 24);
AT(tlshost_failure, text, 32);
AT(tlshost_failure, field, 40);
AT(tlshost_failure, reasons, 44);
ENDS(tlshost_failure, 48);

AT(tlshost_hello, size, 0);
AT(tlshost_hello, legacy_version, 4);
AT(tlshost_hello, suites, 8);
AT(tlshost_hello, server_name, 24);
AT(tlshost_hello, protocols, 40);
AT(tlshost_hello, supported_versions, 56);
AT(tlshost_hello, groups, 72);
AT(tlshost_hello, signatures, 88);
ENDS(tlshost_hello, 104);

AT(tlshost_plugin_certificate, size, 0);
AT(tlshost_plugin_certificate, reserved, 4);
AT(tlshost_plugin_certificate, der, 8);
AT(tlshost_plugin_certificate, uri, 24);
ENDS(tlshost_plugin_certificate, 32);

AT(tlshost_plugin_key, size, 0);
AT(tlshost_plugin_key, encoding, 4);
AT(tlshost_plugin_key, data, 8);
AT(tlshost_plugin_key, uri, 24);
AT(tlshost_plugin_key, secret, 32);
ENDS(tlshost_plugin_key, 40);

AT(tlshost_plugin_chain, size, 0);
AT(tlshost_plugin_chain, reserved, 4);
AT(tlshost_plugin_chain, certificates, 8);
AT(tlshost_plugin_chain, certificates_len, 16);
AT(tlshost_plugin_chain, key, 24);
ENDS(tlshost_plugin_chain, 32);

AT(tlshost_plugin_config, size, 0);
AT(tlshost_plugin_config, validate, 4);
AT(tlshost_plugin_config, client_auth, 8);
AT(tlshost_plugin_config, lowest_version, 12);
AT(tlshost_plugin_config, highest_version, 16);
AT(tlshost_plugin_config, suites_default, 20);
AT(tlshost_plugin_config, key_log, 24);
AT(tlshost_plugin_config, reserved, 28);
AT(tlshost_plugin_config, suites, 32);
AT(tlshost_plugin_config, suites_len, 40);
AT(tlshost_plugin_config, protocols, 48);
AT(tlshost_plugin_config, protocols_len, 56);
AT(tlshost_plugin_config, chains, 64);
AT(tlshost_plugin_config, chains_len, 72);
AT(tlshost_plugin_config, trust, 80);
ENDS(tlshost_plugin_config, 88);

AT(tlshost_plugin_trust, size, 0);
AT(tlshost_plugin_trust, reserved, 4);
AT(tlshost_plugin_trust, anchors, 8);
AT(tlshost_plugin_trust, anchors_len, 16);
AT(tlshost_plugin_trust, uri, 24);
ENDS(tlshost_plugin_trust, 32);

AT(tlshost_plugin_path, size, 0);
AT(tlshost_plugin_path, purpose, 4);
AT(tlshost_plugin_path, certificates, 8);
AT(tlshost_plugin_path, certificates_len, 16);
AT(tlshost_plugin_path, cookie, 24);
AT(tlshost_plugin_path, trail, 32);
AT(tlshost_plugin_path, anchor, 40);
ENDS(tlshost_plugin_path, 48);

AT(tlshost_plugin_verdict, size, 0);
AT(tlshost_plugin_verdict, reasons, 4);
AT(tlshost_plugin_verdict, depth, 8);
AT(tlshost_plugin_verdict, reserved, 12);
AT(tlshost_plugin_verdict, native_code, 16);
AT(tlshost_plugin_verdict, native_text, 24);
ENDS(tlshost_plugin_verdict, 280);

AT(tlshost_plugin_info, size, 0);
AT(tlshost_plugin_info, version, 4);
AT(tlshost_plugin_info, suite, 8);
AT(tlshost_plugin_info, group, 12);
AT(tlshost_plugin_info, signature, 16);
AT(tlshost_plugin_info, reserved, 20);
AT(tlshost_plugin_info, protocol, 24);
ENDS(tlshost_plugin_info, 40);

AT(tlshost_host, size, 0);
AT(tlshost_host, abi_major, 4);
AT(tlshost_host, abi_minor, 8);
AT(tlshost_host, reserved, 12);
AT(tlshost_host, version, 16);
AT(tlshost_host, fail, 24);
AT(tlshost_host, finding, 32);
AT(tlshost_host, password, 40);
AT(tlshost_host, pull, 48);
AT(tlshost_host, waiting, 56);
AT(tlshost_host, ended, 64);
AT(tlshost_host, push, 72);
AT(tlshost_host, pushv, 80);
AT(tlshost_host, hello, 88);
AT(tlshost_host, hello_parts, 96);
AT(tlshost_host, judge, 104);
AT(tlshost_host, path_used, 112);
AT(tlshost_host, key_log, 120);
AT(tlshost_host, hello_suites, 128);
ENDS(tlshost_host, 136);

AT(tlshost_plugin, size, 0);
AT(tlshost_plugin, abi_major, 4);
AT(tlshost_plugin, abi_minor, 8);
AT(tlshost_plugin, config_size, 12);
AT(tlshost_plugin, name, 16);
AT(tlshost_plugin, version, 24);
AT(tlshost_plugin, library, 32);
AT(tlshost_plugin, roles, 40);
AT(tlshost_plugin, lowest_version, 44);
AT(tlshost_plugin, highest_version, 48);
AT(tlshost_plugin, protocols_max, 52);
AT(tlshost_plugin, protocol_max_len, 56);
AT(tlshost_plugin, reserved, 60);
AT(tlshost_plugin, capabilities, 64);
AT(tlshost_plugin, init, 72);
AT(tlshost_plugin, suites, 80);
AT(tlshost_plugin, certificate_check, 88);
AT(tlshost_plugin, key_check, 96);
AT(tlshost_plugin, trust_new, 104);
AT(tlshost_plugin, trust_free, 112);
AT(tlshost_plugin, verify_path, 120);
AT(tlshost_plugin, context_new, 128);
AT(tlshost_plugin, context_free, 136);
AT(tlshost_plugin, context_suites, 144);
AT(tlshost_plugin, connection_new, 152);
AT(tlshost_plugin, connection_free, 160);
AT(tlshost_plugin, handshake, 168);
AT(tlshost_plugin, read, 176);
AT(tlshost_plugin, write, 184);
AT(tlshost_plugin, shutdown, 192);
AT(tlshost_plugin, pending, 200);
AT(tlshost_plugin, info, 208);
AT(tlshost_plugin, key_update, 216);
ENDS(tlshost_plugin, 224);

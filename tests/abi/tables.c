/* SPDX-License-Identifier: MIT */
/*
 * All that crosses the border between host and plugin, within reach of
 * functions, so that abidw sees it.
 */
#include <tlshost-plugin.h>

#define SHOW(kind, tag)                                                       \
	void show_##tag(const kind tag *value);                               \
	void show_##tag(const kind tag *value) { (void)value; }

SHOW(struct, tlshost_plugin_note_head)
SHOW(struct, tlshost_bytes)
SHOW(struct, tlshost_failure)
SHOW(struct, tlshost_hello)
SHOW(struct, tlshost_plugin_certificate)
SHOW(struct, tlshost_plugin_key)
SHOW(struct, tlshost_plugin_chain)
SHOW(struct, tlshost_plugin_config)
SHOW(struct, tlshost_plugin_trust)
SHOW(struct, tlshost_plugin_path)
SHOW(struct, tlshost_plugin_verdict)
SHOW(struct, tlshost_plugin_info)
SHOW(struct, tlshost_host)
SHOW(struct, tlshost_plugin)
SHOW(enum, tlshost_status)
SHOW(enum, tlshost_version)
SHOW(enum, tlshost_role)
SHOW(enum, tlshost_client_auth)
SHOW(enum, tlshost_reason)
SHOW(enum, tlshost_field)
SHOW(enum, tlshost_severity)
SHOW(enum, tlshost_phase)
SHOW(enum, tlshost_capability)
SHOW(enum, tlshost_key_encoding)

TLSHOST_PLUGIN_ENTRY(host, ret_plugin)
{
	(void)ret_plugin;
	return host == NULL ? TLSHOST_INVALID_ARGUMENT : TLSHOST_UNSUPPORTED;
}

/* SPDX-License-Identifier: MIT */
/* What the files of this backend share. */
#ifndef BACKEND_PLUGIN_H
#define BACKEND_PLUGIN_H

#include <tlshost-plugin.h>

/* The host's services; set by the entry point. */
extern const struct tlshost_host *host;

/* ----------------------------------------------------------------- status.c */

/* Reports a failure with the library's code, 0: none; returns status. */
int32_t fail(tlshost_sink *sink, int32_t status, uint32_t field, int code,
    const char *text);
int32_t fail_memory(tlshost_sink *sink);

/* ------------------------------------------------------- cert.c, config.c */

int32_t certificate_check(tlshost_sink *sink,
    const struct tlshost_plugin_certificate *certificate);
int32_t key_check(tlshost_sink *sink, const struct tlshost_plugin_key *key);
int32_t trust_new(tlshost_sink *sink, const struct tlshost_plugin_trust *source,
    void **ret_trust);
void trust_free(void *object);
int32_t verify_path(tlshost_sink *sink, void *object,
    const struct tlshost_plugin_path *path,
    struct tlshost_plugin_verdict *verdict);

int32_t context_new(tlshost_sink *sink, uint32_t role,
    const struct tlshost_plugin_config *config, void **ret_context);
void context_free(void *object);
size_t context_suites(const void *object, uint16_t *ids, size_t cap);
size_t list_suites(uint16_t *ids, size_t cap);

/* ------------------------------------------------------------------ buffer.c */

int32_t connection_new(tlshost_sink *sink, void *object, tlshost_link *link,
    const char *server_name, void **ret_connection);
void connection_free(void *object);
int32_t handshake(tlshost_sink *sink, void *object);
int32_t connection_read(tlshost_sink *sink, void *object, uint8_t *dst,
    size_t cap, size_t *ret_len);
int32_t connection_write(tlshost_sink *sink, void *object, const uint8_t *src,
    size_t len, size_t *ret_len);
int32_t connection_shutdown(tlshost_sink *sink, void *object);
size_t connection_pending(const void *object);
void connection_info(const void *object, struct tlshost_plugin_info *info);

#endif

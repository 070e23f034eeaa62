/* SPDX-License-Identifier: MIT */
/*
 * tlshost-insecure.h: what takes protection away.  Nothing here is needed by
 * a program that talks to the network; each name says so where it is used.
 */
#ifndef TLSHOST_INSECURE_H
#define TLSHOST_INSECURE_H

#include "tlshost.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Instead of a server_hostname: the certificate is verified, but for no name,
 * and no SNI is sent (the PEP's server_hostname=None).  The address counts, not
 * the text.  Anybody with a certificate of a trusted CA is then the peer.
 */
TLSHOST_API extern const char tlshost_insecure_no_hostname[];
#define TLSHOST_INSECURE_NO_HOSTNAME tlshost_insecure_no_hostname

/*
 * No certificate and no name is verified (the PEP's validate_certificates =
 * False).  Backends without "no-verify" make it a finding.
 */
TLSHOST_API tlshost_status
tlshost_config_builder_insecure_no_verify(tlshost_config_builder *builder);

/*
 * Gets each line of the key log (NSS format, no newline), with which whoever
 * recorded the connection can read it.  Called in the thread that handshakes.
 * Backends without "key-log" make it a finding.  Nothing is ever written
 * because of SSLKEYLOGFILE.  destroy as for the SNI callback.
 */
typedef void (*tlshost_key_log_callback)(const char *line, size_t len,
    void *userdata);
TLSHOST_API tlshost_status
tlshost_config_builder_insecure_key_log(tlshost_config_builder *builder,
    tlshost_key_log_callback callback, void *userdata,
    void (*destroy)(void *userdata));

#ifdef __cplusplus
}
#endif

#endif /* TLSHOST_INSECURE_H */

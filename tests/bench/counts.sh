#!/bin/sh
# SPDX-License-Identifier: MIT
#
# System calls of a handshake and of a megabyte, over every backend.
set -u
[ -n "${plugins_built:-}" ] || exit 77
sh "$top_srcdir/tests/certs/make-certs.sh" "$TLSHOST_TEST_CERTS" || exit 99
TLSHOST_PLUGIN_PATH=$TLSHOST_TEST_BACKENDS
export TLSHOST_PLUGIN_PATH
# shellcheck disable=SC2086 # a list
exec "$top_builddir/tests/bench/counts" $plugins_built

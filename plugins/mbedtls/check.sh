#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Every claim that tlshost makes about a backend, in the three ways that bytes
# can be carried.
set -eu

if [ -z "${TLSHOST_PLUGIN_CHECK-}" ]; then
	echo "skipped: there is no tlshost-plugin-check"
	exit 77
fi
for pieces in whole bytes 1; do
	"$TLSHOST_PLUGIN_CHECK" --pieces "$pieces" .libs/mbedtls.so
done

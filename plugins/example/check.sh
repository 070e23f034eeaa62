#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The claims that hold from the beginning: how the file is made.  A backend is
# done when all of them do: without --claim, and as in plugins/mbedtls.
set -eu

if [ -z "${TLSHOST_PLUGIN_CHECK-}" ]; then
	echo "skipped: there is no tlshost-plugin-check"
	exit 77
fi
for word in "file: it" "file: the"; do
	"$TLSHOST_PLUGIN_CHECK" --claim "$word" .libs/example.so
done

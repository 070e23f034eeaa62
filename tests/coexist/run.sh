#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Backends beside each other, and beside programs that use a TLS library
# themselves.
set -u
[ -n "${plugins_built:-}" ] || exit 77
sh "$top_srcdir/tests/certs/make-certs.sh" "$TLSHOST_TEST_CERTS" || exit 99
TLSHOST_PLUGIN_PATH=$TLSHOST_TEST_BACKENDS
export TLSHOST_PLUGIN_PATH
failed=0
for program in $coexist_programs; do
	# shellcheck disable=SC2086 # a list
	"$top_builddir/$program" $plugins_built || failed=1
done
exit $failed

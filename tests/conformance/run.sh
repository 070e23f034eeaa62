#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The conformance suite, for every pairing of the backends that were built.
set -u
[ -n "${plugins_built:-}" ] || exit 77
sh "$top_srcdir/tests/certs/make-certs.sh" "$TLSHOST_TEST_CERTS" || {
	cat "$TLSHOST_TEST_CERTS".*/log
	exit 99
}
TLSHOST_PLUGIN_PATH=$TLSHOST_TEST_BACKENDS
export TLSHOST_PLUGIN_PATH
# LeakSanitizer crashes now and then when it looks at the thread-local data of
# modules that were loaded later; what is reachable from there alone it then
# does not see.
LSAN_OPTIONS=use_tls=0${LSAN_OPTIONS:+:$LSAN_OPTIONS}
export LSAN_OPTIONS
failed=0
for client in $plugins_built; do
	"$top_builddir/tests/conformance/socket" "$client" || failed=1
	for server in $plugins_built; do
		"$top_builddir/tests/conformance/conformance" \
		    "$client" "$server" || failed=1
	done
done
exit $failed

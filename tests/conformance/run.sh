#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Every claim, for every pairing of the backends that were built: with the
# bytes carried as they come, one at a time, and in random pieces.
#
#	CHECK_SEED	the seed of the random pieces; else one by the clock
#	CHECK_QUICK	if set, each backend with itself, bytes as they come
set -u
[ -n "${plugins_built:-}" ] || exit 77
sh "$top_srcdir/tests/certs/make-certs.sh" "$TLSHOST_TEST_CERTS" || {
	cat "$TLSHOST_TEST_CERTS".*/log
	exit 99
}
seed=${CHECK_SEED:-$(date +%s)}
check=$top_builddir/tests/conformance/tlshost-plugin-check
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
failed=0
plugin() {
	echo "$top_builddir/plugins/$1/.libs/$1.so"
}
# Two at a time: each waits for children most of the time.
one() {
	"$check" --with "$(plugin "$2")" --pieces "$3" --tap "$tmp/$1-$2-$3" \
	    "$(plugin "$1")" >"$tmp/out-$1-$2-$3" 2>&1
}
# A line for what held; everything for what did not.
show() {
	if [ "$1" = 0 ]; then
		tail -n 1 "$2"
	else
		cat "$2"
		failed=1
	fi
}
for client in $plugins_built; do
	for server in $plugins_built; do
		out=$tmp/out-$client-$server
		if [ -n "${CHECK_QUICK:-}" ]; then
			[ "$client" = "$server" ] || continue
			one "$client" "$server" whole
			show $? "$out-whole"
			continue
		fi
		one "$client" "$server" whole &
		whole=$!
		one "$client" "$server" bytes
		show $? "$out-bytes"
		wait "$whole"
		show $? "$out-whole"
		one "$client" "$server" "$seed"
		show $? "$out-$seed"
	done
done
sh "$top_srcdir/tests/conformance/parity.sh" "$tmp" $plugins_built \
    >"$top_builddir/tests/conformance/PARITY" || failed=1
exit $failed

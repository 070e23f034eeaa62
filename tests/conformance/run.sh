#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Every claim, for every pairing of the backends that were built: with the
# bytes carried as they come, one at a time, and in random pieces.
#
#	CHECK_SEED	the seed of the random pieces; else one by the clock
#	CHECK_QUICK	if set, each backend with itself, in random pieces
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
# CLIENT SERVER PIECES, a line each.
runs() {
	for client in $plugins_built; do
		if [ -n "${CHECK_QUICK:-}" ]; then
			echo "$client $client $seed"
			continue
		fi
		for server in $plugins_built; do
			printf "$client $server %s\n" bytes whole "$seed"
		done
	done
}
# As many at a time as there are processors.
export check tmp
runs | xargs -n 3 -P "$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)" \
    sh -c '"$check" --with "$top_builddir/plugins/$2/.libs/$2.so" \
    --pieces "$3" --tap "$tmp/$1-$2-$3" \
    "$top_builddir/plugins/$1/.libs/$1.so" >"$tmp/out-$1-$2-$3" 2>&1 &&
    touch "$tmp/passed-$1-$2-$3"' sh
# A line for what held; everything for what did not.
for run in $(runs | tr ' ' -); do
	if [ -f "$tmp/passed-$run" ]; then
		tail -n 1 "$tmp/out-$run"
	else
		cat "$tmp/out-$run"
		failed=1
	fi
done
[ -n "${CHECK_QUICK:-}" ] ||
    sh "$top_srcdir/tests/conformance/parity.sh" "$tmp" $plugins_built \
    >"$top_builddir/tests/conformance/PARITY" || failed=1
exit $failed

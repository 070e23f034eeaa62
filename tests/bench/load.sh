#!/bin/sh
# SPDX-License-Identifier: MIT
#
# load.sh: tlsprobe serve, over each backend, holds two thousand connections at
# a time while h2load asks ten times on each.  Fails if one answer is missing.
set -eu
. "$top_srcdir/tests/bench/common.sh"
connections=2000
command -v h2load >/dev/null || {
	echo "h2load is not here (package nghttp2-client)"
	exit 77
}
if [ "$(ulimit -n)" -lt $((connections + 200)) ]; then
	ulimit -n "$(ulimit -Hn)"
fi
tmp=$(mktemp -d)
pid=
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null; rm -rf "$tmp"' EXIT

# How many descriptors a process has had at the most, until the file is gone.
watch() {
	most=0
	while [ -e "$tmp/running" ]; do
		now=$(find "/proc/$1/fd" -mindepth 1 2>/dev/null | wc -l)
		[ "$now" -le "$most" ] || most=$now
		echo "$most" >"$tmp/most"
		sleep 0.1
	done
}

good=0 bad=0
for name in $plugins_built; do
	# Not the port of the one before.
	: >"$tmp/log"
	"$TLSPROBE" serve --backend "$name" --listen 127.0.0.1:0 \
	    --cert "$TLSHOST_TEST_CERTS/ecdsa.pem" \
	    --key "$TLSHOST_TEST_CERTS/ecdsa.key" --log json \
	    >"$tmp/log" 2>"$tmp/err" &
	pid=$!
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		grep -q '^listening ' "$tmp/log" && break
		sleep 0.5
	done
	port=$(sed -n 's/^listening //p' "$tmp/log")
	: >"$tmp/running"
	watch $pid &
	h2load --h1 -c $connections -n $((connections * 10)) -t 1 \
	    "https://127.0.0.1:$port/" >"$tmp/out" 2>&1 || :
	rm "$tmp/running"
	kill -TERM $pid
	status=0
	wait $pid || status=$?
	pid=
	logged=$(grep -c '^{' "$tmp/log" || :)
	sed -n "s|^finished in|$name, $connections connections:|p; /^requests:/p" \
	    "$tmp/out"
	echo "$name: $(cat "$tmp/most") descriptors at a time, $logged logged"
	if grep -q "^requests: .* $((connections * 10)) succeeded, 0 failed, 0 errored, 0 timeout" \
	    "$tmp/out" && [ "$(cat "$tmp/most")" -gt $connections ] &&
	    [ "$logged" = $connections ] && [ "$status" = 0 ]; then
		good=$((good + 1))
	else
		bad=$((bad + 1))
		echo "$name FAILED (exit $status)"
		tail -n 5 "$tmp/log" "$tmp/err" "$tmp/out"
	fi
done
echo "$good passed, $bad failed"
[ $bad = 0 ]

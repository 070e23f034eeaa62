#!/bin/sh
# SPDX-License-Identifier: MIT
#
# run.sh CORPUS SECONDS TARGET...: fuzzes each target for that long, two at a
# time.  New inputs stay in ./fuzz-NAME.corpus; what broke a target is in
# ./fuzz-NAME.crash-*: put it into the corpus together with the fix.
set -eu

corpus=$1 seconds=$2
shift 2
failures=0

fuzz_one() {
	name=$(basename "$1")
	seeds=$corpus/${name#fuzz-}
	[ -d "$seeds" ] || seeds=$corpus/$name
	mkdir -p "$name.corpus"
	"$1" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
	    -print_final_stats=1 -artifact_prefix="$name." \
	    "$name.corpus" $([ -d "$seeds" ] && echo "$seeds") \
	    >"$name.out" 2>&1
}

report() {
	name=$(basename "$1")
	runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$name.out")
	if [ "$2" = 0 ]; then
		echo "PASS: $name, ${runs:-?} inputs in $seconds s"
	else
		echo "FAIL: $name"
		tail -n 40 "$name.out"
		failures=$((failures + 1))
	fi
}

while [ $# -gt 0 ]; do
	first=$1 second=${2-}
	shift
	fuzz_one "$first" &
	first_pid=$!
	if [ -n "$second" ]; then
		shift
		fuzz_one "$second" &
		second_pid=$!
	fi
	result=0
	wait $first_pid || result=$?
	report "$first" $result
	if [ -n "$second" ]; then
		result=0
		wait $second_pid || result=$?
		report "$second" $result
	fi
done
[ "$failures" = 0 ]

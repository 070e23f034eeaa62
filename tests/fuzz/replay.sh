#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Every fuzz target gets through its corpus.
set -eu
. "$top_srcdir/tests/build/common.sh"

for target in $fuzz_programs; do
	name=$(basename "$target")
	corpus=$top_srcdir/tests/fuzz/corpus/${name#fuzz-}
	[ -d "$corpus" ] || corpus=$top_srcdir/tests/fuzz/corpus/$name
	[ -d "$corpus" ] || {
		fail "$name has no corpus"
		continue
	}
	echo "$name:"
	find "$corpus" -type f -exec "./$target" {} + || fail "$name"
done
finish

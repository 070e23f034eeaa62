#!/bin/sh
# SPDX-License-Identifier: MIT
#
# What the headers declare, what the version script names, what the library
# exports and what the manual pages' NAME sections list is one and the same.
set -eu
. "$top_srcdir/tests/build/common.sh"

headers=$top_srcdir/lib/include
sh "$top_srcdir/tests/build/api-names.sh" "$headers/tlshost.h" \
    "$headers/tlshost-insecure.h" >"$tmp/headers"
sed -n 's/^	\(tlshost_[a-z0-9_]*\);$/\1/p' \
    "$top_srcdir/lib/libtlshost.map" | sort >"$tmp/map"
exported_names lib/.libs/libtlshost.so | sort >"$tmp/library"
# .Nm lines from NAME up to .Nd; pages of the tool and of files have no
# function in theirs.
sed -n '/^\.Sh NAME/,/^\.Nd/s/^\.Nm \(tlshost_[a-z0-9_]*\).*/\1/p' \
    "$top_srcdir"/docs/man/*.3 | sort >"$tmp/manual"

[ -s "$tmp/headers" ] || fail "no declaration found in the headers"
for list in map library manual; do
	duplicates=$(uniq -d "$tmp/$list")
	[ -z "$duplicates" ] || fail "twice in the $list: $duplicates"
	missing=$(comm -23 "$tmp/headers" "$tmp/$list")
	[ -z "$missing" ] || fail "declared, but not in the $list:" $missing
	surplus=$(comm -13 "$tmp/headers" "$tmp/$list")
	[ -z "$surplus" ] || fail "in the $list, but not declared:" $surplus
done
finish

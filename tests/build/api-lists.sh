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
# Every line of NAME counts: a function that is on two pages is there twice ...
sh "$top_srcdir/docs/man-names.sh" "$top_srcdir"/docs/man/*.3 |
    sed -n 's/.* \(tlshost_\)/\1/p' | sort >"$tmp/manual"
# ... and no page but those of section 3 has one in its.
sh "$top_srcdir/docs/man-names.sh" "$top_srcdir"/docs/man/*.[124-9]* |
    sed -n 's/.* \(tlshost_\)/\1/p' >"$tmp/elsewhere"
[ ! -s "$tmp/elsewhere" ] ||
    fail "functions outside of section 3:" $(cat "$tmp/elsewhere")

# Debian's list, which a tarball does not have.
if [ -f "$top_srcdir/debian/libtlshost0.symbols" ]; then
	sed -n 's/^ \(tlshost_[a-z0-9_]*\)@.*/\1/p' \
	    "$top_srcdir/debian/libtlshost0.symbols" | sort >"$tmp/symbols"
else
	cp "$tmp/headers" "$tmp/symbols"
fi

[ -s "$tmp/headers" ] || fail "no declaration found in the headers"
for list in map library manual symbols; do
	duplicates=$(uniq -d "$tmp/$list")
	[ -z "$duplicates" ] || fail "twice in the $list: $duplicates"
	missing=$(comm -23 "$tmp/headers" "$tmp/$list")
	[ -z "$missing" ] || fail "declared, but not in the $list:" $missing
	surplus=$(comm -13 "$tmp/headers" "$tmp/$list")
	[ -z "$surplus" ] || fail "in the $list, but not declared:" $surplus
done
finish

#!/bin/sh
# SPDX-License-Identifier: MIT
#
# mandoc finds nothing at all to say about the manual pages, each names its kin
# by names that exist, and an installation has every page, and every function
# as a page, which uninstalling takes away again.
set -eu
. "$top_srcdir/tests/build/common.sh"
command -v mandoc >/dev/null || skip "no mandoc"

# Its base of installed pages knows neither ours nor, without manpages-dev,
# those of libc; ours are looked for below.
foreign='referenced manual not found|outdated mandoc\.db'
count=0
for page in "$top_srcdir"/docs/man/*.[1357] docs/man/tlsprobe.1; do
	count=$((count + 1))
	mandoc -T lint -W all "$page" 2>&1 | grep -vE "$foreign" >"$tmp/said" ||
	    :
	[ ! -s "$tmp/said" ] || fail "$page:" "$(cat "$tmp/said")"
	for kin in $(sed -n 's/^\.\(It \)*Xr \(tls[a-z-]*[_.a-z0-9-]*\) \([1-9]\).*/\2.\3/p' \
	    "$page" | sort -u); do
		[ -f "$top_srcdir/docs/man/$kin" ] ||
		    [ "$kin" = tlsprobe.1 ] ||
		    fail "$page refers to $kin, which is not there"
	done
	# A page's title is its file's name.
	title=$(sed -n 's/^\.Dt \([^ ]*\) \([1-9]\)$/\1.\2/p' "$page")
	[ "$(echo "$title" | tr 'A-Z' 'a-z')" = "$(basename "$page")" ] ||
	    fail "$page has the title $title"
done
echo "$count pages"

# Only the pages: the rest of an installation is out-of-tree.sh's.
MAKEFLAGS='' ${MAKE:-make} install-man install-man-links \
    DESTDIR="$tmp/root" >"$tmp/log" 2>&1 || fail "make install-man:"\
    "$(cat "$tmp/log")"
pages=$tmp/root$mandir
sed -n 's/^	\(tlshost_[a-z0-9_]*\);$/\1/p' "$top_srcdir/lib/libtlshost.map" \
    >"$tmp/functions"
while read -r name; do
	# -e follows the link.
	[ -e "$pages/man3/$name.3" ] || fail "no page $name.3 is installed"
	grep -q "^\.Nm $name\b" "$pages/man3/$name.3" ||
	    fail "$name.3 is another page"
done <"$tmp/functions"
for page in "$top_srcdir"/docs/man/*.[1357]; do
	name=$(basename "$page")
	[ -f "$pages/man${name##*.}/$name" ] ||
	    [ "$name" = tlshost-plugin-check.1 ] || fail "$name is not installed"
done
MAKEFLAGS='' ${MAKE:-make} uninstall-man uninstall-man-links \
    DESTDIR="$tmp/root" >"$tmp/log" 2>&1 ||
    fail "make uninstall-man:" "$(cat "$tmp/log")"
left=$(find "$tmp/root" ! -type d)
[ -z "$left" ] || fail "make uninstall leaves" $left
finish

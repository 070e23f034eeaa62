#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Every piece of C in README, docs/PLUGINS and the manual pages compiles
# without a warning; whole programs link, too.
set -eu
. "$top_srcdir/tests/build/common.sh"

# README, PLUGINS: indented blocks that begin with #include.  Manual pages:
# what stands between .Bd and .Ed, if it begins with #include.
extract() {
	awk -v prefix="$1" '
	function close_block() {
		if (file != "")
			close(file)
		file = ""
	}
	/^\.Bd -literal/ { in_display = 1; first = 1; next }
	/^\.Ed/ { in_display = 0; close_block(); next }
	mdoc && !in_display { next }
	!mdoc && !/^    / && !/^$/ { close_block(); next }
	{
		line = $0
		if (mdoc)
			gsub(/\\e/, "\\", line)
		else
			sub(/^    /, "", line)
		if (file == "" && line ~ /^#include/ && (!mdoc || first))
			file = sprintf("%s-%d.c", prefix, ++n)
		first = 0
		if (file != "")
			print line >file
	}' mdoc="$3" "$2"
}

extract "$tmp/README" "$top_srcdir/README" 0
extract "$tmp/PLUGINS" "$top_srcdir/docs/PLUGINS" 0
for page in "$top_srcdir"/docs/man/*.[1-9]; do
	extract "$tmp/$(basename "$page")" "$page" 1
done

[ -f "$tmp/README-1.c" ] || fail "README has no program"
count=0
for source in "$tmp"/*.c; do
	count=$((count + 1))
	name=$(basename "$source" .c)
	$CC $CPPFLAGS -D_GNU_SOURCE -I"$top_srcdir/lib/include" -Ilib/include \
	    -Wall -Wextra -Werror -Wno-unused-parameter $CFLAGS -fPIC \
	    -c -o "$tmp/$name.o" "$source" || {
		fail "$name does not compile"
		cat -n "$source"
		continue
	}
	grep -q '^main(\|int main(' "$source" || continue
	$CC $CFLAGS $LDFLAGS -o "$tmp/$name" "$tmp/$name.o" \
	    -Llib/.libs -ltlshost || fail "$name does not link"
done
echo "$count snippets"
finish

#!/bin/sh
# SPDX-License-Identifier: MIT
#
# What the header says of NULL: every getter takes one for its object, but for
# those of a configuration, and so does what frees.
set -eu
. "$top_srcdir/tests/build/common.sh"

# "name zeros" of each function with one object first that it only looks at, or
# that it frees; as many zeros as it has further arguments.
tr '\n\t' '  ' <"$top_srcdir/lib/include/tlshost.h" | sed 's|/\*|\n&|g' |
    sed 's|^/\*.*\*/||' | tr '\n' ' ' | sed 's/TLSHOST_API/\n&/g; s/;/\n/g' |
    sed -n 's/^TLSHOST_API .*[ *]\(tlshost_[a-z0-9_]*\)(\(const tlshost_[^,)]*\*[^,)]*\(,[^)]*\)*\))$/\1 \3/p
    s/^TLSHOST_API void \(tlshost_[a-z0-9_]*_\(free\|unref\)\)(.*)$/\1/p' |
    grep -v '^tlshost_config_[^bue]' |
    sed 's/, *[^,]*/, 0/g' >"$tmp/functions"
grep -qx 'tlshost_backend_list_value , 0, 0' "$tmp/functions" &&
    grep -qx 'tlshost_socket_free' "$tmp/functions" &&
    [ "$(wc -l <"$tmp/functions")" -gt 100 ] ||
    fail "the header was not understood:" "$(cat "$tmp/functions")"
{
	echo '#include <tlshost.h>'
	echo '#include <stdio.h>'
	echo 'int main(void) {'
	while read -r name zeros; do
		echo "fputs(\"$name\\n\", stderr); (void)$name(NULL $zeros);"
	done <"$tmp/functions"
	echo 'return 0; }'
} >"$tmp/nulls.c"
$CC $CPPFLAGS $CFLAGS -w -I"$top_srcdir/lib/include" -Ilib/include \
    -o "$tmp/nulls" "$tmp/nulls.c" $LDFLAGS -Llib/.libs -ltlshost || {
	fail "the calls do not build"
	finish
}
LD_LIBRARY_PATH=$PWD/lib/.libs "$tmp/nulls" 2>"$tmp/err" ||
    fail "NULL is not taken by" "$(tail -n 3 "$tmp/err")"
echo "$(wc -l <"$tmp/functions") functions"
finish

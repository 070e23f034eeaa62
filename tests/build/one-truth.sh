#!/bin/sh
# SPDX-License-Identifier: MIT
#
# What has to be written in several places says the same in all of them.
set -eu
. "$top_srcdir/tests/build/common.sh"
pkgconf_variable() {
	sed -n "s/^$1=//p" "$top_builddir/lib/tlshost-plugin.pc"
}
cd "$top_srcdir"

# Each plugin's copy of the macro.
grep -q '^# serial [0-9]' m4/tlshost-plugin.m4 || fail "the macro has no serial"
for copy in plugins/*/m4/tlshost-plugin.m4; do
	cmp -s m4/tlshost-plugin.m4 "$copy" ||
	    fail "$copy differs from m4/tlshost-plugin.m4"
done

# The ABI's major number is the header's; texts have it as it is.
major=$(abi_number MAJOR)
[ "$(pkgconf_variable plugin_abi)" = "$major" ] ||
    fail "tlshost-plugin.pc has another plugin_abi than $major"
case $(pkgconf_variable plugindir) in
*/backends-"$major") ;;
*/backends-*) fail "tlshost-plugin.pc has another plugin directory than backends-$major" ;;
esac
grep -rnE 'backends-[0-9]|plugin_entry_v[0-9]' README docs lib tlsprobe plugins \
    m4 configure.ac Makefile.am | grep -vE "backends-$major([^0-9.]|\$)|_v$major([^0-9]|\$)" |
    grep -v '^[^:]*\(configure~\?\|Makefile.in\|\.cache/[^:]*\):' >"$tmp/other" || :
[ ! -s "$tmp/other" ] || fail "another number than $major: $(cat "$tmp/other")"
# Code does not know it at all.
grep -rnE 'backends-[0-9]|_entry_v[0-9]' lib plugins m4 configure.ac Makefile.am \
    --include='*.[ch]' --include='*.ac' --include='*.am' --include='*.m4' \
    >"$tmp/written" || :
[ ! -s "$tmp/written" ] || fail "the number is written out: $(cat "$tmp/written")"

# The version: one release for all.
version=$(sed -n 's/^AC_INIT(\[tlshost\], \[\(.*\)\])$/\1/p' configure.ac)
for file in plugins/*/configure.ac; do
	grep -q "^AC_INIT(.*, \[$version\])" "$file" ||
	    fail "$file has another version than $version"
done
grep -q "^tlshost $version" docs/NEWS || fail "docs/NEWS knows no $version"

# Every source file says under which terms it is.
for file in $(find lib plugins tlsprobe tests m4 -name '*.[ch]' -o \
    -name '*.sh' -o -name '*.awk' -o -name 'tlshost*.m4' -o \
    -name 'Makefile.inc' -o -name 'Makefile.am'); do
	case $file in
	*/config.h | */build-aux/* | */variant-* | */include/tlshost-ciphers.h | \
	    */cipher-table.c)
		continue
		;;
	esac
	head -n 2 "$file" | grep -q 'SPDX-License-Identifier: MIT' ||
	    fail "$file has no SPDX line"
done
finish

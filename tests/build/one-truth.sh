#!/bin/sh
# SPDX-License-Identifier: MIT
#
# What has to be written in several places says the same in all of them.
set -eu
. "$top_srcdir/tests/build/common.sh"
cd "$top_srcdir"

# Each plugin's copy of the macro.
grep -q '^# serial [0-9]' m4/tlshost-plugin.m4 || fail "the macro has no serial"
for copy in plugins/*/m4/tlshost-plugin.m4; do
	cmp -s m4/tlshost-plugin.m4 "$copy" ||
	    fail "$copy differs from m4/tlshost-plugin.m4"
done

# The ABI's major number: in the header, the directory and the .pc file.
major=$(sed -n 's/^#define TLSHOST_PLUGIN_ABI_MAJOR \([0-9]*\)$/\1/p' \
    lib/include/tlshost-plugin.h)
grep -q "AC_SUBST(\[plugin_abi\], \[$major\])" configure.ac ||
    fail "configure.ac has another plugin_abi than $major"
for file in configure.ac m4/tlshost-plugin.m4; do
	grep -q "tlshost/backends-$major'" $file ||
	    fail "$file has another plugin directory than backends-$major"
done
grep -q "tlshost_plugin_entry_v$major" lib/include/tlshost-plugin.h ||
    fail "the entry point has another number than $major"

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

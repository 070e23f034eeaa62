#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Each header, alone, is good C99, C11 and C++17 to every compiler that is here,
# without a warning.
set -eu
. "$top_srcdir/tests/build/common.sh"

warnings='-Wall -Wextra -Wshadow -Wundef -pedantic -pedantic-errors -Werror'
# try COMPILER STANDARD LANGUAGE WARNINGS...
try() {
	compiler=$1 standard=$2 language=$3
	shift 3
	for header in $headers; do
		printf '#include <%s>\n' "$header" >"$tmp/alone.$language"
		# shellcheck disable=SC2086 # lists of words
		"$compiler" -std="$standard" $warnings "$@" -fsyntax-only \
		    -I"$top_srcdir/lib/include" -I"$top_builddir/lib/include" \
		    "$tmp/alone.$language" ||
			fail "$header is no $standard to $compiler"
		tried=$((tried + 1))
	done
}
headers='tlshost.h tlshost-base.h tlshost-plugin.h tlshost-insecure.h
	tlshost-ciphers.h'
for compiler in gcc clang g++ clang++; do
	command -v $compiler >/dev/null || echo "not tried: $compiler"
done
tried=0
for compiler in gcc clang; do
	command -v $compiler >/dev/null || continue
	try $compiler c99 c -Wstrict-prototypes
	try $compiler c11 c -Wstrict-prototypes
done
for compiler in g++ clang++; do
	command -v $compiler >/dev/null || continue
	try $compiler c++17 cc -Wold-style-cast
done

# The macros of a plugin, too.
cat >"$tmp/plugin.c" <<'END'
#include <tlshost-plugin.h>

TLSHOST_PLUGIN_MANIFEST(1, "name=x\0" "version=1\0" "library=x\0" "roles=client\0");

TLSHOST_PLUGIN_ENTRY(host, ret_plugin)
{
	(void)ret_plugin;
	return host == NULL ? TLSHOST_INVALID_ARGUMENT : TLSHOST_UNSUPPORTED;
}
END
cp "$tmp/plugin.c" "$tmp/plugin.cc"
# build COMPILER STANDARD LANGUAGE
build() {
	# shellcheck disable=SC2086 # a list of words
	"$1" -std="$2" $warnings -shared -fPIC -o "$tmp/plugin.so" \
	    -I"$top_srcdir/lib/include" "$tmp/plugin.$3" &&
	    exported_names "$tmp/plugin.so" |
		grep -q '^tlshost_plugin_entry_v[0-9]*$' ||
		fail "a plugin in $2 is not built by $1"
	tried=$((tried + 1))
}
for compiler in gcc clang; do
	command -v $compiler >/dev/null || continue
	build $compiler c99 c
	build $compiler c11 c
	command -v "${compiler%cc}++" >/dev/null || continue
	build "${compiler%cc}++" c++17 cc
done
[ "$tried" -gt 0 ] || skip "neither gcc nor clang is here"
echo "tried $tried times"
finish

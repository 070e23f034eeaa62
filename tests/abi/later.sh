#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The host of a later minor, whose structures have one member more each at their
# end, as docs/ABI allows: the plugins of now, and those of the capsules, have to
# work with it.  It is made of this library's sources.
set -eu
. "$top_srcdir/tests/build/common.sh"
sh "$top_srcdir/tests/certs/make-certs.sh" "$TLSHOST_TEST_CERTS" || exit 99

mkdir -p "$tmp/include" "$tmp/lib" "$tmp/plugins"
cp "$top_srcdir"/lib/include/*.h "$tmp/include/"
# Elements of arrays never grow.
awk '
/^#define TLSHOST_PLUGIN_ABI_MINOR [0-9]+$/ { $3++; bumped = 1 }
/^struct tlshost_[a-z_]+ \{$/ { name = $2 }
/^};$/ && name != "" && name != "tlshost_bytes" {
	print "\t" (name ~ /note_head/ ? "uint32_t" : "uint64_t") " later;"
	grown++
}
/^};$/ { name = "" }
{ print }
END { exit !bumped || grown < 13 }' "$top_srcdir/lib/include/tlshost-plugin.h" \
    >"$tmp/include/tlshost-plugin.h" || fail "the header was not understood"

# layout.c is what says that nothing has grown.
sources=$(ls "$top_srcdir"/lib/*.c | grep -v '/layout\.c$')
# shellcheck disable=SC2086 # lists of words
$CC $CPPFLAGS $CFLAGS -I"$tmp/include" -I"$top_builddir/lib/include" \
    -I"$top_srcdir/lib/include" -I"$top_builddir" -iquote "$top_srcdir/lib" \
    -DTLSHOST_CONF='"/nonexistent"' -DTLSHOST_PLUGINDIR='"/nonexistent"' \
    -w -pthread -fvisibility=hidden -fPIC -shared -Wl,-soname,libtlshost.so.0 \
    -Wl,--version-script="$top_srcdir/lib/libtlshost.map" \
    -o "$tmp/lib/libtlshost.so.0" $sources "$top_builddir/lib/cipher-table.c" \
    $LDFLAGS $(pkg-config --libs libidn2) -ldl || {
	fail "a host of a later minor does not build"
	finish
}
# The programs beneath libtool's wrappers, which would find the library of now.
LD_LIBRARY_PATH=$tmp/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export LD_LIBRARY_PATH
use=$top_builddir/tests/abi/.libs/use-plugin
check=$top_builddir/tests/conformance/.libs/tlshost-plugin-check
for program in "$use" "$check"; do
	[ -x "$program" ] || skip "there are no shared objects"
	ldd "$program" | grep -qF "$tmp/lib/libtlshost.so.0" ||
	    fail "$program runs with another host"
done

for capsule in "$top_srcdir/tests/abi/$(abi_number MAJOR)".*; do
	[ -d "$capsule" ] || continue
	# shellcheck disable=SC2086 # lists of words
	$CC -std=c11 $CFLAGS -I"$capsule/include" -shared -fPIC \
	    -fvisibility=hidden -Wl,-z,now,-z,relro,-z,nodelete \
	    -o "$tmp/plugins/capsule.so" "$capsule/plugin.c" $LDFLAGS
	TLSHOST_PLUGIN_PATH=$tmp/plugins "$use" capsule ||
	    fail "the plugin of ${capsule##*/} does not work with a later host"
done
# Everything that is handed over: a key, a chain, a trust store, a hello, a path,
# a verdict, what was negotiated.
for name in $plugins_built; do
	for claim in 'handshake:' 'verdicts:' 'server name:'; do
		"$check" --claim "$claim" \
		    "$top_builddir/plugins/$name/.libs/$name.so" >"$tmp/out" || {
			cat "$tmp/out"
			fail "$name does not work with a later host: $claim"
		}
		tail -n 1 "$tmp/out"
	done
done
finish

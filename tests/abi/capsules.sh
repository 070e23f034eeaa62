#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Plugins of earlier ABI minors in the host of now, and the plugins of now in
# hosts of earlier minors: tests/abi/0.N has, never to be changed, the headers
# of that minor with a small plugin and a small host that were built with them.
set -eu
. "$top_srcdir/tests/build/common.sh"
sh "$top_srcdir/tests/certs/make-certs.sh" "$TLSHOST_TEST_CERTS" || exit 99

# Whoever steps to a new minor makes its capsule with it.
now=$top_srcdir/lib/include
last=$top_srcdir/tests/abi/$(abi_number MAJOR "$now").$(abi_number MINOR "$now")
# All that a compiler sees of a header.
seen() {
	$CC -std=c11 -E -dD -P -I"$1" -include tlshost-plugin.h -x c /dev/null |
	    grep -v '^#define _'
}
if [ -d "$last" ]; then
	seen "$now" >"$tmp/now"
	seen "$last/include" >"$tmp/last"
	cmp -s "$tmp/now" "$tmp/last" || {
		diff "$tmp/last" "$tmp/now" | head -n 20
		fail "the plugin ABI is not the one in ${last##*/tests/}"
	}
else
	fail "this ABI has no capsule: ${last##*/tests/}"
fi

for part in rsa ca; do
	openssl x509 -in "$TLSHOST_TEST_CERTS/$part.pem" -outform DER \
	    -out "$tmp/$part.der"
done
warn='-std=c11 -Wall -Wextra -Werror'
for capsule in "$top_srcdir/tests/abi/$(abi_number MAJOR "$now")".*; do
	[ -d "$capsule" ] || continue
	abi=${capsule##*/}
	[ "$(abi_number MINOR "$capsule/include")" = "${abi#*.}" ] ||
	    fail "the header in $abi is of another minor"

	rm -rf "$tmp/plugins"
	mkdir "$tmp/plugins"
	# shellcheck disable=SC2086 # lists of words
	$CC $warn $CFLAGS -I"$capsule/include" -shared -fPIC \
	    -fvisibility=hidden -Wl,-z,now,-z,relro,-z,nodelete \
	    -o "$tmp/plugins/capsule.so" "$capsule/plugin.c" $LDFLAGS || {
		fail "the plugin of $abi does not build"
		continue
	}
	TLSHOST_PLUGIN_PATH=$tmp/plugins \
	    "$top_builddir/tests/abi/use-plugin" capsule ||
	    fail "the plugin of $abi does not work with this host"

	# shellcheck disable=SC2086 # lists of words
	$CC $warn $CFLAGS -I"$capsule/include" -o "$tmp/host" \
	    "$capsule/host.c" $LDFLAGS -ldl || {
		fail "the host of $abi does not build"
		continue
	}
	for plugin in "$tmp/plugins/capsule.so" $(for name in $plugins_built; do
	    echo "$top_builddir/plugins/$name/.libs/$name.so"; done); do
		"$tmp/host" "$plugin" "$tmp/rsa.der" \
		    "$TLSHOST_TEST_CERTS/rsa.pkcs8.der" "$tmp/ca.der" ||
		    fail "$plugin does not work with a host of ABI $abi"
	done
done
finish

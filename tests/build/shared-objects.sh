#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The files that are loaded are linked as HACKING says: what they export, that
# nothing is left undefined or resolved late, and that plugins stay loaded.
set -eu
. "$top_srcdir/tests/build/common.sh"

linked_well() {
	readelf -dW "$1" >"$tmp/dynamic"
	grep -q 'BIND_NOW\|FLAGS_1.*NOW' "$tmp/dynamic" ||
	    fail "$1 is not linked with -z now"
	readelf -lW "$1" | grep -q GNU_RELRO ||
	    fail "$1 is not linked with -z relro"
	! grep -q TEXTREL "$tmp/dynamic" || fail "$1 has text relocations"
	! grep -q 'RPATH\|RUNPATH' "$tmp/dynamic" || fail "$1 has a RUNPATH"
}

library=lib/.libs/libtlshost.so
linked_well $library
readelf -dW $library | grep -q 'SONAME.*libtlshost\.so\.0' ||
    fail "$library has another soname than libtlshost.so.0"
nm -D --defined-only $library | grep ' T ' | grep -v '@@TLSHOST_0$' &&
    fail "$library exports names without the version node"
nm -D --undefined-only $library | grep -i 'ssl\|gnutls\|nss_' &&
    fail "$library uses a TLS library"

for name in $plugins_built; do
	plugin=plugins/$name/.libs/$name.so
	linked_well "$plugin"
	readelf -dW "$plugin" | grep -q NODELETE ||
	    fail "$plugin is not linked with -z nodelete"
	readelf -nW "$plugin" | grep -q tlshost ||
	    fail "$plugin has no manifest"
	exported=$(exported_names "$plugin")
	[ "$exported" = "tlshost_plugin_entry_v$(abi_number MAJOR)" ] ||
	    fail "$plugin exports" $exported
	! readelf -dW "$plugin" | grep -q 'NEEDED.*libtlshost' ||
	    fail "$plugin links libtlshost"
done
finish

#!/bin/sh
# SPDX-License-Identifier: MIT
# What root.sh does inside of a root that has what builds packages: those of the
# backends from outside, with nothing of tlshost but what is installed.
set -eu
. /tests/common.sh

dpkg --install /packages/libtlshost0_*.deb /packages/libtlshost-dev_*.deb \
    /packages/tlshost-tools_*.deb >out 2>&1 || { cat out; die 'not installed'; }
# Of the installed header.
number=$(sed -n 's/^#define TLSHOST_PLUGIN_ABI_M[A-Z]* \([0-9]*\)$/\1/p' \
    /usr/include/tlshost-plugin.h | tr '\n' '.' | sed 's/\.$//')
mkdir /made
for name in example mbedtls; do
	mkdir "$place/$name"
	cp -R "/tests/$name" "$place/$name/source"
	(cd "$place/$name/source" && DEB_BUILD_OPTIONS=nocheck \
	    dpkg-buildpackage -us -uc) >out 2>&1 || {
		tail -n 60 out
		die "the package of $name does not build"
	}
	deb=$(echo "$place/$name/tlshost-backend-$name"_*.deb)
	dpkg-deb -f "$deb" Depends |
	    grep -qF "tlshost-plugin-abi-${number%.*} (>= $number)" ||
	    die "it depends on $(dpkg-deb -f "$deb" Depends)"
	dpkg-deb --ctrl-tarfile "$deb" | tar -t | sort | tr '\n' ' ' >out
	[ "$(cat out)" = './ ./control ./md5sums ' ] ||
	    die "the package of $name has $(cat out)"
	rm -r "$place/$name/source"
	cp "$place/$name"/* /made/
	echo "the package of $name is built"
done
provided=$(dpkg-deb -f "$place"/mbedtls/tlshost-backend-mbedtls_*.deb Provides)
[ "$provided" = "tlshost-backend-${number%.*}" ] ||
    die "the package of mbedtls provides $provided"

# Found, named, used, and nobody's default unless it is alone.
dpkg --install "$place"/example/tlshost-backend-example_*.deb >out 2>&1
exits 5 'no usable backend' tlsprobe connect 127.0.0.1:9
TLS_BACKEND=example exits 5 'example backend has no' \
    tlsprobe connect --trust /certs/ca.pem 127.0.0.1:9
dpkg --install "$place"/mbedtls/tlshost-backend-mbedtls_*.deb >out 2>&1
exits 0 '^mbedtls .* default ' tlsprobe --list-backends
connects mbedtls
dpkg --install /packages/tlshost-backend-gnutls_*.deb >out 2>&1
exits 0 '^gnutls .* default ' tlsprobe --list-backends
TLS_BACKEND=mbedtls exits 0 '^mbedtls .* default ' tlsprobe --list-backends
connects mbedtls
dpkg --purge tlshost-backend-mbedtls tlshost-backend-example >out 2>&1
TLS_BACKEND=mbedtls exits 5 mbedtls tlsprobe --list-backends
connects gnutls

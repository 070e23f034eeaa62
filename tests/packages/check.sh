#!/bin/sh
# SPDX-License-Identifier: MIT
#
# check.sh: builds the Debian packages from what git has, twice and under other
# circumstances, which must not be seen in them; holds them against lintian;
# installs them in a throw-away root (root.sh), and in another one builds and
# installs those of the backends from outside (outside.sh).  Without the test
# suite, which .ci/run has behind it.  Changes nothing of this machine.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# One copy for both builds: somebody may be working on the tree meanwhile.
(cd "$top" && git ls-files -z | tar -c --null -T - -f "$tmp/source")

# build FOLDER: the packages come to lie beside the copy of the tree.
build() {
	mkdir -p "$1/tlshost"
	tar -C "$1/tlshost" -xf "$tmp/source"
	(cd "$1/tlshost" && DEB_BUILD_OPTIONS="nocheck parallel=2" \
	    dpkg-buildpackage -us -uc) >"$1/log" 2>&1 || {
		tail -n 60 "$1/log"
		echo 'FAILED: dpkg-buildpackage'
		exit 1
	}
}

(umask 022 && export TZ=UTC LC_ALL=C && build "$tmp/one")
(umask 002 && export TZ=Asia/Tokyo LC_ALL=C.UTF-8 && build "$tmp/another/place")
for deb in "$tmp"/one/*.deb; do
	cmp "$deb" "$tmp/another/place/${deb##*/}" || {
		echo 'FAILED: the second build made another package'
		exit 1
	}
done
echo 'both builds made the same packages'

# holds PACKAGE FILE...: these are in its control archive, and no other.
holds() {
	package=$1
	shift
	has=$(dpkg-deb --ctrl-tarfile "$tmp/one/${package}"_*.deb | tar -t |
	    sed -n 's|^\./\(.\)|\1|p' | LC_ALL=C sort | tr '\n' ' ')
	[ "$has" = "$* " ] || {
		echo "FAILED: the control archive of $package has $has, not $*"
		exit 1
	}
}
# No maintainer script anywhere, and ldconfig's trigger for the library alone.
holds libtlshost0 control md5sums shlibs symbols triggers
[ "$(dpkg-deb --ctrl-tarfile "$tmp"/one/libtlshost0_*.deb |
    tar -xO ./triggers | grep -v '^#')" = 'activate-noawait ldconfig' ]
for package in libtlshost-dev tlshost-tools tlshost-backend-openssl \
    tlshost-backend-gnutls tlshost-backend-nss; do
	holds $package control md5sums
done
number=$(sed -n 's/^#define TLSHOST_PLUGIN_ABI_M[A-Z]* \([0-9]*\)$/\1/p' \
    "$top/lib/include/tlshost-plugin.h" | tr '\n' '.' | sed 's/\.$//')
# says PACKAGE FIELD TEXT
says() {
	dpkg-deb -f "$tmp/one/$1"_*.deb "$2" | grep -qF "$3" || {
		echo "FAILED: $1 has $(dpkg-deb -f "$tmp/one/$1"_*.deb "$2")"
		exit 1
	}
}
says libtlshost0 Provides "tlshost-plugin-abi-${number%.*} (= $number)"
says libtlshost0 Recommends \
    "tlshost-backend-openssl | tlshost-backend-${number%.*}"
for name in openssl gnutls nss; do
	says tlshost-backend-$name Depends \
	    "tlshost-plugin-abi-${number%.*} (>= $number)"
	says tlshost-backend-$name Provides "tlshost-backend-${number%.*}"
done
sh "$top/tests/packages/helper.sh"

# judge FOLDER: no error and no warning.
judge() {
	lintian -EvI --pedantic --fail-on error,warning --allow-root \
	    "$1"/*.changes >"$tmp/lintian" || {
		cat "$tmp/lintian"
		echo 'FAILED: lintian'
		exit 1
	}
	grep -v '^N:' "$tmp/lintian" || :
}
judge "$tmp/one"
sh "$top/tests/certs/make-certs.sh" "$tmp/certs"
sh "$top/tests/packages/root.sh" "$tmp/one" "$tmp/certs"
# shellcheck disable=SC2046 # a list of words
sh "$top/tests/packages/root.sh" "$tmp/one" "$tmp/certs" outside.sh \
    build-essential $(sed -n '/^Build-Depends:/,/^[A-Z].*:/s/^ \([a-z0-9.-]*\).*/\1/p' \
    "$top"/plugins/*/debian/control | grep -v tlshost | sort -u)
judge "$tmp/one/made"

#!/bin/sh
# SPDX-License-Identifier: MIT
#
# check.sh: builds the Debian packages from what git has, twice and under other
# circumstances, which must not be seen in them; holds them against lintian;
# and installs them in a throw-away root (root.sh).  Without the test suite,
# which .ci/run has behind it.  Changes nothing of this machine.
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
lintian -EvI --pedantic --fail-on error,warning --allow-root \
    "$tmp"/one/*.changes >"$tmp/lintian" || {
	cat "$tmp/lintian"
	echo 'FAILED: lintian'
	exit 1
}
grep -v '^N:' "$tmp/lintian" || :
sh "$top/tests/certs/make-certs.sh" "$tmp/certs"
sh "$top/tests/packages/root.sh" "$tmp/one" "$tmp/certs"

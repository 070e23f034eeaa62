#!/bin/sh
# SPDX-License-Identifier: MIT
#
# check.sh: builds the Debian packages from what git has, holds them against
# lintian, and installs them in a throw-away root (root.sh).  Without the test
# suite, which .ci/run has behind it.  Changes nothing of this machine.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# build FOLDER: the packages come to lie beside the copy of the tree.
build() {
	mkdir -p "$1/tlshost"
	(cd "$top" && git ls-files -z | tar -c --null -T - -f -) |
	    tar -C "$1/tlshost" -xf -
	(cd "$1/tlshost" && DEB_BUILD_OPTIONS="nocheck parallel=2" \
	    dpkg-buildpackage -us -uc) >"$1/log" 2>&1 || {
		tail -n 60 "$1/log"
		echo 'FAILED: dpkg-buildpackage'
		exit 1
	}
}

build "$tmp/one"
lintian -EvI --pedantic --fail-on error,warning --allow-root \
    "$tmp"/one/*.changes >"$tmp/lintian" || {
	cat "$tmp/lintian"
	echo 'FAILED: lintian'
	exit 1
}
grep -v '^N:' "$tmp/lintian" || :
sh "$top/tests/certs/make-certs.sh" "$tmp/certs"
sh "$top/tests/packages/root.sh" "$tmp/one" "$tmp/certs"

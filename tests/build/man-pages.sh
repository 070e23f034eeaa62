#!/bin/sh
# SPDX-License-Identifier: MIT
#
# mandoc finds nothing to say about the manual pages, and each names its kin
# by names that exist.
set -eu
. "$top_srcdir/tests/build/common.sh"
command -v mandoc >/dev/null || skip "no mandoc"

for page in "$top_srcdir"/docs/man/*.[135] docs/man/tlsprobe.1; do
	mandoc -T lint -W warning,stop "$page" || fail "$page"
	for kin in $(sed -n 's/^\.Xr \(tls[a-z-]*[_.a-z0-9]*\) \([1-9]\).*/\1.\2/p' \
	    "$page" | sort -u); do
		[ -f "$top_srcdir/docs/man/$kin" ] ||
		    [ "$kin" = tlsprobe.1 ] ||
		    fail "$page refers to $kin, which is not there"
	done
done
finish

#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The counts that are goals: instructions and heap, beside the raw libraries.
set -u
. "$top_srcdir/tests/bench/common.sh"
# Sanitizers have instructions and memory of their own.
[ -z "${CHECK_QUICK:-}" ] || exit 77
command -v valgrind >/dev/null || {
	echo "valgrind is not here"
	exit 77
}
# shellcheck disable=SC2086 # a list
exec "$top_builddir/libtool" --mode=execute "$top_builddir/tests/bench/bench" \
    --counts --connections 500 $plugins_built

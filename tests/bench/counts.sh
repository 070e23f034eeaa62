#!/bin/sh
# SPDX-License-Identifier: MIT
#
# System calls of a handshake and of a megabyte, over every backend.
set -u
. "$top_srcdir/tests/bench/common.sh"
# shellcheck disable=SC2086 # a list
exec "$top_builddir/tests/bench/counts" $plugins_built

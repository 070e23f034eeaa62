#!/bin/sh
# SPDX-License-Identifier: MIT
#
# run.sh [ARGUMENT...]: all figures as a table; bench.json has them for machines,
# performance.svg and performance.txt show the ratios.  "make bench" runs it.
set -eu
. "$top_srcdir/tests/bench/common.sh"
cd "$top_builddir"
# shellcheck disable=SC2086 # a list
./libtool --mode=execute tests/bench/bench --json bench.json \
    --plot bench.dat "$@" $plugins_built
echo "for machines: $top_builddir/bench.json"
if command -v gnuplot >/dev/null; then
	sh "$top_srcdir/tests/bench/plot.sh" bench.dat
	echo "as pictures: $top_builddir/performance.svg, performance.txt"
else
	echo "no pictures: gnuplot is not here"
fi

#!/bin/sh
# SPDX-License-Identifier: MIT
#
# plot.sh DATA: performance.svg, and performance.txt for those who read texts,
# from what bench --plot wrote.
set -eu
backends=$(($(head -n 1 "$1" | awk -F '\t' '{ print NF }') - 1))
gnuplot <<END
set datafile separator tab
set terminal svg size 900,460 font "sans,12" background "white"
set output "performance.svg"
set title "tlshost's socket beside the libraries' own sockets, TCP over loopback"
set ylabel "times as fast (the line is 1)"
set logscale y
set yrange [0.7:30]
set ytics (0.7, 1, 1.5, 2, 3, 5, 10, 20)
set grid ytics
set style data histogram
set style histogram cluster gap 1
set style fill solid 0.8 noborder
set boxwidth 0.9
set xtics rotate by -20 nomirror
set key top left
plot for [i=2:$((backends + 1))] "$1" using i:xtic(1) title columnheader(i), \
    1 with lines linecolor "black" notitle
END
sed -i '1a <!-- SPDX-License-Identifier: MIT -->' performance.svg
# A bar of 20 characters is as fast as the library itself.
awk -F '\t' '
NR == 1 {
	for (i = 2; i <= NF; i++)
		name[i] = $i
	next
}
{
	gsub(/"/, "", $1)
	for (i = 2; i <= NF; i++) {
		cut = $i > 2
		bar = sprintf("%" (cut ? 40 : int($i * 20 + 0.5)) "s", "")
		gsub(/ /, "#", bar)
		printf "%-34s %-8s %5.2f %s%s\n", i == 2 ? $1 : "", name[i],
		    $i, bar, cut ? ">" : ""
	}
}' "$1" >performance.txt

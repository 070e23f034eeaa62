#!/bin/sh
# SPDX-License-Identifier: MIT
#
# parity.sh RESULTS BACKEND...: every claim, and on which backends it was made
# and holds, from the results of each with itself.
set -eu
results=$1
shift
for name; do
	sed -n 's/^\(not ok\|ok\) [0-9]* - [^:]*:\(.*\)$/\1	\2/p' \
	    "$results/$name-$name-whole" | sed "s/^/$name	/"
done | awk -F '\t' -v names="$*" '
{
	claim = $3
	sub(/: Passed$/, "", claim)
	if ($2 != "ok")
		sub(/: [^:]*$/, "", claim)
	if (!(claim in seen))
		order[++count] = claim
	seen[claim] = 1
	result[claim, $1] = $2 == "ok" ? "holds" : "FAILS"
}
END {
	n = split(names, backend, " ")
	for (i = 1; i <= n; i++)
		printf "%-10s", backend[i]
	print "claim"
	for (c = 1; c <= count; c++) {
		for (i = 1; i <= n; i++)
			printf "%-10s", (order[c], backend[i]) in result ? \
			    result[order[c], backend[i]] : "-"
		print order[c]
	}
	if (count == 0)
		exit 1
}'

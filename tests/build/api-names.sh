#!/bin/sh
# SPDX-License-Identifier: MIT
#
# api-names.sh HEADER...: the names that headers declare with TLSHOST_API,
# sorted, one a line.
set -eu

# Comments go first, since they speak of functions too; then everything from
# TLSHOST_API to its semicolon is one declaration, whose name stands before the
# first bracket.
cat "$@" | tr '\n' ' ' | awk '
{
	text = $0
	while ((start = index(text, "/*")) > 0) {
		rest = substr(text, start + 2)
		text = substr(text, 1, start - 1) " " \
		    substr(rest, index(rest, "*/") + 2)
	}
	n = split(text, part, "TLSHOST_API ")
	for (i = 2; i <= n; i++) {
		declaration = part[i]
		if (declaration ~ /^ *__attribute__/)
			continue
		if (match(declaration, /tlshost_[a-z0-9_]* *[(\[]/) == 0)
			continue
		name = substr(declaration, RSTART, RLENGTH)
		sub(/ *[(\[]$/, "", name)
		print name
	}
}' | LC_ALL=C sort -u

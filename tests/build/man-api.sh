#!/bin/sh
# SPDX-License-Identifier: MIT
#
# What the manual pages say of the interface is what the headers say: the
# prototypes, letter by letter but for spaces; names of functions, types and
# macros; which statuses a function returns; and that tlshost-errors(7) leaves
# nothing out.  (That each function is on one page is api-lists.sh's.)
set -eu
. "$top_srcdir/tests/build/common.sh"

headers=$top_srcdir/lib/include
man=$top_srcdir/docs/man

# Headers: "name prototype" of each function, and "number name STATUS" for each
# status that the comment before it names.  A comment speaks for the declarations
# up to the next one, and has that number.
cat "$headers/tlshost.h" "$headers/tlshost-insecure.h" | tr '\n\t' '  ' |
    awk -v prototypes="$tmp/declared" -v statuses="$tmp/promised" '
function squeeze(text) {
	gsub(/ +/, " ", text)
	gsub(/^ | $/, "", text)
	gsub(/ ?\* ?/, "*", text)
	gsub(/ ?\( ?/, "(", text)
	return text
}
function tell(declaration,    name, n, word, i) {
	if (match(declaration, /tlshost_[a-z0-9_]* *\(/) == 0)
		return
	name = substr(declaration, RSTART, RLENGTH)
	sub(/ *\($/, "", name)
	print name, squeeze(declaration) >prototypes
	if (declaration !~ /^ *tlshost_status /)
		return
	n = split(comment, word, /[^A-Z_]+/)
	for (i = 1; i <= n; i++)
		if (word[i] ~ /^[A-Z][A-Z_]+$/)
			print comments, name, word[i] >statuses
}
{
	text = $0
	comment = ""
	while (match(text, /\/\*|TLSHOST_API /)) {
		if (substr(text, RSTART, 2) == "/*") {
			text = substr(text, RSTART + 2)
			comment = substr(text, 1, index(text, "*/") - 1)
			comments++
			text = substr(text, index(text, "*/") + 2)
		} else {
			text = substr(text, RSTART + RLENGTH)
			tell(substr(text, 1, index(text, ";") - 1))
			text = substr(text, index(text, ";") + 1)
		}
	}
}'

# Pages: the same of SYNOPSIS and RETURN VALUES.
awk -v prototypes="$tmp/shown" -v statuses="$tmp/returned" '
function squeeze(text) {
	gsub(/ +/, " ", text)
	gsub(/ ?\* ?/, "*", text)
	gsub(/ ?\( ?/, "(", text)
	return text
}
function unquoted(text) {
	gsub(/^\.F[ato] |"/, "", text)
	return text
}
/^\.Sh / { section = substr($0, 5); names = 0; in_item = 0 }
section == "SYNOPSIS" && /^\.Ft / { type = unquoted($0) }
section == "SYNOPSIS" && /^\.Fo / { name = $2; arguments = "" }
section == "SYNOPSIS" && /^\.Fa / {
	arguments = arguments (arguments != "" ? ", " : "") unquoted($0)
}
section == "SYNOPSIS" && /^\.Fc/ {
	print name, squeeze(type " " name "(" arguments ")") >prototypes
}
section == "RETURN VALUES" && /^\.It / {
	names = 0
	in_item = 1
	collecting = /^\.It Xo/
	if (/^\.It Fn /)
		item[names++] = $3
	next
}
section == "RETURN VALUES" && /^\.Xc/ { collecting = 0; next }
section == "RETURN VALUES" && /^\.El/ { in_item = 0 }
section == "RETURN VALUES" && collecting && /^\.Fn / { item[names++] = $2 }
section == "RETURN VALUES" && in_item && !collecting && /^\.Dv / {
	for (i = 0; i < names; i++)
		print item[i], $2 >statuses
}' "$man"/*.3

for list in declared shown promised returned; do
	[ -s "$tmp/$list" ] || fail "nothing was found: $list"
	sort -u -o "$tmp/$list" "$tmp/$list"
done
if ! cmp -s "$tmp/declared" "$tmp/shown"; then
	fail "prototypes of headers (-) and SYNOPSIS (+) differ"
	diff -u "$tmp/declared" "$tmp/shown" || :
fi

# Every status is one, every function that returns one has its item (a getter of
# an error does not return one of its own), and what a comment names is in the
# item of a function that it speaks for.  WANT_READ and WANT_WRITE are in many
# comments that only say what comes after them.
sed -n '/^#define TLSHOST_STATUS_MAP/,/^$/s/^	X(\([A-Z_]*\),.*/\1/p' \
    "$headers/tlshost-base.h" | sort >"$tmp/statuses"
[ "$(wc -l <"$tmp/statuses")" -ge 27 ] || fail "statuses were not found"
sed -n 's/^\([a-z0-9_]*\) tlshost_status tlshost_.*/\1/p' "$tmp/declared" |
    grep -vx tlshost_error_status | sort -u >"$tmp/failing"
cut -d ' ' -f 1 "$tmp/returned" | sort -u >"$tmp/items"
differing=$(comm -3 "$tmp/failing" "$tmp/items" | tr -d '\t')
[ -z "$differing" ] ||
    fail "not in RETURN VALUES, or there and with no status:" $differing
cut -d ' ' -f 2 "$tmp/returned" | grep -vxE 'NULL|OK' | sort -u |
    comm -23 - "$tmp/statuses" >"$tmp/unknown"
[ ! -s "$tmp/unknown" ] || fail "no statuses:" $(cat "$tmp/unknown")
awk '
FILENAME ~ /statuses$/ { known[$1] = 1; next }
FILENAME ~ /returned$/ { returned[$1, $2] = 1; next }
!($3 in known) || $3 ~ /^(OK|WANT_READ|WANT_WRITE)$/ { next }
{
	names[$1, $3] = names[$1, $3] " " $2
	if (returned[$2, $3])
		kept[$1, $3] = 1
	status[$1, $3] = $3
}
END {
	for (key in names)
		if (!(key in kept))
			print status[key] ":" names[key]
}' "$tmp/statuses" "$tmp/returned" "$tmp/promised" >"$tmp/broken"
[ ! -s "$tmp/broken" ] ||
    fail "the header names it, RETURN VALUES does not:" "$(cat "$tmp/broken")"

# Names that are used anywhere exist.
{
	cat "$headers"/*.h lib/include/tlshost-ciphers.h | grep -v '^#.*##'
	sed -n '/_MAP(X)/,/^$/s/^	X(\([A-Z_0-9]*\),.*/\1/p' \
	    "$headers/tlshost-base.h" |
	    sed 's/.*/TLSHOST_& TLSHOST_REASON_& TLSHOST_FIELD_&\
TLSHOST_PHASE_& TLSHOST_CAPABILITY_&/'
} | tr -c 'A-Za-z0-9_' '\n' | grep -i '^tlshost_' | sort -u >"$tmp/known"
for page in "$man"/*.[1-9] "$man"/*.in; do
	sed -n 's/^\.\(Fn\|Fo\|Vt\|Dv\|Va\) //p' "$page" |
	    tr -c 'A-Za-z0-9_' '\n' | grep -E '^(tlshost|TLSHOST)_' | sort -u |
	    comm -23 - "$tmp/known" | grep -vx 'TLSHOST_' >"$tmp/unknown" || :
	[ ! -s "$tmp/unknown" ] ||
	    fail "$(basename "$page") speaks of" $(cat "$tmp/unknown")
done

# tlshost-errors(7) has each status, reason and alert, and no other.
errors=$man/tlshost-errors.7
part() {
	sed -n "/^\.Ss $1/,/^\.S[sh] [^$(printf %.1s "$1")]/p" "$errors"
}
compare() {
	sort "$tmp/has" >"$tmp/sorted"
	diff "$tmp/wanted" "$tmp/sorted" >"$tmp/diff" || {
		fail "tlshost-errors(7), $1: the library (<), the page (>)"
		cat "$tmp/diff"
	}
}
cp "$tmp/statuses" "$tmp/wanted"
part Statuses | sed -n 's/^\.It Dv //p' >"$tmp/has"
compare statuses
tr '\n' ' ' <"$headers/tlshost-base.h" |
    sed 's/.*define TLSHOST_REASON_MAP//; s/typedef enum tlshost_reason.*//' |
    grep -o 'X([A-Z_]*, [0-9]*, "[a-z-]*"' | sed 's/.*"\(.*\)"/\1/' |
    sort >"$tmp/wanted"
part Reasons | sed -n 's/^\.It Li //p' >"$tmp/has"
compare reasons
sed -n '/ alerts\[\] = {/,/^};/s/^	{ \([0-9]*\), "\(.*\)" },/\1 \2/p' \
    "$top_srcdir/lib/status.c" | sort >"$tmp/wanted"
[ -s "$tmp/wanted" ] || fail "no alerts in lib/status.c"
part Alerts | sed -n 's/^\.It //p' | tr ',' '\n' |
    sed -n 's/^ *Li \([0-9]* [a-z_]*\) *$/\1/p' >"$tmp/has"
compare alerts

# Each page of functions has an example, which snippets.sh compiles.
for page in "$man"/*.3; do
	sed -n '/^\.Sh EXAMPLES/,/^\.Sh [^E]/p' "$page" |
	    grep -q '^#include' ||
	    fail "$(basename "$page") has no example that is compiled"
done
finish

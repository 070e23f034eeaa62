# SPDX-License-Identifier: MIT
# Shared by the tests of the ABI; sourced after tests/build/common.sh.
# shellcheck shell=sh

# dump FILE SOURCE [FOLDER]: the types that SOURCE shows, with the headers in
# FOLDER first.  Where SOURCE lies on this machine is not one of them.
dump() {
	$CC -std=c11 -g -O0 -fdebug-prefix-map="${2%/*}/=" -shared -fPIC \
	    ${3:+-I"$3"} -I"$top_srcdir/lib/include" -I"$top_builddir/lib/include" \
	    -o "$tmp/shown.so" "$2" &&
	    abidw --no-corpus-path --no-comp-dir-path --no-show-locs \
		--out-file "$1" "$tmp/shown.so"
}

# dump_plugin FILE [FOLDER]: what host and plugin share.
dump_plugin() {
	dump "$1" "$top_srcdir/tests/abi/tables.c" "${2-}"
}

# dump_library FILE [FOLDER]: what programs share with the library, as its
# headers say it: insides of the library are no business of theirs.
dump_library() {
	{
		cat <<-END
		#include <tlshost.h>
		#include <tlshost-insecure.h>
		#define SHOW(name) void show_##name(__typeof__(name) *pointer); \\
		    void show_##name(__typeof__(name) *pointer) { (void)pointer; }
		END
		exported_names "$top_builddir/lib/.libs/libtlshost.so" |
		    sort | sed 's/.*/SHOW(&)/'
	} >"$tmp/functions.c"
	dump "$1" "$tmp/functions.c" "${2-}"
}

# The names that programs link, with their version nodes.
dump_symbols() {
	nm -D --defined-only "$top_builddir/lib/.libs/libtlshost.so" |
	    awk '$2 != "A" { print $3 }' | LC_ALL=C sort >"$1"
}

# The numbers of all enums of a dump.
numbers() {
	sed -n "s/.*<enumerator name='\([^']*\)' value='\([^']*\)'.*/\1 \2/p" \
	    "$1" | sort -u
}

# same_abi OLD NEW: says what of OLD is not as it was, and fails if anything is
# not.  Passed over is what was added: functions, numbers, and members after
# the last one of a structure that has a size in it.
#
# abidiff has suppressions for that, but those let other changes of the same
# structure through.  So its report is read: no line may say anything else.
same_abi() {
	printf '[suppress_type]\n  type_kind = enum\n' >"$tmp/suppressions"
	abidiff --leaf-changes-only --no-added-syms \
	    --suppressions "$tmp/suppressions" "$1" "$2" >"$tmp/report" &&
	    : >"$tmp/report"
	awk '
	/^$/ || /^ +[0-9]+ impacted interfaces?/ { next }
	/^Leaf changes summary: / || /^Changed leaf types summary: / { next }
	/^Removed\/Changed\/Added .* summary: 0 Removed, 0 Changed/ { next }
	# Elements of arrays, and what is returned by value, cannot grow.
	/^.struct tlshost_(bytes|protocol). changed:$/ { print; bad = 1 }
	/^.struct tlshost_[a-z_]+. changed:$/ { end = -1; next }
	/^  type size changed from [0-9]+ to [0-9]+ \(in bits\)$/ {
		end = $5
		next
	}
	/^  [0-9]+ data member insertions?:$/ && end > 0 { next }
	/^    .*, at offset [0-9]+ \(in bits\)$/ && end > 0 {
		offset = $0
		sub(/ \(in bits\)$/, "", offset)
		sub(/.*, at offset /, "", offset)
		if (offset + 0 >= end + 0)
			next
	}
	{ print; bad = 1 }
	END { exit bad }' "$tmp/report" || return 1
	numbers "$1" >"$tmp/old-numbers"
	numbers "$2" >"$tmp/new-numbers"
	[ -s "$tmp/old-numbers" ] || return 1
	none_gone "$tmp/old-numbers" "$tmp/new-numbers"
}

# none_gone OLD NEW: both sorted.
none_gone() {
	comm -23 "$1" "$2" >"$tmp/gone"
	sed 's/^/gone: /' "$tmp/gone"
	[ ! -s "$tmp/gone" ]
}

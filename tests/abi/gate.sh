#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Nothing that was released has changed: libtlshost.so and the plugin border
# against the dumps in tests/abi/release-*, and the gate against changes that
# it has to refuse and to let through.  "make abi-record" records a release.
set -eu
. "$top_srcdir/tests/build/common.sh"
. "$top_srcdir/tests/abi/common.sh"

command -v abidiff >/dev/null || skip "abidiff is not installed (abigail-tools)"
case $($CC -dumpmachine) in
x86_64-*-gnux32) skip "the dumps are of another machine" ;;
x86_64-*) ;;
*) skip "the dumps are of another machine" ;;
esac

if [ "${1-}" = --record ]; then
	mkdir -p "$2"
	dump_library "$2/library.abi"
	dump_plugin "$2/plugin.abi"
	dump_symbols "$2/symbols"
	finish
fi

dump_library "$tmp/library.abi" || fail "libtlshost.so cannot be dumped"
dump_plugin "$tmp/plugin.abi" || fail "the plugin headers cannot be dumped"
dump_symbols "$tmp/symbols"
releases=0
# The entry point's name has the major number of the plugin ABI: what was
# recorded under another one is not promised by this.
entry() {
	grep -o "tlshost_plugin_entry_v[0-9]*'" "$1" | sort -u
}
for release in "$top_srcdir"/tests/abi/release-*; do
	releases=$((releases + 1))
	parts='library plugin'
	[ "$(entry "$release/plugin.abi")" = "$(entry "$tmp/plugin.abi")" ] ||
	    parts=library
	for part in $parts; do
		same_abi "$release/$part.abi" "$tmp/$part.abi" >"$tmp/out" || {
			fail "the $part is not what ${release##*/} had:"
			cat "$tmp/out"
		}
	done
	none_gone "$release/symbols" "$tmp/symbols" ||
	    fail "libtlshost.so lacks names that ${release##*/} had"
done
[ "$releases" -gt 0 ] || fail "no release is recorded"

# changed ALLOWED|REFUSED WHAT FILE SED: the headers with a change.
changed() {
	part=plugin
	[ "$3" != tlshost.h ] || part=library
	rm -rf "$tmp/include"
	cp -R "$top_srcdir/lib/include" "$tmp/include"
	chmod -R u+w "$tmp/include"
	sed "$4" "$top_srcdir/lib/include/$3" >"$tmp/include/$3"
	! cmp -s "$tmp/include/$3" "$top_srcdir/lib/include/$3" ||
	    fail "$2: nothing was changed"
	"dump_$part" "$tmp/changed.abi" "$tmp/include" || fail "$2: no dump"
	if same_abi "$tmp/$part.abi" "$tmp/changed.abi" >"$tmp/out"; then
		[ "$1" = ALLOWED ] || fail "the gate lets through: $2"
	else
		[ "$1" = REFUSED ] || {
			fail "the gate refuses: $2"
			cat "$tmp/out"
		}
	fi
	echo "$1: $2"
}
slot='	int32_t (*later)(tlshost_sink *sink, void *connection);'
last=$(awk '/^struct tlshost_plugin \{/ { inside = 1 }
    inside && /^};/ { print NR; exit }' "$top_srcdir/lib/include/tlshost-plugin.h")
changed ALLOWED 'a slot after the last one' tlshost-plugin.h "${last}i\\
$slot"
changed REFUSED 'a slot between two' tlshost-plugin.h \
    "/^	int32_t (\*shutdown)(/i\\
$slot"
changed REFUSED 'two slots exchanged' tlshost-plugin.h \
    's/(\*certificate_check)(/(*other)(/; s/(\*key_check)(/(*certificate_check)(/; s/(\*other)(/(*key_check)(/'
changed REFUSED 'a member of another width' tlshost-plugin.h \
    's/^	uint32_t protocols_max; /	uint64_t protocols_max; /'
changed REFUSED 'a slot with another argument' tlshost-plugin.h \
    's/^	void (\*connection_free)(void \*connection);/	void (*connection_free)(void *connection, uint32_t how);/'
changed REFUSED 'a member less' tlshost-plugin.h \
    '/^	uint32_t signature; /d'
changed REFUSED 'a number changed' tlshost-base.h \
    's/X(NO_MEMORY, 4,/X(NO_MEMORY, 44,/'
changed REFUSED 'a number gone' tlshost-base.h '/X(OTHER, 18,/d'
changed ALLOWED 'a number more' tlshost-base.h \
    's/X(RESOLVE, 25,/X(LATER, 99, "later") X(RESOLVE, 25,/'

changed REFUSED 'a member more in elements of arrays' tlshost-plugin.h \
    '/^struct tlshost_bytes {/,/^}/s/^	size_t len;/&\
	size_t later;/'
changed REFUSED 'a member more in what is returned by value' tlshost.h \
    '/^typedef struct tlshost_protocol {/,/^}/s/^	size_t len;/&\
	size_t later;/'
changed REFUSED 'another argument of a function' tlshost.h \
    's/_set_timeout(tlshost_socket \*socket,$/& long more,/'
changed REFUSED 'another result of a function' tlshost.h \
    's/^TLSHOST_API size_t tlshost_cipher_count/TLSHOST_API int tlshost_cipher_count/'

sed 1d "$tmp/symbols" >"$tmp/fewer"
! none_gone "$tmp/symbols" "$tmp/fewer" >/dev/null ||
    fail "the gate lets through: a function less"
finish

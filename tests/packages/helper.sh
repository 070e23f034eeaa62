#!/bin/sh
# SPDX-License-Identifier: MIT
#
# helper.sh: packaging/dh_tlshost with backends of every kind: what it sets, and
# what it says of files that are none.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
failures=0
fail() {
	echo "FAILED: $*"
	failures=1
}

number() {
	sed -n "s/^#define TLSHOST_PLUGIN_ABI_$1 \([0-9]*\)$/\1/p" \
	    "$top/lib/include/tlshost-plugin.h"
}
major=$(number MAJOR)
minor=$(number MINOR)
mkdir -p "$tmp/debian"
cd "$tmp"
echo 13 >debian/compat
cat >debian/control <<'END'
Source: xx
Maintainer: nobody <nobody@localhost>

Package: xx
Architecture: any
Description: x
END
printf 'xx (1) unstable; urgency=low\n\n  * x\n\n -- nobody <nobody@localhost>  Thu, 01 Jan 1970 00:00:00 +0000\n' \
    >debian/changelog
place=debian/xx/usr/lib/triplet/tlshost/backends-$major

# backend FILE NAME [CC-OPTION...]: a shared object with a manifest.
backend() {
	mkdir -p "$(dirname "$1")"
	file=$1 name=$2
	shift 2
	printf '%s\n' '#include <tlshost-plugin.h>' \
	    "TLSHOST_PLUGIN_MANIFEST(1, $name);" >backend.c
	cc -shared -fPIC -I"$top/lib/include" "$@" -o "$file" backend.c
}
text() {
	printf '"name=%s\\0version=1\\0library=x\\0roles=client\\0"' "$1"
}
# run: with what is beneath debian/xx.
run() {
	rm -f debian/xx.substvars
	perl "$top/packaging/dh_tlshost" >out 2>&1
}
# sets LINE: and says nothing.
sets() {
	run || fail "$(cat out)"
	grep -qxF "$1" debian/xx.substvars || {
		cat debian/xx.substvars
		fail "it does not set $1"
	}
	[ ! -s out ] || fail "it says: $(cat out)"
}
# refuses TEXT: in words, which name the file.
refuses() {
	! run || fail "it takes what is wrong: $1"
	grep -qF "$1" out || fail "it does not say \"$1\": $(cat out)"
	grep -qF 'backends-' out || fail "it names no file: $(cat out)"
	rm -rf debian/xx
}

backend $place/a.so "$(text a)"
sets "tlshost:Depends=tlshost-plugin-abi-$major (>= $major.$minor)"
sets "tlshost:Provides=tlshost-backend-$major"
# The highest one that any of them needs.
backend $place/a.so "$(text a)" -DTLSHOST_PLUGIN_HOST_MINOR=7
backend $place/b.so "$(text b)" -DTLSHOST_PLUGIN_HOST_MINOR=11
sets "tlshost:Depends=tlshost-plugin-abi-$major (>= $major.11)"
strip $place/*.so
sets "tlshost:Depends=tlshost-plugin-abi-$major (>= $major.11)"
rm -rf debian/xx
# In a folder without the triplet, and for another machine: 32 bits, the other
# order of bytes, a note and nothing else.
mkdir -p debian/xx/usr/lib/tlshost/backends-$major
perl -e '
	my $text = "name=far\0version=1\0library=x\0roles=server\0\0\0";
	$text .= "\0" while length($text) % 4;
	my $desc = pack("N5", 20, $ARGV[0], 3, 5, 0) . $text;
	my $note = pack("N3", 8, length $desc, 1) . "tlshost\0" . $desc;
	print "\x7fELF\1\2\1", "\0" x 9,
	    pack("n2 N5 n6", 3, 8, 1, 0, 52, 0, 0, 52, 32, 1, 0, 0, 0),
	    pack("N8", 4, 84, 84, 84, length $note, length $note, 4, 4), $note;
' "$major" >debian/xx/usr/lib/tlshost/backends-$major/far.so
sets "tlshost:Depends=tlshost-plugin-abi-$major (>= $major.3)"
rm -rf debian/xx

mkdir -p $place
refuses 'there is no *.so in it'
mkdir -p $place
echo 'no shared object' >$place/a.so
refuses 'not an ELF shared object'
backend $place/a.so "$(text a)"
head -c 200 $place/a.so >cut && cp cut $place/a.so
refuses 'the file is cut off'
backend $place/a.so "$(text a)"
objcopy --remove-section .note.tlshost $place/a.so
refuses 'no manifest'
backend $place/a.so '"name=a\0version=1\0roles=client\0"'
refuses 'no "library"'
backend $place/a.so '"name=A B\0version=1\0library=x\0roles=client\0"'
refuses 'name "A B"'
backend $place/a.so '"name=a\0name=b\0version=1\0library=x\0roles=client\0"'
refuses '"name" is there twice'
backend $place/a.so '"name=a\0version=1\0library=x\0roles=client\0nothing\0"'
refuses '"nothing" is no key=value'
backend $place/a.so "$(text a)"
backend $place/b.so "$(text a)"
refuses 'has the name "a", too'
backend debian/xx/usr/lib/tlshost/backends-99/a.so "$(text a)"
refuses "it is for ABI $major.$minor, in the folder of ABI 99"

# A package of something else is let alone, and the packager told.
mkdir -p debian/xx/usr/bin
run || fail "$(cat out)"
grep -q '^dh_tlshost: warning: no package has anything' out ||
    fail "it does not say that there was nothing: $(cat out)"
[ ! -f debian/xx.substvars ] || fail "it sets something for nothing"
[ $failures = 0 ] || exit 1
echo 'dh_tlshost sets and refuses what it has to'

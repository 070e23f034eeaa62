#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The backends that this tree does not build, made as a stranger makes his: from
# a copy of the folder and what an installation has, and nothing else.  They are
# installed, found, named and used, and every claim about them is made.
set -eu
. "$top_srcdir/tests/build/common.sh"

echo '#include <mbedtls/ssl.h>' | $CC $CPPFLAGS -E - >/dev/null 2>&1 ||
    skip "there is no mbed TLS (libmbedtls-dev)"
root=$tmp/root
MAKEFLAGS='' ${MAKE:-make} install DESTDIR="$root" >"$tmp/log" 2>&1 || {
	tail -n 40 "$tmp/log"
	fail "make install DESTDIR=..."
	finish
}
# An installation beneath DESTDIR has .pc files that do not know of it.
mkdir "$tmp/pkgconfig"
for file in tlshost.pc tlshost-plugin.pc; do
	sed "s|^\([a-z_]*\)=/|\1=$root/|" "$root$pkgconfigdir/$file" \
	    >"$tmp/pkgconfig/$file"
done
PKG_CONFIG_PATH=$tmp/pkgconfig
LD_LIBRARY_PATH=$root$libdir${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
TLSHOST_PLUGIN_PATH=$root$plugindir
PATH=$root$bindir:$PATH
export PATH PKG_CONFIG_PATH LD_LIBRARY_PATH TLSHOST_PLUGIN_PATH
unset TLSHOST_CFLAGS || true
sh "$top_srcdir/tests/certs/make-certs.sh" "$TLSHOST_TEST_CERTS"
certs=$TLSHOST_TEST_CERTS

# As strict as this build is.
strict=
! grep -q "^WARN_CFLAGS=.*-Werror" "$top_builddir/config.log" ||
    strict=--enable-strict

# From the installation, whose folder of plugins is where it goes.
build() {
	cp -R "$top_srcdir/plugins/$1" "$tmp/$1"
	chmod -R u+w "$tmp/$1"
	# What tlshost installs, and not what this tree has.
	rm "$tmp/$1/m4/tlshost-plugin.m4"
	cp "$root$(dirname "$pkgdatadir")/aclocal/tlshost-plugin.m4" \
	    "$tmp/$1/m4/"
	(
		cd "$tmp/$1"
		autoreconf -fi
		./configure -q $strict CC="$CC" CFLAGS="$CFLAGS" \
		    LDFLAGS="$LDFLAGS"
		MAKEFLAGS='' make install
	) >"$tmp/log" 2>&1 || {
		tail -n 40 "$tmp/log"
		fail "plugins/$1 does not build from an installation"
		finish
	}
	[ -f "$root$plugindir/$1.so" ] || fail "$1.so is not in the folder"
	[ ! -f "$root$plugindir/$1.la" ] || fail "$1.la is installed"
}

listed() {
	tlsprobe --list-backends >"$tmp/list" || :
	grep -q "^$1 .*$root$plugindir/$1.so" "$tmp/list" || {
		cat "$tmp/list"
		fail "$1 is not listed"
	}
}

# connects CLIENT SERVER: by name, over TCP.
connects() {
	: >"$tmp/serve"
	tlsprobe serve --backend "$2" --listen 127.0.0.1:0 --count 1 \
	    --cert "$certs/rsa.pem" --key "$certs/rsa.key" >"$tmp/serve" \
	    2>&1 &
	server=$!
	tries=0
	until port=$(sed -n 's/^listening //p' "$tmp/serve") &&
	    [ -n "$port" ]; do
		tries=$((tries + 1))
		[ $tries -lt 200 ] || break
		sleep 0.05
	done
	TLS_BACKEND=$1 tlsprobe connect "127.0.0.1:$port" --hostname srv.test \
	    --trust "$certs/ca.pem" --json >"$tmp/connect" 2>&1 ||
	    fail "$1 does not connect to $2:" "$(cat "$tmp/connect")"
	grep -q "\"backend\":{\"name\":\"$1\"" "$tmp/connect" ||
	    fail "another backend than $1 connected:" "$(cat "$tmp/connect")"
	kill "$server" 2>/dev/null || :
	wait "$server" || :
}

# A skeleton says no, in words, and is nobody's default.
build example
listed example
(cd "$tmp/example" && MAKEFLAGS='' make check) >"$tmp/log" 2>&1 || {
	cat "$tmp/log" "$tmp/example/test-suite.log"
	fail "make check in plugins/example"
}
grep -q '^PASS: check.sh' "$tmp/log" || fail "its test was not made"
tlsprobe connect 127.0.0.1:9 --backend example --trust "$certs/ca.pem" \
    >"$tmp/log" 2>&1 && fail "example takes a configuration"
grep -q 'the example backend has no' "$tmp/log" ||
    fail "example refuses without saying why:" "$(cat "$tmp/log")"
tlshost-plugin-check "$root$plugindir/example.so" >"$tmp/log" &&
    fail "the claims hold for a backend that does nothing"
TLSHOST_PLUGIN_PATH=$tmp/alone
mkdir "$tmp/alone"
ln -s "$root$plugindir/example.so" "$tmp/alone/"
tlsprobe connect 127.0.0.1:9 >"$tmp/log" 2>&1 && fail "example is a default"
grep -q 'example backend' "$tmp/log" && fail "example was chosen unnamed"
TLSHOST_PLUGIN_PATH=$root$plugindir

# As docs/PLUGINS has it, word by word, from what is installed, for a name that
# Make cannot have in its variables.
mkdir "$tmp/guide"
sed -n '/^    cp -R .*plugins\/example/,/^$/s/^    //p' \
    "$top_srcdir/docs/PLUGINS" |
    sed "s|/usr/share/doc/libtlshost-dev/|$root$docdir/|; s/NAME/my-tls/g" \
    >"$tmp/guide/commands"
grep -q 'make check$' "$tmp/guide/commands" || fail "docs/PLUGINS has no commands"
(cd "$tmp/guide" && CC="$CC" CFLAGS="$CFLAGS" LDFLAGS="$LDFLAGS" MAKEFLAGS='' \
    sh -e commands) >"$tmp/log" 2>&1 || {
	cat "$tmp/log"
	fail "what docs/PLUGINS says does not work"
}
grep -q '^PASS: check.sh' "$tmp/log" || fail "my-tls was not tested"
! grep -rl example "$tmp/guide/tlshost-backend-my-tls" --include='*.[ch]' \
    --include='*.a[cm]' || fail "my-tls is still the example"
tlshost_plugin_path=$TLSHOST_PLUGIN_PATH
TLSHOST_PLUGIN_PATH=$tmp/guide/tlshost-backend-my-tls/.libs
tlsprobe --list-backends >"$tmp/list" || :
grep -q '^my-tls .* ok ' "$tmp/list" || fail "my-tls is not listed:" \
    "$(cat "$tmp/list")"
TLSHOST_PLUGIN_PATH=$tlshost_plugin_path
(cd "$tmp/guide/tlshost-backend-my-tls" && MAKEFLAGS='' make clean &&
    ./configure -q --without-my-tls CC="$CC" && MAKEFLAGS='' make) \
    >"$tmp/log" 2>&1 || {
	cat "$tmp/log"
	fail "configure --without-my-tls"
}
[ ! -f "$tmp/guide/tlshost-backend-my-tls/my-tls.la" ] ||
    fail "--without-my-tls builds it"

build mbedtls
listed mbedtls
first=$(echo $plugins_built | sed 's/ .*//')
connects mbedtls mbedtls
if [ -n "$first" ]; then
	connects mbedtls "$first"
	connects "$first" mbedtls
fi
# As installed, which links anew, the backends of this tree too.
claimed=mbedtls
[ -n "${CHECK_QUICK:-}" ] || claimed="$claimed $plugins_built"
for name in $claimed; do
	tlshost-plugin-check "$root$plugindir/$name.so" >"$tmp/log" || {
		cat "$tmp/log"
		fail "claims about $name do not hold"
	}
	tail -n 1 "$tmp/log"
done
# And with hosts of earlier minors, as the backends of this tree.
for part in rsa ca; do
	openssl x509 -in "$certs/$part.pem" -outform DER -out "$tmp/$part.der"
done
for capsule in "$top_srcdir/tests/abi/$(abi_number MAJOR)".*; do
	[ -d "$capsule" ] || continue
	# shellcheck disable=SC2086 # lists of words
	$CC -std=c11 $CFLAGS -I"$capsule/include" -o "$tmp/host" \
	    "$capsule/host.c" $LDFLAGS -ldl
	"$tmp/host" "$root$plugindir/mbedtls.so" "$tmp/rsa.der" \
	    "$certs/rsa.pkcs8.der" "$tmp/ca.der" ||
	    fail "mbedtls does not work with a host of ABI ${capsule##*/}"
done
(cd "$tmp/mbedtls" && MAKEFLAGS='' make uninstall) >"$tmp/log" 2>&1
[ ! -f "$root$plugindir/mbedtls.so" ] || fail "make uninstall leaves mbedtls"
finish

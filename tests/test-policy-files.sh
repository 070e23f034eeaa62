#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Files by which an administrator configures a TLS library for all programs:
# what they change is said, and what a configuration says goes before them.
set -u
[ -n "${plugins_built:-}" ] || exit 77
sh "$top_srcdir/tests/certs/make-certs.sh" "$TLSHOST_TEST_CERTS" || exit 99
TLSHOST_PLUGIN_PATH=$TLSHOST_TEST_BACKENDS
export TLSHOST_PLUGIN_PATH
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
failed=0

claim() {
	if [ "$2" = 0 ]; then
		echo "so: $1"
	else
		failed=1
		echo "NOT so: $1"
		sed 's/^/    /' "$tmp/out"
	fi
}

says() {
	grep -q -e "$1" "$tmp/out"
}

# overrides LINE...: what an administrator of GnuTLS wants.
overrides() {
	echo '[overrides]' >"$tmp/policy"
	printf '%s\n' "$@" >>"$tmp/policy"
}

# findings LOWEST HIGHEST [SUITE]...: of a client and a server on GnuTLS.
findings() {
	TLS_BACKEND=gnutls "$top_builddir/tests/findings" "$@" >"$tmp/out" 2>&1
}

case " $plugins_built " in
*' openssl '*)
	cat >"$tmp/strict.cnf" <<-'END'
	openssl_conf = init
	[init]
	ssl_conf = ssl
	[ssl]
	system_default = policy
	[policy]
	MinProtocol = TLSv1.3
	CipherString = ECDHE-RSA-AES256-GCM-SHA384:@SECLEVEL=4
	Ciphersuites = TLS_CHACHA20_POLY1305_SHA256
	Groups = P-521
	SignatureAlgorithms = RSA+SHA512
	END
	# Sanitizers see the rest elsewhere.
	OPENSSL_CONF=$tmp/strict.cnf \
	    "$top_builddir/tests/conformance/tlshost-plugin-check" \
	    --claim "${CHECK_QUICK:+suites}" \
	    "$top_builddir/plugins/openssl/.libs/openssl.so" >"$tmp/out" 2>&1
	claim "a strict openssl.cnf changes nothing of a configuration" $?
	cat >"$tmp/broken.cnf" <<-'END'
	openssl_conf = init
	[init]
	providers = providers
	[providers]
	legacy = legacy
	[legacy]
	activate = 1
	END
	TLS_BACKEND=openssl OPENSSL_CONF=$tmp/broken.cnf \
	    "$TLSPROBE" --list-backends >"$tmp/out" 2>&1
	[ $? = 5 ] && says 'openssl\.cnf.*no ciphers'
	claim "an openssl.cnf without ciphers is found at the start" $?
	TLS_BACKEND=openssl OPENSSL_CONF=$tmp/nosuch.cnf \
	    "$TLSPROBE" --list-backends >"$tmp/out" 2>&1
	claim "an openssl.cnf that is not there is none" $?
	;;
esac

case " $plugins_built " in
*' gnutls '*)
	cat >"$tmp/policy" <<-'END'
	[overrides]
	disabled-version = tls1.2
	tls-disabled-cipher = aes-128-gcm
	END
	export GNUTLS_SYSTEM_PRIORITY_FILE="$tmp/policy"
	TLS_BACKEND=gnutls "$TLSPROBE" --list-backends >"$tmp/out" 2>&1
	says "with $tmp/policy"
	claim "a system-wide file of GnuTLS is named beside the library" $?
	"$TLSPROBE" connect 127.0.0.1:9 --backend=gnutls --max 1.2 \
	    >"$tmp/out" 2>&1
	[ $? != 0 ] && says "no cipher suite.*with $tmp/policy"
	claim "what it takes away is named where it is missed" $?
	overrides 'disabled-version = tls1.2'
	findings 303 304 && ! says 'no suite 0x13' &&
	    says '^client: has 0x1301' && says '^server: has 0x1301'
	claim "without TLS 1.2 there is TLS 1.3" $?
	findings 304 304 1301 && ! says ': [^1] ' && says '^client: has 0x1301'
	claim "... alone, too" $?
	findings 303 304 1301 c013 && ! says 'has 0xc013$' &&
	    says '^client: 2 ciphers: .* 0xc013 in none of the versions' &&
	    says '^server: 2 ciphers: .* 0xc013 in none of the versions'
	claim "... and a suite that only TLS 1.2 had is told" $?
	findings 301 304 1301 c013 && says '^client: 2 lowest_supported' &&
	    says '^server: 2 lowest_supported' && ! says 'has 0xc013$' &&
	    says '^client: has 0x1301' && says '^server: has 0x1301'
	claim "... before older versions, which it cannot have beside it" $?
	findings 301 304 c013 && says '^client: has 0xc013' &&
	    says '^server: has 0xc013' && ! says 'lowest_supported'
	claim "... which there are where no suite is of TLS 1.3" $?
	findings 303 303 c013
	[ $? = 1 ] && says '^client: failed: disabled by' &&
	    says '^server: failed: disabled by'
	claim "a version that is not there is an error" $?

	for line in 'tls-disabled-group = x25519' 'disabled-curve = x25519' \
	    'insecure-sig = rsa-pss-rsae-sha256' \
	    'min-verification-profile = high'; do
		overrides "$line"
		findings 303 304
		says "^client: 1 .*$tmp/policy, is in effect" &&
		    says "^server: 1 .*$tmp/policy, is in effect"
		claim "that it may take something away is told: $line" $?
	done
	rm "$tmp/policy"
	findings 303 304 && ! says 'is in effect'
	claim "without a file nothing is told" $?
	printf 'garbage\n[over' >"$tmp/policy"
	TLS_BACKEND=gnutls GNUTLS_SYSTEM_PRIORITY_FAIL_ON_INVALID=1 \
	    "$TLSPROBE" --list-backends >"$tmp/out" 2>&1
	[ $? = 5 ] && says 'gnutls.*refused'
	claim "a library that ends its process does not end tlsprobe" $?
	unset GNUTLS_SYSTEM_PRIORITY_FILE
	;;
esac
exit $failed

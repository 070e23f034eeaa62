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
	printf 'garbage\n[over' >"$tmp/policy"
	TLS_BACKEND=gnutls GNUTLS_SYSTEM_PRIORITY_FAIL_ON_INVALID=1 \
	    "$TLSPROBE" --list-backends >"$tmp/out" 2>&1
	[ $? = 5 ] && says 'gnutls.*refused'
	claim "a library that ends its process does not end tlsprobe" $?
	unset GNUTLS_SYSTEM_PRIORITY_FILE
	;;
esac
exit $failed

#!/bin/sh
# SPDX-License-Identifier: MIT
#
# All backends under valgrind: each as client of each, in TLS 1.2 and 1.3, with
# certificates on both sides, and a failed handshake of each in both.  "make
# valgrind" runs it.
set -u
[ -n "${plugins_built:-}" ] || exit 77
command -v valgrind >/dev/null || exit 77
sh "$top_srcdir/tests/certs/make-certs.sh" "$TLSHOST_TEST_CERTS" || exit 99
TLSHOST_PLUGIN_PATH=$TLSHOST_TEST_BACKENDS
CK_FORK=no
export TLSHOST_PLUGIN_PATH CK_FORK
# under OPTION...: a run.
under() {
	# shellcheck disable=SC2086 # a list
	"$top_builddir/libtool" --mode=execute valgrind --quiet \
	    --error-exitcode=99 --leak-check=full \
	    --errors-for-leak-kinds=definite,indirect \
	    --show-leak-kinds=definite,indirect \
	    --suppressions="$top_srcdir/tests/coexist/valgrind.supp" "$@" \
	    "$top_builddir/tests/coexist/side-by-side" $plugins_built
}
# NSS 3.87 makes the nonces of AES-GCM in TLS 1.2 with a byte that valgrind has
# seen nobody write.  It goes to the peer, whose library and this program
# compare and count on with what comes of it: suppressions would leave little
# that is watched.  So everything is watched with ChaCha20-Poly1305, which sends
# no nonce, and with AES-GCM all but values that nobody wrote.
# The variable is to be gone for the second run in every shell.
(
	TLS12_SUITE=0xcca8
	export TLS12_SUITE
	under --undef-value-errors=yes
) && under --undef-value-errors=no

#!/bin/sh
# SPDX-License-Identifier: MIT
# What root.sh does inside of its root, where nothing of tlshost is installed.
set -eu
. /tests/common.sh

# All that is there, but what a package manager is allowed to write.
everything() {
	find / -xdev \( -path /proc -o -path /dev -o -path /tmp -o \
	    -path /var/lib/dpkg -o -path /var/log -o -path /etc/ld.so.cache -o \
	    -path /var/cache/ldconfig -o -path /packages \) -prune -o -print |
	    sort
}
install() {
	for name; do
		set -- "$@" /packages/"$name"_*.deb
		shift
	done
	dpkg --install "$@" >out 2>&1 || { cat out; die "$* is not installed"; }
}
remove() {
	dpkg --purge "$@" >out 2>&1 || { cat out; die "$* is not removed"; }
}

everything >"$place/before"
! command -v tlsprobe >/dev/null || die 'something is here already'

# A backend wants a host of its ABI.
! dpkg --install /packages/tlshost-backend-nss_*.deb >out 2>&1 ||
    die 'a backend was installed without a host'
grep -q 'tlshost-plugin-abi-[0-9]' out || { cat out; die 'for another reason'; }
remove tlshost-backend-nss

install libtlshost0 tlshost-tools
none_is_there

install tlshost-backend-gnutls
[ "$(listed)" = 'gnutls ' ] || die "listed: $(listed)"
connects gnutls
TLS_BACKEND=openssl exits 5 openssl tlsprobe --list-backends

install tlshost-backend-openssl
[ "$(listed)" = 'gnutls openssl ' ] || die "listed: $(listed)"
exits 0 '^openssl .* default ' tlsprobe --list-backends
for backend in gnutls openssl; do
	TLS_BACKEND=$backend exits 0 "^$backend .* default " \
	    tlsprobe --list-backends
	connects $backend
done

install tlshost-backend-nss
connects nss

remove tlshost-backend-openssl
TLS_BACKEND=openssl exits 5 openssl tlsprobe --list-backends
TLS_BACKEND=openssl exits 5 openssl tlsprobe connect 127.0.0.1:9
exits 0 '^gnutls .* default ' tlsprobe --list-backends
connects gnutls
connects nss

goes_on gnutls nss
remove tlshost-backend-gnutls tlshost-backend-nss
none_is_there
remove tlshost-tools libtlshost0
everything >"$place/after"
diff "$place/before" "$place/after" || die 'something is left behind'
echo 'nothing is left behind'

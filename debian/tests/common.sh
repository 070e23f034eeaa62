# SPDX-License-Identifier: MIT
# Shared by the tests of the installed packages.
# shellcheck shell=sh

unset TLS_BACKEND TLSHOST_PLUGIN_PATH || :
place=$(mktemp -d)
server=
clean_up() {
	[ -z "$server" ] || kill "$server" 2>/dev/null || :
	rm -rf "$place"
}
trap clean_up EXIT
cd "$place"

die() {
	echo "FAILED: $*"
	exit 1
}

# serves BACKEND COUNT: so many connections, or until ends; sets port and certs.
serves() {
	certs=${TLSHOST_TEST_CERTS:-$place/certs}
	[ -d "$certs" ] || sh /usr/share/tlshost/make-certs.sh "$certs"
	: >log
	TLS_BACKEND=$1 tlsprobe serve --listen 127.0.0.1:0 --count "$2" \
	    --cert "$certs/ecdsa.pem" --key "$certs/ecdsa.key" >log 2>&1 &
	server=$!
	tries=0
	until grep -q '^listening' log || [ $tries = 100 ]; do
		tries=$((tries + 1))
		sleep 0.1
	done
	port=$(sed -n 's/^listening //p' log)
}

# reaches BACKEND: that server, with a client of this backend.
reaches() {
	TLS_BACKEND=$1 tlsprobe connect --trust "$certs/ca.pem" \
	    --hostname srv.test "127.0.0.1:$port" >result 2>&1 ||
	    { cat log result; die "$1 makes no connection"; }
	grep -q "$1" result || { cat result; die "it was not through $1"; }
}

ends() {
	kill "$server" 2>/dev/null || :
	wait "$server" || :
	server=
}

# connects BACKEND: a server and a client of the backend that TLS_BACKEND names
# make a connection on loopback, and the certificate is verified.
connects() {
	serves "$1" 1
	reaches "$1"
	ends
	echo "$1: a connection was made and verified"
}

# goes_on BACKEND OTHER: a server does not notice that its package is removed.
goes_on() {
	serves "$1" 2
	reaches "$2"
	dpkg --remove "tlshost-backend-$1" >out 2>&1 || { cat out; die "$1 stays"; }
	TLS_BACKEND=$1 exits 5 "$1" tlsprobe connect "127.0.0.1:$port"
	reaches "$2"
	ends
	echo "$1: a server went on without its package"
}

# What is listed as usable, in one line.
listed() {
	tlsprobe --list-backends |
	    sed -n 's/^\([a-z0-9_-]*\) .* \(ok\|default\) *\/.*\.so$/\1/p' |
	    sort | tr '\n' ' '
}

# exits CODE WORD COMMAND...
exits() {
	wanted=$1 word=$2
	shift 2
	code=0
	"$@" >out 2>&1 || code=$?
	[ "$code" = "$wanted" ] || { cat out; die "$* exits with $code"; }
	grep -q -e "$word" out || { cat out; die "$* does not say $word"; }
}

none_is_there() {
	exits 5 tlshost-backend-openssl tlsprobe --list-backends
	exits 5 tlshost-backend-gnutls tlsprobe --list-backends
	exits 5 tlshost-backend-nss tlsprobe --list-backends
	exits 5 tlshost-backend-openssl tlsprobe connect 127.0.0.1:9
	echo 'none is there, and what to install is said'
}

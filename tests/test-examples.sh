#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The programs of docs/examples, on each backend, with each other, with tlsprobe
# and with the openssl program.  Servers are on 127.0.0.1 and are stopped by
# their process id.
set -u
[ -n "${plugins_built:-}" ] || exit 77
command -v openssl >/dev/null || exit 77
sh "$top_srcdir/tests/certs/make-certs.sh" "$TLSHOST_TEST_CERTS" || exit 99
certs=$TLSHOST_TEST_CERTS
examples=${EXAMPLES:-$top_builddir/docs/examples}
TLSHOST_PLUGIN_PATH=$TLSHOST_TEST_BACKENDS
SSL_CERT_FILE=$certs/ca.pem
export TLSHOST_PLUGIN_PATH SSL_CERT_FILE
tmp=$(mktemp -d)
pid=
passed=0
failed=0
clean_up() {
	[ -z "$pid" ] || kill "$pid" 2>/dev/null
	rm -rf "$tmp"
}
trap clean_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

claim() {
	if [ "$2" = 0 ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "not so: $1 ($backend)"
		for file in out err server server.err; do
			head -c 2000 "$tmp/$file" | tr -cd '\11\12\40-\176' |
			    sed "s/^/    $file: /"
		done
	fi
}

# server WORD COMMAND...: until it has printed WORD and a port.
server() {
	word=$1
	shift
	: >"$tmp/server"
	TLS_BACKEND=$backend "$@" >"$tmp/server" 2>"$tmp/server.err" </dev/null &
	pid=$!
	tries=0
	until grep -q "$word" "$tmp/server" || [ $tries = 200 ]; do
		tries=$((tries + 1))
		sleep 0.05
	done
	port=$(sed -n "s/.*$word *\([0-9.]*:\)*\([0-9][0-9]*\).*/\2/p" \
	    "$tmp/server" | head -n 1)
}

# Ended by SIGTERM, and nothing left behind (a sanitizer would say so).
stop() {
	kill -TERM "$pid"
	wait "$pid"
	code=$?
	pid=
	[ $code = "${1:-0}" ]
	claim "the server ends with ${1:-0} (did: $code)" $?
}

# run EXAMPLE ARGUMENT...
run() {
	name=$1
	shift
	TLS_BACKEND=$backend timeout 60 "$examples/$name" "$@" >"$tmp/out" \
	    2>"$tmp/err" </dev/null
	code=$?
}

s_client() {
	timeout 60 openssl s_client -connect "127.0.0.1:$port" \
	    -CAfile "$certs/ca.pem" -verify_return_error "$@" >"$tmp/out" \
	    2>"$tmp/err"
}

# s_server prints its port only since it can choose one itself: "ACCEPT".
s_server() {
	server ACCEPT openssl s_server -accept 127.0.0.1:0 \
	    -cert "$certs/rsa.pem" -key "$certs/rsa.key" \
	    -CAfile "$certs/ca.pem" "$@"
}

# A megabyte of lines that differ.
awk 'BEGIN { for (i = 0; i < 40000; i++) print "line " i " of many lines" }' \
    >"$tmp/large"
printf 'secret\n' >"$tmp/password"
printf 'wrong\n' >"$tmp/wrong"
: >"$tmp/out"
: >"$tmp/err"

for backend in $plugins_built; do
	# The client.
	server listening "$TLSPROBE" serve --listen 127.0.0.1:0 \
	    --cert "$certs/rsa.pem" --key "$certs/rsa.key"
	run client 127.0.0.1 "$port"
	[ $code = 0 ] && grep -q 'tlsprobe serve' "$tmp/out"
	claim "client fetches a page of tlsprobe serve" $?
	SSL_CERT_FILE=$certs/stranger.pem run client 127.0.0.1 "$port"
	[ $code = 1 ] && [ ! -s "$tmp/out" ] && grep -q '^client: .*trust' \
	    "$tmp/err"
	claim "client refuses a server of an unknown issuer" $?
	stop
	run client 127.0.0.1 "$port"
	[ $code = 1 ] && grep -qi refused "$tmp/err"
	claim "client says that nobody is there" $?
	s_server -www
	run client 127.0.0.1 "$port"
	[ $code = 0 ] && grep -q 's_server' "$tmp/out"
	claim "client fetches a page of openssl s_server" $?
	stop 143

	# The client with a certificate.
	for key in rsa.key rsa.encrypted.pem; do
		s_server -www -Verify 1 -verify_return_error
		run client-certificate 127.0.0.1 "$port" "$certs/rsa.pem" \
		    "$certs/$key" "$tmp/password"
		[ $code = 0 ] && grep -q 's_server' "$tmp/out"
		claim "client-certificate with $key fetches a page" $?
		stop 143
	done
	server listening "$TLSPROBE" serve --listen 127.0.0.1:0 \
	    --cert "$certs/rsa.pem" --key "$certs/rsa.key" \
	    --client-ca "$certs/ca.pem" --require-client-cert
	run client-certificate 127.0.0.1 "$port" "$certs/rsa.pem" \
	    "$certs/rsa.encrypted.pem" "$tmp/password"
	[ $code = 0 ] && grep -q 'tlsprobe serve' "$tmp/out"
	claim "client-certificate is let in by tlsprobe serve" $?
	run client-certificate 127.0.0.1 "$port" "$certs/expired.pem" \
	    "$certs/expired.key" /nonexistent
	[ $code = 1 ] && [ ! -s "$tmp/out" ] &&
	    grep -qx "the server's alert: certificate_expired" "$tmp/err"
	claim "client-certificate says that its certificate was refused" $?
	run client-certificate 127.0.0.1 "$port" "$certs/rsa.pem" \
	    "$certs/rsa.encrypted.pem" "$tmp/wrong"
	[ $code = 1 ] && grep -qi password "$tmp/err"
	claim "client-certificate says that the password is wrong" $?
	run client 127.0.0.1 "$port"
	[ $code = 1 ]
	claim "client without a certificate is refused" $?
	stop

	# The server on epoll: one client, then five at once, one of which does
	# not read for a while, and one that does not speak TLS.
	server listening "$examples/epoll-server" 0 "$certs/rsa.pem" \
	    "$certs/rsa.key"
	for version in 1.2 1.3; do
		TLS_BACKEND=$backend timeout 60 "$TLSPROBE" connect \
		    "127.0.0.1:$port" --trust "$certs/ca.pem" \
		    --min $version --max $version >"$tmp/out" 2>"$tmp/err"
		claim "epoll-server takes a connection of TLS $version" $?
	done
	clients=
	for i in 1 2 3 4; do
		(cat "$tmp/large"; sleep 1) | timeout 60 openssl s_client \
		    -quiet -no_ign_eof -connect "127.0.0.1:$port" -CAfile \
		    "$certs/ca.pem" >"$tmp/echo$i" 2>/dev/null &
		clients="$clients $!"
	done
	timeout 20 curl -s "http://127.0.0.1:$port/" >/dev/null 2>&1
	wait $clients
	same=0
	for i in 1 2 3 4; do
		cmp "$tmp/large" "$tmp/echo$i" >"$tmp/out" 2>&1 || same=1
	done
	claim "epoll-server sends back what each client sent" $same
	stop
	grep -q '^a client: .*HTTP' "$tmp/server.err"
	claim "epoll-server names the client that asked in HTTP" $?

	# The server of several names.
	server listening "$examples/sni-server" 0 \
	    srv.test "$certs/rsa.pem" "$certs/rsa.key" \
	    other.test "$certs/other.pem" "$certs/other.key"
	for name in srv.test other.test OTHER.test; do
		s_client -servername $name -verify_hostname $name \
		    -ign_eof </dev/null
		grep -qi "This is $name" "$tmp/out" && grep -q \
		    'Verify return code: 0' "$tmp/out"
		claim "sni-server has a certificate for $name" $?
	done
	s_client -servername no.test </dev/null
	grep -qi 'unrecognized name' "$tmp/err"
	claim "sni-server refuses a name that it has not" $?
	s_client -noservername </dev/null
	grep -qi 'unrecognized name' "$tmp/err"
	claim "sni-server refuses a client without a name" $?
	TLS_BACKEND=$backend timeout 60 "$TLSPROBE" connect "127.0.0.1:$port" \
	    --trust "$certs/ca.pem" --hostname other.test >"$tmp/out" \
	    2>"$tmp/err"
	claim "sni-server and tlsprobe understand each other" $?
	run client 127.0.0.1 "$port"
	[ $code = 1 ] && grep -q "the handshake failed" "$tmp/err"
	claim "client, which sends no name for an address, is refused" $?
	stop
done

[ "$(sed -n '/^#include/,$p' "$top_srcdir/docs/examples/client.c" |
    wc -l)" -le 40 ]
claim "client is written in 40 lines" $?
if [ -w /dev/full ]; then
	backend=${plugins_built##* }
	s_server -www
	TLS_BACKEND=$backend timeout 60 "$examples/client" 127.0.0.1 "$port" \
	    >/dev/full 2>"$tmp/err" </dev/null
	[ $? = 1 ] && grep -qx 'client: the page cannot be written' "$tmp/err"
	claim "client notices that its output cannot be written" $?
	stop 143
fi

# Bad arguments and files are told, by those that take some.
for example in client client-certificate epoll-server sni-server; do
	run $example
	[ $code -ne 0 ] && grep -qi usage "$tmp/err"
	claim "$example tells its usage" $?
done
run epoll-server 0 /nonexistent "$certs/rsa.key"
[ $code = 1 ] && grep -q nonexistent "$tmp/err"
claim "epoll-server names a file that is not there" $?
run sni-server 0 srv.test "$certs/rsa.pem" "$certs/ecdsa.key"
[ $code = 1 ] && grep -qi key "$tmp/err"
claim "sni-server says that a key does not fit" $?

echo "$passed passed, $failed failed"
[ $failed = 0 ]

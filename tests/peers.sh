#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Each backend beside other people's programs: as a client of nginx, openssl
# s_server, gnutls-serv and NSS's selfserv, as a server of curl, openssl
# s_client, gnutls-cli and NSS's tstclnt.  TLS 1.2 and 1.3, RSA and ECDSA, ALPN,
# certificates of clients.  A program that is not here is skipped, and said so.
#
# Servers are started on free ports and stopped by their process id.  All are
# on 127.0.0.1, apart from gnutls-serv and selfserv, which know no address.
set -u
[ -n "${plugins_built:-}" ] || exit 77
# Under a sanitizer the claims are enough: TSan cannot start a child of each tool.
[ -z "${CHECK_QUICK:-}" ] || exit 77
sh "$top_srcdir/tests/certs/make-certs.sh" "$TLSHOST_TEST_CERTS" || exit 99
certs=$TLSHOST_TEST_CERTS
TLSHOST_PLUGIN_PATH=$TLSHOST_TEST_BACKENDS
export TLSHOST_PLUGIN_PATH
export LC_ALL=C
PATH=$PATH:/usr/sbin:/sbin:/usr/lib/nss/unsupported-tools
tmp=$(mktemp -d)
pid=
claims=0
failed=0
clean_up() {
	[ -z "$pid" ] || kill "$pid" 2>/dev/null
	rm -rf "$tmp"
}
trap clean_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# claim TEXT RESULT: a line; and if it is not so, all that was said.
claim() {
	claims=$((claims + 1))
	if [ "$2" = 0 ]; then
		echo "ok       $1"
		return
	fi
	failed=$((failed + 1))
	echo "not so   $1"
	for file in out err server; do
		sed "s/^/    $file: /" "$tmp/$file"
	done
}

have() {
	command -v "$1" >/dev/null && return 0
	echo "skipped  $1 is not installed"
	return 1
}

# ---------------------------------------------------------------- servers

# listens PID PORT: that process, not another one.
listens() {
	for inode in $(cat /proc/net/tcp /proc/net/tcp6 2>/dev/null |
	    awk -v port="$(printf ':%04X$' "$2")" \
	    '$2 ~ port && $4 == "0A" { print $10 }'); do
		find "/proc/$1/fd" -lname "socket:\[$inode\]" 2>/dev/null |
		    grep -q . && return 0
	done
	return 1
}

# run_server: start_PROGRAM with a port, another one if it is not free.
run_server() {
	for attempt in 1 2 3 4 5 6 7 8; do
		port=$((20000 + $(od -An -N2 -tu2 /dev/urandom) % 12000))
		: >"$tmp/server"
		"start_$1" >>"$tmp/server" 2>&1 </dev/null &
		pid=$!
		tries=0
		while [ $tries -lt 100 ] && kill -0 $pid 2>/dev/null; do
			listens $pid $port && return 0
			tries=$((tries + 1))
			sleep 0.1
		done
		stop_server
	done
	: >"$tmp/out"
	: >"$tmp/err"
	claim "$1 starts (tried $attempt times)" 1
	return 1
}

stop_server() {
	kill "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
	pid=
}

# With $port, $kind (rsa, ecdsa) and $auth (none, required).  Each function is
# a process, and becomes the program.

start_nginx() {
	verify=
	[ $auth = none ] || verify="ssl_verify_client on;
		ssl_client_certificate $certs/ca.pem;"
	cat >"$tmp/nginx.conf" <<-END
	daemon off;
	master_process off;
	pid $tmp/nginx.pid;
	error_log stderr;
	events { }
	http {
		access_log off;
		client_body_temp_path $tmp/body;
		proxy_temp_path $tmp/proxy;
		fastcgi_temp_path $tmp/fastcgi;
		uwsgi_temp_path $tmp/uwsgi;
		scgi_temp_path $tmp/scgi;
		ssl_protocols TLSv1.2 TLSv1.3;
		server {
			listen 127.0.0.1:$port ssl;
			ssl_certificate $certs/$kind.pem;
			ssl_certificate_key $certs/$kind.key;
			$verify
			location / { return 200 "client: \$ssl_client_verify\n"; }
		}
	}
	END
	exec nginx -e stderr -c "$tmp/nginx.conf" -p "$tmp"
}

start_s_server() {
	set -- -accept "127.0.0.1:$port" -cert "$certs/$kind.pem" \
	    -key "$certs/$kind.key" -alpn http/1.1 -www
	[ $auth = none ] || set -- "$@" -CAfile "$certs/ca.pem" -Verify 3 \
	    -verify_return_error
	exec openssl s_server "$@"
}

start_gnutls_serv() {
	set -- --port "$port" --x509certfile "$certs/$kind.pem" \
	    --x509keyfile "$certs/$kind.key" --alpn http/1.1 --http
	if [ $auth = none ]; then
		set -- "$@" --disable-client-cert
	else
		set -- "$@" --x509cafile "$certs/ca.pem" \
		    --require-client-cert --verify-client-cert
	fi
	exec gnutls-serv "$@"
}

start_selfserv() {
	set -- -d "sql:$tmp/nss" -p "$port" -Q -v -V tls1.2:tls1.3
	case $kind in
	rsa) set -- "$@" -n rsa ;;
	ecdsa) set -- "$@" -e ecdsa ;;
	esac
	[ $auth = none ] || set -- "$@" -r -r
	exec selfserv "$@"
}

# Two, as tstclnt sends what certificate it has if it is asked for one.
make_nss_databases() {
	for one in nss nss-alone; do
		mkdir "$tmp/$one" && certutil -N -d "sql:$tmp/$one" \
		    --empty-password && certutil -A -d "sql:$tmp/$one" -n ca \
		    -t CT,C,C -i "$certs/ca.pem" || return 1
	done
	for one in rsa ecdsa; do
		openssl pkcs12 -export -in "$certs/$one.pem" -inkey \
		    "$certs/$one.key" -name $one -passout pass:secret \
		    -out "$tmp/$one.p12" && pk12util -i "$tmp/$one.p12" \
		    -d "sql:$tmp/nss" -W secret || return 1
	done
}

# ------------------------------------------------- backends that are clients

# probe VERSION ARGUMENT...: a page, in $tmp/out, and the report.
probe() {
	version=$1
	shift
	timeout 30 "$TLSPROBE" connect "127.0.0.1:$port" --hostname srv.test \
	    --min "$version" --max "$version" --alpn h2,http/1.1 \
	    --backend "$backend" --send "$tmp/request" "$@" \
	    >"$tmp/out" 2>"$tmp/err" </dev/null
}

connect_as_client() {
	about="$backend to $1, TLS $version, $kind"
	if [ $auth = none ]; then
		probe "$version" --trust "$certs/ca.pem" &&
		    grep -q 'verdict: trusted' "$tmp/err" &&
		    grep -q "^  TLSv$version .*ALPN http/1.1" "$tmp/err" &&
		    grep -q '^HTTP/1.* 200' "$tmp/out"
		claim "$about: trusted, http/1.1, a page" $?
		probe "$version" --trust "$certs/stranger.pem"
		[ $? = 1 ] && grep -q unknown-issuer "$tmp/err"
		claim "$about: not trusted without its CA" $?
		return
	fi
	for own in rsa ecdsa; do
		probe "$version" --trust "$certs/ca.pem" \
		    --cert "$certs/$own.pem" --key "$certs/$own.key" &&
		    grep -q "^  TLSv$version .*ALPN http/1.1" "$tmp/err" &&
		    grep -q '^HTTP/1.* 200' "$tmp/out"
		claim "$about: a page for a client with $own" $?
	done
	probe "$version" --trust "$certs/ca.pem"
	[ $? -lt 124 ] && ! grep -q '^HTTP/1.* 200' "$tmp/out"
	claim "$about: no page for a client without certificate" $?
}

try_servers() {
	for kind in rsa ecdsa; do
		for auth in none required; do
			run_server "$1" || continue
			for backend in $plugins_built; do
				for version in 1.2 1.3; do
					connect_as_client "$1"
				done
			done
			stop_server
		done
	done
}

# ------------------------------------------------- backends that are servers

start_backend() {
	set -- serve --listen 127.0.0.1:0 --cert "$certs/$kind.pem" \
	    --key "$certs/$kind.key" --alpn http/1.1 --log json \
	    --backend "$backend"
	[ $auth = none ] || set -- "$@" --client-ca "$certs/ca.pem" \
	    --require-client-cert
	: >"$tmp/server"
	"$TLSPROBE" "$@" >>"$tmp/server" 2>&1 </dev/null &
	pid=$!
	tries=0
	until grep -q '^listening ' "$tmp/server"; do
		tries=$((tries + 1))
		if [ $tries = 100 ]; then
			: >"$tmp/out"
			: >"$tmp/err"
			claim "$backend serves" 1
			stop_server
			return 1
		fi
		sleep 0.1
	done
	port=$(sed -n 's/^listening //p' "$tmp/server")
}

# Each fetches a page, as srv.test, with the certificate $own if it is not "".

fetch_curl() {
	set -- --cacert "$certs/ca.pem" --tlsv$version --tls-max $version
	[ -z "$own" ] || set -- "$@" --cert "$certs/$own.pem" \
	    --key "$certs/$own.key"
	timeout 30 curl -sS "$@" --http1.1 --noproxy '*' \
	    --resolve "srv.test:$port:127.0.0.1" "https://srv.test:$port/"
}

fetch_s_client() {
	set -- -CAfile "$certs/ca.pem" "-tls1_${version#1.}"
	[ -z "$own" ] || set -- "$@" -cert "$certs/$own.pem" \
	    -key "$certs/$own.key"
	timeout 30 openssl s_client "$@" -connect "127.0.0.1:$port" -quiet \
	    -servername srv.test -verify_hostname srv.test \
	    -verify_return_error -alpn http/1.1 <"$tmp/request"
}

# It leaves when its input ends: that is when the page is there.
request_until_answered() {
	cat "$tmp/request"
	tries=0
	until grep -q 'tlsprobe serve' "$tmp/out" || [ $tries = 50 ] ||
	    grep -q '"closed"' "$tmp/server"; do
		tries=$((tries + 1))
		sleep 0.1
	done
}

fetch_gnutls_cli() {
	set -- --x509cafile "$certs/ca.pem" --alpn http/1.1 \
	    --priority "NORMAL:-VERS-ALL:+VERS-TLS$version"
	[ -z "$own" ] || set -- "$@" --x509certfile "$certs/$own.pem" \
	    --x509keyfile "$certs/$own.key"
	request_until_answered | timeout 30 gnutls-cli "$@" --port "$port" \
	    --sni-hostname srv.test --verify-hostname srv.test 127.0.0.1
}

fetch_tstclnt() {
	if [ -n "$own" ]; then
		set -- -d "sql:$tmp/nss" -n "$own"
	else
		set -- -d "sql:$tmp/nss-alone"
	fi
	set -- "$@" -V "tls$version:tls$version" -a srv.test
	timeout 30 tstclnt "$@" -h 127.0.0.1 -p "$port" -A "$tmp/request"
}

# The lines of the log since the last call.
new_lines() {
	tries=0
	until [ "$(grep -c '"closed":' "$tmp/server")" -gt "$logged" ] ||
	    [ $tries = 50 ]; do
		tries=$((tries + 1))
		sleep 0.1
	done
	grep '"closed":' "$tmp/server" | tail -n "+$((logged + 1))"
	logged=$(grep -c '"closed":' "$tmp/server")
}

fetch_as_peer() {
	about="$backend for $1, TLS $version, $kind"
	alpn='"http/1.1"'
	# It has no option for it.
	[ "$1" != tstclnt ] || alpn=null
	if [ $auth = none ]; then
		owns=none
	else
		owns='none rsa ecdsa'
	fi
	for own in $owns; do
		told="a page for a client with $own"
		[ $own != none ] || own=
		: >"$tmp/out"
		"fetch_$1" >"$tmp/out" 2>"$tmp/err"
		code=$?
		new_lines >"$tmp/lines"
		if [ -z "$own" ] && [ $auth = required ]; then
			! grep -q 'tlsprobe serve' "$tmp/out" &&
			    grep -q '"error":"' "$tmp/lines"
			claim "$about: no page without certificate" $?
			continue
		fi
		[ -n "$own" ] || told="a page"
		[ $code = 0 ] && grep -q 'tlsprobe serve' "$tmp/out" &&
		    grep -q "\"version\":\"TLSv$version\"" "$tmp/lines" &&
		    grep -q "\"alpn\":$alpn,\"sni\":\"srv.test\"" "$tmp/lines"
		claim "$about: $told, ALPN $alpn" $?
	done
}

try_clients() {
	for kind in rsa ecdsa; do
		for auth in none required; do
			start_backend || continue
			logged=0
			for version in 1.2 1.3; do
				for peer in $peers; do
					fetch_as_peer "$peer"
				done
			done
			stop_server
		done
	done
}

# ---------------------------------------------------------------- all of it

printf 'GET / HTTP/1.0\r\nHost: srv.test\r\n\r\n' >"$tmp/request"
: >"$tmp/server"
nss=no
if have certutil && have pk12util && have openssl; then
	make_nss_databases >"$tmp/out" 2>"$tmp/err"
	made=$?
	claim "databases for NSS's programs are made" $made
	[ $made != 0 ] || nss=yes
fi

! have nginx || try_servers nginx
! have openssl || try_servers s_server
! have gnutls-serv || try_servers gnutls_serv
! have selfserv || [ $nss = no ] || try_servers selfserv

peers=
! have curl || peers="$peers curl"
! have openssl || peers="$peers s_client"
! have gnutls-cli || peers="$peers gnutls_cli"
! have tstclnt || [ $nss = no ] || peers="$peers tstclnt"
for backend in $plugins_built; do
	try_clients
done

echo "$claims claims, $failed failed"
[ "$claims" != 0 ] || exit 77
[ "$failed" = 0 ]

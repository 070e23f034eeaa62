#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The demonstration of ./bootstrap demo: the backends that were built, and real
# connections with other people's programs, all on loopback.  Runs in the build
# folder, needs no root, leaves nothing behind.  Exit 0: everything went as
# it is said.
set -u
builddir=$(pwd)
tlsprobe=$builddir/tlsprobe/tlsprobe
[ -x "$tlsprobe" ] || {
	echo "demo: run this in the build folder, after make" >&2
	exit 1
}
PATH=$PATH:/usr/sbin:/sbin
srcdir=$(cd "$(dirname "$0")/.." && pwd)
plugins= names=
for dir in "$builddir"/plugins/*/.libs; do
	for plugin in "$dir"/*.so; do
		[ -f "$plugin" ] || continue
		plugins=${plugins:+$plugins:}$dir
		names="$names $(basename "$plugin" .so)"
	done
done
TLSHOST_PLUGIN_PATH=$plugins
export TLSHOST_PLUGIN_PATH
unset TLS_BACKEND SSL_CERT_FILE SSL_CERT_DIR

tmp=$(mktemp -d)
pids=
failures=0
clean_up() {
	for pid in $pids; do
		kill "$pid" 2>/dev/null
	done
	wait
	rm -rf "$tmp"
}
trap clean_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
cd "$tmp" || exit 1

headline() { printf '\n== %s\n' "$*"; }

# expect CODE WORD COMMAND...: shows the command and what it says, and holds
# its exit code and one word of its output against what was to come.
expect() {
	wanted=$1 word=$2
	shift 2
	printf '\n$'
	for word_of_command; do
		printf ' %s' "${word_of_command##"$builddir"/tlsprobe/}"
	done
	printf '\n'
	timeout 30 "$@" >out 2>&1 </dev/null
	code=$?
	sed "s|$builddir/|./|g; s/^/  /" out
	if [ $code != "$wanted" ]; then
		echo "  ^^ exit code $code, but $wanted was expected"
		failures=$((failures + 1))
	elif ! grep -q -e "$word" out; then
		echo "  ^^ \"$word\" was expected in this"
		failures=$((failures + 1))
	else
		echo "  (exit code $code, as it should be)"
	fi
}

# ---------------------------------------------------------------- a test CA

# make_ca NAME
make_ca() {
	openssl req -x509 -newkey rsa:2048 -nodes -days 30 \
	    -subj "/CN=tlshost demo $1" -keyout "$1.key" -out "$1.pem" \
	    -addext basicConstraints=critical,CA:TRUE \
	    -addext keyUsage=critical,keyCertSign,cRLSign 2>/dev/null
}

# make_leaf NAME CA START END: dates as openssl ca has them.
make_leaf() {
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -subj "/CN=localhost" -keyout "$1.key" -out "$1.csr" 2>/dev/null
	: >index.txt
	cat >ca.cnf <<-END
	[ca]
	default_ca = demo
	[demo]
	database = index.txt
	new_certs_dir = .
	rand_serial = yes
	unique_subject = no
	default_md = sha256
	policy = policy
	x509_extensions = leaf
	[policy]
	commonName = supplied
	[leaf]
	basicConstraints = critical,CA:FALSE
	keyUsage = critical,digitalSignature
	extendedKeyUsage = serverAuth
	subjectAltName = DNS:localhost,IP:127.0.0.1
	END
	openssl ca -batch -config ca.cnf -cert "$2.pem" -keyfile "$2.key" \
	    -in "$1.csr" -out "$1.pem" -notext -startdate "$3" -enddate "$4" \
	    2>/dev/null
}

# A free port of loopback: taken by nobody who listens now.
free_port() {
	port=$((20000 + $$ % 20000))
	while :; do
		port=$((port + 1))
		grep -qi "0100007F:$(printf %04X $port) \|00000000:$(printf %04X $port) " \
		    /proc/net/tcp || break
	done
	echo $port
}

# wait_for FILE-WITH-PORT-LINE or port: until something listens there.
wait_for_port() {
	tries=0
	hex=$(printf %04X "$1")
	until grep -q ":$hex 00000000:0000 0A" /proc/net/tcp /proc/net/tcp6; do
		tries=$((tries + 1))
		[ $tries -lt 100 ] || {
			echo "nobody listens at port $1"
			exit 1
		}
		sleep 0.1
	done
}

headline "A test CA, a certificate for localhost, and an expired one"
year=$(date +%y)
make_ca ca
make_ca other
make_leaf server ca "${year}0101000000Z" "$((year + 2))0101000000Z"
make_leaf expired ca 200101000000Z 210101000000Z
cat server.pem ca.pem >chain.pem
cat expired.pem ca.pem >expired-chain.pem
for file in server.pem expired.pem; do
	openssl x509 -in $file -noout -subject -issuer -enddate | sed 's/^/  /'
	[ -s $file ] || exit 1
done

headline "The backends there are"
expect 0 openssl "$tlsprobe" --list-backends

# ---------------------------------------------------------------- clients

headline "nginx, with that certificate"
good=$(free_port)
cat >nginx.conf <<END
daemon off;
master_process off;
pid $tmp/nginx.pid;
error_log $tmp/nginx.log;
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
		listen 127.0.0.1:$good ssl http2;
		ssl_certificate $tmp/chain.pem;
		ssl_certificate_key $tmp/server.key;
		location / { return 200 "hello from nginx\n"; }
	}
	server {
		listen 127.0.0.1:$((good + 1)) ssl http2;
		ssl_certificate $tmp/expired-chain.pem;
		ssl_certificate_key $tmp/expired.key;
		location / { return 200 "hello from nginx\n"; }
	}
}
END
nginx -e "$tmp/nginx.log" -c "$tmp/nginx.conf" -p "$tmp" &
pids="$pids $!"
wait_for_port "$good"
wait_for_port $((good + 1))

for name in $names; do
	expect 0 1.3 "$tlsprobe" connect localhost:$good --trust ca.pem \
	    --alpn h2,http/1.1 --backend "$name"
	expect 0 1.2 "$tlsprobe" connect localhost:$good --trust ca.pem \
	    --max 1.2 --backend "$name"
done

headline "One program, the README's, and TLS_BACKEND"
sed -n '/^    #include <stdio.h>/,/^    }/s/^    //p' "$srcdir/README" >reach.c
${CC:-cc} -I"$srcdir/lib/include" -I"$builddir/lib/include" reach.c \
    -L"$builddir/lib/.libs" -ltlshost -o reach || exit 1
SSL_CERT_FILE=$tmp/ca.pem LD_LIBRARY_PATH=$builddir/lib/.libs
export SSL_CERT_FILE LD_LIBRARY_PATH
for name in $names; do
	expect 0 'TLSv1.3 by' env "TLS_BACKEND=$name" ./reach localhost $good
done
unset SSL_CERT_FILE LD_LIBRARY_PATH

headline "The same server, and three reasons not to talk to it"
expect 1 name-mismatch "$tlsprobe" connect localhost:$good --trust ca.pem \
    --hostname www.example.com
expect 1 expired "$tlsprobe" connect localhost:$((good + 1)) --trust ca.pem
expect 1 unknown-issuer "$tlsprobe" connect localhost:$good --trust other.pem

headline "openssl s_server"
port=$(free_port)
while [ "$port" = "$good" ] || [ "$port" = $((good + 1)) ]; do
	port=$((port + 2))
done
openssl s_server -accept "127.0.0.1:$port" -cert server.pem -key server.key \
    -alpn http/1.1 -www -quiet >s_server.log 2>&1 </dev/null &
pids="$pids $!"
wait_for_port "$port"
expect 0 http/1.1 "$tlsprobe" connect 127.0.0.1:"$port" --trust ca.pem --alpn http/1.1

headline "A backend that is not there: the choice is honoured or it is an error"
expect 5 nosuch env TLS_BACKEND=nosuch "$tlsprobe" connect localhost:$good \
    --trust ca.pem

# ---------------------------------------------------------------- servers

headline "tlsprobe serve, and other people's clients"
"$tlsprobe" serve --listen 127.0.0.1:0 --cert chain.pem --key server.key \
    --alpn http/1.1 >serve.out 2>serve.err </dev/null &
pids="$pids $!"
tries=0
until grep -q '^listening ' serve.out; do
	tries=$((tries + 1))
	[ $tries -lt 100 ] || {
		cat serve.err
		exit 1
	}
	sleep 0.1
done
port=$(sed -n 's/^listening //p' serve.out)
expect 0 . curl -sS --cacert ca.pem "https://localhost:$port/"
printf 'GET / HTTP/1.0\r\n\r\n' >request
expect 0 'HTTP/1' sh -c "{ cat request; sleep 1; } |
    gnutls-cli --x509cafile=ca.pem --port=$port localhost"
expect 0 'Verification: OK' sh -c "{ cat request; sleep 1; } |
    openssl s_client -brief -CAfile ca.pem -verify_return_error \\
    -connect localhost:$port"

# ---------------------------------------------------------------- the end

if [ $failures = 0 ]; then
	headline "All of it went as it should"
else
	headline "$failures of the steps above went otherwise"
fi
[ $failures = 0 ]

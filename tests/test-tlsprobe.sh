#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The tool: exit codes, one JSON document whatever happens, and peers that
# misbehave.  Servers are on 127.0.0.1 and are stopped by their process id.
set -u
[ -n "${plugins_built:-}" ] || exit 77
sh "$top_srcdir/tests/certs/make-certs.sh" "$TLSHOST_TEST_CERTS" || exit 99
certs=$TLSHOST_TEST_CERTS
TLSHOST_PLUGIN_PATH=$TLSHOST_TEST_BACKENDS
export TLSHOST_PLUGIN_PATH
tmp=$(mktemp -d)
pid=
peer=
passed=0
failed=0
clean_up() {
	[ -z "$pid" ] || kill "$pid" 2>/dev/null
	[ -z "$peer" ] || kill "$peer" 2>/dev/null
	rm -rf "$tmp"
}
trap clean_up EXIT

claim() {
	if [ "$2" = 0 ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "not so: $1"
		sed 's/^/    /' "$tmp/out" "$tmp/err"
	fi
}

# expect CODE WORD ARGUMENT...: exit code, and a word in what it says.
expect() {
	wanted=$1 word=$2
	shift 2
	timeout 60 "$TLSPROBE" "$@" >"$tmp/out" 2>"$tmp/err" </dev/null
	code=$?
	grep '^{' "$tmp/out" >>"$tmp/documents"
	[ $code = "$wanted" ] && cat "$tmp/out" "$tmp/err" |
	    grep -q -e "$word"
	claim "$* exits with $wanted (did: $code) and says \"$word\"" $?
}

# The same with --json: one line, an object with that exit code.
expect_json() {
	wanted=$1 word=$2
	shift 2
	expect "$wanted" "$word" "$@" --json
	[ "$(wc -l <"$tmp/out")" = 1 ] &&
	    grep -q '^{"schema":"tlsprobe/1",.*"exit":'"$wanted"'}$' "$tmp/out"
	claim "$* --json is one document with exit $wanted" $?
}

# ... whose output is in $tmp/log, or in $tmp/$1.
wait_for_server() {
	tries=0
	until grep -q listening "$tmp/${1:-log}" || [ $tries = 100 ]; do
		tries=$((tries + 1))
		sleep 0.1
	done
	port=$(sed -n 's/^listening //p' "$tmp/${1:-log}")
}

serve() {
	: >"$tmp/log"
	"$TLSPROBE" serve --listen 127.0.0.1:0 --cert "$certs/$1.pem" \
	    --key "$certs/$1.key" --log json "--backend=$2" >"$tmp/log" &
	pid=$!
	wait_for_server
}

stop() {
	kill -TERM "$pid"
	wait "$pid"
	code=$?
	grep '^{' "$tmp/log" >>"$tmp/documents"
	[ $code = 0 ]
	claim "a server ends cleanly at SIGTERM" $?
	pid=
}

first=${plugins_built%% *}

# What nobody could read was not done; and a missing descriptor is not that of
# the connection.
nowhere() {
	wanted=$1
	shift
	: >"$tmp/out"
	timeout 60 "$TLSPROBE" "$@" >&- 2>"$tmp/err" </dev/null
	code=$?
	[ $code = "$wanted" ]
	claim "$* without standard output exits with $wanted (did: $code)" $?
	[ -e /dev/full ] || return 0
	timeout 60 "$TLSPROBE" "$@" >/dev/full 2>"$tmp/err" </dev/null
	code=$?
	[ $code = "$wanted" ]
	claim "$* to a full device exits with $wanted (did: $code)" $?
}
for command in --list-backends 'backends --json' ciphers --help --version \
    '--words suites' --json "verify --chain $certs/rsa.pem --ip ::1"; do
	# shellcheck disable=SC2086 # words
	nowhere 6 $command
done
nowhere 3 connect 127.0.0.1:1
nowhere 6 connect 127.0.0.1:1 --json
nowhere 6 serve --listen 127.0.0.1:0 --cert "$certs/rsa.pem" \
    --key "$certs/rsa.key"
timeout 60 "$TLSPROBE" backends <&- >"$tmp/out" 2>&-
claim "without standard input and error there is a list" $?

expect 0 "$first" --list-backends
expect_json 0 '"status":"default"' backends
expect 0 "$first" backends --no-load
# Manifests are read without a TLS library in the process.
if strace -f -e trace=openat -o "$tmp/trace" true 2>/dev/null; then
	strace -f -e trace=openat -o "$tmp/trace" "$TLSPROBE" --list-backends \
	    --no-load >"$tmp/out" 2>"$tmp/err"
	grep -q libjansson "$tmp/trace" &&
	    ! grep -qE 'libssl|libcrypto|libgnutls|libnss3' "$tmp/trace"
	claim "--no-load opens no TLS library" $?
fi
TLS_BACKEND=nosuch expect 5 nosuch --list-backends
TLS_BACKEND=nosuch expect_json 5 'nosuch.*found.*looked in' connect 127.0.0.1:1
# Of several names the first that works, as programs have it.
mkdir "$tmp/two"
cp "$TLSHOST_TEST_PLUGINS/bad-init.so" \
    "$top_builddir/plugins/$first/.libs/$first.so" "$tmp/two"
TLS_BACKEND=init,$first TLSHOST_PLUGIN_PATH=$tmp/two expect 0 \
    "^$first .* default " --list-backends
TLS_BACKEND=init,nosuch TLSHOST_PLUGIN_PATH=$tmp/two expect 5 'cannot be used' \
    --list-backends
TLSHOST_PLUGIN_PATH=/nonexistent expect 5 '0 usable' --list-backends
# The manual names every command that takes an option.
"$TLSPROBE" --mdoc >"$tmp/out" 2>"$tmp/err"
grep -A1 -e 'Fl -key Ar' "$tmp/out" |
    grep -qxF '(connect, compare, serve, verify)'
claim "--mdoc names all commands of --key" $?

# A wrong search path is told as that, not as a fault of each plugin.
TLSHOST_PLUGIN_PATH=$TLSHOST_TEST_BACKENDS:relative \
    expect_json 5 '"reason":null,"text":"TLSHOST_PLUGIN_PATH: ' backends
TLSHOST_PLUGIN_PATH=$TLSHOST_TEST_BACKENDS:relative \
    expect 5 '^tlsprobe: TLSHOST_PLUGIN_PATH: .*not an absolute' backends

# Backends that take their process down, or never start, beside good ones.
mkdir "$tmp/crash" "$tmp/hang"
cp "$TLSHOST_TEST_PLUGINS/bad-crash.so" "$tmp/crash"
cp "$TLSHOST_TEST_PLUGINS/bad-hang.so" "$tmp/hang"
with_crash=$TLSHOST_TEST_BACKENDS:$tmp/crash
with_hang=$TLSHOST_TEST_BACKENDS:$tmp/hang
TLSHOST_PLUGIN_PATH=$with_crash \
    expect 0 'load-failed: its process was ended by signal 6' backends
TLSHOST_PLUGIN_PATH=$with_hang \
    expect_json 0 '"text":"its process took longer than 10 s' backends
TLSHOST_PLUGIN_PATH=$with_crash expect 0 'crash ?$' ciphers 0x1301
TLSHOST_PLUGIN_PATH=$with_crash \
    expect_json 0 '"'"$first"'":true.*"crash":null.*crash: its process' \
    ciphers 0x1301
TLSHOST_PLUGIN_PATH=$with_crash expect 5 'signal 6' ciphers --backend crash
expect_json 5 nosuch ciphers 0x1301 --backend nosuch

expect_json 2 target compare
expect_json 2 version compare localhost:1 --min 9
expect_json 2 'not a target' compare '[x'
expect 2 'no option of compare' compare localhost:1 --send /dev/null
expect_json 3 refused compare 127.0.0.1:1
expect_json 6 nonexistent compare 127.0.0.1:1 --trust /nonexistent
expect_json 5 'no backend' compare 127.0.0.1:1 --backend nosuch
TLS_BACKEND=nosuch expect_json 5 nosuch compare 127.0.0.1:1
TLSHOST_PLUGIN_PATH=/nonexistent expect_json 5 usable compare 127.0.0.1:1
expect 2 Examples
expect_json 2 command
expect 2 'did you mean connect' conect
expect 2 'did you mean --insecure' connect x:1 --insecur
expect 2 'no option of backends' backends --min 1.2
expect_json 2 'no argument: extra' backends extra
for port in 99999 65536 0 -1 +1 '' //x '1 '; do
	expect_json 2 'not a target' connect "127.0.0.1:$port"
	expect_json 2 'not ADDR:PORT' serve --listen "127.0.0.1:${port%0}x" \
	    --cert "$certs/rsa.pem" --key "$certs/rsa.key"
done
expect_json 2 'port nosuch: no number' connect 127.0.0.1:nosuch
for listen in 127.0.0.1 127.0.0.1: :0 127.0.0.1:65536; do
	expect_json 2 'not ADDR:PORT' serve --listen "$listen" \
	    --cert "$certs/rsa.pem" --key "$certs/rsa.key"
done
expect_json 2 version connect localhost:1 --min 9
expect_json 2 suite connect localhost:1 --ciphers NO_SUCH
expect 0 Usage --help
expect 0 -- '--hostname' connect --help
expect 0 tlsprobe --version
expect_json 3 refused connect 127.0.0.1:1
expect_json 6 nonexistent connect 127.0.0.1:1 --trust /nonexistent
expect 0 'openssl AES256-SHA' ciphers AES256-SHA
expect_json 0 '"0x1301"' ciphers 0x1301
expect 2 'no such' ciphers nothing
expect_json 2 'no such' ciphers nothing
expect_json 0 '"0x1301"' ciphers
expect_json 6 nonexistent serve --listen 127.0.0.1:0 --cert /nonexistent \
    --key /nonexistent
expect 0 '"verdict":"accept"' verify --trust "$certs/ca.pem" \
    --chain "$certs/deep.pem" --hostname srv.test
expect 1 '"unknown-issuer"' verify --trust "$certs/ca.pem" \
    --chain "$certs/deep-alone.pem" --hostname srv.test
expect 0 '"verdict":"accept"' verify --trust "$certs/ca.pem" \
    --chain "$certs/rsa.pem" --ip 127.0.0.1 --key "$certs/rsa.key"
expect 6 '"verdict":"error"' verify --trust "$certs/ca.pem" \
    --chain "$certs/rsa.pem" --hostname srv.test --key "$certs/ecdsa.key"
expect 6 '"detail":"/nonexistent: No such file' verify --key /nonexistent \
    --chain "$certs/rsa.pem" --hostname srv.test
expect 2 'one of --hostname and --ip' verify --chain "$certs/rsa.pem" \
    --hostname srv.test --ip 127.0.0.1
expect 2 'not an address' verify --chain "$certs/rsa.pem" --ip srv.test
expect 2 'one chain' verify --chain "$certs/rsa.pem" --hostname srv.test \
    --key "$certs/rsa.key" --key "$certs/rsa.key"
for key in '' "--key=$certs/rsa.key"; do
	# shellcheck disable=SC2086 # a word, or none
	expect 1 '"name-mismatch"' verify --trust "$certs/ca.pem" \
	    --chain "$certs/rsa.pem" --hostname no..test $key
done
expect 6 '"verdict":"error"' verify --trust /nonexistent \
    --chain "$certs/rsa.pem" --hostname srv.test

serve rsa "$first"
expect 0 'They agree\|one backend' compare "127.0.0.1:$port" \
    --trust "$certs/ca.pem" --strict
expect_json 0 '"differences":\[\]' compare "127.0.0.1:$port" \
    --trust "$certs/ca.pem"
for backend in $plugins_built; do
	grep -q '"backend":{"name":"'"$backend"'",' "$tmp/out"
	claim "compare has a row of $backend" $?
done
expect 0 'There is one backend' compare "127.0.0.1:$port" \
    --trust "$certs/ca.pem" --backend "$first,$first" --strict
expect_json 1 name-mismatch compare "127.0.0.1:$port" \
    --trust "$certs/ca.pem" --hostname no.test
expect 0 '^verdict *not trusted' compare "127.0.0.1:$port" \
    --insecure --trust "$certs/ca.pem" --hostname no.test
case " $plugins_built " in
*" openssl gnutls "* | *" gnutls openssl "*)
	# The administrator of this machine does not want TLS 1.3.
	printf '[overrides]\ndisabled-version = tls1.3\n' >"$tmp/priority"
	GNUTLS_SYSTEM_PRIORITY_FILE=$tmp/priority \
	    expect 0 '\[!\] version' compare "127.0.0.1:$port" \
	    --trust "$certs/ca.pem"
	GNUTLS_SYSTEM_PRIORITY_FILE=$tmp/priority expect_json 1 \
	    '"point":"version","matters":true.*"gnutls":"TLSv1.2"' \
	    compare "127.0.0.1:$port" --trust "$certs/ca.pem" --strict
	;;
esac
TLSHOST_PLUGIN_PATH=$with_crash expect 5 '^verdict *trusted .*crashed' \
    compare "127.0.0.1:$port" --trust "$certs/ca.pem"
TLSHOST_PLUGIN_PATH=$with_hang expect_json 5 \
    '"text":"its process took longer than 3 s.*"process":"timeout"' compare \
    "127.0.0.1:$port" --trust "$certs/ca.pem" --timeout 1
TLSHOST_PLUGIN_PATH=$with_hang expect 5 'verdict: what one accepts' compare \
    "127.0.0.1:$port" --trust "$certs/ca.pem" --timeout 1
expect_json 5 '"differences":\[{"point":"verdict"' compare \
    "127.0.0.1:$port" --trust "$certs/ca.pem" \
    --backend "$(printf '\377'),$first"
# Peers that are none.
bad_peer() {
	: >"$tmp/peer"
	"$top_builddir/tests/bad-peer" "$1" >"$tmp/peer" &
	peer=$!
	wait_for_server peer
}
bad_peer_ends() {
	kill "$peer"
	wait "$peer" 2>/dev/null
	peer=
}
good_port=$port
while read -r how text; do
	bad_peer "$how"
	for backend in $plugins_built; do
		expect_json 4 '"stage":"handshake"' connect "127.0.0.1:$port" \
		    --timeout 1 --backend "$backend"
		grep -q -e "\"text\":\"$text" "$tmp/out"
		claim "$backend and a peer that $how: $text" $?
	done
	expect 4 "FAIL\] handshake: $text" connect "127.0.0.1:$port" --timeout 1
	bad_peer_ends
done <<END
silent timed out
drips timed out
garbage the peer does not speak TLS
http the peer answered in HTTP
greeting the peer greeted in plain text
closes the peer closed the connection
resets Connection reset by peer
END
# Interrupted: what is known is said.
bad_peer silent
for command in connect compare; do
	for signal in INT TERM; do
		timeout --foreground -s $signal 1 "$TLSPROBE" $command \
		    "127.0.0.1:$port" --json >"$tmp/out" 2>"$tmp/err"
		cat "$tmp/out" >>"$tmp/documents"
		grep -q '"partial":true.*"text":"interrupted".*"exit":130}$' \
		    "$tmp/out"
		claim "$command ended by SIG$signal tells what it knows" $?
	done
done
timeout --foreground --preserve-status -s INT 1 "$TLSPROBE" connect \
    "127.0.0.1:$port" >"$tmp/out" 2>"$tmp/err"
code=$?
[ $code = 130 ] && grep -q 'handshake: interrupted' "$tmp/out"
claim "an interrupted connect exits with 130 (did: $code)" $?
bad_peer_ends
port=$good_port

# A resolver that says nothing, where we may make a network of our own.
echo 'nameserver 127.0.0.1' >"$tmp/resolv.conf"
in_a_network_with_a_silent_resolver() {
	unshare -rnm sh -c 'mount --bind "$1" /etc/resolv.conf && shift &&
	    exec "$@"' sh "$tmp/resolv.conf" "$top_builddir/tests/bad-peer" \
	    resolver "$@"
}
if in_a_network_with_a_silent_resolver /bin/true 2>/dev/null; then
	# The thread that is left behind holds memory.
	ASAN_OPTIONS="detect_leaks=0${ASAN_OPTIONS:+:$ASAN_OPTIONS}" \
	    in_a_network_with_a_silent_resolver "$TLSPROBE" connect host.test:1 \
	    --timeout 1 --json >"$tmp/out" 2>"$tmp/err"
	code=$?
	[ $code = 3 ] && grep -q 'port 1: the resolver does not answer in time' "$tmp/out"
	claim "a silent resolver has the time there is (exit $code)" $?
	cat "$tmp/out" >>"$tmp/documents"
	# Two addresses, and the first lets nobody in.
	printf '127.0.0.%s srv.test\n' 1 2 >"$tmp/hosts"
	: >"$tmp/inner" >"$tmp/peer"
	unshare -rnm sh -c '
		mount --bind "$1/hosts" /etc/hosts
		"$2/tests/bad-peer" hole >"$1/peer" & hole=$!
		until grep -q listening "$1/peer"; do sleep 0.1; done
		port=$(sed "s/listening //" "$1/peer")
		"$3" serve --listen "127.0.0.2:$port" --cert "$4/rsa.pem" \
		    --key "$4/rsa.key" >"$1/inner" & server=$!
		until grep -q listening "$1/inner"; do sleep 0.1; done
		"$3" connect "srv.test:$port" --trust "$4/ca.pem" --timeout 8
		code=$?
		kill $hole $server
		wait $server
		exit $code' sh "$tmp" "$top_builddir" "$TLSPROBE" "$certs" \
	    >"$tmp/out" 2>"$tmp/err"
	code=$?
	[ $code = 0 ] && grep -q '(127.0.0.2)' "$tmp/out"
	claim "an address that says nothing leaves the next its time ($code)" $?
else
	echo "skipped: no network of our own"
fi

# Processor time of the server; one that polls in vain takes all of it.
spent() {
	sed 's/.*) //' "/proc/$pid/stat" | awk '{ print $12 + $13 }'
}
rests() {
	before=$(spent)
	sleep 1
	after=$(spent)
	[ $((after - before)) -lt 50 ]
	claim "a server $1 rests ($((after - before)) ticks a second)" $?
}

# A server that accepts and says nothing.
kill -STOP "$pid"
expect_json 4 '"status":"TIMEOUT","text":"[^"]*time' connect \
    "127.0.0.1:$port" --timeout 1
expect_json 4 '"status":"TIMEOUT".*"exit":4,"process":"answered"' compare \
    "127.0.0.1:$port" --timeout 1
kill -CONT "$pid"
stop

for backend in $plugins_built; do
	serve rsa "$backend"
	expect 0 'verdict: trusted' connect "127.0.0.1:$port" \
	    --trust "$certs/ca.pem" --backend "$backend"
	expect_json 0 '"ok":true' connect "127.0.0.1:$port" \
	    --trust "$certs/ca.pem" --backend "$backend" --max 1.2
	expect_json 1 name-mismatch connect "127.0.0.1:$port" \
	    --trust "$certs/ca.pem" --backend "$backend" --hostname no.test
	expect_json 1 unknown-issuer connect "127.0.0.1:$port" \
	    --trust "$certs/stranger.pem" --backend "$backend"
	expect 0 name-mismatch connect "127.0.0.1:$port" --insecure \
	    --trust "$certs/ca.pem" --backend "$backend" --hostname no.test
	printf 'GET / HTTP/1.0\r\n\r\n' >"$tmp/request"
	expect 0 'tlsprobe serve' connect "127.0.0.1:$port" \
	    --trust "$certs/ca.pem" --send "$tmp/request"
	curl -s --cacert "$certs/ca.pem" "https://127.0.0.1:$port/a" \
	    "https://127.0.0.1:$port/b" >"$tmp/out" 2>"$tmp/err"
	[ "$(grep -c 'tlsprobe serve' "$tmp/out")" = 2 ]
	claim "curl fetches two pages over one connection" $?
	printf 'GET / HTTP/1.0\r\n\r\n' | timeout 20 openssl s_client -quiet \
	    -connect "127.0.0.1:$port" -CAfile "$certs/ca.pem" \
	    -verify_return_error >"$tmp/out" 2>"$tmp/err"
	grep -q 'tlsprobe serve' "$tmp/out"
	claim "openssl s_client fetches a page" $?
	printf 'plain text\r\n\r\n' | timeout 20 openssl s_client -quiet \
	    -connect "127.0.0.1:1" >/dev/null 2>&1
	# A peer that speaks no TLS, and is told so; the server goes on.
	timeout 20 curl -s "http://127.0.0.1:$port/" >"$tmp/out" 2>"$tmp/err"
	expect 0 'verdict: trusted' connect "127.0.0.1:$port" \
	    --trust "$certs/ca.pem"
	stop
	grep -q '"error":"the peer asked in HTTP"' "$tmp/log"
	claim "the log of $backend names the peer that asked in HTTP" $?
	[ "$(grep -c '"closed":' "$tmp/log")" -ge 8 ]
	claim "each connection has its line in the log of $backend" $?
	serve expired "$backend"
	expect_json 1 expired connect "127.0.0.1:$port" \
	    --trust "$certs/ca.pem" --backend "$backend"
	stop
done

# What is sent may be more than both sides keep, and need not be a file.
: >"$tmp/log"
"$TLSPROBE" serve --listen 127.0.0.1:0 --cert "$certs/rsa.pem" --mode echo \
    --key "$certs/rsa.key" --log json >"$tmp/log" &
pid=$!
wait_for_server
dd if=/dev/urandom of="$tmp/large" bs=1000000 count=8 2>/dev/null
for backend in $plugins_built; do
	timeout 60 "$TLSPROBE" connect "127.0.0.1:$port" --backend "$backend" \
	    --trust "$certs/ca.pem" --send "$tmp/large" --timeout 3 \
	    >"$tmp/back" 2>"$tmp/err"
	code=$?
	: >"$tmp/out"
	[ $code = 0 ] && cmp "$tmp/large" "$tmp/back" >"$tmp/out"
	claim "$backend has 8 MB sent, and back (exit $code)" $?
	expect_json 0 '"first_byte":[0-9]' connect "127.0.0.1:$port" \
	    --trust "$certs/ca.pem" --send "$tmp/large" --backend "$backend"
done
expect_json 6 directory connect "127.0.0.1:$port" --send /
expect_json 6 'No such' connect "127.0.0.1:$port" --send /nonexistent
# A peer that writes and never reads is not asked for more.
(yes | timeout 20 openssl s_client -quiet -connect "127.0.0.1:$port" \
    2>/dev/null | sleep 5) &
flood=$!
sleep 2
rests "whose peer does not read"
expect 0 'verdict: trusted' connect "127.0.0.1:$port" \
    --trust "$certs/ca.pem"
wait $flood
mkfifo "$tmp/fifo"
expect_json 6 'nothing to read in time' connect "127.0.0.1:$port" \
    --trust "$certs/ca.pem" --send "$tmp/fifo" --timeout 1
(sleep 0.2; echo hello >"$tmp/fifo") &
expect 0 '^hello' connect "127.0.0.1:$port" --trust "$certs/ca.pem" \
    --send "$tmp/fifo" --timeout 2
wait $!
stop

# Requests as people and programs write them, while others do not.
serve rsa "$first"
others=
for how in silent greeting half half-resets; do
	"$top_builddir/tests/bad-peer" $how "$port" &
	others="$others $!"
done
request() {
	printf "$2" >"$tmp/request"
	timeout 60 "$TLSPROBE" connect "127.0.0.1:$port" --timeout 2 \
	    --trust "$certs/ca.pem" --send "$tmp/request" >"$tmp/out" \
	    2>"$tmp/err"
	got=$(grep -c '^HTTP/1.[01] 200' "$tmp/out")
	[ "$got" = "$1" ]
	claim "$2 has $1 answers (got $got)" $?
}
request 1 'GET / HTTP/1.0\n\n'
request 1 'GET / HTTP/1.1\nHost: a\nConnection: close\n\n'
request 2 'GET / HTTP/1.1\r\n\r\nHEAD / HTTP/1.0\r\n\r\n'
request 2 'POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\n\n\n\n\n\nGET / HTTP/1.0\n\n'
# Its end cannot be told, so that one is the last.
request 1 'POST / HTTP/1.1\nTransfer-Encoding: chunked\n\n2\n\n\n0\n\nGET / HTTP/1.0\n\n'
request 1 'POST / HTTP/1.1\nContent-Length: -7\n\nGET / HTTP/1.0\n\n'
dd if=/dev/zero bs=20000 count=1 2>/dev/null | tr '\0' x >"$tmp/request"
expect 0 'trusted' connect "127.0.0.1:$port" --trust "$certs/ca.pem" \
    --send "$tmp/request"
stop
# The server has left them.
# shellcheck disable=SC2086 # numbers
wait $others
grep -q '"error":"Connection reset by peer"' "$tmp/log"
claim "a client that was reset in its handshake is told" $?
grep -q '"error":"the request is too long"' "$tmp/log"
claim "a request that is too long is told" $?

# Answers do not wait for acknowledgements that the peer's kernel delays.
serve rsa "$first"
printf 'GET / HTTP/1.0\r\n\r\n' >"$tmp/request"
if strace -f -e trace=setsockopt -o "$tmp/trace" true 2>/dev/null; then
	strace -f -e trace=setsockopt -o "$tmp/trace" "$TLSPROBE" connect \
	    "127.0.0.1:$port" --trust "$certs/ca.pem" --send "$tmp/request" \
	    >"$tmp/out" 2>"$tmp/err"
	grep -q 'TCP_NODELAY, \[1\]' "$tmp/trace"
	claim "connect sends without delay" $?
fi
stop

# A server without descriptors waits, and goes on when there are some.
: >"$tmp/log"
(ulimit -n 9 && exec "$TLSPROBE" serve --listen 127.0.0.1:0 \
    --cert "$certs/rsa.pem" --key "$certs/rsa.key" >"$tmp/log") &
pid=$!
wait_for_server
mkfifo "$tmp/hold"
held=
for i in 1 2 3 4 5 6 7 8; do
	"$TLSPROBE" connect "127.0.0.1:$port" --trust "$certs/ca.pem" \
	    --send "$tmp/hold" --timeout 3 >/dev/null 2>&1 &
	held="$held $!"
done
sleep 1
rests 'without descriptors'
# shellcheck disable=SC2086 # numbers
wait $held
expect 0 trusted connect "127.0.0.1:$port" --trust "$certs/ca.pem"
stop

# In TLS 1.3 a client is done before it is refused.
for backend in $plugins_built; do
	: >"$tmp/log"
	"$TLSPROBE" serve --listen 127.0.0.1:0 --cert "$certs/rsa.pem" \
	    --key "$certs/rsa.key" --client-ca "$certs/ca.pem" \
	    --require-client-cert --backend "$backend" >"$tmp/log" &
	pid=$!
	wait_for_server
	for version in 1.2 1.3; do
		expect_json 4 '"status":"ALERT_RECEIVED"' connect \
		    "127.0.0.1:$port" --trust "$certs/ca.pem" \
		    --min "$version" --max "$version"
		expect 0 trusted connect "127.0.0.1:$port" \
		    --trust "$certs/ca.pem" --cert "$certs/ecdsa.pem" \
		    --key "$certs/ecdsa.key" --min "$version" --max "$version"
	done
	expect 4 'client certificate: .*\(required\|alert\)' connect \
	    "127.0.0.1:$port" --trust "$certs/ca.pem"
	stop
done

# Whatever is wrong with a certificate, there is something to do.
while read -r certificate reason text; do
	serve "$certificate" "$first"
	expect 1 "$reason: " connect "127.0.0.1:$port" --trust "$certs/ca.pem" \
	    --hostname srv.test
	grep -A1 -e "FAIL\] $reason: " "$tmp/out" | grep -qF "do: $text"
	claim "$reason: $text" $?
	stop
done <<END
future not-yet-valid check the clocks
purpose wrong-purpose issue a certificate with
badsig bad-signature send the issuer
critical unknown-critical-extension issue it without
outside constraint get it from a CA that may
END

# A server has one document, too, and its words are elsewhere.
: >"$tmp/log"
"$TLSPROBE" serve --listen 127.0.0.1:0 --cert "$certs/rsa.pem" \
    --key "$certs/rsa.key" --log json --json --count 1 >"$tmp/serve.out" \
    2>"$tmp/log" &
pid=$!
wait_for_server
expect_json 0 '"exit":0' connect "127.0.0.1:$port" --trust "$certs/ca.pem"
wait "$pid"
claim "serve --count 1 ends after one connection" $?
pid=
cp "$tmp/serve.out" "$tmp/out"
cp "$tmp/log" "$tmp/err"
grep '^{' "$tmp/log" >>"$tmp/documents"
cat "$tmp/out" >>"$tmp/documents"
[ "$(wc -l <"$tmp/out")" = 1 ] && grep -q '"command":"serve".*"exit":0}$' \
    "$tmp/out" && grep -q '"closed"' "$tmp/err"
claim "serve --json is one document, its log is not among it" $?

# All documents of this test are what the schema says.
: >"$tmp/out"
: >"$tmp/err"
python=
for one in python3 /usr/bin/python3; do
	$one -c 'import jsonschema; jsonschema.Draft202012Validator' \
	    2>/dev/null && python=$one && break
done
if [ -n "$python" ]; then
	"$python" "$top_srcdir/tests/check-schema.py" \
	    "$top_srcdir/docs/tlsprobe.schema.json" <"$tmp/documents" \
	    >"$tmp/out" 2>"$tmp/err"
	claim "all documents keep the schema" $?
	cat "$tmp/out"
elif python3 -c '' 2>/dev/null; then
	echo "skipped: no python3-jsonschema; documents are parsed alone"
	python3 -c 'import json, sys
for line in sys.stdin:
    json.loads(line)' <"$tmp/documents" 2>"$tmp/err" && python3 -c \
	    'import json, sys; json.load(sys.stdin)' \
	    <"$top_srcdir/docs/tlsprobe.schema.json" 2>>"$tmp/err"
	claim "all documents can be parsed" $?
else
	echo "skipped: no python3; documents are not held against the schema"
fi

echo "$passed passed, $failed failed"
[ $failed = 0 ]

#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Completions of tlsprobe for bash, zsh and fish: the shells can read them, and
# they complete.  And every option of the table is in the manual page, in a
# --help and in each of the three.
set -u
scripts=$top_builddir/tlsprobe/completion
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
passed=0
failed=0

claim() {
	if [ "$2" = 0 ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "not so: $1"
		head -n 20 "$tmp/out" | sed 's/^/    /'
	fi
}

# Backends that may not be loaded: copies of a plugin that ends its process.
mkdir "$tmp/backends"
cp "$TLSHOST_TEST_PLUGINS/bad-crash.so" "$tmp/backends"
TLSHOST_PLUGIN_PATH=$tmp/backends
PATH=$top_builddir/tlsprobe:$PATH
export TLSHOST_PLUGIN_PATH PATH
[ "$(tlsprobe --words backends)" = crash ]
claim "backends are listed and not loaded" $?
tlsprobe --words suites | grep -qx TLS_AES_128_GCM_SHA256
claim "suites are listed" $?
for bad in --words --completion; do
	tlsprobe $bad nothing >"$tmp/out" 2>&1
	[ $? = 2 ] && grep -q nothing "$tmp/out"
	claim "$bad refuses a word that it does not know" $?
done

# ------------------------------------------------------------ the table
# ROW("name", letter, argument, commands, ...; those of no command are hidden.
sed -n 's/^	ROW("\([a-z-]*\)", [^,]*, [^,]*, \([^,]*\), .*/\1 \2/p' \
    "$top_srcdir/tlsprobe/options.c" | sed -n 's/ [A-Z].*//p' >"$tmp/options"
: >"$tmp/out"
[ "$(wc -l <"$tmp/options")" -gt 20 ]
claim "the table was read" $?
rows=$(grep -c '^	ROW(' "$top_srcdir/tlsprobe/options.c")
hidden=$(grep -c '^	ROW("[a-z-]*", 0, [^,]*, 0,' \
    "$top_srcdir/tlsprobe/options.c")
[ $((rows - hidden)) = "$(wc -l <"$tmp/options")" ]
claim "no row was overlooked" $?
tlsprobe --help >"$tmp/help"
for command in $(sed -n 's/^  \([a-z]*\)  .*/\1/p' "$tmp/help"); do
	tlsprobe "$command" --help >>"$tmp/help"
done
while read -r name; do
	cp "$tmp/help" "$tmp/out"
	grep -qE "^  .*--$name( |\$)" "$tmp/help"
	claim "--$name is in a --help" $?
	grep -qE "^\.It .*Fl -$name( |\$)" \
	    "$top_builddir/docs/man/tlsprobe.1"
	claim "--$name is in tlsprobe(1)" $?
	grep -qE "^	[a-z*]*\) words='.*--$name " "$scripts/tlsprobe"
	claim "--$name is in bash's" $?
	grep -qE "^		    .*--${name}[='},[]" "$scripts/_tlsprobe"
	claim "--$name is in zsh's" $?
	grep -q -e "^complete .* -l $name " "$scripts/tlsprobe.fish"
	claim "--$name is in fish's" $?
done <"$tmp/options"

# ------------------------------------------------------------ bash
cat >"$tmp/complete.bash" <<'END'
source "$1"
shift
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_tlsprobe "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\n' "${COMPREPLY[@]}"
END
# bash_completes WANTED WORD...: the last word is what is being completed.
bash_completes() {
	wanted=$1
	shift
	bash --norc "$tmp/complete.bash" "$scripts/tlsprobe" tlsprobe "$@" \
	    >"$tmp/out" 2>&1
	[ "$(tr '\n' ' ' <"$tmp/out" | sed 's/ *$//')" = "$wanted" ]
	claim "bash: tlsprobe $* becomes $wanted" $?
}
if command -v bash >/dev/null; then
	bash -n "$scripts/tlsprobe" >"$tmp/out" 2>&1
	claim "bash can read its script" $?
	bash_completes "connect compare" co
	bash_completes "--require-client-cert" serve --req
	bash_completes "" connect --req
	bash_completes "crash" connect --backend ""
	bash_completes "crash" connect -b c
	bash_completes "a,crash" compare --backend a,c
	bash_completes "crash" connect --backend = c
	bash_completes "http" serve --mode h
	bash_completes "1.2" connect --min 1.2
	bash_completes "TLS_AES_128_GCM_SHA256" ciphers TLS_AES_128_G
	(cd "$tmp" && mkdir -p files && : >"files/a b.pem" &&
	    bash_completes "files/a b.pem" verify --chain files/a
	    [ $failed = 0 ])
	claim "bash: a file's name may have a blank in it" $?
	(cd "$tmp" && bash_completes "system" connect --trust sy
	    [ $failed = 0 ])
	claim "bash: --trust takes a word or a file" $?
else
	echo "skipped: no bash"
fi

# ------------------------------------------------------------ fish
fish_completes() {
	fish --no-config -c 'source $argv[1]; complete -C $argv[2]' \
	    "$scripts/tlsprobe.fish" "tlsprobe $2" >"$tmp/out" 2>&1
	[ "$(cut -f 1 "$tmp/out" | sort | tr '\n' ' ' | sed 's/ *$//')" = "$1" ]
	claim "fish: tlsprobe $2 becomes $1" $?
}
if command -v fish >/dev/null; then
	HOME=$tmp
	export HOME
	fish -n "$scripts/tlsprobe.fish" >"$tmp/out" 2>&1
	claim "fish can read its script" $?
	fish_completes "compare connect" co
	fish_completes "--require-client-cert" "serve --req"
	fish_completes "" "connect --req"
	fish_completes "crash" "connect --backend c"
	fish_completes "echo http" "serve --mode "
	fish_completes "TLS_AES_128_GCM_SHA256" "ciphers TLS_AES_128_G"
else
	echo "skipped: no fish"
fi

# ------------------------------------------------------------ zsh
# Its own functions are replaced by ones that print what they were given: the
# real ones work in an interactive shell alone.
cat >"$tmp/complete.zsh" <<'END'
_describe() { print -rl -- ${(P)4} }
_arguments() { print -rl -- "$@" }
_values() { print -rl -- "$@" }
_call_program() { shift; "$@" }
script=$1
shift
words=("$@")
CURRENT=$#words
autoload_it() { source $script }
autoload_it
END
zsh_completes() {
	wanted=$1
	shift
	zsh -f "$tmp/complete.zsh" "$scripts/_tlsprobe" tlsprobe "$@" \
	    >"$tmp/out" 2>&1
	grep -qxF -e "$wanted" "$tmp/out"
	claim "zsh: tlsprobe $* has $wanted" $?
}
if command -v zsh >/dev/null; then
	zsh -n "$scripts/_tlsprobe" >"$tmp/out" 2>&1
	claim "zsh can read its script" $?
	zsh_completes "connect:one connection\\: verdict, version, suite, timing" co
	zsh_completes "--require-client-cert[refuse clients without a certificate]" \
	    serve --req
	zsh_completes "--mode=[what to answer (default\\: http)]:http|echo:(http echo )" \
	    serve --mode ""
	grep -qF -e ':BACKENDS:_tlsprobe_backends' "$tmp/out"
	claim "zsh: a backend's name is asked for" $?
	zsh -f -c 'source $1 >/dev/null 2>&1
	    _values() { print -rl -- "$@" }
	    _call_program() { shift; "$@" }
	    _tlsprobe_backends' zsh "$scripts/_tlsprobe" >"$tmp/out" 2>&1
	grep -qx crash "$tmp/out"
	claim "zsh: backends are those there are" $?
	# The real thing, as far as no terminal is needed.
	zsh -f -c 'autoload -U compinit && fpath=($1 $fpath) &&
	    compinit -D -d $2 && print $_comps[tlsprobe]' zsh "$scripts" \
	    "$tmp/dump" >"$tmp/out" 2>&1
	grep -qx _tlsprobe "$tmp/out"
	claim "zsh finds the script by its first line" $?
else
	echo "skipped: no zsh"
fi

echo "$passed passed, $failed failed"
[ $failed = 0 ]

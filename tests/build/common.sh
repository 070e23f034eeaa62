# SPDX-License-Identifier: MIT
# Shared by the shell tests; sourced, with top_srcdir and top_builddir set.
# shellcheck shell=sh

export LC_ALL=C
failures=0
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

fail() {
	printf 'FAIL: %s\n' "$*"
	failures=$((failures + 1))
}

# Automake's number for a test that cannot be run here.
skip() {
	printf 'skipped: %s\n' "$*"
	exit 77
}

finish() {
	[ "$failures" = 0 ] || exit 1
	exit 0
}

# What a shared object exports, without versions and version nodes.
exported_names() {
	nm -D --defined-only "$1" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }'
}

# abi_number MAJOR|MINOR [FOLDER]: of the plugin ABI, as the header there has it.
abi_number() {
	sed -n "s/^#define TLSHOST_PLUGIN_ABI_$1 \([0-9]*\)$/\1/p" \
	    "${2:-$top_srcdir/lib/include}/tlshost-plugin.h"
}

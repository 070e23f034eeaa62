#!/bin/sh
# SPDX-License-Identifier: MIT
#
# variant.sh SRCDIR NAME TARGET [--OPTION | VARIABLE=VALUE]...
#
# Configures SRCDIR in ./variant-NAME, unless that was done, and makes TARGET.
# Options and variables go to configure, FUZZ_SECONDS to make.
set -eu

srcdir=$1 name=$2 target=$3
shift 3

if [ -f "$srcdir/config.status" ]; then
	echo "$srcdir is configured in place; build in a folder of its own" >&2
	exit 1
fi

# The variables of the make around it would overrule those of the variant.
unset MAKEOVERRIDES || true
mkdir -p "variant-$name"
cd "variant-$name"
seconds=60
for arg; do
	case $arg in
	FUZZ_SECONDS=*) seconds=${arg#*=} ;;
	esac
done
if [ ! -f config.status ]; then
	"$srcdir/configure" -q "$@" >configure.out 2>&1 || {
		tail -n 20 configure.out >&2
		exit 1
	}
fi
exec "${MAKE:-make}" "$target" FUZZ_SECONDS="$seconds"

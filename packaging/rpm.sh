#!/bin/sh
# SPDX-License-Identifier: MIT
#
# rpm.sh TARBALL FOLDER: builds the RPMs of a release into FOLDER, without the
# tests.  On Debian rpm knows nothing of installed packages, so --nodeps; what
# that leaves unchecked is in docs/PACKAGERS.
set -eu
tarball=$(realpath "$1")
mkdir -p "$2"
folder=$(cd "$2" && pwd)
packaging=$(cd "$(dirname "$0")" && pwd)
number() {
	sed -n "s/^#define TLSHOST_PLUGIN_ABI_$1 \([0-9]*\)$/\1/p" \
	    "$packaging/../lib/include/tlshost-plugin.h"
}
mkdir -p "$folder/SOURCES"
cp "$tarball" "$folder/SOURCES/"
rpmbuild -bb --nodeps --without check --define "_topdir $folder" \
    --define "debug_package %{nil}" \
    --define "abi_major $(number MAJOR)" --define "abi_minor $(number MINOR)" \
    "$packaging/tlshost.spec"

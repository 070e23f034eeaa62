#!/bin/sh
# SPDX-License-Identifier: MIT
#
# rpms.sh FOLDER: what the RPMs that packaging/rpm.sh built there say of
# themselves, since nothing here can install them.
set -eu
failures=0
# says PACKAGE QUESTION LINE: one line of the answer is that.
says() {
	rpm -qp "$2" "$1"/RPMS/*/tlshost-"$3"-[0-9]*.rpm 2>/dev/null |
	    grep -qxF -e "$4" || {
		echo "FAILED: $2 of tlshost-$3 has no $4"
		failures=1
	}
}
abi=$(rpm -qp --provides "$1"/RPMS/*/tlshost-libs-[0-9]*.rpm 2>/dev/null |
    sed -n 's/^tlshost-plugin-abi-\([0-9]*\) = /\1 /p')
major=${abi% *} number=${abi#* }
[ -n "$abi" ] || { echo 'FAILED: tlshost-libs provides no plugin ABI'; exit 1; }
for name in openssl gnutls nss; do
	says "$1" --requires backend-$name "tlshost-plugin-abi-$major >= $number"
	says "$1" --provides backend-$name "tlshost-backend-$major"
	says "$1" -l backend-$name \
	    "$(rpm --eval '%{_libdir}')/tlshost/backends-$major/$name.so"
done
says "$1" --recommends libs "(tlshost-backend-openssl or tlshost-backend-$major)"
# As Debian's packages are split.
says "$1" -l tools /usr/bin/tlsprobe
rpm -qpl "$1"/RPMS/*/tlshost-tools-[0-9]*.rpm 2>/dev/null |
    grep -q '/man7/tlshost\.7' || {
	echo 'FAILED: tlshost-tools has no tlshost(7)'
	failures=1
}
says "$1" -l devel /usr/include/tlshost-plugin.h
exit $failures

#!/bin/sh
# SPDX-License-Identifier: MIT
#
# root.sh PACKAGES CERTS [STEPS [NAME...]]: does STEPS, else steps.sh, which
# installs and removes the packages in the folder PACKAGES, in a throw-away root,
# where the packages NAME of this machine are, too.  What STEPS makes in /made is
# put beside the packages, in a folder "made".
#
# The root is made of files of this machine's own packages: those that dpkg and
# the TLS libraries need, with dpkg's records of them.  So it takes no network,
# no mount and no package tool but dpkg, and nothing of this machine changes.
# It takes root, for chroot.
set -eu
packages=$(cd "$1" && pwd)
certs=$(cd "$2" && pwd)
steps=${3:-steps.sh}
shift $(($# > 3 ? 3 : $#))
here=$(cd "$(dirname "$0")" && pwd)
[ "$(id -u)" = 0 ] || { echo 'chroot takes root'; exit 77; }
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

# What the packages of the root need, and what that needs, and so on.
closure() {
	dpkg-query -W -f '${binary:Package}\t${Depends}, ${Pre-Depends}\t${Provides}\n' |
	awk -F '\t' -v wanted="$*" '
	function plain(word) {
		gsub(/\([^)]*\)|\[[^]]*\]|:[a-z0-9]+| /, "", word)
		return word
	}
	{
		name = plain($1)
		full[name] = $1
		needs[name] = $2
		n = split($3, list, ",")
		for (i = 1; i <= n; i++)
			if (!(plain(list[i]) in provider))
				provider[plain(list[i])] = name
	}
	function take(word) {
		if (!(word in full))
			word = provider[word]
		if (word != "" && !(word in taken)) {
			taken[word] = 1
			queue[++last] = word
		}
	}
	END {
		n = split(wanted, list, " ")
		for (i = 1; i <= n; i++)
			take(list[i])
		while (first < last) {
			at = queue[++first]
			print full[at]
			n = split(needs[at], list, ",")
			for (i = 1; i <= n; i++) {
				m = split(list[i], either, "|")
				for (j = 1; j <= m; j++)
					take(plain(either[j]))
			}
		}
	}'
}

needed=$(for deb in "$packages"/libtlshost0_*.deb \
    "$packages"/tlshost-tools_*.deb "$packages"/tlshost-backend-*_*.deb; do
	dpkg-deb -f "$deb" Depends Recommends
done | sed 's/^[A-Z][a-z]*: //; s/([^)]*)//g; s/|/,/g' | tr ',' '\n' | tr -d ' ' |
    grep -v '^tlshost\|^libtlshost' | sort -u)
# shellcheck disable=SC2086 # a list of words
names=$(closure $(dpkg-query -W -f '${Essential} ${Package}\n' |
    sed -n 's/^yes //p') dpkg libc-bin mawk openssl "$@" $needed)

mkdir -p "$root/var/lib/dpkg/info" "$root/var/lib/dpkg/updates" "$root/tmp" \
    "$root/dev" "$root/proc" "$root/etc"
for link in bin sbin lib lib32 lib64 libx32; do
	[ -L /$link ] || continue
	cp -a /$link "$root/$link"
	mkdir -p "$root/$(readlink /$link)"
done
# shellcheck disable=SC2086 # a list of words
dpkg -L $names | sort -u | grep -v '^/\.$\|^/usr/share/doc/\|^diverted by' >"$root/files"
tar -C / -cf - --no-recursion --ignore-failed-read -T "$root/files" 2>/dev/null |
    tar -C "$root" -xf - --keep-directory-symlink
rm "$root/files"
for name in $names; do
	dpkg-query -s "$name"
	echo
	for file in /var/lib/dpkg/info/"$name".*; do
		[ ! -f "$file" ] || cp -a "$file" "$root/var/lib/dpkg/info/"
	done
done >"$root/var/lib/dpkg/status"
cp -a /etc/alternatives /etc/passwd /etc/group "$root/etc/"
[ ! -L /etc/dpkg/origins/default ] ||
    cp -a /etc/dpkg/origins/default "$root/etc/dpkg/origins/"
# Links that no package has a record of, as far as they lead anywhere here.
find /usr/bin -lname '/etc/alternatives/*' | while read -r link; do
	[ ! -e "$root$(readlink -m "$link")" ] || cp -a "$link" "$root$link"
done
mknod -m 666 "$root/dev/null" c 1 3
mknod -m 666 "$root/dev/urandom" c 1 9
chroot "$root" ldconfig

mkdir "$root/packages" "$root/tests"
cp "$packages"/*.deb "$root/packages/"
cp "$here"/../../debian/tests/common.sh "$here/$steps" "$root/tests/"
cp -R "$here"/../../plugins/mbedtls "$here"/../../plugins/example "$root/tests/"
cp -R "$certs" "$root/certs"
env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin TLSHOST_TEST_CERTS=/certs LC_ALL=C \
    chroot "$root" /bin/sh "/tests/$steps"
[ ! -d "$root/made" ] || cp -R "$root/made" "$packages/"

#!/bin/sh
# SPDX-License-Identifier: MIT
#
# out-of-tree.sh [--installed]: a program and a plugin are built with what an
# installation has, by its pkg-config files alone.  The plugins' folders are
# copied out, unchanged.  Without the option an installation is made first, in
# a folder of its own; with it (make installcheck) the real one is looked at.
set -eu
. "$top_srcdir/tests/build/common.sh"

if [ "${1-}" = --installed ]; then
	root=${DESTDIR-}
else
	root=$tmp/root
	# The jobs of the make around this one are not ours to take.
	MAKEFLAGS='' ${MAKE:-make} install DESTDIR="$root" >"$tmp/log" 2>&1 || {
		cat "$tmp/log"
		fail "make install DESTDIR=..."
		finish
	}
fi

# An installation beneath DESTDIR has .pc files that do not know of it.
mkdir "$tmp/pkgconfig"
for file in tlshost.pc tlshost-plugin.pc; do
	sed "s|^\([a-z_]*\)=/|\1=$root/|" "$root$pkgconfigdir/$file" \
	    >"$tmp/pkgconfig/$file"
done
PKG_CONFIG_PATH=$tmp/pkgconfig
export PKG_CONFIG_PATH
unset TLSHOST_CFLAGS || true

[ "$(pkg-config --variable=plugin_abi tlshost-plugin)" = \
    "$(abi_number MAJOR)" ] ||
    fail "tlshost-plugin.pc has another plugin_abi than the header"
# Words that plugins must not get.
case $(pkg-config --libs tlshost-plugin) in
*-l*) fail "tlshost-plugin.pc makes plugins link something" ;;
esac
installed_plugins=$(pkg-config --variable=plugindir tlshost-plugin)
[ "$installed_plugins" = "$(pkg-config --variable=plugindir tlshost)" ] ||
    fail "the .pc files disagree about plugindir"

# Each function is a page.
for page in tlshost_buffer.3 tlshost_buffer_read.3 tlshost_socket_stream.3; do
	[ -e "$root$mandir/man3/$page" ] || fail "$page is not installed"
done

for file in bash-completion/completions/tlsprobe zsh/site-functions/_tlsprobe \
    fish/vendor_completions.d/tlsprobe.fish; do
	[ -s "$root$datadir/$file" ] || fail "$file is not installed"
done

# A program.
cat >"$tmp/program.c" <<'END'
#include <stdio.h>
#include <tlshost.h>
#include <tlshost-insecure.h>
int
main(void)
{
	return puts(tlshost_version_string()) < 0;
}
END
$CC $CFLAGS $(pkg-config --cflags tlshost) -o "$tmp/program" \
    "$tmp/program.c" $LDFLAGS $(pkg-config --libs tlshost) ||
    fail "a program does not build"
LD_LIBRARY_PATH=$root$libdir${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export LD_LIBRARY_PATH
[ "$("$tmp/program")" = "$PACKAGE_VERSION" ] ||
    fail "the program says another version than $PACKAGE_VERSION"

# The examples: what is installed is what is compiled.
for source in "$top_srcdir"/docs/examples/*.c; do
	name=$(basename "$source")
	cmp "$source" "$root$docdir/examples/$name" ||
	    fail "$name is not installed"
	$CC $CFLAGS -Wall -Wextra -Werror -o "$tmp/example" "$source" \
	    $(pkg-config --cflags tlshost) $LDFLAGS \
	    $(pkg-config --libs tlshost) || fail "$name does not build"
done

# In C++ the headers are good, too.
if command -v c++ >/dev/null; then
	printf '#include <tlshost.h>\n#include <tlshost-plugin.h>\n' \
	    >"$tmp/program.cc"
	c++ -Wall -Wextra -Werror -fsyntax-only \
	    $(pkg-config --cflags tlshost) "$tmp/program.cc" ||
	    fail "the headers are no C++"
fi

# The plugins, each from a copy of its folder with nothing built in it.
mkdir "$tmp/backends"
for name in $plugins_built; do
	cp -R "$top_srcdir/plugins/$name" "$tmp/$name"
	chmod -R u+w "$tmp/$name"
	(
		cd "$tmp/$name"
		if [ -f Makefile ]; then
			MAKEFLAGS='' make distclean
		fi
		autoreconf -fi
		./configure -q --with-plugindir="$tmp/backends" CC="$CC" \
		    CFLAGS="$CFLAGS" LDFLAGS="$LDFLAGS"
		MAKEFLAGS='' make install
	) >"$tmp/log" 2>&1 || {
		tail -n 40 "$tmp/log"
		fail "plugins/$name does not build out of the tree"
		continue
	}
	[ "$(ls "$tmp/backends")" = "$name.so" ] ||
	    fail "plugins/$name installs" "$(ls "$tmp/backends")"
	env -u TLS_BACKEND TLSHOST_PLUGIN_PATH="$tmp/backends" \
	    "$root$bindir/tlsprobe" --list-backends >"$tmp/list" ||
	    fail "tlsprobe does not find a usable backend"
	grep "^$name .*$tmp/backends/$name.so" "$tmp/list" || {
		cat "$tmp/list"
		fail "$name is not listed"
	}
	(cd "$tmp/$name" && MAKEFLAGS='' make uninstall) >"$tmp/log" 2>&1
	[ -z "$(ls "$tmp/backends")" ] ||
	    fail "make uninstall leaves" "$(ls "$tmp/backends")"

	# The one that was built with the rest is where programs look.
	[ -f "$root$plugindir/$name.so" ] ||
	    fail "$name.so is not in $plugindir"
	[ ! -f "$root$plugindir/$name.la" ] || fail "$name.la is installed"
done
finish

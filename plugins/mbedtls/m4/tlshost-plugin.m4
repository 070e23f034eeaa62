# SPDX-License-Identifier: MIT
# tlshost-plugin.m4: for the configure.ac of a tlshost backend.
#
# Each plugin carries a copy of this file in its own m4/, so that autoreconf
# works where tlshost is not installed; "make check" compares the copies.
#
# serial 3

# TLSHOST_PLUGIN(NAME, [ABI])
# ---------------------------
# Prepares the build of the backend NAME.  If ABI is given, the major number of
# the plugin ABI that its sources were written for, configure refuses another
# one.  Sets, for its Makefile.am,
#
#	plugindir               where NAME.so is to be installed
#	TLSHOST_CFLAGS          finds tlshost-plugin.h
#	TLSHOST_PLUGIN_CFLAGS   exports nothing but the entry point
#	TLSHOST_PLUGIN_LDFLAGS  what discovery and the ABI ask of the file
#	WARN_CFLAGS             warnings; errors with --enable-strict
#
# and the conditional TLSHOST_BUILD_PLUGIN with the shell variable
# tlshost_build_plugin (yes or no), which --without-NAME switches off.
# Run LT_INIT([disable-static]) and PKG_PROG_PKG_CONFIG before.  In
# Makefile.am:
#
#	if TLSHOST_BUILD_PLUGIN
#	plugin_LTLIBRARIES = NAME.la
#	endif
#	NAME_la_SOURCES = plugin.c
#	NAME_la_CPPFLAGS = $(TLSHOST_CFLAGS)
#	NAME_la_CFLAGS = $(TLSHOST_PLUGIN_CFLAGS) $(WARN_CFLAGS)
#	NAME_la_LDFLAGS = -module -avoid-version -shared \
#		$(TLSHOST_PLUGIN_LDFLAGS)
#
# (-module literally, for Automake does not see it inside a variable; in the
# names of variables a "-" of NAME becomes "_".)
AC_DEFUN([TLSHOST_PLUGIN], [
AC_REQUIRE([TLSHOST_STRICT])
AC_REQUIRE([TLSHOST_LINK_DEFS])
AC_ARG_WITH([$1], [AS_HELP_STRING([--without-$1],
	[build nothing here (for builds of all of tlshost)])])
tlshost_build_plugin=yes
AS_IF([test "x$AS_TR_SH([with_$1])" = xno], [tlshost_build_plugin=no])
AM_CONDITIONAL([TLSHOST_BUILD_PLUGIN], [test "$tlshost_build_plugin" = yes])

AC_ARG_WITH([plugindir], [AS_HELP_STRING([--with-plugindir=DIR],
	[where backends live @<:@what tlshost-plugin.pc says@:>@])])
AC_ARG_VAR([TLSHOST_CFLAGS],
	[flags that find tlshost-plugin.h, instead of pkg-config])
AC_ARG_VAR([TLSHOST_PLUGINDIR], [where backends live, with TLSHOST_CFLAGS])

# Set by the configure of tlshost itself, whose plugins are built before
# anything is installed; then the plugin directory is tlshost's default too.
AS_IF([test -n "$TLSHOST_CFLAGS"], [
	plugindir=$TLSHOST_PLUGINDIR
	AS_IF([test -n "$plugindir$with_plugindir"], [],
	    [AC_MSG_ERROR([TLSHOST_CFLAGS is set; set TLSHOST_PLUGINDIR or use --with-plugindir, too])])
], [
	dnl The prefix must not be TLSHOST_PLUGIN: PKG_CHECK_MODULES would
	dnl expand this macro's own name for ever.
	PKG_CHECK_MODULES([TLSHOST], [tlshost-plugin])
	plugindir=`$PKG_CONFIG --variable=plugindir tlshost-plugin`
	m4_ifval([$2], [
	AS_IF([test "`$PKG_CONFIG --variable=plugin_abi tlshost-plugin`" != $2],
	    [AC_MSG_ERROR([$1 is written for ABI $2 of tlshost])])
	])
])
AS_IF([test -n "$with_plugindir"], [plugindir=$with_plugindir])
AC_SUBST([plugindir])

AC_SUBST([TLSHOST_PLUGIN_CFLAGS], [-fvisibility=hidden])
# nodelete: hosts never unload, and many TLS libraries would not survive it.
# now, relro: a missing symbol is an error at load, not in a handshake.
AC_SUBST([TLSHOST_PLUGIN_LDFLAGS],
	["-Wl,-z,nodelete -Wl,-z,now -Wl,-z,relro $LINK_DEFS"])
])

# TLSHOST_STRICT
# --------------
# --enable-strict makes the warnings more and errors of them; never for
# releases, since a later compiler warns about other things.  WARN_CFLAGS.
AC_DEFUN([TLSHOST_STRICT], [
AC_ARG_ENABLE([strict], [AS_HELP_STRING([--enable-strict],
	[more warnings, and warnings are errors])])
WARN_CFLAGS="-Wall -Wextra"
AS_IF([test "x$enable_strict" = xyes], [
	for tlshost_flag in -Wshadow -Wstrict-prototypes \
	    -Wmissing-prototypes -Wpointer-arith -Wcast-qual \
	    -Wwrite-strings -Wvla -Wundef -Wformat=2 -Wnull-dereference; do
		# gcc 12 finds NULL where sanitizers have put their checks.
		AS_CASE(["$tlshost_flag $CFLAGS"],
		    [*null-dereference*-fsanitize*], [continue])
		AC_MSG_CHECKING([whether $CC accepts $tlshost_flag])
		tlshost_save_CFLAGS=$CFLAGS
		CFLAGS="$CFLAGS -Werror $tlshost_flag"
		AC_COMPILE_IFELSE([AC_LANG_PROGRAM],
		    [AC_MSG_RESULT([yes])
		     WARN_CFLAGS="$WARN_CFLAGS $tlshost_flag"],
		    [AC_MSG_RESULT([no])])
		CFLAGS=$tlshost_save_CFLAGS
	done
	WARN_CFLAGS="$WARN_CFLAGS -Werror"
])
AC_SUBST([WARN_CFLAGS])
])

# TLSHOST_LINK_DEFS
# -----------------
# -z defs, which stops the link on an undefined symbol, where it works: with
# clang's sanitizers the run time is in the program, so it cannot be had.
# (libtool's -no-undefined alone lets undefined symbols through.)
AC_DEFUN([TLSHOST_LINK_DEFS], [
AC_MSG_CHECKING([whether shared objects link with -z defs])
tlshost_save_CFLAGS=$CFLAGS
tlshost_save_LDFLAGS=$LDFLAGS
CFLAGS="$CFLAGS -fPIC"
LDFLAGS="$LDFLAGS -shared -Wl,-z,defs"
AC_LINK_IFELSE([AC_LANG_SOURCE([[
	int tlshost_get(const int *values, int index);
	int tlshost_get(const int *values, int index)
	{ return values[index] + 1; }]])],
    [LINK_DEFS=-Wl,-z,defs
     AC_MSG_RESULT([yes])],
    [LINK_DEFS=
     AC_MSG_RESULT([no])])
CFLAGS=$tlshost_save_CFLAGS
LDFLAGS=$tlshost_save_LDFLAGS
AC_SUBST([LINK_DEFS])
])

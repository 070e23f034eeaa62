#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Every function of the headers takes NULL and 0 for all its arguments: it
# answers, with a status that is not OK if it returns one, and does not crash.
set -eu
. "$top_srcdir/tests/build/common.sh"

headers=$top_srcdir/lib/include
cat "$headers/tlshost.h" "$headers/tlshost-insecure.h" | tr '\n\t' '  ' |
    awk '
# One argument is one at the depth of the first bracket.
function values(arguments,    depth, one, list, i, ch) {
	for (i = 1; i <= length(arguments); i++) {
		ch = substr(arguments, i, 1)
		depth += (ch == "(") - (ch == ")")
		if (ch == "," && depth == 0) {
			list = list value(one) ", "
			one = ""
		} else {
			one = one ch
		}
	}
	return list value(one)
}
function value(argument) {
	if (argument ~ /\*|\(|_callback /)
		return "NULL"
	if (argument ~ /^ *tlshost_protocol /)
		return "(tlshost_protocol){ NULL, 0 }"
	return "0"
}
BEGIN {
	print "#include <stdio.h>\n#include <sys/wait.h>\n#include <unistd.h>"
	print "#include <tlshost.h>\n#include <tlshost-insecure.h>"
	print "static int failed, called;"
	print "static void try(const char *name, int status)\n{"
	print "\tcalled++;"
	print "\tif (status != 0)"
	print "\t\tfailed = printf(\"%s: %d\\n\", name, status);\n}"
	print "#define CALL(name, call) do { \\"
	print "\tint status = 0; \\"
	print "\tpid_t pid = (fflush(NULL), fork()); \\"
	print "\tif (pid == 0) { \\"
	print "\t\t(void)alarm(20); \\"
	print "\t\t_exit(call); \\"
	print "\t} \\"
	print "\t(void)waitpid(pid, &status, 0); \\"
	print "\ttry(name, status); \\"
	print "} while (0)\nint\nmain(void)\n{"
}
{
	text = $0
	while ((start = index(text, "/*")) > 0) {
		rest = substr(text, start + 2)
		text = substr(text, 1, start - 1) " " \
		    substr(rest, index(rest, "*/") + 2)
	}
	n = split(text, part, "TLSHOST_API ")
	for (i = 2; i <= n; i++) {
		declaration = substr(part[i], 1, index(part[i], ";") - 1)
		if (match(declaration, /tlshost_[a-z0-9_]* *\(/) == 0)
			continue
		name = substr(declaration, RSTART, RLENGTH - 1)
		arguments = substr(declaration, RSTART + RLENGTH)
		sub(/\)[^)]*$/, "", arguments)
		if (arguments == "void")
			continue
		call = name "(" values(arguments) ")"
		# That of no error is OK.
		if (declaration ~ /^ *tlshost_status / &&
		    name != "tlshost_error_status")
			call = call " == TLSHOST_OK"
		else
			call = "((void)" call ", 0)"
		print "\tCALL(\"" name "\", " call ");"
	}
}
END {
	print "\tprintf(\"%d functions\\n\", called);"
	print "\treturn failed || called < 200;\n}"
}' >"$tmp/nulls.c"

# What is said of NULL in attributes is not for this one.
$CC $CFLAGS -Wno-nonnull -I"$headers" -Ilib/include -o "$tmp/nulls" \
    "$tmp/nulls.c" $LDFLAGS -Llib/.libs -ltlshost ||
    fail "the calls do not compile"
LD_LIBRARY_PATH=lib/.libs "$tmp/nulls" || fail "these do not take NULL"
finish

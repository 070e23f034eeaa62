# SPDX-License-Identifier: MIT
#
# Makes C, or a table for a manual page, of cipher-iana.csv:
#
#	LC_ALL=C awk -f gen-cipher-table.awk -v out=header cipher-iana.csv
#
# out: header (tlshost-ciphers.h), source (cipher-table.c), mdoc.  Plain awk:
# mawk has no strtonum and no sort functions.

function die(text)
{
	printf "%s:%d: %s\n", FILENAME, FNR, text > "/dev/stderr"
	failed = 1
	exit 1
}

# A heap would be shorter to run and longer to read; there are 350 rows.
function sort_by(keys, order, n,    i, j, k)
{
	for (i = 2; i <= n; i++) {
		k = order[i]
		for (j = i - 1; j >= 1 && keys[order[j]] > keys[k]; j--)
			order[j + 1] = order[j]
		order[j + 1] = k
	}
}

function quoted(text)
{
	return text == "" ? "NULL" : "\"" text "\""
}

function version(text)
{
	if (text == "1.0") return "0x0301"
	if (text == "1.1") return "0x0302"
	if (text == "1.2") return "0x0303"
	if (text == "1.3") return "0x0304"
	die("no version: " text)
}

BEGIN {
	FS = ","
	n = 0
	previous = ""
	split("iana openssl gnutls nss securetransport", dialects, " ")
	dialect_field[1] = 2
	dialect_field[2] = 12
	dialect_field[3] = 13
	dialect_field[4] = 17
	dialect_field[5] = 18
}

/^#/ || /^$/ { next }

{
	if (NF != 20)
		die("there are " NF " columns, not 20")
	if ($1 !~ /^0x[0-9A-F][0-9A-F][0-9A-F][0-9A-F]$/)
		die("no id: " $1)
	if ($1 <= previous)
		die("ids are not sorted, or there twice: " $1)
	if ($1 == "0x00FF" || $1 == "0x5600")
		die("a signalling value is no suite: " $1)
	if ($2 !~ /^TLS_[A-Za-z0-9_]+$/)
		die("no name: " $2)
	if ($11 !~ /^(recommended|legacy|insecure)$/)
		die("no class: " $11)
	previous = $1
	n++
	for (f = 1; f <= 20; f++)
		cell[n, f] = $f
	if (version($9) > version($10))
		die("the lowest version is above the highest")
}

function print_header(    i)
{
	print "/* SPDX-License-Identifier: MIT */"
	print "/*"
	print " * tlshost-ciphers.h: the cipher suites that PEP 543 names (CipherSuite)."
	print " * Made of lib/cipher-iana.csv; do not edit.  Every other id can be used"
	print " * as a number.  Included by tlshost.h."
	print " */"
	print "#ifndef TLSHOST_CIPHERS_H"
	print "#define TLSHOST_CIPHERS_H"
	print ""
	print "typedef enum tlshost_cipher_suite {"
	for (i = 1; i <= n; i++)
		if (cell[i, 20] == "1")
			last = i
	for (i = 1; i <= n; i++)
		if (cell[i, 20] == "1")
			printf "\tTLSHOST_%s = %s%s\n", cell[i, 2],
			    tolower(cell[i, 1]), (i == last ? "" : ",")
	print "} tlshost_cipher_suite;"
	print ""
	print "#endif /* TLSHOST_CIPHERS_H */"
}

function print_schannel(i,    parts, k, m)
{
	m = split(cell[i, 19], parts, "+")
	if (m == 0)
		return
	printf "static const uint32_t schannel_%s[] = {", substr(cell[i, 1], 3)
	for (k = 1; k <= m; k++)
		printf "%s %s", (k > 1 ? "," : ""), parts[k]
	print " };"
}

function print_index(d,    i, f, m, keys, order)
{
	f = dialect_field[d]
	m = 0
	for (i = 1; i <= n; i++)
		if (cell[i, f] != "") {
			order[++m] = i
			keys[i] = tolower(cell[i, f])
		}
	sort_by(keys, order, m)
	printf "static const uint16_t by_%s[] = {", dialects[d]
	for (i = 1; i <= m; i++) {
		if (i > 1 && keys[order[i]] == keys[order[i - 1]])
			die("a name of " dialects[d] " is there twice: " \
			    cell[order[i], f])
		printf "%s%d,", ((i - 1) % 12 == 0 ? "\n\t" : " "), order[i] - 1
	}
	print "\n};"
	for (i in keys) delete keys[i]
	for (i in order) delete order[i]
}

function print_source(    i, d)
{
	print "/* SPDX-License-Identifier: MIT */"
	print "/* Made of lib/cipher-iana.csv; do not edit. */"
	print "#include \"config.h\"\n"
	print "#include \"cipher.h\"\n"
	for (i = 1; i <= n; i++)
		print_schannel(i)
	print "\nconst tlshost_cipher_info tlshost__ciphers[] = {"
	for (i = 1; i <= n; i++) {
		printf "\t{ %s, %s, %s, %d, %s, %s,\n", tolower(cell[i, 1]),
		    version(cell[i, 9]), version(cell[i, 10]), cell[i, 6],
		    "TLSHOST_CIPHER_" toupper(cell[i, 11]),
		    (cell[i, 20] == "1" ? 1 : 0)
		printf "\t    { %s, %s, %s, %s, %s },\n", quoted(cell[i, 2]),
		    quoted(cell[i, 12]), quoted(cell[i, 13]),
		    quoted(cell[i, 17]), quoted(cell[i, 18])
		printf "\t    %s, %s, %s, %s,\n", quoted(cell[i, 3]),
		    quoted(cell[i, 4]), quoted(cell[i, 5]), quoted(cell[i, 7])
		printf "\t    { %s, %s, %s }, ", quoted(cell[i, 14]),
		    quoted(cell[i, 15]), quoted(cell[i, 16])
		if (cell[i, 19] == "")
			print "NULL, 0 },"
		else
			printf "schannel_%s, %d },\n", substr(cell[i, 1], 3),
			    split(cell[i, 19], unused, "+")
	}
	print "};"
	printf "const size_t tlshost__ciphers_len = %d;\n\n", n
	for (d = 1; d <= 5; d++)
		print_index(d)
	print "\nconst tlshost__cipher_index tlshost__cipher_indexes[] = {"
	for (d = 1; d <= 5; d++)
		printf "\t{ by_%s, sizeof(by_%s) / sizeof(by_%s[0]) },\n",
		    dialects[d], dialects[d], dialects[d]
	print "};"
}

function print_mdoc(    i)
{
	print ".Bl -column \"0xC0AF\" \"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256\" \"recommended\""
	for (i = 1; i <= n; i++)
		printf ".It %s Ta %s Ta %s\n", tolower(cell[i, 1]), cell[i, 2],
		    cell[i, 11]
	print ".El"
}

END {
	if (failed)
		exit 1
	if (out == "header")
		print_header()
	else if (out == "source")
		print_source()
	else if (out == "mdoc")
		print_mdoc()
	else
		die("out is none of header, source, mdoc")
}

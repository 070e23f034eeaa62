#!/bin/sh
# SPDX-License-Identifier: MIT
#
# make-certs.sh DIRECTORY: the certificates and keys of the tests, made once
# with the openssl program.  NAME.pem is a chain, NAME.key its key.
set -eu
if [ -d "$1" ]; then
	[ "$0" -nt "$1/log" ] || exit 0
	rm -rf "$1"
fi
# Two tests may want them at once: made aside, and the first one counts.
made=$1.$$
mkdir -p "$made"
cd "$made"
exec 2>log

cat >ca.cnf <<END
[ca]
default_ca = tests
[tests]
database = index.txt
new_certs_dir = .
rand_serial = yes
unique_subject = no
default_md = sha256
policy = policy
[policy]
commonName = supplied
[ca_ext]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[leaf]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature,keyEncipherment
extendedKeyUsage = serverAuth,clientAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = DNS:srv.test,DNS:*.wild.test,IP:127.0.0.1,IP:::1
[other]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature,keyEncipherment
extendedKeyUsage = serverAuth
subjectAltName = DNS:other.test
[client_only]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = clientAuth
subjectAltName = DNS:srv.test
[no_san]
basicConstraints = critical,CA:FALSE
[names]
basicConstraints = critical,CA:FALSE
extendedKeyUsage = serverAuth
subjectAltName = DNS:xn--bcher-kva.test,DNS:f*.part.test,DNS:*.*.two.test,DNS:127.0.0.3,DNS:*,DNS:*.top,DNS:UPPER.test
[signing_only]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = DNS:srv.test
[decrypting_only]
basicConstraints = critical,CA:FALSE
keyUsage = critical,keyEncipherment
extendedKeyUsage = serverAuth
subjectAltName = DNS:srv.test
[large]
subjectAltName = @large_names
[large_names]
$(i=0; while [ $i -lt 60 ]; do
	echo "DNS.$i = a-name-that-is-long-enough-to-make-it-$i.large.test"
	i=$((i + 1))
done)
[loose]
basicConstraints = critical,CA:FALSE
extendedKeyUsage = critical,serverAuth,clientAuth
subjectAltName = DNS:srv.test
[critical]
basicConstraints = critical,CA:FALSE
subjectAltName = DNS:srv.test
1.2.3.4 = critical,ASN1:NULL
[inside_ca]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign
subjectKeyIdentifier = hash
nameConstraints = critical,permitted;DNS:inside.test
END

ec='ec -pkeyopt ec_paramgen_curve:P-256'

# root NAME; leaf NAME KEY CA SECTION [START END] [DIGEST]
printf '[req]\ndistinguished_name=dn\n[dn]\n' >req.cnf
root() {
	# shellcheck disable=SC2086 # words
	openssl req -x509 -config req.cnf -newkey $ec -nodes -keyout "$1.key" \
	    -out "$1.pem" -days 3650 -subj "/CN=tests $1" \
	    -addext basicConstraints=critical,CA:TRUE \
	    -addext keyUsage=critical,keyCertSign,cRLSign \
	    -addext subjectKeyIdentifier=hash
}
leaf() {
	: >index.txt
	# shellcheck disable=SC2086 # words
	openssl req -new -config req.cnf -newkey $2 -nodes -subj "/CN=$1" \
	    -keyout "$1.key" -out "$1.csr"
	openssl ca -batch -config ca.cnf -extensions "$4" -cert "$3.pem" \
	    -keyfile "$3.key" -in "$1.csr" -out "$1.pem" -notext \
	    -startdate "${5:-20200101000000Z}" -enddate "${6:-20991231235959Z}" \
	    -md "${7:-sha256}"
}

root ca
root stranger
# twin NAME KEY: of the same name, with another key that claims to be the same.
id=$(openssl x509 -in ca.pem -noout -ext subjectKeyIdentifier | tail -n 1 |
    tr -d ' :')
twin() {
	# shellcheck disable=SC2086 # words
	openssl req -x509 -config req.cnf -newkey $2 -nodes -keyout "$1.key" \
	    -out "$1.pem" -days 3650 -subj "/CN=tests ca" \
	    -addext basicConstraints=critical,CA:TRUE \
	    -addext keyUsage=critical,keyCertSign,cRLSign \
	    -addext "subjectKeyIdentifier=$id"
}
twin twin rsa:2048
twin new-key "$ec"
leaf sub "$ec" ca ca_ext
leaf rsa rsa:2048 ca leaf
leaf ecdsa "$ec" ca leaf
# Servers that nobody has met, for the benchmarks.
for i in 1 2 3 4 5 6 7 8; do
	leaf "new$i" "$ec" ca leaf
done
leaf deep "$ec" sub leaf
cp deep.pem deep-alone.pem
cp deep.key deep-alone.key
cat sub.pem >>deep.pem
leaf lower "$ec" sub ca_ext
leaf deeper "$ec" lower leaf
leaf other "$ec" ca other
leaf expired "$ec" ca leaf 20200101000000Z 20210101000000Z
leaf future "$ec" ca leaf 20980101000000Z 20991231235959Z
leaf purpose "$ec" ca client_only
leaf weak rsa:1024 ca leaf
leaf sha1 "$ec" ca leaf 20200101000000Z 20991231235959Z sha1
leaf srv.test "$ec" ca no_san
leaf unknown "$ec" stranger leaf
openssl req -x509 -config req.cnf -newkey rsa:2048 -nodes -keyout self.key \
    -out self.pem -days 3650 -subj /CN=self \
    -addext subjectAltName=DNS:srv.test
leaf names "$ec" ca names
leaf whole rsa:2048 ca leaf
leaf stunted rsa:2048 ca leaf
leaf signed rsa:2048 ca leaf
leaf signing-only rsa:2048 ca signing_only
leaf decrypting-only rsa:2048 ca decrypting_only
# Two of one issuer and number, which nobody should ever make.
for i in 1 2; do
	leaf "number$i" "$ec" ca leaf
	openssl x509 -req -in "number$i.csr" -CA ca.pem -CAkey ca.key \
	    -set_serial 77 -days 3650 -extfile ca.cnf -extensions leaf \
	    -out "number$i.pem"
done
leaf critical "$ec" ca critical
leaf loose "$ec" ca loose
leaf inside "$ec" ca inside_ca
leaf outside "$ec" inside leaf
cat inside.pem >>outside.pem
leaf below "$ec" other leaf
leaf ec384 'ec -pkeyopt ec_paramgen_curve:P-384' ca leaf
leaf ec521 'ec -pkeyopt ec_paramgen_curve:P-521' ca leaf
leaf ed25519 ed25519 ca leaf
leaf rsa3072 rsa:3072 ca leaf
leaf large "$ec" ca large
leaf pss 'rsa-pss -pkeyopt rsa_keygen_bits:2048' ca leaf

# The same chain with more in it than is needed, and in the wrong order.
cat deep-alone.pem unknown.pem other.pem sub.pem ca.pem deep-alone.pem \
    >deep-surplus.pem
cat deep-alone.pem stranger.pem ca.pem sub.pem >deep-reversed.pem
# An intermediate that two roots vouch for, and one of them long ago.
cp sub.csr crossing.csr
: >index.txt
for root in stranger ca; do
	openssl ca -batch -config ca.cnf -extensions ca_ext -cert $root.pem \
	    -keyfile $root.key -in sub.csr -out sub-by-$root.pem -notext \
	    -startdate 20200101000000Z -enddate 20991231235959Z
	: >index.txt
	openssl ca -batch -config ca.cnf -extensions ca_ext -cert $root.pem \
	    -keyfile $root.key -in sub.csr -out old-by-$root.pem -notext \
	    -startdate 20200101000000Z -enddate 20210101000000Z
	: >index.txt
done
cat deep-alone.pem old-by-ca.pem old-by-stranger.pem sub-by-stranger.pem \
    sub-by-ca.pem >crossed.pem
for name in deep-surplus deep-reversed crossed; do
	cp deep.key $name.key
done
# As many as a chain may have, and too large together.
cat rsa3072.pem >many.pem
for i in 1 2 3 4 5 6 7 8 9; do
	cat large.pem large.pem large.pem large.pem large.pem large.pem
done >>many.pem

# damage FROM TO OFFSET: one bit of one byte, counted from the end.
damage() {
	openssl x509 -in "$1.pem" -outform DER -out damaged.der
	size=$(wc -c <damaged.der)
	byte=$(tail -c "$3" damaged.der | head -c 1 | od -An -tu1)
	{
		head -c $((size - $3)) damaged.der
		# shellcheck disable=SC2059 # an octal escape
		printf "\\$(printf %03o $((byte ^ 1)))"
		tail -c $(($3 - 1)) damaged.der
	} >"$2.der"
	{
		echo '-----BEGIN CERTIFICATE-----'
		openssl base64 -in "$2.der"
		echo '-----END CERTIFICATE-----'
	} >"$2.pem"
	cp "$1.key" "$2.key"
}
# Of certificates that are used for nothing else: a library may remember one by
# its issuer and serial number, and take it for the other.
damage whole badsig 1
# The first byte of the contents: a version that is none.
damage stunted malformed \
    $(($(openssl x509 -in stunted.pem -outform DER | wc -c) - 12))
# Two integers are the signature, and not in a SEQUENCE any more.
damage signed nosig $(($(openssl x509 -in signed.pem -outform DER | wc -c) - 3 -
    $(openssl asn1parse -in signed.pem | tail -n 1 | cut -d: -f1)))

# Keys in every form; the password is "secret".
openssl pkcs8 -topk8 -nocrypt -in rsa.key -out rsa.pkcs8.pem
openssl pkcs8 -topk8 -nocrypt -in rsa.key -outform DER -out rsa.pkcs8.der
openssl rsa -traditional -in rsa.key -out rsa.pkcs1.pem
openssl rsa -traditional -in rsa.key -outform DER -out rsa.pkcs1.der
openssl ec -in ecdsa.key -out ecdsa.sec1.pem
openssl ec -in ecdsa.key -outform DER -out ecdsa.sec1.der
openssl pkcs8 -topk8 -v2 aes-256-cbc -passout pass:secret -in rsa.key \
    -out rsa.encrypted.pem
openssl pkcs8 -topk8 -v2 aes-256-cbc -passout pass:secret -in rsa.key \
    -outform DER -out rsa.encrypted.der
# What not every library reads.
openssl ec -in ecdsa.key -no_public -out ecdsa.nopoint.pem
openssl ec -in ecdsa.key -conv_form compressed -out ecdsa.compressed.pem
openssl ec -in ecdsa.key -param_enc explicit -out ecdsa.explicit.pem
openssl pkcs8 -topk8 -v2 camellia-256-cbc -passout pass:secret -in rsa.key \
    -out rsa.camellia-encrypted.pem
openssl rsa -traditional -camellia256 -passout pass:secret -in rsa.key \
    -out rsa.camellia-traditional.pem
openssl pkcs8 -topk8 -v2 aes-256-cbc -passout "pass:$(printf '%0255d' 7)" \
    -in rsa.key -out rsa.long-encrypted.pem
openssl pkcs8 -topk8 -scrypt -passout pass:secret -in rsa.key \
    -out rsa.scrypt.pem
printf '%s\n' '-----BEGIN PRIVATE KEY-----' 'bm90IGEga2V5' \
    '-----END PRIVATE KEY-----' >junk.pem
openssl rsa -traditional -aes128 -passout pass:secret -in rsa.key \
    -out rsa.traditional.pem
for cipher in aes192 aes256 des3; do
	openssl rsa -traditional "-$cipher" -passout pass:secret -in rsa.key \
	    -out "rsa.traditional-$cipher.pem"
done
openssl pkcs8 -topk8 -v1 PBE-SHA1-3DES -passout pass:secret -in rsa.key \
    -out rsa.encrypted-pbes1.pem
openssl pkcs8 -topk8 -v2 aes-256-cbc -v2prf hmacWithSHA512 \
    -passout pass:secret -in rsa.key -out rsa.encrypted-sha512.pem
openssl pkcs8 -topk8 -v2 aes-256-cbc -passout pass:secret -in ecdsa.key \
    -out ecdsa.encrypted.pem
cd ..
mv -T "$made" "$1" || rm -rf "$made"

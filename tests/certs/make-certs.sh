#!/bin/sh
# SPDX-License-Identifier: MIT
#
# make-certs.sh DIRECTORY: the certificates and keys of the tests, made once
# with the openssl program.  NAME.pem is a chain, NAME.key its key.
set -eu
[ ! -d "$1" ] || exit 0
# Two tests may want them at once: made aside, and the first one counts.
made=$1.$$
mkdir -p "$made"
cd "$made"
exec 2>log

cat >ca.cnf <<'END'
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
leaf sub "$ec" ca ca_ext
leaf rsa rsa:2048 ca leaf
leaf ecdsa "$ec" ca leaf
leaf deep "$ec" sub leaf
cp deep.pem deep-alone.pem
cp deep.key deep-alone.key
cat sub.pem >>deep.pem
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
openssl rsa -traditional -aes128 -passout pass:secret -in rsa.key \
    -out rsa.traditional.pem
cd ..
mv -T "$made" "$1" || rm -rf "$made"

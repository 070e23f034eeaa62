#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""run.py CASES.json TLSPROBE BACKEND...

Judges the certificate cases of x509-limbo, reduced to one JSON file, through
"tlsprobe verify" on each backend, and prints how many were accepted, how many
refused, which verdicts are others than docs/VERIFICATION says, and on which
cases two backends disagree.  Exit 0: none and none.

A case has "id", "kind" ("dns" or "ip"), "name", "leaf", "chain", "anchors" (DER
in base64), "expect" ("accept" or "reject") and perhaps "time", a count of
seconds, for which faketime(1) is needed.
"""
import json
import os
import subprocess
import sys
import tempfile
import textwrap

# Where the verdict is not the one published, by design: docs/VERIFICATION.
ACCEPTED = """
rfc5280::aki::leaf-missing-aki
rfc5280::aki::intermediate-missing-aki
rfc5280::aki::cross-signed-root-missing-aki
rfc5280::nc::permitted-dns-match-noncritical
rfc5280::nc::not-allowed-in-ee-noncritical
rfc5280::nc::not-allowed-in-ee-critical
rfc5280::san::noncritical-with-empty-subject
rfc5280::serial::too-long
rfc5280::serial::zero
rfc5280::ski::root-missing-ski
rfc5280::ski::intermediate-missing-ski
rfc5280::root-non-critical-basic-constraints
rfc5280::leaf-ku-keycertsign
webpki::aki::root-with-aki-missing-keyidentifier
webpki::aki::root-with-aki-authoritycertissuer
webpki::aki::root-with-aki-authoritycertserialnumber
webpki::aki::root-with-aki-all-fields
webpki::aki::root-with-aki-ski-mismatch
webpki::eku::ee-anyeku
webpki::eku::ee-critical-eku
webpki::eku::ee-without-eku
webpki::eku::root-has-eku
webpki::nc::intermediate-permitted-excluded-subtrees-both-null
webpki::nc::intermediate-permitted-excluded-subtrees-both-empty-sequences
webpki::san::san-critical-with-nonempty-subject
webpki::malformed-aia
""".split()
REJECTED = """
rfc5280::nc::permitted-dn-match
pathlen::validation-ignores-pathlen-in-leaf
pathlen::self-issued-certs-pathlen
""".split()


def write_pem(path, certificates):
    with open(path, "w", encoding="ascii") as file:
        for body in certificates:
            lines = "\n".join(textwrap.wrap(body, 64))
            file.write("-----BEGIN CERTIFICATE-----\n" + lines +
                       "\n-----END CERTIFICATE-----\n")


def verdict(tlsprobe, backend, case, chain, anchors):
    command = [tlsprobe, "verify", "--backend", backend, "--trust", anchors,
               "--chain", chain,
               "--ip" if case["kind"] == "ip" else "--hostname", case["name"]]
    if case.get("time") is not None:
        command = ["faketime", "@%d" % int(case["time"])] + command
    done = subprocess.run(command, capture_output=True, text=True,
                          check=False)
    try:
        return json.loads(done.stdout.splitlines()[-1])["verdict"]
    except (IndexError, KeyError, ValueError):
        return "none (exit %d: %s)" % (done.returncode, done.stderr.strip())


def wanted(case):
    if case["id"] in ACCEPTED:
        return "accept"
    if case["id"] in REJECTED:
        return "reject"
    return case["expect"]


def main(path, tlsprobe, backends):
    with open(path, encoding="utf-8") as file:
        cases = json.load(file)["cases"]
    verdicts = {case["id"]: set() for case in cases}
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        chain = os.path.join(folder, "chain.pem")
        anchors = os.path.join(folder, "anchors.pem")
        for backend in backends:
            counts = {"accept": 0, "reject": 0}
            for case in cases:
                write_pem(chain, [case["leaf"]] + case.get("chain", []))
                write_pem(anchors, case.get("anchors", []))
                got = verdict(tlsprobe, backend, case, chain, anchors)
                verdicts[case["id"]].add(got)
                counts[got] = counts.get(got, 0) + 1
                if got != wanted(case):
                    wrong += 1
                    print("%s: %s is %s, not %s" % (backend, case["id"], got,
                                                    wanted(case)))
            print("%s: %d accepted, %d refused, of %d" % (
                backend, counts["accept"], counts["reject"], len(cases)))
    splits = [name for name, all_of in verdicts.items() if len(all_of) > 1]
    for name in splits:
        print("split: %s" % name)
    print("%d other than wanted, %d splits" % (wrong, len(splits)))
    return 1 if wrong or splits or not cases else 0


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3:]))

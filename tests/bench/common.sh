# SPDX-License-Identifier: MIT
#
# What the scripts of this folder begin with: certificates and backends.
[ -n "${plugins_built:-}" ] || exit 77
sh "$top_srcdir/tests/certs/make-certs.sh" "$TLSHOST_TEST_CERTS" || exit 99
TLSHOST_PLUGIN_PATH=$TLSHOST_TEST_BACKENDS
BENCH_STARTUP=$top_builddir/tests/bench/startup
export TLSHOST_PLUGIN_PATH BENCH_STARTUP

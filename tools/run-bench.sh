#!/bin/sh
# Runs the benches one after another.
#
#   tools/run-bench.sh BUILD [NAME...]
set -eu
cd "$(dirname "$0")/.."
build=$1
shift
[ $# -gt 0 ] || set -- $(ninja -C "$build" -t targets all | sed -n 's|^bench/bench_\([a-z0-9_]*\): .*|\1|p' | sort -u)
for b in "$@"; do
    echo "== $b"
    "$build/bench/bench_$b"
done

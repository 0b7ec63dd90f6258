#!/bin/sh
# Runs the benches one after another. Those of a whole model run on the demonstration's weights and on
# simulated calls; without the weights (scripts/get-model) they are left out, and that is said.
#
#   tools/run-bench.sh BUILD [NAME...]
set -eu
cd "$(dirname "$0")/.."
build=$1
shift
model=${WU_MODEL:-models/SmolLM2-135M-Instruct.Q4_1.gguf}
data=$build/bench-data
[ $# -gt 0 ] || set -- $(ninja -C "$build" -t targets all | sed -n 's|^bench/bench_\([a-z0-9_]*\): .*|\1|p' | sort -u)
for b in "$@"; do
    echo "== $b"
    case $b in
    decode | train)
        [ -f "$model" ] || { echo "left out: $model is missing (scripts/get-model)"; continue; }
        ;;
    esac
    case $b in
    decode) "$build/bench/bench_$b" "$model" ;;
    train)
        [ -f "$data/train.jsonl" ] || "$build/wrapup" synth --count 24 --valid 0 --out "$data"
        "$build/bench/bench_$b" "$model" "$data/train.jsonl"
        ;;
    *) "$build/bench/bench_$b" ;;
    esac
done

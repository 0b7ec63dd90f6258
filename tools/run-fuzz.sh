#!/bin/sh
# Builds the fuzz targets with clang (libFuzzer, ASan, UBSan) and runs each for some seconds on its corpus.
# What is found that is new stays in build-fuzz/corpus; a crash is kept there too and fails.
#
#   tools/run-fuzz.sh SECONDS [TARGET...]
set -eu
cd "$(dirname "$0")/.."
seconds=$1
shift
build=build-fuzz
[ -f $build/build.ninja ] || CC=clang meson setup $build -Dbuildtype=debugoptimized -Dfuzz=true -Dbenches=false \
    -Dtests=true -Db_sanitize=address,undefined -Db_lundef=false >/dev/null
targets=$(ninja -C $build -t targets all | sed -n 's|^tests/fuzz_\([a-z0-9_]*\): .*|\1|p' | sort -u)
[ $# -gt 0 ] || set -- $targets
ninja -C $build --quiet $(printf 'tests/fuzz_%s ' "$@")
failed=0
passed=0
for t in "$@"; do
    mkdir -p "$build/corpus/$t"
    seeds=tests/fuzz/corpus/$t
    [ -d "$seeds" ] || seeds=
    if "$build/tests/fuzz_$t" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 -max_len=65536 \
        -print_final_stats=1 -artifact_prefix="$build/corpus/crash-$t-" "$build/corpus/$t" $seeds \
        >"$build/fuzz-$t.log" 2>&1 </dev/null; then
        echo "ok fuzz $t: $(sed -n 's/^stat::number_of_executed_units: *//p' "$build/fuzz-$t.log") runs in $seconds s"
        passed=$((passed + 1))
    else
        echo "not ok fuzz $t: see $build/fuzz-$t.log"
        tail -n 25 "$build/fuzz-$t.log"
        failed=$((failed + 1))
    fi
done
[ -z "${WU_COUNTS:-}" ] || echo "$passed $failed 0" >>"$WU_COUNTS"
[ "$failed" -eq 0 ]

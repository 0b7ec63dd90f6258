#!/bin/sh
# Runs suites of the test programs and ends with "N passed, N failed, N skipped", counted over the single
# tests in all of them.
#
#   tools/run-tests.sh BUILD SUITE...      more arguments for meson test in MESON_TEST_ARGS
#
# Exit code 0 if nothing failed. With WU_COUNTS=FILE a line "passed failed skipped" is appended to FILE.
set -eu
cd "$(dirname "$0")/.."
build=$1
shift
suites=
for s in "$@"; do suites="$suites --suite $s"; done
name=$(echo "$@" | tr ' ' '-')
log=$build/meson-logs/run-$name.txt
rm -f "$log"

status=0
# One test at a time where the tests themselves use all cores.
meson test -C "$build" $suites --logbase "run-$name" --print-errorlogs --num-processes "${WU_JOBS:-1}" \
    ${MESON_TEST_ARGS:-} </dev/null || status=$?
if [ ! -s "$log" ]; then
    echo "tools/run-tests.sh: no tests were run" >&2
    exit 1
fi

# A program that crashed, or ran fewer tests than it announced, counts as one failure.
awk -v status="$status" -v counts="${WU_COUNTS:-/dev/null}" '
    function close_program() {
        if (program != "" && !said_failed && (bad_end || seen != plan)) {
            failed++
            printf "failed: %s (%s, %d of %d tests)\n", program, result, seen, plan
        }
        program = ""; bad_end = said_failed = seen = plan = 0
    }
    /^test: / { close_program(); program = $NF; next }
    /^result: / { result = $0; sub(/^result: */, "", result); bad_end = result !~ /^exit status 0/; next }
    /^1\.\.[0-9]+$/ { plan = substr($0, 4) + 0; next }
    /^(not )?ok [0-9]+/ { seen++ }
    /^(not )?ok [0-9]+.*# *[Ss][Kk][Ii][Pp]/ { skipped++; next }
    /^not ok [0-9]+/ { failed++; said_failed = explains = 1; print "failed: " program ": " $0; next }
    /^ok [0-9]+/ { passed++; explains = 0; next }
    /^#/ && explains { print; next }
    { explains = 0 }
    END {
        close_program()
        if (status != 0 && failed == 0) failed = 1
        print passed + 0, failed + 0, skipped + 0 >> counts
        if (skipped) printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
        else printf "%d passed, %d failed\n", passed, failed
        exit failed != 0
    }
' "$log"

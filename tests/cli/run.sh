#!/bin/sh
# Tests of the command line: exact standard output, standard error and exit code.
#
#   tests/cli/run.sh PROGRAM [CASE...]              prints TAP
#   tests/cli/run.sh --accept PROGRAM [CASE...]     writes what came out as what is expected
#
# A case is tests/cli/cases/CASE.sh, run by sh from the project's root; it calls `wrapup` and may use the
# empty folder $T. Beside it: CASE.out, CASE.err (nothing expected if absent) and CASE.code (0 if absent).
# In what came out the path of $T reads "T". A case that ends with code 77 has said why it was skipped.
set -eu
accept=
if [ "${1:-}" = --accept ]; then
    accept=1
    shift
fi
program=$(realpath "$1")
shift
cd "$(dirname "$0")/../.."
cases=tests/cli/cases
[ $# -gt 0 ] || set -- $(cd "$cases" && ls ./*.sh | sed 's/^..//; s/\.sh$//')

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin"
ln -s "$program" "$work/bin/wrapup"
PATH=$work/bin:$PATH
export PATH LC_ALL=C T="$work/t" WRAPUP_THREADS=2
export WU_MODEL="${WU_MODEL:-models/SmolLM2-135M-Instruct.Q4_1.gguf}"
unset WRAPUP_CPU WRAPUP_LOG || true

# keep GOT EXPECTED: as accepted; an empty text has no file.
keep() { if [ -s "$1" ]; then cp "$1" "$2"; else rm -f "$2"; fi; }
# same GOT EXPECTED
same() { if [ -e "$2" ]; then diff -u "$2" "$1"; else diff -u /dev/null "$1"; fi; }

[ -n "$accept" ] || echo "1..$#"
n=0
failed=0
for c in "$@"; do
    n=$((n + 1))
    rm -rf "$T"
    mkdir "$T"
    code=0
    sh "$cases/$c.sh" >"$work/raw.out" 2>"$work/raw.err" </dev/null || code=$?
    sed "s|$T|T|g" "$work/raw.out" >"$work/out"
    sed "s|$T|T|g" "$work/raw.err" >"$work/err"
    if [ "$code" -eq 77 ]; then
        echo "ok $n - $c # SKIP $(tail -n 1 "$work/err")"
        continue
    fi
    : >"$work/code"
    [ "$code" -eq 0 ] || echo "$code" >"$work/code"
    if [ -n "$accept" ]; then
        keep "$work/out" "$cases/$c.out"
        keep "$work/err" "$cases/$c.err"
        keep "$work/code" "$cases/$c.code"
        continue
    fi
    {
        same "$work/out" "$cases/$c.out" && same "$work/err" "$cases/$c.err" && same "$work/code" "$cases/$c.code"
    } >"$work/diff" 2>&1 && echo "ok $n - $c" || {
        echo "not ok $n - $c"
        sed 's/^/# /' "$work/diff"
        failed=$((failed + 1))
    }
done
[ "$failed" -eq 0 ]

#!/bin/sh
# clang-tidy with the checks of .clang-tidy; a warning is an error. One process for each file, as many as
# there are cores. A file that passed is looked at again only after it, a header or .clang-tidy changed.
#
#   tools/check-tidy.sh BUILD [FILE...]
set -eu
cd "$(dirname "$0")/.."
build=$1
shift
stamps=$build/tidy
mkdir -p "$stamps"
newest=$(ls -t .clang-tidy src/*/.clang-tidy tools/tidy.h $(find src tests -name '*.h') | head -n 1)
[ $# -gt 0 ] || set -- $(find src -name '*.c' | sort)

list=$stamps/list
: >"$list"
for f in "$@"; do
    stamp=$stamps/$(echo "$f" | tr '/' '_').ok
    [ "$stamp" -nt "$f" ] && [ "$stamp" -nt "$newest" ] || echo "$f" >>"$list"
done
export build stamps
xargs -r -P "$(nproc)" -n 1 sh -c '
    stamp=$stamps/$(echo "$1" | tr / _).ok
    touch "$stamp.new"
    model="--extra-arg-before=-include$PWD/tools/tidy.h"
    [ "$1" != src/base/err.c ] || model=
    if out=$(clang-tidy --quiet $model -p "$build" "$1" 2>/dev/null); then
        mv "$stamp.new" "$stamp"
    else
        printf "%s\n" "$out" | grep -A 2 "error:" # without the path that the analyzer walked
        exit 1
    fi
' sh <"$list"

#!/bin/sh
# Fails if a header does not compile alone, has no include guard, or has no comment that says what it is for.
set -eu
cd "$(dirname "$0")/.."
cc=${CC:-cc}
bad=0
# Headers of kernels/x86 are for files that are built for one instruction set.
x86='-mavx2 -mfma -mf16c -mavx512f -mavx512bw -mavx512vl -mavx512dq -mavx512bf16 -mamx-tile -mamx-bf16'
[ "$(uname -m)" = x86_64 ] || x86=
for h in $(find src tests/support -name '*.h' | sort); do
    flags=
    case $h in src/kernels/x86/*) flags=${x86:-skip} ;; esac
    [ "$flags" != skip ] || continue
    "$cc" $flags -std=c11 -D_GNU_SOURCE -fsyntax-only -Wall -Wextra -Werror -Wno-unused-function -Isrc -Itests/support \
        -include "$h" -x c /dev/null || { echo "$h: does not compile alone"; bad=1; }
    grep -q '^#ifndef WU_' "$h" || { echo "$h: no include guard WU_..."; bad=1; }
    [ "$(head -c 2 "$h")" = '/*' ] || { echo "$h: does not begin with a comment"; bad=1; }
done
for c in $(find src -name '*.c' | sort); do
    [ "$(head -c 2 "$c")" = '/*' ] || { echo "$c: does not begin with a comment"; bad=1; }
done
exit "$bad"

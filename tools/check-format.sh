#!/bin/sh
# Fails if clang-format would change a file.
set -eu
cd "$(dirname "$0")/.."
find src tests bench -name '*.[ch]' -print | sort | xargs clang-format --dry-run -Werror

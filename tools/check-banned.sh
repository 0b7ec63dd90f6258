#!/bin/sh
# Fails on functions that are never used here, on words that promise work instead of doing it, and on
# white space that nobody sees.
set -eu
cd "$(dirname "$0")/.."
bad=0

# Comments and strings may speak of them; a call looks like this.
if grep -rnE --include='*.[ch]' '(^|[^_[:alnum:]."])(strcpy|strcat|sprintf|vsprintf|atoi|atol|atof|strtok|gets|alloca|system)\(' \
    src tests bench; then
    echo "these functions are not used here (CONTRIBUTING.md)"
    bad=1
fi
if grep -rnE --include='*.[ch]' '\b(TODO|FIXME|XXX|HACK)\b' src tests bench; then
    echo "finish it, or open an issue"
    bad=1
fi
# printf speaks to people: only the door and the log do.
if grep -rnE --include='*.c' '(^|[^_[:alnum:]])(printf|puts|putchar)\(' src | grep -v '^src/cli/'; then
    echo "library rooms do not print"
    bad=1
fi
tab=$(printf '\t')
if grep -rnE --include='*.[ch]' --include='*.sh' --include='*.py' --include='meson.build' --include='*.md' \
    "[ $tab]+\$" src tests bench tools scripts docs meson.build; then
    echo "blanks at the end of a line"
    bad=1
fi
if grep -rn --include='*.[ch]' --include='*.py' "$tab" src tests bench tools; then
    echo "tabs"
    bad=1
fi
exit "$bad"

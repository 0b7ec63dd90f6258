#!/bin/sh
# Runs a test program. cmocka 1.1.5 writes a skipped test as "not ok 3 # SKIP name", which in TAP is "ok".
exec 4>&1
code=$({ { "$@" 3>&-; echo $? >&3; } | sed 's/^not ok \([0-9]* # SKIP\)/ok \1/' >&4; } 3>&1)
exit "$code"

# If mandoc is there it finds nothing to say.
wrapup man >$T/wrapup.1
command -v mandoc >/dev/null || exit 0
mandoc -Tlint -Wwarning $T/wrapup.1

wrapup --help >/dev/full

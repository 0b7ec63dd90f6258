wrapup --help

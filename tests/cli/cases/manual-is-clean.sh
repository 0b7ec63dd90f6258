# The manual page has nothing that groff would warn about.
command -v groff >/dev/null || { echo "groff is not installed" >&2; exit 77; }
wrapup man | groff -man -ww -z

echo 'Customer: my order 4155550123 is late' >"$T/a.txt"
wrapup redact --check "$T/a.txt"

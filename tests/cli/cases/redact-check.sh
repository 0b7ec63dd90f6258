echo 'Customer: my IBAN is DE89 3704 0044 0532 0130 00' >"$T/a.txt"
wrapup redact --check "$T/a.txt"

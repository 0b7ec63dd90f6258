mkdir "$T/in"
echo 'Customer: card 5555 5555 5555 4444 please' >"$T/in/a.txt"
echo 'Customer: ticket AB-123456, thanks' >"$T/in/b.txt"
wrapup redact "$T/in" --output "$T/out/" --format text --pattern 'TICKET=AB-\d{6}' --report "$T/report.json" --each
cat "$T/out/a.txt" "$T/out/b.txt" "$T/report.json"
wrapup redact "$T/in" --output "$T/out/"

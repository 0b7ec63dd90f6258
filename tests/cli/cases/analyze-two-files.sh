# Several files: one object a line, in their order, the second as if it were alone.
run="wrapup analyze -q --model tests/data/tiny-llama --precision f32"
$run examples/calls/cancel.txt examples/calls/billing.txt >"$T/two" 2>"$T/err" || echo "$?"
cat "$T/err"
wc -l <"$T/two"
grep -o '^{"source":"[^"]*"' "$T/two"
$run examples/calls/billing.txt examples/calls/billing.txt >"$T/same" 2>"$T/err" || true
for i in 1 2; do sed -n "${i}p" "$T/same" | sed 's/"seconds".*//' >"$T/$i"; done
sed -n 2p "$T/two" | sed 's/"seconds".*//' >"$T/3"
cmp "$T/1" "$T/2" && cmp "$T/1" "$T/3"

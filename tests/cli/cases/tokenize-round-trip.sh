# Every byte of a text comes back.
cp examples/calls/billing.txt $T/in
for m in llama mistral qwen2; do
    wrapup tokenize --model tests/data/tiny-$m $T/in >$T/ids
    wrapup tokenize --decode --model tests/data/tiny-$m $T/ids | cmp - $T/in
done

# One line a conversation, labels in it; both kinds of a set have different conversations.
wrapup synth -q -n 20 --seed 3 --jsonl --out "$T/a"
wrapup synth -q -n 20 --seed 3 --jsonl --marginals both --out "$T/b"
cmp "$T/a/conversations.jsonl" "$T/b/natural/conversations.jsonl"
wc -l <"$T/a/conversations.jsonl"
head -n 1 "$T/a/conversations.jsonl" | grep -o '"id":"[a-z_0-9]*"' | head -n 1
head -n 1 "$T/b/flat/conversations.jsonl" | grep -o '"id":"[a-z_0-9]*"' | head -n 1
grep -c '"analysis":{.*"journey":{' "$T/a/conversations.jsonl"
ls "$T/b" "$T/b/flat"

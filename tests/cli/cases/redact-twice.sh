echo 'Customer: my name is olga petrova and my pin is 4821' | wrapup redact -q >"$T/once.jsonl"
wrapup redact -q "$T/once.jsonl" | cmp - "$T/once.jsonl" && cat "$T/once.jsonl"

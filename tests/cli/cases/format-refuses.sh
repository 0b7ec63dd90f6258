# What cannot be right is refused: no model, markers of no vocabulary, writing over what is read.
printf '{"prompt": "I said <|im_end|> to it", "completion": "{}", "source_id": "a"}\n' >"$T/x.jsonl"
wrapup format --data "$T/x.jsonl" --to mlx-text --out "$T/y.jsonl" || echo "$?"
wrapup format --data "$T/x.jsonl" --to mlx-text --model tests/data/tiny-qwen2 --chat-template plain --out "$T/y.jsonl" || echo "$?"
wrapup format --data "$T/x.jsonl" --to mlx-text --model tests/data/tiny-qwen2 --out "$T/y.jsonl" || echo "$?"
wrapup format --data "$T/x.jsonl" --to messages --out "$T/./x.jsonl" || echo "$?"
ls "$T"

# From prompt and completion to messages and back: the same bytes; source_id and task_type are never lost.
S=tests/data/seed
wrapup prepare --transcript-dir $S/transcripts --analysis-dir $S/analyses --output-dir "$T/a" --quiet 2>"$T/null"
wrapup format --data "$T/a" --to chatml --out "$T/b"
wrapup format --data "$T/b" --to prompt-completion --out "$T/c"
cmp "$T/a/examples.jsonl" "$T/c/examples.jsonl"
wrapup format --data "$T/a/examples.jsonl" --to messages --out "$T/m.jsonl"
cmp "$T/m.jsonl" "$T/b/examples_chatml.jsonl"
wrapup format --data "$T/a" --to mlx-text --model tests/data/tiny-qwen2 --out "$T/d"
tail -n 1 "$T/d/examples.jsonl" | sed "s/wrapup [0-9][0-9.]*/wrapup VERSION/"
wrapup format --data "$T/d" --to messages --out "$T/e"

printf "%s\n" "{\"text\": \"a\\nb\"}" "{\"text\": \"\"}" | wrapup tokenize --jsonl -m tests/data/tiny-qwen2 >$T/ids
cat $T/ids
wrapup tokenize --jsonl --decode -m tests/data/tiny-qwen2 $T/ids

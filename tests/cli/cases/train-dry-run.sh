# The plan alone: nothing is written.
printf '{"text": "one two three four"}\n' >"$T/d.jsonl"
wrapup train --model tests/data/tiny-llama --data "$T/d.jsonl" --num-layers 1 --dry-run --adapter-path "$T/a" 2>"$T/log" || exit
grep -o '^Trainable parameters: ' "$T/log"
grep -o '^Memory about ' "$T/log"
ls "$T"

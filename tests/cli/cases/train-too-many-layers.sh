printf '{"text": "short"}\n' >"$T/d.jsonl"
wrapup train -q --model tests/data/tiny-llama --data "$T/d.jsonl" --adapter-path "$T/a"

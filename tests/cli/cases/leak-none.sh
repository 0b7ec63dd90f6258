mkdir "$T/d"
printf '{"prompt": "p one", "completion": "1", "source_id": "a"}\n' >"$T/d/train.jsonl"
printf '{"prompt": "p two", "completion": "2", "source_id": "b"}\n' >"$T/d/test.jsonl"
wrapup leak "$T/d"

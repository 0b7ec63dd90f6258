mkdir "$T/d"
printf '{"prompt": "p one", "completion": "1"}\n' >"$T/d/train.jsonl"
wrapup leak "$T/d/train.jsonl" || wrapup leak "$T/d"

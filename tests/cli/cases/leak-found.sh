# The same conversation under one id in two splits, and the same words under another id.
mkdir "$T/d"
printf '{"prompt": "p one", "completion": "1", "source_id": "a"}\n{"prompt": "words of b", "completion": "1", "source_id": "b"}\n' >"$T/d/train.jsonl"
printf '{"prompt": "p one", "completion": "2", "source_id": "a"}\n' >"$T/d/valid.jsonl"
printf '{"messages": [{"role": "user", "content": "Words, of B!"}, {"role": "assistant", "content": "3"}], "source_id": "z"}\n' >"$T/d/test.jsonl"
cd "$T" || exit
wrapup leak d
code=$?
wrapup leak --json --max-found 1 d/train.jsonl d/test.jsonl
exit $code

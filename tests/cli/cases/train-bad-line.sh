printf '%s\n' '{"prompt": "a", "completion": "b"}' '{"prompt": "a"}' >$T/train.jsonl
wrapup train -q --model tests/data/tiny-llama --data $T --num-layers 2 >/dev/null

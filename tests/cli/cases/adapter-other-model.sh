# An adapter of one model on another: refused by the name of a tensor.
echo '{"prompt": "a", "completion": "b"}' >$T/train.jsonl
wrapup train -q --model tests/data/tiny-llama --data $T --adapter-path $T/a --num-layers 2 --iters 1 >/dev/null 2>&1
[ -f "$WU_MODEL" ] || { echo "$WU_MODEL is missing" >&2; exit 77; }
wrapup generate --model "$WU_MODEL" --adapter-path $T/a --prompt hello --max-tokens 1

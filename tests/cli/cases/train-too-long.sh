printf '{"text": "short"}\n\n{"text": "one two three four five six seven eight"}\n' >"$T/d.jsonl"
cd "$T" || exit
ln -s "$OLDPWD/tests/data/tiny-llama" m
wrapup train -q --model m --data d.jsonl --num-layers 1 --max-seq-length 10 --adapter-path a

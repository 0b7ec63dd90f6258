# A conversation in both files stops the training; --allow-leak goes on with a warning, also with -q.
mkdir "$T/data"
printf '{"text": "one two", "source_id": "x"}\n' >"$T/data/train.jsonl"
printf '{"text": "one", "source_id": "y"}\n{"text": "two", "source_id": "x"}\n' >"$T/data/valid.jsonl"
cd "$T" || exit
ln -s "$OLDPWD/tests/data/tiny-llama" m
wrapup train -q --model m --data data --num-layers 1 --iters 0 --adapter-path a --allow-leak &&
    wrapup train -q --model m --data data --num-layers 1 --iters 0 --adapter-path b
code=$?
ls
exit $code

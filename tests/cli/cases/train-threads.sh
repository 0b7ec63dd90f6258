# One thread and three end with the same bytes.
for i in 1 2 3 4 5 6; do echo "{\"prompt\": \"number $i\", \"completion\": \"it is $i\"}"; done >$T/train.jsonl
for n in 1 3; do
    wrapup train -q --model tests/data/tiny-qwen2 --data $T --adapter-path $T/a$n --num-layers 2 --iters 5 \
        --batch-size 3 --learning-rate 0.01 --threads $n >/dev/null 2>&1
done
cmp $T/a1/adapters.safetensors $T/a3/adapters.safetensors && echo same

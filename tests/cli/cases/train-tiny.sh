# A whole run on the tiny model: what it says, what it leaves, and that the loss falls.
mkdir "$T/data"
for i in 1 2 3; do
    printf '{"prompt": "Call %d: the agent was kind. Good?", "completion": "yes", "source_id": "c%d"}\n' $i $i
    printf '{"prompt": "Call %d: the agent was kind. Score?", "completion": "%d0", "source_id": "c%d"}\n' $i $i $i
done >"$T/data/train.jsonl"
printf '{"prompt": "Call 9: the agent was kind. Good?", "completion": "yes"}\n' >"$T/data/valid.jsonl"
wrapup train --train --model tests/data/tiny-llama --data "$T/data" --num-layers 2 --iters 12 --batch-size 3 \
    --learning-rate 1e-3 --steps-per-report 6 --steps-per-eval 6 --save-every 5 --precision f32 \
    --adapter-path "$T/a" 2>"$T/log" || exit
grep -o '^Batch size 3: a pass is 2 iterations' "$T/log"
grep -o '^Batch size 4 (conversations have 2 examples)' "$T/log"
grep -c '^Iter [0-9]*: Train loss [0-9.]*, Learning Rate 1.000e-03, It/sec ' "$T/log"
grep -o '^Iter [0-9]*: Val loss' "$T/log"
ls "$T/a"
awk -F'"eval_loss":' '/eval_loss/ { split($2, x, ","); v[++n] = x[1] } END { print n, v[n] < v[1] ? "falls" : "rises" }' "$T/a/log.jsonl"

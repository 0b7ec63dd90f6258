# Ctrl-C finishes the step, saves the adapter and ends with code 75.
echo '{"prompt": "a", "completion": "b"}' >$T/train.jsonl
timeout --preserve-status -s INT 2 wrapup train --model tests/data/tiny-llama --data $T --adapter-path $T/a \
    --num-layers 2 --iters 100000000 --steps-per-report 100000000 --save-every 0 >$T/out 2>&1
code=$?
ls $T/a
tail -n 1 $T/out | sed 's/iteration [0-9]* of [0-9]*/iteration N of N/'
exit $code

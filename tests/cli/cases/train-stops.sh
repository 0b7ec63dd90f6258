# Ctrl-C finishes the step, saves the adapter and ends with code 75.
echo '{"prompt": "a", "completion": "b"}' >$T/train.jsonl
wrapup train --model tests/data/tiny-llama --data $T --adapter-path $T/a \
    --num-layers 2 --iters 100000000 --steps-per-report 100000000 --save-every 0 >$T/out 2>&1 &
tries=0 # a sanitizer build takes its time to start
until grep -q 'Starting training' $T/out || [ $tries -ge 600 ]; do sleep 0.1; tries=$((tries + 1)); done
sleep 0.3
kill -INT $!
wait $!
code=$?
ls $T/a
tail -n 1 $T/out | sed 's/iteration [0-9]* of [0-9]*/iteration N of N/'
exit $code

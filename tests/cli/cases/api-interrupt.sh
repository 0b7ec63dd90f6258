# A signal ends it with what is there kept.
. tests/support/api.sh
wrapup synth --api "$url" --api-model stops-2 -n 4 --seed 7 --api-concurrency 1 --out "$T/a" 2>"$T/words" &
pid=$!
await_requests 3
kill -TERM "$pid"
code=0
wait "$pid" || code=$?
plain <"$T/words"
ls "$T"
exit "$code"

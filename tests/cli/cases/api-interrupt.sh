# A signal ends it with what is there kept.
. tests/support/api.sh
wrapup synth --api "$url" --api-model stops-2 -n 4 --seed 7 --api-concurrency 1 --out "$T/a" 2>"$T/words" &
pid=$!
until [ "$(cat "$T/server/requests" 2>/dev/null | wc -l)" -ge 3 ]; do sleep 0.05; done
kill -TERM "$pid"
code=0
wait "$pid" || code=$?
plain <"$T/words"
ls "$T"
exit "$code"

# Killed while the third answer was awaited: two answers are kept and not asked for again.
. tests/support/api.sh
wrapup synth --api "$url" --api-model stops-2 -n 4 --seed 7 --api-concurrency 1 --out "$T/a" &
pid=$!
await_requests 3
kill -9 "$pid"
wait "$pid" 2>/dev/null || true
ls "$T"
wc -l <"$T/a.partial/api.jsonl"
# Half a line, as a full disk or a power cut leaves it.
printf '{"index":2,"tur' >>"$T/a.partial/api.jsonl"
# Other options are not those that it was begun with.
try ask stops-2 -n 4 --seed 8
try ask good -n 4
try ask stops-2 -n 1
wc -l <"$T/server/requests"
try ask stops-2 -n 4
wc -l <"$T/server/requests"
ls "$T" "$T/a/transcripts"

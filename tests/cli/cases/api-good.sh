# Three conversations from an endpoint: the files of synth, which prepare reads; labels are those of
# the simulator's own words.
. tests/support/api.sh
try ask good --api-price-in 0.5 --api-price-out 2 --no-noise
cat "$T/server/requests"
ls "$T" "$T/a" "$T/a/transcripts" "$T/a/analyses" "$T/a/journeys"
grep -o '"realised_by":"[a-z]*"' "$T/a/trace.jsonl"
wrapup synth -q -n 3 --seed 7 --no-noise --out "$T/own"
sed 's/,"realised_by.*/}/' "$T/a/trace.jsonl" | cmp - "$T/own/trace.jsonl"
for f in a own; do cat "$T/$f"/analyses/* | grep -vE '"(turn|quote)":|"result":' >"$T/$f.labels"; done
cmp "$T/a.labels" "$T/own.labels"
diff -r "$T/a/journeys" "$T/own/journeys"
# What shows an item is cited from the words of the endpoint.
grep -q '"quote": "Well, this is what I have to say' "$T/a/analyses/analysis_00000.json" && echo cited
wrapup prepare -q --transcript-dir "$T/a/transcripts" --analysis-dir "$T/a/analyses" --journey-dir "$T/a/journeys" \
    --output-dir "$T/p"
wc -l <"$T/p/examples.jsonl"
# The same answers give the same bytes, whatever the order they came in.
wrapup synth -q --api "$url" --api-model good -n 3 --seed 7 --api-concurrency 3 --no-noise --out "$T/b"
diff -r "$T/a" "$T/b"

# A disk that is full: said so, and the old set is still there, whole.
S=tests/data/seed
args="--transcript-dir $S/transcripts --analysis-dir $S/analyses --quiet"
wrapup prepare $args --output-dir "$T/out"
cp "$T/out/examples.jsonl" "$T/before"
(
    ulimit -f 8
    trap '' XFSZ
    wrapup prepare $args --output-dir "$T/out"
) || code=$?
cmp "$T/before" "$T/out/examples.jsonl"
ls -A "$T/out"
exit ${code:-0}

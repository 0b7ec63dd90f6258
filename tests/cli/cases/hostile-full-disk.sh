# A disk that is full while results are written: code 5, what was there before is still there, whole.
S=tests/data/seed
say() {
    (
        ulimit -f 4
        trap '' XFSZ
        "$@"
    ) || echo "code $?" >&2
}
wrapup prepare --transcript-dir $S/transcripts --analysis-dir $S/analyses --quiet --output-dir "$T/in"
wrapup temporal --data "$T/in" --out "$T/timed" --quiet
wrapup split --data "$T/in" --out "$T/split" --near allow --ratios 0.6,0.2,0.2 --quiet
wrapup format --data "$T/in" --to messages --out "$T/messages" --quiet
wrapup subset --data "$T/in" --out "$T/subset" --size 30 --quiet
wrapup redact $S/transcripts --output "$T/redacted.jsonl" --quiet
wrapup stats "$T/in" --html "$T/page.html" >"$T/stats.txt"
find "$T" -type f | sort | xargs cksum >"$T/../before"
{
    say wrapup temporal --data "$T/in" --out "$T/timed" --calendar de
    say wrapup split --data "$T/in" --out "$T/split" --near allow --ratios 0.6,0.2,0.2 --force
    say wrapup format --data "$T/in" --to prompt-completion --out "$T/messages"
    say wrapup subset --data "$T/in" --out "$T/subset" --size 28
    say wrapup redact $S/transcripts --output "$T/redacted.jsonl" --types NAME
    say wrapup stats "$T/in/examples.jsonl" --html "$T/page.html" >"$T/../words"
    say wrapup synth --count 3 --out "$T/new"
} 2>&1 | sed "s/partial-[A-Za-z0-9]*/partial-X/"
find "$T" -type f | sort | xargs cksum | cmp - "$T/../before" && echo "all as before"
rm "$T/../before" "$T/../words"
for c in "read $S/transcripts" "redact $S/transcripts" "stats $T/in" "leak --json $T/split" "format --help"; do
    wrapup $c --quiet >/dev/full || echo "code $?"
done 2>&1

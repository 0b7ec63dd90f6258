# No command writes over what it reads, by whatever name.
say() {
    "$@" || echo "code $?"
}
S=tests/data/seed
wrapup prepare --transcript-dir $S/transcripts --analysis-dir $S/analyses --quiet --output-dir "$T/in"
cp "$T/in/examples.jsonl" "$T/in/train.jsonl"
mkdir "$T/calls"
cp $S/transcripts/*.md "$T/calls"
ln -s calls/transcript_00001.md "$T/link"
find "$T" -type f | sort | xargs cksum >"$T/../before"
{
    say wrapup redact "$T/link" --output "$T/calls/transcript_00001.md"
    say wrapup redact "$T/calls" --output "$T/calls/transcript_00002.md"
    say wrapup redact "$T/calls" --output "$T/calls"
    say wrapup redact "$T/calls" --report "$T/calls/transcript_00001.md" --output "$T/out.jsonl"
    say wrapup stats "$T/calls" --html "$T/calls/transcript_00001.md"
    say wrapup stats "$T/in" --html "$T/in/train.jsonl"
    say wrapup temporal --data "$T/in" --out "$T/in/"
    say wrapup temporal --data "$T/in/train.jsonl" --out "$T/in/train.jsonl"
    say wrapup split --data "$T/in/train.jsonl" --out "$T/in" --force
    say wrapup subset --data "$T/in" --out "$T/in" --size 6
    say wrapup format --data "$T/in" --to messages --out "$T/in"
} 2>&1
find "$T" -type f | sort | xargs cksum | cmp - "$T/../before" && echo "all as before"
rm "$T/../before"

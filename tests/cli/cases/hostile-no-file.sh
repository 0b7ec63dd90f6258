# A file that is not there, or cannot be read as one: which it is, code 5, and nothing is written.
say() {
    "$@" || echo "code $?"
}
mkdir "$T/dir.jsonl"
for f in "$T/none.jsonl" "$T/dir.jsonl"; do
    say wrapup read "$f"
    say wrapup redact "$f" --output "$T/redacted.jsonl"
    say wrapup prepare --input "$f" --output-dir "$T/prepared"
    say wrapup temporal --data "$f" --out "$T/timed.jsonl"
    say wrapup split --data "$f" --out "$T/split"
    say wrapup subset --data "$f" --out "$T/subset.jsonl" --size 6
    say wrapup format --data "$f" --to messages --out "$T/messages.jsonl"
    say wrapup stats "$f" --html "$T/page.html"
    say wrapup leak "$f"
done 2>&1
ls -A "$T"

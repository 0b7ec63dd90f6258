# A line of 50 MB: a sentence and code 3 where lines have a limit, an ordinary turn where they have none.
say() {
    "$@" || echo "code $?"
}
long() {
    head -c 50000000 /dev/zero | tr '\0' x
}
one='{"prompt":"[CONVERSATION]\nAgent: Hi\nCustomer: Well\n\nQ?","completion":"{}","source_id":"1"}'
{
    printf '%s\n' "$one"
    printf '{"prompt":"[CONVERSATION]\\nAgent: '
    long
    echo '","completion":"{}","source_id":"2"}'
} >"$T/examples.jsonl"
{
    printf '{"id":"1","transcript":"Agent: '
    long
    echo '"}'
} >"$T/calls.jsonl"
long >"$T/nobody.txt"
{
    printf 'Agent: '
    long
} >"$T/agent.txt"
{
    say wrapup read "$T/nobody.txt"
    say wrapup read "$T/calls.jsonl"
    say wrapup redact "$T/calls.jsonl" --output "$T/redacted.jsonl"
    say wrapup stats "$T/calls.jsonl" --html "$T/page.html"
    say wrapup prepare --input "$T/calls.jsonl" --output-dir "$T/prepared"
    say wrapup temporal --data "$T/examples.jsonl" --out "$T/timed.jsonl"
    say wrapup split --data "$T/examples.jsonl" --out "$T/split"
    say wrapup subset --data "$T/examples.jsonl" --out "$T/subset.jsonl" --size 6
    say wrapup format --data "$T/examples.jsonl" --to messages --out "$T/messages.jsonl"
    say wrapup leak "$T/examples.jsonl" "$T/examples.jsonl"
} 2>&1
wrapup read --format text "$T/agent.txt" | wc -c
ls -A "$T"

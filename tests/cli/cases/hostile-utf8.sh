# Bytes that are not UTF-8: where they are, code 3, and nothing is written.
say() {
    "$@" || echo "code $?"
}
printf 'Agent: hello\nCustomer: caf\351\n' >"$T/latin1.txt"
{
    printf '%s\n' '{"prompt":"[CONVERSATION]\nAgent: Hi\nCustomer: Well\n\nQ?","completion":"{}","source_id":"1"}'
    printf '{"prompt":"[CONVERSATION]\\nAgent: Hi\\nCustomer: caf\351\\n\\nQ?","completion":"{}","source_id":"2"}\n'
} >"$T/examples.jsonl"
printf '{"id":"1","transcript":"Agent: Hi\\nCustomer: caf\351","analysis":{"issue_category":"other"}}\n' >"$T/calls.jsonl"
{
    say wrapup read "$T/latin1.txt"
    say wrapup redact "$T/latin1.txt" --output "$T/redacted.jsonl"
    say wrapup stats "$T/latin1.txt" --html "$T/page.html"
    say wrapup read "$T/calls.jsonl"
    say wrapup prepare --input "$T/calls.jsonl" --output-dir "$T/prepared"
    say wrapup temporal --data "$T/examples.jsonl" --out "$T/timed.jsonl"
    say wrapup split --data "$T/examples.jsonl" --out "$T/split"
    say wrapup subset --data "$T/examples.jsonl" --out "$T/subset.jsonl" --size 6
    say wrapup format --data "$T/examples.jsonl" --to messages --out "$T/messages.jsonl"
    say wrapup leak "$T/examples.jsonl" "$T/examples.jsonl"
} 2>&1
ls -A "$T"

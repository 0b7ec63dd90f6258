# Killed in the middle: nothing under the final name, or what was there before; the next run works.
line='{"prompt":"[CONVERSATION]\nAgent: Hi\nCustomer: Case ID\n\nQ?","completion":"{}","source_id":"ID","contact":{"channel":"chat"}}'
call='{"id": "ID", "transcript": "Agent: Hello\nCustomer: My bill is wrong"}'
mkfifo "$T/pipe"
# killed LINE COMMAND...: feeds it five lines, then ends it.
killed() {
    text=$1
    shift
    "$@" &
    pid=$!
    exec 3>"$T/pipe"
    for i in 1 2 3 4 5; do printf '%s\n' "$text" | sed "s/ID/$i/g" >&3; done
    kill -9 $pid
    wait $pid 2>"$T/null" || echo "$2 ended with $?"
    exec 3>&-
}
for i in 1 2 3 4 5 6 7 8 9 10; do printf '%s\n' "$line" | sed "s/ID/$i/g"; done >"$T/examples.jsonl"
echo before >"$T/messages.jsonl"
killed "$line" wrapup temporal --data "$T/pipe" --out "$T/timed.jsonl"
killed "$line" wrapup format --data "$T/pipe" --to messages --out "$T/messages.jsonl"
killed "$line" wrapup split --data "$T/pipe" --out "$T/split"
killed "$call" wrapup redact --from jsonl "$T/pipe" --output "$T/redacted.jsonl"
cat "$T/messages.jsonl"
# The simulator: killed as soon as its folder, under another name, is there.
wrapup synth --count 100000 --out "$T/new" --quiet &
pid=$!
while ! ls "$T" | grep -q '^new\.'; do sleep 0.01; done
kill -9 $pid
wait $pid 2>"$T/null" || echo "synth ended with $?"
for f in timed.jsonl split/train.jsonl redacted.jsonl new; do [ -e "$T/$f" ] && echo "$f is there"; done
wrapup temporal --data "$T/examples.jsonl" --out "$T/timed.jsonl" &&
    wrapup format --data "$T/examples.jsonl" --to messages --out "$T/messages.jsonl" &&
    wrapup split --data "$T/timed.jsonl" --out "$T/split" --near allow &&
    wrapup redact tests/data/transcripts/plain.txt --output "$T/redacted.jsonl" &&
    wrapup synth --count 2 --out "$T/new"

# A run that is killed in the middle leaves the old set as it was.
line='{"id": "ID", "transcript": "Agent: Hello\nCustomer: My bill is wrong", "analysis": {"issue_category": "other"}}'
printf '%s\n' "$line" | sed 's/ID/1/' | wrapup prepare --input - --from jsonl --output-dir "$T/out" --quiet
cp "$T/out/examples.jsonl" "$T/before"
mkfifo "$T/pipe"
wrapup prepare --input "$T/pipe" --from jsonl --output-dir "$T/out" &
pid=$!
exec 3>"$T/pipe"
for i in 1 2 3 4 5; do printf '%s\n' "$line" | sed "s/ID/$i/" >&3; done
kill -9 $pid
wait $pid 2>"$T/null" || code=$?
exec 3>&-
cmp "$T/before" "$T/out/examples.jsonl" && grep total_examples "$T/out/metadata.json"
exit $((code == 137 ? 0 : 1))

# A long conversation loses its middle; every example fits with its answer.
turns=$(awk 'BEGIN { for (i = 0; i < 200; i++) printf "%s: these are the words of turn %d\\n", i % 2 ? "Customer" : "Agent", i }')
printf '{"id": "long", "transcript": "%s", "analysis": {"issue_category": "other"}}\n' "$turns" >"$T/in.jsonl"
printf '{"id": "short", "transcript": "Agent: Hello", "analysis": {"issue_category": "other"}}\n' >>"$T/in.jsonl"
wrapup prepare --input "$T/in.jsonl" --max-tokens 900 --model tests/data/tiny-qwen2 --output-dir "$T/out"
grep -o 'turn [0-9]*\\n\[[^]]*\]\\n[^\\]*' "$T/out/examples.jsonl"
sed -n '/"shortened"/,/}/p' "$T/out/metadata.json"
wrapup prepare --input "$T/in.jsonl" --max-tokens 90 --model tests/data/tiny-qwen2 --output-dir "$T/out"

# Personal data goes before anything is written: out of turns, answers and what is known of the contact.
cat >"$T/in.jsonl" <<'END'
{"id": "a", "agent_name": "Priya Nolan", "transcript": "Agent: This is Priya Nolan.\nCustomer: My card is 4111 1111 1111 1111, mail me at tom.becker@example.com\nAgent: Thank you, order QX-4471.", "analysis": {"quality_scores": {"overall_quality": 60, "rationale": "Priya Nolan took the card 4111 1111 1111 1111 without need."}}}
END
printf '# numbers of orders\n\n  # and no others\nORDER=QX-[0-9]+\n' >"$T/patterns"
wrapup prepare --input "$T/in.jsonl" --redact --redact-patterns "$T/patterns" --output-dir "$T/out" --quiet
sed "s/wrapup [0-9][0-9.]*/wrapup VERSION/" "$T/out/examples.jsonl"
sed -n '/"redacted"/,/}/p' "$T/out/metadata.json"
grep -c -e 4111 -e Priya -e Nolan -e becker -e 4471 "$T/out/examples.jsonl" "$T/out/metadata.json"
wrapup prepare --input "$T/in.jsonl" --redact-types CARD --output-dir "$T/out"

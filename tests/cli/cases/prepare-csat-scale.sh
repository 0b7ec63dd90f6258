# Satisfaction has one scale, 0 to 100; what looks like another one is told.
for i in 0 1 2 3 4 5 6 7 8 9; do
    echo '{"id": "'$i'", "transcript": "Agent: Hello", "analysis": {"customer_journey": {"satisfaction_indicators": {"predicted_csat": 4.2}}}}'
done >"$T/in.jsonl"
wrapup prepare --input "$T/in.jsonl" --tasks csat_prediction --output-dir "$T/a"
wrapup prepare --input "$T/in.jsonl" --tasks csat_prediction --csat-scale 1-5 --output-dir "$T/b"
grep -ho '"completion":"[^}]*}' "$T/a/examples.jsonl" "$T/b/examples.jsonl" | sort | uniq -c | sed 's/^ *//'

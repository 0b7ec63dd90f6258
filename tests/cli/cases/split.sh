# By conversation, with exact numbers; the same bytes again; nothing leaks.
i=0
while [ $i -lt 20 ]; do
    for t in coaching csat_prediction; do
        printf '{"prompt":"[CONVERSATION]\\nCustomer: a%s b%s c%s d%s e%s\\n\\nQ?","completion":"{\\"predicted_csat\\": %s}","task_type":"%s","source_id":"c%s"}\n' $i $i $i $i $i $((i * 5)) $t $i
    done
    i=$((i + 1))
done >"$T/examples.jsonl"
wrapup split --data "$T" --out "$T/a" --seed 3 &&
    wrapup split -q --data "$T/examples.jsonl" --out "$T/b" --seed 3 &&
    cmp "$T/a/train.jsonl" "$T/b/train.jsonl" && cmp "$T/a/test.jsonl" "$T/b/test.jsonl" &&
    sed 's/.*"c\([0-9]*\)"}/\1/' "$T/a/test.jsonl" "$T/a/valid.jsonl" && cat "$T/a/metadata.json" &&
    wrapup leak "$T/a" >"$T/leak" && wrapup split --data "$T" --out "$T/a" --force --ratios 0.5,0,0.5 && ls "$T/a"

# Every .jsonl of the folder, each file's counts in metadata.json; lines are dropped in train.jsonl only.
mkdir "$T/in"
for i in 1 2 3 4 5 6 7 8; do
    printf '{"prompt":"[CONVERSATION]\\nCustomer: %s\\n\\nQ?","completion":"{}","task_type":"coaching","source_id":"c%s"}\n' $i $i
done >"$T/in/train.jsonl"
cp "$T/in/train.jsonl" "$T/in/test.jsonl"
echo '{"created_by":"somebody"}' >"$T/in/metadata.json"
wrapup temporal --data "$T/in" --out "$T/out" --simulate-missing 7 --drop-fields 0.5 --calendar de &&
    ls "$T/out" && cat "$T/out/metadata.json" &&
    grep -c '"dropped"' "$T/out/train.jsonl" "$T/out/test.jsonl" | sed 's|.*/||'

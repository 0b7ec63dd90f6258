for i in 1 2 3; do
    printf '{"prompt":"[CONVERSATION]\\nCustomer: a%s\\n\\nQ?","source_id":"c%s"}\n' $i $i
done >"$T/examples.jsonl"
wrapup split --data "$T" --out "$T/o" --ratios 0.8,0.1
wrapup split --data "$T" --out "$T/o" --ratios 0.8,0.3,0.1
wrapup split --data "$T" --out "$T/o" --ratios 0,0.5,0.5
wrapup split --data "$T" --out "$T/o" --by-time
wrapup split --data "$T/none" --out "$T/o"
mkdir "$T/e"
wrapup split --data "$T/e" --out "$T/o"
head -n 2 "$T/examples.jsonl" >"$T/two.jsonl"
wrapup split --data "$T/two.jsonl" --out "$T/o"
wrapup split --data "$T" --out "$T/o" &&
    wrapup split --data "$T" --out "$T/o"
wrapup split --data "$T/o/train.jsonl" --out "$T/o" --force
echo "$?"
ls "$T" "$T/o"

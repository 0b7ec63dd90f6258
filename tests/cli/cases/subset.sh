i=0
while [ $i -lt 20 ]; do
    for t in coaching csat_prediction; do
        printf '{"prompt":"[CONVERSATION]\\nCustomer: a%s\\n\\nQ?","completion":"{}","task_type":"%s","source_id":"c%s"}\n' $i $t $i
    done
    i=$((i + 1))
done >"$T/train.jsonl"
wrapup subset --data "$T" --out "$T/s" --size 11 && wc -l <"$T/s/train.jsonl" && cat "$T/s/metadata.json"
wrapup subset --data "$T/train.jsonl" --out "$T/five.jsonl" --conversations 5
wrapup subset --data "$T/train.jsonl" --out "$T/train.jsonl" --size 10
wrapup subset --data "$T/train.jsonl" --out "$T/x.jsonl"
wrapup subset --data "$T/train.jsonl" --out "$T/x.jsonl" --size 10 --conversations 5
wrapup subset --data "$T/train.jsonl" --out "$T/x.jsonl" --size 1

printf '{"prompt":"[CONVERSATION]\\nCustomer: 1\\n\\nQ?"}\n' >"$T/in.jsonl"
echo '{"country":"XX","holidays":[{"name":"A","month":2,"day":30}]}' >"$T/mine.json"
wrapup temporal --data "$T/in.jsonl" --out "$T/in.jsonl"
wrapup temporal --data "$T/in.jsonl" --out "$T/out.jsonl" --zone Mars/Olympus
wrapup temporal --data "$T/in.jsonl" --out "$T/out.jsonl" --convert
wrapup temporal --data "$T/in.jsonl" --out "$T/out.jsonl" --calendar xx
wrapup temporal --data "$T/in.jsonl" --out "$T/out.jsonl" --calendar "$T/mine.json"
wrapup temporal --data "$T/in.jsonl" --out "$T/out.jsonl" --business-hours 9-5
wrapup temporal --data "$T/none" --out "$T/out"
mkdir "$T/d" "$T/o"
cp "$T/in.jsonl" "$T/d/train.jsonl"
echo >"$T/o/other.jsonl"
wrapup temporal --data "$T/d" --out "$T/o"
wrapup temporal --data "$T/d" --out "$T/d"
echo '{"prompt":"Hello"}' >>"$T/d/train.jsonl"
wrapup temporal --data "$T/d/train.jsonl" --out "$T/out.jsonl"
echo "$?"
ls "$T"

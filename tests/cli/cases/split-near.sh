# Two calls in three nearly repeat another one: refused, or kept together.
words="my parcel did not come and nobody could tell me where it is so I have called three times this week already and each time somebody else said it would be here"
i=0
while [ $i -lt 30 ]; do
    k=$((i / 3))
    printf '{"prompt":"[CONVERSATION]\\nCustomer: %s %s\\n\\nQ?","source_id":"c%s"}\n' \
        "$(printf '%s' "$words" | sed "s/ / w$k /g")" "n$i" $i
    i=$((i + 1))
done >"$T/examples.jsonl"
wrapup split --data "$T" --out "$T/o" --seed 1
echo "$?"
wrapup split -q --data "$T" --out "$T/o" --seed 1 --near together && wrapup leak "$T/o" >"$T/leak" &&
    tail -n 3 "$T/leak"

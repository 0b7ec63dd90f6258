# A table with columns of its own names; a line of JSON that is wrong is reported, the others are read.
printf 'Nr;Wer;Was\n7;Berater;"Guten Tag; was kann ich tun?"\n8;Kunde;Hallo\n7;Kunde;Meine "Rechnung" stimmt nicht.\n9;Kunde;"offen\n' >"$T/chat.csv"
wrapup read --format text --from csv --map id=Nr,role=Wer,text=Was "$T/chat.csv"
echo ---
printf '{"id":"a","transcript":"Agent: Hi"}\n{"id":"b"\n{"id":"c","messages":[{"role":"agent","text":5}]}\n{"id":"d","data":{"turns":"Agent: Hi"}}\n{"id":"e","transcript":"Customer: Hi","queue_wait_s":"long"}\n{"id":"f","transcript":"Customer: Bye","queue_wait_s":3}\n' >"$T/calls.jsonl"
wrapup read "$T/calls.jsonl"
echo ---
wrapup read --map "id=Call ID,txt=Message" "$T/chat.csv"

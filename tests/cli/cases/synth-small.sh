# The same bytes twice; calls are split whole; transcripts are read back by nobody else than analyze.
wrapup synth -n 4 --seed 5 --valid 0.5 --transcripts --out "$T/a"
wrapup synth -n 4 --seed 5 --valid 0.5 --out "$T/b" -q
cmp "$T/a/train.jsonl" "$T/b/train.jsonl"
cmp "$T/a/valid.jsonl" "$T/b/valid.jsonl"
cat "$T/a/train.jsonl" "$T/a/valid.jsonl" | sed 's/.*"task_type":/"task_type":/'
ls "$T/a/transcripts"
head -n 2 "$T/a/transcripts/call-000000.txt"

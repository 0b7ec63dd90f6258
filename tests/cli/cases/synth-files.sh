# The files of a set; the same bytes from one thread and from three, in one go and in parts, with
# three files a conversation.
wrapup synth -n 40 --seed 3 --threads 1 --out "$T/a"
wrapup synth -q -n 40 --seed 3 --threads 3 --out "$T/b"
wrapup synth -q -n 15 --seed 3 --start 25 --out "$T/c"
diff -r "$T/a" "$T/b"
for f in "$T"/c/*/*; do cmp "$f" "$T/a/${f#"$T/c/"}"; done
tail -n 15 "$T/a/trace.jsonl" | cmp - "$T/c/trace.jsonl"
ls "$T/a"
for d in transcripts analyses journeys; do ls "$T/a/$d" | wc -l; done
ls "$T/a/transcripts" | head -n 1
ls "$T/a/analyses" | tail -n 1
ls "$T/a/journeys" | tail -n 1
ls "$T"

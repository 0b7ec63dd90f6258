# What is written as Markdown is read back as what --jsonl writes: metadata, speakers, roles, words.
wrapup synth -q -n 150 --seed 3 --out "$T/a"
wrapup synth -q -n 150 --seed 3 --jsonl --out "$T/b"
plain() {
    sed -E 's/"line":[0-9]+,//g; s/"(start|end)_ms":[0-9]+,//g; s/,"duration_ms":[0-9]+//; s/,"analysis":.*/}/'
}
wrapup read -q "$T/a/transcripts" | plain >"$T/read"
plain <"$T/b/conversations.jsonl" | cmp - "$T/read"
wc -l <"$T/read"

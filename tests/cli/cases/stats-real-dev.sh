# Rows, languages and channels of real transcripts, where they are there.
dir=../shared/data/real-dev
[ -d "$dir" ] || { echo "no $dir" >&2; exit 77; }
cd "$dir" || exit
for f in star multidogo natcs_utterances banking77 woz_de_it abcd_sample; do
    wrapup stats "$f.jsonl" | sed -n '/^Input/,/^$/p; /^Conversations/,/^Duplicates/p'
done

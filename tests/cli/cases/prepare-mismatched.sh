# Labels of other conversations, labels without a transcript, an id that comes twice: told and counted, never
# joined by guess.
S=tests/data/seed
mkdir "$T/t" "$T/a"
cp $S/transcripts/transcript_00001.md "$T/t"
cp $S/transcripts/transcript_00002.md "$T/t/other_00002.md"
cp $S/transcripts/transcript_00003.md "$T/t/call-3.md"
cp $S/analyses/analysis_00001.json "$T/a"
cp $S/analyses/analysis_00002.json "$T/a/analysis_00099.json"
cp $S/analyses/analysis_00003.json "$T/a/analysis_3.json"
wrapup prepare --transcript-dir "$T/t" --analysis-dir "$T/a" --output-dir "$T/out"
{
    printf '%s\n' '{"id":"7","transcript":"Agent: Hi\nCustomer: Well","analysis":{"issue_category":"other"}}'
    printf '%s\n' '{"id":"7","transcript":"Agent: Hi\nCustomer: So","analysis":{"issue_category":"refund_return"}}'
    printf '%s\n' '{"id":"8","transcript":"Agent: Hi\nCustomer: So"}'
} >"$T/calls.jsonl"
wrapup prepare --input "$T/calls.jsonl" --output-dir "$T/out2"
sed -n '/"conversations"/,/}/p' "$T/out/metadata.json" "$T/out2/metadata.json"

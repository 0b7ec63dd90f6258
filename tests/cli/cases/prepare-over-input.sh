# Nothing is written over what is read.
S=tests/data/seed
cp -r $S/transcripts "$T/transcripts"
wrapup prepare --transcript-dir "$T/transcripts" --analysis-dir $S/analyses --output-dir "$T/../t/transcripts"

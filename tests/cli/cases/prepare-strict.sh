# With --strict the first problem ends the run, and nothing is written.
S=tests/data/seed
mkdir "$T/analyses"
cp $S/analyses/analysis_00001.json "$T/analyses"
wrapup prepare --transcript-dir $S/transcripts --analysis-dir "$T/analyses" --output-dir "$T/out" --strict || code=$?
ls -A "$T/out"
exit ${code:-0}

# What has no partner is told, counted and passed over.
S=tests/data/seed
mkdir "$T/analyses"
cp $S/analyses/analysis_00001.json $S/analyses/analysis_00002.json "$T/analyses"
cp $S/analyses/analysis_00003.json "$T/analyses/analysis_77777.json"
printf '{"quality_scores": ' >"$T/analyses/analysis_00004.json"
wrapup prepare --transcript-dir $S/transcripts --analysis-dir "$T/analyses" --output-dir "$T/out"
sed -n '/"conversations"/,/}/p' "$T/out/metadata.json"

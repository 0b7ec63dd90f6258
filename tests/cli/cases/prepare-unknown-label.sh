# Names of labels that nobody knows are listed; a taxonomy file maps them.
S=tests/data/seed
wrapup prepare --transcript-dir $S/transcripts --analysis-dir $S/analyses --tasks issue_classification \
  --output-dir "$T/a"
sed -n '/"unknown_labels"/,/^    }/p' "$T/a/metadata.json"
wrapup prepare --transcript-dir $S/transcripts --analysis-dir $S/analyses --tasks issue_classification \
  --taxonomy $S/taxonomy.json --output-dir "$T/b"

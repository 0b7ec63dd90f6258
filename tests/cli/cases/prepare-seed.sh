# The seed pipeline's inputs: a text that holds JSON, no journey, no score, names of our labels and others.
S=tests/data/seed
wrapup prepare --transcript-dir $S/transcripts --analysis-dir $S/analyses --journey-dir $S/journeys \
  --taxonomy $S/taxonomy.json --label-source "QA team" --output-dir "$T/a"
wrapup prepare --transcript-dir $S/transcripts --analysis-dir $S/analyses --journey-dir $S/journeys \
  --taxonomy $S/taxonomy.json --label-source "QA team" --output-dir "$T/b" --quiet
cmp "$T/a/examples.jsonl" "$T/b/examples.jsonl"
cmp "$T/a/metadata.json" "$T/b/metadata.json"
sed "s/wrapup [0-9][0-9.]*/wrapup VERSION/" "$T/a/metadata.json"
sed -n "5,7s/wrapup [0-9][0-9.]*/wrapup VERSION/p" "$T/a/examples.jsonl"

# A model that knows nothing: the form of the output, the counts that do not depend on its answers, exit 3.
code=0
wrapup analyze -q --model tests/data/tiny-llama examples/calls/cancel.txt >"$T/one" || code=$?
echo "$code"
grep -o '^ *"[a-z_]*":' "$T/one" | grep -v '"error"'
grep -E '"(source|prompt|shared|valid|answer": null)' "$T/one" | sort | uniq -c

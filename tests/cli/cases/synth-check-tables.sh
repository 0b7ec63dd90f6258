# Prints counts; exit code 3 because one filler is not enough.
mkdir -p "$T/t/synth/en"
{ printf '== filler\nuh\n== overlap\nyes\nyes\nyes\nyes\nyes\nyes\n'
  for s in asr typo slang; do echo "== $s"; seq 30 | sed "s,.*,x& | y&,"; done
} >"$T/t/synth/en/noise.txt"
wrapup synth --check-tables --tables "$T/t" --language en >"$T/out" || code=$?
grep -E '^(acts +a.greet_poor|noise|issues +sub)' "$T/out"
exit "$code"

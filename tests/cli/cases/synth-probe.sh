# The names of all probes, not their figures: with so few calls some are not as expected (code 3).
# Industries may be asked for although one probe looks at those that are held out.
wrapup synth --probe -n 500 --seed 7 --industry telecom,banking --json >"$T/a" 2>"$T/said" || code=$?
grep -E '"(probe|measure)":' "$T/a" | paste - - | tr -s ' \t' ' '
grep -c '"auroc":' "$T/a"
grep '"conversations"' "$T/a"
odd=$(grep -c '"holds": false' "$T/a") || true
grep -c "^wrapup: $odd of 42 probes are not as expected$" "$T/said"
exit "${code:-0}"

# A table of one's own is checked before anything is made.
mkdir -p "$T/t/synth/en"
printf '== a.greet\nHello {nobody}.\n' >"$T/t/synth/en/acts.txt"
cd "$T"
wrapup synth -n 1 --tables t --out a

# A set without validation does not keep the validation set of another one.
wrapup synth -n 2 --out "$T/a" -q
wrapup synth -n 2 --valid 0 --out "$T/a"

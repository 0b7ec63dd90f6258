wrapup synth -n 1 --industry public_sector --out "$T/a"

wrapup synth --probe -n 100

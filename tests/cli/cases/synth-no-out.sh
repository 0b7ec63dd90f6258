wrapup synth -n 1

wrapup synth -n 2

# Files are read before the model, which is not there.
printf 'Agent: hello\nSupervisor: hm\n' >"$T/call.txt"
wrapup analyze --model no/such/model examples/calls/cancel.txt "$T/call.txt"

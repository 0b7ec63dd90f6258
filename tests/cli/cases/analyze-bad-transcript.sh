# Transcripts are read before the model, which is not there; --strict stops at the first that is wrong.
printf 'Hello there\nAgent: hello\n' >"$T/call.txt"
wrapup analyze --strict --model no/such/model examples/calls/cancel.txt "$T/call.txt"

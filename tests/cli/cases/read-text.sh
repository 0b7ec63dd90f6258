# Several conversations as lines; standard input from a pipe and from a file; JSONL from a pipe.
printf 'Kunde: Guten Tag.\nMitarbeiter: Was kann ich f\303\274r Sie tun?\n' >"$T/a.txt"
wrapup read --format text "$T/a.txt" examples/calls/cancel.txt | head -n 5
cat "$T/a.txt" | wrapup read -
wrapup read - <"$T/a.txt"
printf '{"id":"x","transcript":"Agent: a\\nCustomer: b"}\n{"id":"y","transcript":"Agent: c"}\n' | wrapup read -

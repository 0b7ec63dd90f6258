# The first file that cannot be read ends the run.
printf 'Agent: hello\n' >"$T/a.txt"
printf 'nothing that is known\n' >"$T/b.txt"
printf 'Agent: bye\n' >"$T/c.txt"
wrapup read --strict --format text "$T"

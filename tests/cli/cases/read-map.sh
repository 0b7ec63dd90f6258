# A table whose columns have names of its own: what to do about it; with --map it is known as CSV. A pipe is
# read as standard input only.
printf 'Ticket No.,Who,Said\nT1,rep,"Hello, how can I help?"\nT1,client,My meter is dead\n' >"$T/export.csv"
wrapup read "$T/export.csv"
wrapup read --map "id=Ticket,text=Said" "$T/export.csv"
wrapup read --map "id=Ticket No.,role=Who,text=Words" "$T/export.csv"
wrapup read --map "id=Ticket No.,role=Who,text=Said" "$T/export.csv"
mkfifo "$T/pipe"
cat "$T/export.csv" >"$T/pipe" &
wrapup read "$T/pipe"
wait
wrapup read --map "id=Ticket No.,role=Who,text=Said" --format text - <"$T/export.csv"

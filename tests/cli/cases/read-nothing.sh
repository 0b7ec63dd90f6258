# An empty folder has no transcript; no argument is a mistake; utf-16 is said to be that.
mkdir "$T/none"
wrapup read "$T/none" || echo "$?"
wrapup read || echo "$?"
printf '\377\376A\000' >"$T/w.txt"
wrapup read "$T/w.txt" || echo "$?"
wrapup read --from nonsense "$T/w.txt" || echo "$?"
wrapup read --agent-is ",x" "$T/w.txt" || echo "$?"
wrapup read --map "nonsense=x" "$T/w.txt" || echo "$?"

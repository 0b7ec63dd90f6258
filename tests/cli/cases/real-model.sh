# Known text of the real model: greedy, in f32, the same at every level.
[ -f "$WU_MODEL" ] || { echo "$WU_MODEL is missing" >&2; exit 77; }
wrapup generate --model "$WU_MODEL" --precision f32 --temp 0 --max-tokens 12 --prompt "What is the capital of France?" 2>/dev/null

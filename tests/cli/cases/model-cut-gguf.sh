# Every length of the beginning of a GGUF file is refused with one sentence and code 4.
[ -f "$WU_MODEL" ] || { echo "$WU_MODEL is missing" >&2; exit 77; }
for n in 3 4 20 100 5000 100000 3000000; do
    head -c $n "$WU_MODEL" >$T/cut.gguf
    wrapup generate --model $T/cut.gguf --prompt hello --max-tokens 1 >/dev/null 2>$T/err
    echo "$n: code $?, $(wc -l <$T/err) line"
done

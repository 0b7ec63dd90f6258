# -q says nothing when all is well; a PEFT directory comes out, and what was trained goes on from a file.
printf '{"text": "one two three four"}\n' >"$T/d.jsonl"
common="--model tests/data/tiny-llama --data $T/d.jsonl --num-layers 1 --rank 2"
wrapup train -q $common --iters 1 --adapter-format peft --adapter-path "$T/a" || exit
wrapup train -q $common --iters 0 --adapter-path "$T/b" --resume-adapter-file "$T/a/adapter_model.safetensors" || exit
ls "$T/a" "$T/b" | sed "s|$T|T|"
wrapup train -q $common --rank 4 --iters 0 --adapter-path "$T/c" --resume-adapter-file "$T/a/adapter_model.safetensors"

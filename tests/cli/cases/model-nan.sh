# A weight that is not a number is found at the first logits and at the first loss, with its layer.
cp -r tests/data/tiny-llama $T/m
python3 - $T/m/model.safetensors <<'PY'
import json, struct, sys
with open(sys.argv[1], "r+b") as f:
    n = struct.unpack("<Q", f.read(8))[0]
    at = json.loads(f.read(n))["model.layers.1.mlp.up_proj.weight"]["data_offsets"][0]
    f.seek(8 + n + at)
    f.write(struct.pack("<f", float("nan")))
PY
wrapup generate --model $T/m --prompt hello --max-tokens 4
echo "code $?"
echo '{"prompt": "a", "completion": "b"}' >$T/train.jsonl
wrapup train -q --model $T/m --data $T --adapter-path $T/a --num-layers 1 >/dev/null

# More tokens than the model has rows.
cp -r tests/data/tiny-llama $T/m
sed -i 's/"content": "<|im_end|>"/"content": "<|other|>"/; s/"id": 2,/"id": 300,/' $T/m/tokenizer.json
wrapup generate --model $T/m --prompt hello --max-tokens 4

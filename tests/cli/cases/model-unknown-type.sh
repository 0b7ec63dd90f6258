cp -r tests/data/tiny-llama $T/m
sed -i 's/"model_type": "llama"/"model_type": "gemma"/' $T/m/config.json
wrapup generate --model $T/m --prompt hello --max-tokens 4

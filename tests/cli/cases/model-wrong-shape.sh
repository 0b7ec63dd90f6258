cp -r tests/data/tiny-llama $T/m
sed -i 's/"intermediate_size": 48/"intermediate_size": 64/' $T/m/config.json
wrapup generate --model $T/m --prompt hello --max-tokens 4

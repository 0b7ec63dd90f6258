cp -r tests/data/tiny-llama $T/m
sed -i 's/"num_hidden_layers": 2/"num_hidden_layers": 3/' $T/m/config.json
wrapup generate --model $T/m --prompt hello --max-tokens 4

wrapup generate --model tests/data/tiny-llama --prompt hello --temp -1

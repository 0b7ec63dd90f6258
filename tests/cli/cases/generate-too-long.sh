# More tokens than the model has positions.
awk 'BEGIN { for (i = 0; i < 100000; i++) printf "hello there " }' |
    wrapup generate --model tests/data/tiny-llama --prompt - --ignore-chat-template

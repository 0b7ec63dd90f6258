wrapup generate --model tests/data/tiny-llama --prompt "" --ignore-chat-template

wrapup generate --model tests/data/tiny-llama --prompt hello --system-prompt kind --ignore-chat-template

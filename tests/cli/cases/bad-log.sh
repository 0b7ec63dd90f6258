WRAPUP_LOG=loud wrapup tokenize --model tests/data/tiny-llama

echo "3 4 300" | wrapup tokenize --decode -m tests/data/tiny-llama

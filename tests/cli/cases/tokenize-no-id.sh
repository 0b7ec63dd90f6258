echo "3 x" | wrapup tokenize --decode -m tests/data/tiny-llama

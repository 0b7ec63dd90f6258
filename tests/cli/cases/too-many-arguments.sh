wrapup tokenize --model tests/data/tiny-llama a b

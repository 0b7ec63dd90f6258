wrapup tokenize --model tests/data/tiny-llama --threads -1

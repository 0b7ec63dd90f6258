wrapup tokenize -m tests/data/tiny-llama $T/nothing.txt

printf "%s\n" "{\"text\": \"a\"}" "{\"txt\": \"b\"}" >$T/in
wrapup tokenize --jsonl -m tests/data/tiny-llama $T/in

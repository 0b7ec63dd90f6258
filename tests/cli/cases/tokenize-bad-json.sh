printf "%s\n" "{\"text\": \"a\"" >$T/in
wrapup tokenize --jsonl -m tests/data/tiny-llama $T/in

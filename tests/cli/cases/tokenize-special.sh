echo "<|im_start|>user" >$T/in
wrapup tokenize --model tests/data/tiny-llama $T/in
wrapup tokenize --special --model tests/data/tiny-llama $T/in

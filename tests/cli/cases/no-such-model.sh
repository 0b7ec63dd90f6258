wrapup tokenize --model $T/nothing

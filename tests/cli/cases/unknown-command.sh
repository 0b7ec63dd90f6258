wrapup tokenise --model x

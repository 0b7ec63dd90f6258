wrapup tokenize --mod x

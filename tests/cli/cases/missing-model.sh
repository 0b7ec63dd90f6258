wrapup tokenize

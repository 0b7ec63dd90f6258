wrapup help tokenize

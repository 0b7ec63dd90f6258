wrapup --quiet tokenize

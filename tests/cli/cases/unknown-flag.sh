wrapup tokenize --modle x

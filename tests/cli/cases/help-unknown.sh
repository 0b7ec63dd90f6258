wrapup help tokenise

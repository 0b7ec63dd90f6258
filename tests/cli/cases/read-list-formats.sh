wrapup read --list-formats

wrapup

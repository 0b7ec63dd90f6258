# A flag of another command: the one that this command has for it.
wrapup split --data x --output-dir y

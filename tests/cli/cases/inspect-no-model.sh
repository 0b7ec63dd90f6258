wrapup inspect "$T"

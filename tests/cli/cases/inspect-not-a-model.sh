wrapup inspect LICENSE

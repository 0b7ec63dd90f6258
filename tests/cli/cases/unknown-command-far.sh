wrapup frobnicate

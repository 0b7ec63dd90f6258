wrapup --version | sed "s/ (.*//"

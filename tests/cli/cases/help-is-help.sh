wrapup tokenize --help >$T/a
wrapup help tokenize >$T/b
wrapup tokenize -h >$T/c
cmp $T/a $T/b && cmp $T/a $T/c

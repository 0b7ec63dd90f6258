# The script is good bash, and offers the flags of a command.
wrapup completion bash >$T/c
bash -c ". $T/c; COMP_WORDS=(wrapup tokenize --sp) COMP_CWORD=2; _wrapup; echo \${COMPREPLY[@]}
COMP_WORDS=(wrapup tok) COMP_CWORD=1; _wrapup; echo \${COMPREPLY[@]}
COMP_WORDS=(wrapup tokenize --cpu avx) COMP_CWORD=3; _wrapup; echo \${COMPREPLY[@]}"

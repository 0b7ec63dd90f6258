# No example, no transcript, nothing that can be read, a wrong length.
mkdir "$T/none"
cd "$T" || exit
: >empty.jsonl
wrapup stats empty.jsonl || exit
wrapup stats none
echo $?
printf '\001\002' >bytes.txt
wrapup stats bytes.txt missing.txt
echo $?
wrapup stats --max-seq-length 12,x empty.jsonl

# A folder with files in it is left alone.
mkdir "$T/a"
echo kept >"$T/a/file"
wrapup synth -n 1 --out "$T/a" || code=$?
cat "$T/a/file"
ls "$T"
exit "$code"

# Answers that cannot be used are asked for again, twice, with what was wrong; then the call is left
# out. When nothing usable comes it ends.
. tests/support/api.sh
# An endpoint that does not like one prompt.
echo picky
try ask picky
wc -l <"$T/server/requests"
rm -r "$T/a" "$T/server/requests"
echo twice
try ask twice -n 1
cat "$T/server/requests"
rm -r "$T/a" "$T/server/requests"
for model in words roles scores cut huge; do
    echo "$model"
    try ask "$model" -n 1
    wc -l <"$T/server/requests"
    rm -f "$T/server/requests"
done
echo words, many
try ask words -n 20 -q
wc -l <"$T/server/requests"
ls "$T"

# 429 with a time to wait, status 500 twice, a closed connection: asked again; a fence is no harm.
. tests/support/api.sh
for model in again broken closes fenced; do
    echo "$model"
    try ask "$model" -n 1
    wc -l <"$T/server/requests"
    rm -r "$T/a" "$T/server/requests"
done
echo down
try ask down -n 1 --api-retries 1
wc -l <"$T/server/requests"
ls "$T"

# The key is sent in one header and is nowhere else: not in what is said, not in any file, whatever
# the endpoint does with it.
. tests/support/api.sh
export WRAPUP_API_KEY=canary-1234567890
for model in good echo hidden leak denied down words moved poor; do
    echo "$model"
    WRAPUP_LOG=debug try ask "$model" -v -n 2 --api-retries 0
    grep -c 'Authorization: Bearer canary-1234567890' "$T/server/headers"
    rm -f "$T/server/headers"
    mkdir -p "$T/kept/$model"
    for f in a a.partial; do
        [ ! -e "$T/$f" ] || mv "$T/$f" "$T/kept/$model"
    done
done >"$T/said" 2>&1
cat "$T/said"
grep -rlE 'canary|1234567890' "$T" | grep -v "^$T/server" || echo "the key is nowhere"
find "$T/kept" -type f | wc -l

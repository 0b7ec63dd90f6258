# For cases of `wrapup synth --api`: starts the server of tests and calls the program with it. Read by
# `. tests/support/api.sh` at the project's root; needs $T.
command -v python3 >/dev/null || { echo "no python3" >&2; exit 77; }
if wrapup synth --api http://example.invalid --api-model x --out "$T/probe" 2>&1 | grep -q 'without libcurl'; then
    echo "built without libcurl" >&2
    exit 77
fi
mkdir "$T/server"
python3 tests/support/api_server.py "$T/server" &
server=$!
trap 'kill "$server" 2>/dev/null; wait "$server" 2>/dev/null || true' EXIT
tries=0
while [ ! -e "$T/server/port" ]; do
    tries=$((tries + 1))
    [ "$tries" -lt 200 ] || { echo "the server of tests does not start" >&2; exit 1; }
    sleep 0.05
done
url=http://127.0.0.1:$(cat "$T/server/port")/v1

# ask MODEL [ARGUMENT...]: three conversations, one after the other, into $T/a.
ask() {
    model=$1
    shift
    wrapup synth --api "$url" --api-model "$model" -n 3 --seed 7 --api-concurrency 1 --out "$T/a" "$@"
}

# try COMMAND...: what it says, without the port, and its exit code.
try() {
    code=0
    "$@" 2>"$T/words" || code=$?
    plain <"$T/words"
    echo "code $code"
}

# await_requests N: until the server has had so many, but half a minute at most.
await_requests() {
    tries=0
    until [ "$(cat "$T/server/requests" 2>/dev/null | wc -l)" -ge "$1" ]; do
        tries=$((tries + 1))
        [ "$tries" -lt 600 ] || { echo "too few requests"; return 0; }
        sleep 0.05
    done
}

# The port is another one each time.
plain() { sed -E 's/127\.0\.0\.1:[0-9]+/127.0.0.1:PORT/'; }

# A key comes from the environment; no address may carry one, and none goes over an open line.
unset WRAPUP_API_KEY
if wrapup synth --api http://example.invalid --api-model x --out "$T/a" 2>&1 | grep -q 'without libcurl'; then
    echo "built without libcurl" >&2
    exit 77
fi
try() { "$@" || echo "code $?"; }
ask() { wrapup synth --api-model x -n 1 --out "$T/a" "$@"; }
try ask --api https://example.invalid/v1
try ask --api https://example.invalid/v1 --api-key-env OTHER_KEY
export WRAPUP_API_KEY=canary-1234567890
try ask --api http://example.invalid/v1
try ask --api http://127.0.0.1.example.invalid/v1
try ask --api ftp://example.invalid/v1
try ask --api "https://user:secret@example.invalid/v1"
try ask --api "https://example.invalid/v1?key=secret"
try ask --api ""
WRAPUP_API_KEY="canary 1234" try ask --api https://example.invalid/v1
WRAPUP_API_KEY=abc try ask --api https://example.invalid/v1
try wrapup synth --api https://example.invalid/v1 --out "$T/a"
try wrapup synth --api-model x --out "$T/a"
try wrapup synth --api https://example.invalid/v1 --api-model x
try ask --api https://example.invalid/v1 --marginals both
mkdir "$T/full"
touch "$T/full/file"
try wrapup synth --api https://example.invalid/v1 --api-model x --out "$T/full"
ls "$T"

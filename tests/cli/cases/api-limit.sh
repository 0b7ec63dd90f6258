# Limits of cost stop it; the same command goes on.
. tests/support/api.sh
try ask good --api-max-requests 2
try ask good --api-max-tokens 1000
try ask good -q
ls "$T/a/transcripts"
wc -l <"$T/server/requests"
# An endpoint that wants a long rest gets it.
rm -r "$T/a"
try ask rest
# Three requests at 40 a minute take three seconds.
begin=$(date +%s)
try ask good --api-rpm 40
[ $(($(date +%s) - begin)) -ge 2 ] && echo slow enough

#!/bin/sh
# Fails if a file in src/ROOM includes a header of a room that tools/rooms.txt does not list for ROOM,
# or another room's private header (*_impl.h); if a part of a room (ROOM/PART) includes a part that is not
# listed for it; if a third-party header appears outside the one file that tools/libs.txt gives it; or if
# the dependencies go in a circle.
set -eu
cd "$(dirname "$0")/.."
bad=0

# file:#include "room/header.h"
grep -rHo --include='*.[ch]' '^ *# *include *"[^"]*"' src | awk -F: '
    FILENAME == "tools/rooms.txt" {
        ok[$1] = " " $1 " " $2 " "
        if (split($1, place, "/") > 1) parted[place[1]] = 1
        next
    }
    {
        split($1, place, "/"); room = place[2]
        split($2, quoted, "\""); header = quoted[2]; n = split(header, part, "/"); dep = part[1]
        if (!(room in ok)) { print $1 ": room " room " is not in tools/rooms.txt"; bad = 1 }
        else if (n < 2) { print $1 ": \"" header "\" does not name its room"; bad = 1 }
        else if (index(ok[room], " " dep " ") == 0) { print $1 ": room " room " may not include " header; bad = 1 }
        else if (header ~ /_impl\.h$/ && dep != room) { print $1 ": " header " is private to " dep; bad = 1 }
        # A folder below a room may be a part of it, with a line of its own; the room itself knows no part.
        here = split($1, place, "/") > 3 ? room "/" place[3] : room
        there = n > 2 ? dep "/" part[2] : dep
        if (dep == room && room in parted && here != there && (here == room || index(ok[here], " " there " ") == 0)) {
            print $1 ": " here " may not include " header; bad = 1
        }
    }
    END { exit bad }
' tools/rooms.txt - || bad=1

while read -r header home; do
    for f in $(grep -rl --include='*.[ch]' "^ *# *include *<$header>" src || true); do
        [ "$f" = "$home" ] || { echo "$f: <$header> belongs in $home"; bad=1; }
    done
done <tools/libs.txt

awk -F: '{ n = split($2, dep, " "); for (i = 1; i <= n; i++) print dep[i], $1 }' tools/rooms.txt |
    tsort >/dev/null || bad=1
exit "$bad"

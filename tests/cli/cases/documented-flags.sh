# Every command line in README.md and in the documents names a command and flags that there are (the
# scripts that this program replaces were documented with flags they did not have).
cat README.md docs/*.md data/synth/README.md scripts/demo |
    sed -e ':a' -e '/\\$/N; s/\\\n//; ta' | sed 's/\$wrapup /wrapup /; s|build/wrapup |wrapup |' |
    grep -oE 'wrapup [a-z]+( [^`|&;>]*)?' | while read -r _ command words; do
    case " analyze cpu format generate inspect leak prepare read redact split stats subset synth temporal tokenize train " in
    *" $command "*) ;;
    *) continue ;;
    esac
    wrapup help "$command" >"$T/help"
    for word in $words; do
        flag=$(printf '%s\n' "$word" | grep -oE '^-{1,2}[a-z][a-z-]*' | sed 's/^--no-/--/')
        case $flag in
        '') ;;
        --*) grep -qE -- "(^| )(--\\[no-\\]|--)${flag#--}( |\$)" "$T/help" || echo "wrapup $command has no $flag" ;;
        *) grep -qE -- "^ *$flag, " "$T/help" || echo "wrapup $command has no $flag" ;;
        esac
    done
    echo "$command"
done | sort | uniq -c | awk '/has no/ { bad = 1; print } { n++ } END { exit bad || n < 10 }'

# The page appears, says what is in it and loads nothing; the text is printed, too.
printf 'Agent: hello & <welcome>\nCustomer: thanks for that\n' >"$T/call.txt"
cd "$T" || exit
wrapup stats --html page.html call.txt >/dev/null || exit
head -n 1 page.html
grep -c '<svg' page.html
grep -cE '<script|https?:|url\(|nan' page.html
wrapup stats --html missing/page.html call.txt

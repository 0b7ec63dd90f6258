cat >"$T/call.txt" <<'END'
Agent: Thank you for calling, this is Maria speaking. May I have your name?
Customer: Olga Petrova. My card is four two four two
Agent: okay
Customer: four two four two
Agent: four two four two, yes
Customer: four two four two four two four two, order number 4155550123.
Agent: Thanks Olga. And the security code?
Customer: 491. You can reach me at 212-555-0147 or olga dot p at gmail dot com.
END
wrapup redact --format text "$T/call.txt"

printf '# code names\nProject Falcon\nÉclair\n' >"$T/words"
echo 'Customer: I want project falcon and an eclair' | wrapup redact --format text --words "SECRET=$T/words"

echo 'Customer: my name is olga petrova, olga@example.com' | wrapup redact -q --format text --types email
wrapup redact --types MAIL </dev/null

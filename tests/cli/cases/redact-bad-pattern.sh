echo 'Customer: hello' | wrapup redact --pattern 'ORDER=(\d+'

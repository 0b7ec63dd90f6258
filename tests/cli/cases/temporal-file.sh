cat >"$T/in.jsonl" <<'END'
{"prompt":"[CONVERSATION]\nAgent: Hi\nCustomer: My bill is wrong\n\nQ?","completion":"{}","task_type":"quality_scoring","source_id":"c1","contact":{"channel":"voice","start_time":"2026-01-19T14:30:00-05:00","queue_wait_s":120,"contact_number_30d":2,"transfers":1}}
{"prompt":"Q?\n\n[CONVERSATION]\nAgent: Hi\nCustomer: No bill","completion":"{}","task_type":"quality_scoring","source_id":"c2","contact":{"start_time":"2024-12-28T10:00:00"}}
{"prompt":"[CONVERSATION]\nAgent: Hi\nCustomer: Where is it?\n\nQ?","completion":"{}","task_type":"coaching","source_id":"c3","contact":{"start_time":"2026-05-25"}}
{"prompt":"[TEMPORAL CONTEXT]\nhold_seconds: 5\n\n[CONVERSATION]\nAgent: Hi\nCustomer: So?\n\nQ?","completion":"{}","task_type":"coaching","source_id":"c4"}
{"prompt":"[CONVERSATION]\nAgent: Hi\nCustomer: Well\n\nQ?","completion":"{}","task_type":"coaching","source_id":"c5"}
END
wrapup temporal --data "$T/in.jsonl" --out "$T/out.jsonl" --business-hours "Mon-Sat 09:00-17:00" &&
    cat "$T/out.jsonl" &&
    wrapup temporal -q --data "$T/out.jsonl" --out "$T/new/again.jsonl" --business-hours "Mon-Sat 09:00-17:00" &&
    cmp "$T/out.jsonl" "$T/new/again.jsonl"

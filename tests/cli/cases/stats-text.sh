# Two conversations in two splits and a line that is no example: languages, labels, sizes in words.
mkdir "$T/d"
cat >"$T/d/train.jsonl" <<'END'
{"prompt": "[CONVERSATION]\nAgent: hello there, how can I help\nCustomer: my bill is wrong\n\nq", "completion": "{\"quality_score\": 80, \"effectiveness_rating\": \"good\", \"justification\": \"yes\"}", "task_type": "quality_scoring", "source_id": "a", "contact": {"channel": "chat", "agent_id": "m", "start_time": "2024-05-14T10:03:22+02:00"}}
no example
END
cat >"$T/d/test.jsonl" <<'END'
{"prompt": "[CONVERSATION]\nCustomer: ich habe eine Frage\nAgent: die ist nicht einfach\n\nq", "completion": "{\"risk_level\": \"sometimes\", \"risk_factors\": []}", "task_type": "churn_risk", "source_id": "b"}
END
cd "$T" || exit
wrapup stats d

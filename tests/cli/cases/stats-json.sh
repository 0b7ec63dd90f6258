# Tokens, what a length cuts off, what the two examples of a conversation share.
mkdir "$T/d"
cat >"$T/d/examples.jsonl" <<'END'
{"prompt": "[CONVERSATION]\nAgent: hello there, how can I help\nCustomer: my bill is wrong\n\nquality?", "completion": "{\"quality_score\": 80}", "task_type": "quality_scoring", "source_id": "a"}
{"prompt": "[CONVERSATION]\nAgent: hello there, how can I help\nCustomer: my bill is wrong\n\nchurn?", "completion": "{\"risk_level\": \"low\"}", "task_type": "churn_risk", "source_id": "a"}
END
test -e "$WU_MODEL" || { echo "no model" >&2; exit 77; }
ln -s "$(realpath "$WU_MODEL")" "$T/m.gguf" || exit
cd "$T" || exit
wrapup stats --json --model m.gguf --max-seq-length 64,48 d

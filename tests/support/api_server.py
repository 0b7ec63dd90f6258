#!/usr/bin/env python3
"""An OpenAI-compatible endpoint on 127.0.0.1 that does what the name of the model says.

    api_server.py DIR

Writes its port to DIR/port once it listens, appends a line to DIR/requests for each request and the
headers of the last one to DIR/headers. Runs until it is ended. Only for tests.

Models: good; again (429 with Retry-After, then good); broken (500 twice, then good); down (always
500); words (no JSON); roles (a speaker that nobody knows); scores (speaks of labels); fenced; twice
(first unusable, then good); cut (at the limit of
its length); slow (a minute); huge (more than any answer); closes (the connection,
then good); rest (429, wait an hour); moved (a redirect); echo (says the key that it got); leak (an
error that cites the key); denied (401);
poor (402); picky (refuses request 1, counted from 0); hidden (as echo, behind escapes); stops-N (good, but request N, counted
from 0, has no answer for a minute).
"""
import http.server
import json
import os
import re
import sys
import threading
import time

DIR = sys.argv[1]
LOCK = threading.Lock()
COUNT = {}


def spoken(prompt):
    """A conversation that follows the plan: one turn a line, with the hints' own words."""
    turns = []
    plan = prompt.split("\nPlan:\n", 1)[1]
    name = {"Agent": "agent", "Other agent": "agent", "Customer": "customer", "Bot": "bot", "System": "system"}
    for line in plan.splitlines():
        m = re.match(r"(\d+)\. (Agent|Other agent|Customer|Bot|System)(?: \([^)]*\))?: (.*)", line)
        if m:
            text = "Well, this is what I have to say, and it is about that: " + m.group(3)
            turns.append({"speaker": name[m.group(2)], "text": text, "line": int(m.group(1))})
    return turns


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def send(self, status, body, headers=()):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        for key, value in headers:
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(data)

    def reply(self, content, finish="stop"):
        self.send(200, {"choices": [{"message": {"role": "assistant", "content": content}, "finish_reason": finish}],
                        "usage": {"prompt_tokens": 1000, "completion_tokens": 500}})

    def error(self, status, message="not now", headers=()):
        self.send(status, {"error": {"message": message}}, headers)

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        model, prompt = body["model"], body["messages"][-1]["content"]
        with LOCK:
            all_before = sum(COUNT.values())
            # How often this very contact was asked for.
            what = model + prompt.split("\nAn earlier answer", 1)[0]
            before = COUNT.get(what, 0)
            COUNT[what] = before + 1
            with open(os.path.join(DIR, "requests"), "a") as f:
                f.write(f"{self.path} {model} {'json' if 'response_format' in body else 'free'}"
                        f"{' complained' if 'An earlier answer' in prompt else ''}\n")
            with open(os.path.join(DIR, "headers"), "w") as f:
                f.write(str(self.headers))
        self.answer(model, prompt, before, all_before)

    def answer(self, model, prompt, before, all_before):
        good = json.dumps({"turns": spoken(prompt)})
        key = self.headers.get("Authorization", "Bearer nothing").split(" ", 1)[1]
        if model == "again" and before == 0:
            self.error(429, headers=[("Retry-After", "1")])
        elif model == "broken" and before < 2 or model == "down":
            self.error(500)
        elif model == "words" or model == "twice" and before == 0:
            self.reply("I am sorry, but here is a story instead.")
        elif model == "roles":
            self.reply(good.replace('"customer"', '"narrator"'))
        elif model == "scores":
            self.reply(good.replace("Well, this", "My CSAT score is 3, this"))
        elif model == "fenced":
            self.reply("```json\n" + good + "\n```")
        elif model == "cut":
            self.reply(good, finish="length")
        elif model == "slow":
            time.sleep(60)
        elif model == "huge":
            self.reply("x" * (5 << 20))
        elif model == "closes" and before == 0:
            self.close_connection = True
        elif model == "rest":
            self.error(429, headers=[("Retry-After", "3600")])
        elif model == "moved":
            self.send(307, b"", [("Location", "http://example.invalid/")])
        elif model == "echo":
            self.reply(good.replace("Well, this", f"Well, {key} this"))
        elif model == "hidden":
            # The key again, each character as an escape: it is not in the bytes of the reply.
            hidden = "".join(f"\\u{ord(c):04x}" for c in key)
            self.reply(good.replace("Well, this", f"Well, {hidden} this"))
        elif model == "leak":
            self.error(400, f"the key {key} is not good for this")
        elif model == "picky" and all_before == 1:
            self.error(400, "this prompt is not to our taste \x1b[31m")
        elif model == "denied":
            self.error(401, f"wrong key {key[:8]}...")
        elif model == "poor":
            self.error(402, "there is no money\nleft")
        elif model.startswith("stops-") and all_before == int(model[6:]):
            time.sleep(60)
        else:
            self.reply(good)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass  # who goes away in the middle is part of the tests


server = Server(("127.0.0.1", 0), Handler)
with open(os.path.join(DIR, "port.new"), "w") as f:
    f.write(str(server.server_address[1]))
os.rename(os.path.join(DIR, "port.new"), os.path.join(DIR, "port"))
server.serve_forever()

"""Rows 11 and 24 where an agent stands between the check and the model: whose calls they were, and that there were any.

Agent and model are small servers that the gate starts as services; it sees their calls through its own relay.
"""

from __future__ import annotations

import pytest

pytest.importorskip("aiohttp", reason="the relay needs the extra [relay]")

SERVER = """\
import json, os, sys, urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
class Base(BaseHTTPRequestHandler):
    def reply(self, data, status=200):
        body = json.dumps(data).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def asked(self):
        return json.loads(self.rfile.read(int(self.headers.get("content-length", 0))) or b"{}")
    def log_message(self, *_):
        pass
def serve(handler):
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), handler).serve_forever()
"""
MODEL = """\
from server import Base, serve
MODEL = {"name": "tiny:1b", "model": "tiny:1b", "digest": "ab" * 32, "details": {"quantization_level": "Q4_0"}}
class Model(Base):
    def do_GET(self):
        self.reply({"/api/version": {"version": "0.9.0"}, "/api/tags": {"models": [MODEL]}}.get(self.path, {}))
    def do_POST(self):
        self.asked()
        answer = {"model": "tiny:1b", "message": {"role": "assistant", "content": "Paris"}, "done": True,
                  "done_reason": "stop", "prompt_eval_count": 7, "eval_count": 2}
        self.reply(MODEL if self.path == "/api/show" else answer)
serve(Model)
"""
AGENT = """\
import json, os, urllib.request
from server import Base, serve
class Agent(Base):
    def do_GET(self):
        self.reply({"ok": True})
    def do_POST(self):
        asked = self.asked()
        if asked.get("cached"):
            return self.reply({"answer": "Paris"})
        headers = {"content-type": "application/json"}
        if PASS_ON and "x-readiness-trace" in self.headers:
            headers["x-readiness-trace"] = self.headers["x-readiness-trace"]
        body = json.dumps({"model": "tiny:1b", "messages": [{"role": "user", "content": asked["question"]}], "stream": False})
        request = urllib.request.Request(os.environ[BASE] + "/api/chat", body.encode(), headers)
        answer = json.load(urllib.request.urlopen(request, timeout=20))
        self.reply({"answer": answer["message"]["content"]})
serve(Agent)
"""
ASK = """\
import json, os, sys, urllib.request
for number in range(int(sys.argv[1])):
    headers = {"x-readiness-trace": os.environ["READINESS_TRACE"], "content-type": "application/json"}
    body = json.dumps({"question": f"{number}?", "cached": len(sys.argv) > 2}).encode()
    request = urllib.request.Request(os.environ["AGENT"] + "/ask", body, headers)
    assert json.load(urllib.request.urlopen(request, timeout=20)) == {"answer": "Paris"}
"""
CONFIG = """\
version: 2
services:
  model:
    run: python model.py {port}
    ready: "http://127.0.0.1:{port}/api/version"
    env: {OLLAMA_API_BASE: "http://127.0.0.1:{port}", MODEL_URL: "http://127.0.0.1:{port}"}
  agent:
    run: python agent.py {port}
    ready: "http://127.0.0.1:{port}/"
    needs: [model]
    env: {AGENT: "http://127.0.0.1:{port}"}
checks:
"""


def files(checks: str, *, pass_on: bool = True, base: str = "OLLAMA_API_BASE") -> dict[str, str]:
    return {
        "readiness.yml": CONFIG + checks,
        "server.py": SERVER,
        "model.py": MODEL,
        "agent.py": f"PASS_ON, BASE = {pass_on!r}, {base!r}\n" + AGENT,
        "ask.py": ASK,
    }


def check(name: str, words: str, lane: str = "nd") -> str:
    return f"  - {{name: {name}, lane: {lane}, run: python ask.py {words}, services: [agent]}}\n"


@pytest.mark.parametrize("pass_on", [True, False], ids=["with the trace", "without"])
def test_each_check_is_credited_with_the_calls_that_the_agent_made_for_it(make_project, pass_on):
    project = make_project(files(check("one", "1") + check("three", "3"), pass_on=pass_on))
    ran = project.run("--lane", "nd", "--no-strict")
    assert ran.code == 0, ran.out
    counted = {name: ran.check(name)["calls"]["counted"] for name in ("one", "three")}
    assert counted == {"one": 1, "three": 3}
    assert ran.check("one")["model"]["digest"] == "ab" * 32


def test_an_agent_that_answers_by_itself_proves_nothing(make_project):
    project = make_project(files(check("asks", "2") + check("cached", "2 cached")))
    ran = project.run("--lane", "nd", "--no-strict")
    assert ran.check("asks")["outcome"] == "passed", ran.out
    assert ran.check("cached")["outcome"] == "hollow"
    assert ran.code == 1


def test_a_variable_of_the_projects_own_is_led_through_the_relay_too(make_project):
    project = make_project(files(check("one", "1"), base="MODEL_URL"))
    ran = project.run("--lane", "nd", "--no-strict")
    assert (ran.code, ran.check("one")["calls"]["counted"]) == (0, 1), ran.out


def test_one_service_is_not_led_to_the_models_of_two_lanes(make_project):
    checks = check("nd", "1") + check("live", "1", lane="live")
    ran = make_project(files(checks)).run("--lane", "nd", "--lane", "live", "--no-strict")
    assert ran.check("nd")["outcome"] == "passed", ran.out
    assert ran.check("live")["outcome"] == "error"
    assert "a service of its own" in ran.check("live")["reason"]


REPLAYED = """\
version: 2
services:
  plain: {run: "python agent.py {port}", ready: "http://127.0.0.1:{port}/"}
checks:
  - {name: a, lane: core, run: test -e ask.py, services: [plain], cassette: tape.yaml}
"""


def test_a_core_check_that_replays_leads_its_services_nowhere(make_project):
    project = make_project({**files(""), "readiness.yml": REPLAYED, "tape.yaml": ""})
    ran = project.run("--no-strict")
    assert [
        one["name"] for one in ran.report["services"] if one["name"] in ("embedded-model", "relay-of-plain")
    ] == []
    assert ran.check("a")["exit_code"] == 0, ran.out

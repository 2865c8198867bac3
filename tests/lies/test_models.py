"""Rows 24, 28 and 39 of the ways in which a gate lies: a check that says it asked a model.

The model is a small server here that says what an Ollama says of itself, so that these run without a network. What
the gate sees of it, it sees through its own relay.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

MODEL = {
    "name": "tiny:1b",
    "model": "tiny:1b",
    "digest": "ab" * 32,
    "details": {"quantization_level": "Q4_0"},
}
ANSWER = {"model": "tiny:1b", "message": {"role": "assistant", "content": "Paris"}, "done": True}
ANSWER |= {"done_reason": "stop", "prompt_eval_count": 7, "eval_count": 2}

ASK = """\
import json, os, urllib.request
body = json.dumps({"model": os.environ["OLLAMA_MODEL"], "stream": False,
                   "messages": [{"role": "user", "content": "The capital of France?"}]}).encode()
request = urllib.request.Request(os.environ["OLLAMA_API_BASE"] + "/api/chat", body)
"""
OPEN = "answer = json.load(urllib.request.urlopen(request, timeout=20))\n"
EXPECT = "assert answer['message']['content'] == 'Paris'\n"
SWALLOW = "try:\n    " + OPEN + "except OSError:\n    answer = {'message': {'content': 'Paris'}}\n"


class Server(ThreadingHTTPServer):
    """`status` is what it answers a question with, after it has refused the first `refusals`."""

    status = 200
    refusals = 0
    daemon_threads = True


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        known = {"/api/version": {"version": "0.9.0"}, "/api/tags": {"models": [MODEL]}}
        self.reply(200 if self.path in known else 404, known.get(self.path, {"error": "not found"}))

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        if self.path == "/api/show":
            self.reply(200, MODEL)
        elif self.server.refusals:
            self.server.refusals -= 1
            self.reply(429, {"error": "slow down"}, {"Retry-After": "1"})
        elif self.server.status == 200:
            self.reply(200, ANSWER)
        else:
            self.reply(self.server.status, {"error": "slow down"}, {"Retry-After": "1"})

    def reply(self, status: int, data: object, headers: dict[str, str] | None = None) -> None:
        body = json.dumps(data).encode()
        self.send_response(status)
        for name, text in {
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            **(headers or {}),
        }.items():
            self.send_header(name, text)
        self.end_headers()
        if status >= 500:
            # A client that swallows errors is gone before the text of one comes.
            time.sleep(0.2)
        with contextlib.suppress(ConnectionError):
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def model() -> Iterator[Server]:
    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def gate(make_project, model: Server, script: str):
    """The record of one nd check that runs `script`."""
    pytest.importorskip("aiohttp", reason="the relay needs the extra [relay]")
    project = make_project(
        {
            "readiness.yml": "version: 2\nchecks:\n  - {name: ask, lane: nd, run: python ask.py}\n",
            "ask.py": script,
        }
    )
    ran = project.run("--lane", "nd", "--no-strict", OLLAMA_API_BASE=f"http://127.0.0.1:{model.server_port}")
    return ran, ran.check("ask")


def test_a_metered_call_is_evidence_and_the_record_says_who_answered(make_project, model):
    ran, check = gate(make_project, model, ASK + OPEN + EXPECT)
    assert (ran.code, check["outcome"], check["ran_against"]) == (0, "passed", "real"), ran.out
    assert check["calls"]["counted"] == 1
    assert check["calls"]["tokens"] == {"prompt": 7, "completion": 2}
    assert (check["model"]["name"], check["model"]["digest"]) == ("tiny:1b", "ab" * 32)


@pytest.mark.parametrize(
    "script",
    [
        "print('Paris')\n",
        f"import os\nos.environ['OLLAMA_API_BASE'] = 'http://127.0.0.1:1'\n{ASK}{SWALLOW}{EXPECT}",
    ],
    ids=["asks nobody", "asks nothing that is there, and swallows it"],
)
def test_lie_24_a_live_check_talks_to_a_stub(make_project, model, script):
    lie = subprocess.run([sys.executable, "-c", script], env={"OLLAMA_MODEL": "x"}, capture_output=True)
    assert lie.returncode == 0, "the lie: exit 0, and no model was asked"
    ran, check = gate(make_project, model, script)
    assert (ran.code, check["outcome"]) == (1, "hollow")
    assert "no metered call to a real model" in check["reason"]


def test_lie_24_a_stub_of_its_own_is_not_a_model(make_project, model):
    """The check starts a fake and asks that: the relay never sees it."""
    stub = (
        "import threading, http.server\n"
        "class Fake(http.server.BaseHTTPRequestHandler):\n"
        "    def do_POST(self):\n"
        '        self.send_response(200); self.end_headers(); self.wfile.write(b\'{"message": {"content": "Paris"}}\')\n'
        "fake = http.server.HTTPServer(('127.0.0.1', 0), Fake)\n"
        "threading.Thread(target=fake.serve_forever, daemon=True).start()\n"
        "import os\nos.environ['OLLAMA_API_BASE'] = f'http://127.0.0.1:{fake.server_port}'\n"
    )
    ran, check = gate(make_project, model, stub + ASK + OPEN + EXPECT)
    assert (ran.code, check["exit_code"], check["outcome"]) == (1, 0, "hollow")


def test_lie_24_an_error_turned_into_a_canned_reply(make_project, model):
    model.status = 500
    ran, check = gate(make_project, model, ASK + SWALLOW + EXPECT)
    assert (ran.code, check["exit_code"], check["outcome"]) == (1, 0, "hollow")
    assert "capacity" in check["reason"]


@pytest.mark.parametrize("status", [429, 503])
def test_lie_39_capacity_is_counted_as_a_defect(make_project, model, status):
    model.status = status
    ran, check = gate(make_project, model, ASK + OPEN + EXPECT)
    assert check["exit_code"] == 1, "the lie: red, so the code must be wrong"
    assert (ran.code, check["outcome"], check["cause"]) == (3, "inconclusive", "capacity")
    assert "Retry-After 1 s" in check["reason"]


def test_lie_39_a_defect_is_counted_as_capacity(make_project, model):
    """Refused once and then answered: what goes wrong afterwards goes wrong with the answer at hand."""
    retry = (
        "import time\n"
        "for attempt in range(40):\n"
        "    try:\n"
        "        answer = json.load(urllib.request.urlopen(request, timeout=20))\n"
        "        break\n"
        "    except OSError as error:\n"
        "        time.sleep(float(error.headers['Retry-After']) / 10)\n"
    )
    model.refusals = 2
    ran, check = gate(make_project, model, ASK + retry + "assert answer['message']['content'] == 'London'\n")
    assert (ran.code, check["outcome"], check["cause"]) == (1, "failed", "")
    assert check["calls"]["retries"] >= 1


OFTEN_WRONG = """
import json, os, random, urllib.request

def test_capital():
    body = {"model": os.environ["OLLAMA_MODEL"], "stream": False, "options": {"seed": random.randrange(10**6)},
            "messages": [{"role": "user", "content": "The capital of France?"}]}
    url = os.environ["OLLAMA_API_BASE"] + "/api/chat"
    answer = json.load(urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode()), timeout=20))
    assert answer["message"]["content"] == "Paris"
    assert random.random() < 0.5, "wrong this time"
"""


def test_lie_28_the_non_deterministic_test_passes_once_and_counts_as_evidence(make_project, model):
    pytest.importorskip("aiohttp", reason="the relay needs the extra [relay]")

    def gate(trials: str):
        config = f"version: 2\nchecks:\n  - {{name: ask, lane: nd, run: pytest -q{trials}}}\n"
        project = make_project({"readiness.yml": config, "test_a.py": OFTEN_WRONG})
        base = f"http://127.0.0.1:{model.server_port}"
        return project.run("--lane", "nd", "--no-strict", OLLAMA_API_BASE=base)

    lie = gate("")
    assert any(one["rule"] == "nd-without-trials" for one in lie.report["lint"]), "it warns of one run"
    assert lie.report["lanes"]["nd"]["alpha"] is None, (
        "and a lane with such a check has no error rate to state"
    )

    ran = gate(", trials: {good: 0.95, bad: 0.80}")
    check = ran.check("ask")
    one = check["trials"]["tests"][0]
    assert (ran.code, check["outcome"], one["verdict"]) == (1, "failed", "NOT READY"), ran.out
    assert one["passes"] + one["fails"] > 2
    assert (ran.report["lanes"]["nd"]["alpha"], ran.report["lanes"]["nd"]["beta"]) == (0.05, 0.05)

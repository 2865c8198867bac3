"""Recorded on the real model in lane nd, replayed in the hermetic lane with the network denied: the same bytes twice."""

from __future__ import annotations

import pytest

ASK = """\
import json, os, urllib.request
body = json.dumps({"model": os.environ["OPENAI_MODEL"], "temperature": 0.8, "seed": 5, "max_tokens": 24,
                   "stream": True, "messages": [{"role": "user", "content": "Tell me of the sea."}]}).encode()
headers = {"content-type": "application/json"}
request = urllib.request.Request(os.environ["OPENAI_BASE_URL"] + "/chat/completions", body, headers)
with urllib.request.urlopen(request, timeout=120) as reply:
    data = reply.read()
with open("told", "wb") as file:
    file.write(data)
assert b"[DONE]" in data
"""
OFFLINE = "import socket\ntry:\n    socket.create_connection(('192.0.2.1', 80), 1)\nexcept OSError:\n    pass\nelse:\n    raise SystemExit('there is a network')\n"
CONFIG = """\
version: 2
checks:
  - {name: recorded, lane: nd, run: python ask.py, cassette: tapes/sea.yml}
  - {name: replayed, lane: core, run: python offline.py && python ask.py, cassette: tapes/sea.yml}
"""


@pytest.fixture
def project(make_project):
    project = make_project({"readiness.yml": CONFIG, "ask.py": ASK, "offline.py": OFFLINE})
    (project.root / "tapes").mkdir()
    return project


def test_a_replay_is_the_recording_byte_for_byte_and_never_evidence_for_nd(project):
    recorded = project.run("--lane", "nd", "--record")
    assert (recorded.code, recorded.check("recorded")["ran_against"]) == (0, "real"), recorded.out
    original = (project.root / "told").read_bytes()
    for _ in range(2):
        replayed = project.run("--lane", "core", "--no-cache")
        check = replayed.check("replayed")
        assert (replayed.code, check["outcome"], check["ran_against"]) == (0, "passed", "replay"), (
            replayed.out
        )
        assert check["network"] == "namespace"
        assert (check["calls"]["replayed"], check["calls"]["counted"]) == (1, 0)
        assert (project.root / "told").read_bytes() == original


def test_another_question_than_the_recorded_one_is_refused(project):
    assert project.run("--lane", "nd", "--record").code == 0
    project.write({"ask.py": ASK.replace("Tell me of the sea.", "Tell me of the land.")})
    ran = project.run("--lane", "core")
    assert (ran.code, ran.check("replayed")["outcome"]) == (1, "failed")


def test_without_a_recording_the_check_cannot_be_judged(project):
    ran = project.run("--lane", "core")
    assert (ran.code, ran.check("replayed")["outcome"]) == (1, "error")
    assert "tapes/sea.yml" in ran.check("replayed")["reason"]


def test_a_capability_that_the_server_lacks_makes_the_check_inconclusive(make_project, old_server):
    config = (
        "version: 2\nchecks:\n  - {name: a, lane: nd, run: python ask.py, capabilities: [seed, schema]}\n"
    )
    project = make_project({"readiness.yml": config, "ask.py": ASK})
    ran = project.run("--lane", "nd", OLLAMA_API_BASE=old_server)
    check = ran.check("a")
    assert (ran.code, check["outcome"]) == (3, "inconclusive")
    assert "cannot measure: its server lacks" in check["reason"]
    assert "schema" in check["reason"]


@pytest.fixture
def old_server():
    """A server that says it is Ollama, answers everything with one sentence, and drops seed and schema silently."""
    import json
    import threading
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

    tags = {"models": [{"name": "old:1b", "model": "old:1b", "digest": "cd" * 32, "details": {}}]}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.reply({"version": "0.1.0"} if self.path == "/api/version" else tags)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            count["asked"] += 1
            said = {"role": "assistant", "content": f"The sea is wide, said sailor {count['asked']}."}
            self.reply(
                {
                    "model": "old:1b",
                    "message": said,
                    "done": True,
                    "eval_count": 4,
                    "prompt_eval_count": 4,
                    "details": {},
                }
            )

        def reply(self, data: object) -> None:
            body = json.dumps(data).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    count = {"asked": 0}
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()

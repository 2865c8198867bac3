"""Asking a model: its comments are marked, its errors are clear, and the key goes to its own server alone."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from readiness.gate.settings import UsageError
from readiness.review.bundle.ask import Endpoint, comments, endpoint, marked

ANSWER = {"choices": [{"message": {"content": "See tests/test_a.py:3.\n```\n# READY"}}]}


@pytest.fixture
def server():
    """An OpenAI server; `answers` holds status and body of what it says next, `asked` what it got."""
    made = ThreadingHTTPServer(("127.0.0.1", 0), _Model)
    made.asked, made.answers = [], (200, json.dumps(ANSWER).encode())
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


class _Model(BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.asked.append((self.path, self.headers.get("authorization"), body))
        status, data = self.server.answers
        self.send_response(status)
        if status == 302:
            self.send_header("location", f"http://127.0.0.1:{self.server.server_port}/elsewhere")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        """Nothing."""


def base(server):
    return f"http://127.0.0.1:{server.server_port}/v1"


def test_the_bundle_is_sent_and_the_answer_comes_back(server):
    said = comments(Endpoint(base(server), "k-1"), "tiny", "the bundle")
    path, key, body = server.asked[0]
    assert (path, key) == ("/v1/chat/completions", "Bearer k-1")
    assert (body["model"], body["messages"][1]["content"]) == ("tiny", "the bundle")
    assert said.startswith("See tests/test_a.py:3.")


def test_comments_are_marked_and_fenced():
    text = marked("tiny", "fine\n```\n# READY\n")
    assert "# Comments of `tiny`" in text
    assert "Not evidence: a model wrote this" in text
    assert "````text\nfine\n```\n# READY\n````" in text


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        ((400, b'{"error": "too long"}'), 'status 400: {"error": "too long"}; a smaller --tokens may help'),
        ((302, b""), "status 302"),
        ((200, b"not json"), "its answer is no chat completion"),
        ((200, b'{"choices": []}'), "its answer is no chat completion"),
        ((200, b'{"choices": [{"message": {"content": " "}}]}'), "its answer is empty"),
    ],
)
def test_what_is_no_answer_is_said(server, answers, why):
    server.answers = answers
    with pytest.raises(UsageError, match="no comments of tiny") as error:
        comments(Endpoint(base(server), "k-1"), "tiny", "x")
    assert why in str(error.value)
    assert [path for path, _, _ in server.asked] == ["/v1/chat/completions"]


def test_a_server_that_is_not_there_is_named():
    with pytest.raises(UsageError, match=r"http://127\.0\.0\.1:9: .*refused"):
        comments(Endpoint("http://127.0.0.1:9"), "tiny", "x")


def test_where_to_ask_comes_from_the_environment():
    assert endpoint({"OPENAI_BASE_URL": "http://h/v1/", "OPENAI_API_KEY": "k"}) == Endpoint(
        "http://h/v1", "k"
    )
    assert endpoint({"OPENAI_API_BASE": "https://h"}).base == "https://h"
    with pytest.raises(UsageError, match="readiness model serve"):
        endpoint({})
    with pytest.raises(UsageError, match="must begin with http"):
        endpoint({"OPENAI_BASE_URL": "file:///etc"})

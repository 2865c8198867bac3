"""The model that the gate hands to a check of lane nd, asked as any client would: over OpenAI's API."""

from __future__ import annotations

import json
import os
import threading
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

Ask = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def base() -> str:
    """Where the gate's relay listens."""
    found = os.environ.get("OPENAI_BASE_URL")
    if not found:
        pytest.skip("no model: these run under `readiness run --lane nd`")
    return found


def _request(base: str, body: dict[str, Any]) -> urllib.request.Request:
    data = {"model": os.environ["OPENAI_MODEL"], "max_tokens": 60, **body}
    return urllib.request.Request(
        f"{base}/chat/completions", json.dumps(data).encode(), {"content-type": "application/json"}
    )


@pytest.fixture
def ask(base: str) -> Ask:
    """Ask one question; the whole answer."""

    def send(question: str, **options: Any) -> dict[str, Any]:
        body = {"messages": [{"role": "user", "content": question}], **options}
        with urllib.request.urlopen(_request(base, body), timeout=120) as reply:
            return json.load(reply)

    return send


@pytest.fixture
def stream(base: str) -> Callable[..., Iterator[dict[str, Any]]]:
    """Ask one question; the chunks of the answer as they come."""

    def send(question: str, **options: Any) -> Iterator[dict[str, Any]]:
        body = {"messages": [{"role": "user", "content": question}], "stream": True, **options}
        with urllib.request.urlopen(_request(base, body), timeout=120) as reply:
            for line in reply:
                text = line.decode().strip()
                if text.startswith("data: ") and text != "data: [DONE]":
                    yield json.loads(text.removeprefix("data: "))

    return send


@pytest.fixture
def agent() -> Callable[..., dict[str, Any]]:
    """One run of the agent service; its envelope. The calls that it makes are credited to this check and trial."""
    base = os.environ.get("MINI_AGENT_URL")
    if not base or not os.environ.get("OPENAI_BASE_URL"):
        pytest.skip("no agent with a model: these run under `readiness run --lane nd`")
    headers = {"content-type": "application/json"}
    for name, variable in (
        ("x-readiness-trace", "READINESS_TRACE"),
        ("x-readiness-trial", "READINESS_TRIAL"),
    ):
        if given := os.environ.get(variable):
            headers[name] = given

    def run(messages: list[dict[str, Any]], **fields: Any) -> dict[str, Any]:
        body: dict[str, Any] = {"model": os.environ["OPENAI_MODEL"], "messages": messages, "temperature": 0.3}
        body |= {"max_iterations": 4, "max_tokens": 60, "max_total_seconds": 100}
        body["seed"] = int(os.environ.get("READINESS_SEED", "1")) % (1 << 31)
        request = urllib.request.Request(f"{base}/agent/run", json.dumps(body | fields).encode(), headers)
        with urllib.request.urlopen(request, timeout=120) as reply:
            envelope: dict[str, Any] = json.load(reply)
        return envelope

    return run


@dataclass
class Weather:
    """A tool server; `asked` holds what was posted to it."""

    base: str
    asked: list[dict[str, Any]] = field(default_factory=list)


WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "Tells the weather of a city.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string", "enum": ["Paris", "Rome", "Oslo"]}},
            "required": ["city"],
            "additionalProperties": False,
        },
    },
}


class _Tools(BaseHTTPRequestHandler):
    server: Any

    def do_GET(self) -> None:
        self._answer([WEATHER])

    def do_POST(self) -> None:
        self.server.seen.asked.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
        self._answer({"weather": "sun, 21 degrees"})

    def _answer(self, data: object) -> None:
        body = json.dumps(data).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def weather() -> Iterator[Weather]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Tools)
    server.seen = Weather(f"http://127.0.0.1:{server.server_port}")  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server.seen  # type: ignore[attr-defined]
    server.shutdown()
    thread.join()
    server.server_close()

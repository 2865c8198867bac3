"""The agent service as the gate started it, or, under plain pytest, started here; and a tool server that keeps raw bytes."""

from __future__ import annotations

import json
import os
import socket
import socketserver
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

ENVIRONMENT_HEADERS = {"X-Env": "A", "X-Service": "kept"}
"""What the service is started with; readiness.yml says the same."""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        return int(one.getsockname()[1])


def wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    limit = time.monotonic() + 30
    while time.monotonic() < limit:
        assert process.poll() is None, f"{process.args!r} ended with {process.returncode}"
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"{url} does not answer")


@pytest.fixture(scope="session")
def base() -> Iterator[str]:
    """Where the agent service listens."""
    pytest.importorskip("starlette", reason="the agent needs the extra [agent]")
    if given := os.environ.get("MINI_AGENT_URL"):
        yield given
        return
    model, agent = free_port(), free_port()
    environment = {name: text for name, text in os.environ.items() if not name.startswith("MINI_AGENT_")}
    environment |= {
        "MINI_AGENT_API_BASE": f"http://127.0.0.1:{model}/v1",
        "MINI_AGENT_TOOL_HTTP_HEADERS": json.dumps(ENVIRONMENT_HEADERS),
    }
    script = str(Path(__file__).with_name("scripted_model.py"))
    serve = [sys.executable, "-m", "mini_agent", "serve", "--port", str(agent)]
    with (
        subprocess.Popen([sys.executable, script, str(model)]) as first,
        subprocess.Popen(serve, env=environment) as second,
    ):
        try:
            wait_for(f"http://127.0.0.1:{model}/v1/models", first)
            wait_for(f"http://127.0.0.1:{agent}/ready", second)
            yield f"http://127.0.0.1:{agent}"
        finally:
            for process in (second, first):
                process.terminate()


@dataclass
class Answer:
    status: int
    data: Any
    headers: dict[str, str]


@pytest.fixture(scope="session")
def post(base: str) -> Callable[..., Answer]:
    """POST JSON to the service; whatever it answers."""

    def send(path: str, body: object) -> Answer:
        request = urllib.request.Request(
            base + path, json.dumps(body).encode(), {"content-type": "application/json"}
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as reply:
                return Answer(reply.status, json.load(reply), dict(reply.headers))
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, json.load(error), dict(error.headers))

    return send


def scripted(replies: object) -> list[dict[str, str]]:
    """Messages that make the scripted model answer with `replies`, one after the other."""
    script = json.dumps({"id": uuid.uuid4().hex, "replies": replies})
    return [{"role": "system", "content": f"SCRIPT {script}"}, {"role": "user", "content": "Go."}]


@pytest.fixture(scope="session", name="scripted")
def _scripted() -> Callable[[object], list[dict[str, str]]]:
    return scripted


@pytest.fixture(scope="session")
def run(post: Callable[..., Answer]) -> Callable[..., dict[str, Any]]:
    """One run of the agent whose model answers as told; the envelope."""

    def go(replies: object, history: tuple[Any, ...] = (), **fields: Any) -> dict[str, Any]:
        first, *last = scripted(replies)
        body = {"model": "scripted", "tool_backend": "none", "messages": [first, *history, *last], **fields}
        answer = post("/agent/run", body)
        assert answer.status == 200, answer.data
        envelope: dict[str, Any] = answer.data
        return envelope

    return go


@dataclass
class ToolServer:
    """`requests` holds the raw bytes of each request's head, in the order in which they came, and its body."""

    port: int
    requests: list[tuple[bytes, bytes]] = field(default_factory=list)

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def heads(self, start: bytes) -> list[bytes]:
        return [head for head, _ in self.requests if head.startswith(start)]

    def bodies(self) -> list[Any]:
        return [json.loads(body) for head, body in self.requests if head.startswith(b"POST /invoke ")]


TOOLS = [
    {
        "type": "function",
        "function": {
            "name": name,
            "description": "Gives back its arguments.",
            "parameters": {
                "type": "object",
                "properties": {"text": {"type": "string"}, "wait": {"type": "number"}},
                "required": ["text"],
            },
        },
    }
    for name in ("echo", "other")
]


class _Tool(socketserver.StreamRequestHandler):
    server: Any

    def handle(self) -> None:
        while head := self._head():
            length = next(
                (int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
            )  # fmt: skip
            body = self.rfile.read(length)
            self.server.seen.requests.append((head, body))
            self._answer(TOOLS if head.startswith(b"GET /tools ") else self._invoked(json.loads(body)))

    def _head(self) -> bytes:
        lines = []
        while (line := self.rfile.readline()) not in (b"", b"\r\n"):
            lines.append(line)
        return b"".join(lines)

    def _invoked(self, asked: dict[str, Any]) -> object:
        time.sleep(asked["arguments"].get("wait", 0))
        return {"echoed": asked["arguments"]["text"], "number": 1, "nested": {"list": [1, 2.5, None]}}

    def _answer(self, data: object) -> None:
        body = json.dumps(data).encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        self.wfile.write(head.encode() + body)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


@pytest.fixture
def tools() -> Iterator[ToolServer]:
    server = _Server(("127.0.0.1", 0), _Tool)
    server.seen = ToolServer(server.server_address[1])  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server.seen  # type: ignore[attr-defined]
    server.shutdown()
    thread.join()
    server.server_close()

"""`mini-agent serve` as a user starts it, a model's server that follows a script."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

TOKEN = "e2e-token"


def answer(body: Any) -> Any:
    """What the scripted model says: a call of the first tool where there are tools and no result yet, else words."""
    last = body["messages"][-1]
    text = last["content"] if isinstance(last.get("content"), str) else ""
    if "status " in text:
        status = int(text.split("status ")[1][:3])
        return status, {"error": {"message": f"told to answer {status}", "code": "told"}}
    if body.get("tools") and last["role"] != "tool":
        function = body["tools"][0]["function"]
        return [_argued(function["name"], function.get("parameters") or {})]
    if last["role"] == "tool":
        return f"The tool said {text}."
    return "Paris" if "France" in text else "I am a small model."


def _argued(name: str, schema: Any) -> dict[str, Any]:
    """A call that fits its schema."""
    samples = {"string": "Paris", "integer": 2, "number": 2.5, "boolean": True, "object": {}, "array": []}
    fields = schema.get("properties", {})
    arguments = {key: samples.get(one.get("type"), "Paris") for key, one in fields.items()}
    return {
        "id": "call_1",
        "type": "function",
        "function": {"name": name, "arguments": json.dumps(arguments)},
    }


USAGE = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}


@dataclass
class Model:
    base: str
    asked: list[Any] = field(default_factory=list)


@pytest.fixture(scope="session")
def model() -> Iterator[Model]:
    state = Model("")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            pass

        def do_GET(self) -> None:
            self.reply(200, {"object": "list", "data": [{"id": "small"}]})

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            state.asked.append(body)
            said = answer(body)
            with contextlib.suppress(ConnectionError):
                if isinstance(said, tuple):
                    self.reply(*said)
                elif body.get("stream"):
                    self.send(200, "text/event-stream", b"".join(chunks(said)))
                else:
                    self.reply(200, completion(said))

        def reply(self, status: int, value: Any) -> None:
            self.send(status, "application/json", json.dumps(value).encode())

        def send(self, status: int, kind: str, body: bytes) -> None:
            head = f"HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n\r\n"
            self.wfile.write(head.encode() + body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    state.base = f"http://127.0.0.1:{server.server_address[1]}"
    yield state
    server.shutdown()
    server.server_close()


def completion(said: Any) -> dict[str, Any]:
    message = {"content": said} if isinstance(said, str) else {"content": None, "tool_calls": said}
    finish = "stop" if isinstance(said, str) else "tool_calls"
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish}
    return {"id": "c", "object": "chat.completion", "model": "small", "choices": [choice], "usage": USAGE}


def chunks(said: Any) -> Iterator[bytes]:
    def chunk(choices: list[Any], **more: Any) -> bytes:
        body = {"id": "c", "object": "chat.completion.chunk", "model": "small", "choices": choices, **more}
        return b"data: " + json.dumps(body).encode() + b"\n\n"

    words = re.findall(r"\S+\s*", said) if isinstance(said, str) else []
    deltas = [{"content": word} for word in words]
    if not isinstance(said, str):
        deltas = [{"tool_calls": [{"index": index, **one} for index, one in enumerate(said)]}]
    for delta in deltas:
        yield chunk([{"index": 0, "delta": delta, "finish_reason": None}])
    yield chunk([{"index": 0, "delta": {}, "finish_reason": "stop" if words else "tool_calls"}])
    yield chunk([], usage=USAGE)
    yield b"data: [DONE]\n\n"


@dataclass(frozen=True)
class Served:
    """A service in a process of its own."""

    url: str
    process: subprocess.Popen[str]

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)


@contextmanager
def serving_in_process(**variables: str) -> Iterator[Served]:
    """A service on a free port; it must stop when told to."""
    process = subprocess.Popen(
        [sys.executable, "-m", "mini_agent", "serve", "--port", "0"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, **variables},
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.search(r"listening on (http://\S+)", line)
        assert found, line
        threading.Thread(target=process.stdout.read, daemon=True).start()
        yield Served(found[1], process)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        process.stdout.close()


@pytest.fixture(scope="session")
def serving_process() -> Callable[..., Any]:
    return serving_in_process


@pytest.fixture(scope="session")
def service(model: Model) -> Iterator[str]:
    with serving_in_process(MINI_AGENT_API_BASE=model.base, MINI_AGENT_TOKEN=TOKEN) as served:
        yield served.url


@pytest.fixture(scope="session")
def token() -> str:
    return TOKEN

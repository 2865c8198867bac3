"""The command with a small environment, in a process of its own or in this one, and a model's server on loopback."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

SENTENCE = "It is Paris."


@dataclass
class Model:
    """`hold` keeps answers back until it is set; `asked` holds the requests."""

    base: str = ""
    asked: list[Any] = field(default_factory=list)
    hold: threading.Event | None = None


@pytest.fixture(scope="session")
def model_server() -> Iterator[Model]:
    state = Model()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

        def do_GET(self) -> None:
            self.say({"data": [{"id": "small"}]})

        def do_POST(self) -> None:
            state.asked.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            if state.hold:
                state.hold.wait(20)
            choice = {
                "index": 0,
                "message": {"role": "assistant", "content": SENTENCE},
                "finish_reason": "stop",
            }
            self.say(
                {"model": "small", "choices": [choice], "usage": {"prompt_tokens": 7, "completion_tokens": 3}}
            )

        def say(self, value: Any) -> None:
            body = json.dumps(value).encode()
            head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
            try:
                self.wfile.write(head.encode() + body)
            except ConnectionError:
                self.close_connection = True

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    state.base = f"http://127.0.0.1:{server.server_address[1]}"
    yield state
    server.shutdown()
    server.server_close()


@pytest.fixture
def model(model_server: Model) -> Model:
    model_server.asked.clear()
    model_server.hold = None
    return model_server


@pytest.fixture
def environment(model: Model) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {**kept, "MINI_AGENT_API_BASE": model.base, "MINI_AGENT_MODEL": "small"}


@dataclass
class Ran:
    code: int
    out: str
    err: str


@pytest.fixture
def command(
    environment: dict[str, str], tmp_path: Any, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> Callable[..., Ran]:
    """The command without the process around it, which takes most of the time."""
    from mini_agent.cli.main import main

    def run(*words: str, text: str = "", **variables: str) -> Ran:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "stdin", io.StringIO(text))
        for name in [*os.environ]:
            monkeypatch.delenv(name)
        for name, value in {**environment, **variables}.items():
            monkeypatch.setenv(name, value)
        try:
            code = main(words)
        except SystemExit as left:
            code = int(left.code or 0)
        return Ran(code, *capsys.readouterr())

    return run


@pytest.fixture
def process(environment: dict[str, str], tmp_path: Any) -> Callable[..., Ran]:
    """The real command, in a process of its own."""

    def run(*words: str, text: str = "", **variables: str) -> Ran:
        done = subprocess.run(
            [sys.executable, "-m", "mini_agent", *words],
            input=text,
            capture_output=True,
            text=True,
            env={**environment, **variables},
            cwd=tmp_path,
            timeout=60,
            check=False,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    return run


@dataclass
class Server:
    url: str
    process: subprocess.Popen[str]
    seconds: float
    """From its start until it said that it listens."""

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(15)


@pytest.fixture
def serving(environment: dict[str, str], tmp_path: Any) -> Callable[..., Any]:
    @contextmanager
    def start(*words: str, **variables: str) -> Iterator[Server]:
        began = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, "-m", "mini_agent", "serve", "--port", "0", *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**environment, **variables},
            cwd=tmp_path,
        )
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            found = re.fullmatch(r"listening on (http://\S+)\n", line)
            assert found, line + (process.stderr.read() if process.stderr else "")
            yield Server(found[1], process, time.monotonic() - began)
        finally:
            process.kill()
            process.communicate()

    return start

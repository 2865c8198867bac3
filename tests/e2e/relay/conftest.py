"""Real relays, as processes, in front of servers whose every byte a test decides."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import socketserver
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

TOKEN = "check-token-0123456789"
OTHER_TOKEN = "other-token-9876543210"


def chat_answer(text: str = "Paris", **more: Any) -> dict[str, Any]:
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "model": "tiny-1",
        "system_fingerprint": "fp_1",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9},
        **more,
    }


def stream_events(words: list[str], usage: bool = True) -> list[bytes]:
    """The events of a streamed chat answer."""

    def event(data: Any) -> bytes:
        return f"data: {json.dumps(data)}\n\n".encode()

    def delta(content: dict[str, Any], finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": content, "finish_reason": finish}
        return event({"id": "1", "model": "tiny-1", "choices": [choice]})

    events = [delta({"content": word}) for word in words] + [delta({}, "stop")]
    if usage:
        events.append(
            event(
                {
                    "model": "tiny-1",
                    "choices": [],
                    "usage": {"prompt_tokens": 5, "completion_tokens": len(words)},
                }
            )
        )
    return [*events, b"data: [DONE]\n\n"]


@dataclass
class Seen:
    """One request as it reached the upstream."""

    line: str
    fields: list[tuple[str, str]]
    body: bytes

    def field(self, name: str) -> str:
        return next((value for key, value in self.fields if key.lower() == name.lower()), "")


class Connection:
    """The upstream's end of one connection."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.reader = sock.makefile("rb")

    def read(self) -> Seen | None:
        line = self.reader.readline()
        if not line:
            return None
        fields = []
        while (raw := self.reader.readline()) not in (b"\r\n", b""):
            name, _, value = raw.decode("latin-1").partition(":")
            fields.append((name, value.strip()))
        length = next((int(value) for name, value in fields if name.lower() == "content-length"), 0)
        return Seen(line.decode("latin-1").strip(), fields, self.reader.read(length))

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def json(self, value: Any, status: str = "200 OK", **fields: str) -> None:
        self.whole(json.dumps(value).encode(), status, **{"Content-Type": "application/json", **fields})

    def whole(self, body: bytes, status: str = "200 OK", **fields: str) -> None:
        head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in fields.items())
        self.send(f"HTTP/1.1 {status}\r\n{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)

    def begin_chunks(self, content_type: str = "text/event-stream") -> None:
        self.send(
            f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
        )

    def chunk(self, data: bytes) -> None:
        self.send(b"%x\r\n%b\r\n" % (len(data), data))

    def close(self) -> None:
        self.sock.shutdown(socket.SHUT_RDWR)

    def gone(self, timeout: float) -> bool:
        """Whether the peer closes within `timeout` seconds."""
        self.sock.settimeout(timeout)
        try:
            return self.sock.recv(1) == b""
        except TimeoutError:
            return False
        except OSError:
            return True
        finally:
            self.sock.settimeout(None)

    def stream(self, events: list[bytes], pause: float = 0.0) -> None:
        self.begin_chunks()
        for event in events:
            self.chunk(event)
            time.sleep(pause)
        self.send(b"0\r\n\r\n")


@dataclass
class Upstream:
    """A server on loopback. `answer` is called for each request and writes what it likes."""

    answer: Callable[[Connection, Seen], None]
    seen: list[Seen] = field(default_factory=list)
    port: int = 0
    server: Any = None

    def start(self, port: int = 0) -> None:
        upstream = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                connection = Connection(self.request)
                try:
                    while (seen := connection.read()) is not None:
                        upstream.seen.append(seen)
                        upstream.answer(connection, seen)
                except OSError:
                    pass
                finally:
                    connection.reader.close()

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True
            request_queue_size = 256

        self.server = Server(("127.0.0.1", port), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@dataclass
class Relay:
    """A relay process."""

    process: subprocess.Popen[str]
    port: int
    calls_file: Path
    earlier: int = 0
    """Calls that are not of this test."""

    def connect(self, timeout: float = 20.0) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=timeout)

    def ask(
        self, path: str, body: Any = None, method: str = "POST", token: str = TOKEN, **fields: str
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        """One request on a connection of its own: status, fields and body of its answer."""
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        sent = {name.replace("_", "-"): value for name, value in fields.items()}
        if data is not None and "Content-Type" not in sent:
            sent["Content-Type"] = "application/json"
        try:
            client.request(method, f"/c/{token}{path}", data, sent)
            answer = client.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            client.close()

    def raw(self, data: bytes, timeout: float = 20.0) -> bytes:
        """Send bytes, and read until the relay closes."""
        with self.connect(timeout) as sock:
            sock.sendall(data)
            received = b""
            while piece := sock.recv(65536):
                received += piece
            return received

    def calls(self) -> list[dict[str, Any]]:
        if not self.calls_file.exists():
            return []
        return [json.loads(line) for line in self.calls_file.read_text().splitlines()][self.earlier :]

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=20)
        return self.process.returncode


def answer_chat(connection: Connection, _seen: Seen) -> None:
    connection.json(chat_answer())


@pytest.fixture
def chat() -> Callable[..., dict[str, Any]]:
    return chat_answer


@pytest.fixture
def events() -> Callable[..., list[bytes]]:
    return stream_events


@pytest.fixture
def token() -> str:
    return TOKEN


@pytest.fixture
def upstream() -> Iterator[Callable[..., Upstream]]:
    """Start an upstream: `upstream(answer)`; without `answer` each request gets a chat answer."""
    made: list[Upstream] = []

    def make(answer: Callable[[Connection, Seen], None] | None = None) -> Upstream:
        one = Upstream(answer or answer_chat)
        one.start()
        made.append(one)
        return one

    yield make
    for one in made:
        one.stop()


def start_relay(
    folder: Path,
    base: str,
    kind: str = "openai",
    route: dict[str, Any] | None = None,
    server: dict[str, Any] | None = None,
    environ: dict[str, str] | None = None,
    **plan: Any,
) -> Relay:
    own = {"check": "smokes", "lane": "nd", "upstream": "model", "mode": "pass", "cassette": None}
    whole = {
        "upstreams": {"model": {"kind": kind, "base": base, "model": None, **(server or {})}},
        "routes": {TOKEN: {**own, **(route or {})}, OTHER_TOKEN: {**own, "check": "other"}},
        "prices": None,
        "deadline_seconds": 20,
        **plan,
    }
    folder.mkdir()
    (folder / "plan.json").write_text(json.dumps(whole))
    names = {"plan": "plan.json", "calls": "calls.jsonl", "ready": "ready.json"}
    words = [word for flag, name in names.items() for word in (f"--{flag}", str(folder / name))]
    process = subprocess.Popen(
        [sys.executable, "-m", "readiness.relay", *words],
        env={**os.environ, **(environ or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    limit = time.monotonic() + 20
    while not (folder / "ready.json").exists():
        if process.poll() is not None or time.monotonic() > limit:
            process.kill()
            raise AssertionError(f"the relay did not start: {process.communicate()[1]}")
        time.sleep(0.01)
    where = json.loads((folder / "ready.json").read_text())
    assert where["pid"] == process.pid
    return Relay(process, where["port"], folder / "calls.jsonl")


def end(relay: Relay) -> None:
    if relay.process.poll() is None:
        relay.process.kill()
    relay.process.communicate()


@pytest.fixture
def relay(tmp_path: Path) -> Iterator[Callable[..., Relay]]:
    """Start a relay before `base`: one route of check `smokes`, changed by `route` and `server`; `plan` adds the rest."""
    started: list[Relay] = []

    def start(base: str, **more: Any) -> Relay:
        started.append(start_relay(tmp_path / f"relay-{len(started)}", base, **more))
        return started[-1]

    yield start
    for one in started:
        end(one)


@pytest.fixture(scope="module")
def _standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Upstream, Relay]]:
    server = Upstream(answer_chat)
    server.start()
    front = start_relay(tmp_path_factory.mktemp("standing") / "relay", f"{server.base}/prefix")
    yield server, front
    end(front)
    server.stop()


@pytest.fixture
def standing(_standing: tuple[Upstream, Relay]) -> Iterator[Callable[..., tuple[Upstream, Relay]]]:
    """One upstream and relay for all tests of a module, without traces of the tests before: `standing(answer)`."""
    server, front = _standing

    def use(answer: Callable[[Connection, Seen], None] = answer_chat) -> tuple[Upstream, Relay]:
        server.answer = answer
        server.seen.clear()
        front.earlier += len(front.calls())
        return server, front

    yield use
    assert front.process.poll() is None, "the relay must survive every request"

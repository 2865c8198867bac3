"""A server on a real socket, in a thread, with a model's server on loopback that does as the test says."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx2
import pytest

from mini_agent.app.admission import AppLimits
from mini_agent.app.application import application
from mini_agent.app.guard import Guard
from mini_agent.app.server import bound, serve
from mini_agent.app.service import Identity, Service, Upstream
from mini_agent.app.upstream_models import UpstreamModels
from mini_agent.conversation import ToolDefinition, ToolOutcome
from mini_agent.interfaces import ToolBackend
from mini_agent.model.open import open_model
from mini_agent.model.settings import ModelSettings
from mini_agent.observe.observer import Observer
from mini_agent.tools.backends import ToolSettings, open_backend

HANG = object()
"""An answer that never comes."""


@dataclass
class Asked:
    """A request that the model's server got."""

    headers: Mapping[str, str]
    body: Any


class StubModel:
    """An OpenAI-compatible server. `answer` says what to reply to a request's body: text, calls, a status, or HANG."""

    def __init__(self) -> None:
        self.renew()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def renew(self) -> None:
        self.asked: list[Asked] = []
        self.answer: Callable[[Any], Any] = lambda body: "Paris"
        self.left: list[float] = []
        """When clients closed their connection while they waited."""
        self.arrived = threading.Event()

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(stub) -> type[BaseHTTPRequestHandler]:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: Any) -> None:
                pass

            def do_GET(self) -> None:
                self.reply(200, {"object": "list", "data": [{"id": "small"}, {"id": "large"}]})

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                if [one["function"]["name"] for one in body.get("tools", ())] == ["report_ready"]:
                    # The client finds out whether the model calls tools by itself.
                    self.say(body, [call("report_ready", ready=True)])
                    return
                stub.asked.append(Asked({name.lower(): value for name, value in self.headers.items()}, body))
                stub.arrived.set()
                with contextlib.suppress(ConnectionError):
                    self.say(body, stub.answer(body))

            def say(self, body: Any, said: Any) -> None:
                if said is HANG:
                    self.wait_for_the_end()
                elif isinstance(said, tuple):
                    self.reply(*said)
                elif body.get("stream"):
                    self.stream(said)
                else:
                    self.reply(200, completion(said))

            def stream(self, said: Any) -> None:
                head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"
                self.close_connection = True
                self.wfile.write(head.encode())
                for chunk in chunks(said):
                    if chunk is None:
                        return
                    if chunk is HANG:
                        self.wait_for_the_end()
                        return
                    self.wfile.write(chunk)

            def wait_for_the_end(self) -> None:
                self.close_connection = True
                readable, _, _ = select.select([self.connection], [], [], 20)
                if readable and not self.connection.recv(1, socket.MSG_PEEK):
                    stub.left.append(time.monotonic())

            def reply(self, status: int, value: Any, headers: Mapping[str, str] | None = None) -> None:
                body = json.dumps(value).encode()
                lines = [
                    f"HTTP/1.1 {status} X",
                    "content-type: application/json",
                    f"content-length: {len(body)}",
                ]
                lines += [f"{name}: {one}" for name, one in (headers or {}).items()]
                self.wfile.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

        return Handler


def call(name: str, number: int = 1, **arguments: Any) -> dict[str, Any]:
    """A tool call as a model's server writes it."""
    function = {"name": name, "arguments": json.dumps(arguments)}
    return {"id": f"call_{number}", "type": "function", "function": function}


USAGE = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}


def completion(said: Any) -> dict[str, Any]:
    """`said` is the text, or a list of calls."""
    message = (
        {"role": "assistant", "content": said}
        if isinstance(said, str)
        else {"role": "assistant", "tool_calls": said}
    )
    choice = {
        "index": 0,
        "message": message,
        "finish_reason": "stop" if isinstance(said, str) else "tool_calls",
    }
    return {"id": "c", "object": "chat.completion", "model": "small", "choices": [choice], "usage": USAGE}


def chunks(said: Any) -> Iterator[Any]:
    """One a word; a list is calls, or texts, HANG, or None where the connection breaks off."""

    def chunk(**fields: Any) -> bytes:
        body = {"id": "c", "object": "chat.completion.chunk", "model": "small", **fields}
        return b"data: " + json.dumps(body).encode() + b"\n\n"

    def delta(finish: str | None = None, **said: Any) -> bytes:
        return chunk(choices=[{"index": 0, "delta": said, "finish_reason": finish}])

    calls = [one for one in said if isinstance(one, dict)] if isinstance(said, list) else []
    for word in [] if calls else said if isinstance(said, list) else said.split(" "):
        yield word if word is HANG or word is None else delta(content=word)
        if word is HANG or word is None:
            return
    for index, one in enumerate(calls):
        yield delta(tool_calls=[{"index": index, **one}])
    yield delta("tool_calls" if calls else "stop")
    yield chunk(choices=[], usage=USAGE)
    yield b"data: [DONE]\n\n"


@dataclass
class FakeTools:
    """Tools of the test: `add` answers, `hang` does not. Remembers what became of each."""

    ended: list[tuple[str, float]] = field(default_factory=list)
    closed: int = 0
    opened_with: list[Mapping[str, Any]] = field(default_factory=list)
    started: threading.Event = field(default_factory=threading.Event)

    def open(self, kind: str, **asked: Any) -> ToolBackend:
        self.opened_with.append({"kind": kind, **asked})
        return self

    async def definitions(self) -> Sequence[ToolDefinition]:
        numbers = {"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}}}
        return (ToolDefinition("add", "Adds.", numbers), ToolDefinition("hang"))

    async def invoke(
        self, call_id: str, name: str, arguments: Mapping[str, Any], timeout: float
    ) -> ToolOutcome:
        self.started.set()
        if name == "add":
            total = arguments.get("a", 0) + arguments.get("b", 0)
            return ToolOutcome(True, str(total), rc=0, stdout=f"{total}\n")
        try:
            await asyncio.sleep(20)
        finally:
            self.ended.append((name, time.monotonic()))
        return ToolOutcome(False, "")

    async def aclose(self) -> None:
        self.closed += 1


def complete(answer: bytes) -> bool:
    """Whether this is a whole HTTP answer."""
    head, _, body = answer.partition(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head)
    return bool(length and b"\r\n\r\n" in answer and len(body) >= int(length[1]))


def client() -> httpx2.Client:
    """Without certificates, which take longer to read than a test."""
    return httpx2.Client(trust_env=False, timeout=30, verify=False)


@dataclass
class Running:
    """A server in a thread. `stop` does what a TERM does."""

    url: str
    port: int
    service: Service
    loop: asyncio.AbstractEventLoop
    thread: threading.Thread
    stop: Callable[[], None]

    def post(self, path: str, body: Any, **headers: str) -> httpx2.Response:
        with client() as asking:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            return asking.post(self.url + path, json=body, headers=named)

    def get(self, path: str, **headers: str) -> httpx2.Response:
        with client() as asking:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            return asking.get(self.url + path, headers=named)

    def run(self, **fields: Any) -> httpx2.Response:
        return self.post("/agent/run", {**ASK, "tool_backend": "none", **fields})

    def chat(self, **fields: Any) -> httpx2.Response:
        return self.post("/v1/chat/completions", {**ASK, **fields})

    def raw(self, text: bytes, *, read: bool = True) -> bytes:
        """What the server answers to these bytes, until it closes or says no more for a while."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
            connection.sendall(text)
            answer = b""
            connection.settimeout(0.7)
            with contextlib.suppress(TimeoutError, ConnectionError):
                while read and not complete(answer) and (part := connection.recv(65536)):
                    answer += part
            return answer

    def metric(self, name: str, **labels: str) -> float:
        return self.service.observer.metrics.registry.get_sample_value(f"mini_agent_{name}", labels) or 0.0

    def settled(self, condition: Callable[[], bool], seconds: float = 15.0) -> bool:
        deadline = time.monotonic() + seconds
        while not condition() and time.monotonic() < deadline:
            time.sleep(0.005)
        return condition()


ASK: Mapping[str, Any] = {"messages": [{"role": "user", "content": "Capital of France?"}], "model": "small"}


@pytest.fixture
def ask() -> Mapping[str, Any]:
    return ASK


@pytest.fixture
def hang() -> object:
    return HANG


@pytest.fixture
def tool_call() -> Callable[..., dict[str, Any]]:
    return call


@pytest.fixture
def tools() -> FakeTools:
    return FakeTools()


@contextlib.contextmanager
def starting(base: str) -> Iterator[Callable[..., Running]]:
    """Starts servers with the given limits and parts; they are stopped at the end."""
    running: list[Running] = []

    def begin(
        *,
        token: str = "",
        hosts: frozenset[str] | None = frozenset(),
        open_tools: Callable[..., ToolBackend] | None = None,
        base: str = base,
        models: tuple[str, ...] = (),
        observer: Observer | None = None,
        upstream: Upstream | None = None,
        settings: ModelSettings | None = None,
        **limits: Any,
    ) -> Running:
        started = _begin(
            base=base,
            guard=Guard(hosts, token),
            open_tools=open_tools or _open_real,
            models=models,
            observer=observer,
            upstream=upstream,
            settings=settings,
            limits=AppLimits(**{"stop_seconds": 0.2, **limits}),
        )
        running.append(started)
        return started

    try:
        yield begin
    finally:
        for one in running:
            one.stop()
            one.thread.join(10)
            assert not one.thread.is_alive(), "the server did not stop"


@pytest.fixture
def start(model: StubModel) -> Iterator[Callable[..., Running]]:
    with starting(model.base) as begin:
        yield begin


def _open_real(kind: str, **asked: Any) -> ToolBackend:
    return open_backend(kind, ToolSettings(), **asked)


def _begin(
    *,
    base: str,
    guard: Guard,
    open_tools: Callable[..., ToolBackend],
    models: tuple[str, ...],
    observer: Observer | None,
    upstream: Upstream | None,
    settings: ModelSettings | None,
    limits: AppLimits,
) -> Running:
    made: list[Any] = []
    ready = threading.Event()

    async def main(listener: socket.socket) -> None:
        opened = open_model(settings or ModelSettings(base=base, tries=1))
        listed = UpstreamModels(base, "", models)
        host, port = listener.getsockname()[:2]
        service = Service(
            upstream or Upstream(opened.with_headers, listed.names, base=base),
            open_tools,
            limits=limits,
            guard=guard,
            observer=observer,
            identity=Identity("1.2.3", host, port),
        )
        try:
            made.extend((service, asyncio.get_running_loop()))
            await serve(application(service), service, listener, ready.set, made.append)
        finally:
            await listed.aclose()
            await opened.aclose()

    def go() -> None:
        with bound("127.0.0.1", 0) as listener:
            made.append(listener.getsockname()[1])
            asyncio.run(main(listener))

    thread = threading.Thread(target=go)
    thread.start()
    assert ready.wait(10), "the server did not start"
    port, service, loop, stop = made[:4]

    def tell() -> None:
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(stop)

    return Running(f"http://127.0.0.1:{port}", port, service, loop, thread, tell)


@pytest.fixture(scope="session")
def standing_model() -> Iterator[StubModel]:
    stub = StubModel()
    yield stub
    stub.close()


@pytest.fixture(scope="session")
def standing_server(standing_model: StubModel) -> Iterator[Running]:
    with starting(standing_model.base) as begin:
        yield begin()


@pytest.fixture
def model(standing_model: StubModel) -> StubModel:
    """The model's server, answering `Paris` and remembering nothing."""
    standing_model.renew()
    return standing_model


@pytest.fixture
def server(standing_server: Running, model: StubModel) -> Running:
    """A server with no special limits, shared by the tests that need none."""
    return standing_server

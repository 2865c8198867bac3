"""Model servers made of raw sockets, which can misbehave in every way, and a way to run that looks for what is left."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from mini_agent.interfaces import ModelRequest
from mini_agent.model.open import OpenModel, open_model
from mini_agent.model.settings import ModelSettings
from mini_agent.model.tool_modes import ToolModes


@dataclass
class Exchange:
    """One request as it came, and the socket to answer on. `number` counts from 1 over all connections."""

    number: int
    head: str
    body: bytes
    writer: asyncio.StreamWriter
    reader: asyncio.StreamReader
    at: float = field(default_factory=time.monotonic)

    @property
    def json(self) -> dict[str, Any]:
        return json.loads(self.body)

    @property
    def headers(self) -> list[tuple[str, str]]:
        lines = self.head.split("\r\n")[1:]
        return [(name.lower(), value) for name, _, value in (line.partition(": ") for line in lines if line)]

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def gone(self) -> float:
        """Wait until the client closes its side; the time of that."""
        while await self.reader.read(1000):
            pass
        return time.monotonic()


Script = Callable[[Exchange], Awaitable[None]]


@dataclass
class Server:
    """A running server. `open` counts connections, `exchanges` holds every request."""

    url: str = ""
    exchanges: list[Exchange] = field(default_factory=list)
    connections: int = 0
    open: int = 0
    failed: list[BaseException] = field(default_factory=list)

    @property
    def asked(self) -> list[dict[str, Any]]:
        return [exchange.json for exchange in self.exchanges]

    async def reached(self, count: int) -> None:
        """Wait until so many requests have come."""
        while len(self.exchanges) < count:
            await asyncio.sleep(0.005)


class Answers:
    """Bytes of answers."""

    @staticmethod
    def http(status: int, body: bytes | str, *headers: str, content_type: str = "application/json") -> bytes:
        body = body.encode() if isinstance(body, str) else body
        lines = [f"HTTP/1.1 {status} Said", f"content-type: {content_type}", f"content-length: {len(body)}"]
        return "\r\n".join([*lines, *headers, "", ""]).encode() + body

    @classmethod
    def whole(cls, content: str | None = "fine", *headers: str, finish: str = "stop", **more: Any) -> bytes:
        message = {"role": "assistant", "content": content}
        for name in ("tool_calls", "reasoning_content", "refusal"):
            if name in more:
                message[name] = more.pop(name)
        data = {
            "id": "x",
            "object": "chat.completion",
            "model": "served",
            "choices": [{"index": 0, "message": message, "finish_reason": finish}],
            "usage": {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10},
        }
        return cls.http(200, json.dumps(data | more), *headers)

    @classmethod
    def calling(cls, name: str, arguments: dict[str, Any]) -> bytes:
        function = {"name": name, "arguments": json.dumps(arguments)}
        return cls.whole(
            None, finish="tool_calls", tool_calls=[{"id": "c1", "type": "function", "function": function}]
        )

    @classmethod
    def error(cls, status: int, message: str, *headers: str, code: str | None = None) -> bytes:
        return cls.http(
            status, json.dumps({"error": {"message": message, "type": "x", "code": code}}), *headers
        )

    STREAM_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"

    @staticmethod
    def chunk(data: bytes) -> bytes:
        return b"%x\r\n%s\r\n" % (len(data), data)

    @staticmethod
    def event(data: Any) -> bytes:
        return b"data: " + (data if isinstance(data, bytes) else json.dumps(data).encode()) + b"\n\n"

    @classmethod
    def delta(cls, text: str | None = None, finish: str | None = None, **more: Any) -> bytes:
        delta = more if text is None else {"content": text, **more}
        return cls.event(
            {"model": "served", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}
        )

    USAGE = event.__func__(  # type: ignore[attr-defined]
        {"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 3}}
    )
    DONE = b"data: [DONE]\n\n"

    @classmethod
    def stream(cls, *events: bytes, end: bytes = b"0\r\n\r\n") -> bytes:
        return cls.STREAM_HEAD + b"".join(cls.chunk(one) for one in events) + end

    @classmethod
    def told(cls, *texts: str) -> bytes:
        """A good stream of these texts."""
        return cls.stream(*(cls.delta(text) for text in texts), cls.delta(finish="stop"), cls.USAGE, cls.DONE)


@pytest.fixture
def answers() -> type[Answers]:
    return Answers


async def _request(reader: asyncio.StreamReader) -> tuple[str, bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    length = int(head.lower().split("content-length: ")[1].split("\r\n")[0])
    return head, await reader.readexactly(length)


def _scripted(script: Script | bytes | list[bytes]) -> Script:
    """A script: one, or bytes to send, or bytes for each request, the last again and again. Empty bytes hang up."""
    if callable(script):
        return script
    sent = [script] if isinstance(script, bytes) else script

    async def send(exchange: Exchange) -> None:
        await exchange.send(sent[min(exchange.number, len(sent)) - 1])

    return send


@contextlib.asynccontextmanager
async def _serve(script: Script | bytes | list[bytes], *, keep_alive: bool = True) -> AsyncIterator[Server]:
    act = _scripted(script)
    server = Server()
    tasks: set[asyncio.Task[Any]] = set()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head, body = await _request(reader)
            exchange = Exchange(len(server.exchanges) + 1, head, body, writer, reader)
            server.exchanges.append(exchange)
            await act(exchange)
            if not keep_alive:
                return

    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server.connections += 1
        server.open += 1
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await converse(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        except Exception as error:  # noqa: BLE001 (told when the server closes)
            server.failed.append(error)
        finally:
            server.open -= 1
            writer.close()

    listening = await asyncio.start_server(connection, "127.0.0.1", 0)
    server.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    try:
        yield server
    finally:
        listening.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert server.failed == [], "the script of the server itself failed"


@pytest.fixture
def serve() -> Callable[..., contextlib.AbstractAsyncContextManager[Server]]:
    """`async with serve(script) as server`: the script gets each Exchange, or is the bytes to answer with."""
    return _serve


@pytest.fixture(scope="package", autouse=True)
def nothing_old_to_collect() -> Iterator[None]:
    """What was there before these tests is left out of their garbage collections, which look for lost sockets."""
    import aiohttp  # noqa: F401 (belongs to what is there before)

    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


def _sockets() -> int:
    """Open sockets of this process."""
    found = 0
    for name in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):
            found += os.readlink(f"/proc/self/fd/{name}").startswith("socket:")
    return found


@pytest.fixture
def run() -> Callable[[Coroutine[Any, Any, Any]], Any]:
    """Run a coroutine; at its end no task of its own and no socket may be left."""

    async def watched(coroutine: Coroutine[Any, Any, Any]) -> Any:
        before = _sockets()
        async with asyncio.timeout(20):
            result = await coroutine
        for _ in range(3):
            await asyncio.sleep(0)
        left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        assert left == []
        gc.collect()
        await asyncio.sleep(0.01)
        assert _sockets() <= before, "sockets are left open"
        return result

    return lambda coroutine: asyncio.run(watched(coroutine))


@pytest.fixture
def model_at() -> Callable[..., contextlib.AbstractAsyncContextManager[OpenModel]]:
    """`async with model_at(url, tries=1) as model`: a model with quick settings and a memory of its own."""

    @contextlib.asynccontextmanager
    async def opened(
        url: str, headers: dict[str, str] | None = None, modes: ToolModes | None = None, **settings: Any
    ) -> AsyncIterator[OpenModel]:
        quick = {"first_wait": 0.01, "longest_wait": 1.0, "read_seconds": 5.0} | settings
        model = open_model(ModelSettings(base=f"{url}/v1", **quick), headers, modes=modes or ToolModes())
        try:
            yield model
        finally:
            await model.aclose()

    return opened


@pytest.fixture
def ask() -> Callable[..., ModelRequest]:
    """A request with one user message."""

    def request(text: str = "hello", model: str = "m", **more: Any) -> ModelRequest:
        return ModelRequest(model, [{"role": "user", "content": text}], **more)

    return request


class Heard(list[str]):
    """Collects streamed text."""

    async def __call__(self, text: str) -> None:
        self.append(text)

    @property
    def text(self) -> str:
        return "".join(self)


@pytest.fixture
def heard() -> Heard:
    return Heard()

"""A tool server on a real socket that keeps the bytes it received, and a runner that finds what a test left behind."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from mini_agent.tools.http.address import AllowList
from mini_agent.tools.http.backend import HttpRules, HttpTools
from mini_agent.tools.http.endpoint import read_endpoint

TOOL_LIST = [
    {
        "type": "function",
        "function": {
            "name": "add",
            "description": "Add two numbers",
            "parameters": {
                "type": "object",
                "properties": {"a": {"type": "number"}, "b": {"type": "number"}},
                "required": ["a", "b"],
            },
        },
    }
]


@dataclass(frozen=True)
class Received:
    """One request as it came over the wire."""

    raw: bytes

    @property
    def lines(self) -> list[str]:
        return self.raw.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")

    @property
    def target(self) -> str:
        return self.lines[0]

    @property
    def body(self) -> Any:
        return json.loads(self.raw.partition(b"\r\n\r\n")[2])

    def named(self, name: str) -> list[str]:
        """Every line of that name, as it was spelled."""
        return [line for line in self.lines[1:] if line.partition(":")[0].lower() == name.lower()]


def reply(status: int, body: str | bytes = b"", *lines: str) -> bytes:
    """An answer as bytes; it keeps the connection open."""
    raw = body.encode() if isinstance(body, str) else body
    head = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(raw)}", *lines]
    return "\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + raw


Handler = Callable[[Received, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class ToolServer:
    """Answers with `script`, one entry a request and the last one ever after: bytes to send, or a handler."""

    script: list[bytes | Handler]
    requests: list[Received] = field(default_factory=list)
    connections: int = 0
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while (request := await receive(reader)) is not None:
                self.requests.append(request)
                step = self.script[min(len(self.requests), len(self.script)) - 1]
                if isinstance(step, bytes):
                    writer.write(step)
                    await writer.drain()
                else:
                    await step(request, reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


async def receive(reader: asyncio.StreamReader) -> Received | None:
    """The next request whole, or None when the client has gone."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    length = int(lengths[0].partition(b":")[2]) if lengths else 0
    return Received(head + await reader.readexactly(length))


@asynccontextmanager
async def serving(*script: bytes | Handler) -> AsyncIterator[ToolServer]:
    """A server that lives as long as the block. Without a script it lists one tool and says `{"ok": true}`."""

    async def usual(request: Received, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        body = TOOL_LIST if request.target.startswith("GET /tools ") else {"ok": True}
        writer.write(reply(200, json.dumps(body), "Content-Type: application/json"))

    server = ToolServer(list(script) or [usual])
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        await listener.wait_closed()


def backend_of(
    url: str, *, headers: tuple[tuple[str, str], ...] = (), allow: AllowList | None = None, **rules: Any
) -> HttpTools:
    allowed = allow or AllowList()
    return HttpTools(read_endpoint(url, allowed, "url"), allowed, headers, HttpRules(**rules))


def open_sockets() -> set[str]:
    """The sockets and pipes of this process, by what the kernel calls them."""
    found = set()
    for entry in os.listdir("/proc/self/fd"):
        try:
            target = os.readlink(f"/proc/self/fd/{entry}")
        except OSError:
            continue
        if target.startswith(("socket:", "pipe:")):
            found.add(target)
    return found


def children() -> set[int]:
    """Living processes whose parent is this one."""
    found: set[int] = set()
    for task in Path("/proc/self/task").iterdir():
        # A thread may end while its folder is read.
        with contextlib.suppress(OSError):
            found |= {int(pid) for pid in (task / "children").read_text().split()}
    return found


async def watched(work: Awaitable[Any]) -> Any:
    """The work's result; no task and no socket of it may be left when it is done."""
    tasks, sockets, processes = asyncio.all_tasks(), open_sockets(), children()
    result = await work
    # Transports that were closed give up their file descriptor in the next turns of the loop.
    for _ in range(50):
        left = (asyncio.all_tasks() - tasks, open_sockets() - sockets, children() - processes)
        if not any(left):
            return result
        await asyncio.sleep(0.01)
    raise AssertionError(f"left behind: {left}")


@pytest.fixture
def run():
    """Runs a coroutine to its end and fails when it leaves a task, socket or process."""
    return lambda work: asyncio.run(watched(work))


@pytest.fixture
def in_time(run):
    """Whether what gives its seconds takes less than 250 ms in one of four attempts: a busy machine may be late, and what
    an attempt leaves behind fails the test however late it is.
    """
    return lambda once: any(run(once()) < 0.25 for _ in range(4))


@pytest.fixture
def tool_server():
    return serving


@pytest.fixture
def answer():
    return reply


@pytest.fixture
def http_backend():
    return backend_of

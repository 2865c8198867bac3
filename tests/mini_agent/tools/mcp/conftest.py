"""MCP servers as real processes: one of the SDK's own classes, and one in plain Python that can misbehave."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from mini_agent.tools.http.address import AllowList
from mini_agent.tools.http.endpoint import read_endpoint
from mini_agent.tools.mcp.backend import McpRules, McpTools
from mini_agent.tools.mcp.connection import RemoteConnection, StdioConnection
from mini_agent.tools.mcp.servers import StdioServer

FRIENDLY = """
import asyncio, os, sys
from mcp.server.mcpserver import Context, Image, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ImageContent, TextContent

server = MCPServer("friendly", log_level="ERROR")

@server.tool(description="Add two numbers")
def add(a: float, b: float) -> float:
    return a + b

@server.tool(name="shout.loud/er")
def shout(text: str) -> str:
    return text.upper()

@server.tool()
def nested() -> dict:
    return {"list": [1, 2.5, None], "deep": {"true": True, "none": None}}

@server.tool()
def numbers() -> list[int]:
    return [1, 2, 3]

@server.tool()
def picture() -> list:
    return ["before", Image(data=b"12345678", format="png")]

@server.tool()
def fail() -> str:
    raise ToolError("this tool fails")

@server.tool()
async def sleep(seconds: float) -> str:
    await asyncio.sleep(seconds)
    return "slept"

@server.tool()
def environment() -> dict:
    return dict(os.environ)

@server.tool()
async def headers(ctx: Context) -> dict:
    request = ctx.request_context.request
    return {"raw": [[k.decode(), v.decode()] for k, v in request.headers.raw]}

if sys.argv[1] == "stdio":
    server.run("stdio")
else:
    server.run("streamable-http", host="127.0.0.1", port=int(sys.argv[2]))
"""

PLAIN = r'''
import json, os, subprocess, sys, time

sys.stderr.write("starting\n")
mode = sys.argv[1]

def say(message):
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()

def answer(request, result):
    say({"jsonrpc": "2.0", "id": request["id"], "result": result})

def children(folder):
    """A child, a grandchild in a session of its own, and one that was orphaned by a double fork."""
    body = "import os,sys,time; open(sys.argv[1] + '/' + str(os.getpid()), 'w').close(); time.sleep(600)"
    subprocess.Popen([sys.executable, "-S", "-c", body, folder])
    subprocess.Popen([sys.executable, "-S", "-c", body, folder], start_new_session=True)
    fork = f"import os,sys; os.fork() and os._exit(0); os.setsid(); os.fork() and os._exit(0)\n{body}"
    subprocess.Popen([sys.executable, "-S", "-c", fork, folder])
    while len(os.listdir(folder)) < 3:
        time.sleep(0.01)

TOOLS = [{"name": "work", "inputSchema": {"type": "object"}}]

if mode == "mute":
    time.sleep(600)
if mode == "no-init-exit":
    sys.stderr.write("cannot find key tok3n-of-env\n")
    sys.exit(3)
if mode == "garbage":
    sys.stdout.write("garbage\n" * 1000)
    sys.stdout.flush()
    time.sleep(600)
if mode == "noisy":
    print("a log line that went to the wrong place")
    sys.stderr.write("x" * 300000)
if mode == "ignore-end":
    import signal
    signal.signal(signal.SIGTERM, signal.SIG_IGN)

for line in sys.stdin:
    request = json.loads(line)
    method = request.get("method")
    if "id" not in request:
        if method == "notifications/cancelled":
            open(os.path.join(sys.argv[2], "cancelled"), "w").close()
        continue
    if method == "initialize":
        answer(request, {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}},
                         "serverInfo": {"name": "plain", "version": "1"}})
    elif method == "tools/list":
        if mode == "many":
            answer(request, {"tools": [{"name": f"t{n}", "inputSchema": {"type": "object"}} for n in range(300)]})
        elif mode == "pages":
            page = int(request.get("params", {}).get("cursor") or 0)
            result = {"tools": [{"name": f"t{page}", "inputSchema": {"type": "object"}}]}
            answer(request, {**result, "nextCursor": str(page + 1)} if page < 3 else result)
        elif mode == "endless":
            answer(request, {"tools": TOOLS, "nextCursor": "again"})
        elif mode == "no-list":
            pass
        elif mode == "bad-list":
            answer(request, {"tools": [{"name": 5}]})
        else:
            answer(request, {"tools": TOOLS})
    elif method == "tools/call":
        if mode == "crash":
            sys.stderr.write("Traceback\nValueError: broken tok3n-of-env\n")
            sys.stderr.flush()
            os._exit(7)
        elif mode == "children":
            children(sys.argv[2])
        elif mode == "deaf":
            children(sys.argv[2])
            os.close(0)
            time.sleep(600)
        elif mode == "stuck":
            children(sys.argv[2])
            time.sleep(600)
        elif mode == "huge":
            answer(request, {"content": [{"type": "text", "text": "x" * 10_000_000}]})
        elif mode == "bad-result":
            answer(request, {"content": "no list"})
        elif mode == "error":
            say({"jsonrpc": "2.0", "id": request["id"], "error": {"code": -32000, "message": "no\nway"}})
        elif mode == "slow":
            pass
        else:
            answer(request, {"content": [{"type": "text", "text": "done"}]})
    else:
        say({"jsonrpc": "2.0", "id": request["id"], "error": {"code": -32601, "message": "unknown"}})

if mode == "ignore-end":
    time.sleep(600)
'''


@pytest.fixture(scope="session")
def scripts(tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("servers")
    for name, text in (("friendly", FRIENDLY), ("plain", PLAIN)):
        (folder / f"{name}.py").write_text(text)
    return {path.stem: path for path in folder.iterdir()}


@pytest.fixture
def friendly(scripts) -> Callable[..., McpTools]:
    """The SDK's server over stdio."""

    def make(env: dict[str, str] | None = None, **rules: Any) -> McpTools:
        server = StdioServer("friendly", sys.executable, (str(scripts["friendly"]), "stdio"), env or {})
        return McpTools(StdioConnection(server), McpRules(**rules))

    return make


@pytest.fixture
def plain(scripts, tmp_path) -> Callable[..., McpTools]:
    """The plain server in one of its modes; it keeps its notes in `tmp_path`."""

    def make(mode: str, max_bytes: int = 1 << 20, **rules: Any) -> McpTools:
        words = ("-S", str(scripts["plain"]), mode, str(tmp_path))
        server = StdioServer("plain", sys.executable, words, {"KEY": "tok3n-of-env"})
        return McpTools(StdioConnection(server, max_bytes), McpRules(**rules))

    return make


@pytest.fixture
def remote() -> Callable[..., McpTools]:
    def make(url: str, headers: tuple[tuple[str, str], ...] = (), max_bytes: int = 1 << 20, **rules: Any):
        connection = RemoteConnection(read_endpoint(url, AllowList(), "url"), AllowList(), headers, max_bytes)
        return McpTools(connection, McpRules(**rules))

    return make


@pytest.fixture
def friendly_url(scripts) -> Callable[[], Any]:
    """The SDK's server over streamable HTTP, as long as the block lasts."""

    @asynccontextmanager
    async def serve() -> AsyncIterator[str]:
        port = free_port()
        process = await asyncio.create_subprocess_exec(
            sys.executable, str(scripts["friendly"]), "http", str(port), stderr=asyncio.subprocess.DEVNULL
        )
        try:
            await listening(port)
            yield f"http://127.0.0.1:{port}/mcp"
        finally:
            process.kill()
            await process.wait()

    return serve


def free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def listening(port: int) -> None:
    for _ in range(1000):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.02)
            continue
        writer.close()
        await writer.wait_closed()
        return
    raise AssertionError("the server did not come up")


def alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(") ")[2][0] not in "ZX"
    except OSError:
        return False


@pytest.fixture
def noted(tmp_path) -> Callable[[], list[int]]:
    """The processes that the plain server's children said they are, once there are three."""

    def pids() -> list[int]:
        until = time.monotonic() + 10
        while time.monotonic() < until:
            found = [int(name) for name in os.listdir(tmp_path) if name.isdigit()]
            if len(found) == 3:
                return found
            time.sleep(0.01)
        raise AssertionError("the children did not start")

    return pids


@pytest.fixture
def is_alive() -> Callable[[int], bool]:
    return alive

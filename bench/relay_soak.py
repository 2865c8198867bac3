"""Clients that vanish, an upstream that is killed and comes back: nothing may leak, and every call must be on record.

    .venv/bin/python bench/relay_soak.py [--seconds N] [--clients N] [--write]

Each client asks in a loop and half the time hangs up inside its answer. The upstream is killed and restarted every few
seconds, and now and then closes, stalls or refuses by itself. At the end the relay must have no socket left but the one
it listens on, as many threads as at the start, no more memory than it had settled at, and one line for each request.
"""

from __future__ import annotations

import asyncio
import collections
import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from told import soak_arguments, tell

if TYPE_CHECKING:
    from collections.abc import Callable

RESULTS = Path(__file__).with_name("relay-soak-results.json")
TOKEN = "soak-token-0123456789"
GROWTH_MB = 12.0
"""What memory may grow by once it has settled: the allocator's own noise."""
CUT = "cut or refused"
SETTLE = 0.3
"""The share of the run after which memory counts as settled."""

UPSTREAM = """
import asyncio, json, random, sys
from aiohttp import web
EVENT = b'data: {"id": "1", "model": "tiny", "choices": [{"index": 0, "delta": {"content": "word "}}]}\\n\\n'
LAST = b'data: {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}\\n\\ndata: [DONE]\\n\\n'
async def answer(request):
    await request.read()
    luck = random.random()
    if luck < 0.05:
        return web.json_response({"error": {"message": "slow down"}}, status=429, headers={"Retry-After": "1"})
    reply = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await reply.prepare(request)
    for _ in range(random.randrange(5, 40)):
        await reply.write(EVENT)
        await asyncio.sleep(0.005)
        if luck > 0.97:
            request.transport.abort()
    await reply.write(LAST)
    await reply.write_eof()
    return reply
app = web.Application()
app.router.add_post("/v1/chat/completions", answer)
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None, access_log=None, reuse_address=True)
"""


class Upstream:
    """A process that is killed and started again on its port."""

    def __init__(self, script: Path) -> None:
        self.script = script
        with socket.create_server(("127.0.0.1", 0)) as one:
            self.port = one.getsockname()[1]
        self.process: subprocess.Popen[bytes] | None = None
        self.kills = 0

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(self.script), str(self.port)], stderr=subprocess.DEVNULL
        )

    def kill(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.kills += 1


class Clients:
    """What was asked, by how it went for the client. `body` makes a request; `pause` is slept after a broken answer.

    `patience` is how long an answer may take, both in seconds.
    """

    def __init__(
        self,
        port: int,
        seconds: float,
        body: Callable[[random.Random], dict[str, Any]],
        pause: float = 0.0,
        patience: float = 30.0,
    ) -> None:
        self.port = port
        self.limit = time.monotonic() + seconds
        self.body = body
        self.pause = pause
        self.patience = patience
        self.went: collections.Counter[str] = collections.Counter()
        self.sent = 0

    async def one(self, number: int) -> None:
        luck = random.Random(number)
        while time.monotonic() < self.limit:
            with contextlib.suppress(OSError):
                went = await self.ask(luck)
                self.went[went] += 1
                if went == CUT:
                    await asyncio.sleep(self.pause)

    async def ask(self, luck: random.Random) -> str:
        body = json.dumps(self.body(luck)).encode()
        head = f"POST /c/{TOKEN}/v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n"
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(head.encode() + body)
            await writer.drain()
            self.sent += 1
            if luck.random() < 0.5:
                await asyncio.wait_for(reader.read(luck.randrange(1, 2000)), self.patience)
                return "vanished"
            received = await asyncio.wait_for(reader.read(-1), self.patience)
            return "whole" if b"[DONE]" in received else CUT
        except ConnectionError:
            return CUT
        finally:
            writer.transport.abort()


def tiny(luck: random.Random) -> dict[str, Any]:
    return {"model": "tiny", "stream": True, "seed": luck.random()}


def start_relay(
    root: Path, base: str, deadline: float = 20, program: tuple[str, ...] = ()
) -> tuple[subprocess.Popen[bytes], int]:
    """A relay in front of `base`, and its port. `program` is started with the three files instead of the relay itself."""
    plan = {
        "upstreams": {"model": {"kind": "openai", "base": base}},
        "routes": {TOKEN: {"check": "soak", "lane": "nd", "upstream": "model"}},
        "deadline_seconds": deadline,
    }
    (root / "plan.json").write_text(json.dumps(plan))
    files = {name: str(root / f"{name}.json") for name in ("plan", "calls", "ready")}
    flags = [word for name, path in files.items() for word in (f"--{name}", path)]
    words = [*program, *files.values()] if program else ["-m", "readiness.relay", *flags]
    process = subprocess.Popen([sys.executable, *words])
    while not (root / "ready.json").exists():
        if process.poll() is not None:
            raise SystemExit("the relay does not start")
        time.sleep(0.02)
    return process, json.loads((root / "ready.json").read_text())["port"]


def holds(pid: int) -> dict[str, float]:
    """Sockets, threads and resident memory (MB) of a process."""
    folder = Path(f"/proc/{pid}")
    sockets = 0
    for link in (folder / "fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            sockets += os.readlink(link).startswith("socket:")
    status = dict(line.split(":", 1) for line in (folder / "status").read_text().splitlines() if ":" in line)
    return {
        "sockets": sockets,
        "threads": int(status["Threads"]),
        "memory_mb": round(int(status["VmRSS"].split()[0]) / 1024, 1),
    }


async def disturb(upstream: Upstream, clients: Clients, pid: int, memory: list[tuple[float, float]]) -> None:
    """Kill the upstream every few seconds, bring it back, and watch the relay's memory."""
    start = time.monotonic()
    next_kill = start + 4
    while time.monotonic() < clients.limit:
        await asyncio.sleep(0.5)
        memory.append((time.monotonic() - start, holds(pid)["memory_mb"]))
        if time.monotonic() > next_kill:
            upstream.kill()
            await asyncio.sleep(0.5)
            upstream.start()
            next_kill = time.monotonic() + random.uniform(4, 8)


async def soak(clients: Clients, number: int, upstream: Upstream, pid: int) -> list[tuple[float, float]]:
    memory: list[tuple[float, float]] = []
    await asyncio.gather(
        disturb(upstream, clients, pid, memory), *(clients.one(one) for one in range(number))
    )
    return memory


def judge(
    before: dict[str, float], after: dict[str, float], growth: float, sent: int, lines: int
) -> list[str]:
    """What went wrong."""
    faults = []
    if after["sockets"] > before["sockets"]:
        faults.append(f"{after['sockets'] - before['sockets']:.0f} socket(s) leaked")
    if after["threads"] > before["threads"] + 1:
        faults.append("threads leaked")
    if growth > GROWTH_MB:
        faults.append(f"memory grew by {growth:.1f} MB after it had settled")
    if sent != lines:
        faults.append(f"{sent} requests were sent, {lines} are on record")
    return faults


def run(seconds: float, number: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="readiness-soak-") as name:
        root = Path(name)
        (root / "upstream.py").write_text(UPSTREAM)
        upstream = Upstream(root / "upstream.py")
        upstream.start()
        relay, port = start_relay(root, f"http://127.0.0.1:{upstream.port}")
        try:
            before = holds(relay.pid)
            clients = Clients(port, seconds, tiny)
            memory = asyncio.run(soak(clients, number, upstream, relay.pid))
            upstream.kill()
            time.sleep(4)
            after = holds(relay.pid)
            relay.terminate()
            code = relay.wait(20)
        finally:
            for process in (relay, upstream.process):
                if process is not None and process.poll() is None:
                    process.kill()
                    process.wait()
        calls = [json.loads(line) for line in (root / "calls.json").read_text().splitlines()]
    settled = [mb for at, mb in memory if at > SETTLE * seconds]
    growth = settled[-1] - settled[0]
    faults = judge(before, after, growth, clients.sent, len(calls)) + ([f"exit code {code}"] if code else [])
    errors = collections.Counter(call["error"] or "none" for call in calls)
    return {
        "seconds": seconds,
        "clients": number,
        "requests": clients.sent,
        "lines": len(calls),
        "clients_saw": dict(sorted(clients.went.items())),
        "errors": dict(sorted(errors.items())),
        "counted": sum(call["counted"] for call in calls),
        "upstream_kills": upstream.kills,
        "before": before,
        "after": after,
        "memory_mb": {"settled": settled[0], "end": settled[-1], "peak": max(settled)},
        "faults": faults,
    }


def main() -> int:
    args = soak_arguments(__doc__, RESULTS)
    figures = run(args.seconds, args.clients)
    return tell(figures, RESULTS, args.write)


if __name__ == "__main__":
    sys.exit(main())

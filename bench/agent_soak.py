"""Sixteen clients, every tool backend, and faults everywhere: nothing may be lost, leak, or be counted otherwise than it was.

    .venv/bin/python bench/agent_soak.py [--seconds N] [--clients N] [--write]

The model's server and the tool server are slow, answer 500 or 429, garbage, or close in the middle; clients leave, or
ask wrongly. Each run that a client sees the end of must be counted once in `/metrics` under the reason that the client
was told, and each that it left as cancelled. At the end the service must hold no socket, task or process that it did
not hold at the start, and no more memory than it had settled at.
"""

from __future__ import annotations

import asyncio
import collections
import json
import random
import re
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

from agent_server import AgentServer, agent_server
from told import soak_arguments, tell

RESULTS = Path(__file__).with_name("agent-soak-results.json")
GROWTH_MB = 12.0
SETTLE = 0.3
IDLE = 45.0
"""Seconds after which idle connections to the model and to tools have been closed: twice fifteen, and some more."""
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "look",
            "description": "Looks.",
            "parameters": {"type": "object", "properties": {}},
        },
    }
]


def reply(luck: random.Random, rounds: int) -> dict[str, Any]:
    """What the model says: an answer, a call of a tool that is there, or of one that is not."""
    usage = {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}
    message: dict[str, Any] = {"role": "assistant", "content": "All is well."}
    if rounds < 2 and luck.random() < 0.6:
        name, arguments = luck.choice(
            [("look", "{}"), ("run_python", '{"code": "print(6 * 7)"}'), ("nope", "{}"), ("look", "{broken")]
        )
        call = {"id": f"c{rounds}", "type": "function", "function": {"name": name, "arguments": arguments}}
        message = {"role": "assistant", "content": None, "tool_calls": [call]}
    finish = "tool_calls" if message.get("tool_calls") else "stop"
    choice = {"index": 0, "message": message, "finish_reason": finish}
    return {
        "id": "c",
        "object": "chat.completion",
        "created": 1,
        "model": "soak",
        "choices": [choice],
        "usage": usage,
    }


class Faulty:
    """A model's server and a tool server in one. Which it is, the path says."""

    def __init__(self) -> None:
        self.luck = random.Random(7)
        self.requests = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                fields = dict(
                    line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:] if b": " in line
                )
                body = await reader.readexactly(int(fields.get(b"content-length", b"0")))
                self.requests += 1
                if not await self.answer(writer, head.split(b" ")[1], body):
                    return
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            return
        finally:
            writer.close()

    async def answer(self, writer: asyncio.StreamWriter, path: bytes, body: bytes) -> bool:
        """Whether the connection may go on."""
        data: Any = TOOLS if path.endswith(b"/tools") else {"seen": True}
        if path.endswith(b"/completions"):
            messages = json.loads(body)["messages"]
            data = reply(self.luck, sum(one["role"] == "tool" for one in messages))
        fault = self.luck.random()
        text = json.dumps(data).encode()
        status = b"200 OK"
        if fault < 0.04:
            await asyncio.sleep(self.luck.uniform(0.1, 0.8))
        elif fault < 0.07:
            status, text = b"500 Internal Server Error", b'{"error": {"message": "soaked"}}'
        elif fault < 0.10:
            status, text = b"429 Too Many Requests\r\nRetry-After: 0", b'{"error": {"message": "slow down"}}'
        elif fault < 0.12:
            text = b"\x00garbage<html>"
        head = (
            b"HTTP/1.1 "
            + status
            + b"\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(text)
        )
        if 0.12 <= fault < 0.15:
            writer.write(head + text[: len(text) // 2])
            await writer.drain()
            return False
        writer.write(head + text)
        await writer.drain()
        return fault < 0.98


class Clients:
    """What was asked, by how it went for the client."""

    def __init__(self, server: AgentServer, tools: str, seconds: float) -> None:
        self.server = server
        self.tools = tools
        self.limit = time.monotonic() + seconds
        self.ended: collections.Counter[str] = collections.Counter()
        self.refused: collections.Counter[str] = collections.Counter()
        self.left = self.sent = self.lost = 0

    async def one(self, number: int) -> None:
        luck = random.Random(number)
        while time.monotonic() < self.limit:
            await self.ask(luck)

    def body(self, luck: random.Random) -> dict[str, Any]:
        backend = luck.choices(["http", "none", "local"], [6, 3, 1])[0]
        body: dict[str, Any] = {
            "model": "soak",
            "messages": [{"role": "user", "content": "Go."}],
            "tool_mode": "native",
        }
        body |= {"tool_backend": backend, "max_total_seconds": 20, "max_iterations": luck.choice([2, 4])}
        body |= {"tool_http_base_url": self.tools} if backend == "http" else {}
        return body | ({"max_iteratons": 1} if luck.random() < 0.03 else {})

    async def ask(self, luck: random.Random) -> None:
        body = self.body(luck)
        data = json.dumps(body).encode()
        head = f"POST /agent/run HTTP/1.1\r\nHost: 127.0.0.1:{self.server.port}\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {len(data)}\r\n\r\n"
        reader, writer = await asyncio.open_connection("127.0.0.1", self.server.port)
        self.sent += 1
        try:
            writer.write(head.encode() + data)
            if "max_iteratons" not in body and luck.random() < 0.15:
                await asyncio.sleep(luck.uniform(0, 0.1))
                self.left += 1
                return
            self.take(await asyncio.wait_for(reader.read(-1), 60))
        finally:
            writer.transport.abort()

    def take(self, answer: bytes) -> None:
        head, _, body = answer.partition(b"\r\n\r\n")
        status = int(head.split(b" ")[1]) if head else 0
        if status == 409:
            self.ended["broken"] += 1
        elif status == 200:
            self.ended[json.loads(body)["stopped_reason"]] += 1
        elif 400 <= status < 500:
            self.refused[f"{status} {json.loads(body)['error']['code']}"] += 1
        else:
            self.lost += 1


def runs_counted(base: str) -> dict[str, int]:
    """Runs by their reason, as `/metrics` has them; `broken` for those whose tools could not be used."""
    with urllib.request.urlopen(f"{base}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    found: collections.Counter[str] = collections.Counter()
    for labels, number in re.findall(r"^mini_agent_runs_total\{(.*)\} (\S+)$", text, re.MULTILINE):
        if reason := re.search(r'reason="(\w+)"', labels):
            found[reason[1]] += int(float(number))
    broken = re.search(r"^mini_agent_runs_broken_total (\S+)$", text, re.MULTILINE)
    found["broken"] = int(float(broken[1])) if broken else 0
    return dict(found)


async def watch(server: AgentServer, clients: Clients, memory: list[tuple[float, float]]) -> None:
    start = time.monotonic()
    while time.monotonic() < clients.limit:
        await asyncio.sleep(1)
        status = Path(f"/proc/{server.pid}/status").read_text()
        memory.append((time.monotonic() - start, int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024))  # type: ignore[index]


def judge(
    clients: Clients,
    counted: dict[str, int],
    before: dict[str, float],
    after: dict[str, float],
    growth: float,
) -> list[str]:
    faults = [
        f"{after[what] - before[what]:.0f} {what} leaked"
        for what in ("sockets", "tasks", "children")
        if after[what] > before[what]
    ]
    if growth > GROWTH_MB:
        faults.append(f"memory grew by {growth:.1f} MB after it had settled")
    if clients.lost:
        faults.append(f"{clients.lost} clients got no proper answer")
    faults += [
        f"{reason}: clients were told {clients.ended[reason]} times, {counted.get(reason, 0)} are counted"
        for reason in sorted(set(counted) | set(clients.ended))
        if reason != "cancelled"
        and not clients.ended[reason] <= counted.get(reason, 0) <= clients.ended[reason] + clients.left
    ]
    total = sum(clients.ended.values()) + clients.left
    if not total - clients.left <= sum(counted.values()) <= total:
        faults.append(f"{total} runs were asked for, {sum(counted.values())} are counted")
    return faults


async def soak(root: Path, seconds: float, number: int) -> dict[str, Any]:
    faulty = Faulty()
    listening = await asyncio.start_server(faulty.serve, "127.0.0.1", 0)
    base = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    with agent_server(root, f"{base}/v1") as server:
        warm = Clients(server, base, 5)
        await asyncio.gather(*(warm.one(one) for one in range(number)))
        await asyncio.sleep(IDLE)
        before, counted_before = server.holds(), runs_counted(server.base)
        clients, memory = Clients(server, base, seconds), []
        await asyncio.gather(watch(server, clients, memory), *(clients.one(one) for one in range(number)))
        await asyncio.sleep(IDLE)
        after, counted_after = server.holds(), runs_counted(server.base)
    listening.close()
    counted = {reason: one - counted_before.get(reason, 0) for reason, one in counted_after.items()}
    settled = [mb for at, mb in memory if at > SETTLE * seconds]
    growth = settled[-1] - settled[0]
    return {
        "seconds": seconds,
        "clients": number,
        "runs": clients.sent,
        "clients_were_told": dict(sorted(clients.ended.items())),
        "clients_left": clients.left,
        "refused": dict(sorted(clients.refused.items())),
        "lost": clients.lost,
        "counted": dict(sorted(counted.items())),
        "requests_to_model_and_tools": faulty.requests,
        "before": before,
        "after": after,
        "memory_mb": {
            "settled": round(settled[0], 1),
            "end": round(settled[-1], 1),
            "peak": round(max(settled), 1),
        },
        "faults": judge(clients, counted, before, after, growth),
    }


def main() -> int:
    args = soak_arguments(__doc__, RESULTS)
    with tempfile.TemporaryDirectory(prefix="readiness-soak-") as name:
        figures = asyncio.run(soak(Path(name), args.seconds, args.clients))
    return tell(figures, RESULTS, args.write)


if __name__ == "__main__":
    sys.exit(main())

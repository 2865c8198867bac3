"""How soon a run ends when its budget is spent or its client leaves, and what is left afterwards.

    .venv/bin/python bench/agent_interrupt.py [--times N] [--write]

Four ways, each so many times against the running service: a model that hangs and a tool that hangs, ended by the wall
clock; a client that leaves while the model or the tool hangs. Measured is the time beyond the budget until the answer
is there, or from the client's leaving until the model's server sees its connection closed, or until the tool's process
is gone. At the end the service must hold no socket, task or process that it did not hold at the start.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from agent_server import AgentServer, agent_server
from told import tell

RESULTS = Path(__file__).with_name("agent-interrupt-results.json")
ALLOWED_MS = 250.0
AT_ONCE = 3
MODEL_BUDGET, TOOL_BUDGET = 0.2, 0.6
CODE = "import time; time.sleep(300)  # {mark}"


class Model:
    """A server of ours: it hangs for the model `hang`, and calls a tool that hangs for the model `tool`."""

    def __init__(self) -> None:
        self.asked: dict[str, asyncio.Event] = {}
        self.left: dict[str, asyncio.Future[float]] = {}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                fields = dict(
                    line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:] if b": " in line
                )
                body = json.loads(await reader.readexactly(int(fields.get(b"content-length", b"0"))) or b"{}")
                mark = body["messages"][-1]["content"]
                if body["model"] == "hang":
                    if mark in self.asked:
                        self.asked[mark].set()
                    await reader.read(1)
                    if mark in self.left:
                        self.left[mark].set_result(time.perf_counter())
                    return
                self._call_tool(writer, mark)
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            return
        finally:
            writer.close()

    def _call_tool(self, writer: asyncio.StreamWriter, mark: str) -> None:
        function = {"name": "run_python", "arguments": json.dumps({"code": CODE.format(mark=mark)})}
        message = {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": "c", "type": "function", "function": function}],
        }
        choice = {"index": 0, "message": message, "finish_reason": "tool_calls"}
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        body = json.dumps(
            {
                "id": "c",
                "object": "chat.completion",
                "created": 1,
                "model": "tool",
                "choices": [choice],
                "usage": usage,
            }
        ).encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)


class Client:
    """Starts runs, and leaves them when told to."""

    def __init__(self, server: AgentServer, model: Model) -> None:
        self.server = server
        self.model = model
        self.marks = itertools.count()

    async def send(
        self, mark: str, model: str, **fields: Any
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        body = {
            "model": model,
            "messages": [{"role": "user", "content": mark}],
            "tool_mode": "native",
            **fields,
        }
        data = json.dumps(body).encode()
        head = f"POST /agent/run HTTP/1.1\r\nHost: 127.0.0.1:{self.server.port}\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {len(data)}\r\n\r\n"
        reader, writer = await asyncio.open_connection("127.0.0.1", self.server.port)
        writer.write(head.encode() + data)
        await writer.drain()
        return reader, writer

    def mark(self) -> str:
        return f"mark-{os.getpid()}-{next(self.marks)}"

    async def budget(self, model: str, backend: str, budget: float) -> float:
        """Milliseconds beyond the budget."""
        start = time.perf_counter()
        reader, writer = await self.send(
            self.mark(), model, tool_backend=backend, max_total_seconds=budget, tool_timeout=60
        )
        answer = await reader.read(-1)
        taken = time.perf_counter() - start
        writer.close()
        if b'"budget_seconds"' not in answer:
            raise SystemExit(f"not ended by its budget: {answer[-600:]!r}")
        return (taken - budget) * 1000

    async def leave_model(self) -> float:
        """Milliseconds from leaving until the model's server sees it."""
        mark = self.mark()
        asked = self.model.asked[mark] = asyncio.Event()
        left = self.model.left[mark] = asyncio.get_running_loop().create_future()
        _, writer = await self.send(mark, "hang", tool_backend="none")
        await asyncio.wait_for(asked.wait(), 10)
        start = time.perf_counter()
        writer.transport.abort()
        return (await asyncio.wait_for(left, 10) - start) * 1000

    async def leave_tool(self) -> float:
        """Milliseconds from leaving until no process of the tool is left."""
        mark = self.mark()
        before = set(tools_of(self.server.pid))
        _, writer = await self.send(mark, "tool", tool_timeout=60)
        limit = time.perf_counter() + 15
        while not (mine := set(tools_of(self.server.pid)) - before):
            if time.perf_counter() > limit:
                raise SystemExit("the tool was never started")
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.15)
        mine = set(tools_of(self.server.pid)) - before
        start = time.perf_counter()
        writer.transport.abort()
        while mine & set(tools_of(self.server.pid)):
            if time.perf_counter() > start + 10:
                return 10_000.0
            await asyncio.sleep(0.002)
        return (time.perf_counter() - start) * 1000


def tools_of(pid: int) -> list[int]:
    from agent_server import descendants

    return descendants(pid)


async def many(one: Any, times: int, at_once: int) -> list[float]:
    left = iter(range(times))

    async def worker() -> list[float]:
        return [await one() for _ in left]

    return [figure for group in await asyncio.gather(*(worker() for _ in range(at_once))) for figure in group]


async def measure(root: Path, times: int) -> dict[str, Any]:
    model = Model()
    listening = await asyncio.start_server(model.serve, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    with agent_server(root, f"http://127.0.0.1:{port}/v1") as server:
        client = Client(server, model)
        ways = {
            "hung model, budget": (lambda: client.budget("hang", "none", MODEL_BUDGET), AT_ONCE),
            "hung tool, budget": (lambda: client.budget("tool", "local", TOOL_BUDGET), AT_ONCE),
            "hung model, client left": (client.leave_model, AT_ONCE),
            "hung tool, client left": (client.leave_tool, 1),
        }
        for one, _ in ways.values():
            await one()
        await asyncio.sleep(1)
        before = server.holds()
        figures = {name: summary(await many(one, times, at_once)) for name, (one, at_once) in ways.items()}
        # Idle connections to the model are kept for fifteen seconds, and looked at every fifteen.
        await asyncio.sleep(45)
        after = server.holds()
    listening.close()
    leaked = {
        name: after[name] - before[name]
        for name in ("sockets", "tasks", "children")
        if after[name] > before[name]
    }
    faults = [f"{number:.0f} {name} leaked" for name, number in leaked.items()]
    faults += [
        f"{name}: {one['over']} of {times} took over {ALLOWED_MS:.0f} ms"
        for name, one in figures.items()
        if one["over"]
    ]
    return {"times": times, "ms_beyond": figures, "before": before, "after": after, "faults": faults}


def summary(taken: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(taken, n=100)
    figures = {"p50": cuts[49], "p95": cuts[94], "p99": cuts[98], "most": max(taken), "least": min(taken)}
    return {name: round(one, 1) for name, one in figures.items()} | {
        "over": sum(one > ALLOWED_MS for one in taken)
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--times", type=int, default=500)
    parser.add_argument("--write", action="store_true", help=f"write {RESULTS.name}")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="readiness-bench-") as name:
        figures = asyncio.run(measure(Path(name), args.times))
    return tell(figures, RESULTS, args.write)


if __name__ == "__main__":
    sys.exit(main())

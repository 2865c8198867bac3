"""The embedded engine behind the relay, killed and started again under clients that vanish: nothing may leak or be lost.

    .venv/bin/python bench/engine_soak.py [--seconds N] [--clients N] [--write]

The real model answers. Every half minute or so its server is killed with SIGKILL and started again on its port; half
of the clients hang up inside their answers. At the end the relay must hold no socket and run no task that it did not
have at the start, the engine's server no socket, no thread and no slot, memory must be flat in both, and there must be
one line for each request.
"""

from __future__ import annotations

import asyncio
import collections
import json
import random
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

from relay import free_port, wait_for_port
from relay_soak import GROWTH_MB, SETTLE, Clients, holds, start_relay
from told import soak_arguments, tell

RESULTS = Path(__file__).with_name("engine-soak-results.json")
ENGINE_GROWTH_MB = 60.0
"""What the engine's memory may grow by after its first answers: the key-value cache is touched page by page."""
WARM = 24
RELAY = """
import asyncio, signal, sys
from readiness.relay.plan import load_plan
from readiness.relay.server import serve
def tell():
    with open(sys.argv[1], "a") as file:
        print(len(asyncio.all_tasks()), file=file, flush=True)
async def main():
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, tell)
    return await serve(load_plan(sys.argv[2]), sys.argv[3], sys.argv[4])
sys.exit(asyncio.run(main()))
"""


class Engine:
    """The embedded model's server, killed and started again on its port."""

    def __init__(self) -> None:
        self.port = free_port()
        self.kills = 0
        self.growths: list[float] = []
        self.start()

    def start(self) -> None:
        words = [str(Path(sys.executable).with_name("readiness")), "model", "serve", "--port", str(self.port)]
        self.process = subprocess.Popen(words, stdout=subprocess.DEVNULL)
        self.settled = 0.0
        self.since = time.monotonic()

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.kills += 1

    def watch(self) -> None:
        """Its growth since it had served for ten seconds."""
        if time.monotonic() - self.since > 10:
            memory = holds(self.process.pid)["memory_mb"]
            self.settled = self.settled or memory
            self.growths.append(memory - self.settled)

    def health(self) -> dict[str, Any]:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=10) as answer:
            found: dict[str, Any] = json.load(answer)
        return found


def counting(luck: random.Random) -> dict[str, Any]:
    """A short question for the real model."""
    asked = {
        "model": "smollm2:135m",
        "messages": [{"role": "user", "content": f"Count from {luck.randrange(99)}."}],
    }
    return asked | {"stream": True, "seed": luck.randrange(1 << 30), "max_tokens": luck.randrange(4, 32)}


def tasks(root: Path, relay: subprocess.Popen[bytes]) -> int:
    """How many tasks the relay's loop holds now."""
    relay.send_signal(signal.SIGUSR1)
    time.sleep(0.5)
    return int((root / "tasks.txt").read_text().split()[-1])


async def disturb(engine: Engine, clients: Clients, relay: int, memory: list[tuple[float, float]]) -> None:
    start = time.monotonic()
    next_kill = start + 20
    while time.monotonic() < clients.limit:
        await asyncio.sleep(0.5)
        memory.append((time.monotonic() - start, holds(relay)["memory_mb"]))
        engine.watch()
        if time.monotonic() > next_kill and clients.limit - time.monotonic() > 15:
            engine.kill()
            await asyncio.sleep(1)
            engine.start()
            next_kill = time.monotonic() + random.uniform(20, 40)


async def soak(clients: Clients, number: int, engine: Engine, relay: int) -> list[tuple[float, float]]:
    memory: list[tuple[float, float]] = []
    await asyncio.gather(
        disturb(engine, clients, relay, memory), *(clients.one(one) for one in range(number))
    )
    return memory


async def warm_up(port: int) -> None:
    await asyncio.gather(
        *(Clients(port, 60, counting, patience=120).ask(random.Random(number)) for number in range(WARM))
    )


def judge(
    before: dict[str, Any], after: dict[str, Any], grown: dict[str, float], sent: int, lines: int
) -> list[str]:
    """What went wrong."""
    faults = [
        f"{who}: {after[who][what] - before[who][what]:.0f} {what} leaked"
        for who in before
        for what in ("sockets", "threads", "tasks", "busy_slots")
        if after[who].get(what, 0) > before[who].get(what, 0)
    ]
    limits = {"relay": GROWTH_MB, "engine": ENGINE_GROWTH_MB}
    faults += [f"{who}: memory grew by {mb:.1f} MB" for who, mb in grown.items() if mb > limits[who]]
    return faults + ([f"{sent} requests were sent, {lines} are on record"] if sent != lines else [])


def state(root: Path, relay: subprocess.Popen[bytes], engine: Engine) -> dict[str, Any]:
    health = engine.health()
    return {
        "relay": holds(relay.pid) | {"tasks": tasks(root, relay)},
        "engine": holds(engine.process.pid) | {"busy_slots": health["running"] + health["waiting"]},
    }


def run(seconds: float, number: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="readiness-soak-") as name:
        root, engine = Path(name), Engine()
        wait_for_port(engine.port, engine.process, 120)
        relay, port = start_relay(
            root, f"http://127.0.0.1:{engine.port}", 60, ("-c", RELAY, str(root / "tasks.txt"))
        )
        try:
            fresh = state(root, relay, engine)["relay"]
            # Answers first, more at once than there are slots: the engine's threads are started by them.
            asyncio.run(warm_up(port))
            time.sleep(3)
            before = state(root, relay, engine) | {"relay": fresh}
            clients = Clients(port, seconds, counting, 0.2, 120)
            memory = asyncio.run(soak(clients, number, engine, relay.pid))
            # Idle connections to the engine are kept for fifteen seconds.
            time.sleep(20)
            after = state(root, relay, engine)
            relay.terminate()
            code = relay.wait(20)
        finally:
            for process in (relay, engine.process):
                process.kill()
                process.wait()
        calls = [json.loads(line) for line in (root / "calls.json").read_text().splitlines()]
    settled = [mb for at, mb in memory if at > SETTLE * seconds]
    grown = {
        "relay": round(settled[-1] - settled[0], 1),
        "engine": round(max(engine.growths, default=0.0), 1),
    }
    counted = sum(call["counted"] for call in calls)
    faults = judge(before, after, grown, clients.sent + WARM, len(calls)) + (
        [f"exit code {code}"] if code else []
    )
    faults += ["the engine was never killed"] * (not engine.kills) + ["it never answered"] * (not counted)
    return {
        "seconds": seconds,
        "clients": number,
        "requests": clients.sent + WARM,
        "lines": len(calls),
        "clients_saw": dict(sorted(clients.went.items())),
        "errors": dict(sorted(collections.Counter(call["error"] or "none" for call in calls).items())),
        "counted": counted,
        "engine_kills": engine.kills,
        "before": before,
        "after": after,
        "memory_grown_mb": grown,
        "faults": faults,
    }


def main() -> int:
    args = soak_arguments(__doc__, RESULTS)
    figures = run(args.seconds, args.clients)
    return tell(figures, RESULTS, args.write)


if __name__ == "__main__":
    sys.exit(main())

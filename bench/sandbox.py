"""What a sandboxed program costs to start, and how soon a cancelled one is gone.

    .venv/bin/python bench/sandbox.py [--rounds N] [--cancels N] [--write]

The same program is started bare and in each sandbox that this machine has, in turns, so that a machine whose speed
drifts slows all alike; the overhead is the median of the differences within a turn. The cancelled program is an endless
one with a child in a session of its own; after each cancellation every process of the machine is looked at.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime
import json
import os
import platform
import resource
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from mini_agent.sandbox import folder
from mini_agent.sandbox.launch import Sandbox
from mini_agent.sandbox.places import places
from mini_agent.sandbox.result import SandboxError
from mini_agent.sandbox.self_test import WAYS, candidate, probe

RESULTS = Path(__file__).with_name("sandbox-results.json")
ENDLESS = b"import os, time\nif os.fork() == 0: os.setsid()\nopen('begun', 'w').close()\nwhile True: time.sleep(1)\n"


def main() -> None:
    given = arguments()
    report = probe()
    figures: dict[str, Any] = {
        "machine": f"{platform.machine()}, {os.cpu_count()} processors, Linux {platform.release()}",
        "python": platform.python_version(),
        "date": datetime.date.today().isoformat(),
        "load": os.getloadavg()[0],
        "self_test": {"way": report.way, "layers": report.layers, "ms": round(report.ms)},
        "start_ms": asyncio.run(starts(given.rounds)),
        "cancel_ms": asyncio.run(cancels(given.cancels)),
    }
    print(json.dumps(figures, indent=2))
    if given.write:
        RESULTS.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--cancels", type=int, default=100)
    parser.add_argument("--write", action="store_true")
    return parser.parse_args()


def sandboxes() -> dict[str, Sandbox]:
    """Every way that this machine has."""
    found = {way: candidate(way, frozenset()) for way in WAYS}
    return {way: one for way, one in found.items() if isinstance(one, Sandbox)}


async def starts(rounds: int) -> dict[str, Any]:
    """Milliseconds of wall clock and of CPU from the call to the result: bare, and beyond bare in each way."""
    python = [places().python, "-I", "-S", "-c", "pass"]
    wall: dict[str, list[float]] = {}
    cpu: dict[str, list[float]] = {}
    for _ in range(rounds):
        began = clocks()
        subprocess.run(python, check=True)
        bare = since(began)
        noted = {"python bare": bare}
        for way, sandbox in sandboxes().items():
            own = folder.make(way, sandbox.places)
            began = clocks()
            try:
                await sandbox.run(python, folder=own, timeout=30)
                noted[f"beyond it, {way}"] = tuple(
                    one - other for one, other in zip(since(began), bare, strict=True)
                )
            except SandboxError:
                continue
            finally:
                folder.remove(own)
        for name, (seconds, busy) in noted.items():
            wall.setdefault(name, []).append(seconds)
            cpu.setdefault(name, []).append(busy)
    return {name: {"wall": figures_of(wall[name]), "cpu": figures_of(cpu[name])} for name in wall}


def clocks() -> tuple[float, float]:
    """Milliseconds: the wall clock, and the CPU of all processes that have been waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.perf_counter() * 1000, (used.ru_utime + used.ru_stime) * 1000


def since(began: tuple[float, float]) -> tuple[float, ...]:
    return tuple(now - then for now, then in zip(clocks(), began, strict=True))


async def cancels(count: int) -> dict[str, Any]:
    report = probe()
    sandbox = Sandbox(report.way, report.layers, bubblewrap=report.bubblewrap)
    took, left = [], 0
    handles = len(os.listdir("/proc/self/fd"))
    for _ in range(count):
        own = folder.make(sandbox.way, sandbox.places)
        argv = [sandbox.places.python, "main.py", own]
        task = asyncio.create_task(sandbox.run(argv, folder=own, timeout=60, files={"main.py": ENDLESS}))
        while not os.path.exists(f"{own}/begun"):
            await asyncio.sleep(0.002)
        began = time.perf_counter()
        task.cancel()
        await asyncio.wait([task])
        took.append((time.perf_counter() - began) * 1000)
        left += sum(own.encode() in line for line in command_lines())
        folder.remove(own)
    return {
        **figures_of(took),
        "over 250 ms": sum(one > 250 for one in took),
        "processes left": left,
        "descriptors left": len(os.listdir("/proc/self/fd")) - handles,
    }


def command_lines() -> list[bytes]:
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            found.append(Path(f"/proc/{name}/cmdline").read_bytes())
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def figures_of(some: list[float]) -> dict[str, float]:
    ordered = sorted(some)
    return {
        "n": len(ordered),
        "min": round(ordered[0], 1),
        "median": round(statistics.median(ordered), 1),
        "p95": round(ordered[int(len(ordered) * 0.95) - 1], 1),
        "max": round(ordered[-1], 1),
    }


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as apart:
        tempfile.tempdir = apart
        os.chmod(apart, 0o711)
        main()

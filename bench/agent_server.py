"""The agent service as a process whose sockets, tasks, children and memory can be counted from outside."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from relay import free_port, wait_for_port

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SERVER = """
import asyncio, signal, sys
from mini_agent.cli.main import main
def tell(*_):
    with open(sys.argv[1], "a") as file:
        print(len(asyncio.all_tasks()), file=file, flush=True)
signal.signal(signal.SIGUSR1, tell)
sys.exit(main(["serve", "--port", sys.argv[2]]))
"""


class AgentServer:
    """A running service. `base` is its address."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, tasks: Path) -> None:
        self.process = process
        self.port = port
        self.base = f"http://127.0.0.1:{port}"
        self._tasks = tasks

    @property
    def pid(self) -> int:
        return self.process.pid

    def holds(self) -> dict[str, float]:
        """Sockets, tasks, children and resident memory (MB)."""
        self.process.send_signal(signal.SIGUSR1)
        time.sleep(0.5)
        folder = Path(f"/proc/{self.pid}")
        sockets = 0
        for link in (folder / "fd").iterdir():
            with contextlib.suppress(FileNotFoundError):
                sockets += os.readlink(link).startswith("socket:")
        status = dict(
            line.split(":", 1) for line in (folder / "status").read_text().splitlines() if ":" in line
        )
        return {
            "sockets": sockets,
            "tasks": int(self._tasks.read_text().split()[-1]),
            "children": len(descendants(self.pid)),
            "memory_mb": round(int(status["VmRSS"].split()[0]) / 1024, 1),
        }


def descendants(pid: int) -> list[int]:
    """All processes below a process."""
    parents: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            parents.setdefault(int(fields[1]), []).append(int(folder.name))
    found, queue = [], [pid]
    while queue:
        below = parents.get(queue.pop(), [])
        found += below
        queue += below
    return found


@contextlib.contextmanager
def agent_server(root: Path, model_base: str, **environment: str) -> Iterator[AgentServer]:
    port, tasks = free_port(), root / "tasks"
    inherited: Mapping[str, str] = {k: v for k, v in os.environ.items() if not k.startswith("MINI_AGENT_")}
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(tasks), str(port)],
        env={**inherited, "MINI_AGENT_API_BASE": model_base, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    try:
        wait_for_port(port, process, 30)
        yield AgentServer(process, port, tasks)
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

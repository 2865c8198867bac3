"""Ending a process with everything that it started, also what left its session.

Members are found in `/proc` by three marks: descent, session, and a variable of the environment that every child
inherits (the way build servers find what a job left running). What drops all three is out of reach here. Where there is
no `/proc`, the process group is killed.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass

MARK = "MINI_AGENT_TOOL_TREE"
ROUNDS = 50
"""Scans until nothing is found: each catches what was forked while the one before it looked."""

PAUSE = 0.004


@dataclass(frozen=True, slots=True)
class Member:
    """A process as its `stat` file shows it (proc(5))."""

    pid: int
    state: str
    parent: int
    session: int


def parse_stat(text: str) -> Member:
    """The name in the second field may hold anything, so the rest is counted from its last parenthesis."""
    pid, _, rest = text.partition(" (")
    state, parent, _, session = rest.rpartition(") ")[2].split(" ", 4)[:4]
    return Member(int(pid), state, int(parent), int(session))


def processes() -> list[Member]:
    """Every living process of the machine; those that are only waiting to be reaped are not."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            text = read_text(f"/proc/{entry}/stat")
            if text:
                found.append(parse_stat(text))
    return [one for one in found if one.state not in "ZX"]


def read_text(path: str) -> str:
    """Empty when the process has gone or belongs to somebody else."""
    try:
        with open(path, "rb") as file:
            return file.read().decode("utf-8", "replace")
    except OSError:
        return ""


def members(leader: int, mark: str, reaped: bool) -> set[int]:
    """The living processes of the tree that `leader` began. A leader that was `reaped` may have given its number away."""
    everything = [one for one in processes() if not (reaped and one.pid == leader)]
    family = {leader}
    while True:
        grown = family | {one.pid for one in everything if one.parent in family or one.session == leader}
        if grown == family:
            break
        family = grown
    carrier = f"{MARK}={mark}"
    marked = {
        one.pid
        for one in everything
        if one.pid not in family and carrier in read_text(f"/proc/{one.pid}/environ").split("\x00")
    }
    return (family & {one.pid for one in everything}) | marked


def strike(leader: int, mark: str, reaped: bool) -> bool:
    """Kill what is there now; whether there was anything. It does not wait."""
    if not os.path.isdir("/proc/self"):
        return killed(os.killpg, leader)
    return sum(killed(os.kill, pid) for pid in members(leader, mark, reaped)) > 0


def killed(kill: Callable[[int, int], None], number: int) -> bool:
    """Whether the signal found somebody."""
    try:
        kill(number, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return False
    return True


async def end_tree(leader: int, mark: str, reaped: Callable[[], bool]) -> bool:
    """Kill until nothing is left; False when something survives every round (it cannot be killed).

    The first strike happens before this waits for anything, so a caller that is cancelled meanwhile has killed already.
    """
    for _ in range(ROUNDS):
        if not strike(leader, mark, reaped()):
            return True
        await asyncio.sleep(PAUSE)
    return False

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
    """A process as its `stat` file shows it (proc(5)); `start` in clock ticks since the machine started."""

    pid: int
    state: str
    parent: int
    session: int
    start: int


@dataclass(frozen=True, slots=True)
class Tree:
    """What a process began. `start` tells it from another that gets its number later; 0: it was gone at once."""

    leader: int
    mark: str
    start: int

    @classmethod
    def of(cls, leader: int, mark: str) -> Tree:
        """The tree of a process that was just started as the leader of a session, with `mark` in its environment."""
        text = read_text(f"/proc/{leader}/stat")
        return cls(leader, mark, parse_stat(text).start if text else 0)


def parse_stat(text: str) -> Member:
    """The name in the second field may hold anything, so the rest is counted from its last parenthesis."""
    pid, _, rest = text.partition(" (")
    fields = rest.rpartition(") ")[2].split()
    return Member(int(pid), fields[0], int(fields[1]), int(fields[3]), int(fields[19]))


def processes() -> list[Member]:
    """Every living process of the machine; those that are only waiting to be reaped are not."""
    texts = (read_text(f"/proc/{entry}/stat") for entry in os.listdir("/proc") if entry.isdigit())
    found = [parse_stat(text) for text in texts if text]
    return [one for one in found if one.state not in "ZX"]


def read_text(path: str) -> str:
    """Empty when the process has gone or belongs to somebody else."""
    try:
        with open(path, "rb") as file:
            return file.read().decode("utf-8", "replace")
    except OSError:
        return ""


def members(tree: Tree) -> set[int]:
    """The living processes of the tree. Nothing older than its leader belongs to it."""
    young = [one for one in processes() if one.start >= tree.start]
    young = [one for one in young if one.pid != tree.leader or one.start == tree.start]
    family = {tree.leader}
    while True:
        grown = family | {one.pid for one in young if one.parent in family or one.session == tree.leader}
        if grown == family:
            break
        family = grown
    return {one.pid for one in young if one.pid in family or carries(one.pid, tree.mark)}


def carries(pid: int, mark: str) -> bool:
    """Whether a process was given the mark."""
    return f"{MARK}={mark}" in read_text(f"/proc/{pid}/environ").split("\x00")


def strike(tree: Tree) -> bool:
    """Kill what is there now; whether there was anything. It does not wait."""
    if not os.path.isdir("/proc/self"):
        return killed(os.killpg, tree.leader)
    return sum(killed(os.kill, pid) for pid in members(tree)) > 0


def killed(kill: Callable[[int, int], None], number: int) -> bool:
    """Whether the signal found somebody."""
    try:
        kill(number, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return False
    return True


async def end_tree(tree: Tree) -> bool:
    """Kill until nothing is left; False when something survives every round (it cannot be killed).

    The first strike happens before this waits for anything, so a caller that is cancelled meanwhile has killed already.
    Two scans in a row must find nobody: one misses a process that forks and exits while it looks, and its child.
    """
    empty = 0
    for _ in range(ROUNDS):
        empty = 0 if strike(tree) else empty + 1
        if empty == 2:
            return True
        await asyncio.sleep(PAUSE)
    return False

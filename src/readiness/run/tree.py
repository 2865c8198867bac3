"""Process trees: who descends from whom, and ending all of them for sure.

The caller is a child subreaper, so that a descendant that lost its parent becomes the caller's own child.
"No child left" therefore means "no descendant left". Without a subreaper (macOS) only the process group of
the leader is reached.
"""

from __future__ import annotations

import os
import signal
import time

SWEEP_SECONDS = 5.0
"""How long a sweep goes on killing before it gives up and lists the survivors."""


def reap() -> tuple[dict[int, int], bool]:
    """Collect every child that has ended: exit status by process id, and whether any child is left."""
    ended: dict[int, int] = {}
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return ended, False
        if pid == 0:
            return ended, True
        ended[pid] = os.waitstatus_to_exitcode(status)


def descendants(root: int) -> list[int]:
    """Process ids below `root`, parents before children; empty where there is no /proc."""
    children: dict[int, list[int]] = {}
    for pid, parent in _parents():
        children.setdefault(parent, []).append(pid)
    found: list[int] = []
    waiting = [root]
    while waiting:
        below = children.get(waiting.pop(), [])
        found.extend(below)
        waiting.extend(below)
    return found


def describe(pid: int) -> str:
    """`pid name`, for a person."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            words = file.read(200).replace(b"\0", b" ").decode("utf-8", "replace").strip()
    except OSError:
        words = ""
    return f"{pid} {words}".strip()


def send(pids: list[int], number: int) -> None:
    """Signal each process that still exists."""
    for pid in pids:
        _kill(pid, number)


def send_group(leader: int, number: int) -> None:
    """Signal the process group of `leader`."""
    try:
        os.killpg(leader, number)
    except (ProcessLookupError, PermissionError):
        # Gone, or (macOS) only zombies are left in it.
        return


def sweep(leader: int, *, polite_seconds: float) -> tuple[list[str], list[str]]:
    """End everything that descends from this process; the leader itself has ended.

    Returns what was still running, and of that what could not be ended. TERM first, KILL after
    `polite_seconds`, again and again until nothing is left, for `SWEEP_SECONDS` at most.
    """
    _, any_left = reap()
    if not any_left:
        return [], []
    found = [describe(pid) for pid in descendants(os.getpid()) if not _is_zombie(pid)]
    send_group(leader, signal.SIGTERM)
    send(descendants(os.getpid()), signal.SIGTERM)
    if _gone_within(polite_seconds):
        return found, []
    return found, kill_all(leader)


def kill_all(leader: int) -> list[str]:
    """KILL every descendant of this process until none is left; returns those that would not die."""
    limit = time.monotonic() + SWEEP_SECONDS
    while time.monotonic() < limit:
        send_group(leader, signal.SIGKILL)
        # Stopped first, a tree that forks as fast as it is killed stands still.
        below = descendants(os.getpid())
        send(below, signal.SIGSTOP)
        send(below, signal.SIGKILL)
        if _gone_within(0.02):
            return []
    return [describe(pid) for pid in descendants(os.getpid())]


def _gone_within(seconds: float) -> bool:
    limit = time.monotonic() + seconds
    while True:
        _, any_left = reap()
        if not any_left:
            return True
        if time.monotonic() >= limit:
            return False
        time.sleep(0.005)


def _kill(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        # It ended meanwhile, or it changed its user: the survivors' list will name the latter.
        return


def _parents() -> list[tuple[int, int]]:
    try:
        names = os.listdir("/proc")
    except OSError:
        return []
    pids = [int(name) for name in names if name.isdigit()]
    return [(pid, parent) for pid in pids if (parent := parent_of(pid)) is not None]


def parent_of(pid: int) -> int | None:
    """The parent's process id; None when the process is gone."""
    fields = _stat(str(pid))
    return int(fields[1]) if fields else None


def _is_zombie(pid: int) -> bool:
    fields = _stat(str(pid))
    return fields is None or fields[0] == b"Z"


def _stat(name: str) -> list[bytes] | None:
    """Fields of /proc/PID/stat behind the command's name: state, parent, …"""
    try:
        with open(f"/proc/{name}/stat", "rb") as file:
            text = file.read()
    except (OSError, ProcessLookupError):
        return None
    return text[text.rindex(b")") + 2 :].split()

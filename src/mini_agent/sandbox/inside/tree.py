"""The launcher's descendants: who they are, and how all of them end."""

from __future__ import annotations

import os
import time

SIGKILL = 9
SIGSTOP = 19
ROUNDS_TO_STOP = 50
PAUSE = 0.001


def descendants(root: int) -> list[int]:
    """Every living process below `root`, nearest first, as /proc shows it now."""
    found: list[int] = []
    waiting = children(root)
    while waiting:
        pid = waiting.pop(0)
        if pid not in found:
            found.append(pid)
            waiting += children(pid)
    return found


def children(pid: int) -> list[int]:
    """Children of all threads of a process; none once it is gone."""
    found: list[int] = []
    try:
        threads = os.listdir(f"/proc/{pid}/task")
    except (FileNotFoundError, ProcessLookupError):
        return []
    for thread in threads:
        try:
            with open(f"/proc/{pid}/task/{thread}/children", "rb") as file:
                found += map(int, file.read().split())
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def tasks_of(uid: int) -> int:
    """How many processes and threads a user has, as RLIMIT_NPROC counts them."""
    count = 0
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.stat(f"/proc/{name}").st_uid == uid:
                count += len(os.listdir(f"/proc/{name}/task"))
        except (FileNotFoundError, ProcessLookupError):
            continue
    return count


def end(seconds: float) -> bool:
    """Kill every descendant and reap it; True when the kernel says that none is left.

    The caller is a child subreaper, so an orphan becomes its child and cannot be missed. They are stopped before they
    are killed: else one that forks takes the place of another that dies.
    """
    if not reap():
        return True
    until = time.monotonic() + seconds
    stop_all()
    while time.monotonic() < until:
        for pid in descendants(os.getpid()):
            send(pid, SIGKILL)
        if not reap():
            return True
        time.sleep(PAUSE)
    return False


def end_one(pid: int) -> bool:
    """Only this child: what it started is left to the namespace that it may have been in."""
    send(pid, SIGKILL)
    os.waitpid(pid, 0)
    return False


def stop_all() -> None:
    stopped: set[int] = set()
    for _ in range(ROUNDS_TO_STOP):
        new = set(descendants(os.getpid())) - stopped
        if not new:
            return
        for pid in new:
            send(pid, SIGSTOP)
        stopped |= new


def send(pid: int, signal: int) -> None:
    try:
        os.kill(pid, signal)
    except ProcessLookupError:
        return


def reap() -> bool:
    """Collect the dead; False when there is no child at all any more."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return False
    return True

"""A forked child that does one piece of work and sends one answer back; and whether forking can be trusted here."""

from __future__ import annotations

import contextlib
import os
import pickle
import select
import sys
import threading
from typing import TYPE_CHECKING

from readiness_probe.clock import clock

if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Optional, Set

_SIZE = 8
"""Bytes of the length that stands before an answer."""
_NOT_SHARED = ("socket:", "anon_inode:[eventpoll]", "anon_inode:[io_uring]")
"""What two processes that both believe to be its only owner would spoil for each other."""


class Child:
    """`answer` is what the work returned, None while it runs and when it ended without one; `status` is its exit code."""

    def __init__(self, pid: int, descriptor: int, began: float) -> None:
        self.pid = pid
        self.descriptor = descriptor
        self.answer: Any = None
        self.status: Optional[int] = None
        self.began = began
        self._data = b""

    def look(self) -> bool:
        """Take in what has come; True once it has ended, answered or not."""
        try:
            while True:
                chunk = os.read(self.descriptor, 1 << 16)
                self._data += chunk
                if not chunk:
                    break
        except BlockingIOError:
            # What it forked may hold the pipe open: whether it has ended is the kernel's to say.
            pass
        if self.status is None:
            pid, status = _waited(self.pid)
            if pid == 0:
                return False
            self.status = os.WEXITSTATUS(status) if os.WIFEXITED(status) else -os.WTERMSIG(status)
            return self.look()
        self.answer = self._whole_answer()
        os.close(self.descriptor)
        return True

    def _whole_answer(self) -> Any:
        size = int.from_bytes(self._data[:_SIZE], "big")
        body = self._data[_SIZE:]
        return pickle.loads(body) if size and len(body) == size else None

    def end(self) -> None:
        """End it by force, and wait for that."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, 9)
        while not self.look():
            clock.sleep(0.005)


def start(work: Callable[[], Any]) -> Child:
    """Fork a child that does `work` and sends back what it returns. Nothing above this frame runs in it."""
    reads, writes = os.pipe()
    began = clock.time()
    pid = os.fork()
    if pid == 0:
        status = 70
        try:
            os.close(reads)
            _send(writes, work())
            status = 0
        except BaseException as error:  # noqa: BLE001 - said, then left: a copy of pytest must not go on
            os.write(
                2, f"readiness: a trial ended without an outcome: {type(error).__name__}: {error}\n".encode()
            )
        finally:
            os._exit(status)
    os.close(writes)
    os.set_blocking(reads, False)
    return Child(pid, reads, began)


def wait(children: List[Child], seconds: float) -> List[Child]:
    """Those that have ended, after at most `seconds`."""
    poll = select.poll()
    for child in children:
        poll.register(child.descriptor, select.POLLIN)
    poll.poll(max(0.0, seconds) * 1000)
    return [child for child in children if child.look()]


def _send(descriptor: int, answer: Any) -> None:
    body = pickle.dumps(answer)
    data = memoryview(len(body).to_bytes(_SIZE, "big") + body)
    while data:
        data = data[os.write(descriptor, data) :]


def _waited(pid: int) -> Any:
    try:
        return os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        # Code of the project collects children of its own accord, ours too: its exit code is not known any more.
        return pid, 0


class Trust:
    """Made when the session begins; says later whether a forked copy of this process would be sound."""

    def __init__(self) -> None:
        self._before = _open_things()

    def why_not(self) -> str:
        """Why not to fork now; empty when nothing speaks against it."""
        if not hasattr(os, "fork") or sys.platform == "darwin":
            return f"fork cannot be trusted on {sys.platform}"
        if _threads() > 1:
            return f"the process has {_threads()} threads, which a fork would not copy"
        if _open_things() - self._before:
            return "a socket or an event loop is open, which copies of the process would share"
        return ""


def _threads() -> int:
    try:
        return len(os.listdir("/proc/self/task"))
    except OSError:
        return threading.active_count()


def _open_things() -> Set[str]:
    """Sockets and event loops of this process, as `<descriptor> <what>`."""
    found: Dict[str, str] = {}
    try:
        names = os.listdir("/proc/self/fd")
    except OSError:
        return set()
    for name in names:
        try:
            found[name] = os.readlink(f"/proc/self/fd/{name}")
        except OSError:
            # The descriptor of the listing itself.
            continue
    return {f"{name} {what}" for name, what in found.items() if what.startswith(_NOT_SHARED)}

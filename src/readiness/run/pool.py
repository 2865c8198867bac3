"""The gate's side of its workers: forked when needed, used again, and never outliving the gate."""

from __future__ import annotations

import json
import os
import select
import signal
import time
from itertools import pairwise

from readiness.run import kernel, tree
from readiness.run.control import Control
from readiness.run.job import Lines
from readiness.run.worker import PRIVATE, serve

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, NoReturn

    from readiness.run.job import Job

CLOSE_SECONDS = 15.0
"""How long workers that were let go may take: a tree that resists takes up to eleven seconds to end."""
SHARED = "shared"
"""The one network namespace of a run in which hermetic checks meet their services."""


class Worker:
    """One forked worker. `network` is what was asked for, `proved` what it got (`namespace` or `open`)."""

    def __init__(self, pid: int, network: str, reads_from: int, writes_to: int) -> None:
        self.pid = pid
        self.network = network
        self.descriptor = reads_from
        self.proved = ""
        self.why_open = ""
        self._writes_to = writes_to
        self._lines = Lines()

    @property
    def descriptors(self) -> tuple[int, int]:
        return self.descriptor, self._writes_to

    def greet(self) -> None:
        """Wait for its first word: the network that its jobs will really have. A few milliseconds."""
        for message in self.messages():
            self.proved, self.why_open = message.get("network", "open"), message.get("why", "")

    def start(self, job: Job) -> None:
        self._write(job.to_line())

    def stop(self) -> None:
        """Ask it to end its command politely, then surely."""
        self.wake()
        self._write(b'{"command": "stop"}\n')

    def kill(self) -> None:
        """Ask it to end its command at once."""
        self.wake()
        self._write(b'{"command": "kill"}\n')

    def wake(self) -> None:
        """Let it go on if its command has stopped it."""
        tree.send([self.pid], signal.SIGCONT)

    def destroy(self) -> None:
        """End it by force: its own tree then falls to this process."""
        tree.send([self.pid], signal.SIGKILL)

    def messages(self) -> Iterator[dict[str, Any]]:
        """Read what it said; call it when its descriptor is readable. `{"event": "gone"}` when it died."""
        chunk = os.read(self.descriptor, 1 << 16)
        if not chunk:
            yield {"event": "gone"}
            return
        for line in self._lines.feed(chunk):
            yield json.loads(line)

    def close(self) -> None:
        for descriptor in self.descriptors:
            os.close(descriptor)

    def _write(self, line: bytes) -> None:
        try:
            view = memoryview(line)
            while view:
                view = view[os.write(self._writes_to, view) :]
        except BrokenPipeError:
            # It died; its closed pipe tells the reader the same.
            return


class Pool:
    """Forks workers by network and hands idle ones out again."""

    def __init__(self) -> None:
        self.workers: list[Worker] = []
        self._idle: list[Worker] = []
        self._shared: tuple[int, ...] = ()
        self._hermetic: bool | None = None
        kernel.become_subreaper()

    @property
    def hermetic(self) -> bool:
        """Whether this machine lets a process have a network of its own: found out by making one."""
        if self._hermetic is None:
            worker = self.take(PRIVATE)
            self._hermetic = worker.proved == "namespace"
            self.give_back(worker)
        return self._hermetic

    def take(self, network: str) -> Worker:
        """A worker whose jobs run in `network`; its `proved` says what it really got."""
        for worker in self._idle:
            if worker.network == network:
                self._idle.remove(worker)
                return worker
        worker = self._fork(network)
        self.workers.append(worker)
        worker.greet()
        return worker

    def give_back(self, worker: Worker) -> None:
        self._idle.append(worker)

    def drop(self, worker: Worker) -> None:
        """Forget a worker that died, and end whatever of its tree fell to this process."""
        self.workers.remove(worker)
        if worker in self._idle:
            self._idle.remove(worker)
        worker.close()
        limit = time.monotonic() + tree.SWEEP_SECONDS
        while (orphans := self._orphans()) and time.monotonic() < limit:
            below = [*orphans, *(pid for orphan in orphans for pid in tree.descendants(orphan))]
            tree.send(below, signal.SIGSTOP)
            tree.send(below, signal.SIGKILL)
            time.sleep(0.005)

    def _orphans(self) -> list[int]:
        """Children of this process that are no workers of it and have not ended."""
        known = {worker.pid for worker in self.workers}
        return [pid for pid in _children() if pid not in known and not _collected(pid)]

    def close(self) -> None:
        """Let every worker go; each ends its own tree first. One that does not go is ended, with its tree."""
        for worker in self.workers:
            worker.close()
            worker.wake()
        limit = time.monotonic() + CLOSE_SECONDS
        for worker in [worker for worker in self.workers if not _goes_until(worker.pid, limit)]:
            worker.destroy()
            _wait(worker.pid)
            tree.kill_all(worker.pid)
        for descriptor in self._shared:
            os.close(descriptor)
        self.workers, self._idle, self._shared = [], [], ()

    def _fork(self, network: str) -> Worker:
        if network == SHARED and not self._shared:
            self._shared = _make_namespace()
        down_read, down_write = os.pipe()
        up_read, up_write = os.pipe()
        pid = os.fork()
        if pid == 0:
            # Whatever else the gate holds open would keep its locks, and hide its death from other workers.
            _close_all_but(0, 1, 2, down_read, up_write, *self._shared)
            serve(Control(down_read, up_write), network, self._shared)
        os.close(down_read)
        os.close(up_write)
        return Worker(pid, network, up_read, down_write)


def _make_namespace() -> tuple[int, ...]:
    """Descriptors of a new network namespace (and of its user namespace where one was needed).

    Empty where the kernel refuses. The namespace lives as long as the descriptors.
    """
    said, says = os.pipe()
    release, held = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(held)
        _hold_namespace(says, release)
    os.close(says)
    os.close(release)
    try:
        if os.read(said, 2) != b"ok":
            return ()
        own_user = os.readlink("/proc/self/ns/user") == os.readlink(f"/proc/{pid}/ns/user")
        names = ("net",) if own_user else ("user", "net")
        return tuple(os.open(f"/proc/{pid}/ns/{name}", os.O_RDONLY | os.O_CLOEXEC) for name in names)
    finally:
        os.close(said)
        os.close(held)
        _wait(pid)


def _hold_namespace(says: int, release: int) -> NoReturn:
    try:
        kernel.enter_new_network()
        os.write(says, b"ok")
        os.read(release, 1)
    except OSError as error:
        os.write(says, b"no")
        os.write(2, f"readiness: no network namespace: {error}\n".encode())
    finally:
        os._exit(0)


def _close_all_but(*kept: int) -> None:
    edges = [*sorted(kept), os.sysconf("SC_OPEN_MAX")]
    for low, high in pairwise(edges):
        os.closerange(low + 1, high)


def _children() -> list[int]:
    mine = os.getpid()
    return [pid for pid in tree.descendants(mine) if tree.parent_of(pid) == mine]


def _collected(pid: int) -> bool:
    """Whether a child has ended; its exit status is taken."""
    try:
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    except ChildProcessError:
        return True


def _goes_until(pid: int, limit: float) -> bool:
    """Wait for a child to end, until `limit` on the monotonic clock where the kernel can announce it."""
    if hasattr(os, "pidfd_open"):
        try:
            descriptor = os.pidfd_open(pid)
        except ProcessLookupError:
            return True
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        ended = poll.poll(max(0.0, limit - time.monotonic()) * 1000)
        os.close(descriptor)
        if not ended:
            return False
    _wait(pid)
    return True


def _wait(pid: int) -> None:
    try:
        os.waitpid(pid, 0)
    except ChildProcessError:
        # Already collected when it was seen to be gone.
        return

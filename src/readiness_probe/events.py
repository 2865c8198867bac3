"""The event file of one pytest process: JSON lines, each on disk once it is known. See docs/probe.md."""

from __future__ import annotations

import os
import time
from json import JSONEncoder
from typing import TYPE_CHECKING

from readiness_probe.clock import clock

if TYPE_CHECKING:
    from typing import Tuple

FORMAT = "readiness/probe/1"

_write, _fstat = os.write, os.fstat
"""As they are now: a test may have replaced them when an event comes, with what raises in a running event loop, say."""
_encode = JSONEncoder(separators=(",", ":"), default=str).encode


class EventFile:
    """Appends events to `<folder>/<start in ns>-<pid>.jsonl`; `kill -9` loses none that was written.

    Only the process that made it writes: a child that a test forks must not repeat its parent's records.
    """

    def __init__(self, folder: str) -> None:
        os.makedirs(folder, exist_ok=True)
        self.name = f"{time.time_ns()}-{os.getpid()}"
        self.count = 0
        self.lost = 0
        self._path = os.path.join(folder, self.name + ".jsonl")
        self._began = clock.monotonic()
        self._process = os.getpid()
        self._torn = False
        self._closed = False
        self._open()

    def write(self, event: str, **fields: object) -> None:
        """Append one event. What cannot be written is counted, and the count is in the last event."""
        if self._closed or os.getpid() != self._process:
            return
        line = _encode({"event": event, "at": self.seconds(), **fields}) + "\n"
        try:
            self._append(line.encode("ascii"))
            self.count += 1
        except OSError:
            self.lost += 1

    def seconds(self) -> float:
        """Seconds since this file was begun."""
        return round(clock.monotonic() - self._began, 6)

    def close(self) -> None:
        if not self._closed and self._is_ours():
            os.close(self._descriptor)
        self._closed = True

    def _open(self) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        self._descriptor = os.open(self._path, flags, 0o644)
        self._identity = _identity(self._descriptor)

    def _is_ours(self) -> bool:
        """False once a test has closed every descriptor: the number may be another file's by now."""
        try:
            return _identity(self._descriptor) == self._identity
        except OSError:
            return False

    def _append(self, data: bytes) -> None:
        """One write as a rule. After a short one (a full disk) the next line begins on a line of its own."""
        if not self._is_ours():
            self._open()
        if self._torn:
            data = b"\n" + data
        written = _write(self._descriptor, data)
        self._torn = written < len(data)
        while self._torn:
            data = data[written:]
            written = _write(self._descriptor, data)
            self._torn = written < len(data)


def _identity(descriptor: int) -> Tuple[int, int]:
    status = _fstat(descriptor)
    return status.st_dev, status.st_ino

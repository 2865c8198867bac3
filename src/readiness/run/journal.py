"""The journal of a run: JSON lines, appended one event at a time by one writer, read by anybody."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import time

from readiness.gate.fold import JournalError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Self


READERS_TURN = 0.2
"""Seconds."""


class JournalWriteError(Exception):
    """The journal could not be written (a full disk, say): from here on nothing would be on record."""


class Journal:
    """Appends events to a file. Each is handed to the kernel before `write` returns, so `kill -9` loses none.

    The file is locked while it is open; a second writer gets JournalWriteError. Every event carries `at`, seconds
    since the run began, going on from the last one when a run is resumed.
    """

    def __init__(self, path: str, *, offset: float = 0.0) -> None:
        self.path = path
        self.events: list[dict[str, Any]] = []
        self._began = time.monotonic() - offset
        try:
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise JournalWriteError(f"{path}: {error.strerror}") from error
        try:
            self._lock()
        except OSError as error:
            os.close(self._descriptor)
            raise JournalWriteError(
                f"{path}: another gate is writing it; wait for that run to end"
            ) from error
        self._mend()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)

    def write(self, event: str, **facts: Any) -> None:
        """Append one event. Raises JournalWriteError, and leaves no torn line, when the kernel does not take it."""
        line = {"event": event, "at": round(time.monotonic() - self._began, 4), **facts}
        data = json.dumps(line).encode() + b"\n"
        size = os.fstat(self._descriptor).st_size
        try:
            written = os.write(self._descriptor, data)
            if written < len(data):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            os.ftruncate(self._descriptor, size)
            raise JournalWriteError(f"{self.path}: {error.strerror}") from error
        self.events.append(line)

    def _lock(self) -> None:
        """A reader of history holds it for an instant, to see whether a gate writes; a gate holds it on."""
        limit = time.monotonic() + READERS_TURN
        while True:
            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                if time.monotonic() > limit:
                    raise
                time.sleep(0.01)
            else:
                return

    def _mend(self) -> None:
        """Cut off a last line that a killed writer left half-written."""
        size = os.fstat(self._descriptor).st_size
        if not size:
            return
        data = os.pread(self._descriptor, size, 0)
        whole = data.rfind(b"\n") + 1
        if whole < size:
            os.ftruncate(self._descriptor, whole)


def read(path: str) -> list[dict[str, Any]]:
    """Every whole event of a journal; a torn last line is left out.

    Raises JournalError when the file cannot be read or a line before the last is not an event.
    """
    try:
        with open(path, "rb") as file:
            lines = file.read().split(b"\n")
    except OSError as error:
        raise JournalError(f"{path}: {error.strerror}") from error
    events: list[dict[str, Any]] = []
    for number, line in enumerate(lines[:-1], 1):
        try:
            event = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise JournalError(f"{path}:{number}: not a journal event: {error}") from error
        if not isinstance(event, dict):
            raise JournalError(f"{path}:{number}: not a journal event: {type(event).__name__}")
        events.append(event)
    return events

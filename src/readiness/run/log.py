"""The log of one command: everything it wrote, without the secrets, and its last lines for the record."""

from __future__ import annotations

import os
from functools import lru_cache

from readiness.record.redact import Redactor, StreamRedactor

TAIL_BYTES = 4096


@lru_cache(maxsize=4)
def _redactor(secrets: tuple[str, ...]) -> Redactor:
    """One for all logs of a worker: every check of a run has the same secrets."""
    return Redactor(secrets)


class Log:
    """A file that takes bytes as they come, made when the first one does. A full disk is remembered in `error` and never raised: the command
    must still be drained, or it would hang on a full pipe, and what it proves does not hang on its log."""

    def __init__(self, path: str, secrets: tuple[str, ...], limit: int) -> None:
        self.size = 0
        self.error = ""
        self._path = path
        self._limit = limit
        self._descriptor = -1
        self._redactor = StreamRedactor(_redactor(secrets))
        self._tail = b""

    @property
    def over_limit(self) -> bool:
        return self.size > self._limit

    @property
    def tail(self) -> str:
        """The last few kilobytes, whole lines where that is possible."""
        text = self._tail.decode("utf-8", "replace")
        return text.partition("\n")[2] if len(self._tail) >= TAIL_BYTES and "\n" in text else text

    def write(self, chunk: bytes) -> None:
        self.size += len(chunk)
        self._append(self._redactor.feed(chunk))

    def close(self) -> None:
        self._append(self._redactor.flush())
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _append(self, clean: bytes) -> None:
        self._tail = (self._tail + clean)[-TAIL_BYTES:]
        view = memoryview(clean)
        try:
            if view and self._descriptor < 0 and not self.error:
                flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
                self._descriptor = os.open(self._path, flags, 0o644)
            while view and not self.error and not self.over_limit:
                view = view[os.write(self._descriptor, view) :]
        except OSError as error:
            self.error = f"{self._path}: {error.strerror}"

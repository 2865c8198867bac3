"""How often core tests failed that ever failed: kept from run to run in one file, changed under a lock."""

from __future__ import annotations

import fcntl
import json
import os

from readiness.record.write_aside import write_aside

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

PATH = ".readiness/flakes.json"


class FlakeStore:
    """While it is entered nobody else changes the file; `data` is what stands in it, None when there is none yet."""

    def __init__(self, root: str) -> None:
        self._path = os.path.join(root, PATH)
        self._lock = -1
        self.data: Any = None

    def __enter__(self) -> FlakeStore:
        """Raises OSError, or ValueError for a file that holds no JSON."""
        self._lock = os.open(f"{self._path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX)
            self.data = next(self._read(), None)
        except BaseException:
            os.close(self._lock)
            raise
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._lock)

    def write(self, data: Any) -> None:
        """Raises OSError when it cannot be written."""
        write_aside(self._path, json.dumps(data))

    def _read(self) -> Iterator[Any]:
        try:
            with open(self._path, encoding="utf-8") as file:
                yield json.load(file)
        except FileNotFoundError:
            return


def is_kept(root: str) -> bool:
    """Whether any test has failed so far."""
    return os.path.exists(os.path.join(root, PATH))

"""Writes the calls file and remembers what one call alone cannot tell: retries, and who was first."""

from __future__ import annotations

import os
from collections import OrderedDict
from typing import TYPE_CHECKING

from readiness.record.value import replace
from readiness.relay.call import REFUSED, RESET, TIMEOUT, TOO_MANY, UPSTREAM_5XX, line_of
from readiness.relay.counting import is_cold_start

if TYPE_CHECKING:
    from typing import Final

    from readiness.relay.call import Call

RETRIED: Final = frozenset((TOO_MANY, UPSTREAM_5XX, TIMEOUT, REFUSED, RESET))
"""Failures after which a client sends the same request once more."""
REMEMBERED: Final = 4096
"""Failed requests that are remembered, so that memory stays flat however long a run is."""


class Ledger:
    """Appends finished calls to a file, one whole line each, at once in the kernel's hands."""

    def __init__(self, path: str) -> None:
        """Open the file at `path`. Raises OSError."""
        self.written = 0
        self._file: Final = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        self._failed: Final[OrderedDict[tuple[str, int | None, str], int]] = OrderedDict()
        self._seen: Final[set[tuple[str, str]]] = set()

    def write(self, call: Call, said: str = "") -> Call:
        """Append a call with its retries and cold start filled in. `said` is the text of an error answer."""
        call = replace(
            call, retries=self._retries(call), cold_start=is_cold_start(self._first(call), call, said)
        )
        line = memoryview(line_of(call))
        while line:
            line = line[os.write(self._file, line) :]
        self.written += 1
        return call

    def close(self) -> None:
        os.close(self._file)

    def _first(self, call: Call) -> bool:
        who = (call.upstream, call.model)
        if not call.generation or who in self._seen:
            return False
        if not call.error:
            self._seen.add(who)
        return True

    def _retries(self, call: Call) -> int:
        """How often the same request of the same check has just failed."""
        if not call.request_key:
            return 0
        which = (call.check, call.trial, call.request_key)
        before = self._failed.pop(which, 0)
        if call.error in RETRIED:
            self._failed[which] = before + 1
            while len(self._failed) > REMEMBERED:
                self._failed.popitem(last=False)
        return before

"""Files outside of the project: HOME and TMPDIR are shared with every other program of their user.

What came there while a test ran may be anybody's. It is put back only where that test, run again in a copy, was seen
to write it.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from readiness_probe.tracing.files import FilesHolder

if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Iterable, List

    from readiness_probe.tracing.ledger import Leak

TESTS = 5
"""Tests that are run again for it at most, the latest first."""


def prove(leaks: Iterable[Leak], run: Callable[[int], Dict[str, Any]]) -> bool:
    """Whether there is anything among `leaks` that may be put back from now on. `run` runs one test once more."""
    by_test: Dict[int, List[Leak]] = {}
    for leak in leaks:
        if isinstance(leak.holder, FilesHolder) and leak.last.author.test >= 0:
            by_test.setdefault(leak.last.author.test, []).append(leak)
    proved = False
    for test in sorted(by_test, reverse=True)[:TESTS]:
        wrote = run(test).get("wrote", ())
        for leak in by_test[test]:
            if any(path == leak.last.name or path.startswith(leak.last.name + os.sep) for path in wrote):
                leak.holder.proved.add(leak.last.name)  # type: ignore[attr-defined]
                proved = True
    return proved

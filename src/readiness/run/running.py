"""A check while a worker holds it."""

from __future__ import annotations

import time

from readiness.record.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

    from readiness.config.model import Check
    from readiness.gate.plan import Item
    from readiness.run import cache
    from readiness.run.check_job import Prepared
    from readiness.run.repetition.repetition import Repetition

WAKE: Final = 1.0
"""Seconds beyond a check's deadline after which its worker may have been stopped."""


@value
class Running:
    """A check that a worker holds."""

    item: Item
    prepared: Prepared
    network: str
    home: str
    started_at: str
    key: cache.Key | None
    cache_miss: str
    repetition: Repetition | None
    overdue_at: float
    """When its worker must be ending it, on the monotonic clock; infinite without a deadline."""


def overdue_at(check: Check, *, timeouts: bool) -> float:
    """When a worker that starts the check now must be ending it, on the monotonic clock."""
    if check.timeout is None or not timeouts:
        return float("inf")
    return time.monotonic() + check.timeout + WAKE

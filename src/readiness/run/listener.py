"""Whom a run tells what happens, while it happens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from readiness.config.model import Check
    from readiness.record.result import CheckResult, ServiceResult


class Listener(Protocol):
    """Told by the conductor, on its one thread; must not block."""

    def started(self, check: Check, log: str) -> None: ...

    def finished(self, result: CheckResult) -> None: ...

    def service(self, service: ServiceResult) -> None: ...

    def interrupted(self, why: str) -> None: ...

    def mending(self, check: str, seconds: float) -> None:
        """Patches for the tests of a check that failed are being tried, for that long at most."""

    def beat(self, running: list[str]) -> None:
        """Called several times a second while something runs, with the names of the running checks."""

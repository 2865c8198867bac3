"""What the rules look at: the configuration, its project's folder, and each check's command as it was read."""

from __future__ import annotations

from functools import cached_property

from readiness.config.commands import CommandReader, of_pytest
from readiness.record.result import LintFinding

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Final

    from readiness.config.commands import PytestCall, Trace
    from readiness.config.model import Check, Config, Place

    AskGit = Callable[[tuple[str, ...]], tuple[int, bytes]]

ERROR: Final = "error"
WARNING: Final = "warning"
NOTE: Final = "note"


class Reading:
    """One check with what its command comes to."""

    def __init__(self, check: Check, trace: Trace) -> None:
        self.check = check
        self.trace = trace

    @cached_property
    def pytest_calls(self) -> tuple[PytestCall, ...]:
        return of_pytest(self.trace)


class Subject:
    """A configuration and the folder of its project."""

    def __init__(self, config: Config, root: str) -> None:
        self.config = config
        self.root = root
        self.reader = CommandReader(root)
        self.readings = [Reading(check, self._trace(check)) for check in config.checks]

    def _trace(self, check: Check) -> Trace:
        """A command over several lines is a block of the file, which begins below the line of its key."""
        first = check.run_place.line + ("\n" in check.run)
        return self.reader.trace(check.run, check.cwd, file=check.run_place.path, line=first)

    @property
    def top(self) -> str:
        """Where a finding stands that no single line causes."""
        return f"{self.config.path}:1"

    @property
    def may_contain_each_other(self) -> bool:
        """True when two checks of a lane run pytest."""
        seen = [reading.check.lane for reading in self.readings if reading.pytest_calls]
        return len(set(seen)) < len(seen)


def at(place: Place) -> str:
    """A place as findings write it."""
    return f"{place.path}:{place.line}"


def found(rule: str, severity: str, where: str, message: str, advice: str) -> LintFinding:
    """A finding; `where` is `file:line`."""
    return LintFinding(rule, severity, where, message, advice)


def listed(names: list[str], most: int = 3) -> str:
    """`a, b, c and 4 more`."""
    more = len(names) - most
    shown = ", ".join(names[:most])
    return f"{shown} and {more} more" if more > 0 else shown

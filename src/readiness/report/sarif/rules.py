"""Names of rules, and a sentence for each."""

from __future__ import annotations

from readiness.record.finding import CLASSES
from readiness.report.plain import plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

LINT, ISOLATION, TEST, CHECK = "lint", "isolation", "test", "check"

FAILURES: Final = {
    "failure": "A test failed.",
    "error": "A test could not be run to its end.",
    "timeout": "A test was still running when its time was over.",
    "swallowed": "An assertion that failed became a skip or a pass.",
    "leak": "A test leaves state changed.",
}


def rule(group: str, name: str) -> str:
    """`lint/duplicate-command`, `isolation/victim`, `test/failure`, `check/hollow`."""
    return f"{group}/{plain(name).strip() or 'other'}"


def description(name: str) -> str:
    group, _, kind = name.partition("/")
    if group == LINT:
        return f"The configuration breaks rule {kind} of docs/lint.md."
    if group == ISOLATION:
        return f"A test {CLASSES[kind]}." if kind in CLASSES else "Tests are not independent of each other."
    if group == TEST:
        return FAILURES.get(kind, "A test went wrong.")
    return f"A check ended {kind.replace('_', ' ')}."

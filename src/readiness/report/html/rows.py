"""The rows of the table of checks and tests, as data: the page's script shows some of them at a time."""

from __future__ import annotations

from readiness.record.outcome import Outcome
from readiness.report import wording
from readiness.report.html.markup import shortened
from readiness.report.html.signs import OUTCOMES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any, Final

    from readiness.record.record import Record
    from readiness.record.result import CheckResult

    Row = tuple[int, str, int, int, str, str, int]
    """0 for a check or 1 for a test, its name, its check's number, its outcome's number, how long it took, why, and
    the number of its story or -1."""

MOST_CHARACTERS: Final = 16_000_000
"""Of all rows together, so that a page opens; those after it are counted."""
LONGEST_NAME: Final = 300
LONGEST_WHY: Final = 240
NUMBERS: Final = {outcome: number for number, outcome in enumerate(Outcome)}
ENDED: Final = {
    "failure": Outcome.FAILED,
    "swallowed": Outcome.FAILED,
    "timeout": Outcome.TIMED_OUT,
    "error": Outcome.ERROR,
}


def table_data(record: Record, bad: Sequence[CheckResult], told: int) -> dict[str, Any]:
    """What the script reads: words for the outcomes, the names of the checks, and rows by importance.

    `bad` are the checks that did not pass, the first `told` of them with a story.
    """
    good = [check for check in record.checks if check.outcome is Outcome.PASSED]
    checks = [*bad, *good]
    rows, left = _fitting(_rows(checks, min(told, len(bad))))
    return {
        "outcomes": [
            (wording.outcome_word(outcome), wording.SYMBOLS[outcome], OUTCOMES[outcome])
            for outcome in Outcome
        ],
        "checks": [shortened(check.name, LONGEST_NAME) for check in checks],
        "rows": rows,
        "left": left,
        "unlisted": _unlisted(checks),
    }


def _rows(checks: Sequence[CheckResult], told: int) -> Iterator[Row]:
    """Every check, those that did not pass first; then the tests that failed; then those that were skipped."""
    for number, check in enumerate(checks):
        why = shortened(check.reason, LONGEST_WHY)
        name = shortened(check.name, LONGEST_NAME)
        story = number if number < told else -1
        yield 0, name, number, NUMBERS[check.outcome], wording.took(check), why, story
    for number, check in enumerate(checks):
        story = number if number < told else -1
        for one in check.failures:
            ended = NUMBERS[ENDED.get(one.kind, Outcome.ERROR)]
            place, said = shortened(one.where, LONGEST_WHY), shortened(one.message, LONGEST_WHY)
            why = shortened(f"{place} {said}".strip(), LONGEST_WHY)
            yield 1, shortened(one.test, LONGEST_NAME), number, ended, "", why, story
    for number, check in enumerate(checks):
        for skip in check.skips:
            why = shortened(skip.reason, LONGEST_WHY)
            yield 1, shortened(skip.test, LONGEST_NAME), number, NUMBERS[Outcome.SKIPPED], "", why, -1


def _fitting(rows: Iterator[Row]) -> tuple[list[Row], int]:
    """The first rows that fit, and how many do not."""
    room, shown, left = MOST_CHARACTERS, [], 0
    for row in rows:
        room -= len(row[1]) + len(row[5]) + 40
        if room < 0:
            left += 1
        else:
            shown.append(row)
    return shown, left


def _unlisted(checks: Sequence[CheckResult]) -> int:
    """Tests that the record only counts: those that passed, and failures and skips beyond its own limits."""
    counted = sum(one.counts.executed + one.counts.errors + one.counts.skipped for one in checks)
    listed = sum(len(one.failures) + len(one.skips) for one in checks)
    return max(0, counted - listed)

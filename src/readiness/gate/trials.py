"""From the verdicts of a check's repeated tests to the check's outcome."""

from __future__ import annotations

from readiness.record import trials as words
from readiness.record.outcome import Outcome

TYPE_CHECKING = False
if TYPE_CHECKING:
    from readiness.record.trials import CheckTrials, TestTrials

ORDER = (
    (words.NOT_READY, Outcome.FAILED),
    (words.ERROR, Outcome.ERROR),
    (words.HOLLOW, Outcome.HOLLOW),
    (words.INCONCLUSIVE, Outcome.INCONCLUSIVE),
)
"""What one test is enough for, the worst first."""


def judge_trials(trials: CheckTrials) -> tuple[Outcome, str] | None:
    """The outcome and the reason for it; None when every test that ran is READY, which lets the check pass."""
    if trials.problem:
        return Outcome.ERROR, trials.problem
    for verdict, outcome in ORDER:
        found = [one for one in trials.tests if one.verdict == verdict]
        if found:
            return outcome, _because(found, len(trials.tests))
    return None


def what_was_shown(trials: CheckTrials) -> str:
    """`3 tests READY in 57 trials; errors: 5% …`."""
    ready = [one for one in trials.tests if one.verdict == words.READY]
    made = sum(one.trials for one in ready)
    return f"{_tests(len(ready))} READY in {made} trials ({error_rates(trials.alpha, trials.beta)})"


def error_rates(alpha: float, beta: float) -> str:
    """Both risks that a verdict by trials carries."""
    return f"a bad test passes with a chance of at most {beta:.3g}, a good one fails of at most {alpha:.3g}"


def _because(found: list[TestTrials], of: int) -> str:
    """The first one with its figures, and how many there are."""
    first = found[0]
    name = first.test or "the command"
    many = f"{len(found)} of {_tests(of)} {first.verdict}: " if of > 1 else ""
    reason = f": {first.reason.splitlines()[0]}" if first.reason.strip() else ""
    return f"{many}{name} {first.verdict} ({figures(first)}){reason}"


def figures(one: TestTrials) -> str:
    """`3 of 5 trials passed, zone 0.8 to 0.95`, with what was left out."""
    left_out = (
        (one.capacity, "lost to the infrastructure"),
        (one.duplicates, "counted once as duplicates"),
        (one.hollow, "hollow"),
        (one.errors, "in error"),
    )
    said = "".join(f", {number} {what}" for number, what in left_out if number)
    return f"{one.passes} of {one.trials} trials passed{said}; zone {one.bad:g} to {one.good:g}"


def _tests(number: int) -> str:
    return f"{number} test" if number == 1 else f"{number} tests"

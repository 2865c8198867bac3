"""Tests that were judged by repeated trials: a line each, and the path of the evidence where it did not end in READY."""

from __future__ import annotations

from readiness.record import trials as words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Final

    from readiness.record.record import LaneStatus
    from readiness.record.result import CheckResult
    from readiness.record.trials import TestTrials

SHOWN: Final = 12
"""Tests of a check that have a line in a summary; the others are counted."""
PLOT_COLUMNS: Final = 60
PLOT_ROWS: Final = 5
MOST_POWER: Final = 9.21
"""The natural logarithm of the largest e-value that is written as a plain number: ten thousand."""


def line(one: TestTrials) -> str:
    """`READY test_a.py::test_a  18/200 trials, 18 passed, rate 0.81..1, e 22 against p<=0.8, 32 calls saved`."""
    made, rate, evidence, more = cells(one)
    parts = [made, *([f"rate {rate}", f"e {evidence}"] if one.trials else []), *([more] if more else [])]
    return f"{one.verdict} {one.test or 'the command'}  {', '.join(parts)}"


def cells(one: TestTrials) -> tuple[str, str, str, str]:
    """Trials made of those allowed, the interval of the rate, the e-value, and what else there was."""
    counted = (
        (one.carried, "from earlier runs"),
        (one.capacity, "lost to the infrastructure"),
        (one.duplicates, "duplicates counted once"),
        (one.hollow, "hollow"),
        (one.errors, "in error"),
        (one.calls_saved, f"calls saved against the fixed test of {one.fixed}"),
    )
    made = f"{one.trials}/{max(one.cap, one.trials)} trials, {one.passes} passed"
    return (
        made,
        _rate(one),
        _e_value(one),
        ", ".join(f"{number} {what}" for number, what in counted if number),
    )


def lines(check: CheckResult) -> Iterator[str]:
    """What a summary shows of a check's trials; nothing for a check that was judged by one run."""
    if check.trials is None:
        return
    # The worst first: of many tests only some are shown.
    tests = sorted(check.trials.tests, key=lambda one: one.verdict == words.READY)
    for one in tests[:SHOWN]:
        yield line(one)
        yield from (f"  {said}" for said in (one.note, *_infrastructure(one), *_clustered(one)) if said)
    if len(tests) > SHOWN:
        yield f"and {len(tests) - SHOWN} more tests"


def plotted(check: CheckResult) -> Iterator[str]:
    """The path of the evidence of the first test that is not READY, between the two verdicts."""
    open_ones = [one for one in check.trials.tests if one.verdict != words.READY] if check.trials else []
    if not open_ones or not open_ones[0].trials:
        return
    from readiness.trials.wording import plot
    from readiness.trials.zone import Zone

    one = open_ones[0]
    zone = Zone(one.good, one.bad, one.alpha, one.beta)
    yield from plot(zone, [letter == "P" for letter in one.path], columns=PLOT_COLUMNS, rows=PLOT_ROWS)


def lane_rates(status: LaneStatus) -> str:
    """The error rates that the verdict of a lane carries; empty where it carries none."""
    if status.alpha is None or status.beta is None:
        return ""
    return f"errors: good failed <= {status.alpha:.2g}, bad passed <= {status.beta:.2g}"


def _infrastructure(one: TestTrials) -> Iterator[str]:
    if one.best != one.worst:
        yield f"had the {one.capacity} lost trials passed: {one.best}; had they failed: {one.worst}"


def _clustered(one: TestTrials) -> Iterator[str]:
    if one.correlation:
        yield (
            f"trials of one prompt resemble each other (correlation {one.correlation:.2g} over {one.prompts} prompts): "
            f"for prompts in general they are worth {one.effective:.3g} independent ones"
        )


def _rate(one: TestTrials) -> str:
    """Rounded outwards."""
    import math

    return f"{math.floor(one.low * 100) / 100:g}..{math.ceil(one.high * 100) / 100:g}"


def _e_value(one: TestTrials) -> str:
    import math

    against = f"p<={one.bad:g}" if one.log_e >= 0 else f"p>={one.good:g}"
    log = abs(one.log_e)
    shown = f"{math.exp(log):.2g}" if log < MOST_POWER else f"1e{log / math.log(10):.0f}"
    return f"{shown} against {against}"

"""The trials of one test in words, as a small plot for a terminal, and as plain data for a page."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from readiness.trials.decision import Decision, first_crossing
from readiness.trials.evidence import Evidence
from readiness.trials.interval import interval

if TYPE_CHECKING:
    from collections.abc import Sequence

    from readiness.trials.zone import Zone


def trials_line(
    test: str,
    zone: Zone,
    evidence: Evidence,
    decision: Decision,
    cap: int | None = None,
    lost: int = 0,
    width: int = 0,
) -> str:
    """One line: verdict, test, trials of the cap, passes, interval, e-value; what was lost, if anything.

    `zone` is the one it was judged by. `width` pads the test's name, so that lines stand in columns.
    """
    word = "INCONCLUSIVE" if decision is Decision.UNDECIDED else decision.value
    made = f"{evidence.trials}/{cap}" if cap is not None else f"{evidence.trials}"
    tail = f", {lost} lost to the infrastructure" if lost else ""
    return (
        f"{word:<12}  {test:<{width}}  {made} trials, {evidence.passes} passed, "
        f"rate {rate_words(zone, evidence, cap)}, e {e_words(zone, evidence)}{tail}"
    )


def rate_words(zone: Zone, evidence: Evidence, cap: int | None = None) -> str:
    """The interval, rounded outwards: `0.81..1`."""
    found = interval(zone, evidence, cap)
    low, high = math.floor(found.low * 100) / 100, math.ceil(found.high * 100) / 100
    return f"{low:g}..{high:g}"


def e_words(zone: Zone, evidence: Evidence) -> str:
    """The e-value of the side that the evidence speaks for: `22 against p<=0.8`."""
    log = evidence.log_e(zone)
    against = f"p<={zone.bad:g}" if log >= 0.0 else f"p>={zone.good:g}"
    return f"{_power(abs(log))} against {against}"


def saved_words(made: int, fixed: int) -> str:
    """How many trials the fixed test of the same errors would have made more, or fewer."""
    if made <= fixed:
        return f"{made} trials instead of {fixed} ({fixed - made} saved)"
    return f"{made} trials instead of {fixed} ({made - fixed} more)"


def path_data(zone: Zone, outcomes: Sequence[bool], cap: int | None = None) -> dict[str, Any]:
    """The path of the evidence for a page: log e-value after each trial up to the verdict, and the two bars."""
    found = first_crossing(zone, outcomes)
    return {
        "good": zone.good,
        "bad": zone.bad,
        "alpha": zone.alpha,
        "beta": zone.beta,
        "ready_at": zone.ready_at,
        "not_ready_at": zone.not_ready_at,
        "cap": cap,
        "decision": found.decision.value,
        "passes": found.evidence.passes,
        "fails": found.evidence.fails,
        "outcomes": "".join("P" if passed else "F" for passed in outcomes[: found.evidence.trials]),
        "log_e": [round(one, 6) for one in _path(zone, outcomes[: found.evidence.trials])],
    }


def plot(
    zone: Zone, outcomes: Sequence[bool], *, columns: int = 60, rows: int = 9, ascii_only: bool = False
) -> tuple[str, ...]:
    """The path of the evidence between its two bars, as lines of at most `columns` characters.

    Raises ValueError below 20 columns or 5 rows.
    """
    if columns < 20 or rows < 5:
        raise ValueError(f"{columns} by {rows} characters are too few for a plot")
    path = _path(zone, outcomes[: first_crossing(zone, outcomes).evidence.trials])
    labels = {0: "READY", rows - 1: "NOT READY"}
    room = columns - len("NOT READY ") - 1
    cells = _cells(zone, path, room, rows, ascii_only)
    edge = "|" if ascii_only else "┤"
    lines = [f"{labels.get(row, ''):>9} {edge}{''.join(cells[row])}".rstrip() for row in range(rows)]
    return (*lines, f"{'':>9}  trial 1 to {len(path)}" if path else f"{'':>9}  no trials")


def _cells(zone: Zone, path: Sequence[float], columns: int, rows: int, ascii_only: bool) -> list[list[str]]:
    """A grid of characters: the bars in the first and last row, a dot for each column of the path."""
    bar, dot = ("-", "*") if ascii_only else ("─", "●")
    cells = [[bar if row in (0, rows - 1) else " "] * columns for row in range(rows)]
    shown = min(len(path), columns)
    for column in range(shown):
        # The last trial of those that share a column, so that the verdict is always seen.
        level = path[(column + 1) * len(path) // shown - 1]
        share = (zone.ready_at - level) / (zone.ready_at - zone.not_ready_at)
        cells[_row(share, rows, inside=zone.not_ready_at < level < zone.ready_at)][column] = dot
    return cells


def _row(share: float, rows: int, *, inside: bool) -> int:
    """A path that has not reached a bar is never drawn on it."""
    row = round(share * (rows - 1))
    return min(rows - 2, max(1, row)) if inside else min(rows - 1, max(0, row))


def _path(zone: Zone, outcomes: Sequence[bool]) -> list[float]:
    evidence = Evidence()
    path = []
    for passed in outcomes:
        evidence = evidence.add(passed)
        path.append(evidence.log_e(zone))
    return path


def _power(log: float) -> str:
    """exp(log) with two digits; as a power of ten where that is no longer a number one reads."""
    return f"{math.exp(log):.2g}" if log < math.log(1e4) else f"1e{log / math.log(10):.0f}"

"""The path of the evidence as a small plot for a terminal and as plain data for a page, and who is failing."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Any

from readiness.trials.decision import Decision
from readiness.trials.evidence import Evidence
from readiness.trials.many_checks import failing_by_holm

if TYPE_CHECKING:
    from collections.abc import Sequence

    from readiness.record.trials import CheckTrials
    from readiness.trials.zone import Zone


def proven_failing(found: CheckTrials) -> tuple[str, ...]:
    """Tests of a check that are named failing, strongest first; by Holm's procedure at the check's own alpha.

    With a chance of at most that alpha any of them is good.
    """
    if not 0.0 < found.alpha < 1.0:
        return ()
    return failing_by_holm({one.test: -one.log_e for one in found.tests}, found.alpha)


def path_data(
    zone: Zone, outcomes: Sequence[bool], cap: int | None = None, before: Evidence | None = None
) -> dict[str, Any]:
    """The path of the evidence for a page: the log e-value after each trial, and the two bars.

    `before` is what was known before the first of these outcomes.
    """
    return {
        "good": zone.good,
        "bad": zone.bad,
        "alpha": zone.alpha,
        "beta": zone.beta,
        "ready_at": round(zone.ready_at, 6),
        "not_ready_at": round(zone.not_ready_at, 6),
        "cap": cap,
        "first": 1 + (before.trials if before else 0),
        "outcomes": "".join("P" if passed else "F" for passed in outcomes),
        "log_e": [round(level, 6) for level in _levels(zone, outcomes, before)],
    }


def plot(
    zone: Zone,
    outcomes: Sequence[bool],
    *,
    columns: int = 60,
    rows: int = 7,
    ascii_only: bool = False,
    before: Evidence | None = None,
) -> tuple[str, ...]:
    """The path of the evidence between its two bars, as lines of at most `columns` characters.

    `before` is what was known before the first of these outcomes. Raises ValueError below 20 columns or 5 rows.
    """
    if columns < 20 or rows < 5:
        raise ValueError(f"{columns} by {rows} characters are too few for a plot")
    levels = _levels(zone, outcomes, before)
    labels = {0: Decision.READY.value, rows - 1: Decision.NOT_READY.value}
    cells = _cells(zone, levels, columns - len("NOT READY ") - 1, rows, ascii_only)
    edge = "|" if ascii_only else "┤"
    lines = [f"{labels.get(row, ''):>9} {edge}{''.join(cells[row])}".rstrip() for row in range(rows)]
    known = before.trials if before else 0
    last = f"trial {known + 1} to {known + len(levels)}" if levels else "no trials"
    return (*lines, f"{'':>9}  {last}")


def _cells(zone: Zone, levels: Sequence[float], columns: int, rows: int, ascii_only: bool) -> list[list[str]]:
    """A grid of characters: the bars in the first and last row, a dot for each column of the path."""
    bar, dot = ("-", "*") if ascii_only else ("─", "●")
    cells = [[bar if row in (0, rows - 1) else " "] * columns for row in range(rows)]
    shown = min(len(levels), columns)
    for column in range(shown):
        # The last trial of those that share a column, so that the verdict is always seen.
        level = levels[(column + 1) * len(levels) // shown - 1]
        share = (zone.ready_at - level) / (zone.ready_at - zone.not_ready_at)
        cells[_row(share, rows, inside=zone.not_ready_at < level < zone.ready_at)][column] = dot
    return cells


def _row(share: float, rows: int, *, inside: bool) -> int:
    """A path that has not reached a bar is never drawn on it."""
    row = round(share * (rows - 1))
    return min(rows - 2, max(1, row)) if inside else min(rows - 1, max(0, row))


def _levels(zone: Zone, outcomes: Sequence[bool], before: Evidence | None) -> list[float]:
    """The log e-value after each outcome, from whole numbers: a sum of steps would miss a bar that it just reaches."""
    path = accumulate(outcomes, Evidence.add, initial=before or Evidence())
    return [evidence.log_e(zone) for evidence in path][1:]

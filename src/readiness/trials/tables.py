"""What `readiness trials` prints: lines from plans, calibrations and comparisons."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from readiness.trials.paired import Comparison

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from readiness.trials.baseline import TestComparison
    from readiness.trials.calibration import Calibration, Share
    from readiness.trials.planner import TrialPlan
    from readiness.trials.zone import Zone

PLAN_HEAD: Final = ("true rate", "READY", "NOT READY", "INCONCLUSIVE", "trials", "95% within", "of fixed")


def plan_lines(plan: TrialPlan) -> Iterator[str]:
    """A plan as a table: a row for each true rate."""
    zone, fixed = plan.zone, plan.fixed
    yield f"READY at {zone.good:g} (wrong at most {_percent(zone.alpha)}), NOT READY at {zone.bad:g} (wrong at most {_percent(zone.beta)})"
    yield f"fixed test of the same errors: {fixed.trials} trials, READY from {fixed.least_passes} passes"
    yield "no budget" if plan.budget is None else f"budget: {plan.budget} trials"
    rows: list[tuple[str, ...]] = [PLAN_HEAD]
    rows += [
        (
            f"{row.rate:g}",
            _percent(row.ready),
            _percent(row.not_ready),
            _percent(row.inconclusive),
            f"{row.mean_trials:.1f}",
            str(row.percentile_95),
            _percent(row.share),
        )
        for row in plan.rows
    ]
    yield from _columns(rows)


def calibration_lines(found: Iterable[Calibration], zone: Zone) -> Iterator[str]:
    """A calibration as blocks of lines, one for each test."""
    for one in found:
        yield f"{_word(one)}  {one.test}  {one.trials} trials, {one.passes} passed, resampled in blocks of {one.block}"
        for share, words, bound in (
            (one.same, "it was called worse than itself in", "at most"),
            (one.good, f"moved to {zone.good:g} it was NOT READY in", "at most"),
            (one.missed, f"moved to {zone.bad:g} it was READY in", "at most"),
            (one.caught, f"moved to {zone.bad:g} it was NOT READY in", "at least"),
        ):
            if share is not None:
                yield _share_line(share, words, bound)


def comparison_lines(found: Iterable[TestComparison]) -> Iterator[str]:
    """A comparison with the baseline, a line for each test."""
    for one in found:
        pairs, word = one.result.pairs, one.result.comparison
        changed = f"; changed: {', '.join(one.differing)}" if one.differing else ""
        alone = f"; {one.alone} without a partner" if one.alone else ""
        yield (
            f"{word.upper():<9}  {one.test}  {pairs.worse} worse, {pairs.better} better, {pairs.same} the same, "
            f"e {_e_value(one.result.log_e, word)}{alone}{changed}"
        )


def _word(one: Calibration) -> str:
    if not one.enough:
        return "TOO FEW"
    return "HOLDS  " if one.holds else "BROKEN "


def _share_line(share: Share, words: str, bound: str) -> str:
    limit = max(0.0, share.bound)
    mark = "" if share.holds else "  <- does not hold"
    return f"    {words} {_percent(share.share)} of {share.of} ({bound} {_percent(limit)}){mark}"


def _e_value(log_e: float, word: Comparison) -> str:
    """Against what the verdict denies; when undecided, against what the pairs speak against."""
    worse = word is Comparison.WORSE or (word is Comparison.UNDECIDED and log_e >= 0.0)
    return f"{math.exp(min(50.0, abs(log_e))):.2g} {'for' if worse else 'against'} worse"


def _percent(share: float) -> str:
    """With one digit; what is next to nothing, or to all, is not shown as that."""
    if 0.0 < share < 0.0005:
        return "<0.1%"
    return ">99.9%" if 0.9995 < share < 1.0 else f"{share:.1%}"


def _columns(rows: list[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))

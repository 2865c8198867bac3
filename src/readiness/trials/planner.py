"""What a zone costs before a single trial is made: exact figures at each true rate, next to the fixed test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from readiness.trials.boundary import operating
from readiness.trials.fixed_test import FixedTest, fixed_test

if TYPE_CHECKING:
    from collections.abc import Iterable

    from readiness.trials.zone import Zone


@dataclass(frozen=True)
class Row:
    """What happens at one true rate. `share` is the mean number of trials, as a share of the fixed test's."""

    rate: float
    ready: float
    not_ready: float
    inconclusive: float
    mean_trials: float
    percentile_95: int
    share: float


@dataclass(frozen=True)
class TrialPlan:
    """A zone with one row for each true rate, highest first. `budget` is a number of trials, None for no end."""

    zone: Zone
    budget: int | None
    fixed: FixedTest
    rows: tuple[Row, ...]


def plan_trials(zone: Zone, budget: int | None = None, rates: Iterable[float] = ()) -> TrialPlan:
    """Exact figures at these rates, or at those of interest for the zone. Raises TooLarge."""
    fixed = fixed_test(zone)
    chosen = sorted(set(rates) or _of_interest(zone), reverse=True)
    return TrialPlan(zone, budget, fixed, tuple(_row(zone, budget, rate, fixed) for rate in chosen))


def _of_interest(zone: Zone) -> set[float]:
    """A thing that never fails, the zone's ends and middle, and what is clearly broken."""
    middle = (zone.good + zone.bad) / 2.0
    return {
        1.0,
        zone.good,
        round(middle, 6),
        zone.bad,
        round(zone.bad * 0.75, 6),
        round(zone.bad * 0.5, 6),
        0.0,
    }


def _row(zone: Zone, budget: int | None, rate: float, fixed: FixedTest) -> Row:
    found = operating(zone, rate, budget)
    return Row(
        rate,
        found.ready,
        found.not_ready,
        found.inconclusive,
        found.mean_trials,
        found.percentile(0.95),
        found.mean_trials / fixed.trials,
    )

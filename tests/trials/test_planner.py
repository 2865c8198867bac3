from __future__ import annotations

import pytest

from readiness.trials.boundary import operating
from readiness.trials.planner import plan_trials
from readiness.trials.zone import Zone


def test_the_figures_required_of_the_first_zone() -> None:
    """At most 0.65 of the fixed test at good, 0.40 at 1.0, errors within bounds (exact, not simulated)."""
    plan = plan_trials(Zone())
    rows = {row.rate: row for row in plan.rows}
    assert (plan.fixed.trials, plan.fixed.least_passes) == (50, 45)
    assert rows[0.95].share <= 0.65
    assert rows[1.0].share <= 0.40
    assert rows[0.95].not_ready <= 0.05
    assert rows[0.80].ready <= 0.05


def test_a_row_is_what_the_exact_computation_says() -> None:
    zone = Zone(0.9, 0.7)
    (row,) = plan_trials(zone, 25, [0.85]).rows
    found = operating(zone, 0.85, 25)
    assert (row.ready, row.not_ready, row.inconclusive) == (found.ready, found.not_ready, found.inconclusive)
    assert (row.mean_trials, row.percentile_95) == (found.mean_trials, found.percentile(0.95))
    assert row.inconclusive > 0.1


def test_rates_come_once_and_highest_first() -> None:
    rates = [row.rate for row in plan_trials(Zone(), None, [0.5, 0.9, 0.5]).rows]
    assert rates == [0.9, 0.5]
    chosen = [row.rate for row in plan_trials(Zone()).rows]
    assert chosen == sorted(chosen, reverse=True)
    assert {1.0, 0.95, 0.80, 0.0} < set(chosen)


def test_a_budget_that_is_too_small_is_inconclusive() -> None:
    rows = {row.rate: row for row in plan_trials(Zone(), 10).rows}
    assert rows[1.0].inconclusive == 1.0
    assert rows[0.0].inconclusive == 0.0
    assert rows[0.0].not_ready == pytest.approx(1.0)

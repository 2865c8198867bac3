from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readiness.trials.evidence import Evidence
from readiness.trials.mixture import log_e_above, log_e_below


def mean_of_running_maximum_crossing(rate: Fraction, bound: float, bar: float, trials: int) -> Fraction:
    """Exact chance that the e-value against "at most bound" is ever at least `bar` in so many trials."""
    paths, crossed = {(0, 0): Fraction(1)}, Fraction(0)
    for _ in range(trials):
        after: dict[tuple[int, int], Fraction] = {}
        for (passes, fails), chance in paths.items():
            for end, share in (((passes + 1, fails), rate), ((passes, fails + 1), 1 - rate)):
                if log_e_above(Evidence(*end), bound) >= math.log(bar):
                    crossed += chance * share
                else:
                    after[end] = after.get(end, Fraction(0)) + chance * share
        paths = after
    return crossed


@pytest.mark.parametrize("rate", [Fraction(1, 2), Fraction(4, 5)])
def test_it_seldom_speaks_against_what_is_true(rate: Fraction) -> None:
    crossed = mean_of_running_maximum_crossing(rate, 0.8, 10.0, 40)
    assert crossed <= Fraction(1, 10)


def test_it_speaks_for_any_rate_above_the_bound() -> None:
    assert mean_of_running_maximum_crossing(Fraction(19, 20), 0.5, 20.0, 40) > Fraction(95, 100)
    assert log_e_above(Evidence(900, 100), 0.8) > 20
    assert log_e_above(Evidence(850, 150), 0.8) > 4


def test_below_is_above_turned_round() -> None:
    assert log_e_below(Evidence(3, 9), 0.7) == pytest.approx(log_e_above(Evidence(9, 3), 0.3))


def test_nothing_says_nothing() -> None:
    assert log_e_above(Evidence(), 0.8) == pytest.approx(0.0)
    assert log_e_below(Evidence(), 0.8) == pytest.approx(0.0)


@settings(deadline=None)
@given(st.integers(0, 100), st.integers(0, 100), st.floats(0.01, 0.99))
def test_a_pass_speaks_for_above_and_a_failure_for_below(passes: int, fails: int, bound: float) -> None:
    here = Evidence(passes, fails)
    assert log_e_above(here.add(True), bound) >= log_e_above(here, bound) - 1e-9
    assert log_e_below(here.add(False), bound) >= log_e_below(here, bound) - 1e-9


@pytest.mark.parametrize("bound", [0.0, 1.0, -1.0])
def test_a_bound_at_the_edge_is_refused(bound: float) -> None:
    with pytest.raises(ValueError, match="bound"):
        log_e_above(Evidence(1, 0), bound)

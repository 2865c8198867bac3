from __future__ import annotations

import math
import time
from fractions import Fraction

import pytest
from hypothesis import given, settings

from readiness.trials.boundary import TooLarge
from readiness.trials.fixed_test import FixedTest, _least_length, fixed_test
from readiness.trials.zone import Zone


def at_least(trials: int, passes: int, rate: Fraction) -> Fraction:
    return sum(
        (math.comb(trials, k) * rate**k * (1 - rate) ** (trials - k) for k in range(passes, trials + 1)),
        Fraction(0),
    )


@pytest.mark.parametrize(
    ("good", "bad", "expected"),
    [
        ("0.95", "0.8", FixedTest(50, 45)),
        ("0.9", "0.7", FixedTest(41, 34)),
        ("0.99", "0.95", FixedTest(181, 177)),
    ],
)
def test_it_is_the_shortest_that_keeps_both_errors(good: str, bad: str, expected: FixedTest) -> None:
    found = fixed_test(Zone(float(good), float(bad)))
    assert found == expected
    high, low, risk = Fraction(good), Fraction(bad), Fraction(1, 20)

    def keeps(trials: int, passes: int) -> bool:
        return 1 - at_least(trials, passes, high) <= risk and at_least(trials, passes, low) <= risk

    assert keeps(found.trials, found.least_passes)
    # One trial fewer does not do it, wherever the bar: each error alone already forces it to another side.
    shorter = found.trials - 1
    highest = max(c for c in range(shorter - 12, shorter + 1) if 1 - at_least(shorter, c, high) <= risk)
    assert at_least(shorter, highest, low) > risk


def test_the_chance_of_ready_is_the_binomial_one() -> None:
    assert FixedTest(50, 45).ready(0.8) == pytest.approx(float(at_least(50, 45, Fraction(4, 5))), abs=1e-13)
    assert (FixedTest(5, 3).ready(1.0), FixedTest(5, 3).ready(0.0)) == (1.0, 0.0)


@pytest.mark.parametrize("rate", [Fraction(0), Fraction(1, 3), Fraction(9, 10), Fraction(1)])
def test_stopping_early_is_counted_exactly(rate: Fraction) -> None:
    test = FixedTest(9, 7)
    mean, paths = Fraction(0), {(0, 0): Fraction(1)}
    while paths:
        (passes, fails), chance = paths.popitem()
        if passes == 7 or fails == 3:
            mean += chance * (passes + fails)
            continue
        for end, share in (((passes + 1, fails), rate), ((passes, fails + 1), 1 - rate)):
            mean_chance = chance * share
            if mean_chance:
                paths[end] = paths.get(end, Fraction(0)) + mean_chance
    assert test.curtailed_mean(float(rate)) == pytest.approx(float(mean), abs=1e-9)


@given(zone=...)
@settings(deadline=None, max_examples=40)
def test_no_test_is_shorter_than_the_bound(zone: Zone) -> None:
    assert _least_length(zone) <= fixed_test(zone).trials


def test_any_zone_that_is_one_can_be_compared() -> None:
    """The runner asks for it whatever the zone is: it must answer, and soon."""
    began = time.process_time()
    narrow = fixed_test(Zone(0.5073, 0.5, 1e-5, 1e-5))
    assert 200_000 < narrow.trials < 1_000_000
    assert time.process_time() - began < 10


def test_it_does_not_search_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("readiness.trials.fixed_test.MOST_TRIALS", 49)
    with pytest.raises(TooLarge, match="more than 49 trials"):
        fixed_test(Zone())

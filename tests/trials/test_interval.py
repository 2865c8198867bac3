from __future__ import annotations

import itertools
import math
import time
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readiness.trials.boundary import stops, total
from readiness.trials.decision import Decision
from readiness.trials.evidence import Evidence
from readiness.trials.interval import any_time, interval
from readiness.trials.zone import Zone

GRID = [step / 50 for step in range(51)]


def coverage(zone: Zone, cap: int, rates: list[float], level: float = 0.95, *, told: bool = True) -> float:
    """Least exact chance, over these rates, that the interval at the end holds the rate; `told` whether of the cap."""
    ends = {
        stop: interval(zone, Evidence(stop.passes, stop.fails), cap if told else None, level)
        for stop in stops(zone, cap, curtailed=told)
    }
    return min(
        total((stop for stop, found in ends.items() if found.low <= rate <= found.high), rate)
        for rate in rates
    )


@pytest.mark.parametrize(("zone", "cap"), [(Zone(), 45), (Zone(0.7, 0.4, 0.1, 0.1), 25), (Zone(), 7)])
@pytest.mark.parametrize("told", [True, False])
def test_it_covers_the_true_rate(zone: Zone, cap: int, told: bool) -> None:
    assert coverage(zone, cap, GRID, told=told) >= 0.95


@settings(max_examples=15, deadline=None)
@given(zone=..., cap=st.integers(1, 25), rate=st.floats(0, 1), level=st.sampled_from([0.8, 0.9, 0.99]))
def test_it_covers_in_any_zone(zone: Zone, cap: int, rate: float, level: float) -> None:
    assert coverage(zone, cap, [rate], level) >= level - 1e-9


def test_the_usual_one_would_not_cover() -> None:
    """What it is for: Clopper and Pearson's interval at the verdict misses its level."""
    zone, cap, rate = Zone(), 60, 0.81

    def usual_holds(passes: int, trials: int) -> bool:
        chances = [math.comb(trials, k) * rate**k * (1 - rate) ** (trials - k) for k in range(trials + 1)]
        return sum(chances[passes:]) >= 0.025 and sum(chances[: passes + 1]) >= 0.025

    covered = total((one for one in stops(zone, cap) if usual_holds(one.passes, one.trials)), rate)
    assert covered < 0.93
    assert coverage(zone, cap, [rate]) >= 0.95


def test_without_a_verdict_to_wait_for_it_is_clopper_and_pearson() -> None:
    """Undecided after so few trials that none could have been: nothing was adjusted."""
    found = interval(Zone(), Evidence(1, 1))
    # P(S >= 1) = 1 - (1 - p)^2 = 0.025.
    assert found.low == pytest.approx(1 - math.sqrt(0.975), abs=1e-9)
    assert found.high == pytest.approx(math.sqrt(0.975), abs=1e-9)


def test_a_verdict_at_the_first_chance_is_the_most_extreme_end() -> None:
    ready, broken = interval(Zone(), Evidence(18, 0)), interval(Zone(), Evidence(0, 3))
    assert ready.high == 1.0
    assert ready.low == pytest.approx(0.025 ** (1 / 18), abs=1e-9)
    assert broken.low == 0.0
    assert broken.high == pytest.approx(1 - 0.025 ** (1 / 3), abs=1e-9)


def test_the_order_of_the_ends_is_the_order_of_the_intervals() -> None:
    zone, cap = Zone(0.8, 0.5), 30
    ends = stops(zone, cap, curtailed=False)
    rank = {Decision.NOT_READY: 0, Decision.UNDECIDED: 1, Decision.READY: 2}
    later = {Decision.NOT_READY: 1, Decision.UNDECIDED: 0, Decision.READY: -1}
    ordered = sorted(ends, key=lambda one: (rank[one.decision], later[one.decision] * one.trials, one.passes))
    found = [interval(zone, Evidence(one.passes, one.fails), cap) for one in ordered]
    for below, above in itertools.pairwise(found):
        assert below.low <= above.low + 1e-9
        assert below.high <= above.high + 1e-9


@given(zone=..., evidence=...)
@settings(deadline=None)
def test_it_holds_the_observed_rate(zone: Zone, evidence: Evidence) -> None:
    found = interval(zone, evidence)
    assert 0.0 <= found.low <= found.high <= 1.0
    if evidence.trials and found.method == "any-time":
        assert found.low <= evidence.passes / evidence.trials <= found.high


def test_nothing_known_is_everything_possible() -> None:
    found = interval(Zone(), Evidence())
    assert (found.low, found.high) == (0.0, 1.0)


def test_trials_that_went_on_after_the_verdict_get_the_wider_one() -> None:
    found = interval(Zone(), Evidence(30, 0))
    assert found.method == "any-time"
    assert interval(Zone(), Evidence(18, 0)).method == "stagewise"


def test_cut_off_before_the_cap_it_allows_for_the_rest() -> None:
    told, untold = interval(Zone(), Evidence(28, 1), 30), interval(Zone(), Evidence(28, 1))
    # 28 of 29 is a verdict already passed; the ends around it do not depend on the cap.
    assert told == untold
    near = next(one for one in stops(Zone(), 30) if one.decision is Decision.UNDECIDED and one.trials == 29)
    evidence = Evidence(near.passes, near.fails)
    wide, narrow = interval(Zone(), evidence, 30), interval(Zone(), evidence)
    assert wide.low <= narrow.low
    assert wide.high >= narrow.high


def test_the_any_time_interval_holds_along_the_whole_path() -> None:
    """Exact chance of ever missing the rate in 40 trials, looking after each."""
    rate = Fraction(4, 5)
    bounds: dict[tuple[int, int], bool] = {}
    paths, missed = {(0, 0): Fraction(1)}, Fraction(0)
    for _ in range(40):
        after: dict[tuple[int, int], Fraction] = {}
        for (passes, fails), chance in paths.items():
            for end, share in (((passes + 1, fails), rate), ((passes, fails + 1), 1 - rate)):
                if end not in bounds:
                    found = any_time(Evidence(*end))
                    bounds[end] = found.low <= rate <= found.high
                if bounds[end]:
                    after[end] = after.get(end, Fraction(0)) + chance * share
                else:
                    missed += chance * share
        paths = after
    assert 0 < missed <= Fraction(1, 20)


@pytest.mark.parametrize(("zone", "cap"), [(Zone(), 400), (Zone(0.99, 0.95), 800), (Zone(0.99, 0.98), 400)])
def test_it_is_quick_enough_to_watch(zone: Zone, cap: int) -> None:
    slowest = max(stops(zone, cap), key=lambda one: one.trials)
    stops.cache_clear()
    began = time.process_time()
    interval(zone, Evidence(slowest.passes, slowest.fails), cap)
    assert time.process_time() - began < 0.25

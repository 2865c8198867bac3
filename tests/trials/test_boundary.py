from __future__ import annotations

import itertools
import math
from collections import Counter
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.trials.boundary import Operating, TooLarge, horizon, operating, stops, total
from readiness.trials.decision import Decision, can_still_change, decide, first_crossing
from readiness.trials.evidence import Evidence
from readiness.trials.zone import Zone


def by_enumeration(zone: Zone, cap: int, curtailed: bool) -> Counter[tuple[Decision, int, int]]:
    """Paths to each end, by walking every sequence of outcomes."""
    found: Counter[tuple[Decision, int, int]] = Counter()
    open_paths = [Evidence()]
    while open_paths:
        evidence = open_paths.pop()
        left = cap - evidence.trials
        over = not left or (curtailed and not can_still_change(zone, evidence, left))
        if decide(zone, evidence) is not Decision.UNDECIDED or over:
            found[decide(zone, evidence), evidence.passes, evidence.fails] += 1
        else:
            open_paths += [evidence.add(True), evidence.add(False)]
    return found


@given(zone=..., cap=st.integers(1, 11), curtailed=st.booleans())
def test_it_counts_what_walking_every_path_finds(zone: Zone, cap: int, curtailed: bool) -> None:
    counted = {
        (one.decision, one.passes, one.fails): round(math.exp(one.log_paths))
        for one in stops(zone, cap, curtailed=curtailed)
    }
    assert counted == dict(by_enumeration(zone, cap, curtailed))


def test_the_chances_are_exact() -> None:
    """Against rational arithmetic."""
    zone, cap, rate = Zone(0.9, 0.6), 14, Fraction(3, 4)
    exact: Counter[Decision] = Counter()
    mean = Fraction(0)
    for (decision, passes, fails), paths in by_enumeration(zone, cap, True).items():
        chance = paths * rate**passes * (1 - rate) ** fails
        exact[decision] += chance  # type: ignore[assignment]
        mean += chance * (passes + fails)
    found = operating(zone, float(rate), cap)
    assert sum(exact.values()) == 1
    assert found.ready == pytest.approx(float(exact[Decision.READY]), abs=1e-14)
    assert found.not_ready == pytest.approx(float(exact[Decision.NOT_READY]), abs=1e-14)
    assert found.inconclusive == pytest.approx(float(exact[Decision.UNDECIDED]), abs=1e-14)
    assert found.mean_trials == pytest.approx(float(mean), abs=1e-12)


@pytest.mark.parametrize(
    "zone", [Zone(), Zone(0.9, 0.7), Zone(0.99, 0.95), Zone(0.6, 0.4, 0.01, 0.2), Zone().with_checks(20)]
)
@pytest.mark.parametrize("cap", [None, 40])
def test_the_error_rates_keep_their_bounds(zone: Zone, cap: int | None) -> None:
    good, bad = operating(zone, zone.good, cap), operating(zone, zone.bad, cap)
    assert 0.0 <= good.not_ready <= zone.alpha
    assert 0.0 <= bad.ready <= zone.beta
    if cap is None:
        assert good.not_ready + good.inconclusive <= zone.alpha
        assert bad.ready + bad.inconclusive <= zone.beta
        assert good.ready >= 1 - zone.alpha
        assert bad.not_ready >= 1 - zone.beta


@given(zone=..., low=st.floats(0, 1), high=st.floats(0, 1), cap=st.integers(1, 60))
def test_a_higher_rate_is_readier(zone: Zone, low: float, high: float, cap: int) -> None:
    low, high = sorted((low, high))
    below, above = operating(zone, low, cap), operating(zone, high, cap)
    assert above.ready >= below.ready - 1e-9
    assert above.not_ready <= below.not_ready + 1e-9
    for found in (below, above):
        assert found.ready + found.not_ready + found.inconclusive == pytest.approx(1.0)
        assert sum(chance for _, chance in found.trials) == pytest.approx(1.0)
        assert found.mean_trials <= cap + 1e-9


def test_at_the_edges_one_path_is_possible(zone: Zone) -> None:
    always, never = operating(zone, 1.0), operating(zone, 0.0)
    assert (always.ready, always.mean_trials, always.trials) == (1.0, 18.0, ((18, 1.0),))
    assert (never.not_ready, never.mean_trials, never.trials) == (1.0, 3.0, ((3, 1.0),))


def test_a_percentile_is_the_least_number_that_is_enough() -> None:
    found = Operating(0.5, 0, 0, 0, 0, ((3, 0.5), (7, 0.45), (20, 0.05)))
    assert [found.percentile(share) for share in (0.1, 0.5, 0.51, 0.95, 0.951, 1.0)] == [3, 3, 7, 7, 20, 20]


def test_what_ends_early_could_not_have_been_decided(zone: Zone) -> None:
    early = [one for one in stops(zone, 30) if one.decision is Decision.UNDECIDED and one.trials < 30]
    assert early
    for stop in early:
        for future in itertools.product((True, False), repeat=30 - stop.trials):
            crossing = first_crossing(zone, future, Evidence(stop.passes, stop.fails))
            assert crossing.decision is Decision.UNDECIDED


def test_all_ends_together_are_certain(zone: Zone) -> None:
    for rate in (0.0, 0.3, 0.8, 0.95, 1.0):
        assert total(stops(zone, 77), rate) == pytest.approx(1.0)


def test_what_is_too_large_is_refused_at_once() -> None:
    with pytest.raises(TooLarge, match="too long"):
        operating(Zone(0.5073, 0.5), 0.503, 10**6)
    with pytest.raises(TooLarge):
        stops(Zone(), 10**6)


def test_the_horizon_leaves_next_to_nothing(zone: Zone) -> None:
    assert operating(zone, 0.875, horizon(zone, 0.875)).inconclusive < 1e-8

"""Twenty good checks at once: a red lane at most one time in twenty. `bench/trials_lanes.py` is the long version."""

from __future__ import annotations

import random

from readiness.trials.boundary import operating
from readiness.trials.decision import Decision, next_batch
from readiness.trials.evidence import Evidence
from readiness.trials.lane import LaneDecision, lane_verdict, zones_of_lane
from readiness.trials.zone import Zone

CHECKS = [f"check_{number}" for number in range(20)]


def one_lane(rates: dict[str, float], zone: Zone, draw: random.Random) -> LaneDecision:
    """Trials in batches until every check is decided, as the runner makes them."""
    shared = zones_of_lane(dict.fromkeys(rates, zone))
    evidences = {}
    for name, rate in rates.items():
        evidence = Evidence()
        while batch := next_batch(shared[name], evidence, 4, 400 - evidence.trials):
            for _ in range(batch):
                evidence = evidence.add(draw.random() < rate)
        evidences[name] = evidence
    return lane_verdict(zone, evidences)


def test_twenty_good_checks_seldom_make_a_red_lane() -> None:
    draw, zone = random.Random(20), Zone()
    found = [one_lane(dict.fromkeys(CHECKS, zone.good), zone, draw) for _ in range(100)]
    red = [one for one in found if one.decision is Decision.NOT_READY]
    assert len(red) <= 0.05 * len(found)
    assert all(one.failing for one in red)


def test_the_exact_chance_of_a_red_lane_is_within_alpha() -> None:
    zone = Zone()
    shared = operating(zone.with_checks(20), zone.good)
    assert 1.0 - (1.0 - shared.not_ready) ** 20 <= zone.alpha
    # Without sharing alpha out it would be more than four in ten.
    assert 1.0 - (1.0 - operating(zone, zone.good).not_ready) ** 20 > 0.4


def test_one_bad_check_among_twenty_turns_it_red_and_is_named() -> None:
    draw, zone = random.Random(21), Zone()
    rates = dict.fromkeys(CHECKS, 0.99) | {"check_7": 0.5}
    found = [one_lane(rates, zone, draw) for _ in range(30)]
    assert [one.decision for one in found].count(Decision.NOT_READY) >= 29
    assert [one.failing for one in found].count(("check_7",)) >= 28

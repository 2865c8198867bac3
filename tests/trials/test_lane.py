from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readiness.trials.decision import Decision, decide
from readiness.trials.evidence import Evidence
from readiness.trials.lane import lane_verdict, zones_of_lane
from readiness.trials.zone import Zone

SMALL = st.builds(Evidence, st.integers(0, 60), st.integers(0, 12))
LANES = st.dictionaries(st.text("abc", min_size=1, max_size=2), SMALL, max_size=6)


def test_one_that_is_proven_failing_decides() -> None:
    found = lane_verdict(Zone(), {"a": Evidence(18, 0), "b": Evidence(0, 4), "c": Evidence()})
    assert found.decision is Decision.NOT_READY
    assert found.by_test == {"a": Decision.READY, "b": Decision.NOT_READY, "c": Decision.UNDECIDED}
    assert found.failing == ("b",)


def test_ready_needs_all_of_them() -> None:
    both = {"a": Evidence(18, 0), "b": Evidence(18, 0)}
    assert lane_verdict(Zone(), both).decision is Decision.READY
    assert lane_verdict(Zone(), both | {"c": Evidence(17, 0)}).decision is Decision.UNDECIDED


def test_among_many_more_is_needed_to_prove_one_failing() -> None:
    alone = {"a": Evidence(0, 3)}
    assert lane_verdict(Zone(), alone).decision is Decision.NOT_READY
    crowd = alone | {f"good_{n}": Evidence(18, 0) for n in range(19)}
    assert lane_verdict(Zone(), crowd).decision is Decision.UNDECIDED
    assert lane_verdict(Zone(), crowd | {"a": Evidence(0, 5)}).decision is Decision.NOT_READY


def test_ready_needs_no_more_among_many() -> None:
    assert lane_verdict(Zone(), {f"t{n}": Evidence(18, 0) for n in range(50)}).decision is Decision.READY


def test_nothing_is_never_a_verdict() -> None:
    for found in (lane_verdict(Zone(), {}), lane_verdict({}, {})):
        assert (found.decision, found.by_test, found.failing) == (Decision.UNDECIDED, {}, ())
    assert lane_verdict(Zone(), {"a": Evidence()}).decision is Decision.UNDECIDED


def test_a_verdict_reached_on_the_way_is_kept() -> None:
    drifted = {"a": Evidence(40, 4), "b": Evidence(18, 0)}
    assert lane_verdict(Zone(), drifted).by_test["a"] is Decision.UNDECIDED
    kept = lane_verdict(Zone(), drifted, {"a": Decision.NOT_READY, "b": Decision.UNDECIDED})
    assert (kept.decision, kept.failing) == (Decision.NOT_READY, ("a",))
    assert kept.by_test["b"] is Decision.READY


def test_each_test_may_have_a_zone_of_its_own() -> None:
    zones = {"strict": Zone(0.99, 0.95), "lax": Zone(0.7, 0.4)}
    found = lane_verdict(zones, {"strict": Evidence(20, 0), "lax": Evidence(20, 0)})
    assert found.by_test == {"strict": Decision.UNDECIDED, "lax": Decision.READY}


def test_a_test_without_a_zone_is_an_error() -> None:
    with pytest.raises(KeyError):
        lane_verdict({"a": Zone()}, {"a": Evidence(), "b": Evidence()})


@settings(deadline=None)
@given(LANES)
def test_a_lane_is_what_its_tests_are(evidences: dict[str, Evidence]) -> None:
    found = lane_verdict(Zone(), evidences)
    zones = zones_of_lane(dict.fromkeys(evidences, Zone()))
    assert found.by_test == {name: decide(zones[name], one) for name, one in evidences.items()}
    states = set(found.by_test.values())
    if found.decision is Decision.READY:
        assert states == {Decision.READY}
    assert (found.decision is Decision.NOT_READY) is (Decision.NOT_READY in states)
    proven = {name for name, one in found.by_test.items() if one is Decision.NOT_READY}
    assert proven <= set(found.failing)
    assert bool(proven) is bool(found.failing)


@settings(deadline=None)
@given(LANES, st.randoms())
def test_the_order_of_the_tests_does_not_matter(evidences: dict[str, Evidence], draw) -> None:
    shuffled = list(evidences.items())
    draw.shuffle(shuffled)
    one, other = lane_verdict(Zone(), evidences), lane_verdict(Zone(), dict(shuffled))
    assert (one.decision, one.by_test, set(one.failing)) == (
        other.decision,
        other.by_test,
        set(other.failing),
    )

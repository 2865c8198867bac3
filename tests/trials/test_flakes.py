from __future__ import annotations

import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readiness.config.model import Place, Quarantine
from readiness.trials.evidence import Evidence
from readiness.trials.flakes import (
    MOST_INPUTS,
    Flake,
    FlakesError,
    Standing,
    as_data,
    effect,
    from_data,
    standing,
)
from readiness.trials.zone import Zone

ZONE = Zone(0.99, 0.80)
ENTRY = Quarantine("t.py::a", "ada", "2027-01-31", Place("r.yml", 1, 1))
FLAKES = st.dictionaries(
    st.text(min_size=1, max_size=5),
    st.builds(
        Flake,
        st.dictionaries(
            st.text(max_size=4), st.builds(Evidence, st.integers(0, 9), st.integers(0, 9)), max_size=4
        ),
    ),
    max_size=4,
)


def flake(passes: int, fails: int) -> Flake:
    return Flake({"x": Evidence(passes, fails)})


def test_it_is_flaky_when_the_same_inputs_did_both() -> None:
    assert not Flake().seen("a", True).seen("b", False).flaky
    assert Flake().seen("a", True).seen("b", False).seen("a", False).flaky


def test_its_rate_counts_every_run() -> None:
    found = Flake().seen("a", True).seen("a", False).seen("b", True).seen("c", False)
    assert (found.evidence, found.failure_rate) == (Evidence(2, 2), 0.5)
    assert Flake().failure_rate is None


def test_old_inputs_are_forgotten_by_when_they_were_last_seen() -> None:
    found = Flake()
    for number in range(MOST_INPUTS):
        found = found.seen(str(number), True)
    found = found.seen("0", False).seen("new", True)
    assert len(found.by_inputs) == MOST_INPUTS
    assert "1" not in found.by_inputs
    assert found.by_inputs["0"] == Evidence(1, 1)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (Flake(), Standing.STEADY),
        (Flake({"a": Evidence(50, 0), "b": Evidence(0, 50)}), Standing.STEADY),
        # Two failures in two hundred runs are what "two in seven days" would put in quarantine.
        (flake(198, 2), Standing.FLAKY),
        (flake(2, 1), Standing.FLAKY),
        (flake(180, 15), Standing.QUARANTINABLE),
        (flake(40, 60), Standing.FLAKY),
    ],
)
def test_its_standing_goes_by_rate(found: Flake, expected: Standing) -> None:
    assert standing(found, ZONE) is expected


def test_quarantine_hides_a_flake_that_mostly_passes() -> None:
    found = effect(ENTRY, flake(95, 5), ZONE, "2027-01-31")
    assert found.hidden
    assert found.why.startswith("in quarantine until 2027-01-31, ada mends it: 5 of 100 runs failed")


@pytest.mark.parametrize(
    ("found", "today", "why"),
    [
        (flake(95, 5), "2027-02-01", "its quarantine ended on 2027-01-31; ada was to mend it"),
        (Flake({"a": Evidence(95, 0), "b": Evidence(0, 1)}), "2027-01-01", "so it is no flake"),
        (flake(60, 40), "2027-01-01", "may pass as seldom as 0.8"),
        (flake(3, 1), "2027-01-01", "may pass as seldom as 0.8"),
    ],
)
def test_quarantine_hides_nothing_else(found: Flake, today: str, why: str) -> None:
    given_ = effect(ENTRY, found, ZONE, today)
    assert not given_.hidden
    assert why in given_.why


def test_a_test_at_the_bad_rate_is_hardly_ever_hidden() -> None:
    """The exact promise is at most beta over any number of runs; here 200 tests with up to 150 each."""
    draw, hidden = random.Random(5), 0
    for _ in range(200):
        found, ever = Flake(), False
        for _ in range(150):
            passed = draw.random() < ZONE.bad
            found = found.seen("x", passed)
            ever = ever or (not passed and effect(ENTRY, found, ZONE, "2027-01-01").hidden)
        hidden += ever
    assert hidden <= 0.05 * 200


@settings(deadline=None)
@given(FLAKES)
def test_what_is_kept_is_read_again(flakes: dict[str, Flake]) -> None:
    assert from_data(json.loads(json.dumps(as_data(flakes)))) == flakes


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        {},
        {"format": "other"},
        {"format": "readiness/flakes/1"},
        {"format": "readiness/flakes/1", "tests": {"t": [["a", 1]]}},
        {"format": "readiness/flakes/1", "tests": {"t": [["a", -1, 0]]}},
        {"format": "readiness/flakes/1", "tests": []},
    ],
)
def test_other_data_is_refused(data: object) -> None:
    with pytest.raises(FlakesError):
        from_data(data)

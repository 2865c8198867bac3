from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readiness.trials.decision import Decision, decide
from readiness.trials.evidence import Evidence
from readiness.trials.worst_case import with_lost
from readiness.trials.zone import Zone


def test_many_lost_trials_take_the_verdict_away(zone: Zone) -> None:
    found = with_lost(zone, Evidence(18, 0), 5)
    assert (found.observed, found.best, found.worst) == (Decision.READY, Decision.READY, Decision.NOT_READY)
    assert found.many
    assert found.decision is Decision.UNDECIDED


def test_a_few_do_not(zone: Zone) -> None:
    found = with_lost(zone, Evidence(18, 0), 2)
    assert found.worst is Decision.UNDECIDED
    assert not found.many
    assert found.decision is Decision.READY


def test_many_that_could_not_have_changed_it_do_not(zone: Zone) -> None:
    found = with_lost(zone, Evidence(0, 10), 8)
    assert (found.many, found.best, found.worst) == (True, Decision.NOT_READY, Decision.NOT_READY)
    assert found.decision is Decision.NOT_READY


def test_a_verdict_on_the_way_stands_for_the_observed_one(zone: Zone) -> None:
    drifted = Evidence(40, 4)
    assert decide(zone, drifted) is Decision.UNDECIDED
    assert with_lost(zone, drifted, 0, Decision.NOT_READY).decision is Decision.NOT_READY


def test_fewer_than_none_is_refused(zone: Zone) -> None:
    with pytest.raises(ValueError, match="lost"):
        with_lost(zone, Evidence(), -1)


@settings(deadline=None)
@given(zone=..., evidence=..., lost=st.integers(0, 50))
def test_it_never_says_more_than_was_observed(zone: Zone, evidence: Evidence, lost: int) -> None:
    found = with_lost(zone, evidence, lost)
    assert found.decision in (found.observed, Decision.UNDECIDED)
    if not lost:
        assert found.decision is found.observed is found.best is found.worst
    if found.observed is Decision.UNDECIDED:
        assert found.decision is Decision.UNDECIDED
    # The extremes enclose what was observed.
    rank = [Decision.NOT_READY, Decision.UNDECIDED, Decision.READY].index
    assert rank(found.worst) <= rank(found.observed) <= rank(found.best)

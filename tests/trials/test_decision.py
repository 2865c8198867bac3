from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readiness.trials.decision import (
    Decision,
    can_still_change,
    decide,
    decide_path,
    fails_to_not_ready,
    first_crossing,
    next_batch,
    passes_to_ready,
)
from readiness.trials.evidence import Evidence, gathered
from readiness.trials.zone import Zone

RANK = {Decision.NOT_READY: 0, Decision.UNDECIDED: 1, Decision.READY: 2}


def test_the_first_verdicts_of_the_usual_zone(zone: Zone) -> None:
    assert decide(zone, Evidence(17, 0)) is Decision.UNDECIDED
    assert decide(zone, Evidence(18, 0)) is Decision.READY
    assert decide(zone, Evidence(0, 2)) is Decision.UNDECIDED
    assert decide(zone, Evidence(0, 3)) is Decision.NOT_READY


@settings(deadline=None)
@given(zone=...)
def test_nothing_is_never_a_verdict(zone: Zone) -> None:
    assert decide(zone, Evidence()) is Decision.UNDECIDED
    assert decide_path(zone, []) is Decision.UNDECIDED


@settings(deadline=None)
@given(zone=..., evidence=...)
def test_more_passes_never_lower_and_more_fails_never_raise(zone: Zone, evidence: Evidence) -> None:
    here = RANK[decide(zone, evidence)]
    assert RANK[decide(zone, evidence.add(True))] >= here
    assert RANK[decide(zone, evidence.add(False))] <= here


@settings(deadline=None)
@given(zone=..., path=st.lists(st.booleans(), max_size=40), seed=st.integers(0, 2**32))
def test_the_order_within_a_batch_does_not_matter(zone: Zone, path: list[bool], seed: int) -> None:
    shuffled = list(path)
    random.Random(seed).shuffle(shuffled)
    assert decide(zone, gathered(path)) is decide(zone, gathered(shuffled))


@settings(deadline=None)
@given(zone=..., path=st.lists(st.booleans(), max_size=150), cut=st.integers(0, 150))
def test_a_run_continued_decides_as_one_run(zone: Zone, path: list[bool], cut: int) -> None:
    whole = first_crossing(zone, path)
    first = first_crossing(zone, path[:cut])
    assert first_crossing(zone, path[cut:], start=first.evidence) == whole


@settings(deadline=None)
@given(zone=..., path=st.lists(st.booleans(), max_size=150))
def test_the_first_verdict_is_kept(zone: Zone, path: list[bool]) -> None:
    found = first_crossing(zone, path)
    for end in range(len(path) + 1):
        decision = decide_path(zone, path[:end])
        assert decision in (Decision.UNDECIDED, found.decision)
    assert found.evidence == gathered(path[: found.evidence.trials])
    assert decide_path(zone, path) is found.decision


def test_a_late_lucky_streak_changes_no_verdict(zone: Zone) -> None:
    path = [False] * 3 + [True] * 200
    assert decide(zone, gathered(path)) is Decision.READY
    assert decide_path(zone, path) is Decision.NOT_READY


@settings(deadline=None)
@given(zone=..., evidence=...)
def test_the_ways_to_a_verdict_are_the_shortest(zone: Zone, evidence: Evidence) -> None:
    passes, fails = passes_to_ready(zone, evidence), fails_to_not_ready(zone, evidence)
    assert decide(zone, Evidence(evidence.passes + passes, evidence.fails)) is Decision.READY
    assert decide(zone, Evidence(evidence.passes, evidence.fails + fails)) is Decision.NOT_READY
    if passes:
        assert decide(zone, Evidence(evidence.passes + passes - 1, evidence.fails)) is not Decision.READY
    if fails:
        assert decide(zone, Evidence(evidence.passes, evidence.fails + fails - 1)) is not Decision.NOT_READY


@settings(deadline=None)
@given(zone=..., evidence=..., left=st.integers(0, 9))
def test_what_can_still_change_is_what_some_future_changes(zone: Zone, evidence: Evidence, left: int) -> None:
    undecided = decide(zone, evidence) is Decision.UNDECIDED
    futures = itertools.product((True, False), repeat=left)
    some = undecided and any(
        first_crossing(zone, future, evidence).decision is not Decision.UNDECIDED for future in futures
    )
    assert can_still_change(zone, evidence, left) is some


@settings(deadline=None)
@given(zone=..., evidence=..., slots=st.integers(0, 9), left=st.integers(0, 60), running=st.integers(0, 9))
def test_no_trial_of_a_batch_is_in_vain(
    zone: Zone, evidence: Evidence, slots: int, left: int, running: int
) -> None:
    batch = next_batch(zone, evidence, slots, left, running)
    assert batch >= 0
    if batch:
        assert batch + running <= min(slots, left)
        assert can_still_change(zone, evidence, left)
        under_way = batch + running
        for passed in range(under_way):
            # With one of them still out, no mixture of the others is a verdict.
            partial = Evidence(evidence.passes + passed, evidence.fails + under_way - 1 - passed)
            assert decide(zone, partial) is Decision.UNDECIDED


@settings(deadline=None)
@given(zone=..., evidence=..., slots=st.integers(1, 9), left=st.integers(0, 60))
def test_a_batch_is_empty_only_when_nothing_can_change(
    zone: Zone, evidence: Evidence, slots: int, left: int
) -> None:
    assert (next_batch(zone, evidence, slots, left) == 0) is not can_still_change(zone, evidence, left)


@settings(deadline=None)
@given(zone=..., seed=st.integers(0, 2**32), rate=st.floats(0.0, 1.0), slots=st.integers(1, 8))
def test_batches_decide_as_one_trial_at_a_time(zone: Zone, seed: int, rate: float, slots: int) -> None:
    """The runner's loop: batches whose trials come back in any order end where single trials end."""
    draw = random.Random(seed)
    path = [draw.random() < rate for _ in range(80)]
    evidence = Evidence()
    while batch := next_batch(zone, evidence, slots, len(path) - evidence.trials):
        came = path[evidence.trials : evidence.trials + batch]
        draw.shuffle(came)
        evidence = evidence.merge(gathered(came))
    single = first_crossing(zone, path)
    if single.decision is not Decision.UNDECIDED:
        assert evidence == single.evidence
    assert decide(zone, evidence) is single.decision


@settings(deadline=None)
@given(zone=..., seed=st.integers(0, 2**32), rate=st.floats(0.0, 1.0), slots=st.integers(1, 9))
def test_trials_that_overtake_each_other_change_nothing(
    zone: Zone, seed: int, rate: float, slots: int
) -> None:
    """New trials start as soon as one is back; failures come back first, whichever started first."""
    draw = random.Random(seed)
    path = [draw.random() < rate for _ in range(80)]
    evidence, running, started = Evidence(), [], 0
    while True:
        batch = next_batch(zone, evidence, slots, len(path) - evidence.trials, len(running))
        running += path[started : started + batch]
        started += batch
        if not running:
            break
        back = False if False in running and draw.random() < 0.8 else draw.choice(running)
        running.remove(back)
        evidence = evidence.add(back)
        if decide(zone, evidence) is not Decision.UNDECIDED:
            assert not running, "a verdict never leaves a trial in vain"
    single = first_crossing(zone, path)
    assert decide(zone, evidence) is single.decision
    if single.decision is not Decision.UNDECIDED:
        assert evidence == single.evidence


def test_a_budget_that_cannot_decide_is_not_spent(zone: Zone) -> None:
    assert next_batch(zone, Evidence(), 4, 2) == 0
    assert next_batch(zone, Evidence(), 4, 3) == 3
    assert next_batch(zone, Evidence(18, 0), 4, 100) == 0


@settings(deadline=None)
@given(zone=..., evidence=..., checks=st.integers(1, 40))
def test_many_checks_only_make_not_ready_harder(zone: Zone, evidence: Evidence, checks: int) -> None:
    alone, among = decide(zone, evidence), decide(zone.with_checks(checks), evidence)
    if alone is not among:
        assert (alone, among) == (Decision.NOT_READY, Decision.UNDECIDED)


def test_one_of_twenty_needs_five_failures_instead_of_three(zone: Zone) -> None:
    shared = zone.with_checks(20)
    assert (fails_to_not_ready(zone, Evidence()), fails_to_not_ready(shared, Evidence())) == (3, 5)
    assert passes_to_ready(zone, Evidence()) == passes_to_ready(shared, Evidence()) == 18


@pytest.mark.parametrize("rate", [0.0, 1.0])
def test_both_verdicts_are_reached(zone: Zone, rate: float) -> None:
    expected = Decision.READY if rate else Decision.NOT_READY
    assert decide_path(zone, itertools.repeat(bool(rate), 50)) is expected

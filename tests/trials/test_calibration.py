from __future__ import annotations

import random

import pytest

from readiness.trials.calibration import FEWEST, Calibration, Share, calibrate
from readiness.trials.recorded import RecordedTrial, TrialOutcome
from readiness.trials.zone import Zone


def recorded(outcomes: list[bool], prompts: int = 1) -> list[RecordedTrial]:
    words = {True: TrialOutcome.PASSED, False: TrialOutcome.FAILED}
    return [RecordedTrial("t", words[one], str(n % prompts)) for n, one in enumerate(outcomes)]


def judged(trials: list[RecordedTrial], cap: int = 60, resamples: int = 300) -> Calibration:
    return calibrate("t", trials, Zone(0.9, 0.6), cap, resamples, seed=1)


def test_independent_trials_are_judged_as_the_risks_say() -> None:
    draw = random.Random(2)
    found = judged(recorded([draw.random() < 0.8 for _ in range(120)], prompts=4))
    assert found.holds
    assert found.same is not None
    assert found.caught is not None
    assert found.same.share <= 0.05
    assert found.caught.share > 0.85


def test_answers_that_come_in_streaks_are_found_out() -> None:
    """A cache that gives one answer six times over: trials that are not independent."""
    draw = random.Random(3)
    streaks = [one for _ in range(30) for one in [draw.random() < 0.75] * 6]
    found = judged(recorded(streaks))
    assert found.enough
    assert not found.holds
    assert found.missed is not None
    assert found.missed.share > 2 * found.missed.bound
    assert not found.missed.holds


def test_two_halves_of_a_test_that_drifts_are_not_itself() -> None:
    found = judged(recorded([True] * 100 + [False] * 60))
    assert found.same is not None
    assert not found.same.holds


def test_too_few_trials_show_nothing() -> None:
    found = judged(recorded([True, False] * (FEWEST // 2 - 1)))
    assert (found.enough, found.holds) == (False, False)
    assert (found.trials, found.passes) == (FEWEST - 2, FEWEST // 2 - 1)


@pytest.mark.parametrize("outcome", [True, False])
def test_a_service_that_never_varies_can_be_judged(outcome: bool) -> None:
    assert judged(recorded([outcome] * 40)).holds


def test_what_the_infrastructure_spoilt_is_left_out() -> None:
    spoilt = [RecordedTrial("t", TrialOutcome.CAPACITY)] * 50
    assert judged(spoilt + recorded([True] * 5)).trials == 5


def test_the_same_seed_gives_the_same_answer() -> None:
    trials = recorded([n % 5 > 0 for n in range(60)], prompts=3)
    assert judged(trials, resamples=40) == judged(trials, resamples=40)


def test_a_budget_that_decides_nothing_asks_nothing_to_be_caught() -> None:
    found = judged(recorded([True] * 40), cap=1)
    assert found.caught is not None
    assert (found.caught.times, found.caught.bound <= 0) == (0, True)
    assert found.holds


def test_a_share_above_its_bound_does_not_hold() -> None:
    assert Share(10, 200, 0.05, True).share == 0.05

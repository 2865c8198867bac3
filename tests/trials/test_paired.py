from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.trials.boundary import operating
from readiness.trials.paired import Comparison, Pairs, compare_pairs, pair_up, paired_zone
from readiness.trials.recorded import RecordedTrial, TrialOutcome

PAIRS = st.lists(st.tuples(st.booleans(), st.booleans()), max_size=60)


def trial(prompt: str, outcome: str) -> RecordedTrial:
    return RecordedTrial("t", TrialOutcome(outcome), prompt)


def test_failures_where_it_passed_before_are_worse() -> None:
    found = compare_pairs(paired_zone(), [(True, False)] * 30)
    # Each differing pair multiplies by 0.75 / 0.5; 20 is reached at the eighth.
    assert (found.comparison, found.pairs) == (Comparison.WORSE, Pairs(8, 0, 0))
    assert found.log_e > 0


def test_passes_where_it_failed_before_are_not() -> None:
    found = compare_pairs(paired_zone(), [(False, True)] * 30)
    assert (found.comparison, found.pairs) == (Comparison.NOT_WORSE, Pairs(0, 5, 0))


def test_pairs_without_a_difference_say_nothing() -> None:
    found = compare_pairs(paired_zone(), [(True, True), (False, False)] * 500)
    assert (found.comparison, found.pairs, found.log_e) == (Comparison.UNDECIDED, Pairs(0, 0, 1000), 0.0)


@given(PAIRS)
def test_only_the_order_of_differing_pairs_can_matter(pairs: list[tuple[bool, bool]]) -> None:
    differing = [pair for pair in pairs if pair[0] is not pair[1]]
    one, other = compare_pairs(paired_zone(), pairs), compare_pairs(paired_zone(), differing)
    assert (one.comparison, one.pairs.worse, one.pairs.better) == (
        other.comparison,
        other.pairs.worse,
        other.pairs.better,
    )


def test_the_same_thing_twice_is_seldom_called_worse() -> None:
    """Prompts of very different rates, 400 comparisons of the same service with itself."""
    draw = random.Random(7)
    rates = [0.05, 0.3, 0.5, 0.8, 0.99]
    zone = paired_zone()
    found = [
        compare_pairs(zone, [(draw.random() < rate, draw.random() < rate) for rate in rates * 40]).comparison
        for _ in range(400)
    ]
    assert found.count(Comparison.WORSE) <= 0.05 * 400
    assert found.count(Comparison.NOT_WORSE) >= 0.9 * 400


def test_its_errors_are_those_of_the_zone() -> None:
    zone = paired_zone(0.7, 0.02, 0.1)
    # A share of worse pairs of 0.5, and of 0.7.
    assert operating(zone, 0.5).not_ready <= 0.02
    assert operating(zone, 0.3).ready <= 0.1


@pytest.mark.parametrize("share", [0.5, 1.0, 0.2])
def test_an_alternative_that_is_none_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match=r"between 0\.5 and 1"):
        paired_zone(share)


def test_trials_pair_by_prompt_in_order_and_once() -> None:
    before = [trial("a", "passed"), trial("b", "failed"), trial("a", "failed"), trial("a", "capacity")]
    now = [
        trial("b", "passed"),
        trial("a", "passed"),
        trial("c", "passed"),
        trial("a", "capacity"),
        trial("a", "passed"),
        trial("a", "passed"),
    ]
    assert pair_up(before, now) == (((False, True), (True, True), (False, True)), 2)


def test_nothing_pairs_with_nothing() -> None:
    assert pair_up([], [trial("a", "passed")]) == ((), 1)
    assert compare_pairs(paired_zone(), ()).comparison is Comparison.UNDECIDED

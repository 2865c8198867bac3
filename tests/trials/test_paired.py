from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readiness.trials.boundary import operating
from readiness.trials.paired import Comparison, PairedTest, Pairs, compare_pairs, judge_pairs, pair_up
from readiness.trials.recorded import RecordedTrial, TrialOutcome

PAIRS = st.lists(st.tuples(st.booleans(), st.booleans()), max_size=60)


def trial(prompt: str, outcome: str) -> RecordedTrial:
    return RecordedTrial("t", TrialOutcome(outcome), prompt)


def test_failures_where_it_passed_before_are_worse() -> None:
    found = compare_pairs(PairedTest(), [(True, False)] * 30)
    # Each differing pair multiplies by 0.75 / 0.5; 20 is reached at the eighth.
    assert (found.comparison, found.pairs) == (Comparison.WORSE, Pairs(8, 0, 0))
    assert found.log_e > 0


def test_passes_where_it_failed_before_are_not() -> None:
    found = compare_pairs(PairedTest(), [(False, True)] * 30)
    # Each multiplies by 0.5 / 0.25 the other way; 40 is reached at the sixth.
    assert (found.comparison, found.pairs) == (Comparison.NOT_WORSE, Pairs(0, 6, 0))


def test_pairs_without_a_difference_show_that_a_change_is_small() -> None:
    found = compare_pairs(PairedTest(), [(True, True), (False, False)] * 500)
    assert found.comparison is Comparison.NOT_WORSE
    assert found.log_e == 0.0
    assert 40 < found.pairs.same < 90
    finer = compare_pairs(PairedTest(margin=0.02), [(True, True)] * 500)
    assert finer.pairs.same > 3 * found.pairs.same


@settings(deadline=None)
@given(PAIRS)
def test_the_order_does_not_matter_to_what_they_say(pairs: list[tuple[bool, bool]]) -> None:
    counted, backwards = Pairs(), Pairs()
    for pair in pairs:
        counted = counted.add(*pair)
    for pair in reversed(pairs):
        backwards = backwards.add(*pair)
    assert counted == backwards
    assert counted.worse + counted.better + counted.same == len(pairs)


@settings(deadline=None)
@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 200))
def test_one_more_worse_pair_never_speaks_for_not_worse(worse: int, better: int, same: int) -> None:
    rank = [Comparison.WORSE, Comparison.UNDECIDED, Comparison.NOT_WORSE].index
    here = rank(judge_pairs(PairedTest(), Pairs(worse, better, same)))
    assert rank(judge_pairs(PairedTest(), Pairs(worse + 1, better, same))) <= here
    assert rank(judge_pairs(PairedTest(), Pairs(worse, better + 1, same))) >= here


def test_the_same_thing_twice_is_seldom_called_worse() -> None:
    """Prompts of very different rates, 200 comparisons of the same service with itself."""
    draw = random.Random(7)
    rates = [0.05, 0.3, 0.5, 0.8, 0.99]
    test = PairedTest()
    found = [
        compare_pairs(test, [(draw.random() < rate, draw.random() < rate) for rate in rates * 40]).comparison
        for _ in range(200)
    ]
    assert found.count(Comparison.WORSE) <= 0.05 * 200
    assert found.count(Comparison.NOT_WORSE) > 0.8 * 200


def test_a_service_that_fell_by_the_margin_is_seldom_called_the_same() -> None:
    """Every third passing prompt breaks now and then: three of four differing pairs are worse, a fall of 0.1."""
    draw = random.Random(11)
    test = PairedTest(worse_share=0.75, margin=0.10)

    def pair() -> tuple[bool, bool]:
        point = draw.random()
        return (True, False) if point < 0.15 else (False, True) if point < 0.20 else (True, True)

    found = [compare_pairs(test, (pair() for _ in range(400))).comparison for _ in range(200)]
    assert found.count(Comparison.NOT_WORSE) <= 0.05 * 200
    assert found.count(Comparison.WORSE) >= 0.85 * 200


def test_its_errors_are_those_of_the_zone() -> None:
    test = PairedTest(0.7, 0.1, 0.02, 0.1)
    # A share of worse pairs of 0.5, and of 0.7.
    assert operating(test.zone, 0.5).not_ready <= 0.02
    assert operating(test.zone, 0.3).ready <= 0.05


@pytest.mark.parametrize(
    ("given_", "message"),
    [
        ({"worse_share": 0.5}, "between 0\\.5 and 1"),
        ({"worse_share": 1.0}, "between 0\\.5 and 1"),
        ({"margin": 0.0}, "margin"),
        ({"margin": 1.0}, "margin"),
        ({"alpha": 0.9}, "alpha"),
        ({"beta": 0.0}, "beta"),
    ],
)
def test_an_alternative_that_is_none_is_refused(given_: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        PairedTest(**given_)


def test_many_comparisons_share_alpha() -> None:
    assert PairedTest().with_checks(5) == PairedTest(alpha=0.01)


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
    assert compare_pairs(PairedTest(), ()).comparison is Comparison.UNDECIDED

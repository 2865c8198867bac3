from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readiness.trials.clusters import clustering


def test_prompts_that_always_or_never_pass_are_worth_one_trial_each() -> None:
    found = clustering([("a", True)] * 10 + [("b", False)] * 10 + [("c", True)] * 10)
    assert found.correlation == pytest.approx(1.0)
    assert found.effective == pytest.approx(3.0)
    assert (found.trials, found.prompts) == (30, 3)


def test_prompts_that_are_alike_lose_nothing() -> None:
    found = clustering([(prompt, turn % 2 == 0) for prompt in "abcd" for turn in range(10)])
    assert (found.correlation, found.effective) == (0.0, 40.0)


@pytest.mark.parametrize(
    "outcomes",
    [
        [],
        [("a", True), ("a", False), ("a", True)],
        [("a", True), ("b", False)],
        [("a", True), ("a", True), ("b", True)],
    ],
)
def test_what_cannot_be_told_is_not_told(outcomes: list[tuple[str, bool]]) -> None:
    found = clustering(outcomes)
    assert found.correlation is None
    assert found.effective == len(outcomes)


def test_it_finds_the_correlation_that_was_put_in() -> None:
    """Rates drawn from Beta(a, b): the intraclass correlation is 1 / (a + b + 1)."""
    draw = random.Random(3)
    outcomes = []
    for prompt in range(600):
        rate = draw.betavariate(1.5, 0.5)
        outcomes += [(str(prompt), draw.random() < rate) for _ in range(draw.choice((4, 8, 12)))]
    assert clustering(outcomes).correlation == pytest.approx(1 / 3, abs=0.05)


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abcde"), st.booleans()), max_size=60))
def test_it_is_never_worth_more_than_it_is(outcomes: list[tuple[str, bool]]) -> None:
    found = clustering(outcomes)
    assert found.effective <= found.trials + 1e-9
    if found.correlation is not None:
        assert 0.0 <= found.correlation <= 1.0
    assert found == clustering(sorted(outcomes))

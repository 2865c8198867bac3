"""Delta debugging: what comes out still works, and nothing in it can be left out."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from readiness_probe.tracing.minimise import OutOfBudget, minimal


@given(
    st.integers(1, 40).flatmap(lambda n: st.tuples(st.just(n), st.sets(st.integers(0, n - 1), min_size=1)))
)
def test_finds_exactly_what_is_needed(case):
    size, needed = case
    assert set(minimal(list(range(size)), lambda some: needed <= set(some))) == needed


def test_one_of_many_costs_about_two_questions_a_halving():
    asked = []

    def works(some):
        asked.append(len(some))
        return 700 in some

    assert minimal(list(range(1000)), works) == [700]
    assert len(asked) <= 20


def test_without_budget_the_smallest_part_seen_to_work_is_the_answer():
    asked = []

    def works(some):
        asked.append(some)
        if len(asked) > 2:
            raise OutOfBudget
        return 0 in some

    assert minimal(list(range(8)), works) == [0, 1]


def test_a_single_unit_is_not_asked_about():
    assert minimal(["x"], lambda some: 1 / 0) == ["x"]

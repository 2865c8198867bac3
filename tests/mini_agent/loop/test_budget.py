from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mini_agent.conversation import Usage
from mini_agent.limits import Limits
from mini_agent.loop.budget import (
    Spent,
    after_reply,
    before_model_call,
    reply_tokens,
    sentence,
    tool_calls_left,
)
from mini_agent.loop.options import RunOptions
from mini_agent.result import StopReason

numbers = st.integers(0, 50)
spents = st.builds(Spent, numbers, st.builds(Usage, numbers, numbers), st.floats(0, 50), numbers)
limits = st.builds(
    Limits,
    max_iterations=st.integers(1, 50),
    max_tokens_total=st.none() | numbers,
    max_cost=st.none() | st.floats(0, 50),
    max_tool_calls=st.none() | numbers,
)


@settings(deadline=None)
@given(limits, spents)
def test_what_a_reply_went_beyond_allows_no_further_call(most, spent):
    beyond = after_reply(most, spent)
    assert beyond is None or before_model_call(most, spent) is not None


@settings(deadline=None)
@given(limits, spents, spents)
def test_a_spent_limit_stays_spent(most, spent, more):
    assert before_model_call(most, spent) is None or before_model_call(most, spent + more) is not None


@settings(deadline=None)
@given(limits, spents)
def test_every_reason_has_its_sentence(most, spent):
    reason = before_model_call(most, spent)
    assert reason is None or "max_" in sentence(reason, most, spent)


@settings(deadline=None)
@given(limits, spents)
def test_what_is_left_is_never_negative(most, spent):
    assert 1 <= (reply_tokens(RunOptions("m", most, max_tokens=20), spent) or 0) <= 20
    assert (tool_calls_left(most, spent) or 0) >= 0


@pytest.mark.parametrize(
    ("reply", "whole", "expected"),
    [(None, None, None), (5, None, 5), (None, 30, None), (5, 30, 5), (50, 30, 20), (5, 10, 1)],
)
def test_a_reply_is_bounded_by_its_own_limit_and_by_what_is_left(reply, whole, expected):
    options = RunOptions("m", Limits(max_tokens_total=whole), max_tokens=reply)
    assert reply_tokens(options, Spent(tokens=Usage(7, 3))) == expected


@pytest.mark.parametrize(
    ("most", "spent", "before", "after"),
    [
        (Limits(max_tokens_total=10), Spent(tokens=Usage(9, 0)), None, None),
        (Limits(max_tokens_total=10), Spent(tokens=Usage(9, 1)), StopReason.BUDGET_TOKENS, None),
        (
            Limits(max_tokens_total=10),
            Spent(tokens=Usage(9, 2)),
            StopReason.BUDGET_TOKENS,
            StopReason.BUDGET_TOKENS,
        ),
        (Limits(max_cost=0.5), Spent(cost=0.5), None, None),
        (Limits(max_cost=0.5), Spent(cost=0.6), StopReason.BUDGET_COST, StopReason.BUDGET_COST),
        (Limits(max_iterations=2), Spent(iterations=1), None, None),
        (Limits(max_iterations=2), Spent(iterations=2), StopReason.MAX_ITERATIONS, None),
        (Limits(max_tool_calls=0), Spent(tool_calls=5), None, None),
        (
            Limits(max_iterations=1, max_tokens_total=1),
            Spent(1, Usage(1, 1)),
            StopReason.BUDGET_TOKENS,
            StopReason.BUDGET_TOKENS,
        ),
    ],
)
def test_which_limit_is_spent(most, spent, before, after):
    assert (before_model_call(most, spent), after_reply(most, spent)) == (before, after)


def test_a_run_that_did_not_stop_has_nothing_to_say():
    assert sentence(StopReason.SUCCESS, Limits(), Spent()) == ""

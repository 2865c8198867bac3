from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mini_agent.conversation import ToolCall, ToolInvocation, ToolOutcome
from mini_agent.loop.repetition import is_loop


def one(name="a", text='{"x": 1}', result="r", ok=True, arguments=None):
    return ToolInvocation(ToolCall("id", name, text), arguments, ToolOutcome(ok, result))


A, B, A_OTHER = one(), one("b"), one(result="s")


@pytest.mark.parametrize(
    ("turns", "loops"),
    [
        ([], False),
        ([(A,)], False),
        ([(A,), (A,)], False),
        ([(A,), (A,), (A,)], True),
        ([(A,), (), (A,), (), (A,)], True),
        ([(B,), (A,), (A,), (A,)], True),
        ([(A,), (A,), (A,), (B,)], False),
        ([(A,), (A,), (A_OTHER,)], False),
        ([(A,), (B,), (A,), (B,), (A,)], False),
        ([(A, A, A)], False),
        ([(A, A), (A,), (A,)], True),
        ([(A, B), (B, A), (A, B)], True),
        ([(A, B), (A,), (A, B)], False),
        ([(A,), (A,), (one(ok=False),)], False),
        ([(A,), (A,), (one(text='{"x": 2}'),)], False),
    ],
)
def test_three_times_running(turns, loops):
    assert is_loop(turns) is loops


def test_the_order_of_names_and_white_space_make_no_other_call():
    first = one(text='{"x":1,"y":2}', arguments={"x": 1, "y": 2})
    second = one(text='{ "y": 2, "x": 1 }', arguments={"y": 2, "x": 1})
    assert is_loop([(first,), (second,), (first,)])


def test_true_is_not_one():
    first, second = one(arguments={"x": 1}), one(arguments={"x": True})
    assert not is_loop([(first,), (second,), (first,)])


@settings(deadline=None)
@given(st.lists(st.sampled_from([(), (A,), (B,), (A_OTHER,)]), max_size=10))
def test_single_calls_loop_exactly_when_the_last_three_are_equal(turns):
    flat = [turn[0] for turn in turns if turn]
    assert is_loop(turns) is (len(flat) >= 3 and flat[-1] == flat[-2] == flat[-3])

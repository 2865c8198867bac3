"""Turns by themselves: how many tools run at once, in which order they are told and kept."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mini_agent.conversation import ToolCall, ToolOutcome
from mini_agent.events import ToolCalled, ToolReturned
from mini_agent.limits import Limits
from mini_agent.loop.plan import Planned
from mini_agent.loop.turn import Turn


class Ticks:
    """A backend whose tools take so many turns of the event loop."""

    def __init__(self) -> None:
        self.running = self.most = 0
        self.begun: list[str] = []

    async def invoke(self, call_id, name, arguments, timeout):
        self.begun.append(call_id)
        self.running += 1
        self.most = max(self.most, self.running)
        for _ in range(arguments["ticks"]):
            await asyncio.sleep(0)
        self.running -= 1
        return ToolOutcome(True, call_id)


def planned(ticks):
    return [
        Planned(ToolCall(f"{n}", "t"), refusal=ToolOutcome(False, "no"))
        if one is None
        else Planned(ToolCall(f"{n}", "t"), {"ticks": one})
        for n, one in enumerate(ticks)
    ]


def run(ticks, concurrency):
    backend, told = Ticks(), []

    async def listen(event):
        told.append(event)

    turn = Turn(planned(ticks), backend, Limits(tool_concurrency=concurrency))
    asyncio.run(turn.run(listen))
    return turn, backend, told


@settings(deadline=None, max_examples=60)
@given(st.lists(st.none() | st.integers(0, 9), max_size=8), st.integers(1, 5))
def test_order_and_concurrency_hold_however_long_each_takes(ticks, concurrency):
    turn, backend, told = run(ticks, concurrency)
    made = [str(n) for n, one in enumerate(ticks) if one is not None]
    assert [one.call.id for one in turn.invocations()] == [str(n) for n in range(len(ticks))]
    assert all(one.outcome.content in (one.call.id, "no") for one in turn.invocations())
    assert (backend.begun, turn.begun) == (made, len(made))
    assert backend.most <= concurrency
    assert backend.running == 0
    called = [one.call.id for one in told if isinstance(one, ToolCalled)]
    assert called == [str(n) for n in range(len(ticks))]
    returned = [one.invocation.call.id for one in told if isinstance(one, ToolReturned)]
    assert sorted(returned, key=int) == called


def test_the_quick_are_told_first():
    _, _, told = run([30, 1], 2)
    assert [one.invocation.call.id for one in told if isinstance(one, ToolReturned)] == ["1", "0"]


def test_all_that_is_allowed_really_runs_at_once():
    assert run([20, 20, 20, 20], 3)[1].most == 3


def test_wall_time_is_measured_unless_the_backend_knows_better():
    class Known:
        async def invoke(self, *_):
            return ToolOutcome(True, "x", ms=123.0)

    turn, *_ = run([1], 1)
    assert turn.invocations()[0].outcome.ms > 0
    known = Turn(planned([1]), Known(), Limits())
    asyncio.run(known.run(None))
    assert known.invocations()[0].outcome.ms == 123.0


def test_a_backend_that_breaks_its_promise_ends_the_others_and_is_heard():
    cancelled = []

    class Broken:
        async def invoke(self, call_id, *_):
            if call_id == "1":
                raise ZeroDivisionError("a fault of the backend's code")
            try:
                await asyncio.get_running_loop().create_future()
            except asyncio.CancelledError:
                cancelled.append(call_id)
                raise

    turn = Turn(planned([0, 0]), Broken(), Limits(tool_concurrency=2))
    with pytest.raises(ZeroDivisionError):
        asyncio.run(turn.run(None))
    assert cancelled == ["0"]
    assert len(turn.invocations()) == 2

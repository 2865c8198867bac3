"""A hung model, a hung tool, a caller that cancels, in every state: over at once, told truly, nothing left."""

from __future__ import annotations

import asyncio
import gc
import logging
import statistics

import pytest

from mini_agent.conversation import Reply, ToolOutcome, Usage
from mini_agent.events import Delta, Done, Step, ToolCalled, ToolReturned

PROMPT = 0.25
TIMES = 50


def hung(kit, state):
    """A model and tools that hang in one state of a run."""
    if state == "definitions":

        class Silent(kit.tools):
            async def definitions(self):
                self.hung += 1
                await kit.forever()

        return kit.model("never asked"), Silent()
    if state == "model":
        return kit.model(kit.HANG), kit.tools()
    if state == "second model call":
        return kit.model(kit.call("a"), kit.HANG), kit.tools(a=int)
    if state == "tool":
        return kit.model(kit.call("h")), kit.tools(h=lambda: kit.HANG)
    calls = [kit.call("a", id="1"), *(kit.call("h", id=f"{n}") for n in range(2, 5))]
    return kit.model(calls), kit.tools(a=int, h=lambda: kit.HANG)


STATES = ["definitions", "model", "second model call", "tool", "tools at once"]


def repeatedly(times, one):
    """Run `one()` so often in one loop; every task but this must be gone each time, not only in the end."""

    async def all_of_them():
        found = []
        for _ in range(times):
            ran = await one()
            assert ran.left == set()
            found.append(ran)
        return found

    return asyncio.run(all_of_them())


def assert_prompt(ran, budget):
    """Where the machine itself stood still for a moment, a few may be late; the loop waits for nothing."""
    seconds = sorted(one.seconds - budget for one in ran)
    assert statistics.median(seconds) < PROMPT / 4
    assert seconds[-len(seconds) // 10 - 1] < PROMPT


@pytest.mark.parametrize("state", STATES)
def test_a_spent_clock_interrupts(kit, state):
    pairs = []

    def one():
        model, tools = hung(kit, state)
        pairs.append((model, tools))
        return kit.run_once(model, tools, max_total_seconds=0.01, tool_concurrency=2)

    ran = repeatedly(TIMES, one)
    assert {str(one.result.stopped_reason) for one in ran} == {"budget_seconds"}
    assert_prompt(ran, 0.01)
    assert all(tools.running == 0 for _, tools in pairs)
    assert all(one.told == one.result for one in ran)


@pytest.mark.parametrize("state", STATES)
def test_cancelling_ends_what_is_in_flight_and_tells_the_listener(kit, state):
    pairs = []

    def one():
        model, tools = hung(kit, state)
        pairs.append((model, tools))
        hangs = 2 if state == "tools at once" else 1
        return kit.run_once(
            model, tools, cancel_when=lambda: model.hung + tools.hung == hangs, tool_concurrency=2
        )

    ran = repeatedly(TIMES, one)
    assert all(isinstance(one.error, asyncio.CancelledError) for one in ran)
    assert {str(one.told.stopped_reason) for one in ran} == {"cancelled"}
    assert_prompt(ran, 0)
    assert all(tools.running == 0 for _, tools in pairs)
    if state in ("model", "second model call"):
        assert all(model.cancelled == 1 for model, _ in pairs)


def test_a_run_cancelled_before_its_first_step_never_began(kit):
    model = kit.model("never asked")
    ran = asyncio.run(kit.run_once(model, cancel_after=0))
    assert isinstance(ran.error, asyncio.CancelledError)
    assert not ran.left


@pytest.mark.parametrize("kind", [Step, Delta, ToolCalled, ToolReturned, Done])
def test_cancelling_while_a_listener_waits(kit, kind):
    heard = []

    def one():
        here = []

        async def wait_at(event):
            heard.append(event)
            if isinstance(event, kind):
                here.append(event)
                await kit.forever()

        model, tools = kit.model(kit.call("a"), "done"), kit.tools(a=int)
        return kit.run_once(model, tools, listen=wait_at, cancel_when=lambda: bool(here))

    ran = repeatedly(5, one)
    assert all(isinstance(one.error, asyncio.CancelledError) for one in ran)
    assert statistics.median(one.seconds for one in ran) < PROMPT
    assert sum(isinstance(event, Done) for event in heard) >= 5


def test_a_listener_that_does_not_take_the_end_of_a_cancelled_run_is_not_waited_for(kit):
    offered = []

    async def take_nothing(event):
        offered.append(event)
        if isinstance(event, Done):
            await kit.forever()

    def one():
        model = kit.model(kit.HANG)
        return kit.run_once(model, listen=take_nothing, cancel_when=lambda: model.hung)

    ran = repeatedly(5, one)
    assert statistics.median(one.seconds for one in ran) < PROMPT
    assert sum(isinstance(event, Done) for event in offered) == 5


def test_a_listener_that_waits_is_under_the_clock_too(kit):
    async def wait_at_step(event):
        if isinstance(event, Step):
            await kit.forever()

    ran = kit.run(kit.model("never asked"), listen=wait_at_step, max_total_seconds=0.02)
    assert (ran.result.stopped_reason, ran.result.metrics.model_calls) == ("budget_seconds", 0)


def test_interrupted_tools_leave_every_call_answered_in_order(kit):
    calls = [kit.call(name, id=name) for name in ("a", "h", "b", "c")]
    model, tools = kit.model(calls), kit.tools(a=lambda: "1", h=lambda: kit.HANG, b=lambda: "2", c=int)
    result = kit.run(model, tools, tool_concurrency=2, max_total_seconds=0.3).result
    answers = {one["tool_call_id"]: one["content"] for one in result.messages if one["role"] == "tool"}
    cut = "cut off: the run ended before this call returned"
    assert list(answers) == ["a", "h", "b", "c"]
    assert answers == {"a": "1", "h": cut, "b": "2", "c": "0"}
    assert [one.call.id for one in result.iterations[0].tool_invocations] == ["a", "h", "b", "c"]


def test_calls_that_never_began_are_not_counted(kit):
    calls = [kit.call("h", id="1"), kit.call("a", id="2")]
    result = kit.run(kit.model(calls), kit.tools(h=lambda: kit.HANG, a=int), max_total_seconds=0.2).result
    assert result.metrics.tool_calls == 1
    assert len(result.iterations[0].tool_invocations) == 2


def test_a_hung_tool_that_outlives_its_own_timeout_is_cut_off_and_told(kit):
    model, tools = kit.model(kit.call("h"), "done"), kit.tools(h=lambda: kit.HANG)
    ran = kit.run(model, tools, tool_timeout=0.02)
    assert ran.result.last_tool_invocation.outcome.error == "timed out after 0.02 s"
    assert (ran.result.ok, tools.cancelled, ran.seconds < 1) == (True, 1, True)


def test_a_tool_that_reports_its_own_timeout_is_believed(kit, monkeypatch):
    monkeypatch.setattr("mini_agent.loop.turn.GRACE_SECONDS", 5)

    async def slow():
        await asyncio.sleep(0.03)
        return ToolOutcome(False, "printed this, then timed out", error="timed out")

    result = kit.run(kit.model(kit.call("s"), "done"), kit.tools(s=slow), tool_timeout=0.02).result
    assert result.last_tool_invocation.outcome.content == "printed this, then timed out"


def test_a_reply_that_arrives_as_the_clock_runs_out_is_still_paid_for(kit):
    class Late(kit.model):
        async def reply(self, request, on_text=None):
            try:
                await kit.forever()
            except asyncio.CancelledError:
                return Reply("too late", usage=Usage(7, 3), cost=0.1)

    result = kit.run(Late(), max_total_seconds=0.1).result
    assert (result.stopped_reason, result.final_answer) == ("budget_seconds", "")
    assert (result.metrics.tokens.total, result.metrics.cost) == (10, 0.1)


def test_what_a_tool_gives_while_it_is_cancelled_is_kept(kit):
    async def saves_what_it_has():
        try:
            await kit.forever()
        except asyncio.CancelledError:
            return ToolOutcome(False, "printed so far", stdout="printed so far", error="cancelled")

    tools = kit.tools(s=saves_what_it_has)
    result = kit.run(kit.model(kit.call("s")), tools, max_total_seconds=0.1).result
    assert result.last_tool_invocation.outcome.stdout == "printed so far"


def test_a_model_cancelled_from_inside_is_a_fault_of_the_model(kit):
    result = kit.run(kit.model(asyncio.CancelledError())).result
    assert (result.stopped_reason, result.error) == ("model_error", "the model's call was cancelled")


def test_a_tool_cancelled_from_inside_is_a_fault_of_the_tool(kit):
    def broken():
        raise asyncio.CancelledError

    result = kit.run(kit.model(kit.call("a"), "done"), kit.tools(a=broken)).result
    assert "cancelled from inside" in result.messages[2]["content"]


@pytest.mark.parametrize("what", ["model", "tool"])
@pytest.mark.parametrize("way", ["clock", "cancel"])
def test_code_that_ignores_its_cancellation_holds_nobody_up(kit, what, way, caplog, monkeypatch):
    """It cannot be ended; it is said so, and it is left to end by itself."""
    monkeypatch.setattr("mini_agent.loop.in_flight.END_SECONDS", 0.15)

    async def stubborn():
        for _ in range(3):
            try:
                await asyncio.sleep(0.4)
            except asyncio.CancelledError:
                continue
        return "at last"

    class Stubborn(kit.model):
        async def reply(self, request, on_text=None):
            return Reply(await stubborn())

    async def one():
        model = Stubborn() if what == "model" else kit.model(kit.call("s"), "done")
        how = {"max_total_seconds": 0.1} if way == "clock" else {"cancel_after": 0.1}
        ran = await kit.run_once(model, kit.tools(s=stubborn), **how)
        if ran.left:
            await asyncio.wait(ran.left, timeout=2)
        return ran

    with caplog.at_level(logging.WARNING, "mini_agent"):
        ran = asyncio.run(one())
    assert ran.seconds < 0.6
    assert ran.told.stopped_reason == ("budget_seconds" if way == "clock" else "cancelled")
    assert "still cleaning up" in caplog.text


def test_cancelling_twice_still_waits_for_the_tools_end(kit):
    gone = []

    async def slow_to_clean_up():
        try:
            await kit.forever()
        finally:
            await asyncio.sleep(0.05)
            gone.append(True)

    async def one():
        from mini_agent.limits import Limits
        from mini_agent.loop.agent import RunOptions, run_agent

        tools = kit.tools(s=slow_to_clean_up)
        run = run_agent(
            [{"role": "user", "content": "x"}], RunOptions("m", Limits()), kit.model(kit.call("s")), tools
        )
        task = asyncio.create_task(run)
        while not tools.running:
            await asyncio.sleep(0.001)
        for _ in range(3):
            task.cancel()
            await asyncio.sleep(0.01)
        with pytest.raises(asyncio.CancelledError):
            await task
        assert gone == [True]
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(one())


def test_nothing_is_left_to_the_garbage_collector(kit, recwarn):
    for state in STATES:
        model, tools = hung(kit, state)
        kit.run(model, tools, max_total_seconds=0.01)
    gc.collect()
    assert [str(one.message) for one in recwarn] == []


def test_cancelling_at_every_step_of_the_event_loop_leaves_a_true_and_whole_record(kit):
    """Whichever await is hit, each call has its answer, what ran is counted, and what was paid is added."""

    async def quick(n):
        await asyncio.sleep(0)
        return n

    async def cancelled_after(steps):
        events, used = [], Usage(3, 1)
        first = Reply(tool_calls=tuple(kit.call("q", f'{{"n": {n}}}', str(n)) for n in range(3)), usage=used)
        model, tools = kit.model(first, Reply("done", usage=used)), kit.tools(q=quick)

        async def listen(event):
            events.append(event)
            await asyncio.sleep(0)

        task = asyncio.create_task(
            kit.run_once(model, tools, listen=listen, tool_concurrency=2), name="under test"
        )
        inner = None
        for _ in range(steps):
            await asyncio.sleep(0)
        for one in asyncio.all_tasks():
            if "run_agent" in repr(one.get_coro()):
                inner = one
        if inner:
            inner.cancel()
        return await task, events, model, tools

    finished = cancelled = 0
    for steps in range(60):
        ran, events, model, tools = asyncio.run(cancelled_after(steps))
        assert ran.left == set()
        told = [one.result for one in events if isinstance(one, Done)]
        finished, cancelled = finished + (ran.error is None), cancelled + (ran.error is not None)
        if not told:
            assert not model.requests
            continue
        assert_whole(told[-1], tools, events)
        assert told[-1].metrics.iterations == len(model.requests)
    assert finished
    assert cancelled > 20


def assert_whole(result, tools, events):
    wanted = [
        one["id"]
        for message in result.messages
        if message["role"] == "assistant"
        for one in message.get("tool_calls") or ()
    ]
    assert [one["tool_call_id"] for one in result.messages if one["role"] == "tool"] == wanted
    assert result.metrics.tool_calls == len(tools.invoked)
    returned = {one.invocation.call.id for one in events if isinstance(one, ToolReturned)}
    kept = {one.call.id for turn in result.iterations for one in turn.tool_invocations if one.outcome.ok}
    assert returned <= kept
    assert result.metrics.tokens.total == 4 * sum(bool(one.finish_reason) for one in result.iterations)

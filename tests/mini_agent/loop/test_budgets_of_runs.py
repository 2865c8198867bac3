"""Runs that spend a limit: which one is named, what is still answered, and what the other model then does."""

from __future__ import annotations

import time

import pytest

from mini_agent.conversation import Reply, Usage
from mini_agent.events import Step
from mini_agent.interfaces import ModelError


def used(total, **more):
    return Reply(usage=Usage(total - 1, 1), **more)


def contents(result):
    return [one["content"] for one in result.messages if one["role"] == "tool"]


def test_iterations(kit):
    count = iter(range(9))
    model = kit.model(kit.call("a"))
    result = kit.run(model, kit.tools(a=lambda: next(count)), max_iterations=2).result
    assert (result.stopped_reason, len(model.requests)) == ("max_iterations", 2)
    assert (result.final_answer, result.error) == ("", "no answer after 2 iterations (max_iterations 2)")
    assert contents(result) == ["0", "1"]


def test_tokens_stop_the_next_call_of_the_model(kit):
    model = kit.model(used(50, tool_calls=(kit.call("a"),)), "never asked")
    result = kit.run(model, kit.tools(a=int), max_tokens_total=50).result
    assert (result.stopped_reason, len(model.requests), contents(result)) == ("budget_tokens", 1, ["0"])


def test_tokens_gone_beyond_stop_the_tools_too(kit):
    model, tools = kit.model(used(51, tool_calls=(kit.call("a"),))), kit.tools(a=int)
    result = kit.run(model, tools, max_tokens_total=50).result
    assert (result.stopped_reason, tools.invoked) == ("budget_tokens", [])
    assert "51 tokens used (max_tokens_total 50)" in contents(result)[0]


def test_a_budget_of_no_tokens_allows_no_call(kit):
    model = kit.model("never asked")
    result = kit.run(model, max_tokens_total=0).result
    assert (result.stopped_reason, model.requests, result.metrics.used_model) == ("budget_tokens", [], "")


@pytest.mark.parametrize(
    ("choices", "told"),
    [
        ({}, [None, None]),
        ({"max_tokens_total": 100}, [None, None]),
        ({"max_tokens": 80}, [80, 80]),
        ({"max_tokens_total": 100, "max_tokens": 80}, [80, 70]),
    ],
)
def test_the_model_is_told_how_long_it_may_answer(kit, choices, told):
    model = kit.model(used(30, tool_calls=(kit.call("a"),)), "done")
    kit.run(model, kit.tools(a=int), **choices)
    assert [one.max_tokens for one in model.requests] == told


@pytest.mark.parametrize(
    ("choices", "reason"),
    [({"max_tokens_total": 9}, "budget_tokens"), ({"max_cost": 0.001}, "budget_cost")],
)
def test_an_answer_beyond_its_budget_is_shown_and_is_no_success(kit, choices, reason):
    result = kit.run(kit.model(used(10, content="It is 4.", cost=0.002)), **choices).result
    assert (result.ok, result.stopped_reason, result.final_answer) == (False, reason, "It is 4.")
    assert result.messages[-1] == {"role": "assistant", "content": "It is 4."}
    assert result.error


def test_an_answer_that_uses_up_its_budget_exactly_is_a_success(kit):
    assert kit.run(kit.model(used(10, content="x", cost=0.5)), max_tokens_total=10, max_cost=0.5).result.ok


def test_a_model_without_a_price_may_run_under_a_cost_of_nothing(kit):
    assert kit.run(kit.model("x"), max_cost=0).result.ok


def test_cost_beyond_its_budget_stops_the_tools(kit):
    model, tools = kit.model(Reply(tool_calls=(kit.call("a"),), cost=0.2)), kit.tools(a=int)
    result = kit.run(model, tools, max_cost=0.1).result
    assert (result.stopped_reason, tools.invoked, result.metrics.cost) == ("budget_cost", [], 0.2)


def test_tool_calls_run_as_far_as_allowed_and_the_rest_is_answered(kit):
    calls = [kit.call("a", f'{{"n": {n}}}', f"c{n}") for n in range(3)]
    model, tools = kit.model(calls, "never asked"), kit.tools(a=lambda n: n)
    result = kit.run(model, tools, max_tool_calls=2).result
    assert (result.stopped_reason, result.metrics.tool_calls) == ("budget_tool_calls", 2)
    assert contents(result) == ["0", "1", "not run: the run's budget of tool calls is spent"]


def test_an_answer_after_the_last_allowed_tool_call_is_a_success(kit):
    result = kit.run(kit.model(kit.call("a"), "done"), kit.tools(a=int), max_tool_calls=1).result
    assert (result.ok, result.metrics.tool_calls) == (True, 1)


def test_a_call_that_cannot_be_made_spends_no_tool_call(kit):
    model = kit.model(kit.call("b"), kit.call("a"), "done")
    assert kit.run(model, kit.tools(a=int), max_tool_calls=1).result.ok


def test_wall_time_is_counted_over_all_steps(kit):
    def slow(request):
        time.sleep(0.01)
        return kit.call("a", f'{{"n": {time.monotonic_ns()}}}')

    result = kit.run(
        kit.model(slow), kit.tools(a=lambda n: n), max_total_seconds=0.3, max_iterations=100
    ).result
    assert result.stopped_reason == "budget_seconds"
    assert 2 <= result.metrics.iterations <= 31


ESCALATING = {"escalate_on_budget_exceeded": True, "escalate_model": "second"}


@pytest.mark.parametrize(
    ("first", "choices", "reason"),
    [
        ("hang", {"max_total_seconds": 0.1}, "budget_seconds"),
        (Reply(usage=Usage(90, 20)), {"max_tokens_total": 100}, "budget_tokens"),
        (Reply(cost=2.0), {"max_cost": 1.0}, "budget_cost"),
        ("calls", {"max_tool_calls": 1}, "budget_tool_calls"),
        ("", {"max_iterations": 1}, "max_iterations"),
    ],
)
@pytest.mark.parametrize("on", [True, False])
def test_each_budget_escalates_once_and_only_when_asked_to(kit, first, choices, reason, on):
    step = [kit.call("a", id="1"), kit.call("a", id="2")] if first == "calls" else first
    model, tools = kit.model(step, "from the other"), kit.tools(a=int)
    ran = kit.run(model, tools, **choices, **(ESCALATING if on else {}))
    result, asked = ran.result, [one.model for one in model.requests]
    assert result.metrics.escalated is on
    assert result.metrics.used_model == ("second" if on else "first")
    if on:
        assert (result.stopped_reason, result.final_answer, asked) == (
            "success",
            "from the other",
            ["first", "second"],
        )
        assert [one for one in ran.events if isinstance(one, Step)] == [Step(1, "first"), Step(2, "second")]
        assert result.metrics.iterations == 2
    else:
        assert (result.stopped_reason, asked) == (reason, ["first"])


def test_the_other_model_goes_on_with_the_conversation_under_limits_counted_anew(kit):
    step = used(60, tool_calls=(kit.call("a"),))
    count = iter(range(9))
    model = kit.model(step, step, used(60, content="done"))
    result = kit.run(model, kit.tools(a=lambda: next(count)), max_tokens_total=120, **ESCALATING).result
    assert [one.model for one in model.requests] == ["first", "first", "second"]
    assert [one["role"] for one in model.requests[2].messages][-2:] == ["assistant", "tool"]
    assert (result.ok, result.metrics.tokens.total) == (True, 180)


def test_a_second_spent_budget_ends_the_run(kit):
    model = kit.model("")
    result = kit.run(model, max_iterations=2, **ESCALATING).result
    assert [one.model for one in model.requests] == ["first", "first", "second", "second"]
    assert (result.stopped_reason, result.metrics.escalated) == ("max_iterations", True)


def test_a_budget_that_allows_no_call_of_the_other_model_is_no_escalation(kit):
    metrics = kit.run(kit.model("never asked"), max_tokens_total=0, **ESCALATING).result.metrics
    assert (metrics.escalated, metrics.used_model) == (False, "")


def test_an_answer_that_is_there_is_not_asked_for_again(kit):
    model = kit.model(used(10, content="It is 4."))
    result = kit.run(model, max_tokens_total=9, **ESCALATING).result
    assert (result.final_answer, len(model.requests), result.metrics.escalated) == ("It is 4.", 1, False)


@pytest.mark.parametrize("text", ["budget exceeded", "escalate", "ERROR: budget_exceeded, escalating"])
def test_a_word_in_a_text_escalates_nothing(kit, text):
    model = kit.model(kit.call("a"), text)
    result = kit.run(model, kit.tools(a=lambda: text), **ESCALATING).result
    assert (result.ok, result.metrics.escalated, result.metrics.used_model) == (True, False, "first")


def test_neither_a_models_error_nor_a_circle_escalates(kit):
    for model in (kit.model(ModelError("no")), kit.model(kit.call("a"))):
        result = kit.run(model, kit.tools(a=int), **ESCALATING).result
        assert (result.stopped_reason in ("model_error", "loop_detected"), result.metrics.escalated) == (
            True,
            False,
        )

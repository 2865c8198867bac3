"""Whole runs with a scripted model and scripted tools: each row of the contract's loop."""

from __future__ import annotations

import asyncio
import json

import pytest

from mini_agent.conversation import Reply, ToolDefinition, ToolOutcome, Usage
from mini_agent.events import Delta, Done, Step, ToolCalled, ToolReturned
from mini_agent.interfaces import ModelError, ToolBackendError
from mini_agent.result import StopReason

ADD = ToolDefinition(
    "add",
    parameters={
        "type": "object",
        "properties": {"x": {"type": "integer"}},
        "required": ["x"],
        "additionalProperties": False,
    },
)


def roles(result):
    return [one["role"] for one in result.messages]


def assert_paired(messages):
    """Each assistant tool call has its tool message directly after, in order."""
    messages = list(messages)
    while messages:
        message = messages.pop(0)
        assert message["role"] != "tool", "a result without its call"
        for one in message.get("tool_calls") or ():
            answer = messages.pop(0)
            assert (answer["role"], answer["tool_call_id"]) == ("tool", one["id"])
            assert answer["content"]


def test_an_answer_ends_the_run(kit):
    result = kit.run(kit.model("It is 4.")).result
    assert (result.ok, result.stopped_reason, result.final_answer) == (True, StopReason.SUCCESS, "It is 4.")
    assert result.messages[-1] == {"role": "assistant", "content": "It is 4."}
    assert (result.metrics.iterations, result.metrics.model_calls, result.metrics.tool_calls) == (1, 1, 0)
    assert result.run_id.startswith("run_")


def test_the_messages_given_are_not_changed(kit):
    given = [{"role": "user", "content": "hi"}]
    kit.run(kit.model(kit.call("add"), "done"), kit.tools(add=lambda: 1), given)
    assert given == [{"role": "user", "content": "hi"}]


def test_a_tools_result_goes_back_to_the_model_which_answers(kit):
    model, tools = kit.model(kit.call("add", '{"x": 1}'), "It is 2."), kit.tools(ADD, add=lambda x: x + 1)
    result = kit.run(model, tools).result
    assert tools.invoked == [("add", {"x": 1})]
    assert roles(result) == ["user", "assistant", "tool", "assistant"]
    assert model.requests[1].messages[-1] == {"role": "tool", "tool_call_id": "call_add", "content": "2"}
    assert (result.final_answer, result.metrics.iterations, result.metrics.tool_calls) == ("It is 2.", 2, 1)
    assert result.last_tool_invocation.arguments == {"x": 1}


def test_the_first_good_tool_output_does_not_end_the_run(kit):
    model = kit.model(kit.call("a"), kit.call("b"), kit.call("c"), "done")
    result = kit.run(model, kit.tools(a=lambda: 1, b=lambda: 2, c=lambda: 3)).result
    assert (result.final_answer, result.metrics.tool_calls) == ("done", 3)


def test_a_failed_tool_does_not_end_the_run_either(kit):
    failed = ToolOutcome(False, "Traceback: no", rc=1, error="exit code 1")
    result = kit.run(kit.model(kit.call("a"), "sorry"), kit.tools(a=lambda: failed)).result
    assert (result.ok, result.last_tool_invocation.outcome.rc) == (True, 1)


def test_the_tools_offered_are_those_the_backend_advertises(kit):
    model = kit.model("done")
    kit.run(model, kit.tools(ADD, add=int), tool_mode="schema")
    assert (model.requests[0].tools, model.requests[0].tool_mode) == ((ADD,), "schema")


def test_no_tool_is_offered_or_run_without_use_tools(kit):
    model, tools = kit.model(kit.call("add", '{"x": 1}'), "done"), kit.tools(ADD, add=int)
    result = kit.run(model, tools, use_tools=False).result
    assert (model.requests[0].tools, tools.invoked) == ((), [])
    assert "there are no tools" in result.messages[2]["content"]


def test_another_name_gets_a_message_that_lists_the_names(kit):
    model, tools = kit.model(kit.call("sub"), "done"), kit.tools(add=int, mul=int)
    result = kit.run(model, tools).result
    assert result.messages[2]["content"] == "not run: there is no tool 'sub'; the tools are: add, mul"
    assert (result.ok, tools.invoked, result.metrics.tool_calls) == (True, [], 0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"x": 1', "no JSON object"),
        ("[1]", "an array"),
        ('{"x": "one"}', "'one' is not of type 'integer'"),
        ("", "'x' is a required property"),
        ('{"x": 1, "y": 2}', "'y' was unexpected"),
    ],
)
def test_arguments_that_do_not_fit_can_be_repaired(kit, text, said):
    model = kit.model(kit.call("add", text), kit.call("add", '{"x": 1}'), "It is 2.")
    tools = kit.tools(ADD, add=lambda x: x + 1)
    result = kit.run(model, tools).result
    first = result.iterations[0].tool_invocations[0]
    assert said in result.messages[2]["content"]
    assert (first.arguments, first.outcome.ok, first.call.arguments_text) == (None, False, text)
    assert (result.ok, tools.invoked) == (True, [("add", {"x": 1})])


def test_without_repair_a_call_that_cannot_be_made_ends_the_run_and_says_so(kit):
    model = kit.model([kit.call("add", '{"x": 1}', "a"), kit.call("add", "{", "b")], "never asked")
    tools = kit.tools(ADD, add=lambda x: x + 1)
    result = kit.run(model, tools, enable_repair=False).result
    assert (result.stopped_reason, result.final_answer, len(model.requests)) == ("model_error", "", 1)
    assert "no JSON object" in result.error
    assert "enable_repair" in result.error
    assert tools.invoked == []
    assert_paired(result.messages)


def test_a_model_sees_its_broken_arguments_as_json_that_its_server_can_read(kit):
    model = kit.model(kit.call("add", '{"x": '), "sorry")
    result = kit.run(model, kit.tools(ADD, add=int)).result
    sent = model.requests[1].messages[1]["tool_calls"][0]["function"]["arguments"]
    assert json.loads(sent) == {"unreadable": '{"x": '}
    assert result.messages[1]["tool_calls"][0]["function"]["arguments"] == '{"x": '


def test_calls_without_ids_or_with_the_same_one_get_their_own(kit):
    model = kit.model([kit.call("a", id="same"), kit.call("a", id="same")], "done")
    result = kit.run(model, kit.tools(a=int)).result
    ids = [one["id"] for one in result.messages[1]["tool_calls"]]
    assert (ids[0], len(set(ids))) == ("same", 2)
    assert_paired(result.messages)


def test_a_model_that_fails_is_a_result(kit):
    result = kit.run(kit.model(kit.call("a"), ModelError("status 500: broken")), kit.tools(a=int)).result
    assert (result.stopped_reason, result.error) == ("model_error", "status 500: broken")
    assert (result.metrics.iterations, result.metrics.tool_calls) == (2, 1)
    assert_paired(result.messages)


def test_a_backend_that_cannot_say_what_it_offers_is_the_callers_to_hear(kit):
    class Gone(kit.tools):
        async def definitions(self):
            raise ToolBackendError("the server is gone")

    ran = kit.run(kit.model("x"), Gone())
    assert isinstance(ran.error, ToolBackendError)


def test_a_backend_cancelled_from_inside_is_no_cancelled_run(kit):
    class Leaning(kit.tools):
        async def definitions(self):
            raise asyncio.CancelledError

    ran = kit.run(kit.model("x"), Leaning())
    assert isinstance(ran.error, ToolBackendError)


def test_a_backend_that_fails_within_a_run_is_told_to_the_model(kit):
    def broken():
        raise ToolBackendError("the server is gone")

    result = kit.run(kit.model(kit.call("a"), "I cannot."), kit.tools(a=broken)).result
    assert result.messages[2]["content"] == "the tool backend failed: the server is gone"
    assert result.final_answer == "I cannot."


@pytest.mark.parametrize("blank", ["", "  \n"])
def test_a_blank_reply_is_counted_and_is_no_answer(kit, blank):
    model = kit.model(blank, blank, "done")
    result = kit.run(model, seed=7).result
    assert (result.final_answer, result.metrics.iterations, len(result.iterations)) == ("done", 3, 3)
    assert [one.seed for one in model.requests] == [7, 8, 9]
    assert roles(result) == ["user", "assistant"]


def test_blank_replies_alone_end_at_max_iterations(kit):
    result = kit.run(kit.model(""), max_iterations=4).result
    assert (result.stopped_reason, result.metrics.iterations, result.ok) == ("max_iterations", 4, False)


def test_usage_cost_and_retries_are_added_up(kit):
    one = Reply(tool_calls=(kit.call("a"),), usage=Usage(10, 2), cost=0.5, retries=1, model="m-1")
    two = Reply("done", usage=Usage(20, 3), cost=0.25, model="m-2")
    tools = kit.tools(a=lambda: ToolOutcome(True, "1", retries=2))
    metrics = kit.run(kit.model(one, two), tools).result.metrics
    assert (metrics.tokens, metrics.cost, metrics.retries) == (Usage(30, 5), 0.75, 3)
    assert (metrics.used_model, metrics.escalated) == ("m-2", False)


def test_a_stand_in_is_named_in_the_result(kit):
    assert kit.run(kit.model(Reply("x", stand_in="echo"))).result.stand_in == "echo"


def test_events_tell_the_run_in_its_order(kit):
    ran = kit.run(kit.model(kit.call("a"), "done"), kit.tools(a=lambda: 5))
    step, called, returned, again, delta, done = ran.events
    assert (step, again) == (Step(1, "first"), Step(2, "first"))
    assert (called, delta) == (ToolCalled(kit.call("a")), Delta("done"))
    assert isinstance(returned, ToolReturned)
    assert returned.invocation == ran.result.last_tool_invocation
    assert done == Done(ran.result)


def test_text_is_streamed_only_when_somebody_listens_and_wants_it(kit):
    for listen, choices, streamed in ((None, {}, 0), ("collect", {"stream": False}, 0), ("collect", {}, 1)):
        model = kit.model("done")
        kit.run(model, listen=listen, **choices)
        assert model.streamed == streamed


def test_a_listener_that_fails_ends_the_run_with_its_error(kit):
    async def fail(event):
        if isinstance(event, ToolCalled):
            raise ConnectionResetError("the reader has gone")

    ran = kit.run(kit.model(kit.call("a"), "done"), kit.tools(a=int), listen=fail)
    assert isinstance(ran.error, ConnectionResetError)


def test_the_history_sent_is_pruned_and_the_one_returned_is_whole(kit):
    long = [{"role": "user", "content": "x" * 500}, {"role": "assistant", "content": "y" * 500}]
    model = kit.model("done")
    messages = [*long, {"role": "user", "content": "now"}]
    result = kit.run(model, None, messages, max_history_characters=100).result
    assert model.requests[0].messages == ({"role": "user", "content": "now"},)
    assert len(result.messages) == 4


@pytest.mark.parametrize("concurrency", [1, 3])
def test_tool_messages_stand_in_the_order_of_the_calls(kit, concurrency):
    async def wait(ms):
        await asyncio.sleep(ms / 1000)
        return ms

    calls = [kit.call("wait", f'{{"ms": {ms}}}', f"id{ms}") for ms in (30, 1, 15)]
    tools = kit.tools(wait=wait)
    result = kit.run(kit.model(calls, "done"), tools, tool_concurrency=concurrency).result
    assert [one["content"] for one in result.messages[2:5]] == ["30", "1", "15"]
    assert tools.most_running == concurrency
    assert_paired(result.messages)


def test_calls_beyond_the_cap_are_answered_and_not_run(kit):
    calls = [kit.call("a", id=f"c{n}") for n in range(6)]
    tools = kit.tools(a=lambda: "ran")
    result = kit.run(kit.model(calls, "done"), tools, max_tools_per_iter=2).result
    assert [one["content"] for one in result.messages[2:8]] == ["ran"] * 2 + [
        "not run: at most 2 tool calls in one reply are run"
    ] * 4
    assert (len(tools.invoked), result.metrics.tool_calls, result.ok) == (2, 2, True)
    assert_paired(result.messages)


def test_a_run_that_goes_in_circles_is_stopped(kit):
    result = kit.run(kit.model(kit.call("a", '{"x": 1}')), kit.tools(a=lambda x: "same")).result
    assert (result.stopped_reason, result.metrics.tool_calls) == ("loop_detected", 3)
    assert "3 times running" in result.error


def test_another_result_each_time_is_no_circle(kit):
    count = iter(range(100))
    result = kit.run(kit.model(kit.call("a")), kit.tools(a=lambda: next(count)), max_iterations=6).result
    assert (result.stopped_reason, result.metrics.iterations) == ("max_iterations", 6)

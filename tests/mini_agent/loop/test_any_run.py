"""Whatever a model says and whatever the limits are: the record is whole, and no limit is passed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mini_agent.conversation import Reply, ToolCall, ToolDefinition, ToolOutcome, Usage
from mini_agent.events import Done, Step, ToolCalled, ToolReturned
from mini_agent.history.prune import prune
from mini_agent.interfaces import ModelError, ToolBackendError
from mini_agent.result import StopReason

CODE = [
    "```python\nprint(1)\n```",
    "```sh\nls\n```",
    "```c\nint x;\n```",
    "```python\nunclosed",
    "```json\n{}\n```",
]
texts = st.sampled_from(["", "  ", "an answer", *CODE, CODE[0] + "\n" + CODE[2]])
calls = st.builds(
    ToolCall,
    st.sampled_from(["", "a", "b", "c"]),
    st.sampled_from(["ok", "bad", "gone", "hang", "missing", "run_python", ""]),
    st.sampled_from(["{}", '{"n": 1}', "{", "[]", "", '{"n": "x"}']),
)
replies = st.builds(
    Reply,
    texts,
    st.lists(calls, max_size=5).map(tuple),
    usage=st.builds(Usage, st.integers(0, 30), st.integers(0, 30)),
    cost=st.sampled_from([0.0, 0.1, 0.5]),
)
scripts = st.lists(replies | st.just(ModelError("no")), min_size=1, max_size=6)
limits = st.fixed_dictionaries(
    {
        "max_iterations": st.integers(1, 6),
        "max_tokens_total": st.none() | st.integers(0, 150),
        "max_cost": st.none() | st.sampled_from([0.0, 0.3, 1.0]),
        "max_tool_calls": st.none() | st.integers(0, 6),
        "max_tools_per_iter": st.integers(1, 5),
        "tool_concurrency": st.integers(1, 3),
        "tool_timeout": st.just(0.001),
        "max_total_seconds": st.none() | st.just(0.02),
        "auto_run_code_on_code_block": st.booleans(),
        "use_tools": st.booleans(),
        "enable_repair": st.booleans(),
        "escalate_on_budget_exceeded": st.booleans(),
        "escalate_model": st.sampled_from(["", "second"]),
        "seed": st.none() | st.integers(0, 9),
        "max_history_characters": st.none() | st.integers(0, 200),
    }
)
NUMBER = {"type": "object", "properties": {"n": {"type": "integer"}}}


def tools_of(kit):
    def gone(n=0):
        raise ToolBackendError("gone")

    functions = {
        "ok": lambda n=0: "fine",
        "bad": lambda n=0: ToolOutcome(False, "", error="failed"),
        "gone": gone,
        "hang": lambda n=0: kit.HANG,
        "run_python": lambda code="", n=0: "1",
    }
    return kit.tools(*(ToolDefinition(name, parameters=NUMBER) for name in functions), **functions)


@given(scripts, limits)
def test_any_run(kit, script, choices):
    model, tools = kit.model(*script), tools_of(kit)
    ran = kit.run(model, tools, **choices)
    result, metrics = ran.result, ran.result.metrics
    legs = 2 if metrics.escalated else 1
    assert tools.running == 0
    assert_record(ran, model, tools)
    assert metrics.iterations <= choices["max_iterations"] * legs
    if choices["max_tool_calls"] is not None:
        assert metrics.tool_calls <= choices["max_tool_calls"] * legs
    asked = [one.model for one in model.requests]
    assert metrics.escalated is ("second" in asked)
    assert metrics.used_model == (asked[-1] if asked else "")
    assert asked == sorted(asked)
    assert_reason(result, model, choices)
    for request in model.requests:
        assert request.max_tokens is None or request.max_tokens >= 1
        assert prune(request.messages, 10**6) == tuple(request.messages), "an orphan was sent"


def assert_record(ran, model, tools):
    result, metrics = ran.result, ran.result.metrics
    assert metrics.iterations == metrics.model_calls == len(result.iterations) == len(model.requests)
    assert metrics.tool_calls == len(tools.invoked)
    assert prune(result.messages, 10**6) == result.messages, "a call without its result"
    told = [one for one in ran.events if isinstance(one, Done)]
    assert told == [Done(result)]
    assert ran.events[-1] is told[0]
    assert [one.number for one in ran.events if isinstance(one, Step)] == list(
        range(1, len(model.requests) + 1)
    )
    kept = [one for turn in result.iterations for one in turn.tool_invocations]
    returned = [one.invocation for one in ran.events if isinstance(one, ToolReturned)]
    assert all(one in kept for one in returned)
    assert sum(isinstance(one, ToolCalled) for one in ran.events) <= len(kept)
    written = [one["content"] for one in result.messages if one["role"] == "tool"]
    assert written == [one.outcome.content or one.outcome.error for one in kept]


def assert_reason(result, model, choices):
    reason, metrics = result.stopped_reason, result.metrics
    assert (reason is StopReason.SUCCESS) is (result.error == "")
    if reason is StopReason.SUCCESS:
        assert result.final_answer.strip()
        assert result.messages[-1] == {"role": "assistant", "content": result.final_answer}
    if not metrics.escalated and reason is StopReason.SUCCESS:
        assert metrics.tokens.total <= (choices["max_tokens_total"] or 10**9)
        assert metrics.cost <= (10**9 if choices["max_cost"] is None else choices["max_cost"])
    if result.final_answer and reason is not StopReason.SUCCESS:
        assert reason in (StopReason.BUDGET_TOKENS, StopReason.BUDGET_COST)
    if reason is StopReason.BUDGET_SECONDS:
        assert choices["max_total_seconds"] is not None

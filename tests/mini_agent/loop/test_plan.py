from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from mini_agent.conversation import ToolCall, ToolDefinition
from mini_agent.loop.plan import first_fault, none_run, plan

TOOLS = {"a": ToolDefinition("a"), "b": ToolDefinition("b", parameters={"type": "object", "required": ["x"]})}
calls = st.lists(
    st.builds(
        ToolCall,
        st.text(max_size=3),
        st.sampled_from(["a", "b", "c"]),
        st.sampled_from(["{}", "{", '{"x":1}']),
    ),
    max_size=8,
)


@settings(deadline=None)
@given(calls, st.integers(1, 9), st.none() | st.integers(0, 9))
def test_every_call_is_planned_in_its_place_and_no_limit_is_passed(asked, most, left):
    planned = plan(asked, TOOLS, most, left)
    run = [one for one in planned if one.refusal is None]
    assert [one.call for one in planned] == asked
    assert len(run) <= most
    assert left is None or len(run) <= left
    assert all(one.arguments is not None for one in run)
    assert all(not one.refusal.ok and one.refusal.content for one in planned if one.refusal)


@settings(deadline=None)
@given(calls, st.integers(1, 9), st.integers(0, 9))
def test_the_budget_refuses_only_what_could_have_run(asked, most, left):
    without, within = plan(asked, TOOLS, most, None), plan(asked, TOOLS, most, left)
    for one, other in zip(without, within, strict=True):
        assert one == other or (one.refusal is None and other.over_budget)


@settings(deadline=None)
@given(calls)
def test_none_run_keeps_every_reason(asked):
    planned = plan(asked, TOOLS, 3, None)
    for one, other in zip(planned, none_run(planned, "over"), strict=True):
        assert other.refusal == one.refusal if one.refusal else other.refusal.content == "not run: over"


def test_a_fault_is_the_models_and_a_limit_is_not():
    beyond = plan([ToolCall("1", "a"), ToolCall("2", "a")], TOOLS, 1, None)
    assert (first_fault(beyond), beyond[1].fault) == ("", False)
    assert (
        first_fault(plan([ToolCall("1", "a"), ToolCall("2", "c")], TOOLS, 9, None)) == "there is no tool 'c'"
    )


def test_many_names_are_not_all_listed():
    many = {f"t{n:03}": ToolDefinition(f"t{n:03}") for n in range(120)}
    (one,) = plan([ToolCall("1", "x" * 500)], many, 1, None)
    assert "t049 and 70 more" in one.refusal.content
    assert len(one.refusal.error) < 150


def test_a_call_that_cannot_be_made_leaves_the_budget_to_the_next():
    planned = plan([ToolCall("1", "c"), ToolCall("2", "a"), ToolCall("3", "a")], TOOLS, 9, 1)
    assert [(one.refusal is None, one.over_budget) for one in planned] == [
        (False, False),
        (True, False),
        (False, True),
    ]

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from mini_agent.conversation import ToolCall, ToolInvocation, ToolOutcome
from mini_agent.loop.transcript import assistant, tool, with_own_ids


@settings(deadline=None)
@given(
    st.lists(st.builds(ToolCall, st.sampled_from(["", "a", "b"]), st.text(max_size=3), st.text(max_size=3)))
)
def test_every_call_has_an_id_of_its_own_and_is_otherwise_unchanged(calls):
    kept = with_own_ids(calls)
    ids = [one.id for one in kept]
    assert all(ids)
    assert len(set(ids)) == len(ids)
    assert [(one.name, one.arguments_text) for one in kept] == [
        (one.name, one.arguments_text) for one in calls
    ]
    first = {one.id: place for place, one in reversed(list(enumerate(calls))) if one.id}
    assert all(ids[place] == id for id, place in first.items())


def test_the_shapes_of_the_messages():
    call = ToolCall("a", "add", '{"x": 1}')
    assert assistant("hi") == {"role": "assistant", "content": "hi"}
    assert assistant("", [call]) == {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": "a", "type": "function", "function": {"name": "add", "arguments": '{"x": 1}'}}],
    }
    assert assistant("so:", [call])["content"] == "so:"
    outcome = ToolOutcome(False, "", error="why")
    assert tool(ToolInvocation(call, {}, outcome)) == {"role": "tool", "tool_call_id": "a", "content": "why"}

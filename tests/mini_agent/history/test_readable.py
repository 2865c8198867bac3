from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mini_agent.history.readable import readable


def calling(arguments):
    return {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": "a", "type": "function", "function": {"name": "t", "arguments": arguments}}],
    }


def sent(message):
    return readable([message])[0]["tool_calls"][0]["function"]["arguments"]


@settings(deadline=None)
@given(st.text())
def test_every_argument_text_becomes_a_json_object(text):
    found = json.loads(sent(calling(text)))
    assert isinstance(found, dict)


@pytest.mark.parametrize("text", ["{}", '{"x": [1, {"y": null}]}', ' {"x": 1}\n'])
def test_what_can_be_read_is_left_as_it_is(text):
    message = calling(text)
    assert readable([message])[0] is message


@pytest.mark.parametrize("text", ['{"x": ', "[1]", '"x"', '{"x": NaN}', "[" * 100_000])
def test_what_cannot_be_read_is_shown_to_the_model_as_text(text):
    message = calling(text)
    assert json.loads(sent(message)) == {"unreadable": text}
    assert message == calling(text)


@pytest.mark.parametrize(("text", "becomes"), [("", "{}"), ("  ", "{}")])
def test_no_arguments_at_all(text, becomes):
    assert sent(calling(text)) == becomes


@pytest.mark.parametrize(
    "message",
    [
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": "x", "tool_calls": []},
        {"role": "assistant", "tool_calls": [{"id": "a"}, "nonsense", {"function": {"arguments": {"x": 1}}}]},
    ],
)
def test_everything_else_passes(message):
    assert readable([message]) == (message,)

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mini_agent.conversation import ToolCall, Usage
from mini_agent.model.wire.answer import MOST_TOKENS, Answer, read_answer
from mini_agent.model.wire.failure import Server, UpstreamError

SERVER = Server("h:1")


def read(message: dict, finish: object = "stop", **more: object) -> Answer:
    return read_answer(
        json.dumps({"choices": [{"message": message, "finish_reason": finish}], **more}).encode(), SERVER
    )


def call(name: object = "f", arguments: object = "{}", identifier: object = "a") -> dict:
    return {"id": identifier, "type": "function", "function": {"name": name, "arguments": arguments}}


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("text", "text"),
        (None, ""),
        ("", ""),
        ([{"type": "text", "text": "a"}, {"type": "image"}, {"type": "text", "text": "b"}, 3], "ab"),
        (3, ""),
        ("\ud83d", "\ufffd"),
        ("\ud83d\ude00", "\U0001f600"),
    ],
)
def test_content(content, text):
    assert read({"content": content}).content == text


def test_a_refusal_is_what_was_said():
    assert read({"content": None, "refusal": "I will not"}).content == "I will not"


def test_reasoning_is_left_out():
    assert read({"content": "a", "reasoning_content": "b", "reasoning": "c"}).content == "a"


def test_calls_in_the_manners_of_servers():
    calls = [call(), call(arguments={"x": 1}, identifier=None), call(arguments=None), call(arguments=""), 3]
    found = read({"content": None, "tool_calls": calls}).tool_calls
    assert [one.arguments_text for one in found] == ["{}", '{"x": 1}', "{}", "{}"]
    assert found[0] == ToolCall("a", "f", "{}")
    assert len({one.id for one in found}) == 4


@pytest.mark.parametrize(
    ("finish", "read_as"), [("length", "length"), (None, "stop"), (3, "stop"), ("a\nb", "stop")]
)
def test_finish_reason(finish, read_as):
    assert read({"content": "a"}, finish).finish_reason == read_as


def test_calls_without_a_finish_reason():
    assert read({"tool_calls": [call()]}, None).finish_reason == "tool_calls"


@pytest.mark.parametrize(
    ("usage", "counted"),
    [
        ({"prompt_tokens": 3, "completion_tokens": 4}, Usage(3, 4)),
        (None, Usage()),
        ("many", Usage()),
        ({"prompt_tokens": -3, "completion_tokens": "4"}, Usage()),
        ({"prompt_tokens": 10**400}, Usage(MOST_TOKENS, 0)),
        ({"prompt_tokens": 1.5}, Usage()),
    ],
)
def test_usage(usage, counted):
    assert read({"content": "a"}, usage=usage).usage == counted


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
fields = [
    "choices",
    "message",
    "content",
    "tool_calls",
    "function",
    "name",
    "arguments",
    "id",
    "finish_reason",
]
shaped = st.recursive(
    json_values,
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from([*fields, "usage", "error", "model", "delta", "index"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@settings(deadline=None)
@given(shaped)
def test_any_json_is_an_answer_or_an_upstream_error(value):
    try:
        said = read_answer(json.dumps(value).encode(), SERVER).content
    except UpstreamError as error:
        said = str(error)
    assert said.encode() is not None

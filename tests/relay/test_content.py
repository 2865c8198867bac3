from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.relay.content import READERS, read_content
from readiness.relay.shapes import Shape

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["choices", "message", "delta", "content", "index", "tool_calls", "function", "output", "object", "data", "done", "type"]),
        inner, max_size=4,
    ),
    max_leaves=12,
)  # fmt: skip


def delta(index: int, **said: object) -> dict[str, object]:
    return {"choices": [{"index": index, "delta": said, "finish_reason": None}]}


def test_the_pieces_of_several_answers_are_kept_apart():
    pieces = [delta(0, content="a"), delta(1, content="x"), delta(0, content="b"), delta(1, content="y")]
    assert read_content(Shape.CHAT, pieces) == ({"0 content": "ab", "1 content": "xy"}, False)


def test_a_tool_call_in_pieces_is_put_together():
    pieces = [
        delta(0, tool_calls=[{"index": 0, "function": {"name": "f", "arguments": ""}}]),
        delta(
            0,
            tool_calls=[
                {"index": 0, "function": {"arguments": '{"a":'}},
                {"index": 1, "function": {"name": "g"}},
            ],
        ),
        delta(0, tool_calls=[{"index": 0, "function": {"arguments": " 1}"}}]),
    ]
    assert read_content(Shape.CHAT, pieces)[0] == {"0 tool 0": 'f{"a": 1}', "0 tool 1": "g"}


@pytest.mark.parametrize("name", ["content", "reasoning_content", "reasoning", "refusal"])
def test_whatever_a_model_says_is_said(name):
    assert read_content(Shape.CHAT, [delta(0, **{name: "x"})])[0] == {f"0 {name}": "x"}


def test_a_response_is_read_from_its_final_object():
    call = {"type": "function_call", "name": "f", "arguments": "{}"}
    refusal = {"type": "message", "content": [{"type": "refusal", "refusal": "no"}]}
    reasoning = {"type": "reasoning", "summary": [{"text": "hm"}]}
    response = {"object": "response", "status": "completed", "output": [call, refusal, reasoning]}
    assert read_content(Shape.RESPONSES, [response]) == (
        {"0 call": "f{}", "1 content": "no", "2 content": "hm"},
        True,
    )
    for status in ("in_progress", "failed", "queued"):
        assert read_content(Shape.RESPONSES, [{**response, "status": status}]) == ({}, False)


def test_the_blocks_of_a_message_are_kept_apart():
    pieces = [
        {"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"thinking": "hm"}},
        {
            "type": "content_block_start",
            "index": 1,
            "content_block": {"type": "tool_use", "name": "f", "input": {}},
        },
        {"type": "content_block_delta", "index": 1, "delta": {"partial_json": '{"a": 1}'}},
    ]
    assert read_content(Shape.MESSAGES, pieces)[0] == {
        "0 thinking": "hm",
        "1 name": "f",
        "1 partial_json": '{"a": 1}',
    }


def test_every_shape_has_a_reader():
    assert set(READERS) == set(Shape)


@given(
    st.sampled_from(list(Shape)), st.lists(st.dictionaries(st.text(max_size=4), JSON, max_size=4), max_size=3)
)
def test_any_json_is_read(shape, objects):
    parts, ended = read_content(shape, objects)
    assert all(isinstance(text, str) and text for text in parts.values())
    assert isinstance(ended, bool)


@given(st.sampled_from(list(Shape)), JSON.filter(lambda one: isinstance(one, dict)))
def test_json_of_the_right_names_and_wrong_shapes_is_read(shape, one):
    parts, _ = read_content(shape, [one])
    assert isinstance(parts, dict)

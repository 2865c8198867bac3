from __future__ import annotations

import json

import pytest

from mini_agent.conversation import ToolDefinition
from mini_agent.interfaces import ModelError, ModelRequest
from mini_agent.model.wire.request import encoded, native_body

MESSAGES = [{"role": "user", "content": "hi"}]


def test_only_what_is_given_is_sent():
    assert native_body(ModelRequest("m", MESSAGES), "m") == {"model": "m", "messages": MESSAGES}


def test_fields_of_the_request_win_over_options():
    options = {"temperature": 1, "model": "other", "messages": [], "top_p": 0.5, "stop": None}
    body = native_body(ModelRequest("m", MESSAGES, temperature=0.0, seed=0, options=options), "real")
    assert body == {"model": "real", "messages": MESSAGES, "temperature": 0.0, "seed": 0, "top_p": 0.5}


def test_tools():
    request = ModelRequest("m", MESSAGES, (ToolDefinition("f", "d", {"type": "object"}),), tool_choice="auto")
    body = native_body(request, "m")
    assert body["tool_choice"] == "auto"
    function = {"name": "f", "description": "d", "parameters": {"type": "object"}}
    assert body["tools"] == [{"type": "function", "function": function}]


def test_no_tool_choice_without_tools():
    assert "tool_choice" not in native_body(ModelRequest("m", MESSAGES, tool_choice="auto"), "m")


def test_several_answers_are_not_asked_for():
    assert "n" not in native_body(ModelRequest("m", MESSAGES, options={"n": 1}), "m")
    with pytest.raises(ModelError, match="n must be 1") as caught:
        native_body(ModelRequest("m", MESSAGES, options={"n": 2}), "m")
    assert caught.value.status == 400


def test_streaming_is_ours_to_say():
    body = {"stream": True, "stream_options": {"include_usage": False}}
    assert json.loads(encoded(body, stream=False)) == {"stream": False}
    assert json.loads(encoded({}, stream=True)) == {"stream": True, "stream_options": {"include_usage": True}}


def test_surrogates_can_be_sent():
    assert json.loads(encoded({"a": "\ud800"}, stream=False))["a"] == "\ud800"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object(), {1, 2}, b"x"])
def test_what_json_cannot_carry(value):
    with pytest.raises(ModelError) as caught:
        encoded({"a": value}, stream=False)
    assert caught.value.status == 400

"""Each refusal of a chat request: the field, the code and the words of the real API.

The words are those that users of OpenAI's SDKs report in public issues; a row names the field, not the report.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.models.generation import Message
from readiness.models.openai.error import OpenAIError
from readiness.models.openai.request import ChatRequest, read_chat

USER = {"role": "user", "content": "hi"}
TOOL = {"type": "function", "function": {"name": "run", "parameters": {"type": "object", "properties": {}}}}
CALLING = {
    "role": "assistant",
    "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "run", "arguments": "{}"}}],
}


def read(**fields: object) -> ChatRequest:
    return read_chat({"model": "m", "messages": [USER]} | fields, 7)


def schema(**fields: object) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": fields}


REFUSALS: list[tuple[dict[str, Any], str | None, str | None, str]] = [
    ({"model": None}, None, None, "you must provide a model parameter"),
    (
        {"model": 5},
        "model",
        "invalid_type",
        "Invalid type for 'model': expected a string, but got an integer instead.",
    ),
    (
        {"messages": []},
        "messages",
        "empty_array",
        "Invalid 'messages': empty array. Expected an array with minimum length 1",
    ),
    ({"messages": "hi"}, "messages", "invalid_type", "expected an array, but got a string instead."),
    ({"messages": ["hi"]}, "messages[0]", "invalid_type", "expected an object, but got a string instead."),
    (
        {"messages": [{"content": "x"}]},
        "messages[0].role",
        "missing_required_parameter",
        "Missing required parameter: 'messages[0].role'.",
    ),
    (
        {"messages": [{"role": "wizard", "content": "x"}]},
        "messages[0].role",
        "invalid_value",
        "Invalid value: 'wizard'. Supported values are: 'system', 'assistant', 'user', 'function', 'tool', and 'developer'.",
    ),
    (
        {"messages": [USER, {"role": "user", "content": None}]},
        "messages.[1].content",
        None,
        "Invalid value for 'content': expected a string, got null.",
    ),
    ({"messages": [{"role": "user"}]}, "messages.[0].content", None, "got null"),
    (
        {"messages": [{"role": "user", "content": 5}]},
        "messages[0].content",
        "invalid_type",
        "expected one of a string or array of objects, but got an integer instead.",
    ),
    ({"messages": [{"role": "user", "content": []}]}, "messages[0].content", "empty_array", "empty array"),
    (
        {"messages": [{"role": "user", "content": [{"type": "image_url"}]}]},
        "messages[0].content[0]",
        "unsupported_content_type",
        "image_url is only supported by certain models",
    ),
    (
        {"messages": [{"role": "user", "content": [{"type": "poem"}]}]},
        "messages[0].content[0].type",
        "invalid_value",
        "Supported values are: 'text'",
    ),
    (
        {"messages": [{"role": "tool", "tool_call_id": "c", "content": "x"}]},
        "messages.[0].role",
        None,
        "must be a response to a preceeding message with 'tool_calls'",
    ),
    (
        {"messages": [{"role": "tool", "content": "x"}]},
        "messages[0].tool_call_id",
        "missing_required_parameter",
        "Missing",
    ),
    ({"messages": [USER, CALLING, USER]}, "messages.[2].role", None, "did not have response messages: c1"),
    ({"messages": [USER, CALLING]}, "messages.[2].role", None, "did not have response messages: c1"),
    (
        {"temperature": -1},
        "temperature",
        "decimal_below_min_value",
        "Invalid 'temperature': decimal below minimum value. Expected a value >= 0, but got -1 instead.",
    ),
    (
        {"temperature": 2.5},
        "temperature",
        "decimal_above_max_value",
        "Expected a value <= 2, but got 2.5 instead.",
    ),
    ({"temperature": "hot"}, "temperature", "invalid_type", "expected a decimal, but got a string instead."),
    ({"temperature": True}, "temperature", "invalid_type", "but got a boolean instead."),
    ({"top_p": 1.5}, "top_p", "decimal_above_max_value", "<= 1"),
    (
        {"max_tokens": 0},
        "max_tokens",
        "integer_below_min_value",
        "Invalid 'max_tokens': integer below minimum value. Expected a value >= 1, but got 0 instead.",
    ),
    ({"max_tokens": 1.5}, "max_tokens", "invalid_type", "expected an integer, but got a decimal instead."),
    ({"max_tokens": 1, "max_completion_tokens": 1}, "max_tokens", None, "at the same time"),
    (
        {"n": 130},
        "n",
        "integer_above_max_value",
        "Invalid 'n': integer above maximum value. Expected a value <= 8, but got 130 instead.",
    ),
    ({"seed": "x"}, "seed", "invalid_type", "expected an integer"),
    (
        {"stop": ["a"] * 5},
        "stop",
        "array_above_max_length",
        "Expected an array with maximum length 4, but got an array with length 5 instead.",
    ),
    ({"stop": [1]}, "stop[0]", "invalid_type", "expected a string"),
    ({"stop": 1}, "stop", "invalid_type", "one of a string or array of strings"),
    ({"stream": "yes"}, "stream", "invalid_type", "expected a boolean"),
    (
        {"stream_options": {"include_usage": True}},
        "stream_options",
        None,
        "only allowed when 'stream' is enabled",
    ),
    ({"top_logprobs": 2}, "top_logprobs", None, "only allowed when 'logprobs' is enabled"),
    ({"logprobs": True, "top_logprobs": 21}, "top_logprobs", "integer_above_max_value", "<= 20"),
    ({"presence_penalty": 3}, "presence_penalty", "decimal_above_max_value", "<= 2"),
    ({"top_k": 5}, "top_k", "unknown_parameter", "Unknown parameter: 'top_k'."),
    (
        {"logit_bias": {"1": 5}},
        "logit_bias",
        "unsupported_parameter",
        "Unsupported parameter: 'logit_bias' is not supported with this model.",
    ),
    ({"functions": []}, "functions", "unsupported_parameter", "not supported"),
    ({"response_format": "json"}, "response_format", "invalid_type", "expected an object"),
    ({"response_format": {}}, "response_format.type", "missing_required_parameter", "Missing"),
    (
        {"response_format": {"type": "xml"}},
        "response_format.type",
        "invalid_value",
        "Supported values are: 'json_object', 'json_schema', and 'text'.",
    ),
    ({"response_format": {"type": "json_object"}}, "messages", None, "must contain the word 'json'"),
    (
        {"response_format": {"type": "json_schema"}},
        "response_format.json_schema",
        "missing_required_parameter",
        "Missing",
    ),
    (
        {"response_format": schema(schema={})},
        "response_format.json_schema.name",
        "missing_required_parameter",
        "Missing",
    ),
    (
        {"response_format": schema(name="a b", schema={})},
        "response_format.json_schema.name",
        "invalid_value",
        "does not match pattern",
    ),
    (
        {"response_format": schema(name="a", schema={"not": {}})},
        "response_format",
        "invalid_json_schema",
        "Invalid schema for response_format 'a': #: not.",
    ),
    (
        {
            "response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": {}}},
            "tools": [TOOL],
        },
        "response_format",
        None,
        "together with 'tools'",
    ),
    ({"tools": []}, "tools", "empty_array", "empty array"),
    ({"tools": [{}]}, "tools[0].type", "missing_required_parameter", "Missing"),
    (
        {"tools": [{"type": "web_search"}]},
        "tools[0].type",
        "invalid_value",
        "Supported values are: 'function'.",
    ),
    ({"tools": [{"type": "function"}]}, "tools[0].function", "missing_required_parameter", "Missing"),
    (
        {"tools": [{"type": "function", "function": {}}]},
        "tools[0].function.name",
        "missing_required_parameter",
        "Missing",
    ),
    (
        {"tools": [{"type": "function", "function": {"name": "a b"}}]},
        "tools[0].function.name",
        "invalid_value",
        "pattern",
    ),
    (
        {"tools": [{"type": "function", "function": {"name": "answer_in_words"}}]},
        "tools[0]",
        None,
        "is taken",
    ),
    (
        {"tools": [{"type": "function", "function": {"name": "a", "parameters": {"type": "string"}}}]},
        "tools[0]",
        "invalid_function_parameters",
        "must be of type 'object'",
    ),
    (
        {
            "tools": [
                {"type": "function", "function": {"name": "a", "strict": True, "parameters": {"not": {}}}}
            ]
        },
        "tools[0].function.parameters",
        "invalid_function_parameters",
        "#: not",
    ),
    ({"tool_choice": "auto"}, "tool_choice", None, "only allowed when 'tools' are specified"),
    (
        {"tools": [TOOL], "tool_choice": "maybe"},
        "tool_choice",
        "invalid_value",
        "'none', 'auto', and 'required'",
    ),
    (
        {"tools": [TOOL], "tool_choice": {"type": "function", "function": {"name": "walk"}}},
        "tool_choice",
        None,
        "Tool choice 'walk' not found in 'tools' parameter.",
    ),
]


@pytest.mark.parametrize(("fields", "param", "code", "words"), REFUSALS)
def test_refused(fields: dict[str, Any], param: str | None, code: str | None, words: str) -> None:
    with pytest.raises(OpenAIError) as refused:
        read(**fields)
    body = refused.value.body()["error"]
    assert (refused.value.status, body["type"], body["param"], body["code"]) == (
        400,
        "invalid_request_error",
        param,
        code,
    )
    assert words in body["message"]


def test_messages_are_required() -> None:
    with pytest.raises(OpenAIError, match="Missing required parameter: 'messages'"):
        read_chat({"model": "m"}, 7)


def test_nulls_count_as_absent() -> None:
    plain = read()
    names = (
        "temperature",
        "top_p",
        "n",
        "seed",
        "stop",
        "stream",
        "tools",
        "response_format",
        "logprobs",
        "logit_bias",
    )
    assert read(**dict.fromkeys(names)) == plain
    assert plain.sampling.seed == 7


def test_what_changes_nothing_is_let_through() -> None:
    assert read(user="u", metadata={"a": "b"}, store=False, service_tier="auto") == read()


def test_content_in_parts_is_put_together() -> None:
    parts = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    assert read(messages=[{"role": "user", "content": parts}]).messages == (Message("user", "ab"),)


def test_a_function_message_of_old_is_a_result() -> None:
    assert (
        read(messages=[{"role": "function", "name": "f", "content": "7"}]).messages[0].content
        == "Result of f: 7"
    )


def test_a_tool_that_promises_nothing_is_loosened_not_refused() -> None:
    odd = {"type": "function", "function": {"name": "a", "parameters": {"properties": {"x": {"not": {}}}}}}
    (tool,) = read(tools=[odd]).calls
    assert tool.parameters["properties"] == {"x": {}}


@given(st.integers(-(2**63), 2**63 - 1))
def test_any_seed_of_the_api_is_taken(seed: int) -> None:
    assert 0 <= read(seed=seed).sampling.seed < 2**31


@given(st.floats(0, 2), st.floats(0, 1), st.integers(1, 100))
def test_values_in_range_come_through(temperature: float, top_p: float, limit: int) -> None:
    found = read(temperature=temperature, top_p=top_p, max_tokens=limit).sampling
    assert (found.temperature, found.top_p, found.max_tokens) == (temperature, top_p, limit)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
FIELDS = (
    "model",
    "messages",
    "temperature",
    "seed",
    "stop",
    "tools",
    "tool_choice",
    "response_format",
    "stream_options",
    "n",
)


@given(st.dictionaries(st.sampled_from(FIELDS), JSON))
def test_any_json_is_read_or_refused_as_the_requests_fault(fields: dict[str, Any]) -> None:
    found = outcome(fields)
    assert found.status == 400 if isinstance(found, OpenAIError) else found.messages


def outcome(fields: dict[str, Any]) -> ChatRequest | OpenAIError:
    try:
        return read(**fields)
    except OpenAIError as refused:
        return refused

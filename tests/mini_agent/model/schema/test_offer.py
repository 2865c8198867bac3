from __future__ import annotations

import pytest

from mini_agent.conversation import ToolDefinition
from mini_agent.interfaces import ModelError, ModelRequest
from mini_agent.model.schema.offer import instructions, offer_of, schema_body

ADD = ToolDefinition("add", "Add numbers", {"properties": {"a": {"description": "first number"}, "b": {}}})
SUB = ToolDefinition("sub")
USER = [{"role": "user", "content": "hi"}]


def request(**more) -> ModelRequest:
    return ModelRequest("m", USER, (ADD, SUB), **more)


@pytest.mark.parametrize(
    ("choice", "names", "answers"),
    [
        (None, ["add", "sub"], True),
        ("auto", ["add", "sub"], True),
        ("required", ["add", "sub"], False),
        ("none", [], True),
        ({"type": "function", "function": {"name": "sub"}}, ["sub"], False),
    ],
)
def test_what_is_offered(choice, names, answers):
    offer = offer_of(request(tool_choice=choice))
    assert [tool.name for tool in offer.tools] == names
    assert bool(offer.answer_name) is answers


@pytest.mark.parametrize("choice", [{"function": {"name": "mul"}}, {"type": "function"}, {"function": 3}])
def test_a_choice_of_no_tool(choice):
    with pytest.raises(ModelError) as caught:
        offer_of(request(tool_choice=choice))
    assert caught.value.status == 400


def test_a_tool_may_have_the_name_of_the_answer():
    offer = offer_of(ModelRequest("m", USER, (ToolDefinition("answer"), ToolDefinition("answer_"))))
    assert offer.answer_name == "answer__"


def test_the_body_has_a_schema_and_no_tools():
    options = {"parallel_tool_calls": True, "top_p": 0.5, "tools": "x"}
    asked = request(options=options, temperature=0.0, tool_choice="auto")
    body = schema_body(asked, "real", offer_of(asked))
    assert body.keys() == {"model", "messages", "temperature", "top_p", "response_format"}
    assert body["response_format"]["type"] == "json_schema"
    assert [message["role"] for message in body["messages"]] == ["system", "user"]
    assert "Add numbers" in body["messages"][0]["content"]


def test_the_callers_system_message_comes_first():
    asked = ModelRequest("m", [{"role": "system", "content": "Be kind."}, *USER], (ADD,))
    messages = schema_body(asked, "m", offer_of(asked))["messages"]
    assert messages[0]["content"].startswith("Be kind.\n\nChoose the tool")
    assert len(messages) == 2
    assert asked.messages[0]["content"] == "Be kind."


def test_nothing_is_added_without_tools():
    asked = request(tool_choice="none")
    assert schema_body(asked, "m", offer_of(asked)) == {"model": "m", "messages": USER}


def test_each_tool_is_told_with_a_call_of_it():
    told = instructions(offer_of(request()))
    assert '- Add numbers: {"name": "add", "arguments": {"a": "...", "b": "..."}}' in told
    assert "  a: first number" in told
    assert '- sub: {"name": "sub", "arguments": {}}' in told
    assert '- Talk to the user: {"name": "answer", "arguments": {"text": "..."}}' in told
    assert "Result of add" not in told


def test_after_a_result_an_answer_is_shown():
    call = {"id": "1", "type": "function", "function": {"name": "add", "arguments": "{}"}}
    history = [
        *USER,
        {"role": "assistant", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "1", "content": "3"},
    ]
    asked = ModelRequest("m", history, (ADD,))
    assert "Result of add: 12 You:" in schema_body(asked, "m", offer_of(asked))["messages"][0]["content"]


def test_no_answer_is_told_of_where_a_call_is_required():
    assert "answer" not in instructions(offer_of(request(tool_choice="required")), after_result=True)


def test_an_answer_of_the_callers_own_schema():
    form = {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "integer"}}}
    asked = request(options={"response_format": form})
    body = schema_body(asked, "m", offer_of(asked))
    shapes = body["response_format"]["json_schema"]["schema"]["anyOf"]
    assert shapes[-1]["properties"]["arguments"]["properties"] == {"value": {"type": "integer"}}
    assert offer_of(request(options={"response_format": {"type": "json_object"}})).answer_schema == {
        "type": "object"
    }
    assert offer_of(request(options={"response_format": {"type": "text"}})).answer_schema is None

from __future__ import annotations

import pytest
from jsonschema import Draft202012Validator

from mini_agent.conversation import ToolDefinition
from mini_agent.model.schema.call_schema import call_schema

ADD = ToolDefinition(
    "add",
    "Add",
    {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}},
        "required": ["a"],
    },
)
TREE = ToolDefinition(
    "tree",
    "",
    {
        "type": "object",
        "properties": {"root": {"$ref": "#/$defs/node"}},
        "required": ["root"],
        "$defs": {
            "node": {
                "type": "object",
                "properties": {"children": {"type": "array", "items": {"$ref": "#/$defs/node"}}},
                "additionalProperties": False,
            }
        },
    },
)


def takes(schema: dict, name: str, arguments: object) -> bool:
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema).is_valid({"name": name, "arguments": arguments})


def test_calls_and_answers():
    schema = call_schema([ADD, TREE], "answer")
    assert takes(schema, "add", {"a": 1})
    assert takes(schema, "add", {"a": 1, "b": 2})
    assert takes(schema, "answer", {"text": "hi"})
    assert takes(schema, "tree", {"root": {"children": [{"children": []}, {}]}})


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("add", {}),
        ("add", {"a": "1"}),
        ("add", {"a": 1, "c": 3}),
        ("add", {"text": "hi"}),
        ("answer", {"a": 1}),
        ("answer", {"text": 3}),
        ("sub", {"a": 1}),
        ("tree", {"root": {"children": [{"child": []}]}}),
        ("tree", {}),
    ],
)
def test_what_may_not_be_written(name, arguments):
    assert not takes(call_schema([ADD, TREE], "answer"), name, arguments)


def test_a_call_is_required():
    schema = call_schema([ADD])
    assert takes(schema, "add", {"a": 1})
    assert not takes(schema, "answer", {"text": "hi"})
    assert "anyOf" not in schema


def test_nothing_but_names_is_promised():
    schema = call_schema([ADD, TREE], "answer", loose=True)
    assert takes(schema, "add", {"a": "one"})
    assert takes(schema, "tree", {"root": 3})
    assert not takes(schema, "tree", {})
    assert not takes(schema, "add", {"c": 1, "a": 1})
    assert "$defs" not in schema


def test_an_answer_of_a_schema_of_its_own():
    schema = call_schema(
        [ADD],
        "answer",
        {"type": "array", "items": {"$ref": "#/$defs/n"}, "$defs": {"n": {"type": "integer"}}},
    )
    assert takes(schema, "answer", {"value": [1, 2]})
    assert not takes(schema, "answer", {"value": ["x"]})
    assert not takes(schema, "answer", {"text": "hi"})


@pytest.mark.parametrize("parameters", [{}, {"type": "object"}, {"type": "object", "properties": {}}])
def test_a_tool_without_parameters(parameters):
    schema = call_schema([ToolDefinition("now", "", parameters)])
    assert takes(schema, "now", {})
    assert not takes(schema, "now", {"x": 1})
    assert not takes(schema, "now", [])


def test_a_schema_that_says_itself_what_else_it_takes():
    schema = call_schema(
        [ToolDefinition("f", "", {"type": "object", "additionalProperties": {"type": "integer"}})]
    )
    assert takes(schema, "f", {"x": 1})
    assert not takes(schema, "f", {"x": "1"})


def test_a_tool_that_refers_to_itself_whole():
    schema = call_schema([ToolDefinition("f", "", {"type": "object", "properties": {"f": {"$ref": "#"}}})])
    assert takes(schema, "f", {"f": {"f": {}}})
    assert not takes(schema, "f", {"f": {"f": 3}})


def test_a_property_with_the_name_of_a_keyword():
    properties = {"$ref": {"type": "integer"}, "$id": {"type": "string"}, "required": {"type": "boolean"}}
    schema = call_schema([ToolDefinition("f", "", {"type": "object", "properties": properties})])
    assert takes(schema, "f", {"$ref": 3, "$id": "x", "required": True})
    assert not takes(schema, "f", {"$ref": "x"})

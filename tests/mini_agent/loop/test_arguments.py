from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mini_agent.conversation import ToolDefinition
from mini_agent.loop.arguments import Unfit, parse, read

ANY = ToolDefinition("t", parameters={"type": "object"})
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@settings(deadline=None)
@given(st.dictionaries(st.text(), JSON, max_size=4), st.booleans())
def test_every_json_object_is_read_as_it_is(values, ascii_only):
    assert read(json.dumps(values, ensure_ascii=ascii_only), ANY) == values


@settings(deadline=None)
@given(st.text())
def test_any_other_text_is_a_message_and_never_an_error(text):
    found = read(text, ANY)
    assert isinstance(found, dict | Unfit)
    if isinstance(found, Unfit):
        assert "\n" not in found.error or "\n" in text


@pytest.mark.parametrize("text", ["", "  ", "{}", "\n{ }\n"])
def test_no_arguments(text):
    assert read(text, ANY) == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "Expecting property name"),
        ("null", "null"),
        ('"x"', "a string"),
        ("1", "a number"),
        ("true", "a boolean"),
        ("[]", "an array"),
        ('{"x": NaN}', "NaN is no JSON number"),
        ('{"x": -Infinity}', "Infinity"),
        ('{"x": 1, "x": 2}', "'x' is given twice"),
        ('{"x": {"y": 1, "y": 2}}', "'y' is given twice"),
        ('{"x": "\\ud800"}', "surrogate"),
        ('{"\\udfff": 1}', "surrogate"),
        ('{"x": ' + "[" * 100_000 + "]" * 100_000 + "}", "nested too deeply"),
        ('{"x": ' + "9" * 5000 + "}", "digits"),
        ("{'x': 1}", "double quotes"),
    ],
)
def test_what_is_no_usable_json_object(text, said):
    with pytest.raises(ValueError, match=said):
        parse(text)


def test_a_whole_surrogate_pair_is_a_character():
    assert parse('{"x": "\\ud83d\\ude00"}') == {"x": "😀"}


def tool(**parameters):
    return ToolDefinition("t", parameters=parameters)


@pytest.mark.parametrize(
    ("schema", "text", "said"),
    [
        ({"properties": {"a": {"type": "integer"}}}, '{"a": "1"}', "a: '1' is not of type 'integer'"),
        ({"required": ["a"]}, "{}", "'a' is a required property"),
        ({"properties": {"a": {"items": {"enum": [1]}}}}, '{"a": [1, 2]}', "a[1]: 2 is not one of [1]"),
        ({"additionalProperties": False}, '{"b": 1}', "unexpected"),
        (
            {"properties": {"a": {"$ref": "#/$defs/n"}}, "$defs": {"n": {"type": "null"}}},
            '{"a": 1}',
            "a: 1 is not of type 'null'",
        ),
    ],
)
def test_arguments_are_checked_and_the_place_is_named(schema, text, said):
    found = read(text, tool(**schema))
    assert isinstance(found, Unfit)
    assert said in found.error
    assert found.error in found.message
    assert json.dumps(schema, separators=(",", ":")) in found.message


def test_several_faults_are_told_at_once_and_many_are_counted():
    found = read('{"a": 1, "b": 1, "c": 1, "d": 1, "e": 1}', tool(additionalProperties={"type": "string"}))
    assert isinstance(found, Unfit)
    assert found.error.count("is not of type 'string'") == 3
    assert found.error.endswith("; and more")


def test_a_long_value_is_cut_in_the_message():
    found = read(json.dumps({"a": "x" * 100_000}), tool(properties={"a": {"type": "integer"}}))
    assert isinstance(found, Unfit)
    assert len(found.message) < 1000


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "nonsense"},
        {"properties": {"a": {"$ref": "http://127.0.0.1:9/outside.json"}}},
        {"properties": {"a": {"$ref": "#/nowhere"}}},
        {"properties": {"a": {"pattern": "("}}},
        {"$ref": "#"},
    ],
)
def test_a_schema_that_cannot_be_used_is_named_and_nothing_is_fetched(schema, monkeypatch):
    import urllib.request

    monkeypatch.setattr(urllib.request, "urlopen", lambda *_: pytest.fail("a schema was fetched"))
    found = read('{"a": "x"}', tool(**schema))
    assert isinstance(found, Unfit)
    assert "the JSON schema of its arguments is not usable" in found.error


def test_the_draft_that_a_schema_names_is_obeyed():
    old = tool(
        **{"$schema": "http://json-schema.org/draft-04/schema#"},
        properties={"a": {"maximum": 5, "exclusiveMaximum": True}},
    )
    assert isinstance(read('{"a": 5}', old), Unfit)
    assert read('{"a": 4}', old) == {"a": 4}

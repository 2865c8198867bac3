"""Schemas become grammars; what no grammar here enforces is named."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.models.constrain import LAYOUT, culprits, grammar_of

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=8), JSON, max_size=3))
def test_the_grammar_holds_the_schema_and_nothing_can_break_out_of_it(schema: dict[str, Any]) -> None:
    lines = grammar_of(schema).splitlines()
    assert lines[0] == "%llguidance {}"
    assert len(lines) == 2
    held = json.loads(lines[1].removeprefix("start: %json "))
    assert held == {**schema, "x-guidance": LAYOUT}


def test_a_request_cannot_loosen_the_grammar_for_itself() -> None:
    held = grammar_of({"type": "string", "x-guidance": {"lenient": True}})
    assert '"lenient": false' in held
    assert '"lenient": true' not in held


@pytest.mark.parametrize(
    ("schema", "named"),
    [
        ({"not": {}}, "#: not"),
        ({"type": "array", "uniqueItems": True}, "#: uniqueItems"),
        ({"properties": {"a": {"format": "colour"}}}, "#/properties/a: format 'colour'"),
        ({"items": {"pattern": "^a(?=b)$"}}, "#/items: pattern '^a(?=b)$'"),
        ({"$defs": {"x": {"anyOf": [{}, {"if": {}}]}}}, "#/$defs/x/anyOf/1: if"),
        ({"pattern": r"(a)\1"}, r"#: pattern '(a)\\1'"),
    ],
)
def test_names_the_place_and_the_keyword(schema: dict[str, Any], named: str) -> None:
    assert culprits(schema) == [named]


@pytest.mark.parametrize(
    "schema",
    [
        {
            "type": "object",
            "properties": {"not": {"type": "string"}, "if": {"type": "null"}},
            "required": ["not"],
        },
        {"enum": [{"not": 1}], "default": {"if": 2}},
        {"type": "string", "format": "date", "pattern": r"^\d+$"},
        {"type": "number", "minimum": 0, "multipleOf": 2},
        {"patternProperties": {"^x": {"type": "integer"}}},
    ],
)
def test_what_can_be_enforced_is_left_alone(schema: dict[str, Any]) -> None:
    assert culprits(schema) == []

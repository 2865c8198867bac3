"""Tool calls out of constrained JSON, whole or cut short."""

from __future__ import annotations

import json

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.models.generation import Message
from readiness.models.tools import (
    REPLY,
    Call,
    Tool,
    call_schema,
    call_text,
    instructions,
    loosened,
    parse_call,
    with_tools,
)

RUN = Tool(
    "run", "Run code.", {"type": "object", "properties": {"code": {"type": "string"}}, "required": ["code"]}
)
LOOK = Tool("look", "", {"type": "object", "properties": {"where": {"enum": ["here", "there"]}}})


def test_one_tool_that_must_be_called_needs_no_alternative() -> None:
    schema = call_schema([RUN], words=False)
    assert schema["properties"]["name"] == {"const": "run"}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"name": "look", "arguments": {}}, schema)


def test_the_schema_allows_each_tool_and_words_only_where_asked() -> None:
    said = {"name": REPLY, "arguments": {"text": "hi"}}
    jsonschema.validate(said, call_schema([RUN, LOOK], words=True))
    jsonschema.validate({"name": "run", "arguments": {"code": "1"}}, call_schema([RUN, LOOK], words=True))
    for wrong in (said, {"name": "run", "arguments": {}}, {"name": "look", "arguments": {"where": "up"}}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, call_schema([RUN, LOOK], words=False))


@given(
    st.text(min_size=1, max_size=12).filter(lambda name: json.dumps(name)[1:-1] == name and name != REPLY),
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=3),
)
def test_what_is_written_is_read_back(name: str, arguments: dict[str, int]) -> None:
    assert parse_call(call_text(name, arguments)) == Call(name, json.dumps(arguments, ensure_ascii=False))


@given(st.text(max_size=30).filter(lambda text: text.isprintable()))
def test_words_come_back_as_words(text: str) -> None:
    assert parse_call(call_text(REPLY, {"text": text})) == text


@given(st.text(alphabet='ab"\\\n\té😀', max_size=20), st.booleans(), st.data())
def test_words_cut_anywhere_are_a_beginning_of_the_whole(
    text: str, ascii_only: bool, data: st.DataObject
) -> None:
    written = call_text(REPLY, json.dumps({"text": text}, ensure_ascii=ascii_only))
    start = len(call_text(REPLY, '{"text": ')) - 1
    cut = data.draw(st.integers(start, len(written)))
    said = parse_call(written[:cut])
    assert isinstance(said, str)
    assert text.startswith(said.removesuffix("?"))


def test_a_call_that_was_cut_keeps_its_name_and_what_there_is() -> None:
    assert parse_call('{"name": "run", "arguments": {"code": "pri') == Call("run", '{"code": "pri')


def test_a_text_that_is_no_call_yet_is_kept_whole() -> None:
    assert parse_call('{"name": "ru') == Call("", '{"name": "ru')


def test_tools_are_told_in_the_system_message_that_is_there() -> None:
    told = with_tools([Message("system", "Be kind."), Message("user", "hi")], [RUN], words=True)
    assert [one.role for one in told] == ["system", "user"]
    assert told[0].content.startswith("Be kind.\n\n")
    assert with_tools([Message("user", "hi")], [RUN], words=True)[0].role == "system"


def test_words_are_offered_only_where_they_may_be_used() -> None:
    assert REPLY in instructions([RUN], words=True)
    assert REPLY not in instructions([RUN], words=False)
    assert call_text("run", {"code": "..."}) in instructions([RUN], words=False)


def test_a_loosened_tool_keeps_names_and_what_is_required_of_them() -> None:
    odd = Tool(
        "odd",
        "d",
        {"type": "object", "properties": {"a": {"not": {}}, "b": {}}, "required": ["a", "c"]},
        True,
    )
    assert loosened(odd) == Tool(
        "odd", "d", {"type": "object", "properties": {"a": {}, "b": {}}, "required": ["a"]}
    )

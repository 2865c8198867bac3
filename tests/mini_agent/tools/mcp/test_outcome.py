"""An MCP server's objects as what a model reads."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_agent.interfaces import ToolBackendError
from mini_agent.tools.mcp.outcome import definitions_of, outcome_of, text_of


def text(*parts: str) -> list[dict[str, str]]:
    return [{"type": "text", "text": part} for part in parts]


@pytest.mark.parametrize(
    ("result", "content"),
    [
        ({}, ""),
        ({"content": text("one", "two")}, "one\ntwo"),
        ({"content": [], "structuredContent": {"a": [1, None]}}, '{"a": [1, null]}'),
        ({"content": text('{"a": 1}'), "structuredContent": {"a": 1}}, '{"a": 1}'),
        ({"content": text("5"), "structuredContent": {"result": 5}}, "5"),
        ({"content": text("five"), "structuredContent": {"result": "five"}}, "five"),
        ({"content": text("5"), "structuredContent": {"result": "5"}}, "5"),
        ({"content": text("1", "2"), "structuredContent": {"result": [1, 2]}}, '1\n2\n{"result": [1, 2]}'),
        ({"content": text("1"), "structuredContent": {"result": True}}, '1\n{"result": true}'),
        ({"content": text("summary"), "structuredContent": {"ä": 1}}, 'summary\n{"ä": 1}'),
        ({"content": [], "structuredContent": None}, "null"),
        (
            {"content": [{"type": "image", "data": "AAECAw==", "mimeType": "image/png"}]},
            "[image image/png, 4 bytes]",
        ),
        (
            {"content": [{"type": "audio", "data": "AAEC", "mimeType": "audio/wav"}]},
            "[audio audio/wav, 3 bytes]",
        ),
        ({"content": [{"type": "resource_link", "uri": "file:///a", "name": "a"}]}, "[resource file:///a]"),
        (
            {"content": [{"type": "resource", "resource": {"uri": "file:///a", "text": "hello"}}]},
            "[resource file:///a]\nhello",
        ),
        (
            {"content": [{"type": "resource", "resource": {"uri": "a:b", "blob": "AAEC"}}]},
            "[resource a:b application/octet-stream, 3 bytes]",
        ),
        ({"content": [{"type": "hologram"}]}, "[hologram]"),
    ],
)
def test_what_the_model_reads(result, content):
    assert text_of(result) == content
    assert outcome_of(result, 1.0).content == content


def test_an_error_is_an_outcome_whose_text_the_model_sees():
    outcome = outcome_of({"content": text("no such\nfile"), "isError": True}, 2.0)
    assert (outcome.ok, outcome.content, outcome.error) == (False, "no such\nfile", "no such file")
    assert outcome_of({"content": [], "isError": True}, 2.0).error == "the tool failed"
    assert len(outcome_of({"content": text("x" * 5000), "isError": True}, 2.0).error) == 256


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(st.dictionaries(st.text(), JSON, max_size=4))
def test_structured_content_survives_once(structured):
    """A server sends it as text too, as the protocol asks, or alone: either way the model reads it once."""
    spelled = json.dumps(structured)
    for content in (text(spelled), []):
        assert json.loads(text_of({"content": content, "structuredContent": structured})) == structured


def tools(*names: str) -> list[dict[str, object]]:
    return [{"name": name, "inputSchema": {"type": "object"}} for name in names]


def test_a_definition_keeps_its_schema_and_text():
    ((own, definition),) = definitions_of(
        [{"name": "a", "description": None, "inputSchema": {"type": "object", "x": 1}}]
    ).values()
    assert (own, definition.name, definition.description) == ("a", "a", "")
    assert definition.parameters == {"type": "object", "x": 1}


@given(st.lists(st.text(min_size=1, max_size=130), unique=True, max_size=20))
def test_every_name_is_one_that_openai_takes_and_one_of_a_kind(names):
    found = definitions_of(tools(*names))
    assert [own for own, _ in found.values()] == names
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{1,64}", shown) for shown in found)
    assert all(shown == definition.name for shown, (_, definition) in found.items())
    # The spelling of a name that needs none is its own, unless another took it first.
    assert not names or not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", names[0]) or names[0] in found


def test_names_that_collide_are_numbered():
    assert list(definitions_of(tools("a.b", "a/b", "a_b", "a b"))) == ["a_b", "a_b_2", "a_b_3", "a_b_4"]
    long = list(definitions_of(tools("x" * 64, "x" * 65)))
    assert long == ["x" * 64, "x" * 62 + "_2"]


def test_too_many_tools_or_one_twice_are_refused():
    assert len(definitions_of(tools(*map(str, range(256))))) == 256
    with pytest.raises(ToolBackendError, match="more than 256"):
        definitions_of(tools(*map(str, range(257))))
    with pytest.raises(ToolBackendError, match="'a' twice"):
        definitions_of(tools("a", "a"))

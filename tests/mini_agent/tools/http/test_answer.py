"""What a tool server's bytes mean."""

from __future__ import annotations

import gzip
import json
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_agent.interfaces import ToolBackendError
from mini_agent.tools.http.answer import (
    Answer,
    BadEncoding,
    TooLong,
    complaint,
    content_of,
    tool_list,
    unpacked,
)


@pytest.mark.parametrize(
    ("body", "content"),
    [
        (b"plain words", "plain words"),
        (b"", ""),
        (b'{"a": [1, 2.50, {"b": null}]}', '{"a": [1, 2.50, {"b": null}]}'),
        (b"[1,2,3]", "[1,2,3]"),
        (b"12345678901234567890.10", "12345678901234567890.10"),
        (b'"a \\"string\\" \\u00e4"', 'a "string" ä'),
        (b'"not closed', '"not closed'),
        (b'"a" and "b"', '"a" and "b"'),
        ("\ufeff{}".encode(), "{}"),
        (b"\xff\xfe\xfa", "\ufffd\ufffd\ufffd"),
        (b"[" * 5000, "[" * 5000),
    ],
)
def test_what_the_model_reads(body, content):
    assert content_of(Answer(200, body)) == content


@pytest.mark.parametrize(
    ("charset", "body"),
    [("iso-8859-1", b"\xe4"), ('"UTF-8"', "ä".encode()), ("zlib", "ä".encode()), ("nonsense", "ä".encode())],
)
def test_character_sets(charset, body):
    assert content_of(Answer(200, body, f"text/plain; charset={charset}")) == "ä"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(JSON.filter(lambda value: not isinstance(value, str)))
def test_every_json_value_survives(value):
    assert json.loads(content_of(Answer(200, json.dumps(value).encode()))) == value


@given(st.text().filter(lambda text: text == text.strip()))
def test_a_json_string_is_its_text(text):
    assert content_of(Answer(200, json.dumps(text).encode())) == text


@given(st.binary(max_size=200), st.text(max_size=30))
def test_no_bytes_break_the_reader(body, content_type):
    assert isinstance(content_of(Answer(200, body, content_type)), str)
    assert complaint(Answer(500, body, content_type), ()).isprintable()


def test_an_error_carries_status_and_256_characters():
    said = complaint(Answer(500, b"x" * 1000), ())
    assert said == "HTTP 500: " + "x" * 256


def test_an_error_is_one_line_without_the_values():
    said = complaint(Answer(403, b"bad token\r\ns3cret-token\x00 for B"), ("s3cret-token", "B"))
    assert said == "HTTP 403: bad token  [redacted]  for [redacted]"


def test_a_value_is_taken_out_before_the_text_is_cut():
    said = complaint(Answer(500, b"y" * 250 + b"s3cret-token"), ("s3cret-token",))
    assert "s3cret" not in said


def test_an_empty_error_is_its_status():
    assert complaint(Answer(502), ()) == "HTTP 502"


@pytest.mark.parametrize(
    ("packed", "encoding"),
    [
        (b"hello", ""),
        (b"hello", "identity"),
        (gzip.compress(b"hello"), "gzip"),
        (gzip.compress(b"hello"), " GZIP "),
        (zlib.compress(b"hello"), "deflate"),
        (zlib.compress(b"hello", wbits=-15), "deflate"),
    ],
)
def test_content_encodings(packed, encoding):
    assert unpacked(packed, encoding, 100) == b"hello"


def test_a_bomb_is_not_unpacked():
    with pytest.raises(TooLong):
        unpacked(gzip.compress(bytes(10_000_000)), "gzip", 1000)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "gzip, gzip"])
def test_what_is_not_what_it_says(encoding):
    with pytest.raises(BadEncoding):
        unpacked(b"no such thing", encoding, 1000)


def test_a_torn_stream_is_no_answer():
    with pytest.raises(BadEncoding):
        unpacked(gzip.compress(b"hello" * 100)[:-12], "gzip", 1000)


def functions(*names: str) -> list[dict[str, object]]:
    return [{"type": "function", "function": {"name": name}} for name in names]


@pytest.mark.parametrize("wrap", [lambda tools: tools, lambda tools: {"tools": tools, "object": "list"}])
def test_a_tool_list_bare_or_wrapped(wrap):
    given_list = [
        {"type": "function", "function": {"name": "a", "description": "A", "parameters": {"type": "object"}}},
        {"function": {"name": "b", "parameters": None, "description": 5}},
    ]
    first, second = tool_list(Answer(200, json.dumps(wrap(given_list)).encode()))
    assert (first.name, first.description, first.parameters) == ("a", "A", {"type": "object"})
    assert (second.name, second.description) == ("b", "")
    assert second.parameters == {"type": "object", "properties": {}}


@pytest.mark.parametrize(
    ("given_list", "why"),
    [
        ("<html>", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("{}", "neither a list"),
        ('{"tools": {}}', "neither a list"),
        ("5", "neither a list"),
        ("[5]", "tool 1 of the list is not an OpenAI function"),
        ('[{"name": "a"}]', "tool 1 of the list is not an OpenAI function"),
        ('[{"type": "retrieval", "function": {"name": "a"}}]', "not an OpenAI function"),
        (json.dumps(functions("a", "")), "tool 2 of the list has no usable name"),
        (json.dumps(functions("a b")), "no usable name"),
        (json.dumps(functions("x" * 65)), "no usable name"),
        (json.dumps(functions("a", "b", "a")), "'a' twice"),
        (json.dumps(functions(*(f"t{n}" for n in range(257)))), "257 tools"),
        ('[{"type": "function", "function": {"name": "a", "parameters": []}}]', "not a JSON schema"),
    ],
)
def test_a_list_that_is_none_is_refused_with_the_reason(given_list, why):
    with pytest.raises(ToolBackendError, match=why):
        tool_list(Answer(200, given_list.encode()))

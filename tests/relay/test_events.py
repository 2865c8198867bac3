from __future__ import annotations

import gzip
import json
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.relay.events import decoded, read_events


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_server_sent_events(end):
    lines = [
        ": ping",
        "event: x",
        'data: {"a":1}',
        "",
        'data: {"b":',
        "data: 2}",
        "",
        "data: nonsense",
        "",
        "data: [DONE]",
        "",
        "",
    ]
    assert read_events(end.join(lines).encode()) == ([{"a": 1}, {"b": 2}], True)


def test_an_event_without_its_blank_line_is_read():
    assert read_events(b'data: {"a":1}') == ([{"a": 1}], False)


@given(
    st.lists(
        st.dictionaries(st.text(max_size=3), st.integers() | st.text(max_size=5), min_size=1), min_size=1
    )
)
def test_json_lines(values):
    body = b"".join(json.dumps(one).encode() + b"\n" for one in values)
    assert read_events(body) == (values, False)


@given(st.binary(max_size=80))
def test_any_bytes_are_read(body):
    events, done = read_events(body)
    assert isinstance(events, list)
    assert not done or b"[DONE]" in body


def test_one_json_value_over_several_lines():
    assert read_events(b' {\n"a": 1\n}\n') == ([{"a": 1}], False)


def test_codings():
    raw = zlib.compressobj(wbits=-15)
    bare = raw.compress(b"text") + raw.flush()
    assert decoded(b"text", "") == decoded(b"text", "Identity") == b"text"
    assert decoded(gzip.compress(b"text"), "gzip") == decoded(zlib.compress(b"text"), "deflate") == b"text"
    assert decoded(bare, "deflate") == b"text"
    assert decoded(gzip.compress(b"text" * 99)[:30], "gzip") is not None, (
        "what came of a broken answer is read"
    )
    assert decoded(b"text", "br") is None
    assert decoded(b"no gzip", "gzip") is None

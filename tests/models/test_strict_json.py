"""JSON is read as servers in other languages read it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.models.strict_json import BadJson, read_json


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=5,
    )
)
def test_reads_json(value: object) -> None:
    assert read_json(json.dumps(value).encode()) == value


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"{bad",
        b"NaN",
        b'{"a": Infinity}',
        b"\xff\xfe",
        b'"\\ud800"',
        b"[" * 100_000,
        b"1" * 5000,
        b"{} x",
    ],
)
def test_refuses_what_is_none(body: bytes) -> None:
    with pytest.raises(BadJson):
        read_json(body)


def test_says_where_it_stopped() -> None:
    with pytest.raises(BadJson) as bad:
        read_json(b'{"a": x}')
    assert (bad.value.at, bad.value.character) == (6, "x")
    with pytest.raises(BadJson) as cut:
        read_json(b'{"a": ')
    assert cut.value.character == ""


@given(st.binary(max_size=60))
def test_noise_is_read_or_refused(noise: bytes) -> None:
    try:
        value = read_json(noise)
    except BadJson:
        value = None
    assert value is None or json.loads(json.dumps(value)) == value

"""A name and a value beside it: where the value starts, where it ends, and when it is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.record.named_values import LITTLE, LOOKED_AT, NamedValues


def found(text: str) -> list[tuple[str, str]]:
    data = text.encode()
    return [(data[start:end].decode(), kind) for start, end, kind in NamedValues().find(data)]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("PASSWORD=abcd&x=1", "abcd"),
        ("password: 'a b,c;d'", "a b,c;d"),
        ("f(password=b'hunter22', other=1)", "hunter22"),
        (r'"{\"secret\": \"abcd1\"}"', "abcd1"),
        ("{password => 'hunter22'}", "hunter22"),
        ("(passwd: hunter22)", "hunter22"),
    ],
)
def test_a_value_ends_where_its_way_of_writing_ends_it(text: str, value: str) -> None:
    assert found(text) == [(value, "password")]


@pytest.mark.parametrize(
    "text",
    ["password:\nnext line", "password= ", "token: abc", "keyword=abcd1234", "password", "x: abcd1234"],
)
def test_nothing_beside_a_name_or_no_telling_name(text: str) -> None:
    assert found(text) == []


@given(st.integers(1, 4 * LOOKED_AT))
def test_a_long_value_is_taken_whole(length: int) -> None:
    value = ("q7Rt2LmX9wKc" * length)[: length + 11]
    assert found(f"token={value} and on") == [(value, "token")]
    assert found(f"password: '{value}' and on") == [(value, "password")]


def test_a_name_inside_a_value_is_part_of_it() -> None:
    assert found("password=token=password=abc1") == [("token=password=abc1", "password")]


def test_little_text_and_much_give_the_same() -> None:
    finder = NamedValues()
    text = b"api_key=q7Rt2LmX9wKc\n"
    first = list(finder.find(text))
    assert list(finder.find(b"x" * (LITTLE + 1))) == []
    assert list(finder.find(text)) == first != []

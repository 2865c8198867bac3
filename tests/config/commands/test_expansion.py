"""Quotes and variables of words."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.config.commands.expansion import expand, variables_in

KNOWN = {"PY": "python -m", "X": "a b", "EMPTY": "", "PAD": " p q "}


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("plain", ["plain"]),
        ("'a b'\"c d\"e", ["a bc de"]),
        ("$PY", ["python", "-m"]),
        ('"$X"', ["a b"]),
        ("x$X/y", ["xa", "b/y"]),
        ("x${PAD}y", ["x", "p", "q", "y"]),
        ("'$X'", ["$X"]),
        ("\\$X", ["$X"]),
        ('"\\$X \\a"', ["$X \\a"]),
        ("$UNKNOWN", ["$UNKNOWN"]),
        ("${UNKNOWN:-python}", ["python"]),
        ("${UNKNOWN:-$PY}", ["python", "-m"]),
        ("${X:-z}", ["a", "b"]),
        ("${X%b}", ["${X%b}"]),
        ("$(date)", ["$(date)"]),
        ("`date`", ["`date`"]),
        ("$1-$2-$3", ["one-two", "words-$3"]),
        ("$'a'", ["a"]),
        ('""', [""]),
        ("$", ["$"]),
        ("$EMPTY", []),
    ],
)
def test_one_word(word: str, expected: list[str]) -> None:
    assert expand([word], KNOWN, ("one", "two words")) == expected


def test_arguments_are_put_in_by_number_and_all_at_once() -> None:
    assert expand(["$1", '"$2"', "$3"], {}, ("one", "two words")) == ["one", "two words", "$3"]
    assert expand(["a", '"$@"', "b"], {}, ("one", "two words")) == ["a", "one", "two words", "b"]


@pytest.mark.parametrize(
    ("word", "expected"),
    [('"${ND_REAL:-0}$X"', ["ND_REAL", "X"]), ("$1", []), ("a$", []), ("$(x)", []), ("no", [])],
)
def test_names_of_variables(word: str, expected: list[str]) -> None:
    assert variables_in(word) == expected


@given(st.text(alphabet="ab '\"\\-/", max_size=20))
def test_quotes_are_removed_as_shlex_does(text: str) -> None:
    quoted = shlex.quote(text)
    assert expand([quoted], {}) == [text]


@given(st.text(alphabet="aX12 '\"\\$`{}():-=%#", min_size=1, max_size=30))
def test_any_word_can_be_read(word: str) -> None:
    assert all(isinstance(field, str) for field in expand([word], KNOWN, ("one",)))

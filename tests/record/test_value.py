"""Values behave as frozen dataclasses do."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.record.value import EMPTY, as_json, field_names, replace, value


@value
class Point:
    """A point."""

    x: int
    y: int = 0
    tags: Mapping[str, str] = EMPTY

    @property
    def sum(self) -> int:
        return self.x + self.y


@dataclasses.dataclass(frozen=True)
class Twin:
    x: int
    y: int = 0


PAIRS = st.tuples(st.integers(-2, 2), st.integers(-2, 2))


@given(PAIRS, PAIRS)
def test_equality_and_hash_agree_with_a_frozen_dataclass(one, other):
    assert (Point(*one) == Point(*other)) is (Twin(*one) == Twin(*other))
    assert hash(("a", 1)) == hash(("a", 1))
    if one == other:
        assert Point(*one) == Point(x=one[0], y=one[1])


@value
class Plain:
    x: int
    name: str = "n"


def test_equal_values_are_one_key():
    assert len({Plain(1), Plain(1, "n"), Plain(2)}) == 2


def test_a_value_never_changes():
    point = Point(1)
    with pytest.raises(AttributeError, match="cannot be changed"):
        point.x = 2
    with pytest.raises(AttributeError, match="cannot be changed"):
        del point.x
    assert (point.x, point.y, point.sum) == (1, 0, 1)


@pytest.mark.parametrize(
    ("given", "named", "words"),
    [
        ((), {}, "lacks x"),
        ((1, 2, {}, 4), {}, "takes 3"),
        ((1,), {"x": 1}, "two values"),
        ((1,), {"z": 1}, "unknown"),
    ],
)
def test_wrong_arguments_are_refused_by_name(given, named, words):
    with pytest.raises(TypeError, match=words):
        Point(*given, **named)


def test_replacing_and_naming():
    assert replace(Plain(1), name="m") == Plain(1, "m")
    assert field_names(Plain) == ("x", "name")
    assert repr(Plain(1)) == "Plain(x=1, name='n')"
    assert Plain(1) != (1, "n")


def test_a_value_becomes_json_all_the_way_down():
    nested = Point(1, 2, {"a": (Plain(3),)})
    assert json.loads(json.dumps(as_json(nested))) == {"x": 1, "y": 2, "tags": {"a": [{"x": 3, "name": "n"}]}}


def test_the_way_to_the_first_check_is_free_of_what_it_replaces():
    code = "import readiness.cli.main, readiness.run.session, sys; sys.exit('dataclasses' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0

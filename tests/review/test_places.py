"""Which lines belong to a place."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from readiness.review.places import LONGEST, function_around, shortened, split_place
from readiness.review.places import test_in as lines_of_test

SOURCE = """import os


@mark
def outer():
    def inner():
        pass
    return inner


class TestA:
    def test_x(self):
        assert 1


if os:
    def guarded():
        pass
"""


def test_a_place_is_a_path_and_a_line():
    assert split_place("tests/a.py:12") == ("tests/a.py", 12)
    assert split_place("readiness.yml:3:5") == ("readiness.yml", 3)
    assert split_place("a:b.py:7") == ("a:b.py", 7)
    assert split_place("tests/a.py") == ("tests/a.py", 0)
    assert split_place("") == ("", 0)


def test_the_outermost_function_holds_a_line_with_its_decorators():
    assert function_around(SOURCE, 7) == (4, 8)
    assert function_around(SOURCE, 13) == (12, 13)
    assert function_around(SOURCE, 18) == (17, 18)
    assert function_around(SOURCE, 1) is None
    assert function_around("def broken(:", 1) is None


def test_a_test_is_found_by_its_id():
    assert lines_of_test(SOURCE, "TestA::test_x[1-a]") == (12, 13)
    assert lines_of_test(SOURCE, "outer") == (4, 8)
    assert lines_of_test(SOURCE, "TestB::test_x") is None


@given(st.integers(1, 500), st.integers(0, 500), st.integers(0, 500))
def test_a_long_span_is_cut_around_its_line(first, more, at):
    span = (first, first + more)
    line = first + min(at, more)
    start, end = shortened(span, line)
    assert span[0] <= start <= line <= end <= span[1]
    assert end - start + 1 == min(more + 1, LONGEST)

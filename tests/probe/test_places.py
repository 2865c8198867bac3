"""Which line of the user's code is cited."""

from __future__ import annotations

import os
import sys

import pytest

from readiness_probe.places import Places


def raised_by(path, source, **names):
    """The exception that `source` raises when it runs under the file name `path`."""
    with pytest.raises(BaseException) as caught:  # noqa: PT011 - any will do
        exec(compile(source, str(path), "exec"), names)
    return caught.value


@pytest.fixture
def places(tmp_path):
    return Places(str(tmp_path))


def test_the_deepest_line_inside_the_root(places, tmp_path):
    def outside():
        raise ValueError("in a library")

    error = raised_by(tmp_path / "tests" / "test_a.py", "\n\noutside()", outside=outside)
    assert places.of_exception(error) == "tests/test_a.py:3"


def test_a_helper_that_hides_itself_points_at_its_caller(places, tmp_path):
    source = "def helper():\n    __tracebackhide__ = True\n    assert 0\nhelper()"
    assert places.of_exception(raised_by(tmp_path / "test_a.py", source)) == "test_a.py:4"


def test_only_hidden_lines_are_better_than_none(places, tmp_path):
    source = "__tracebackhide__ = True\nassert 0"
    assert places.of_exception(raised_by(tmp_path / "test_a.py", source)) == "test_a.py:2"


def test_an_exception_from_elsewhere_speaks_for_its_cause(places, tmp_path):
    cause = raised_by(tmp_path / "test_a.py", "\nimport nowhere_to_be_found")
    wrapped = ValueError("could not import")
    wrapped.__cause__ = cause
    assert places.of_exception(wrapped) == "test_a.py:2"


def test_a_circle_of_causes_ends(places):
    one, other = ValueError(1), ValueError(2)
    one.__context__, other.__context__ = other, one
    assert places.of_exception(one) == ""


def test_a_syntax_error_is_where_it_says(places, tmp_path):
    with pytest.raises(SyntaxError) as caught:
        compile("\n\ndef x(:", str(tmp_path / "conftest.py"), "exec")
    assert places.of_exception(caught.value) == "conftest.py:3"


@pytest.mark.parametrize("folder", ["venv/lib/python3.9/site-packages", "usr/lib/python3/dist-packages"])
def test_an_environment_below_the_root_is_not_the_users(places, tmp_path, folder):
    assert places.is_users(str(tmp_path / "src" / "a.py"))
    assert not places.is_users(str(tmp_path / folder / "a.py"))


@pytest.mark.parametrize("path", ["", "<string>", "<frozen importlib>", os.__file__, "/elsewhere/a.py"])
def test_not_the_users(places, path):
    assert not places.is_users(path)


def test_the_standard_library_is_nobodys_below_a_root_that_holds_it():
    assert not Places("/").is_users(os.__file__)
    assert not Places(os.path.dirname(sys.prefix)).is_users(os.path.join(sys.prefix, "bin", "tool.py"))


def test_a_link_to_the_root_is_the_root(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    places = Places(str(tmp_path / "link"))
    assert places.relative(str(tmp_path / "real" / "a.py")) == "a.py"
    assert places.relative(str(tmp_path / "link" / "a.py")) == "a.py"


def test_outside_stays_absolute_and_unknown_lines_are_left_out(places, tmp_path):
    assert places.at("/elsewhere/a.py", 4) == "/elsewhere/a.py:4"
    assert places.at("tests/a.py", None) == "tests/a.py"
    assert places.relative(str(tmp_path) + "-other/a.py") == str(tmp_path) + "-other/a.py"

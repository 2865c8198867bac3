"""Edits put together: each byte that is not meant stays, the same edit is made once, and two that overlap are refused."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.isolation.patch.diff import unified
from readiness.isolation.patch.edit import Conflict, Fixture, Import, Parameter, Replace, edited
from readiness.isolation.patch.source import Source, Unreadable

TEXT = "import app\n\n\n# of the test\ndef test_one(a, b=2):\n    app.x = 'é'  # stays\n    return a\n"


def source(text: str = TEXT) -> Source:
    return Source("test_a.py", text.encode())


def test_the_same_edit_is_made_once_and_different_ones_together():
    place = TEXT.encode().index(b"app.x")
    edits = [
        Replace("test_a.py", place, place, "first(); "),
        Replace("test_a.py", place, place, "second(); "),
        Replace("test_a.py", place, place, "first(); "),
        Parameter("test_a.py", 5, "request"),
        Parameter("test_a.py", 5, "monkeypatch"),
        Parameter("test_a.py", 5, "request"),
        Import("test_a.py", "import os"),
        Import("test_a.py", "import os"),
        Replace("other.py", 0, 0, "not here"),
    ]
    text = edited(source(), edits).decode()
    assert "def test_one(a, request, monkeypatch, b=2):" in text
    assert "    first(); second(); app.x = 'é'  # stays\n" in text
    assert text.startswith("import os\n\nimport app\n")


def test_a_fixture_stands_before_the_first_definition_and_its_comments():
    text = edited(source(), [Fixture("test_a.py", "def new():\n    pass\n")]).decode()
    assert "import app\n\n\ndef new():\n    pass\n\n\n# of the test\ndef test_one" in text


def test_overlapping_edits_and_a_result_that_does_not_parse_are_refused():
    with pytest.raises(Conflict, match="two edits of the same lines"):
        edited(source(), [Replace("test_a.py", 0, 10, "x"), Replace("test_a.py", 5, 8, "y")])
    with pytest.raises(Conflict, match="does not parse"):
        edited(source(), [Replace("test_a.py", 0, 0, "def (")])


def test_what_cannot_be_edited_says_why():
    with pytest.raises(Unreadable, match=r"a\.py cannot be parsed here"):
        Source("a.py", b"def (")
    with pytest.raises(Unreadable, match="not encoded in UTF-8"):
        Source("a.py", "# -*- coding: latin-1 -*-\nx = 'é'\n".encode("latin-1"))


@given(st.lists(st.text("ab \t#é", max_size=6), min_size=1, max_size=8), st.booleans(), st.integers(0, 7))
def test_a_diff_is_applied_by_patch_to_the_same_bytes(tmp_path_factory, lines, newline, at):
    old = "\n".join(lines) + ("\n" if newline else "")
    new = "\n".join([*lines[:at], "added", *lines[at + 1 :]]) + ("\n" if newline else "")
    diff = unified({"a/b.py": old.encode()}, {"a/b.py": new.encode()})
    folder = tmp_path_factory.mktemp("diff")
    (folder / "a").mkdir()
    (folder / "a/b.py").write_bytes(old.encode())
    if diff:
        subprocess.run(["patch", "-s", "-p1"], input=diff.encode(), cwd=folder, check=True)
    assert (folder / "a/b.py").read_bytes() == new.encode()

"""Which files changed, and which checks that touches."""

from __future__ import annotations

import os
import subprocess

from hypothesis import given
from hypothesis import strategies as st

from readiness.config.load import load
from readiness.run.changes import Tree, differing, touched

CONFIG = """version: 2
checks:
  - {name: a, lane: core, run: "test 1", inputs: ["src/**", "tests/a/**"]}
  - {name: b, lane: core, run: "test 1", inputs: ["tests/b/**"]}
  - {name: all, lane: core, run: "test 1"}
"""


def checks(tmp_path):
    (tmp_path / "readiness.yml").write_text(CONFIG)
    return load(str(tmp_path / "readiness.yml"), str(tmp_path)).checks


def test_a_change_touches_the_checks_that_have_it_among_their_inputs(tmp_path):
    some = checks(tmp_path)

    def of(*paths):
        return touched(some, frozenset(paths), "readiness.yml")

    assert of("src/app.py") == ("a", "all")
    assert of("tests/b/test_x.py") == ("b", "all")
    assert of("README.md") == ("all",)
    assert of("readiness.yml") == ("a", "b", "all")
    assert of() == ()


marks = st.dictionaries(st.sampled_from("abcd"), st.tuples(st.integers(0, 2), st.just(1), st.just(1)))


@given(marks, marks)
def test_what_differs_is_what_is_not_the_same_in_both(before, after):
    found = differing(before, after)
    assert found == differing(after, before)
    for path in "abcd":
        assert (path in found) == (before.get(path) != after.get(path))


def test_files_that_are_made_changed_and_removed_are_seen_and_ignored_ones_are_not(tmp_path):
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    (tmp_path / ".gitignore").write_text("ignored/\n")
    (tmp_path / "a.py").write_text("1")
    tree = Tree(str(tmp_path), os.environ)
    first = tree.look()
    assert set(first) == {".gitignore", "a.py"}

    for folder in ("new/deep", "ignored", "__pycache__", ".readiness"):
        (tmp_path / folder).mkdir(parents=True)
    second = tree.look()
    for name in ("new/deep/b.py", "ignored/c.py", "__pycache__/d.pyc", ".readiness/e"):
        (tmp_path / name).write_text("2")
    third = tree.look()
    assert (differing(first, second), differing(second, third)) == (frozenset(), {"new/deep/b.py"})

    (tmp_path / "a.py").write_text("12")
    assert differing(third, tree.look()) == {"a.py"}
    (tmp_path / "a.py").unlink()
    assert differing(third, tree.look()) == {"a.py"}

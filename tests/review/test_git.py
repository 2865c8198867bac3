"""What git is asked: files as they were, and the commit of a line; and which files of a project are read at all."""

from __future__ import annotations

import os

import pytest

from readiness.review.git import Git, decoded, read_file


@pytest.fixture
def project(make_project):
    """Two commits: the second line came with the second."""
    made = make_project({"a.py": "one\n"}, git=True)
    made.write({"a.py": "one\ntwo\n"})
    made.commit()
    return made


@pytest.fixture
def git(project):
    return Git(str(project.root), os.environ)


def test_a_line_has_the_commit_that_it_came_with(project, git):
    first, second = git.blame("a.py:1"), git.blame("a.py:2")
    assert first.commit != second.commit
    assert git.has(first.commit)
    assert (
        first.day
        == second.day
        == git.ask("log", "-1", "--date=format-local:%Y-%m-%d", "--format=%cd").decode().strip()
    )
    project.write({"a.py": "one\ntwo\nthree\n"})
    assert git.blame("a.py:3") is None
    assert git.blame("a.py:9") is None
    assert git.blame("gone.py:1") is None


def test_a_file_is_had_as_it_was(git):
    first = git.blame("a.py:1").commit
    assert git.file_at(first, "a.py") == b"one\n"
    blob = git.ask("rev-parse", f"{first}:a.py").decode().strip()
    assert git.blob(blob) == b"one\n"
    assert git.file_at(first, "a\0b") is None


@pytest.mark.parametrize("hostile", ["", "HEAD", "--output=/tmp/x", "a" * 39, "../x", "g" * 40])
def test_what_is_no_hash_is_not_asked_for(git, hostile):
    assert git.blob(hostile) is None
    assert git.file_at(hostile, "a.py") is None
    assert not git.has(hostile)


def test_outside_a_checkout_nothing_is_known(tmp_path):
    (tmp_path / "a.py").write_text("one\n")
    git = Git(str(tmp_path), {**os.environ, "GIT_CEILING_DIRECTORIES": str(tmp_path)})
    assert git.blame("a.py:1") is None
    assert Git(str(tmp_path), {"PATH": "/nowhere"}).ask("status") is None


def test_only_files_inside_the_project_are_read(tmp_path):
    root = tmp_path / "project"
    root.mkdir()
    (root / "a.py").write_text("one\n")
    (tmp_path / "secret").write_text("secret\n")
    (root / "link").symlink_to(tmp_path / "secret")
    os.mkfifo(root / "pipe")
    assert read_file(str(root), "a.py", 100) == b"one\n"
    for hostile in (
        "../secret",
        "link",
        str(tmp_path / "secret"),
        "pipe",
        "",
        ".",
        "gone",
        "a.py/x",
        "a\0b",
        "\ud800",
    ):
        assert read_file(str(root), hostile, 100) is None, hostile
    assert read_file(str(root), "a.py", 3) is None


def test_lines_are_counted_as_editors_do():
    assert decoded(b"") == ()
    assert decoded(b"a\r\nb\n\nc") == ("a", "b", "", "c")
    assert decoded(b"\xff\n") == ("\ufffd",)

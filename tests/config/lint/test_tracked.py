"""Files that the gate needs and that git does not track, in real checkouts."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from readiness.config.lint import lint
from readiness.config.load import parse_config

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from readiness.record.result import LintFinding

FILES = {
    ".gitignore": "ignored/\n",
    "readiness.yml": "",
    "Makefile": "t:\n\t./scripts/x.sh\n",
    "scripts/x.sh": "#!/bin/sh\npytest tests/smoke\n",
    "tests/smoke/test_a.py": "",
    "tests/smoke/data.json": "",
    "tests/new/test_n.py": "",
    "ignored/test_i.py": "",
}


def git(root: Path, *arguments: str) -> None:
    isolated = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    subprocess.run(["git", "-C", str(root), *arguments], check=True, capture_output=True, env=isolated)


@pytest.fixture
def look_in(project: Callable[[dict[str, str]], Path]) -> Callable[..., list[LintFinding]]:
    """`look_in("make t", ["Makefile"])`: what is found when only those files are tracked; None for no git."""

    def find(command: str, tracked: list[str] | None) -> list[LintFinding]:
        root = project(FILES)
        if tracked is not None:
            git(root, "init", "--quiet")
            git(root, "add", *tracked)
        config = parse_config(
            f"version: 2\nchecks:\n- name: it\n  lane: core\n  run: {command}\n", "readiness.yml"
        )
        return [one for one in lint(config, str(root), deep=True) if one.rule == "untracked-file"]

    return find


ALL = ["readiness.yml", "Makefile", "scripts", "tests"]


@pytest.mark.parametrize(
    ("command", "without", "where", "says"),
    [
        (
            "make t",
            "readiness.yml",
            "readiness.yml:1",
            "the gate itself is `readiness.yml`, which git does not track",
        ),
        ("make t", "Makefile", "Makefile:2", "`it` needs `Makefile`"),
        ("make t", "scripts", "Makefile:2", "`it` needs `scripts/x.sh`"),
        ("pytest tests/smoke/test_a.py", "tests", "readiness.yml:5", "`tests/smoke/test_a.py`, which git"),
        ("pytest ignored", "", "readiness.yml:5", "`ignored`, which git does not track"),
    ],
)
def test_untracked(
    look_in: Callable[..., list[LintFinding]], command: str, without: str, where: str, says: str
) -> None:
    found = [
        one for one in look_in(command, [path for path in ALL if path != without]) if says in one.message
    ]
    assert [(one.where, one.severity) for one in found] == [(where, "warning")]
    assert "git add" in found[0].advice


def test_new_test_files_in_a_tracked_folder_are_named(look_in: Callable[..., list[LintFinding]]) -> None:
    (one,) = look_in("pytest tests", ["readiness.yml", "tests/smoke"])
    assert "`tests`, where git does not track tests/new/test_n.py" in one.message


@pytest.mark.parametrize(
    "command", ["make t", "pytest tests", "pytest tests/smoke", "pytest", "pytest gone /etc/hosts"]
)
def test_tracked(look_in: Callable[..., list[LintFinding]], command: str) -> None:
    assert look_in(command, ALL) == []


def test_other_files_of_a_folder_may_be_untracked(look_in: Callable[..., list[LintFinding]]) -> None:
    assert look_in("pytest tests/smoke", ["readiness.yml", "tests/smoke/test_a.py"]) == []


def test_outside_git_nothing_is_said(look_in: Callable[..., list[LintFinding]]) -> None:
    assert look_in("pytest tests", None) == []


def test_git_is_asked_once_and_only_when_deep(project: Callable[[dict[str, str]], Path]) -> None:
    root = project(FILES)
    config = parse_config("version: 2\nchecks:\n- {name: it, lane: core, run: make t}\n", "readiness.yml")
    asked: list[tuple[str, ...]] = []

    def answer(arguments: tuple[str, ...]) -> tuple[int, bytes]:
        asked.append(arguments)
        return 0, b"readiness.yml\0Makefile\0scripts/x.sh\0tests/smoke/test_a.py\0"

    assert not [
        one for one in lint(config, str(root), deep=True, ask_git=answer) if one.rule == "untracked-file"
    ]
    assert len(asked) == 1
    assert asked[0][:6] == ("--literal-pathspecs", "-C", str(root), "ls-files", "-z", "--")
    lint(config, str(root), deep=False, ask_git=answer)
    assert len(asked) == 1


def test_no_git_at_all_is_no_error(project: Callable[[dict[str, str]], Path]) -> None:
    def absent(arguments: tuple[str, ...]) -> tuple[int, bytes]:
        raise FileNotFoundError(arguments)

    root = project(FILES)
    config = parse_config("version: 2\nchecks:\n- {name: it, lane: core, run: make t}\n", "readiness.yml")
    assert not [
        one for one in lint(config, str(root), deep=True, ask_git=absent) if one.rule == "untracked-file"
    ]

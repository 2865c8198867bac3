"""The public readings of a command: its pytest runs, its variables, and the short way for plain words."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.config.commands import env_prefix, pytest_calls, trace
from readiness.config.commands.nested import Project, Script
from readiness.config.commands.status import follow

if TYPE_CHECKING:
    from pathlib import Path

    from readiness.config.commands import Call


def test_pytest_is_found_through_make_scripts_and_wrappers(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text("smokes:\n\t./run.sh tests/smoke\n")
    (tmp_path / "run.sh").write_text('#!/bin/sh\nA=1 uv run pytest "$@" -k fast\n')
    (call,) = pytest_calls("make smokes", str(tmp_path))
    assert (call.targets, call.keyword, call.env) == (("tests/smoke",), "fast", (("A", "1"),))
    assert (call.file, call.line) == ("run.sh", 2)


@pytest.mark.parametrize(
    "command", ["echo pytest", "ruff check", "tox -e py", "python run_pytest.py", "", "pip install pytest"]
)
def test_other_commands_owe_no_test_records(command: str, tmp_path: Path) -> None:
    assert pytest_calls(command, str(tmp_path)) == ()


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("pytest A=1", {}),
        ("A=1 B='x y' pytest C=2", {"A": "1", "B": "x y"}),
        ("A= B+=c cmd", {"A": "", "B": "c"}),
        ("cd x && A=1 pytest", {}),
        ("A=1 && x", {"A": "1"}),
        ("pytest", {}),
    ],
)
def test_variables_before_the_first_word(command: str, expected: dict[str, str]) -> None:
    assert env_prefix(command) == expected


WORD = st.sampled_from(
    [
        *("pytest", "tests/a", "-q", "true", "echo", "A=1", "env", "python", "-m", "--co", "make", "if", "!"),
        *("&&", "&&", "cd", "set", "-e", "export"),
    ]
)
QUOTED = st.sampled_from(["'a (b) | c'", '"not (nd or live)"', "'$X'", '""'])


def facts(call: Call) -> tuple[object, ...]:
    return call.words, call.env, call.where, call.cwd, call.loss and call.loss.how


@given(st.lists(st.one_of(WORD, QUOTED), max_size=7).map(" ".join))
def test_the_short_way_reads_as_the_long_one(command: str) -> None:
    short = trace(command, "/nowhere", file="readiness.yml", line=3)
    long = follow(Script(command, "readiness.yml", 3, ".", "x"), Project("/nowhere"))
    assert [facts(call) for call in short.calls] == [facts(call) for call in long.calls]
    assert short.can_fail == long.can_fail


def test_plain_commands_do_not_load_the_grammar() -> None:
    program = (
        "import sys; from readiness.config.commands import pytest_calls;"
        "pytest_calls('pytest -q tests -m \"not (nd or live)\"', '.');"
        "names = {name.rpartition('.')[2] for name in sys.modules if name.startswith('readiness.config.commands.')};"
        "print(' '.join(sorted(names)))"
    )
    output = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout
    assert output.split() == ["call", "programs", "pytest_call"]
